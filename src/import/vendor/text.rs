//! Exports that are text: `shadow`, `htpasswd`, LDIF, and the rows of SQL.

use std::borrow::Cow;

use super::super::field::{Field, Problem};
use super::super::record::Fields;
use super::object::{Object, User, at};
use crate::{Code, codec};

/// The fields of shadow(5) after the password.
const SHADOW: [&str; 7] = ["lastChange", "minDays", "maxDays", "warnDays", "inactiveDays", "expires", "reserved"];

/// Those of FreeBSD's and OpenBSD's master.passwd(5).
const MASTER: [&str; 8] = ["uid", "gid", "class", "change", "expire", "gecos", "home", "shell"];

/// What Solaris writes where nobody gets in by password.
const LOCKED: [&str; 3] = ["NP", "UP", "NL"];

/// Whether a password field lets nobody in.
fn is_locked(hash: &str) -> bool {
    hash.starts_with(['!', '*']) || LOCKED.contains(&hash)
}

/// Whether a line is a name and, after a colon, something without blanks and commas. A name may have anything but a colon in it: then
/// the hash must be one at a glance.
pub(super) fn is_name_and_hash(text: &str) -> bool {
    let mut parts = text.trim_end().split(':');
    let (name, hash) = (parts.next().unwrap_or_default(), parts.next());
    let is_plain = |part: &str| !part.contains([' ', ',', ';', '(', '"']);
    let is_hash = |hash: &str| hash.starts_with('$') || hash.starts_with("{SHA}");
    let is_name = |hash: &str| is_plain(name) || is_hash(hash);
    !name.starts_with(['{', '[']) && hash.is_some_and(|hash| is_plain(hash) && is_name(hash))
}

/// `name:hash:…`. A password field that begins with `!` or `*` lets nobody in.
pub(super) fn shadow(text: &str) -> Result<Fields<'static>, Problem> {
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default();
    let hash = parts.next().ok_or_else(|| Problem::record(Code::Malformed, "has no `:`; is it shadow(5)?"))?;
    if name.starts_with(['+', '-']) {
        return Err(at("username", Code::BadField, "is an entry for NIS, and nobody's account; take the line out"));
    }
    let mut user = User::default();
    user.set(Field::Username, Some(name.to_owned()))?;
    let mut rest = Object::default();
    match hash {
        "x" => {
            let remedy = "is `x`: the hashes stand in /etc/shadow, and this is /etc/passwd";
            return Err(at("password", Code::MissingHash, remedy));
        }
        "" => {}
        locked if is_locked(locked) => rest.put("shadowLocked", "true"),
        hash => user.hash_of("crypt", hash)?,
    }
    let parts: Vec<&str> = parts.collect();
    let names = if parts.len() == MASTER.len() { &MASTER[..] } else { &SHADOW[..] };
    if parts.len() > names.len() {
        return Err(Problem::record(Code::Malformed, "has more fields than shadow(5) and master.passwd(5)"));
    }
    for (name, value) in names.iter().zip(parts) {
        if !value.is_empty() {
            rest.put(name, value);
        }
    }
    user.finish(rest)
}

/// `name:hash`, and perhaps a comment after another colon.
pub(super) fn htpasswd(text: &str) -> Result<Fields<'static>, Problem> {
    let remedy = "has no `:`; a line is NAME:HASH";
    let (name, hash) = text.trim_end().split_once(':').ok_or_else(|| Problem::record(Code::Malformed, remedy))?;
    let (hash, comment) = hash.split_once(':').unwrap_or((hash, ""));
    let mut user = User::default();
    user.set(Field::Username, Some(name.to_owned()))?;
    if !hash.is_empty() {
        user.hash_of("htpasswd", hash)?;
    }
    let mut rest = Object::default();
    if !comment.is_empty() {
        rest.put("comment", comment);
    }
    user.finish(rest)
}

/// Whether a record is of LDIF: its first line names an attribute.
pub(super) fn is_ldif(text: &str) -> bool {
    let first = text.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
    ["dn:", "version:"].iter().any(|name| first.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
}

/// Attributes that are secrets beside the password.
const SECRETS: [&str; 16] = [
    "sambantpassword",
    "sambalmpassword",
    "sambapasswordhistory",
    "pwdhistory",
    "passwordhistory",
    "krbprincipalkey",
    "unicodepwd",
    "dbcspwd",
    "supplementalcredentials",
    "authpassword",
    "ntpwdhistory",
    "lmpwdhistory",
    "ipanthash",
    "oathsecret",
    "ipatokenotpkey",
    "krbpwdhistory",
];

/// An entry: its attributes, those that our schema knows by their usual names.
pub(super) fn ldif(text: &str) -> Result<Fields<'static>, Problem> {
    let mut user = User::default();
    let mut rest: Vec<(String, Vec<Value>)> = Vec::new();
    let mut passwords = Vec::new();
    for line in unfolded(text) {
        let bad = || Problem::record(Code::Malformed, "has a line that is not `name: value`");
        let (name, value) = line.split_once(':').ok_or_else(bad)?;
        let is_file = value.starts_with('<');
        let value = ldif_value(name, value)?;
        // Options such as `;lang-en` and `;binary` stand after the name.
        let plain = name.split(';').next().unwrap_or_default().to_ascii_lowercase();
        if plain == "version" && rest.is_empty() {
            continue;
        }
        if plain == "userpassword" {
            if is_file {
                return Err(at("userPassword", Code::BadField, "is in a file of its own; write it into the LDIF"));
            }
            passwords.push(value.text("userPassword")?);
            continue;
        }
        match rest.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&plain)) {
            Some((_, values)) => values.push(value),
            None => rest.push((plain, vec![value])),
        }
    }
    let mut first = |names: &[&str]| -> Result<Option<String>, Problem> {
        let Some(place) = rest.iter().position(|(name, _)| names.contains(&name.as_str())) else { return Ok(None) };
        let (name, values) = &mut rest[place];
        let value = values.remove(0).text(name)?;
        if values.is_empty() {
            rest.remove(place);
        }
        Ok(Some(value))
    };
    user.set(Field::Username, first(&["uid", "samaccountname", "userid"])?)?;
    user.set(Field::PrimaryEmail, first(&["mail", "rfc822mailbox"])?)?;
    // The telephone of an office is many people's.
    user.set(Field::PrimaryPhone, first(&["mobile"])?)?;
    user.set(Field::Name, first(&["displayname", "cn"])?)?;
    user.profile(&[("givenName", first(&["givenname"])?), ("familyName", first(&["sn"])?)])?;
    // Who has no other password signs in by Samba's.
    let of_samba = of_samba(&rest).filter(|_| passwords.is_empty());
    // Other hashes of the same password, and keys made of it.
    rest.retain(|(name, _)| !SECRETS.contains(&name.as_str()));
    // Nothing, `*` and `!` let nobody in.
    passwords.retain(|text| !text.trim_matches(['*', '!']).is_empty());
    let mut kept = Object::default();
    match &passwords[..] {
        [] => {
            if let Some(hash) = of_samba {
                user.hash("ntlm", hash)?;
            }
        }
        [one] if one.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("{CLEARTEXT}")) => {
            user.hash("Plaintext", &one[11..])?;
        }
        // As shadow(5) locks an account.
        [one] if one.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("{CRYPT}")) && is_locked(&one[7..]) => {
            kept.put("shadowLocked", "true");
        }
        [one] if one.starts_with('{') || one.starts_with('$') => user.directory_hash(one)?,
        [one] => user.hash("Plaintext", one.as_str())?,
        _ => return Err(at("userPassword", Code::DuplicateField, "stands several times; keep one of them")),
    }
    for (name, mut values) in rest {
        if values.len() == 1 {
            kept.put(&name, values.remove(0).0);
        } else {
            let values: Vec<String> = values.iter().map(|value| super::super::json::quote(&value.0)).collect();
            kept.put_json(&name, format!("[{}]", values.join(",")));
        }
    }
    user.finish(kept)
}

/// The NT hash that Samba keeps of a user, unless that is a machine, or no longer in use.
fn of_samba(attributes: &[(String, Vec<Value>)]) -> Option<String> {
    let first =
        |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).and_then(|(_, values)| values.first());
    let is_users = first("sambaacctflags").is_none_or(|flags| flags.0.contains('U') && !flags.0.contains('D'));
    let hash = &first("sambantpassword")?.0;
    let is_hash = hash.len() == 32 && hash.bytes().all(|c| c.is_ascii_hexdigit());
    (is_users && is_hash).then(|| hash.clone())
}

/// A value of LDIF: its text, or base64 of what is none (`false`).
struct Value(String, bool);

impl Value {
    /// Where it has to be a text.
    fn text(self, name: &str) -> Result<String, Problem> {
        if self.1 { Ok(self.0) } else { Err(at(name, Code::BadUtf8, "is not UTF-8; convert it and export again")) }
    }
}

/// The text of a value: after `::` it is in base64, and stays so where it is no text, as a photograph is not.
fn ldif_value(name: &str, value: &str) -> Result<Value, Problem> {
    let Some(base64) = value.strip_prefix(':') else {
        return Ok(Value(value.trim_start_matches(' ').to_owned(), true));
    };
    let bytes = codec::base64_padded_or_not(base64.trim().as_bytes(), codec::Alphabet::Standard);
    let bytes = bytes.map_err(|_| at(name, Code::BadEncoding, "is not base64, which `::` announces"))?;
    Ok(String::from_utf8(bytes).map_or_else(|_| Value(base64.trim().to_owned(), false), |text| Value(text, true)))
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
    match super::super::sql::without_comments(text) {
        Cow::Borrowed(text) => uncommented_values(text),
        // What looks like a comment within quotes stays, so it may be there still: it is looked for once.
        Cow::Owned(text) => {
            let own = |value: Option<Cow<'_, str>>| value.map(|value| Cow::Owned(value.into_owned()));
            uncommented_values(&text).map(|values| values.into_iter().map(own).collect())
        }
    }
}

/// The values of a row that has no comments.
fn uncommented_values(text: &str) -> Result<Vec<Option<Cow<'_, str>>>, Problem> {
    let bad = || Problem::record(Code::Malformed, "is not a row of values in brackets");
    let body = text.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).ok_or_else(bad)?;
    let mut values = Vec::new();
    let mut rest = body.trim_start();
    loop {
        // MySQL takes either quote for a text.
        if let Some(quoted) = introduced(rest).strip_prefix(['\'', '"']) {
            let quote = if introduced(rest).starts_with('"') { '"' } else { '\'' };
            let (value, after) = unquoted(quoted, quote).ok_or_else(bad)?;
            values.push(Some(Cow::Owned(value)));
            rest = after.trim_start();
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let word = rest[..end].trim();
            let value = match word.strip_prefix("0x") {
                // A text as its bytes: `--hex-blob`.
                Some(hex) if !hex.is_empty() => codec::hex(hex.as_bytes())
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .map_or(Cow::Borrowed(word), Cow::Owned),
                _ => Cow::Borrowed(word),
            };
            values.push((!word.eq_ignore_ascii_case("NULL")).then_some(value));
            rest = &rest[end..];
        }
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None if rest.is_empty() => return Ok(values),
            None => return Err(bad()),
        }
    }
}

/// A text without the character set that mysqldump may write before it: `_binary 'ada'`.
fn introduced(text: &str) -> &str {
    let Some(rest) = text.strip_prefix('_') else { return text };
    let after = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).trim_start_matches(' ');
    if after.starts_with(['\'', '"']) { after } else { text }
}

/// A text up to its closing quote, MySQL's escapes undone, and what follows it.
fn unquoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::with_capacity(text.len().min(128));
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote && text[at + 1..].starts_with(quote) => {
                chars.next();
                value.push(quote);
            }
            c if c == quote => return Some((value, &text[at + 1..])),
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
