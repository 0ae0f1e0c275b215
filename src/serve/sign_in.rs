//! `POST /v1/sign-in`: find, verify, upgrade, and one answer to every refusal, no earlier than the floor.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::answer::{Note, UserView};
use super::blocking::NoAnswer;
use super::body::{Secret, Text};
use super::config::Config;
use super::problem::Problem;
use super::throttle::Throttle;
use super::{Inner, Service};
use crate::pool::{JobError, Overloaded};
use crate::store::{Found, StoreErrorKind, Subject, Swap, TaggedText};
use crate::{Accepted, Columns, Denied, Password, StoredHash, Tag, Unverifiable, Upgrade};

#[derive(Deserialize)]
struct Request {
    identifier: String,
    password: Secret,
}

#[derive(Serialize)]
struct Answer {
    user: Who,
    /// Whether the stored hash was replaced.
    upgraded: bool,
}

/// The user; their id alone where the store, after a good sign-in, could not say more.
#[derive(Serialize)]
#[serde(untagged)]
enum Who {
    Whole(Box<UserView>),
    Id { id: String },
}

/// Where a request comes from, as far as it is known.
pub(super) struct Visitor(pub(super) Option<IpAddr>);

impl FromRequestParts<Service> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Self::Rejection> {
        if let Some(header) = &service.inner.config.address_header {
            // A proxy appends what it sees; what stands before may be anybody's.
            let value = parts.headers.get_all(header).iter().next_back().and_then(|value| value.to_str().ok());
            let last = value.and_then(|value| value.rsplit(',').next());
            return Ok(Self(last.and_then(|address| address.trim().parse().ok())));
        }
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(peer.map(|ConnectInfo(address)| address.ip())))
    }
}

/// A sign-in that was refused, or could not be decided.
pub(super) enum Failure {
    /// The visitor's one answer; the reason is for the operator.
    Refused {
        reason: &'static str,
        detail: Option<String>,
    },
    Overloaded,
    Store(NoAnswer),
    Fault,
}

/// How long a sign-in waits for the store to count it: well below the floor, so that one that is slow to write, and not to read,
/// holds up nobody.
const PATIENCE: Duration = Duration::from_millis(100);

/// A guess as the store counts it, where it does.
struct SharedGuess(Option<Arc<Named>>);

struct Named {
    identifier: (String, u32),
    address: Option<(String, u32)>,
    /// Whether the store took it; nothing where it was not asked, or did not answer.
    is_counted: OnceLock<bool>,
}

impl SharedGuess {
    fn of(config: &Config, identifier: &str, address: Option<IpAddr>) -> Self {
        if !config.throttle_in_store {
            return Self(None);
        }
        let (identifier, address) = Throttle::names(identifier, address);
        let address = address.map(|name| (name, config.failures_per_address));
        let identifier = (identifier, config.failures_per_identifier);
        Self(Some(Arc::new(Named { identifier, address, is_counted: OnceLock::new() })))
    }

    fn is_refused(&self) -> bool {
        self.0.as_ref().is_some_and(|guess| guess.is_counted.get() == Some(&false))
    }
}

impl Named {
    fn subjects(&self) -> Vec<Subject<'_>> {
        let (name, limit) = &self.identifier;
        let identifier = Subject { name, limit: *limit, is_forgiven: true };
        // An address may be many people's.
        let address = self.address.iter().map(|(name, limit)| Subject { name, limit: *limit, is_forgiven: false });
        std::iter::once(identifier).chain(address).collect()
    }
}

/// What was verified.
pub(super) struct Verified<T> {
    pub(super) id: i64,
    pub(super) method: &'static str,
    pub(super) stored: TaggedText,
    pub(super) outcome: T,
}

pub(super) async fn sign_in(State(service): State<Service>, visitor: Visitor, text: Text) -> Response {
    let (start, inner) = (Instant::now(), &*service.inner);
    let Some(place) = inner.enter() else { return inner.refuse(start, Failure::Overloaded).await };
    let request = match text.parse::<Request>() {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    drop(text);
    let verified =
        inner.authenticate(start, &request.identifier, visitor, request.password.0, |inner, stored, password| {
            inner.pool.verify(stored, password, Some(start + inner.patience()))
        });
    let verified = verified.await;
    // What follows hashes nothing.
    drop(place);
    let answer = match verified {
        Ok(verified) => inner.welcome(verified).await,
        Err(failure) => inner.refuse(start, failure).await,
    };
    service.refresh_counts_soon();
    answer
}

impl Inner {
    /// Finds and verifies, and keeps account of the guess: one that was right, or that told nothing, is not held against
    /// anybody. One who is locked is not locked for longer by trying: guesses of others would keep a user out for ever.
    pub(super) async fn authenticate<T: Send + 'static>(
        &self,
        start: Instant,
        identifier: &str,
        Visitor(address): Visitor,
        password: Password,
        submit: impl FnOnce(&Self, StoredHash, Password) -> Result<crate::pool::Job<Result<T, Denied>>, Overloaded>,
    ) -> Result<Verified<T>, Failure> {
        let name = self.throttle.identifier(identifier);
        let key = address.map(|address| self.throttle.address(address));
        let guess = SharedGuess::of(&self.config, identifier, address);
        let is_admitted = self.throttle.begin(name, key);
        let outcome = self.find_and_verify(start, identifier, is_admitted.then_some(&guess), password, submit).await;
        // One whom the store has locked is not locked here for longer by trying.
        let is_held_against = matches!(outcome, Err(Failure::Refused { .. })) && !guess.is_refused();
        if is_admitted && !is_held_against {
            match &outcome {
                Ok(_) => self.throttle.forgive(name),
                Err(_) => self.throttle.withdraw(name),
            }
            key.into_iter().for_each(|key| self.throttle.withdraw(key));
            self.end_guess(guess, outcome.is_ok());
        }
        outcome
    }

    /// Whether the store, too, takes the guess; where it cannot say, this instance counts alone.
    async fn begin_guess(&self, guess: &SharedGuess) -> bool {
        let (Some(guess), window) = (guess.0.clone(), self.config.throttle_window) else { return true };
        let store = Arc::clone(&self.store);
        let begin = move || {
            let begun = store.begin_guess(&guess.subjects(), window)?;
            Ok(*guess.is_counted.get_or_init(|| begun))
        };
        let begun = tokio::time::timeout(PATIENCE, self.counting.run(begin)).await;
        begun.ok().and_then(Result::ok).unwrap_or_else(|| {
            self.metrics.throttle_alone();
            true
        })
    }

    /// Takes back what was counted, beside the answer.
    fn end_guess(&self, guess: SharedGuess, is_right: bool) {
        let Some(guess) = guess.0 else { return };
        let (store, counting) = (Arc::clone(&self.store), Arc::clone(&self.counting));
        tokio::spawn(async move {
            // Looked at when its turn comes: a count that came late has then come.
            let end = move || match guess.is_counted.get() {
                Some(true) => store.end_guess(&guess.subjects(), is_right),
                _ => Ok(()),
            };
            let _ = counting.run(end).await;
        });
    }

    /// Finds and verifies. Whatever the reason of a refusal, a hash of the same cost class is computed first, and the same
    /// queue is waited in.
    async fn find_and_verify<T: Send + 'static>(
        &self,
        start: Instant,
        identifier: &str,
        guess: Option<&SharedGuess>,
        password: Password,
        submit: impl FnOnce(&Self, StoredHash, Password) -> Result<crate::pool::Job<Result<T, Denied>>, Overloaded>,
    ) -> Result<Verified<T>, Failure> {
        let is_admitted = async {
            match guess {
                Some(guess) => self.begin_guess(guess).await,
                None => false,
            }
        };
        let (found, is_admitted) = tokio::join!(self.find(identifier), is_admitted);
        let found = found.map_err(Failure::Store)?;
        let (reason, detail) = match found.map(|found| self.parse(found)) {
            _ if !is_admitted => ("locked", None),
            None => ("unknown_user", None),
            Some(Err((reason, detail))) => (reason, detail),
            Some(Ok((id, stored, tagged))) => {
                let method = stored.method().as_str();
                self.floor.learn_cost(self.pool.engine(), stored.cost());
                let job = submit(self, stored, password).map_err(overloaded)?;
                let (reason, detail) = match job.await.map_err(no_answer)? {
                    Ok(outcome) => {
                        return Ok(Verified { id, method, stored: tagged, outcome });
                    }
                    Err(Denied::WrongPassword) => ("wrong_password", None),
                    Err(Denied::Unverifiable(Unverifiable::OutOfMemory { .. })) => return Err(Failure::Overloaded),
                    Err(Denied::Unverifiable(why)) => ("unverifiable", Some(why.to_string())),
                };
                self.metrics.sign_in(reason, method);
                return Err(Failure::Refused { reason, detail });
            }
        };
        let decoy = self.pool.verify_unknown_user(password, Some(start + self.patience())).map_err(overloaded)?;
        let _: Denied = decoy.await.map_err(no_answer)?;
        self.metrics.sign_in(reason, "none");
        Err(Failure::Refused { reason, detail })
    }

    async fn find(&self, identifier: &str) -> Result<Option<Found<i64>>, NoAnswer> {
        let (store, identifier) = (Arc::clone(&self.store), identifier.to_owned());
        self.blocking.run(move || store.find(&identifier)).await
    }

    #[allow(clippy::type_complexity, reason = "it is taken apart at once")]
    fn parse(&self, found: Found<i64>) -> Result<(i64, StoredHash, TaggedText), (&'static str, Option<String>)> {
        let tagged = found.password.ok_or(("no_password", None))?;
        let tag: Tag = tagged.method.parse().map_err(|_| ("broken_row", Some("the tag names no method".to_owned())))?;
        let limits = self.pool.engine().policy().limits();
        match StoredHash::parse_tagged(&tag, &tagged.text, &Columns::default(), limits) {
            Ok(stored) => Ok((found.id, stored, tagged)),
            Err(error) => Err(("broken_row", Some(error.to_string()))),
        }
    }

    /// Writes the upgrade and answers with the user. That the upgrade was not written fails no sign-in.
    async fn welcome(&self, verified: Verified<Accepted>) -> Response {
        let Verified { id, method, outcome, .. } = verified;
        self.metrics.sign_in("accepted", method);
        let (upgrade, replacement) = match outcome.upgrade {
            Upgrade::NotNeeded => ("not_needed", None),
            Upgrade::Skipped(reason) => (reason.as_str(), None),
            Upgrade::Failed(_) => ("hash_failed", None),
            Upgrade::Ready(replacement) => ("ready", Some(replacement)),
        };
        let mut note = Note { outcome: Some("accepted"), method: Some(method), ..Note::default() };
        let store = Arc::clone(&self.store);
        let upgrade = match replacement {
            None => upgrade,
            Some(replacement) => match self.blocking.run(move || store.replace(&id, &replacement)).await {
                Ok(Swap::Written) => "written",
                Ok(Swap::Superseded) => "superseded",
                Err(no_answer) => {
                    note.reason = Some(no_answer.to_string());
                    match no_answer {
                        NoAnswer::Store(error) if error.kind() == StoreErrorKind::ReadOnly => "read_only",
                        _ => "write_failed",
                    }
                }
            },
        };
        self.metrics.upgrade(upgrade);
        note.upgrade = Some(upgrade);
        let store = Arc::clone(&self.store);
        let who = match self.blocking.run(move || store.user(id)).await {
            Ok(Some(user)) => Who::Whole(Box::new(user.into())),
            Ok(None) => return Problem::CONFLICT.into_response(),
            Err(no_answer) => {
                note.reason = Some(no_answer.to_string());
                Who::Id { id: id.to_string() }
            }
        };
        let mut response = Json(Answer { user: who, upgraded: upgrade == "written" }).into_response();
        response.extensions_mut().insert(note);
        response
    }

    /// The one answer to every refusal, no earlier than the floor; what is nobody's fault is answered at once.
    pub(super) async fn refuse(&self, start: Instant, failure: Failure) -> Response {
        let (problem, outcome, reason) = match failure {
            Failure::Refused { reason, detail } => {
                self.floor.wait(start).await;
                (Problem::INVALID_CREDENTIALS, reason, detail)
            }
            Failure::Overloaded => (Problem::OVERLOADED, "overloaded", None),
            Failure::Store(no_answer) => {
                let reason = no_answer.to_string();
                (Problem::from(no_answer), "store_unavailable", Some(reason))
            }
            Failure::Fault => (Problem::FAULT, "fault", None),
        };
        let mut response = problem.into_response();
        response.extensions_mut().insert(Note { outcome: Some(outcome), reason, ..Note::default() });
        response
    }
}

fn overloaded(refused: Overloaded) -> Failure {
    match refused {
        // Waiting does not help it, and neither does telling: the operator sees it in the metrics.
        Overloaded::TooLarge { .. } => Failure::Refused { reason: "unverifiable", detail: Some(refused.to_string()) },
        _ => Failure::Overloaded,
    }
}

fn no_answer(error: JobError) -> Failure {
    match error {
        JobError::DeadlinePassed | JobError::ShutDown => Failure::Overloaded,
        JobError::Panicked => Failure::Fault,
    }
}
