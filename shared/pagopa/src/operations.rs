//! What the node asks of a creditor: typed requests, read from bytes by the schema and nothing but the schema.

use domain::Cents;
use jiff::civil::Date;

use crate::answers::{FaultSide, NodeAnswer};
use crate::faults::FaultCode;
use crate::parts::{MessageAddress, MessageVersion, Metadata, QrCode, Subject, Transfers, Within};
use crate::soap::{SoapError, SoapReader, SoapWriter};
use crate::values::{self, Base64, BoundedText, Digits, Moment};

/// The operations that a node may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeOperation {
    Verify,
    Get(MessageVersion),
    SendRt(MessageVersion),
    /// A notice made on the fly at a PSP. Read, so that it can be refused with its own operation's answer.
    Demand,
}

impl NodeOperation {
    pub const ALL: [NodeOperation; 6] = [
        NodeOperation::Verify,
        NodeOperation::Get(MessageVersion::V1),
        NodeOperation::Get(MessageVersion::V2),
        NodeOperation::SendRt(MessageVersion::V1),
        NodeOperation::SendRt(MessageVersion::V2),
        NodeOperation::Demand,
    ];

    /// The operation's name, which is also its SOAPAction.
    pub fn name(self) -> &'static str {
        match self {
            NodeOperation::Verify => "paVerifyPaymentNotice",
            NodeOperation::Get(MessageVersion::V1) => "paGetPayment",
            NodeOperation::Get(MessageVersion::V2) => "paGetPaymentV2",
            NodeOperation::SendRt(MessageVersion::V1) => "paSendRT",
            NodeOperation::SendRt(MessageVersion::V2) => "paSendRTV2",
            NodeOperation::Demand => "paDemandPaymentNotice",
        }
    }

    pub fn request_element(self) -> &'static str {
        match self {
            NodeOperation::Verify => "paVerifyPaymentNoticeReq",
            NodeOperation::Get(MessageVersion::V1) => "paGetPaymentReq",
            NodeOperation::Get(MessageVersion::V2) => "paGetPaymentV2Request",
            NodeOperation::SendRt(MessageVersion::V1) => "paSendRTReq",
            NodeOperation::SendRt(MessageVersion::V2) => "paSendRTV2Request",
            NodeOperation::Demand => "paDemandPaymentNoticeRequest",
        }
    }

    pub fn response_element(self) -> &'static str {
        match self {
            NodeOperation::Verify => "paVerifyPaymentNoticeRes",
            NodeOperation::Get(MessageVersion::V1) => "paGetPaymentRes",
            NodeOperation::Get(MessageVersion::V2) => "paGetPaymentV2Response",
            NodeOperation::SendRt(MessageVersion::V1) => "paSendRTRes",
            NodeOperation::SendRt(MessageVersion::V2) => "paSendRTV2Response",
            NodeOperation::Demand => "paDemandPaymentNoticeResponse",
        }
    }

    /// Returns whether a header `SOAPAction` names this operation. It comes with quotes, without, or empty.
    pub fn agrees_with(self, soap_action: &str) -> bool {
        let action = soap_action.trim();
        let action = action.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(action);
        action.is_empty() || action == self.name()
    }
}

/// A request of the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeRequest {
    Verify(Verify),
    Get(Get),
    Receipt(Box<SendRt>),
    Demand(Demand),
}

/// Can this notice be paid, and how much is it?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verify {
    pub to: MessageAddress,
    pub qr_code: QrCode,
}

/// A payment of this notice begins: what does the PSP need?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Get {
    pub version: MessageVersion,
    pub to: MessageAddress,
    pub qr_code: QrCode,
    /// What the payer's side expects.
    pub amount: Option<Cents>,
    /// Our own id of the cart, if the payment began with one; else free text.
    pub note: Option<BoundedText<210>>,
    pub transfer_type: Option<TransferType>,
    pub due: Option<Date>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferType {
    Postal,
    PagoPa,
}

impl TransferType {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "POSTAL" => Some(Self::Postal),
            "PAGOPA" => Some(Self::PagoPa),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            TransferType::Postal => "POSTAL",
            TransferType::PagoPa => "PAGOPA",
        }
    }
}

/// Money has moved: the receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendRt {
    pub version: MessageVersion,
    pub to: MessageAddress,
    pub receipt: ReceiptMessage,
}

/// A receipt (*ricevuta telematica*). Of the second version only: `note`, `our_fee`, the bundles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptMessage {
    /// The payment token. The schema does not limit it: see [`crate::faults::check_ids`].
    pub id: String,
    pub notice: Digits<18>,
    /// The creditor that owns the notice; may not be the one addressed.
    pub fiscal_code: Digits<11>,
    pub succeeded: bool,
    pub iuv: BoundedText<35>,
    pub amount: Cents,
    pub description: BoundedText<140>,
    pub company: BoundedText<140>,
    pub office: Option<BoundedText<140>>,
    pub debtor: Subject,
    pub transfers: Transfers,
    pub psp_id: BoundedText<35>,
    pub psp_fiscal_code: Option<BoundedText<70>>,
    pub psp_vat_number: Option<BoundedText<20>>,
    pub psp_company: BoundedText<70>,
    pub channel_id: BoundedText<35>,
    pub channel: BoundedText<35>,
    pub payer: Option<Subject>,
    pub method: Option<BoundedText<35>>,
    pub note: Option<BoundedText<210>>,
    /// What the payer gave the PSP on top.
    pub fee: Option<Cents>,
    /// What the creditor bears of the fee.
    pub our_fee: Option<Cents>,
    pub bundle: Option<BoundedText<70>>,
    pub our_bundle: Option<BoundedText<70>>,
    pub paid_at: Option<Moment>,
    pub applied_on: Option<Date>,
    pub transferred_on: Option<Date>,
    pub metadata: Option<Metadata>,
    /// Collected by the node's Stand-In, on data that may be stale.
    pub stand_in: Option<bool>,
}

/// A service at a PSP wants a notice made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    pub to: MessageAddress,
    pub service: BoundedText<5, 5>,
    pub subject: BoundedText<5, 5>,
    pub data: Base64,
}

/// A message that is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeRefusal {
    /// The operation it was meant for, as far as that could be seen.
    pub operation: Option<NodeOperation>,
    pub why: SoapError,
}

impl NodeRefusal {
    /// What to answer: a KO in the operation's own element, or a SOAP fault when there is none.
    pub fn answer(&self, creditor: &domain::FiscalCode) -> NodeAnswer {
        match self.operation {
            None => NodeAnswer::Fault(FaultSide::Client),
            Some(operation) => NodeAnswer::ko(operation, FaultCode::SintassiExtraXsd, creditor),
        }
    }
}

/// Returns whether a message is a receipt, or was meant to be one, however broken it is. What is hostile is none: the
/// node sends no document types, no processing instructions, and nothing beyond the limits.
pub fn is_receipt(message: &[u8]) -> bool {
    let named = |operation: NodeOperation| {
        let name = operation.request_element().as_bytes();
        message.windows(name.len()).any(|window| window == name)
    };
    match SoapReader::tolerant(message).and_then(|mut xml| xml.operation()) {
        Ok(name) => [MessageVersion::V1, MessageVersion::V2]
            .iter()
            .any(|version| NodeOperation::SendRt(*version).request_element() == name),
        Err(why) => {
            why.is_breakage()
                && [MessageVersion::V1, MessageVersion::V2].iter().any(|v| named(NodeOperation::SendRt(*v)))
        }
    }
}

/// Reads a request. Linear in its length, which is limited, as are depth, elements and attributes.
pub fn parse(body: &[u8]) -> Result<NodeRequest, NodeRefusal> {
    let refuse = |operation| move |why| NodeRefusal { operation, why };
    let mut xml = SoapReader::new(body).map_err(refuse(None))?;
    let name = xml.operation().map_err(refuse(None))?;
    let known = NodeOperation::ALL.into_iter().find(|operation| operation.request_element() == name);
    let operation = known.ok_or(NodeRefusal { operation: None, why: SoapError::Operation })?;
    let request = NodeRequest::read(&mut xml, operation).map_err(refuse(Some(operation)))?;
    xml.finish().map_err(refuse(Some(operation)))?;
    Ok(request)
}

impl NodeRequest {
    pub fn operation(&self) -> NodeOperation {
        match self {
            NodeRequest::Verify(_) => NodeOperation::Verify,
            NodeRequest::Get(get) => NodeOperation::Get(get.version),
            NodeRequest::Receipt(sent) => NodeOperation::SendRt(sent.version),
            NodeRequest::Demand(_) => NodeOperation::Demand,
        }
    }

    pub fn address(&self) -> &MessageAddress {
        match self {
            NodeRequest::Verify(verify) => &verify.to,
            NodeRequest::Get(get) => &get.to,
            NodeRequest::Receipt(sent) => &sent.to,
            NodeRequest::Demand(demand) => &demand.to,
        }
    }

    fn read(xml: &mut SoapReader<'_>, operation: NodeOperation) -> Result<Self, SoapError> {
        let to = MessageAddress::read(xml)?;
        Ok(match operation {
            NodeOperation::Verify => NodeRequest::Verify(Verify { to, qr_code: QrCode::read(xml)? }),
            NodeOperation::Get(version) => NodeRequest::Get(Get {
                version,
                to,
                qr_code: QrCode::read(xml)?,
                amount: xml.optional("amount", values::cents)?,
                note: xml.optional("paymentNote", BoundedText::parse)?,
                transfer_type: xml.optional("transferType", TransferType::parse)?,
                due: xml.optional("dueDate", values::date)?,
            }),
            NodeOperation::SendRt(version) => {
                let receipt = xml.within("receipt", |xml| ReceiptMessage::read(xml, version))?;
                NodeRequest::Receipt(Box::new(SendRt { version, to, receipt }))
            }
            NodeOperation::Demand => NodeRequest::Demand(Demand {
                to,
                service: xml.value("idServizio", BoundedText::parse)?,
                subject: xml.value("idSoggettoServizio", BoundedText::parse)?,
                data: xml.value("datiSpecificiServizioRequest", Base64::parse)?,
            }),
        })
    }

    /// What stands in the request's element.
    pub(crate) fn write(&self, out: &mut SoapWriter) {
        self.address().write(out);
        match self {
            NodeRequest::Verify(verify) => verify.qr_code.write(out),
            NodeRequest::Get(get) => {
                get.qr_code.write(out);
                out.maybe("amount", get.amount.map(Cents::decimal).as_deref());
                out.maybe("paymentNote", get.note.as_ref().map(BoundedText::as_str));
                out.maybe("transferType", get.transfer_type.map(TransferType::as_str));
                out.maybe("dueDate", get.due.map(|day| day.to_string()).as_deref());
            }
            NodeRequest::Receipt(sent) => out.within("receipt", |out| sent.receipt.write(sent.version, out)),
            NodeRequest::Demand(demand) => {
                out.put("idServizio", demand.service.as_str());
                out.put("idSoggettoServizio", demand.subject.as_str());
                out.put("datiSpecificiServizioRequest", demand.data.as_str());
            }
        }
    }
}

/// `OK` or `KO`.
pub(crate) fn outcome(text: &str) -> Option<bool> {
    match text {
        "OK" => Some(true),
        "KO" => Some(false),
        _ => None,
    }
}

impl ReceiptMessage {
    fn read(xml: &mut SoapReader<'_>, version: MessageVersion) -> Result<Self, SoapError> {
        let v2 = version == MessageVersion::V2;
        Ok(Self {
            id: xml.value("receiptId", values::string)?,
            notice: xml.value("noticeNumber", Digits::parse)?,
            fiscal_code: xml.value("fiscalCode", Digits::parse)?,
            succeeded: xml.value("outcome", outcome)?,
            iuv: xml.value("creditorReferenceId", BoundedText::parse)?,
            amount: xml.value("paymentAmount", values::cents)?,
            description: xml.value("description", BoundedText::parse)?,
            company: xml.value("companyName", BoundedText::parse)?,
            office: xml.optional("officeName", BoundedText::parse)?,
            debtor: xml.within("debtor", Subject::read)?,
            transfers: Transfers::read(xml, Within::Receipt(version))?,
            psp_id: xml.value("idPSP", BoundedText::parse)?,
            psp_fiscal_code: xml.optional("pspFiscalCode", BoundedText::parse)?,
            psp_vat_number: xml.optional("pspPartitaIVA", BoundedText::parse)?,
            psp_company: xml.value("PSPCompanyName", BoundedText::parse)?,
            channel_id: xml.value("idChannel", BoundedText::parse)?,
            channel: xml.value("channelDescription", BoundedText::parse)?,
            payer: xml.optionally_within("payer", Subject::read)?,
            method: xml.optional("paymentMethod", BoundedText::parse)?,
            note: if v2 { xml.optional("paymentNote", BoundedText::parse)? } else { None },
            fee: xml.optional("fee", values::cents)?,
            our_fee: if v2 { xml.optional("primaryCiIncurredFee", values::cents)? } else { None },
            bundle: if v2 { xml.optional("idBundle", BoundedText::parse)? } else { None },
            our_bundle: if v2 { xml.optional("idCiBundle", BoundedText::parse)? } else { None },
            paid_at: xml.optional("paymentDateTime", Moment::parse)?,
            applied_on: xml.optional("applicationDate", values::date)?,
            transferred_on: xml.optional("transferDate", values::date)?,
            metadata: Metadata::read(xml)?,
            stand_in: xml.optional("standIn", values::boolean)?,
        })
    }

    fn write(&self, version: MessageVersion, out: &mut SoapWriter) {
        let v2 = version == MessageVersion::V2;
        let day = |day: Option<Date>| day.map(|day| day.to_string());
        out.put("receiptId", &self.id);
        out.put("noticeNumber", self.notice.as_str());
        out.put("fiscalCode", self.fiscal_code.as_str());
        out.put("outcome", if self.succeeded { "OK" } else { "KO" });
        out.put("creditorReferenceId", self.iuv.as_str());
        out.put("paymentAmount", &self.amount.decimal());
        out.put("description", self.description.as_str());
        out.put("companyName", self.company.as_str());
        out.maybe("officeName", self.office.as_ref().map(BoundedText::as_str));
        self.debtor.write("debtor", out);
        self.transfers.write(Within::Receipt(version), out);
        out.put("idPSP", self.psp_id.as_str());
        out.maybe("pspFiscalCode", self.psp_fiscal_code.as_ref().map(BoundedText::as_str));
        out.maybe("pspPartitaIVA", self.psp_vat_number.as_ref().map(BoundedText::as_str));
        out.put("PSPCompanyName", self.psp_company.as_str());
        out.put("idChannel", self.channel_id.as_str());
        out.put("channelDescription", self.channel.as_str());
        if let Some(payer) = &self.payer {
            payer.write("payer", out);
        }
        out.maybe("paymentMethod", self.method.as_ref().map(BoundedText::as_str));
        out.maybe("paymentNote", self.note.as_ref().map(BoundedText::as_str).filter(|_| v2));
        out.maybe("fee", self.fee.map(Cents::decimal).as_deref());
        out.maybe("primaryCiIncurredFee", self.our_fee.filter(|_| v2).map(Cents::decimal).as_deref());
        out.maybe("idBundle", self.bundle.as_ref().map(BoundedText::as_str).filter(|_| v2));
        out.maybe("idCiBundle", self.our_bundle.as_ref().map(BoundedText::as_str).filter(|_| v2));
        out.maybe("paymentDateTime", self.paid_at.map(|at| at.to_string()).as_deref());
        out.maybe("applicationDate", day(self.applied_on).as_deref());
        out.maybe("transferDate", day(self.transferred_on).as_deref());
        Metadata::write(self.metadata.as_ref(), out);
        out.maybe("standIn", self.stand_in.map(|yes| yes.to_string()).as_deref());
    }
}
