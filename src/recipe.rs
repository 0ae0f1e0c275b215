//! What each method's text means: which scheme reads it, over which expression. The one place where names meet
//! computations; most methods are one line.

use std::sync::{Arc, OnceLock};

use crate::codec::{self, Alphabet};
use crate::error::{Fault, OutOfBounds};
use crate::expression::{Expression, Uses, Variables};
use crate::function::Function;
use crate::kernel::argon2::Variant;
use crate::keyring::Keyring;
use crate::scheme::argon2::Argon2;
use crate::scheme::bcrypt::Bcrypt;
use crate::scheme::digest::{Digest, Kind};
use crate::scheme::pbkdf2::Pbkdf2;
use crate::scheme::phpass::Phpass;
use crate::scheme::raw::{self, Raw};
use crate::scheme::scrypt::Scrypt;
use crate::scheme::sunmd5::Sunmd5;
use crate::scheme::yescrypt::Yescrypt;
use crate::scheme::{Parsed, TextEncoding, cram, descrypt, md5crypt, mysql323, oracle10, sha1crypt, shacrypt, text};
use crate::{Limits, Method};

mod columns;
mod family;
mod layers;
mod legacy;
mod magento;
mod modes;
mod named;

pub(crate) use family::Family;
pub(crate) use modes::mode;
pub(crate) use named::{named, strip_wrapper};

/// The input of a scheme: the password itself, or an expression with the values of its variables.
#[derive(Clone)]
pub(crate) enum Input {
    Password,
    Expression(Arc<(Expression, Variables)>),
}

/// A text that was read.
pub(crate) struct Built {
    pub(crate) parsed: Parsed,
    pub(crate) input: Input,
    /// Whether the variables came from beside the hash, so that a text that says everything must name them.
    pub(crate) has_columns: bool,
}

/// The other columns of a record that went into its hash.
#[derive(Clone, Default)]
pub(crate) struct Given {
    pub(crate) variables: Variables,
    pub(crate) encoding: Option<TextEncoding>,
}

impl From<Parsed> for Built {
    fn from(parsed: Parsed) -> Self {
        Self { parsed, input: Input::Password, has_columns: false }
    }
}

fn over(parsed: Parsed, expression: Expression, variables: Variables) -> Built {
    Built { parsed, input: Input::Expression(Arc::new((expression, variables))), has_columns: false }
}

/// An expression that this library wrote itself; `None` would be a fault of it, and a test reads them all.
fn own(text: &str) -> Result<Expression, Fault> {
    Expression::parse(text).map_err(|_| Fault::Structure { expected: "an expression" })
}

/// The expression of a method that is one, parsed once.
fn of_method(method: Method) -> Result<Expression, Fault> {
    static PARSED: [OnceLock<Option<Expression>>; 256] = [const { OnceLock::new() }; 256];
    let parse = || Expression::parse(method.info().computation).ok().map(|expression| expression.raw());
    let place = PARSED.get(method as usize).ok_or(Fault::Structure { expected: "an expression" })?;
    place.get_or_init(parse).clone().ok_or(Fault::Structure { expected: "an expression" })
}

/// The expressions of [`Method::other_inputs`], parsed once.
pub(crate) fn other_inputs(method: Method) -> &'static [Expression] {
    static PARSED: [OnceLock<Vec<Expression>>; 256] = [const { OnceLock::new() }; 256];
    if method.other_inputs().is_empty() {
        return &[];
    }
    let parse = || method.other_inputs().iter().filter_map(|text| Expression::parse(text).ok()).collect();
    PARSED.get(method as usize).map_or(&[], |place| place.get_or_init(parse))
}

/// Reads `text` as what `method` makes. No bounds are held here.
pub(crate) fn build(method: Method, text: &str, given: &Given) -> Result<Built, Fault> {
    check_length(text)?;
    // The common path: no salt, no name, no wrapper.
    let is_bare = given.variables == Variables::default();
    if is_bare {
        let kind = match method {
            Method::Md5 => Some(Kind::Md5),
            Method::Sha1 => Some(Kind::Sha1),
            Method::Sha256 => Some(Kind::Sha256),
            _ => None,
        };
        if let Some(kind) = kind {
            // What Django writes before them begins with their names; nothing else is put around them.
            let text = if matches!(text.as_bytes(), [b's' | b'm', ..]) { strip_wrapper(method, text) } else { text };
            return Digest::parse(kind, text, given.encoding).map(|digest| Parsed::Digest(digest).into());
        }
    }
    let built = dispatch(method, text, given)?;
    // Symfony's salt is PBKDF2's own.
    if method != Method::SymfonyPbkdf2 {
        check_columns(&built, given)?;
    }
    Ok(built)
}

/// What is longer than any hash is not looked at.
pub(crate) fn check_length(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if text.len() > Limits::TEXT_BYTES_MAX {
        return Err(Fault::Length { actual: text.len(), expected: "at most 4096" });
    }
    Ok(())
}

/// Values that went into the hash, as the record says, and which the method has no use for, are a mistake: the hash would
/// never verify.
fn check_columns(built: &Built, given: &Given) -> Result<(), Fault> {
    let uses = match &built.input {
        Input::Expression(input) => input.0.uses(),
        Input::Password => Uses::default(),
    };
    let variables = &given.variables;
    if (variables.salt.is_some() && !uses.salt) || (variables.salt2.is_some() && !uses.salt2) {
        return Err(Fault::UnusedSalt);
    }
    if variables.user.is_some() && !uses.user {
        return Err(Fault::UnusedUser);
    }
    Ok(())
}

fn dispatch(method: Method, whole: &str, given: &Given) -> Result<Built, Fault> {
    use Method as M;
    let text = strip_wrapper(method, whole);
    let other = |parsed: Result<Parsed, Fault>| parsed.map(Built::from);
    match method {
        M::Bcrypt | M::PhpbbBcrypt => other(Bcrypt::parse(text).map(Parsed::other)),
        M::Argon2i => other(Argon2::parse(text, Variant::I).map(Parsed::Argon2)),
        M::Argon2d => other(Argon2::parse(text, Variant::D).map(Parsed::Argon2)),
        M::Argon2id | M::PhpbbArgon2id => other(Argon2::parse(text, Variant::Id).map(Parsed::Argon2)),
        M::Pbkdf2 => other(Pbkdf2::crypt(text, false).map(Parsed::other)),
        M::KratosPbkdf2 => other(Pbkdf2::crypt(text, true).map(Parsed::other)),
        M::DjangoPbkdf2 => other(Pbkdf2::django(text, false).map(Parsed::other)),
        M::ClerkPbkdf2 => other(Pbkdf2::clerk(text).map(Parsed::other)),
        M::DefusePbkdf2 => other(Pbkdf2::defuse(text).map(Parsed::other)),
        M::SeafilePbkdf2 => other(Pbkdf2::seafile(text).map(Parsed::other)),
        M::HashAndSalt => other(Pbkdf2::hash_and_salt(text).map(Parsed::other)),
        M::Web2pyPbkdf2 => other(Pbkdf2::web2py(text).map(Parsed::other)),
        M::RubyScrypt => other(Scrypt::ruby(text).map(Parsed::other)),
        M::WerkzeugPbkdf2 => other(Pbkdf2::werkzeug(text).map(Parsed::other)),
        M::Atlassian => other(Pbkdf2::atlassian(text).map(Parsed::other)),
        M::Aspnet => other(Pbkdf2::aspnet(text).map(Parsed::other)),
        M::SpringPbkdf2 => other(Pbkdf2::spring(text).map(Parsed::other)),
        M::Grub => other(Pbkdf2::grub(text).map(Parsed::other)),
        M::CtaPbkdf2 => other(Pbkdf2::p5k2(text, false).map(Parsed::other)),
        M::DlitzPbkdf2 => other(Pbkdf2::p5k2(text, true).map(Parsed::other)),
        M::ScramSha256 => other(Pbkdf2::scram(text, Function::Sha256).map(Parsed::other)),
        M::ScramSha1 => other(Pbkdf2::scram(text, Function::Sha1).map(Parsed::other)),
        M::PasslibScram => other(Pbkdf2::passlib_scram(text).map(Parsed::other)),
        M::LiferayPbkdf2 => other(Pbkdf2::liferay(text).map(Parsed::other)),
        M::MediawikiPbkdf2 if text.starts_with(":pbkdf2-") => layers::mediawiki(text),
        M::PhpbbCombined => layers::phpbb(text),
        M::WoltlabBcrypt => layers::woltlab(text),
        M::Shiro1 => layers::shiro(text),
        M::BetterAuth => other(Scrypt::lucia(text).map(Parsed::other)),
        M::MediawikiPbkdf2 => other(Pbkdf2::mediawiki(text).map(Parsed::other)),
        M::Scrypt => other(Scrypt::crypt(text, false).map(Parsed::other)),
        M::KratosScrypt => other(Scrypt::crypt(text, true).map(Parsed::other)),
        M::WerkzeugScrypt => other(Scrypt::werkzeug(text).map(Parsed::other)),
        M::DjangoScrypt => other(Scrypt::django(text).map(Parsed::other)),
        M::SpringScrypt => other(Scrypt::spring(text).map(Parsed::other)),
        M::FirebaseScrypt => other(Scrypt::firebase(text).map(Parsed::other)),
        M::WordpressPhpass | M::Phpbb3 if text.starts_with("$S$") => {
            Err(Fault::Structure { expected: "`$P$` or `$H$`" })
        }
        M::Phpass | M::WordpressPhpass | M::Phpbb3 => other(Phpass::parse(text).map(Parsed::other)),
        M::Md5crypt | M::Apr1 => other(md5crypt::Md5crypt::parse(text, method == M::Apr1).map(Parsed::other)),
        M::Sha256crypt => other(shacrypt::Shacrypt::parse(text, Function::Sha256).map(Parsed::other)),
        M::Sha512crypt => other(shacrypt::Shacrypt::parse(text, Function::Sha512).map(Parsed::other)),
        M::Sha1crypt => other(sha1crypt::Sha1crypt::parse(text).map(Parsed::other)),
        M::Sunmd5 => other(Sunmd5::parse(text).map(Parsed::other)),
        M::Descrypt if text.starts_with("crypt$") => {
            // Django's before 1.4, which has the salt twice.
            const EXPECTED: Fault =
                Fault::Structure { expected: "`crypt$`, two characters of salt, `$` and 13 characters" };
            let ["crypt", salt, hash] = text::parts::<3>(text, '$').ok_or(EXPECTED)? else { return Err(EXPECTED) };
            if salt.len() != 2 || !hash.starts_with(salt) {
                return Err(EXPECTED);
            }
            other(descrypt::Descrypt::parse(hash, false).map(Parsed::other))
        }
        M::Descrypt | M::Bsdicrypt => other(descrypt::Descrypt::parse(text, method == M::Bsdicrypt).map(Parsed::other)),
        M::Scrypt7 => other(Scrypt::seven(text).map(Parsed::other)),
        M::Yescrypt | M::GostYescrypt => other(Yescrypt::parse(text, method == M::GostYescrypt).map(Parsed::other)),
        M::LdapPbkdf2 => other(Pbkdf2::ldap(text).map(Parsed::other)),
        M::SymfonyPbkdf2 => {
            let salt = given.variables.salt.as_deref().unwrap_or_default();
            let hash = raw::decode(text.as_bytes(), 40, given.encoding)?;
            let parsed = Parsed::other(Pbkdf2::new(Function::Sha512, 1000, salt.into(), hash)?);
            Ok(Built { has_columns: true, ..over(parsed, own("$p")?, given.variables.clone()) })
        }
        M::Mysql323 => other(mysql323::Mysql323::parse(text).map(Parsed::other)),
        M::Oracle10 => {
            let user = given.variables.user.clone().ok_or(Fault::MissingUser)?;
            let variables = Variables { user: Some(user), ..Variables::default() };
            let parsed = Parsed::other(oracle10::Oracle10::parse(text)?);
            Ok(Built { has_columns: true, ..over(parsed, own("$u.$p")?, variables) })
        }
        M::CramMd5 => other(cram::CramMd5::parse(text).map(Parsed::other)),
        M::Fshp => fshp(text),
        M::Magento => magento::read(text),
        M::WerkzeugHmac => {
            const EXPECTED: Fault = Fault::Structure { expected: "a hash's name, `$`, a salt, `$` and hex" };
            let [name, salt, hash] = text::parts::<3>(text, '$').ok_or(EXPECTED)?;
            let function = Function::of(name).ok_or(EXPECTED)?;
            if salt.is_empty() {
                return Err(EXPECTED);
            }
            let expression = format!("hmac_{}($s,$p)", function.as_str());
            computed_hex(hash, &expression, salted(salt.as_bytes()))
        }
        M::ClerkSymfony => {
            const EXPECTED: Fault =
                Fault::Structure { expected: "`sha512_symfony$`, rounds, `$`, a salt, `$` and base64" };
            let ["sha512_symfony", rounds, salt, hash] = text::parts::<4>(text, '$').ok_or(EXPECTED)? else {
                return Err(EXPECTED);
            };
            let rounds = rounds_after_the_first(rounds)?;
            let salted_password = if salt.is_empty() { "$p" } else { "$p.'{'.$s.'}'" };
            let expression =
                format!("iterate({rounds},sha512_raw({salted_password}),sha512_raw($x.{salted_password}))");
            let hash = raw::decode(hash.as_bytes(), 64, None)?;
            decoded(&hash, &expression, salted(salt.as_bytes()))
        }
        M::Drupal7 => drupal(text),
        M::DjangoWrappedSha1 | M::DjangoWrappedMd5 => django_wrapped(method, text),
        M::BcryptMd5 => bcrypt(text, "md5($p)", Variables::default()),
        M::BcryptSha1 => bcrypt(text, "sha1($p)", Variables::default()),
        M::BcryptSha256 => bcrypt(text, "sha256($p)", Variables::default()),
        M::BcryptSha384 => bcrypt(text, "b64(sha384_raw($p))", Variables::default()),
        M::BcryptSha512 => bcrypt(text, "sha512($p)", Variables::default()),
        M::SymfonyBcrypt => bcrypt(text, "php72($p)", Variables::default()),
        M::BcryptNfkc => bcrypt(text, "nfkc($p)", Variables::default()),
        M::Argon2idNfkc => {
            let argon2 = Argon2::parse(text, Variant::Id).map(Parsed::Argon2)?;
            Ok(over(argon2, own("nfkc($p)")?, Variables::default()))
        }
        M::BcryptPeppered => {
            const EXPECTED: Fault = Fault::Structure { expected: "a bcrypt hash, `$` and a pepper" };
            let (hash, pepper) = text.split_at_checked(60).ok_or(EXPECTED)?;
            let pepper = pepper.strip_prefix('$').filter(|pepper| !pepper.is_empty()).ok_or(EXPECTED)?;
            bcrypt(hash, "$p.$s", salted(pepper.as_bytes()))
        }
        M::Devise => bcrypt(text, "$p.key:devise", Variables::default()),
        M::DjangoBcryptSha256 => {
            let inner =
                text.strip_prefix("bcrypt_sha256$").ok_or(Fault::Structure { expected: "`bcrypt_sha256$$2b$…`" })?;
            bcrypt(inner, "sha256($p)", Variables::default())
        }
        M::WordpressBcrypt => {
            let inner = text.strip_prefix("$wp").ok_or(Fault::Structure { expected: "`$wp$2y$…`" })?;
            bcrypt(inner, "b64(hmac_sha384_raw('wp-sha384',$p))", Variables::default())
        }
        M::PasslibBcryptSha256 => passlib_bcrypt(text),
        M::Smf21 => {
            let user = given.variables.user.clone().ok_or(Fault::MissingUser)?;
            let variables = Variables { user: Some(user), ..Variables::default() };
            bcrypt(text, "lc($u).$p", variables).map(|built| Built { has_columns: true, ..built })
        }
        M::LdapSmd5 => ldap(text, &["SMD5"], Function::Md5, "md5_raw($p.$s)"),
        M::LdapSsha => ldap(text, &["SSHA"], Function::Sha1, "sha1_raw($p.$s)"),
        M::LdapSsha256 => ldap(text, &["SSHA256"], Function::Sha256, "sha256_raw($p.$s)"),
        M::LdapSsha384 => ldap(text, &["SSHA384"], Function::Sha384, "sha384_raw($p.$s)"),
        M::LdapSsha512 => ldap(text, &["SSHA512"], Function::Sha512, "sha512_raw($p.$s)"),
        M::LdapMd5 => ldap_bare(text, &["MD5", "LDAP-MD5", "PLAIN-MD5"], "md5_raw($p)"),
        M::LdapSha => ldap_bare(text, &["SHA", "SHA1"], "sha1_raw($p)"),
        M::LdapSha256 => ldap_bare(text, &["SHA256"], "sha256_raw($p)"),
        M::LdapSha384 => ldap_bare(text, &["SHA384"], "sha384_raw($p)"),
        M::LdapSha512 => ldap_bare(text, &["SHA512"], "sha512_raw($p)"),
        M::DjangoMd5 | M::DjangoSha1 => {
            let name = if method == M::DjangoMd5 { "md5" } else { "sha1" };
            let [scheme, salt, hash] = text::parts::<3>(text, '$').ok_or(DJANGO)?;
            if scheme != name || salt.is_empty() {
                return Err(DJANGO);
            }
            computed_hex(hash, method.info().computation, salted(salt.as_bytes()))
        }
        // As a program wrote it that names its hash.
        M::Sha256SaltedPrefix | M::Sha512SaltedPrefix if text.starts_with("sha256$") || text.starts_with("sha512$") => {
            const EXPECTED: Fault = Fault::Structure { expected: "`sha256$` or `sha512$`, a salt, `$` and hex" };
            let [scheme, salt, hash] = text::parts::<3>(text, '$').ok_or(EXPECTED)?;
            if !method.as_str().starts_with(&format!("{scheme}_")) || salt.is_empty() {
                return Err(EXPECTED);
            }
            computed_hex(hash, method.info().computation, salted(salt.as_bytes()))
        }
        M::MediawikiA => match text.strip_prefix(":A:").ok_or(MEDIAWIKI)?.split_once(':') {
            // With a salt it is what `:B:` is, as MediaWiki reads it.
            Some((salt, hash)) => computed_hex(hash, "md5($s.'-'.md5($p))", salted(salt.as_bytes())),
            None => computed_hex(&text[":A:".len()..], "md5($p)", Variables::default()),
        },
        M::MediawikiB => {
            let rest = text.strip_prefix(":B:").map(|rest| (rest, ':'));
            let (rest, separator) = rest.or_else(|| Some((text.strip_prefix("$B$")?, '$'))).ok_or(MEDIAWIKI)?;
            let [salt, hash] = text::parts::<2>(rest, separator).ok_or(MEDIAWIKI)?;
            computed_hex(hash, method.info().computation, salted(salt.as_bytes()))
        }
        M::PostgresMd5 => {
            let hash = text.strip_prefix("md5").ok_or(Fault::Structure { expected: "`md5` and 32 hex digits" })?;
            let user = given.variables.user.clone().ok_or(Fault::MissingUser)?;
            let built = computed_hex(hash, "md5($p.$u)", Variables { user: Some(user), ..Variables::default() })?;
            Ok(Built { has_columns: true, ..built })
        }
        M::Mysql41 => computed_hex(text.strip_prefix('*').unwrap_or(text), "sha1(sha1_raw($p))", Variables::default()),
        M::Oracle11 => {
            const EXPECTED: Fault = Fault::Structure { expected: "`S:` and 60 hex digits" };
            // hashcat parts the two with a colon.
            let joined =
                text.split_once(':').filter(|(hash, _)| hash.len() == 40).map(|(hash, salt)| hash.to_owned() + salt);
            let hex = joined.as_deref().or_else(|| text.strip_prefix("S:")).ok_or(EXPECTED)?;
            let bytes = codec::hex(hex.as_bytes())?;
            let (hash, salt) = bytes.split_at_checked(20).filter(|(_, salt)| salt.len() == 10).ok_or(EXPECTED)?;
            decoded(hash, "sha1_raw($p.$s)", salted(salt))
        }
        M::Mssql2000 | M::Mssql2005 | M::Mssql2012 => mssql(method, text),
        // What stands as crypt(3)'s has its mark.
        M::Ntlm if text.len() < whole.len() && !text.starts_with("$3$$") => {
            Err(Fault::Structure { expected: "`$3$$` and 32 hex digits" })
        }
        // crypt(3) widens bytes, and knows no UTF-8.
        M::Ntlm if text.starts_with("$3$$") => computed_hex(&text[4..], "md4(widen($p))", Variables::default()),
        M::SpringMd4 | M::SpringMd5 | M::SpringSha1 | M::SpringSha256 => spring_digest(method, text),
        M::JoomlaSha256 => {
            const EXPECTED: Fault = Fault::Structure { expected: "`{SHA256}`, 64 hex digits, `:` and a salt" };
            let (hash, salt) = text.strip_prefix("{SHA256}").and_then(|rest| rest.split_once(':')).ok_or(EXPECTED)?;
            computed_hex(hash, method.info().computation, salted(salt.as_bytes()))
        }
        M::SpringStandard => {
            const EXPECTED: Fault = Fault::Structure { expected: "`{sha256}` and 80 hex digits" };
            let bytes = codec::hex(text.strip_prefix("{sha256}").unwrap_or(text).as_bytes())?;
            let (salt, hash) = bytes.split_at_checked(8).filter(|(_, hash)| hash.len() == 32).ok_or(EXPECTED)?;
            decoded(hash, method.info().computation, salted(salt))
        }
        M::Md5SaltedPrefix | M::Md5SaltedSuffix if text.starts_with("$md5salted-") => md5_salted(method, text),
        M::SymfonyDigest => symfony(text, given),
        M::KratosTemplate => kratos_template(text),
        M::KratosHmac => kratos_hmac(text),
        M::Legacy => legacy::read(text),
        M::Expression => Err(Fault::NotSelfDescribing),
        _ => plain(of_method(method)?, text, given),
    }
}

const DJANGO: Fault = Fault::Structure { expected: "`sha1$` or `md5$`, a salt, `$` and hex" };
const MEDIAWIKI: Fault = Fault::Structure { expected: "`:A:` and hex, or `:B:`, a salt, `:` and hex" };

fn salted(salt: &[u8]) -> Variables {
    Variables { salt: Some(salt.into()), ..Variables::default() }
}

/// A digest whose text is all there is of it, its salt beside it or after a colon.
pub(crate) fn plain(expression: Expression, text: &str, given: &Given) -> Result<Built, Fault> {
    let expression = expression.raw();
    let uses = expression.uses();
    let mut variables = given.variables.clone();
    let mut hash = text;
    if uses.salt && variables.salt.is_none() {
        let (before, salt) = text.split_once(':').ok_or(Fault::MissingSalt)?;
        hash = before;
        variables.salt = Some(salt.as_bytes().into());
    }
    if uses.salt2 && variables.salt2.is_none() {
        return Err(Fault::MissingSalt);
    }
    if uses.user && variables.user.is_none() {
        return Err(Fault::MissingUser);
    }
    let bytes = expression.digest_bytes().ok_or(Fault::NoDigest)?;
    let raw = Raw::parse(hash, bytes, expression.rounds(&variables), given.encoding)?;
    let has_columns = uses.salt || uses.salt2 || uses.user;
    Ok(Built { has_columns, ..over(Parsed::other(raw), expression, variables) })
}

/// An expression as a tag: over a digest, or within one of the schemes that have a text of their own.
pub(crate) fn expression(tag: &str, text: &str, given: &Given) -> Result<Built, Fault> {
    check_length(text)?;
    let wrap = |error: crate::expression::ExpressionError| Fault::Expression {
        column: error.column,
        expected: error.expected,
    };
    if let Some(call) = columns::call(tag) {
        return call.read(text, given);
    }
    if let Some((outer, inner)) = outer(tag) {
        let place = outer_length(tag);
        let inner = Expression::parse(inner)
            .map_err(|error| wrap(crate::expression::ExpressionError { column: error.column + place, ..error }))?;
        let uses = inner.uses();
        let needs_salt =
            (uses.salt && given.variables.salt.is_none()) || (uses.salt2 && given.variables.salt2.is_none());
        if needs_salt {
            return Err(Fault::MissingSalt);
        }
        if uses.user && given.variables.user.is_none() {
            return Err(Fault::MissingUser);
        }
        // What stops at a NUL, or ignores what follows it, must not be fed raw bytes.
        if outer == Method::Bcrypt && !inner.is_text() {
            return Err(Fault::Expression {
                column: place + 1,
                expected: "text for bcrypt: hex or base64, not raw bytes",
            });
        }
        if inner.fixed_start(&given.variables, &Keyring::new()).is_none() {
            return Err(Fault::NoDigest);
        }
        let built = dispatch(outer, text, &Given::default())?;
        let has_columns = uses.salt || uses.salt2 || uses.user;
        return Ok(Built { has_columns, ..over(built.parsed, inner, given.variables.clone()) });
    }
    let parsed = Expression::parse(tag).map_err(wrap)?;
    plain(parsed, text, given)
}

/// A scheme with a text of its own as the outermost call: `bcrypt(md5($p))`.
fn outer(tag: &str) -> Option<(Method, &str)> {
    let (name, rest) = tag.split_once('(')?;
    let method = match name.to_ascii_lowercase().as_str() {
        "bcrypt" => Method::Bcrypt,
        "argon2i" => Method::Argon2i,
        "argon2d" => Method::Argon2d,
        "argon2id" => Method::Argon2id,
        "pbkdf2" => Method::Pbkdf2,
        "scrypt" => Method::Scrypt,
        "phpass" => Method::Phpass,
        "md5crypt" => Method::Md5crypt,
        "sha256crypt" => Method::Sha256crypt,
        "sha512crypt" => Method::Sha512crypt,
        _ => return None,
    };
    Some((method, rest.strip_suffix(')')?))
}

fn outer_length(tag: &str) -> usize {
    tag.find('(').map_or(0, |at| at + 1)
}

/// Whether the text of a digest has its salt after a colon.
pub(crate) fn carries_salt(parsed: &Parsed, text: &str) -> bool {
    let text = text.trim_start_matches("{ldap}");
    matches!(parsed, Parsed::Other(_)) && text.contains(':') && !text.starts_with(['$', '{', ':'])
}

/// Whether a text is an expression, or the number of one.
pub(crate) fn is_expression(text: &str) -> bool {
    Expression::parse(text).is_ok()
}

/// Why an expression cannot be a tag, in words.
pub(crate) fn check_expression(tag: &str) -> Result<(), String> {
    let call = columns::call(tag).map(|call| (call.input, outer_length(tag)));
    let outer_call = || outer(tag).map(|(_, inner)| (inner, outer_length(tag)));
    let (inner, place) = call.or_else(outer_call).unwrap_or((tag, 0));
    let at = |column: usize, expected: &str| {
        format!("is neither a method nor an expression: at column {column}, expected {expected}")
    };
    let expression = Expression::parse(inner).map_err(|error| at(error.column + place, error.expected))?;
    let is_reached = || expression.fixed_start(&Variables::default(), &Keyring::new()).is_some();
    let is_usable = if place > 0 { is_reached() } else { expression.digest_bytes().is_some() };
    if !is_usable {
        return Err(crate::ParseError(Fault::NoDigest).to_string());
    }
    if outer(tag).is_some_and(|(method, _)| method == Method::Bcrypt) && !expression.is_text() {
        return Err(at(place + 1, "text for bcrypt: hex or base64, not raw bytes"));
    }
    Ok(())
}

/// The canonical spelling of an expression that is a tag.
pub(crate) fn canonical_expression(tag: &str) -> Option<String> {
    if let Some(call) = columns::call(tag) {
        return Some(call.around(call.expression().ok()?));
    }
    match outer(tag) {
        Some((method, inner)) => Some(format!("{}({})", method.as_str(), Expression::parse(inner).ok()?)),
        None => Some(Expression::parse(tag).ok()?.to_string()),
    }
}

/// An expression that is a tag, as it may be shown: without its constants, which can be secrets.
pub(crate) fn redacted(tag: &str) -> Option<String> {
    if let Some(call) = columns::call(tag) {
        return Some(call.around(call.expression().ok()?.redacted()));
    }
    match outer(tag) {
        Some((method, inner)) => Some(format!("{}({})", method.as_str(), Expression::parse(inner).ok()?.redacted())),
        None => Some(Expression::parse(tag).ok()?.redacted().to_string()),
    }
}

fn computed(hash: &str, expression: &str, variables: Variables) -> Result<Built, Fault> {
    computed_in(hash, None, expression, variables)
}

fn computed_hex(hash: &str, expression: &str, variables: Variables) -> Result<Built, Fault> {
    computed_in(hash, Some(TextEncoding::Hex), expression, variables)
}

fn computed_in(
    hash: &str,
    encoding: Option<TextEncoding>,
    expression: &str,
    variables: Variables,
) -> Result<Built, Fault> {
    let expression = own(expression)?.raw();
    let bytes = expression.digest_bytes().ok_or(Fault::NoDigest)?;
    let digest = raw::decode(hash.as_bytes(), bytes, encoding)?;
    Ok(over(Parsed::other(Raw::decoded(digest, expression.rounds(&variables))), expression, variables))
}

fn decoded(hash: &[u8], expression: &str, variables: Variables) -> Result<Built, Fault> {
    let expression = own(expression)?;
    Ok(over(Parsed::other(Raw::decoded(hash.to_vec(), expression.rounds(&variables))), expression, variables))
}

fn bcrypt(text: &str, expression: &str, variables: Variables) -> Result<Built, Fault> {
    Ok(over(Bcrypt::parse(text).map(Parsed::other)?, own(expression)?, variables))
}

/// What follows a scheme's name in braces, in either case, and the encoding that stands with the name: Dovecot's `{SSHA.HEX}`.
fn braced<'t>(text: &'t str, names: &[&str]) -> Result<(&'t str, Option<TextEncoding>), Fault> {
    const EXPECTED: Fault = Fault::Structure { expected: "the scheme's name in braces" };
    let (name, body) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')).ok_or(EXPECTED)?;
    let name = name.to_ascii_uppercase();
    let [scheme, encoding] = named::encoded(&name).unwrap_or([&name, ""]);
    if !names.contains(&scheme) {
        return Err(EXPECTED);
    }
    let encoding = match encoding {
        "" => None,
        "HEX" => Some(TextEncoding::Hex),
        _ => Some(TextEncoding::Base64),
    };
    Ok((body, encoding))
}

/// A digest without a salt.
fn ldap_bare(text: &str, names: &[&str], expression: &str) -> Result<Built, Fault> {
    let (body, encoding) = braced(text, names)?;
    computed_in(body, encoding, expression, Variables::default())
}

/// base64 of digest and salt; whatever follows the digest is salt.
fn ldap(text: &str, names: &[&str], function: Function, expression: &str) -> Result<Built, Fault> {
    let (body, encoding) = braced(text, names)?;
    let bytes = if encoding == Some(TextEncoding::Hex) {
        codec::hex(body.as_bytes())?
    } else {
        check_end(body, text)?;
        codec::base64_padded_or_not(body.as_bytes(), Alphabet::StandardOrUrl)?
    };
    if bytes.get(..2 * function.bytes()).is_some_and(|start| start.iter().all(u8::is_ascii_hexdigit)) {
        return Err(Fault::DoubleEncoded { outer: "base64", inner: "hex" });
    }
    // Who writes hex takes four bytes or more for a salt; nothing else shows where it ends.
    if encoding == Some(TextEncoding::Hex) && bytes.len() > function.bytes() {
        text::check_least(&bytes[function.bytes()..], 4, text)?;
    }
    match bytes.split_at_checked(function.bytes()) {
        Some((hash, salt)) if !salt.is_empty() => decoded(hash, expression, salted(salt)),
        _ => Err(Fault::Length { actual: text.len(), expected: "base64 of a hash and a salt" }),
    }
}

/// base64 of a system that always pads it: without its padding, in a text that fills a column, it has lost its end.
fn check_end(base64: &str, text: &str) -> Result<(), Fault> {
    if base64.len().is_multiple_of(4) || !text::fills_a_column(text.len()) {
        return Ok(());
    }
    Err(Fault::Truncated { actual: text.len(), whole: "a usual column width, and the padding is missing" })
}

/// `$S$…`, and `U$…` where an MD5 table was hashed anew.
fn drupal(text: &str) -> Result<Built, Fault> {
    match text.strip_prefix('U') {
        Some(inner) => Ok(over(Phpass::parse(inner).map(Parsed::other)?, own("md5($p)")?, Variables::default())),
        None => Phpass::parse(text).map(|phpass| Parsed::other(phpass).into()),
    }
}

fn django_wrapped(method: Method, text: &str) -> Result<Built, Fault> {
    let (prefix, expression) = match method {
        Method::DjangoWrappedMd5 => ("pbkdf2_wrapped_md5$", "md5($s.$p)"),
        _ => ("pbkdf2_wrapped_sha1$", "sha1($s.$p)"),
    };
    if !text.starts_with(prefix) {
        return Err(Fault::Structure { expected: "`pbkdf2_wrapped_sha1$` or `pbkdf2_wrapped_md5$`" });
    }
    let parsed = Pbkdf2::django(text, true).map(Parsed::other)?;
    let salt = text.split('$').nth(2).unwrap_or_default();
    Ok(over(parsed, own(expression)?, salted(salt.as_bytes())))
}

/// `$bcrypt-sha256$2a,5$salt$hash`, and version 2, whose HMAC is keyed with the salt's text.
fn passlib_bcrypt(text: &str) -> Result<Built, Fault> {
    const EXPECTED: Fault =
        Fault::Structure { expected: "`$bcrypt-sha256$2b,12$` or `…$v=2,t=2b,r=12$`, a salt, `$` and a hash" };
    let ["", "bcrypt-sha256", parameters, salt, hash] = text::parts::<5>(text, '$').ok_or(EXPECTED)? else {
        return Err(EXPECTED);
    };
    let (version, variant, rounds) = match text::parts::<3>(parameters, ',') {
        Some(["v=2", variant, rounds]) => {
            (2, variant.strip_prefix("t=").ok_or(EXPECTED)?, rounds.strip_prefix("r=").ok_or(EXPECTED)?)
        }
        Some(_) => return Err(EXPECTED),
        None => {
            let [variant, rounds] = text::parts::<2>(parameters, ',').ok_or(EXPECTED)?;
            (1, variant, rounds)
        }
    };
    if !matches!(variant, "2a" | "2b" | "2y") || salt.len() != 22 {
        return Err(EXPECTED);
    }
    let rounds = text::decimal("cost", rounds)?;
    let inner = format!("${variant}${rounds:02}${salt}{hash}");
    if version == 1 {
        bcrypt(&inner, "b64(sha256_raw($p))", Variables::default())
    } else {
        bcrypt(&inner, "b64(hmac_sha256_raw($s,$p))", salted(salt.as_bytes()))
    }
}

/// `{FSHP1|8|4096}base64(salt || hash)`: PBKDF1 with password and salt in each other's place.
fn fshp(text: &str) -> Result<Built, Fault> {
    const EXPECTED: Fault = Fault::Structure { expected: "`{FSHP`, 0 to 3, `|SALTBYTES|ROUNDS}` and base64" };
    let (head, body) = text.strip_prefix("{FSHP").and_then(|rest| rest.split_once('}')).ok_or(EXPECTED)?;
    let [variant, salt_bytes, rounds] = text::parts::<3>(head, '|').ok_or(EXPECTED)?;
    let name = match variant {
        "0" => "sha1",
        "1" => "sha256",
        "2" => "sha384",
        "3" => "sha512",
        _ => return Err(EXPECTED),
    };
    let bytes = codec::base64_padded_or_not(body.as_bytes(), Alphabet::Standard)?;
    let salt_bytes = text::decimal("salt_bytes", salt_bytes)? as usize;
    let (salt, hash) = bytes.split_at_checked(salt_bytes).ok_or(EXPECTED)?;
    if Function::of(name).is_none_or(|function| function.bytes() != hash.len()) {
        return Err(EXPECTED);
    }
    let again = rounds_after_the_first(rounds)?;
    decoded(hash, &format!("iterate({again},{name}_raw($s.$p),{name}_raw($x))"), salted(salt))
}

/// How often to repeat what was done once.
fn rounds_after_the_first(text: &str) -> Result<u32, Fault> {
    let rounds = text::decimal("digest_rounds", text)?;
    OutOfBounds::check("digest_rounds", 1, 1 << 30, rounds.into())?;
    Ok(rounds - 1)
}

fn mssql(method: Method, text: &str) -> Result<Built, Fault> {
    const EXPECTED: Fault = Fault::Structure { expected: "`0x0100` or `0x0200`, 8 hex digits of salt, and the hash" };
    let (prefix, bytes, expression) = match method {
        Method::Mssql2000 => ("0x0100", 40, "sha1_raw(utf16le($p).$s).sha1_raw(utf16le(uc($p)).$s)"),
        Method::Mssql2005 => ("0x0100", 20, "sha1_raw(utf16le($p).$s)"),
        _ => ("0x0200", 64, "sha512_raw(utf16le($p).$s)"),
    };
    let hex =
        text.get(..6).filter(|start| start.eq_ignore_ascii_case(prefix)).and_then(|_| text.get(6..)).ok_or(EXPECTED)?;
    let all = codec::hex(hex.as_bytes())?;
    let (salt, hash) = all.split_at_checked(4).filter(|(_, hash)| hash.len() == bytes).ok_or(EXPECTED)?;
    decoded(hash, expression, salted(salt))
}

/// `{salt}` and a digest of the password and the salt with its braces; without them there is no salt.
fn spring_digest(method: Method, text: &str) -> Result<Built, Fault> {
    let salt_and_hash = text.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    match (salt_and_hash, method) {
        (Some((salt, hash)), _) => computed(hash, method.info().computation, salted(salt.as_bytes())),
        (None, Method::SpringMd4) => computed(text, "md4($p)", Variables::default()),
        (None, Method::SpringMd5) => computed(text, "md5($p)", Variables::default()),
        (None, Method::SpringSha1) => computed(text, "sha1($p)", Variables::default()),
        (None, _) => computed(text, "sha256($p)", Variables::default()),
    }
}

/// passwap's: the salt is the text as it stands, whatever it looks like, and the digest is in base64.
fn md5_salted(method: Method, text: &str) -> Result<Built, Fault> {
    const EXPECTED: Fault =
        Fault::Structure { expected: "`$md5salted-prefix$` or `$md5salted-suffix$`, a salt, `$` and base64" };
    let ["", side, salt, hash] = text::parts::<4>(text, '$').ok_or(EXPECTED)? else { return Err(EXPECTED) };
    let is_side = side == if method == Method::Md5SaltedPrefix { "md5salted-prefix" } else { "md5salted-suffix" };
    if !is_side || hash.len() > 24 {
        return Err(EXPECTED);
    }
    computed(hash, method.info().computation, salted(salt.as_bytes()))
}

/// Symfony's message digest hasher with its defaults: SHA-512, 5000 rounds. A salt is optional, and has no braces.
fn symfony(text: &str, given: &Given) -> Result<Built, Fault> {
    let salt = given.variables.salt.as_deref().unwrap_or_default();
    if salt.iter().any(|c| matches!(c, b'{' | b'}')) {
        return Err(Fault::Structure { expected: "a salt without braces" });
    }
    if salt.is_empty() {
        let bare = own("iterate(4999,sha512_raw($p),sha512_raw($x.$p))")?;
        return plain(bare, text, &Given { encoding: given.encoding, ..Given::default() });
    }
    plain(of_method(Method::SymfonyDigest)?, text, given)
}

/// `$md5$hash`, `$sha256$pf=template$salt$hash`: text with `{SALT}` and `{PASSWORD}` in it.
fn kratos_template(text: &str) -> Result<Built, Fault> {
    const EXPECTED: Fault =
        Fault::Structure { expected: "`$md5$HASH` or `$sha256$pf=TEMPLATE$SALT$HASH`, all in padded base64" };
    let base64 = |text: &str| codec::base64_padded_or_not(text.as_bytes(), Alphabet::Standard);
    let parts: Vec<&str> = text.split('$').collect();
    let (name, template, salt, hash) = match parts[..] {
        ["", "md5", hash] => ("md5", b"{PASSWORD}".to_vec(), Vec::new(), hash),
        ["", name @ ("md5" | "sha1" | "sha256" | "sha512"), template, salt, hash] => {
            (name, base64(template.strip_prefix("pf=").ok_or(EXPECTED)?)?, base64(salt)?, hash)
        }
        _ => return Err(EXPECTED),
    };
    let function = Function::of(name).ok_or(EXPECTED)?;
    let hash = base64(hash)?;
    if hash.len() == 2 * function.bytes() && hash.iter().all(u8::is_ascii_hexdigit) {
        return Err(Fault::DoubleEncoded { outer: "base64", inner: "hex" });
    }
    if hash.len() != function.bytes() {
        return Err(Fault::Length { actual: 2 * hash.len(), expected: "base64 of a digest of the method" });
    }
    let template = String::from_utf8(template).map_err(|_| EXPECTED)?;
    let mut inner = Vec::new();
    let mut rest = template.as_str();
    while !rest.is_empty() {
        let next = ["{SALT}", "{PASSWORD}"].iter().filter_map(|name| rest.find(name)).min().unwrap_or(rest.len());
        if next > 0 {
            inner.push(format!("0x{}", codec::to_hex(&rest.as_bytes()[..next])));
            rest = &rest[next..];
        } else if let Some(after) = rest.strip_prefix("{SALT}") {
            inner.push("$s".to_owned());
            rest = after;
        } else {
            inner.push("$p".to_owned());
            rest = &rest["{PASSWORD}".len()..];
        }
    }
    let expression = Expression::parse(&format!("{name}_raw({})", inner.join("."))).map_err(|_| EXPECTED)?;
    if expression.digest_bytes().is_none() {
        return Err(Fault::Structure { expected: "a template with `{PASSWORD}`" });
    }
    let variables = salted(&salt);
    Ok(over(Parsed::other(Raw::decoded(hash, expression.rounds(&variables))), expression, variables))
}

/// `$hmac-sha256$base64(hex)$base64(key)`
fn kratos_hmac(text: &str) -> Result<Built, Fault> {
    const EXPECTED: Fault = Fault::Structure { expected: "`$hmac-HASH$`, base64 of hex, `$` and a key in base64" };
    let ["", name, hash, key] = text::parts::<4>(text, '$').ok_or(EXPECTED)? else { return Err(EXPECTED) };
    let function = name.strip_prefix("hmac-").and_then(Function::of).ok_or(EXPECTED)?;
    if key.is_empty() {
        return Err(EXPECTED);
    }
    check_end(key, text)?;
    let base64 = |text: &str| codec::base64_padded_or_not(text.as_bytes(), Alphabet::Standard);
    let digest = codec::hex(&base64(hash)?)?;
    if digest.len() != function.bytes() {
        return Err(Fault::Length { actual: hash.len(), expected: "base64 of the MAC's hex" });
    }
    decoded(&digest, &format!("hmac_{}_raw($s,$p)", function.as_str()), salted(&base64(key)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_computation_of_a_method_that_is_an_expression_parses() {
        for method in Method::all() {
            let computation = method.info().computation;
            let is_expression = Function::ALL.iter().any(|f| {
                computation.starts_with(&format!("{}(", f.as_str()))
                    || computation.starts_with(&format!("{}_raw(", f.as_str()))
            });
            if is_expression {
                assert!(Expression::parse(computation).is_ok(), "{method}");
            }
        }
    }
}
