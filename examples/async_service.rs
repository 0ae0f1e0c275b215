//! In an async service: hashing runs on blocking threads, and a semaphore bounds how many run at once, and so the memory.
//! The permit moves into the blocking task: a client that goes away frees nothing before the hash is done.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use rehash::{Denied, Engine, Limits, Method, Password, Policy, StoredHash, Upgrade};
use tokio::sync::Semaphore;

#[derive(Clone)]
struct SignIns {
    engine: Arc<Engine>,
    permits: Arc<Semaphore>,
}

/// What the service answers; the reason for a refusal stays inside.
enum Answer {
    Welcome { new_hash: Option<String> },
    Refused,
    Overloaded,
}

impl SignIns {
    fn new(policy: Policy, at_once: usize) -> Result<Self, Box<dyn Error>> {
        let peak_mib = at_once as u64 * u64::from(policy.target().memory_kib) / 1024;
        println!("at most {at_once} hashes at once: {peak_mib} MiB");
        Ok(Self { engine: Arc::new(Engine::new(policy)?), permits: Arc::new(Semaphore::new(at_once)) })
    }

    async fn sign_in(&self, stored: StoredHash, password: Password) -> Answer {
        let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else { return Answer::Overloaded };
        let engine = Arc::clone(&self.engine);
        let work = move || {
            let _permit = permit;
            engine.verify(&stored, &password)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(accepted)) => {
                let new_hash = match accepted.upgrade {
                    Upgrade::Ready(replacement) => Some(replacement.new_hash().text().to_owned()),
                    _ => None,
                };
                Answer::Welcome { new_hash }
            }
            Ok(Err(Denied::WrongPassword)) => Answer::Refused,
            Ok(Err(reason)) => {
                eprintln!("a record cannot be verified: {reason}");
                Answer::Refused
            }
            Err(_) => Answer::Overloaded,
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = SignIns::new(Policy::default(), 2)?;
    let stored = StoredHash::parse(Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99", &Limits::default())?;
    let start = Instant::now();
    let visitors: Vec<_> = (0..10)
        .map(|number| {
            let (service, stored) = (service.clone(), stored.clone());
            let password = if number % 2 == 0 { "password" } else { "guess" };
            tokio::spawn(async move { service.sign_in(stored, Password::new(password)).await })
        })
        .collect();
    let (mut welcome, mut upgraded, mut refused) = (0, 0, 0);
    for visitor in visitors {
        match visitor.await? {
            Answer::Welcome { new_hash } => {
                welcome += 1;
                upgraded += usize::from(new_hash.is_some());
            }
            Answer::Refused => refused += 1,
            Answer::Overloaded => println!("one was turned away"),
        }
    }
    println!("{welcome} welcome, {upgraded} of them upgraded, {refused} refused in {:?}", start.elapsed());
    Ok(())
}
