use domain::FieldCode;
use domain::bookkeeping::Reason;
use domain::difference::{Difference, ResolutionKind};
use serde::{Deserialize, Serialize};
use web::office::DifferenceView;
use web::{JsonObject, Problem};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentResolution {
    resolution: Option<String>,
    by: Option<String>,
    why: Option<String>,
}

/// What an office says of a difference.
pub struct AskedResolution {
    pub resolution: ResolutionKind,
    pub reason: Reason,
}

impl AskedResolution {
    pub fn read(sent: JsonObject) -> Result<Self, Problem> {
        let (sent, mut form) = web::read_fields::<SentResolution>(sent)?;
        let (by, why) = (sent.by.unwrap_or_default(), sent.why.unwrap_or_default());
        let resolution = match sent.resolution.as_deref() {
            Some("refunded") => Ok(ResolutionKind::Refunded),
            Some("reconciled") => Ok(ResolutionKind::Reconciled),
            Some(_) => Err(FieldCode::NotAllowed),
            None => Err(FieldCode::Required),
        };
        let resolution = form.field("resolution", resolution);
        // Each by itself, so that the refusal names the field.
        form.field("by", Reason::new(&by, "-"));
        form.field("why", Reason::new("-", &why));
        let asked = resolution.zip(Reason::new(&by, &why).ok());
        let (resolution, reason) = form.give(asked)?;
        Ok(Self { resolution, reason })
    }
}

#[derive(Serialize)]
pub struct ResolvedDifference {
    difference: DifferenceView,
}

impl ResolvedDifference {
    pub fn of(difference: &Difference) -> Self {
        Self { difference: DifferenceView::of(difference) }
    }
}
