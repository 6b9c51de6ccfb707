//! What a creditor answers: whatever can be built renders to bytes that the schema takes.

use domain::{Amount, FiscalCode};
use jiff::civil::Date;

use crate::faults::{self, FaultCode};
use crate::operations::{NodeOperation, NodeRequest, outcome};
use crate::parts::{MessageVersion, Metadata, Subject, Transfers, Within};
use crate::soap::{SoapError, SoapReader, SoapWriter};
use crate::values::{self, BoundedText, Digits, Moment};

/// What was read by the schema, or why it makes no sense.
type Sense<T> = Result<T, SoapError>;

/// An answer to the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeAnswer {
    VerifyOk(VerifyOk),
    GetOk(MessageVersion, Box<GetOk>),
    /// The receipt is stored. Never before.
    ReceiptOk(MessageVersion),
    /// Refused, in the operation's own element. For a receipt this ends the delivery.
    Ko {
        operation: NodeOperation,
        fault: SoapFault,
    },
    /// A SOAP fault: no operation could be seen, or the node shall try again.
    Fault(FaultSide),
}

/// Whose mistake a SOAP fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultSide {
    Client,
    Server,
}

/// A refusal with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoapFault {
    pub code: FaultCode,
    /// The creditor's fiscal code.
    pub id: String,
    /// For the PSP's operator: never anything personal, nothing of our insides.
    pub description: Option<String>,
}

/// The one payment option of a notice, and what the payer reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyOk {
    pub amount: Amount,
    pub due: Option<Date>,
    pub detail: Option<BoundedText<140>>,
    /// Whether all of it can be credited to postal accounts.
    pub all_ccp: bool,
    pub description: BoundedText<140>,
    pub fiscal_code: Digits<11>,
    pub company: BoundedText<140>,
    pub office: Option<BoundedText<140>>,
}

/// All that a PSP needs to pay a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetOk {
    pub iuv: BoundedText<35>,
    pub amount: Amount,
    pub due: Date,
    pub retention: Option<Moment>,
    pub last_payment: Option<bool>,
    pub description: BoundedText<140>,
    /// The second version must have it.
    pub company: Option<BoundedText<140>>,
    pub office: Option<BoundedText<140>>,
    pub debtor: Subject,
    pub transfers: Transfers,
    pub metadata: Option<Metadata>,
}

impl GetOk {
    /// Returns whether the transfers make up the amount, as the node will check.
    pub fn adds_up(&self) -> bool {
        self.transfers.sum() == Some(self.amount.cents())
    }

    /// Returns whether this version of the schema can carry it.
    fn fits(&self, version: MessageVersion) -> bool {
        let named = version == MessageVersion::V1 || self.company.is_some();
        named && self.transfers.fit(Within::Answer(version))
    }

    fn read(xml: &mut SoapReader<'_>, version: MessageVersion) -> Result<Self, SoapError> {
        Ok(Self {
            iuv: xml.value("creditorReferenceId", BoundedText::parse)?,
            amount: xml.value("paymentAmount", values::amount)?,
            due: xml.value("dueDate", values::date)?,
            retention: xml.optional("retentionDate", Moment::parse)?,
            last_payment: xml.optional("lastPayment", values::boolean)?,
            description: xml.value("description", BoundedText::parse)?,
            company: match version {
                MessageVersion::V1 => xml.optional("companyName", BoundedText::parse)?,
                MessageVersion::V2 => Some(xml.value("companyName", BoundedText::parse)?),
            },
            office: xml.optional("officeName", BoundedText::parse)?,
            debtor: xml.within("debtor", Subject::read)?,
            transfers: Transfers::read(xml, Within::Answer(version))?,
            metadata: Metadata::read(xml)?,
        })
    }

    fn write(&self, version: MessageVersion, out: &mut SoapWriter) {
        out.put("creditorReferenceId", self.iuv.as_str());
        out.put("paymentAmount", &self.amount.cents().decimal());
        out.put("dueDate", &self.due.to_string());
        out.maybe("retentionDate", self.retention.map(|at| at.to_string()).as_deref());
        out.maybe("lastPayment", self.last_payment.map(|yes| yes.to_string()).as_deref());
        out.put("description", self.description.as_str());
        out.maybe("companyName", self.company.as_ref().map(BoundedText::as_str));
        out.maybe("officeName", self.office.as_ref().map(BoundedText::as_str));
        self.debtor.write("debtor", out);
        self.transfers.write(Within::Answer(version), out);
        Metadata::write(self.metadata.as_ref(), out);
    }
}

impl VerifyOk {
    /// The schema lets all of it be missing; a payer could do nothing with that.
    fn read(xml: &mut SoapReader<'_>) -> Result<Sense<Self>, SoapError> {
        let option = xml.optionally_within("paymentList", |xml| {
            xml.within("paymentOptionDescription", |xml| {
                let amount = xml.value("amount", values::amount)?;
                let exact = xml.value("options", |text| {
                    matches!(text, "EQ" | "LS" | "GT" | "ANY").then_some(text == "EQ")
                })?;
                let due = xml.optional("dueDate", values::date)?;
                let detail = xml.optional("detailDescription", BoundedText::parse)?;
                Ok((amount, exact, due, detail, xml.value("allCCP", values::boolean)?))
            })
        })?;
        let description = xml.optional("paymentDescription", BoundedText::parse)?;
        let fiscal_code = xml.optional("fiscalCodePA", Digits::parse)?;
        let company = xml.optional("companyName", BoundedText::parse)?;
        let office = xml.optional("officeName", BoundedText::parse)?;
        Ok(match (option, description, fiscal_code, company) {
            (None, ..) => Err(SoapError::Senseless("paymentList")),
            (Some((_, false, ..)), ..) => Err(SoapError::Senseless("options")),
            (_, None, ..) => Err(SoapError::Senseless("paymentDescription")),
            (_, _, None, _) => Err(SoapError::Senseless("fiscalCodePA")),
            (_, _, _, None) => Err(SoapError::Senseless("companyName")),
            (
                Some((amount, true, due, detail, all_ccp)),
                Some(description),
                Some(fiscal_code),
                Some(company),
            ) => Ok(Self { amount, due, detail, all_ccp, description, fiscal_code, company, office }),
        })
    }

    fn write(&self, out: &mut SoapWriter) {
        out.within("paymentList", |out| {
            out.within("paymentOptionDescription", |out| {
                out.put("amount", &self.amount.cents().decimal());
                out.put("options", "EQ");
                out.maybe("dueDate", self.due.map(|day| day.to_string()).as_deref());
                out.maybe("detailDescription", self.detail.as_ref().map(BoundedText::as_str));
                out.put("allCCP", if self.all_ccp { "true" } else { "false" });
            });
        });
        out.put("paymentDescription", self.description.as_str());
        out.put("fiscalCodePA", self.fiscal_code.as_str());
        out.put("companyName", self.company.as_str());
        out.maybe("officeName", self.office.as_ref().map(BoundedText::as_str));
    }
}

impl SoapFault {
    fn read(xml: &mut SoapReader<'_>) -> Result<Sense<Self>, SoapError> {
        let code = xml.value("faultCode", |text| Some(FaultCode::parse(text)))?;
        xml.value("faultString", values::string)?;
        let id = xml.value("id", values::string)?;
        let description = xml.optional("description", values::string)?;
        xml.optional("serial", |text| text.trim().parse::<i32>().ok())?;
        for name in ["originalFaultCode", "originalFaultString", "originalDescription"] {
            xml.optional(name, values::string)?;
        }
        Ok(code.map(|code| Self { code, id, description }).ok_or(SoapError::Senseless("faultCode")))
    }

    fn write(&self, out: &mut SoapWriter) {
        out.within("fault", |out| {
            out.put("faultCode", self.code.code());
            out.put("faultString", self.code.sentence());
            out.put("id", &self.id);
            out.maybe("description", self.description.as_deref());
        });
    }
}

impl NodeAnswer {
    pub fn ko(operation: NodeOperation, code: FaultCode, creditor: &FiscalCode) -> Self {
        let fault = SoapFault { code, id: faults::id(creditor), description: None };
        NodeAnswer::Ko { operation, fault }
    }

    /// A refusal that names what was asked for, as the node's own examples do: the notice, or the receipt.
    pub fn refuse(request: &NodeRequest, code: FaultCode, creditor: &FiscalCode) -> Self {
        let description = match request {
            NodeRequest::Verify(verify) => Some(format!("Numero avviso {}", verify.qr_code.notice.as_str())),
            NodeRequest::Get(get) => Some(format!("Numero avviso {}", get.qr_code.notice.as_str())),
            NodeRequest::Receipt(sent) => {
                BoundedText::<35>::cut(&sent.receipt.id).map(|id| format!("paymentToken {}", id.as_str()))
            }
            NodeRequest::Demand(_) => None,
        };
        let fault = SoapFault { code, id: faults::id(creditor), description };
        NodeAnswer::Ko { operation: request.operation(), fault }
    }

    /// The HTTP status: a refusal is an ordinary answer.
    pub fn status(&self) -> u16 {
        match self {
            NodeAnswer::VerifyOk(_)
            | NodeAnswer::GetOk(..)
            | NodeAnswer::ReceiptOk(_)
            | NodeAnswer::Ko { .. } => 200,
            NodeAnswer::Fault(_) => 500,
        }
    }

    /// The operation that it answers.
    pub fn operation(&self) -> Option<NodeOperation> {
        match self {
            NodeAnswer::VerifyOk(_) => Some(NodeOperation::Verify),
            NodeAnswer::GetOk(version, _) => Some(NodeOperation::Get(*version)),
            NodeAnswer::ReceiptOk(version) => Some(NodeOperation::SendRt(*version)),
            NodeAnswer::Ko { operation, .. } => Some(*operation),
            NodeAnswer::Fault(_) => None,
        }
    }

    /// Reads what stands in a response's element: all of it by the schema, then whether it makes sense.
    pub(crate) fn read(xml: &mut SoapReader<'_>, operation: NodeOperation) -> Result<Sense<Self>, SoapError> {
        let ok = xml.value("outcome", outcome)?;
        let fault = xml.optionally_within("fault", SoapFault::read)?;
        let rest = match operation {
            NodeOperation::Verify => VerifyOk::read(xml)?.map(NodeAnswer::VerifyOk),
            NodeOperation::Get(version) => {
                let data = xml.optionally_within("data", |xml| GetOk::read(xml, version))?;
                data.map(|data| NodeAnswer::GetOk(version, Box::new(data)))
                    .ok_or(SoapError::Senseless("data"))
            }
            NodeOperation::SendRt(version) => Ok(NodeAnswer::ReceiptOk(version)),
            // We never give an OK here; a KO carries nothing else.
            NodeOperation::Demand => Err(SoapError::Operation),
        };
        Ok(match (ok, fault) {
            (true, None) => rest,
            (false, Some(fault)) => fault.map(|fault| NodeAnswer::Ko { operation, fault }),
            (true, Some(_)) | (false, None) => Err(SoapError::Senseless("fault")),
        })
    }
}

/// The bytes of an answer. An OK that its version of the schema cannot carry becomes a KO of ours.
pub fn render(answer: &NodeAnswer) -> Vec<u8> {
    let message = |operation: NodeOperation, outcome: &str, write: &dyn Fn(&mut SoapWriter)| {
        SoapWriter::message(operation.response_element(), |out| {
            out.put("outcome", outcome);
            write(out);
        })
    };
    match answer {
        NodeAnswer::VerifyOk(ok) => message(NodeOperation::Verify, "OK", &|out| ok.write(out)),
        NodeAnswer::GetOk(version, ok) if ok.fits(*version) => {
            message(NodeOperation::Get(*version), "OK", &|out| {
                out.within("data", |out| ok.write(*version, out));
            })
        }
        NodeAnswer::GetOk(version, ok) => {
            let id = ok.transfers.as_slice().first().map(|transfer| transfer.fiscal_code.as_str().to_owned());
            let fault =
                SoapFault { code: FaultCode::SystemError, id: id.unwrap_or_default(), description: None };
            message(NodeOperation::Get(*version), "KO", &|out| fault.write(out))
        }
        NodeAnswer::ReceiptOk(version) => message(NodeOperation::SendRt(*version), "OK", &|_| {}),
        NodeAnswer::Ko { operation, fault } => message(*operation, "KO", &|out| fault.write(out)),
        NodeAnswer::Fault(FaultSide::Client) => SoapWriter::fault("Client", "Richiesta non riconosciuta"),
        NodeAnswer::Fault(FaultSide::Server) => {
            SoapWriter::fault("Server", "Servizio momentaneamente non disponibile")
        }
    }
}
