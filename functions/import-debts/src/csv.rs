//! CSV as offices write it, strict where money is: a line is a row, and no quote makes two lines one.

use serde_json::{Value, json};
use web::JsonObject;

/// The data of a row: the name of its column in English and as Italian offices call it.
const COLUMNS: [(&str, &str); 17] = [
    ("noticeNumber", "codice avviso"),
    ("debtorFiscalCode", "codice fiscale"),
    ("debtorPersonType", "tipo persona"),
    ("debtorName", "nome"),
    ("debtorAddress", "indirizzo"),
    ("debtorPostalCode", "cap"),
    ("debtorCity", "comune"),
    ("debtorProvince", "provincia"),
    ("debtorCountry", "nazione"),
    ("debtorEmail", "email"),
    ("serviceCode", "servizio"),
    ("reason", "causale"),
    ("amount", "importo"),
    ("dueDate", "scadenza"),
    ("validFrom", "valido dal"),
    ("expiresOn", "pagabile fino al"),
    ("reference", "riferimento"),
];

const DETAIL: &str = "detail.";

const NEEDED: [&str; 7] =
    ["noticeNumber", "debtorFiscalCode", "debtorPersonType", "debtorName", "serviceCode", "reason", "amount"];

/// The header of a file: what separates its fields, and what each column is.
pub struct TableHeader {
    separator: char,
    columns: Vec<TableColumn>,
}

enum TableColumn {
    /// A datum as JSON writes it too.
    English(&'static str),
    /// The same as an Italian office writes it: euros, days and kinds of person.
    Italian(&'static str),
    /// `detail.targa`: what a service's form asks for.
    Detail(String),
    /// A column without a name, which spreadsheets leave at the end. Nothing may be in it.
    Nameless,
}

/// Why a header is none.
pub enum BadHeader {
    Unreadable,
    Unknown(String),
    Missing(&'static str),
}

impl TableHeader {
    /// Reads the first line. The separator is the one that makes most fields of it.
    pub fn read(line: &str) -> Result<Self, BadHeader> {
        let split = [';', ',', '\t'].map(|separator| (separator, fields(line, separator)));
        let best = split.into_iter().filter_map(|(separator, names)| Some((separator, names?)));
        let best = best.reduce(|best, next| if next.1.len() > best.1.len() { next } else { best });
        let (separator, names) = best.ok_or(BadHeader::Unreadable)?;
        let mut seen = Vec::new();
        let mut columns = Vec::new();
        for name in &names {
            let column = TableColumn::of(name).ok_or_else(|| BadHeader::Unknown(name.clone()))?;
            let datum = match &column {
                TableColumn::English(datum) | TableColumn::Italian(datum) => (*datum).to_owned(),
                TableColumn::Detail(name) => format!("{DETAIL}{name}"),
                TableColumn::Nameless => String::new(),
            };
            if !datum.is_empty() && seen.contains(&datum) {
                return Err(BadHeader::Unknown(name.clone()));
            }
            seen.push(datum);
            columns.push(column);
        }
        match NEEDED.iter().find(|needed| !seen.iter().any(|datum| datum == *needed)) {
            Some(missing) => Err(BadHeader::Missing(missing)),
            None => Ok(Self { separator, columns }),
        }
    }

    /// A line as the object that it would be in JSON: `debtorName` is the debtor's `name`, a blank field is missing.
    /// Nothing when the line cannot be told apart into these columns.
    pub fn object_of(&self, line: &str) -> Option<JsonObject> {
        let fields = fields(line, self.separator).filter(|fields| fields.len() == self.columns.len())?;
        let (mut row, mut debtor, mut details) = (JsonObject::new(), JsonObject::new(), Vec::new());
        for (column, text) in self.columns.iter().zip(&fields) {
            let text = text.trim();
            let (datum, value) = match column {
                _ if text.is_empty() => continue,
                TableColumn::Nameless => return None,
                TableColumn::Detail(name) => {
                    details.push(json!({"name": name, "value": text}));
                    continue;
                }
                TableColumn::English(datum) => (*datum, english(datum, text)),
                TableColumn::Italian(datum) => (*datum, italian(datum, text)),
            };
            match datum.strip_prefix("debtor") {
                Some(part) => debtor.insert(lower_camel(part), value),
                None => row.insert(datum.to_owned(), value),
            };
        }
        row.insert("debtor".to_owned(), Value::Object(debtor));
        if !details.is_empty() {
            row.insert("details".to_owned(), Value::Array(details));
        }
        Some(row)
    }
}

impl TableColumn {
    fn of(name: &str) -> Option<Self> {
        if let Some(detail) = name.trim().strip_prefix(DETAIL) {
            return Some(TableColumn::Detail(detail.to_owned()));
        }
        let name = domain::text::tidy(&name.replace('_', " ")).to_lowercase();
        if name.is_empty() {
            return Some(TableColumn::Nameless);
        }
        COLUMNS.iter().find_map(|(english, italian)| match name {
            _ if *italian == name => Some(TableColumn::Italian(english)),
            _ if english.to_lowercase() == name => Some(TableColumn::English(english)),
            _ => None,
        })
    }
}

/// Amounts are whole cents, everything else is text. What is no amount stays as it is, and is refused as one.
fn english(datum: &str, text: &str) -> Value {
    let cents = (datum == "amount").then(|| digits(text)).flatten();
    cents.map_or_else(|| Value::from(text), Value::from)
}

fn italian(datum: &str, text: &str) -> Value {
    match (datum, text.to_lowercase().as_str()) {
        ("debtorPersonType", "fisica") => Value::from("natural"),
        ("debtorPersonType", "giuridica") => Value::from("legal"),
        ("amount", _) => euros(text).map_or_else(|| Value::from(text), Value::from),
        ("dueDate" | "validFrom" | "expiresOn", _) => Value::from(day(text).as_deref().unwrap_or(text)),
        _ => Value::from(text),
    }
}

/// The cents of `1.234,56`: dots only between thousands, and cents only behind a comma.
fn euros(text: &str) -> Option<u64> {
    let (whole, cents) = text.split_once(',').unwrap_or((text, "00"));
    let mut groups = whole.split('.');
    let first = groups.next().filter(|group| !group.is_empty())?;
    let grouped = groups.clone().next().is_some();
    let fits = !grouped || (first.len() <= 3 && groups.clone().all(|group| group.len() == 3));
    let euros = digits(&std::iter::once(first).chain(groups).collect::<String>()).filter(|_| fits)?;
    let cents = match cents.len() {
        1 => digits(cents)?.checked_mul(10)?,
        2 => digits(cents)?,
        _ => return None,
    };
    euros.checked_mul(100)?.checked_add(cents)
}

fn digits(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
}

/// `31/12/2026` as `2026-12-31`.
fn day(text: &str) -> Option<String> {
    let [day, month, year] = text.split('/').collect::<Vec<_>>().try_into().ok()?;
    ((day.len(), month.len(), year.len()) == (2, 2, 4)).then(|| format!("{year}-{month}-{day}"))
}

fn lower_camel(name: &str) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}

/// The lines of a file, counted from one, without what ends them; blank ones at the end are its end.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.trim_end_matches(['\r', '\n']).split('\n');
    (1..).zip(lines.map(|line| line.strip_suffix('\r').unwrap_or(line)))
}

/// The fields of one line. Nothing when a quote is left open, text follows a closing one, or a character controls
/// instead of being seen.
fn fields(line: &str, separator: char) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        let (field, after) = match text.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted, separator)?,
            // A quote inside is a letter: 16" is a size.
            None => match text.split_once(separator) {
                Some((field, after)) => (field.to_owned(), Some(after)),
                None => (text.to_owned(), None),
            },
        };
        if field.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
            return None;
        }
        fields.push(field);
        rest = after;
    }
    Some(fields)
}

/// What stands between quotes, two of which are one, and what follows the separator behind it.
fn quoted_field(text: &str, separator: char) -> Option<(String, Option<&str>)> {
    let (mut field, mut rest) = (String::new(), text);
    loop {
        let (before, after) = rest.split_once('"')?;
        field.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                field.push('"');
                rest = more;
            }
            None if after.is_empty() => return Some((field, None)),
            None => return after.strip_prefix(separator).map(|after| (field, Some(after))),
        }
    }
}
