//! Passwords in the clear, on their way into a store: hashed with Argon2id before anything is written.

use rehash::import::{Credential, Record};
use rehash::store::{Identifier, Users};
use rehash::{Engine, Password, StoredHash};

use crate::output::{Exit, Failure};

/// Hashes the passwords in the clear, on as many threads as there are jobs. A user whom the store has with the same password
/// keeps the hash that stands there, so that an import can be run again; a dry run makes one new one, which stands for all.
pub fn hash_plaintext(
    engine: &Engine,
    store: &dyn Users,
    jobs: usize,
    is_dry_run: bool,
    users: &mut [&mut Record<'static>],
) -> Result<(), Failure> {
    let mut work: Vec<(&mut Credential, Option<StoredHash>)> = Vec::new();
    for user in users.iter_mut() {
        if matches!(user.credential, Credential::Plaintext(_)) {
            let stored = stored_hash(engine, store, user)?;
            work.push((&mut user.credential, stored));
        }
    }
    if work.is_empty() {
        return Ok(());
    }
    let stand_in = if is_dry_run { Some(hash(engine, &Password::new("nobody's"))?) } else { None };
    let hash_share = |share: &mut [(&mut Credential, Option<StoredHash>)]| -> Result<(), Failure> {
        for (credential, stored) in share {
            let Credential::Plaintext(password) = &**credential else { continue };
            let stands = stored.take().filter(|stored| engine.verify_without_decoy(stored, password).is_ok());
            **credential = match stands {
                Some(stands) => Credential::Hash(stands),
                None => Credential::Hash(stand_in.clone().map_or_else(|| hash(engine, password), Ok)?),
            };
        }
        Ok(())
    };
    let share = work.len().div_ceil(jobs);
    std::thread::scope(|scope| {
        let workers: Vec<_> = work.chunks_mut(share).map(|share| scope.spawn(|| hash_share(share))).collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().unwrap_or_else(|_| Err(Failure::new(Exit::Fault, "a hashing thread ended early")))
        })
    })
}

/// The hash that the store has for a user, if it has one that can be read.
fn stored_hash(engine: &Engine, store: &dyn Users, user: &Record<'_>) -> Result<Option<StoredHash>, Failure> {
    let identifiers = [
        (Identifier::Username, &user.username),
        (Identifier::PrimaryEmail, &user.primary_email),
        (Identifier::PrimaryPhone, &user.primary_phone),
    ];
    // As it is written: who is called alike is somebody else.
    let named = identifiers.into_iter().find_map(|(kind, text)| Some((kind, text.as_deref()?)));
    let Some((kind, text)) = named else { return Ok(None) };
    let Some(row) = store.find_user(kind, text)?.and_then(|found| found.password) else { return Ok(None) };
    Ok(row.parse(engine.policy().limits()).ok())
}

fn hash(engine: &Engine, password: &Password) -> Result<StoredHash, Failure> {
    engine.hash(password).map_err(|error| {
        let exit = if matches!(error, rehash::HashError::OutOfMemory { .. }) { Exit::Busy } else { Exit::Fault };
        Failure::new(exit, error.to_string())
    })
}
