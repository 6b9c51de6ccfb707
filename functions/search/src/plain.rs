//! The search as a plain form, for browsers that run no script: one page answers it.

use askama::Template;
use domain::account::Language;
use domain::debt::{Debt, DebtStatus};
use domain::{Date, Fault, Timestamp};
use web::Reply;

/// What came of a search.
pub enum PlainOutcome<'a> {
    /// With the address of its notice, if it can still be paid.
    Found { debt: &'a Debt, notice: Option<String> },
    /// In the sentences of the problem.
    Refused(Vec<String>),
}

struct PlainPage<'a> {
    language: Language,
    creditor: &'a str,
    outcome: PlainOutcome<'a>,
    now: Timestamp,
}

#[derive(Template)]
#[template(path = "esito.html")]
struct PlainTemplate<'a> {
    p: &'a PlainPage<'a>,
}

impl PlainPage<'_> {
    fn day(&self, day: &Date) -> String {
        domain::time::italian_date(*day)
    }

    const fn italian(&self) -> bool {
        matches!(self.language, Language::It)
    }

    fn title(&self) -> &'static str {
        let (it, en) = match &self.outcome {
            PlainOutcome::Refused(_) => ("Ricerca non riuscita", "Nothing found"),
            PlainOutcome::Found { debt, .. } => match debt.status(self.now) {
                DebtStatus::ToPay => ("Importo da pagare", "Amount to pay"),
                DebtStatus::Paid => ("Già pagata", "Already paid"),
                DebtStatus::Expired => ("Scaduta", "Expired"),
                DebtStatus::Cancelled => ("Annullata", "Cancelled"),
            },
        };
        if self.italian() { it } else { en }
    }
}

/// The page, under the status of what it says.
pub fn page(
    status: u16,
    language: Language,
    creditor: &str,
    outcome: PlainOutcome<'_>,
    now: Timestamp,
) -> Result<Reply, Fault> {
    let page = PlainPage { language, creditor, outcome, now };
    let html = PlainTemplate { p: &page }.render().map_err(|e| Fault::new("writing a page", e))?;
    Ok(Reply::asset(status, "text/html; charset=utf-8", html).as_page())
}
