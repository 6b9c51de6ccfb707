//! The outbox: what must be done after a change, written in the change's own transaction (transactional outbox).

use serde::{Deserialize, Serialize};

use crate::account::{AccountId, Language, Profile};
use crate::fiscal_code::FiscalCode;
use crate::money::Cents;
use crate::notice::NoticeNumber;
use crate::payment::PaymentId;
use crate::person::Email;
use jiff::{Timestamp, civil::Date};

/// Work to do. The web-facing functions write one of fixed shape whatever the state of an account; the worker
/// looks things up and branches (INV-I03, INV-I04).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OutboxMessage {
    Register {
        profile: Box<Profile>,
        /// The password's hash string.
        password: String,
    },
    ResendActivation {
        username: Email,
        language: Language,
    },
    ForgotPassword {
        username: Email,
        language: Language,
        /// The browser that asked, if the username has logged in there before: it has letters of its own, which nobody else
        /// can use up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        browser: Option<String>,
    },
    AccountActivated {
        email: Email,
        language: Language,
    },
    PasswordChanged {
        email: Email,
        language: Language,
    },
    /// Mails a link to an address that waits to be confirmed.
    ConfirmEmail {
        account: AccountId,
        email: Email,
    },
    /// Word to the address that mail went to until now.
    EmailChangeAsked {
        email: Email,
        language: Language,
    },
    /// Tells whoever may know better that an account has proven its fiscal code.
    IdentityProven {
        account: AccountId,
        /// When: names the proof.
        proof: Timestamp,
        /// The creditor's address of the debtor, if it is not the account's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known: Option<Email>,
    },
    /// Tells these accounts that an operator has to decide whose a fiscal code is.
    IdentityDisputed {
        accounts: Vec<AccountId>,
    },
    /// Tells an account what was decided.
    IdentityDecided {
        account: AccountId,
    },
    /// Somebody logged in where the account was not known (AB-24).
    NewDevice {
        account: AccountId,
        at: Timestamp,
    },
    /// Nobody has entered an account for years: it goes after this day.
    AccountUnused {
        account: AccountId,
        until: Date,
    },
    /// Mails why, then erases the profile and frees its fiscal code and username.
    CloseAccount {
        account: AccountId,
        #[serde(default, skip_serializing_if = "CloseReason::is_revoked")]
        by: CloseReason,
    },
    PaymentReceived {
        to: Recipient,
        /// Who gets a mail of their own about the same money: nobody gets two.
        #[serde(default)]
        others: Vec<Recipient>,
        payment: Option<PaymentId>,
        paid: Vec<PaidLine>,
        fee: Cents,
    },
    /// Tells the central archive of notices (ACA) what a debt is now.
    UploadPosition {
        notice: NoticeNumber,
    },
    /// Money came of another amount than agreed: whoever began to pay is asked not to pay again.
    PaymentDiffers {
        account: AccountId,
        payment: PaymentId,
        reasons: Vec<String>,
        /// Nothing when what came is no amount in euro.
        came: Option<Cents>,
        agreed: Cents,
    },
    /// Told to the account that began to pay, and to no other address.
    PaymentFailed {
        /// Where an earlier version would have written; no longer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<Email>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<AccountId>,
        language: Language,
        payment: PaymentId,
        reasons: Vec<String>,
    },
}

/// Why an account is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The person withdrew their consent.
    #[default]
    Revoked,
    /// An operator closed it: it was not of who it said.
    Operator,
    /// Nobody had entered it for years, not even after a word.
    Unused,
}

impl CloseReason {
    fn is_revoked(&self) -> bool {
        *self == Self::Revoked
    }
}

/// Who a mail about money goes to. The worker finds the address, so that a settlement reads no account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// An address that somebody named and nobody has verified: it hears that money was received, without free text.
    Address(Email, Language),
    /// An account, at its own address and in its own language, while it is active.
    Account(AccountId),
    /// The account, if there is one, that has proven this fiscal code to be its own.
    Debtor(FiscalCode),
}

/// One debt in a receipt mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidLine {
    pub notice: String,
    pub iuv: String,
    pub reason: String,
    pub amount: Cents,
    pub paid_on: Date,
}
