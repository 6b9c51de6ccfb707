//! The creditor's back office sees what needs a person about money, and says what became of it.

mod wire;

use domain::difference::{Difference, DifferenceId, DifferenceKind};
use domain::{Error, Fault, FieldCode, FieldError};
use identity::{BackOffice, CreditorKeyId, CreditorScope};
use runtime::{ConfigError, Env};
use store::{
    DebtReader, DebtWriter, DifferenceFilter, Differences, Idempotency, IdempotencyHold, IdempotencyStart,
};
use web::office::DifferenceView;
use web::{Cursors, Function, HttpError, Page, Problem, Query, Reply, Request};

const LIST: &str = "GET /creditor/differences";
const RESOLVE: &str = "POST /creditor/differences/{id}/resolve";

pub struct CreditorDifferences {
    back_office: BackOffice,
    differences: Differences,
    writer: DebtWriter,
    idempotency: Idempotency,
    cursors: Cursors,
}

impl Function for CreditorDifferences {
    const ROUTES: &'static [&'static str] = &[LIST, RESOLVE];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            back_office: BackOffice::connect(env)?,
            differences: Differences::connect(env)?,
            writer: DebtWriter::connect(env)?,
            idempotency: Idempotency::connect(env)?,
            cursors: Cursors::connect(env)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        match request.route {
            LIST => {
                self.back_office.admits(&request, CreditorScope::PaymentsRead).await?;
                self.list(&request).await
            }
            RESOLVE => {
                let key = self.back_office.admits(&request, CreditorScope::Reconcile).await?;
                self.resolve_once(&key, &request).await
            }
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl CreditorDifferences {
    async fn list(&self, request: &Request) -> Result<Reply, Problem> {
        let query = request.query(&["status", "kind", "limit", "cursor"])?;
        let filter = DifferenceFilter { open: status(&query)?, kind: kind(&query)? };
        let paging = self.cursors.paging(&query, &format!("differences {filter:?}")).await?;
        let after = paging.after.as_deref();
        let page = self.differences.page(DebtReader::Creditor, filter, paging.limit, after).await?;
        let items = page.differences.iter().map(DifferenceView::of).collect();
        let next_cursor = self.cursors.next(&paging, page.next.as_deref()).await?;
        Ok(Reply::ok(&Page::<DifferenceView> { items, next_cursor }))
    }

    /// Once for each key of the back office and each of its requests; a difference is resolved once whatever the key.
    async fn resolve_once(&self, key: &CreditorKeyId, request: &Request) -> Result<Reply, Problem> {
        let id = DifferenceId::parse(request.path("id")).ok_or(HttpError::NotFound)?;
        let once = request.idempotency_key()?;
        let sent = request.json_object()?;
        let body = serde_json::to_vec(&(id.as_str(), &sent));
        let body = body.map_err(|e| Fault::new("reading a resolution", e))?;
        let asked = wire::AskedResolution::read(sent)?;
        match self.idempotency.start_as(key.as_str(), RESOLVE, once, &body).await? {
            IdempotencyStart::Replay { status, body } => Ok(Reply::stored(status, body)),
            IdempotencyStart::Proceed(hold) => match self.resolve(&id, &asked, &hold).await {
                Ok(Some(difference)) => Ok(Reply::ok(&wire::ResolvedDifference::of(&difference))),
                Ok(None) => {
                    self.idempotency.release(&hold).await?;
                    Err(HttpError::NotFound.into())
                }
                Err(error) => {
                    // A refusal frees the key; after trouble of ours the record says what happened.
                    if !matches!(error, Error::Unavailable(_)) {
                        self.idempotency.release(&hold).await?;
                    }
                    Err(error.into())
                }
            },
        }
    }

    async fn resolve(
        &self,
        id: &DifferenceId,
        asked: &wire::AskedResolution,
        hold: &IdempotencyHold,
    ) -> Result<Option<Difference>, Error> {
        let answer = |resolved: &Difference| {
            serde_json::to_string(&wire::ResolvedDifference::of(resolved)).unwrap_or_default()
        };
        let how = (asked.resolution, &asked.reason);
        self.writer.resolve(id, how, (&self.idempotency, hold), answer).await
    }
}

/// Whether those are asked for that are open.
fn status(query: &Query) -> Result<Option<bool>, FieldError> {
    match query.get("status") {
        None => Ok(None),
        Some("open") => Ok(Some(true)),
        Some("resolved") => Ok(Some(false)),
        Some(_) => Err(FieldError::new("status", FieldCode::NotAllowed)),
    }
}

fn kind(query: &Query) -> Result<Option<DifferenceKind>, FieldError> {
    query.get("kind").map_or(Ok(None), |text| {
        DifferenceKind::parse(text).map(Some).ok_or_else(|| FieldError::new("kind", FieldCode::NotAllowed))
    })
}
