//! A server whose disk fills up while users are imported: what was committed stays and is counted, sign-ins go on, and when there is
//! room the same command ends what it began. The disk is a file system in memory; where none can be mounted (that needs to be root),
//! this is left out, and says so.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rehash::Password;
use rehash::sign_in::{Outcome, sign_in};
use rehash::store::{NewUser, OnConflict, StoreErrorKind, open};

use crate::cluster::Cluster;
use crate::stores::{OF_PASSWORD, bulk, counters_are_right, creating, engine, md5};

const RECORDS: u64 = 100_000;

/// A small file system of its own.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new(kib: u32) -> Option<Self> {
        let disk = Self(tempfile::tempdir().expect("a directory"));
        if !disk.mount(&format!("size={kib}k")) {
            eprintln!("left out: no file system can be mounted here");
            return None;
        }
        Some(disk)
    }

    fn mount(&self, options: &str) -> bool {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(self.path());
        mount.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut file = fs::File::create(self.path().join("filler")).expect("a file");
        let error = std::io::copy(&mut std::io::repeat(1), &mut file).expect_err("it has an end");
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{error}");
    }

    fn grow(&self, kib: u32) {
        let _ = fs::remove_file(self.path().join("filler"));
        assert!(self.mount(&format!("remount,size={kib}k")));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

fn import(directory: &Path, store: &str) -> (Option<i32>, serde_json::Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehash"));
    command.args(["import", "users.ndjson", "--json", "--quiet", "--store", store]).current_dir(directory);
    let output = command.stdin(Stdio::null()).output().expect("ran");
    let said = serde_json::from_slice(&output.stdout);
    (output.status.code(), said.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr))))
}

fn count(said: &serde_json::Value, name: &str) -> u64 {
    said[name].as_u64().unwrap_or(0)
}

fn write_users(directory: &Path) {
    let mut lines = String::new();
    for number in 0..RECORDS {
        let _ = writeln!(
            lines,
            r#"{{"username":"user{number}","passwordDigest":"{number:032x}","passwordAlgorithm":"MD5"}}"#
        );
    }
    fs::write(directory.join("users.ndjson"), lines).expect("written");
}

#[test]
fn a_server_without_room_keeps_what_was_committed_and_goes_on() {
    let Some(cluster) = Cluster::primary() else { return };
    let Some(disk) = Disk::new(12 * 1024) else { return };
    // The server's user writes there.
    let space = disk.path().join("space");
    fs::create_dir(&space).expect("a directory");
    chown(&space, Some(fs::metadata(cluster.data()).expect("there").uid()), None).expect("given");
    fs::set_permissions(disk.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("set");
    cluster.run(&format!("CREATE TABLESPACE small LOCATION '{}'", space.display()));
    cluster.run("ALTER DATABASE postgres SET default_tablespace = 'small'");

    let store = open(&cluster.url(""), &creating()).expect("a store");
    let hash = md5(OF_PASSWORD);
    let ada = NewUser { username: Some("ada"), password: Some(&hash), ..NewUser::default() };
    bulk(&*store, OnConflict::Skip, &[ada]);
    let directory = tempfile::tempdir().expect("a directory");
    write_users(directory.path());

    let (code, said) = import(directory.path(), &cluster.url(""));
    let committed = count(&said, "imported");
    assert_eq!((code, count(&said, "rejected")), (Some(69), 0), "{said}");
    assert!(committed > 0 && committed < RECORDS, "{said}");
    assert!(said["errors"][0].as_str().is_some_and(|error| error.contains("no space left")), "{said}");
    // What it says is what is there, whole.
    let stored = |expected: u64| {
        let counts = store.counts().expect("counts");
        assert_eq!(counts.iter().map(|count| count.records).sum::<u64>(), expected);
        counters_are_right(&*store);
    };
    stored(committed + 1);

    // Nobody is kept out: without any room, who cannot be upgraded signs in all the same.
    disk.fill();
    for user in ["ada", "user0"] {
        assert!(store.find(user).expect("readable").is_some(), "{user}");
    }
    let signed_in = sign_in(&engine(), &*store, "ada", &Password::new("password")).expect("accepted");
    match signed_in.upgrade {
        // There may have been room in a page of the table.
        Outcome::Written => {}
        Outcome::WriteFailed(error) => assert_eq!(error.kind(), StoreErrorKind::Full, "{error}"),
        other => panic!("{other:?}"),
    }
    assert!(sign_in(&engine(), &*store, "ada", &Password::new("wrong")).is_err());

    disk.grow(1024 * 1024);
    let (code, said) = import(directory.path(), &cluster.url(""));
    assert_eq!((code, count(&said, "records"), count(&said, "rejected")), (Some(0), RECORDS, 0), "{said}");
    assert_eq!(count(&said, "committed_earlier"), committed, "{said}");
    assert_eq!(count(&said, "imported"), RECORDS - committed, "{said}");
    stored(RECORDS + 1);
    let signed_in = sign_in(&engine(), &*store, "ada", &Password::new("password")).expect("accepted");
    assert!(matches!(signed_in.upgrade, Outcome::Written | Outcome::NotNeeded), "{:?}", signed_in.upgrade);
    // The server must be gone before its disk is.
    drop(store);
    drop(cluster);
}

/// Without room for its log a server does not refuse: it ends, with every process that it has, and does not come up again.
#[test]
fn a_server_that_ended_without_room_for_its_log_lost_nothing_and_the_import_goes_on() {
    let Some(cluster) = Cluster::primary() else { return };
    let Some(disk) = Disk::new(20 * 1024) else { return };
    fs::set_permissions(disk.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("set");
    let store = open(&cluster.url(""), &creating()).expect("a store");
    let hash = md5(OF_PASSWORD);
    let ada = NewUser { username: Some("ada"), password: Some(&hash), ..NewUser::default() };
    bulk(&*store, OnConflict::Skip, &[ada]);

    // Its log goes to the small disk.
    cluster.stop();
    let (log, place) = (cluster.data().join("pg_wal"), disk.path().join("log"));
    let moved = Command::new("cp").arg("--archive").args([&log, &place]).status();
    assert!(moved.expect("it runs").success());
    fs::remove_dir_all(&log).expect("removed");
    std::os::unix::fs::symlink(&place, &log).expect("linked");
    cluster.start();

    let directory = tempfile::tempdir().expect("a directory");
    write_users(directory.path());
    let mut first = Command::new(env!("CARGO_BIN_EXE_rehash"));
    first.args(["import", "users.ndjson", "--quiet", "--store", &cluster.url("")]).current_dir(directory.path());
    let mut first = first.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    while !cluster.log().contains("PANIC") {
        assert_eq!(first.try_wait().expect("a child"), None, "the log fitted the disk: {}", cluster.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    // It would wait a minute for the server; here both end at once.
    first.kill().expect("killed");
    first.wait().expect("a child");

    disk.grow(1024 * 1024);
    cluster.stop();
    cluster.start();
    let records = || store.counts().expect("counts").iter().map(|count| count.records).sum::<u64>();
    let committed = records() - 1;
    assert!(committed > 0 && committed < RECORDS, "{committed}");
    counters_are_right(&*store);
    let (code, said) = import(directory.path(), &cluster.url(""));
    assert_eq!((code, count(&said, "records"), count(&said, "rejected")), (Some(0), RECORDS, 0), "{said}");
    assert_eq!(count(&said, "committed_earlier"), committed, "{said}");
    assert_eq!(count(&said, "imported"), RECORDS - committed, "{said}");
    assert_eq!(records(), RECORDS + 1);
    counters_are_right(&*store);
    let signed_in = sign_in(&engine(), &*store, "ada", &Password::new("password")).expect("accepted");
    assert!(matches!(signed_in.upgrade, Outcome::Written), "{:?}", signed_in.upgrade);
    drop(store);
    drop(cluster);
}
