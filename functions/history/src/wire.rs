use domain::debt::{DebtStatus, Viewer};
use domain::{Date, Debt, Fault, Timestamp};

const HEADER: [&str; 10] = [
    "Codice avviso",
    "IUUV",
    "Nome",
    "Servizio",
    "Causale",
    "Stato",
    "Data pratica",
    "Data scadenza",
    "Data pagamento",
    "Importo",
];

/// The rows as an Italian office opens them: UTF-8 with a mark, semicolons, decimal comma, days before months, codes in
/// groups of four so that no spreadsheet rounds them. Text that would be taken for a formula begins with an apostrophe.
pub fn table(viewer: &Viewer<'_>, debts: &[Debt], now: Timestamp) -> Result<String, Fault> {
    const DOING: &str = "writing a table";
    let mut csv =
        csv::WriterBuilder::new().delimiter(b';').terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    csv.write_record(HEADER).map_err(|e| Fault::new(DOING, e))?;
    for debt in debts.iter().map(|debt| debt.seen_by(viewer)) {
        let day = |day: Option<Date>| day.map(domain::time::italian_date).unwrap_or_default();
        let row = [
            debt.notice.grouped(),
            in_fours(debt.iuv().as_str()),
            harmless(&debt.debtor.name),
            harmless(&debt.service.name),
            harmless(&debt.reason),
            state(debt.status(now)).to_owned(),
            day(Some(domain::time::rome_date(debt.created_at))),
            day(debt.days.due),
            day(debt.paid_on()),
            debt.settled_amount().cents().italian(),
        ];
        csv.write_record(row).map_err(|e| Fault::new(DOING, e))?;
    }
    let bytes = csv.into_inner().map_err(|e| Fault::new(DOING, e.into_error()))?;
    let rows = String::from_utf8(bytes).map_err(|e| Fault::new(DOING, e))?;
    Ok(format!("\u{feff}{rows}"))
}

/// A state as the pages name it.
const fn state(status: DebtStatus) -> &'static str {
    match status {
        DebtStatus::ToPay => "Non confermato",
        DebtStatus::Paid => "Confermato",
        DebtStatus::Expired => "Scaduto",
        DebtStatus::Cancelled => "Annullato",
    }
}

fn in_fours(code: &str) -> String {
    let mut out = String::new();
    for (i, c) in code.chars().enumerate() {
        if i > 0 && i % 4 == 0 {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
