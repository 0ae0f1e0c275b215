//! Many verifications in one call: bcrypt hashes of one cost are computed side by side.

use super::{Accepted, Denied, Engine, Match, Outcome};
use crate::scheme::bcrypt::Bcrypt;
use crate::{Password, StoredHash, Unverifiable};

impl Engine {
    /// As [`Engine::verify`] for each pair, in order. bcrypt hashes of the same cost are verified up to four at once, on this
    /// thread, which takes little longer than one of them alone.
    ///
    /// An answer comes when all are done: batch what arrives together, and what is alike in cost.
    pub fn verify_batch(&self, pairs: &[(&StoredHash, &Password)]) -> Vec<Result<Accepted, Denied>> {
        let outcomes = self.match_batch(pairs);
        let conclude = |(outcome, (stored, password)): (Outcome, &(&StoredHash, &Password))| {
            self.conclude_with_decoy(stored, password, outcome)
        };
        outcomes.into_iter().zip(pairs).map(conclude).collect()
    }

    /// As [`Engine::verify_without_decoy`] for each pair, in order, and otherwise as [`Engine::verify_batch`].
    pub fn verify_batch_without_decoy(&self, pairs: &[(&StoredHash, &Password)]) -> Vec<Result<Accepted, Denied>> {
        let outcomes = self.match_batch(pairs);
        let conclude = |(outcome, (stored, password)): (Outcome, &(&StoredHash, &Password))| {
            self.conclude(stored, password, outcome)
        };
        outcomes.into_iter().zip(pairs).map(conclude).collect()
    }

    /// Whether each belongs, before anything is made of it.
    pub(crate) fn match_batch(&self, pairs: &[(&StoredHash, &Password)]) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = pairs.iter().map(|_| None).collect();
        let mut left: Vec<usize> = (0..pairs.len()).collect();
        while let Some(first) = left.first() {
            let cost = pairs[*first].0.bcrypt().map(Bcrypt::cost_parameter);
            let is_like = |place: &usize| pairs[*place].0.bcrypt().map(Bcrypt::cost_parameter) == cost;
            let (alike, others): (Vec<usize>, Vec<usize>) = match cost {
                Some(_) => left.iter().partition(|place| is_like(place)),
                None => (vec![*first], left[1..].to_vec()),
            };
            if cost.is_some() && alike.len() > 1 {
                self.match_side_by_side(pairs, &alike, &mut outcomes);
            } else {
                for place in alike {
                    let (stored, password) = pairs[place];
                    outcomes[place] = Some(self.matches(stored, password));
                }
            }
            left = others;
        }
        outcomes.into_iter().map(|outcome| outcome.unwrap_or(Err(Unverifiable::Refused))).collect()
    }

    /// Those at `places` are bcrypt of one cost.
    fn match_side_by_side(
        &self,
        pairs: &[(&StoredHash, &Password)],
        places: &[usize],
        outcomes: &mut [Option<Outcome>],
    ) {
        let (keys, limits) = (self.policy.keys(), self.policy.limits());
        let mut inputs = Vec::with_capacity(places.len());
        for place in places {
            let (stored, password) = pairs[*place];
            match self.check(stored).and_then(|()| stored.input(password.expose(), keys, limits)) {
                Ok(input) => inputs.push((*place, input)),
                Err(why) => outcomes[*place] = Some(Err(why)),
            }
        }
        let work: Vec<_> =
            inputs.iter().filter_map(|(place, input)| Some((pairs[*place].0.bcrypt()?, input.bytes()))).collect();
        let matched = Bcrypt::verify_side_by_side(&work);
        let mut left = Vec::new();
        for ((place, _), matched) in inputs.iter().zip(matched) {
            let is_match = bool::from(matched) && !pairs[*place].1.is_oversized();
            outcomes[*place] = Some(Ok(is_match.then_some(Match::Exact)));
            left.extend((!is_match).then_some(*place));
        }
        self.match_others_side_by_side(pairs, &left, outcomes);
    }

    /// What else may have been hashed in place of the passwords that did not match: side by side again, or a batch would take as many
    /// times as long as a lone one as it has members.
    fn match_others_side_by_side(
        &self,
        pairs: &[(&StoredHash, &Password)],
        places: &[usize],
        outcomes: &mut [Option<Outcome>],
    ) {
        let (keys, limits) = (self.policy.keys(), self.policy.limits());
        let mut others = Vec::new();
        for place in places {
            let (stored, password) = pairs[*place];
            others.extend(stored.other_inputs(password.expose()).into_iter().map(|other| (*place, other)));
        }
        let inputs: Vec<_> = others
            .iter()
            .filter_map(|(place, (input, is_of_others))| {
                let stored = pairs[*place].0;
                Some((*place, *is_of_others, stored.bcrypt()?, stored.input(input, keys, limits).ok()?))
            })
            .collect();
        let work: Vec<_> = inputs.iter().map(|(_, _, bcrypt, input)| (*bcrypt, input.bytes())).collect();
        for ((place, is_of_others, ..), matched) in inputs.iter().zip(Bcrypt::verify_side_by_side(&work)) {
            if bool::from(matched) && !pairs[*place].1.is_oversized() && matches!(outcomes[*place], Some(Ok(None))) {
                outcomes[*place] = Some(Ok(Some(Match::of(*is_of_others))));
            }
        }
    }
}
