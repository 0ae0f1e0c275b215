//! Logto's `Legacy` value: a JSON array of a hash name, arguments of which `@` is the password, and hex.

use super::{Built, Parsed, Raw, over};
use crate::codec;
use crate::error::Fault;
use crate::expression::{Expression, Variables};
use crate::function::Function;
use crate::scheme::pbkdf2::Pbkdf2;
use crate::scheme::scrypt::Scrypt;
use crate::scheme::text::decimal;

const EXPECTED: Fault =
    Fault::Structure { expected: "a JSON array: a hash name, an array of texts with `@` in it, and hex" };

pub(super) fn read(text: &str) -> Result<Built, Fault> {
    let (name, arguments, hash) = Reader { text, at: 0 }.tuple().ok_or(EXPECTED)?;
    if !arguments.iter().any(|argument| argument == "@") {
        return Err(EXPECTED);
    }
    let name = name.to_ascii_lowercase();
    match (name.as_str(), &arguments[..]) {
        ("pbkdf2", [salt, iterations, length, digest, at]) if at == "@" => {
            let function = function(digest)?;
            let salt = match salt.strip_prefix("hex:") {
                Some(hex) => codec::hex(hex.as_bytes())?,
                None => salt.as_bytes().to_vec(),
            };
            let output = codec::hex(hash.as_bytes())?;
            if decimal("length", length)? as usize != output.len() {
                return Err(Fault::Structure { expected: "a hash as long as the third argument says" });
            }
            let parsed = Pbkdf2::new(function, decimal("iterations", iterations)?, salt, output)?;
            Ok(Parsed::other(parsed).into())
        }
        ("firebase-scrypt", [salt, signer, separator, rounds, memory, at]) if at == "@" => {
            let scrypt = Scrypt::of_firebase([&hash, salt, signer, separator, rounds, memory, "1"])?;
            Ok(Parsed::other(scrypt).into())
        }
        ("pbkdf2" | "firebase-scrypt", _) => Err(EXPECTED),
        _ => {
            // TLS' digest is two, one after the other.
            let functions =
                if name == "md5-sha1" { vec![Function::Md5, Function::Sha1] } else { vec![function(&name)?] };
            let digest = codec::hex(hash.as_bytes())?;
            if digest.len() != functions.iter().map(|function| function.bytes()).sum::<usize>() {
                return Err(Fault::Length { actual: hash.len(), expected: "the hex of a digest of its hash" });
            }
            let parts: Vec<String> = arguments
                .iter()
                .filter(|argument| !argument.is_empty())
                .map(|argument| match argument.as_str() {
                    "@" => "$p".to_owned(),
                    text => format!("0x{}", codec::to_hex(text.as_bytes())),
                })
                .collect();
            let input = parts.join(".");
            let digests: Vec<String> =
                functions.iter().map(|function| format!("{}_raw({input})", function.as_str())).collect();
            let expression = Expression::parse(&digests.join(".")).map_err(|_| EXPECTED)?;
            Ok(over(Parsed::other(Raw::decoded(digest, 1)), expression, Variables::default()))
        }
    }
}

/// A hash by one of OpenSSL's names for it.
fn function(name: &str) -> Result<Function, Fault> {
    let name = name.to_ascii_lowercase();
    // As signatures name them, and as old protocols do.
    let name = name.strip_suffix("withrsaencryption").unwrap_or(&name);
    let name = ["rsa-", "ssl3-"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let name = match name {
        "sha1-2" => "sha1",
        "ripemd" | "rmd160" => "ripemd160",
        name => name,
    };
    Function::of(&name.replace(['-', '/'], "_"))
        .or_else(|| Function::of(&name.replace('-', "")))
        .ok_or(Fault::Structure { expected: "a hash function that is known here" })
}

/// Just enough JSON for this one shape.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn tuple(mut self) -> Option<(String, Vec<String>, String)> {
        self.symbol(b'[')?;
        let name = self.string()?;
        self.symbol(b',')?;
        self.symbol(b'[')?;
        let mut arguments = vec![self.string()?];
        while self.symbol(b',').is_some() {
            arguments.push(self.string()?);
        }
        self.symbol(b']')?;
        self.symbol(b',')?;
        let hash = self.string()?;
        self.symbol(b']')?;
        self.blanks();
        (self.at == self.text.len()).then_some((name, arguments, hash))
    }

    fn blanks(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn symbol(&mut self, symbol: u8) -> Option<()> {
        self.blanks();
        (self.text.as_bytes().get(self.at) == Some(&symbol)).then(|| self.at += 1)
    }

    fn string(&mut self) -> Option<String> {
        self.symbol(b'"')?;
        let mut value = String::new();
        loop {
            let c = self.text.get(self.at..)?.chars().next()?;
            self.at += c.len_utf8();
            match c {
                '"' => return Some(value),
                '\\' => value.push(self.escape()?),
                c if c.is_control() => return None,
                c => value.push(c),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let c = *self.text.as_bytes().get(self.at)?;
        self.at += 1;
        Some(match c {
            b'"' | b'\\' | b'/' => char::from(c),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.unit()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return char::from_u32(high);
                }
                self.text.get(self.at..)?.strip_prefix("\\u")?;
                self.at += 2;
                let low = self.unit()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                return char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + low);
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let digits =
            self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}
