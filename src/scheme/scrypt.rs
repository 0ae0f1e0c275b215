//! scrypt in every text form, and Firebase's, which encrypts a project's signer key with what scrypt gives.

use ctr::cipher::{KeyIvInit, StreamCipher};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::text::{self, End, decimal};
use super::{Scheme, h64};
use crate::codec::{self, Alphabet};
use crate::cost::ScryptMemory;
use crate::error::{Fault, OutOfBounds};
use crate::keyring::{KeyId, Keyring};
use crate::unicode::nfkc;
use crate::{Cost, Limits, Unverifiable};

/// A stored scrypt hash, decoded.
pub(crate) struct Scrypt {
    log_n: u32,
    r: u32,
    p: u32,
    salt: Box<[u8]>,
    output: Box<[u8]>,
    end: End,
    /// Whether its system pads base64.
    is_padded: bool,
    /// Whether its system brings passwords into Unicode's form KC first.
    is_normalized: bool,
    signer: Option<Signer>,
}

/// What Lucia and better-auth fix: N = 2^14, p = 1 and 64 bytes; r was 8 at first.
const LUCIA_LOG_N: u32 = 14;
const LUCIA_R: u32 = 16;
const LUCIA_R_OLD: u32 = 8;
const LUCIA_BYTES: usize = 64;
/// A salt of theirs is text: 32 hex digits, or 16 letters and digits.
const LUCIA_HEX_SALT_CHARS: usize = 32;

/// Outputs that are chosen. Spring's and Kratos' forms are padded, so that those of theirs whose end is not seen have lost it, or
/// the padding alone.
const OUTPUT_BYTES_CHOSEN: [usize; 7] = [16, 24, 32, 48, 64, 96, 128];
const OUTPUT_BYTES_PADDED: [usize; 3] = [32, 64, 128];
/// Firebase's signer keys, and with them its hashes, are of one length.
const SIGNER_BYTES: usize = 64;
/// Spring's encoders write no shorter keys, unless somebody asks for one.
const SPRING_BYTES: usize = 32;

/// Firebase's signer key: in the row, as other importers want it, or in configuration, where it belongs.
enum Signer {
    Inline(Zeroizing<Vec<u8>>),
    Registered(KeyId),
}

fn padded(text: &str) -> Result<Vec<u8>, Fault> {
    codec::base64_padded_or_not(text.as_bytes(), Alphabet::Standard)
}

/// As Firebase exports (standard) and lists (URL-safe).
fn either(text: &str) -> Result<Vec<u8>, Fault> {
    codec::base64_padded_or_not(text.as_bytes(), Alphabet::StandardOrUrl)
}

/// The base-2 logarithm of N as it stands in a text.
fn log(n: u32) -> Result<u32, Fault> {
    if n.is_power_of_two() && n > 1 {
        Ok(n.ilog2())
    } else {
        Err(Fault::Structure { expected: "an N that is a power of two" })
    }
}

/// `ln=14,r=8,p=1`, in any order.
fn triple<'t>(text: &'t str, n: &str) -> Result<[&'t str; 3], Fault> {
    let mut found = [None; 3];
    for pair in text.split(',') {
        let (name, value) = pair.split_once('=').ok_or(EXPECTED)?;
        let place = [n, "r", "p"].iter().position(|known| *known == name).ok_or(EXPECTED)?;
        if found[place].replace(value).is_some() {
            return Err(EXPECTED);
        }
    }
    let [Some(n), Some(r), Some(p)] = found else { return Err(EXPECTED) };
    Ok([n, r, p])
}

const EXPECTED: Fault = Fault::Structure { expected: "`$scrypt$ln=LOG2N,r=R,p=P$`, a salt, `$` and a hash" };

impl Scrypt {
    pub(crate) fn new(log_n: u32, r: u32, p: u32, salt: Vec<u8>, output: Vec<u8>) -> Result<Self, Fault> {
        if !(10..=256).contains(&output.len()) {
            return Err(Fault::Structure { expected: "an output of 10 to 256 bytes" });
        }
        Ok(Self {
            log_n,
            r,
            p,
            salt: salt.into(),
            output: output.into(),
            end: End::Seen,
            is_padded: false,
            is_normalized: false,
            signer: None,
        })
    }

    /// The same of a text that does not say where it ends.
    pub(crate) fn with_open_end(self) -> Self {
        Self { end: End::Open, ..self }
    }

    /// `$scrypt$ln=14,r=8,p=1$salt$hash`. Kratos writes N itself after `ln=`, and AdonisJS after `n=`.
    pub(crate) fn crypt(text: &str, is_kratos: bool) -> Result<Self, Fault> {
        let ["", "scrypt", parameters, salt, hash] = text::parts::<5>(text, '$').ok_or(EXPECTED)? else {
            return Err(EXPECTED);
        };
        let is_adonis = parameters.starts_with("n=") && !is_kratos;
        let [n, r, p] = triple(parameters, if is_adonis { "n" } else { "ln" })?;
        let n = decimal("ln", n)?;
        let log_n = if is_kratos || is_adonis { log(n)? } else { n };
        if log_n > 40 {
            return Err(Fault::Structure {
                expected: "ln= to be the logarithm of N; where it is N itself, the method is kratos_scrypt",
            });
        }
        let output = padded(hash)?;
        text::check_whole(&output, text)?;
        let scrypt = Self::new(log_n, decimal("r", r)?, decimal("p", p)?, padded(salt)?, output)?;
        Ok(Self { end: End::of_base64(hash), is_padded: is_kratos, ..scrypt })
    }

    /// `$7$`, N in one character, r and p in five each, a salt that is text and is taken as such, `$`, 43 characters.
    pub(crate) fn seven(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault =
            Fault::Structure { expected: "`$7$`, 11 characters of cost, a salt, `$` and 43 characters" };
        let (setting, hash) = text.strip_prefix("$7$").and_then(|rest| rest.rsplit_once('$')).ok_or(EXPECTED)?;
        let (cost, salt) = setting.split_at_checked(11).ok_or(EXPECTED)?;
        let cost = cost.as_bytes();
        let number = |text: &[u8]| {
            let digits = text.iter().rev().map(|c| h64::value(*c).map(u32::from));
            digits.into_iter().try_fold(0, |value, digit| digit.map(|digit| value << 6 | digit)).ok_or(EXPECTED)
        };
        if salt.contains([':', '\n']) {
            return Err(EXPECTED);
        }
        let hash = h64::check(hash.as_bytes(), 32)?;
        let output = h64::decode(&hash).ok_or(EXPECTED)?;
        Self::new(number(&cost[..1])?, number(&cost[1..6])?, number(&cost[6..])?, salt.into(), output.into())
    }

    /// Whether the number after `ln=` can only be N itself.
    pub(crate) fn is_kratos(text: &str) -> bool {
        let number = text.split("ln=").nth(1).and_then(|rest| rest.split([',', '$']).next());
        number.and_then(|number| number.parse::<u64>().ok()).is_some_and(|n| n > 63)
    }

    /// `scrypt:32768:8:1$salt$hex`: Werkzeug's.
    pub(crate) fn werkzeug(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "`scrypt:N:R:P$`, a salt, `$` and 128 hex digits" };
        let [method, salt, hash] = text::parts::<3>(text, '$').ok_or(EXPECTED)?;
        let ["scrypt", n, r, p] = text::parts::<4>(method, ':').ok_or(EXPECTED)? else { return Err(EXPECTED) };
        text::check_last(hash, 128, text)?;
        let hash = codec::hex(hash.as_bytes())?;
        if hash.len() != 64 {
            return Err(Fault::Length { actual: 2 * hash.len(), expected: "128 hex digits" });
        }
        Self::new(log(decimal("n", n)?)?, decimal("r", r)?, decimal("p", p)?, salt.into(), hash)
    }

    /// `salt:hex`, and `s2:salt:hex` of an earlier version: Lucia's and better-auth's. The first versions had no `s2:`, salts of 16
    /// letters and half the blocks.
    pub(crate) fn lucia(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure {
            expected: "a salt of 32 hex digits, or of 16 letters and digits, `:` and 128 hex digits",
        };
        let (is_second, rest) = text.strip_prefix("s2:").map_or((false, text), |rest| (true, rest));
        let [salt, hash] = text::parts::<2>(rest, ':').ok_or(EXPECTED)?;
        let is_hex = salt.len() == LUCIA_HEX_SALT_CHARS && salt.bytes().all(|c| c.is_ascii_hexdigit());
        let is_of_letters = salt.len() == 16 && salt.bytes().all(|c| c.is_ascii_alphanumeric());
        let r = match (is_second, is_hex, is_of_letters) {
            (true, ..) if !salt.is_empty() => LUCIA_R,
            (false, true, _) => LUCIA_R,
            (false, _, true) => LUCIA_R_OLD,
            _ => return Err(EXPECTED),
        };
        let hash = codec::hex(hash.as_bytes())?;
        if hash.len() != LUCIA_BYTES {
            return Err(Fault::Length { actual: 2 * hash.len(), expected: "128 hex digits" });
        }
        let scrypt = Self::new(LUCIA_LOG_N, r, 1, salt.into(), hash)?;
        Ok(Self { is_normalized: true, ..scrypt })
    }

    /// `400$8$1$salt$hash`, all in hex: Ruby's gem, which takes no leading zero bytes of the salt.
    pub(crate) fn ruby(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "N, r, p, a salt and a hash in hex, with `$` between" };
        let [n, r, p, salt, hash] = text::parts::<5>(text, '$').ok_or(EXPECTED)?;
        let number = |text: &str| {
            let number = u32::from_str_radix(text, 16).ok().filter(|number| format!("{number:x}") == text);
            number.ok_or(EXPECTED)
        };
        let n = number(n)?;
        let salt: Vec<u8> = codec::hex(salt.as_bytes())?.into_iter().skip_while(|byte| *byte == 0).collect();
        let hash = codec::hex(hash.as_bytes())?;
        if !n.is_power_of_two() || salt.is_empty() {
            return Err(EXPECTED);
        }
        text::check_least(&hash, 16, text)?;
        Self::new(n.ilog2(), number(r)?, number(p)?, salt, hash)
    }

    /// `scrypt$N$salt$r$p$base64`: Django's.
    pub(crate) fn django(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "`scrypt$N$SALT$R$P$` and base64 of 64 bytes" };
        let ["scrypt", n, salt, r, p, hash] = text::parts::<6>(text, '$').ok_or(EXPECTED)? else {
            return Err(EXPECTED);
        };
        text::check_last(hash, 86, text)?;
        let hash = padded(hash)?;
        if hash.len() != 64 || salt.is_empty() {
            return Err(EXPECTED);
        }
        Self::new(log(decimal("n", n)?)?, decimal("r", r)?, decimal("p", p)?, salt.into(), hash)
    }

    /// `$e0801$salt$hash`: Spring's; the parameters are one number in hex.
    pub(crate) fn spring(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure { expected: "`$`, parameters in hex, `$`, a salt, `$` and a hash" };
        let ["", parameters, salt, hash] = text::parts::<4>(text, '$').ok_or(EXPECTED)? else { return Err(EXPECTED) };
        if parameters.starts_with('0') || !(5..=7).contains(&parameters.len()) {
            return Err(EXPECTED);
        }
        let number = u32::from_str_radix(parameters, 16).map_err(|_| EXPECTED)?;
        let (output, end) = (padded(hash)?, End::of_base64(hash));
        if end == End::Open {
            text::check_least(&output, SPRING_BYTES, text)?;
        }
        let scrypt = Self::new(number >> 16, number >> 8 & 0xff, number & 0xff, padded(salt)?, output)?;
        Ok(Self { end, is_padded: true, ..scrypt })
    }

    /// Firebase's in the spellings of Supabase (`$fbscrypt$`), Kratos (`$firescrypt$`), passwap (`$firebasescrypt$`), Clerk (`hash$salt$…`) and ReachFive
    /// (`hash:salt:…`). `sk=key:NAME` names a registered signer key.
    pub(crate) fn firebase(text: &str) -> Result<Self, Fault> {
        const EXPECTED: Fault = Fault::Structure {
            expected: "`$fbscrypt$v=1,n=N,r=R,p=1,ss=SEPARATOR,sk=SIGNER$SALT$HASH`, or Kratos', Clerk's, passwap's or ReachFive's form",
        };
        if let Some(rest) = text.strip_prefix("$fbscrypt$") {
            let [parameters, salt, hash] = text::parts::<3>(rest, '$').ok_or(EXPECTED)?;
            let mut found = [None; 6];
            for pair in parameters.split(',') {
                let (name, value) = pair.split_once('=').ok_or(EXPECTED)?;
                let place = ["v", "n", "r", "p", "ss", "sk"].iter().position(|known| *known == name).ok_or(EXPECTED)?;
                if found[place].replace(value).is_some() {
                    return Err(EXPECTED);
                }
            }
            let [Some("1"), Some(n), Some(r), p, separator, Some(signer)] = found else { return Err(EXPECTED) };
            let separator = separator.unwrap_or_default();
            return Self::of_firebase([hash, salt, signer, separator, r, n, p.unwrap_or("1")]);
        }
        // WorkOS': each part with its name.
        if let Some(rest) = text.strip_prefix("$firebase-scrypt$") {
            let mut found = [None; 6];
            for pair in rest.split('$') {
                let (name, value) = pair.split_once('=').ok_or(EXPECTED)?;
                let known = ["hash", "salt", "sk", "ss", "r", "m"];
                let place = known.iter().position(|known| *known == name).ok_or(EXPECTED)?;
                if found[place].replace(value).is_some() {
                    return Err(EXPECTED);
                }
            }
            let [Some(hash), Some(salt), Some(signer), separator, Some(rounds), Some(memory)] = found else {
                return Err(EXPECTED);
            };
            return Self::of_firebase([hash, salt, signer, separator.unwrap_or_default(), rounds, memory, "1"]);
        }
        if let Some(rest) = text.strip_prefix("$firebasescrypt$") {
            let [parameters, salt, hash, separator, signer] = text::parts::<5>(rest, '$').ok_or(EXPECTED)?;
            let [n, r] = text::parts::<2>(parameters, ',').ok_or(EXPECTED)?;
            let (n, r) = (n.strip_prefix("ln=").ok_or(EXPECTED)?, r.strip_prefix("r=").ok_or(EXPECTED)?);
            return Self::of_firebase([hash, salt, signer, separator, r, n, "1"]);
        }
        if let Some(rest) = text.strip_prefix("$firescrypt$") {
            let [parameters, salt, hash, separator, signer] = text::parts::<5>(rest, '$').ok_or(EXPECTED)?;
            let [n, r, p] = triple(parameters, "ln").map_err(|_| EXPECTED)?;
            return Self::of_firebase([hash, salt, signer, separator, r, n, p]);
        }
        if let Some([hash, salt, signer, separator, rounds, memory]) = text::parts::<6>(text, '$') {
            return Self::of_firebase([hash, salt, signer, separator, rounds, memory, "1"]);
        }
        // ReachFive puts the separator before the signer key.
        let [hash, salt, separator, signer, rounds, memory] = text::parts::<6>(text, ':').ok_or(EXPECTED)?;
        Self::of_firebase([hash, salt, signer, separator, rounds, memory, "1"])
    }

    pub(crate) fn of_firebase(parts: [&str; 7]) -> Result<Self, Fault> {
        let [hash, salt, signer, separator, rounds, memory, p] = parts;
        let salt = [either(salt)?, either(separator)?].concat();
        let signer = match signer.strip_prefix("key:") {
            Some(name) => Signer::Registered(
                KeyId::new(name).map_err(|_| Fault::Structure { expected: "a key's name of 1 to 64 bytes" })?,
            ),
            None => Signer::Inline(Zeroizing::new(either(signer)?)),
        };
        let hash = either(hash)?;
        if let Signer::Inline(key) = &signer
            && key.len() != hash.len()
        {
            return Err(Fault::Structure { expected: "a hash as long as the signer key" });
        }
        let scrypt = Self::new(decimal("n", memory)?, decimal("r", rounds)?, decimal("p", p)?, salt, hash)?;
        Ok(Self { signer: Some(signer), ..scrypt })
    }

    fn memory(&self) -> ScryptMemory {
        ScryptMemory::of(self.log_n, self.r.into(), self.p.into())
    }

    fn work_kib(&self) -> u64 {
        self.memory().work_kib(self.p.into())
    }

    fn compute(&self, input: &[u8], out: &mut [u8]) -> Result<(), Unverifiable> {
        let log_n = u8::try_from(self.log_n).map_err(|_| Unverifiable::Refused)?;
        let params = scrypt::Params::new(log_n, self.r, self.p).map_err(|_| Unverifiable::Refused)?;
        let normalized = self.is_normalized.then(|| nfkc(input)).flatten();
        let input = normalized.as_deref().map_or(input, |text| text);
        scrypt::scrypt(input, &self.salt, &params, out).map_err(|_| Unverifiable::Refused)
    }
}

impl Scheme for Scrypt {
    fn cost(&self) -> Cost {
        Cost::scrypt(self.memory(), self.p.into())
    }

    fn check(&self, limits: &Limits) -> Result<(), OutOfBounds> {
        OutOfBounds::check("log2_n", 1, 40, self.log_n.into())?;
        OutOfBounds::check("r", 1, 1 << 20, self.r.into())?;
        OutOfBounds::check("p", 1, 1 << 20, self.p.into())?;
        OutOfBounds::check("scrypt_memory_kib", 0, limits.scrypt_memory_kib.into(), self.memory().kib())?;
        OutOfBounds::check("scrypt_work_kib", 0, limits.scrypt_work_kib, self.work_kib())
    }

    fn verify(&self, input: &[u8], keys: &Keyring) -> Result<Choice, Unverifiable> {
        let Some(signer) = &self.signer else {
            let mut output = Zeroizing::new(vec![0; self.output.len()]);
            self.compute(input, &mut output)?;
            return Ok(self.output.ct_eq(&output));
        };
        let signer = match signer {
            Signer::Inline(key) => key.as_slice(),
            Signer::Registered(id) => {
                keys.secret(id).ok_or_else(|| Unverifiable::MissingKey { key_id: Some(id.clone()) })?
            }
        };
        let mut key = Zeroizing::new([0; 32]);
        self.compute(input, &mut *key)?;
        let mut sealed = Zeroizing::new(signer.to_vec());
        let mut cipher = ctr::Ctr128BE::<aes::Aes256>::new((&*key).into(), &[0; 16].into());
        cipher.apply_keystream(&mut sealed);
        Ok(self.output.ct_eq(&sealed))
    }

    fn canonical(&self, _text: &str) -> Option<String> {
        None
    }

    fn parameters(&self) -> String {
        let key = match &self.signer {
            Some(Signer::Registered(id)) => format!(",keyid={id}"),
            _ => String::new(),
        };
        format!("ln={},r={},p={}{key}", self.log_n, self.r, self.p)
    }

    fn is_weak(&self) -> bool {
        // OWASP's least: N = 2^13 with r = 8 and p = 10, or 64 MiB and p = 2, and between: 80 MiB in all.
        self.work_kib() < 64 * 1024
    }

    fn is_ambiguous(&self, input: &[u8]) -> bool {
        // HMAC fills a short key up with NULs.
        input.last() == Some(&0) || (self.is_normalized && nfkc(input).is_some())
    }

    fn looks_cut(&self, text_len: usize) -> bool {
        let chosen = if self.is_padded { &OUTPUT_BYTES_PADDED[..] } else { &OUTPUT_BYTES_CHOSEN };
        // Beside a signer key in the row the hash must be as long as that.
        let is_short = matches!(self.signer, Some(Signer::Registered(_))) && self.output.len() < SIGNER_BYTES;
        is_short || self.end.is_lost(text_len, &self.output, chosen)
    }

    fn check_keys(&self, keys: &Keyring) -> Result<(), Fault> {
        match &self.signer {
            Some(Signer::Registered(id)) if !keys.contains(id) => Err(Fault::MissingKey { key_id: id.to_string() }),
            _ => Ok(()),
        }
    }
}
