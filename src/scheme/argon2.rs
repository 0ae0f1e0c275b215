//! Argon2i, Argon2d and Argon2id in PHC form, versions 0x10 and 0x13, keyed or not. The text is read here and not
//! by a PHC crate, because legal hashes fall outside what those admit: no `v=` (which is 0x10), salts over 48
//! bytes, outputs under 10 or over 64, parameters in another order.

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::Scheme;
use super::text::{End, fills_a_column, split};
use crate::codec::{self, Alphabet};
use crate::error::{Fault, OutOfBounds};
use crate::function::Secret;
use crate::kernel::argon2::{self as kernel, Variant, Version};
use crate::kernel::lane_threads;
use crate::keyring::{KeyId, Keyring};
use crate::{Cost, Limits, Unverifiable};

const EXPECTED: &str = "`$argon2id$v=19$m=…,t=…,p=…$`, the salt, `$`, and the hash";
const SALT_BYTES_MIN: usize = 8;
const SALT_BYTES_MAX: usize = 1024;
const OUTPUT_BYTES_MIN: usize = 4;
const OUTPUT_BYTES_MAX: usize = 1024;
/// Outputs that are chosen. The libraries take any other, and nobody asks for one; 24 bytes are what several columns leave of 32.
const OUTPUT_BYTES_CHOSEN: [usize; 7] = [16, 32, 48, 64, 96, 128, 256];

/// The variant's name, as texts begin with it.
const fn name(variant: Variant) -> &'static str {
    match variant {
        Variant::D => "argon2d",
        Variant::I => "argon2i",
        Variant::Id => "argon2id",
    }
}

/// What decides a hash's strength, and what a new one is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
    pub(crate) salt_bytes: usize,
    pub(crate) output_bytes: usize,
    pub(crate) key: Option<KeyId>,
}

/// A stored Argon2 hash, decoded.
#[derive(Clone)]
pub(crate) struct Argon2 {
    variant: Variant,
    version: Version,
    /// Whether the text says `v=`: without it the version is 0x10.
    says_version: bool,
    memory_kib: u32,
    passes: u32,
    pub(super) lanes: u32,
    key: Option<KeyId>,
    data: Option<Box<[u8]>>,
    /// Whether the text's parameters stand in the usual order, and its base64 has no padding.
    is_usual: bool,
    salt: Box<[u8]>,
    output: Box<[u8]>,
    end: End,
}

impl Argon2 {
    pub(crate) fn parse(text: &str, variant: Variant) -> Result<Self, Fault> {
        const STRUCTURE: Fault = Fault::Structure { expected: EXPECTED };
        // What the end of the text lacks is put down to a narrow column where the length is one.
        let cut = |fault| {
            if fills_a_column(text.len()) {
                Fault::Truncated { actual: text.len(), whole: "a usual column width, and the rest is missing" }
            } else {
                fault
            }
        };
        let mut parts = split(text, b'$');
        if parts.next() != Some("") || parts.next() != Some(name(variant)) {
            return Err(STRUCTURE);
        }
        let mut part = parts.next().ok_or_else(|| cut(STRUCTURE))?;
        let says_version = part.starts_with("v=");
        let mut version = Version::V0x10;
        if let Some(text) = part.strip_prefix("v=") {
            version = match text {
                "16" => Version::V0x10,
                "19" => Version::V0x13,
                "016" | "019" => return Err(Fault::NonCanonical { part: "the version has leading zeros" }),
                _ => return Err(Fault::Structure { expected: "an Argon2 version of 16 or 19" }),
            };
            part = parts.next().ok_or_else(|| cut(STRUCTURE))?;
        }
        let parameters = Parameters::parse(part)?;
        let salt = parts.next().ok_or_else(|| cut(STRUCTURE))?;
        let output = parts.next().filter(|output| !output.is_empty()).ok_or_else(|| cut(STRUCTURE))?;
        if parts.next().is_some() {
            return Err(Fault::Structure { expected: "nothing after the hash" });
        }
        Ok(Self {
            variant,
            version,
            says_version,
            memory_kib: parameters.memory_kib.ok_or(STRUCTURE)?,
            passes: parameters.passes.ok_or(STRUCTURE)?,
            lanes: parameters.lanes.ok_or(STRUCTURE)?,
            key: parameters.key,
            data: parameters.data,
            is_usual: parameters.is_in_order && !salt.ends_with('=') && !output.ends_with('='),
            end: End::of_base64(output),
            salt: decode(salt, SALT_BYTES_MIN..=SALT_BYTES_MAX, "a salt of 8 to 1024 bytes")?,
            output: decode(output, OUTPUT_BYTES_MIN..=OUTPUT_BYTES_MAX, "a hash of 4 to 1024 bytes").map_err(
                |fault| match fault {
                    Fault::Length { .. } | Fault::NonCanonical { .. } => cut(fault),
                    _ => fault,
                },
            )?,
        })
    }

    /// Hashes an input as `spec` says, with this salt: an Argon2id hash of version 0x13.
    pub(crate) fn hash(spec: &Spec, salt: Box<[u8]>, input: &[u8], keys: &Keyring) -> Result<Self, Unverifiable> {
        let mut new = Self::shaped(spec, salt, vec![0; spec.output_bytes].into());
        new.output = new.compute(input, keys)?.as_slice().into();
        Ok(new)
    }

    /// An Argon2id hash of version 0x13 with the given salt and output.
    pub(crate) fn shaped(spec: &Spec, salt: Box<[u8]>, output: Box<[u8]>) -> Self {
        Self {
            variant: Variant::Id,
            version: Version::V0x13,
            says_version: true,
            memory_kib: spec.memory_kib,
            passes: spec.passes,
            lanes: spec.lanes,
            key: spec.key.clone(),
            data: None,
            is_usual: true,
            end: End::Seen,
            salt,
            output,
        }
    }

    /// Whether a cost is below OWASP's choices, which trade memory for passes: none has less than 7 MiB, or less than 32
    /// MiB·passes.
    pub(crate) fn is_weak_cost(memory_kib: u32, passes: u32) -> bool {
        memory_kib < 7 * 1024 || u64::from(memory_kib) * u64::from(passes) < 32 * 1024
    }

    /// Whether this is Argon2id of version 0x13.
    pub(crate) fn is_current_kind(&self) -> bool {
        self.variant == Variant::Id && self.version == Version::V0x13
    }

    /// What decides the hash's strength.
    pub(crate) fn spec(&self) -> Spec {
        Spec {
            memory_kib: self.memory_kib,
            passes: self.passes,
            lanes: self.lanes,
            salt_bytes: self.salt.len(),
            output_bytes: self.output.len(),
            key: self.key.clone(),
        }
    }

    /// The text: PHC form, parameters in the usual order.
    pub(crate) fn encode(&self) -> String {
        let version = match (self.says_version, self.version) {
            (false, _) => "",
            (true, Version::V0x10) => "v=16$",
            (true, Version::V0x13) => "v=19$",
        };
        let key = self.key.as_ref().map_or(String::new(), |id| format!(",keyid={}", codec::to_base64(id.bytes())));
        let data = self.data.as_ref().map_or(String::new(), |data| format!(",data={}", codec::to_base64(data)));
        format!(
            "${}${version}m={},t={},p={}{key}{data}${}${}",
            name(self.variant),
            self.memory_kib,
            self.passes,
            self.lanes,
            codec::to_base64(&self.salt),
            codec::to_base64(&self.output),
        )
    }

    fn compute(&self, input: &[u8], keys: &Keyring) -> Result<Zeroizing<Vec<u8>>, Unverifiable> {
        if self.check_keys(keys).is_err() {
            return Err(Unverifiable::MissingKey { key_id: self.key.clone() });
        }
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        let input = kernel::Input {
            variant: self.variant,
            version: self.version,
            memory_kib: self.memory_kib,
            passes: self.passes,
            lanes: self.lanes,
            password: input,
            salt: &self.salt,
            secret: self.key.as_ref().and_then(|id| keys.secret(id)).unwrap_or_default(),
            data: self.data.as_deref().unwrap_or_default(),
        };
        kernel::hash(&input, kernel::Path::best(), lane_threads(), &mut output)
            .map_err(|kernel::OutOfMemory| Unverifiable::OutOfMemory { memory_kib: self.memory_kib })?;
        Ok(output)
    }
}

/// The parameter part: each of `m`, `t`, `p` once, in any order, and `keyid` and `data` at most once.
#[derive(Default)]
struct Parameters {
    memory_kib: Option<u32>,
    passes: Option<u32>,
    lanes: Option<u32>,
    key: Option<KeyId>,
    data: Option<Box<[u8]>>,
    is_in_order: bool,
}

impl Parameters {
    fn parse(part: &str) -> Result<Self, Fault> {
        let mut found = Self::default();
        let mut order = [""; 3];
        for (place, pair) in split(part, b',').enumerate() {
            let (name, value) = pair.split_once('=').ok_or(Fault::Structure { expected: EXPECTED })?;
            let is_new = match name {
                "m" => found.memory_kib.replace(number("memory_kib", value)?).is_none(),
                "t" => found.passes.replace(number("passes", value)?).is_none(),
                "p" => found.lanes.replace(number("lanes", value)?).is_none(),
                "keyid" => found.key.replace(key_id(value)?).is_none(),
                "data" => found.data.replace(decode(value, 0..=32, "at most 32 bytes of data")?).is_none(),
                _ => return Err(Fault::Structure { expected: "no parameters but m, t, p, keyid and data" }),
            };
            if !is_new {
                return Err(Fault::Structure { expected: "each parameter once" });
            }
            if let Some(place) = order.get_mut(place) {
                *place = name;
            }
        }
        found.is_in_order = order == ["m", "t", "p"];
        Ok(found)
    }
}

/// A decimal without sign or leading zeros.
fn number(parameter: &'static str, text: &str) -> Result<u32, Fault> {
    if text.is_empty() || !text.bytes().all(|c| c.is_ascii_digit()) {
        return Err(Fault::Structure { expected: "decimal numbers for m, t and p" });
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(Fault::NonCanonical { part: "a number has leading zeros" });
    }
    let value = text.parse().unwrap_or(u64::MAX);
    u32::try_from(value).map_err(|_| Fault::Bounds(OutOfBounds::new(parameter, 1, u32::MAX.into(), value)))
}

fn key_id(text: &str) -> Result<KeyId, Fault> {
    KeyId::new(decode(text, 1..=KeyId::PEPPER_BYTES_MAX, "a keyid of 1 to 8 bytes")?)
        .map_err(|_| Fault::Structure { expected: "a keyid of 1 to 8 bytes" })
}

/// PHC strings have no padding. Some writers pad all the same: what is exact is read, and stored without.
fn decode(text: &str, bytes: std::ops::RangeInclusive<usize>, expected: &'static str) -> Result<Box<[u8]>, Fault> {
    let decoded = codec::base64_padded_or_not(text.as_bytes(), Alphabet::Standard)?;
    if bytes.contains(&decoded.len()) {
        Ok(decoded.into())
    } else {
        Err(Fault::Length { actual: text.len(), expected })
    }
}

impl Scheme for Argon2 {
    fn cost(&self) -> Cost {
        Cost::argon2(self.memory_kib, self.passes)
    }

    fn check(&self, limits: &Limits) -> Result<(), OutOfBounds> {
        limits.check_argon2(self.memory_kib.into(), self.passes.into(), self.lanes.into())
    }

    fn verify(&self, input: &[u8], keys: &Keyring) -> Result<Choice, Unverifiable> {
        Ok(self.output.ct_eq(&self.compute(input, keys)?))
    }

    /// Hex, as Magento writes it.
    fn derive(&self, input: &[u8], keys: &Keyring) -> Result<Secret, Unverifiable> {
        Ok(Secret::new(codec::to_hex(&self.compute(input, keys)?).into_bytes()))
    }

    fn canonical(&self, text: &str) -> Option<String> {
        // Numbers have one spelling, so only the parameters' order and the padding are free.
        if self.key.is_none() && self.data.is_none() && self.is_usual {
            return None;
        }
        Some(self.encode()).filter(|canonical| canonical != text)
    }

    fn parameters(&self) -> String {
        let version = if self.version == Version::V0x10 { "v=16," } else { "" };
        let key = self.key.as_ref().map_or_else(String::new, |id| format!(",keyid={id}"));
        format!("{version}m={},t={},p={}{key}", self.memory_kib, self.passes, self.lanes)
    }
    // The id of the key that the hash needs, and whether it carries associated data.
    fn check_keys(&self, keys: &Keyring) -> Result<(), Fault> {
        match &self.key {
            Some(id) if keys.contains(id) => Ok(()),
            Some(id) => Err(Fault::MissingKey { key_id: id.to_string() }),
            None if self.data.is_none() => Ok(()),
            None => Err(Fault::DataWithoutKey),
        }
    }

    fn looks_cut(&self, text_len: usize) -> bool {
        self.end.is_lost(text_len, &self.output, &OUTPUT_BYTES_CHOSEN)
    }

    fn is_weak(&self) -> bool {
        Self::is_weak_cost(self.memory_kib, self.passes)
    }
}
