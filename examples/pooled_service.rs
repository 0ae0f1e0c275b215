//! In an async service, with the pool: it bounds memory and waiting, answers at once when there is no room, and needs no
//! particular runtime. A client that goes away takes its job out of the queue.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rehash::pool::{HashPool, PoolConfig};
use rehash::{Engine, Limits, Method, Password, Policy, StoredHash, Upgrade};

/// What the service answers; the reason for a refusal stays inside.
#[derive(Debug, PartialEq)]
enum Answer {
    Welcome {
        is_upgraded: bool,
    },
    Refused,
    /// `503 Service Unavailable`, with `Retry-After`.
    Overloaded,
}

/// `None` for an unknown user: the answer and its cost are the same as for a wrong password.
async fn sign_in(pool: &HashPool, stored: Option<StoredHash>, password: Password) -> Answer {
    // Whoever waits longer than this has given up.
    let deadline = Some(Instant::now() + Duration::from_secs(5));
    let verdict = match stored {
        Some(stored) => match pool.verify(stored, password, deadline) {
            Ok(job) => job.await,
            Err(_full) => return Answer::Overloaded,
        },
        None => match pool.verify_unknown_user(password, deadline) {
            Ok(job) => job.await.map(Err),
            Err(_full) => return Answer::Overloaded,
        },
    };
    match verdict {
        // Here the replacement is written where the expected hash still stands.
        Ok(Ok(accepted)) => Answer::Welcome { is_upgraded: matches!(accepted.upgrade, Upgrade::Ready(_)) },
        // Memory was wanting, which says nothing of the password.
        Ok(Err(reason)) if reason.is_transient() => Answer::Overloaded,
        Ok(Err(reason)) => {
            eprintln!("refused: {reason}");
            Answer::Refused
        }
        Err(_too_late) => Answer::Overloaded,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = PoolConfig { queue_len: 16, ..PoolConfig::for_this_machine() };
    println!("{} workers, at most {} MiB, {} may wait", config.workers, config.memory_kib / 1024, config.queue_len);
    let pool = HashPool::start(Arc::new(Engine::new(Policy::default())?), config)?;
    let stored = StoredHash::parse(Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99", &Limits::default())?;

    let right = sign_in(&pool, Some(stored.clone()), Password::new("password")).await;
    let wrong = sign_in(&pool, Some(stored.clone()), Password::new("passwort")).await;
    let unknown = sign_in(&pool, None, Password::new("password")).await;
    println!("right: {right:?}, wrong: {wrong:?}, unknown: {unknown:?}");

    // A storm: most are told at once that there is no room.
    let storm = (0..200).map(|_| {
        let (pool, stored) = (pool.clone(), stored.clone());
        tokio::spawn(async move { sign_in(&pool, Some(stored), Password::new("password")).await })
    });
    let mut answers = Vec::new();
    for task in storm.collect::<Vec<_>>() {
        answers.push(task.await?);
    }
    let overloaded = answers.iter().filter(|answer| **answer == Answer::Overloaded).count();
    println!("of 200 at once {overloaded} were told to come back; {:?}", pool.gauges());
    pool.shutdown(Duration::from_secs(10));
    Ok(())
}
