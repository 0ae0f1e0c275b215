//! Exports that are text: `shadow`, `htpasswd`, LDIF, and the rows of SQL.

use std::borrow::Cow;

use super::super::field::{Field, Problem};
use super::super::record::Fields;
use super::object::{Object, User, at};
use crate::{Code, codec};

/// The fields of shadow(5) after the password.
const SHADOW: [&str; 7] = ["lastChange", "minDays", "maxDays", "warnDays", "inactiveDays", "expires", "reserved"];

/// `name:hash:…`. A password field that begins with `!` or `*` lets nobody in, and `NP` says that there is none.
pub(super) fn shadow(text: &str) -> Result<Fields<'static>, Problem> {
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default();
    let hash = parts.next().ok_or_else(|| Problem::record(Code::Malformed, "has no `:`; is it shadow(5)?"))?;
    let mut user = User::default();
    user.set(Field::Username, Some(name.to_owned()))?;
    let mut rest = Object::default();
    match hash {
        "x" => {
            let remedy = "is `x`: the hashes stand in /etc/shadow, and this is /etc/passwd";
            return Err(at("password", Code::MissingHash, remedy));
        }
        "" => {}
        locked if locked.starts_with(['!', '*']) || locked == "NP" => rest.put("shadowLocked", "true"),
        hash => user.hash("crypt", hash)?,
    }
    for (name, value) in SHADOW.iter().zip(parts) {
        if !value.is_empty() {
            rest.put(name, value);
        }
    }
    user.finish(rest)
}

/// `name:hash`.
pub(super) fn htpasswd(text: &str) -> Result<Fields<'static>, Problem> {
    let remedy = "has no `:`; a line is NAME:HASH";
    let (name, hash) = text.trim_end().split_once(':').ok_or_else(|| Problem::record(Code::Malformed, remedy))?;
    let mut user = User::default();
    user.set(Field::Username, Some(name.to_owned()))?;
    if !hash.is_empty() {
        user.hash("htpasswd", hash)?;
    }
    user.finish(Object::default())
}

/// Whether a record is of LDIF: its first line names an attribute.
pub(super) fn is_ldif(text: &str) -> bool {
    let first = text.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
    ["dn:", "version:"].iter().any(|name| first.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
}

/// An entry: its attributes, those that our schema knows by their usual names.
pub(super) fn ldif(text: &str) -> Result<Fields<'static>, Problem> {
    let mut user = User::default();
    let mut rest: Vec<(String, Vec<String>)> = Vec::new();
    let mut passwords = Vec::new();
    for line in unfolded(text) {
        let bad = || Problem::record(Code::Malformed, "has a line that is not `name: value`");
        let (name, value) = line.split_once(':').ok_or_else(bad)?;
        let value = match value.strip_prefix(':') {
            Some(base64) => {
                let bytes = codec::base64_padded_or_not(base64.trim().as_bytes(), codec::Alphabet::Standard);
                let bytes = bytes.map_err(|_| at(name, Code::BadEncoding, "is not base64, which `::` announces"))?;
                match String::from_utf8(bytes) {
                    Ok(text) => text,
                    // A photograph, say.
                    Err(_) => base64.trim().to_owned(),
                }
            }
            None => value.trim_start_matches(' ').to_owned(),
        };
        // Options such as `;lang-en` and `;binary` stand after the name.
        let plain = name.split(';').next().unwrap_or_default().to_ascii_lowercase();
        if plain == "version" && rest.is_empty() {
            continue;
        }
        if plain == "userpassword" {
            passwords.push(value);
            continue;
        }
        match rest.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&plain)) {
            Some((_, values)) => values.push(value),
            None => rest.push((plain, vec![value])),
        }
    }
    let mut first = |names: &[&str]| {
        let place = rest.iter().position(|(name, _)| names.contains(&name.as_str()))?;
        let (_, values) = &mut rest[place];
        let value = values.remove(0);
        if values.is_empty() {
            rest.remove(place);
        }
        Some(value)
    };
    user.set(Field::Username, first(&["uid", "samaccountname", "userid"]))?;
    user.set(Field::PrimaryEmail, first(&["mail", "rfc822mailbox"]))?;
    user.set(Field::PrimaryPhone, first(&["mobile", "telephonenumber"]))?;
    user.set(Field::Name, first(&["displayname", "cn"]))?;
    user.profile(&[("givenName", first(&["givenname"])), ("familyName", first(&["sn"]))])?;
    match &passwords[..] {
        [] => {}
        [one] if one.starts_with('{') || one.starts_with('$') => user.hash("ldap", one.as_str())?,
        [one] => user.hash("Plaintext", one.as_str())?,
        _ => return Err(at("userPassword", Code::DuplicateField, "stands several times; keep one of them")),
    }
    let mut kept = Object::default();
    for (name, mut values) in rest {
        if values.len() == 1 {
            kept.put(&name, values.remove(0));
        } else {
            let values: Vec<String> = values.iter().map(|value| super::super::json::quote(value)).collect();
            kept.put_json(&name, format!("[{}]", values.join(",")));
        }
    }
    user.finish(kept)
}

/// Lines with their continuations, which begin with a blank; comments left out.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut is_comment = false;
    for line in text.lines() {
        if let Some(more) = line.strip_prefix(' ') {
            if let Some(last) = lines.last_mut().filter(|_| !is_comment) {
                last.push_str(more);
            }
            continue;
        }
        is_comment = line.starts_with('#');
        if !is_comment {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// The values of one row `(1,'ada',NULL)`; `None` is NULL.
pub(super) fn sql_values(text: &str) -> Result<Vec<Option<Cow<'_, str>>>, Problem> {
    let bad = || Problem::record(Code::Malformed, "is not a row of values in brackets");
    let body = text.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).ok_or_else(bad)?;
    let mut values = Vec::new();
    let mut rest = body.trim_start();
    loop {
        if let Some(quoted) = rest.strip_prefix('\'') {
            let (value, after) = unquoted(quoted).ok_or_else(bad)?;
            values.push(Some(Cow::Owned(value)));
            rest = after.trim_start();
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let word = rest[..end].trim();
            values.push((!word.eq_ignore_ascii_case("NULL")).then_some(Cow::Borrowed(word)));
            rest = &rest[end..];
        }
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None if rest.is_empty() => return Ok(values),
            None => return Err(bad()),
        }
    }
}

/// A text up to its closing quote, MySQL's escapes undone, and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::with_capacity(text.len().min(128));
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' if text[at + 1..].starts_with('\'') => {
                chars.next();
                value.push('\'');
            }
            '\'' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                '0' => '\0',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'Z' => '\u{1a}',
                other => other,
            }),
            c => value.push(c),
        }
    }
    None
}
