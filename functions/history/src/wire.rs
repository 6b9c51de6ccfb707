use domain::debt::Viewer;
use domain::{Debt, Fault, Timestamp};

/// The rows as CSV: UTF-8, comma, a header line, one row for each debt. Text that a spreadsheet would take for
/// a formula begins with an apostrophe.
pub fn table(viewer: &Viewer<'_>, debts: &[Debt], now: Timestamp) -> Result<String, Fault> {
    const DOING: &str = "writing a table";
    let mut csv = csv::Writer::from_writer(Vec::new());
    let header = [
        "noticeNumber",
        "iuv",
        "name",
        "service",
        "reason",
        "status",
        "createdOn",
        "dueDate",
        "paidOn",
        "amount",
    ];
    csv.write_record(header).map_err(|e| Fault::new(DOING, e))?;
    for debt in debts.iter().map(|debt| debt.seen_by(viewer)) {
        let day = |day: Option<domain::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let row = [
            debt.notice.to_string(),
            debt.iuv().to_string(),
            harmless(&debt.debtor.name),
            harmless(&debt.service.code),
            harmless(&debt.reason),
            debt.status(now).as_str().to_owned(),
            domain::time::rome_date(debt.created_at).to_string(),
            day(debt.days.due),
            day(debt.paid_on()),
            debt.settled_amount().get().to_string(),
        ];
        csv.write_record(row).map_err(|e| Fault::new(DOING, e))?;
    }
    let bytes = csv.into_inner().map_err(|e| Fault::new(DOING, e.into_error()))?;
    String::from_utf8(bytes).map_err(|e| Fault::new(DOING, e))
}

fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
