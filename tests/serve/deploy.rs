//! What is in `examples/deploy`: each file is read by what it is for.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/deploy");
const REHASH: &str = env!("CARGO_BIN_EXE_rehash");

fn text(file: &str) -> String {
    std::fs::read_to_string(format!("{DEPLOY}/{file}")).expect("a file")
}

/// Whether there is such a program; a test without it is left out, and says so.
fn has(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = asked.is_ok();
    if !is_there {
        println!("left out: no {program} is installed");
    }
    is_there
}

#[test]
fn the_configuration_is_taken_with_what_is_commented_out_in_it_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let as_it_is = text("rehash.toml");
    // A key after a hash and one space is an option that is left out.
    let is_option = |line: &&str| line.strip_prefix("# ").is_some_and(|line| line.split(' ').nth(1) == Some("="));
    assert!(as_it_is.lines().filter(|line| is_option(line)).count() >= 3);
    let whole: String = as_it_is
        .lines()
        .map(|line| if is_option(&line) { format!("{}\n", &line[2..]) } else { format!("{line}\n") })
        .collect();
    let store = format!("sqlite:{}", directory.path().join("users.db").display());
    std::fs::write(directory.path().join("token"), "a-token-for-tests-0123456789").expect("written");
    for (number, text) in [as_it_is, whole].into_iter().enumerate() {
        // The ports of one machine may be taken.
        let text = text.replace("127.0.0.1:8080", "127.0.0.1:0").replace("127.0.0.1:9090", "127.0.0.1:0");
        std::fs::write(directory.path().join("rehash.toml"), text).expect("written");
        let mut process = Command::new(REHASH)
            .args(["serve", "--config", "rehash.toml", "--admin-token-file", "token", "--store", &store])
            .args(["--memory", "64KiB", "--passes", "1"])
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let listening = lines.map_while(Result::ok).take(4).find(|line| line.starts_with("listening on "));
        let _ = process.kill();
        process.wait().expect("ended");
        assert!(listening.is_some(), "the configuration {number} is refused");
    }
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    if !has("systemd-analyze") {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let unit = directory.path().join("rehash.service");
    std::fs::write(&unit, text("rehash.service").replace("/usr/local/bin/rehash", REHASH)).expect("written");
    let verified = Command::new("systemd-analyze").arg("verify").arg(&unit).output().expect("ran");
    let said = String::from_utf8_lossy(&verified.stderr);
    // What is wrong with other units of the machine is not ours.
    let ours: Vec<_> = said.lines().filter(|line| line.contains("rehash")).collect();
    assert!(ours.is_empty(), "{said}");
}

#[test]
fn two_instances_on_each_store_stand_by_each_other() {
    if !has("bash") || !has("curl") {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let mut stores = vec![format!("sqlite:{}", directory.path().join("users.db").display())];
    let server = std::env::var("REHASH_TEST_POSTGRES").ok();
    let schema = format!("rehash_deploy_{}", std::process::id());
    match &server {
        Some(server) => stores.push(format!("{server}?schema={schema}")),
        None => eprintln!("skipped: REHASH_TEST_POSTGRES is not set"),
    }
    for store in &stores {
        let output = Command::new("bash").args([&format!("{DEPLOY}/two-instances.sh"), REHASH, store]).output();
        let output = output.expect("ran");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{store}: {}{said}", String::from_utf8_lossy(&output.stdout));
    }
    if let Some(server) = &server {
        crate::instances::drop_schema(server, &schema);
    }
}
