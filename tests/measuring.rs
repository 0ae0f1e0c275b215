//! `rehash bench` and `rehash calibrate` as processes, for fractions of a second: counts, the shape of the JSON, the report
//! and the rules of the cap. No figure is held against a clock: that would test the machine.
#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::panic, reason = "a test may")]
use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

use serde_json::Value;

fn rehash(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehash"));
    command.current_dir(directory).args(arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("REHASH_")) {
        command.env_remove(name);
    }
    command.output().expect("it runs")
}

fn json(arguments: &[&str]) -> (Value, Output) {
    let directory = tempfile::tempdir().expect("a directory");
    let output = rehash(directory.path(), arguments);
    let value = serde_json::from_slice(&output.stdout);
    (value.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr))), output)
}

fn rows(report: &Value) -> &[Value] {
    report["rows"].as_array().expect("rows")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn every_family_is_measured_in_a_stable_order() {
    let arguments = ["bench", "--json", "--duration", "1ms", "--concurrency", "1", "--memory", "1MiB", "--passes", "1"];
    let (report, output) = json(&arguments);
    assert_eq!(output.status.code(), Some(0));
    let rows = rows(&report);
    let names: Vec<_> = rows.iter().map(|row| row["name"].as_str().expect("a name")).collect();
    for name in
        ["md5", "descrypt", "phpass", "sha512crypt", "django_pbkdf2", "bcrypt", "scrypt7", "yescrypt", "argon2id"]
    {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    assert_eq!(names[names.len() - 4..], ["md5, upgraded", "bcrypt, upgraded", "argon2id", "unknown user"]);
    for row in rows {
        // Five slices, at least one in each.
        assert!(number(&row["operations"]) >= 5.0, "{row}");
        let order = ["p50_ns", "p95_ns", "p99_ns"].map(|name| number(&row[name]));
        assert!(order[0] > 0.0 && order.is_sorted(), "{row}");
        for field in ["per_second", "wall_ns", "cpu_ns"] {
            assert!(number(&row[field]) > 0.0, "{field} of {row}");
        }
        assert_eq!(row["steady"], number(&row["cv_percent"]) < 5.0, "{row}");
        assert!(row["peak_memory_kib"].is_u64(), "{row}");
    }
    assert_eq!(report["steady"], rows.iter().all(|row| row["steady"] == true));
    for field in ["cpu", "instructions", "build", "version"] {
        assert!(report["machine"][field].as_str().is_some_and(|text| !text.is_empty()), "{field}");
    }
    assert_eq!(report["duration_ms"], 1);
    let is_warned = String::from_utf8_lossy(&output.stderr).contains("debug build");
    assert_eq!(is_warned, report["machine"]["build"] == "debug");
}

#[test]
fn each_is_measured_at_each_concurrency_once_in_the_order_given() {
    let (report, _) = json(&[
        "bench",
        "--json",
        "--duration",
        "5ms",
        "--concurrency",
        "3,1,3",
        "--jobs",
        "2",
        "--memory",
        "1MiB",
        "--passes",
        "1",
        "--method",
        "md5,argon2id",
    ]);
    assert_eq!(report["jobs"], 2);
    let seen: Vec<_> = rows(&report)
        .iter()
        .map(|row| {
            assert!(number(&row["operations"]) >= 5.0 * number(&row["concurrency"]), "{row}");
            (row["kind"].as_str().expect("a kind"), row["name"].as_str().expect("a name"), number(&row["concurrency"]))
        })
        .collect();
    let names = [
        ("verify", "md5"),
        ("verify", "argon2id"),
        ("sign-in", "md5, upgraded"),
        ("sign-in", "argon2id"),
        ("sign-in", "unknown user"),
    ];
    let expected: Vec<_> = names.into_iter().flat_map(|(kind, name)| [(kind, name, 3.0), (kind, name, 1.0)]).collect();
    assert_eq!(seen, expected);
}

#[test]
fn the_table_and_the_report_say_the_same() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = rehash(
        directory.path(),
        &[
            "bench",
            "--duration",
            "5ms",
            "--method",
            "md5",
            "--method",
            "expression,argon2id",
            "--html",
            "report.html",
            "--memory",
            "1MiB",
            "--passes",
            "1",
            "--concurrency",
            "1",
        ],
    );
    assert_eq!(output.status.code(), Some(0));
    let (table, page) = (
        String::from_utf8(output.stdout).expect("text"),
        std::fs::read_to_string(directory.path().join("report.html")).expect("written"),
    );
    for name in ["md5", "expression", "argon2id", "md5, upgraded", "unknown user"] {
        assert!(table.lines().any(|line| line.starts_with(name)), "{name} is not in\n{table}");
        assert!(page.contains(&format!("<td>{name}</td>")), "{name}");
    }
    assert!(!table.contains("bcrypt") && !page.contains("bcrypt"));
    assert_eq!(page.matches("<svg ").count(), 4);
    assert_eq!(page.matches("<rect ").count(), page.matches("/><text ").count());
    // It needs no other file, and nothing of the network.
    for absent in ["http:", "https:", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(absent), "{absent}");
    }
    for element in ["html", "body", "table", "svg", "tr", "td", "text", "p"] {
        let opened = page.matches(&format!("<{element}>")).count() + page.matches(&format!("<{element} ")).count();
        assert_eq!(opened, page.matches(&format!("</{element}>")).count(), "{element}");
    }
}

#[test]
fn what_is_above_the_cap_is_not_begun_and_what_is_within_stays_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let arguments = |cap: &'static str| {
        [
            "bench",
            "--json",
            "--duration",
            "20ms",
            "--method",
            "argon2id",
            "--memory",
            "16MiB",
            "--passes",
            "1",
            "--concurrency",
            "3",
            "--jobs",
            "2",
            "--memory-cap",
            cap,
        ]
    };
    // Two workers: whatever the clients, two at once.
    let refused = rehash(directory.path(), &arguments("32767KiB"));
    assert_eq!(refused.status.code(), Some(65));
    assert!(refused.stdout.is_empty());
    let (report, _) = json(&arguments("32MiB"));
    for row in rows(&report) {
        let peak = number(&row["peak_memory_kib"]);
        // And what the threads take.
        assert!((16_384.0..=32_768.0 * 1.1 + 1024.0).contains(&peak), "{row}");
    }
}

#[test]
fn a_calibration_stays_within_its_cap_and_above_the_floor() {
    const CAP_KIB: u64 = 96 * 1024;
    let started = Instant::now();
    let (report, output) =
        json(&["calibrate", "--json", "--target", "5s", "--concurrency", "2", "--memory-cap", "96MiB", "--lanes", "2"]);
    // The one promise about time: a minute.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(report["peak_memory_kib"].as_u64().expect("Linux says") <= CAP_KIB, "{report}");
    let field = |name: &str| report[name].as_u64().expect("a number");
    let (memory, passes) = (field("memory_kib"), field("passes"));
    // (96 - 16) / 2 - 2 = 38 MiB is the most that there is, and five seconds are time for all of it.
    assert_eq!((memory, field("lanes")), (38 * 1024, 2));
    assert!(passes >= 2);
    assert_eq!(report["choice"], format!("$argon2id$v=19$m={memory},t={passes},p=2"));
    assert_eq!(report["flags"], format!("--memory {memory}KiB --passes {passes} --lanes 2"));
    let names: Vec<_> = rows(&report).iter().map(|row| row["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["this choice", "owasp-19-mib", "owasp-46-mib", "rfc-9106-low-memory"]);
    assert_eq!(rows(&report)[2]["why_not"], "above the cap");
    assert_eq!(rows(&report)[0]["memory_bill_kib"], 2 * memory);
    if report["measured"] == true {
        assert!(number(&rows(&report)[0]["p50_ms"]) <= 5000.0, "{report}");
    }
}

#[test]
fn what_no_parameters_can_do_is_said_with_the_nearest() {
    let arguments = ["calibrate", "--json", "--target", "10us", "--concurrency", "2", "--memory-cap", "64MiB"];
    let (report, output) = json(&arguments);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!((&report["choice"], &report["policy"], &report["flags"]), (&Value::Null, &Value::Null, &Value::Null));
    let nearest = &rows(&report)[0];
    assert_eq!((&nearest["name"], &nearest["parameters"]), (&"the nearest".into(), &"m=7168,t=5,p=1".into()));
    assert!(number(&nearest["p50_ms"]) > 0.01);
    assert_eq!(report["nearest_concurrency"], 0);

    let directory = tempfile::tempdir().expect("a directory");
    let arguments: Vec<_> = arguments.into_iter().filter(|argument| *argument != "--json").collect();
    let output = rehash(directory.path(), &arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("no parameters fit"));
}
