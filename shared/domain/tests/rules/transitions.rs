//! The table of a debt's transitions, whole: printed for people, and held to the invariants.

use std::fmt::Write;

use domain::debt::{DebtEvent, DebtState, Transition, decide};
use domain::movement::MovementKind;
use domain::payment::{AttemptOutcome, AttemptStatus};
use proptest::prelude::*;

use crate::samples::cases;

/// Every state with every event.
fn table() -> impl Iterator<Item = (DebtState, DebtEvent, Transition)> {
    DebtState::ALL.into_iter().flat_map(|s| DebtEvent::ALL.into_iter().map(move |e| (s, e, decide(s, e))))
}

/// The sentence of each event.
fn meaning(event: DebtEvent) -> &'static str {
    match event {
        DebtEvent::Change => "the creditor sends it again",
        DebtEvent::Cancel => "the creditor, or its owner if spontaneous, takes it back",
        DebtEvent::Expire => "its last day has passed",
        DebtEvent::StartAttempt => "a citizen goes to pay",
        DebtEvent::FailAttempt => "the attempt ended without money",
        DebtEvent::Credit => "an authentic confirmation of money, not seen before",
        DebtEvent::Mismatch => "the money is not the debt's amount",
        DebtEvent::Supersede => "the sender of such money has corrected it",
        DebtEvent::NoteRefund => "an operator notes that money which paid nothing was given back",
        DebtEvent::Reconcile => "an operator notes that a difference was settled with its sender",
        DebtEvent::CorrectToMatchNode => "an operator credits by hand what the node collected and never told",
    }
}

fn cell(state: DebtState, event: DebtEvent) -> String {
    match decide(state, event) {
        Transition::Go(to, kind) if to == state => format!("`{}`", kind.as_str()),
        Transition::Go(to, kind) => format!("→ **{to:?}**, `{}`", kind.as_str()),
        Transition::Record(kind) => format!("kept: `{}`", kind.as_str()),
        Transition::Ignore => "nothing new".to_owned(),
        Transition::AlreadyPaid => "refused: `debt_already_paid`".to_owned(),
        Transition::NotPayable => "refused: `debt_not_payable`".to_owned(),
        Transition::NotPaid => "refused: not paid".to_owned(),
    }
}

/// `transitions.md`, from [`decide`] and [`AttemptStatus::after`] alone.
fn page() -> String {
    let mut page = String::from(
        "# What can happen to a debt\n\n\
         Written by the tests of `domain` from `debt::decide` and `payment::AttemptStatus::after`; after a change of the rules:\n\
         `UPDATE_SNAPSHOTS=1 cargo test -p domain`.\n\n\
         A cell says where the debt goes and which movement is appended. *Kept*: the movement is appended\n\
         and nothing else of the debt changes. *Nothing new*: the event says what is already known.\n\n",
    );
    let states = DebtState::ALL.map(|state| format!("{state:?}")).join(" | ");
    writeln!(page, "| Event | {states} |\n|---|{}", "---|".repeat(DebtState::ALL.len())).unwrap();
    for event in DebtEvent::ALL {
        write!(page, "| **{event:?}**: {}", meaning(event)).unwrap();
        for state in DebtState::ALL {
            write!(page, " | {}", cell(state, event)).unwrap();
        }
        page.push_str(" |\n");
    }
    page.push_str("\n```mermaid\nstateDiagram-v2\n    [*] --> Open: CREATED\n");
    for (from, event, rule) in table() {
        match rule {
            Transition::Go(to, kind) => {
                writeln!(page, "    {from:?} --> {to:?}: {event:?} / {}", kind.as_str()).unwrap()
            }
            Transition::Record(kind) => {
                writeln!(page, "    {from:?} --> {from:?}: {event:?} / {} (kept)", kind.as_str()).unwrap();
            }
            Transition::Ignore | Transition::AlreadyPaid | Transition::NotPayable | Transition::NotPaid => {}
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
    let outcomes = AttemptOutcome::ALL.map(|outcome| format!("{outcome:?}")).join(" | ");
    writeln!(page, "| Attempt | {outcomes} |\n|---|{}", "---|".repeat(AttemptOutcome::ALL.len())).unwrap();
    for status in AttemptStatus::ALL {
        let cells = AttemptOutcome::ALL.map(|outcome| match status.after(outcome) {
            same if same == status => "nothing new".to_owned(),
            after => format!("→ **{after:?}**"),
        });
        writeln!(page, "| **{status:?}** | {} |", cells.join(" | ")).unwrap();
    }
    page.push_str("\n```mermaid\nstateDiagram-v2\n    [*] --> Pending\n");
    for status in AttemptStatus::ALL {
        for outcome in AttemptOutcome::ALL.into_iter().filter(|outcome| status.after(*outcome) != status) {
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
        DebtState::Open => 0,
        DebtState::Paid => 1,
        DebtState::Cancelled => 2,
        DebtState::Expired => 3,
    };
    let event = |event| match event {
        DebtEvent::Change => 0,
        DebtEvent::Cancel => 1,
        DebtEvent::Expire => 2,
        DebtEvent::StartAttempt => 3,
        DebtEvent::FailAttempt => 4,
        DebtEvent::Credit => 5,
        DebtEvent::Mismatch => 6,
        DebtEvent::Supersede => 7,
        DebtEvent::NoteRefund => 8,
        DebtEvent::Reconcile => 9,
        DebtEvent::CorrectToMatchNode => 10,
    };
    let status = |status| match status {
        AttemptStatus::Pending => 0,
        AttemptStatus::Succeeded => 1,
        AttemptStatus::Failed => 2,
        AttemptStatus::Cancelled => 3,
        AttemptStatus::Expired => 4,
    };
    let outcome = |outcome| match outcome {
        AttemptOutcome::Succeeded => 0,
        AttemptOutcome::Failed => 1,
        AttemptOutcome::Cancelled => 2,
        AttemptOutcome::Expired => 3,
    };
    assert_eq!(AttemptStatus::ALL.map(status), [0, 1, 2, 3, 4]);
    assert_eq!(AttemptOutcome::ALL.map(outcome), [0, 1, 2, 3]);
    assert_eq!(DebtState::ALL.map(state), [0, 1, 2, 3]);
    assert_eq!(DebtEvent::ALL.map(event), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
}

#[test]
fn inv_m10_paid_is_final() {
    for event in DebtEvent::ALL {
        assert!(!matches!(decide(DebtState::Paid, event), Transition::Go(..)), "{event:?} moves a paid debt");
    }
    // What a person asks of a paid debt is refused aloud, what others report is not.
    for event in [DebtEvent::Change, DebtEvent::Cancel, DebtEvent::StartAttempt] {
        assert_eq!(decide(DebtState::Paid, event), Transition::AlreadyPaid, "{event:?}");
    }
}

#[test]
fn inv_m10_an_operators_entry_moves_no_debt_and_settles_only_what_is_paid() {
    for state in DebtState::ALL {
        assert_eq!(
            decide(state, DebtEvent::NoteRefund),
            Transition::Record(MovementKind::RefundNoted),
            "{state:?}"
        );
        let paid = state == DebtState::Paid;
        for (event, kind) in [
            (DebtEvent::Reconcile, MovementKind::Reconciled),
            (DebtEvent::CorrectToMatchNode, MovementKind::CorrectedToMatchNode),
        ] {
            let rule = if paid { Transition::Record(kind) } else { Transition::NotPaid };
            assert_eq!(decide(state, event), rule, "{state:?} {event:?}");
            assert_eq!(kind.leads_to(), None);
        }
    }
}

#[test]
fn inv_m25_money_always_arrives() {
    assert_eq!(
        decide(DebtState::Open, DebtEvent::Credit),
        Transition::Go(DebtState::Paid, MovementKind::Credit)
    );
    assert_eq!(
        decide(DebtState::Cancelled, DebtEvent::Credit),
        Transition::Go(DebtState::Paid, MovementKind::CreditLate)
    );
    assert_eq!(
        decide(DebtState::Expired, DebtEvent::Credit),
        Transition::Go(DebtState::Paid, MovementKind::CreditLate)
    );
}

#[test]
fn inv_m03_a_second_credit_is_kept_to_refund() {
    assert_eq!(
        decide(DebtState::Paid, DebtEvent::Credit),
        Transition::Record(MovementKind::DuplicateToRefund)
    );
}

#[test]
fn inv_m06_a_mismatch_never_moves_a_debt_and_is_never_lost() {
    for state in DebtState::ALL {
        assert_eq!(
            decide(state, DebtEvent::Mismatch),
            Transition::Record(MovementKind::Mismatch),
            "{state:?}"
        );
    }
}

#[test]
fn inv_m02_only_a_credit_pays_and_no_confirmation_is_ignored_or_refused() {
    for (state, event, rule) in table() {
        let pays = matches!(rule, Transition::Go(DebtState::Paid, _));
        assert_eq!(pays, event == DebtEvent::Credit && state != DebtState::Paid, "{state:?} {event:?}");
        let settles = matches!(rule, Transition::Go(_, MovementKind::Credit | MovementKind::CreditLate));
        assert_eq!(settles, pays, "{state:?} {event:?}");
        if matches!(event, DebtEvent::Credit | DebtEvent::Mismatch) {
            assert!(matches!(rule, Transition::Go(..) | Transition::Record(_)), "{state:?} {event:?}");
        }
    }
}

#[test]
fn inv_m17_an_attempt_alone_never_moves_a_debt() {
    for state in DebtState::ALL {
        for event in [DebtEvent::StartAttempt, DebtEvent::FailAttempt] {
            if let Transition::Go(to, _) = decide(state, event) {
                assert_eq!(to, state, "{event:?}");
            }
        }
    }
}

#[test]
fn inv_m19_an_attempt_starts_on_an_open_debt_only() {
    let begins = Transition::Go(DebtState::Open, MovementKind::AttemptStarted);
    for (state, rule) in [
        (DebtState::Open, begins),
        (DebtState::Paid, Transition::AlreadyPaid),
        (DebtState::Cancelled, Transition::NotPayable),
        (DebtState::Expired, Transition::NotPayable),
    ] {
        assert_eq!(decide(state, DebtEvent::StartAttempt), rule, "{state:?}");
    }
}

#[test]
fn what_the_creditor_sends_again_is_open_again() {
    for state in [DebtState::Open, DebtState::Cancelled, DebtState::Expired] {
        assert_eq!(decide(state, DebtEvent::Change), Transition::Go(DebtState::Open, MovementKind::Changed));
    }
}

/// What a run of events leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Story {
    state: DebtState,
    movements: Vec<MovementKind>,
}

impl Story {
    fn of(events: &[DebtEvent]) -> Self {
        let mut story = Self { state: DebtState::Open, movements: vec![MovementKind::Created] };
        for event in events {
            match decide(story.state, *event) {
                Transition::Go(to, kind) => {
                    story.state = to;
                    story.movements.push(kind);
                }
                Transition::Record(kind) => story.movements.push(kind),
                Transition::Ignore
                | Transition::AlreadyPaid
                | Transition::NotPayable
                | Transition::NotPaid => {}
            }
        }
        story
    }

    fn count(&self, kinds: &[MovementKind]) -> usize {
        self.movements.iter().filter(|kind| kinds.contains(kind)).count()
    }

    /// The state that the movements alone tell.
    fn folded(&self) -> DebtState {
        self.movements.iter().fold(DebtState::Open, |state, kind| match kind {
            MovementKind::Created | MovementKind::Changed => DebtState::Open,
            MovementKind::Credit | MovementKind::CreditLate => DebtState::Paid,
            MovementKind::Cancelled => DebtState::Cancelled,
            MovementKind::Expired => DebtState::Expired,
            MovementKind::AttemptStarted
            | MovementKind::AttemptUnknown
            | MovementKind::AttemptFailed
            | MovementKind::DuplicateToRefund
            | MovementKind::Mismatch
            | MovementKind::Superseded
            | MovementKind::Reconciled
            | MovementKind::RefundNoted
            | MovementKind::CorrectedToMatchNode => state,
        })
    }

    /// The money invariants, which hold after any story.
    fn adds_up(&self, events: &[DebtEvent]) {
        let credits = events.iter().filter(|e| **e == DebtEvent::Credit).count();
        let mismatches = events.iter().filter(|e| **e == DebtEvent::Mismatch).count();
        assert_eq!(
            self.count(&[MovementKind::Credit, MovementKind::CreditLate]),
            credits.min(1),
            "INV-M01: {events:?}"
        );
        assert_eq!(
            self.count(&[MovementKind::DuplicateToRefund]),
            credits.saturating_sub(1),
            "INV-M03: {events:?}"
        );
        assert_eq!(self.count(&[MovementKind::Mismatch]), mismatches, "INV-M06: {events:?}");
        assert_eq!(self.state == DebtState::Paid, credits > 0, "INV-M05: {events:?}");
        assert_eq!(self.folded(), self.state, "INV-M29: {events:?}");
    }
}

/// Every order of a list (Heap's algorithm).
fn every_order(events: &mut Vec<DebtEvent>, n: usize, visit: &mut impl FnMut(&[DebtEvent])) {
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
const POOL: [DebtEvent; 7] = [
    DebtEvent::Credit,
    DebtEvent::Credit,
    DebtEvent::Mismatch,
    DebtEvent::FailAttempt,
    DebtEvent::Expire,
    DebtEvent::Cancel,
    DebtEvent::StartAttempt,
];

#[test]
fn inv_m05_the_order_of_events_does_not_matter() {
    let mut orders = 0;
    for chosen in 0_u32..1 << POOL.len() {
        if chosen.count_ones() > 6 {
            continue;
        }
        let mut events: Vec<DebtEvent> = POOL
            .iter()
            .enumerate()
            .filter(|(i, _)| chosen & (1 << i) != 0)
            .map(|(_, event)| *event)
            .collect();
        let expected = if events.contains(&DebtEvent::Credit) {
            DebtState::Paid
        } else if events.contains(&DebtEvent::Cancel) {
            DebtState::Cancelled
        } else if events.contains(&DebtEvent::Expire) {
            DebtState::Expired
        } else {
            DebtState::Open
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
        events in prop::collection::vec(prop::sample::select(DebtEvent::ALL.to_vec()), 0..40),
    ) {
        Story::of(&events).adds_up(&events);
    }

    #[test]
    fn inv_m10_nothing_follows_a_credit_but_bookkeeping(
        before in prop::collection::vec(prop::sample::select(DebtEvent::ALL.to_vec()), 0..10),
        after in prop::collection::vec(prop::sample::select(DebtEvent::ALL.to_vec()), 0..10),
    ) {
        let paid = Story::of(&[before.clone(), vec![DebtEvent::Credit]].concat());
        let later = Story::of(&[before, vec![DebtEvent::Credit], after].concat());
        prop_assert_eq!(later.state, DebtState::Paid);
        let added = &later.movements[paid.movements.len()..];
        let bookkeeping = [
            MovementKind::DuplicateToRefund,
            MovementKind::Mismatch,
            MovementKind::Superseded,
            MovementKind::RefundNoted,
            MovementKind::Reconciled,
            MovementKind::CorrectedToMatchNode,
        ];
        prop_assert!(added.iter().all(|kind| bookkeeping.contains(kind)), "{:?}", added);
    }
}
