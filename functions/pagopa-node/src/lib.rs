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
use domain::settlement::Settled;
use domain::{Debt, Fault, digest};
use pagopa::answers::FaultSide;
use pagopa::operations::Get;
use pagopa::{
    FaultCode, NodeAnswer, NodeOperation, NodeRequest as Asked, ReceivedReceipt, Taxonomy, check_ids,
    fault_for, get_ok, verify_ok,
};
use runtime::metrics::CallbackOutcome;
use runtime::{ConfigError, Env, Measure, Metrics};
use store::{AppliedMessage, CallbackChannel, DebtReader, DebtWriter, RecordedCallback};
use web::{Function, HttpError, Problem, Reply, Request};

pub struct PagopaNode {
    writer: DebtWriter,
    services: ServiceCatalogue,
    creditor: Creditor,
    broker: String,
    station: String,
    metrics: Metrics,
}

/// Longest message that is read, in bytes (INV-X02).
const MAX_BODY: usize = pagopa::soap::MAX_BYTES;

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
        let answer = match request.raw_body(MAX_BODY) {
            // A SOAP caller gets a SOAP answer, whatever is wrong.
            Err(HttpError::PayloadTooLarge) => {
                let fault = pagopa::render(&NodeAnswer::Fault(FaultSide::Client));
                return Ok(Reply::asset(413, pagopa::CONTENT_TYPE, fault));
            }
            Err(error) => return Err(error.into()),
            Ok(body) if pagopa::is_receipt(body) => self.received(body).await,
            Ok(body) => match pagopa::parse(body) {
                Err(refusal) => {
                    tracing::warn!(event = refusal.why.event(), "a message that is refused");
                    refusal.answer(&self.creditor.fiscal_code)
                }
                Ok(asked) => self.answer(&asked).await,
            },
        };
        Ok(Reply::asset(answer.status(), pagopa::CONTENT_TYPE, pagopa::render(&answer)))
    }
}

impl PagopaNode {
    async fn answer(&self, asked: &Asked) -> NodeAnswer {
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
            // Hostile markup around a receipt: no receipt, see `is_receipt`.
            Asked::Receipt(_) => Ok(refuse(FaultCode::SintassiExtraXsd)),
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

    /// A receipt: stored as it came, under the name that it gives itself, then applied. The node sends it again after an
    /// HTTP error, and never after a KO: there is none for trouble of ours, nor for what we cannot read (INV-M23).
    async fn received(&self, body: &[u8]) -> NodeAnswer {
        match self.receipt(body).await {
            Ok(answer) => answer,
            Err(fault) => {
                tracing::error!(event = "rt.failed", doing = fault.doing, cause = %fault.source, "a receipt was not applied; the node sends it again");
                NodeAnswer::Fault(FaultSide::Server)
            }
        }
    }

    async fn receipt(&self, body: &[u8]) -> Result<NodeAnswer, Fault> {
        let read = ReceivedReceipt::read(body);
        let id = match &read {
            Ok(receipt) => format!("node {}", receipt.id),
            Err(_) => format!("node {}", digest::sha256_hex(&[body])),
        };
        let callbacks = self.writer.callbacks();
        let recorded = callbacks.record(CallbackChannel::Node, &id, &String::from_utf8_lossy(body)).await?;
        let id = CallbackId::of(&id);
        let receipt = match read {
            Ok(receipt) => receipt,
            Err(why) => {
                self.metrics.note(Measure::Callback(CallbackOutcome::Unreadable));
                tracing::error!(event = "rt.unreadable", why = ?why, message = id.as_str(), "a receipt that we cannot read");
                callbacks.mark_unreadable(&id, CallbackChannel::Node).await?;
                return Ok(NodeAnswer::Fault(FaultSide::Server));
            }
        };
        let operation = NodeOperation::SendRt(receipt.version);
        let refuse = |code| NodeAnswer::ko(operation, code, &self.creditor.fiscal_code);
        if let Some(code) = receipt.check_ids(&self.creditor, &self.broker, &self.station) {
            tracing::warn!(event = "soap.ids", code = code.code(), "identifiers that are not ours");
            if recorded != RecordedCallback::Applied {
                // Should the mistake be in our own settings, the money is kept until they are mended.
                callbacks.mark_unreadable(&id, CallbackChannel::Node).await?;
            }
            return Ok(refuse(code));
        }
        let was_unreadable = recorded == RecordedCallback::Unreadable;
        let message = AppliedMessage { id: &id, was_unreadable };
        let notification = receipt.notification(&self.creditor);
        let settled = match recorded {
            RecordedCallback::ToApply | RecordedCallback::Unreadable => {
                self.writer.settle(&notification, Some(message)).await?
            }
            // Other words about the same money: whether it is known, and says the same, is settlement's to see.
            RecordedCallback::Conflict => match self.writer.settle(&notification, None).await? {
                Settled::Known | Settled::Contradicted => return Ok(refuse(FaultCode::ReceiptDuplicata)),
                settled => settled,
            },
            RecordedCallback::Applied => {
                self.metrics.note(Measure::Callback(CallbackOutcome::Repeated));
                return Ok(refuse(FaultCode::ReceiptDuplicata));
            }
        };
        tracing::info!(event = "rt.applied", outcome = ?settled, stand_in = receipt.stand_in, "receipt");
        Ok(NodeAnswer::ReceiptOk(receipt.version))
    }
}
