//! Receipts: what proves that a debt was paid. One for each credit, never changed.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::difference::MoneyChannel;
use crate::money::{Amount, Cents};
use crate::person::Person;

/// What a receipt says of a payment. What the sender left out stays absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The unguessable code printed on the document, with which anyone can check it.
    pub code: String,
    /// The circuit's payment token or the PSP's transaction: unique for each payment.
    pub receipt_id: String,
    /// What was paid for this debt, without the fee.
    pub amount: Amount,
    /// What the person paid to the PSP on top. Only on the first debt of a joint payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Cents>,
    /// When the PSP says that the money moved, if that can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// When the circuit applied it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_on: Option<Date>,
    /// When we recorded it: the day the debtor is free.
    pub recorded_at: Timestamp,
    pub psp: PspIdentity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Who paid, if it was said; may not be the debtor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<Payer>,
    /// Who brought the money to us; receipts of before do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought_by: Option<MoneyChannel>,
    /// The number of debts paid together, for the note beside the fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_together: Option<u8>,
    /// What the payer began to pay, if the creditor has put another debtor in its place since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_for: Option<PaidFor>,
}

/// A debt as it was when its payment began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidFor {
    pub debtor: Person,
    pub reason: String,
}

/// The payment service provider, as far as it identified itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PspIdentity {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fiscal_code: Option<String>,
}

/// Who paid, as the sender says: not checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payer {
    pub name: String,
    pub fiscal_code: String,
}

impl Payer {
    /// The payer as the debtor may see it: in full if it is the debtor, masked if it is somebody else.
    pub fn shown_to(&self, debtor: &Person) -> (String, String) {
        if self.fiscal_code.eq_ignore_ascii_case(debtor.fiscal_code.as_str()) {
            return (self.name.clone(), self.fiscal_code.clone());
        }
        let name: Vec<String> = self.name.split_whitespace().map(|word| masked(word, 1)).collect();
        (name.join(" "), masked(&self.fiscal_code, 4))
    }
}

fn masked(text: &str, shown: usize) -> String {
    let head: String = text.chars().take(shown).collect();
    format!("{head}{}", "*".repeat(text.chars().count().saturating_sub(shown)))
}

impl Receipt {
    /// Who brought the money. Only the node says when it was applied, or through which of its channels it came.
    pub fn brought_by(&self) -> MoneyChannel {
        let by_node = self.applied_on.is_some() || self.channel.is_some();
        let guessed = if by_node { MoneyChannel::Node } else { MoneyChannel::Psp };
        self.brought_by.unwrap_or(guessed)
    }

    /// The day shown as the day of payment.
    pub fn paid_on(&self) -> Date {
        let by_sender = self.paid_at.map(crate::time::rome_date).or(self.applied_on);
        by_sender.unwrap_or_else(|| crate::time::rome_date(self.recorded_at))
    }
}

/// Letters and digits that cannot be taken for one another (Crockford's alphabet).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A receipt's code from 16 random bytes: 26 characters, 128 bits.
pub fn code_from(random: [u8; 16]) -> String {
    let number = u128::from_be_bytes(random);
    (0_u32..26)
        .rev()
        .map(|place| number.checked_shr(place.saturating_mul(5)).unwrap_or(0) & 31)
        .filter_map(|five_bits| ALPHABET.get(usize::try_from(five_bits).unwrap_or(0)))
        .map(|b| char::from(*b))
        .collect()
}

/// Reads a code as a person copies it: blanks and hyphens dropped, upper case, `O` as `0`, `I` and `L` as `1`.
pub fn parse_code(text: &str) -> Option<String> {
    let code: String = crate::text::pasted(text)
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    (code.len() == 26 && code.bytes().all(|b| ALPHABET.contains(&b))).then_some(code)
}
