//! Evaluation: by recursion over the tree, each value in a buffer that is wiped.

use base64ct::{Base64, Encoding as _};

use super::{Encoding, Map, Node, Variables};
use crate::codec;
use crate::error::Unverifiable;
use crate::function::{Function, Secret};
use crate::keyring::Keyring;

pub(super) struct Evaluation<'e> {
    pub(super) password: &'e [u8],
    pub(super) variables: &'e Variables,
    pub(super) keys: &'e Keyring,
    pub(super) previous: &'e [u8],
}

impl Evaluation<'_> {
    pub(super) fn value(&self, node: &Node) -> Result<Secret, Unverifiable> {
        let given = |bytes: &Option<Box<[u8]>>| Secret::new(bytes.as_deref().unwrap_or_default().to_vec());
        Ok(match node {
            Node::Password => Secret::new(self.password.to_vec()),
            Node::Salt => given(&self.variables.salt),
            Node::Salt2 => given(&self.variables.salt2),
            Node::User => given(&self.variables.user),
            Node::Previous => Secret::new(self.previous.to_vec()),
            Node::Literal(bytes) => Secret::new(bytes.to_vec()),
            Node::Key(id) => match self.keys.secret(id) {
                Some(secret) => Secret::new(secret.to_vec()),
                None => return Err(Unverifiable::MissingKey { key_id: Some(id.clone()) }),
            },
            Node::Concat(parts) => self.concat(parts)?,
            Node::Digest(function, encoding, of) => encode(*encoding, function.digest(&self.value(of)?)),
            Node::Hmac(function, encoding, key, message) => {
                encode(*encoding, function.hmac(&self.value(key)?, &self.value(message)?))
            }
            Node::Map(map, of) => map_value(*map, self.value(of)?),
            Node::Substr(of, start, length) => {
                let value = self.value(of)?;
                let rest = value.get(*start..).unwrap_or_default();
                Secret::new(rest[..rest.len().min(*length)].to_vec())
            }
            Node::Pad(of, length) => {
                let value = self.value(of)?;
                let mut padded = Secret::new(vec![0; *length]);
                let kept = value.len().min(*length);
                padded[..kept].copy_from_slice(&value[..kept]);
                padded
            }
            Node::Iterate(n, first, step) => {
                let mut value = self.value(first)?;
                for _ in 0..*n {
                    value = Evaluation { previous: &value, ..*self }.value(step)?;
                }
                value
            }
        })
    }

    pub(super) fn concat(&self, parts: &[Node]) -> Result<Secret, Unverifiable> {
        let values = parts.iter().map(|part| self.value(part)).collect::<Result<Vec<_>, _>>()?;
        // Room for all at once: a buffer that grew would leave a copy behind.
        let mut whole = Secret::new(Vec::with_capacity(values.iter().map(|value| value.len()).sum()));
        for value in &values {
            whole.extend_from_slice(value);
        }
        Ok(whole)
    }
}

fn encode(encoding: Encoding, digest: Secret) -> Secret {
    match encoding {
        Encoding::Raw => digest,
        Encoding::Lower => Secret::new(codec::to_hex(&digest).into_bytes()),
        Encoding::Upper => map_value(Map::Uppercase, Secret::new(codec::to_hex(&digest).into_bytes())),
        Encoding::Base64 => map_value(Map::Base64, digest),
    }
}

fn map_value(map: Map, mut value: Secret) -> Secret {
    match map {
        Map::Lowercase => match std::str::from_utf8(&value) {
            Ok(text) if !text.is_ascii() => Secret::new(text.to_lowercase().into_bytes()),
            _ => {
                value.make_ascii_lowercase();
                value
            }
        },
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
        Map::Php72 if value.len() > 72 || value.contains(&0) => map_value(Map::Base64, Function::Sha512.digest(&value)),
        Map::Php72 => value,
        Map::Widen => {
            let mut wide = Secret::new(Vec::with_capacity(2 * value.len()));
            wide.extend(value.iter().flat_map(|byte| [*byte, 0]));
            wide
        }
        Map::Reverse => {
            value.reverse();
            value
        }
    }
}
