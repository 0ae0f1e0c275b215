//! Connections: a bounded number of them, heads and idle times bounded too, and an end that finishes what runs.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, oneshot, watch};
use tower::ServiceExt as _;

use super::Service;
use super::middleware;
use super::refusal::{RefusalId, Refusing};
use super::wire::{Arriving, Head, Heads, Watched};

/// The head of a request, in bytes: more is answered 431.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How many headers a request has at most.
const HEADERS_MAX: usize = 64;
/// Connections that the system keeps until they are accepted.
const WAITING_MAX: u32 = 4096;
/// How long to wait where the system has no file descriptor left, or no connection leaves, before looking again.
const BREATH: Duration = Duration::from_millis(50);

/// Connections of operators at most.
const OPERATORS_MAX: usize = 64;

/// How many requests that are there are begun before the thread looks for new ones.
const TURNS: usize = 4;

/// How many are asked to leave in one breath: with one at a time, whoever waits behind many would wait for long.
const SHOWN_OUT: usize = 16;

/// How long one who was asked to leave has for what is not yet, or no longer, a request under way: to send the rest of a head, or to
/// take an answer.
const FAREWELL: Duration = Duration::from_secs(1);

/// What became of the connections when the listener ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Listening {
    /// All requests were answered.
    Finished,
    /// Some took longer than the grace, and were cut.
    Cut,
}

/// Listens on an address, with room for 4096 connections that wait to be accepted, where the system allows as many. Other ways to
/// bind leave room for 128: in a storm of visitors the next one's first packet is then dropped, and sent again a second later.
///
/// # Errors
///
/// Where the address cannot be had.
///
/// # Panics
///
/// Outside a Tokio runtime.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A service that is started again need not wait for connections of the one before.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING_MAX)
}

/// Answers requests until `shutdown` is ready; then takes no more, and finishes what runs within `grace`. HTTP/1.1, without TLS:
/// put a proxy in front where there is a network. [`bind`] gives a listener that bears a storm.
///
/// # Errors
///
/// Where the listener breaks. Connections that break are nobody else's business.
pub async fn listen(
    service: &Service,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
    grace: Duration,
) -> io::Result<Listening> {
    let connections = service.inner.config.connections_max.max(1);
    answer_all(service, service.router(), connections, listener, shutdown, grace).await
}

/// The same for operators alone: [`Service::operations_router`], for a few connections. On an address of its own, and a thread with a
/// runtime of its own, health is answered at once whatever storm of sign-ins the other is in.
///
/// # Errors
///
/// As [`listen`].
pub async fn listen_for_operators(
    service: &Service,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
    grace: Duration,
) -> io::Result<Listening> {
    let connections = service.inner.config.connections_max.clamp(1, OPERATORS_MAX);
    answer_all(service, service.operations_router(), connections, listener, shutdown, grace).await
}

async fn answer_all(
    service: &Service,
    router: axum::Router,
    all: usize,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
    grace: Duration,
) -> io::Result<Listening> {
    let config = &service.inner.config;
    // A client that has closed its half of the connection is answered. One that has closed all of it looks the same until it is written
    // to, so what it asked for is finished, too.
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(config.head_timeout)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .half_close(true)
        .keep_alive(true);
    let turns = Arc::new(Semaphore::new(TURNS));
    let places = Arc::new(Semaphore::new(all));
    let mut guests = Guests::default();
    let (ending, _) = watch::channel(false);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = async {
            let (stream, peer) = listener.accept().await?;
            // While all places are busy, what comes next waits in the system's queue, and costs nothing here.
            let place = loop {
                if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                    break place;
                }
                (0..SHOWN_OUT).for_each(|_| guests.show_out_one());
                // Whoever is busy now may fall silent: they are looked at again.
                let free = Arc::clone(&places).acquire_owned();
                if let Ok(place) = tokio::time::timeout(BREATH, free).await {
                    break place.map_err(io::Error::other)?;
                }
            };
            Ok((place, stream, peer))
        };
        let (place, stream, peer) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accepted => match accepted {
                Ok(accepted) => accepted,
                Err(error) if is_transient(&error) => {
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
                Err(error) => return Err(error),
            },
        };
        let (guest, leave) = guests.admit();
        let is_busy = Arc::clone(&guest);
        let (stream, refusal) = Refusing::new(prepared(stream));
        let (stream, heads) = Watched::new(stream, HEAD_BYTES_MAX);
        let connection = http.serve_connection(TokioIo::new(stream), of_peer(&router, &turns, peer, guest, heads));
        let (mut ended, service) = (ending.subscribe(), service.clone());
        tokio::spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let is_over = tokio::select! {
                // What a client does to its own connection is its own business.
                end = connection.as_mut() => {
                    note_refused(&service, end, &refusal);
                    true
                }
                _ = leave => false,
                _ = ended.wait_for(|is_ended| *is_ended) => false,
            };
            if !is_over {
                // Finishes what runs, and closes what waits; half a head is waited for only so long.
                connection.as_mut().graceful_shutdown();
                while tokio::time::timeout(FAREWELL, connection.as_mut()).await.is_err() {
                    if !is_busy.load(Ordering::Relaxed) {
                        break;
                    }
                }
            }
            drop(place);
        });
    }
    drop(listener);
    ending.send_replace(true);
    let all = u32::try_from(all).unwrap_or(u32::MAX);
    let is_finished = tokio::time::timeout(grace, places.acquire_many(all)).await.is_ok();
    Ok(if is_finished { Listening::Finished } else { Listening::Cut })
}

/// A head that is none was answered without the router; it is counted and logged all the same.
fn note_refused(service: &Service, end: hyper::Result<()>, refusal: &RefusalId) {
    if let Err(error) = end
        && error.is_parse()
    {
        let status = if error.is_parse_too_large() { 431 } else { 400 };
        middleware::refused_head(service, status, &error.to_string(), refusal.get());
    }
}

/// Who is connected, the longest first.
#[derive(Default)]
struct Guests {
    all: VecDeque<(Arc<AtomicBool>, oneshot::Sender<()>)>,
    /// Looked through for those who have left when there are so many: not for each who comes, of whom there may be a storm.
    look_at: usize,
}

impl Guests {
    /// A new one: whether a request of theirs, all of which has come, is under way, and what tells them to leave.
    fn admit(&mut self) -> (Arc<AtomicBool>, oneshot::Receiver<()>) {
        let (tell, told) = oneshot::channel();
        if self.all.len() >= self.look_at {
            self.all.retain(|(_, tell)| !tell.is_closed());
            self.look_at = 2 * self.all.len() + 16;
        }
        let is_busy = Arc::new(AtomicBool::new(false));
        self.all.push_back((Arc::clone(&is_busy), tell));
        (is_busy, told)
    }

    /// Asks the one who has been here longest without asking for anything: nobody holds a place by saying nothing.
    fn show_out_one(&mut self) {
        let is_idle = |(is_busy, tell): &(Arc<AtomicBool>, oneshot::Sender<()>)| {
            !is_busy.load(Ordering::Relaxed) && !tell.is_closed()
        };
        if let Some((_, tell)) = self.all.iter().position(is_idle).and_then(|place| self.all.remove(place)) {
            let _ = tell.send(());
        }
    }
}

/// Answers are small: they are sent at once.
fn prepared(stream: TcpStream) -> TcpStream {
    // A socket that cannot be told is slower, and still right.
    let _ = stream.set_nodelay(true);
    stream
}

/// The router, told who is at the other end, and what their heads were like. They are busy from when all of a body has come.
fn of_peer(
    router: &axum::Router,
    turns: &Arc<Semaphore>,
    peer: SocketAddr,
    is_busy: Arc<AtomicBool>,
    heads: Heads,
) -> TowerToHyperService<
    impl tower::Service<
        hyper::Request<hyper::body::Incoming>,
        Response = axum::response::Response,
        Error = std::convert::Infallible,
        Future: Send,
    > + Clone
    + use<>,
> {
    let (router, turns) = (router.clone(), Arc::clone(turns));
    TowerToHyperService::new(tower::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let (head, is_busy) = (heads.next(), Arc::clone(&is_busy));
        let mut request = request.map(|body| Body::new(Arriving::new(body, Arc::clone(&is_busy))));
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(head);
        let turns = (!is_prompt(request.uri().path())).then(|| Arc::clone(&turns));
        let answer = router.clone().oneshot(request);
        async move {
            let mut answer = match turns {
                Some(turns) => in_turn(&turns, answer).await,
                None => answer.await,
            };
            is_busy.store(false, Ordering::Relaxed);
            if let (Ok(answer), true) = (&mut answer, head != Head::Plain) {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            answer
        }
    }))
}

/// Whoever asks for it looks after the service, and is not kept waiting behind a storm of others.
fn is_prompt(path: &str) -> bool {
    path == "/healthz"
}

/// Begins a request when its turn has come, and leaves the thread to others before that.
async fn in_turn<R: Future>(turns: &Semaphore, request: R) -> R::Output {
    let turn = turns.acquire().await;
    tokio::task::yield_now().await;
    let mut request = std::pin::pin!(request);
    let begun = std::future::poll_fn(|context| Poll::Ready(request.as_mut().poll(context))).await;
    drop(turn);
    match begun {
        Poll::Ready(answer) => answer,
        Poll::Pending => request.await,
    }
}

fn is_transient(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, WouldBlock};
    // 23 and 24: too many open files, in the system and in the process.
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | WouldBlock)
        || matches!(error.raw_os_error(), Some(23 | 24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_that_waits_for_something_keeps_no_turn_from_others() {
        let turns = Semaphore::new(1);
        let mut waiting = Box::pin(in_turn(&turns, std::future::pending::<()>()));
        let others = async {
            for number in 0..10 {
                assert_eq!(in_turn(&turns, async move { number }).await, number);
            }
            // One who gave up while it waited for its turn has none.
            let taken = turns.acquire().await;
            let gave_up = tokio::time::timeout(Duration::from_millis(1), in_turn(&turns, async {})).await;
            assert!(gave_up.is_err() && taken.is_ok());
        };
        tokio::select! {
            () = &mut waiting => unreachable!("it waits for ever"),
            () = others => {}
        }
        drop(waiting);
        assert_eq!(turns.available_permits(), 1);
    }
}
