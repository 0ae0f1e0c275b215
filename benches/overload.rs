//! Far more sign-ins than can be hashed, sent to `rehash serve` as a process of its own by this one: how soon those are told
//! that there is no room, how long those wait that are let in, whether health answers meanwhile (where the visitors are, and on the
//! address for operators), what memory the service
//! takes, and how much of the pool's own rate is left.
//!
//! This process stands for the machines of visitors. It takes a part of the same processors, which is printed; where it may, it
//! goes before the service in line for them, as its clock must not wait for the service's hashing.
//!
//! `REHASH_BENCH_CLIENTS` is how many connections there are (default 500), `REHASH_BENCH_SECONDS` for how long in all (default 15),
//! `REHASH_BENCH_BACK_OFF_MS` after what time one that was told 503 comes back (default 1000, which is what it is told),
//! `REHASH_BENCH_STORE` the store (default a new SQLite file), `REHASH_BENCH_REHASH` another build of the command, and
//! `REHASH_BENCH_ARGUMENTS` more arguments for it. With `REHASH_BENCH_HOLD=on` the bounds that README.md states are asserted.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a bench may")]

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rehash::pool::{HashPool, PoolConfig};
use rehash::{Argon2Target, Engine, Password, Policy};

const TOKEN: &str = "a-token-of-the-bench-0123456789";
const TARGET: Argon2Target = Argon2Target::OWASP_19_MIB;
const WORKERS: usize = 2;
const MEMORY_KIB: u32 = 2 * TARGET.memory_kib;
const USERS: usize = 50;
/// How soon the others are told, and health is answered.
const SHED_WITHIN: Duration = Duration::from_millis(50);
const HEALTH_WITHIN: Duration = Duration::from_millis(10);
/// The storm comes in so many parts, with the pool by itself before, between and after them: what else the machine does falls on
/// both.
const PARTS: u32 = 5;
/// How long the pool's own rate is measured each time.
const OWN: Duration = Duration::from_secs(2);

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Answers that took so long, by what they said.
#[derive(Default)]
struct Times {
    accepted: Vec<Duration>,
    shed: Vec<Duration>,
    /// Those that came before the end. After it, those who were turned away do not come back, and the service has less to do.
    accepted_in_time: usize,
    asked_in_time: usize,
}

/// What came of the parts of a storm.
#[derive(Default)]
struct Storm {
    times: Times,
    health: [Vec<Duration>; 3],
    cpu: f64,
    own_cpu: f64,
}

impl Storm {
    fn add(&mut self, (times, health): (Times, [Vec<Duration>; 3]), cpu: f64, own_cpu: f64) {
        self.times.accepted.extend(times.accepted);
        self.times.shed.extend(times.shed);
        self.times.accepted_in_time += times.accepted_in_time;
        self.times.asked_in_time += times.asked_in_time;
        self.health.iter_mut().zip(health).for_each(|(all, some)| all.extend(some));
        self.cpu += cpu;
        self.own_cpu += own_cpu;
    }
}

fn main() {
    let clients = usize::try_from(number("REHASH_BENCH_CLIENTS", 500)).unwrap();
    let time = Duration::from_secs(number("REHASH_BENCH_SECONDS", 15));
    let back_off = Duration::from_millis(number("REHASH_BENCH_BACK_OFF_MS", 1000));
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(directory.path());
    service.fill();
    let engine = Arc::new(Engine::new(Policy::builder(TARGET).build().unwrap()).unwrap());
    let mut own = vec![own_rate(&engine)];
    let idle_kib = service.status_kib("VmRSS");
    let goes_first = go_first();
    let mut total = Storm::default();
    for _ in 0..PARTS {
        let (cpu, own_cpu) = (service.cpu(), cpu_of("/proc/self/stat"));
        let part = storm([service.address, service.operators], clients, time / PARTS, back_off);
        total.add(part, service.cpu() - cpu, cpu_of("/proc/self/stat") - own_cpu);
        own.push(own_rate(&engine));
    }
    let peak_kib = service.status_kib("VmHWM");
    let Storm { times, health, cpu, own_cpu } = total;
    let (least, most) = own.iter().fold((f64::MAX, 0f64), |(least, most), own| (least.min(*own), most.max(*own)));
    let own = own.iter().sum::<f64>() / own.len() as f64;

    let seconds = time.as_secs_f64();
    let (rate, asked) = (times.accepted_in_time as f64 / seconds, times.asked_in_time as f64 / seconds);
    println!(
        "{clients} connections for {seconds:.0} s, back after {} ms where there is no room: {asked:.0} requests a second{}",
        back_off.as_millis(),
        if goes_first { "" } else { "; this process may not go before the service, so its clock waits for it" }
    );
    println!("{:<28} {:>8} {:>9} {:>9} {:>9}", "", "answers", "p50 ms", "p99 ms", "max ms");
    let accepted = show("sign-ins that are let in", times.accepted, service.floor);
    let shed = show("503", times.shed, SHED_WITHIN);
    let [health, apart, late] = health;
    let health = show("/healthz where visitors are", health, HEALTH_WITHIN);
    let apart = show("/healthz for operators", apart, HEALTH_WITHIN);
    show("the machine's own delays", late, HEALTH_WITHIN);
    println!(
        "{rate:.1} sign-ins a second; the pool alone {own:.1} (from {least:.1} to {most:.1}); ratio {:.3}",
        rate / own
    );
    println!(
        "processors: service {:.2}, this process {:.2}; of what this one left, the ratio is {:.3}",
        cpu / seconds,
        own_cpu / seconds,
        rate / own / (1.0 - own_cpu / seconds / WORKERS as f64)
    );
    let promised_kib = u64::from(MEMORY_KIB) + promise_beside_kib(clients);
    println!("memory: {idle_kib} KiB idle, {peak_kib} KiB at most, of {promised_kib} KiB");
    if std::env::var("REHASH_BENCH_HOLD").as_deref() == Ok("on") {
        let within =
            |bound: Duration, what: f64| assert!(what <= bound.as_secs_f64() * 1e3, "{what} ms, not {bound:?}");
        within(SHED_WITHIN, shed.max);
        within(HEALTH_WITHIN, health.max);
        within(HEALTH_WITHIN, apart.max);
        within(service.floor, accepted.p99);
        assert!(rate >= 0.9 * own && peak_kib <= promised_kib);
    }
}

/// What the service takes beside its hashes: the program, and 20 KiB for each connection.
fn promise_beside_kib(connections: usize) -> u64 {
    32 * 1024 + 20 * connections as u64
}

/// Of many times: the greatest, and what ninety-nine of a hundred are at or below, in milliseconds.
struct Shown {
    p99: f64,
    max: f64,
}

fn show(what: &str, mut times: Vec<Duration>, bound: Duration) -> Shown {
    let over = times.iter().filter(|time| **time > bound).count();
    times.sort_unstable();
    let at = |part: usize| times.get((times.len() * part / 100).min(times.len().saturating_sub(1)));
    let milliseconds = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e3);
    let [p50, p99, max] = [at(50), at(99), times.last()].map(milliseconds);
    println!("{what:<28} {:>8} {p50:>9.2} {p99:>9.2} {max:>9.2}, {over} over {} ms", times.len(), bound.as_millis());
    Shown { p99, max }
}

/// What a pool of the same size does by itself.
fn own_rate(engine: &Arc<Engine>) -> f64 {
    let config = PoolConfig { workers: WORKERS, memory_kib: MEMORY_KIB, queue_len: 64 };
    let pool = HashPool::start(Arc::clone(engine), config).unwrap();
    let stored = engine.hash(&Password::new("password")).unwrap();
    let start = Instant::now();
    let mut done = 0;
    let mut waiting = std::collections::VecDeque::new();
    while start.elapsed() < OWN {
        while waiting.len() < 16 {
            waiting.push_back(pool.verify(stored.clone(), Password::new("password"), None).unwrap());
        }
        let job: rehash::pool::Job<_> = waiting.pop_front().unwrap();
        assert!(job.wait().unwrap().is_ok());
        done += 1;
    }
    f64::from(done) / start.elapsed().as_secs_f64()
}

#[cfg(target_os = "linux")]
fn go_first() -> bool {
    rustix::process::setpriority_process(None, -15).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn go_first() -> bool {
    false
}

/// All connections, on one thread; and one that asks for health, beside them.
fn storm(
    addresses: [SocketAddr; 2],
    clients: usize,
    time: Duration,
    back_off: Duration,
) -> (Times, [Vec<Duration>; 3]) {
    let (is_over, [address, _]) = (&AtomicBool::new(false), addresses);
    std::thread::scope(|scope| {
        let [visitors, operators] = addresses.map(|address| scope.spawn(move || ask_for_health(address, is_over)));
        let health = [visitors, operators, scope.spawn(move || be_late(is_over))];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let times = Rc::new(RefCell::new(Times::default()));
        let all = tokio::task::LocalSet::new();
        let streams: Vec<_> = runtime.block_on(async {
            let mut streams = Vec::new();
            for _ in 0..clients {
                streams.push(tokio::net::TcpStream::connect(address).await.unwrap());
            }
            streams
        });
        // All of them at one moment.
        let start = Instant::now();
        for (number, stream) in streams.into_iter().enumerate() {
            all.spawn_local(visit(stream, number, start + time, back_off, Rc::clone(&times)));
        }
        runtime.block_on(all);
        is_over.store(true, Ordering::Relaxed);
        (times.take(), health.map(|asked| asked.join().unwrap()))
    })
}

/// One visitor after the other, on one connection.
async fn visit(
    stream: tokio::net::TcpStream,
    number: usize,
    end: Instant,
    back_off: Duration,
    times: Rc<RefCell<Times>>,
) {
    stream.set_nodelay(true).unwrap();
    let body = format!("{{\"identifier\":\"user{}\",\"password\":\"password\"}}", number % USERS);
    let request = format!(
        "POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    while Instant::now() < end {
        let start = Instant::now();
        assert_eq!(stream.try_write(request.as_bytes()).unwrap(), request.len());
        let status = status(&stream).await;
        let elapsed = start.elapsed();
        let is_in_time = usize::from(start + elapsed <= end);
        times.borrow_mut().asked_in_time += is_in_time;
        match status {
            200 => {
                times.borrow_mut().accepted.push(elapsed);
                times.borrow_mut().accepted_in_time += is_in_time;
            }
            503 => {
                times.borrow_mut().shed.push(elapsed);
                // Up to half as much again: they were turned away together, and need not come back together.
                let back = start + elapsed + back_off + back_off * (7 * number % 97) as u32 / 194;
                tokio::time::sleep_until(back.min(end).into()).await;
            }
            other => panic!("answered {other}"),
        }
    }
}

async fn status(stream: &tokio::net::TcpStream) -> u16 {
    let (mut buffer, mut filled) = ([0; 4096], 0);
    loop {
        stream.readable().await.unwrap();
        match stream.try_read(&mut buffer[filled..]) {
            Ok(read) => {
                assert!(read > 0, "the connection ended");
                filled += read;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(error) => panic!("{error}"),
        }
        if let Some(status) = whole(&buffer[..filled]) {
            return status;
        }
    }
}

/// The status, where the answer is there to its end.
fn whole(bytes: &[u8]) -> Option<u16> {
    let (head, body) = std::str::from_utf8(bytes).unwrap().split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    (body.len() >= length.map_or(0, |length| length.parse().unwrap())).then(|| head[9..12].parse().unwrap())
}

/// By how much more than it asked for a thread sleeps that goes before all others: what no program on this machine can do anything
/// about, as where others have its processors for a while.
fn be_late(is_over: &AtomicBool) -> Vec<Duration> {
    let _is_first = rehash::serve::come_first() || go_first();
    let mut times = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let (start, nap) = (Instant::now(), Duration::from_millis(2));
        std::thread::sleep(nap);
        times.push(start.elapsed().saturating_sub(nap));
    }
    times
}

/// Each second time on a connection of its own, as one does who looks after a service from outside.
fn ask_for_health(address: SocketAddr, is_over: &AtomicBool) -> Vec<Duration> {
    // As if from a machine of its own: what it waits for a processor of this one is not the service's.
    let _is_first = rehash::serve::come_first() || go_first();
    let (mut times, begin) = (Vec::new(), Instant::now());
    let mut kept = TcpStream::connect(address).unwrap();
    kept.set_nodelay(true).unwrap();
    while !is_over.load(Ordering::Relaxed) {
        for is_new in [false, true] {
            let start = Instant::now();
            let mut fresh;
            let stream = if is_new {
                fresh = TcpStream::connect(address).unwrap();
                &mut fresh
            } else {
                &mut kept
            };
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            let (mut buffer, mut filled) = ([0; 1024], 0);
            while whole(&buffer[..filled]).is_none() {
                filled += stream.read(&mut buffer[filled..]).unwrap();
            }
            times.push(start.elapsed());
            if start.elapsed() > HEALTH_WITHIN {
                println!("/healthz took {:?} at {:?}", start.elapsed(), begin.elapsed());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    times
}

/// `rehash serve`, ended when this is dropped.
struct Service {
    process: Child,
    address: SocketAddr,
    operators: SocketAddr,
    floor: Duration,
}

impl Service {
    fn start(directory: &std::path::Path) -> Self {
        let token = directory.join("token");
        std::fs::write(&token, TOKEN).unwrap();
        let sqlite = format!("sqlite:{}", directory.join("users.db").display());
        let program = std::env::var("REHASH_BENCH_REHASH").unwrap_or_else(|_| env!("CARGO_BIN_EXE_rehash").to_owned());
        let more = std::env::var("REHASH_BENCH_ARGUMENTS").unwrap_or_default();
        let mut process = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--operations-listen", "127.0.0.1:0", "--api-rate", "0"])
            .args(["--max-failures", "0", "--max-address-failures", "0", "--concurrency", &WORKERS.to_string()])
            .args(["--memory", &format!("{}KiB", TARGET.memory_kib), "--passes", &TARGET.passes.to_string()])
            .args(["--pool-memory", &format!("{MEMORY_KIB}KiB"), "--store"])
            .arg(std::env::var("REHASH_BENCH_STORE").unwrap_or(sqlite))
            .arg("--admin-token-file")
            .arg(&token)
            .args(more.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(directory.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let [first, second, third] = [(); 3].map(|()| lines.next().unwrap());
        let address = first.strip_prefix("listening on http://").unwrap().parse().unwrap();
        let operators = third.strip_prefix("for operators on http://").unwrap().parse().unwrap();
        println!("{second}");
        let floor = second.split("refusals wait for ").nth(1).unwrap().trim_end_matches(" ms").parse().unwrap();
        Self { process, address, operators, floor: Duration::from_millis(floor) }
    }

    fn fill(&self) {
        for number in 0..USERS {
            let body = format!("{{\"username\":\"user{number}\",\"password\":\"password\"}}");
            let mut stream = TcpStream::connect(self.address).unwrap();
            let head = format!("Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nConnection: close");
            write!(
                stream,
                "POST /api/users HTTP/1.1\r\nHost: x\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            let is_there = answer.contains("duplicate_user");
            assert!(answer.starts_with("HTTP/1.1 200 ") || is_there, "{answer}");
        }
    }

    fn status_kib(&self, name: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    fn cpu(&self) -> f64 {
        cpu_of(&format!("/proc/{}/stat", self.process.id()))
    }
}

/// Seconds of processor time that a process has taken. A tick is a hundredth of a second on every Linux there is.
fn cpu_of(stat: &str) -> f64 {
    let text = std::fs::read_to_string(stat).unwrap();
    let rest = text.rsplit(')').next().unwrap();
    let ticks: u64 = rest.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    ticks as f64 / 100.0
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
