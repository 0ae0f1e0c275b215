//! FusionAuth's import: a scheme and a factor for all users or for one, hash and salt in base64.

use super::super::field::{Field, Problem};
use super::super::record::Fields;
use super::Reading;
use super::object::{Object, User, at, base64, digest_tag};
use super::secrets;
use crate::{Code, codec};

pub(super) fn user(mut object: Object, reading: &Reading) -> Result<Fields<'static>, Problem> {
    let mut user = User::default();
    user.set(Field::Username, object.text("username")?)?;
    user.set(Field::PrimaryEmail, object.text("email")?)?;
    // Nobody signs in with `mobilePhone`, and a family may share one.
    user.set(Field::PrimaryPhone, object.text("phoneNumber")?)?;
    user.set(Field::Avatar, object.text("imageUrl")?)?;
    let (given, family) = (object.text("firstName")?, object.text("lastName")?);
    let full = object.text("fullName")?.or_else(|| {
        let name: Vec<&str> = [&given, &family].into_iter().flatten().map(String::as_str).collect();
        Some(name.join(" ")).filter(|name| !name.is_empty())
    });
    user.set(Field::Name, full)?;
    user.profile(&[("givenName", given), ("familyName", family), ("middleName", object.text("middleName")?)])?;
    let scheme = object.text("encryptionScheme")?.or_else(|| reading.scheme.clone());
    let factor = object.number("factor")?.or(reading.factor);
    let salt = object.text("salt")?;
    if let Some(hash) = object.text("password")? {
        let Some(scheme) = scheme else {
            let remedy = "is not there: it must stand in the user, or before all users at the file's beginning";
            return Err(at("encryptionScheme", Code::UnknownMethod, remedy));
        };
        password(&mut user, &scheme, factor, salt, &hash)?;
    }
    if let Some(mut second) = object.object("twoFactor")? {
        secrets::without(&mut second, &["recoveryCodes", "secret"]);
        secrets::without_in_list(&mut second, "methods", &["secret"])?;
        object.put_json("twoFactor", second.to_json());
    }
    secrets::without(&mut object, &["twoFactorSecret", "verificationId"]);
    user.finish(object)
}

/// phpass' digits.
const ITOA64: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn password(
    user: &mut User,
    scheme: &str,
    factor: Option<u64>,
    salt: Option<String>,
    hash: &str,
) -> Result<(), Problem> {
    // Where nothing says it, FusionAuth takes each scheme's own default, which changed over the years.
    let is_whole = hash.starts_with('$');
    let missing =
        || at("factor", Code::Malformed, "is not there: it must stand in the user, or with the scheme of all");
    let factor = if is_whole { factor.unwrap_or(1) } else { factor.ok_or_else(missing)? };
    let need_salt = || at("salt", Code::MissingSalt, "is not there");
    let salt_bytes = || base64("salt", salt.as_deref().ok_or_else(need_salt)?);
    let again = factor.checked_sub(1).ok_or_else(|| at("factor", Code::CostTooLow, "is 0"))?;
    let digest = |user: &mut User, name: &str| {
        let tag = match again {
            0 => digest_tag(name, "$p.$s"),
            _ => format!("iterate({again},{name}_raw($p.$s),{name}_raw($x))"),
        };
        user.hash(&tag, hash)?;
        user.salt(&salt_bytes()?)
    };
    let pbkdf2 = |user: &mut User, name: &str, bytes: usize| {
        let output = base64("password", hash)?;
        if output.len() != bytes {
            return Err(at(
                "password",
                Code::WrongLength,
                format!("has {} bytes, the scheme's is {bytes}", output.len()),
            ));
        }
        let (salt, output) = (codec::to_base64(&salt_bytes()?), codec::to_base64(&output));
        user.hash("pbkdf2", format!("$pbkdf2-{name}$i={factor},l={bytes}${salt}${output}"))
    };
    match scheme {
        "salted-md5" => digest(user, "md5"),
        "salted-sha256" => digest(user, "sha256"),
        "salted-hmac-sha256" => {
            user.hash("hmac_sha256($s,$p)", hash)?;
            user.salt(&salt_bytes()?)
        }
        "salted-pbkdf2-hmac-sha256" => pbkdf2(user, "sha256", 32),
        "salted-pbkdf2-hmac-sha256-512" => pbkdf2(user, "sha256", 64),
        "salted-pbkdf2-hmac-sha512" | "salted-pbkdf2-hmac-sha512-512" => pbkdf2(user, "sha512", 64),
        "bcrypt" if hash.starts_with("$2") => user.hash("bcrypt", hash),
        "bcrypt" => {
            let salt = salt.ok_or_else(need_salt)?;
            user.hash("bcrypt", format!("$2a${factor:02}${salt}{hash}"))
        }
        "phpass-md5" | "phppass-sha512" if hash.starts_with('$') => {
            user.hash(if scheme == "phpass-md5" { "phpass" } else { "drupal7" }, hash)
        }
        // Taken apart: the factor is the rounds, of which phpass writes the logarithm.
        "phpass-md5" | "phppass-sha512" => {
            let (prefix, tag) = if scheme == "phpass-md5" { ("$P$", "phpass") } else { ("$S$", "drupal7") };
            let salt = salt.ok_or_else(need_salt)?;
            let is_fitting = factor.is_power_of_two() && salt.len() == 8;
            let cost = ITOA64.get(factor.ilog2() as usize).filter(|_| is_fitting).ok_or_else(|| {
                at("factor", Code::Malformed, "must be a power of two beside a salt of 8 characters for phpass")
            })?;
            user.hash(tag, format!("{prefix}{}{salt}{hash}", char::from(*cost)))
        }
        _ => Err(at("encryptionScheme", Code::UnknownMethod, "is none of FusionAuth's own schemes")),
    }
}
