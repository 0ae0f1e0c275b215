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

#[test]
fn a_request_whose_client_went_away_is_counted_and_logged() {
    let mut slow = config();
    slow.floor = rehash::serve::FloorMode::Fixed(Duration::from_millis(600));
    let server = Server::start(slow);
    let mut stream = server.connect();
    stream.write_all(format!("{POST}Content-Length: {}\r\n\r\n{BODY}", BODY.len()).as_bytes()).expect("written");
    std::thread::sleep(Duration::from_millis(200));
    drop(stream);
    let start = Instant::now();
    let told = "rehash_http_requests_total{route=\"/v1/sign-in\",status=\"499\"} 1";
    while !server.get("/metrics").body.contains(told) {
        assert!(start.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
    }
    let log = server.log.lock().expect("whole");
    let line = log.iter().find(|line| line.contains("\"status\":499")).expect("a line");
    assert!(line.contains("\"outcome\":\"client_closed\"") && line.contains("/v1/sign-in"), "{line}");
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
