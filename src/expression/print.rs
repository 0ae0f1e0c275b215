//! The canonical spelling.

use std::fmt;

use super::{Encoding, Expression, Map, Node};
use crate::codec;
use crate::function::Function;

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password => f.write_str("$p"),
            Self::Salt => f.write_str("$s"),
            Self::Salt2 => f.write_str("$s2"),
            Self::User => f.write_str("$u"),
            Self::Previous => f.write_str("$x"),
            Self::Literal(bytes) => literal(f, bytes),
            Self::Key(id) => write!(f, "key:{id}"),
            Self::Concat(parts) => {
                for (place, part) in parts.iter().enumerate() {
                    if place > 0 {
                        f.write_str(".")?;
                    }
                    part.fmt(f)?;
                }
                Ok(())
            }
            Self::Digest(function, encoding, of) => {
                name(f, "", *function, *encoding)?;
                write!(f, "({of})")
            }
            Self::Hmac(function, encoding, key, message) => {
                name(f, "hmac_", *function, *encoding)?;
                write!(f, "({key},{message})")
            }
            Self::Map(map, of) => {
                let name = Map::ALL.iter().find(|(known, _)| known == map).map_or("", |(_, name)| *name);
                write!(f, "{name}({of})")
            }
            Self::Substr(of, start, length) => write!(f, "substr({of},{start},{length})"),
            Self::Pad(of, length) => write!(f, "pad({of},{length})"),
            Self::Iterate(n, first, step) => write!(f, "iterate({n},{first},{step})"),
        }
    }
}

fn name(f: &mut fmt::Formatter<'_>, prefix: &str, function: Function, encoding: Encoding) -> fmt::Result {
    let name = function.as_str();
    match encoding {
        Encoding::Lower => write!(f, "{prefix}{name}"),
        Encoding::Upper => write!(f, "{}{}", prefix.to_uppercase(), name.to_uppercase()),
        Encoding::Raw => write!(f, "{prefix}{name}_raw"),
        Encoding::Base64 => write!(f, "{prefix}{name}_64"),
    }
}

/// `'text'`, a quote in it doubled; what is not printable goes in as hex.
fn literal(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => write!(f, "'{}'", text.replace('\'', "''")),
        _ => write!(f, "0x{}", codec::to_hex(bytes)),
    }
}
