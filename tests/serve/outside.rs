//! The service as programs of other makers see it: a migration script in Node, and the status page in a browser. A test whose
//! program is not named in the environment says so and is left out: `REHASH_TEST_NODE` and `REHASH_TEST_CHROMIUM` hold paths.

use std::io::{Read as _, Write as _};
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Server, TOKEN, config};

fn program(variable: &str) -> Option<String> {
    let path = std::env::var(variable).ok().filter(|path| !path.is_empty());
    if path.is_none() {
        println!("left out: {variable} is not set");
    }
    path
}

/// At the rates that the service has where nothing is said of them.
#[test]
fn the_script_of_the_guide_imports_its_users() {
    let Some(node) = program("REHASH_TEST_NODE") else { return };
    let mut usual = config();
    usual.api_rate = rehash::serve::Config::default().api_rate;
    let server = Server::start(usual);
    let directory = tempfile::tempdir().expect("a directory");
    let sha256 = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";
    let user = |number| json!({"username": format!("user{number}"), "passwordEncrypted": sha256, "passwordEncryptionMethod": "SHA256"});
    let users: Vec<Value> = (1..=15).map(user).collect();
    let file = directory.path().join("users.json");
    std::fs::write(&file, json!(users).to_string()).expect("written");
    let output = Command::new(&node)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/serve/guide.cjs"))
        .env("API", format!("http://{}", server.address))
        .env("TOKEN", TOKEN)
        .env("USERS", &file)
        .output()
        .expect("node runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    for number in 1..=15 {
        let name = format!("user{number}");
        assert_eq!(server.sign_in(&name, "wrong").status, 401);
        let first = server.sign_in(&name, "password");
        assert_eq!((first.status, &first.json()["upgraded"]), (200, &json!(true)), "{name}");
        assert_eq!(server.sign_in(&name, "password").json()["upgraded"], json!(false), "{name}");
    }
}

#[test]
fn a_migration_script_that_looks_at_statuses_loses_no_user() {
    let Some(node) = program("REHASH_TEST_NODE") else { return };
    let mut limited = config();
    // Low enough for the script to be told to wait.
    limited.api_rate = 20;
    let server = Server::start(limited);
    let directory = tempfile::tempdir().expect("a directory");
    let users: Vec<Value> = (0..60)
        .map(|number| match number % 4 {
            0 => json!({"username": format!("user{number}"), "passwordEncrypted": "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8", "passwordEncryptionMethod": "SHA256"}),
            1 => json!({"username": format!("user{number}"), "passwordDigest": "5f4dcc3b5aa765d61d8327deb882cf99", "passwordAlgorithm": "MD5"}),
            2 => json!({"username": format!("user{number}"), "password": "password", "customData": {"plan": "ünïcode 🔑"}}),
            _ => json!({"primaryEmail": format!("user{number}@example.com"), "profile": {"locale": "nl"}}),
        })
        .collect();
    std::fs::write(directory.path().join("users.json"), json!(users).to_string()).expect("written");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/serve/migrate.mjs");
    let run = || {
        let output = Command::new(&node)
            .arg(script)
            .env("API", format!("http://{}", server.address))
            .env("TOKEN", TOKEN)
            .env("USERS", directory.path().join("users.json"))
            .output()
            .expect("node runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).expect("one JSON document")
    };
    let first = run();
    assert_eq!(
        (&first["created"], &first["existing"], &first["failed"]),
        (&json!(60), &json!(0), &json!([])),
        "{first}"
    );
    assert!(first["told_to_wait"].as_u64() > Some(0), "{first}");
    let again = run();
    assert_eq!(
        (&again["created"], &again["existing"], &again["failed"]),
        (&json!(0), &json!(60), &json!([])),
        "{again}"
    );
    for number in [0, 1, 2] {
        assert_eq!(server.sign_in(&format!("user{number}"), "password").status, 200);
    }
}

#[test]
fn the_status_page_is_shown_by_a_browser_at_the_width_of_a_phone() {
    let Some(chromium) = program("REHASH_TEST_CHROMIUM") else { return };
    let mut with_page = config();
    with_page.status_page = true;
    with_page.counts_age = std::time::Duration::ZERO;
    let server = Server::start(with_page);
    for number in 0..5 {
        let name = format!("user{number}");
        server.create(&json!({"username": name, "passwordEncrypted": "5f4dcc3b5aa765d61d8327deb882cf99", "passwordEncryptionMethod": "md5"}));
    }
    assert_eq!(server.sign_in("user0", "password").status, 200);
    assert_eq!(server.sign_in("user1", "wrong").status, 401);
    let directory = tempfile::tempdir().expect("a directory");
    // Browsers no longer take a name and a password in an address: a port in front adds the header.
    let front = front(&server);
    let browse = |extra: &[&str]| {
        let profile = directory.path().join("profile");
        let mut command = Command::new(&chromium);
        command
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args([
                "--window-size=390,844",
                "--hide-scrollbars",
                "--virtual-time-budget=2000",
                "--enable-logging=stderr",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(extra)
            .arg(format!("http://{front}/"));
        command.output().expect("a browser runs")
    };
    let dom = browse(&["--dump-dom"]);
    let (text, said) = (String::from_utf8_lossy(&dom.stdout), String::from_utf8_lossy(&dom.stderr));
    assert!(text.contains("20.0 %") && text.contains("1 of 5 passwords are Argon2id"), "{text}");
    assert!(text.contains("<rect class=\"good\"") && text.contains("Sign-in latency"));
    assert!(!said.contains("Content Security Policy"), "its own policy forbids nothing of it: {said}");
    let picture = directory.path().join("page.png");
    browse(&[&format!("--screenshot={}", picture.display())]);
    let bytes = std::fs::read(&picture).expect("a picture");
    assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 5000);
    if let Ok(keep) = std::env::var("REHASH_TEST_SCREENSHOT") {
        std::fs::copy(&picture, keep).expect("copied");
    }
}

/// A port that hands each connection's request on to the service, with the operator's login added.
fn front(server: &Server) -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let (address, behind) = (listener.local_addr().expect("bound"), server.address);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                    head.push(byte[0]);
                }
                let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
                let Ok(mut inner) = std::net::TcpStream::connect(behind) else { return };
                let head = format!("{line}\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
                let _ = inner.write_all(head.as_bytes());
                let mut answer = Vec::new();
                let _ = inner.read_to_end(&mut answer);
                let _ = stream.write_all(&answer);
            });
        }
    });
    address
}
