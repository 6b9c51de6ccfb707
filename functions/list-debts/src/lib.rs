//! What a citizen has to pay, and everything about one debt.

mod wire;

use creditor::creditor;
use domain::creditor::Creditor;
use domain::notice::NoticeNumber;
use domain::{Cents, Error};
use identity::Sessions;
use runtime::{ConfigError, Env};
use store::{Listing, Movements, Payments};
use web::view::{DebtView, ReceiptView};
use web::{Cursors, Function, HttpError, Problem, Reply, Request};

pub struct ListDebts {
    sessions: Sessions,
    listing: Listing,
    payments: Payments,
    movements: Movements,
    cursors: Cursors,
    creditor: Creditor,
}

impl Function for ListDebts {
    const ROUTES: &'static [&'static str] = &["GET /api/debts", "GET /api/debts/{noticeNumber}"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            sessions: Sessions::connect(env)?,
            listing: Listing::connect(env)?,
            payments: Payments::connect(env)?,
            movements: Movements::connect(env)?,
            cursors: Cursors::connect(env)?,
            creditor: creditor(env)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let citizen = self.sessions.citizen(&request).await?;
        let now = self.listing.debts().now();
        match request.route {
            "GET /api/debts" => {
                let query = request.query(&["limit", "cursor"])?;
                let bound_to = format!("debts {}", citizen.id().as_str());
                let paging = self.cursors.paging(&query, &bound_to).await?;
                let rows = self.listing.to_pay(&citizen, paging.limit, paging.after.as_deref()).await?;
                let whole = paging.after.is_none() && rows.next.is_none();
                let next_cursor = self.cursors.next(&paging, rows.next.as_deref()).await?;
                let view = |debt| DebtView::seen_by(&citizen.viewer(), debt, &self.creditor, now);
                let items: Vec<DebtView> = rows.debts.iter().map(view).collect();
                let total = Cents::sum(rows.debts.iter().map(|debt| debt.amount.cents()));
                let count = whole.then_some(items.len());
                Ok(Reply::ok(&wire::ToPay { items, next_cursor, count, total: total.filter(|_| whole) }))
            }
            "GET /api/debts/{noticeNumber}" => {
                request.query(&[])?;
                let notice = NoticeNumber::parse(request.path("noticeNumber"));
                let notice = notice.map_err(|_| Error::DebtNotFound)?;
                let debt = self.listing.debts().of_citizen(&citizen, &notice).await?;
                let attempts = self.payments.of_debt(&citizen, &notice).await?;
                let movements = self.movements.of_citizen(&citizen, &debt).await?;
                let seen = debt.seen_by(&citizen.viewer());
                let paid = seen.receipt.as_ref().map(|receipt| ReceiptView::of(receipt, &seen.debtor));
                let debt = DebtView::seen_by(&citizen.viewer(), &debt, &self.creditor, now);
                let language = request.language();
                Ok(Reply::ok(&wire::DebtDetailView::of(debt, paid, &attempts, &movements, language)))
            }
            _ => Err(HttpError::NotFound.into()),
        }
    }
}
