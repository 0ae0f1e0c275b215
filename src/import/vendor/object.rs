//! A vendor's record as names and values, of which a reader takes what it knows; the rest is kept.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::field::{Field, Problem};
use super::super::json;
use super::super::record::Fields;
use crate::Code;

/// How deep a value may nest.
const DEPTH_MAX: usize = 127;

/// A value: JSON as it stands, or the text of a cell.
enum Member {
    Json(Box<RawValue>),
    Text(String),
}

impl Member {
    /// As JSON.
    fn json(&self) -> Cow<'_, str> {
        match self {
            Self::Json(raw) => Cow::Borrowed(raw.get()),
            Self::Text(text) => Cow::Owned(json::quote(text)),
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Json(raw) if raw.get() == "null")
    }
}

/// Names and values in their order.
#[derive(Default)]
pub(super) struct Object {
    members: Vec<(String, Member)>,
}

/// A record, or part of one, whose members are read in order; a name twice is an error.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

impl Object {
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let bad = || Problem::record(Code::BadJson, "is not a JSON object");
        let Members(members) = serde_json::from_str(text).map_err(|_| bad())?;
        let mut seen = std::collections::HashSet::new();
        for (name, value) in &members {
            if !seen.insert(name.as_str()) {
                return Err(at(name, Code::DuplicateField, "stands twice in the record"));
            }
            if json::is_deeper(value.get(), DEPTH_MAX) {
                return Err(at(name, Code::BadField, "nests deeper than 128 levels"));
            }
        }
        Ok(Self { members: members.into_iter().map(|(name, raw)| (name, Member::Json(raw))).collect() })
    }

    /// With one text in it.
    pub(super) fn of_text(name: &str, text: String) -> Self {
        Self { members: vec![(name.to_owned(), Member::Text(text))] }
    }

    /// A row; `None` is NULL, and an empty cell is a value that is not there.
    pub(super) fn of_row<'c>(
        columns: &[String],
        cells: impl Iterator<Item = Option<Cow<'c, str>>>,
    ) -> Result<Self, Problem> {
        let cells: Vec<_> = cells.collect();
        // Some vendors end each line with a comma.
        let extra = cells.len().checked_sub(columns.len());
        let is_fitting = match extra {
            Some(0) => true,
            Some(extra) => cells.iter().rev().take(extra).all(|cell| cell.as_deref().is_none_or(str::is_empty)),
            None => false,
        };
        if !is_fitting {
            let remedy = format!("has {} columns, not {}", cells.len(), columns.len());
            return Err(Problem::record(Code::BadCsv, remedy));
        }
        let members = columns.iter().zip(cells).filter_map(|(name, cell)| {
            let text = cell.filter(|cell| !cell.is_empty())?.into_owned();
            Some((name.clone(), Member::Text(text)))
        });
        Ok(Self { members: members.collect() })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(known, _)| known == name)
    }

    /// Whether it is there and not null.
    pub(super) fn has_value(&self, name: &str) -> bool {
        self.members.iter().any(|(known, member)| known == name && !member.is_null())
    }

    fn take(&mut self, name: &str) -> Option<Member> {
        let place = self.members.iter().position(|(known, _)| known == name)?;
        Some(self.members.remove(place).1).filter(|member| !member.is_null())
    }

    /// A text; a number is its digits. Nothing where it is not there, null or empty.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let text = match self.take(name) {
            None => return Ok(None),
            Some(Member::Text(text)) => text,
            Some(Member::Json(raw)) => match raw.get().as_bytes() {
                [b'"', ..] => serde_json::from_str(raw.get())
                    .map_err(|_| at(name, Code::BadField, "has an escape that is half of a character"))?,
                [b'0'..=b'9' | b'-', ..] => raw.get().to_owned(),
                _ => return Err(at(name, Code::BadField, "must be a text")),
            },
        };
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// The first of several names that has a text.
    pub(super) fn first(&mut self, names: &[&str]) -> Result<Option<String>, Problem> {
        for name in names {
            if let Some(text) = self.text(name)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// The same, of values that are texts or numbers; what is neither stays.
    pub(super) fn first_text(&mut self, names: &[&str]) -> Result<Option<String>, Problem> {
        for name in names {
            let is_text = self.members.iter().any(|(known, member)| {
                known == name
                    && match member {
                        Member::Text(_) => true,
                        Member::Json(raw) => {
                            raw.get().starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit())
                        }
                    }
            });
            if is_text && let Some(text) = self.text(name)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// The names that are in it.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.members.iter().map(|(name, _)| name.clone())
    }

    /// Takes over what another has and this has not; the rest stays in neither.
    pub(super) fn absorb(&mut self, other: Self) {
        for (name, member) in other.members {
            if !self.has(&name) {
                self.members.push((name, member));
            }
        }
    }

    /// With these names and nothing under them: the head of rows.
    pub(super) fn of_names(names: &[String]) -> Self {
        Self { members: names.iter().map(|name| (name.clone(), Member::Text(String::new()))).collect() }
    }

    pub(super) fn number(&mut self, name: &str) -> Result<Option<u64>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| at(name, Code::BadField, "must be a whole number"))
    }

    /// An object within; also one that stands there as the text of one.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Self>, Problem> {
        let text = match self.take(name) {
            None => return Ok(None),
            Some(Member::Text(text)) => text,
            Some(Member::Json(raw)) if raw.get().starts_with('"') => {
                serde_json::from_str(raw.get()).map_err(|_| at(name, Code::BadField, "must be an object"))?
            }
            Some(Member::Json(raw)) => raw.get().to_owned(),
        };
        // What a column of JSON holds where there is nothing.
        if text.trim() == "null" {
            return Ok(None);
        }
        Self::parse(&text).map(Some).map_err(|problem| Problem { field: name.to_owned().into(), ..problem })
    }

    /// The elements of an array within.
    pub(super) fn array(&mut self, name: &str) -> Result<Vec<Box<RawValue>>, Problem> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Member::Json(raw)) => {
                serde_json::from_str(raw.get()).map_err(|_| at(name, Code::BadField, "must be an array"))
            }
            Some(Member::Text(_)) => Err(at(name, Code::BadField, "must be an array")),
        }
    }

    /// Whether a value is an array or an object, which begin with this.
    fn begins(&self, name: &str, bracket: char) -> bool {
        self.members.iter().any(|(known, member)| {
            known == name && matches!(member, Member::Json(raw) if raw.get().starts_with(bracket))
        })
    }

    pub(super) fn is_array(&self, name: &str) -> bool {
        self.begins(name, '[')
    }

    pub(super) fn is_object(&self, name: &str) -> bool {
        self.begins(name, '{')
    }

    /// The value as JSON.
    pub(super) fn raw(&mut self, name: &str) -> Option<String> {
        self.take(name).map(|member| member.json().into_owned())
    }

    /// Puts a value back, or another in its place.
    pub(super) fn put(&mut self, name: &str, value: impl Into<String>) {
        self.members.push((name.to_owned(), Member::Text(value.into())));
    }

    pub(super) fn put_json(&mut self, name: &str, value: String) {
        if let Ok(raw) = RawValue::from_string(value) {
            self.members.push((name.to_owned(), Member::Json(raw)));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// A text, or a number or truth value as it is written.
    pub(super) fn scalar(&self, name: &str) -> Option<&str> {
        let member = self.members.iter().find(|(known, _)| known == name).map(|(_, member)| member)?;
        Some(match member {
            Member::Text(text) => text.as_str(),
            Member::Json(raw) => raw.get().trim_matches('"'),
        })
    }

    /// Every value as a text, where each is one.
    pub(super) fn into_texts(mut self) -> Option<Vec<(String, String)>> {
        let names: Vec<String> = self.members.iter().map(|(name, _)| name.clone()).collect();
        names.into_iter().map(|name| self.text(&name).ok().map(|text| (name, text.unwrap_or_default()))).collect()
    }

    /// What is left, as JSON.
    pub(super) fn to_json(&self) -> String {
        let members: Vec<_> =
            self.members.iter().map(|(name, member)| format!("{}:{}", json::quote(name), member.json())).collect();
        format!("{{{}}}", members.join(","))
    }

    /// What is left goes to `customData`.
    pub(super) fn keep_rest(self, fields: &mut Fields<'static>) {
        for (name, member) in self.members {
            fields.keep(name, member.json().into_owned());
        }
    }
}

/// A problem with a field of the vendor's.
pub(super) fn at(name: &str, code: Code, remedy: impl Into<Cow<'static, str>>) -> Problem {
    Problem { field: super::super::field::printable(name).into_owned().into(), code, remedy: remedy.into() }
}

/// Our fields, filled one by one.
#[derive(Default)]
pub(super) struct User {
    pub(super) fields: Fields<'static>,
}

impl User {
    pub(super) fn set(&mut self, field: Field, value: Option<String>) -> Result<(), Problem> {
        match value {
            Some(value) => self.fields.take(field, Some(value.into())),
            None => Ok(()),
        }
    }

    pub(super) fn hash(&mut self, tag: &str, text: impl Into<String>) -> Result<(), Problem> {
        self.set(Field::PasswordEncryptionMethod, Some(tag.to_owned()))?;
        self.set(Field::PasswordEncrypted, Some(text.into()))
    }

    /// With a hash of which the export says no more than whose it is.
    pub(super) fn hash_of(&mut self, family: &str, text: impl Into<String>) -> Result<(), Problem> {
        self.fields.imply_tag();
        self.hash(family, text)
    }

    /// With the hash of a directory. SHA-2 without a salt has no method of its own: it is the digest's, in base64.
    pub(super) fn directory_hash(&mut self, text: &str) -> Result<(), Problem> {
        const UNSALTED: [(&str, &str); 4] =
            [("{SHA224}", "sha224"), ("{SHA256}", "sha256"), ("{SHA384}", "sha384"), ("{SHA512}", "sha512")];
        let name = text.get(..8).unwrap_or_default();
        match UNSALTED.iter().find(|(prefix, _)| prefix.eq_ignore_ascii_case(name)) {
            Some((_, digest)) => self.hash(digest, &text[8..]),
            None => self.hash_of("ldap", text),
        }
    }

    /// With a salt, whose bytes are given as they are.
    pub(super) fn salt(&mut self, salt: &[u8]) -> Result<(), Problem> {
        self.set(Field::PasswordSaltEncoding, Some("hex".to_owned()))?;
        self.set(Field::PasswordSalt, Some(crate::codec::to_hex(salt)))
    }

    /// Given and family name, and what else `profile` knows.
    pub(super) fn profile(&mut self, parts: &[(&str, Option<String>)]) -> Result<(), Problem> {
        let mut profile = Object::default();
        for (name, value) in parts {
            if let Some(value) = value {
                profile.put(name, value.clone());
            }
        }
        if profile.is_empty() { Ok(()) } else { self.set(Field::Profile, Some(profile.to_json())) }
    }

    /// Social identities: of each the provider, the user's id there, and the details as JSON. Two of one provider have no
    /// place in the schema, and stay with the rest.
    pub(super) fn identities(&mut self, found: Vec<(String, String, String)>, name: &str) -> Result<(), Problem> {
        let mut identities = Object::default();
        let mut more = Vec::new();
        for (provider, id, details) in found {
            let value = format!("{{\"userId\":{},\"details\":{details}}}", json::quote(&id));
            if identities.has(&provider) {
                more.push(format!("{{{}:{value}}}", json::quote(&provider)));
            } else {
                identities.put_json(&provider, value);
            }
        }
        if !more.is_empty() {
            self.fields.keep(name.to_owned(), format!("[{}]", more.join(",")));
        }
        if identities.is_empty() { Ok(()) } else { self.set(Field::Identities, Some(identities.to_json())) }
    }

    /// A password in the clear, which must never end in `customData`: it is the user's where there is no hash.
    fn clear_password(&mut self, rest: &mut Object) -> Result<(), Problem> {
        match rest.text("password")? {
            None => Ok(()),
            Some(_) if self.fields.is_taken(Field::PasswordEncrypted) => {
                Err(at("password", Code::DuplicateField, "stands in the clear beside a hash; keep one of them"))
            }
            Some(text) => self.hash("Plaintext", text),
        }
    }

    pub(super) fn finish(mut self, mut rest: Object) -> Result<Fields<'static>, Problem> {
        if super::state::is_disabled(&rest) {
            self.fields.disable();
        }
        self.clear_password(&mut rest)?;
        super::secrets::check_rest(&mut rest)?;
        rest.keep_rest(&mut self.fields);
        Ok(self.fields)
    }
}

/// The tag of a digest over password and salt: the method's own name where it has one.
pub(super) fn digest_tag(function: &str, input: &str) -> String {
    let is_salted_method = matches!(function, "md5" | "sha1" | "sha256" | "sha512");
    match input {
        "$p" => function.to_owned(),
        "$s.$p" if is_salted_method => format!("{function}_salted_prefix"),
        "$p.$s" if is_salted_method => format!("{function}_salted_suffix"),
        _ => format!("{function}({input})"),
    }
}

/// Bytes of base64 in either alphabet, padded or not.
pub(super) fn base64(name: &str, text: &str) -> Result<Vec<u8>, Problem> {
    let decoded = crate::codec::base64_padded_or_not(text.trim().as_bytes(), crate::codec::Alphabet::StandardOrUrl);
    decoded.map_err(|_| at(name, Code::BadEncoding, "is not base64"))
}
