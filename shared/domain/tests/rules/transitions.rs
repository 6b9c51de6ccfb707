//! The table of a debt's transitions, whole: printed for people, and held to the invariants.

use std::fmt::Write;

use domain::debt::{Event, Rule, State, decide};
use domain::movement::Kind;
use domain::payment::{Outcome, Status};
use proptest::prelude::*;

use crate::samples::cases;

/// Every state with every event.
fn table() -> impl Iterator<Item = (State, Event, Rule)> {
    State::ALL.into_iter().flat_map(|s| Event::ALL.into_iter().map(move |e| (s, e, decide(s, e))))
}

/// The sentence of each event.
fn meaning(event: Event) -> &'static str {
    match event {
        Event::Change => "the creditor sends it again",
        Event::Cancel => "the creditor, or its owner if spontaneous, takes it back",
        Event::Expire => "its last day has passed",
        Event::StartAttempt => "a citizen goes to pay",
        Event::FailAttempt => "the attempt ended without money",
        Event::Credit => "an authentic confirmation of money, not seen before",
        Event::Mismatch => "the money is not the debt's amount",
        Event::NoteRefund => "an operator notes that money which paid nothing was given back",
        Event::Reconcile => "an operator notes that a difference was settled with its sender",
        Event::CorrectToMatchNode => "an operator credits by hand what the node collected and never told",
    }
}

fn cell(state: State, event: Event) -> String {
    match decide(state, event) {
        Rule::Go(to, kind) if to == state => format!("`{}`", kind.as_str()),
        Rule::Go(to, kind) => format!("→ **{to:?}**, `{}`", kind.as_str()),
        Rule::Record(kind) => format!("kept: `{}`", kind.as_str()),
        Rule::Ignore => "nothing new".to_owned(),
        Rule::AlreadyPaid => "refused: `debt_already_paid`".to_owned(),
        Rule::NotPayable => "refused: `debt_not_payable`".to_owned(),
        Rule::NotPaid => "refused: not paid".to_owned(),
    }
}

/// `transitions.md`, from [`decide`] and [`Status::after`] alone.
fn page() -> String {
    let mut page = String::from(
        "# What can happen to a debt\n\n\
         Written by the tests of `domain` from `debt::decide` and `payment::Status::after`; after a change of the rules:\n\
         `UPDATE_SNAPSHOTS=1 cargo test -p domain`.\n\n\
         A cell says where the debt goes and which movement is appended. *Kept*: the movement is appended\n\
         and nothing else of the debt changes. *Nothing new*: the event says what is already known.\n\n",
    );
    let states = State::ALL.map(|state| format!("{state:?}")).join(" | ");
    writeln!(page, "| Event | {states} |\n|---|{}", "---|".repeat(State::ALL.len())).unwrap();
    for event in Event::ALL {
        write!(page, "| **{event:?}**: {}", meaning(event)).unwrap();
        for state in State::ALL {
            write!(page, " | {}", cell(state, event)).unwrap();
        }
        page.push_str(" |\n");
    }
    page.push_str("\n```mermaid\nstateDiagram-v2\n    [*] --> Open: CREATED\n");
    for (from, event, rule) in table() {
        match rule {
            Rule::Go(to, kind) => {
                writeln!(page, "    {from:?} --> {to:?}: {event:?} / {}", kind.as_str()).unwrap()
            }
            Rule::Record(kind) => {
                writeln!(page, "    {from:?} --> {from:?}: {event:?} / {} (kept)", kind.as_str()).unwrap();
            }
            Rule::Ignore | Rule::AlreadyPaid | Rule::NotPayable | Rule::NotPaid => {}
        }
    }
    page.push_str("```\n");
    attempts(&mut page);
    page
}

/// What becomes of a payment attempt.
fn attempts(page: &mut String) {
    page.push_str(
        "\n# What can happen to a payment attempt\n\n\
         A success counts whenever it arrives; nothing undoes it. No answer at all is no outcome: the attempt stays\n\
         pending and the sweep asks.\n\n",
    );
    let outcomes = Outcome::ALL.map(|outcome| format!("{outcome:?}")).join(" | ");
    writeln!(page, "| Attempt | {outcomes} |\n|---|{}", "---|".repeat(Outcome::ALL.len())).unwrap();
    for status in Status::ALL {
        let cells = Outcome::ALL.map(|outcome| match status.after(outcome) {
            same if same == status => "nothing new".to_owned(),
            after => format!("→ **{after:?}**"),
        });
        writeln!(page, "| **{status:?}** | {} |", cells.join(" | ")).unwrap();
    }
    page.push_str("\n```mermaid\nstateDiagram-v2\n    [*] --> Pending\n");
    for status in Status::ALL {
        for outcome in Outcome::ALL.into_iter().filter(|outcome| status.after(*outcome) != status) {
            writeln!(page, "    {status:?} --> {:?}: {outcome:?}", status.after(outcome)).unwrap();
        }
    }
    page.push_str("```\n");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a person at a desk asks for the new page")]
fn inv_m09_every_state_and_event_has_a_rule() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/transitions.md");
    if std::env::var("UPDATE_SNAPSHOTS").is_ok() {
        std::fs::write(path, page()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    for (number, (old, new)) in committed.lines().zip(page().lines()).enumerate() {
        assert_eq!(old, new, "transitions.md is stale at line {}: run with UPDATE_SNAPSHOTS=1", number + 1);
    }
    assert!(committed == page(), "transitions.md is stale at its end: run with UPDATE_SNAPSHOTS=1");
}

#[test]
fn inv_m09_the_lists_are_whole() {
    // A new state or event stops these from compiling: then it also belongs in ALL.
    let state = |state| match state {
        State::Open => 0,
        State::Paid => 1,
        State::Cancelled => 2,
        State::Expired => 3,
    };
    let event = |event| match event {
        Event::Change => 0,
        Event::Cancel => 1,
        Event::Expire => 2,
        Event::StartAttempt => 3,
        Event::FailAttempt => 4,
        Event::Credit => 5,
        Event::Mismatch => 6,
        Event::NoteRefund => 7,
        Event::Reconcile => 8,
        Event::CorrectToMatchNode => 9,
    };
    let status = |status| match status {
        Status::Pending => 0,
        Status::Succeeded => 1,
        Status::Failed => 2,
        Status::Cancelled => 3,
        Status::Expired => 4,
    };
    let outcome = |outcome| match outcome {
        Outcome::Succeeded => 0,
        Outcome::Failed => 1,
        Outcome::Cancelled => 2,
        Outcome::Expired => 3,
    };
    assert_eq!(Status::ALL.map(status), [0, 1, 2, 3, 4]);
    assert_eq!(Outcome::ALL.map(outcome), [0, 1, 2, 3]);
    assert_eq!(State::ALL.map(state), [0, 1, 2, 3]);
    assert_eq!(Event::ALL.map(event), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn inv_m10_paid_is_final() {
    for event in Event::ALL {
        assert!(!matches!(decide(State::Paid, event), Rule::Go(..)), "{event:?} moves a paid debt");
    }
    // What a person asks of a paid debt is refused aloud, what the world reports is not.
    for event in [Event::Change, Event::Cancel, Event::StartAttempt] {
        assert_eq!(decide(State::Paid, event), Rule::AlreadyPaid, "{event:?}");
    }
}

#[test]
fn inv_m10_an_operators_entry_moves_no_debt_and_settles_only_what_is_paid() {
    for state in State::ALL {
        assert_eq!(decide(state, Event::NoteRefund), Rule::Record(Kind::RefundNoted), "{state:?}");
        let paid = state == State::Paid;
        for (event, kind) in
            [(Event::Reconcile, Kind::Reconciled), (Event::CorrectToMatchNode, Kind::CorrectedToMatchNode)]
        {
            let rule = if paid { Rule::Record(kind) } else { Rule::NotPaid };
            assert_eq!(decide(state, event), rule, "{state:?} {event:?}");
            assert_eq!(kind.leads_to(), None);
        }
    }
}

#[test]
fn inv_m25_money_always_arrives() {
    assert_eq!(decide(State::Open, Event::Credit), Rule::Go(State::Paid, Kind::Credit));
    assert_eq!(decide(State::Cancelled, Event::Credit), Rule::Go(State::Paid, Kind::CreditLate));
    assert_eq!(decide(State::Expired, Event::Credit), Rule::Go(State::Paid, Kind::CreditLate));
}

#[test]
fn inv_m03_a_second_credit_is_kept_to_refund() {
    assert_eq!(decide(State::Paid, Event::Credit), Rule::Record(Kind::DuplicateToRefund));
}

#[test]
fn inv_m06_a_mismatch_never_moves_a_debt_and_is_never_lost() {
    for state in State::ALL {
        assert_eq!(decide(state, Event::Mismatch), Rule::Record(Kind::Mismatch), "{state:?}");
    }
}

#[test]
fn inv_m02_only_a_credit_pays_and_no_confirmation_is_ignored_or_refused() {
    for (state, event, rule) in table() {
        let pays = matches!(rule, Rule::Go(State::Paid, _));
        assert_eq!(pays, event == Event::Credit && state != State::Paid, "{state:?} {event:?}");
        let settles = matches!(rule, Rule::Go(_, Kind::Credit | Kind::CreditLate));
        assert_eq!(settles, pays, "{state:?} {event:?}");
        if matches!(event, Event::Credit | Event::Mismatch) {
            assert!(matches!(rule, Rule::Go(..) | Rule::Record(_)), "{state:?} {event:?}");
        }
    }
}

#[test]
fn inv_m17_an_attempt_alone_never_moves_a_debt() {
    for state in State::ALL {
        for event in [Event::StartAttempt, Event::FailAttempt] {
            if let Rule::Go(to, _) = decide(state, event) {
                assert_eq!(to, state, "{event:?}");
            }
        }
    }
}

#[test]
fn inv_m19_an_attempt_starts_on_an_open_debt_only() {
    let begins = Rule::Go(State::Open, Kind::AttemptStarted);
    for (state, rule) in [
        (State::Open, begins),
        (State::Paid, Rule::AlreadyPaid),
        (State::Cancelled, Rule::NotPayable),
        (State::Expired, Rule::NotPayable),
    ] {
        assert_eq!(decide(state, Event::StartAttempt), rule, "{state:?}");
    }
}

#[test]
fn what_the_creditor_sends_again_is_open_again() {
    for state in [State::Open, State::Cancelled, State::Expired] {
        assert_eq!(decide(state, Event::Change), Rule::Go(State::Open, Kind::Changed));
    }
}

/// What a run of events leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Story {
    state: State,
    movements: Vec<Kind>,
}

impl Story {
    fn of(events: &[Event]) -> Self {
        let mut story = Self { state: State::Open, movements: vec![Kind::Created] };
        for event in events {
            match decide(story.state, *event) {
                Rule::Go(to, kind) => {
                    story.state = to;
                    story.movements.push(kind);
                }
                Rule::Record(kind) => story.movements.push(kind),
                Rule::Ignore | Rule::AlreadyPaid | Rule::NotPayable | Rule::NotPaid => {}
            }
        }
        story
    }

    fn count(&self, kinds: &[Kind]) -> usize {
        self.movements.iter().filter(|kind| kinds.contains(kind)).count()
    }

    /// The state that the movements alone tell.
    fn folded(&self) -> State {
        self.movements.iter().fold(State::Open, |state, kind| match kind {
            Kind::Created | Kind::Changed => State::Open,
            Kind::Credit | Kind::CreditLate => State::Paid,
            Kind::Cancelled => State::Cancelled,
            Kind::Expired => State::Expired,
            Kind::AttemptStarted
            | Kind::AttemptUnknown
            | Kind::AttemptFailed
            | Kind::DuplicateToRefund
            | Kind::Mismatch
            | Kind::Reconciled
            | Kind::RefundNoted
            | Kind::CorrectedToMatchNode => state,
        })
    }

    /// The money invariants, which hold after any story.
    fn adds_up(&self, events: &[Event]) {
        let credits = events.iter().filter(|e| **e == Event::Credit).count();
        let mismatches = events.iter().filter(|e| **e == Event::Mismatch).count();
        assert_eq!(self.count(&[Kind::Credit, Kind::CreditLate]), credits.min(1), "INV-M01: {events:?}");
        assert_eq!(self.count(&[Kind::DuplicateToRefund]), credits.saturating_sub(1), "INV-M03: {events:?}");
        assert_eq!(self.count(&[Kind::Mismatch]), mismatches, "INV-M06: {events:?}");
        assert_eq!(self.state == State::Paid, credits > 0, "INV-M05: {events:?}");
        assert_eq!(self.folded(), self.state, "INV-M29: {events:?}");
    }
}

/// Every order of a list (Heap's algorithm).
fn every_order(events: &mut Vec<Event>, n: usize, visit: &mut impl FnMut(&[Event])) {
    if n <= 1 {
        return visit(events);
    }
    for i in 0..n {
        every_order(events, n - 1, visit);
        events.swap(if n.is_multiple_of(2) { i } else { 0 }, n - 1);
    }
}

/// Two distinct receipts and everything that may cross them. A creditor's change is left out: it is
/// a command, and commands do depend on their order.
const POOL: [Event; 7] = [
    Event::Credit,
    Event::Credit,
    Event::Mismatch,
    Event::FailAttempt,
    Event::Expire,
    Event::Cancel,
    Event::StartAttempt,
];

#[test]
fn inv_m05_the_order_of_events_does_not_matter() {
    let mut orders = 0;
    for chosen in 0_u32..1 << POOL.len() {
        if chosen.count_ones() > 6 {
            continue;
        }
        let mut events: Vec<Event> = POOL
            .iter()
            .enumerate()
            .filter(|(i, _)| chosen & (1 << i) != 0)
            .map(|(_, event)| *event)
            .collect();
        let expected = if events.contains(&Event::Credit) {
            State::Paid
        } else if events.contains(&Event::Cancel) {
            State::Cancelled
        } else if events.contains(&Event::Expire) {
            State::Expired
        } else {
            State::Open
        };
        let n = events.len();
        every_order(&mut events, n, &mut |order| {
            let story = Story::of(order);
            assert_eq!(story.state, expected, "{order:?}");
            story.adds_up(order);
            orders += 1;
        });
    }
    assert!(orders > 7 * 720, "{orders} orders");
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn inv_m29_movements_tell_the_state_after_any_story(
        events in prop::collection::vec(prop::sample::select(Event::ALL.to_vec()), 0..40),
    ) {
        Story::of(&events).adds_up(&events);
    }

    #[test]
    fn inv_m10_nothing_follows_a_credit_but_bookkeeping(
        before in prop::collection::vec(prop::sample::select(Event::ALL.to_vec()), 0..10),
        after in prop::collection::vec(prop::sample::select(Event::ALL.to_vec()), 0..10),
    ) {
        let paid = Story::of(&[before.clone(), vec![Event::Credit]].concat());
        let later = Story::of(&[before, vec![Event::Credit], after].concat());
        prop_assert_eq!(later.state, State::Paid);
        let added = &later.movements[paid.movements.len()..];
        let bookkeeping = [
            Kind::DuplicateToRefund,
            Kind::Mismatch,
            Kind::RefundNoted,
            Kind::Reconciled,
            Kind::CorrectedToMatchNode,
        ];
        prop_assert!(added.iter().all(|kind| bookkeeping.contains(kind)), "{:?}", added);
    }
}
