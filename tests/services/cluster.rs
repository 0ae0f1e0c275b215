//! Servers of the tests' own: one that speaks TLS, and one that follows another and takes no writes. They are made from the
//! programs of the PostgreSQL that is installed here; where there is none, these tests are left out, and say so.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rehash::Password;
use rehash::sign_in::{Outcome, sign_in};
use rehash::store::{NewUser, OnConflict, OpenOptions, StoreErrorKind, open};

use crate::stores::{OF_PASSWORD, bulk, creating, engine, md5};

/// A server in a directory, ended when this is dropped.
pub(crate) struct Cluster {
    directory: tempfile::TempDir,
    programs: PathBuf,
    pub(crate) port: u16,
}

/// The newest programs of a server.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut all: Vec<_> = versions.flatten().map(|version| version.path().join("bin")).collect();
    all.retain(|bin| bin.join("initdb").exists());
    all.sort();
    all.pop()
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// The server refuses to run as root: then it runs as the user whose it usually is.
fn as_its_user(program: &Path) -> Command {
    let is_root = std::fs::metadata("/proc/self").expect("there").uid() == 0;
    let mut command = if is_root { Command::new("runuser") } else { Command::new(program) };
    if is_root {
        command.args(["-u", "postgres", "--"]).arg(program);
    }
    command
}

/// Whether a server can be made here at all: its user can write to the directory, and there is what makes certificates.
fn is_possible(directory: &Path) -> bool {
    let succeeds = |command: &mut Command| {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    };
    let mut writable = as_its_user(Path::new("/usr/bin/test"));
    succeeds(writable.arg("-w").arg(directory)) && succeeds(Command::new("openssl").arg("version"))
}

fn run(program: &Path, arguments: &[&str]) {
    let mut command = as_its_user(program);
    // Its output goes to a file: the server inherits it, and would hold a pipe open.
    let log = tempfile::NamedTempFile::new().expect("a file");
    let output = || Stdio::from(log.reopen().expect("the file"));
    command.args(arguments).current_dir("/").stdin(Stdio::null()).stdout(output()).stderr(output());
    let ended = command.status().expect("it runs");
    let said = std::fs::read_to_string(log.path()).unwrap_or_default();
    assert!(ended.success(), "{} {arguments:?}: {said}", program.display());
}

impl Cluster {
    fn new(settings: &str, fill: impl FnOnce(&Path, &Path)) -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!("left out: no programs of a PostgreSQL server are installed");
            return None;
        };
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).expect("set");
        if !is_possible(directory.path()) {
            eprintln!("left out: no server of its own can be run here");
            return None;
        }
        let cluster = Self { directory, programs, port: free_port() };
        fill(&cluster.programs, &cluster.data());
        let own = format!(
            "\nport = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n{settings}\n",
            cluster.port
        );
        let file = cluster.data().join("postgresql.conf");
        let text = std::fs::read_to_string(&file).expect("a configuration") + &own;
        std::fs::write(&file, text).expect("written");
        cluster.start();
        Some(cluster)
    }

    /// One that others can follow.
    pub(crate) fn primary() -> Option<Self> {
        Self::new("wal_level = replica\nmax_wal_senders = 4\nhot_standby = on", initialize)
    }

    /// One that follows this one, and takes no writes.
    pub(crate) fn standby(&self) -> Option<Self> {
        let port = self.port.to_string();
        Self::new("", |programs, data| {
            let from = [
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-U",
                "postgres",
                "-X",
                "stream",
                "-c",
                "fast",
                "-R",
                "-D",
                text_of(data),
            ];
            run(&programs.join("pg_basebackup"), &from);
        })
    }

    pub(crate) fn start(&self) {
        let (data, log) = (self.data(), self.directory.path().join("log"));
        let arguments = ["-D", text_of(&data), "-l", text_of(&log), "-w", "-t", "60", "start"];
        run(&self.programs.join("pg_ctl"), &arguments);
    }

    /// Ends it at once, if it runs; what was committed is found again at its next start.
    pub(crate) fn stop(&self) {
        let mut stop = as_its_user(&self.programs.join("pg_ctl"));
        stop.args(["-D", text_of(&self.data()), "-m", "immediate", "-w", "stop"]).current_dir("/");
        // It may not have come up, which is said where it is started.
        let _ = stop.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }

    /// Makes one that follows take writes.
    pub(crate) fn promote(&self) {
        run(&self.programs.join("pg_ctl"), &["-D", text_of(&self.data()), "-w", "-t", "60", "promote"]);
    }

    /// Kills it and all its processes without warning, as a machine dies; returns when they are gone.
    pub(crate) fn kill(&self) {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).expect("it runs");
        let process = file.lines().next().expect("a process").to_owned();
        let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).expect("they run");
        let all: Vec<_> = std::iter::once(process.as_str()).chain(children.split_whitespace()).collect();
        // One of them may have ended meanwhile.
        let _ = Command::new("kill").arg("-KILL").args(&all).stderr(Stdio::null()).status();
        while all.iter().any(|process| is_alive(process)) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        // A process that nobody has asked after still has its number, and its lock would be taken for a server's that runs.
        std::fs::remove_file(self.data().join("postmaster.pid")).expect("removed");
    }

    /// One statement; how many rows there are.
    pub(crate) fn run(&self, sql: &str) -> usize {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let connected = tokio_postgres::connect(&self.url(""), tokio_postgres::NoTls).await;
            let (client, connection) = connected.expect("a server");
            tokio::spawn(connection);
            let said = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
            said.iter().filter(|message| matches!(message, tokio_postgres::SimpleQueryMessage::Row(_))).count()
        })
    }

    /// What it wrote of itself.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    pub(crate) fn url(&self, options: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres{options}", self.port)
    }
}

/// Whether there is such a process, and not only what nobody has asked after.
fn is_alive(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| rest.len() > 1 && !rest.starts_with(" Z"))
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

fn text_of(path: &Path) -> &str {
    path.to_str().expect("a text")
}

fn initialize(programs: &Path, data: &Path) {
    run(&programs.join("initdb"), &["-D", text_of(data), "-U", "postgres", "--auth=trust", "--no-sync"]);
}

/// A certificate for 127.0.0.1 of its own making, where the server reads it.
fn certify(data: &Path) {
    let made = Command::new("openssl")
        .args(["req", "-new", "-x509", "-days", "2", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
        .args([
            "-subj",
            "/CN=test",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .arg("-keyout")
        .arg(data.join("server.key"))
        .arg("-out")
        .arg(data.join("server.crt"))
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let owner = std::fs::metadata(data).expect("there").uid();
    std::os::unix::fs::chown(data.join("server.key"), Some(owner), None).expect("given");
    std::fs::set_permissions(data.join("server.key"), std::fs::Permissions::from_mode(0o600)).expect("set");
}

#[test]
fn a_server_with_a_certificate_that_is_named_is_spoken_to_in_tls() {
    let made = Cluster::new("ssl = on", |programs, data| {
        initialize(programs, data);
        certify(data);
        // Nothing but TLS gets in.
        std::fs::write(data.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n").expect("written");
    });
    let Some(cluster) = made else { return };
    let certificate = cluster.directory.path().join("root.crt");
    std::fs::copy(cluster.data().join("server.crt"), &certificate).expect("copied");
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = cluster.url(&format!("?sslmode={mode}&sslrootcert={}", certificate.display()));
        let store = open(&url, &creating()).unwrap_or_else(|error| panic!("{mode}: {error}"));
        assert_eq!(store.info().expect("known").kind, "postgres");
        // And so are the tables of others.
        let mut options = crate::source::query("SELECT id, username FROM rehash.users", "id");
        options.ca_file = Some(certificate.clone());
        crate::source::read(&cluster.url(&format!("?sslmode={mode}")), &options);
    }
    // Nobody vouches for it, it is called something else, or it is not spoken to in TLS at all.
    let stranger = cluster
        .url(&format!("?sslmode=verify-full&sslrootcert={}", certificate.display()))
        .replace("127.0.0.1", "localhost");
    for url in [cluster.url("?sslmode=verify-full"), stranger, cluster.url("?sslmode=disable")] {
        let error = open(&url, &OpenOptions::default()).map(drop).expect_err("refused");
        assert_eq!(error.kind(), StoreErrorKind::Unreachable, "{url}: {error}");
    }
}

#[test]
fn at_a_replica_sign_ins_succeed_and_upgrades_are_not_written() {
    let Some(primary) = Cluster::primary() else { return };
    let store = open(&primary.url(""), &creating()).expect("a store");
    let hash = md5(OF_PASSWORD);
    let ada = NewUser { username: Some("ada"), password: Some(&hash), ..NewUser::default() };
    bulk(&*store, OnConflict::Skip, &[ada]);
    let Some(replica) = primary.standby() else { return };
    let standby = open(&replica.url(""), &OpenOptions::default()).expect("readable");
    assert!(standby.info().expect("known").is_read_only);
    let signed_in = sign_in(&engine(), &*standby, "ada", &Password::new("password")).expect("accepted");
    match signed_in.upgrade {
        Outcome::WriteFailed(error) => assert_eq!(error.kind(), StoreErrorKind::ReadOnly, "{error}"),
        other => panic!("{other:?}"),
    }
    assert!(sign_in(&engine(), &*standby, "ada", &Password::new("wrong")).is_err());
    // Where guesses cannot be counted, that is said; the service then counts for itself.
    let subject = rehash::store::Subject { name: "identifier ada", limit: 3, is_forgiven: true };
    assert!(standby.begin_guess(&[subject], std::time::Duration::from_secs(60)).is_err());
    // What the primary takes arrives.
    assert!(matches!(
        sign_in(&engine(), &*store, "ada", &Password::new("password")).expect("accepted").upgrade,
        Outcome::Written
    ));
    let is_there = || standby.find("ada").ok().flatten().and_then(|found| found.password);
    let arrives = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        is_there().is_some_and(|tagged| tagged.method == "argon2id")
    });
    assert!(arrives);
}
