//! Debts as the node's answers.

use domain::creditor::Creditor;
use domain::office::{DebtTransfer, TransferAccount};
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
        all_ccp: all_postal(debt, creditor),
        description: reason(debt),
        fiscal_code: body_code(creditor)?,
        company: company(creditor),
        office: creditor.office.as_deref().and_then(BoundedText::cut),
    })
}

/// The answer to a get: who gets which part, and what the office wants to read beside it.
pub fn get_ok(
    debt: &Debt,
    creditor: &Creditor,
    taxonomy: &Taxonomy,
    asked: &Get,
) -> Result<GetOk, Misconfigured> {
    body_code(creditor)?;
    let at_post = asked.transfer_type == Some(TransferType::Postal);
    let shares = debt.shares(creditor, Some(taxonomy.as_str()), at_post);
    let beside = supporting_account(creditor, asked).filter(|_| debt.office.transfers.is_empty());
    let transfers = (1_u8..).zip(&shares).map(|(number, share)| {
        Some(Transfer {
            id: TransferId::parse(&number.to_string())?,
            amount: share.amount,
            fiscal_code: Digits::parse(share.fiscal_code.as_str())?,
            company: match asked.version {
                MessageVersion::V1 => None,
                MessageVersion::V2 => {
                    Some(BoundedText::cut_or(&share.company_name, share.fiscal_code.as_str()))
                }
            },
            to: Destination::Iban(BoundedText::parse(share.account.iban().as_str())?),
            remittance: remittance(debt, share),
            category: BoundedText::parse(share.category.as_deref()?)?,
            metadata: beside.clone(),
        })
    });
    let transfers = transfers.collect::<Option<Vec<_>>>().and_then(Transfers::new);
    let metadata = debt.metadata();
    let metadata = metadata.filter_map(|(key, value)| BoundedText::cut(key).zip(BoundedText::cut(value)));
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
        transfers: transfers.ok_or(Misconfigured::Iban)?,
        metadata: Metadata::new(metadata.collect()),
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

/// Returns whether all of a debt can go to postal accounts.
pub fn all_postal(debt: &Debt, creditor: &Creditor) -> bool {
    let shares = debt.shares(creditor, None, true);
    !shares.is_empty() && shares.iter().all(|share| matches!(share.account, TransferAccount::Postal(_)))
}

/// Checkout wants the postal account named once more beside the transfer, if the payment began with a cart of ours.
fn supporting_account(creditor: &Creditor, asked: &Get) -> Option<Metadata> {
    let postal = creditor.postal.as_ref().filter(|_| asked.transfer_type == Some(TransferType::Postal))?;
    asked.note.as_ref().filter(|note| PaymentId::parse(note.as_str()).is_some())?;
    let entry = BoundedText::parse(SUPPORTING_IBAN).zip(BoundedText::parse(postal.iban.as_str()))?;
    Metadata::new(vec![entry])
}

/// `/RFB/<IUV>/<amount>/TXT/<text>`: the text is what gets cut.
fn remittance(debt: &Debt, share: &DebtTransfer) -> BoundedText<140> {
    let iuv = debt.iuv();
    let fixed = format!("/RFB/{}/{}/TXT/", iuv.as_str(), share.amount.cents().decimal());
    let text = share.remittance.as_deref().unwrap_or(&debt.reason);
    let text = BoundedText::<140>::cut_or(text, &debt.service.name);
    BoundedText::cut_or(&format!("{fixed}{}", text.as_str()), &fixed)
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
