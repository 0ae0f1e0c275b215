//! `StoredHash`: the one door through which stored text comes in, and the two forms in which it goes out.

use std::fmt;

use crate::error::Fault;
use crate::expression::Expression;
use crate::keyring::Keyring;
use crate::scheme::{self, Parsed, Scheme, TextEncoding};
use crate::{Cost, Limits, Method, ParseError};

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
    input: Expression,
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
        Self::parse_encoded(method, text, None, limits)
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
        if let Some(named) = scheme::named(text)
            && named != method
        {
            return Err(Fault::Conflict { tag: method, named }.into());
        }
        let parsed = Parsed::parse(method, text, encoding)?;
        parsed.scheme().check(limits)?;
        Ok(Self { method, text: text.into(), parsed, input: Expression::Password })
    }

    /// Reads a text that names its own method: a crypt or PHC string (`$2b$…`, `$argon2id$…`), or what
    /// [`StoredHash::self_describing`] gave.
    ///
    /// # Errors
    ///
    /// [`crate::Code::AmbiguousMethod`] where the text names no method, else as [`StoredHash::parse`].
    pub fn parse_self_describing(text: &str, limits: &Limits) -> Result<Self, ParseError> {
        if let Some(rest) = text.strip_prefix(PREFIX) {
            let (name, text) = rest.split_once('$').ok_or(Fault::NotSelfDescribing)?;
            let method: Method = name.parse().map_err(|_| Fault::NotSelfDescribing)?;
            // One spelling: an alias here would make two texts of one hash.
            if method.as_str() != name || scheme::named(text).is_some() {
                return Err(Fault::NotSelfDescribing.into());
            }
            return Self::parse(method, text, limits);
        }
        let method = scheme::named(text).ok_or(Fault::NotSelfDescribing)?;
        Self::parse(method, text, limits)
    }

    /// The method that a text names by itself, if it does; the text may still be malformed.
    #[must_use]
    pub fn method_named_by(text: &str) -> Option<Method> {
        scheme::named(text)
    }

    /// Whether a text is in the form `$rehash$METHOD$TEXT`, well formed or not.
    #[must_use]
    pub fn is_self_describing(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    pub(crate) fn from_argon2(argon2: scheme::argon2::Argon2) -> Self {
        let text = argon2.encode().into();
        Self { method: Method::Argon2id, text, parsed: Parsed::Argon2(argon2), input: Expression::Password }
    }

    /// The method that made the hash: the first half of the pair form.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The text exactly as it was read: the second half of the pair form, and what a compare-and-swap names.
    #[must_use]
    pub const fn text(&self) -> &str {
        &self.text
    }

    /// The text in the one spelling that an importer writes: lower-case hex for digests, the usual parameter order
    /// for Argon2. Parsing it again gives an equal hash.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.scheme().canonical(&self.text).unwrap_or_else(|| self.text.to_string())
    }

    /// The same hash with its [`StoredHash::canonical`] text.
    #[must_use]
    pub fn into_canonical(mut self) -> Self {
        if let Some(text) = self.scheme().canonical(&self.text) {
            self.text = text.into();
        }
        self
    }

    /// One string that says everything: the text itself where it names its method (`$2b$…`, `$argon2id$…`), else
    /// `$rehash$METHOD$TEXT`. [`StoredHash::parse_self_describing`] reads it back exactly.
    #[must_use]
    pub fn self_describing(&self) -> String {
        if scheme::named(&self.text) == Some(self.method) {
            self.text.to_string()
        } else {
            format!("{PREFIX}{}${}", self.method, self.text)
        }
    }

    /// The cost parameters in words (`cost=10`, `m=19456,t=2,p=1`; empty for digests): for statistics.
    #[must_use]
    pub fn parameters(&self) -> String {
        self.parsed.scheme().parameters()
    }

    /// What one verification costs.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.parsed.scheme().cost()
    }

    /// `Err` where the hash needs a key that `keys` does not have.
    ///
    /// # Errors
    ///
    /// [`crate::Code::MissingKey`], naming the key id.
    pub fn check_keys(&self, keys: &Keyring) -> Result<(), ParseError> {
        self.scheme().check_keys(keys).map_err(ParseError)
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

    pub(crate) const fn parsed(&self) -> &Parsed {
        &self.parsed
    }

    pub(crate) fn scheme(&self) -> &dyn Scheme {
        self.parsed.scheme()
    }

    pub(crate) const fn input(&self) -> &Expression {
        &self.input
    }
}

impl fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredHash")
            .field("method", &self.method)
            .field("parameters", &self.parameters())
            .finish_non_exhaustive()
    }
}
