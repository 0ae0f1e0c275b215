//! `/api/users/{id}` beyond creating: what a migration script that is run again, and whoever looks after users, do to them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Json;
use axum::extract::{FromRequestParts, OriginalUri, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LINK};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{Note, UserView};
use super::body::{Secret, Text};
use super::members::Members;
use super::passwords::{self, check_new};
use super::problem::Problem;
use super::query::Query;
use super::users::{UserId, check_size, check_target, check_types, identity_of, objects};
use super::{Inner, Service};
use crate::pool::JobError;
use crate::store::{Edited, Identifier, Swap, User};
use crate::{Code, Denied, Password, Unverifiable};

/// How often a password is set again where somebody else came in between.
const ATTEMPTS: usize = 3;
/// How many users a page has unless it is said, and at most.
const PAGE_SIZE: usize = 20;
const PAGE_SIZE_MAX: usize = 100;
/// How far down a page may begin: what stands before it is counted off, in some hundredths of a second for so many.
const LISTED_MAX: usize = 100_000;
const TOTAL_NUMBER: HeaderName = HeaderName::from_static("total-number");

/// The provider in the path.
pub(super) struct Target(String);

impl FromRequestParts<Service> for Target {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, service).await;
        let target = path.ok().and_then(|Path(mut path)| path.remove("target"));
        target.filter(|target| check_target(target).is_ok()).map(Self).ok_or(Problem::NO_SUCH_IDENTITY)
    }
}

#[derive(Deserialize)]
struct ToSet {
    password: String,
}

#[derive(Deserialize)]
struct ToVerify {
    password: Secret,
}

/// The users whose username, email or phone is this, in whatever capitals; all of them, by pages, where nothing is looked for.
pub(super) async fn find(
    State(service): State<Service>,
    OriginalUri(asked): OriginalUri,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let inner = &service.inner;
    inner.admit()?;
    let Search { wanted, exactly, page, page_size } = Search::of(query.as_deref().unwrap_or_default())?;
    let store = inner.users()?;
    let skipped = (page - 1).saturating_mul(page_size);
    if wanted.is_empty() {
        if skipped > LISTED_MAX {
            let why = format!("begins within the first {LISTED_MAX} users; rehash export gives all of them");
            return Err(Problem::bad_field("page", "bad_field", why).misshapen());
        }
        // Both are small.
        let (after, limit) = (u32::try_from(skipped).unwrap_or(u32::MAX), u32::try_from(page_size).unwrap_or(u32::MAX));
        let listed = inner.blocking.run(move || Ok((store.list(after, limit)?, store.counts()?)));
        let (users, counts) = listed.await?;
        let total = counts.iter().map(|count| count.records).sum();
        let links = links(asked.path(), page, page_size, total);
        let users: Vec<UserView> = users.into_iter().map(UserView::from).collect();
        return Ok(([(TOTAL_NUMBER, total.to_string()), (LINK, links)], Json(users)).into_response());
    }
    let found = inner.blocking.run(move || {
        let mut found: Vec<User> = Vec::new();
        for (kind, text) in wanted {
            if exactly.contains(&kind) {
                found.extend(store.find_user(kind, &text)?);
            } else {
                found.extend(store.find_users(kind, &text)?);
            }
        }
        Ok(found)
    });
    let mut found = found.await?;
    // In the order in which they were found: who has it as it is written comes first.
    let mut seen = std::collections::HashSet::new();
    found.retain(|user| seen.insert(user.id));
    let total = found.len();
    let page: Vec<UserView> = found.into_iter().skip(skipped).take(page_size).map(UserView::from).collect();
    Ok(([(TOTAL_NUMBER, total.to_string())], Json(page)).into_response())
}

/// Where the other pages are (RFC 8288), as far as they can be asked for.
fn links(path: &str, page: usize, page_size: usize, total: u64) -> String {
    let reached = usize::try_from(total).unwrap_or(usize::MAX).min(LISTED_MAX + page_size);
    let last = reached.div_ceil(page_size).max(1);
    let to = |page: usize, what: &str| format!("<{path}?page={page}&page_size={page_size}>; rel=\"{what}\"");
    let before = (page > 1).then(|| to((page - 1).min(last), "prev"));
    let after = (page < last).then(|| to(page + 1, "next"));
    let all = [Some(to(1, "first")), before, after, Some(to(last, "last"))];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

struct Search {
    wanted: Vec<(Identifier, String)>,
    /// Which of them are looked for as they are written, and not in whatever capitals.
    exactly: Vec<Identifier>,
    page: usize,
    page_size: usize,
}

impl Search {
    fn of(query: &str) -> Result<Self, Problem> {
        let bad = |name: &str, why: &str| Problem::bad_field(name, "bad_field", why).misshapen();
        let mut search = Self { wanted: Vec::new(), exactly: Vec::new(), page: 1, page_size: PAGE_SIZE };
        for (name, value) in Query(query) {
            let number = || value.parse::<usize>().ok().filter(|number| *number > 0);
            let kind = match name.as_str() {
                "search.username" | "mode.username" => Identifier::Username,
                "search.primaryEmail" | "mode.primaryEmail" => Identifier::PrimaryEmail,
                "search.primaryPhone" | "mode.primaryPhone" => Identifier::PrimaryPhone,
                "page" => {
                    search.page = number().ok_or_else(|| bad("page", "is counted from one"))?;
                    continue;
                }
                "page_size" => {
                    let size = number().filter(|size| *size <= PAGE_SIZE_MAX);
                    search.page_size = size.ok_or_else(|| bad("page_size", "is 1 to 100"))?;
                    continue;
                }
                _ => {
                    return Err(bad(
                        "query",
                        "search.username, search.primaryEmail and search.primaryPhone are looked for",
                    ));
                }
            };
            if name.starts_with("search.") {
                search.wanted.push((kind, value));
            } else if value == "exact" {
                search.exactly.push(kind);
            } else {
                return Err(bad(&name, "can be exact"));
            }
        }
        if search.wanted.len() > 3 {
            return Err(bad("query", "up to three of search.username, search.primaryEmail and search.primaryPhone"));
        }
        Ok(search)
    }
}

/// Changes what the body names; an empty text is as null, and takes it away.
pub(super) async fn update(
    State(service): State<Service>,
    UserId(id): UserId,
    text: Text,
) -> Result<Response, Problem> {
    let inner = &service.inner;
    inner.admit()?;
    let members = text.parse::<Members>()?;
    drop(text);
    check_types(&members)?;
    let mut change = Change::of(members)?;
    let user = inner.edit(id, move |inner, user| change.apply(inner, user)).await?;
    Ok(Json(UserView::from(user)).into_response())
}

/// What becomes of a user's fields.
struct Change {
    texts: Vec<(&'static str, Option<String>)>,
    objects: Vec<(&'static str, Box<RawValue>)>,
}

impl Change {
    fn of(mut members: Members) -> Result<Self, Problem> {
        let (mut texts, mut objects) = (Vec::new(), Vec::new());
        for name in ["username", "primaryEmail", "primaryPhone", "name", "avatar"] {
            if members.get(name).is_some() {
                texts.push((name, members.take_text(name)?.filter(|text| !text.is_empty())));
            }
        }
        for name in ["profile", "customData"] {
            objects.extend(members.take_object(name)?.map(|object| (name, object)));
        }
        match members.names().next() {
            Some(other) => Err(Problem::bad_field(other, "bad_field", "is not changed here").misshapen()),
            None => Ok(Self { texts, objects }),
        }
    }

    fn apply(&mut self, inner: &Inner, user: &mut User) -> Result<(), Problem> {
        for (name, text) in &self.texts {
            let field = match *name {
                "username" => &mut user.username,
                "primaryEmail" => &mut user.primary_email,
                "primaryPhone" => &mut user.primary_phone,
                "name" => &mut user.name,
                _ => &mut user.avatar,
            };
            field.clone_from(text);
        }
        for (name, object) in &self.objects {
            let field = if *name == "profile" { &mut user.profile } else { &mut user.custom_data };
            *field = Some(object.get().to_owned());
        }
        // By the rules that a new user is judged by.
        let record = serde_json::json!({
            "username": user.username, "primaryEmail": user.primary_email, "primaryPhone": user.primary_phone,
            "name": user.name, "avatar": user.avatar,
        });
        inner.rules.judge_json(&record.to_string()).map(drop).map_err(|problems| Problem::of_user(&problems))
    }
}

/// Adds members to the user's own data; those of the same name are replaced.
pub(super) async fn merge_custom_data(
    State(service): State<Service>,
    id: UserId,
    text: Text,
) -> Result<Response, Problem> {
    merge(&service.inner, id, text, "customData").await
}

/// The same for the profile.
pub(super) async fn merge_profile(State(service): State<Service>, id: UserId, text: Text) -> Result<Response, Problem> {
    merge(&service.inner, id, text, "profile").await
}

async fn merge(inner: &Arc<Inner>, UserId(id): UserId, text: Text, name: &'static str) -> Result<Response, Problem> {
    inner.admit()?;
    let mut members = text.parse::<Members>()?;
    drop(text);
    let missing = || Problem::bad_field(name, "bad_field", "is an object, and needed").misshapen();
    let given = members.take_object(name)?.ok_or_else(missing)?;
    let edited = inner.edit(id, move |_, user| {
        let field = if name == "profile" { &mut user.profile } else { &mut user.custom_data };
        let mut object = Members::held(field.as_deref()).ok_or_else(|| no_object(name))?;
        Members::read(Some(given.get())).into_each().for_each(|(name, value)| object.set(&name, value));
        *field = Some(object.to_json());
        Ok(())
    });
    let user = edited.await?;
    let merged = if name == "profile" { user.profile } else { user.custom_data };
    let object = RawValue::from_string(merged.unwrap_or_default());
    Ok(Json(object.map_err(|_| Problem::FAULT)?).into_response())
}

/// What is stored is nothing that can be added to, and is not thrown away for it.
fn no_object(name: &str) -> Problem {
    Problem::bad_field(name, "bad_field", "what is stored is no object")
}

/// Links an identity, in place of the one of this provider where there is one.
pub(super) async fn put_identity(
    State(service): State<Service>,
    UserId(id): UserId,
    Target(target): Target,
    text: Text,
) -> Result<Response, Problem> {
    let inner = &service.inner;
    inner.admit()?;
    let identity = identity_of(text.parse::<Members>()?)?;
    let identity = RawValue::from_string(identity).map_err(|_| Problem::FAULT)?;
    drop(text);
    let is_new = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_new);
    let edited = inner.edit(id, move |_, user| {
        let held = Members::held(user.identities.as_deref());
        let mut identities = held.ok_or_else(|| no_object("identities"))?;
        told.store(identities.get(&target).is_none(), Ordering::Relaxed);
        identities.set(&target, identity.clone());
        user.identities = Some(identities.to_json());
        Ok(())
    });
    let user = edited.await?;
    let status = if is_new.load(Ordering::Relaxed) { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(UserView::from(user).identities)).into_response())
}

/// Takes an identity away.
pub(super) async fn unlink(
    State(service): State<Service>,
    UserId(id): UserId,
    Target(target): Target,
) -> Result<Response, Problem> {
    let inner = &service.inner;
    inner.admit()?;
    let edited = inner.edit(id, move |_, user| {
        let mut identities = Members::read(user.identities.as_deref());
        if !identities.remove(&target) {
            return Err(Problem::NO_SUCH_IDENTITY);
        }
        user.identities = Some(identities.to_json());
        Ok(())
    });
    Ok(Json(UserView::from(edited.await?)).into_response())
}

/// Sets a password, whatever it was.
pub(super) async fn set_password(
    State(service): State<Service>,
    UserId(id): UserId,
    text: Text,
) -> Result<Response, Problem> {
    let inner = &service.inner;
    inner.admit()?;
    let password = zeroize::Zeroizing::new(text.parse::<ToSet>()?.password);
    drop(text);
    check_new(&password)?;
    inner.user(id).await?;
    let hash = inner.hash(None, Password::new(&**password)).await?;
    for _ in 0..ATTEMPTS {
        let (store, hash, held) = (inner.users()?, hash.clone(), inner.user(id).await?.password);
        let swap = inner.blocking.write(move || store.change_password(id, held.as_ref(), &hash)).await?;
        if swap == Swap::Written {
            let mut response = Json(inner.written(id).await).into_response();
            response.extensions_mut().insert(Note { outcome: Some("password_changed"), ..Note::default() });
            return Ok(response);
        }
    }
    Err(Problem::CONFLICT)
}

/// Whether a password is the user's: for operators, who are told more than visitors. Nothing is upgraded, and no guess is counted.
pub(super) async fn verify_password(
    State(service): State<Service>,
    UserId(id): UserId,
    text: Text,
) -> Result<Response, Problem> {
    let inner = &service.inner;
    inner.admit()?;
    let password = text.parse::<ToVerify>()?.password.0;
    drop(text);
    let wrong = || Problem::bad_field("password", "invalid_credentials", "is not the user's");
    let held = inner.user(id).await?.password.ok_or_else(wrong)?;
    let limits = inner.pool.engine().policy().limits();
    // Nothing was verified: a password that may well be right is not called wrong.
    let unverifiable = |code, why: &dyn ToString| Problem::bad_field("password", code, why.to_string());
    let stored = held.parse(limits).map_err(|error| unverifiable(error.code().as_str(), &error))?;
    let deadline = std::time::Instant::now() + inner.config.queue_timeout;
    let needed_kib = inner.pool.engine().verify_cost(&stored).memory_kib;
    if needed_kib > inner.aside.memory_kib() {
        let why = format!(
            "the user's hash takes {needed_kib} KiB, and {} KiB are set aside for this",
            inner.aside.memory_kib()
        );
        return Err(unverifiable(Code::CostTooHigh.as_str(), &why));
    }
    let turn = inner.aside.turn(None, needed_kib, deadline).await?;
    let job =
        inner.pool.verify_aside(stored, password, Some(deadline)).map_err(|why| Problem::OVERLOADED.because(why))?;
    match turn.wait(job).await {
        Ok(Ok(_accepted)) => Ok(StatusCode::NO_CONTENT.into_response()),
        Ok(Err(Denied::WrongPassword | Denied::Unverifiable(Unverifiable::PasswordTooLong))) => Err(wrong()),
        Ok(Err(denied)) if denied.is_transient() => Err(Problem::OVERLOADED.because(denied)),
        Ok(Err(Denied::Unverifiable(why))) => Err(unverifiable(passwords::code(&why), &why)),
        Err(JobError::Panicked) => Err(Problem::FAULT),
        Err(why) => Err(Problem::OVERLOADED.because(why)),
    }
}

pub(super) async fn has_password(State(service): State<Service>, UserId(id): UserId) -> Result<Response, Problem> {
    service.inner.admit()?;
    let has_password = service.inner.user(id).await?.password.is_some();
    Ok(Json(serde_json::json!({ "hasPassword": has_password })).into_response())
}

pub(super) async fn delete(State(service): State<Service>, UserId(id): UserId) -> Result<StatusCode, Problem> {
    let inner = &service.inner;
    inner.admit()?;
    let store = inner.users()?;
    let is_deleted = inner.blocking.write(move || store.delete(id)).await?;
    if is_deleted { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::NO_SUCH_USER) }
}

impl Inner {
    /// Changes a user; what `change` refuses is not written. Gives them back as they are now.
    async fn edit(
        self: &Arc<Self>,
        id: i64,
        mut change: impl FnMut(&Self, &mut User) -> Result<(), Problem> + Send + 'static,
    ) -> Result<User, Problem> {
        let (inner, store) = (Arc::clone(self), self.users()?);
        let edited = self.blocking.write(move || {
            let mut made = Err(Problem::NO_SUCH_USER);
            let edited = store.edit(id, &mut |user| {
                let before = objects(user);
                made = change(&inner, user).and_then(|()| check_size(&before, user)).map(|()| user.clone());
                made.is_ok()
            })?;
            Ok((edited, made))
        });
        match edited.await? {
            (Edited::Written, made) | (Edited::Left, made) => made,
            (Edited::Taken(field), _) => Err(Problem::bad_field(field, "duplicate_user", "another user has it")),
            (Edited::Unstorable { field, why }, _) => Err(Problem::bad_field(field, "bad_field", why.to_string())),
            (Edited::NoSuchUser, _) => Err(Problem::NO_SUCH_USER),
        }
    }
}
