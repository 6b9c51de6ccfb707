//! Proof that a fiscal code is an account's own: which debts prove it, whose it then is, and what a second proof, a
//! contest and an operator do. Until proven a code is nobody's: any number of accounts may name it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountId, AccountStatus, LinkPurpose, Profile, Proof};
use crate::bookkeeping::Reason;
use crate::debt::{Debt, DebtOrigin, DebtStatus};
use crate::error::Error;
use crate::fiscal_code::FiscalCode;
use crate::names;
use crate::outbox::OutboxMessage;
use crate::person::Email;
use crate::registration::{AccountPlan, AccountWrite, MailedLink};
use crate::session::passed;
use crate::time;

/// How lately the creditor must have written or changed a debt that proves.
const FRESH: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Returns whether knowing both codes of a debt proves that an account is its debtor's: it is still to pay, the creditor
/// wrote or changed it within a year, and to this name. Waste paper proves nothing.
pub fn proves(debt: &Debt, profile: &Profile, now: Timestamp) -> bool {
    debt.origin == DebtOrigin::Creditor
        && debt.debtor.fiscal_code == profile.fiscal_code
        && debt.is_published(now)
        && debt.status(now) == DebtStatus::ToPay
        && passed(debt.written_at(), now) <= FRESH
        && names::is_of(&debt.debtor.name, &profile.name)
}

/// Whose a proven fiscal code is, and what is disputed of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// It holds the code while it is active and proven.
    pub account: AccountId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<Dispute>,
    /// Which office decided last whose it is, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<String>,
}

/// What an operator has to decide: until then nobody proves the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    pub since: Timestamp,
    /// The account that proved the code after its holder; none if somebody contested the proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<AccountId>,
}

/// What is known when a debt has proven an account's fiscal code.
#[derive(Clone, Debug)]
pub struct ProofFacts {
    pub account: Account,
    /// Of the account's fiscal code, as it is stored.
    pub holder: Option<Holder>,
    /// The account that the holder names, if it is there.
    pub holding: Option<Account>,
}

/// What a proof did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proven {
    /// The code is the account's own from now on.
    Own,
    /// The creditor wants to wait for who contests it.
    Waits,
    /// It is another's, or contested: an operator decides.
    Disputed,
}

/// Proves an account's fiscal code by a debt. The creditor's address of the debtor, and every other account that names the
/// code, are told; so are both accounts when another has proven it before.
pub fn prove(
    facts: &ProofFacts,
    known: Option<&Email>,
    wait: Duration,
    now: Timestamp,
) -> AccountPlan<Proven> {
    let ProofFacts { account, holder, holding } = facts;
    if account.identity_proven {
        return AccountPlan::nothing(Proven::Own);
    }
    if account.proof.is_some() {
        return AccountPlan::nothing(Proven::Waits);
    }
    if holder.as_ref().is_some_and(|holder| holder.dispute.is_some()) {
        return AccountPlan::nothing(Proven::Disputed);
    }
    let code = account.profile.fiscal_code.clone();
    let first = holding.as_ref().filter(|other| other.id != account.id && holds(other, &code));
    let Some(first) = first else {
        let proof = Proof { at: time::to_second(now), from: time::to_second(time::after(now, wait)) };
        let after = Holder { account: account.id.clone(), dispute: None, decided: None };
        let told = OutboxMessage::IdentityProven {
            account: account.id.clone(),
            proof: proof.at,
            known: known.filter(|known| !is_own(account, known)).cloned(),
        };
        let outcome = if wait.is_zero() { Proven::Own } else { Proven::Waits };
        let writes = vec![
            AccountWrite::Hold { code, before: holder.clone(), after },
            AccountWrite::Prove { account: account.id.clone(), proof },
        ];
        return AccountPlan { writes, messages: vec![told], outcome };
    };
    let dispute = Dispute { since: time::to_second(now), second: Some(account.id.clone()) };
    let after = Holder { account: first.id.clone(), dispute: Some(dispute), decided: None };
    AccountPlan {
        writes: vec![AccountWrite::Hold { code, before: holder.clone(), after }],
        messages: vec![OutboxMessage::IdentityDisputed {
            accounts: vec![first.id.clone(), account.id.clone()],
        }],
        outcome: Proven::Disputed,
    }
}

/// Returns whether an account has proven this code, if only with a time to wait.
fn holds(account: &Account, code: &FiscalCode) -> bool {
    account.status == AccountStatus::Active
        && account.profile.fiscal_code == *code
        && (account.identity_proven || account.proof.is_some())
}

/// Returns whether an address is the account's own.
pub fn is_own(account: &Account, address: &Email) -> bool {
    let profile = &account.profile;
    *address == profile.email || *address == profile.username
}

/// Takes back a proof that somebody contests by a mailed link: the account's sessions end, and an operator decides who
/// may prove the code. Harmless to repeat.
///
/// # Errors
/// It is no such link, out of time, or of a proof that an operator has confirmed since.
pub fn contest(
    link: Option<&MailedLink>,
    account: Option<&Account>,
    holder: Option<&Holder>,
    now: Timestamp,
) -> Result<AccountPlan<()>, Error> {
    let link = link.filter(|link| link.purpose == LinkPurpose::ContestProof && link.expires_at > now);
    let (link, account) = link.zip(account).ok_or(Error::LinkNotValid)?;
    let Some(proof) = &account.proof else {
        return Ok(AccountPlan::nothing(()));
    };
    if account.status != AccountStatus::Active || link.proof != Some(proof.at) {
        return Err(Error::LinkNotValid);
    }
    let dispute = Dispute { since: time::to_second(now), second: None };
    let after = Holder { account: account.id.clone(), dispute: Some(dispute), decided: None };
    let code = account.profile.fiscal_code.clone();
    Ok(AccountPlan {
        writes: vec![
            AccountWrite::Hold { code, before: holder.cloned(), after },
            AccountWrite::Unprove { account: account.id.clone(), ends_sessions: true },
        ],
        messages: vec![OutboxMessage::IdentityDisputed { accounts: vec![account.id.clone()] }],
        outcome: (),
    })
}

/// What an operator decides of a fiscal code: it is this account's, or nobody's, so that it can be proven anew.
pub fn decide(
    code: &FiscalCode,
    holder: Option<&Holder>,
    holding: Option<&Account>,
    to: Option<&Account>,
    reason: &Reason,
    now: Timestamp,
) -> AccountPlan<()> {
    let mut plan = AccountPlan::nothing(());
    let loses = holding.filter(|holding| to.is_none_or(|to| to.id != holding.id));
    if let Some(account) = loses.filter(|holding| holding.identity_proven || holding.proof.is_some()) {
        plan.writes.push(AccountWrite::Unprove { account: account.id.clone(), ends_sessions: true });
    }
    if let Some(account) = to {
        let at = time::to_second(now);
        plan.writes.push(AccountWrite::Prove { account: account.id.clone(), proof: Proof { at, from: at } });
    }
    let account = to.map(|to| to.id.clone()).or_else(|| holder.map(|holder| holder.account.clone()));
    if let Some(account) = account {
        let after = Holder { account, dispute: None, decided: Some(reason.to_string()) };
        plan.writes.push(AccountWrite::Hold { code: code.clone(), before: holder.cloned(), after });
    }
    // Everybody who had proven the code, or tried, hears what was decided.
    let second = holder.and_then(|holder| holder.dispute.as_ref()?.second.clone());
    let mut told: Vec<AccountId> =
        holding.map(|holding| holding.id.clone()).into_iter().chain(second).collect();
    told.extend(to.map(|to| to.id.clone()));
    told.sort();
    told.dedup();
    plan.messages = told.into_iter().map(|account| OutboxMessage::IdentityDecided { account }).collect();
    plan
}
