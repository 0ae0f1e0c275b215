//! The command `rehash serve`: where its options come from, and what it refuses before it listens.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::client::TOKEN;

/// Runs the command with these options, variables and file. The line that it says of itself when it listens, or how it ended and
/// what it said; the warnings come first.
fn serve(directory: &Path, args: &[&str], variables: &[(&str, &str)], file: &str) -> Result<(String, String), String> {
    std::fs::write(directory.join("serve.toml"), file).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehash"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("REHASH_")) {
        command.env_remove(name);
    }
    let mut process = command
        .current_dir(directory)
        .args(["serve", "--listen", "127.0.0.1:0", "--memory", "64KiB", "--passes", "1", "--config", "serve.toml"])
        .args(args)
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
    let lines: Vec<_> = lines.take(2).map_while(Result::ok).collect();
    // One that listens is ended; one that does not has ended.
    if lines.len() == 2 {
        let _ = process.kill();
    }
    let code = process.wait().expect("it ends").code();
    let mut said = String::new();
    process.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
    match lines.as_slice() {
        [_, told] => Ok((told.clone(), said)),
        _ => Err(format!("{code:?}: {said}")),
    }
}

#[test]
fn the_command_line_comes_before_the_environment_and_the_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let floor = |args: &[&str], variables: &[(&str, &str)], file: &str| {
        let (told, _) = serve(directory.path(), args, variables, file).unwrap_or_else(|said| panic!("{said}"));
        told.rsplit("wait for ").next().unwrap_or_default().to_owned()
    };
    assert_eq!(floor(&["--no-floor"], &[], "floor = \"1s\""), "0 ms");
    assert_eq!(floor(&["--no-floor"], &[("REHASH_FLOOR", "1s")], ""), "0 ms");
    assert_eq!(floor(&["--floor", "700ms"], &[("REHASH_NO_FLOOR", "true")], ""), "700 ms");
    assert_eq!(floor(&["--floor=700ms"], &[], "no-floor = true"), "700 ms");
    assert_eq!(floor(&[], &[("REHASH_FLOOR", "700ms")], "no_floor = true"), "700 ms");
    assert_eq!(floor(&[], &[("REHASH_NO_FLOOR", "true")], "floor = \"1s\""), "0 ms");
    assert_eq!(floor(&[], &[("REHASH_NO_FLOOR", "false")], "floor = \"1s\""), "1000 ms");
    assert_eq!(floor(&[], &[("REHASH_NO_FLOOR", "1")], "floor = \"1s\""), "0 ms");
    assert_eq!(floor(&[], &[("REHASH_NO_FLOOR", "0")], "floor = \"1s\""), "1000 ms");
    assert_eq!(floor(&[], &[], "floor = \"1s\""), "1000 ms");
    assert_eq!(floor(&["-q", "--no-floor"], &[], "quiet = true\nmax-failures = 3\nno-floor = false"), "0 ms");
}

#[test]
fn what_is_wrong_with_the_file_is_said_with_its_line() {
    let directory = tempfile::tempdir().expect("a directory");
    for (file, parts) in [
        ("listen = \"127.0.0.1:0\"\nflor = \"1s\"\n", ["line 2", "flor"]),
        ("help = true", ["line 1", "help"]),
        ("version = true", ["line 1", "version"]),
        ("config = \"x\"", ["line 1", "config"]),
        ("quiet = true\n\n[serve]\nfloor = \"1s\"", ["line 3", "serve"]),
        ("quiet = true\nfloor = \"1s", ["line 2", "--config"]),
        ("quiet = \"yes\"", ["line 1", "true or false"]),
        ("floor = 1.5", ["line 1", "floor"]),
    ] {
        let said = serve(directory.path(), &[], &[], file).expect_err(file);
        assert!(said.starts_with("Some(2)") && said.contains("serve.toml"), "{said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    }
}

#[test]
fn tokens_and_headers_that_could_never_match_are_refused_at_the_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let refused = |args: &[&str], part: &str| {
        let said = serve(directory.path(), args, &[], "").expect_err(part);
        assert!(said.starts_with("Some(2)") && said.contains(part), "{said}");
    };
    let token = directory.path().join("token");
    for (text, part) in [
        ("", "empty"),
        (" \n", "empty"),
        ("a-first-token-0123456789\na-second-token-0123456789\n", "several lines"),
        ("ein-schlüssel-0123456789\n", "ASCII"),
        ("a token 0123456789 0123\n", "spaces"),
        ("short\n", "at least"),
        (&"x".repeat(5000), "too long"),
    ] {
        std::fs::write(&token, text).expect("written");
        refused(&["--admin-token-file", "token"], part);
        refused(&["--api-token-file", "token"], part);
    }
    std::fs::write(&token, format!("{TOKEN}\r\n")).expect("written");
    assert!(serve(directory.path(), &["--admin-token-file", "token"], &[], "").is_ok());
    refused(&["--admin-token-file", "token", "--api-token-file", "token"], "the administrators' token");
    refused(&["--keys-in-records"], "--api-token-file");
    refused(&["--status-page"], "--admin-token-file");
    for header in ["", "X Forwarded", "X-Forwarded-For:", "é"] {
        refused(&["--address-header", header], "--address-header");
    }
}

#[test]
fn operators_have_an_address_of_their_own() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("token"), TOKEN).expect("written");
    let more = ["--operations-listen", "127.0.0.1:0", "--admin-token-file", "token", "--status-page", "--quiet"];
    let mut running = Running::start(directory.path(), &more);
    let lines: Vec<_> = running.out.by_ref().lines().take(2).map_while(Result::ok).collect();
    let apart = lines[1].strip_prefix("for operators on http://").expect("an address").to_owned();
    let status = |address: &str, path: &str, token: &str| {
        let mut stream = std::net::TcpStream::connect(address).expect("it listens");
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer[9..12].parse::<u16>().expect("a status")
    };
    let visitors = |path| status(&running.address.to_string(), path, TOKEN);
    let operators = |path, token| status(&apart, path, token);
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/"] {
        assert_eq!((visitors(path), operators(path, TOKEN)), (200, 200), "{path}");
    }
    assert_eq!((operators("/metrics", "another"), operators("/", "another")), (401, 401));
    for path in ["/v1/sign-in", "/api/users"] {
        assert_eq!(operators(path, TOKEN), 404, "{path}");
    }
    assert_eq!((visitors("/v1/sign-in"), visitors("/api/users")), (405, 200));
    running.signal("TERM");
    assert_eq!(running.end(), (Some(0), String::new()));
    let more = [&more[..], &["--metrics-without-token"]].concat();
    let mut running = Running::start(directory.path(), &more);
    let lines: Vec<_> = running.out.by_ref().lines().take(2).map_while(Result::ok).collect();
    let apart = lines[1].strip_prefix("for operators on http://").expect("an address");
    let of = |path| (status(&running.address.to_string(), path, "another"), status(apart, path, "another"));
    assert_eq!((of("/metrics"), of("/")), ((401, 200), (401, 401)), "no visitor reads them");
    for args in [["--operations-listen", "0.0.0.0:0"], ["--operations-listen", "127.0.0.1"]] {
        let said = serve(directory.path(), &args, &[], "").expect_err("refused");
        assert!(said.starts_with("Some(2)") && said.contains("--operations-listen"), "{said}");
    }
}

#[test]
fn rows_that_can_never_sign_in_are_told_of_at_the_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let row = json!({"username": "ada", "passwordEncrypted": "$argon2id$v=19$m=131072,t=3,p=1$c2FsdHNhbHRzYWx0$HUalPYwdROHWPoDXlAOJsA"});
    std::fs::write(directory.path().join("users.ndjson"), row.to_string()).expect("written");
    let mut import = Command::new(env!("CARGO_BIN_EXE_rehash"));
    let imported = import.current_dir(directory.path()).args(["import", "users.ndjson"]).output().expect("it runs");
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let (_, said) = serve(directory.path(), &["--pool-memory", "64MiB"], &[], "").expect("it listens");
    assert!(said.contains("1 records of argon2id (m=131072,t=3,p=1)"), "{said}");
    let (_, said) = serve(directory.path(), &["--pool-memory", "256MiB"], &[], "").expect("it listens");
    assert!(!said.contains("records"), "{said}");
}

/// Without its pepper every password of a hash looks wrong: whoever forgot the file hears of it before anybody is turned away.
#[test]
fn a_key_that_hashes_need_and_nobody_gave_is_named_at_the_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).expect("written");
    file("pepper", "secret");
    file("site", "another");
    let ada =
        "$argon2id$v=19$m=64,t=1,p=1,keyid=MjAyNg$MDEyMzQ1Njc4OWFiY2RlZg$IAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONcE";
    let bob = json!({"username": "bob", "passwordEncryptionMethod": "md5($p.key:site)", "passwordEncrypted": "5f4dcc3b5aa765d61d8327deb882cf99"});
    file("users.ndjson", &format!("{}\n{bob}\n", json!({"username": "ada", "passwordEncrypted": ada})));
    let keys = ["--key-file", "2026=pepper", "--key-file", "site=site"];
    let mut import = Command::new(env!("CARGO_BIN_EXE_rehash"));
    let imported = import.current_dir(directory.path()).args(["import", "users.ndjson"]).args(keys).output();
    let imported = imported.expect("it runs");
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stdout));
    let (_, said) = serve(directory.path(), &keys, &[], "").expect("it listens");
    assert!(!said.contains("need the key"), "{said}");
    let (_, said) = serve(directory.path(), &keys[..2], &[], "").expect("it listens");
    assert!(said.contains("1 records need the key `site`") && !said.contains("`2026`"), "{said}");
    let (_, said) = serve(directory.path(), &[], &[], "").expect("it listens");
    assert!(said.contains("1 records need the key `2026`") && said.contains("`site`"), "{said}");
}

#[test]
fn a_floor_that_hides_nothing_is_told_of_at_the_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let row =
        json!({"username": "ada", "passwordEncrypted": "$2b$12$FxDtpTNaL303lLcWtd6LFO2U6Gc63VJ07qycHcfqbQQ71GhO/qSzu"});
    std::fs::write(directory.path().join("users.ndjson"), row.to_string()).expect("written");
    let mut import = Command::new(env!("CARGO_BIN_EXE_rehash"));
    let imported = import.current_dir(directory.path()).args(["import", "users.ndjson"]).output().expect("it runs");
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let said = |floor: &str| {
        let mut running = Running::start(directory.path(), &["--quiet", "--floor", floor]);
        running.signal("TERM");
        running.end().1
    };
    assert!(said("30ms").contains("\"event\":\"floor_too_low\"") && !said("10s").contains("floor_too_low"));
    assert!(said("0ms").contains("no floor"));
}

/// The command while it runs.
struct Running {
    process: std::process::Child,
    address: std::net::SocketAddr,
    out: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(directory: &Path, args: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_rehash"))
            .current_dir(directory)
            .args(["serve", "--listen", "127.0.0.1:0", "--memory", "64KiB", "--passes", "1"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().expect("piped"));
        out.read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line:?}"));
        Self { address: address.parse().expect("an address"), process, out }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.process.id().to_string()]).status();
        assert!(sent.expect("there is a kill").success());
    }

    /// How it ended, and what it said.
    fn end(&mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.process.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
        (self.process.wait().expect("it ends").code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_end_that_is_asked_for_writes_the_whole_log() {
    let directory = tempfile::tempdir().expect("a directory");
    // Who started the tests with `nohup` has the end of the terminal ignored, also by what they start.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    let signals =
        if ignored.is_some_and(|ignored| ignored & 1 == 1) { &["TERM", "INT"][..] } else { &["TERM", "INT", "HUP"] };
    for signal in signals {
        let mut running = Running::start(directory.path(), &["--floor", "1s"]);
        let address = running.address;
        let body = json!({"identifier": "nobody", "password": "x"});
        let answers: Vec<_> = std::thread::scope(|scope| {
            let all: Vec<_> =
                (0..4).map(|_| scope.spawn(|| crate::client::post(address, "/v1/sign-in", &body))).collect();
            std::thread::sleep(std::time::Duration::from_millis(400));
            running.signal(signal);
            all.into_iter().map(|one| one.join().expect("no panic")).collect()
        });
        assert!(answers.iter().all(|answer| matches!(answer, Some((401, _)))), "{signal}: {answers:?}");
        let (code, said) = running.end();
        assert_eq!((code, said.matches("\"status\":401").count()), (Some(0), 4), "{signal}: {said}");
    }
}

#[test]
fn a_table_of_ones_own_is_served() {
    let directory = tempfile::tempdir().expect("a directory");
    let own = rusqlite::Connection::open(directory.path().join("own.db")).expect("a file");
    own.execute_batch(
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, mail TEXT UNIQUE, pw TEXT);
         INSERT INTO accounts VALUES (7, 'ada', '5f4dcc3b5aa765d61d8327deb882cf99');",
    )
    .expect("made");
    let mapping =
        "table = \"accounts\"\nid = \"id\"\nidentifiers = [\"mail\"]\nhash = \"pw\"\nmethod_otherwise = \"md5\"\n";
    std::fs::write(directory.path().join("own.toml"), mapping).expect("written");
    let options = ["--store", "sqlite:own.db", "--mapping", "own.toml"];
    let running = Running::start(directory.path(), &options);
    let sign_in = |password: &str| {
        crate::client::post(running.address, "/v1/sign-in", &json!({"identifier": "ada", "password": password}))
    };
    assert!(matches!(sign_in("wrong"), Some((401, _))));
    assert_eq!(sign_in("password"), Some((200, json!({"user": {"id": "7"}, "upgraded": true}))));
    let held: String = own.query_row("SELECT pw FROM accounts", [], |row| row.get(0)).expect("a row");
    assert!(held.starts_with("$argon2id$v=19$m=64,t=1"), "{held}");
    drop(running);
    let tables: u32 = own.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).expect("a count");
    assert_eq!(tables, 2, "nothing was made beside it");
    let shared = Command::new(env!("CARGO_BIN_EXE_rehash"))
        .current_dir(directory.path())
        .args(["serve", "--listen", "127.0.0.1:0", "--throttle", "store"])
        .args(options)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&shared.stderr);
    assert!(shared.status.code() == Some(2) && said.contains("has no place for it"), "{said}");
}

#[test]
fn a_second_signal_ends_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut running = Running::start(directory.path(), &["--floor", "9s"]);
    let address = running.address;
    let body = json!({"identifier": "nobody", "password": "x"});
    let begun = std::time::Instant::now();
    let answer = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| crate::client::post(address, "/v1/sign-in", &body));
        std::thread::sleep(std::time::Duration::from_millis(300));
        running.signal("TERM");
        std::thread::sleep(std::time::Duration::from_millis(300));
        running.signal("TERM");
        waiting.join().expect("no panic")
    });
    let (code, said) = running.end();
    assert_eq!((answer, code), (None, Some(130)), "{said}");
    assert!(begun.elapsed() < std::time::Duration::from_secs(5) && said.contains("second time"), "{said}");
}

/// As it stands there, but for the port.
#[test]
fn the_example_of_the_readme_works() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("left out: there is no curl");
        return;
    }
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("readable");
    let section = readme.split("## Serve sign-ins over HTTP").nth(1).expect("a section");
    let example = section.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a port").port();
    let directory = tempfile::tempdir().expect("a directory");
    let programs = Path::new(env!("CARGO_BIN_EXE_rehash")).parent().expect("a directory").display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.current_dir(directory.path()).env("PATH", path).arg("-ec").arg(example.replace("8080", &port.to_string()));
    let output = shell.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.trim().ends_with("\"upgraded\":true}"), "{said}");
}

/// As under `nohup`, whose service outlives its terminal.
#[cfg(target_os = "linux")]
#[test]
fn an_end_of_the_terminal_that_is_ignored_stays_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let ends = |command: &str, patience: u32| {
        let words = format!(
            "{command} {} serve --listen 127.0.0.1:0 --memory 64KiB --passes 1 --quiet",
            env!("CARGO_BIN_EXE_rehash")
        );
        let mut process = Command::new("sh")
            .current_dir(directory.path())
            .args(["-c", &format!("exec {words}")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        assert!(line.starts_with("listening on"), "{line}");
        let id = process.id().to_string();
        let signal = |name: &str| {
            let sent = Command::new("kill").args([name, &id]).status();
            assert!(sent.expect("there is a kill").success());
        };
        signal("-HUP");
        let mut has_ended = false;
        for _ in 0..patience {
            std::thread::sleep(std::time::Duration::from_millis(50));
            has_ended |= process.try_wait().expect("asked").is_some();
            if has_ended {
                break;
            }
        }
        if !has_ended {
            signal("-TERM");
        }
        assert_eq!(process.wait().expect("it ends").code(), Some(0));
        has_ended
    };
    assert!(!ends("nohup", 20));
    // These tests may run under one themselves.
    let status = std::fs::read_to_string("/proc/self/status").expect("readable");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("a mask");
    if u64::from_str_radix(ignored.trim(), 16).expect("hex") & 1 == 0 {
        assert!(ends("", 400));
    }
}
