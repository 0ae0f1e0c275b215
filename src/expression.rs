//! What is handed to a scheme, or compared as a digest: an expression over the password, in the syntax of John the
//! Ripper's dynamic formats. A small typed tree, total and bounded: its length, depth and cost are known before it
//! runs, it has no loop but `iterate` with a constant count, and every buffer it fills is wiped.
//!
//! A leaf: it knows passwords, and nothing of stored text, limits or schemes.

mod eval;
mod html;
mod influence;
pub(crate) mod known;
mod parse;
mod price;
mod print;

use std::fmt;
use std::sync::Arc;

use crate::error::Unverifiable;
use crate::function::{Function, Secret};
use crate::keyring::{KeyId, Keyring};
use zeroize::Zeroizing;

pub(crate) use price::{PASSWORD_BYTES_MAX, PASSWORD_BYTES_SHORT, VALUE_BYTES_MAX};

/// The longest expression that is read, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 1024;

/// How deep calls may nest.
pub(crate) const DEPTH_MAX: usize = 16;

/// An expression: parsed, bounded, printable.
///
/// Two expressions are equal where their trees are. Its `Display` is the canonical spelling, which parses to the same tree.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Expression(Arc<Node>);

/// A part of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    /// `$p`
    Password,
    /// `$s`
    Salt,
    /// `$s2`
    Salt2,
    /// `$u`
    User,
    /// `$x`: what the step before made, within `iterate`.
    Previous,
    /// `'text'`
    Literal(Box<[u8]>),
    /// `key:NAME`
    Key(KeyId),
    /// `a.b.c`
    Concat(Box<[Node]>),
    /// `md5(…)`, `MD5(…)`, `md5_raw(…)`, `md5_64(…)`
    Digest(Function, Encoding, Box<Node>),
    /// `hmac_md5(key,message)`
    Hmac(Function, Encoding, Box<Node>, Box<Node>),
    /// `lc(…)` and its like.
    Map(Map, Box<Node>),
    /// `substr(x,start,length)`, counted from 0.
    Substr(Box<Node>, usize, usize),
    /// `pad(x,length)`: cut or filled up with NUL to a length.
    Pad(Box<Node>, usize),
    /// `iterate(n,first,step)`: `first`, then `step` n times, with `$x` for what was before.
    Iterate(u32, Box<Node>, Box<Node>),
}

/// How a digest is written where it stands within an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Lower,
    Upper,
    Raw,
    Base64,
}

impl Encoding {
    /// The length of a digest that is so written.
    const fn bytes(self, function: Function) -> usize {
        match self {
            Self::Raw => function.bytes(),
            Self::Lower | Self::Upper => 2 * function.bytes(),
            Self::Base64 => function.bytes().div_ceil(3) * 4,
        }
    }
}

/// Functions of one argument that do not hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Map {
    Lowercase,
    /// Of ASCII alone, as PHP's `strtolower` and hashcat do.
    AsciiLowercase,
    Uppercase,
    Hex,
    Unhex,
    Base64,
    Utf16le,
    Latin1,
    Reverse,
    /// Unicode's normal forms C and KC.
    Nfc,
    Nfkc,
    /// What has more than 72 bytes or a NUL becomes base64 of its SHA-512: what PHP's frameworks hand to bcrypt.
    Php72,
    /// A NUL after every byte: what crypt(3) takes for UTF-16.
    Widen,
    /// Without what PHP's `trim` takes away at both ends.
    Trim,
    /// PHP's `htmlspecialchars`, and what IP.Board did in its place.
    Html,
    Ipb,
    /// SMF's `un_htmlspecialchars`.
    Unhtml,
    /// PHP's `addslashes`.
    Slashes,
    /// What vBulletin's pages made of text: Latin-1, and entities for what that has not.
    Vb,
}

impl Map {
    const ALL: [(Self, &'static str); 19] = [
        (Self::Lowercase, "lc"),
        (Self::AsciiLowercase, "ascii_lc"),
        (Self::Uppercase, "uc"),
        (Self::Hex, "hex"),
        (Self::Unhex, "unhex"),
        (Self::Base64, "b64"),
        (Self::Utf16le, "utf16le"),
        (Self::Latin1, "latin1"),
        (Self::Reverse, "rev"),
        (Self::Nfc, "nfc"),
        (Self::Nfkc, "nfkc"),
        (Self::Php72, "php72"),
        (Self::Widen, "widen"),
        (Self::Trim, "trim"),
        (Self::Html, "html"),
        (Self::Ipb, "ipb"),
        (Self::Unhtml, "unhtml"),
        (Self::Slashes, "slashes"),
        (Self::Vb, "vb"),
    ];
}

/// What an expression may use besides the password.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Variables {
    pub(crate) salt: Option<Box<[u8]>>,
    pub(crate) salt2: Option<Box<[u8]>>,
    pub(crate) user: Option<Box<[u8]>>,
}

/// Which variables an expression uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a variable of the language")]
pub(crate) struct Uses {
    pub(crate) password: bool,
    pub(crate) salt: bool,
    pub(crate) salt2: bool,
    pub(crate) user: bool,
}

/// Why a text is not an expression, and at which column, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExpressionError {
    /// The column, from 1.
    pub(crate) column: usize,
    pub(crate) expected: &'static str,
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: expected {}", self.column, self.expected)
    }
}

impl std::error::Error for ExpressionError {}

/// An evaluated input: borrowed where the expression is the password itself, else a buffer that is wiped.
pub(crate) enum Input<'a> {
    Borrowed(&'a [u8]),
    Computed(Zeroizing<Vec<u8>>),
}

impl Input<'_> {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Computed(bytes) => bytes,
        }
    }
}

impl Expression {
    /// Reads an expression, in our spelling or another tool's; a number (`dynamic_6`, `hashcat_2611`) stands for its expression.
    pub(crate) fn parse(text: &str) -> Result<Self, ExpressionError> {
        let known = known::expression(text);
        parse::parse(known.as_deref().unwrap_or(text)).map(|node| Self(Arc::new(node)))
    }

    /// The value for this password.
    pub(crate) fn evaluate<'a>(
        &self,
        password: &'a [u8],
        variables: &Variables,
        keys: &Keyring,
    ) -> Result<Input<'a>, Unverifiable> {
        if *self.0 == Node::Password {
            return Ok(Input::Borrowed(password));
        }
        eval::Evaluation::new(password, variables, keys).value(std::slice::from_ref(&self.0)).map(Input::Computed)
    }

    /// The value up to where bytes of the password itself last stand in it, and not a hash of them: what a scheme that ignores
    /// the end of its input may ignore of the password.
    pub(crate) fn exposed(
        &self,
        password: &[u8],
        variables: &Variables,
        keys: &Keyring,
    ) -> Result<Secret, Unverifiable> {
        let parts: &[Node] = match &*self.0 {
            Node::Map(Map::Php72, _) if password.len() > 72 || password.contains(&0) => &[],
            Node::Concat(parts) => parts,
            one => std::slice::from_ref(one),
        };
        let end = parts.iter().rposition(|part| !part.hides_password()).map_or(0, |last| last + 1);
        eval::Evaluation::new(password, variables, keys).value(&parts[..end])
    }

    /// Whether bytes of the password itself, and not only hashes of it, stand in the value.
    pub(crate) fn exposes_password(&self) -> bool {
        !self.0.hides_password() && !matches!(&*self.0, Node::Map(Map::Php72, _))
    }

    /// Which variables it uses.
    pub(crate) fn uses(&self) -> Uses {
        let mut uses = Uses::default();
        self.0.visit(&mut |node| match node {
            Node::Password => uses.password = true,
            Node::Salt => uses.salt = true,
            Node::Salt2 => uses.salt2 = true,
            Node::User => uses.user = true,
            _ => {}
        });
        uses
    }

    /// The keys it refers to.
    pub(crate) fn keys(&self) -> Vec<KeyId> {
        let mut keys = Vec::new();
        self.0.visit(&mut |node| {
            if let Node::Key(id) = node {
                keys.push(id.clone());
            }
        });
        keys
    }

    /// Whether it refers to a key.
    pub(crate) fn has_keys(&self) -> bool {
        let mut has_keys = false;
        self.0.visit(&mut |node| has_keys |= matches!(node, Node::Key(_)));
        has_keys
    }

    /// The digest's length in bytes, where this is an expression whose value can stand in a table: a digest, every use of the
    /// password under a hash, and at least 64 bits of it left.
    pub(crate) fn digest_bytes(&self) -> Option<usize> {
        let bytes = self.0.value_bytes()?;
        let is_reached = || self.fixed_start(&Variables::default(), &Keyring::new()).is_some();
        (bytes >= 8 && self.0.hides_password() && is_reached()).then_some(bytes)
    }

    /// The same expression with its value in raw bytes: what a decoded hash is compared with.
    pub(crate) fn raw(&self) -> Self {
        Self(Arc::new(match &*self.0 {
            Node::Digest(function, _, of) => Node::Digest(*function, Encoding::Raw, of.clone()),
            Node::Hmac(function, _, key, message) => Node::Hmac(*function, Encoding::Raw, key.clone(), message.clone()),
            Node::Map(Map::Hex | Map::Base64, of) => (**of).clone(),
            other if other.is_hex() => Node::Map(Map::Unhex, Box::new(other.clone())),
            other => other.clone(),
        }))
    }

    /// Whether the value is text without NUL whatever the password is, or the password itself: what a scheme that stops at a
    /// NUL may be given.
    pub(crate) fn is_text(&self) -> bool {
        self.0.is_text()
    }
}

impl Node {
    fn visit<'n>(&'n self, see: &mut impl FnMut(&'n Self)) {
        see(self);
        match self {
            Self::Concat(parts) => parts.iter().for_each(|part| part.visit(see)),
            Self::Hmac(_, _, a, b) | Self::Iterate(_, a, b) => {
                a.visit(see);
                b.visit(see);
            }
            Self::Digest(_, _, of) | Self::Map(_, of) | Self::Substr(of, ..) | Self::Pad(of, _) => of.visit(see),
            Self::Password
            | Self::Salt
            | Self::Salt2
            | Self::User
            | Self::Previous
            | Self::Literal(_)
            | Self::Key(_) => {}
        }
    }

    /// The length of the value, where it is the same for every password.
    fn value_bytes(&self) -> Option<usize> {
        match self {
            Self::Digest(function, encoding, _) | Self::Hmac(function, encoding, ..) => Some(encoding.bytes(*function)),
            Self::Map(Map::Lowercase | Map::AsciiLowercase | Map::Uppercase | Map::Reverse, of) => of.value_bytes(),
            Self::Map(Map::Hex, of) => of.value_bytes().map(|bytes| 2 * bytes),
            Self::Map(Map::Unhex, of) => of.value_bytes().map(|bytes| bytes / 2),
            Self::Map(Map::Base64, of) => of.value_bytes().map(|bytes| bytes.div_ceil(3) * 4),
            Self::Substr(of, start, length) => of.value_bytes().map(|bytes| bytes.saturating_sub(*start).min(*length)),
            Self::Pad(_, length) => Some(*length),
            Self::Iterate(_, first, step) => {
                let bytes = step.value_bytes()?;
                (first.value_bytes()? == bytes).then_some(bytes)
            }
            Self::Concat(parts) => parts.iter().map(Self::value_bytes).sum(),
            Self::Literal(bytes) => Some(bytes.len()),
            _ => None,
        }
    }

    /// Whether the value is hex, of an even number of digits.
    fn is_hex(&self) -> bool {
        match self {
            Self::Digest(_, encoding, _) | Self::Hmac(_, encoding, ..) => {
                matches!(encoding, Encoding::Lower | Encoding::Upper)
            }
            Self::Map(Map::Hex, _) => true,
            Self::Map(Map::Lowercase | Map::AsciiLowercase | Map::Uppercase | Map::Reverse, of) => of.is_hex(),
            Self::Substr(of, _, length) => length.is_multiple_of(2) && of.is_hex(),
            Self::Concat(parts) => parts.iter().all(Self::is_hex),
            Self::Iterate(_, first, step) => first.is_hex() && step.is_hex(),
            _ => false,
        }
    }

    fn hides_password(&self) -> bool {
        match self {
            Self::Password | Self::Previous => false,
            Self::Concat(parts) => parts.iter().all(Self::hides_password),
            Self::Map(_, of) | Self::Substr(of, ..) | Self::Pad(of, _) => of.hides_password(),
            Self::Iterate(_, first, step) => first.hides_password() && step.hides_password(),
            _ => true,
        }
    }

    fn is_text(&self) -> bool {
        match self {
            Self::Password | Self::Salt | Self::Salt2 | Self::User | Self::Key(_) => true,
            Self::Literal(bytes) => !bytes.contains(&0),
            Self::Previous | Self::Pad(..) | Self::Map(Map::Unhex | Map::Utf16le | Map::Widen, _) => false,
            Self::Concat(parts) => parts.iter().all(Self::is_text),
            Self::Digest(_, encoding, _) | Self::Hmac(_, encoding, ..) => *encoding != Encoding::Raw,
            Self::Map(Map::Hex | Map::Base64 | Map::Php72, _) => true,
            Self::Map(_, of) | Self::Substr(of, ..) => of.is_text(),
            Self::Iterate(_, first, step) => first.is_text() && step.is_text(),
        }
    }
}

#[cfg(test)]
mod tests;
