//! Connections: a bounded number of them, heads and idle times bounded too, and an end that finishes what runs.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use super::Service;

/// The head of a request, in bytes: more is answered 431.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How many headers a request has at most.
const HEADERS_MAX: usize = 64;
/// How long to wait where the system has no file descriptor left.
const BREATH: Duration = Duration::from_millis(50);

/// What became of the connections when the listener ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Listening {
    /// All requests were answered.
    Finished,
    /// Some took longer than the grace, and were cut.
    Cut,
}

/// Answers requests until `shutdown` is ready; then takes no more, and finishes what runs within `grace`. HTTP/1.1, without TLS:
/// put a proxy in front where there is a network.
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
    let config = &service.inner.config;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(config.head_timeout)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .half_close(false)
        .keep_alive(true);
    let (router, places) = (service.router(), Arc::new(Semaphore::new(config.connections_max.max(1))));
    let connections = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = async {
            // The place comes first: what is not accepted waits in the system's queue, and costs nothing here.
            let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|(stream, peer)| (place, stream, peer))
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
        let connection = http.serve_connection(TokioIo::new(prepared(stream)), of_peer(&router, peer));
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // What a client does to its own connection is its own business.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    let is_finished = tokio::time::timeout(grace, connections.shutdown()).await.is_ok();
    Ok(if is_finished { Listening::Finished } else { Listening::Cut })
}

/// Answers are small: they are sent at once.
fn prepared(stream: TcpStream) -> TcpStream {
    // A socket that cannot be told is slower, and still right.
    let _ = stream.set_nodelay(true);
    stream
}

/// The router, told who is at the other end.
fn of_peer(
    router: &axum::Router,
    peer: SocketAddr,
) -> TowerToHyperService<
    impl tower::Service<
        hyper::Request<hyper::body::Incoming>,
        Response = axum::response::Response,
        Error = std::convert::Infallible,
        Future: Send,
    > + Clone
    + use<>,
> {
    let router = router.clone();
    TowerToHyperService::new(tower::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    }))
}

fn is_transient(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, WouldBlock};
    // 23 and 24: too many open files, in the system and in the process.
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | WouldBlock)
        || matches!(error.raw_os_error(), Some(23 | 24))
}
