//! Work spread over threads, results in the order of the input, memory bounded by the number of jobs.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

/// Pulls items from `next`, runs `work` on them on `jobs` threads, and gives the results to `sink` on the calling
/// thread in the order of the items. At most `4 × jobs` items are under way at once. With one job everything runs on
/// the calling thread.
///
/// Ends when `next` is exhausted, or when `sink` breaks.
///
/// # Panics
///
/// Where `next`, `work` or `sink` does.
pub fn in_order<I, O, B>(
    jobs: usize,
    mut next: impl FnMut() -> Option<I> + Send,
    work: impl Fn(I) -> O + Sync,
    mut sink: impl FnMut(O) -> ControlFlow<B>,
) -> ControlFlow<B>
where
    I: Send,
    O: Send,
{
    if jobs <= 1 {
        while let Some(item) = next() {
            sink(work(item))?;
        }
        return ControlFlow::Continue(());
    }
    let under_way = Places::new(4 * jobs);
    let (to_work, from_reader) = sync_channel::<(u64, I)>(jobs);
    let from_reader = Mutex::new(from_reader);
    let (under_way, from_reader, work) = (&under_way, &from_reader, &work);
    thread::scope(|scope| {
        let (to_sink, results) = sync_channel::<(u64, O)>(jobs);
        scope.spawn(move || {
            for number in 0.. {
                // The place is taken before the item is read, so that the bound counts it.
                if !under_way.take() {
                    return;
                }
                let Some(item) = next() else { return };
                if to_work.send((number, item)).is_err() {
                    return;
                }
            }
        });
        // Whoever panics lets the reader go, which would wait for places that nobody frees any more.
        let _closes = Closes(under_way);
        for _ in 0..jobs {
            let to_sink: SyncSender<_> = to_sink.clone();
            scope.spawn(move || {
                let _closes = ClosesOnPanic(under_way);
                while let Some((number, item)) = receive(from_reader) {
                    if to_sink.send((number, work(item))).is_err() {
                        // The sink is done: take what the reader still hands over, so that it does not wait for ever.
                        while receive(from_reader).is_some() {}
                    }
                }
            });
        }
        drop(to_sink);
        reorder(&results, |result| {
            under_way.free();
            sink(result)
        })
    })
}

fn receive<T>(queue: &Mutex<Receiver<T>>) -> Option<T> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn reorder<O, B>(results: &Receiver<(u64, O)>, mut sink: impl FnMut(O) -> ControlFlow<B>) -> ControlFlow<B> {
    let mut early = BTreeMap::new();
    let mut due = 0;
    for (number, result) in results {
        early.insert(number, result);
        while let Some(result) = early.remove(&due) {
            due += 1;
            sink(result)?;
        }
    }
    ControlFlow::Continue(())
}

/// How many items may be under way.
struct Places {
    free: Mutex<Option<usize>>,
    changed: Condvar,
}

impl Places {
    fn new(count: usize) -> Self {
        Self { free: Mutex::new(Some(count)), changed: Condvar::new() }
    }

    /// Waits for a place; `false` once closed.
    fn take(&self) -> bool {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match &mut *free {
                None => return false,
                Some(0) => free = self.changed.wait(free).unwrap_or_else(PoisonError::into_inner),
                Some(places) => {
                    *places -= 1;
                    return true;
                }
            }
        }
    }

    fn free(&self) {
        if let Some(places) = &mut *self.free.lock().unwrap_or_else(PoisonError::into_inner) {
            *places += 1;
        }
        self.changed.notify_one();
    }

    fn close(&self) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.changed.notify_all();
    }
}

struct Closes<'a>(&'a Places);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct ClosesOnPanic<'a>(&'a Places);

impl Drop for ClosesOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn results_come_in_order_and_items_under_way_are_bounded() {
        for jobs in [1, 2, 5] {
            let under_way = AtomicUsize::new(0);
            let mut items = 0..1000u64;
            let mut seen = Vec::new();
            let outcome = in_order::<_, _, ()>(
                jobs,
                || {
                    under_way.fetch_add(1, Ordering::SeqCst);
                    items.next()
                },
                |item| {
                    if item % 7 == 0 {
                        thread::yield_now();
                    }
                    item * 2
                },
                |result| {
                    assert!(under_way.fetch_sub(1, Ordering::SeqCst) <= 4 * jobs + 1);
                    seen.push(result);
                    ControlFlow::Continue(())
                },
            );
            assert_eq!(outcome, ControlFlow::Continue(()));
            assert_eq!(seen, (0..1000).map(|item| item * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    #[allow(clippy::panic, reason = "that is what is tried")]
    fn a_panic_is_passed_on_and_nothing_waits() {
        for (in_work, in_sink) in [(true, false), (false, true)] {
            for jobs in [1, 2, 3] {
                let mut items = 0u64..;
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    in_order::<_, _, ()>(
                        jobs,
                        || items.next(),
                        |item| if in_work && item == 20 { panic!("work") } else { item },
                        |item| if in_sink && item == 20 { panic!("sink") } else { ControlFlow::Continue(()) },
                    )
                }));
                assert!(outcome.is_err());
            }
        }
    }

    #[test]
    fn a_sink_that_breaks_ends_everything() {
        for jobs in [1, 3] {
            let mut items = 0..;
            let outcome = in_order(
                jobs,
                || items.next(),
                |item: u64| item,
                |result| if result == 50 { ControlFlow::Break(result) } else { ControlFlow::Continue(()) },
            );
            assert_eq!(outcome, ControlFlow::Break(50));
        }
    }
}
