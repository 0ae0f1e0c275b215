//! The parser: recursive descent, bounded in length and depth.

use super::{DEPTH_MAX, Encoding, ExpressionError, Map, Node, TEXT_BYTES_MAX};
use crate::codec;
use crate::function::Function;
use crate::keyring::KeyId;

/// The most rounds that one `iterate` may say; what may be spent on them is for the limits.
const ITERATIONS_MAX: u64 = 1 << 30;
/// The longest text that `substr` and `pad` know.
const LENGTH_MAX: u64 = 4096;

pub(super) fn parse(text: &str) -> Result<Node, ExpressionError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(ExpressionError { column: TEXT_BYTES_MAX + 1, expected: "at most 1024 characters" });
    }
    let mut parser = Parser { text, at: 0, depth: 0, is_in_step: false, constants: constants(text) };
    let end = parser.constants.first().map_or(text.len(), |constant| constant.at);
    let node = parser.concat()?;
    if parser.at != end {
        return parser.fail("`.` or the end");
    }
    // Constants are printed where they are used, and those with quotes or control characters in hex.
    let can_grow = text.len() > 96 || !parser.constants.is_empty();
    if can_grow && node.to_string().len() > TEXT_BYTES_MAX {
        return Err(ExpressionError { column: 1, expected: "at most 1024 characters with its constants in hex" });
    }
    Ok(node)
}

/// `,c1=text` after the expression: the values of `$c1` and its like.
struct Constant<'t> {
    name: u8,
    value: &'t str,
    at: usize,
}

fn constants(text: &str) -> Vec<Constant<'_>> {
    let mut found: Vec<Constant<'_>> = Vec::new();
    let is_start = |at: usize| matches!(text.as_bytes().get(at..at + 4), Some([b',', b'c', b'1'..=b'8', b'=']));
    // They stand after the expression, where no bracket and no quote is open.
    let (mut depth, mut is_quoted, mut end) = (0usize, false, None);
    for (at, c) in text.bytes().enumerate() {
        match c {
            b'\'' => is_quoted = !is_quoted,
            b'(' if !is_quoted => depth += 1,
            b')' if !is_quoted => depth = depth.saturating_sub(1),
            b',' if !is_quoted && depth == 0 && at > 0 && is_start(at) => {
                end = Some(at);
                break;
            }
            _ => {}
        }
    }
    let Some(end) = end else { return found };
    let starts: Vec<usize> = (end..text.len()).filter(|at| is_start(*at)).collect();
    for (place, at) in starts.iter().enumerate() {
        let end = starts.get(place + 1).copied().unwrap_or(text.len());
        found.push(Constant { name: text.as_bytes()[at + 2], value: &text[at + 4..end], at: *at });
    }
    found
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    /// Whether `$x` has a value here.
    is_in_step: bool,
    constants: Vec<Constant<'t>>,
}

impl<'t> Parser<'t> {
    fn fail<T>(&self, expected: &'static str) -> Result<T, ExpressionError> {
        let column = self.text.get(..self.at).map_or(self.at, |before| before.chars().count()) + 1;
        Err(ExpressionError { column, expected })
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches(' ').len();
    }

    fn eat(&mut self, symbol: char) -> bool {
        self.skip_blanks();
        let is_there = self.rest().starts_with(symbol);
        self.at += if is_there { symbol.len_utf8() } else { 0 };
        is_there
    }

    fn expect(&mut self, symbol: char, expected: &'static str) -> Result<(), ExpressionError> {
        if self.eat(symbol) { Ok(()) } else { self.fail(expected) }
    }

    fn word(&mut self, allowed: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c: char| !allowed(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn concat(&mut self) -> Result<Node, ExpressionError> {
        let mut parts = vec![self.term()?];
        while self.eat('.') {
            parts.push(self.term()?);
        }
        let mut merged: Vec<Node> = Vec::with_capacity(parts.len());
        for part in parts {
            match (merged.last_mut(), part) {
                // One spelling for adjacent constants.
                (Some(Node::Literal(before)), Node::Literal(more)) => *before = [&**before, &*more].concat().into(),
                (_, part) => merged.push(part),
            }
        }
        let only = if merged.len() == 1 { merged.pop() } else { None };
        Ok(only.unwrap_or_else(|| Node::Concat(merged.into())))
    }

    fn term(&mut self) -> Result<Node, ExpressionError> {
        self.skip_blanks();
        let rest = self.rest();
        match rest.as_bytes() {
            [b'$', ..] => self.variable(),
            [b'\'', ..] => self.quoted(),
            [b'0', b'x', ..] => {
                self.at += 2;
                let start = self.at;
                let digits = self.word(|c| c.is_ascii_hexdigit());
                match codec::hex(digits.as_bytes()) {
                    Ok(bytes) if !bytes.is_empty() => Ok(Node::Literal(bytes.into())),
                    _ => {
                        self.at = start;
                        self.fail("an even number of hex digits")
                    }
                }
            }
            _ if rest.starts_with("key:") => {
                self.at += 4;
                let name = self.word(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
                match KeyId::new(name) {
                    Ok(id) => Ok(Node::Key(id)),
                    Err(_) => self.fail("the name of a key: 1 to 64 letters, digits, `-` and `_`"),
                }
            }
            [c, ..] if c.is_ascii_alphabetic() => self.call(),
            _ => self.fail("a variable, a constant or a function"),
        }
    }

    fn variable(&mut self) -> Result<Node, ExpressionError> {
        let start = self.at;
        self.at += 1;
        let name = self.word(|c| c.is_ascii_alphanumeric());
        let node = match name {
            "p" | "pass" | "password" => Some(Node::Password),
            "s" | "salt" | "s1" | "salt1" => Some(Node::Salt),
            "s2" | "salt2" => Some(Node::Salt2),
            "u" | "user" | "username" => Some(Node::User),
            "x" if self.is_in_step => Some(Node::Previous),
            _ => match name.as_bytes() {
                [b'c', number] => self
                    .constants
                    .iter()
                    .find(|constant| constant.name == *number)
                    .map(|constant| Node::Literal(constant.value.as_bytes().into())),
                _ => None,
            },
        };
        node.map_or_else(
            || {
                self.at = start;
                self.fail("$p, $s, $s2 or $u (and $x in the step of iterate, $c1 with `,c1=` at the end)")
            },
            Ok,
        )
    }

    fn quoted(&mut self) -> Result<Node, ExpressionError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find('\'') else {
                self.at = start;
                return self.fail("a closing quote");
            };
            text.push_str(&rest[..end]);
            self.at += end + 1;
            if !self.rest().starts_with('\'') {
                return Ok(Node::Literal(text.into_bytes().into()));
            }
            text.push('\'');
            self.at += 1;
        }
    }

    fn number(&mut self, max: u64) -> Result<u64, ExpressionError> {
        self.skip_blanks();
        let start = self.at;
        let digits = self.word(|c| c.is_ascii_digit());
        match digits.parse::<u64>() {
            Ok(number) if number <= max && (digits.len() == 1 || !digits.starts_with('0')) => Ok(number),
            _ => {
                self.at = start;
                self.fail("a number within bounds")
            }
        }
    }

    fn call(&mut self) -> Result<Node, ExpressionError> {
        let start = self.at;
        let name = self.word(|c| c.is_ascii_alphanumeric() || c == '_');
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            self.at = start;
            return self.fail("calls nested at most 16 deep");
        }
        if !self.eat('(') {
            return self.fail("`(`");
        }
        let Some(node) = self.arguments(name)? else {
            self.at = start;
            return self.fail("a function of the language");
        };
        self.expect(')', "`)`")?;
        self.depth -= 1;
        Ok(node)
    }

    /// The call of a known name, up to its closing bracket.
    fn arguments(&mut self, name: &str) -> Result<Option<Node>, ExpressionError> {
        if let Some((is_hmac, function, encoding)) = function(name) {
            let first = Box::new(self.concat()?);
            if !is_hmac {
                return Ok(Some(Node::Digest(function, encoding, first)));
            }
            self.expect(',', "`,` and the message")?;
            return Ok(Some(Node::Hmac(function, encoding, first, Box::new(self.concat()?))));
        }
        if let Some(map) = map(name) {
            return Ok(Some(Node::Map(map, Box::new(self.concat()?))));
        }
        match name {
            "substr" => {
                let of = Box::new(self.concat()?);
                self.expect(',', "`,` and the first position, from 0")?;
                let start = self.number(LENGTH_MAX)?;
                self.expect(',', "`,` and a length")?;
                let length = self.number(LENGTH_MAX)?;
                Ok(Some(Node::Substr(of, start as usize, length as usize)))
            }
            "pad" => {
                let of = Box::new(self.concat()?);
                self.expect(',', "`,` and a length")?;
                Ok(Some(Node::Pad(of, self.number(LENGTH_MAX)? as usize)))
            }
            "pad16" => Ok(Some(Node::Pad(Box::new(self.concat()?), 16))),
            "pad20" => Ok(Some(Node::Pad(Box::new(self.concat()?), 20))),
            "iterate" => self.iterate().map(Some),
            _ => Ok(None),
        }
    }

    /// `iterate(n,first,step)`, or `iterate(n,f(x))`: f applied n times.
    fn iterate(&mut self) -> Result<Node, ExpressionError> {
        let n = self.number(ITERATIONS_MAX)? as u32;
        self.expect(',', "`,` and an expression")?;
        let place = self.at;
        let first = self.concat()?;
        if self.eat(',') {
            let outer = std::mem::replace(&mut self.is_in_step, true);
            let step = self.concat()?;
            self.is_in_step = outer;
            return Ok(Node::Iterate(n, Box::new(first), Box::new(step)));
        }
        let step = match &first {
            Node::Digest(function, encoding, _) => Node::Digest(*function, *encoding, Box::new(Node::Previous)),
            _ => {
                self.at = place;
                return self.fail("a hash function to repeat, or a first value and a step");
            }
        };
        if n == 0 {
            self.at = place;
            return self.fail("at least one round");
        }
        Ok(Node::Iterate(n - 1, Box::new(first), Box::new(step)))
    }
}

/// The hash function of a name, whether it is HMAC, and how its value is written.
fn function(name: &str) -> Option<(bool, Function, Encoding)> {
    let is_upper = !name.bytes().any(|c| c.is_ascii_lowercase());
    let lower = name.to_ascii_lowercase();
    if !is_upper && lower != name {
        return None;
    }
    let (is_hmac, base) = lower.strip_prefix("hmac_").map_or((false, lower.as_str()), |base| (true, base));
    if let Some(function) = Function::of(base) {
        return Some((is_hmac, function, if is_upper { Encoding::Upper } else { Encoding::Lower }));
    }
    let (base, encoding) =
        [("_raw", Encoding::Raw), ("_bin", Encoding::Raw), ("_64", Encoding::Base64), ("_hex", Encoding::Lower)]
            .into_iter()
            .find_map(|(suffix, encoding)| base.strip_suffix(suffix).map(|base| (base, encoding)))?;
    Some((is_hmac, Function::of(base)?, encoding)).filter(|_| !is_upper)
}

fn map(name: &str) -> Option<Map> {
    let other = match name {
        "strtolower" | "lowercase" => Some(Map::Lowercase),
        "strtoupper" | "uppercase" => Some(Map::Uppercase),
        "base64" | "base64_encode" => Some(Map::Base64),
        "utf16" | "unicode" => Some(Map::Utf16le),
        "bin2hex" => Some(Map::Hex),
        "hex2bin" => Some(Map::Unhex),
        "strrev" => Some(Map::Reverse),
        _ => None,
    };
    other.or_else(|| Map::ALL.iter().find(|(_, known)| *known == name).map(|(map, _)| *map))
}
