use domain::creditor::Creditor;
use domain::payment::{Attempt, Checkout, UNKNOWN_ALARM};
use domain::{Error, Fault};
use store::Settlement;
use world::{NotConfigured, World};

use crate::client::Psp;
use crate::settle;

/// Where a citizen pays, by the creditor's choice: at a PSP of its own, or on pagoPA Checkout.
#[derive(Clone)]
pub enum Till {
    Psp(Box<Psp>),
    /// The cart is posted to Checkout, and the node brings the receipt.
    Checkout(Box<pagopa::checkout::Checkout>, Box<Creditor>),
}

impl Till {
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        match world.optional("PAYMENT_CHANNEL") {
            None | Some("psp") => Ok(Till::Psp(Box::new(Psp::connect(world)?))),
            Some("checkout") => {
                let checkout = pagopa::checkout::Checkout::connect(world)?;
                Ok(Till::Checkout(Box::new(checkout), Box::new(creditor::creditor(world)?)))
            }
            Some(_) => Err(NotConfigured::because("PAYMENT_CHANNEL", "must be psp or checkout")),
        }
    }

    /// The attempt's page to pay at, if one that was given before is still good. A cart of Checkout lives ten
    /// minutes: each click gets a new one, which is harmless (REFERENCE § 6.2).
    pub fn page_of(&self, attempt: &Attempt) -> Option<Checkout> {
        match self {
            Till::Psp(_) => attempt.checkout.clone(),
            Till::Checkout(..) => None,
        }
    }

    /// Asks for a page to pay at.
    pub async fn open(&self, attempt: &Attempt) -> Result<Checkout, Error> {
        match self {
            Till::Psp(psp) => psp.open_checkout(attempt).await,
            Till::Checkout(checkout, creditor) => Ok(checkout.open(attempt, creditor).await?),
        }
    }

    /// Settles an attempt whose outcome nobody told us. Whether it has ended now.
    pub async fn settle(&self, settlement: &Settlement, attempt: &Attempt) -> Result<bool, Fault> {
        match self {
            Till::Psp(psp) => psp.settle(settlement, attempt).await,
            Till::Checkout(..) => {
                // Checkout answers no inquiry: the node brings a receipt or nothing. One that comes after a day
                // still pays its debts.
                let payments = settlement.payments();
                let waited = domain::session::passed(attempt.expires_at, payments.debts().now());
                if waited < UNKNOWN_ALARM {
                    payments.asked_in_vain(attempt).await?;
                    return Ok(false);
                }
                settle::expire(settlement, attempt).await?;
                Ok(true)
            }
        }
    }

    /// The same when the citizen wants to begin again after the attempt's time is over. The circuit itself sees
    /// to it that no notice is paid twice at once.
    pub async fn clear(&self, settlement: &Settlement, attempt: &Attempt) -> Result<bool, Fault> {
        match self {
            Till::Psp(psp) => psp.settle(settlement, attempt).await,
            Till::Checkout(..) => {
                settle::expire(settlement, attempt).await?;
                Ok(true)
            }
        }
    }
}
