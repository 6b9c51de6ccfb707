//! Many debts in one call: CSV with a header line (comma or semicolon), or one JSON object a line.

use domain::error::Form;
use domain::notice::NoticeNumber;
use domain::{Error, FieldCode, FieldError};
use web::{Body, Request};

use crate::wire::{Raw, Row};

/// How many rows a call may hold, and how many bytes.
const MAX_ROWS: usize = 1_000;
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// A row with the line it was on, counted from one.
pub struct Numbered {
    pub line: usize,
    pub debt: Result<(NoticeNumber, Row), Refused>,
}

/// A row that cannot be taken, with its number as it was written.
pub struct Refused {
    pub notice: Option<String>,
    pub errors: Vec<FieldError>,
}

pub fn read(request: &Request) -> Result<Vec<Numbered>, Error> {
    let bytes = request.raw_body(MAX_BYTES)?;
    let text = std::str::from_utf8(bytes).map_err(|_| Error::MalformedBody)?;
    let text = text.trim_start_matches('\u{feff}');
    if request.has_content_type("text/csv") {
        from_csv(text)
    } else if request.has_content_type("application/x-ndjson") {
        from_ndjson(text)
    } else {
        Err(Error::UnsupportedMediaType)
    }
}

fn from_ndjson(text: &str) -> Result<Vec<Numbered>, Error> {
    let mut rows = Vec::new();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        bounded(&rows)?;
        let debt = match Body::of_text(text) {
            Ok(body) => from_json(body),
            Err(_) => refused(None, "line", FieldCode::Format),
        };
        rows.push(Numbered { line, debt });
    }
    Ok(rows)
}

fn from_json(mut body: Body) -> Result<(NoticeNumber, Row), Refused> {
    let number = body.text("noticeNumber");
    match Raw::read(body) {
        Ok((raw, form)) => checked(number, raw, form),
        Err(Error::UnknownField(field)) => refused(Some(number), &field, FieldCode::NotAllowed),
        Err(_) => refused(Some(number), "line", FieldCode::Format),
    }
}

fn from_csv(text: &str) -> Result<Vec<Numbered>, Error> {
    let first = text.lines().next().unwrap_or_default();
    let delimiter = if first.matches(';').count() > first.matches(',').count() { b';' } else { b',' };
    let mut csv = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let header = csv.headers().map_err(|_| Error::MalformedBody)?.clone();
    let mut seen = std::collections::BTreeSet::new();
    for name in &header {
        if !COLUMNS.contains(&name.trim()) || !seen.insert(name.trim().to_owned()) {
            return Err(Error::UnknownField(name.chars().take(64).collect()));
        }
    }
    if let Some(missing) = NEEDED.iter().find(|name| !seen.contains(**name)) {
        return Err(FieldError::new(*missing, FieldCode::Required).into());
    }
    let mut rows = Vec::new();
    for record in csv.records() {
        bounded(&rows)?;
        let Ok(record) = record else { return Err(Error::MalformedBody) };
        let line = line_of(text, &record);
        let debt = if record.len() == header.len() {
            from_record(&header, &record)
        } else {
            refused(None, "line", FieldCode::Format)
        };
        rows.push(Numbered { line, debt });
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

fn from_record(
    header: &csv::StringRecord,
    record: &csv::StringRecord,
) -> Result<(NoticeNumber, Row), Refused> {
    let get = |name: &str| {
        let place = header.iter().position(|known| known.trim() == name)?;
        record.get(place).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let need = |name: &str| get(name).unwrap_or_default();
    let mut form = Form::default();
    let amount = match get("amount").map(|text| text.parse::<u64>()) {
        Some(Ok(cents)) => Some(cents),
        Some(Err(_)) => {
            form.refuse(FieldError::new("amount", FieldCode::Format));
            None
        }
        None => None,
    };
    let raw = Raw {
        fiscal_code: need("debtorFiscalCode"),
        person_type: need("debtorPersonType"),
        name: need("debtorName"),
        address: get("debtorAddress"),
        postal_code: get("debtorPostalCode"),
        city: get("debtorCity"),
        province: get("debtorProvince"),
        country: get("debtorCountry"),
        email: get("debtorEmail"),
        service_code: need("serviceCode"),
        reason: need("reason"),
        amount,
        due_date: get("dueDate"),
        valid_from: get("validFrom"),
        expires_on: get("expiresOn"),
    };
    checked(need("noticeNumber"), raw, form)
}

fn checked(number: String, raw: Raw, mut form: Form) -> Result<(NoticeNumber, Row), Refused> {
    let notice = NoticeNumber::parse(&number)
        .and_then(|notice| if notice.is_stand_in_probe() { Err(FieldCode::NotAllowed) } else { Ok(notice) });
    let notice = form.field("noticeNumber", notice);
    match (raw.check(form), notice) {
        (Ok(row), Some(notice)) => Ok((notice, row)),
        (Err(Error::Invalid(errors)), _) => Err(Refused { notice: Some(number), errors }),
        (Ok(_) | Err(_), _) => refused(Some(number), "line", FieldCode::Format),
    }
}

fn refused<T>(notice: Option<String>, field: &str, code: FieldCode) -> Result<T, Refused> {
    let notice = notice.filter(|number| !number.is_empty()).map(|number| number.chars().take(40).collect());
    Err(Refused { notice, errors: vec![FieldError::new(field, code)] })
}

fn bounded(rows: &[Numbered]) -> Result<(), Error> {
    if rows.len() >= MAX_ROWS { Err(Error::PayloadTooLarge) } else { Ok(()) }
}
