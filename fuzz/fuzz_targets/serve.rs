//! Bodies of requests, sent through the whole router: whatever they hold, the answer is never a fault.
#![no_main]

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::http::{Request, header};
use libfuzzer_sys::fuzz_target;
use rehash::pool::{HashPool, PoolConfig};
use rehash::serve::{Config, FloorMode, Service, Token};
use rehash::store::sqlite::Sqlite;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

mod shared;

const TOKEN: &str = "the-token-of-the-fuzzer-0001";

const POSTS: [&str; 6] =
    ["/v1/sign-in", "/v1/password", "/v1/verify", "/v1/hash", "/api/users", "/api/users/1/identities"];

static SERVICE: LazyLock<(Runtime, axum::Router)> = LazyLock::new(|| {
    let config = PoolConfig { workers: 1, memory_kib: 1024, queue_len: 16 };
    let pool = HashPool::start(Arc::new(shared::engine()), config).expect("a pool");
    let mut config = Config::default();
    config.admin_token = Token::new(TOKEN);
    config.floor = FloorMode::Off;
    config.api_rate = 0;
    let service = Service::new(pool, Arc::new(Sqlite::in_memory().expect("a store")), config).expect("a service");
    (Builder::new_current_thread().enable_all().build().expect("a runtime"), service.router())
});

fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else { return };
    let path = POSTS[usize::from(*first) % POSTS.len()];
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_vec()))
        .expect("a request");
    let (runtime, router) = &*SERVICE;
    let response = runtime.block_on(router.clone().oneshot(request)).expect("infallible");
    assert!(response.status().as_u16() < 500 || response.status() == 503, "{}", response.status());
});
