//! `/api/users`: users created one by one, as migration scripts do it, with a hash of any method or a password; and the social
//! identities that are linked to them.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::value::RawValue;

use super::answer::{UserView, Who};
use super::body::Text;
use super::members::{self, Members};
use super::passwords::check_new;
use super::problem::Problem;
use super::{Inner, Service};
use crate::import::{Credential, Record};
use crate::store::{Created, Linked, NewUser, User, Users};
use crate::{Password, StoredHash};

/// The longest name of a provider.
const PROVIDER_BYTES_MAX: usize = 128;

/// What each of a user's objects may grow to.
const OBJECT_BYTES_MAX: usize = 1 << 20;

/// A user's id in the path. What is none names nobody.
pub(super) struct UserId(pub(super) i64);

impl FromRequestParts<Service> for UserId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, service).await;
        let id = path.ok().and_then(|Path(mut path)| path.remove("id")).ok_or(Problem::NO_SUCH_USER)?;
        let number = id.parse::<i64>().ok();
        // One user has one address: neither 01 nor +1 is another.
        number.filter(|number| number.to_string() == id).map(Self).ok_or(Problem::NO_SUCH_USER)
    }
}

pub(super) async fn create(
    State(service): State<Service>,
    OriginalUri(asked): OriginalUri,
    text: Text,
) -> Result<Response, Problem> {
    let inner = &service.inner;
    inner.admit()?;
    let mut members = text.parse::<Members>()?;
    drop(text);
    let password = members.take_text("password")?.map(zeroize::Zeroizing::new);
    check_types(&members)?;
    let record = inner.rules.judge_json(&members.to_json()).map_err(|problems| Problem::of_user(&problems))?;
    let hash = match (&record.credential, password) {
        (Credential::Hash(_), Some(_)) => {
            let why = "stands beside a hash; give one of them";
            return Err(Problem::bad_field("password", "bad_field", why).misshapen());
        }
        (Credential::Hash(hash), None) => {
            inner.check_fits(hash)?;
            Some(hash.clone())
        }
        (_, Some(password)) => {
            check_new(&password)?;
            Some(inner.hash(None, Password::new(&**password)).await?)
        }
        _ => None,
    };
    let id = inner.insert(record, hash).await?;
    let user = inner.written(id).await;
    // As it was asked for: the router may be mounted below a path.
    let location = format!("{}/{id}", asked.path().trim_end_matches('/'));
    Ok((StatusCode::OK, [(LOCATION, location)], Json(user)).into_response())
}

/// Objects where objects are described, and texts where texts are; both may be null.
pub(super) fn check_types(members: &Members) -> Result<(), Problem> {
    for field in members.names() {
        let value = members.get(field).unwrap_or_default();
        if field == "isSuspended" && value != "false" && value != "null" {
            let why = "is not heeded here, and the user could sign in: leave the user out, or without a password";
            return Err(Problem::bad_field(field, "bad_field", why).misshapen());
        }
        let (is_object, begins) = match field {
            "profile" | "customData" | "identities" => (true, '{'),
            "username" | "primaryEmail" | "primaryPhone" | "name" | "avatar" => (false, '"'),
            _ if field.starts_with("password") => (false, '"'),
            _ => continue,
        };
        if value != "null" && !value.starts_with(begins) {
            let wanted = if is_object { "must be an object or null" } else { "must be a text or null" };
            return Err(Problem::bad_field(field, "bad_field", wanted).misshapen());
        }
        if is_object {
            members::check(value, members::DEPTH_MAX)
                .map_err(|why| Problem::bad_field(field, "bad_field", why).misshapen())?;
        }
        if field == "identities" && value != "null" {
            check_identities(value)?;
        }
    }
    Ok(())
}

/// Each as it is linked one by one.
fn check_identities(identities: &str) -> Result<(), Problem> {
    let bad = |why: &str| Problem::bad_field("identities", "bad_field", why).misshapen();
    let identities: Members = serde_json::from_str(identities).map_err(|_| bad("must be an object"))?;
    for target in identities.names() {
        check_target(target).map_err(bad)?;
        let identity = identities.get(target).unwrap_or_default();
        let members: Members =
            serde_json::from_str(identity).map_err(|_| bad("must be an object of objects with userId and details"))?;
        identity_of(members)?;
    }
    Ok(())
}

pub(super) fn check_target(target: &str) -> Result<(), &'static str> {
    let is_one = !target.is_empty() && target.len() <= PROVIDER_BYTES_MAX;
    if is_one { Ok(()) } else { Err("a provider's name must have 1 to 128 bytes") }
}

pub(super) async fn get(State(service): State<Service>, UserId(id): UserId) -> Result<Response, Problem> {
    service.inner.admit()?;
    let user = service.inner.view(id).await?;
    Ok(Json(user).into_response())
}

/// Links an identity: `target` names the provider, `userId` the user there. Nobody is asked whether it is theirs.
pub(super) async fn link(State(service): State<Service>, UserId(id): UserId, text: Text) -> Result<Response, Problem> {
    service.inner.admit()?;
    let members = text.parse::<Members>()?;
    drop(text);
    let (provider, identity) = identity(members)?;
    let held = service.inner.user(id).await?.identities.map_or(0, |identities| identities.len());
    if held + provider.len() + identity.len() > OBJECT_BYTES_MAX {
        return Err(too_large("identities"));
    }
    let (store, linked) = (service.inner.users()?, format!("{{{}:{identity}}}", serde_json::json!(provider)));
    match service.inner.blocking.write(move || store.link_identity(id, &provider, &identity)).await? {
        Linked::Written => {
            // What was written is no failure, where it cannot be read again.
            let identities = service.inner.view(id).await.map(|user| user.identities);
            let identities = identities.or_else(|_| RawValue::from_string(linked)).map_err(|_| Problem::FAULT)?;
            Ok(Json(identities).into_response())
        }
        Linked::Taken => Err(Problem::bad_field("target", "duplicate_user", "the user has another identity of it")),
        Linked::AnotherUsers => {
            Err(Problem::bad_field("identities", "duplicate_user", "another user has this identity"))
        }
        Linked::NoSuchUser => Err(Problem::NO_SUCH_USER),
    }
}

/// The provider, and the identity as it is kept.
fn identity(mut members: Members) -> Result<(String, String), Problem> {
    let bad = |field: &str, why: &str| Problem::bad_field(field, "bad_field", why).misshapen();
    let has = |field| members.get(field).is_some();
    if has("connectorData") && !has("userId") {
        return Err(bad(
            "connectorData",
            "no provider is asked here; send target, userId and, where you have them, details",
        ));
    }
    let target = members.take_text("target")?.ok_or_else(|| bad("target", "names the provider, and is missing"))?;
    check_target(&target).map_err(|why| bad("target", why))?;
    identity_of(members).map(|identity| (target, identity))
}

/// An identity as it is kept, from its `userId` and `details`.
pub(super) fn identity_of(mut members: Members) -> Result<String, Problem> {
    let bad = |field: &str, why: &str| Problem::bad_field(field, "bad_field", why).misshapen();
    let user = members.take_text("userId")?.filter(|user| !user.is_empty());
    let user = user.ok_or_else(|| bad("userId", "must be the user's id at the provider, and not empty"))?;
    let details = members.take_object("details")?;
    if let Some(other) = members.names().next() {
        return Err(bad(other, "is no member of an identity; send target, userId and details"));
    }
    let user = serde_json::Value::from(user);
    Ok(match details {
        Some(details) => format!("{{\"userId\":{user},\"details\":{details}}}"),
        None => format!("{{\"userId\":{user}}}"),
    })
}

/// The user's objects: their names, and how many bytes each has.
pub(super) fn objects(user: &User) -> [(&'static str, usize); 3] {
    let objects = [("profile", &user.profile), ("customData", &user.custom_data), ("identities", &user.identities)];
    objects.map(|(name, object)| (name, object.as_ref().map_or(0, String::len)))
}

fn too_large(name: &str) -> Problem {
    Problem::bad_field(name, "bad_field", format!("would have more than {} MiB", OBJECT_BYTES_MAX >> 20))
}

/// An object does not grow beyond what an export of it can be read back with; what came larger may shrink.
pub(super) fn check_size(before: &[(&'static str, usize); 3], user: &User) -> Result<(), Problem> {
    let is_too_large =
        |((_, now), (_, before)): &((&str, usize), &(&str, usize))| *now > OBJECT_BYTES_MAX && now > before;
    match objects(user).into_iter().zip(before).find(is_too_large) {
        Some(((name, _), _)) => Err(too_large(name)),
        None => Ok(()),
    }
}

impl Inner {
    /// The rate of the user API: a migration script that does not look at statuses is told to wait before it floods the store.
    pub(super) fn admit(&self) -> Result<(), Problem> {
        self.api_rate.take().map_err(Problem::rate_limited)
    }

    /// A hash that this service could not verify is not taken: its user could never sign in.
    fn check_fits(&self, hash: &StoredHash) -> Result<(), Problem> {
        let memory_kib = self.pool.config().memory_kib;
        let needed_kib = hash.cost().memory_kib;
        if needed_kib <= memory_kib {
            return Ok(());
        }
        let why = format!("takes {needed_kib} KiB, and the service has {memory_kib} KiB for all hashes");
        Err(Problem::bad_field("passwordEncrypted", "cost_too_high", why))
    }

    /// The store of whole users: there is one wherever these routes are.
    pub(super) fn users(&self) -> Result<Arc<dyn Users>, Problem> {
        self.accounts.users().cloned().ok_or(Problem::NO_SUCH_USER)
    }

    /// A user that was written, as the store has them now.
    pub(super) async fn written(&self, id: i64) -> Who {
        match self.view(id).await {
            Ok(user) => Who::Whole(Box::new(user)),
            Err(_) => Who::Id { id: id.to_string() },
        }
    }

    pub(super) async fn view(&self, id: i64) -> Result<UserView, Problem> {
        self.user(id).await.map(UserView::from)
    }

    pub(super) async fn user(&self, id: i64) -> Result<User, Problem> {
        let store = self.users()?;
        self.blocking.run(move || store.user(id)).await?.ok_or(Problem::NO_SUCH_USER)
    }

    async fn insert(&self, record: Record<'static>, hash: Option<StoredHash>) -> Result<i64, Problem> {
        let store = self.users()?;
        let created = self.blocking.write(move || store.create(&NewUser::with_password(&record, hash.as_ref())));
        match created.await? {
            Created::New(id) => Ok(id),
            Created::Unstorable { field, why } => Err(Problem::bad_field(field, "bad_field", why.to_string())),
            Created::Taken(field) => Err(Problem::bad_field(field, "duplicate_user", "another user has it")),
        }
    }
}
