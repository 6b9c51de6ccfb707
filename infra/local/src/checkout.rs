//! pagoPA Checkout to pay at: its carts (`checkout_v1.json`, `checkout_v2.json`), its page for persons, its outcomes
//! for scripts. Behind it is the node, which asks our endpoint about every notice and brings the receipts.

pub mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use creditor::Psps;
use domain::{Amount, Cents, Timestamp};
use http::{HeaderValue, header};
use pagopa::answers::GetOk;
use pagopa::checkout::{Cart, Flaw, PaymentNotice};
use pagopa::operations::{Get, TransferType, Verify};
use pagopa::parts::{Address, QrCode, Transfer, Transfers, Version};
use pagopa::values::{Digits, Text};
use pagopa::{Answer, Request as Asked, SendRt};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clock::{Task, after};
use crate::core::Core;
use crate::kept::Kept;
use crate::node::{Terms, receipt};
use crate::{Problem, Request, Response, response, secrets};

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
    book: Kept<Book>,
}

#[derive(Default, Serialize, Deserialize)]
struct Book {
    /// By the carts' own names.
    carts: BTreeMap<String, Held>,
    /// Notices that were paid here: the node lets nobody pay them again, whether or not we know.
    taken: BTreeSet<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Held {
    cart: Cart,
    second: bool,
    until: Timestamp,
    status: Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Open,
    Paid,
    /// Cancelled or failed: whoever wants to pay all the same begins with another cart.
    Left,
    Expired,
}

/// What a person or a script wants to happen.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wish {
    pub outcome: Outcome,
    #[serde(default)]
    pub receipt: Delivery,
    /// `CP/BANCADUE`; otherwise the first that is offered.
    pub method_and_psp: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Success,
    Cancel,
    Failure,
    /// The person walks away.
    Abandon,
}

/// What becomes of the receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
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
pub enum Refused {
    Unknown,
    Ended,
    /// The method and PSP are not on offer for this amount.
    Offer,
}

/// A notice that the node has activated.
struct Activated {
    to: Address,
    qr_code: QrCode,
    data: GetOk,
}

/// Who will take the money.
struct Chosen {
    method: String,
    psp: String,
    name: String,
    fee: Cents,
}

impl Wish {
    pub fn success() -> Self {
        Self { outcome: Outcome::Success, receipt: Delivery::BeforeReturn, method_and_psp: None }
    }
}

impl Checkout {
    pub fn open(folder: Option<&Path>) -> Result<Self, Problem> {
        Ok(Self { book: Kept::open(folder, "checkout.json")? })
    }

    /// As it is now: nobody pays after the end of its time.
    fn held(&self, id: &str, now: Timestamp) -> Option<Held> {
        let mut held = self.book.read(|book| book.carts.get(id).cloned())?;
        if held.status == Status::Open && now >= held.until {
            held.status = Status::Expired;
        }
        Some(held)
    }

    /// Ends a cart that is still open; only one caller does.
    fn end(&self, id: &str, status: Status) -> Result<(), Refused> {
        self.book.change(|book| {
            let Some(held) = book.carts.get_mut(id) else { return Err(Refused::Unknown) };
            let twice = |notice: &PaymentNotice| book.taken.contains(&notice.notice_number);
            if held.status != Status::Open
                || status == Status::Paid && held.cart.payment_notices.iter().any(twice)
            {
                return Err(Refused::Ended);
            }
            held.status = status;
            if status == Status::Paid {
                let notices = held.cart.payment_notices.iter().map(|notice| notice.notice_number.clone());
                book.taken.extend(notices);
            }
            Ok(())
        })
    }
}

impl Held {
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

impl Core {
    /// `POST /_local/checkout/v1/carts`: a cart, if its notices can be paid.
    pub async fn carts(&self, request: &Request) -> Response {
        let key = request.headers().get("ocp-apim-subscription-key").map(HeaderValue::as_bytes);
        if key != Some(secrets::CHECKOUT_KEY.as_bytes()) {
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
        let held = Held { cart, second, until, status: Status::Open };
        self.checkout.book.change(|book| book.carts.insert(id.clone(), held));
        let mut created = response(302, "text/plain; charset=utf-8", "");
        if let Ok(page) = HeaderValue::try_from(format!("{}{PAGES}{id}", self.origin)) {
            created.headers_mut().insert(header::LOCATION, page);
        }
        created
    }

    /// Whether the node lets somebody pay a notice: nobody has here, and we say that it can be paid.
    async fn free(&self, notice: &PaymentNotice) -> Result<bool, String> {
        let Some((to, qr_code)) = self.notice_at_the_node(notice) else { return Ok(false) };
        if self.checkout.book.read(|book| book.taken.contains(&notice.notice_number)) {
            return Ok(false);
        }
        let (answer, _) = self.asked(&Asked::Verify(Verify { to, qr_code })).await?;
        Ok(matches!(answer, Answer::VerifyOk(_)))
    }

    /// Whom the node asks about a notice; nobody, when it belongs to a creditor that it does not know.
    fn notice_at_the_node(&self, notice: &PaymentNotice) -> Option<(Address, QrCode)> {
        let (to, qr_code) = self.addressed(&notice.notice_number)?;
        let asked = Digits::parse(&notice.fiscal_code)?;
        (asked == qr_code.fiscal_code).then_some((to, qr_code))
    }

    /// Lets a cart end as wished. Where the person goes then.
    pub async fn checked_out(&self, id: &str, wish: &Wish) -> Result<String, Refused> {
        let held = self.checkout.held(id, self.clock.now()).ok_or(Refused::Unknown)?;
        let chosen = chosen(&held, wish.method_and_psp.as_deref()).ok_or(Refused::Offer)?;
        if held.status != Status::Open {
            return Err(Refused::Ended);
        }
        let urls = &held.cart.return_urls;
        match wish.outcome {
            // Nobody comes back; where they would have is said all the same.
            Outcome::Abandon => return Ok(urls.return_cancel_url.clone()),
            Outcome::Cancel => {
                self.checkout.end(id, Status::Left)?;
                return Ok(urls.return_cancel_url.clone());
            }
            Outcome::Success | Outcome::Failure => {}
        }
        let activated = self.all_activated(&held).await;
        let activated = activated.filter(|_| wish.receipt != Delivery::NodeTimeout);
        let Some(activated) = activated.filter(|_| wish.outcome == Outcome::Success) else {
            self.checkout.end(id, Status::Left)?;
            return Ok(urls.return_error_url.clone());
        };
        let receipts = self.receipts(&held, &activated, &chosen, wish.receipt).ok_or(Refused::Offer)?;
        self.checkout.end(id, Status::Paid)?;
        for (sent, wait) in receipts {
            if wait.is_zero() {
                self.deliver(sent, 0).await;
            } else {
                self.agenda.add(after(self.clock.now(), wait), Task::Receipt { sent, tries: 0 });
            }
        }
        Ok(urls.return_ok_url.clone())
    }

    /// Every notice of a cart, verified and activated for the amount that the cart says; none, if one cannot be.
    async fn all_activated(&self, held: &Held) -> Option<Vec<Activated>> {
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
            match self.asked(&Asked::Get(get)).await {
                Ok((Answer::GetOk(_, data), _)) if data.amount.get() == notice.amount => {
                    all.push(Activated { to, qr_code, data: *data });
                }
                _ => return None,
            }
        }
        Some(all)
    }

    /// The receipts of a cart as they are to be brought, each with the time to wait before.
    fn receipts(
        &self,
        held: &Held,
        activated: &[Activated],
        chosen: &Chosen,
        delivery: Delivery,
    ) -> Option<Vec<(Box<SendRt>, Duration)>> {
        let rounds = match delivery {
            Delivery::Lost | Delivery::NodeTimeout => 0,
            Delivery::SecondPayment => 2,
            _ => 1,
        };
        let wait = if delivery == Delivery::Late { LATE } else { Duration::ZERO };
        let mut all = Vec::new();
        for _ in 0..rounds {
            // The fee is one for the whole cart.
            let mut fee = Some(chosen.fee);
            for Activated { to, qr_code, data } in activated {
                let terms = Terms {
                    psp: &chosen.psp,
                    name: &chosen.name,
                    method: &chosen.method,
                    fee: fee.take(),
                    note: held.cart.id_cart.as_deref(),
                };
                let data =
                    if delivery == Delivery::WrongAmount { dearer(data.clone())? } else { data.clone() };
                let id = self.random.hex::<16>().ok()?;
                let receipt = receipt(id, qr_code.clone(), data, &terms, self.clock.now())?;
                all.push((Box::new(SendRt { version: Version::V2, to: to.clone(), receipt }), wait));
            }
        }
        if delivery == Delivery::Twice {
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
fn chosen(held: &Held, wanted: Option<&str>) -> Option<Chosen> {
    let amount = Cents::new(held.total()).ok()?;
    let psps = Psps::of_the_repository().ok()?;
    let mut offers = psps.methods().iter().flat_map(|method| {
        method.offers(amount).into_iter().map(|offer| Chosen {
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
