use std::sync::{Arc, OnceLock};
use std::time::Duration;

use local::{Options, Stack};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::{Citizen, Creditor, Dice, Mailbox, Node, Person, Psp};

/// The product, with everybody who can be made to appear around it. A clone is the same place.
#[derive(Clone)]
pub struct Portal {
    place: Arc<Place>,
}

struct Place {
    base: String,
    local: String,
    dice: Dice,
    /// A stack of this test alone.
    own: Option<Stack>,
}

static SHARED: OnceLock<Stack> = OnceLock::new();

impl Portal {
    /// The product that all tests of this binary share. Its clock is not to be moved.
    pub fn open() -> Self {
        let (base, local) = match variable("PORTAL_URL") {
            Some(base) => {
                let local = variable("LOCAL_URL").unwrap_or_else(|| base.clone());
                (base, local)
            }
            None => {
                let stack = SHARED.get_or_init(|| Stack::start(Options::default()).unwrap());
                (stack.address().to_owned(), stack.address().to_owned())
            }
        };
        Self::at(&base, &local, None)
    }

    /// The same, for a test of what our own gateway refuses: sam's says it in other words. None, and it says so, when
    /// another answers.
    pub fn behind_our_gateway() -> Option<Self> {
        let portal = Self::open();
        if portal.place.base == portal.place.local {
            return Some(portal);
        }
        left_out(std::thread::current().name().unwrap_or_default());
        None
    }

    /// A product for one test alone, whose clock can be moved and whose neighbours can be made to fail. None,
    /// and it says so, when the tests run against a product that others use.
    pub fn alone() -> Option<Self> {
        Self::alone_with(Options { demo: false, ..Options::default() })
    }

    pub fn alone_with(options: Options) -> Option<Self> {
        if variable("PORTAL_URL").is_some() {
            left_out(std::thread::current().name().unwrap_or_default());
            return None;
        }
        let stack = Stack::start(options).unwrap();
        let base = stack.address().to_owned();
        Some(Self::at(&base, &base, Some(stack)))
    }

    fn at(base: &str, local: &str, own: Option<Stack>) -> Self {
        let trimmed = |url: &str| url.trim_end_matches('/').to_owned();
        let place = Place { base: trimmed(base), local: trimmed(local), dice: Dice::of_this_test(), own };
        Self { place: Arc::new(place) }
    }

    pub fn url(&self) -> &str {
        &self.place.base
    }

    pub fn dice(&self) -> &Dice {
        &self.place.dice
    }

    /// The stack below, of a test that is alone.
    pub fn stack(&self) -> &Stack {
        self.place.own.as_ref().expect("only Portal::alone has a stack to touch")
    }

    /// A stranger's browser, at an address of its own.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.place.base, self.dice().address())
    }

    pub(crate) fn local_browser(&self) -> Browser {
        Browser::new(&self.place.local, self.dice().address())
    }

    /// Somebody who has no account yet.
    pub fn citizen(&self) -> Citizen {
        self.citizen_like(Person::natural(self.dice()))
    }

    /// A company that has no account yet.
    pub fn company(&self) -> Citizen {
        self.citizen_like(Person::legal(self.dice()))
    }

    pub fn citizen_like(&self, person: Person) -> Citizen {
        Citizen::new(self, person)
    }

    /// Somebody with an account, logged in.
    pub async fn known_citizen(&self) -> Citizen {
        self.citizen().becomes_known().await
    }

    /// Somebody logged in, with one practice to pay that has proven who they are.
    pub async fn proven_citizen(&self) -> (Citizen, crate::Notice) {
        let citizen = self.known_citizen().await;
        let notice = self.creditor().issues(&citizen.person).await;
        citizen.associates(&notice).await;
        (citizen, notice)
    }

    pub fn creditor(&self) -> Creditor {
        Creditor::new(self)
    }

    pub fn psp(&self) -> Psp {
        Psp::new(self)
    }

    pub fn node(&self) -> Node {
        Node::new(self)
    }

    pub fn mailbox(&self) -> Mailbox {
        Mailbox::new(self)
    }

    pub fn clock(&self) -> Clock {
        Clock { portal: self.clone() }
    }
}

/// The one clock.
pub struct Clock {
    portal: Portal,
}

impl Clock {
    /// What it shows.
    pub async fn now(&self) -> jiff::Timestamp {
        let shown = self.portal.local_browser().get("/_local/clock").answer().await.ok();
        shown["now"].as_str().and_then(|text| text.parse().ok()).expect("the clock shows an instant")
    }

    /// Today in Rome, and so many days later.
    pub async fn day(&self, later: i64) -> String {
        let rome = jiff::tz::get!("Europe/Rome");
        let today = self.now().await.to_zoned_datetime(rome).date();
        today.checked_add(jiff::Span::new().days(later)).unwrap().to_string()
    }

    /// Moves it, and waits until what is due by then is done. Only for a test that is alone.
    pub async fn moves(&self, by: Duration) {
        let _alone = self.portal.stack();
        let order = json!({"advanceSeconds": by.as_secs()});
        let _: Value = self.portal.local_browser().post("/_local/clock", &order).answer().await.ok();
    }

    pub async fn moves_minutes(&self, minutes: u64) {
        self.moves(Duration::from_secs(minutes * 60)).await;
    }
}

/// Says that a test needs a stack of its own, which `PORTAL_URL` cannot give; also in the file that `LEFT_OUT` names.
fn left_out(test: &str) {
    println!("LEFT OUT: {test}");
    if let Some(path) = variable("LEFT_OUT") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
        let written =
            file.and_then(|mut file| std::io::Write::write_all(&mut file, format!("{test}\n").as_bytes()));
        written.unwrap_or_else(|e| panic!("{path}: {e}"));
    }
}

/// A variable of whoever runs the tests; empty counts as missing.
#[expect(clippy::disallowed_methods, reason = "tests are not functions: they have no World to ask")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
