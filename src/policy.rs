//! What new hashes look like, when old ones are replaced, and what a stored one may cost.

use std::fmt;

use crate::Cost;
use crate::error::OutOfBounds;
use crate::keyring::Keyring;
use crate::scheme::argon2::Spec;
use crate::scheme::{Parsed, argon2::Argon2};
use crate::{Limits, Method, StoredHash};

/// Salt length of new hashes in bytes: what RFC 9106 recommends for password hashing.
const SALT_BYTES: usize = 16;
/// Output length of new hashes in bytes: RFC 9106's 256 bits.
const OUTPUT_BYTES: usize = 32;

/// The Argon2id parameters of new hashes: plain data, judged by [`PolicyBuilder::build`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Argon2Target {
    /// Memory in KiB, at least 8 × `lanes`.
    pub memory_kib: u32,
    /// Passes over the memory, at least 1.
    pub passes: u32,
    /// Lanes, at least 1: how the memory is laid out, not how strong the hash is.
    pub lanes: u32,
}

impl Argon2Target {
    /// OWASP Password Storage Cheat Sheet, the 19 MiB choice (m=19456, t=2, p=1): the default.
    pub const OWASP_19_MIB: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };

    /// OWASP Password Storage Cheat Sheet, the 46 MiB choice (m=47104, t=1, p=1).
    pub const OWASP_46_MIB: Self = Self { memory_kib: 47_104, passes: 1, lanes: 1 };

    /// RFC 9106, second recommended option, for memory-constrained environments (m=65536, t=3, p=4).
    pub const RFC_9106_LOW_MEMORY: Self = Self { memory_kib: 65_536, passes: 3, lanes: 4 };

    fn spec(self, keys: &Keyring) -> Spec {
        Spec {
            memory_kib: self.memory_kib,
            passes: self.passes,
            lanes: self.lanes,
            salt_bytes: SALT_BYTES,
            output_bytes: OUTPUT_BYTES,
            key: keys.current().cloned(),
        }
    }
}

impl fmt::Display for Argon2Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={},t={},p={}", self.memory_kib, self.passes, self.lanes)
    }
}

/// Whether a successful verification hands back a replacement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpgradeMode {
    /// Never: for as long as other readers of the table do not understand Argon2id.
    Off,
    /// Say that one was due, and do not make it: to learn the cost before paying it.
    Count,
    /// Make it.
    #[default]
    On,
}

/// What new hashes look like, when old ones are replaced, and what a stored one may cost.
///
/// The default is [`Argon2Target::OWASP_19_MIB`], [`Limits::default`], upgrades on, no pepper.
#[derive(Clone, Debug)]
pub struct Policy {
    target: Argon2Target,
    limits: Limits,
    upgrade: UpgradeMode,
    keys: Keyring,
    retired: Vec<Method>,
}

/// Builds a [`Policy`]; made by [`Policy::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct PolicyBuilder(Policy);

impl PolicyBuilder {
    /// What a stored hash may cost. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.0.limits = limits;
        self
    }

    /// Whether replacements are made. Default: [`UpgradeMode::On`].
    pub fn upgrade(mut self, mode: UpgradeMode) -> Self {
        self.0.upgrade = mode;
        self
    }

    /// The peppers. Default: none.
    pub fn keys(mut self, keys: Keyring) -> Self {
        self.0.keys = keys;
        self
    }

    /// Methods that let nobody in any more, whatever the password: the end of a migration, for those who have not come, and for those
    /// who have and whose hash was kept ([`SkipReason::TruncationAmbiguous`](crate::SkipReason::TruncationAmbiguous), and the like).
    /// Whoever has such a hash needs a new password from you. Default: none.
    pub fn retired(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.0.retired = methods.into_iter().collect();
        self
    }

    /// The policy.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] where the policy would itself refuse the hashes it makes.
    pub fn build(self) -> Result<Policy, PolicyError> {
        let Argon2Target { memory_kib, passes, lanes } = self.0.target;
        let checked = self.0.limits.check_argon2(memory_kib.into(), passes.into(), lanes.into());
        checked.map_err(|bounds| PolicyError(Refusal::Limits(bounds)))?;
        if self.0.is_retired(Method::Argon2id) {
            return Err(PolicyError(Refusal::RetiredTarget));
        }
        Ok(self.0)
    }
}

impl Policy {
    /// Starts a policy from the parameters of new hashes.
    pub fn builder(target: Argon2Target) -> PolicyBuilder {
        PolicyBuilder(Self { target, ..Self::default() })
    }

    /// A builder that begins with this policy: to retire a method, say, in an engine and a pool that take the place of those there are.
    pub const fn into_builder(self) -> PolicyBuilder {
        PolicyBuilder(self)
    }

    /// The parameters of new hashes.
    #[must_use]
    pub const fn target(&self) -> Argon2Target {
        self.target
    }

    /// What a stored hash may cost.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether replacements are made.
    #[must_use]
    pub const fn upgrade(&self) -> UpgradeMode {
        self.upgrade
    }

    /// The methods whose hashes let nobody in any more.
    #[must_use]
    pub fn retired(&self) -> &[Method] {
        &self.retired
    }

    /// Whether hashes of a method let nobody in any more.
    #[must_use]
    pub fn is_retired(&self, method: Method) -> bool {
        self.retired.contains(&method)
    }

    /// The peppers.
    #[must_use]
    pub const fn keys(&self) -> &Keyring {
        &self.keys
    }

    /// How long the text of a new hash is, in bytes: what a column must hold at least. What replaces a stronger Argon2 hash keeps
    /// that one's longer numbers, salt and output, and can be longer; 255 holds all that is usual. Runs no hash.
    #[must_use]
    pub fn text_len(&self) -> usize {
        self.example().len()
    }

    /// A text of the shape and the length of this policy's hashes, which is the hash of nothing.
    pub(crate) fn example(&self) -> String {
        Argon2::shaped(&self.target.spec(&self.keys), [0; SALT_BYTES].into(), [0; OUTPUT_BYTES].into()).encode()
    }

    /// Whether a stored hash is weaker than this policy asks for, whatever the upgrade mode: it is not Argon2id version
    /// 0x13 of the password itself (but of an MD5 of it, say, as some systems hashed what they had), or its memory, passes, salt
    /// length or output length is below the target's, or it does not use the current key. Lanes do not count, and stronger is
    /// never obsolete. Runs no hash.
    #[must_use]
    pub fn is_weaker(&self, stored: &StoredHash) -> bool {
        match stored.parsed() {
            Parsed::Argon2(argon2) if is_current(argon2, stored) => {
                let (has, wants) = (argon2.spec(), self.spec_replacing(stored));
                let lanes_aside = Spec { lanes: has.lanes, ..wants };
                has != lanes_aside
            }
            _ => true,
        }
    }

    /// What a hash that replaces `stored` is made with: for each parameter the greater of the target's and the stored
    /// one's, so that nothing ever gets weaker; the current key, or else the one it had. Where the limits refuse that, what is
    /// replaced for what it is (another variant or version of Argon2, or one over an expression) gives way in its passes, which were over less
    /// memory: to no less work than it had.
    pub(crate) fn spec_replacing(&self, stored: &StoredHash) -> Spec {
        let target = self.new_spec();
        let Parsed::Argon2(argon2) = stored.parsed() else { return target };
        let has = argon2.spec();
        let spec = Spec {
            memory_kib: target.memory_kib.max(has.memory_kib),
            passes: target.passes.max(has.passes),
            lanes: target.lanes,
            salt_bytes: target.salt_bytes.max(has.salt_bytes),
            output_bytes: target.output_bytes.max(has.output_bytes),
            key: target.key.or(has.key),
        };
        if is_current(argon2, stored) || self.check_spec(&spec).is_ok() {
            return spec;
        }
        let work = u64::from(has.memory_kib) * u64::from(has.passes);
        let passes = u32::try_from(work.div_ceil(spec.memory_kib.into())).unwrap_or(u32::MAX);
        Spec { passes: passes.max(target.passes), ..spec }
    }

    /// What making the hash costs that would replace `stored`.
    pub(crate) fn cost_replacing(&self, stored: &StoredHash) -> Cost {
        let spec = self.spec_replacing(stored);
        Cost::argon2(spec.memory_kib, spec.passes)
    }

    /// What a hash that replaces nothing is made with.
    pub(crate) fn new_spec(&self) -> Spec {
        self.target.spec(&self.keys)
    }

    /// `Err` where the limits would refuse a hash made with `spec`.
    pub(crate) fn check_spec(&self, spec: &Spec) -> Result<(), OutOfBounds> {
        self.limits.check_argon2(spec.memory_kib.into(), spec.passes.into(), spec.lanes.into())
    }

    /// A hash of the policy's shape that no password has.
    pub(crate) fn decoy(&self, salt: [u8; SALT_BYTES], output: [u8; OUTPUT_BYTES]) -> StoredHash {
        StoredHash::from_argon2(Argon2::shaped(&self.new_spec(), salt.into(), output.into()))
    }
}

/// Argon2id version 0x13 of the password itself.
fn is_current(argon2: &Argon2, stored: &StoredHash) -> bool {
    argon2.is_current_kind() && stored.method() == Method::Argon2id
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            target: Argon2Target::OWASP_19_MIB,
            limits: Limits::default(),
            upgrade: UpgradeMode::default(),
            keys: Keyring::default(),
            retired: Vec::new(),
        }
    }
}

/// The policy would refuse what it makes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyError(Refusal);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Limits(OutOfBounds),
    RetiredTarget,
}

impl PolicyError {
    /// The bound that the target breaks; `None` where Argon2id itself is retired.
    #[must_use]
    pub const fn bounds(&self) -> Option<&OutOfBounds> {
        match &self.0 {
            Refusal::Limits(bounds) => Some(bounds),
            Refusal::RetiredTarget => None,
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Refusal::Limits(bounds) => write!(f, "the target breaks the policy's own limits: {bounds}"),
            Refusal::RetiredTarget => f.write_str("argon2id cannot be retired: new hashes are made with it"),
        }
    }
}

impl std::error::Error for PolicyError {}
