//! The pagoPA node asks whether a notice can be paid, takes its data, and brings the receipt (SOAP 1.1,
//! `paForNode`).
//!
//! Verify and get read and change nothing. A receipt is stored raw before it is interpreted and answered OK only
//! when it is applied: trouble of ours is an HTTP 5xx, so that the node sends it again; a KO would end its
//! delivery.

use creditor::{ServiceCatalogue, creditor};
use domain::creditor::Creditor;
use domain::notice::NoticeNumber;
use domain::plan::CallbackId;
use domain::{Debt, Fault};
use pagopa::answers::FaultSide;
use pagopa::operations::Get;
use pagopa::{
    FaultCode, NodeAnswer, NodeRequest as Asked, SendRt, Taxonomy, check_ids, fault_for, get_ok, verify_ok,
};
use runtime::metrics::CallbackOutcome;
use runtime::{ConfigError, Env, Measure, Metrics};
use store::{CallbackChannel, DebtReader, DebtWriter, RecordedCallback};
use web::{Function, Problem, Reply, Request};

pub struct PagopaNode {
    writer: DebtWriter,
    services: ServiceCatalogue,
    creditor: Creditor,
    broker: String,
    station: String,
    metrics: Metrics,
}

/// Longest message that is read, in bytes (INV-X02).
const MAX_BODY: usize = 128 * 1024;

impl Function for PagopaNode {
    const ROUTES: &'static [&'static str] = &["POST /pagopa/node"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        let services = ServiceCatalogue::of_the_repository()?;
        Ok(Self {
            writer: DebtWriter::connect(env)?,
            services,
            creditor: creditor(env)?,
            broker: env.config().broker_id.get()?.clone(),
            station: env.config().station_id.get()?.clone(),
            metrics: env.metrics().clone(),
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let body = request.raw_body(MAX_BODY)?;
        let answer = match pagopa::parse(body) {
            Err(refusal) => {
                tracing::warn!(event = refusal.why.event(), "a message that is refused");
                refusal.answer(&self.creditor.fiscal_code)
            }
            Ok(asked) => self.answer(&asked, body).await,
        };
        Ok(Reply::asset(answer.status(), pagopa::CONTENT_TYPE, pagopa::render(&answer)))
    }
}

impl PagopaNode {
    async fn answer(&self, asked: &Asked, body: &[u8]) -> NodeAnswer {
        let refuse = |code| NodeAnswer::refuse(asked, code, &self.creditor.fiscal_code);
        if let Some(code) = check_ids(&self.creditor, &self.broker, &self.station, asked) {
            tracing::warn!(event = "soap.ids", code = code.code(), "identifiers that are not ours");
            return refuse(code);
        }
        let answered = match asked {
            Asked::Verify(verify) => {
                self.payable(verify.qr_code.notice.as_str(), refuse, |debt| {
                    verify_ok(debt, &self.creditor).map(NodeAnswer::VerifyOk).ok()
                })
                .await
            }
            Asked::Get(get) => {
                let found = |debt: &Debt| self.taken(debt, get);
                self.payable(get.qr_code.notice.as_str(), refuse, found).await
            }
            Asked::Receipt(sent) => match self.receipt(sent, body).await {
                Ok(Some(code)) => Ok(refuse(code)),
                Ok(None) => Ok(NodeAnswer::ReceiptOk(sent.version)),
                // The node sends it again: never a KO for trouble of ours (INV-M23).
                Err(fault) => {
                    tracing::error!(event = "rt.failed", doing = fault.doing, cause = %fault.source, "a receipt was not applied; the node sends it again");
                    return NodeAnswer::Fault(FaultSide::Server);
                }
            },
            // The creditor publishes no service for payments that begin at a PSP.
            Asked::Demand(_) => Ok(refuse(FaultCode::Semantica)),
        };
        answered.unwrap_or_else(|fault| {
            tracing::error!(event = "node.failed", doing = fault.doing, cause = %fault.source, "the node gets an HTTP error");
            refuse(FaultCode::SystemError)
        })
    }

    /// The answer for a debt that can be paid, or the fault of its state.
    async fn payable(
        &self,
        notice: &str,
        refuse: impl Fn(FaultCode) -> NodeAnswer,
        found: impl Fn(&Debt) -> Option<NodeAnswer>,
    ) -> Result<NodeAnswer, Fault> {
        let debt = match NoticeNumber::parse(notice) {
            Ok(notice) => self.writer.debts().get(DebtReader::Node, &notice).await?,
            Err(_) => None,
        };
        if let Some(code) = fault_for(debt.as_ref(), self.writer.debts().now()) {
            return Ok(refuse(code));
        }
        let answer = debt.as_ref().and_then(found);
        answer
            .ok_or_else(|| Fault::new("answering the node", "the creditor's configuration does not suffice"))
    }

    fn taken(&self, debt: &Debt, get: &Get) -> Option<NodeAnswer> {
        let service = self.services.get(&debt.service.code)?;
        let taxonomy = Taxonomy::parse(&service.taxonomy)?;
        let data = get_ok(debt, &self.creditor, &taxonomy, get).ok()?;
        Some(NodeAnswer::GetOk(get.version, Box::new(data)))
    }

    /// Stores a receipt, then applies it; a fault code if it was stored before.
    async fn receipt(&self, sent: &SendRt, body: &[u8]) -> Result<Option<FaultCode>, Fault> {
        let id = format!("node {}", sent.receipt.id);
        let raw = String::from_utf8_lossy(body);
        match self.writer.callbacks().record(CallbackChannel::Node, &id, &raw).await? {
            RecordedCallback::ToApply => {}
            recorded => {
                self.metrics.note(Measure::Callback(match recorded {
                    RecordedCallback::Conflict => CallbackOutcome::Conflict,
                    RecordedCallback::Applied | RecordedCallback::ToApply => CallbackOutcome::Repeated,
                }));
                return Ok(Some(FaultCode::ReceiptDuplicata));
            }
        }
        let creditor = &self.creditor.fiscal_code;
        let settled = self.writer.settle(&sent.notification(creditor), Some(&CallbackId::of(&id))).await?;
        tracing::info!(event = "rt.applied", outcome = ?settled, stand_in = sent.stand_in(), "receipt");
        Ok(None)
    }
}
