//! Every night: verifies the chain of movements of every debt, and that it leads to what is stored of the debt.
//!
//! It changes nothing. A debt that does not verify raises an alarm (INV-M29, INV-M34); a person looks into it.

use domain::Fault;
use lambda::Worker;
use runtime::{ConfigError, Env};
use serde::Serialize;
use serde_json::Value;
use store::Ledger;

pub struct Audit {
    ledger: Ledger,
}

/// What a run found.
#[derive(Debug, Serialize)]
pub struct AuditReport {
    debts: u64,
    movements: u64,
    broken: u64,
}

impl Worker for Audit {
    /// EventBridge's event says nothing that is needed.
    type Event = Value;
    type Answer = AuditReport;

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { ledger: Ledger::connect(env)? })
    }

    async fn handle(&self, _: Value) -> Result<AuditReport, Fault> {
        let audited = self.ledger.audit(|statement| {
            tracing::error!(
                event = "audit.broken",
                notice = %statement.debt.notice,
                verdict = ?statement.verdict,
                "a debt does not verify"
            );
        });
        let store::AuditTotals { debts, movements, broken } = audited.await?;
        tracing::info!(event = "audit.done", debts, movements, broken, "audit");
        Ok(AuditReport { debts, movements, broken })
    }
}
