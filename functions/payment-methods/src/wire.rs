use creditor::Psps;
use domain::Cents;
use domain::account::Language;
use runtime::PaymentChannel;
use serde::Serialize;

#[derive(Serialize)]
pub struct MethodList<'a> {
    channel: &'static str,
    items: Vec<MethodView<'a>>,
}

#[derive(Serialize)]
struct MethodView<'a> {
    code: &'a str,
    name: &'a str,
    /// Cheapest first; empty when nobody takes this amount by this method.
    psps: Vec<PspView<'a>>,
}

#[derive(Serialize)]
struct PspView<'a> {
    id: &'a str,
    name: &'a str,
    fee: Cents,
}

impl<'a> MethodList<'a> {
    pub fn of(channel: PaymentChannel, psps: &'a Psps, amount: Cents, language: Language) -> Self {
        let (channel, methods) = match channel {
            PaymentChannel::Psp => ("psp", psps.methods()),
            PaymentChannel::Checkout => ("checkout", &[][..]),
        };
        let items = methods.iter().map(|method| MethodView {
            code: &method.code,
            name: match language {
                Language::It => &method.name,
                Language::En => &method.name_en,
            },
            psps: method
                .offers(amount)
                .into_iter()
                .map(|offer| PspView { id: offer.id, name: offer.name, fee: offer.fee })
                .collect(),
        });
        Self { channel, items: items.collect() }
    }
}
