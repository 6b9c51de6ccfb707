//! What can cross a deed (column F9): other messages and wishes of the same debt or user.

use std::rc::Rc;

use journeys::{Receipt, json};

use crate::deeds::Doing;
use crate::scene::Scene;

#[derive(Debug)]
pub struct Crossing {
    pub name: &'static str,
    /// A sender's word, not a person's wish: its order among others decides nothing.
    pub is_message: bool,
    /// Whether the scene has what it is about.
    pub applies: fn(&Scene) -> bool,
    pub act: fn(Rc<Scene>) -> Doing<()>,
}

fn owes(scene: &Scene) -> bool {
    let key = format!("DEBT#{}", scene.practice.number);
    scene.stage.stack.items("DebtsTable").iter().any(|item| item["pk"]["S"] == key.as_str())
}

fn is_paying(scene: &Scene) -> bool {
    !scene.payment.borrow().0.is_empty()
}

fn has_account(scene: &Scene) -> bool {
    !scene.mario.cookie.borrow().is_empty()
}

/// The PSP's word, if it can still say it: a payment that went through does not fail afterwards.
async fn psp_tells(scene: Rc<Scene>, outcome: &str) {
    let transaction = scene.payment.borrow().1.clone();
    if let Some((id, body)) = scene.stage.at_psp(&transaction, json!({"outcome": outcome})) {
        scene.stage.called_back(&id, &body).await;
    }
}

#[rustfmt::skip]
pub const CROSSINGS: &[Crossing] = &[
    Crossing {
        name: "another till's receipt", is_message: true, applies: owes,
        act: |scene| Box::pin(async move {
            let receipt = Receipt::of(&scene.notice(), "another till");
            scene.stage.node_asks(&receipt.xml()).await;
        }),
    },
    Crossing {
        name: "the PSP's word of a success", is_message: true, applies: is_paying,
        act: |scene| Box::pin(psp_tells(scene, "success")),
    },
    Crossing {
        name: "the PSP's word of a failure", is_message: true, applies: is_paying,
        act: |scene| Box::pin(psp_tells(scene, "failure")),
    },
    Crossing {
        name: "the creditor's cancellation", is_message: false, applies: owes,
        act: |scene| Box::pin(async move {
            scene.stage.creditor("DELETE", &scene.practice.number, None).await;
        }),
    },
    Crossing {
        name: "the creditor's other amount", is_message: false, applies: owes,
        act: |scene| Box::pin(async move {
            let changed = scene.practice.clone().with("amount", 12_345);
            scene.stage.creditor("PUT", &changed.number, Some(&changed.body)).await;
        }),
    },
    Crossing {
        name: "a click on pay", is_message: false, applies: |scene| owes(scene) && has_account(scene),
        act: |scene| Box::pin(async move { drop(scene.clicks().await) }),
    },
    Crossing {
        name: "a new password", is_message: false, applies: has_account,
        act: |scene| Box::pin(async move { scene.mario.changes_password(&scene.dice).await }),
    },
    Crossing {
        name: "the withdrawal of consent", is_message: false, applies: has_account,
        act: |scene| Box::pin(async move {
            scene.mario.posts("/api/consent/revoke", &json!({"password": scene.mario.person.password})).await;
        }),
    },
    Crossing {
        name: "stream and sweep", is_message: false, applies: |_| true,
        act: |scene| Box::pin(async move {
            scene.stage.stack.settle().await;
            scene.stage.sweeps().await.expect("a sweep");
        }),
    },
];
