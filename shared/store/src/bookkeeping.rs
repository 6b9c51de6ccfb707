//! Entries of operators: money given back, a difference settled. Appended to the debt's chain like everything else.

use domain::Fault;
use domain::bookkeeping::{Reason, dealt_with};
use domain::debt::{self, Event, Rule, State};
use domain::movement::{Kind, Source};
use domain::notice::NoticeNumber;

use crate::debts::{Debts, Wrote, advanced};
use crate::movements::{self, Entry};
use crate::table::{TRIES, step_aside};

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// It is this movement.
    Noted(u64),
    /// It was made before, as this movement: nothing changed.
    Known(u64),
    Refused(Refusal),
}

/// Why an entry is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoSuchDebt,
    NoSuchMovement,
    /// That movement is no money that waits for somebody.
    NothingToSettle(Kind),
    /// It was dealt with otherwise, by this movement.
    DealtWith(u64, Kind),
    /// The table of transitions has no such entry for a debt in this state.
    NotNow(State),
}

impl Debts {
    /// Notes that a movement has been dealt with. Safe to repeat.
    pub async fn book(
        &self,
        notice: &NoticeNumber,
        number: u64,
        event: Event,
        reason: &Reason,
    ) -> Result<Booked, Fault> {
        let refuse = |why| Ok(Booked::Refused(why));
        for try_number in 0..TRIES {
            let Some(debt) = self.get(notice).await? else { return refuse(Refusal::NoSuchDebt) };
            let movements = self.movements()?.of(notice).await?;
            let Some(waiting) = movements.iter().find(|movement| movement.number == number) else {
                return refuse(Refusal::NoSuchMovement);
            };
            if !waiting.kind.is_difference() {
                return refuse(Refusal::NothingToSettle(waiting.kind));
            }
            let (Rule::Go(_, kind) | Rule::Record(kind)) = debt::decide(debt.state, event) else {
                return refuse(Refusal::NotNow(debt.state));
            };
            if let Some(before) = movements.iter().find(|movement| dealt_with(movement) == Some(number)) {
                return Ok(match before.kind == kind {
                    true => Booked::Known(before.number),
                    false => Booked::Refused(Refusal::DealtWith(before.number, before.kind)),
                });
            }
            let entry = Entry {
                kind,
                cents: waiting.cents,
                source: Source::Operator,
                reference: Some(reason.of(number)),
                sender_time: None,
            };
            let movement = movements::next(&debt, entry, self.now());
            let after = advanced(debt.clone(), &movement, &debt);
            if self.write(&debt, after, Some(&movement), Vec::new()).await? == Wrote::Done {
                return Ok(Booked::Noted(movement.number));
            }
            step_aside(try_number).await;
        }
        Err(Fault::new("noting what was done", "others were in the way too often"))
    }
}
