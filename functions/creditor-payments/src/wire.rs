use csv::{Terminator, Writer, WriterBuilder};
use domain::debt::DebtDetail;
use domain::difference::MoneyChannel;
use domain::feed::{FeedKind, FeedSubject};
use domain::office::AccountingEntry;
use domain::time::{in_rome, italian_date};
use domain::{Cents, Debt, Fault, Timestamp};
use serde::Serialize;
use store::FeedEvent;
use web::office::{CreditorDebt, DifferenceView, NamedPspView, OfficeContext, TransferView};
use web::view::{DebtorView, ServiceView};

/// A payment as it was recorded.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRow {
    notice_number: String,
    iuv: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    service: ServiceView,
    debtor: DebtorView,
    reason: String,
    details: Vec<DebtDetail>,
    amount: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee: Option<u64>,
    paid_at: Timestamp,
    recorded_at: Timestamp,
    channel: &'static str,
    psp: NamedPspView,
    receipt_id: String,
    transfers: Vec<TransferView>,
    accounting: Vec<AccountingEntry>,
}

impl PaymentRow {
    /// Nothing for a debt without a receipt.
    pub fn of(debt: &Debt, context: OfficeContext<'_>) -> Option<Self> {
        let receipt = debt.receipt.as_ref()?;
        Some(Self {
            notice_number: debt.notice.to_string(),
            iuv: debt.iuv().to_string(),
            reference: debt.office.reference.clone(),
            service: ServiceView { code: debt.service.code.clone(), name: debt.service.name.clone() },
            debtor: DebtorView {
                name: debt.debtor.name.clone(),
                fiscal_code: debt.debtor.fiscal_code.to_string(),
            },
            reason: debt.reason.clone(),
            details: debt.details.clone(),
            amount: receipt.amount.get(),
            fee: receipt.fee.map(Cents::get),
            paid_at: domain::time::to_second(receipt.paid_at.unwrap_or(receipt.recorded_at)),
            recorded_at: domain::time::to_second(receipt.recorded_at),
            channel: receipt.brought_by().as_str(),
            psp: NamedPspView::of(&receipt.psp),
            receipt_id: receipt.receipt_id.clone(),
            transfers: TransferView::all(debt, context),
            accounting: debt.office.accounting.clone(),
        })
    }
}

/// Something that happened, with its data as they were then.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    occurred_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice_number: Option<String>,
    data: EventData,
}

#[derive(Serialize)]
#[serde(untagged)]
enum EventData {
    Payment(Box<PaymentRow>),
    Debt(Box<CreditorDebt>),
    Difference(Box<DifferenceView>),
}

#[derive(Serialize)]
pub struct EventPage {
    pub items: Vec<EventView>,
    /// Always there: where the next ones begin, also when there are none yet.
    pub next: String,
}

impl EventView {
    pub fn of(event: &FeedEvent, context: OfficeContext<'_>) -> Self {
        let kind = event.happening.kind;
        let (notice, data) = match &event.happening.subject {
            FeedSubject::Difference(difference) => {
                let data = EventData::Difference(Box::new(DifferenceView::of(difference)));
                (difference.notice.clone(), data)
            }
            FeedSubject::Debt(debt) => {
                let paid = PaymentRow::of(debt, context).filter(|_| kind == FeedKind::PaymentSucceeded);
                let data = match paid {
                    Some(paid) => EventData::Payment(Box::new(paid)),
                    None => EventData::Debt(Box::new(CreditorDebt::as_it_was(debt, context))),
                };
                (Some(debt.notice.clone()), data)
            }
        };
        Self {
            id: event.id.clone(),
            kind: kind.as_str(),
            occurred_at: domain::time::to_second(event.at),
            notice_number: notice.map(|notice| notice.to_string()),
            data,
        }
    }
}

const DOING: &str = "writing a table";

const HEADER: [&str; 18] = [
    "Codice avviso",
    "IUV",
    "Riferimento",
    "Codice servizio",
    "Servizio",
    "Codice fiscale",
    "Debitore",
    "Causale",
    "Dettagli",
    "Importo",
    "Commissione",
    "Pagato il",
    "Registrato il",
    "Canale",
    "PSP",
    "Identificativo ricevuta",
    "Beneficiari",
    "Contabilità",
];

/// Payments as an Italian office opens them: UTF-8 with its mark, semicolons, decimal commas, Italian days.
pub struct PaymentTable {
    csv: Writer<Vec<u8>>,
    bytes: usize,
}

impl PaymentTable {
    pub fn new() -> Result<Self, Fault> {
        let mut csv = WriterBuilder::new();
        let csv = csv.delimiter(b';').terminator(Terminator::CRLF);
        let mut table = Self { csv: csv.from_writer("\u{feff}".as_bytes().to_vec()), bytes: 0 };
        table.write(HEADER.map(str::to_owned))?;
        Ok(table)
    }

    /// About how long the table is by now, in bytes.
    pub fn written(&self) -> usize {
        self.bytes
    }

    pub fn add(&mut self, debt: &Debt, context: OfficeContext<'_>) -> Result<(), Fault> {
        let Some(receipt) = &debt.receipt else { return Ok(()) };
        let day = |at: Timestamp| italian_date(in_rome(at).date());
        let details = debt.details.iter().map(|detail| format!("{}: {}", detail.label, detail.value));
        let shares = debt.shares(context.creditor, context.category, false);
        let shares = shares.iter().map(|share| {
            format!(
                "{} {} {} {}",
                share.fiscal_code,
                share.company_name,
                share.account.iban().as_str(),
                share.amount.cents().italian()
            )
        });
        let accounting = debt.office.accounting.iter().map(|entry| format!("{}: {}", entry.key, entry.value));
        let joined = |parts: Vec<String>| parts.join(" | ");
        self.write([
            debt.notice.grouped(),
            debt.iuv().to_string(),
            debt.office.reference.clone().unwrap_or_default(),
            debt.service.code.clone(),
            debt.service.name.clone(),
            debt.debtor.fiscal_code.to_string(),
            debt.debtor.name.clone(),
            debt.reason.clone(),
            joined(details.collect()),
            decimal(receipt.amount.cents()),
            receipt.fee.map(decimal).unwrap_or_default(),
            day(receipt.paid_at.unwrap_or(receipt.recorded_at)),
            day(receipt.recorded_at),
            match receipt.brought_by() {
                MoneyChannel::Psp => "PSP".to_owned(),
                MoneyChannel::Checkout => "Checkout".to_owned(),
                MoneyChannel::Node => "Nodo".to_owned(),
            },
            receipt.psp.name.clone(),
            receipt.receipt_id.clone(),
            joined(shares.collect()),
            joined(accounting.collect()),
        ])
    }

    pub fn finish(self) -> Result<String, Fault> {
        let bytes = self.csv.into_inner().map_err(|e| Fault::new(DOING, e.into_error()))?;
        String::from_utf8(bytes).map_err(|e| Fault::new(DOING, e))
    }

    fn write(&mut self, row: [String; HEADER.len()]) -> Result<(), Fault> {
        let row = row.map(|text| harmless(&text));
        self.bytes =
            row.iter().fold(self.bytes, |bytes, text| bytes.saturating_add(text.len()).saturating_add(1));
        self.csv.write_record(row).map_err(|e| Fault::new(DOING, e))
    }
}

/// `1234,50`: a comma, and nothing between thousands, which every spreadsheet reads as a number.
fn decimal(cents: Cents) -> String {
    cents.decimal().replace('.', ",")
}

/// Codes of digits in groups of four, so that no spreadsheet rounds them; an apostrophe before what one would take for
/// a formula.
fn harmless(text: &str) -> String {
    if text.len() > 4 && text.bytes().all(|b| b.is_ascii_digit()) {
        let groups: Vec<&str> =
            text.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
        return groups.join(" ");
    }
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
