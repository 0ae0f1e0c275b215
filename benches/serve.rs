//! Sign-ins a second over a real port, against what the pool does by itself in the same run, and against a minimal service
//! written with the `argon2` crate and blocking threads. Everything runs in this process, so the client's work counts too.
//!
//! `REHASH_BENCH_SECONDS` is how long each figure is measured (default 3), `REHASH_BENCH_CLIENTS` how many connections there
//! are (default 8).

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a bench may")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::routing::post;
use rehash::pool::{HashPool, PoolConfig};
use rehash::serve::{Config, FloorMode, Service, bind, listen};
use rehash::store::sqlite::Sqlite;
use rehash::store::{Created, NewUser, Users};
use rehash::{Engine, Limits, Method, Password, Policy, StoredHash};
use tokio::sync::Semaphore;

/// Legacy records: each is upgraded once, so there must be enough of them.
const LEGACY: usize = 20_000;
/// MD5 of `password`.
const MD5: &str = "5f4dcc3b5aa765d61d8327deb882cf99";

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn main() {
    let seconds = Duration::from_secs(number("REHASH_BENCH_SECONDS", 3));
    let clients = usize::try_from(number("REHASH_BENCH_CLIENTS", 8)).unwrap();
    let engine = Arc::new(Engine::new(Policy::default()).unwrap());
    let pool_config = PoolConfig { queue_len: 256, ..PoolConfig::for_this_machine() };
    let pool = HashPool::start(Arc::clone(&engine), pool_config).unwrap();
    let current = engine.hash(&Password::new("password")).unwrap();
    let store = store(&current);
    let legacy = StoredHash::parse(Method::Md5, MD5, &Limits::default()).unwrap();

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut config = Config::default();
    config.floor = FloorMode::Off;
    (config.failures_per_identifier, config.failures_per_address) = (0, 0);
    config.requests_per_address = 0;
    let service = Service::new(pool.clone(), store, config).unwrap();
    let listener = runtime.block_on(async { bind(([127, 0, 0, 1], 0).into()) }).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { listen(&service, listener, std::future::pending(), Duration::ZERO).await });
    let minimal = runtime.block_on(minimal_service(pool_config.workers));

    println!("{} workers, {clients} connections, {} s each", pool_config.workers, seconds.as_secs());
    println!("{:<34} {:>10} {:>10} {:>10} {:>8}", "sign-ins", "a second", "p50 ms", "p99 ms", "ratio");
    let own = pool_rate(&pool, &current, clients, seconds);
    show("the pool alone: current Argon2id", own, Vec::new(), own);
    let body = |name: &str| format!("{{\"identifier\":\"{name}\",\"password\":\"password\"}}");
    let (rate, times) = load(address, clients, seconds, 200, |_| body("current"));
    show("service: current Argon2id", rate, times, own);
    let own_legacy = pool_rate(&pool, &legacy, clients, seconds);
    show("the pool alone: MD5 and upgrade", own_legacy, Vec::new(), own_legacy);
    let (rate, times) = load(address, clients, seconds, 200, |number| body(&format!("legacy{number}")));
    show("service: MD5 and upgrade, written", rate, times, own_legacy);
    let own_unknown = pool_rate_unknown(&pool, clients, seconds);
    show("the pool alone: unknown user", own_unknown, Vec::new(), own_unknown);
    let (rate, times) = load(address, clients, seconds, 401, |_| body("nobody"));
    show("service: unknown user", rate, times, own_unknown);
    let (rate, times) = load(minimal, clients, seconds, 200, |_| body("current"));
    show("minimal service, `argon2` crate", rate, times, own);
}

fn show(name: &str, rate: f64, mut times: Vec<Duration>, own: f64) {
    times.sort();
    let at = |percent: usize| times.get(times.len() * percent / 100).map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    println!("{name:<34} {rate:>10.1} {:>10.1} {:>10.1} {:>8.3}", at(50), at(99), rate / own);
}

fn store(current: &StoredHash) -> Arc<dyn Users> {
    let store = Sqlite::in_memory().unwrap();
    let add = |username: &str, password| {
        let new = NewUser { username: Some(username), password: Some(password), ..NewUser::default() };
        assert!(matches!(store.create(&new).unwrap(), Created::New(_)));
    };
    add("current", current);
    let legacy = StoredHash::parse(Method::Md5, MD5, &Limits::default()).unwrap();
    for number in 0..LEGACY {
        add(&format!("legacy{number}"), &legacy);
    }
    Arc::new(store)
}

/// What the pool does by itself, with as many callers.
fn pool_rate(pool: &HashPool, stored: &StoredHash, callers: usize, time: Duration) -> f64 {
    rate(callers, time, || {
        let job = pool.verify(stored.clone(), Password::new("password"), None).unwrap();
        assert!(job.wait().unwrap().is_ok());
    })
}

fn pool_rate_unknown(pool: &HashPool, callers: usize, time: Duration) -> f64 {
    rate(callers, time, || {
        let _ = pool.verify_unknown_user(Password::new("password"), None).unwrap().wait().unwrap();
    })
}

fn rate(callers: usize, time: Duration, work: impl Fn() + Sync) -> f64 {
    let (done, start) = (AtomicU64::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..callers {
            scope.spawn(|| {
                while start.elapsed() < time {
                    work();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    done.into_inner() as f64 / start.elapsed().as_secs_f64()
}

/// Connections that ask again as soon as they are answered.
fn load(
    address: SocketAddr,
    clients: usize,
    time: Duration,
    expected: u16,
    body: impl Fn(usize) -> String + Sync,
) -> (f64, Vec<Duration>) {
    let (next, start) = (AtomicUsize::new(0), Instant::now());
    let times: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(|| {
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.set_nodelay(true).unwrap();
                    let mut times = Vec::new();
                    while start.elapsed() < time {
                        let body = body(next.fetch_add(1, Ordering::Relaxed));
                        let asked = Instant::now();
                        assert_eq!(ask(&mut stream, &body), expected);
                        times.push(asked.elapsed());
                    }
                    times
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    (times.len() as f64 / start.elapsed().as_secs_f64(), times)
}

fn ask(stream: &mut TcpStream, body: &str) -> u16 {
    let request = format!(
        "POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let (mut buffer, mut filled) = ([0; 8192], 0);
    loop {
        let read = stream.read(&mut buffer[filled..]).unwrap();
        assert!(read > 0, "the connection ended");
        filled += read;
        let text = std::str::from_utf8(&buffer[..filled]).unwrap();
        let Some((head, rest)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        if rest.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return head[9..12].parse().unwrap();
        }
    }
}

/// What one writes without this library: the crate's hash on blocking threads, as many at once as there are cores.
async fn minimal_service(at_once: usize) -> SocketAddr {
    let permits = Arc::new(Semaphore::new(at_once));
    let expected = crate_hash(b"password");
    let sign_in = move |body: axum::body::Bytes| {
        let permits = Arc::clone(&permits);
        async move {
            let request: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let password = request["password"].as_str().unwrap().to_owned();
            let permit = permits.acquire_owned().await.unwrap();
            let verified = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                crate_hash(password.as_bytes()) == expected
            });
            if verified.await.unwrap() { axum::http::StatusCode::OK } else { axum::http::StatusCode::UNAUTHORIZED }
        }
    };
    let router = axum::Router::new().route("/v1/sign-in", post(sign_in));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let _ = stream.set_nodelay(true);
            let service = hyper_util::service::TowerToHyperService::new(router.clone());
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service);
            tokio::spawn(async move { drop(connection.await) });
        }
    });
    address
}

/// With the parameters of the service's own policy.
fn crate_hash(password: &[u8]) -> [u8; 32] {
    let params = argon2::Params::new(19_456, 2, 1, None).unwrap();
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut out = [0; 32];
    argon2.hash_password_into(password, b"sixteen bytes ok", &mut out).unwrap();
    out
}
