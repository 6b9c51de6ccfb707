//! Many debts in one call: CSV with a header line (comma or semicolon), or one JSON object a line.

use domain::notice::NoticeNumber;
use domain::{Error, FieldCode, FieldError};
use serde_json::Value;
use web::{HttpError, JsonObject, Problem, Request};

use crate::wire::{DebtInput, SentRow};

/// How many rows a call may hold, and how many bytes.
const MAX_ROWS: usize = 1_000;
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// A row with the line it was on, counted from one.
pub struct NumberedRow {
    pub line: usize,
    pub debt: Result<(NoticeNumber, DebtInput), RefusedRow>,
}

/// A row that cannot be taken, with its number as it was written.
pub struct RefusedRow {
    pub notice: Option<String>,
    pub errors: Vec<FieldError>,
}

pub fn read(request: &Request) -> Result<Vec<NumberedRow>, Problem> {
    let bytes = request.raw_body(MAX_BYTES)?;
    let text = std::str::from_utf8(bytes).map_err(|_| HttpError::MalformedBody)?;
    let text = text.trim_start_matches('\u{feff}');
    if request.has_content_type("text/csv") {
        from_csv(text)
    } else if request.has_content_type("application/x-ndjson") {
        Ok(from_ndjson(text)?)
    } else {
        Err(HttpError::UnsupportedMediaType.into())
    }
}

fn from_ndjson(text: &str) -> Result<Vec<NumberedRow>, HttpError> {
    let mut rows = Vec::new();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        bounded(&rows)?;
        let debt = match web::parse_object(text.as_bytes()) {
            Ok(object) => checked(object),
            Err(_) => refused("", "line", FieldCode::Format),
        };
        rows.push(NumberedRow { line, debt });
    }
    Ok(rows)
}

fn from_csv(text: &str) -> Result<Vec<NumberedRow>, Problem> {
    let first = text.lines().next().unwrap_or_default();
    let delimiter = if first.matches(';').count() > first.matches(',').count() { b';' } else { b',' };
    let mut csv = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let header = csv.headers().map_err(|_| HttpError::MalformedBody)?.clone();
    let mut seen = std::collections::BTreeSet::new();
    for name in &header {
        if !COLUMNS.contains(&name.trim()) || !seen.insert(name.trim().to_owned()) {
            return Err(HttpError::UnknownField(name.chars().take(64).collect()).into());
        }
    }
    if let Some(missing) = NEEDED.iter().find(|name| !seen.contains(**name)) {
        return Err(FieldError::new(*missing, FieldCode::Required).into());
    }
    let mut rows = Vec::new();
    for record in csv.records() {
        bounded(&rows)?;
        let Ok(record) = record else { return Err(HttpError::MalformedBody.into()) };
        let line = line_of(text, &record);
        let debt = if record.len() == header.len() {
            checked(object_of(&header, &record))
        } else {
            refused("", "line", FieldCode::Format)
        };
        rows.push(NumberedRow { line, debt });
    }
    Ok(rows)
}

/// The line that a record begins on. The reader stops counting before the line ends that it has yet to skip: the
/// second half of a CRLF, and empty lines.
fn line_of(text: &str, record: &csv::StringRecord) -> usize {
    let Some(position) = record.position() else { return 0 };
    let counted = usize::try_from(position.line()).unwrap_or(0);
    let rest = usize::try_from(position.byte()).ok().and_then(|start| text.get(start..)).unwrap_or_default();
    let skipped = rest.bytes().take_while(|b| matches!(b, b'\r' | b'\n')).filter(|b| *b == b'\n').count();
    counted.saturating_add(skipped)
}

const COLUMNS: [&str; 16] = [
    "noticeNumber",
    "debtorFiscalCode",
    "debtorPersonType",
    "debtorName",
    "debtorAddress",
    "debtorPostalCode",
    "debtorCity",
    "debtorProvince",
    "debtorCountry",
    "debtorEmail",
    "serviceCode",
    "reason",
    "amount",
    "dueDate",
    "validFrom",
    "expiresOn",
];

const NEEDED: [&str; 7] =
    ["noticeNumber", "debtorFiscalCode", "debtorPersonType", "debtorName", "serviceCode", "reason", "amount"];

/// A record as the object that it would be in JSON: `debtorName` is the debtor's `name`, a blank field is missing.
fn object_of(header: &csv::StringRecord, record: &csv::StringRecord) -> JsonObject {
    let (mut row, mut debtor) = (JsonObject::new(), JsonObject::new());
    for (name, text) in header.iter().map(str::trim).zip(record.iter().map(str::trim)) {
        let value = match (name, text.parse::<u64>()) {
            (_, _) if text.is_empty() => continue,
            ("amount", Ok(cents)) => Value::from(cents),
            _ => Value::from(text),
        };
        match name.strip_prefix("debtor") {
            Some(name) => debtor.insert(lower_camel(name), value),
            None => row.insert(name.to_owned(), value),
        };
    }
    row.insert("debtor".to_owned(), Value::Object(debtor));
    row
}

fn lower_camel(name: &str) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}

fn checked(mut object: JsonObject) -> Result<(NoticeNumber, DebtInput), RefusedRow> {
    let number = object.remove("noticeNumber").unwrap_or_default();
    let text = number.as_str().unwrap_or_default();
    let (sent, mut form) = match SentRow::read(object) {
        Ok(read) => read,
        Err(HttpError::UnknownField(field)) => return refused(text, &field, FieldCode::NotAllowed),
        Err(_) => return refused(text, "line", FieldCode::Format),
    };
    if !number.is_null() && !number.is_string() {
        form.refuse(FieldError::new("noticeNumber", FieldCode::Format));
    }
    let notice = NoticeNumber::parse(text)
        .and_then(|notice| if notice.is_stand_in_probe() { Err(FieldCode::NotAllowed) } else { Ok(notice) });
    let notice = form.field("noticeNumber", notice);
    match (sent.check(form), notice) {
        (Ok(row), Some(notice)) => Ok((notice, row)),
        (Err(Error::Invalid(errors)), _) => Err(RefusedRow { notice: Some(text.to_owned()), errors }),
        (Ok(_) | Err(_), _) => refused(text, "line", FieldCode::Format),
    }
}

fn refused<T>(number: &str, field: &str, code: FieldCode) -> Result<T, RefusedRow> {
    let notice = (!number.is_empty()).then(|| number.chars().take(40).collect());
    Err(RefusedRow { notice, errors: vec![FieldError::new(field, code)] })
}

fn bounded(rows: &[NumberedRow]) -> Result<(), HttpError> {
    if rows.len() >= MAX_ROWS { Err(HttpError::PayloadTooLarge) } else { Ok(()) }
}
