//! Who may do what: the template's policies, checked at every call; and which of them were of use.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::template::{Grant, Template, TemplateTable, table_arn};

/// The caller that may do everything: operator's tools and tests, never a function.
pub const OPERATOR: &str = "operator";

/// A grant of a function: `Search: dynamodb:GetItem on arn:…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Granted {
    pub function: String,
    pub grant: Grant,
}

impl fmt::Display for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.function, self.grant)
    }
}

/// Why a call is refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Denied {
    /// The access key is nobody's.
    UnknownCaller,
    /// The policy does not say so.
    NotGranted { caller: String, needed: Grant },
    /// The table's own policy says that nobody may.
    DeniedToAll { needed: Grant },
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Denied::UnknownCaller => f.write_str("The security token included in the request is invalid."),
            Denied::NotGranted { caller, needed } => {
                write!(
                    f,
                    "{caller} is not authorized to perform {needed}: no policy of the template allows it"
                )
            }
            Denied::DeniedToAll { needed } => {
                write!(f, "nobody is authorized to perform {needed}: the table's policy denies it")
            }
        }
    }
}

pub struct AccessRule {
    grants: BTreeMap<String, BTreeSet<Grant>>,
    denied: BTreeSet<Grant>,
    /// Whether what is not granted is refused, or only noted.
    enforced: bool,
    used: Mutex<BTreeSet<Granted>>,
    lacking: Mutex<BTreeSet<Granted>>,
}

impl AccessRule {
    pub fn of(template: &Template, enforced: bool) -> Self {
        let grants = template.functions.values().map(|f| (f.name.clone(), f.grants.clone())).collect();
        let of = |table: &TemplateTable, action: &String| Grant::on(action, table_arn(&table.name));
        let tables = template.tables.values();
        let denied =
            tables.flat_map(|table| table.denied.iter().map(move |action| of(table, action))).collect();
        Self { grants, denied, enforced, used: Mutex::default(), lacking: Mutex::default() }
    }

    /// Whether the caller may do all of this. The operator stands for whoever may change policies too.
    pub fn check(&self, caller: &str, needs: &[Grant]) -> Result<(), Denied> {
        if caller == OPERATOR {
            return Ok(());
        }
        let grants = self.grants.get(caller).ok_or(Denied::UnknownCaller)?;
        let granted = |grant: Grant| Granted { function: caller.to_owned(), grant };
        let mut used = Vec::new();
        for need in needs {
            let whole = Grant { rows: None, ..need.clone() };
            if self.denied.contains(&whole) {
                return Err(Denied::DeniedToAll { needed: need.clone() });
            }
            match [&whole, need].into_iter().find(|grant| grants.contains(grant)) {
                Some(grant) => used.push(granted(grant.clone())),
                None => {
                    self.lacking.lock().unwrap_or_else(PoisonError::into_inner).insert(granted(need.clone()));
                    if self.enforced {
                        return Err(Denied::NotGranted { caller: caller.to_owned(), needed: need.clone() });
                    }
                }
            }
        }
        self.used.lock().unwrap_or_else(PoisonError::into_inner).extend(used);
        Ok(())
    }

    /// What calls have needed and the template does not grant.
    pub fn lacking(&self) -> Vec<Granted> {
        self.lacking.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Grants that no call has needed so far. Only what this stack can see: DynamoDB, secrets, mail.
    pub fn unused(&self) -> Vec<Granted> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let all = self.grants.iter().flat_map(|(function, grants)| {
            grants.iter().map(|grant| Granted { function: function.clone(), grant: grant.clone() })
        });
        // One mail uses both the sender's identity and the configuration set.
        all.filter(|granted| !granted.grant.action.starts_with("ses:") && !used.contains(granted)).collect()
    }

    /// The resources that a caller may use for an action.
    pub fn resources(&self, caller: &str, action: &str) -> Vec<Grant> {
        let grants = self.grants.get(caller).into_iter().flatten();
        grants.filter(|grant| grant.action == action).cloned().collect()
    }
}

/// The access key id of a signed request: `AWS4-HMAC-SHA256 Credential=Search/20260101/…`.
pub fn caller(authorization: &str) -> Option<&str> {
    let (_, credential) = authorization.split_once("Credential=")?;
    credential.split('/').next().filter(|caller| !caller.is_empty())
}
