//! What is written on the wire, byte by byte: heads that can be read in two ways, bodies that do not come, clients that go away.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Server, config, read_answer};

const POST: &str = "POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
const BODY: &str = "{\"identifier\":\"a\",\"password\":\"p\"}";

#[test]
fn a_head_that_can_be_read_in_two_ways_is_refused_and_its_connection_closed() {
    let server = Server::start(config());
    let (length, chunked) = (BODY.len(), format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len()));
    let cases = [
        format!("{POST}Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}"),
        format!("{POST}Transfer-Encoding: chunked\r\ncontent-length: {length}\r\n\r\n{chunked}"),
        format!("{POST}Content-Length: {length}\r\nContent-Length: {length}\r\n\r\n{BODY}"),
        format!("{POST}Content-Length: {length}\r\nContent-Length: 5\r\n\r\n{BODY}"),
        format!("{POST}Host: y\r\nContent-Length: {length}\r\n\r\n{BODY}"),
        "GET /healthz HTTP/1.1\r\n\r\n".to_owned(),
    ];
    for case in &cases {
        let mut stream = server.connect();
        // On a connection that has been used, and with a request behind.
        let before = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        let _ = stream.write_all(format!("{before}{case}{before}").as_bytes());
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        let statuses: Vec<_> = text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect();
        assert_eq!(statuses, ["200", "400"], "{case}: {text}");
    }
    let log = server.log.lock().expect("whole");
    assert!(log.iter().filter(|line| line.contains("\"code\":\"bad_head\"")).count() >= 4, "{log:?}");
}

#[test]
fn chunks_and_requests_behind_one_another_are_read() {
    let server = Server::start(config());
    let mut stream = server.connect();
    let sized = format!("{POST}Content-Length: {}\r\n\r\n{BODY}", BODY.len());
    let chunked = format!("{POST}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len());
    let _ = stream.write_all(format!("{sized}GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n{chunked}").as_bytes());
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let statuses: Vec<_> = text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["401", "200", "401"], "{text}");
}

#[test]
fn a_coding_that_nobody_takes_apart_is_not_implemented() {
    let server = Server::start(config());
    let mut stream = server.connect();
    let chunked = format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len());
    let text = format!("{POST}Connection: close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n{chunked}");
    stream.write_all(text.as_bytes()).expect("written");
    let answer = read_answer(&mut stream, Instant::now());
    assert_eq!((answer.status, &answer.json()["code"]), (501, &json!("transfer_coding")));
}

#[test]
fn no_answer_is_kept_by_a_cache() {
    let server = Server::start(config());
    server.create(&json!({"username": "ada", "password": "right"}));
    for answer in [
        server.sign_in("ada", "right"),
        server.sign_in("ada", "wrong"),
        server.post("/v1/hash", &json!({"password": "p"})),
        server.admin("GET", "/api/users/1", &serde_json::Value::Null),
    ] {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", answer.head);
    }
}

#[test]
fn what_is_no_request_is_counted_and_logged() {
    let server = Server::start(config());
    let headers: String = (0..80).map(|number| format!("X-{number}: y\r\n")).collect();
    for head in [
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nHost: x\r\n{headers}\r\n"),
        "CANARY\r\n\r\n".to_owned(),
    ] {
        let mut stream = server.connect();
        stream.write_all(head.as_bytes()).expect("written");
        let answer = read_answer(&mut stream, Instant::now());
        assert!([400, 431].contains(&answer.status), "{head}");
        let said = answer.json();
        assert_eq!((said["code"].as_str(), said["status"].as_u64()), (Some("bad_head"), Some(answer.status.into())));
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert!(!answer.body.contains("CANARY") && !answer.head.contains("CANARY"), "{}", answer.body);
        let id = answer.header("x-request-id").expect("an id").to_owned();
        // It is counted and logged beside the answer, which can be here first.
        let is_logged = || server.log.lock().expect("whole").iter().any(|line| line.contains(&id));
        let deadline = Instant::now() + Duration::from_secs(5);
        while !is_logged() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(is_logged(), "{id} is in the log");
    }
    let metrics = server.metrics();
    for (status, count) in [(400, 2), (431, 1)] {
        let told = format!("rehash_http_requests_total{{route=\"none\",status=\"{status}\"}} {count}");
        assert!(metrics.contains(&told), "{metrics}");
    }
    let lines = || server.log.lock().expect("whole").iter().filter(|line| line.contains("bad_head")).count();
    assert_eq!(lines(), 3);
    assert!(!server.log.lock().expect("whole").join("\n").contains("CANARY"));
    // A flood of them does not fill the log.
    for _ in 0..100 {
        let mut stream = server.connect();
        stream.write_all(b"CANARY\r\n\r\n").expect("written");
        let _ = read_answer(&mut stream, Instant::now());
    }
    assert!((4..80).contains(&lines()), "{}", lines());
}

#[test]
fn bodies_that_do_not_come_hold_up_nobody() {
    let mut few = config();
    few.connections_max = 128;
    few.body_timeout = Duration::from_secs(60);
    let server = Server::start(few);
    let slow: Vec<_> = (0..180)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(format!("{POST}Content-Length: 50\r\n\r\n{{").as_bytes()).expect("written");
            stream
        })
        .collect();
    for _ in 0..3 {
        let answer = server.get("/healthz");
        assert_eq!(answer.status, 200);
        assert!(answer.time < Duration::from_secs(4), "{:?}", answer.time);
    }
    assert_eq!(server.sign_in("nobody", "x").status, 401);
    drop(slow);
}

#[test]
fn who_sends_too_much_reads_why() {
    let server = Server::start(config());
    let mut stream = server.connect();
    let head = format!("{POST}Connection: close\r\nContent-Length: 10000000\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("written");
    stream.write_all(&vec![b' '; 10_000_000]).expect("all of it is taken");
    assert_eq!(read_answer(&mut stream, Instant::now()).status, 413);
    // Who asks first is told before it is sent.
    let mut stream = server.connect();
    let head = format!("{POST}Connection: close\r\nExpect: 100-continue\r\nContent-Length: 10000000\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("written");
    assert_eq!(read_answer(&mut stream, Instant::now()).status, 413);
}

/// Sends a sign-in and no more.
fn ask(server: &Server, password: &str) -> std::net::TcpStream {
    let body = json!({"identifier": "ada", "password": password}).to_string();
    let mut stream = server.connect();
    let head = format!("{POST}Connection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).expect("written");
    stream
}

#[test]
fn who_closes_their_half_of_the_connection_is_answered() {
    let mut throttled = config();
    throttled.failures_per_identifier = 2;
    throttled.floor = rehash::serve::FloorMode::Fixed(Duration::from_millis(300));
    let server = Server::start(throttled);
    server.create(&json!({"username": "ada", "password": "right"}));
    let half_closed = |password: &str| {
        let mut stream = ask(&server, password);
        stream.shutdown(std::net::Shutdown::Write).expect("closed");
        read_answer(&mut stream, Instant::now()).status
    };
    for _ in 0..3 {
        assert_eq!(half_closed("right"), 200);
    }
    // Who hangs up with the right password has not guessed wrong.
    (0..4).for_each(|_| drop(ask(&server, "right")));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!([half_closed("right"), half_closed("wrong"), half_closed("wrong")], [200, 401, 401]);
    assert_eq!(half_closed("right"), 401, "it is locked");
}

#[test]
fn a_request_whose_client_hung_up_is_finished_counted_and_logged() {
    let mut slow = config();
    slow.floor = rehash::serve::FloorMode::Fixed(Duration::from_millis(600));
    let server = Server::start(slow);
    drop(ask(&server, "x"));
    let start = Instant::now();
    let told = "rehash_http_requests_total{route=\"/v1/sign-in\",status=\"401\"} 1";
    while !server.metrics().contains(told) {
        assert!(start.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
    }
    let log = server.log.lock().expect("whole");
    assert!(log.iter().any(|line| line.contains("unknown_user") && line.contains("/v1/sign-in")), "{log:?}");
}

/// A server that an embedder mounts the routes in may drop the requests of those who hang up.
#[test]
fn a_guess_whose_request_is_dropped_counts_as_what_it_was() {
    use tower::ServiceExt as _;
    let mut throttled = config();
    throttled.failures_per_identifier = 2;
    let target = rehash::Argon2Target::OWASP_19_MIB;
    let pool = rehash::pool::PoolConfig { workers: 2, memory_kib: 2 * target.memory_kib, queue_len: 64 };
    let server = Server::over(crate::client::sqlite(), pool, target, throttled);
    server.create(&json!({"username": "ada", "password": "right"}));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let drop_one = |password: &str| {
        let body = json!({"identifier": "ada", "password": password}).to_string();
        let request = axum::http::Request::post("/v1/sign-in").header("content-type", "application/json");
        let request = request.body(axum::body::Body::from(body)).expect("a request");
        let answered = runtime.block_on(async {
            tokio::time::timeout(Duration::from_micros(1), server.service.router().oneshot(request)).await
        });
        assert!(answered.is_err(), "it is dropped before it is decided");
        std::thread::sleep(Duration::from_millis(200));
    };
    (0..4).for_each(|_| drop_one("right"));
    assert_eq!(server.sign_in("ada", "right").status, 200);
    (0..2).for_each(|_| drop_one("wrong"));
    assert_eq!(server.sign_in("ada", "right").status, 401, "it is locked");
    let log = server.log.lock().expect("whole");
    assert_eq!(log.iter().filter(|line| line.contains("\"status\":499")).count(), 6, "{log:?}");
}

#[test]
fn a_list_is_no_object() {
    let server = Server::start(config());
    server.create(&json!({"username": "ada", "password": "password"}));
    for (path, list) in [
        ("/v1/sign-in", json!(["ada", "password"])),
        ("/v1/password", json!(["ada", "password", "new"])),
        ("/v1/hash", json!(["password"])),
    ] {
        let answer = server.post(path, &list);
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("bad_json")), "{path}");
    }
}

/// Where an embedder mounts the routes below their own, and those for visitors beside their own.
#[test]
fn routes_are_what_they_are_wherever_they_are_mounted() {
    use axum::routing::get;
    use tower::ServiceExt as _;
    let mut asks_for_a_token = config();
    asks_for_a_token.api_token = rehash::serve::Token::new("another-token-of-tests");
    let server = Server::start(asks_for_a_token);
    server.create(&json!({"username": "ada", "password": "password"}));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let own = axum::Router::new().route("/healthz", get(async || "mine")).fallback(async || "not mine");
    let nested = own.clone().nest("/auth", server.service.router());
    let merged = own.merge(server.service.visitors_router());
    let ask = |router: &axum::Router, method: &str, path: &str, token: &str, body: Option<serde_json::Value>| {
        let request =
            axum::http::Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {token}"));
        let body = body.map_or_else(axum::body::Body::empty, |body| body.to_string().into());
        runtime.block_on(async {
            let answer = router.clone().oneshot(request.body(body).expect("a request")).await.expect("answered");
            let (head, body) = answer.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.expect("whole");
            (head.status.as_u16(), head.headers, String::from_utf8_lossy(&body).into_owned())
        })
    };
    let user = json!({"username": "bob", "password": "password"});
    let (status, headers, _) = ask(&nested, "POST", "/auth/api/users", crate::client::TOKEN, Some(user));
    assert_eq!((status, headers["location"].to_str().ok()), (200, Some("/auth/api/users/2")));
    let (status, _, body) = ask(&nested, "GET", "/auth/api/users/2", crate::client::TOKEN, None);
    assert!(status == 200 && body.contains("bob"), "{body}");
    let (_, headers, _) = ask(&nested, "GET", "/auth/api/users?page_size=1", crate::client::TOKEN, None);
    assert!(headers["link"].to_str().is_ok_and(|link| link.starts_with("</auth/api/users?page=1&")), "{headers:?}");
    let sign_in = json!({"identifier": "ada", "password": "password"});
    assert_eq!(ask(&nested, "POST", "/auth/v1/sign-in", "none", Some(sign_in.clone())).0, 401, "it asks for its token");
    assert_eq!(ask(&nested, "POST", "/auth/v1/sign-in", "another-token-of-tests", Some(sign_in.clone())).0, 200);
    assert_eq!(ask(&nested, "GET", "/healthz", "", None).2, "mine");
    let (status, _, body) = ask(&nested, "GET", "/auth/metrics", crate::client::TOKEN, None);
    assert!(status == 200 && body.contains("route=\"/v1/sign-in\"") && !body.contains("/auth"), "{body}");
    assert!(server.log.lock().expect("whole").iter().all(|line| !line.contains("/auth")));

    assert_eq!(ask(&merged, "POST", "/v1/sign-in", "none", Some(sign_in)).0, 200, "a browser has no token");
    let change = json!({"identifier": "ada", "password": "password", "newPassword": "third"});
    assert_eq!(ask(&merged, "POST", "/v1/password", "none", Some(change)).0, 204);
    for path in ["/v1/hash", "/v1/verify", "/api/users", "/metrics", "/nothing"] {
        assert_eq!(ask(&merged, "GET", path, crate::client::TOKEN, None).2, "not mine", "{path}");
    }
    assert_eq!(ask(&merged, "GET", "/healthz", "", None).2, "mine");
}
