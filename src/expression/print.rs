//! The canonical spelling.

use std::fmt;

use super::{Encoding, Expression, Map, Node};
use crate::codec;
use crate::function::Function;

/// An expression without what its constants are: they can be secrets, and shown is what was done.
pub(crate) struct Redacted<'e>(&'e Expression);

impl Expression {
    /// The expression as it may be shown.
    pub(crate) fn redacted(&self) -> Redacted<'_> {
        Redacted(self)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printed { node: &self.0, is_redacted: false }.fmt(f)
    }
}

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printed { node: &self.0.0, is_redacted: true }.fmt(f)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({})", self.redacted())
    }
}

struct Printed<'n> {
    node: &'n Node,
    is_redacted: bool,
}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |node| Self { node, is_redacted: self.is_redacted };
        match self.node {
            Node::Password => f.write_str("$p"),
            Node::Salt => f.write_str("$s"),
            Node::Salt2 => f.write_str("$s2"),
            Node::User => f.write_str("$u"),
            Node::Previous => f.write_str("$x"),
            Node::Literal(_) if self.is_redacted => f.write_str("'…'"),
            Node::Literal(bytes) => literal(f, bytes),
            Node::Key(id) => write!(f, "key:{id}"),
            Node::Concat(parts) => {
                for (place, part) in parts.iter().enumerate() {
                    if place > 0 {
                        f.write_str(".")?;
                    }
                    of(part).fmt(f)?;
                }
                Ok(())
            }
            Node::Digest(function, encoding, inner) => {
                name(f, "", *function, *encoding)?;
                write!(f, "({})", of(inner))
            }
            Node::Hmac(function, encoding, key, message) => {
                name(f, "hmac_", *function, *encoding)?;
                write!(f, "({},{})", of(key), of(message))
            }
            Node::Map(map, inner) => {
                let name = Map::ALL.iter().find(|(known, _)| known == map).map_or("", |(_, name)| *name);
                write!(f, "{name}({})", of(inner))
            }
            Node::Substr(inner, start, length) => write!(f, "substr({},{start},{length})", of(inner)),
            Node::Pad(inner, length) => write!(f, "pad({},{length})", of(inner)),
            Node::Iterate(n, first, step) => write!(f, "iterate({n},{},{})", of(first), of(step)),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printed { node: self, is_redacted: false }.fmt(f)
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
