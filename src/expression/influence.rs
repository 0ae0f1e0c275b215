//! What of a password reaches an expression's value: whether anything does, after how many bytes that every password has in
//! common, and whether other passwords are known to give the same value.

use zeroize::Zeroizing;

use super::eval::{Evaluation, map_value};
use super::{Encoding, Expression, Map, Node, PASSWORD_BYTES_MAX, Variables, html};
use crate::codec;
use crate::function::Secret;
use crate::keyring::Keyring;
use crate::method::trimmed;
use crate::unicode;

/// What is left of a hash within an expression must be this long, or whoever finds another password with the same rest is let in.
const REST_BYTES_LEAST: usize = 8;

impl Expression {
    /// How many bytes at the value's beginning are the same for every password, as far as is known; `None` where all of them are.
    pub(crate) fn fixed_start(&self, variables: &Variables, keys: &Keyring) -> Option<usize> {
        Fixed { variables, keys }.start(&self.0, None)
    }

    /// Whether other passwords are known to give this one's value: something was cut off or filled up, has lost its case, or became a
    /// question mark.
    pub(crate) fn loses(&self, password: &[u8], variables: &Variables, keys: &Keyring) -> bool {
        Loss { password, variables, keys }.of(&self.0, Previous { is_lost: true, exposes: false })
    }
}

struct Fixed<'f> {
    variables: &'f Variables,
    keys: &'f Keyring,
}

impl Fixed<'_> {
    /// Where the password begins to matter in a node's value, if it does; `previous` is that of `$x`.
    fn start(&self, node: &Node, previous: Option<usize>) -> Option<usize> {
        match node {
            Node::Password => Some(0),
            Node::Salt | Node::Salt2 | Node::User | Node::Literal(_) | Node::Key(_) => None,
            Node::Previous => previous,
            Node::Concat(parts) => {
                let mut before = 0;
                parts.iter().find_map(|part| {
                    let start = self.start(part, previous);
                    let place = before;
                    before += self.bytes_least(part);
                    start.map(|start| place + start)
                })
            }
            Node::Digest(_, _, of) => self.start(of, previous).map(|_| 0),
            Node::Hmac(_, _, key, message) => {
                self.start(key, previous).or_else(|| self.start(message, previous)).map(|_| 0)
            }
            Node::Map(map, of) => self.start(of, previous).map(|start| map.bytes_least(start)),
            Node::Substr(of, first, length) => {
                let start = self.start(of, previous)?;
                let is_beyond = *first >= of.value_bytes().unwrap_or(usize::MAX)
                    || (**of == Node::Password && *first >= PASSWORD_BYTES_MAX);
                (first + length > start && *length > 0 && !is_beyond).then(|| start.saturating_sub(*first))
            }
            Node::Pad(of, length) => self.start(of, previous).filter(|start| start < length),
            Node::Iterate(0, first, _) => self.start(first, previous),
            Node::Iterate(n, first, step) => {
                let first = self.start(first, previous);
                let start = self.start(step, first)?;
                // What later steps put before it is not followed.
                Some(if *n == 1 || Some(start) == first { start } else { 0 })
            }
        }
    }

    /// A lower bound of a value's length.
    fn bytes_least(&self, node: &Node) -> usize {
        let held = |value: &Option<Box<[u8]>>| value.as_ref().map_or(0, |bytes| bytes.len());
        match node {
            Node::Salt => held(&self.variables.salt),
            Node::Salt2 => held(&self.variables.salt2),
            Node::User => held(&self.variables.user),
            Node::Key(id) => self.keys.secret(id).map_or(0, <[u8]>::len),
            Node::Map(map @ (Map::Lowercase | Map::AsciiLowercase | Map::Uppercase), of) if **of == Node::User => {
                let name = self.variables.user.as_deref().unwrap_or_default();
                map_value(*map, Secret::new(name.to_vec())).len()
            }
            other => other.value_bytes().unwrap_or(0),
        }
    }
}

impl Map {
    /// How many bytes at least become of so many.
    const fn bytes_least(self, bytes: usize) -> usize {
        match self {
            Self::Hex | Self::Widen => 2 * bytes,
            Self::Base64 => bytes / 3 * 4,
            Self::Utf16le | Self::Unhex => bytes / 2,
            Self::Lowercase | Self::Uppercase => bytes / 3,
            // A letter of four bytes, in bold, becomes one of one, and one with its accents apart a third.
            Self::Latin1 | Self::Vb | Self::Nfc | Self::Nfkc => bytes / 4,
            Self::AsciiLowercase | Self::Html | Self::Ipb | Self::Slashes => bytes,
            // A quotation mark was `&quot;`.
            Self::Unhtml => bytes / 6,
            Self::Reverse | Self::Php72 | Self::Trim => 0,
        }
    }
}

/// What is known of `$x`.
#[derive(Clone, Copy)]
struct Previous {
    is_lost: bool,
    exposes: bool,
}

struct Loss<'l> {
    password: &'l [u8],
    variables: &'l Variables,
    keys: &'l Keyring,
}

impl Loss<'_> {
    /// Whether a node's value is known not to tell which password it was.
    fn of(&self, node: &Node, x: Previous) -> bool {
        match node {
            Node::Password => false,
            Node::Salt | Node::Salt2 | Node::User | Node::Literal(_) | Node::Key(_) => true,
            Node::Previous => x.is_lost,
            Node::Concat(parts) => parts.iter().all(|part| self.of(part, x)),
            Node::Digest(_, _, of) => self.of(of, x),
            Node::Hmac(_, _, key, message) => {
                // HMAC fills its key up with NUL.
                let is_filled = exposes(key, x) && self.is_value(key, |value| value.last() == Some(&0));
                (is_filled || self.of(key, x)) && self.of(message, x)
            }
            Node::Map(map, of) => self.of(of, x) || (exposes(of, x) && self.is_value(of, |value| map.loses(value))),
            Node::Substr(of, first, length) => {
                let is_cut = |value: &[u8]| *first > 0 || value.len() >= *length;
                self.of(of, x) || if exposes(of, x) { self.is_value(of, is_cut) } else { is_short(of, *length) }
            }
            Node::Pad(of, length) => {
                let is_cut = |value: &[u8]| value.len() >= *length || value.last() == Some(&0);
                self.of(of, x) || if exposes(of, x) { self.is_value(of, is_cut) } else { is_short(of, *length) }
            }
            Node::Iterate(n, first, step) => {
                let is_lost = self.of(first, x);
                let exposes = exposes(first, x) || exposes(step, Previous { is_lost, exposes: false });
                if *n == 0 { is_lost } else { self.of(step, Previous { is_lost, exposes }) }
            }
        }
    }

    /// Asks something of a node's value. Within `iterate` it is another at each step: then the answer is yes.
    fn is_value(&self, node: &Node, ask: impl Fn(&[u8]) -> bool) -> bool {
        let mut has_previous = false;
        node.visit(&mut |node| has_previous |= *node == Node::Previous);
        if has_previous {
            return true;
        }
        let evaluation = Evaluation::new(self.password, self.variables, self.keys);
        evaluation.value(std::slice::from_ref(node)).map_or(true, |value| ask(&value))
    }
}

/// Whether so many characters are too little of a hash.
fn is_short(of: &Node, length: usize) -> bool {
    let is_text = match of {
        Node::Digest(_, encoding, _) | Node::Hmac(_, encoding, ..) => *encoding != Encoding::Raw,
        other => other.is_hex(),
    };
    length < REST_BYTES_LEAST * if is_text { 2 } else { 1 }
}

/// Whether bytes of the password itself stand in a value.
fn exposes(node: &Node, x: Previous) -> bool {
    match node {
        Node::Password => true,
        Node::Previous => x.exposes,
        Node::Concat(parts) => parts.iter().any(|part| exposes(part, x)),
        Node::Map(_, of) | Node::Substr(of, ..) | Node::Pad(of, _) => exposes(of, x),
        Node::Iterate(_, first, step) => {
            let first = exposes(first, x);
            first || exposes(step, Previous { exposes: first, ..x })
        }
        _ => false,
    }
}

impl Map {
    /// Whether other values are known to become the same.
    fn loses(self, value: &[u8]) -> bool {
        let text = std::str::from_utf8(value).ok();
        match (self, text) {
            (Self::Lowercase | Self::Uppercase, Some(text)) => {
                Zeroizing::new(text.to_lowercase()) != Zeroizing::new(text.to_uppercase())
            }
            (Self::AsciiLowercase, _) | (Self::Lowercase | Self::Uppercase, None) => {
                value.iter().any(u8::is_ascii_alphabetic)
            }
            (Self::Latin1, Some(text)) => text.chars().any(|c| c == '?' || u32::from(c) > 0xff),
            // Bytes that are no text are taken for Latin-1, as which the same text has other bytes.
            (Self::Latin1 | Self::Utf16le, None) => true,
            // One that is in the form already has other spellings, too, but not as people type.
            (Self::Nfc, _) => unicode::nfc(value).is_some(),
            (Self::Nfkc, _) => unicode::nfkc(value).is_some(),
            (Self::Unhex, _) => codec::hex(value).is_ok(),
            (Self::Trim, _) => trimmed(value).len() < value.len(),
            (Self::Ipb, _) => html::ipb_loses(value),
            // Whoever has no entity in theirs is not thought to share it with one who types entities.
            (Self::Unhtml, _) => html::unescaped(value).len() < value.len(),
            // An entity that was typed is one that nobody types.
            (Self::Vb, text) => text.is_none(),
            (Self::Utf16le | Self::Hex | Self::Base64 | Self::Reverse | Self::Php72 | Self::Widen, _)
            | (Self::Html | Self::Slashes, _) => false,
        }
    }
}
