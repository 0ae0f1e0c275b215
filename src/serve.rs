//! The sign-in service over HTTP: a router that an embedder can mount, and a listener that holds its limits.
//!
//! Everything that hashes goes through one [`HashPool`], everything that asks the store through a bounded set of blocking
//! threads. A refusal is one answer, whatever is behind it, and comes no earlier than the floor. What this does not do: it
//! keeps no sessions, sends no mail, speaks no TLS (a proxy in front does), and answers no browser's cross-origin request.
//!
//! | route | what it does | token |
//! |---|---|---|
//! | `POST /v1/sign-in` | verifies, upgrades, answers with the user | the API token, where one is set |
//! | `POST /v1/password` | changes a password: verifies the old one, compare-and-swap | the same |
//! | `POST /v1/verify` | record and password in, verdict and replacement out, for those who keep their own table | the same |
//! | `POST /v1/hash` | a new Argon2id hash | the same |
//! | `POST /api/users` | creates a user, with a hash of any method or a password | the admin token |
//! | `GET /api/users` | the users who have exactly this username, email or phone, or all by pages | the admin token |
//! | `GET`, `PATCH`, `DELETE /api/users/{id}` | the user, without the hash; changes; is deleted | the admin token |
//! | `PATCH /api/users/{id}/custom-data`, `/profile` | adds to what is kept of a user | the admin token |
//! | `PATCH /api/users/{id}/password`, `POST …/password/verify`, `GET …/has-password` | sets, tries, asks for a password | the admin token |
//! | `POST /api/users/{id}/identities`, `PUT`, `DELETE …/{target}` | links, replaces, takes away a social identity | the admin token |
//! | `GET /healthz`, `/readyz`, `/openapi.json` | health, readiness, description | none |
//! | `GET /metrics` | Prometheus metrics | the admin token, unless it is turned off |
//! | `GET /` | the status page, where it is turned on | the admin token |
//!
//! What operators ask, the last three rows, can be had on a listener of its own as well ([`listen_for_operators`]), which no storm of
//! visitors reaches.
//!
//! Over a table of the embedder's own ([`Service::over_table`]) there is nothing under `/api`.

mod accounts;
mod admission;
mod answer;
mod aside;
mod auth;
mod blocking;
mod body;
mod config;
mod counted;
mod floor;
mod guess;
mod listener;
mod manage;
mod members;
mod metrics;
mod middleware;
mod operations;
mod passwords;
mod problem;
mod progress;
mod query;
mod refusal;
mod shares;
mod sign_in;
mod status_page;
mod throttle;
mod users;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, patch, post, put};
use tokio::sync::{Mutex, oneshot};

use crate::import::Rules;
use crate::pool::HashPool;
use crate::store::{Day, MethodCount, StoreError, Users};

use accounts::Accounts;
use admission::{Admission, Place};
use aside::Aside;
use blocking::Blocking;
use floor::Floor;
use metrics::Metrics;
use shares::Shares;
use throttle::{Buckets, Throttle};

pub use accounts::Table;
pub use auth::Token;
pub use config::{Config, FloorMode, LogSink};
pub use listener::{Listening, bind, listen, listen_for_operators};
pub use progress::progress_page;

pub use crate::kernel::come_first;

/// One in so many connections is kept for what is answered at once: health, metrics, and that there is no room.
const KEPT_FREE: usize = 16;

/// How long a table is left alone that could not be counted: it may have taken long to find out.
const SCAN_AGAIN: Duration = Duration::from_secs(60);

/// Log lines in a second about what is no request.
const HEADS_LOGGED: u32 = 5;

/// How many requests may be under way that take long: one connection at least is kept free, unless there is but one.
fn seats(connections: usize) -> usize {
    (connections - connections.div_ceil(KEPT_FREE)).max(1)
}

/// How many of them one address may have: no more than a quarter of the connections, whatever was asked for; nought is no bound.
fn seats_of_one(connections: usize, asked: usize) -> usize {
    asked.min((connections / 4).max(1))
}

/// The service: a pool, a store and what they are used with. Clones are the same service.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    pool: HashPool,
    admission: Admission,
    aside: Aside,
    /// Requests under way that may take long: fewer than there are connections, so that health is always answered.
    busy: Shares,
    accounts: Accounts,
    blocking: Blocking,
    /// Guesses that the store counts: beside the rest, so that one that is slow to write does not take the places of look-ups. With the
    /// half of the connections that others write with they are fewer than all, where there are three or more.
    counting: Arc<Blocking>,
    config: Config,
    rules: Rules,
    batch_rules: Rules,
    floor: Floor,
    throttle: Throttle,
    api_rate: Buckets,
    /// Of what is no request, only so much is logged: it costs its sender next to nothing.
    head_log_rate: Buckets,
    metrics: Metrics,
    started: Instant,
    /// Held by whoever asks the store for its counts.
    counting_store: Mutex<()>,
    has_told_of_proxy: AtomicBool,
}

impl Service {
    /// A service over a pool and a store. Asks the store once what it holds, and measures the pool, so that the floor is known
    /// from the first request on: takes some tenths of a second.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store cannot say what it holds.
    pub fn new(pool: HashPool, store: Arc<dyn Users>, config: Config) -> Result<Self, StoreError> {
        Self::over(pool, Accounts::Users(store), config)
    }

    /// A service over a table of your own: sign-ins and password changes, and nothing under `/api`, since of a row no more is known
    /// than its key. Reads every row of it once, and again from time to time ([`Config::scan_age`]), so that the floor and the
    /// metrics know what it holds. Guesses are counted in this process alone, whatever [`Config::throttle_in_store`] says: the
    /// table has no place for it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the table cannot be read.
    pub fn over_table(
        pool: HashPool,
        table: Arc<impl Table + 'static>,
        mut config: Config,
    ) -> Result<Self, StoreError> {
        config.throttle_in_store = false;
        Self::over(pool, Accounts::Table(table), config)
    }

    fn over(pool: HashPool, accounts: Accounts, config: Config) -> Result<Self, StoreError> {
        let policy = pool.engine().policy();
        let rules = Rules { limits: *policy.limits(), keys: policy.keys().clone(), ..Rules::default() };
        let batch_rules = Rules { is_batch: true, ..rules.clone() };
        let (counts, days) = accounts.counts()?;
        let floor = Floor::measure(config.floor, &pool, &counts);
        let connections = config.connections_max.max(1);
        let inner = Inner {
            blocking: Blocking::new(config.store_threads, config.store_timeout),
            counting: Arc::new(Blocking::new(config.store_threads.saturating_sub(1) / 2, config.store_timeout)),
            throttle: Throttle::new(&config),
            api_rate: Buckets::new(config.api_rate),
            head_log_rate: Buckets::new(HEADS_LOGGED),
            metrics: Metrics::default(),
            started: Instant::now(),
            counting_store: Mutex::new(()),
            has_told_of_proxy: AtomicBool::new(false),
            admission: Admission::default(),
            aside: Aside::new(pool.config(), pool.engine().target_cost().memory_kib, config.api_token.is_none()),
            busy: Shares::new(seats(connections), seats_of_one(connections, config.requests_per_address)),
            pool,
            accounts,
            config,
            rules,
            batch_rules,
            floor,
        };
        inner.metrics.keep_counts(counts, days);
        inner.look_at_floor();
        Ok(Self { inner: Arc::new(inner) })
    }

    /// No refusal is answered earlier than this after its request; nought where the floor is off.
    #[must_use]
    pub fn floor(&self) -> Duration {
        self.inner.floor.current()
    }

    /// How many sign-ins may wait for a worker, as long as jobs take what they took of late: as many as the pool takes, or fewer where
    /// more would not begin before the floor.
    #[must_use]
    pub fn waiting_places(&self) -> usize {
        let workers = self.inner.workers();
        admission::places(&self.inner.pool, workers, self.inner.patience()).saturating_sub(workers)
    }

    /// What the store holds, as far as it is known, that takes more than the pool has or the policy's limits allow: these users
    /// cannot sign in.
    #[must_use]
    pub fn out_of_reach(&self) -> Vec<MethodCount> {
        let (limits, memory_kib) = (self.inner.pool.engine().policy().limits(), self.inner.pool.config().memory_kib);
        let mut counts = self.inner.metrics.snapshot().counts;
        counts.retain(|count| counted::is_out_of_reach(&count.method, &count.parameters, limits, memory_kib));
        counts
    }

    /// The keys that hashes in the store need and the policy does not have, as far as the counts say, with how many records need each:
    /// these users cannot sign in.
    #[must_use]
    pub fn missing_keys(&self) -> BTreeMap<String, u64> {
        let known = self.inner.pool.engine().policy().keys();
        let mut missing = BTreeMap::new();
        for count in self.inner.metrics.snapshot().counts {
            for id in counted::keys(&count.parameters).filter(|id| !known.has_named(id)) {
                *missing.entry(id.to_owned()).or_default() += count.records;
            }
        }
        missing
    }

    /// The pool it hashes in.
    #[must_use]
    pub fn pool(&self) -> &HashPool {
        &self.inner.pool
    }

    /// All routes, with their limits on bodies and times. Nest it below a path of your own router (`nest("/auth", …)`), and do not merge
    /// it: what it does not know is answered here too. [`listen`] also limits connections and headers. Where the requests' extensions hold an [`axum::extract::ConnectInfo`] of a socket address, guesses are
    /// throttled for each address too.
    pub fn router(&self) -> Router {
        let api = Router::new()
            .route("/v1/sign-in", post(sign_in::sign_in))
            .route("/v1/password", post(passwords::change))
            .route("/v1/verify", post(passwords::verify))
            .route("/v1/hash", post(passwords::hash))
            .route_layer(from_fn_with_state(self.clone(), auth::require_api_token));
        let admin = Router::new()
            .route("/api/users", post(users::create))
            .route("/api/users", get(manage::find))
            .route("/api/users/{id}", get(users::get))
            .route("/api/users/{id}", patch(manage::update))
            .route("/api/users/{id}", delete(manage::delete))
            .route("/api/users/{id}/custom-data", patch(manage::merge_custom_data))
            .route("/api/users/{id}/profile", patch(manage::merge_profile))
            .route("/api/users/{id}/password", patch(manage::set_password))
            .route("/api/users/{id}/password/verify", post(manage::verify_password))
            .route("/api/users/{id}/has-password", get(manage::has_password))
            .route("/api/users/{id}/identities", post(users::link))
            .route("/api/users/{id}/identities/{target}", put(manage::put_identity))
            .route("/api/users/{id}/identities/{target}", delete(manage::unlink))
            .route_layer(from_fn_with_state(self.clone(), auth::require_admin_token));
        let mut router = self.for_operators(self.inner.config.metrics_without_token).merge(api);
        if self.inner.accounts.users().is_some() {
            router = router.merge(admin);
        }
        self.whole(router)
    }

    /// Of all routes those that visitors' browsers may be let to, and nothing else: to sign in and to change a password. The API token is
    /// not asked for, which no browser has. It can be nested or merged; what it does not know is not answered.
    pub fn visitors_router(&self) -> Router {
        let router = Router::new()
            .route("/v1/sign-in", post(sign_in::sign_in))
            .route("/v1/password", post(passwords::change))
            .method_not_allowed_fallback(problem::method_not_allowed)
            .route_layer(from_fn_with_state(self.clone(), middleware::observe));
        router.with_state(self.clone())
    }

    /// Of all routes those that operators and their programs ask: health, readiness, metrics, the description and the status page. On a
    /// listener of their own ([`listen_for_operators`]) they need not be where visitors are.
    pub fn operations_router(&self) -> Router {
        let config = &self.inner.config;
        self.whole(self.for_operators(config.metrics_without_token || config.metrics_without_token_for_operators))
    }

    fn for_operators(&self, metrics_without_token: bool) -> Router<Self> {
        let open = Router::new()
            .route("/healthz", get(operations::healthz))
            .route("/readyz", get(operations::readyz))
            .route("/openapi.json", get(operations::openapi));
        let scraped = Router::new()
            .route("/metrics", get(operations::metrics))
            .route_layer(from_fn_with_state((self.clone(), metrics_without_token), auth::require_metrics_login));
        let mut router = open.merge(scraped);
        if self.inner.config.status_page {
            let page = Router::new()
                .route("/", get(status_page::page))
                .route_layer(from_fn_with_state(self.clone(), auth::require_admin_login));
            router = router.merge(page);
        }
        router
    }

    /// With what is around every request.
    fn whole(&self, router: Router<Self>) -> Router {
        router
            .fallback(problem::not_found)
            .method_not_allowed_fallback(problem::method_not_allowed)
            .layer(from_fn_with_state(self.clone(), middleware::observe))
            .with_state(self.clone())
    }

    /// Asks the store for its counts where they are too old, beside the request: nobody waits for it, and no answer's time
    /// tells of it.
    fn refresh_counts_soon(&self) {
        let is_due = !self.inner.metrics.are_counts_newer_than(self.inner.counts_age());
        if is_due && self.inner.counting_store.try_lock().is_ok() {
            let service = self.clone();
            tokio::spawn(async move { service.refresh_counts().await });
        }
    }

    /// The same, and waits for it a while: a store that is silent holds up nobody.
    async fn refresh_counts_within(&self, patience: Duration) {
        let service = self.clone();
        let counting = tokio::spawn(async move { service.refresh_counts().await });
        let _ = tokio::time::timeout(patience, counting).await;
    }

    /// What the store holds, no older than it may be. One asks at a time.
    async fn refresh_counts(&self) {
        let _one = self.inner.counting_store.lock().await;
        if self.inner.metrics.are_counts_newer_than(self.inner.counts_age()) {
            return;
        }
        let accounts = self.inner.accounts.clone();
        let counted = match &accounts {
            Accounts::Users(_) => self.inner.blocking.run(move || accounts.counts()).await.ok(),
            Accounts::Table(_) => {
                let counted = scan(accounts).await;
                if counted.is_none() {
                    // Others ask meanwhile, and find it under way.
                    tokio::time::sleep(SCAN_AGAIN).await;
                }
                counted
            }
        };
        if let Some((counts, days)) = counted {
            self.inner.floor.learn(self.inner.pool.engine(), &counts);
            self.inner.metrics.keep_counts(counts, days);
            self.inner.look_at_floor();
        }
    }
}

/// Counts the rows of a table, on a thread of its own: it takes too long for one of those that look for visitors, and nobody who
/// ends the service waits for it.
async fn scan(accounts: Accounts) -> Option<(Vec<MethodCount>, Vec<Day>)> {
    let (tell, told) = oneshot::channel();
    let thread = std::thread::Builder::new().name("rehash-scan".to_owned());
    thread.spawn(move || drop(tell.send(accounts.counts().ok()))).ok()?;
    told.await.ok()?
}

impl Inner {
    /// How old the counts may be.
    fn counts_age(&self) -> Duration {
        match self.accounts {
            Accounts::Users(_) => self.config.counts_age,
            Accounts::Table(_) => self.config.scan_age.max(self.config.counts_age),
        }
    }

    /// How long after its request a job must have begun.
    fn patience(&self) -> Duration {
        self.floor.patience(self.config.queue_timeout)
    }

    /// Says in the log that the floor which was given is too low, where a hash was found for which it is.
    fn look_at_floor(&self) {
        if let (Some(low), Some(log)) = (self.floor.too_low(), &self.config.log) {
            log(&low.line());
        }
    }

    /// A place among those who are hashed for, or nothing where there are too many.
    fn enter(&self) -> Option<Place> {
        self.admission.enter(&self.pool, self.workers(), self.patience())
    }

    /// Nobody else has a place just now.
    fn is_full(&self) -> bool {
        self.admission.is_full(&self.pool, self.workers(), self.patience())
    }

    /// Those that sign-ins have.
    fn workers(&self) -> usize {
        self.pool.config().workers.saturating_sub(self.aside.busy_workers()).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_connections_too_keep_one_free_and_are_not_one_addresss() {
        let both = |connections| (seats(connections), seats_of_one(connections, 256));
        assert_eq!([1, 2, 3, 15, 16, 17, 1024].map(seats), [1, 1, 2, 14, 15, 15, 960]);
        assert_eq!([both(1), both(8), both(1023), both(4096)], [(1, 1), (7, 2), (959, 255), (3840, 256)]);
        assert_eq!((seats_of_one(1024, 0), seats_of_one(1024, 5)), (0, 5));
    }
}
