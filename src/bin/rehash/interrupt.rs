//! Ctrl-C and SIGTERM: the work ends at its next boundary, also where it waits for input that does not come; asked a second
//! time, at once.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rehash::import::{InputError, Source};

use crate::output::{Exit, Failure};

/// Whether somebody asked for an end.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<Flags>);

#[derive(Default)]
struct Flags {
    is_asked: AtomicBool,
    /// An input was given up because of it.
    is_cut: AtomicBool,
}

impl Interrupt {
    pub fn watch() -> Result<Self, Failure> {
        let interrupt = Self::default();
        let flags = Arc::clone(&interrupt.0);
        let end = move || {
            if flags.is_asked.swap(true, Ordering::Relaxed) {
                // Asked again, perhaps while a database does not answer: what is not committed is not written.
                std::process::exit(Exit::Interrupted as i32);
            }
        };
        ctrlc::set_handler(end)
            .map_err(|error| Failure::new(Exit::Fault, format!("signals cannot be handled: {error}")))?;
        Ok(interrupt)
    }

    pub fn is_asked(&self) -> bool {
        self.0.is_asked.load(Ordering::Relaxed)
    }

    /// An input ended early because of it; what was read before is whole.
    pub fn has_cut_input(&self) -> bool {
        self.0.is_cut.load(Ordering::Relaxed)
    }

    /// The files of the command line, `-` being standard input.
    pub fn sources_of(self, files: &[PathBuf]) -> impl Iterator<Item = Result<Source, InputError>> {
        files.iter().map(move |path| self.source(path))
    }

    /// The same, to be stored: of a compressed file that is damaged, nothing.
    pub fn whole_sources_of(self, files: &[PathBuf]) -> impl Iterator<Item = Result<Source, InputError>> {
        files.iter().map(move |path| {
            if path.is_file() {
                self.source(path)?.check_damage(|| !self.is_asked())?;
            }
            self.source(path)
        })
    }

    fn source(&self, path: &Path) -> Result<Source, InputError> {
        #[cfg(unix)]
        if path.as_os_str() == "-" {
            use std::os::fd::AsFd as _;
            let Ok(input) = io::stdin().as_fd().try_clone_to_owned() else { return Source::new("stdin", io::stdin()) };
            return Source::new("stdin", self.heeded(input.into()));
        }
        if path.as_os_str() == "-" {
            return Source::new("stdin", io::stdin());
        }
        match File::open(path) {
            Ok(file) => Ok(Source::new(path.display().to_string(), self.heeded(file))?.of_file(path)),
            // The library says what is wrong with it.
            Err(_) => Source::open(path),
        }
    }

    fn heeded(&self, input: File) -> Heeded {
        Heeded { input, interrupt: self.clone() }
    }
}

/// An input that is given up when somebody asks for an end while nothing comes.
struct Heeded {
    input: File,
    interrupt: Interrupt,
}

impl Read for Heeded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !is_ready(&self.input) {
            if self.interrupt.is_asked() {
                self.interrupt.0.is_cut.store(true, Ordering::Relaxed);
                return Err(io::Error::other("interrupted"));
            }
        }
        self.input.read(buffer)
    }
}

/// Whether a read would not wait; looks for a fifth of a second at most.
#[cfg(unix)]
fn is_ready(input: &File) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let wait = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
    // What cannot be asked is read, and a signal only means to look again.
    match poll(&mut [PollFd::new(input, PollFlags::IN)], Some(&wait)) {
        Ok(ready) => ready > 0,
        Err(error) => error != rustix::io::Errno::INTR,
    }
}

#[cfg(not(unix))]
const fn is_ready(_: &File) -> bool {
    true
}

/// What tells the process to end: Ctrl-C, SIGTERM, and the end of its terminal.
pub struct Ends {
    #[cfg(unix)]
    signals: Vec<tokio::signal::unix::Signal>,
}

impl Ends {
    /// Where signals cannot be heard, the service runs until it is killed.
    pub fn heard() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let hangup = (!ignores_hangup()).then(SignalKind::hangup);
            let kinds = [SignalKind::interrupt(), SignalKind::terminate()].into_iter().chain(hangup);
            Self { signals: kinds.filter_map(|kind| signal(kind).ok()).collect() }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Ready when the next one comes.
    #[cfg(unix)]
    pub async fn next(&mut self) {
        let signals = &mut self.signals;
        let heard = |context: &mut std::task::Context<'_>| {
            let is_heard = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if is_heard { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        };
        std::future::poll_fn(heard).await;
    }

    #[cfg(not(unix))]
    pub async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Whether whoever started the process has the end of its terminal ignored, as `nohup` does: that stays so. Elsewhere than on Linux it is
/// not known, and heard.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 != 0)
}
