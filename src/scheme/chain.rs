//! A chain: what one scheme derives, written as text, is what the next is computed over. Systems that hashed their hashes anew, so
//! as not to wait for sign-ins, left these.

use std::time::Duration;

use subtle::Choice;

use super::{Parsed, Scheme};
use crate::codec;
use crate::error::{Fault, OutOfBounds};
use crate::function::{Function, Secret};
use crate::keyring::Keyring;
use crate::{Cost, Limits, Unverifiable};

/// One step before the last.
pub(crate) enum Step {
    /// Hex of the digest of a salt and what was before.
    Salted(Function, Box<[u8]>),
    /// What a scheme derives, as its own text has it.
    Derived(Parsed),
}

/// The steps, and the scheme that compares.
pub(crate) struct Chain {
    steps: Box<[Step]>,
    last: Parsed,
    /// What all of Argon2 in it fills, in KiB times passes.
    argon2_work_kib: u64,
}

impl Chain {
    pub(crate) fn new(steps: Vec<Step>, last: Parsed) -> Self {
        Self { steps: steps.into(), last, argon2_work_kib: 0 }
    }

    pub(crate) fn with_argon2_work(self, kib: u64) -> Self {
        Self { argon2_work_kib: kib, ..self }
    }

    /// The scheme that is given the password, where the first step is one.
    fn first(&self) -> Option<&dyn Scheme> {
        match self.steps.first() {
            Some(Step::Derived(first)) => Some(first.scheme()),
            _ => None,
        }
    }

    /// Every scheme in it that has a cost of its own.
    fn schemes(&self) -> impl Iterator<Item = &dyn Scheme> {
        let derived = self.steps.iter().filter_map(|step| match step {
            Step::Derived(parsed) => Some(parsed.scheme()),
            Step::Salted(..) => None,
        });
        derived.chain(Some(self.last.scheme()))
    }
}

impl Scheme for Chain {
    fn cost(&self) -> Cost {
        let digests = self.steps.iter().filter(|step| matches!(step, Step::Salted(..))).count();
        let all = self.schemes().map(Scheme::cost).chain(Some(Cost::digests(digests as u64)));
        all.fold(Cost { memory_kib: 0, time: Duration::ZERO }, |sum, cost| Cost {
            memory_kib: sum.memory_kib.max(cost.memory_kib),
            time: sum.time.saturating_add(cost.time),
        })
    }

    fn check(&self, limits: &Limits) -> Result<(), OutOfBounds> {
        self.schemes().try_for_each(|scheme| scheme.check(limits))?;
        OutOfBounds::check("argon2_work_kib", 0, limits.argon2_work_kib, self.argon2_work_kib)
    }

    fn work(&self, input_bytes: usize) -> u64 {
        self.first().map_or(0, |first| first.work(input_bytes))
    }

    fn verify(&self, input: &[u8], keys: &Keyring) -> Result<Choice, Unverifiable> {
        let mut value = Secret::new(input.to_vec());
        for step in &self.steps {
            value = match step {
                Step::Salted(function, salt) => {
                    let mut salted = Secret::new(salt.to_vec());
                    salted.extend_from_slice(&value);
                    Secret::new(codec::to_hex(&function.digest(&salted)).into_bytes())
                }
                Step::Derived(parsed) => parsed.scheme().derive(&value, keys)?,
            };
        }
        self.last.scheme().verify(&value, keys)
    }

    fn canonical(&self, _text: &str) -> Option<String> {
        None
    }

    fn parameters(&self) -> String {
        let all: Vec<String> = self.schemes().map(Scheme::parameters).filter(|text| !text.is_empty()).collect();
        all.join("+")
    }

    // The end of the password is lost where the first step ignores it.
    fn is_ambiguous(&self, input: &[u8]) -> bool {
        self.first().is_some_and(|first| first.is_ambiguous(input))
    }

    fn input_bytes_max(&self) -> Option<usize> {
        self.first()?.input_bytes_max()
    }

    fn check_keys(&self, keys: &Keyring) -> Result<(), Fault> {
        self.schemes().try_for_each(|scheme| scheme.check_keys(keys))
    }

    fn is_weak(&self) -> bool {
        true
    }
}
