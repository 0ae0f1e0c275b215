//! `POST /v1/sign-in`: find, verify, upgrade, and one answer to every refusal, no earlier than the floor.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::accounts::{Id, Who as Account};
use super::admission::Place;
use super::answer::{Note, UserView, Who};
use super::blocking::NoAnswer;
use super::body::{Secret, Text};
use super::config::Config;
use super::guess::{Begun, Guess};
use super::problem::Problem;
use super::{Inner, Service};
use crate::pool::{JobError, Overloaded};
use crate::store::{Found, GuessEnd, Guessed, StoreErrorKind, Swap};
use crate::{Accepted, ChangeError, Denied, HashError, Password, StoredHash, Upgrade};

/// How long a sign-in waits for its upgrade to be written: the next one makes it again.
const UPGRADE_PATIENCE: Duration = Duration::from_secs(1);

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

/// Where a request comes from, as far as it is known.
#[derive(Clone, Copy)]
pub(super) struct Visitor(pub(super) Option<IpAddr>);

impl FromRequestParts<Service> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&service.inner.config, &parts.headers, &parts.extensions))
    }
}

impl Visitor {
    pub(super) fn of(config: &Config, headers: &HeaderMap, extensions: &Extensions) -> Self {
        let named = config.address_header.as_ref().and_then(|header| {
            // A proxy appends what it sees; what stands before may be anybody's.
            let value = headers.get_all(header).iter().next_back()?.to_str().ok()?;
            let last = value.rsplit(',').next()?;
            address(if header.eq_ignore_ascii_case("forwarded") { forwarded_for(last)? } else { last })
        });
        // What cannot be read is counted against whoever sent it: an address that is not told is nobody's way around the count.
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        Self(named.or_else(|| peer.map(|ConnectInfo(address)| address.ip())))
    }
}

/// Whom an element of `Forwarded` (RFC 7239) is for.
fn forwarded_for(element: &str) -> Option<&str> {
    let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| name.eq_ignore_ascii_case("for")).map(|(_, value)| value.trim_matches('"'))
}

/// An address as proxies write it: bare, in brackets, with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// A sign-in that was refused, or could not be decided.
pub(super) enum Failure {
    /// The visitor's one answer; the reason is for the operator.
    Refused {
        reason: &'static str,
        detail: Option<String>,
    },
    Overloaded,
    /// Guesses at the same identifier, or from the same address, are under way, and took too long.
    Throttled,
    Store(NoAnswer),
    Fault,
}

/// What a pool answers to a verification.
pub(super) type Submitted<T, E> = Result<crate::pool::Job<Result<T, E>>, Overloaded>;

/// What was verified.
pub(super) struct Verified<T> {
    pub(super) id: Id,
    pub(super) method: &'static str,
    pub(super) is_only_match: bool,
    pub(super) outcome: T,
}

pub(super) async fn sign_in(State(service): State<Service>, visitor: Visitor, text: Text) -> Response {
    let (start, inner) = (Instant::now(), &service.inner);
    let Some(place) = inner.enter() else { return inner.refuse(start, Failure::Overloaded).await };
    let request = match text.parse::<Request>() {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    drop(text);
    let Request { identifier, password: Secret(password) } = request;
    // What follows hashes nothing: the place ends with the guess.
    let verified =
        inner.authenticate(start, identifier, visitor, password, Arc::new(place), move |inner, stored, password| {
            inner.pool.verify(stored, password, Some(start + inner.patience()))
        });
    let verified = verified.await;
    let answer = match verified {
        Ok(verified) => inner.welcome(verified).await,
        Err(failure) => inner.refuse(start, failure).await,
    };
    service.refresh_counts_soon();
    answer
}

impl Inner {
    /// Finds and verifies beside the request, to the end: whoever hangs up meanwhile has made a guess all the same, which counts as
    /// what it was.
    pub(super) async fn authenticate<T: Send + 'static, E: Into<ChangeError> + Send + 'static>(
        self: &Arc<Self>,
        start: Instant,
        identifier: String,
        visitor: Visitor,
        password: Password,
        place: Arc<Place>,
        submit: impl FnOnce(&Self, StoredHash, Password) -> Submitted<T, E> + Send + 'static,
    ) -> Result<Verified<T>, Failure> {
        let inner = Arc::clone(self);
        let guessed = tokio::spawn(async move {
            let outcome = inner.guess(start, &identifier, visitor, password, submit).await;
            drop(place);
            outcome
        });
        guessed.await.unwrap_or(Err(Failure::Fault))
    }

    /// Finds and verifies, and keeps account of the guess: one that was right, or that told nothing, is not held against
    /// anybody. One who is locked is not locked for longer by trying: guesses of others would keep a user out for ever.
    async fn guess<T: Send + 'static, E: Into<ChangeError> + Send + 'static>(
        self: &Arc<Self>,
        start: Instant,
        identifier: &str,
        Visitor(address): Visitor,
        password: Password,
        submit: impl FnOnce(&Self, StoredHash, Password) -> Submitted<T, E>,
    ) -> Result<Verified<T>, Failure> {
        let deadline = start + self.patience();
        let mut guess = match Guess::begin(self, &self.accounts.spelt(identifier), address, deadline).await {
            Begun::Taken(guess) => Some(guess),
            Begun::Locked => None,
            Begun::Throttled => return Err(Failure::Throttled),
        };
        let outcome = self.find_and_verify(start, identifier, guess.as_mut(), password, submit).await;
        let Some(guess) = guess else { return outcome };
        match &outcome {
            Ok(verified) if verified.is_only_match => guess.end(GuessEnd::Right),
            Err(Failure::Refused { .. }) => {
                // With its answer: until then it is under way, whatever it took, so that others who wait for it learn nothing of that.
                let inner = Arc::clone(self);
                tokio::spawn(async move {
                    inner.floor.wait(start).await;
                    guess.end(GuessEnd::Wrong);
                });
            }
            // Of one that was right, those before it may have been at the password of another who is called alike.
            Ok(_) | Err(_) => guess.end(GuessEnd::Nothing),
        }
        outcome
    }

    /// Finds and verifies. Whatever the reason of a refusal, a hash of the same cost class is computed first, and the same
    /// queue is waited in.
    async fn find_and_verify<T: Send + 'static, E: Into<ChangeError> + Send + 'static>(
        &self,
        start: Instant,
        identifier: &str,
        guess: Option<&mut Guess>,
        password: Password,
        submit: impl FnOnce(&Self, StoredHash, Password) -> Submitted<T, E>,
    ) -> Result<Verified<T>, Failure> {
        let deadline = start + self.patience();
        let begun = async {
            match guess {
                Some(guess) => guess.begin_in_store(deadline).await,
                None => Guessed::Locked,
            }
        };
        let (found, begun) = tokio::join!(self.find(identifier), begun);
        let found = found.map_err(Failure::Store)?;
        let is_only_match = found.as_ref().is_some_and(|found| found.is_only_match);
        let (reason, method, detail, password) = match found.map(|found| self.parse(found)) {
            _ if begun == Guessed::Locked => ("locked", "none", None, password),
            _ if begun == Guessed::Busy => return Err(Failure::Throttled),
            None => ("unknown_user", "none", None, password),
            Some(Err((reason, detail))) => (reason, "none", detail, password),
            Some(Ok((id, stored))) => {
                let method = stored.method().as_str();
                let engine = self.pool.engine();
                let cost = stored.dearest_cost(engine.policy().keys());
                // Before it is admitted: until when it may wait depends on the floor. What is never computed raises none.
                if cost.memory_kib <= self.pool.config().memory_kib {
                    self.floor.learn_row(engine, &stored, cost);
                    self.look_at_floor();
                }
                match submit(self, stored, password) {
                    Ok(job) => {
                        let error: ChangeError = match job.await.map_err(no_answer)? {
                            Ok(outcome) => {
                                return Ok(Verified { id, method, is_only_match, outcome });
                            }
                            Err(error) => error.into(),
                        };
                        let (reason, detail) = match error {
                            ChangeError::Denied(Denied::WrongPassword) => ("wrong_password", None),
                            ChangeError::HashFailed(HashError::OutOfMemory { .. }) => return Err(Failure::Overloaded),
                            ChangeError::Denied(denied) if denied.is_transient() => return Err(Failure::Overloaded),
                            ChangeError::Denied(Denied::Unverifiable(why)) => ("unverifiable", Some(why.to_string())),
                            ChangeError::HashFailed(_) => return Err(Failure::Fault),
                        };
                        self.metrics.sign_in(reason, method);
                        return Err(Failure::Refused { reason, detail });
                    }
                    Err(_) => return Err(Failure::Overloaded),
                }
            }
        };
        let decoy = self.pool.verify_unknown_user(password, Some(start + self.patience()));
        let _: Denied = decoy.map_err(|_| Failure::Overloaded)?.await.map_err(no_answer)?;
        self.metrics.sign_in(reason, method);
        Err(Failure::Refused { reason, detail })
    }

    async fn find(&self, identifier: &str) -> Result<Option<Found<Id>>, NoAnswer> {
        let (store, identifier) = (self.accounts.clone(), identifier.to_owned());
        self.blocking.run(move || store.find(&identifier)).await
    }

    fn parse(&self, found: Found<Id>) -> Result<(Id, StoredHash), (&'static str, Option<String>)> {
        let tagged = found.password.ok_or(("no_password", None))?;
        match tagged.parse(self.pool.engine().policy().limits()) {
            Ok(stored) => Ok((found.id, stored)),
            Err(broken) => Err(("broken_row", Some(broken.to_string()))),
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
        let (store, row) = (self.accounts.clone(), id.clone());
        let write = async {
            let Some(replacement) = replacement else { return (upgrade, None) };
            match self.blocking.write_within(UPGRADE_PATIENCE, move || store.replace(&row, &replacement)).await {
                Ok(Swap::Written) => ("written", None),
                Ok(Swap::Superseded) => ("superseded", None),
                Err(NoAnswer::Store(error)) if error.kind() == StoreErrorKind::ReadOnly => {
                    ("read_only", Some(error.to_string()))
                }
                Err(no_answer) => ("write_failed", Some(no_answer.to_string())),
            }
        };
        let (store, row) = (self.accounts.clone(), id.clone());
        let ask = async {
            match &id {
                Id::User(_) => self.blocking.run(move || store.who(&row)).await,
                // Nothing is known of a row but its key.
                Id::Row(_) => Ok(Account::Row(id.to_string())),
            }
        };
        // At once: a sign-in waits for the store twice, and not three times.
        let ((upgrade, why), asked) = tokio::join!(write, ask);
        self.metrics.upgrade(upgrade);
        (note.upgrade, note.reason) = (Some(upgrade), why);
        let who = match asked {
            Ok(Account::User(user)) => {
                let mut view = UserView::from(*user);
                if upgrade == "written" {
                    view.is_upgraded_now();
                }
                Who::Whole(Box::new(view))
            }
            Ok(Account::Row(id)) => Who::Id { id },
            Ok(Account::Nobody) => return Problem::CONFLICT.into_response(),
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
            Failure::Throttled => (Problem::rate_limited(1), "throttled", None),
            Failure::Store(no_answer) => {
                let reason = no_answer.to_string();
                (Problem::from(no_answer), "store_unavailable", Some(reason))
            }
            Failure::Fault => (Problem::FAULT, "fault", None),
        };
        if problem.status() != StatusCode::UNAUTHORIZED {
            self.metrics.undecided(outcome);
        }
        let mut response = problem.into_response();
        let code = response.extensions().get::<Note>().and_then(|note| note.code);
        response.extensions_mut().insert(Note { code, outcome: Some(outcome), reason, ..Note::default() });
        response
    }
}

fn no_answer(error: JobError) -> Failure {
    match error {
        JobError::DeadlinePassed | JobError::ShutDown => Failure::Overloaded,
        JobError::Panicked => Failure::Fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_is_read_as_rfc_7239_has_it() {
        for (element, expected) in [
            (" for=192.0.2.60;proto=http;by=203.0.113.43", Some("192.0.2.60")),
            ("For=\"[2001:db8:cafe::17]:4711\"", Some("2001:db8:cafe::17")),
            ("proto=https; FOR=192.0.2.1", Some("192.0.2.1")),
            ("for=_hidden", None),
            ("for=unknown", None),
            ("by=192.0.2.1", None),
            ("192.0.2.1", None),
        ] {
            let found = forwarded_for(element).and_then(address);
            assert_eq!(found, expected.and_then(|text| text.parse().ok()), "{element}");
        }
    }

    #[test]
    fn addresses_are_read_as_proxies_write_them() {
        let v4 = "192.0.2.1".parse().ok();
        let v6 = "2001:db8::1".parse().ok();
        for (text, expected) in [
            ("192.0.2.1", v4),
            (" 192.0.2.1:5555 ", v4),
            ("2001:db8::1", v6),
            ("[2001:db8::1]", v6),
            ("[2001:db8::1]:443", v6),
            ("", None),
            ("unknown", None),
            ("192.0.2.1:x", None),
            ("[192.0.2.1", None),
        ] {
            assert_eq!(address(text), expected, "{text}");
        }
    }
}
