//! In an async service: hashing runs on blocking threads, and a semaphore bounds how many run at once, and so the memory.
//! The permit moves into the blocking task: a client that goes away frees nothing before the hash is done. What comes out is
//! written by compare-and-swap.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use rehash::{Engine, Limits, Method, Password, Policy, Replacement, StoredHash, Upgrade};
use tokio::sync::Semaphore;

#[derive(Clone)]
struct SignIns {
    engine: Arc<Engine>,
    permits: Arc<Semaphore>,
}

/// What the service answers; the reason for a refusal stays inside.
enum Answer {
    Welcome,
    /// One answer for a wrong password, an unknown user and a row that cannot be verified.
    Refused,
    /// `503 Service Unavailable`, with `Retry-After`: nothing was learned of the password.
    Overloaded,
}

/// In a service these are statements of its database client.
#[derive(Default)]
struct Table(std::sync::Mutex<std::collections::HashMap<&'static str, StoredHash>>);

impl Table {
    fn rows(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<&'static str, StoredHash>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// `SELECT method, hash FROM users WHERE name = $1`, and [`StoredHash::parse_tagged`]; `None` also where that fails, which is logged.
    async fn find(&self, name: &str) -> Option<StoredHash> {
        self.rows().get(name).cloned()
    }

    /// `UPDATE users SET method = 'argon2id', hash = $3 WHERE name = $1 AND hash = $2`: whether a row was changed. Where none was,
    /// somebody changed the password meanwhile, and theirs stands.
    async fn replace(&self, name: &'static str, replacement: &Replacement) -> bool {
        match self.rows().get_mut(name) {
            Some(held) if held.text() == replacement.expected().text() => {
                *held = replacement.new_hash().clone();
                true
            }
            _ => false,
        }
    }
}

impl SignIns {
    fn new(policy: Policy, at_once: usize) -> Result<Self, Box<dyn Error>> {
        let peak_mib = at_once as u64 * u64::from(policy.target().memory_kib) / 1024;
        println!("at most {at_once} hashes at once: {peak_mib} MiB");
        Ok(Self { engine: Arc::new(Engine::new(policy)?), permits: Arc::new(Semaphore::new(at_once)) })
    }

    async fn sign_in(&self, table: &Table, name: &'static str, password: Password) -> Answer {
        let stored = table.find(name).await;
        let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else { return Answer::Overloaded };
        let engine = Arc::clone(&self.engine);
        let work = move || {
            let _permit = permit;
            match stored {
                Some(stored) => engine.verify(&stored, &password),
                // The same work, where there is nothing to verify.
                None => Err(engine.verify_unknown_user(&password)),
            }
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(accepted)) => {
                // Whatever becomes of it, the sign-in is good.
                if let Upgrade::Ready(replacement) = accepted.upgrade {
                    table.replace(name, &replacement).await;
                }
                Answer::Welcome
            }
            Ok(Err(reason)) if reason.is_transient() => Answer::Overloaded,
            Ok(Err(reason)) => {
                eprintln!("refused: {reason}");
                Answer::Refused
            }
            Err(_) => Answer::Overloaded,
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = SignIns::new(Policy::default(), 2)?;
    let table = Arc::new(Table::default());
    let stored = StoredHash::parse(Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99", &Limits::default())?;
    table.rows().insert("ada", stored);
    let start = Instant::now();
    let visitors: Vec<_> = [("ada", "password"), ("ada", "guess"), ("bob", "password"), ("ada", "password")]
        .map(|(name, password)| {
            let (service, table) = (service.clone(), Arc::clone(&table));
            tokio::spawn(async move { service.sign_in(&table, name, Password::new(password)).await })
        })
        .into();
    let (mut welcome, mut refused) = (0, 0);
    for visitor in visitors {
        match visitor.await? {
            Answer::Welcome => welcome += 1,
            Answer::Refused => refused += 1,
            Answer::Overloaded => println!("one was turned away"),
        }
    }
    println!("{welcome} welcome, {refused} refused in {:?}", start.elapsed());
    println!("ada's hash is now {}", table.rows().get("ada").map_or("gone", |stored| stored.method().as_str()));
    Ok(())
}
