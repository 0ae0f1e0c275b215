//! A second address of the service, for operators and their programs alone: on a thread and a runtime of its own, so that health is
//! answered at once whatever storm of sign-ins the other is in.

use std::io;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rehash::serve::{Service, bind, come_first, listen_for_operators};
use tokio::sync::oneshot;

use crate::output::{Exit, Failure};

/// Calls to the store that it may wait for at once: readiness, and counts.
const BLOCKING_THREADS: usize = 4;
/// What runs there when the service ends is as good as done.
const GRACE: Duration = Duration::from_secs(1);

/// Refuses an address that other machines reach, unless that was asked for.
pub fn refuse_others(option: &str, address: Option<SocketAddr>, is_allowed: bool) -> Result<(), Failure> {
    match address.filter(|address| !address.ip().is_loopback() && !is_allowed) {
        Some(address) => Err(Failure::usage(format!(
            "{option} {address}: other machines reach it, and there is no TLS; add --listen-anywhere where a proxy is in front"
        ))),
        None => Ok(()),
    }
}

/// Its share of a processor that is wanted by many, where it may not come before all others but this is allowed (`LimitNICE=-10` of
/// systemd). Without either, health waits some ten milliseconds longer now and then.
#[cfg(target_os = "linux")]
const NICENESS: i32 = -10;

/// Linux alone has a priority for each thread.
fn go_first() {
    let _is_first = come_first();
    #[cfg(target_os = "linux")]
    if !_is_first {
        let _ = rustix::process::setpriority_process(None, NICENESS);
    }
}

pub struct Operators {
    pub address: SocketAddr,
    end: oneshot::Sender<()>,
    broken: oneshot::Receiver<io::Error>,
    thread: JoinHandle<()>,
}

impl Operators {
    /// Listens, and answers from then on.
    pub fn start(address: SocketAddr, service: &Service) -> Result<Self, Failure> {
        let unreachable = |error: io::Error| Failure::usage(format!("--operations-listen {address}: {error}"));
        let fault = |error: io::Error| Failure::new(Exit::Fault, format!("no thread for --operations-listen: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(BLOCKING_THREADS)
            .enable_all()
            .build()
            .map_err(fault)?;
        let listener = runtime.block_on(async { bind(address) }).map_err(unreachable)?;
        let address = listener.local_addr().map_err(unreachable)?;
        let (end, ended) = oneshot::channel();
        let (tell, broken) = oneshot::channel();
        let service = service.clone();
        let answer = move || {
            go_first();
            let ended = async {
                let _ = ended.await;
            };
            if let Err(error) = runtime.block_on(listen_for_operators(&service, listener, ended, GRACE)) {
                let _ = tell.send(error);
            }
            // A store that is silent is not waited for.
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("rehash-operators".to_owned()).spawn(answer).map_err(fault)?;
        Ok(Self { address, end, broken, thread })
    }

    /// Ready when it can listen no more, which nobody asked for.
    pub async fn broken(&mut self) -> io::Error {
        match (&mut self.broken).await {
            Ok(error) => error,
            Err(_) => io::Error::other("its thread ended"),
        }
    }

    pub fn end(self) {
        drop(self.end);
        let _ = self.thread.join();
    }
}
