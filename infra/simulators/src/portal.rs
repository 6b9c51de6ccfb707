//! How the simulators reach the product.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use domain::Timestamp;
use emulator::agenda::after;
use emulator::exchange::{Request, Response};
use http::request::Builder;
use pagopa::SendRt;

use crate::psp::CallbackMessage;

/// How many seconds the PSP waits before it repeats a callback that was not taken; the node, a receipt.
const REPEATS: &[u64] = &[5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

/// Something for the portal, and how many times it was tried before.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// A callback of the PSP.
    Callback { callback: CallbackMessage, tries: usize },
    /// A receipt of the node.
    Receipt { receipt: Box<SendRt>, tries: usize },
}

/// The stack that the simulators belong to.
pub trait PortalHost: Send + Sync {
    /// Sends a request to the portal, as from outside.
    fn send(
        &self,
        request: Request,
        source: IpAddr,
    ) -> Pin<Box<dyn Future<Output = Result<Response, String>> + Send + '_>>;

    /// Has something delivered at its time, by [`crate::Simulators::deliver`].
    fn later(&self, at: Timestamp, delivery: Delivery);
}

/// The portal as the simulators know it. Its host comes after them: functions are connected to simulators first.
#[derive(Clone)]
pub struct PortalClient {
    url: String,
    host: Arc<OnceLock<Weak<dyn PortalHost>>>,
}

impl PortalClient {
    /// Where citizens reach it: `http://localhost:3000`.
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned(), host: Arc::default() }
    }

    /// The first host stays.
    pub fn connect(&self, host: Weak<dyn PortalHost>) {
        let _ = self.host.set(host);
    }

    pub fn post(&self, path: &str) -> Builder {
        http::Request::post(format!("{}{path}", self.url))
    }

    pub async fn send(&self, request: Request, source: IpAddr) -> Result<Response, String> {
        self.host().ok_or("there is no portal")?.send(request, source).await
    }

    pub fn later(&self, at: Timestamp, delivery: Delivery) {
        if let Some(host) = self.host() {
            host.later(at, delivery);
        }
    }

    /// Has something that was not taken delivered again, unless it was tried often enough.
    pub fn again(&self, now: Timestamp, tries: usize, delivery: impl FnOnce(usize) -> Delivery) {
        if let Some(wait) = REPEATS.get(tries) {
            self.later(after(now, Duration::from_secs(*wait)), delivery(tries.saturating_add(1)));
        }
    }

    fn host(&self) -> Option<Arc<dyn PortalHost>> {
        self.host.get().and_then(Weak::upgrade)
    }
}
