//! Debts as the node's answers.

use domain::creditor::Creditor;
use domain::payment::PaymentId;
use domain::person::PersonType;
use domain::{Debt, Person};
use jiff::civil::Date;

use crate::answers::{GetOk, VerifyOk};
use crate::operations::{Get, TransferType};
use crate::parts::{Destination, EntityType, MessageVersion, Metadata, Subject, Transfer, Transfers};
use crate::values::{BoundedText, Country, Digits, EMail, TransferId};

/// Stands where the schema wants a day and the debt has none. Far, the same at every call, and a date that
/// every calendar of the circuit can hold.
pub const NO_DUE_DATE: Date = Date::constant(2099, 12, 31);

/// The key under which Checkout looks for the postal account behind a cart of ours.
const SUPPORTING_IBAN: &str = "IBANAPPOGGIO";

/// The creditor's configuration does not let it be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misconfigured {
    /// The node identifies creditors by eleven digits.
    FiscalCode,
    /// Neither a bank account nor a postal one.
    Iban,
}

impl std::fmt::Display for Misconfigured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Misconfigured::FiscalCode => "the creditor's fiscal code does not have eleven digits",
            Misconfigured::Iban => "the creditor has neither a bank account nor a postal one",
        })
    }
}

impl std::error::Error for Misconfigured {}

impl From<Misconfigured> for domain::Fault {
    fn from(why: Misconfigured) -> Self {
        domain::Fault::new("answering the node", why)
    }
}

/// The code of a revenue: seven digits and its legal reason, bare or as `9/0101002IM/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taxonomy(BoundedText<140>);

impl Taxonomy {
    pub fn parse(text: &str) -> Option<Self> {
        let wrapped = text.strip_prefix("9/").and_then(|rest| rest.strip_suffix('/'));
        let bare = wrapped.unwrap_or(text);
        let digits = bare.get(..7).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        let reason = matches!(bare.get(7..), Some("IM" | "TS" | "SP" | "SA" | "AP"));
        if digits && reason { BoundedText::parse(text).map(Self) } else { None }
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// The answer to a verify. Whether the debt can be paid at all is [`crate::faults::fault_for`]'s to say.
pub fn verify_ok(debt: &Debt, creditor: &Creditor) -> Result<VerifyOk, Misconfigured> {
    Ok(VerifyOk {
        amount: debt.amount,
        due: due(debt),
        detail: BoundedText::cut(&debt.reason),
        all_ccp: all_postal(creditor),
        description: reason(debt),
        fiscal_code: body_code(creditor)?,
        company: company(creditor),
        office: creditor.office.as_deref().and_then(BoundedText::cut),
    })
}

/// The answer to a get: one transfer of the whole amount to the creditor.
pub fn get_ok(
    debt: &Debt,
    creditor: &Creditor,
    taxonomy: &Taxonomy,
    asked: &Get,
) -> Result<GetOk, Misconfigured> {
    let (to, metadata) = destination(creditor, asked)?;
    let transfer = Transfer {
        id: TransferId::FIRST,
        amount: debt.amount,
        fiscal_code: body_code(creditor)?,
        company: (asked.version == MessageVersion::V2).then(|| company(creditor)),
        to: Destination::Iban(to),
        remittance: remittance(debt),
        category: taxonomy.0.clone(),
        metadata,
    };
    Ok(GetOk {
        iuv: BoundedText::cut_or(debt.iuv().as_str(), debt.notice.as_str()),
        amount: debt.amount,
        due: due(debt).unwrap_or(NO_DUE_DATE),
        retention: None,
        last_payment: None,
        description: reason(debt),
        company: Some(company(creditor)),
        office: creditor.office.as_deref().and_then(BoundedText::cut),
        debtor: subject(&debt.debtor),
        transfers: Transfers::one(transfer),
        metadata: None,
    })
}

/// The day printed on the notice; for a debt without one, the last day on which it is taken.
fn due(debt: &Debt) -> Option<Date> {
    debt.days.due.or(debt.days.expires)
}

fn reason(debt: &Debt) -> BoundedText<140> {
    BoundedText::cut_or(&debt.reason, &debt.service.name)
}

fn company(creditor: &Creditor) -> BoundedText<140> {
    BoundedText::cut_or(&creditor.name, creditor.fiscal_code.as_str())
}

fn body_code(creditor: &Creditor) -> Result<Digits<11>, Misconfigured> {
    Digits::parse(creditor.fiscal_code.as_str()).ok_or(Misconfigured::FiscalCode)
}

/// Returns whether all that the creditor collects can go to a postal account.
pub fn all_postal(creditor: &Creditor) -> bool {
    creditor.postal.is_some()
}

/// Where the money goes: to the postal account where the node asks for one and there is one. Checkout wants that
/// account named once more beside the transfer, if the payment began with a cart of ours.
fn destination(
    creditor: &Creditor,
    asked: &Get,
) -> Result<(BoundedText<35>, Option<Metadata>), Misconfigured> {
    let bank = creditor.iban.as_ref().and_then(|iban| BoundedText::parse(iban.as_str()));
    let postal = creditor.postal.as_ref().and_then(|account| BoundedText::parse(account.iban.as_str()));
    let ours = asked.note.as_ref().is_some_and(|note| PaymentId::parse(note.as_str()).is_some());
    match (asked.transfer_type, postal) {
        (Some(TransferType::Postal), Some(postal)) => {
            let beside =
                BoundedText::parse(SUPPORTING_IBAN).zip(BoundedText::parse(postal.as_str())).filter(|_| ours);
            Ok((postal, beside.and_then(|entry| Metadata::new(vec![entry]))))
        }
        (Some(TransferType::Postal | TransferType::PagoPa) | None, postal) => {
            bank.or(postal).map(|iban| (iban, None)).ok_or(Misconfigured::Iban)
        }
    }
}

/// `/RFB/<IUV>/<amount>/TXT/<reason>`: the reason is what gets cut.
fn remittance(debt: &Debt) -> BoundedText<140> {
    let iuv = debt.iuv();
    let fixed = format!("/RFB/{}/{}/TXT/", iuv.as_str(), debt.amount.cents().decimal());
    BoundedText::cut_or(&format!("{fixed}{}", reason(debt).as_str()), &fixed)
}

/// A debtor in the node's fields: what does not fit the schema is cut or left out.
pub fn subject(person: &Person) -> Subject {
    Subject {
        entity: match person.person_type {
            PersonType::Natural => EntityType::F,
            PersonType::Legal => EntityType::G,
        },
        code: BoundedText::cut_or(person.fiscal_code.as_str(), "ANONIMO"),
        name: BoundedText::cut_or(&person.name, person.fiscal_code.as_str()),
        street: person.address.as_deref().and_then(BoundedText::cut),
        civic_number: None,
        postal_code: person.postal_code.as_deref().and_then(BoundedText::cut),
        city: person.city.as_deref().and_then(BoundedText::cut),
        province: person.province.as_deref().and_then(BoundedText::cut),
        country: person.country.as_deref().and_then(Country::parse),
        email: person.email.as_ref().and_then(|email| EMail::parse(email.as_str())),
    }
}
