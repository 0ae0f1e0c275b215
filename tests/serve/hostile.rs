//! What no honest client sends: refused cheaply, and nothing that others wait for is held up.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use rehash::serve::Listening;
use serde_json::json;

use crate::client::{Server, config, read_answer};

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn bodies_that_are_not_what_is_described_are_refused() {
    let server = Server::start(config());
    let send = |headers: &[(&str, &str)], body: &[u8]| server.request("POST", "/v1/sign-in", headers, body).status;
    assert_eq!(send(&[], b"{}"), 415);
    assert_eq!(send(&[("Content-Type", "text/plain")], b"{}"), 415);
    assert_eq!(send(&[("Content-Type", "application/json; charset=latin1")], b"{}"), 415);
    assert_eq!(send(&[("Content-Type", "application/json;charset=\"UTF-8\"")], b"{}"), 400);
    assert_eq!(send(&[JSON, ("Content-Encoding", "gzip")], b"{}"), 415);
    assert_eq!(send(&[JSON, ("Content-Encoding", "identity")], b"{}"), 400);
    for bad in [
        "",
        "{",
        "[]",
        "null",
        "7",
        "\"x\"",
        "{}",
        "{\"identifier\":\"a\"}",
        "{\"identifier\":1,\"password\":\"p\"}",
        "{\"identifier\":\"a\",\"password\":\"p\"}x",
        "{\"identifier\":\"a\",\"password\":\"\\ud800\"}",
        "{\"identifier\":\"a\",\"identifier\":\"b\",\"password\":\"p\"}",
    ] {
        assert_eq!(send(&[JSON], bad.as_bytes()), 400, "{bad}");
    }
    assert_eq!(send(&[JSON], b"{\"identifier\":\"\xff\",\"password\":\"p\"}"), 400);
    let deep = format!("{{\"identifier\":{}1{},\"password\":\"p\"}}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(send(&[JSON], deep.as_bytes()), 400);
    let large = json!({"identifier": "a", "password": "p".repeat(5_000_000)}).to_string();
    assert_eq!(send(&[JSON], large.as_bytes()), 413);
    assert_eq!(send(&[JSON], &vec![b' '; 10_000_000]), 413);
    let other = json!({"identifier": "a", "password": "p", "more": [1, 2]}).to_string();
    assert_eq!(send(&[JSON], other.as_bytes()), 401, "what is not known is ignored");
    // Counted a moment after the answer is there.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(server.service.pool().gauges().completed, 1 + 7, "nothing else was hashed, but to measure");
}

#[test]
fn two_lengths_of_one_body_are_refused() {
    let server = Server::start(config());
    let body = "{\"identifier\":\"a\",\"password\":\"p\"}";
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let cases = [
        format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}", body.len()),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\n\r\n{chunked}", body.len()),
        format!("Content-Length: {}\r\nContent-Length: 5\r\n\r\n{body}", body.len()),
        format!("Content-Length: +{}\r\n\r\n{body}", body.len()),
        format!("Transfer-Encoding: xchunked\r\n\r\n{chunked}"),
        format!("Transfer-Encoding: chunked, identity\r\n\r\n{chunked}"),
        format!("Content-Length: {}\r\n Folded: x\r\n\r\n{body}", body.len()),
    ];
    for case in cases {
        let mut stream = server.connect();
        let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let head = "POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
        let _ = stream.write_all(format!("{head}{case}{smuggled}").as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        let status = text.split(' ').nth(1).unwrap_or("closed");
        // Either it is refused, or chunks are what counts, and what follows is a request of its own: never a third thing.
        assert!(["400", "401", "closed"].contains(&status), "{case}: {text}");
        assert!(text.matches("HTTP/1.1 ").count() <= 2 && !text.contains("HTTP/1.1 200"), "{case}: {text}");
    }
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn heads_without_end_are_cut_and_floods_of_headers_refused() {
    let mut quick = config();
    quick.head_timeout = Duration::from_millis(400);
    quick.body_timeout = Duration::from_millis(400);
    let server = Server::start(quick);
    // Slow heads, half-open connections: many at once, and nobody else waits.
    let slow: Vec<_> = (0..100)
        .map(|number| {
            let mut stream = server.connect();
            let part = if number % 2 == 0 { "POST /v1/sign-in HTTP/1.1\r\nHost: x\r\n" } else { "" };
            stream.write_all(part.as_bytes()).expect("written");
            stream
        })
        .collect();
    assert_eq!(server.sign_in("nobody", "x").status, 401);
    let start = Instant::now();
    for mut stream in slow {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        assert!(!String::from_utf8_lossy(&bytes).contains("200 OK"));
    }
    assert!(start.elapsed() < Duration::from_secs(30), "they were cut");
    // A body that does not come.
    let mut stream = server.connect();
    let start = Instant::now();
    stream.write_all(b"POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\nConnection: close\r\n\r\n{").expect("written");
    assert_eq!(read_answer(&mut stream, start).status, 408);
    let many: Vec<_> = (0..200).map(|number| format!("X-{number}")).collect();
    let headers: Vec<_> = many.iter().map(|name| (name.as_str(), "x")).collect();
    assert_eq!(server.request("GET", "/healthz", &headers, b"").status, 431);
    let long = "x".repeat(100_000);
    assert!([400, 431, 0].contains(&server.request("GET", "/healthz", &[("X-Long", &long)], b"").status));
    assert!([400, 414, 431, 0].contains(&server.request("GET", &format!("/{long}"), &[], b"").status));
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn nobody_holds_a_place_by_saying_nothing() {
    let mut few = config();
    few.connections_max = 3;
    few.head_timeout = Duration::from_secs(30);
    let server = Server::start(few);
    for beginning in ["", "GET /healthz HTTP/1.1\r\nHost: x\r\n"] {
        let mut idle: Vec<_> = (0..3).map(|_| server.connect()).collect();
        idle.iter_mut().for_each(|stream| stream.write_all(beginning.as_bytes()).expect("written"));
        std::thread::sleep(Duration::from_millis(100));
        // All places are taken, for half a minute if nobody had to leave.
        for _ in 0..5 {
            let answer = server.get("/healthz");
            assert_eq!(answer.status, 200);
            assert!(answer.time < Duration::from_secs(5), "{:?} after {beginning:?}", answer.time);
        }
    }
}

#[test]
fn who_falls_silent_while_another_waits_gives_up_the_place() {
    let mut one = config();
    one.connections_max = 1;
    one.head_timeout = Duration::from_secs(30);
    one.floor = rehash::serve::FloorMode::Fixed(Duration::from_millis(500));
    let server = Server::start(one);
    let mut busy = server.connect();
    let body = json!({"identifier": "nobody", "password": "p"}).to_string();
    let head = format!(
        "POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    busy.write_all((head + &body).as_bytes()).expect("written");
    std::thread::sleep(Duration::from_millis(100));
    // The one place is busy for a while, and then held by a connection that is kept open.
    let answer = server.get("/healthz");
    assert_eq!(answer.status, 200);
    assert!(answer.time < Duration::from_secs(5), "{:?}", answer.time);
    assert_eq!(read_answer(&mut busy, Instant::now()).status, 401, "it was answered all the same");
}

#[test]
fn jobs_of_clients_that_went_away_are_done_and_hold_up_nobody() {
    let server = Server::start(config());
    let pool = server.service.pool().clone();
    let body = json!({"identifier": "nobody", "password": "x"}).to_string();
    for _ in 0..50 {
        let mut stream = server.connect();
        let head = format!(
            "POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).expect("written");
    }
    let start = Instant::now();
    while pool.gauges().queued + pool.gauges().running > 0 {
        assert!(start.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(server.sign_in("nobody", "x").status, 401);
}

#[test]
fn an_end_that_is_asked_for_finishes_what_runs() {
    let mut slow = config();
    slow.floor = rehash::serve::FloorMode::Fixed(Duration::from_millis(700));
    let server = Server::start(slow);
    let address = server.address;
    let answer = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.sign_in("nobody", "x"));
        std::thread::sleep(Duration::from_millis(200));
        waiting.join().map(|answer| answer.status)
    });
    assert_eq!(answer.expect("no panic"), 401);
    let body = json!({"identifier": "nobody", "password": "x"}).to_string();
    let mut stream = server.connect();
    let head = format!(
        "POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).expect("written");
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(server.stop(), Listening::Finished);
    assert_eq!(read_answer(&mut stream, Instant::now()).status, 401, "it was answered before the end");
    assert!(std::net::TcpStream::connect(address).is_err(), "and nothing more is taken");
}
