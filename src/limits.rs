//! What a stored hash may cost us. A row in a table, or a line in an import file, names its own price; these
//! bounds are held before any memory is reserved or any round is computed, when the text is parsed and again
//! when it is verified.

use crate::OutOfBounds;

/// Upper bounds on the cost parameters of stored hashes.
///
/// The lower bounds are the methods' own and cannot be changed. Every default says where it comes from; raise one only
/// for a source you trust, and mind that a concurrent service pays it once per worker.
///
/// ```
/// let limits = rehash::Limits::default().argon2_memory_kib(2 * 1024 * 1024); // RFC 9106's first choice
/// assert_eq!(limits.argon2_memory_kib, 2_097_152);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Argon2 memory in KiB. 1 GiB: what Kratos and GoTrue admit, and more than any default in use but RFC 9106's
    /// 2 GiB profile.
    pub argon2_memory_kib: u32,
    /// Argon2 passes. 1024: Logto once wrote 256, and memory × passes is bounded besides.
    pub argon2_passes: u32,
    /// Argon2 lanes. 64: twice the widest server default seen; lanes are a layout, not work.
    pub argon2_lanes: u32,
    /// Argon2 memory × passes, in KiB·passes. 4 GiB·passes: about three seconds on one core.
    pub argon2_work_kib: u64,
    /// bcrypt cost. 15, as Kratos: two seconds; each step doubles it.
    pub bcrypt_cost: u32,
    /// PBKDF2 iterations, and those of schemes that are PBKDF2 within (SCRAM, sha1crypt). 10 million, as Kratos and
    /// passwap: four seconds.
    pub pbkdf2_iterations: u32,
    /// scrypt memory in KiB (128 × N × r, and 128 × p × r where that is a MiB or more). 1 GiB, as for Argon2; defaults in use stay under 64 MiB.
    pub scrypt_memory_kib: u32,
    /// scrypt memory × parallelism, in KiB. 4 GiB: ten seconds.
    pub scrypt_work_kib: u64,
    /// Rounds of sha256crypt, sha512crypt, SunMD5 and BSDi DES crypt. 1 million: over a hundred times the default, half a second.
    pub crypt_rounds: u32,
    /// The base-2 logarithm of phpass and Drupal rounds. 24: the formats go to 30, their defaults to 16; seven seconds.
    pub phpass_cost: u32,
    /// Rounds of digest expressions, counted as blocks hashed for a password as most are. 10 million: two seconds.
    pub digest_rounds: u32,
}

/// One of the bounds, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bound {
    /// The field of [`Limits`], with its unit.
    pub name: &'static str,
    /// The greatest allowed value.
    pub max: u64,
    /// Which methods it is for.
    pub methods: &'static str,
    /// Why it is what it is by default.
    pub reason: &'static str,
}

impl Limits {
    /// Every bound with its value here, what it is for, and the reason of its default.
    #[must_use]
    pub const fn table(&self) -> [Bound; 11] {
        const fn bound(name: &'static str, max: u64, methods: &'static str, reason: &'static str) -> Bound {
            Bound { name, max, methods, reason }
        }
        [
            bound(
                "argon2_memory_kib",
                self.argon2_memory_kib as u64,
                "argon2i, argon2d, argon2id, magento",
                "1 GiB: what Kratos and GoTrue admit, and more than any default in use but RFC 9106's 2 GiB profile",
            ),
            bound(
                "argon2_passes",
                self.argon2_passes as u64,
                "argon2i, argon2d, argon2id, magento",
                "Logto once wrote 256, and memory times passes is bounded besides",
            ),
            bound(
                "argon2_lanes",
                self.argon2_lanes as u64,
                "argon2i, argon2d, argon2id",
                "twice the widest server default seen; lanes are a layout, not work",
            ),
            bound(
                "argon2_work_kib",
                self.argon2_work_kib,
                "argon2i, argon2d, argon2id, magento: memory times passes",
                "4 GiB: about three seconds on one core",
            ),
            bound(
                "bcrypt_cost",
                self.bcrypt_cost as u64,
                "bcrypt, alone or over something",
                "as Kratos: two seconds; each step doubles it",
            ),
            bound(
                "pbkdf2_iterations",
                self.pbkdf2_iterations as u64,
                "PBKDF2 in every form, SCRAM",
                "10 million, as Kratos and passwap: four seconds",
            ),
            bound(
                "scrypt_memory_kib",
                self.scrypt_memory_kib as u64,
                "scrypt in every form, yescrypt: 128 (N + p) r bytes",
                "1 GiB, as for Argon2; defaults in use stay under 64 MiB",
            ),
            bound(
                "scrypt_work_kib",
                self.scrypt_work_kib,
                "scrypt in every form, yescrypt: memory times parallelism",
                "4 GiB: ten seconds",
            ),
            bound(
                "crypt_rounds",
                self.crypt_rounds as u64,
                "sha256crypt, sha512crypt, sha1crypt, sunmd5, bsdicrypt",
                "1 million: over a hundred times the usual default, half a second",
            ),
            bound(
                "phpass_cost",
                self.phpass_cost as u64,
                "phpass, drupal7: the logarithm of the rounds",
                "the formats go to 30, their defaults to 16; seven seconds",
            ),
            bound(
                "digest_rounds",
                self.digest_rounds as u64,
                "digests and expressions: blocks hashed",
                "10 million: two seconds",
            ),
        ]
    }

    /// The longest stored text that is looked at, in bytes; longer is malformed whatever it holds.
    pub const TEXT_BYTES_MAX: usize = 4096;

    /// How many times the work of a short password one may ask for by its length, where every round hashes it again. What is
    /// longer is refused: no password of usual length (128 bytes) is, nor one that takes [`Self::LENGTH_WORK_FREE`] at most.
    pub(crate) const LENGTH_WORK_MAX: u64 = 4;

    /// So many blocks may be hashed for a long password whatever a short one takes: as many as 4096 bytes need at the rounds that
    /// systems choose by default, a quarter of a second as costs are estimated. Nobody is locked out for a long passphrase.
    pub(crate) const LENGTH_WORK_FREE: u64 = 1_000_000;

    /// Sets the Argon2 memory bound, in KiB.
    #[must_use]
    pub const fn argon2_memory_kib(mut self, max: u32) -> Self {
        self.argon2_memory_kib = max;
        self
    }

    /// Sets the bound on Argon2 passes.
    #[must_use]
    pub const fn argon2_passes(mut self, max: u32) -> Self {
        self.argon2_passes = max;
        self
    }

    /// Sets the bound on Argon2 lanes.
    #[must_use]
    pub const fn argon2_lanes(mut self, max: u32) -> Self {
        self.argon2_lanes = max;
        self
    }

    /// Sets the bound on Argon2 memory × passes, in KiB·passes.
    #[must_use]
    pub const fn argon2_work_kib(mut self, max: u64) -> Self {
        self.argon2_work_kib = max;
        self
    }

    /// Sets the bcrypt cost bound. 31 is the format's own.
    #[must_use]
    pub const fn bcrypt_cost(mut self, max: u32) -> Self {
        self.bcrypt_cost = max;
        self
    }

    /// Sets the bound on PBKDF2 iterations.
    #[must_use]
    pub const fn pbkdf2_iterations(mut self, max: u32) -> Self {
        self.pbkdf2_iterations = max;
        self
    }

    /// Sets the scrypt memory bound, in KiB.
    #[must_use]
    pub const fn scrypt_memory_kib(mut self, max: u32) -> Self {
        self.scrypt_memory_kib = max;
        self
    }

    /// Sets the bound on scrypt memory × parallelism, in KiB.
    #[must_use]
    pub const fn scrypt_work_kib(mut self, max: u64) -> Self {
        self.scrypt_work_kib = max;
        self
    }

    /// Sets the bound on rounds of the crypt family.
    #[must_use]
    pub const fn crypt_rounds(mut self, max: u32) -> Self {
        self.crypt_rounds = max;
        self
    }

    /// Sets the bound on the logarithm of phpass and Drupal rounds.
    #[must_use]
    pub const fn phpass_cost(mut self, max: u32) -> Self {
        self.phpass_cost = max;
        self
    }

    /// Sets the bound on the rounds of digest expressions.
    #[must_use]
    pub const fn digest_rounds(mut self, max: u32) -> Self {
        self.digest_rounds = max;
        self
    }

    /// The bound of a parameter, where it has one of its own.
    pub(crate) fn of_parameter(&self, parameter: &str) -> Option<u64> {
        match parameter {
            "iterations" => Some(self.pbkdf2_iterations.into()),
            "rounds" => Some(self.crypt_rounds.into()),
            "digest_rounds" => Some(self.digest_rounds.into()),
            "memory_kib" => Some(self.argon2_memory_kib.into()),
            "passes" => Some(self.argon2_passes.into()),
            "lanes" => Some(self.argon2_lanes.into()),
            _ => None,
        }
    }

    pub(crate) fn check_bcrypt(&self, cost: u32) -> Result<(), OutOfBounds> {
        OutOfBounds::check("cost", 4, u64::from(self.bcrypt_cost.min(31)), u64::from(cost))
    }

    pub(crate) fn check_argon2(&self, memory_kib: u64, passes: u64, lanes: u64) -> Result<(), OutOfBounds> {
        // Lanes first: every later bound multiplies by them.
        OutOfBounds::check("lanes", 1, u64::from(self.argon2_lanes), lanes)?;
        OutOfBounds::check("passes", 1, u64::from(self.argon2_passes), passes)?;
        OutOfBounds::check("memory_kib", 8 * lanes, u64::from(self.argon2_memory_kib), memory_kib)?;
        OutOfBounds::check("work_kib", 1, self.argon2_work_kib, memory_kib.saturating_mul(passes))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            argon2_memory_kib: 1024 * 1024,
            argon2_passes: 1024,
            argon2_lanes: 64,
            argon2_work_kib: 4 * 1024 * 1024,
            bcrypt_cost: 15,
            pbkdf2_iterations: 10_000_000,
            scrypt_memory_kib: 1024 * 1024,
            scrypt_work_kib: 4 * 1024 * 1024,
            crypt_rounds: 1_000_000,
            phpass_cost: 24,
            digest_rounds: 10_000_000,
        }
    }
}
