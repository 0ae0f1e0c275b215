//! Clerk's users: a hash beside its hasher's name, and addresses that are texts or lists.

use super::super::field::{Field, Problem};
use super::super::record::Fields;
use super::accounts::{joined, named_by_id};
use super::object::{Object, User, at};
use super::secrets;
use crate::Code;

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
fn primary(object: &mut Object, names: &[&str], keys: &[&str], ids: &[&str]) -> Result<Option<String>, Problem> {
    let id = object.first(ids)?;
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
                (element.first(keys)?, id.is_some() && element.text("id")? == id)
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

pub(super) fn user(mut object: Object) -> Result<Fields<'static>, Problem> {
    let mut user = User::default();
    // The API spells names with underscores, its packages for programs in capitals.
    const EMAILS: [&str; 5] = ["email", "primary_email_address", "email_address", "email_addresses", "emailAddresses"];
    const PHONES: [&str; 5] = ["phone", "primary_phone_number", "phone_number", "phone_numbers", "phoneNumbers"];
    const PRIMARY: [[&str; 2]; 2] =
        [["primary_email_address_id", "primaryEmailAddressId"], ["primary_phone_number_id", "primaryPhoneNumberId"]];
    let email = primary(&mut object, &EMAILS, &["email_address", "emailAddress"], &PRIMARY[0])?;
    let phone = primary(&mut object, &PHONES, &["phone_number", "phoneNumber"], &PRIMARY[1])?;
    user.set(Field::PrimaryEmail, email)?;
    user.set(Field::PrimaryPhone, phone)?;
    user.set(Field::Username, object.text("username")?)?;
    user.set(Field::Avatar, object.first(&["image_url", "imageUrl", "profile_image_url"])?)?;
    let (given, family) = (object.first(&["firstName", "first_name"])?, object.first(&["lastName", "last_name"])?);
    user.set(Field::Name, joined(given.as_ref(), family.as_ref()))?;
    user.profile(&[("givenName", given), ("familyName", family)])?;
    let hasher = object.first(&["passwordHasher", "password_hasher"])?;
    let digest = object.first(&["password_digest", "password"])?;
    match (hasher, digest) {
        // It names a pool and a user of Cognito, and is no hash.
        (Some(hasher), Some(digest)) if hasher == "awscognito" => {
            user.fields.keep("password_hasher".to_owned(), super::super::json::quote(&hasher));
            user.fields.keep("password_digest".to_owned(), super::super::json::quote(&digest));
        }
        (Some(hasher), Some(digest)) => {
            let tag = CLERK.iter().find(|(name, _)| *name == hasher).map(|(_, tag)| *tag);
            let remedy = "is no hasher that Clerk names";
            user.hash(tag.ok_or_else(|| at("passwordHasher", Code::UnknownMethod, remedy))?, digest)?;
        }
        (None, Some(digest)) => user.hash("", digest)?,
        (Some(_), None) | (None, None) => {}
    }
    secrets::without(&mut object, &["totp_secret", "totpSecret", "backup_codes", "backupCodes"]);
    let mut found = Vec::new();
    for name in ["external_accounts", "externalAccounts"] {
        if !object.is_array(name) {
            continue;
        }
        let mut others = Vec::new();
        for account in object.array(name)? {
            let mut parsed = Object::parse(account.get())?;
            let id = parsed.first_text(&["provider_user_id", "providerUserId", "externalId", "google_id"])?;
            let provider = parsed.text("provider")?;
            secrets::without(&mut parsed, &[]);
            match (provider, id) {
                (Some(provider), Some(id)) => {
                    let provider = provider.strip_prefix("oauth_").unwrap_or(&provider).to_owned();
                    found.push((provider, id, parsed.to_json()));
                }
                (provider, id) => {
                    for (name, text) in [("provider", provider), ("provider_user_id", id)] {
                        if let Some(text) = text {
                            parsed.put(name, text);
                        }
                    }
                    others.push(parsed.to_json());
                }
            }
        }
        if !others.is_empty() {
            object.put_json(name, format!("[{}]", others.join(",")));
        }
    }
    user.identities(found, "externalAccounts")?;
    named_by_id(&mut user, &mut object, "id")?;
    user.finish(object)
}
