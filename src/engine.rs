//! The engine: verify first, and only after a match make the hash that replaces the stored one. It does no I/O and
//! reads no clock; what it hands back is for the caller to write, by compare-and-swap.

mod batch;
mod denied;

use std::fmt;

use subtle::Choice;
use zeroize::Zeroizing;

use crate::error::Unverifiable;
use crate::scheme::argon2::{Argon2, Spec};
use crate::{Cost, Method, Password, Policy, StoredHash, UpgradeMode};

pub use denied::{ChangeError, Denied, HashError};

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
    /// The method's own system removed white space around the password before it hashed it, or brought it into a normal form, and this
    /// one matched so only: a new hash, of either, would lock out whoever types the other.
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
/// somebody changed the password in between, and their change wins. Unless it [is a change](Replacement::is_change), it is not a
/// "password changed" event: no mail, no session revoked.
#[derive(Debug)]
#[must_use = "write it by compare-and-swap"]
pub struct Replacement {
    expected: StoredHash,
    new: StoredHash,
    is_change: bool,
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

    /// Whether it is of another password ([`Engine::change`]), and not of the one that was verified.
    #[must_use]
    pub const fn is_change(&self) -> bool {
        self.is_change
    }
}

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
    /// Costs one verification (of a method whose system hashed now this and now that, WordPress', up to three), and one new hash where an
    /// upgrade is due. A wrong password costs no less than an unknown
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

    /// Changes a password: verifies the old one as [`Engine::verify`] does, and makes the hash of the new one, to be written where the
    /// old one's still stands. Makes no upgrade of the old one's hash on the way, which such a write would find in its place.
    ///
    /// Costs one verification and one hash of the policy's target.
    ///
    /// # Errors
    ///
    /// [`ChangeError`].
    pub fn change(&self, stored: &StoredHash, old: &Password, new: &Password) -> Result<Replacement, ChangeError> {
        match self.matches(stored, old) {
            Ok(Some(_)) => {}
            outcome => {
                let denied = self.conclude_with_decoy(stored, old, outcome).err();
                return Err(ChangeError::Denied(denied.unwrap_or(Denied::WrongPassword)));
            }
        }
        let new = self.hash(new).map_err(ChangeError::HashFailed)?;
        Ok(Replacement { expected: stored.clone(), new, is_change: true })
    }

    /// What one hash under the policy's target costs: a sign-up, the decoy, an upgrade of a weaker hash.
    #[must_use]
    pub fn target_cost(&self) -> Cost {
        self.decoy.cost()
    }

    /// What [`Engine::verify`] and [`Engine::change`] of this hash cost: the memory that they take at most at a time, and the time of one
    /// verification and what comes on top; few passwords need another try. What work of one's own in a pool is to be accounted as.
    #[must_use]
    pub fn verify_cost(&self, stored: &StoredHash) -> Cost {
        let (own, on_top) = (stored.cost(), self.cost_on_top(stored));
        Cost { memory_kib: own.memory_kib.max(on_top.memory_kib), time: own.time.saturating_add(on_top.time) }
    }

    /// What a verification can cost beside its own: an upgrade, or the decoy.
    fn cost_on_top(&self, stored: &StoredHash) -> Cost {
        let (decoy, new) = (self.target_cost(), self.policy.cost_replacing(stored));
        Cost { memory_kib: decoy.memory_kib.max(new.memory_kib), time: decoy.time.max(new.time) }
    }

    fn matches(&self, stored: &StoredHash, password: &Password) -> Outcome {
        self.check(stored)?;
        match self.is_match(stored, password, password.expose()) {
            Ok(true) => Ok(Some(Match::Exact)),
            Ok(false) => self.matches_otherwise(stored, password),
            // What it may have been made into can be shorter.
            Err(Unverifiable::PasswordTooLong) => match self.matches_otherwise(stored, password) {
                Ok(None) => Err(Unverifiable::PasswordTooLong),
                outcome => outcome,
            },
            Err(why) => Err(why),
        }
    }

    /// Whether the policy lets a hash be verified at all.
    fn check(&self, stored: &StoredHash) -> Result<(), Unverifiable> {
        if self.policy.is_retired(stored.method()) {
            return Err(Unverifiable::Retired);
        }
        stored.check(self.policy.limits()).map_err(Unverifiable::OverLimit)
    }

    /// What is left to try where the password as it is did not match. All of it is tried, whatever matches.
    fn matches_otherwise(&self, stored: &StoredHash, password: &Password) -> Outcome {
        let mut matched = None;
        for (input, is_of_others) in stored.other_inputs(password.expose()) {
            match self.is_match(stored, password, &input) {
                Ok(true) => matched = matched.or(Some(Match::of(is_of_others))),
                Ok(false) | Err(Unverifiable::PasswordTooLong) => {}
                Err(why) => return Err(why),
            }
        }
        Ok(matched)
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
            Ok(new) => Upgrade::Ready(Replacement { expected: stored.clone(), new, is_change: false }),
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
    /// As its system made it, of which other passwords become the same: without the white space around it, mostly.
    Trimmed,
}

impl Match {
    const fn of(is_of_others: bool) -> Self {
        if is_of_others { Self::Trimmed } else { Self::Exact }
    }
}

fn random<const N: usize>() -> Result<[u8; N], HashError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes).map_err(|_| HashError::Entropy)?;
    Ok(*bytes)
}
