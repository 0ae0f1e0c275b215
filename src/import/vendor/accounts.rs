//! The vendors whose records hold a hash as text, which names itself or has a hasher's name beside it.

use super::super::field::{Field, Problem};
use super::super::record::Fields;
use super::object::{Object, User, at};
use crate::Code;

type Read = Result<Fields<'static>, Problem>;

/// Email and phone under these names.
fn contact(user: &mut User, object: &mut Object, emails: &[&str], phones: &[&str]) -> Result<(), Problem> {
    user.set(Field::PrimaryEmail, object.first(emails)?)?;
    user.set(Field::PrimaryPhone, object.first(phones)?)
}

/// Given and family name joined, where there is no name as such.
fn joined(given: Option<&String>, family: Option<&String>) -> Option<String> {
    let name: Vec<&str> = [given, family].into_iter().flatten().map(String::as_str).collect();
    Some(name.join(" ")).filter(|name| !name.is_empty())
}

/// Logto's API and its table spell fields in two ways; ours are its own.
pub(super) fn logto(mut object: Object) -> Read {
    const NAMES: [(Field, &[&str]); 6] = [
        (Field::Username, &["username"]),
        (Field::PrimaryEmail, &["primaryEmail", "primary_email"]),
        (Field::PrimaryPhone, &["primaryPhone", "primary_phone"]),
        (Field::Name, &["name"]),
        (Field::Avatar, &["avatar"]),
        (Field::PasswordEncrypted, &["passwordDigest", "passwordEncrypted", "password_encrypted"]),
    ];
    let mut user = User::default();
    for (field, names) in NAMES {
        user.set(field, object.first(names)?)?;
    }
    let method = object.first(&["passwordAlgorithm", "passwordEncryptionMethod", "password_encryption_method"])?;
    user.set(Field::PasswordEncryptionMethod, method)?;
    for (field, names) in [
        (Field::Profile, ["profile", "profile"]),
        (Field::CustomData, ["customData", "custom_data"]),
        (Field::Identities, ["identities", "identities"]),
    ] {
        for name in names {
            if let Some(value) = object.object(name)? {
                user.set(field, Some(value.to_json()))?;
            }
        }
    }
    user.finish(object)
}

/// What the identity's schema says of the person; `email`, `phone`, `username` and `name` are its usual names.
fn kratos_traits(user: &mut User, object: &mut Object) -> Result<(), Problem> {
    let Some(mut traits) = object.object("traits")? else { return Ok(()) };
    contact(user, &mut traits, &["email"], &["phone", "phone_number"])?;
    user.set(Field::Username, traits.text("username")?)?;
    if traits.is_object("name") {
        let mut name = traits.object("name")?.unwrap_or_default();
        let (given, family) = (name.first(&["first", "given"])?, name.first(&["last", "family"])?);
        user.set(Field::Name, joined(given.as_ref(), family.as_ref()))?;
        user.profile(&[("givenName", given), ("familyName", family)])?;
        if !name.is_empty() {
            traits.put_json("name", name.to_json());
        }
    } else {
        user.set(Field::Name, traits.text("name")?)?;
    }
    if !traits.is_empty() {
        object.put_json("traits", traits.to_json());
    }
    Ok(())
}

/// An identity, or one within a batch's `create`.
pub(super) fn kratos(mut object: Object) -> Read {
    let mut user = User::default();
    if let Some(inner) = object.object("create")? {
        let patch = object;
        object = inner;
        patch.keep_rest(&mut user.fields);
    }
    kratos_traits(&mut user, &mut object)?;
    if let Some(mut credentials) = object.object("credentials")? {
        if let Some(mut password) = credentials.object("password")? {
            let mut config = password.object("config")?.unwrap_or_default();
            match (config.text("hashed_password")?, config.text("password")?) {
                (Some(hash), _) => user.hash_of("kratos", hash)?,
                (None, Some(text)) => user.hash("Plaintext", text)?,
                (None, None) => {}
            }
            // Who may sign in with it, where the traits do not say.
            for identifier in password.array("identifiers")? {
                if let Ok(text) = serde_json::from_str::<String>(identifier.get()) {
                    let field = if text.contains('@') { Field::PrimaryEmail } else { Field::Username };
                    if !user.fields.is_taken(field) {
                        user.set(field, Some(text))?;
                    }
                }
            }
            if !config.is_empty() {
                password.put_json("config", config.to_json());
            }
            if !password.is_empty() {
                credentials.put_json("password", password.to_json());
            }
        }
        if let Some(mut oidc) = credentials.object("oidc")? {
            let mut config = oidc.object("config")?.unwrap_or_default();
            let mut found = Vec::new();
            for provider in config.array("providers")? {
                let mut provider = Object::parse(provider.get())?;
                let (name, subject) = (provider.text("provider")?, provider.text("subject")?);
                if let (Some(name), Some(subject)) = (name, subject) {
                    found.push((name, subject, provider.to_json()));
                }
            }
            user.identities(found, "oidc")?;
            if !config.is_empty() {
                oidc.put_json("config", config.to_json());
            }
            if !oidc.is_empty() {
                credentials.put_json("oidc", oidc.to_json());
            }
        }
        if !credentials.is_empty() {
            object.put_json("credentials", credentials.to_json());
        }
    }
    user.finish(object)
}

pub(super) fn supabase(mut object: Object) -> Read {
    let mut user = User::default();
    contact(&mut user, &mut object, &["email"], &["phone"])?;
    match (object.first(&["password_hash", "encrypted_password"])?, object.text("password")?) {
        (Some(hash), _) => user.hash_of("supabase", hash)?,
        (None, Some(text)) => user.hash("Plaintext", text)?,
        (None, None) => {}
    }
    for name in ["user_metadata", "raw_user_meta_data"] {
        if let Some(mut data) = object.object(name)? {
            if !user.fields.is_taken(Field::Name) {
                user.set(Field::Name, data.first(&["name", "full_name"])?)?;
                user.set(Field::Avatar, data.first(&["avatar_url", "picture"])?)?;
            }
            if !data.is_empty() {
                object.put_json(name, data.to_json());
            }
        }
    }
    user.finish(object)
}

/// Clerk's names for hashers, and the tags that mean the same.
const CLERK: [(&str, &str); 20] = [
    ("bcrypt", "bcrypt"),
    ("argon2i", "argon2i"),
    ("argon2id", "argon2id"),
    ("md5", "md5"),
    ("sha256", "sha256"),
    ("phpass", "phpass"),
    ("md5_phpass", "phpass"),
    ("ldap_ssha", "ldap_ssha"),
    ("pbkdf2_sha1", "clerk"),
    ("pbkdf2_sha256", "clerk"),
    ("pbkdf2_sha512", "clerk"),
    ("pbkdf2_sha512_hex", "clerk"),
    ("pbkdf2_sha256_django", "django"),
    ("bcrypt_sha256_django", "django"),
    ("bcrypt_peppered", "bcrypt_peppered"),
    ("scrypt_firebase", "firebase_scrypt"),
    ("scrypt_werkzeug", "werkzeug_scrypt"),
    ("sha512_symfony", "clerk_sha512_symfony"),
    ("md5_salted", "md5_salted"),
    ("sha256_salted", "sha256_salted"),
];

/// An address that is a text, or one of a list whose elements are texts or objects: the one that is called primary, else the
/// first. A list is kept, since it says more.
fn primary(object: &mut Object, names: &[&str], key: &str, id: &str) -> Result<Option<String>, Problem> {
    let id = if object.has(id) { object.text(id)? } else { None };
    for name in names {
        if !object.is_array(name) {
            if let Some(text) = object.text(name)? {
                return Ok(Some(text));
            }
            continue;
        }
        let list = object.array(name)?;
        let mut found = None;
        for element in &list {
            let (address, is_primary) = if element.get().starts_with('{') {
                let mut element = Object::parse(element.get())?;
                (element.text(key)?, id.is_some() && element.text("id")? == id)
            } else {
                (serde_json::from_str::<String>(element.get()).ok(), false)
            };
            if found.is_none() || is_primary {
                found = address.or(found);
            }
        }
        let list: Vec<&str> = list.iter().map(|element| element.get()).collect();
        object.put_json(name, format!("[{}]", list.join(",")));
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

pub(super) fn clerk(mut object: Object) -> Read {
    let mut user = User::default();
    const EMAILS: [&str; 4] = ["email", "primary_email_address", "email_address", "email_addresses"];
    const PHONES: [&str; 4] = ["phone", "primary_phone_number", "phone_number", "phone_numbers"];
    let email = primary(&mut object, &EMAILS, "email_address", "primary_email_address_id")?;
    let phone = primary(&mut object, &PHONES, "phone_number", "primary_phone_number_id")?;
    user.set(Field::PrimaryEmail, email)?;
    user.set(Field::PrimaryPhone, phone)?;
    user.set(Field::Username, object.text("username")?)?;
    user.set(Field::Avatar, object.first(&["image_url", "profile_image_url"])?)?;
    let (given, family) = (object.first(&["firstName", "first_name"])?, object.first(&["lastName", "last_name"])?);
    user.set(Field::Name, joined(given.as_ref(), family.as_ref()))?;
    user.profile(&[("givenName", given), ("familyName", family)])?;
    let hasher = object.first(&["passwordHasher", "password_hasher"])?;
    let digest = object.first(&["password_digest", "password"])?;
    match (hasher, digest) {
        (Some(hasher), Some(digest)) if hasher == "awscognito" => {
            object.put("password_hasher", hasher);
            object.put("password_digest", digest);
        }
        (Some(hasher), Some(digest)) => {
            let tag = CLERK.iter().find(|(name, _)| *name == hasher).map(|(_, tag)| *tag);
            let remedy = "is no hasher that Clerk names";
            user.hash(tag.ok_or_else(|| at("passwordHasher", Code::UnknownMethod, remedy))?, digest)?;
        }
        (None, Some(digest)) => user.hash("", digest)?,
        (Some(_), None) | (None, None) => {}
    }
    user.finish(object)
}

/// A fixture's record; only users have a password.
pub(super) fn django(mut object: Object) -> Read {
    let model = object.text("model")?.unwrap_or_default();
    let mut user = User::default();
    let mut fields = match object.object("fields")? {
        Some(fields) if fields.has("password") => fields,
        _ => {
            let remedy = "is no user; dump the user model alone: dumpdata auth.user";
            return Err(at("model", Code::BadField, remedy));
        }
    };
    contact(&mut user, &mut fields, &["email"], &["phone", "phone_number"])?;
    user.set(Field::Username, fields.text("username")?)?;
    let (given, family) = (fields.text("first_name")?, fields.text("last_name")?);
    user.set(Field::Name, joined(given.as_ref(), family.as_ref()))?;
    user.profile(&[("givenName", given), ("familyName", family)])?;
    // `!` begins what Django calls an unusable password.
    if let Some(hash) = fields.text("password")?.filter(|hash| !hash.starts_with('!')) {
        user.hash_of("django", hash)?;
    }
    object.put("model", model);
    object.put_json("fields", fields.to_json());
    user.finish(object)
}

pub(super) fn wordpress(mut object: Object) -> Read {
    let mut user = User::default();
    user.set(Field::Username, object.text("user_login")?)?;
    user.set(Field::PrimaryEmail, object.first(&["user_email", "email"])?)?;
    user.set(Field::Name, object.text("display_name")?)?;
    // `*` is what WordPress writes where it could not hash.
    if let Some(hash) = object.text("user_pass")?.filter(|hash| hash != "*") {
        user.hash_of("wordpress", hash)?;
    }
    user.finish(object)
}

pub(super) fn workos(mut object: Object) -> Read {
    let mut user = User::default();
    user.set(Field::PrimaryEmail, object.text("email")?)?;
    let (given, family) = (object.text("first_name")?, object.text("last_name")?);
    user.set(Field::Name, joined(given.as_ref(), family.as_ref()))?;
    user.profile(&[("givenName", given), ("familyName", family)])?;
    let kind = object.text("password_hash_type")?;
    if let Some(hash) = object.text("password_hash")? {
        let tag = match kind.as_deref() {
            Some("bcrypt") => "bcrypt",
            Some("firebase-scrypt") => "firebase_scrypt",
            Some("ssha") => "ldap_ssha",
            Some("scrypt") => "scrypt",
            Some("argon2") => "argon2",
            None => "workos",
            Some(_) => {
                let remedy = "must be bcrypt, firebase-scrypt, ssha, scrypt or argon2";
                return Err(at("password_hash_type", Code::UnknownMethod, remedy));
            }
        };
        user.hash(tag, hash)?;
    }
    user.finish(object)
}

/// A user of either version of the API.
pub(super) fn zitadel(mut object: Object) -> Read {
    let mut user = User::default();
    if let Some(inner) = object.object("user")? {
        let outer = object;
        object = inner;
        outer.keep_rest(&mut user.fields);
    }
    user.set(Field::Username, object.first(&["userName", "user_name", "username"])?)?;
    for (name, field, key) in [("email", Field::PrimaryEmail, "email"), ("phone", Field::PrimaryPhone, "phone")] {
        if let Some(mut part) = object.object(name)? {
            user.set(field, part.text(key)?)?;
            if !part.is_empty() {
                object.put_json(name, part.to_json());
            }
        }
    }
    if let Some(mut profile) = object.object("profile")? {
        let given = profile.first(&["firstName", "first_name", "givenName"])?;
        let family = profile.first(&["lastName", "last_name", "familyName"])?;
        let name = profile.first(&["displayName", "display_name"])?.or_else(|| joined(given.as_ref(), family.as_ref()));
        user.set(Field::Name, name)?;
        user.profile(&[("givenName", given), ("familyName", family)])?;
        if !profile.is_empty() {
            object.put_json("zitadelProfile", profile.to_json());
        }
    }
    for name in ["hashedPassword", "hashed_password"] {
        // A text, or an object with `value` or `hash` in it.
        if !object.has(name) {
            continue;
        }
        let inner = if object.is_object(name) {
            object.object(name)?.ok_or_else(Object::default)
        } else {
            let remedy = "must be a text, or an object with the hash as its value";
            let text = object.text(name).map_err(|_| at(name, Code::BadField, remedy))?.unwrap_or_default();
            Object::parse(&text).map_err(|_| Object::of_text("value", text))
        };
        let mut part = inner.unwrap_or_else(|part| part);
        let hash = part.first(&["value", "hash"])?;
        if !part.is_empty() {
            object.put_json("zitadelPassword", part.to_json());
        }
        if let Some(hash) = hash {
            user.hash_of("zitadel", hash)?;
        }
    }
    if object.is_object("password") {
        let mut part = object.object("password")?.unwrap_or_default();
        if let Some(text) = part.text("password")? {
            object.put("password", text);
        }
        if !part.is_empty() {
            object.put_json("zitadelPassword", part.to_json());
        }
    }
    user.finish(object)
}

/// No hash ever leaves Cognito: its users come without a password.
pub(super) fn cognito(mut object: Object) -> Read {
    let mut user = User::default();
    user.set(Field::Username, object.text("cognito:username")?)?;
    contact(&mut user, &mut object, &["email"], &["phone_number"])?;
    user.set(Field::Name, object.text("name")?)?;
    user.set(Field::Avatar, object.text("picture")?)?;
    user.profile(&[
        ("givenName", object.text("given_name")?),
        ("familyName", object.text("family_name")?),
        ("middleName", object.text("middle_name")?),
        ("nickname", object.text("nickname")?),
        ("preferredUsername", object.text("preferred_username")?),
    ])?;
    user.finish(object)
}
