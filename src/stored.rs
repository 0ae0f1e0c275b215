//! `StoredHash`: the one door through which stored text comes in, and the two forms in which it goes out.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use crate::codec::{self, Alphabet};
use crate::error::{Fault, Unverifiable};
use crate::expression;
use crate::keyring::Keyring;
use crate::recipe::{self, Built, Given, Input};
use crate::scheme::bcrypt::Bcrypt;
use crate::scheme::{self, Parsed, Scheme, TextEncoding};
use crate::tag::{Kind, Tag};
use crate::{Cost, Limits, Method, OutOfBounds, ParseError};
use zeroize::Zeroizing;

#[cfg(feature = "import")]
mod plain;

/// The longest password that can match, as the bounds of expressions take it.
pub(crate) const PASSWORD_BYTES_MAX: usize = expression::PASSWORD_BYTES_MAX;

/// Passwords up to this length are verified whatever the hash costs, as long as its cost is within the limits.
const PASSWORD_BYTES_USUAL: usize = 128;
/// The prefix of the self-describing form of methods whose own text does not name them.
const PREFIX: &str = "$rehash$";

/// A stored hash: parsed, well formed, within limits, decoded once.
///
/// It keeps the text it was read from byte for byte, because that is what a compare-and-swap must name;
/// [`StoredHash::canonical`] is the one spelling that an importer writes. Its `Debug` shows the method and the cost
/// parameters only, and there is no `Display`.
#[derive(Clone)]
pub struct StoredHash {
    method: Method,
    text: Box<str>,
    parsed: Parsed,
    input: Input,
    /// What the hash is over, where it came from beside the text: the self-describing form must name it.
    has_columns: bool,
    /// The expression, where it is the tag.
    expression: Option<Box<str>>,
    /// The text as the method itself reads it, where it was read as a vendor's who means something else by it.
    restated: Option<Box<str>>,
}

/// A digest in hex and its salt, for trying other computations on them. It has no `Debug`.
#[cfg(feature = "import")]
pub(crate) struct DigestParts {
    pub(crate) hex: String,
    pub(crate) salt: Option<Box<[u8]>>,
}

/// What stands beside a hash in its record and went into it.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct Columns<'a> {
    /// The salt, decoded.
    pub salt: Option<&'a [u8]>,
    /// A second salt, where an expression has `$s2`.
    pub salt2: Option<&'a [u8]>,
    /// The user's name at the time when the hash was made.
    pub user: Option<&'a [u8]>,
    /// How the text of a digest is encoded; told from its length where `None`.
    pub encoding: Option<TextEncoding>,
}

impl<'a> Columns<'a> {
    /// With a salt.
    #[must_use]
    pub const fn salt(mut self, salt: &'a [u8]) -> Self {
        self.salt = Some(salt);
        self
    }

    /// With a second salt.
    #[must_use]
    pub const fn salt2(mut self, salt: &'a [u8]) -> Self {
        self.salt2 = Some(salt);
        self
    }

    /// With the user's name.
    #[must_use]
    pub const fn user(mut self, user: &'a [u8]) -> Self {
        self.user = Some(user);
        self
    }

    /// With the encoding of the text.
    #[must_use]
    pub const fn encoding(mut self, encoding: Option<TextEncoding>) -> Self {
        self.encoding = encoding;
        self
    }

    fn given(&self) -> Given {
        let own = |bytes: Option<&[u8]>| bytes.map(Box::from);
        let variables = expression::Variables { salt: own(self.salt), salt2: own(self.salt2), user: own(self.user) };
        Given { variables, encoding: self.encoding }
    }
}

impl StoredHash {
    /// Reads `text` as a hash that `method` made. The encoding of a digest is told from its length.
    ///
    /// Cost: tens to hundreds of nanoseconds; nothing is hashed.
    ///
    /// # Errors
    ///
    /// [`ParseError`] with the problem's code. Nothing is repaired: white space, a wrong length, bits that carry no value
    /// or a cost out of bounds are errors.
    pub fn parse(method: Method, text: &str, limits: &Limits) -> Result<Self, ParseError> {
        Self::read(&Kind::Method(method), text, &Given::default(), limits)
    }

    /// The same, for a digest whose record says how its text is encoded.
    ///
    /// # Errors
    ///
    /// As [`StoredHash::parse`].
    pub fn parse_encoded(
        method: Method,
        text: &str,
        encoding: Option<TextEncoding>,
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        Self::read(&Kind::Method(method), text, &Given { encoding, ..Given::default() }, limits)
    }

    /// Reads `text` by its record's tag, with what stands beside it: a salt of a column of its own, the user's name.
    ///
    /// ```
    /// use rehash::{Columns, Limits, StoredHash, Tag};
    ///
    /// let tag: Tag = "md5(md5($p).$s)".parse()?;
    /// let columns = Columns::default().salt(b"308");
    /// let stored = StoredHash::parse_tagged(&tag, "28f9975808ae2bdc5847b1cda26033ea", &columns, &Limits::default())?;
    /// assert_eq!(stored.text(), "28f9975808ae2bdc5847b1cda26033ea");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`StoredHash::parse`]; [`crate::Code::MissingSalt`] and [`crate::Code::MissingUsername`] where the method needs
    /// what is not there, [`crate::Code::BadField`] where something is there that it has no use for.
    pub fn parse_tagged(tag: &Tag, text: &str, columns: &Columns<'_>, limits: &Limits) -> Result<Self, ParseError> {
        Self::read(&tag.0, text, &columns.given(), limits)
    }

    fn read(tag: &Kind, text: &str, given: &Given, limits: &Limits) -> Result<Self, ParseError> {
        Self::read_tagged(tag, text, given, limits).map_err(|error| with_real_bound(error, limits))
    }

    fn read_tagged(tag: &Kind, text: &str, given: &Given, limits: &Limits) -> Result<Self, ParseError> {
        if text.starts_with(PREFIX) {
            let stored = Self::parse_self_describing(text, limits)?;
            let is_of_tag = match tag {
                Kind::Method(method) => *method == stored.method,
                Kind::Family(family) => family.takes(stored.method),
                Kind::Expression(expression) => stored.expression.as_ref() == Some(expression),
            };
            let conflict = || match tag {
                Kind::Method(tag) => Fault::Conflict { tag: *tag, named: stored.method },
                Kind::Family(family) => Fault::NotOfFamily { family: family.0 },
                Kind::Expression(_) => Fault::Conflict { tag: Method::Expression, named: stored.method },
            };
            return if is_of_tag { Ok(stored) } else { Err(conflict().into()) };
        }
        match tag {
            Kind::Method(method) => {
                let built = recipe::build(*method, text, given).map_err(|fault| explain(*method, text, fault))?;
                Self::bounded(*method, None, text, built, limits)
            }
            Kind::Family(family) => Self::of_family(*family, text, given, limits),
            Kind::Expression(expression) => {
                let built = recipe::expression(expression, text, given)?;
                Self::bounded(Method::Expression, Some(expression.clone()), text, built, limits)
            }
        }
    }

    /// In the pair form the text is what was read, which a compare-and-swap names: also where it says the pair once more.
    fn with_text(mut self, text: &str) -> Self {
        if *self.text != *text {
            self.restated = Some(std::mem::replace(&mut self.text, text.into()));
        }
        self
    }

    /// The first of the family's methods that reads the text; what the text names first of all.
    fn of_family(family: recipe::Family, text: &str, given: &Given, limits: &Limits) -> Result<Self, ParseError> {
        if let Some(candidates) = family.undecided(text) {
            return Err(Fault::Ambiguous { candidates }.into());
        }
        let named = recipe::named(text);
        let writes = |method: &Method| family.writes(*method, text);
        let claimed: Vec<Method> =
            named.iter().copied().filter(|method| family.1.contains(method)).filter(writes).collect();
        if claimed.len() > 1 {
            return Err(Fault::Ambiguous { candidates: named }.into());
        }
        // What names bcrypt can be bcrypt over something else, where the family has that and bcrypt itself does not read it; PBKDF2's
        // common text is Kratos' too, and scrypt's; phpass is WordPress'.
        let is_open = matches!(
            named,
            [] | [Method::Bcrypt | Method::Argon2id | Method::Pbkdf2 | Method::Scrypt | Method::Phpass]
        );
        let others = family.1.iter().copied().filter(|method| is_open && !claimed.contains(method)).filter(writes);
        let mut first = None;
        for method in claimed.iter().copied().chain(others) {
            let restated = family.restated(method, text);
            match recipe::build(method, restated.unwrap_or(text), given) {
                Ok(built) => {
                    let stored = Self::bounded(method, None, text, built, limits)?;
                    return Ok(Self { restated: restated.map(Box::from), ..stored });
                }
                // What was cut off has the form as far as it goes.
                Err(fault) if named.contains(&method) || matches!(fault, Fault::Truncated { .. }) => {
                    first = first.or(Some(fault));
                }
                Err(_) => {}
            }
        }
        Err(first.unwrap_or(Fault::NotOfFamily { family: family.0 }).into())
    }

    fn bounded(
        method: Method,
        expression: Option<Box<str>>,
        text: &str,
        built: Built,
        limits: &Limits,
    ) -> Result<Self, ParseError> {
        let Built { parsed, input, has_columns } = built;
        let stored = Self { method, text: text.into(), parsed, input, has_columns, expression, restated: None };
        stored.check(limits)?;
        if !stored.is_reached(&Keyring::new()) {
            return Err(Fault::AnyPassword.into());
        }
        Ok(stored)
    }

    /// `Err` where a verification could cost more than the limits allow.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), OutOfBounds> {
        let Input::Expression(input) = &self.input else { return self.scheme().check(limits) };
        let price = |bytes| input.0.price(bytes, &input.1, &Keyring::new());
        let most = u64::from(limits.digest_rounds);
        let longest = price(PASSWORD_BYTES_MAX);
        OutOfBounds::check("value_bytes", 0, expression::VALUE_BYTES_MAX, longest.value_bytes)?;
        self.scheme().check(limits)?;
        if longest.rounds <= most {
            return Ok(());
        }
        OutOfBounds::check("digest_rounds", 0, most, price(expression::PASSWORD_BYTES_SHORT).rounds)?;
        OutOfBounds::check("digest_rounds", 0, Limits::LENGTH_WORK_MAX * most, price(PASSWORD_BYTES_USUAL).rounds)
    }

    /// Whether anything of a password reaches what the scheme looks at, as far as is known.
    fn is_reached(&self, keys: &Keyring) -> bool {
        let Input::Expression(input) = &self.input else { return true };
        let most = self.scheme().input_bytes_max().unwrap_or(usize::MAX);
        input.0.fixed_start(&input.1, keys).is_some_and(|start| start < most)
    }

    /// Reads a text that names its own method: a crypt or PHC string (`$2b$…`, `$argon2id$…`, `{SSHA}…`), or what
    /// [`StoredHash::self_describing`] gave.
    ///
    /// # Errors
    ///
    /// [`crate::Code::AmbiguousMethod`] where the text names no method, or several; else as [`StoredHash::parse`].
    pub fn parse_self_describing(text: &str, limits: &Limits) -> Result<Self, ParseError> {
        let Some(rest) = text.strip_prefix(PREFIX) else {
            return match recipe::named(text) {
                [method] => Self::parse(*method, text, limits),
                [] => Err(Fault::NotSelfDescribing.into()),
                candidates => Err(Fault::Ambiguous { candidates }.into()),
            };
        };
        let (head, inner) = rest.split_once('$').ok_or(Fault::NotSelfDescribing)?;
        let mut parts = head.split(',');
        let name = unescape(parts.next().unwrap_or_default()).ok_or(Fault::NotSelfDescribing)?;
        let mut given = Given::default();
        let mut has_columns = false;
        for part in parts {
            let (key, value) = part.split_once('=').ok_or(Fault::NotSelfDescribing)?;
            let value = codec::base64(value.as_bytes(), Alphabet::Url)?.into_boxed_slice();
            let place = match key {
                "s" => &mut given.variables.salt,
                "s2" => &mut given.variables.salt2,
                "u" => &mut given.variables.user,
                _ => return Err(Fault::NotSelfDescribing.into()),
            };
            has_columns = true;
            if place.replace(value).is_some() {
                return Err(Fault::NotSelfDescribing.into());
            }
        }
        // One spelling: an alias here, or a text that needs no prefix, would make two texts of one hash.
        let method = name.parse::<Method>().ok().filter(|method| method.as_str() == name);
        let is_needless =
            !has_columns && recipe::named(inner).len() == 1 && recipe::named(inner).first() == method.as_ref();
        if is_needless || inner.starts_with(PREFIX) {
            return Err(Fault::NotSelfDescribing.into());
        }
        if let Some(method) = method {
            let built = recipe::build(method, inner, &given).map_err(|fault| explain(method, inner, fault))?;
            if has_columns {
                return Self::bounded(method, None, text, built, limits);
            }
            // What only names the method is the pair in one string; what says more is the pair's own text.
            return Self::bounded(method, None, inner, built, limits).map(|stored| stored.with_text(text));
        }
        if recipe::canonical_expression(&name).as_ref() != Some(&name) {
            return Err(Fault::NotSelfDescribing.into());
        }
        let built = recipe::expression(&name, inner, &given)?;
        Self::bounded(Method::Expression, Some(name.into()), text, built, limits)
    }

    /// The one method that a text names by itself, if it does; the text may still be malformed.
    #[must_use]
    pub fn method_named_by(text: &str) -> Option<Method> {
        match recipe::named(text) {
            [method] => Some(*method),
            _ => None,
        }
    }

    /// Whether a text is in the form `$rehash$METHOD$TEXT`, well formed or not.
    #[must_use]
    pub fn is_self_describing(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    pub(crate) fn from_argon2(argon2: scheme::argon2::Argon2) -> Self {
        let text = argon2.encode().into();
        Self {
            method: Method::Argon2id,
            text,
            parsed: Parsed::Argon2(argon2),
            input: Input::Password,
            has_columns: false,
            expression: None,
            restated: None,
        }
    }

    /// The method that made the hash.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The text exactly as it was read, which is what a compare-and-swap names. A salt or a name that came from columns beside it is
    /// not in it: what is to be kept without them is [`StoredHash::canonical`], and what is kept in one column
    /// [`StoredHash::self_describing`].
    #[must_use]
    pub const fn text(&self) -> &str {
        &self.text
    }

    /// The record's tag in canonical spelling: the method's name, or the expression.
    #[must_use]
    pub fn tag(&self) -> &str {
        self.expression.as_deref().unwrap_or_else(|| self.method.as_str())
    }

    /// The text in the one spelling that an importer writes: lower-case hex for digests, the usual parameter order
    /// for Argon2, no wrapper; a salt or a name that went into the hash comes with it. Parsing it again gives an equal hash.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.canonical_unless_it_is().unwrap_or_else(|| self.text.to_string())
    }

    /// The second half of the pair form, whose first is the method: what a store keeps. It is the text as it was read, unless there
    /// were columns beside it, or a tag that says more than the method does.
    pub(crate) fn kept_text(&self) -> Cow<'_, str> {
        let says_all = !self.has_columns && self.expression.is_none() && self.restated.is_none();
        if says_all || self.text.starts_with(PREFIX) {
            return Cow::Borrowed(&self.text);
        }
        Cow::Owned(self.canonical())
    }

    /// The canonical text; `None` where the text is it.
    fn canonical_unless_it_is(&self) -> Option<String> {
        if let Some(restated) = self.restated.as_ref().filter(|_| self.text.starts_with(PREFIX)) {
            return Some(Self { text: restated.clone(), restated: None, ..self.clone() }.canonical());
        }
        if let Some(restated) = &self.restated {
            return Some(self.scheme().canonical(restated).unwrap_or_else(|| restated.to_string()));
        }
        // Magento's parameters stand in its version, and its Argon2 is never a PHC string.
        if self.text.starts_with(PREFIX) || self.method == Method::Magento {
            return None;
        }
        let inner = recipe::strip_wrapper(self.method, &self.text);
        let canonical = self.scheme().canonical(inner);
        if self.has_columns || self.expression.is_some() {
            let text = canonical.as_deref().unwrap_or(inner);
            return Some(self.described(text));
        }
        let is_wrapped = inner.len() != self.text.len();
        canonical.or_else(|| {
            // What the wrapper says must not be lost where the text within names no method, or another; a bare digest never names one.
            let still_says = || self.takes_encoding() || recipe::named(inner) == [self.method];
            (is_wrapped && still_says()).then(|| inner.to_owned())
        })
    }

    /// The same hash with its [`StoredHash::canonical`] text.
    #[must_use]
    pub fn into_canonical(mut self) -> Self {
        if let Some(text) = self.canonical_unless_it_is() {
            self.text = text.into();
            self.restated = None;
        }
        self
    }

    /// One string that says everything: the text itself where it names its method (`$2b$…`, `$argon2id$…`), else
    /// `$rehash$METHOD$TEXT`, with salt and name (`,s=…,u=…`, in base64url) where they went into the hash.
    /// [`StoredHash::parse_self_describing`] reads it back exactly.
    #[must_use]
    pub fn self_describing(&self) -> String {
        if let Some(restated) = &self.restated {
            return self.described(restated);
        }
        let says_all = !self.has_columns && self.expression.is_none() && recipe::named(&self.text) == [self.method];
        if says_all || self.text.starts_with(PREFIX) { self.text.to_string() } else { self.described(&self.text) }
    }

    fn described(&self, text: &str) -> String {
        let mut whole = format!("{PREFIX}{}", escape(self.tag()));
        // A salt within the text is still there.
        let is_within = recipe::carries_salt(&self.parsed, text);
        if let (true, Input::Expression(input)) = (self.has_columns, &self.input) {
            let variables = &input.1;
            for (key, value) in [("s", &variables.salt), ("s2", &variables.salt2), ("u", &variables.user)] {
                if let Some(value) = value
                    && !(is_within && key == "s")
                {
                    let _ = write!(whole, ",{key}={}", codec::to_base64url(value));
                }
            }
        }
        whole.push('$');
        whole.push_str(text);
        whole
    }

    /// Whether the text ends with a salt that stands in it as it is: white space there is not around the hash.
    #[cfg(feature = "import")]
    pub(crate) fn ends_with_salt(&self) -> bool {
        let Input::Expression(input) = &self.input else { return false };
        let ends = |salt: &[u8]| self.text.as_bytes().ends_with(salt);
        !self.text.ends_with('=') && input.1.salt.as_deref().is_some_and(ends)
    }

    /// A digest in hex, and the salt that goes with it; `None` where the hash is not a digest of its own.
    #[cfg(feature = "import")]
    pub(crate) fn digest_parts(&self) -> Option<DigestParts> {
        let canonical = self.canonical();
        let inner = match canonical.strip_prefix(PREFIX) {
            Some(rest) => rest.split_once('$')?.1,
            None => &canonical,
        };
        let hex = inner.split_once(':').map_or(inner, |(hash, _)| hash);
        let is_hex = hex.len() >= 32 && hex.len().is_multiple_of(2) && hex.bytes().all(|c| c.is_ascii_hexdigit());
        let salt = match &self.input {
            Input::Expression(input) => input.1.salt.clone(),
            Input::Password => None,
        };
        is_hex.then(|| DigestParts { hex: hex.to_owned(), salt })
    }

    /// The cost parameters in words (`cost=10`, `m=19456,t=2,p=1`; empty for digests), after the expression where that is the method:
    /// for statistics. An expression's constants can be secrets, and are not shown.
    #[must_use]
    pub fn parameters(&self) -> String {
        let parameters = self.parsed.scheme().parameters();
        match self.expression.as_deref().and_then(recipe::redacted) {
            Some(expression) if parameters.is_empty() => expression,
            Some(expression) => format!("{expression} {parameters}"),
            None => parameters,
        }
    }

    /// Parameters as a store has them from before constants were hidden: the expression in them as it may be shown.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn shown_parameters(parameters: &str) -> String {
        // The cost stands after the expression, in which there may be spaces too.
        let ends = std::iter::once(parameters.len()).chain(parameters.rmatch_indices(' ').map(|(at, _)| at));
        let shown =
            ends.map(|end| parameters.split_at(end)).find_map(|(tag, cost)| Some(recipe::redacted(tag)? + cost));
        // What is no expression of ours may hold one all the same.
        shown.unwrap_or_else(|| "…".to_owned())
    }

    /// What one verification costs.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let cost = self.parsed.scheme().cost();
        match &self.input {
            Input::Expression(input) if !self.parsed.counts_its_input() => {
                let time = cost.time.saturating_add(Cost::digests(input.0.rounds(&input.1)).time);
                Cost { time, ..cost }
            }
            _ => cost,
        }
    }

    /// `Err` where the hash needs a key that `keys` does not have.
    ///
    /// # Errors
    ///
    /// [`crate::Code::MissingKey`], naming the key id.
    pub fn check_keys(&self, keys: &Keyring) -> Result<(), ParseError> {
        self.scheme().check_keys(keys)?;
        let Input::Expression(input) = &self.input else { return Ok(()) };
        match input.0.keys().iter().find(|id| !keys.contains(id)) {
            Some(id) => Err(Fault::MissingKey { key_id: id.to_string() }.into()),
            None => Ok(()),
        }
    }

    /// Whether a key goes into what its scheme hashes, as part of an expression. Who may write such rows and try passwords on them can find
    /// that key out, a byte at a time: the expression takes it apart, or bcrypt does, which looks at 72 bytes.
    #[cfg(feature = "serve")]
    pub(crate) fn mixes_in_keys(&self) -> bool {
        matches!(&self.input, Input::Expression(input) if !input.0.keys().is_empty())
    }

    /// Whether the text, though well formed, was most likely cut off by a narrow column: its length is one that
    /// columns have, and what is left of the hash is no length that anybody chooses.
    #[must_use]
    pub fn looks_truncated(&self) -> bool {
        self.scheme().looks_cut(self.text.len())
    }

    /// Whether the cost is below what is recommended today: bcrypt under cost 10, Argon2 under OWASP's least memory or
    /// work. Digests have no cost, and are not called weak beside one that has.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.scheme().is_weak()
    }

    /// Whether the method ignores the end of long passwords.
    #[must_use]
    pub fn truncates(&self) -> bool {
        let exposes = match &self.input {
            Input::Password => true,
            Input::Expression(input) => input.0.exposes_password(),
        };
        exposes && self.scheme().input_bytes_max().is_some()
    }

    /// Whether the text is a digest and nothing else, which can be encoded in several ways.
    #[must_use]
    pub fn takes_encoding(&self) -> bool {
        self.scheme().takes_encoding()
    }

    pub(crate) const fn parsed(&self) -> &Parsed {
        &self.parsed
    }

    pub(crate) fn scheme(&self) -> &dyn Scheme {
        self.parsed.scheme()
    }

    /// Whether another password, which this one merely begins with or resembles, matches the hash too.
    pub(crate) fn is_ambiguous(&self, password: &[u8], keys: &Keyring) -> bool {
        let Input::Expression(input) = &self.input else { return self.scheme().is_ambiguous(password) };
        let (expression, variables) = &**input;
        let exposed = expression.exposed(password, variables, keys);
        expression.loses(password, variables, keys)
            || exposed.map_or(true, |exposed| self.scheme().is_ambiguous(&exposed))
    }

    /// How many lanes its memory has, where its scheme is Argon2.
    #[cfg(feature = "pool")]
    pub(crate) fn argon2_lanes(&self) -> Option<u32> {
        self.parsed.argon2_lanes()
    }

    /// Its scheme, where that is bcrypt.
    pub(crate) fn bcrypt(&self) -> Option<&Bcrypt> {
        self.scheme().as_bcrypt()
    }

    /// What the scheme is given for this password. `Err` where a long one would cost more than the limits promise.
    pub(crate) fn input<'p>(
        &self,
        password: &'p [u8],
        keys: &Keyring,
        limits: &Limits,
    ) -> Result<expression::Input<'p>, Unverifiable> {
        let input = match &self.input {
            Input::Password if self.admits(password.len(), keys) => expression::Input::Borrowed(password),
            Input::Password => return Err(Unverifiable::PasswordTooLong),
            Input::Expression(input) => {
                let (expression, variables) = &**input;
                self.check_password(expression, variables, password.len(), keys, limits)?;
                expression.evaluate(password, variables, keys)?
            }
        };
        match self.scheme().takes(input.bytes().len()) {
            true => Ok(input),
            false => Err(Unverifiable::PasswordTooLong),
        }
    }

    /// What the method's own system may have made of a password before it hashed it, where that is something else than the password,
    /// and whether it made the same of others.
    pub(crate) fn other_inputs(&self, password: &[u8]) -> Vec<(Zeroizing<Vec<u8>>, bool)> {
        let (nothing, no_keys) = (expression::Variables::default(), Keyring::new());
        let mut others: Vec<(Zeroizing<Vec<u8>>, bool)> = Vec::new();
        for expression in recipe::other_inputs(self.method) {
            let Ok(expression::Input::Computed(input)) = expression.evaluate(password, &nothing, &no_keys) else {
                continue;
            };
            let is_of_others = expression.loses(password, &nothing, &no_keys);
            // A question mark would stand for all that Latin-1 does not have.
            let is_beyond = |text: &str| text.chars().any(|c| u32::from(c) > 0xff);
            let is_beyond = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(is_beyond);
            let is_guess = self.method == Method::Smf1 && is_beyond(password) && !is_beyond(&input);
            if !is_guess && **input != *password && others.iter().all(|(other, _)| *other != input) {
                others.push((input, is_of_others));
            }
        }
        others
    }

    /// How often a password is hashed at most.
    #[cfg(feature = "serve")]
    fn tries_max(&self) -> u32 {
        self.scheme().tries_max() * (1 + self.method.other_inputs().len() as u32)
    }

    /// Whether a password of so many bytes takes no more than [`StoredHash::work_most`].
    fn admits(&self, password_bytes: usize, keys: &Keyring) -> bool {
        password_bytes <= PASSWORD_BYTES_USUAL || self.work(password_bytes, keys) <= self.work_most(keys)
    }

    /// How many blocks are hashed for a password of so many bytes, where its length is work.
    fn work(&self, password_bytes: usize, keys: &Keyring) -> u64 {
        let Input::Expression(input) = &self.input else { return self.scheme().work(password_bytes) };
        let price = input.0.price(password_bytes, &input.1, keys);
        let bytes = usize::try_from(price.bytes.min(expression::VALUE_BYTES_MAX)).unwrap_or(usize::MAX);
        price.rounds.saturating_add(self.scheme().work(bytes))
    }

    /// How many blocks may be hashed for a password: a few times what this hash takes for a short one, so that how long it takes to
    /// refuse a long one tells little of who has the hash, and not more than the floor of a service knows of.
    fn work_most(&self, keys: &Keyring) -> u64 {
        let short = self.work(expression::PASSWORD_BYTES_SHORT, keys);
        let most = short.saturating_mul(Limits::LENGTH_WORK_MAX).max(Limits::LENGTH_WORK_FREE);
        most.max(self.work(PASSWORD_BYTES_USUAL, keys))
    }

    /// What one verification costs with the dearest password that is admitted.
    #[cfg(feature = "serve")]
    pub(crate) fn dearest_cost(&self, keys: &Keyring) -> Cost {
        let most = self.work_most(keys).min(self.work(PASSWORD_BYTES_MAX, keys));
        let more = most.saturating_sub(self.work(expression::PASSWORD_BYTES_SHORT, keys));
        let cost = self.cost();
        let time = cost.time.saturating_add(Cost::digests(more).time).saturating_mul(self.tries_max());
        Cost { time, ..cost }
    }

    /// Whether an expression may be evaluated for a password of so many bytes.
    fn check_password(
        &self,
        expression: &expression::Expression,
        variables: &expression::Variables,
        password_bytes: usize,
        keys: &Keyring,
        limits: &Limits,
    ) -> Result<(), Unverifiable> {
        let has_keys = expression.has_keys();
        if has_keys && !self.is_reached(keys) {
            return Err(Unverifiable::AnyPassword);
        }
        if password_bytes <= PASSWORD_BYTES_USUAL && !has_keys {
            return Ok(());
        }
        let price = expression.price(password_bytes, variables, keys);
        // What the keys add was not known when the text was read.
        let is_within = price.rounds <= Limits::LENGTH_WORK_MAX * u64::from(limits.digest_rounds)
            && price.value_bytes <= expression::VALUE_BYTES_MAX
            && self.admits(password_bytes, keys);
        if is_within { Ok(()) } else { Err(Unverifiable::PasswordTooLong) }
    }
}

/// A number that is nobody's parameter breaks the bound of its type first: named is the one that stands in the limits.
fn with_real_bound(error: ParseError, limits: &Limits) -> ParseError {
    match error.0 {
        Fault::Bounds(bounds) if bounds.actual > bounds.max => {
            let max = limits.of_parameter(bounds.parameter).map_or(bounds.max, |max| max.min(bounds.max));
            OutOfBounds { max, ..bounds }.into()
        }
        fault => fault.into(),
    }
}

/// A text that another method's mark begins was tagged wrongly, whatever else is wrong with it.
fn explain(method: Method, text: &str, fault: Fault) -> Fault {
    match recipe::named(text) {
        // What is over bcrypt has bcrypt's text.
        [Method::Bcrypt] if method.info().computation.starts_with("bcrypt(") => fault,
        [named] if *named != method => Fault::Conflict { tag: method, named: *named },
        _ => fault,
    }
}

/// A tag within the self-describing form: what would end it is escaped as in URLs.
fn escape(tag: &str) -> String {
    let mut escaped = String::with_capacity(tag.len());
    for byte in tag.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'$' | b'%' | b',' | b'=') {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// The tag of an escaped one; `None` where it is not in the one spelling.
fn unescape(text: &str) -> Option<String> {
    if !text.contains('%') {
        return (escape(text) == text).then(|| text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let (digits, after) = after.split_at_checked(2)?;
            bytes.push(*codec::hex(digits).ok()?.first()?);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok().filter(|tag| escape(tag) == text)
}

impl fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredHash")
            .field("method", &self.method)
            .field("parameters", &self.parameters())
            .finish_non_exhaustive()
    }
}
