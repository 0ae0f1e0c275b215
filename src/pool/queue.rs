//! Jobs that wait, fairly: each class of cost in its own line, and the lines take turns by the time that was spent on them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::job::{JobError, Sender};
use crate::{Accepted, Cost, Denied, Engine, Password, StoredHash};

/// Classes of cost; each covers a factor of four, the first one up to four times the target.
const CLASSES: usize = 8;
/// How far into a line another bcrypt hash of the same cost is looked for.
const LOOKAHEAD: usize = 64;

/// A job that waits.
pub(super) struct Entry {
    pub(super) id: u64,
    /// What it takes at a time, in KiB.
    pub(super) memory_kib: u32,
    /// What it is estimated to take.
    pub(super) time: Duration,
    /// How many threads could fill the memory of its Argon2 hashes.
    pub(super) lanes: u32,
    /// All its memory is Argon2's, which the worker keeps.
    pub(super) fits_arena: bool,
    /// bcrypt's cost, where it is a bcrypt verification.
    pub(super) bcrypt_cost: Option<u32>,
    pub(super) deadline: Option<Instant>,
    /// Its time says what others like it will take.
    pub(super) is_measured: bool,
    pub(super) work: Work,
}

impl Entry {
    pub(super) fn of_verification(
        engine: &Engine,
        stored: &StoredHash,
        deadline: Option<Instant>,
        is_measured: bool,
    ) -> Self {
        // Whatever the answer is, the decoy or an upgrade may come on top.
        let Cost { memory_kib, time } = engine.verify_cost(stored);
        Self {
            id: 0,
            memory_kib,
            time,
            lanes: stored.argon2_lanes().unwrap_or(1).max(engine.policy().target().lanes),
            fits_arena: Self::fits_arena(stored),
            bcrypt_cost: stored.bcrypt().map(crate::scheme::bcrypt::Bcrypt::cost_parameter),
            deadline,
            is_measured,
            work: Work::Nothing,
        }
    }

    /// Whether all the memory of a verification is Argon2's.
    pub(super) fn fits_arena(stored: &StoredHash) -> bool {
        stored.cost().memory_kib == 0 || stored.argon2_lanes().is_some()
    }
}

type Call = Box<dyn FnOnce(Result<&Engine, JobError>) + Send>;

/// What is to be done.
pub(super) enum Work {
    Verify {
        stored: Box<StoredHash>,
        password: Password,
        answer: Sender<Result<Accepted, Denied>>,
    },
    /// Computes and answers, or answers with the error.
    Call(Call),
    /// Before it is known.
    Nothing,
}

impl Work {
    /// Answers without doing it.
    pub(super) fn fail(self, error: JobError) {
        match self {
            Self::Verify { answer, .. } => answer.fail(error),
            Self::Call(work) => work(Err(error)),
            Self::Nothing => {}
        }
    }
}

/// One line for each class.
#[derive(Default)]
pub(super) struct Queue {
    lines: [Line; CLASSES],
    len: usize,
    /// What the line had spent that was taken from last: where a line begins that comes back.
    clock: u64,
}

#[derive(Default)]
struct Line {
    entries: VecDeque<Entry>,
    /// Time that was spent on this line, in nanoseconds, on a clock that all lines share.
    spent: u64,
}

/// Which classes a job is looked for in, and what it may take.
pub(super) struct Room {
    /// What may be taken, in KiB.
    pub(super) memory_kib: u32,
    /// Nothing estimated to take this long.
    pub(super) shorter_than: Option<Duration>,
}

impl Queue {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// `target` is the time of one hash under the policy.
    pub(super) fn push(&mut self, entry: Entry, target: Duration) {
        let times = entry.time.as_nanos() / target.as_nanos().max(1);
        let class = (times.max(1).ilog2() as usize / 2).min(CLASSES - 1);
        let line = &mut self.lines[class];
        if line.entries.is_empty() {
            // Who comes back does not make up for the time it was away, nor wait for what others were away.
            line.spent = line.spent.max(self.clock);
        }
        line.entries.push_back(entry);
        self.len += 1;
    }

    /// The next job that there is room for, with up to `more` bcrypt verifications of its cost; and whether one that is due
    /// waits for memory. What is due and does not fit keeps its claim: the others must leave room for it.
    pub(super) fn pop(&mut self, room: &Room, more: impl Fn(usize) -> usize) -> (Vec<Entry>, bool) {
        let mut order: Vec<usize> = (0..CLASSES).filter(|class| !self.lines[*class].entries.is_empty()).collect();
        order.sort_by_key(|class| self.lines[*class].spent);
        let mut left = room.memory_kib;
        let mut waits_for_memory = false;
        for class in order {
            // What may not run now does not hold up what is shorter behind it.
            let is_short = |entry: &Entry| room.shorter_than.is_none_or(|limit| entry.time < limit);
            let entries = &self.lines[class].entries;
            let Some((at, head)) = entries.iter().enumerate().find(|(_, entry)| is_short(entry)) else { continue };
            if head.memory_kib > left {
                waits_for_memory = true;
                left = left.saturating_sub(head.memory_kib);
                continue;
            }
            let batch = self.take(class, at, more);
            return (batch, waits_for_memory);
        }
        (Vec::new(), waits_for_memory)
    }

    fn take(&mut self, class: usize, at: usize, more: impl Fn(usize) -> usize) -> Vec<Entry> {
        let line = &mut self.lines[class];
        let Some(head) = line.entries.remove(at) else { return Vec::new() };
        self.clock = self.clock.max(line.spent);
        let is_alike = |entry: &Entry| {
            head.bcrypt_cost.is_some() && entry.bcrypt_cost == head.bcrypt_cost && entry.memory_kib <= head.memory_kib
        };
        let alike: Vec<usize> = line
            .entries
            .iter()
            .take(LOOKAHEAD)
            .enumerate()
            .filter(|(_, entry)| is_alike(entry))
            .map(|(at, _)| at)
            .collect();
        let taken = if alike.is_empty() { 0 } else { more(alike.len()).min(alike.len()) };
        let mut batch = vec![head];
        // From the back, so that places before stay what they are.
        let others: Vec<Entry> = alike[..taken].iter().rev().filter_map(|at| line.entries.remove(*at)).collect();
        batch.extend(others.into_iter().rev());
        let nanos = batch.iter().map(|entry| u64::try_from(entry.time.as_nanos()).unwrap_or(u64::MAX));
        line.spent = line.spent.saturating_add(nanos.fold(0, u64::saturating_add));
        self.len -= batch.len();
        batch
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Entry> {
        let line = self.lines.iter_mut().find_map(|line| {
            let at = line.entries.iter().position(|entry| entry.id == id)?;
            line.entries.remove(at)
        });
        self.len -= usize::from(line.is_some());
        line
    }

    /// Those whose deadline has passed.
    pub(super) fn take_expired(&mut self, now: Instant) -> Vec<Entry> {
        let mut expired = Vec::new();
        for line in &mut self.lines {
            for _ in 0..line.entries.len() {
                let Some(entry) = line.entries.pop_front() else { break };
                match entry.deadline {
                    Some(deadline) if deadline <= now => expired.push(entry),
                    _ => line.entries.push_back(entry),
                }
            }
        }
        self.len -= expired.len();
        expired
    }

    pub(super) fn take_all(&mut self) -> Vec<Entry> {
        self.len = 0;
        self.lines.iter_mut().flat_map(|line| std::mem::take(&mut line.entries)).collect()
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.lines.iter().flat_map(|line| &line.entries).filter_map(|entry| entry.deadline).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Duration = Duration::from_millis(10);

    fn entry(id: u64, millis: u64) -> Entry {
        Entry {
            id,
            memory_kib: 1,
            time: Duration::from_millis(millis),
            lanes: 1,
            fits_arena: true,
            bcrypt_cost: None,
            deadline: None,
            is_measured: true,
            work: Work::Nothing,
        }
    }

    fn pop(queue: &mut Queue, shorter_than: Option<u64>) -> Option<u64> {
        let room = Room { memory_kib: 1, shorter_than: shorter_than.map(Duration::from_millis) };
        queue.pop(&room, |_| 0).0.first().map(|entry| entry.id)
    }

    #[test]
    fn what_a_class_had_before_is_no_debt_of_those_who_come_now() {
        for (before, then) in [(40, 10), (10, 40)] {
            let mut queue = Queue::default();
            for id in 0..100 {
                queue.push(entry(id, before), TARGET);
                assert_eq!(pop(&mut queue, None), Some(id));
            }
            // A crowd of the other class is there, and one of this class comes.
            (200..300).for_each(|id| queue.push(entry(id, then), TARGET));
            assert_eq!(pop(&mut queue, None), Some(200));
            queue.push(entry(400, before), TARGET);
            let place = (0..100).position(|_| pop(&mut queue, None) == Some(400));
            assert!(place.is_some_and(|place| place <= 5), "{before} ms among {then} ms: {place:?}");
        }
    }

    #[test]
    fn what_may_not_run_now_holds_up_nobody_behind_it() {
        let mut queue = Queue::default();
        for (id, millis) in [(1, 600), (2, 200), (3, 600)] {
            queue.push(entry(id, millis), TARGET);
        }
        assert_eq!(queue.lines.iter().filter(|line| !line.entries.is_empty()).count(), 1, "they are of one class");
        assert_eq!([pop(&mut queue, Some(500)), pop(&mut queue, Some(500))], [Some(2), None]);
        assert_eq!([pop(&mut queue, None), pop(&mut queue, None)], [Some(1), Some(3)]);
        assert_eq!(queue.len(), 0);
    }
}
