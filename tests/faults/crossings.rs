//! What can interleave with an action (column F9): other messages and requests about the same debt or user.

use std::rc::Rc;

use journeys::{NodeReceipt, json};

use crate::actions::ActionFuture;
use crate::fixture::Fixture;

#[derive(Debug)]
pub struct Crossing {
    pub name: &'static str,
    /// A sender's message, not a person's request: its order among others decides nothing.
    pub is_message: bool,
    /// Returns whether the fixture has what it is about.
    pub applies: fn(&Fixture) -> bool,
    pub act: fn(Rc<Fixture>) -> ActionFuture<()>,
}

fn owes(fixture: &Fixture) -> bool {
    let key = format!("DEBT#{}", fixture.position.number);
    fixture.stack().items("DebtsTable").iter().any(|item| item["pk"]["S"] == key.as_str())
}

fn is_paying(fixture: &Fixture) -> bool {
    !fixture.payment.borrow().0.is_empty()
}

fn has_account(fixture: &Fixture) -> bool {
    !fixture.mario.browser.cookies().is_empty()
}

/// The PSP's callback, if it can still send one: a payment that went through does not fail afterwards.
async fn psp_tells(fixture: Rc<Fixture>, outcome: &str) {
    let transaction = fixture.payment.borrow().1.clone();
    if let Some((id, body)) = fixture.portal.harness().at_psp(&transaction, json!({"outcome": outcome})) {
        fixture.calls_back(&id, &body).await;
    }
}

#[rustfmt::skip]
pub const CROSSINGS: &[Crossing] = &[
    Crossing {
        name: "another till's receipt", is_message: true, applies: owes,
        act: |fixture| Box::pin(async move {
            let receipt = NodeReceipt::of(&fixture.notice(), "another till");
            fixture.node_asks(&receipt.xml()).await;
        }),
    },
    Crossing {
        name: "the PSP's callback of a success", is_message: true, applies: is_paying,
        act: |fixture| Box::pin(psp_tells(fixture, "success")),
    },
    Crossing {
        name: "the PSP's callback of a failure", is_message: true, applies: is_paying,
        act: |fixture| Box::pin(psp_tells(fixture, "failure")),
    },
    Crossing {
        name: "the creditor's cancellation", is_message: false, applies: owes,
        act: |fixture| Box::pin(async move {
            fixture.creditor_cancels().await;
        }),
    },
    Crossing {
        name: "the creditor's other amount", is_message: false, applies: owes,
        act: |fixture| Box::pin(async move {
            let changed = fixture.position.clone().with("amount", 12_345);
            fixture.creditor_sends(&changed).await;
        }),
    },
    Crossing {
        name: "a click on pay", is_message: false, applies: |fixture| owes(fixture) && has_account(fixture),
        act: |fixture| Box::pin(async move { drop(fixture.clicks().await) }),
    },
    Crossing {
        name: "a new password", is_message: false, applies: has_account,
        act: |fixture| Box::pin(async move { fixture.mario.changes_password().await }),
    },
    Crossing {
        name: "the withdrawal of consent", is_message: false, applies: has_account,
        act: |fixture| Box::pin(async move {
            fixture.mario.tries_to_withdraw_consent(&fixture.mario.person.password).await;
        }),
    },
    Crossing {
        name: "stream and sweep", is_message: false, applies: |_| true,
        act: |fixture| Box::pin(async move {
            fixture.stack().settle().await;
            fixture.portal.harness().sweeps().await.expect("a sweep");
        }),
    },
];
