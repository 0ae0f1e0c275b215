//! A record from JSON: one pass, values borrowed where they have no escapes, nested objects kept as they stand.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::field::{Field, Problem};
use super::record::Fields;
use crate::Code;

/// How deep a record's JSON may nest: what common parsers, and with them the readers of a store, can take.
const DEPTH_MAX: usize = 128;

/// Reads one record.
pub(super) fn fields(text: &str) -> Result<Fields<'_>, Vec<Problem>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = deserializer.deserialize_map(RecordVisitor).and_then(|found| deserializer.end().map(|()| found));
    match read {
        Ok((fields, problems)) if problems.is_empty() => Ok(fields),
        Ok((_, problems)) => Err(problems),
        Err(error) => Err(vec![Problem::record(Code::BadJson, remedy(text, &error))]),
    }
}

/// What is wrong, and at which character; serde's own words may repeat parts of the record.
fn remedy(text: &str, error: &serde_json::Error) -> String {
    if !text.trim_ascii_start().starts_with('{') {
        return "is not a JSON object".to_owned();
    }
    match error.classify() {
        serde_json::error::Category::Eof => "ends too early; the record was cut off".to_owned(),
        _ if text.contains('\n') => {
            format!("is not JSON at character {} of line {} of the record", error.column(), error.line())
        }
        _ => format!("is not JSON at character {}", error.column()),
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = (Fields<'de>, Vec<Problem>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        let mut problems = Vec::new();
        while let Some(Key(name)) = map.next_key()? {
            let value: &RawValue = map.next_value()?;
            if let Err(problem) = take(&mut fields, name, value.get()) {
                problems.push(problem);
            }
        }
        Ok((fields, problems))
    }
}

/// A key, borrowed where it has no escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

fn take<'a>(fields: &mut Fields<'a>, name: Cow<'a, str>, raw: &'a str) -> Result<(), Problem> {
    let Some(field) = Field::of(&name) else {
        check_depth(Field::CustomData, raw, DEPTH_MAX - 1)?;
        return fields.take_unknown(name, Cow::Borrowed(raw));
    };
    let value = match raw.as_bytes() {
        b"null" => None,
        [b'{', ..] if field.is_object() => Some(Cow::Borrowed(raw)),
        [b'"', ..] if !field.is_object() => Some(string(field, raw)?),
        // What a database's reader makes of a binary column's value.
        [b'{', ..] if !field.is_object() && raw.starts_with("{\"hex\":") => {
            let remedy = "holds bytes that are not UTF-8; select the column converted, or a hash or salt as hex";
            return Err(Problem::new(field, Code::BadUtf8, remedy));
        }
        _ => {
            let wanted = if field.is_object() { "must be a JSON object or null" } else { "must be a string or null" };
            return Err(Problem::new(field, Code::BadField, wanted));
        }
    };
    if value.is_some() && field.is_object() {
        check_depth(field, raw, DEPTH_MAX)?;
    }
    fields.take(field, value)
}

fn string(field: Field, raw: &str) -> Result<Cow<'_, str>, Problem> {
    let inner = &raw[1..raw.len() - 1];
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(raw)
        .map(Cow::Owned)
        .map_err(|_| Problem::new(field, Code::BadField, "has an escape that is half of a character"))
}

/// Whether a text is one JSON object, for values that come as text.
pub(super) fn check_object(field: Field, text: &str) -> Result<(), Problem> {
    let is_json = serde_json::from_str::<&RawValue>(text).is_ok();
    if !is_json || !text.trim_ascii_start().starts_with('{') {
        return Err(Problem::new(field, Code::BadField, "must be a JSON object"));
    }
    check_depth(field, text, DEPTH_MAX)
}

/// Whether a text is one JSON value.
#[cfg(feature = "source")]
pub(super) fn is_value(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

fn check_depth(field: Field, text: &str, max: usize) -> Result<(), Problem> {
    // Most objects are far smaller than the limit is deep.
    if is_deeper(text, max) {
        return Err(Problem::new(field, Code::BadField, "nests deeper than 128 levels"));
    }
    Ok(())
}

/// Whether well-formed JSON nests deeper than so many levels.
pub(super) fn is_deeper(text: &str, max: usize) -> bool {
    text.len() >= 2 * max && depth(text) > max
}

/// How deep well-formed JSON nests.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut is_in_string, mut is_escaped) = (0usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_in_string => is_escaped = true,
            b'"' => is_in_string = !is_in_string,
            b'{' | b'[' if !is_in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !is_in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A text as a JSON string.
pub(super) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `object` with more members; the name of the first that it has already, or that stands twice among them.
pub(super) fn with_members(object: &str, more: &[(Cow<'_, str>, Cow<'_, str>)]) -> Result<String, String> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = HashSet<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HashSet<String>, A::Error> {
            let mut keys = HashSet::new();
            while let Some((Key(key), IgnoredAny)) = map.next_entry()? {
                keys.insert(key.into_owned());
            }
            Ok(keys)
        }
    }
    // The object has been read before, so it has keys to read.
    let mut keys = serde_json::Deserializer::from_str(object).deserialize_map(Keys).unwrap_or_default();
    let body = object.trim_ascii_end();
    let mut whole = body.strip_suffix('}').unwrap_or(body).to_owned();
    for (name, raw) in more {
        if !keys.insert(name.clone().into_owned()) {
            return Err(name.clone().into_owned());
        }
        if !whole.trim_ascii_end().ends_with('{') || keys.len() > 1 {
            whole.push(',');
        }
        whole.push_str(&quote(name));
        whole.push(':');
        whole.push_str(raw);
    }
    whole.push('}');
    Ok(whole)
}
