//! What an evaluation costs, known before it begins: for each node an upper bound of its value's length, and of the work of making
//! it. It evaluates nothing.

use super::{Encoding, Expression, Map, Node, Variables};
use crate::function::Function;
use crate::keyring::Keyring;

/// The longest value that a part of an expression may have, in bytes: 64 times the longest password. All values of an evaluation
/// stand in one buffer, at most as many as calls may nest.
pub(crate) const VALUE_BYTES_MAX: u64 = 256 * 1024;

/// The longest password that can match: the engine's own bound.
pub(crate) const PASSWORD_BYTES_MAX: usize = 4096;

/// A password as most are: what limits of rounds are meant for.
pub(crate) const PASSWORD_BYTES_SHORT: usize = 16;

/// What is assumed of a registered key whose secret is not at hand.
const KEY_BYTES_ASSUMED: u64 = 128;
/// How many steps of `iterate` are followed one by one until the lengths settle.
const STEPS_FOLLOWED: u32 = 64;
/// How many nodes are looked at: what asks for more is nested `iterate` without an end.
const VISITS_MAX: u32 = 50_000;
/// What is no hashing is counted in sixteenths of a block.
const PARTS_OF_A_BLOCK: u64 = 16;

/// What one evaluation takes at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    /// Blocks hashed; copying and converting count where they are as much work.
    pub(crate) rounds: u64,
    /// The length of its longest value.
    pub(crate) value_bytes: u64,
    /// The length of what it gives.
    pub(crate) bytes: u64,
}

/// A node's value: its length, and the work that is in it.
#[derive(Clone, Copy, Default)]
struct Value {
    bytes: u64,
    blocks: u64,
    other: u64,
}

impl Value {
    fn and(self, more: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(more.bytes),
            blocks: self.blocks.saturating_add(more.blocks),
            other: self.other.saturating_add(more.other),
        }
    }

    fn rounds(self) -> u64 {
        self.blocks.saturating_add(self.other / PARTS_OF_A_BLOCK)
    }
}

impl Expression {
    /// What an evaluation takes at most for a password of so many bytes.
    pub(crate) fn price(&self, password_bytes: usize, variables: &Variables, keys: &Keyring) -> Price {
        let mut pricing = Pricing { password_bytes: password_bytes as u64, variables, keys, visits: 0, longest: 0 };
        let value = pricing.node(&self.0, 0);
        Price { rounds: value.rounds(), value_bytes: pricing.longest, bytes: value.bytes }
    }

    /// The rounds of an evaluation for a password as most are.
    pub(crate) fn rounds(&self, variables: &Variables) -> u64 {
        self.price(PASSWORD_BYTES_SHORT, variables, &Keyring::new()).rounds
    }
}

struct Pricing<'p> {
    password_bytes: u64,
    variables: &'p Variables,
    keys: &'p Keyring,
    visits: u32,
    longest: u64,
}

impl Pricing<'_> {
    /// `previous` is the length of `$x`.
    fn node(&mut self, node: &Node, previous: u64) -> Value {
        self.visits += 1;
        let value = if self.visits > VISITS_MAX {
            Value { bytes: u64::MAX, blocks: u64::MAX, other: 0 }
        } else {
            self.value(node, previous)
        };
        self.longest = self.longest.max(value.bytes);
        value
    }

    fn value(&mut self, node: &Node, previous: u64) -> Value {
        let held = |value: &Option<Box<[u8]>>| copied(value.as_ref().map_or(0, |bytes| bytes.len() as u64));
        match node {
            Node::Password => copied(self.password_bytes),
            Node::Salt => held(&self.variables.salt),
            Node::Salt2 => held(&self.variables.salt2),
            Node::User => held(&self.variables.user),
            Node::Previous => copied(previous),
            Node::Literal(bytes) => copied(bytes.len() as u64),
            Node::Key(id) => copied(self.keys.secret(id).map_or(KEY_BYTES_ASSUMED, |secret| secret.len() as u64)),
            Node::Concat(parts) => parts.iter().fold(Value::default(), |all, part| all.and(self.node(part, previous))),
            Node::Digest(function, encoding, of) => {
                let of = self.node(of, previous);
                hashed(of, function.blocks(of.bytes), *function, *encoding)
            }
            Node::Hmac(function, encoding, key, message) => {
                let (key, message) = (self.node(key, previous), self.node(message, previous));
                // A key that is longer than a block is hashed first; the blocks of its pads are not counted.
                let of_key = if key.bytes > function.block_bytes() { function.blocks(key.bytes) } else { 0 };
                let blocks = function.blocks(message.bytes).saturating_add(of_key).saturating_add(1);
                hashed(key.and(message), blocks, *function, *encoding)
            }
            Node::Map(map, of) => {
                let of = self.node(of, previous);
                let bytes = map.bytes_max(of.bytes);
                let blocks = if *map == Map::Php72 { Function::Sha512.blocks(of.bytes) } else { 0 };
                let work = 1 + of.bytes.max(bytes) / 4;
                Value { bytes, blocks: of.blocks.saturating_add(blocks), other: of.other.saturating_add(work) }
            }
            Node::Substr(of, start, length) => {
                let of = self.node(of, previous);
                let bytes = of.bytes.saturating_sub(*start as u64).min(*length as u64);
                Value { bytes, ..of.and(copied(bytes)) }
            }
            Node::Pad(of, length) => {
                Value { bytes: *length as u64, ..self.node(of, previous).and(copied(*length as u64)) }
            }
            Node::Iterate(n, first, step) => self.iterated(*n, first, step, previous),
        }
    }

    /// The lengths are followed until they settle. A step's length grows with what it is given and never falls, so that what settles
    /// stays, and what fits once fits always.
    fn iterated(&mut self, n: u32, first: &Node, step: &Node, previous: u64) -> Value {
        let mut value = self.node(first, previous);
        let mut steps = 0;
        while steps < n.min(STEPS_FOLLOWED) {
            let next = self.node(step, value.bytes);
            let left = n - steps;
            if next.bytes == value.bytes {
                return repeated(value, next, left);
            }
            value = repeated(value, next, 1);
            steps += 1;
        }
        let left = n - steps;
        if left == 0 {
            return value;
        }
        // Still on its way: any length that a step does not leave bounds the rest.
        let mut bound = value.bytes.max(1024);
        while bound <= VALUE_BYTES_MAX {
            let next = self.node(step, bound);
            if next.bytes <= bound {
                return repeated(value, Value { bytes: bound, ..next }, left);
            }
            bound *= 4;
        }
        Value { bytes: u64::MAX, blocks: u64::MAX, other: 0 }
    }
}

/// After `times` steps of which each is like `step`, which takes a round at least.
fn repeated(before: Value, step: Value, times: u32) -> Value {
    let rounds = step.rounds().max(1).saturating_mul(u64::from(times));
    Value { bytes: step.bytes, blocks: before.blocks.saturating_add(rounds), other: before.other }
}

const fn copied(bytes: u64) -> Value {
    Value { bytes, blocks: 0, other: 1 + bytes / 64 }
}

fn hashed(of: Value, blocks: u64, function: Function, encoding: Encoding) -> Value {
    Value { bytes: encoding.bytes(function) as u64, blocks: of.blocks.saturating_add(blocks), ..of }
}

impl Map {
    /// How long a value can become.
    fn bytes_max(self, bytes: u64) -> u64 {
        match self {
            // Two bytes of Greek become six in capitals.
            Self::Lowercase | Self::Uppercase | Self::Nfc => bytes.saturating_mul(3),
            // An Arabic ligature of three bytes becomes eighteen letters.
            Self::Nfkc => bytes.saturating_mul(11),
            Self::Hex | Self::Utf16le | Self::Widen | Self::Slashes => bytes.saturating_mul(2),
            // Two bytes become `&#2047;`.
            Self::Vb => bytes.saturating_mul(4),
            Self::Base64 => bytes.div_ceil(3).saturating_mul(4),
            // An ampersand becomes `&amp;`, a quotation mark `&quot;`.
            Self::Html | Self::Ipb => bytes.saturating_mul(6),
            Self::Trim | Self::Unhtml | Self::Unhex | Self::Latin1 | Self::Reverse | Self::AsciiLowercase => bytes,
            Self::Php72 => 88,
        }
    }
}
