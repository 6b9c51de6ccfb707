use std::fmt;
use std::marker::PhantomData;

use domain::error::Form;
use domain::{FieldCode, FieldError};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use crate::problem::HttpError;

/// How deep a body may nest (INV-X02).
const MAX_DEPTH: usize = 32;

/// A JSON object as it was sent: its syntax is sound, its fields are still to be read.
pub type JsonObject = Map<String, Value>;

/// Parses a JSON object.
///
/// # Errors
///
/// [`HttpError::MalformedBody`] for anything else, for a key that is there twice, for nesting deeper than 32 and for
/// text after the object.
pub fn parse_object(bytes: &[u8]) -> Result<JsonObject, HttpError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }.deserialize(&mut json).map_err(|_| HttpError::MalformedBody)?;
    json.end().map_err(|_| HttpError::MalformedBody)?;
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(HttpError::MalformedBody),
    }
}

/// Reads an object's fields into a struct, with the errors of form for the caller to add to.
///
/// `T` denies unknown fields, and each of its fields is an `Option`: a field that is missing, `null` or of the wrong
/// type is `None`. The wrong types are in the form, all of them: serde stops at the first, so that field is emptied
/// and the object read again.
///
/// # Errors
///
/// [`HttpError::UnknownField`] with the field's name, `debtor.shoeSize` for one inside an object.
pub fn read_fields<T: DeserializeOwned>(object: JsonObject) -> Result<(T, Form), HttpError> {
    let mut body = Value::Object(object);
    let mut form = Form::default();
    loop {
        let error = match serde_path_to_error::deserialize(&body) {
            Ok(fields) => return Ok((fields, form)),
            Err(error) => error,
        };
        // As far as the field: an item of a list has no name of its own.
        let names = error.path().iter().map_while(|segment| match segment {
            Segment::Map { key } => Some(key.as_str()),
            _ => None,
        });
        let names: Vec<&str> = names.collect();
        let value = names.iter().try_fold(&mut body, |value, name| value.get_mut(name));
        match value {
            Some(value) if !value.is_null() => {
                *value = Value::Null;
                form.refuse(FieldError::new(names.join("."), FieldCode::Format));
            }
            // No known field refuses `null`.
            _ => return Err(HttpError::UnknownField(names.join("."))),
        }
    }
}

/// A struct inside a body. Only an object will do, where serde would also take a list of its fields' values.
pub struct Nested<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nested<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectOnly(PhantomData))
    }
}

struct ObjectOnly<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectOnly<T> {
    type Value = Nested<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Nested<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Nested)
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
            assert!(matches!(parse_object(bad.as_bytes()), Err(HttpError::MalformedBody)), "{bad}");
        }
    }

    #[test]
    fn inv_x02_nesting_is_bounded_at_the_limit_and_one_beyond() {
        let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(parse_object(nested(MAX_DEPTH - 1).as_bytes()).is_ok());
        assert!(parse_object(nested(MAX_DEPTH).as_bytes()).is_err());
        assert!(parse_object(nested(100_000).as_bytes()).is_err());
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields {
        text: Option<String>,
        ticked: Option<bool>,
        cents: Option<u64>,
        texts: Option<Vec<String>>,
        by_name: Option<JsonObject>,
        inside: Option<Nested<Inside>>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inside {
        text: Option<String>,
    }

    impl<T: PartialEq> PartialEq for Nested<T> {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }

    impl<T: fmt::Debug> fmt::Debug for Nested<T> {
        fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
            self.0.fmt(f)
        }
    }

    fn read(text: &str) -> Result<(Fields, Vec<String>), HttpError> {
        let (fields, form) = read_fields(parse_object(text.as_bytes())?)?;
        let errors = match form.finish() {
            Ok(()) => Vec::new(),
            Err(domain::Error::Invalid(errors)) => errors,
            Err(error) => panic!("{error:?}"),
        };
        Ok((fields, errors.into_iter().map(|error| format!("{} {}", error.field, error.code)).collect()))
    }

    #[test]
    fn what_is_missing_or_null_is_none_and_the_rest_is_read() {
        assert_eq!(read("{}").unwrap(), (Fields::default(), vec![]));
        let nulls = r#"{"text":null,"ticked":null,"cents":null,"texts":null,"by_name":null,"inside":null}"#;
        assert_eq!(read(nulls).unwrap(), (Fields::default(), vec![]));
        let all =
            r#"{"text":"x","ticked":true,"cents":5,"texts":["y"],"by_name":{"z":1},"inside":{"text":"w"}}"#;
        let (fields, errors) = read(all).unwrap();
        assert_eq!((fields.text.as_deref(), fields.ticked, fields.cents), (Some("x"), Some(true), Some(5)));
        assert_eq!(fields.texts.unwrap(), ["y"]);
        assert_eq!(fields.by_name.unwrap().len(), 1);
        assert_eq!(fields.inside.unwrap().0.text.as_deref(), Some("w"));
        assert!(errors.is_empty());
    }

    #[test]
    fn every_field_of_the_wrong_type_is_remembered() {
        for wrong in ["1", "true", "[]", "{}"] {
            let (fields, errors) = read(&format!(r#"{{"text":{wrong}}}"#)).unwrap();
            assert_eq!((fields, errors), (Fields::default(), vec!["text format".to_owned()]), "{wrong}");
        }
        for wrong in ["-1", "1.5", "1.0", "18446744073709551616", "\"1\"", "true"] {
            assert_eq!(read(&format!(r#"{{"cents":{wrong}}}"#)).unwrap().1, ["cents format"], "{wrong}");
        }
        for wrong in [r#"["x",1]"#, r#"["x",null]"#, r#""x""#, "{}"] {
            assert_eq!(read(&format!(r#"{{"texts":{wrong}}}"#)).unwrap().1, ["texts format"], "{wrong}");
        }
        for wrong in [r#"["x"]"#, "[]", r#""x""#, "1"] {
            assert_eq!(read(&format!(r#"{{"inside":{wrong}}}"#)).unwrap().1, ["inside format"], "{wrong}");
        }
        let all = r#"{"text":1,"ticked":"x","cents":-1,"texts":["x",1],"by_name":[],"inside":{"text":[]}}"#;
        let mut errors = read(all).unwrap().1;
        errors.sort_unstable();
        let expected = ["by_name", "cents", "inside.text", "text", "texts", "ticked"];
        assert_eq!(errors, expected.map(|name| format!("{name} format")));
    }

    #[test]
    fn the_first_unknown_field_is_named_whatever_else_is_wrong() {
        for (text, unknown) in [
            (r#"{"z":1}"#, "z"),
            (r#"{"z":null}"#, "z"),
            (r#"{"text":1,"z":[]}"#, "z"),
            (r#"{"y":1,"z":1}"#, "y"),
            (r#"{"inside":{"z":1}}"#, "inside.z"),
            (r#"{"inside":{"text":1,"z":null}}"#, "inside.z"),
            (r#"{"a.b":1}"#, "a.b"),
            (r#"{"":1}"#, ""),
        ] {
            assert!(matches!(read(text), Err(HttpError::UnknownField(name)) if name == unknown), "{text}");
        }
    }
}
