//! pagoPA Checkout to pay at: its carts (`checkout_v1.json`, `checkout_v2.json`), its page for persons, its outcomes
//! for scripts. Behind it is the node, which asks our endpoint about every notice and brings the receipts.

pub mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use creditor::Psps;
use domain::{Amount, Cents, Timestamp};
use emulator::agenda::after;
use emulator::exchange::{Request, Response, response};
use emulator::persistence::Persisted;
use emulator::start_error::StartError;
use http::{HeaderValue, header};
use pagopa::answers::GetOk;
use pagopa::checkout::{Cart, Flaw, PaymentNotice};
use pagopa::operations::{Get, TransferType, Verify};
use pagopa::parts::{Address, QrCode, Transfer, Transfers, Version};
use pagopa::values::{Digits, Text};
use pagopa::{Answer, Request as Asked, SendRt};
use serde::{Deserialize, Serialize};
use serde_json::json;
use world::{Clock, Random};

use crate::keys::CHECKOUT_KEY;
use crate::node::{Node, Terms, receipt};
use crate::portal::{Delivery, PortalClient};

/// Where the interface is, below the stack's own address.
pub const API: &str = "/_local/checkout/v1";
/// Where its versions are.
pub const APIS: &str = "/_local/checkout/v";
/// Where the pages are.
pub const PAGES: &str = "/_local/checkout/";

/// How long a cart waits for somebody to pay it.
const LIFE: Duration = Duration::from_secs(600);
/// How late a late receipt is.
const LATE: Duration = Duration::from_secs(3_600);

pub struct Checkout {
    /// `http://localhost:3000`
    origin: String,
    node: Arc<Node>,
    portal: PortalClient,
    clock: Clock,
    random: Random,
    stored: Persisted<StoredCarts>,
}

#[derive(Default, Serialize, Deserialize)]
struct StoredCarts {
    /// By the carts' own names.
    carts: BTreeMap<String, StoredCart>,
    /// Notices that were paid here: the node lets nobody pay them again, whether or not we know.
    taken: BTreeSet<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredCart {
    cart: Cart,
    second: bool,
    until: Timestamp,
    status: CartStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CartStatus {
    Open,
    Paid,
    /// Cancelled or failed: whoever wants to pay all the same begins with another cart.
    Left,
    Expired,
}

/// What a person or a script wants to happen.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CartChoice {
    pub outcome: CartOutcome,
    #[serde(default)]
    pub receipt: ReceiptDelivery,
    /// `CP/BANCADUE`; otherwise the first that is offered.
    pub method_and_psp: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CartOutcome {
    Success,
    Cancel,
    Failure,
    /// The person walks away.
    Abandon,
}

/// What becomes of the receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptDelivery {
    #[default]
    BeforeReturn,
    Twice,
    /// An hour later.
    Late,
    Lost,
    /// A euro more than was asked for.
    WrongAmount,
    /// Every notice is paid once more, with another receipt.
    SecondPayment,
    /// Our answer to the activation comes too late for the node: nobody can pay.
    NodeTimeout,
}

#[derive(Debug, PartialEq, Eq)]
pub enum CartRefusal {
    Unknown,
    Ended,
    /// The method and PSP are not on offer for this amount.
    Offer,
}

/// A notice that the node has activated.
struct ActivatedNotice {
    to: Address,
    qr_code: QrCode,
    data: GetOk,
}

/// Who will take the money.
struct ChosenOffer {
    method: String,
    psp: String,
    name: String,
    fee: Cents,
}

impl CartChoice {
    pub fn success() -> Self {
        Self { outcome: CartOutcome::Success, receipt: ReceiptDelivery::BeforeReturn, method_and_psp: None }
    }
}

impl Checkout {
    /// In memory, or in a folder that survives restarts; `origin` is where its pages are.
    pub fn open(
        folder: Option<&Path>,
        origin: &str,
        node: &Arc<Node>,
        portal: &PortalClient,
        clock: &Clock,
        random: &Random,
    ) -> Result<Self, StartError> {
        Ok(Self {
            origin: origin.to_owned(),
            node: node.clone(),
            portal: portal.clone(),
            clock: clock.clone(),
            random: random.clone(),
            stored: Persisted::open(folder, "checkout.json")?,
        })
    }

    /// As it is now: nobody pays after the end of its time.
    fn held(&self, id: &str, now: Timestamp) -> Option<StoredCart> {
        let mut held = self.stored.read(|stored| stored.carts.get(id).cloned())?;
        if held.status == CartStatus::Open && now >= held.until {
            held.status = CartStatus::Expired;
        }
        Some(held)
    }

    /// Ends a cart that is still open; only one caller does.
    fn end(&self, id: &str, status: CartStatus) -> Result<(), CartRefusal> {
        self.stored.change(|stored| {
            let Some(held) = stored.carts.get_mut(id) else { return Err(CartRefusal::Unknown) };
            let twice = |notice: &PaymentNotice| stored.taken.contains(&notice.notice_number);
            if held.status != CartStatus::Open
                || status == CartStatus::Paid && held.cart.payment_notices.iter().any(twice)
            {
                return Err(CartRefusal::Ended);
            }
            held.status = status;
            if status == CartStatus::Paid {
                let notices = held.cart.payment_notices.iter().map(|notice| notice.notice_number.clone());
                stored.taken.extend(notices);
            }
            Ok(())
        })
    }
}

impl StoredCart {
    fn total(&self) -> u64 {
        self.cart.payment_notices.iter().map(|notice| notice.amount).fold(0, u64::saturating_add)
    }
}

fn refused(status: u16, title: &str, detail: Option<&str>) -> Response {
    let mut body = json!({"title": title, "status": status});
    if let (Some(detail), Some(body)) = (detail, body.as_object_mut()) {
        body.insert("detail".to_owned(), json!(detail));
    }
    response(status, "application/problem+json", body.to_string())
}

impl Checkout {
    /// `POST /_local/checkout/v1/carts`: a cart, if its notices can be paid.
    pub async fn carts(&self, request: &Request) -> Response {
        let key = request.headers().get("ocp-apim-subscription-key").map(HeaderValue::as_bytes);
        if key != Some(CHECKOUT_KEY.as_bytes()) {
            return refused(401, "Access denied", Some("Missing or wrong subscription key"));
        }
        let invalid = || refused(400, "Request validation error", Some("The input request is invalid"));
        let info = |detail| refused(422, "Invalid payment info", Some(detail));
        let second = request.uri().path().contains("/v2/");
        let Ok(cart) = serde_json::from_slice::<Cart>(request.body()) else { return invalid() };
        match cart.check(second) {
            Err(Flaw::Invalid(_)) => return invalid(),
            Err(Flaw::NoticeTwice) => return info("Duplicate payment notice values found."),
            Ok(()) => {}
        }
        for notice in &cart.payment_notices {
            match self.free(notice).await {
                Ok(true) => {}
                Ok(false) => return info("Invalid payment notice data"),
                Err(_) => return refused(502, "Bad gateway", None),
            }
        }
        let Ok(id) = self.random.hex::<16>() else { return refused(500, "Internal server error", None) };
        let until = after(self.clock.now(), LIFE);
        let held = StoredCart { cart, second, until, status: CartStatus::Open };
        self.stored.change(|stored| stored.carts.insert(id.clone(), held));
        let mut created = response(302, "text/plain; charset=utf-8", "");
        if let Ok(page) = HeaderValue::try_from(format!("{}{PAGES}{id}", self.origin)) {
            created.headers_mut().insert(header::LOCATION, page);
        }
        created
    }

    /// Whether the node lets somebody pay a notice: nobody has here, and we say that it can be paid.
    async fn free(&self, notice: &PaymentNotice) -> Result<bool, String> {
        let Some((to, qr_code)) = self.notice_at_the_node(notice) else { return Ok(false) };
        if self.stored.read(|stored| stored.taken.contains(&notice.notice_number)) {
            return Ok(false);
        }
        let (answer, _) = self.node.asked(&Asked::Verify(Verify { to, qr_code })).await?;
        Ok(matches!(answer, Answer::VerifyOk(_)))
    }

    /// Whom the node asks about a notice; nobody, when it belongs to a creditor that it does not know.
    fn notice_at_the_node(&self, notice: &PaymentNotice) -> Option<(Address, QrCode)> {
        let (to, qr_code) = self.node.addressed(&notice.notice_number)?;
        let asked = Digits::parse(&notice.fiscal_code)?;
        (asked == qr_code.fiscal_code).then_some((to, qr_code))
    }

    /// Lets a cart end as wished. Where the person goes then.
    pub async fn pay(&self, id: &str, choice: &CartChoice) -> Result<String, CartRefusal> {
        let held = self.held(id, self.clock.now()).ok_or(CartRefusal::Unknown)?;
        let chosen = chosen(&held, choice.method_and_psp.as_deref()).ok_or(CartRefusal::Offer)?;
        if held.status != CartStatus::Open {
            return Err(CartRefusal::Ended);
        }
        let urls = &held.cart.return_urls;
        match choice.outcome {
            // Nobody comes back; where they would have is said all the same.
            CartOutcome::Abandon => return Ok(urls.return_cancel_url.clone()),
            CartOutcome::Cancel => {
                self.end(id, CartStatus::Left)?;
                return Ok(urls.return_cancel_url.clone());
            }
            CartOutcome::Success | CartOutcome::Failure => {}
        }
        let activated = self.all_activated(&held).await;
        let activated = activated.filter(|_| choice.receipt != ReceiptDelivery::NodeTimeout);
        let Some(activated) = activated.filter(|_| choice.outcome == CartOutcome::Success) else {
            self.end(id, CartStatus::Left)?;
            return Ok(urls.return_error_url.clone());
        };
        let receipts = self.receipts(&held, &activated, &chosen, choice.receipt).ok_or(CartRefusal::Offer)?;
        self.end(id, CartStatus::Paid)?;
        for (receipt, wait) in receipts {
            if wait.is_zero() {
                self.node.bring(receipt, 0).await;
            } else {
                self.portal.later(after(self.clock.now(), wait), Delivery::Receipt { receipt, tries: 0 });
            }
        }
        Ok(urls.return_ok_url.clone())
    }

    /// Every notice of a cart, verified and activated for the amount that the cart says; none, if one cannot be.
    async fn all_activated(&self, held: &StoredCart) -> Option<Vec<ActivatedNotice>> {
        let mut all = Vec::new();
        for notice in &held.cart.payment_notices {
            let (to, qr_code) = self.notice_at_the_node(notice)?;
            if !self.free(notice).await.ok()? {
                return None;
            }
            let transfer_type = if held.cart.all_ccp { TransferType::Postal } else { TransferType::PagoPa };
            let get = Get {
                version: Version::V2,
                to: to.clone(),
                qr_code: qr_code.clone(),
                amount: Cents::new(notice.amount).ok(),
                note: held.cart.id_cart.as_deref().and_then(Text::cut),
                transfer_type: Some(transfer_type),
                due: None,
            };
            match self.node.asked(&Asked::Get(get)).await {
                Ok((Answer::GetOk(_, data), _)) if data.amount.get() == notice.amount => {
                    all.push(ActivatedNotice { to, qr_code, data: *data });
                }
                _ => return None,
            }
        }
        Some(all)
    }

    /// The receipts of a cart as they are to be brought, each with the time to wait before.
    fn receipts(
        &self,
        held: &StoredCart,
        activated: &[ActivatedNotice],
        chosen: &ChosenOffer,
        delivery: ReceiptDelivery,
    ) -> Option<Vec<(Box<SendRt>, Duration)>> {
        let rounds = match delivery {
            ReceiptDelivery::Lost | ReceiptDelivery::NodeTimeout => 0,
            ReceiptDelivery::SecondPayment => 2,
            _ => 1,
        };
        let wait = if delivery == ReceiptDelivery::Late { LATE } else { Duration::ZERO };
        let mut all = Vec::new();
        for _ in 0..rounds {
            // The fee is one for the whole cart.
            let mut fee = Some(chosen.fee);
            for ActivatedNotice { to, qr_code, data } in activated {
                let terms = Terms {
                    psp: &chosen.psp,
                    name: &chosen.name,
                    method: &chosen.method,
                    fee: fee.take(),
                    note: held.cart.id_cart.as_deref(),
                };
                let data = if delivery == ReceiptDelivery::WrongAmount {
                    dearer(data.clone())?
                } else {
                    data.clone()
                };
                let id = self.random.hex::<16>().ok()?;
                let receipt = receipt(id, qr_code.clone(), data, &terms, self.clock.now())?;
                all.push((Box::new(SendRt { version: Version::V2, to: to.clone(), receipt }), wait));
            }
        }
        if delivery == ReceiptDelivery::Twice {
            all.extend(all.clone());
        }
        Some(all)
    }
}

/// A euro more, for the first beneficiary.
fn dearer(data: GetOk) -> Option<GetOk> {
    let more = |amount: Amount| Amount::new(amount.get().checked_add(100)?).ok();
    let mut transfers: Vec<Transfer> = data.transfers.as_slice().to_vec();
    let first = transfers.first_mut()?;
    first.amount = more(first.amount)?;
    Some(GetOk { amount: more(data.amount)?, transfers: Transfers::new(transfers)?, ..data })
}

/// The offer of a method and PSP, `CP/BANCADUE`, for a cart; otherwise the first.
fn chosen(held: &StoredCart, wanted: Option<&str>) -> Option<ChosenOffer> {
    let amount = Cents::new(held.total()).ok()?;
    let psps = Psps::of_the_repository().ok()?;
    let mut offers = psps.methods().iter().flat_map(|method| {
        method.offers(amount).into_iter().map(|offer| ChosenOffer {
            method: method.code.clone(),
            psp: offer.id.to_owned(),
            name: offer.name.to_owned(),
            fee: offer.fee,
        })
    });
    match wanted {
        None => offers.next(),
        Some(wanted) => offers.find(|one| format!("{}/{}", one.method, one.psp) == wanted),
    }
}

#[cfg(test)]
mod tests;
