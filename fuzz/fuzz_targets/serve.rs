//! Bodies of requests and queries, sent through the whole router: whatever they hold, the answer is never a fault.
#![no_main]

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::http::{Request, header};
use libfuzzer_sys::fuzz_target;
use rehash::pool::{HashPool, PoolConfig};
use rehash::serve::{Config, FloorMode, Service, Token};
use rehash::store::sqlite::Sqlite;
use rehash::store::{Created, NewUser, Users as _};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

mod shared;

const TOKEN: &str = "the-token-of-the-fuzzer-0001";

/// Every route that takes a body. The last one takes a query.
const ROUTES: [(&str, &str); 13] = [
    ("POST", "/v1/sign-in"),
    ("POST", "/v1/password"),
    ("POST", "/v1/verify"),
    ("POST", "/v1/hash"),
    ("POST", "/api/users"),
    ("POST", "/api/users/1/identities"),
    ("PATCH", "/api/users/1"),
    ("PATCH", "/api/users/1/custom-data"),
    ("PATCH", "/api/users/1/profile"),
    ("PATCH", "/api/users/1/password"),
    ("PUT", "/api/users/1/identities/github"),
    ("POST", "/api/users/1/password/verify"),
    ("GET", "/api/users"),
];

static SERVICE: LazyLock<(Runtime, axum::Router)> = LazyLock::new(|| {
    let config = PoolConfig { workers: 1, memory_kib: 1024, queue_len: 16 };
    let pool = HashPool::start(Arc::new(shared::engine()), config).expect("a pool");
    let mut config = Config::default();
    config.admin_token = Token::new(TOKEN);
    config.floor = FloorMode::Off;
    config.api_rate = 0;
    // Somebody is there to be changed.
    let store = Sqlite::in_memory().expect("a store");
    let ada = NewUser { username: Some("ada"), ..NewUser::default() };
    assert!(matches!(store.create(&ada), Ok(Created::New(1))));
    let service = Service::new(pool, Arc::new(store), config).expect("a service");
    (Builder::new_current_thread().enable_all().build().expect("a runtime"), service.router())
});

fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else { return };
    let (method, path) = ROUTES[usize::from(*first) % ROUTES.len()];
    let query = if method == "GET" { format!("{path}?{}", String::from_utf8_lossy(body)) } else { path.to_owned() };
    // What is no address at all never becomes a request.
    let Ok(address) = query.parse::<axum::http::Uri>() else { return };
    let request = Request::builder()
        .method(method)
        .uri(address)
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_vec()))
        .expect("a request");
    let (runtime, router) = &*SERVICE;
    let response = runtime.block_on(router.clone().oneshot(request)).expect("infallible");
    assert!(response.status().as_u16() < 500 || response.status() == 503, "{}", response.status());
});
