use domain::Timestamp;
use serde::Serialize;
use web::view::PublicDebt;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundDebt {
    pub debt: PublicDebt,
    pub reference: String,
    pub expires_at: Timestamp,
}
