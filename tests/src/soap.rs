//! The node's messages, written by hand: the product's own XML code is not used here.

use crate::{SampleNotice, TestPortal, TestResponse};

pub const CREDITOR: &str = "12345678903";
pub const BROKER: &str = "98765432103";
pub const STATION: &str = "98765432103_01";

/// Whom a message is for.
#[derive(Clone, Copy)]
pub struct Addressee {
    pub body: &'static str,
    pub broker: &'static str,
    pub station: &'static str,
}

pub const US: Addressee = Addressee { body: CREDITOR, broker: BROKER, station: STATION };

/// A receipt of the node's, to be changed and sent as often as a test wants.
#[derive(Clone)]
pub struct NodeReceipt {
    pub id: String,
    pub notice: SampleNotice,
    pub cents: u64,
    /// In the second version of the message.
    pub second: bool,
    pub to: Addressee,
    /// The payment that its cart was for.
    pub note: Option<String>,
}

impl NodeReceipt {
    /// Of a notice, for its amount; receipts of other ids are other money.
    pub fn of(notice: &SampleNotice, id: &str) -> Self {
        let id = format!("{}-{id}", notice.number);
        Self { id, notice: notice.clone(), cents: notice.amount, second: true, to: US, note: None }
    }

    /// The message as it is sent.
    pub fn xml(&self) -> String {
        let Self { id, notice, cents, second, to, note } = self;
        let element = if *second { "paSendRTV2Request" } else { "paSendRTReq" };
        let company = if *second { "<companyName>Comune di Test</companyName>" } else { "" };
        let note = note.as_ref().map(|note| format!("<paymentNote>{note}</paymentNote>")).unwrap_or_default();
        let (iuv, amount) = (notice.iuv(), format!("{}.{:02}", cents / 100, cents % 100));
        let receipt = format!(
            "<receipt><receiptId>{id}</receiptId><noticeNumber>{}</noticeNumber>\
             <fiscalCode>{CREDITOR}</fiscalCode><outcome>OK</outcome>\
             <creditorReferenceId>{iuv}</creditorReferenceId><paymentAmount>{amount}</paymentAmount>\
             <description>Mensa</description><companyName>Comune di Test</companyName><debtor><uniqueIdentifier>\
             <entityUniqueIdentifierType>F</entityUniqueIdentifierType>\
             <entityUniqueIdentifierValue>{}</entityUniqueIdentifierValue></uniqueIdentifier>\
             <fullName>Mario Rossi</fullName></debtor><transferList><transfer><idTransfer>1</idTransfer>\
             <transferAmount>{amount}</transferAmount><fiscalCodePA>{CREDITOR}</fiscalCodePA>{company}\
             <IBAN>IT69D0760102800000016302093</IBAN>\
             <remittanceInformation>/RFB/{iuv}/{amount}</remittanceInformation>\
             <transferCategory>0101002IM</transferCategory></transfer></transferList><idPSP>BANCADUE</idPSP>\
             <PSPCompanyName>Banca Due</PSPCompanyName><idChannel>98765432103_01</idChannel>\
             <channelDescription>ATM</channelDescription>{note}</receipt>",
            notice.number, notice.fiscal_code
        );
        envelope(element, *to, &receipt)
    }

    pub async fn arrives(&self, portal: &TestPortal) -> TestResponse {
        asks_node(portal, &self.xml()).await
    }
}

fn envelope(element: &str, to: Addressee, rest: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:paf=\"http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd\"><soapenv:Body><paf:{element}>\
         <idPA>{}</idPA><idBrokerPA>{}</idBrokerPA><idStation>{}</idStation>{rest}\
         </paf:{element}></soapenv:Body></soapenv:Envelope>",
        to.body, to.broker, to.station
    )
}

/// A question about a notice: verify or get.
pub fn question(element: &str, to: Addressee, creditor: &str, notice: &str) -> String {
    let code =
        format!("<qrCode><fiscalCode>{creditor}</fiscalCode><noticeNumber>{notice}</noticeNumber></qrCode>");
    envelope(element, to, &code)
}

/// Posts a message of the node's.
pub async fn asks_node(portal: &TestPortal, xml: &str) -> TestResponse {
    let ask = portal.machine_client().request("POST", "/pagopa/node");
    ask.body("text/xml; charset=utf-8", xml).answer().await
}

/// Returns the outcome of an answer of ours: `OK`, or the fault code.
pub fn said(answer: &TestResponse) -> String {
    said_in(&answer.clone().expect(200).text())
}

/// The same of the answer's text.
pub fn said_in(text: &str) -> String {
    let of = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once('<').map(|(value, _)| value.to_owned())
    };
    match (of("outcome").as_deref(), of("faultCode")) {
        (Some("OK"), None) => "OK".to_owned(),
        (Some("KO"), Some(code)) => code,
        _ => panic!("neither OK nor KO: {text}"),
    }
}
