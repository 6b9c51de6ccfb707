use std::collections::BTreeMap;
use std::fmt;

use domain::error::Form;
use domain::{Error, FieldCode, FieldError};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How deep a body may nest (INV-X02).
const MAX_DEPTH: usize = 32;

/// The fields of a JSON object, taken one by one; what is left over at [`Body::end`] is unknown.
///
/// A field of another type than asked for is remembered as an error of form, so that a person hears of all
/// wrong fields at once.
pub struct Body {
    fields: Map<String, Value>,
    /// The errors of the form so far; functions add their own.
    pub form: Form,
}

impl Body {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let value = Strict { depth: 0 }.deserialize(&mut json).map_err(|_| Error::MalformedBody)?;
        json.end().map_err(|_| Error::MalformedBody)?;
        match value {
            Value::Object(fields) => Ok(Self { fields, form: Form::default() }),
            _ => Err(Error::MalformedBody),
        }
    }

    /// One JSON object of a text that holds many.
    pub fn of_text(text: &str) -> Result<Self, Error> {
        Self::parse(text.as_bytes())
    }

    /// Takes a text; empty when it is missing.
    pub fn text(&mut self, name: &str) -> String {
        self.optional_text(name).unwrap_or_default()
    }

    /// Takes a text that may be missing.
    pub fn optional_text(&mut self, name: &str) -> Option<String> {
        match self.fields.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => self.refuse(name, FieldCode::Format),
        }
    }

    /// Takes a box that is ticked or not; not ticked when it is missing.
    pub fn ticked(&mut self, name: &str) -> bool {
        match self.fields.remove(name) {
            Some(Value::Bool(ticked)) => ticked,
            None | Some(Value::Null) => false,
            Some(_) => self.refuse(name, FieldCode::Format).unwrap_or(false),
        }
    }

    /// Takes a whole number, such as an amount in cents. A fraction or a negative number is an error of form.
    pub fn number(&mut self, name: &str) -> Option<u64> {
        match self.fields.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::Number(n)) => match n.as_u64() {
                Some(n) => Some(n),
                None => self.refuse(name, FieldCode::Format),
            },
            Some(_) => self.refuse(name, FieldCode::Format),
        }
    }

    /// Takes a list of texts; empty when it is missing.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        match self.fields.remove(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => {
                let texts: Option<Vec<String>> =
                    items.into_iter().map(|item| item.as_str().map(str::to_owned)).collect();
                texts.or_else(|| self.refuse(name, FieldCode::Format)).unwrap_or_default()
            }
            Some(_) => self.refuse(name, FieldCode::Format).unwrap_or_default(),
        }
    }

    /// Takes an object of texts, numbers and yes or no, each as text: the fields that a service adds.
    pub fn texts_by_name(&mut self, name: &str) -> BTreeMap<String, String> {
        let Some(value) = self.fields.remove(name) else { return BTreeMap::new() };
        let Value::Object(fields) = value else {
            if !value.is_null() {
                self.refuse::<()>(name, FieldCode::Format);
            }
            return BTreeMap::new();
        };
        let mut texts = BTreeMap::new();
        for (key, value) in fields {
            match value {
                Value::String(text) => texts.insert(key, text),
                Value::Number(n) => texts.insert(key, n.to_string()),
                Value::Null => None,
                Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                    self.form.refuse(FieldError::new(format!("{name}.{key}"), FieldCode::Format));
                    None
                }
            };
        }
        texts
    }

    /// Takes an object inside the object, to be read in the same way.
    pub fn object(&mut self, name: &str) -> Body {
        match self.fields.remove(name) {
            Some(Value::Object(fields)) => Body { fields, form: Form::default() },
            None | Some(Value::Null) => {
                self.refuse::<()>(name, FieldCode::Required);
                Body { fields: Map::new(), form: Form::default() }
            }
            Some(_) => {
                self.refuse::<()>(name, FieldCode::Format);
                Body { fields: Map::new(), form: Form::default() }
            }
        }
    }

    /// Whether the object holds this field, taken or not yet taken.
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Refuses what nobody asked for, then gives the errors collected so far.
    pub fn end(&mut self) -> Result<Form, Error> {
        match self.fields.keys().next() {
            Some(unknown) => Err(Error::UnknownField(unknown.clone())),
            None => Ok(std::mem::take(&mut self.form)),
        }
    }

    fn refuse<T>(&mut self, name: &str, code: FieldCode) -> Option<T> {
        self.form.refuse(FieldError::new(name, code));
        None
    }
}

/// Reads any JSON value, refusing duplicate keys and deep nesting.
struct Strict {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let depth = deeper(self.depth)?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Strict { depth })? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let depth = deeper(self.depth)?;
        let mut fields = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Strict { depth })?;
            if fields.insert(key, value).is_some() {
                return Err(serde::de::Error::custom("a key is there twice"));
            }
        }
        Ok(Value::Object(fields))
    }
}

fn deeper<E: serde::de::Error>(depth: usize) -> Result<usize, E> {
    let depth = depth.saturating_add(1);
    if depth > MAX_DEPTH { Err(E::custom("too deep")) } else { Ok(depth) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inv_x05_duplicate_keys_and_trailing_text_are_refused() {
        for bad in
            [r#"{"a":1,"a":2}"#, r#"{"a":{"b":1,"b":1}}"#, "{} {}", "[]", "null", "", "{", "\u{feff}{}"]
        {
            assert!(matches!(Body::parse(bad.as_bytes()), Err(Error::MalformedBody)), "{bad}");
        }
    }

    #[test]
    fn inv_x02_nesting_is_bounded_at_the_limit_and_one_beyond() {
        let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(Body::parse(nested(MAX_DEPTH - 1).as_bytes()).is_ok());
        assert!(Body::parse(nested(MAX_DEPTH).as_bytes()).is_err());
        assert!(Body::parse(nested(100_000).as_bytes()).is_err());
    }

    #[test]
    fn every_wrong_field_is_remembered_and_what_nobody_asked_for_is_refused() {
        let mut body = Body::parse(br#"{"a":1,"b":"x","c":-1,"d":1.5,"e":["x",1],"f":[],"z":null}"#).unwrap();
        assert_eq!(body.optional_text("a"), None);
        assert!(!body.ticked("b"));
        assert_eq!(body.number("c"), None);
        assert_eq!(body.number("d"), None);
        assert!(body.texts("e").is_empty());
        assert!(body.texts_by_name("f").is_empty());
        assert!(matches!(body.end(), Err(Error::UnknownField(name)) if name == "z"));
        body.optional_text("z");
        let Err(Error::Invalid(errors)) = body.end().unwrap().finish() else { panic!("no errors") };
        let named: Vec<&str> = errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(named, ["a", "b", "c", "d", "e", "f"]);
    }
}
