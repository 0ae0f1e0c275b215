//! A service on a port of its own, and a client that speaks HTTP by hand, so that it can also speak it badly.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rehash::pool::{HashPool, PoolConfig};
use rehash::serve::{Config, FloorMode, Listening, Service, Table, Token, bind, listen};
use rehash::store::sqlite::Sqlite;
use rehash::store::{StoreError, Users};
use rehash::{Argon2Target, Engine, Policy};
use serde_json::Value;

pub(crate) const TOKEN: &str = "a-token-for-tests-0123456789";
pub(crate) const CHEAP: Argon2Target = Argon2Target { memory_kib: 64, passes: 1, lanes: 1 };

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) service: Service,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<Listening>>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
    pub(crate) time: Duration,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

pub(crate) fn engine(target: Argon2Target) -> Engine {
    Engine::new(Policy::builder(target).build().expect("within limits")).expect("entropy")
}

/// What tests need: no floor unless it is what is tried, no limits on rates.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.admin_token = Token::new(TOKEN);
    config.floor = FloorMode::Off;
    config.failures_per_address = 0;
    config.requests_per_address = 0;
    config.api_rate = 0;
    config
}

pub(crate) fn sqlite() -> Arc<dyn Users> {
    Arc::new(Sqlite::in_memory().expect("a store"))
}

impl Server {
    pub(crate) fn start(config: Config) -> Self {
        Self::over(sqlite(), PoolConfig { workers: 2, memory_kib: 1024, queue_len: 64 }, CHEAP, config)
    }

    pub(crate) fn over(store: Arc<dyn Users>, pool: PoolConfig, target: Argon2Target, config: Config) -> Self {
        Self::listening(pool, engine(target), config, |pool, config| Service::new(pool, store, config))
    }

    /// With a policy of its own, over an empty store.
    pub(crate) fn with_policy(policy: Policy, config: Config) -> Self {
        let pool = PoolConfig { workers: 2, memory_kib: 1024, queue_len: 64 };
        let engine = Engine::new(policy).expect("entropy");
        Self::listening(pool, engine, config, |pool, config| Service::new(pool, sqlite(), config))
    }

    pub(crate) fn over_table(
        table: Arc<impl Table + 'static>,
        pool: PoolConfig,
        target: Argon2Target,
        config: Config,
    ) -> Self {
        Self::listening(pool, engine(target), config, |pool, config| Service::over_table(pool, table, config))
    }

    fn listening(
        pool: PoolConfig,
        engine: Engine,
        mut config: Config,
        service: impl FnOnce(HashPool, Config) -> Result<Service, StoreError>,
    ) -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        config.log = Some(Arc::new(move |line: &str| lines.lock().expect("whole").push(line.to_owned())));
        let pool = HashPool::start(Arc::new(engine), pool).expect("a pool");
        let service = service(pool, config).expect("a service");
        let (bound, told) = std::sync::mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = service.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = bind(([127, 0, 0, 1], 0).into()).expect("a port");
                bound.send(listener.local_addr().expect("bound")).expect("heard");
                let shutdown = async {
                    let _ = stopped.await;
                };
                listen(&serving, listener, shutdown, Duration::from_secs(20)).await.expect("it listens")
            })
        });
        let address = told.recv().expect("it listens");
        Self { address, service, log, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("set");
        stream.set_nodelay(true).expect("set");
        stream
    }

    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = self.connect();
        let start = Instant::now();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        if !body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        // A server that refuses early may close before all is written.
        let _ = stream.write_all(&[head.as_bytes(), b"\r\n", body].concat());
        read_answer(&mut stream, start)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], b"")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    }

    pub(crate) fn admin(&self, method: &str, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {TOKEN}");
        let headers = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.request(method, path, &headers, body.as_bytes())
    }

    pub(crate) fn metrics(&self) -> String {
        self.admin("GET", "/metrics", &Value::Null).body
    }

    pub(crate) fn sign_in(&self, identifier: &str, password: &str) -> Answer {
        self.post("/v1/sign-in", &serde_json::json!({"identifier": identifier, "password": password}))
    }

    pub(crate) fn create(&self, user: &Value) -> String {
        let answer = self.admin("POST", "/api/users", user);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Ends it, and says how.
    pub(crate) fn stop(mut self) -> Listening {
        self.stop.take().map(|stop| stop.send(()));
        self.thread.take().expect("runs").join().expect("no panic")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }
}

/// One request on a connection of its own; `None` where there is no answer.
pub(crate) fn post(address: SocketAddr, path: &str, body: &Value) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).ok()?;
    let answer = read_answer(&mut stream, Instant::now());
    (answer.status != 0).then(|| (answer.status, serde_json::from_str(&answer.body).unwrap_or_default()))
}

/// All that comes until the connection closes, as one answer.
pub(crate) fn read_answer(stream: &mut TcpStream, start: Instant) -> Answer {
    let mut bytes = Vec::new();
    // A connection that is reset after its answer has still answered.
    let _ = stream.read_to_end(&mut bytes);
    let time = start.elapsed();
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_owned(), body: body.to_owned(), time }
}
