//! `POST /v1/password`, `/v1/verify` and `/v1/hash`: a change of password, and the engine for those who keep their own table.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::admission::Place;
use super::answer::Note;
use super::body::Text;
use super::members::Members;
use super::problem::Problem;
use super::sign_in::{Failure, Visitor};
use super::users::check_types;
use super::{Inner, Service};
use crate::import::{Credential, Record};
use crate::pool::JobError;
use crate::store::Swap;
use crate::{
    Code, Denied, HashError, Identification, Limits, Method, Password, StoredHash, Unverifiable, Upgrade, identify,
};

/// How often a change is tried again where an upgrade came in between.
const ATTEMPTS: usize = 3;

#[derive(Deserialize)]
struct Change {
    identifier: String,
    password: String,
    #[serde(rename = "newPassword")]
    new_password: String,
}

#[derive(Deserialize)]
struct ToHash {
    password: String,
}

/// A hash as the record spells it.
#[derive(Serialize)]
struct Hash<'a> {
    #[serde(rename = "passwordEncrypted")]
    text: &'a str,
    #[serde(rename = "passwordEncryptionMethod")]
    method: &'static str,
}

/// The verdict on a record: as a line of `rehash verify --batch`.
#[derive(Serialize)]
struct Verdict<'a> {
    outcome: &'static str,
    method: &'static str,
    upgrade: Option<&'a str>,
    skipped: Option<&'static str>,
    error: Option<VerdictError>,
}

#[derive(Serialize)]
struct VerdictError {
    code: &'static str,
    message: String,
}

/// Verifies the old password and sets the new one, if the row still holds what was verified. An upgrade in between changes the
/// hash and not the password, so that is tried again.
pub(super) async fn change(State(service): State<Service>, visitor: Visitor, text: Text) -> Response {
    let (start, inner) = (Instant::now(), &service.inner);
    let Some(place) = inner.enter() else { return inner.refuse(start, Failure::Overloaded).await };
    let change = match text.parse::<Change>() {
        Ok(change) => change,
        Err(problem) => return problem.into_response(),
    };
    drop(text);
    let (old, new) = (zeroize::Zeroizing::new(change.password), zeroize::Zeroizing::new(change.new_password));
    if new.is_empty() || new.len() > Password::BYTES_MAX {
        let detail = format!("must have 1 to {} bytes", Password::BYTES_MAX);
        return Problem::bad_field("newPassword", "bad_field", detail).into_response();
    }
    let place = Arc::new(place);
    for _ in 0..ATTEMPTS {
        match inner.change_once(start, &change.identifier, visitor, &place, &old, &new).await {
            Ok(Swap::Written) => {
                let mut response = StatusCode::NO_CONTENT.into_response();
                response.extensions_mut().insert(Note { outcome: Some("password_changed"), ..Note::default() });
                return response;
            }
            Ok(Swap::Superseded) => {}
            Err(failure) => {
                // Nobody waits for the floor in a place.
                drop(place);
                return inner.refuse(start, failure).await;
            }
        }
    }
    Problem::CONFLICT.into_response()
}

impl Inner {
    async fn change_once(
        self: &Arc<Self>,
        start: Instant,
        identifier: &str,
        visitor: Visitor,
        place: &Arc<Place>,
        old: &str,
        new: &str,
    ) -> Result<Swap, Failure> {
        let new = Password::new(new);
        let (identifier, old, place) = (identifier.to_owned(), Password::new(old), Arc::clone(place));
        let verified = self.authenticate(start, identifier, visitor, old, place, move |inner, stored, password| {
            let deadline = start + inner.patience();
            inner.pool.change(stored, password, new, Some(deadline))
        });
        let verified = verified.await?;
        let (store, id, change) = (self.accounts.clone(), verified.id, verified.outcome);
        let swap = self.blocking.write(move || store.replace(&id, &change)).await;
        swap.map_err(Failure::Store)
    }
}

/// A record and a password in, the verdict and the replacement out. The row and the writing are the caller's.
pub(super) async fn verify(State(service): State<Service>, Visitor(address): Visitor, text: Text) -> Response {
    let inner = &*service.inner;
    // What is no such object is told from what is wrong with the record that it is.
    let members = text.parse::<Members>().and_then(|members| check_types(&members));
    let record = match members.and_then(|()| text.as_str()).map(|text| inner.batch_rules.judge_json(text)) {
        Ok(Ok(record)) => record,
        Ok(Err(problems)) => return Problem::of_given(&problems).into_response(),
        Err(problem) => return problem.into_response(),
    };
    drop(text);
    let Record { credential: Credential::Hash(stored), attempt: Some(password), .. } = record else {
        return Problem::bad_field("passwordEncrypted", "missing_hash", "a hash and a password are needed")
            .into_response();
    };
    if stored.mixes_in_keys() && !inner.config.keys_in_records {
        let why = "mixes a key of this service into the password; --keys-in-records allows that";
        return Problem::bad_field("passwordEncryptionMethod", Code::BadField.as_str(), why).into_response();
    }
    let (deadline, method) = (Instant::now() + inner.config.queue_timeout, stored.method().as_str());
    let needed_kib = inner.pool.engine().verify_cost(&stored).memory_kib;
    if needed_kib > inner.aside.memory_kib() {
        let why = format!("takes {needed_kib} KiB, and {} KiB are set aside for this", inner.aside.memory_kib());
        return Problem::bad_field("passwordEncrypted", "cost_too_high", why).into_response();
    }
    let turn = match inner.aside.turn(address, needed_kib, deadline).await {
        Ok(turn) => turn,
        Err(problem) => return problem.into_response(),
    };
    let job = match inner.pool.verify_aside(stored, password, Some(deadline)) {
        Ok(job) => job,
        Err(why) => return Problem::OVERLOADED.because(why).into_response(),
    };
    let verdict = match turn.wait(job).await {
        Ok(verdict) => verdict,
        Err(JobError::Panicked) => return Problem::FAULT.into_response(),
        Err(why) => return Problem::OVERLOADED.because(why).into_response(),
    };
    let mut answer = Verdict { outcome: "rejected", method, upgrade: None, skipped: None, error: None };
    match verdict {
        Ok(accepted) => {
            answer.outcome = "accepted";
            match accepted.upgrade {
                Upgrade::Ready(replacement) => {
                    answer.upgrade = Some(replacement.new_hash().text());
                    return Json(answer).into_response();
                }
                Upgrade::Skipped(reason) => answer.skipped = Some(reason.as_str()),
                Upgrade::Failed(error) => {
                    answer.error = Some(VerdictError { code: "upgrade_failed", message: error.to_string() });
                }
                Upgrade::NotNeeded => {}
            }
        }
        // It is the password that is at fault, and not the row.
        Err(Denied::WrongPassword | Denied::Unverifiable(Unverifiable::PasswordTooLong)) => {}
        Err(Denied::Unverifiable(why @ Unverifiable::OutOfMemory { .. })) => {
            return Problem::OVERLOADED.because(why).into_response();
        }
        Err(Denied::Unverifiable(why)) => {
            answer.outcome = "error";
            answer.error = Some(VerdictError { code: code(&why), message: why.to_string() });
        }
    }
    Json(answer).into_response()
}

/// Why a hash was not verified, as a problem's code.
pub(super) fn code(why: &Unverifiable) -> &'static str {
    match why {
        Unverifiable::OverLimit(bounds) => bounds.code().as_str(),
        Unverifiable::MissingKey { .. } => Code::MissingKey.as_str(),
        Unverifiable::Retired => Code::UnknownMethod.as_str(),
        Unverifiable::BeyondPool { .. } => Code::CostTooHigh.as_str(),
        _ => Code::Malformed.as_str(),
    }
}

/// A new hash under the policy's target.
pub(super) async fn hash(State(service): State<Service>, Visitor(address): Visitor, text: Text) -> Response {
    let request = match text.parse::<ToHash>() {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    drop(text);
    if request.password.is_empty() {
        return Problem::bad_field("password", "bad_field", "must not be empty").into_response();
    }
    match service.inner.hash(address, Password::new(request.password)).await {
        Ok(hash) => Json(Hash { text: hash.text(), method: hash.method().as_str() }).into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// A new password that is none: nothing, or a hash, which somebody takes for one and nobody could sign in with.
pub(super) fn check_new(password: &str) -> Result<(), Problem> {
    if password.is_empty() {
        return Err(Problem::bad_field("password", "bad_field", "must not be empty").misshapen());
    }
    if is_hash(password) {
        let why = "is a hash and not a password; give it as passwordEncrypted";
        return Err(Problem::bad_field("password", Code::MethodConflict.as_str(), why));
    }
    Ok(())
}

/// Whether a text is a hash that names its scheme. One that only begins like a hash is somebody's password, and so are bare hex and
/// what any twenty letters look like.
fn is_hash(text: &str) -> bool {
    match identify(text) {
        Identification::Named(Method::Bsdicrypt) | Identification::Unknown => false,
        Identification::Named(_) => match StoredHash::parse_self_describing(text, &Limits::default()) {
            Ok(_) => true,
            Err(error) => error.code() == Code::CostTooHigh,
        },
        // Several systems write a name, rounds, a salt and a digest between the same signs; and who writes the others is not known.
        Identification::Ambiguous { .. } | Identification::Foreign(_) => text.len() >= 40 && text.contains('$'),
    }
}

impl Inner {
    /// Hashes a new password in the pool, beside the sign-ins. Who has shown a token has no address here.
    pub(super) async fn hash(&self, address: Option<IpAddr>, password: Password) -> Result<StoredHash, Problem> {
        let deadline = Instant::now() + self.config.queue_timeout;
        let target = self.pool.engine().target_cost();
        let turn = self.aside.turn(address, target.memory_kib, deadline).await?;
        let job = self.pool.run_aside(target, Some(deadline), move |engine| engine.hash(&password));
        let job = job.map_err(|why| Problem::OVERLOADED.because(why))?;
        match turn.wait(job).await {
            Ok(Ok(hash)) => Ok(hash),
            Ok(Err(error @ HashError::PasswordTooLong)) => {
                Err(Problem::bad_field("password", "bad_field", error.to_string()))
            }
            Ok(Err(error @ HashError::OutOfMemory { .. })) => Err(Problem::OVERLOADED.because(error)),
            Ok(Err(_)) | Err(JobError::Panicked) => Err(Problem::FAULT),
            Err(why) => Err(Problem::OVERLOADED.because(why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_told_from_passwords() {
        for hash in [
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$argon2id$v=19$m=64,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$IAjSJ3H5x1LhqTA6yB6T6D1EW4hUk0gmfbkx5LCONcE",
            "pbkdf2_sha256$1000$abcdefgh$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(is_hash(hash), "{hash}");
        }
        for password in [
            "password",
            "$1$ter",
            "$2a$05$short",
            "{hello}World123",
            "_MyLongPassword12345",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "correct horse battery staple $ and some more of it",
        ] {
            assert!(!is_hash(password), "{password}");
        }
    }
}
