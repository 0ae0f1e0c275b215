//! The vendors whose records hold a hash as text, which names itself or has a hasher's name beside it.

use super::super::field::{Field, Problem};
use super::super::record::Fields;
use super::object::{Object, User, at};
use super::secrets;
use crate::Code;

type Read = Result<Fields<'static>, Problem>;

/// Email and phone under these names.
fn contact(user: &mut User, object: &mut Object, emails: &[&str], phones: &[&str]) -> Result<(), Problem> {
    user.set(Field::PrimaryEmail, object.first(emails)?)?;
    user.set(Field::PrimaryPhone, object.first(phones)?)
}

/// Given and family name joined, where there is no name as such.
pub(super) fn joined(given: Option<&String>, family: Option<&String>) -> Option<String> {
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
    let mut taken: Vec<String> = Vec::new();
    for name in ["mfaVerifications", "mfa_verifications"] {
        secrets::without_in_list(&mut object, name, &["key", "codes"])?;
    }
    for (field, names) in [
        (Field::Profile, ["profile", "profile"]),
        (Field::CustomData, ["customData", "custom_data"]),
        (Field::Identities, ["identities", "identities"]),
    ] {
        for name in names {
            if let Some(value) = object.object(name)? {
                if field == Field::CustomData {
                    taken.extend(value.names());
                }
                user.set(field, Some(value.to_json()))?;
            }
        }
    }
    // A key of theirs in customData that is a field of Logto's, such as an older id: Logto's stand together then.
    let mut doubles = Object::default();
    for name in taken {
        if let Some(raw) = object.raw(&name) {
            doubles.put_json(&name, raw);
        }
    }
    if !doubles.is_empty() {
        object.put_json("logto", doubles.to_json());
    }
    user.finish(object)
}

/// What the identity's schema says of the person; `email`, `phone`, `username` and `name` are its usual names.
fn kratos_traits(user: &mut User, object: &mut Object) -> Result<(), Problem> {
    let Some(mut traits) = object.object("traits")? else { return Ok(()) };
    // A project's own schema may have lists and objects under these names; they stay among the traits.
    user.set(Field::PrimaryEmail, traits.first_text(&["email"])?)?;
    user.set(Field::PrimaryPhone, traits.first_text(&["phone", "phone_number"])?)?;
    user.set(Field::Username, traits.first_text(&["username"])?)?;
    if traits.is_object("name") {
        let mut name = traits.object("name")?.unwrap_or_default();
        let (given, family) = (name.first_text(&["first", "given"])?, name.first_text(&["last", "family"])?);
        user.set(Field::Name, joined(given.as_ref(), family.as_ref()))?;
        user.profile(&[("givenName", given), ("familyName", family)])?;
        if !name.is_empty() {
            traits.put_json("name", name.to_json());
        }
    } else {
        user.set(Field::Name, traits.first_text(&["name"])?)?;
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
                    let is_phone = text
                        .strip_prefix('+')
                        .is_some_and(|rest| rest.len() > 4 && rest.bytes().all(|c| c.is_ascii_digit()));
                    let field = match is_phone {
                        true => Field::PrimaryPhone,
                        false if text.contains('@') => Field::PrimaryEmail,
                        false => Field::Username,
                    };
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
                secrets::without(&mut provider, &["initial_refresh_token", "initial_id_token"]);
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
        // Their seeds and codes stay where they are.
        for name in ["totp", "lookup_secret", "code"] {
            if credentials.is_object(name)
                && let Some(mut second) = credentials.object(name)?
            {
                secrets::without(&mut second, &["config"]);
                credentials.put_json(name, second.to_json());
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
    let hashes = (object.text("password_hash")?, object.text("encrypted_password")?);
    if hashes.0.as_ref().zip(hashes.1.as_ref()).is_some_and(|(one, other)| one != other) {
        return Err(at(
            "encrypted_password",
            Code::DuplicateField,
            "is another hash than password_hash; keep one of them",
        ));
    }
    match (hashes.0.or(hashes.1), object.text("password")?) {
        (Some(hash), _) => user.hash_of("supabase", hash)?,
        (None, Some(text)) => user.hash("Plaintext", text)?,
        (None, None) => {}
    }
    for name in ["user_metadata", "raw_user_meta_data"] {
        if let Some(mut data) = object.object(name)? {
            if !user.fields.is_taken(Field::Name) {
                user.set(Field::Name, data.first_text(&["name", "full_name"])?)?;
                user.set(Field::Avatar, data.first_text(&["avatar_url", "picture"])?)?;
            }
            if !data.is_empty() {
                object.put_json(name, data.to_json());
            }
        }
    }
    secrets::without(
        &mut object,
        &[
            "confirmation_token",
            "recovery_token",
            "email_change_token_new",
            "email_change_token_current",
            "reauthentication_token",
        ],
    );
    let mut found = Vec::new();
    let mut others = Vec::new();
    if object.is_array("identities") {
        for identity in object.array("identities")? {
            let mut parsed = Object::parse(identity.get())?;
            let provider = parsed.text("provider")?;
            let subject = match parsed.object("identity_data")? {
                Some(mut data) => {
                    let subject = data.first_text(&["sub", "provider_id"])?;
                    parsed.put_json("identity_data", data.to_json());
                    subject
                }
                None => parsed.first_text(&["provider_id", "id"])?,
            };
            match (provider, subject) {
                // What a user has with Supabase itself.
                (Some(provider), Some(subject)) if !matches!(provider.as_str(), "email" | "phone") => {
                    secrets::without(&mut parsed, &[]);
                    found.push((provider, subject, parsed.to_json()));
                }
                (provider, _) => {
                    secrets::without(&mut parsed, &[]);
                    if let Some(provider) = provider {
                        parsed.put("provider", provider);
                    }
                    others.push(parsed.to_json());
                }
            }
        }
        if !others.is_empty() {
            object.put_json("identities", format!("[{}]", others.join(",")));
        }
    }
    user.identities(found, "supabaseIdentities")?;
    named_by_id(&mut user, &mut object, "id")?;
    user.finish(object)
}

/// Whoever has neither name nor email nor phone, because they only ever signed in elsewhere, is known by the id that they had.
pub(super) fn named_by_id(user: &mut User, object: &mut Object, id: &str) -> Result<(), Problem> {
    let is_named =
        [Field::Username, Field::PrimaryEmail, Field::PrimaryPhone].iter().any(|field| user.fields.is_taken(*field));
    if !is_named && let Some(text) = object.first_text(&[id])? {
        object.put(id, text.clone());
        user.set(Field::Username, Some(text))?;
    }
    Ok(())
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
    if super::state::is_disabled(&fields) {
        user.fields.disable();
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
    secrets::without(&mut object, &["user_activation_key"]);
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
            Some("pbkdf2") => "pbkdf2",
            Some("argon2") => "argon2",
            None => "workos",
            Some(_) => {
                let remedy = "must be bcrypt, firebase-scrypt, ssha, scrypt, pbkdf2 or argon2";
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
    // The second version of the API keeps a person apart from a machine.
    if let Some(human) = object.object("human")? {
        object.absorb(human);
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
    secrets::without(&mut object, &["totpSecret", "totp_secret", "otpCode", "otp_code"]);
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
    // What `list-users` gives: the same under other names, and attributes as a list of pairs.
    if let Some(name) = object.text("Username")? {
        object.put("cognito:username", name);
    }
    if object.is_array("Attributes") {
        let mut attributes = Object::default();
        for pair in object.array("Attributes")? {
            let mut pair = Object::parse(pair.get())?;
            if let (Some(name), Some(value)) = (pair.text("Name")?, pair.text("Value")?) {
                attributes.put(&name, value);
            }
        }
        object.absorb(attributes);
    }
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
