//! What the writes of a plan about accounts ask of the table, each only if everything is still as it was read.

use domain::account::AccountStatus;
use domain::proof::Holder;
use domain::registration::{AccountWrite, Claim};
use domain::{Fault, Timestamp, time};

use super::{AccountRow, Accounts, ClaimRow, NamedCodeRow, has_status};
use crate::keys::Key;
use crate::table::{Expression, Step, absent, attribute, instant, item, present, with_due};

impl Accounts {
    /// What each write asks of the table.
    pub(super) async fn steps(&self, writes: &[AccountWrite]) -> Result<Vec<Step>, Fault> {
        let mut steps = Vec::new();
        for write in writes {
            steps.push(self.step(write).await?);
        }
        Ok(steps)
    }

    async fn step(&self, write: &AccountWrite) -> Result<Step, Fault> {
        let table = &self.table;
        Ok(match write {
            AccountWrite::Create { account, password, until, previous } => {
                let key = Key::account(&account.id);
                let row = AccountRow {
                    id: account.id.clone(),
                    status: account.status,
                    epoch: account.epoch,
                    identity_proven: account.identity_proven,
                    proof: account.proof.clone(),
                    created_at: account.created_at,
                    closed_at: None,
                    profile: Some(account.profile.clone()),
                    password: Some(password.clone()),
                    previous: previous.clone(),
                    latest_activate: None,
                    latest_reset: None,
                    latest_email: None,
                    entered_at: None,
                    warned_at: None,
                };
                table.put(&key, with_due(item(&key, &row)?, &key, *until), absent())
            }
            AccountWrite::AwaitUsername { username, before, by, until } => {
                let key = self.username_key(username).await?;
                let until = time::to_second(*until);
                let row = ClaimRow { account: by.clone(), pending_until: Some(until) };
                table.put(&key, item(&key, &row)?, as_read(before.as_ref()))
            }
            AccountWrite::TakeUsername { username, by } => {
                let key = self.username_key(username).await?;
                let row = ClaimRow { account: by.clone(), pending_until: None };
                let free = Expression::new(
                    "attribute_not_exists(pk) OR attribute_exists(pending_until) OR account = :id",
                );
                table.put(&key, item(&key, &row)?, free.text_value(":id", by.as_str()))
            }
            AccountWrite::NameCode { code, by } => {
                let key = self.named_key(code, by).await?;
                let row = NamedCodeRow { account: by.clone() };
                table.put_always(&key, item(&key, &row)?, "it is the account's own")
            }
            AccountWrite::Hold { code, before, after } => {
                let key = self.code_key(code).await?;
                table.put(&key, item(&key, after)?, held_as_read(before.as_ref()))
            }
            AccountWrite::Prove { account, proof } => {
                let key = Key::account(account);
                let change = Expression::new("SET identity_proven = :yes, proof = :proof")
                    .flag(":yes", true)
                    .value(":proof", attribute(&key, proof)?);
                table.update(&key, change, has_status(AccountStatus::Active))
            }
            AccountWrite::Unprove { account, ends_sessions } => {
                let change = Expression::new("SET identity_proven = :no REMOVE proof ADD epoch :raised")
                    .flag(":no", false)
                    .number(":raised", i128::from(*ends_sessions));
                table.update(&Key::account(account), change, present())
            }
            AccountWrite::AwaitEmail { account, email } => {
                let change = Expression::new("SET profile.unconfirmed_email = :email")
                    .text_value(":email", email.as_str());
                table.update(&Key::account(account), change, has_status(AccountStatus::Active))
            }
            AccountWrite::ConfirmEmail { account, email } => {
                let change = Expression::new("SET profile.email = :email REMOVE profile.unconfirmed_email")
                    .text_value(":email", email.as_str());
                let waits = Expression::new("#status = :status AND profile.unconfirmed_email = :waits")
                    .name("#status", "status")
                    .text_value(":status", "active")
                    .text_value(":waits", email.as_str());
                table.update(&Key::account(account), change, waits)
            }
            AccountWrite::UseLink { hash, at } => {
                let change = Expression::new("SET used_at = :now").text_value(":now", at.to_string());
                let unused = Expression::new(
                    "attribute_exists(pk) AND attribute_not_exists(used_at) AND expires_at > :now",
                );
                table.update(&Key::link(hash), change, unused)
            }
            AccountWrite::Activate(id) => {
                let active = Expression::new("SET #status = :active REMOVE due_shard, due_at")
                    .text_value(":active", "active");
                table.update(&Key::account(id), active, has_status(AccountStatus::Pending))
            }
            AccountWrite::SetPassword { account, epoch, password } => {
                let change = Expression::new("SET password = :password ADD epoch :one")
                    .text_value(":password", password)
                    .number(":one", 1);
                let same = Expression::new("epoch = :epoch AND #status = :status")
                    .name("#status", "status")
                    .number(":epoch", *epoch)
                    .text_value(":status", "active");
                table.update(&Key::account(account), change, same)
            }
            AccountWrite::Warn { account, at, until } => {
                let change = Expression::new("SET warned_at = :now, due_at = :until")
                    .text_value(":until", instant(*until));
                let unused = Expression::new("#status = :status AND due_at <= :now")
                    .name("#status", "status")
                    .text_value(":status", "active")
                    .text_value(":now", instant(*at));
                table.update(&Key::account(account), change, unused)
            }
            AccountWrite::Close { account, at } => {
                let key = Key::account(account);
                table.update(&key, closed(&key, *at), has_status(AccountStatus::Active))
            }
            AccountWrite::CloseUnused { account, at } => {
                let key = Key::account(account);
                let unused = Expression::new("#status = :status AND attribute_exists(warned_at)")
                    .name("#status", "status")
                    .text_value(":status", "active");
                table.update(&key, closed(&key, *at), unused)
            }
        })
    }
}

/// An account closes, and waits for whoever erases it.
fn closed(key: &Key, at: Timestamp) -> Expression {
    Expression::new(
        "SET #status = :closed, closed_at = :now, due_shard = :shard, due_at = :due ADD epoch :one",
    )
    .text_value(":closed", "closed")
    .text_value(":now", at.to_string())
    .text_value(":shard", key.due_part())
    .text_value(":due", instant(at))
    .number(":one", 1)
}

/// The condition that a fiscal code's holder and dispute are as they were read.
fn held_as_read(holder: Option<&Holder>) -> Expression {
    match holder {
        None => absent(),
        Some(Holder { account, dispute: None, .. }) => {
            Expression::new("account = :id AND attribute_not_exists(dispute)")
                .text_value(":id", account.as_str())
        }
        Some(Holder { account, dispute: Some(dispute), .. }) => {
            Expression::new("account = :id AND dispute.since = :since")
                .text_value(":id", account.as_str())
                .text_value(":since", instant(dispute.since))
        }
    }
}

/// The condition that a claim is as it was read.
fn as_read(claim: Option<&Claim>) -> Expression {
    match claim {
        None => absent(),
        Some(Claim { account, pending_until: None }) => {
            Expression::new("account = :id AND attribute_not_exists(pending_until)")
                .text_value(":id", account.as_str())
        }
        Some(Claim { account, pending_until: Some(until) }) => {
            Expression::new("account = :id AND pending_until = :until")
                .text_value(":id", account.as_str())
                .text_value(":until", instant(*until))
        }
    }
}
