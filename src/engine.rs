//! The engine: verify first, and only after a match make the hash that replaces the stored one. It does no I/O and
//! reads no clock; what it hands back is for the caller to write, by compare-and-swap.

mod batch;

use std::fmt;

use subtle::Choice;
use zeroize::Zeroizing;

use crate::error::Unverifiable;
use crate::scheme::argon2::{Argon2, Spec};
use crate::{Cost, Method, Password, Policy, StoredHash, UpgradeMode};

/// Verifies passwords against stored hashes under a [`Policy`].
///
/// It holds no lock and no state but the policy and a decoy, so one engine serves all threads. Each call blocks
/// for as long as the hash takes (tens of milliseconds for Argon2) and uses that hash's memory: run it on a
/// blocking thread of an async runtime, and bound how many run at once.
#[derive(Debug)]
pub struct Engine {
    policy: Policy,
    decoy: StoredHash,
}

/// The password is right. Nothing else is `Ok`.
#[derive(Debug)]
#[must_use = "the upgrade it carries should be written by compare-and-swap"]
#[non_exhaustive]
pub struct Accepted {
    /// What became of the stored hash's replacement.
    pub upgrade: Upgrade,
}

/// What became of the replacement of a hash whose password was right. Whatever it is, the sign-in is good.
#[derive(Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "one is made per sign-in, and it is matched at once")]
pub enum Upgrade {
    /// The stored hash is at least as strong as the policy's target.
    NotNeeded,
    /// Here it is.
    Ready(Replacement),
    /// It was due, and deliberately not made.
    Skipped(SkipReason),
    /// It was due, and making it failed.
    Failed(HashError),
}

/// Why a replacement that was due was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// The method ignored part of the password, so other passwords match the same hash, and whoever knows only the part
    /// that counts could otherwise re-key the account. Ask the user to set a new password.
    TruncationAmbiguous,
    /// The method's own system removed white space around the password before it hashed it, and this one matched without its
    /// white space only: a new hash, of either, would lock out whoever types the other.
    TrimmedPassword,
    /// Upgrades are off.
    TurnedOff,
    /// Upgrades are counted only.
    CountOnly,
    /// Not to be weaker in any parameter, the replacement would have to break the policy's own limits.
    BeyondLimits,
}

impl SkipReason {
    /// The stable spelling, as in the command's output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TruncationAmbiguous => "truncation_ambiguous",
            Self::TrimmedPassword => "trimmed_password",
            Self::TurnedOff => "turned_off",
            Self::CountOnly => "count_only",
            Self::BeyondLimits => "beyond_limits",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A new hash and the one it replaces. Only a verification by the [`Engine`] can make one, so a blind write, or an upgrade without a
/// verified password, cannot be expressed.
///
/// Write [`Replacement::new_hash`] only where the table still holds [`Replacement::expected`]; where it does not,
/// somebody changed the password in between, and their change wins. It is not a "password changed" event: no
/// mail, no session revoked.
#[derive(Debug)]
#[must_use = "write it by compare-and-swap"]
pub struct Replacement {
    expected: StoredHash,
    new: StoredHash,
}

impl Replacement {
    /// The hash that was verified, with the text that the table holds.
    #[must_use]
    pub const fn expected(&self) -> &StoredHash {
        &self.expected
    }

    /// The hash to write.
    #[must_use]
    pub const fn new_hash(&self) -> &StoredHash {
        &self.new
    }
}

/// The password was not accepted. To the visitor every variant is the same; to the operator they are not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Denied {
    /// The password does not belong to the hash.
    WrongPassword,
    /// Nobody can tell: the row or the configuration is broken. Show the operator, not the visitor.
    Unverifiable(Unverifiable),
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongPassword => f.write_str("wrong password"),
            Self::Unverifiable(why) => write!(f, "cannot be verified: {why}"),
        }
    }
}

impl std::error::Error for Denied {}

/// Why a new hash could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashError {
    /// The password has more than [`Password::BYTES_MAX`] bytes.
    PasswordTooLong,
    /// The memory could not be reserved.
    OutOfMemory {
        /// How much was asked for, in KiB.
        memory_kib: u32,
    },
    /// The operating system gave no random bytes.
    Entropy,
    /// The new hash did not pass the engine's own parser and limits: a fault of this library.
    SelfCheck,
}

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PasswordTooLong => write!(f, "the password has more than {} bytes", Password::BYTES_MAX),
            Self::OutOfMemory { memory_kib } => write!(f, "{memory_kib} KiB of memory could not be reserved"),
            Self::Entropy => f.write_str("the operating system gave no random bytes"),
            Self::SelfCheck => f.write_str("the new hash did not pass its own check"),
        }
    }
}

impl std::error::Error for HashError {}

/// What hashes are bounded by is the longest password there is.
const _: () = assert!(crate::stored::PASSWORD_BYTES_MAX == Password::BYTES_MAX);

impl Engine {
    /// Starts an engine; the decoy for unknown users is made from this policy, so that it cannot drift from it.
    ///
    /// # Errors
    ///
    /// [`HashError::Entropy`] where the operating system gives no random bytes.
    pub fn new(policy: Policy) -> Result<Self, HashError> {
        let decoy = policy.decoy(random()?, random()?);
        Ok(Self { policy, decoy })
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether the password belongs to the hash, and if it does and the hash is weaker than the policy asks for, the
    /// hash that should replace it.
    ///
    /// Costs one verification, and one new hash where an upgrade is due. A wrong password costs no less than an unknown
    /// user: where the verification was cheaper than the target, the decoy is verified as well. Where it was dearer (a high
    /// bcrypt cost, a stronger Argon2), the answer comes later, and only a floor under all answers can hide that.
    ///
    /// # Errors
    ///
    /// [`Denied`]; show the visitor one answer for all of it, the same as for an unknown user.
    pub fn verify(&self, stored: &StoredHash, password: &Password) -> Result<Accepted, Denied> {
        self.conclude_with_decoy(stored, password, self.matches(stored, password))
    }

    /// The same answer without the decoy: a wrong password on a cheap hash is answered sooner than an unknown user would
    /// be, which tells who has an account. For batch work on one's own records, never for a sign-in.
    ///
    /// # Errors
    ///
    /// As [`Engine::verify`].
    pub fn verify_without_decoy(&self, stored: &StoredHash, password: &Password) -> Result<Accepted, Denied> {
        self.conclude(stored, password, self.matches(stored, password))
    }

    /// The work of a verification where there is nothing to verify: an unknown user, a user without a password, or
    /// a row that does not parse.
    pub fn verify_unknown_user(&self, password: &Password) -> Denied {
        self.run_decoy(password);
        Denied::WrongPassword
    }

    /// A new hash under the policy's target: sign-up, password change.
    ///
    /// # Errors
    ///
    /// [`HashError`].
    pub fn hash(&self, password: &Password) -> Result<StoredHash, HashError> {
        self.hash_as(&self.policy.new_spec(), password)
    }

    /// What one hash under the policy's target costs: a sign-up, the decoy, an upgrade of a weaker hash.
    #[must_use]
    pub fn target_cost(&self) -> Cost {
        self.decoy.cost()
    }

    /// What a verification can cost beside its own: an upgrade, or the decoy.
    #[cfg(feature = "pool")]
    pub(crate) fn cost_on_top(&self, stored: &StoredHash) -> Cost {
        let (decoy, new) = (self.target_cost(), self.policy.cost_replacing(stored));
        Cost { memory_kib: decoy.memory_kib.max(new.memory_kib), time: decoy.time.max(new.time) }
    }

    fn matches(&self, stored: &StoredHash, password: &Password) -> Outcome {
        self.check(stored)?;
        if self.is_match(stored, password, password.expose())? {
            return Ok(Some(Match::Exact));
        }
        self.matches_trimmed(stored, password)
    }

    /// Whether the policy lets a hash be verified at all.
    fn check(&self, stored: &StoredHash) -> Result<(), Unverifiable> {
        if self.policy.is_retired(stored.method()) {
            return Err(Unverifiable::Retired);
        }
        stored.check(self.policy.limits()).map_err(Unverifiable::OverLimit)
    }

    /// What is left to try where the password as it is did not match.
    fn matches_trimmed(&self, stored: &StoredHash, password: &Password) -> Outcome {
        let trimmed = stored.method().trimmed(password.expose());
        if trimmed.len() < password.expose().len() && self.is_match(stored, password, trimmed)? {
            return Ok(Some(Match::Trimmed));
        }
        Ok(None)
    }

    fn is_match(&self, stored: &StoredHash, password: &Password, bytes: &[u8]) -> Result<bool, Unverifiable> {
        let input = stored.input(bytes, self.policy.keys(), self.policy.limits())?;
        let matched = stored.scheme().verify(input.bytes(), self.policy.keys())?;
        Ok((matched & !Choice::from(u8::from(password.is_oversized()))).into())
    }

    /// Ends a verification: a refusal costs no less than the decoy.
    pub(crate) fn conclude_with_decoy(
        &self,
        stored: &StoredHash,
        password: &Password,
        outcome: Outcome,
    ) -> Result<Accepted, Denied> {
        if !matches!(outcome, Ok(Some(_))) && self.is_cheaper_than_target(stored, &outcome) {
            self.run_decoy(password);
        }
        self.conclude(stored, password, outcome)
    }

    fn conclude(&self, stored: &StoredHash, password: &Password, outcome: Outcome) -> Result<Accepted, Denied> {
        match outcome {
            Ok(Some(Match::Exact)) => Ok(Accepted { upgrade: self.upgrade(stored, password) }),
            Ok(Some(Match::Trimmed)) => Ok(Accepted { upgrade: Upgrade::Skipped(SkipReason::TrimmedPassword) }),
            Ok(None) => Err(Denied::WrongPassword),
            Err(why) => Err(Denied::Unverifiable(why)),
        }
    }

    fn is_cheaper_than_target(&self, stored: &StoredHash, outcome: &Outcome) -> bool {
        outcome.is_err() || stored.cost().time < self.decoy.cost().time
    }

    /// Verifies the decoy; its output is random, so the answer is always no, and only the work counts.
    fn run_decoy(&self, password: &Password) {
        let outcome = self.decoy.scheme().verify(password.expose(), self.policy.keys());
        std::hint::black_box(&outcome.is_ok());
    }

    fn upgrade(&self, stored: &StoredHash, password: &Password) -> Upgrade {
        if !self.policy.is_weaker(stored) {
            return Upgrade::NotNeeded;
        }
        let is_ambiguous = stored.is_ambiguous(password.expose(), self.policy.keys());
        let spec = self.policy.spec_replacing(stored);
        let skipped = match self.policy.upgrade() {
            UpgradeMode::Off => Some(SkipReason::TurnedOff),
            _ if is_ambiguous => Some(SkipReason::TruncationAmbiguous),
            _ if self.policy.check_spec(&spec).is_err() => Some(SkipReason::BeyondLimits),
            UpgradeMode::Count => Some(SkipReason::CountOnly),
            UpgradeMode::On => None,
        };
        if let Some(reason) = skipped {
            return Upgrade::Skipped(reason);
        }
        match self.hash_as(&spec, password) {
            Ok(new) => Upgrade::Ready(Replacement { expected: stored.clone(), new }),
            Err(error) => Upgrade::Failed(error),
        }
    }

    /// A new hash made with `spec`, checked against the engine's own parser and limits before it is handed out.
    fn hash_as(&self, spec: &Spec, password: &Password) -> Result<StoredHash, HashError> {
        if password.is_oversized() {
            return Err(HashError::PasswordTooLong);
        }
        let mut salt = vec![0; spec.salt_bytes].into_boxed_slice();
        getrandom::fill(&mut salt).map_err(|_| HashError::Entropy)?;
        let argon2 = Argon2::hash(spec, salt, password.expose(), self.policy.keys()).map_err(|why| match why {
            Unverifiable::OutOfMemory { memory_kib } => HashError::OutOfMemory { memory_kib },
            _ => HashError::SelfCheck,
        })?;
        let new = StoredHash::from_argon2(argon2);
        let read_back = StoredHash::parse(Method::Argon2id, new.text(), self.policy.limits());
        match read_back {
            Ok(read_back) if read_back.canonical() == new.text() => Ok(new),
            _ => Err(HashError::SelfCheck),
        }
    }
}

/// Whether a password belongs to a hash, and how, before anything is made of it.
pub(crate) type Outcome = Result<Option<Match>, Unverifiable>;

/// How a password belongs to a hash.
pub(crate) enum Match {
    Exact,
    /// Without the white space around it.
    Trimmed,
}

fn random<const N: usize>() -> Result<[u8; N], HashError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes).map_err(|_| HashError::Entropy)?;
    Ok(*bytes)
}
