//! What a creditor answers: whatever can be built renders to bytes that the schema takes.

use domain::{Amount, FiscalCode};
use jiff::civil::Date;

use crate::faults::{self, FaultCode};
use crate::operations::{Operation, Request, outcome};
use crate::parts::{Metadata, Subject, Transfers, Version, Within};
use crate::soap::{Reader, Why, Writer};
use crate::values::{self, Digits, Moment, Text};

/// What was read by the schema, or why it makes no sense.
type Sense<T> = Result<T, Why>;

/// An answer to the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    VerifyOk(VerifyOk),
    GetOk(Version, Box<GetOk>),
    /// The receipt is stored. Never before.
    ReceiptOk(Version),
    /// Refused, in the operation's own element. For a receipt this ends the delivery.
    Ko {
        operation: Operation,
        fault: Fault,
    },
    /// A SOAP fault: no operation could be seen, or the node shall try again.
    Fault(Blame),
}

/// Whose mistake a SOAP fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    Client,
    Server,
}

/// A refusal with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
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
    pub detail: Option<Text<140>>,
    /// Whether all of it can be credited to postal accounts.
    pub all_ccp: bool,
    pub description: Text<140>,
    pub fiscal_code: Digits<11>,
    pub company: Text<140>,
    pub office: Option<Text<140>>,
}

/// All that a PSP needs to pay a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetOk {
    pub iuv: Text<35>,
    pub amount: Amount,
    pub due: Date,
    pub retention: Option<Moment>,
    pub last_payment: Option<bool>,
    pub description: Text<140>,
    /// The second version must have it.
    pub company: Option<Text<140>>,
    pub office: Option<Text<140>>,
    pub debtor: Subject,
    pub transfers: Transfers,
    pub metadata: Option<Metadata>,
}

impl GetOk {
    /// Whether the transfers make up the amount, as the node will check.
    pub fn adds_up(&self) -> bool {
        self.transfers.sum() == Some(self.amount.cents())
    }

    /// Whether this version of the schema can carry it.
    fn fits(&self, version: Version) -> bool {
        let named = version == Version::V1 || self.company.is_some();
        named && self.transfers.fit(Within::Answer(version))
    }

    fn read(xml: &mut Reader<'_>, version: Version) -> Result<Self, Why> {
        Ok(Self {
            iuv: xml.value("creditorReferenceId", Text::parse)?,
            amount: xml.value("paymentAmount", values::amount)?,
            due: xml.value("dueDate", values::date)?,
            retention: xml.optional("retentionDate", Moment::parse)?,
            last_payment: xml.optional("lastPayment", values::boolean)?,
            description: xml.value("description", Text::parse)?,
            company: match version {
                Version::V1 => xml.optional("companyName", Text::parse)?,
                Version::V2 => Some(xml.value("companyName", Text::parse)?),
            },
            office: xml.optional("officeName", Text::parse)?,
            debtor: xml.within("debtor", Subject::read)?,
            transfers: Transfers::read(xml, Within::Answer(version))?,
            metadata: Metadata::read(xml)?,
        })
    }

    fn write(&self, version: Version, out: &mut Writer) {
        out.put("creditorReferenceId", self.iuv.as_str());
        out.put("paymentAmount", &self.amount.cents().decimal());
        out.put("dueDate", &self.due.to_string());
        out.maybe("retentionDate", self.retention.map(|at| at.to_string()).as_deref());
        out.maybe("lastPayment", self.last_payment.map(|yes| yes.to_string()).as_deref());
        out.put("description", self.description.as_str());
        out.maybe("companyName", self.company.as_ref().map(Text::as_str));
        out.maybe("officeName", self.office.as_ref().map(Text::as_str));
        self.debtor.write("debtor", out);
        self.transfers.write(Within::Answer(version), out);
        Metadata::write(self.metadata.as_ref(), out);
    }
}

impl VerifyOk {
    /// The schema lets all of it be missing; a payer could do nothing with that.
    fn read(xml: &mut Reader<'_>) -> Result<Sense<Self>, Why> {
        let option = xml.optionally_within("paymentList", |xml| {
            xml.within("paymentOptionDescription", |xml| {
                let amount = xml.value("amount", values::amount)?;
                let exact = xml.value("options", |text| {
                    matches!(text, "EQ" | "LS" | "GT" | "ANY").then_some(text == "EQ")
                })?;
                let due = xml.optional("dueDate", values::date)?;
                let detail = xml.optional("detailDescription", Text::parse)?;
                Ok((amount, exact, due, detail, xml.value("allCCP", values::boolean)?))
            })
        })?;
        let description = xml.optional("paymentDescription", Text::parse)?;
        let fiscal_code = xml.optional("fiscalCodePA", Digits::parse)?;
        let company = xml.optional("companyName", Text::parse)?;
        let office = xml.optional("officeName", Text::parse)?;
        Ok(match (option, description, fiscal_code, company) {
            (None, ..) => Err(Why::Senseless("paymentList")),
            (Some((_, false, ..)), ..) => Err(Why::Senseless("options")),
            (_, None, ..) => Err(Why::Senseless("paymentDescription")),
            (_, _, None, _) => Err(Why::Senseless("fiscalCodePA")),
            (_, _, _, None) => Err(Why::Senseless("companyName")),
            (
                Some((amount, true, due, detail, all_ccp)),
                Some(description),
                Some(fiscal_code),
                Some(company),
            ) => Ok(Self { amount, due, detail, all_ccp, description, fiscal_code, company, office }),
        })
    }

    fn write(&self, out: &mut Writer) {
        out.within("paymentList", |out| {
            out.within("paymentOptionDescription", |out| {
                out.put("amount", &self.amount.cents().decimal());
                out.put("options", "EQ");
                out.maybe("dueDate", self.due.map(|day| day.to_string()).as_deref());
                out.maybe("detailDescription", self.detail.as_ref().map(Text::as_str));
                out.put("allCCP", if self.all_ccp { "true" } else { "false" });
            });
        });
        out.put("paymentDescription", self.description.as_str());
        out.put("fiscalCodePA", self.fiscal_code.as_str());
        out.put("companyName", self.company.as_str());
        out.maybe("officeName", self.office.as_ref().map(Text::as_str));
    }
}

impl Fault {
    fn read(xml: &mut Reader<'_>) -> Result<Sense<Self>, Why> {
        let code = xml.value("faultCode", |text| Some(FaultCode::parse(text)))?;
        xml.value("faultString", values::string)?;
        let id = xml.value("id", values::string)?;
        let description = xml.optional("description", values::string)?;
        xml.optional("serial", |text| text.trim().parse::<i32>().ok())?;
        for name in ["originalFaultCode", "originalFaultString", "originalDescription"] {
            xml.optional(name, values::string)?;
        }
        Ok(code.map(|code| Self { code, id, description }).ok_or(Why::Senseless("faultCode")))
    }

    fn write(&self, out: &mut Writer) {
        out.within("fault", |out| {
            out.put("faultCode", self.code.code());
            out.put("faultString", self.code.sentence());
            out.put("id", &self.id);
            out.maybe("description", self.description.as_deref());
        });
    }
}

impl Answer {
    pub fn ko(operation: Operation, code: FaultCode, creditor: &FiscalCode) -> Self {
        let fault = Fault { code, id: faults::id(creditor), description: None };
        Answer::Ko { operation, fault }
    }

    /// A refusal that names what was asked for, as the node's own examples do: the notice, or the receipt.
    pub fn refuse(request: &Request, code: FaultCode, creditor: &FiscalCode) -> Self {
        let description = match request {
            Request::Verify(verify) => Some(format!("Numero avviso {}", verify.qr_code.notice.as_str())),
            Request::Get(get) => Some(format!("Numero avviso {}", get.qr_code.notice.as_str())),
            Request::Receipt(sent) => {
                Text::<35>::cut(&sent.receipt.id).map(|id| format!("paymentToken {}", id.as_str()))
            }
            Request::Demand(_) => None,
        };
        let fault = Fault { code, id: faults::id(creditor), description };
        Answer::Ko { operation: request.operation(), fault }
    }

    /// The HTTP status: a refusal is an ordinary answer.
    pub fn status(&self) -> u16 {
        match self {
            Answer::VerifyOk(_) | Answer::GetOk(..) | Answer::ReceiptOk(_) | Answer::Ko { .. } => 200,
            Answer::Fault(_) => 500,
        }
    }

    /// The operation that it answers.
    pub fn operation(&self) -> Option<Operation> {
        match self {
            Answer::VerifyOk(_) => Some(Operation::Verify),
            Answer::GetOk(version, _) => Some(Operation::Get(*version)),
            Answer::ReceiptOk(version) => Some(Operation::SendRt(*version)),
            Answer::Ko { operation, .. } => Some(*operation),
            Answer::Fault(_) => None,
        }
    }

    /// Reads what stands in a response's element: all of it by the schema, then whether it makes sense.
    pub(crate) fn read(xml: &mut Reader<'_>, operation: Operation) -> Result<Sense<Self>, Why> {
        let ok = xml.value("outcome", outcome)?;
        let fault = xml.optionally_within("fault", Fault::read)?;
        let rest = match operation {
            Operation::Verify => VerifyOk::read(xml)?.map(Answer::VerifyOk),
            Operation::Get(version) => {
                let data = xml.optionally_within("data", |xml| GetOk::read(xml, version))?;
                data.map(|data| Answer::GetOk(version, Box::new(data))).ok_or(Why::Senseless("data"))
            }
            Operation::SendRt(version) => Ok(Answer::ReceiptOk(version)),
            // We never give an OK here; a KO carries nothing else.
            Operation::Demand => Err(Why::Operation),
        };
        Ok(match (ok, fault) {
            (true, None) => rest,
            (false, Some(fault)) => fault.map(|fault| Answer::Ko { operation, fault }),
            (true, Some(_)) | (false, None) => Err(Why::Senseless("fault")),
        })
    }
}

/// The bytes of an answer. An OK that its version of the schema cannot carry becomes a KO of ours.
pub fn render(answer: &Answer) -> Vec<u8> {
    let message = |operation: Operation, outcome: &str, write: &dyn Fn(&mut Writer)| {
        Writer::message(operation.response_element(), |out| {
            out.put("outcome", outcome);
            write(out);
        })
    };
    match answer {
        Answer::VerifyOk(ok) => message(Operation::Verify, "OK", &|out| ok.write(out)),
        Answer::GetOk(version, ok) if ok.fits(*version) => message(Operation::Get(*version), "OK", &|out| {
            out.within("data", |out| ok.write(*version, out));
        }),
        Answer::GetOk(version, ok) => {
            let id = ok.transfers.as_slice().first().map(|transfer| transfer.fiscal_code.as_str().to_owned());
            let fault = Fault { code: FaultCode::SystemError, id: id.unwrap_or_default(), description: None };
            message(Operation::Get(*version), "KO", &|out| fault.write(out))
        }
        Answer::ReceiptOk(version) => message(Operation::SendRt(*version), "OK", &|_| {}),
        Answer::Ko { operation, fault } => message(*operation, "KO", &|out| fault.write(out)),
        Answer::Fault(Blame::Client) => Writer::fault("Client", "Richiesta non riconosciuta"),
        Answer::Fault(Blame::Server) => Writer::fault("Server", "Servizio momentaneamente non disponibile"),
    }
}
