//! What phpBB, MediaWiki and Shiro wrote around hashes that they already had, or wrote in a form of their own.

use super::{Built, Parsed, decoded, over, own, rounds_after_the_first, salted};
use crate::codec::{self, Alphabet};
use crate::error::Fault;
use crate::expression::Variables;
use crate::function::Function;
use crate::scheme::bcrypt::Bcrypt;
use crate::scheme::chain::{Chain, Step};
use crate::scheme::pbkdf2::Pbkdf2;
use crate::scheme::phpass::Phpass;
use crate::scheme::text;

/// `$H\2y$9saltsalt$10\salt$hash`: bcrypt over what phpass gave, which phpBB's cron job made of `$H$`.
pub(super) fn phpbb(text: &str) -> Result<Built, Fault> {
    const EXPECTED: Fault = Fault::Structure {
        expected: "`$H\\2y$`, a cost and eight characters of salt, `$`, a cost, `\\`, 22 characters of salt, `$` and 31 characters",
    };
    let ["", kinds, inner, outer, hash] = text::parts::<5>(text, '$').ok_or(EXPECTED)? else { return Err(EXPECTED) };
    let [kind @ ("H" | "P"), prefix @ ("2y" | "2a")] = text::parts::<2>(kinds, '\\').ok_or(EXPECTED)? else {
        return Err(EXPECTED);
    };
    let [cost, salt] = text::parts::<2>(outer, '\\').ok_or(EXPECTED)?;
    if inner.len() != 9 || salt.len() != 22 {
        return Err(EXPECTED);
    }
    let bcrypt = Bcrypt::parse(&format!("${prefix}${cost}${salt}{hash}"))?;
    // Its own hash is not known: something of its length stands in its place.
    let phpass = Phpass::parse(&format!("${kind}${inner}{}", ".".repeat(22)))?;
    Ok(Parsed::other(Chain::new(vec![Step::Derived(Parsed::other(phpass))], Parsed::other(bcrypt))).into())
}

/// `$2a$08$salthash`: bcrypt over the whole text of a bcrypt of the same salt, as WoltLab Suite made it.
pub(super) fn woltlab(text: &str) -> Result<Built, Fault> {
    let text = text.strip_prefix("DoubleBcrypt:").unwrap_or(text);
    let outer = Bcrypt::parse(text)?;
    let inner = Step::Derived(Parsed::other(outer.clone()));
    Ok(Parsed::other(Chain::new(vec![inner], Parsed::other(outer))).into())
}

/// `:pbkdf2-legacyB:!sha512:30000:64!salt!salt!hash`: PBKDF2 over what was `:A:` or `:B:`.
pub(super) fn mediawiki(text: &str) -> Result<Built, Fault> {
    const EXPECTED: Fault = Fault::Structure {
        expected: "`:pbkdf2-legacyA:` or `B:`, `!`, a hash, rounds and length with `:` between, `!`, a salt, `!`, a salt, `!` and a hash",
    };
    let rest = text.strip_prefix(":pbkdf2-legacy").ok_or(EXPECTED)?;
    let (is_b, rest) = match rest.split_at_checked(2) {
        Some(("A:", rest)) => (false, rest),
        Some(("B:", rest)) => (true, rest),
        _ => return Err(EXPECTED),
    };
    let ["", parameters, inner_salt, salt, hash] = text::parts::<5>(rest, '!').ok_or(EXPECTED)? else {
        return Err(EXPECTED);
    };
    let pbkdf2 = Pbkdf2::mediawiki(&format!(":pbkdf2:{parameters}:{salt}:{hash}")).map(Parsed::other)?;
    // With a salt, `:A:` is `:B:`.
    if inner_salt.is_empty() {
        if is_b {
            return Err(EXPECTED);
        }
        return Ok(over(pbkdf2, own("md5($p)")?, Variables::default()));
    }
    Ok(over(pbkdf2, own("md5($s.'-'.md5($p))")?, salted(inner_salt.as_bytes())))
}

/// `$shiro1$SHA-256$500000$salt$hash`
pub(super) fn shiro(text: &str) -> Result<Built, Fault> {
    const EXPECTED: Fault =
        Fault::Structure { expected: "`$shiro1$`, a hash's name, `$`, rounds, `$`, a salt, `$` and a hash in base64" };
    let ["", "shiro1", name, rounds, salt, hash] = text::parts::<6>(text, '$').ok_or(EXPECTED)? else {
        return Err(EXPECTED);
    };
    let function = match name.to_ascii_uppercase().as_str() {
        "MD5" => Function::Md5,
        "SHA-1" | "SHA" => Function::Sha1,
        "SHA-256" => Function::Sha256,
        "SHA-384" => Function::Sha384,
        "SHA-512" => Function::Sha512,
        _ => return Err(EXPECTED),
    };
    let base64 = |text: &str| codec::base64_padded_or_not(text.as_bytes(), Alphabet::Standard);
    let (salt, hash) = (base64(salt)?, base64(hash)?);
    if hash.len() != function.bytes() {
        return Err(EXPECTED);
    }
    let (name, again) = (function.as_str(), rounds_after_the_first(rounds)?);
    // Without a salt nothing stands before the password.
    decoded(&hash, &format!("iterate({again},{name}_raw($s.$p),{name}_raw($x))"), salted(&salt))
}
