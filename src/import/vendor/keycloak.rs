//! Keycloak's users: credentials whose data are JSON within JSON.

use super::super::field::{Field, Problem};
use super::super::record::Fields;
use super::object::{Object, User, at, base64};
use super::secrets;
use crate::{Code, codec};

pub(super) fn user(mut object: Object) -> Result<Fields<'static>, Problem> {
    let mut user = User::default();
    user.set(Field::Username, object.text("username")?)?;
    user.set(Field::PrimaryEmail, object.text("email")?)?;
    let (given, family) = (object.text("firstName")?, object.text("lastName")?);
    let name: Vec<&str> = [&given, &family].into_iter().flatten().map(String::as_str).collect();
    user.set(Field::Name, Some(name.join(" ")).filter(|name| !name.is_empty()))?;
    user.profile(&[("givenName", given), ("familyName", family)])?;
    let mut found = Vec::new();
    for identity in object.array("federatedIdentities")? {
        let mut identity = Object::parse(identity.get())?;
        let (provider, id) = (identity.text("identityProvider")?, identity.text("userId")?);
        if let (Some(provider), Some(id)) = (provider, id) {
            found.push((provider, id, identity.to_json()));
        }
    }
    user.identities(found, "federatedIdentities")?;
    let mut others = Vec::new();
    let mut has_password = false;
    for credential in object.array("credentials")? {
        let mut parsed = Object::parse(credential.get())?;
        let kind = parsed.text("type")?.unwrap_or_default();
        // What a realm's policy keeps of earlier passwords is nobody's to import.
        if kind == "password-history" {
            continue;
        }
        if kind != "password" {
            secrets::without(&mut parsed, &["secretData", "value", "salt", "hashedSaltedValue"]);
            parsed.put("type", kind);
            others.push(parsed.to_json());
            continue;
        }
        if std::mem::replace(&mut has_password, true) {
            return Err(at("credentials", Code::DuplicateField, "has two passwords"));
        }
        password(&mut user, &mut parsed)?;
        if !parsed.is_empty() {
            others.push(parsed.to_json());
        }
    }
    if !others.is_empty() {
        object.put_json("credentials", format!("[{}]", others.join(",")));
    }
    user.finish(object)
}

/// The value as one of Keycloak's providers makes it, written as a PHC string.
fn password(user: &mut User, credential: &mut Object) -> Result<(), Problem> {
    if let Some(text) = credential.text("value")?
        && !credential.has("hashIterations")
        && !credential.has("salt")
    {
        return user.hash("Plaintext", text);
    }
    let missing = |name: &'static str| at(name, Code::MissingHash, "is not there");
    // Before version 8 all of it stood in the credential itself.
    let mut secret = match credential.object("secretData")? {
        Some(secret) => secret,
        None => {
            let mut secret = Object::default();
            let value = credential.text("hashedSaltedValue")?.ok_or_else(|| missing("secretData"))?;
            secret.put("value", value);
            if let Some(salt) = credential.text("salt")? {
                secret.put("salt", salt);
            }
            secret
        }
    };
    let mut data = credential.object("credentialData")?.unwrap_or_default();
    let value = secret.text("value")?.ok_or_else(|| missing("secretData.value"))?;
    // The bcrypt provider, which is an extension, keeps the text as it is.
    if value.starts_with("$2") {
        return user.hash("bcrypt", value);
    }
    let value = base64("secretData.value", &value)?;
    let salt = match secret.text("salt")? {
        Some(salt) => base64("secretData.salt", &salt)?,
        None => Vec::new(),
    };
    let algorithm = match data.text("algorithm")? {
        Some(algorithm) => algorithm,
        None => credential.text("algorithm")?.unwrap_or_else(|| "pbkdf2".to_owned()),
    };
    if salt.is_empty() && algorithm != "bcrypt" {
        return Err(at("secretData.salt", Code::MissingSalt, "is not there, and Keycloak's hashes always have one"));
    }
    let iterations = match data.number("hashIterations")? {
        Some(iterations) => iterations,
        None => credential.number("hashIterations")?.unwrap_or(1),
    };
    let (salt, value_text) = (codec::to_base64(&salt), codec::to_base64(&value));
    match algorithm.as_str() {
        "pbkdf2" | "pbkdf2-sha256" | "pbkdf2-sha512" => {
            let name = if algorithm == "pbkdf2" { "pbkdf2-sha1" } else { &algorithm };
            user.hash("pbkdf2", format!("${name}$i={iterations},l={}${salt}${value_text}", value.len()))
        }
        "argon2" => {
            let mut more = data.object("additionalParameters")?.unwrap_or_default();
            let mut one = |name: &'static str, default: &str| {
                parameter(&mut more, name).map(|found| found.unwrap_or_else(|| default.to_owned()))
            };
            let version = match one("version", "1.3")?.as_str() {
                "1.3" => 19,
                "1.0" => 16,
                _ => return Err(at("additionalParameters.version", Code::Malformed, "must be 1.0 or 1.3")),
            };
            let kind = one("type", "id")?;
            let (memory, lanes) = (one("memory", "7168")?, one("parallelism", "1")?);
            if one("hashLength", "")?.parse().is_ok_and(|length: usize| length != value.len()) {
                return Err(at("additionalParameters.hashLength", Code::WrongLength, "is not the hash's length"));
            }
            let text = format!("$argon2{kind}$v={version}$m={memory},t={iterations},p={lanes}${salt}${value_text}");
            user.hash("argon2", text)
        }
        "bcrypt" => {
            let text = String::from_utf8(value).map_err(|_| at("secretData.value", Code::Malformed, "is no text"))?;
            user.hash("bcrypt", text)
        }
        _ => Err(at("credentialData.algorithm", Code::UnknownMethod, "is none of Keycloak's own providers")),
    }
}

/// One of the parameters beside the iterations: a list of one value, or the value; a text, or a number.
fn parameter(more: &mut Object, name: &'static str) -> Result<Option<String>, Problem> {
    let bad = || at(&format!("additionalParameters.{name}"), Code::Malformed, "must be one text or number");
    if !more.is_array(name) {
        return more.text(name).map_err(|_| bad());
    }
    let list = more.array(name)?;
    let [one] = &list[..] else { return Err(bad()) };
    let mut holder = Object::default();
    holder.put_json(name, one.get().to_owned());
    holder.text(name).ok().flatten().map(Some).ok_or_else(bad)
}
