//! Movements: appended with the change they speak of, never rewritten.

use domain::movement::Movement;
use domain::notice::NoticeNumber;
use domain::{Debt, Fault};
use runtime::{Clock, ConfigError, Env};

use crate::citizen::Citizen;
use crate::keys::Key;
use crate::readers::DebtReader;
use crate::table::{Range, SortOrder, Step, Table, absent, item};

#[derive(Clone)]
pub struct Movements {
    pub(crate) table: Table,
    clock: Clock,
}

/// How many movements are read at once: a debt sees a handful in its life.
const PAGE: usize = 200;

impl Movements {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        let table = Table::connect(env, &env.config().movements_table)?;
        Ok(Self { table, clock: env.clock().clone() })
    }

    /// The step that appends a movement if its number is free.
    pub(crate) fn append_step(&self, notice: &NoticeNumber, movement: &Movement) -> Result<Step, Fault> {
        let key = Key::movement(notice, movement.number);
        Ok(self.table.put(&key, item(&key, movement)?, absent()))
    }

    /// The movements of a debt that this citizen may see, first to last; none of any other.
    pub async fn of_citizen(&self, citizen: &Citizen, debt: &Debt) -> Result<Vec<Movement>, Fault> {
        match debt.is_visible_to(&citizen.viewer(), self.clock.now()) {
            true => self.read(&debt.notice).await,
            false => Ok(Vec::new()),
        }
    }

    /// The same for callers that are not people.
    pub async fn of_debt_as(
        &self,
        _reader: DebtReader,
        notice: &NoticeNumber,
    ) -> Result<Vec<Movement>, Fault> {
        self.read(notice).await
    }

    pub(crate) async fn read(&self, notice: &NoticeNumber) -> Result<Vec<Movement>, Fault> {
        let partition = Key::movements_partition(notice);
        let mut movements: Vec<Movement> = Vec::new();
        loop {
            let after = movements.last().map(|last| Key::movement(notice, last.number));
            let range = Range::StartsWith("M#".to_owned());
            let page = self.table.query(&partition, range, SortOrder::Rising, PAGE, after.as_ref()).await?;
            movements.extend(page.items);
            if !page.more {
                return Ok(movements);
            }
        }
    }
}
