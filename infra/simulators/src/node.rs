//! The pagoPA node by script: it asks our SOAP endpoint as a PSP's terminal would, and brings the receipt.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};

use domain::{Cents, Timestamp};
use emulator::exchange::{Request, Response, problem, response};
use http::header::CONTENT_TYPE;
use pagopa::answers::GetOk;
use pagopa::operations::{Get, ReceiptMessage, Verify};
use pagopa::parts::{MessageAddress, MessageVersion, QrCode};
use pagopa::values::{BoundedText, Digits, Moment};
use pagopa::{NodeAnswer, NodeRequest as Asked, SendRt, node};
use quick_xml::events::Event;
use runtime::{Clock, Random};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::portal::{Delivery, PortalClient};

/// Where the node calls from.
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 255, 255, 251));

/// As whom the node knows us.
#[derive(Clone, Debug, Default)]
pub struct Station {
    pub creditor: String,
    pub broker: String,
    pub station: String,
}

pub struct Node {
    portal: PortalClient,
    station: Station,
    clock: Clock,
    random: Random,
    /// Notices that were activated here: enough to pay one again.
    activated: Mutex<BTreeMap<String, GetOk>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NodeOrder {
    operation: NodeOrderKind,
    notice_number: String,
    receipt_id: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NodeOrderKind {
    Verify,
    Activate,
    Pay,
}

impl Node {
    pub fn new(portal: &PortalClient, station: Station, clock: &Clock, random: &Random) -> Self {
        let (portal, clock, random) = (portal.clone(), clock.clone(), random.clone());
        Self { portal, station, clock, random, activated: Mutex::default() }
    }

    /// `POST /_local/node`.
    pub async fn answer(&self, request: &Request) -> Response {
        let order: NodeOrder = match serde_json::from_slice(request.body()) {
            Ok(order) => order,
            Err(why) => return problem(400, "invalid_input", &why.to_string()),
        };
        let Some((to, qr_code)) = self.addressed(&order.notice_number) else {
            return problem(400, "invalid_input", "noticeNumber has 18 digits");
        };
        let outcome = match order.operation {
            NodeOrderKind::Verify => self.asked(&Asked::Verify(Verify { to, qr_code })).await,
            NodeOrderKind::Activate => self.activated(to, qr_code).await,
            NodeOrderKind::Pay => self.paid(to, qr_code, order.receipt_id).await,
        };
        match outcome {
            Ok((_, body)) => response(200, "application/json", as_json(&body).to_string()),
            Err(why) => problem(502, "bad_answer", &why),
        }
    }

    /// Whom the node asks about one of our notices, and how it names it.
    pub fn addressed(&self, notice: &str) -> Option<(MessageAddress, QrCode)> {
        let Station { creditor, broker, station } = &self.station;
        let to = MessageAddress {
            body: BoundedText::parse(creditor)?,
            broker: BoundedText::parse(broker)?,
            station: BoundedText::parse(station)?,
        };
        Some((to, QrCode { fiscal_code: Digits::parse(creditor)?, notice: Digits::parse(notice)? }))
    }

    /// Sends a request and reads the answer, as strictly as the node does.
    pub async fn asked(&self, asked: &Asked) -> Result<(NodeAnswer, Vec<u8>), String> {
        let request = self
            .portal
            .post("/pagopa/node")
            .header(CONTENT_TYPE, pagopa::CONTENT_TYPE)
            .header("soapaction", format!("\"{}\"", asked.operation().name()))
            .header("user-agent", "local-node")
            .body(node::ask(asked))
            .map_err(|e| e.to_string())?;
        let answer = self.portal.send(request, SOURCE).await?;
        if answer.status() != 200 {
            return Err(format!("the endpoint answered {}", answer.status().as_u16()));
        }
        let body = answer.into_body();
        match node::hear(&body) {
            Ok(heard) => Ok((heard, body)),
            Err(why) => Err(format!("the node could not read the answer: {why:?}")),
        }
    }

    /// Brings a receipt; one that is not answered is brought again later, a refused one is not.
    pub async fn bring(&self, receipt: Box<SendRt>, tries: usize) {
        let asked = Asked::Receipt(receipt);
        let taken =
            matches!(self.asked(&asked).await, Ok((NodeAnswer::ReceiptOk(_) | NodeAnswer::Ko { .. }, _)));
        if let (false, Asked::Receipt(receipt)) = (taken, asked) {
            self.portal.again(self.clock.now(), tries, |tries| Delivery::Receipt { receipt, tries });
        }
    }

    async fn activated(&self, to: MessageAddress, qr_code: QrCode) -> Result<(NodeAnswer, Vec<u8>), String> {
        let notice = qr_code.notice.as_str().to_owned();
        let get = Get {
            version: MessageVersion::V2,
            to,
            qr_code,
            amount: None,
            note: None,
            transfer_type: None,
            due: None,
        };
        let (answer, body) = self.asked(&Asked::Get(get)).await?;
        if let NodeAnswer::GetOk(_, data) = &answer {
            self.known().insert(notice, (**data).clone());
        }
        Ok((answer, body))
    }

    /// Activates and pays. What can no longer be activated is paid again all the same when it was
    /// activated it before: money can arrive twice.
    async fn paid(
        &self,
        to: MessageAddress,
        qr_code: QrCode,
        receipt_id: Option<String>,
    ) -> Result<(NodeAnswer, Vec<u8>), String> {
        let activation = self.activated(to.clone(), qr_code.clone()).await?;
        let Some(data) = self.known().get(qr_code.notice.as_str()).cloned() else {
            return Ok(activation);
        };
        let id = receipt_id.unwrap_or_else(|| self.random.hex::<16>().unwrap_or_default());
        let terms = NoticeTerms {
            psp: "BANCADUE",
            name: "Banca Due",
            method: "CP",
            fee: Cents::new(100).ok(),
            note: None,
        };
        let receipt =
            receipt(id, qr_code, data, &terms, self.clock.now()).ok_or("the receipt cannot be written")?;
        self.asked(&Asked::Receipt(Box::new(SendRt { version: MessageVersion::V2, to, receipt }))).await
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, GetOk>> {
        self.activated.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who took the money, and on which terms.
pub struct NoticeTerms<'a> {
    pub psp: &'a str,
    pub name: &'a str,
    pub method: &'a str,
    pub fee: Option<Cents>,
    /// Our own name of the cart, if the payment began with one.
    pub note: Option<&'a str>,
}

pub fn receipt(
    id: String,
    qr_code: QrCode,
    data: GetOk,
    terms: &NoticeTerms<'_>,
    now: Timestamp,
) -> Option<ReceiptMessage> {
    let today = domain::time::rome_date(now);
    Some(ReceiptMessage {
        id,
        notice: qr_code.notice,
        fiscal_code: qr_code.fiscal_code,
        succeeded: true,
        iuv: data.iuv,
        amount: data.amount.into(),
        description: data.description,
        company: data.company?,
        office: data.office,
        debtor: data.debtor.clone(),
        transfers: data.transfers,
        psp_id: BoundedText::parse(terms.psp)?,
        psp_fiscal_code: None,
        psp_vat_number: None,
        psp_company: BoundedText::cut(terms.name)?,
        channel_id: BoundedText::parse("98765432103_01")?,
        channel: BoundedText::parse("LOCAL")?,
        payer: Some(data.debtor),
        method: BoundedText::parse(terms.method),
        note: terms.note.and_then(BoundedText::cut),
        fee: terms.fee,
        our_fee: None,
        bundle: None,
        our_bundle: None,
        paid_at: Some(Moment::in_rome(now)),
        applied_on: Some(today),
        transferred_on: today.tomorrow().ok(),
        metadata: None,
        stand_in: Some(false),
    })
}

/// The answer's elements by name, below the operation's own: repeated ones become a list.
fn as_json(soap: &[u8]) -> Value {
    let text = String::from_utf8_lossy(soap);
    let mut reader = quick_xml::Reader::from_str(&text);
    let mut open: Vec<(Map<String, Value>, String)> = vec![(Map::new(), String::new())];
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => open.push((Map::new(), String::new())),
            Ok(Event::Text(text)) => {
                if let Some((_, said)) = open.last_mut() {
                    said.push_str(&text.xml10_content());
                }
            }
            Ok(Event::GeneralRef(entity)) => {
                if let Some((_, said)) = open.last_mut() {
                    said.push_str(quick_xml::escape::resolve_predefined_entity(&entity).unwrap_or_default());
                }
            }
            Ok(Event::End(end)) => {
                let Some((children, said)) = open.pop() else { break };
                let value = if children.is_empty() { Value::from(said) } else { Value::Object(children) };
                let name = end.local_name().as_ref().to_owned();
                if name.starts_with("pa") && (name.ends_with("Res") || name.ends_with("Response")) {
                    return value;
                }
                if let Some((parent, _)) = open.last_mut() {
                    put(parent, name, value);
                }
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    Value::Null
}

fn put(parent: &mut Map<String, Value>, name: String, value: Value) {
    match parent.get_mut(&name) {
        None => drop(parent.insert(name, value)),
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_becomes_json_by_its_elements() {
        let soap =
            br#"<?xml version="1.0"?><s:Envelope xmlns:s="s" xmlns:p="p"><s:Body><p:paGetPaymentV2Response>
            <outcome>OK</outcome><data><paymentAmount>0.01</paymentAmount><companyName>A &amp; B</companyName>
            <transferList><transfer><idTransfer>1</idTransfer></transfer><transfer><idTransfer>2</idTransfer>
            </transfer></transferList></data></p:paGetPaymentV2Response></s:Body></s:Envelope>"#;
        let expected = json!({"outcome": "OK", "data": {
            "paymentAmount": "0.01", "companyName": "A & B",
            "transferList": {"transfer": [{"idTransfer": "1"}, {"idTransfer": "2"}]}
        }});
        assert_eq!(as_json(soap), expected);
    }
}
