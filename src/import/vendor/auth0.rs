//! Auth0's bulk import: `password_hash`, or a `custom_password_hash` of eleven algorithms with salt, key and encodings.

use super::super::field::{Field, Problem};
use super::super::record::Fields;
use super::object::{Object, User, at, digest_tag};
use super::secrets;
use crate::Code;
use crate::codec;

pub(super) fn user(mut object: Object) -> Result<Fields<'static>, Problem> {
    let mut user = User::default();
    let others = identifiers(&mut object)?;
    for (field, name, other) in [
        (Field::Username, "username", "username"),
        (Field::PrimaryEmail, "email", "email"),
        (Field::PrimaryPhone, "phone_number", "phone_number"),
    ] {
        let of_kind = |(kind, value): &(String, String)| (kind == other).then(|| value.clone());
        user.set(field, object.text(name)?.or_else(|| others.iter().find_map(of_kind)))?;
    }
    user.set(Field::Name, object.text("name")?)?;
    user.set(Field::Avatar, object.text("picture")?)?;
    user.profile(&[
        ("givenName", object.text("given_name")?),
        ("familyName", object.text("family_name")?),
        ("nickname", object.text("nickname")?),
    ])?;
    let mut found = Vec::new();
    for identity in object.array("identities")? {
        let mut identity = Object::parse(identity.get())?;
        // The exports of the support team have hashes here.
        if let Some(mut data) = identity.object("profileData")? {
            for name in ["password_hash", "custom_password_hash"] {
                if let Some(raw) = data.raw(name)
                    && !object.has(name)
                {
                    object.put_json(name, raw);
                }
            }
            if !data.is_empty() {
                identity.put_json("profileData", data.to_json());
            }
        }
        let (provider, id) = (identity.text("provider")?, identity.text("user_id")?);
        if let (Some(provider), Some(id)) = (provider, id) {
            secrets::without(&mut identity, &[]);
            found.push((provider, id, identity.to_json()));
        }
    }
    user.identities(found, "auth0Identities")?;
    for name in ["mfa_factors", "guardian_enrollments"] {
        secrets::without_in_list(&mut object, name, &["totp", "secret", "recovery_code"])?;
    }
    let plain = object.first(&["password_hash", "passwordHash"])?;
    match (plain, object.object("custom_password_hash")?) {
        (Some(_), Some(_)) => {
            let remedy = "stands beside password_hash; a user has one of them";
            return Err(at("custom_password_hash", Code::DuplicateField, remedy));
        }
        (Some(hash), None) => user.hash("bcrypt", hash)?,
        (None, Some(custom)) => custom_hash(&mut user, custom)?,
        (None, None) => {}
    }
    super::accounts::named_by_id(&mut user, &mut object, "user_id")?;
    user.finish(object)
}

/// What a user signs in with, by kind: in the support team's exports email and name may stand there alone. The list is kept, since it
/// says what was verified.
fn identifiers(object: &mut Object) -> Result<Vec<(String, String)>, Problem> {
    let mut found = Vec::new();
    if !object.is_array("identifiers") {
        return Ok(found);
    }
    let list = object.array("identifiers")?;
    for element in &list {
        let Ok(mut element) = Object::parse(element.get()) else { continue };
        if let (Ok(Some(kind)), Ok(Some(value))) = (element.text("type"), element.text("value")) {
            found.push((kind, value));
        }
    }
    let list: Vec<&str> = list.iter().map(|element| element.get()).collect();
    object.put_json("identifiers", format!("[{}]", list.join(",")));
    Ok(found)
}

fn bad(part: &str, code: Code, remedy: &'static str) -> Problem {
    at(&format!("custom_password_hash.{part}"), code, remedy)
}

/// Bytes of a value beside its encoding.
fn decoded(part: &str, value: &str, encoding: &str) -> Result<Vec<u8>, Problem> {
    let bytes = match encoding.to_ascii_lowercase().as_str() {
        "utf8" | "utf-8" | "" => return Ok(value.as_bytes().to_vec()),
        "hex" => codec::hex(value.as_bytes()),
        "base64" | "base64url" => codec::base64_padded_or_not(value.as_bytes(), codec::Alphabet::StandardOrUrl),
        _ => return Err(bad(part, Code::BadField, "has an encoding that is not utf8, hex or base64")),
    };
    bytes.map_err(|_| bad(part, Code::BadEncoding, "is not in its encoding"))
}

fn custom_hash(user: &mut User, mut custom: Object) -> Result<(), Problem> {
    let algorithm = custom.text("algorithm")?.unwrap_or_default().to_ascii_lowercase();
    let Some(mut hash) = custom.object("hash")? else {
        return Err(bad("hash", Code::MissingHash, "is not there"));
    };
    let value = hash.text("value")?.ok_or_else(|| bad("hash.value", Code::MissingHash, "is not there"))?;
    let encoding = hash.text("encoding")?.unwrap_or_default();
    let password = match custom.object("password")? {
        None => "$p",
        Some(mut password) => match password.text("encoding")?.unwrap_or_default().as_str() {
            "" | "utf8" | "ascii" => "$p",
            "utf16le" | "ucs2" => "utf16le($p)",
            "latin1" | "binary" => "latin1($p)",
            _ => return Err(bad("password.encoding", Code::BadField, "is none that Auth0 knows")),
        },
    };
    let salt = match custom.object("salt")? {
        None => None,
        Some(mut salt) => {
            let value = salt.text("value")?.unwrap_or_default();
            let bytes = decoded("salt.value", &value, &salt.text("encoding")?.unwrap_or_default())?;
            let is_after = match salt.text("position")?.as_deref() {
                None | Some("prefix") => false,
                Some("suffix") => true,
                Some(_) => return Err(bad("salt.position", Code::BadField, "must be prefix or suffix")),
            };
            Some((bytes, is_after)).filter(|(bytes, _)| !bytes.is_empty())
        }
    };
    let input = match &salt {
        None => password.to_owned(),
        Some((_, false)) => format!("$s.{password}"),
        Some((_, true)) => format!("{password}.$s"),
    };
    match algorithm.as_str() {
        "md4" | "md5" | "sha1" | "sha256" | "sha512" => {
            user.hash(&digest_tag(&algorithm, &input), value)?;
            salted(user, salt)?;
            encoded(user, &encoding)
        }
        "hmac" => {
            let digest = hash.text("digest")?.unwrap_or_default().to_ascii_lowercase();
            let Some(mut key) = hash.object("key")? else {
                return Err(bad("hash.key", Code::MissingKey, "is not there: HMAC needs one"));
            };
            let bytes = decoded(
                "hash.key",
                &key.text("value")?.unwrap_or_default(),
                &key.text("encoding")?.unwrap_or_default(),
            )?;
            if bytes.is_empty() {
                return Err(bad("hash.key", Code::MissingKey, "is empty: HMAC needs one"));
            }
            // The key stands beside the hash, as a salt does, and not in the tag: it can be long, and tags are shown.
            user.hash(&format!("hmac_{digest}($s2,{input})"), value)?;
            user.set(Field::PasswordSaltEncoding, Some("hex".to_owned()))?;
            user.set(Field::PasswordSalt2, Some(codec::to_hex(&bytes)))?;
            if let Some((bytes, _)) = &salt {
                user.set(Field::PasswordSalt, Some(codec::to_hex(bytes)))?;
            }
            encoded(user, &encoding)
        }
        "bcrypt" => {
            let tag = if input == "$p" { "bcrypt".to_owned() } else { format!("bcrypt({input})") };
            user.hash(&tag, value)?;
            salted(user, salt)
        }
        "argon2" if input == "$p" => user.hash("argon2", value),
        "ldap" if input == "$p" => user.directory_hash(&value),
        "pbkdf2" if salt.is_none() => {
            let tag = if input == "$p" { "pbkdf2".to_owned() } else { format!("pbkdf2({input})") };
            user.hash(&tag, with_defaults(&value))
        }
        "scrypt" => {
            let output = decoded("hash.value", &value, if encoding.is_empty() { "hex" } else { &encoding })?;
            let mut number =
                |name: &str, default: u64| -> Result<u64, Problem> { Ok(custom.number(name)?.unwrap_or(default)) };
            let (cost, r, p) = (number("cost", 16384)?, number("blockSize", 8)?, number("parallelization", 1)?);
            let length = number("keylen", output.len() as u64)?;
            if length != output.len() as u64 {
                return Err(bad("keylen", Code::WrongLength, "is not the hash's length"));
            }
            if !cost.is_power_of_two() || cost < 2 {
                return Err(bad("cost", Code::Malformed, "must be a power of two"));
            }
            let (salt, _) = salt.ok_or_else(|| bad("salt", Code::MissingSalt, "is not there: scrypt needs one"))?;
            let text = format!(
                "$scrypt$ln={},r={r},p={p}${}${}",
                cost.ilog2(),
                codec::to_base64(&salt),
                codec::to_base64(&output)
            );
            let tag = if password == "$p" { "scrypt".to_owned() } else { format!("scrypt({password})") };
            user.hash(&tag, text)
        }
        "argon2" | "ldap" | "pbkdf2" => {
            Err(bad("salt", Code::BadField, "has no place: the hash holds its own, and the password is UTF-8"))
        }
        _ => Err(bad("algorithm", Code::UnknownMethod, "is none that Auth0 names")),
    }
}

/// Auth0 takes 100,000 iterations and 64 bytes where the string does not say.
fn with_defaults(text: &str) -> String {
    let parts: Vec<&str> = text.split('$').collect();
    match parts[..] {
        ["", name, salt, hash] => format!("${name}$i=100000,l=64${salt}${hash}"),
        ["", name, parameters, salt, hash] if !parameters.contains("i=") => {
            format!("${name}$i=100000,{parameters}${salt}${hash}")
        }
        _ => text.to_owned(),
    }
}

fn salted(user: &mut User, salt: Option<(Vec<u8>, bool)>) -> Result<(), Problem> {
    salt.map_or(Ok(()), |(bytes, _)| user.salt(&bytes))
}

fn encoded(user: &mut User, encoding: &str) -> Result<(), Problem> {
    match encoding.to_ascii_lowercase().as_str() {
        "" => Ok(()),
        "hex" => user.set(Field::PasswordEncoding, Some("hex".to_owned())),
        // Either alphabet, which the length and the symbols tell.
        "base64" | "base64url" => Ok(()),
        _ => Err(bad("hash.encoding", Code::BadField, "must be hex, base64 or base64url")),
    }
}
