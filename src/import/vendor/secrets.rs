//! What must not end in `customData`: another vendor's hash, which nobody would ever verify there, and secrets beside the password,
//! such as earlier passwords, seeds of one-time codes and tokens of other systems.

use super::Vendor;
use super::object::{Object, at};
use crate::Code;
use crate::import::field::Problem;

/// Fields that only one vendor writes, in which a hash stands or which stand beside one.
const HASHES: [(&str, Vendor); 15] = [
    ("custom_password_hash", Vendor::Auth0),
    ("localId", Vendor::Firebase),
    ("traits", Vendor::Kratos),
    ("encrypted_password", Vendor::Supabase),
    ("passwordHasher", Vendor::Clerk),
    ("password_hasher", Vendor::Clerk),
    ("password_digest", Vendor::Clerk),
    ("user_pass", Vendor::Wordpress),
    ("password_hash_type", Vendor::Workos),
    ("hashedPassword", Vendor::Zitadel),
    ("hashed_password", Vendor::Zitadel),
    ("encryptionScheme", Vendor::Fusionauth),
    ("passwordDigest", Vendor::Logto),
    ("passwordEncrypted", Vendor::Logto),
    ("cognito:username", Vendor::Cognito),
];

/// Members of which none may be kept, whatever they are of.
const TOKENS: [&str; 8] = [
    "access_token",
    "access_token_secret",
    "refresh_token",
    "id_token",
    "accessToken",
    "refreshToken",
    "idToken",
    "initial_access_token",
];

/// Whose a record is for certain, where it is another's than `vendor`.
pub(super) fn stranger(object: &Object, vendor: Vendor) -> Option<Vendor> {
    let has = |owner: Vendor| HASHES.iter().any(|(name, known)| *known == owner && object.has_value(name));
    // Kratos' credentials are an object.
    let is_of_keycloak = object.is_array("credentials");
    if has(vendor) || (is_of_keycloak && vendor == Vendor::Keycloak) {
        return None;
    }
    if is_of_keycloak {
        return Some(Vendor::Keycloak);
    }
    HASHES.iter().find(|(name, _)| object.has_value(name)).map(|(_, owner)| *owner)
}

/// `Err` where what is left of a record is a hash that its reader did not take.
pub(super) fn check_rest(rest: &mut Object) -> Result<(), Problem> {
    const OF_A_HASH: [&str; 9] = [
        "custom_password_hash",
        "password_hash",
        "passwordHash",
        "encrypted_password",
        "password_digest",
        "user_pass",
        "hashedPassword",
        "hashed_password",
        "passwordDigest",
    ];
    for name in OF_A_HASH {
        // A null says that there is none.
        if let Some(raw) = rest.raw(name) {
            if matches!(raw.as_str(), "\"\"" | "{}" | "false" | "true") {
                rest.put_json(name, raw);
                continue;
            }
            let remedy = "holds a hash, and a record of this vendor has none there: is --from right?";
            return Err(at(name, Code::BadField, remedy));
        }
    }
    if let Some(raw) = rest.raw("credentials") {
        if raw.starts_with('[') && raw.contains("\"secretData\"") {
            return Err(at("credentials", Code::BadField, "hold a hash as Keycloak writes it: is --from right?"));
        }
        rest.put_json("credentials", raw);
    }
    Ok(())
}

/// The object less these members, and less tokens.
pub(super) fn without(object: &mut Object, names: &[&str]) {
    for name in names.iter().chain(&TOKENS) {
        drop(object.raw(name));
    }
}

/// A list of objects under this name, each less these members.
pub(super) fn without_in_list(object: &mut Object, list: &str, names: &[&str]) -> Result<(), Problem> {
    // The column of a table has the list as a text.
    if let Some(text) = object.scalar(list).filter(|text| text.trim_start().starts_with('[')).map(str::to_owned) {
        drop(object.raw(list));
        object.put_json(list, text.trim().to_owned());
    }
    if !object.is_array(list) {
        return Ok(());
    }
    let mut kept = Vec::new();
    for element in object.array(list)? {
        if !element.get().starts_with('{') {
            kept.push(element.get().to_owned());
            continue;
        }
        let mut element = Object::parse(element.get())?;
        without(&mut element, names);
        kept.push(element.to_json());
    }
    object.put_json(list, format!("[{}]", kept.join(",")));
    Ok(())
}
