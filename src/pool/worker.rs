//! What a worker does: take what is due and fits, compute it, keep its block memory for the next, and wipe it when there is
//! nothing to do. And the thread that answers for jobs whose deadline has passed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::job::{JobError, Sender};
use super::queue::{Entry, Room, Work};
use super::{Shared, State};
use crate::kernel;
use crate::{Accepted, Denied, Password, StoredHash};

/// Idle for this long, a worker wipes its block memory. Wiping 19 MiB takes about a millisecond.
const WIPE_AFTER: Duration = Duration::from_millis(100);
/// Idle for this long, it gives the memory back to the system.
const RELEASE_AFTER: Duration = Duration::from_secs(60);
/// What takes this long may not take all workers: somebody has to answer the others.
pub(crate) const DEAR: Duration = Duration::from_millis(500);
/// How many bcrypt hashes are computed side by side.
const SIDE_BY_SIDE: usize = 4;

/// Between 0, which other threads have, and 19: at 10 a worker gets a tenth of a processor that another thread keeps busy, and
/// all of one that is free.
#[cfg(target_os = "linux")]
const PRIORITY: i32 = 10;

type Guard<'a> = MutexGuard<'a, State>;

pub(super) fn run(shared: &Shared, number: usize) {
    give_way();
    kernel::enter_arena();
    while let Some(assignment) = next(shared, number) {
        if assignment.releases_arena {
            kernel::release_arena();
            // Until now it was accounted for.
            shared.lock().held_kib[number] = assignment.memory_kib;
            shared.changed.notify_all();
        }
        kernel::set_lane_threads(1 + assignment.borrowed);
        let (jobs, memory_kib, is_dear) = (assignment.batch.len(), assignment.memory_kib, assignment.is_dear);
        let is_measured = assignment.batch.iter().any(|entry| entry.is_measured);
        let start = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| compute(shared, assignment.batch)));
        let elapsed = start.elapsed();
        let mut state = shared.lock();
        if is_measured {
            learn_time(shared, elapsed, jobs, state.gauges.completed);
        }
        state.held_kib[number] = if kernel::arena_kib() == 0 { 0 } else { memory_kib };
        state.idle_workers += 1;
        state.borrowed -= assignment.borrowed;
        state.dear_running -= usize::from(is_dear);
        state.gauges.running -= jobs;
        match outcome {
            Ok(()) => state.gauges.completed += jobs as u64,
            Err(_) => state.gauges.panicked += jobs as u64,
        }
        let others_wait = state.queue.len() > 0;
        drop(state);
        if others_wait {
            shared.changed.notify_all();
        }
    }
    kernel::release_arena();
    shared.lock().held_kib[number] = 0;
}

/// Lets other threads of the process go first: who accepts, refuses and answers needs a processor for microseconds, and would
/// otherwise wait for milliseconds until a worker's turn is over. Linux alone has a priority for each thread.
fn give_way() {
    #[cfg(target_os = "linux")]
    // Where that is not allowed, answers come later, and are still right.
    let _ = rustix::process::setpriority_process(None, PRIORITY);
}

/// What a worker is to do next.
struct Assignment {
    batch: Vec<Entry>,
    /// What it takes, or what the arena that it uses again holds, in KiB.
    memory_kib: u32,
    /// Its memory is not the arena's, which makes room first.
    releases_arena: bool,
    is_dear: bool,
    /// Idle workers whose places its lanes may take.
    borrowed: usize,
}

/// Waits for something to do; `None` when the pool is done.
fn next(shared: &Shared, number: usize) -> Option<Assignment> {
    let since = Instant::now();
    let mut is_wiped = false;
    let mut state = shared.lock();
    loop {
        if state.is_aborted || (state.is_closed && state.queue.len() == 0) {
            return None;
        }
        match assign(shared, state, number) {
            Ok(assignment) => return Some(assignment),
            Err(unlocked) => state = unlocked,
        }
        let holds = state.held_kib[number] > 0;
        if holds && (state.is_memory_wanted || since.elapsed() >= RELEASE_AFTER) {
            state = release(shared, state, number);
            continue;
        }
        let rest = match (holds, is_wiped) {
            (true, false) => WIPE_AFTER,
            (true, true) => RELEASE_AFTER.saturating_sub(since.elapsed()),
            (false, _) => Duration::MAX,
        };
        let (unlocked, waited) = shared.changed.wait_timeout(state, rest).unwrap_or_else(PoisonError::into_inner);
        state = unlocked;
        if holds && waited.timed_out() && !is_wiped {
            drop(state);
            kernel::wipe_arena();
            is_wiped = true;
            state = shared.lock();
        }
    }
}

/// Gives this worker's arena back, for others to use the room.
fn release<'a>(shared: &'a Shared, state: Guard<'a>, number: usize) -> Guard<'a> {
    drop(state);
    kernel::release_arena();
    let mut state = shared.lock();
    state.held_kib[number] = 0;
    shared.changed.notify_all();
    state
}

/// Takes what is due and fits, if there is something; what has expired is answered for.
fn assign<'a>(shared: &'a Shared, mut guard: Guard<'a>, number: usize) -> Result<Assignment, Guard<'a>> {
    let state = &mut *guard;
    if state.idle_workers <= state.borrowed {
        return Err(guard);
    }
    let others: u32 = state.held_kib.iter().sum::<u32>() - state.held_kib[number];
    let limits_dear = shared.config.workers > 1 && state.dear_running + 1 >= shared.config.workers;
    let room =
        Room { memory_kib: shared.config.memory_kib.saturating_sub(others), shorter_than: limits_dear.then_some(DEAR) };
    // Others that are idle take their share of what is alike.
    let idle = state.idle_workers - state.borrowed;
    let more = |alike: usize| ((alike + 1).div_ceil(idle) - 1).min(SIDE_BY_SIDE - 1);
    let (batch, waits_for_memory) = state.queue.pop(&room, more);
    if waits_for_memory && !state.is_memory_wanted {
        shared.changed.notify_all();
    }
    state.is_memory_wanted = waits_for_memory;
    let now = Instant::now();
    let (batch, expired): (Vec<_>, Vec<_>) =
        batch.into_iter().partition(|entry| entry.deadline.is_none_or(|deadline| deadline > now));
    state.gauges.expired += expired.len() as u64;
    if state.is_closed {
        shared.deadlines.notify_all();
    }
    let assignment = batch.first().map(|head| state.assignment(head, number)).map(|mut assignment| {
        assignment.batch = batch;
        state.begin(&mut assignment, number);
        assignment
    });
    let is_idle = assignment.is_none() && expired.is_empty();
    if is_idle {
        return Err(guard);
    }
    drop(guard);
    expired.into_iter().for_each(|entry| entry.work.fail(JobError::DeadlinePassed));
    assignment.ok_or_else(|| shared.lock()).or_else(|guard| assign(shared, guard, number))
}

impl State {
    fn assignment(&self, head: &Entry, number: usize) -> Assignment {
        let held = self.held_kib[number];
        let releases_arena = !head.fits_arena && head.memory_kib > 0;
        Assignment {
            batch: Vec::new(),
            memory_kib: if releases_arena { head.memory_kib } else { held.max(head.memory_kib) },
            releases_arena,
            is_dear: head.time >= DEAR,
            borrowed: 0,
        }
    }

    /// Accounts for what a worker takes.
    fn begin(&mut self, assignment: &mut Assignment, number: usize) {
        self.idle_workers -= 1;
        // What is no sign-in takes no more places than it was given.
        if let ([only], 0) = (&assignment.batch[..], self.queue.len())
            && only.is_measured
        {
            assignment.borrowed = (only.lanes as usize).saturating_sub(1).min(self.idle_workers - self.borrowed);
        }
        self.borrowed += assignment.borrowed;
        self.dear_running += usize::from(assignment.is_dear);
        self.held_kib[number] = self.held_kib[number].max(assignment.memory_kib);
        self.gauges.running += assignment.batch.len();
        self.gauges.side_by_side += assignment.batch.len() as u64 - 1;
        self.gauges.memory_kib_peak = self.gauges.memory_kib_peak.max(self.held_kib());
    }

    pub(super) fn held_kib(&self) -> u32 {
        self.held_kib.iter().sum()
    }
}

/// Each of the jobs took its share of the time. The first, which finds nothing in its place, weighs no more than those after it.
/// Called under the lock, so that none is lost.
fn learn_time(shared: &Shared, elapsed: Duration, jobs: usize, done_before: u64) {
    let each = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX) / (jobs as u64).max(1);
    let before = shared.job_nanos.load(Ordering::Relaxed);
    let weight = (done_before + 1).min(8);
    let mean = if before == 0 { each } else { before - before / weight + each / weight };
    shared.job_nanos.store(mean, Ordering::Relaxed);
}

type Verification = (Box<StoredHash>, Password, Sender<Result<Accepted, Denied>>);

fn compute(shared: &Shared, batch: Vec<Entry>) {
    let engine = &*shared.engine;
    let mut verifications: Vec<Verification> = Vec::with_capacity(batch.len());
    for entry in batch {
        match entry.work {
            Work::Verify { stored, password, answer } => verifications.push((stored, password, answer)),
            Work::Call(work) => work(Ok(engine)),
            Work::Nothing => {}
        }
    }
    let pairs: Vec<_> = verifications.iter().map(|(stored, password, _)| (&**stored, password)).collect();
    let outcomes = engine.match_batch(&pairs);
    for ((stored, password, answer), outcome) in verifications.into_iter().zip(outcomes) {
        answer.send(engine.conclude_with_decoy(&stored, &password, outcome));
    }
}

/// Answers for waiting jobs when their deadline has passed.
pub(super) fn keep_deadlines(shared: &Shared) {
    let mut state = shared.lock();
    while !state.is_aborted {
        let now = Instant::now();
        let expired = state.queue.take_expired(now);
        if !expired.is_empty() {
            state.gauges.expired += expired.len() as u64;
            if state.is_closed {
                shared.deadlines.notify_all();
            }
            drop(state);
            expired.into_iter().for_each(|entry| entry.work.fail(JobError::DeadlinePassed));
            state = shared.lock();
            continue;
        }
        state = match state.queue.next_deadline() {
            Some(deadline) => {
                let left = deadline.saturating_duration_since(now);
                shared.deadlines.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
            }
            None => shared.deadlines.wait(state).unwrap_or_else(PoisonError::into_inner),
        };
    }
}
