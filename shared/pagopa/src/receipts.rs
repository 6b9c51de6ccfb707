//! Receipts of the node (`paSendRT`, `paSendRTV2`), read tolerantly: money has moved, and whatever pagoPA adds to the
//! message must not lose it. What settles a debt has to be there; all else is taken where it makes sense.

use domain::creditor::Creditor;
use domain::money::MoneyTold;
use domain::movement::MovementSource;
use domain::payment::{Confirmation, PaymentId};
use domain::receipt::{Payer, PspIdentity};
use domain::settlement::{Notification, ReceiptClaims};
use domain::{Amount, Cents, Date, NoticeNumber, Timestamp};

use crate::faults::FaultCode;
use crate::operations::{NodeOperation, outcome};
use crate::parts::MessageVersion;
use crate::soap::{SoapError, SoapNode, SoapReader};
use crate::values::{self, Moment};

/// A receipt as far as it means something to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedReceipt {
    pub version: MessageVersion,
    /// To whom it was sent: creditor, broker, station.
    to: [String; 3],
    /// The payment token.
    pub id: String,
    notice: String,
    /// The creditor that owns the notice; may not be the one addressed.
    owner: String,
    succeeded: bool,
    amount: String,
    iuv: Option<String>,
    debtor: Option<String>,
    /// Beneficiary and account of each transfer.
    transfers: Vec<(String, String)>,
    psp: PspIdentity,
    channel: Option<String>,
    payer: Option<Payer>,
    method: Option<String>,
    /// Our own id of the cart, if the payment began with one.
    payment: Option<PaymentId>,
    fee: Option<Cents>,
    fee_text: Option<String>,
    paid_at: Option<Timestamp>,
    applied_on: Option<Date>,
    /// Collected by Stand-In: perhaps without a verify, perhaps with a stale amount.
    pub stand_in: bool,
}

/// The longest id of a receipt that is kept, in characters: the circuit's own have 32, the schema has no limit.
const LONGEST_ID: usize = 255;

/// What a receipt means to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptMeaning {
    /// Money for a notice that may be ours. Whether we know it, and in which state, is the store's to say.
    Paid { notice: NoticeNumber, amount: Amount },
    /// Money for a notice of another creditor, in which we have a share or of which we get a copy.
    AnotherBody,
    /// Outcome KO: nothing was paid.
    Failed,
    /// Money, but for no notice that could be ours, or none at all: kept for a person to look at.
    Unmatched(MoneyTold),
}

impl ReceivedReceipt {
    /// Reads a receipt.
    ///
    /// # Errors
    /// It is no message of the node, or what settles a debt cannot be read in it.
    pub fn read(message: &[u8]) -> Result<Self, SoapError> {
        let mut xml = SoapReader::tolerant(message)?;
        let name = xml.operation()?;
        let version = [MessageVersion::V1, MessageVersion::V2]
            .into_iter()
            .find(|version| NodeOperation::SendRt(*version).request_element() == name)
            .ok_or(SoapError::Operation)?;
        let request = xml.tree()?;
        let receipt = request.child("receipt").ok_or(SoapError::Schema("receipt"))?;
        let told = |name: &'static str| receipt.text(name).map(str::to_owned);
        let needed = |name: &'static str| told(name).ok_or(SoapError::Schema(name));
        let to = |name| request.text(name).unwrap_or_default().to_owned();
        let id = needed("receiptId").ok().filter(|id| id.chars().count() <= LONGEST_ID);
        let (fee_said, fee) = (told("fee"), receipt.text("fee").and_then(values::cents));
        let shown_text = |name| receipt.text(name).and_then(shown);
        let psp_id = shown_text("idPSP").unwrap_or_default();
        Ok(Self {
            version,
            to: [to("idPA"), to("idBrokerPA"), to("idStation")],
            id: id.ok_or(SoapError::Schema("receiptId"))?,
            notice: needed("noticeNumber")?,
            owner: needed("fiscalCode")?,
            succeeded: needed("outcome")
                .ok()
                .and_then(|text| outcome(&text))
                .ok_or(SoapError::Schema("outcome"))?,
            amount: needed("paymentAmount")?,
            iuv: told("creditorReferenceId"),
            debtor: receipt.child("debtor").and_then(subject_code),
            transfers: transfers(receipt),
            psp: PspIdentity {
                name: shown_text("PSPCompanyName").unwrap_or_else(|| psp_id.clone()),
                id: psp_id,
                fiscal_code: shown_text("pspFiscalCode").or_else(|| shown_text("pspPartitaIVA")),
            },
            channel: shown_text("channelDescription"),
            payer: receipt.child("payer").and_then(|payer| {
                let name = payer.text("fullName").and_then(shown)?;
                Some(Payer { name, fiscal_code: shown(&subject_code(payer)?)? })
            }),
            method: shown_text("paymentMethod"),
            payment: receipt.text("paymentNote").and_then(PaymentId::parse),
            fee_text: fee_said.filter(|_| fee.is_none()).map(|said| said.chars().take(40).collect()),
            fee,
            paid_at: receipt.text("paymentDateTime").and_then(Moment::parse).and_then(Moment::instant),
            applied_on: receipt.text("applicationDate").and_then(values::date),
            stand_in: receipt.text("standIn").and_then(values::boolean) == Some(true),
        })
    }

    /// The first fault of the ids to which it was sent, if it is not for us: creditor, broker, station, in this order.
    pub fn check_ids(&self, creditor: &Creditor, broker: &str, station: &str) -> Option<FaultCode> {
        let [body, its_broker, its_station] = &self.to;
        [
            (body.as_str(), creditor.fiscal_code.as_str(), FaultCode::IdDominioErrato),
            (its_broker, broker, FaultCode::IdIntermediarioErrato),
            (its_station, station, FaultCode::StazioneIntErrata),
        ]
        .into_iter()
        // What is left out is not for somebody else.
        .find_map(|(said, ours, fault)| (!said.is_empty() && said != ours).then_some(fault))
    }

    pub fn meaning(&self, creditor: &Creditor) -> ReceiptMeaning {
        if self.owner != creditor.fiscal_code.as_str() {
            return ReceiptMeaning::AnotherBody;
        }
        if !self.succeeded {
            return ReceiptMeaning::Failed;
        }
        let cents = values::cents(&self.amount);
        match (NoticeNumber::parse(&self.notice), cents.and_then(|cents| Amount::new(cents.get()).ok())) {
            (Ok(notice), Some(amount)) => ReceiptMeaning::Paid { notice, amount },
            (_, _) => ReceiptMeaning::Unmatched(match cents {
                Some(cents) => MoneyTold::euro(cents),
                None => MoneyTold::foreign(&self.amount, "EUR"),
            }),
        }
    }

    /// The receipt as settlement takes it. A copy of another creditor's receipt, or one that says that nothing was paid,
    /// is nothing of ours.
    pub fn notification(&self, creditor: &Creditor) -> Notification {
        let confirmation = self.confirmation();
        match self.meaning(creditor) {
            ReceiptMeaning::Paid { notice, amount } => {
                let claims = self.claims(creditor);
                Notification::Receipt { notice, amount, confirmation, claims, by_hand: None }
            }
            ReceiptMeaning::Unmatched(told) => Notification::Unmatched { confirmation, told },
            ReceiptMeaning::AnotherBody | ReceiptMeaning::Failed => Notification::Foreign,
        }
    }

    /// What is compared with what we know, once it has settled its debt.
    fn claims(&self, creditor: &Creditor) -> ReceiptClaims {
        let postal = creditor.postal.as_ref().map(|account| &account.iban);
        let ours: Vec<&str> = creditor.iban.iter().chain(postal).map(|iban| iban.as_str()).collect();
        let ours_alone = |(beneficiary, iban): &&(String, String)| {
            *beneficiary == self.owner && !ours.contains(&iban.as_str())
        };
        ReceiptClaims {
            fee: self.fee_text.clone(),
            iuv: self.iuv.clone(),
            foreign_ibans: self.transfers.iter().filter(ours_alone).map(|(_, iban)| iban.clone()).collect(),
            debtor: self.debtor.clone().filter(|code| code != "ANONIMO"),
        }
    }

    /// The receipt as the domain takes it. Its id is kept exactly; what people will read is cleaned of controls.
    pub fn confirmation(&self) -> Confirmation {
        Confirmation {
            source: MovementSource::Node,
            receipt_id: self.id.clone(),
            payment_id: self.payment.clone(),
            psp: self.psp.clone(),
            method: self.method.clone(),
            channel: self.channel.clone(),
            fee: self.fee,
            paid_at: self.paid_at,
            applied_on: self.applied_on,
            payer: self.payer.clone(),
        }
    }
}

/// The code of a debtor or payer.
fn subject_code(subject: &SoapNode) -> Option<String> {
    let identifier = subject.child("uniqueIdentifier")?;
    identifier.text("entityUniqueIdentifierValue").map(str::to_owned)
}

fn transfers(receipt: &SoapNode) -> Vec<(String, String)> {
    let list = receipt.child("transferList").into_iter().flat_map(|list| list.all("transfer"));
    list.filter_map(|transfer| {
        let iban = transfer.text("IBAN")?.chars().filter(|c| !c.is_whitespace());
        Some((transfer.text("fiscalCodePA")?.to_owned(), iban.collect::<String>().to_ascii_uppercase()))
    })
    .collect()
}

/// A stranger's text as it may be shown: nothing hidden in it, blanks tidied, as long as a line.
fn shown(text: &str) -> Option<String> {
    let seen: String = text.chars().filter(|c| c.is_whitespace() || !domain::text::is_hidden(*c)).collect();
    let tidy: String = domain::text::tidy(&seen).chars().take(140).collect();
    Some(tidy).filter(|text| !text.is_empty())
}
