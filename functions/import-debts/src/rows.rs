//! Many debts in one call: CSV with a header line, or one JSON object a line.

use std::borrow::Cow;

use domain::notice::NoticeNumber;
use domain::{Error, FieldCode, FieldError};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use web::{HttpError, JsonObject, Problem, Request};

use crate::Numbers;
use crate::csv::{self, BadHeader, TableHeader};
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

pub fn read(request: &Request, numbers: Numbers) -> Result<Vec<NumberedRow>, Problem> {
    let bytes = request.raw_body(MAX_BYTES)?;
    let text = decoded(bytes, request.charset())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if request.has_content_type("text/csv") {
        from_csv(text, numbers)
    } else if request.has_content_type("application/x-ndjson") {
        Ok(from_ndjson(text, numbers)?)
    } else {
        Err(HttpError::UnsupportedMediaType.into())
    }
}

fn from_ndjson(text: &str, numbers: Numbers) -> Result<Vec<NumberedRow>, HttpError> {
    let mut rows = Vec::new();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        bounded(&rows)?;
        let debt = match web::parse_object(text.as_bytes()) {
            Ok(object) => checked(object, numbers),
            Err(_) => refused("", "line", FieldCode::Format),
        };
        rows.push(NumberedRow { line, debt });
    }
    Ok(rows)
}

fn from_csv(text: &str, numbers: Numbers) -> Result<Vec<NumberedRow>, Problem> {
    let mut lines = csv::lines(text);
    let header = lines.next().map(|(_, line)| line).unwrap_or_default();
    let header = TableHeader::read(header).map_err(|bad| match bad {
        BadHeader::Unreadable => Problem::from(HttpError::MalformedBody),
        BadHeader::Unknown(name) => HttpError::UnknownField(name.chars().take(64).collect()).into(),
        BadHeader::Missing(name) => FieldError::new(name, FieldCode::Required).into(),
    })?;
    let mut rows = Vec::new();
    for (line, text) in lines {
        bounded(&rows)?;
        let debt = match header.object_of(text) {
            Some(object) => checked(object, numbers),
            None => refused("", "line", FieldCode::Format),
        };
        rows.push(NumberedRow { line, debt });
    }
    Ok(rows)
}

/// The text in the character set that the request names; UTF-8 without one.
fn decoded<'a>(bytes: &'a [u8], charset: Option<&str>) -> Result<Cow<'a, str>, HttpError> {
    let named = charset.map_or(Some(UTF_8), |name| Encoding::for_label(name.as_bytes()));
    let encoding = named.filter(|known| [UTF_8, WINDOWS_1252].contains(known));
    let encoding = encoding.ok_or(HttpError::UnsupportedMediaType)?;
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    text.ok_or(HttpError::MalformedBody)
}

fn checked(mut object: JsonObject, numbers: Numbers) -> Result<(NoticeNumber, DebtInput), RefusedRow> {
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
    let notice = form.field("noticeNumber", numbers.notice(text));
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
