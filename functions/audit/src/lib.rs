//! Every night, spread over as many invocations as it takes: verifies the chain of movements of every debt, that all that
//! is stored of the debt follows from it, and that it goes on where it ended the night before.
//!
//! It changes nothing; what it has seen it writes where nobody may change or delete it. A debt that does not verify raises
//! an alarm (INV-M29, INV-M34, MON-15); a person looks into it.

use domain::Fault;
use lambda::{WorkTime, Worker};
use runtime::{ConfigError, Env};
use serde::Serialize;
use serde_json::Value;
use store::Auditor;

pub struct Audit {
    auditor: Auditor,
}

/// What the round has found so far.
#[derive(Debug, Serialize)]
pub struct AuditReport {
    debts: u64,
    movements: u64,
    broken: u64,
    finished: bool,
}

impl Worker for Audit {
    /// EventBridge's event says nothing that is needed.
    type Event = Value;
    type Answer = AuditReport;

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { auditor: Auditor::connect(env)? })
    }

    async fn handle(&self, _: Value, time: WorkTime) -> Result<AuditReport, Fault> {
        let audited = self.auditor.go_on(
            || time.is_used(),
            |finding| {
                tracing::error!(
                    event = "audit.broken",
                    notice = %finding.notice,
                    verdict = ?finding.broken,
                    "a debt does not verify"
                );
            },
        );
        let round = audited.await?;
        let store::AuditTotals { debts, movements, broken } = round.totals;
        if round.steps > 0 {
            let event = if round.finished { "audit.done" } else { "audit.goes_on" };
            let (began, kept) = (round.began, round.kept);
            tracing::info!(event, %began, debts, movements, broken, kept, "audit");
        }
        Ok(AuditReport { debts, movements, broken, finished: round.finished })
    }
}
