//! Evaluation: by recursion over the tree, all values in one buffer that is wiped.

use std::ops::Range;

use base64ct::{Base64, Encoding as _};

use super::{Encoding, Map, Node, Variables, html};
use crate::codec;
use crate::error::Unverifiable;
use crate::function::{Digest, Function, Secret};
use crate::keyring::Keyring;
use crate::method::trimmed;
use crate::unicode;

/// The values under way, one after the other in one buffer: each node leaves its own at the end. `iterate` then takes no
/// memory for each step.
pub(super) struct Evaluation<'e> {
    password: &'e [u8],
    variables: &'e Variables,
    keys: &'e Keyring,
    out: Secret,
}

impl<'e> Evaluation<'e> {
    pub(super) fn new(password: &'e [u8], variables: &'e Variables, keys: &'e Keyring) -> Self {
        Self { password, variables, keys, out: Secret::new(Vec::with_capacity(512)) }
    }

    /// The nodes' values, joined.
    pub(super) fn value(mut self, nodes: &[Node]) -> Result<Secret, Unverifiable> {
        nodes.iter().try_for_each(|node| self.push(node, 0..0))?;
        Ok(self.out)
    }

    /// Appends a node's value; `previous` is where `$x` stands.
    fn push(&mut self, node: &Node, previous: Range<usize>) -> Result<(), Unverifiable> {
        let start = self.out.len();
        match node {
            Node::Password => self.append(self.password),
            Node::Salt => self.append(self.variables.salt.as_deref().unwrap_or_default()),
            Node::Salt2 => self.append(self.variables.salt2.as_deref().unwrap_or_default()),
            Node::User => self.append(self.variables.user.as_deref().unwrap_or_default()),
            Node::Previous => {
                self.reserve(previous.len());
                self.out.extend_from_within(previous);
            }
            Node::Literal(bytes) => self.append(bytes),
            Node::Key(id) => match self.keys.secret(id) {
                Some(secret) => self.append(secret),
                None => return Err(Unverifiable::MissingKey { key_id: Some(id.clone()) }),
            },
            Node::Concat(parts) => parts.iter().try_for_each(|part| self.push(part, previous.clone()))?,
            Node::Digest(function, encoding, of) => {
                self.push(of, previous)?;
                if *encoding == Encoding::Raw {
                    self.digest_in_place(*function, start);
                } else {
                    let mut digest = Digest::new([0; 64]);
                    function.digest_into(&self.out[start..], &mut digest[..]);
                    self.replace(start, *encoding, &digest[..function.bytes()]);
                }
            }
            Node::Hmac(function, encoding, key, message) => {
                self.push(key, previous.clone())?;
                let middle = self.out.len();
                self.push(message, previous)?;
                let digest = function.hmac(&self.out[start..middle], &self.out[middle..]);
                self.replace(start, *encoding, &digest);
            }
            Node::Map(map, of) => {
                self.push(of, previous)?;
                let value = map_value(*map, Secret::new(self.out[start..].to_vec()));
                self.out.truncate(start);
                self.append(&value);
            }
            Node::Substr(of, first, length) => {
                self.push(of, previous)?;
                let end = self.out.len();
                let from = (start + first).min(end);
                let to = (from + length).min(end);
                self.out.copy_within(from..to, start);
                self.out.truncate(start + to - from);
            }
            Node::Pad(of, length) => {
                self.push(of, previous)?;
                self.reserve(*length);
                self.out.resize(start + length, 0);
            }
            Node::Iterate(n, first, step) => {
                self.push(first, previous)?;
                for _ in 0..*n {
                    let end = self.out.len();
                    self.push(step, start..end)?;
                    let length = self.out.len() - end;
                    self.out.copy_within(end.., start);
                    self.out.truncate(start + length);
                }
            }
        }
        Ok(())
    }

    /// What `iterate` spends its time on.
    fn digest_in_place(&mut self, function: Function, start: usize) {
        let (end, size) = (self.out.len(), function.bytes());
        self.reserve(size);
        self.out.resize(end + size, 0);
        let (input, digest) = self.out.split_at_mut(end);
        function.digest_into(&input[start..], digest);
        self.out.copy_within(end.., start);
        self.out.truncate(start + size);
    }

    fn append(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.out.extend_from_slice(bytes);
    }

    /// Room for so many more: a vector that grew by itself would leave a copy behind.
    fn reserve(&mut self, more: usize) {
        let needed = self.out.len() + more;
        if needed > self.out.capacity() {
            let mut larger = Secret::new(Vec::with_capacity(2 * needed));
            larger.extend_from_slice(&self.out);
            self.out = larger;
        }
    }

    /// A digest in the place of what it was computed from.
    fn replace(&mut self, start: usize, encoding: Encoding, digest: &[u8]) {
        self.out.truncate(start);
        match encoding {
            Encoding::Raw => self.append(digest),
            Encoding::Lower => self.append_hex(digest, b"0123456789abcdef"),
            Encoding::Upper => self.append_hex(digest, b"0123456789ABCDEF"),
            Encoding::Base64 => self.append(Secret::new(Base64::encode_string(digest).into_bytes()).as_slice()),
        }
    }

    /// Without a look-up in memory for what is secret: both alphabets are digits, then letters in a row.
    fn append_hex(&mut self, digest: &[u8], alphabet: &[u8; 16]) {
        self.reserve(2 * digest.len());
        let letters = alphabet[10] - b'0' - 10;
        let character = |nibble: u8| b'0' + nibble + (9u8.wrapping_sub(nibble) >> 7) * letters;
        self.out.extend(digest.iter().flat_map(|byte| [character(byte >> 4), character(byte & 15)]));
    }
}

pub(super) fn map_value(map: Map, mut value: Secret) -> Secret {
    match map {
        Map::Lowercase => match std::str::from_utf8(&value) {
            Ok(text) if !text.is_ascii() => Secret::new(text.to_lowercase().into_bytes()),
            _ => {
                value.make_ascii_lowercase();
                value
            }
        },
        Map::AsciiLowercase => {
            value.make_ascii_lowercase();
            value
        }
        Map::Uppercase => match std::str::from_utf8(&value) {
            Ok(text) if !text.is_ascii() => Secret::new(text.to_uppercase().into_bytes()),
            _ => {
                value.make_ascii_uppercase();
                value
            }
        },
        Map::Hex => Secret::new(codec::to_hex(&value).into_bytes()),
        // What is not hex has no value; it then matches nothing but itself.
        Map::Unhex => codec::hex(&value).map_or(value, Secret::new),
        Map::Base64 => Secret::new(Base64::encode_string(&value).into_bytes()),
        Map::Utf16le => match std::str::from_utf8(&value) {
            Ok(text) => {
                let mut wide = Secret::new(Vec::with_capacity(2 * value.len()));
                wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
                wide
            }
            // Not text: each byte is taken for a character, as Latin-1 is.
            Err(_) => Secret::new(value.iter().flat_map(|byte| [*byte, 0]).collect()),
        },
        Map::Latin1 => match std::str::from_utf8(&value) {
            // A character that Latin-1 does not have becomes a question mark, as encoders do.
            Ok(text) => {
                let mut narrow = Secret::new(Vec::with_capacity(value.len()));
                narrow.extend(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')));
                narrow
            }
            Err(_) => value,
        },
        // What is no text has no other form.
        Map::Nfc => unicode::nfc(&value).unwrap_or(value),
        Map::Nfkc => unicode::nfkc(&value).unwrap_or(value),
        Map::Php72 if value.len() > 72 || value.contains(&0) => map_value(Map::Base64, Function::Sha512.digest(&value)),
        Map::Php72 => value,
        Map::Widen => {
            let mut wide = Secret::new(Vec::with_capacity(2 * value.len()));
            wide.extend(value.iter().flat_map(|byte| [*byte, 0]));
            wide
        }
        Map::Trim => Secret::new(trimmed(&value).to_vec()),
        Map::Html => html::escaped(&value),
        Map::Ipb => html::of_ipb(value),
        Map::Unhtml => html::unescaped(&value),
        Map::Slashes => html::with_slashes(&value),
        Map::Vb => html::of_vbulletin(value),
        Map::Reverse => {
            value.reverse();
            value
        }
    }
}
