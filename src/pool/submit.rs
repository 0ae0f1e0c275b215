//! How a job gets into the queue, or is told that there is no room.

use std::sync::Arc;
use std::time::Instant;

use super::job::{Job, Sender, channel};
use super::queue::{Entry, Work};
use super::{HashPool, Overloaded};
use crate::{Cost, Engine};

impl HashPool {
    pub(super) fn run_as<T: Send + 'static>(
        &self,
        cost: Cost,
        deadline: Option<Instant>,
        is_measured: bool,
        fits_arena: bool,
        work: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<Job<T>, Overloaded> {
        let entry = Entry {
            id: 0,
            memory_kib: cost.memory_kib,
            time: cost.time,
            lanes: self.engine().policy().target().lanes,
            fits_arena,
            bcrypt_cost: None,
            deadline,
            is_measured,
            work: Work::Nothing,
        };
        self.submit(entry, |answer: Sender<T>| {
            Work::Call(Box::new(move |engine| match engine {
                Ok(engine) => answer.send(work(engine)),
                Err(error) => answer.fail(error),
            }))
        })
    }

    pub(super) fn submit<T>(
        &self,
        mut entry: Entry,
        work: impl FnOnce(Sender<T>) -> Work,
    ) -> Result<Job<T>, Overloaded> {
        let shared = &self.handle.shared;
        let mut guard = shared.lock();
        let state = &mut *guard;
        let config = &shared.config;
        if state.is_closed {
            return Err(Overloaded::ShutDown);
        }
        let refused = if entry.memory_kib > config.memory_kib {
            Some(Overloaded::TooLarge { needed_kib: entry.memory_kib, memory_kib: config.memory_kib })
        } else if state.queue.len() >= config.queue_len.saturating_add(state.idle_workers - state.borrowed) {
            // Idle workers take at once what comes; it does not wait.
            Some(Overloaded::QueueFull { queue_len: config.queue_len })
        } else {
            None
        };
        if let Some(refused) = refused {
            state.gauges.overloaded += 1;
            return Err(refused);
        }
        state.next_id += 1;
        entry.id = state.next_id;
        let (answer, job) = channel(Arc::downgrade(shared), entry.id);
        entry.work = work(answer);
        let is_nearer = entry.deadline.is_some_and(|new| state.queue.next_deadline().is_none_or(|next| new < next));
        state.queue.push(entry, self.engine().target_cost().time);
        drop(guard);
        shared.changed.notify_one();
        if is_nearer {
            shared.deadlines.notify_all();
        }
        Ok(job)
    }
}
