use domain::account::Language;
use domain::movement::Movement;
use domain::payment::Attempt;
use domain::{Cents, Timestamp};
use serde::Serialize;
use web::view::{DebtView, ReceiptView};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToPay {
    pub items: Vec<DebtView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Cents>,
}

#[derive(Serialize)]
pub struct DebtDetailView {
    debt: DebtView,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid: Option<ReceiptView>,
    payments: Vec<AttemptView>,
    timeline: Vec<TimelineEntry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttemptView {
    payment_id: String,
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    psp_name: Option<String>,
    status: &'static str,
}

#[derive(Serialize)]
struct TimelineEntry {
    at: Timestamp,
    event: &'static str,
    text: &'static str,
}

impl DebtDetailView {
    pub fn of(
        debt: DebtView,
        paid: Option<ReceiptView>,
        attempts: &[Attempt],
        movements: &[Movement],
        language: Language,
    ) -> Self {
        let payments = attempts.iter().map(AttemptView::of).collect();
        let timeline =
            movements.iter().filter_map(|movement| TimelineEntry::of(movement, language)).collect();
        Self { debt, paid, payments, timeline }
    }
}

impl AttemptView {
    fn of(attempt: &Attempt) -> Self {
        Self {
            payment_id: attempt.id.to_string(),
            started_at: domain::time::to_second(attempt.started_at),
            method: attempt.choice.method.clone(),
            psp_name: attempt.choice.psp_name.clone(),
            status: attempt.status.as_str(),
        }
    }
}

impl TimelineEntry {
    fn of(movement: &Movement, language: Language) -> Option<Self> {
        let event = movement.kind.timeline_event()?;
        let (it, en) = words(event);
        let text = match language {
            Language::It => it,
            Language::En => en,
        };
        Some(Self { at: domain::time::to_second(movement.at), event, text })
    }
}

fn words(event: &str) -> (&'static str, &'static str) {
    match event {
        "created" => ("Pratica inserita", "Debt created"),
        "changed" => ("L’ente ha aggiornato la pratica", "The creditor has updated the debt"),
        "payment-started" => ("Pagamento iniziato", "Payment started"),
        "payment-failed" => ("Pagamento non riuscito", "Payment failed"),
        "payment-unknown" => ("Esito del pagamento in verifica", "Payment being checked"),
        "paid" => ("Pagata", "Paid"),
        "paid-late" => ("Pagata in ritardo", "Paid late"),
        "duplicate-to-refund" => {
            ("Secondo pagamento ricevuto: verrà rimborsato", "Second payment: to be refunded")
        }
        "amount-mismatch" => {
            ("Ricevuto un importo diverso: l’ente verifica", "Another amount: the creditor is checking")
        }
        "cancelled" => ("Annullata", "Cancelled"),
        "expired" => ("Scaduta", "Expired"),
        _ => ("Aggiornamento", "Update"),
    }
}
