//! People and companies: names, addresses, e-mail.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use crate::error::{FieldCode, FieldError, Form};
use crate::fiscal_code::{FiscalCode, Holder};
use crate::text;

/// `F` and `G` of the circuit. Stored, never guessed from the form of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PersonType {
    Natural,
    Legal,
}

impl PersonType {
    pub fn parse(text: &str) -> Result<Self, FieldCode> {
        match text {
            "natural" => Ok(Self::Natural),
            "legal" => Ok(Self::Legal),
            "" => Err(FieldCode::Required),
            _ => Err(FieldCode::NotAllowed),
        }
    }

    /// Returns whether a debtor of this kind may have the code. Sole traders are bodies with a person's code; somebody
    /// unknown is a person.
    pub fn may_owe_under(self, code: &FiscalCode) -> bool {
        self == PersonType::Natural || !code.is_anonymous()
    }

    /// Sixteen characters are always a natural person's.
    pub fn may_hold(self, code: &FiscalCode) -> bool {
        self == PersonType::Natural || code.holder() == Holder::Either
    }
}

/// A debtor: who owes, as the creditor or the account says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub fiscal_code: FiscalCode,
    pub person_type: PersonType,
    /// First name and surname, or the company's name.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
}

impl Person {
    /// In place of somebody whose data are no longer kept.
    pub fn forgotten(person_type: PersonType) -> Self {
        Self::named(FiscalCode::forgotten(), person_type, String::new())
    }

    /// Somebody of whom the name alone is known.
    fn named(fiscal_code: FiscalCode, person_type: PersonType, name: String) -> Self {
        Self {
            fiscal_code,
            person_type,
            name,
            address: None,
            postal_code: None,
            city: None,
            province: None,
            country: None,
            email: None,
        }
    }

    /// The person as somebody else may see them: `Lucia V.`, and where they live is theirs. Companies whole.
    pub fn shortened(&self) -> Self {
        let name = match self.person_type {
            PersonType::Legal => self.name.clone(),
            PersonType::Natural => {
                let initial = |word: &str| word.graphemes(true).next().map(|letter| format!("{letter}."));
                let mut words = self.name.split_whitespace();
                match (words.next(), words.next_back().and_then(initial)) {
                    (Some(first), Some(last)) => format!("{first} {last}"),
                    (only, _) => only.and_then(initial).unwrap_or_default(),
                }
            }
        };
        Self::named(self.fiscal_code.clone(), self.person_type, name)
    }

    /// Who it is, without where they live and how they are reached.
    pub fn name_only(&self) -> Self {
        Self::named(self.fiscal_code.clone(), self.person_type, self.name.clone())
    }

    /// `Via Roma 1, 00185 Roma (RM)`, as far as it is known.
    pub fn address_line(&self) -> Option<String> {
        let town = [self.postal_code.as_deref(), self.city.as_deref()];
        let town = town.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let town = match self.province.as_deref().filter(|p| *p != "EE") {
            Some(province) if !town.is_empty() => format!("{town} ({province})"),
            _ => town,
        };
        let parts: Vec<&str> = [self.address.as_deref(), Some(town.as_str())]
            .into_iter()
            .flatten()
            .filter(|p| !p.is_empty())
            .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// An e-mail address: one canonical, lower-case form, so that it is unique; no IDN look-alikes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// The longest address that a mail server must take (RFC 5321).
    const MAX: usize = 254;

    pub fn parse(text: &str) -> Result<Self, FieldCode> {
        // Only ASCII is lowered: a letter of another alphabet (the Kelvin sign) would become another address.
        let clean = text::pasted(text).trim().to_ascii_lowercase();
        if clean.is_empty() {
            return Err(FieldCode::Required);
        }
        if !clean.is_ascii() {
            return Err(FieldCode::Format);
        }
        if clean.len() > Self::MAX {
            return Err(FieldCode::TooLong);
        }
        let (local, domain) = clean.rsplit_once('@').ok_or(FieldCode::Format)?;
        let local_fits = !local.is_empty()
            && local.len() <= 64
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let label_fits = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let top = domain.rsplit('.').next().unwrap_or_default();
        let domain_fits = domain.contains('.')
            && domain.split('.').all(label_fits)
            && top.len() >= 2
            && top.bytes().any(|b| b.is_ascii_alphabetic());
        if local_fits && domain_fits { Ok(Self(clean)) } else { Err(FieldCode::Format) }
    }

    /// The same for a form's field, with the numbers that the sentence of a long one needs.
    pub fn field(field: &str, text: &str) -> Result<Self, FieldError> {
        Self::parse(text).map_err(|code| match code {
            FieldCode::TooLong => {
                FieldError::new(field, code).with("max", Self::MAX as u64).with("n", text.trim().len() as u64)
            }
            _ => FieldError::new(field, code),
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The mailbox that the address leads to, for limits: what is after a plus is the reader's own note. For uniqueness an
    /// address stays as it is written.
    pub fn mailbox(&self) -> String {
        match self.0.rsplit_once('@') {
            Some((local, domain)) => {
                let name = local.split('+').next().filter(|name| !name.is_empty()).unwrap_or(local);
                format!("{name}@{domain}")
            }
            None => self.0.clone(),
        }
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***@***")
    }
}

impl TryFrom<String> for Email {
    type Error = FieldCode;
    fn try_from(text: String) -> Result<Self, FieldCode> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

/// A given or family name: letters of any alphabet, and the signs that registers write among them.
pub fn given_name(field: &str, text: &str) -> Result<String, FieldError> {
    let name = text::line(field, text, 1, 70)?;
    const SIGNS: &str = " '’‘ʼ`´-–.,·()/";
    let fits = |c: char| c.is_alphabetic() || text::is_mark(c) || SIGNS.contains(c);
    if name.chars().all(fits) && name.chars().any(char::is_alphabetic) {
        Ok(name)
    } else {
        Err(FieldError::new(field, FieldCode::Format))
    }
}

/// A telephone number in international form, `+39 06 1234567`, with the blanks and separators that were typed.
/// 6 to 15 digits; a number without prefix is Italian if the person lives in Italy, otherwise it stays as it is.
pub fn phone(text: &str, country: &str) -> Result<String, FieldCode> {
    let text = text::tidy(&text::pasted(text));
    if text.is_empty() {
        return Err(FieldCode::Required);
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let body = text.strip_prefix('+').unwrap_or(&text);
    let fits = body.bytes().all(|b| b.is_ascii_digit() || b" ./-()".contains(&b));
    if !fits || !(6..=15).contains(&digits) || text.len() > 30 {
        return Err(FieldCode::Format);
    }
    match text.strip_prefix("00") {
        Some(rest) => Ok(format!("+{rest}")),
        None if !text.starts_with('+') && country.trim().eq_ignore_ascii_case("IT") => {
            Ok(format!("+39 {text}"))
        }
        None => Ok(text),
    }
}

/// A place: country, province and postal code agree with each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostalAddress {
    pub address: String,
    pub postal_code: String,
    pub city: String,
    pub province: String,
    pub country: String,
}

impl PostalAddress {
    pub fn parse(
        form: &mut Form,
        address: &str,
        postal_code: &str,
        city: &str,
        province: &str,
        country: &str,
    ) -> Option<Self> {
        let address = form.check(text::line("address", &text::pasted(address), 3, 150));
        let city = form.check(text::line("city", &text::pasted(city), 1, 100));
        let country = form.field("country", self::country(country));
        let italian = country.as_deref() == Some("IT");
        let province = form.field("province", self::province(province, italian || country.is_none()));
        let postal_code =
            form.field("postalCode", self::postal_code(postal_code, italian || country.is_none()));
        Some(Self {
            address: address?,
            postal_code: postal_code?,
            city: city?,
            province: province?,
            country: country?,
        })
    }
}

/// ISO 3166-1 alpha-2.
pub fn country(text: &str) -> Result<String, FieldCode> {
    let code = text.trim().to_ascii_uppercase();
    match code.len() {
        0 => Err(FieldCode::Required),
        2 if COUNTRIES.split(' ').any(|known| known == code) => Ok(code),
        2 => Err(FieldCode::NotAllowed),
        _ => Err(FieldCode::Format),
    }
}

/// The two-letter code of an Italian province, `EE` abroad.
pub fn province(text: &str, italian: bool) -> Result<String, FieldCode> {
    let code = text.trim().to_ascii_uppercase();
    let known = if italian { PROVINCES.split(' ').any(|known| known == code) } else { code == "EE" };
    match code.len() {
        0 => Err(FieldCode::Required),
        2 if known => Ok(code),
        2 => Err(FieldCode::NotAllowed),
        _ => Err(FieldCode::Format),
    }
}

/// The province of a debtor: archives also hold those that are no more, or have another code now. `EE` needs no
/// country beside it.
pub fn debtor_province(text: &str, country: Option<&str>) -> Result<String, FieldCode> {
    let code = text.trim().to_ascii_uppercase();
    let abroad = country.map_or(code == "EE", |country| country != "IT");
    if !abroad && FORMER_PROVINCES.contains(&code.as_str()) { Ok(code) } else { province(text, !abroad) }
}

/// Forlì, Pesaro, Olbia-Tempio, Ogliastra, Carbonia-Iglesias, Medio Campidano.
const FORMER_PROVINCES: [&str; 6] = ["FO", "PS", "OT", "OG", "CI", "VS"];

/// Five digits in Italy; abroad nothing (sixty countries have none), or 2 to 12 letters, digits, blanks, hyphens.
pub fn postal_code(text: &str, italian: bool) -> Result<String, FieldCode> {
    let code = text::tidy(&text::pasted(text)).to_ascii_uppercase();
    let fits = match italian {
        true => code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit()),
        false => {
            (2..=12).contains(&code.len())
                && code.bytes().all(|b| b.is_ascii_alphanumeric() || b" -".contains(&b))
        }
    };
    match (code.is_empty(), fits) {
        (true, _) if italian => Err(FieldCode::Required),
        (true, _) | (_, true) => Ok(code),
        (false, false) => Err(FieldCode::Format),
    }
}

pub const PROVINCES: &str = "AG AL AN AO AP AQ AR AT AV BA BG BI BL BN BO BR BS BT BZ CA CB CE CH CL CN CO CR CS CT \
CZ EN FC FE FG FI FM FR GE GO GR IM IS KR LC LE LI LO LT LU MB MC ME MI MN MO MS MT NA NO NU OR PA PC PD PE PG PI PN \
PO PR PT PU PV PZ RA RC RE RG RI RM RN RO SA SI SO SP SR SS SU SV TA TE TN TO TP TR TS TV UD VA VB VC VE VI VR VT VV";

pub const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ \
BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET \
FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR \
IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN \
MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY \
QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR \
TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";
