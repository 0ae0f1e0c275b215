//! `/api/users`: users created one by one, as migration scripts do it, with a hash of any method or a password; and the social
//! identities that are linked to them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::UserView;
use super::body::Text;
use super::problem::Problem;
use super::{Inner, Service};
use crate::import::{Credential, Record};
use crate::store::{Created, Linked, NewUser};
use crate::{Password, StoredHash};

/// The members of a body in their order, each as it stands there; none stands twice.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

impl Members {
    /// Takes a member out that must be a text.
    fn take_text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let Some(at) = self.0.iter().position(|(member, _)| member == name) else { return Ok(None) };
        let (_, value) = self.0.remove(at);
        if self.0.iter().any(|(member, _)| member == name) {
            return Err(Problem::bad_field(name, "duplicate_field", "stands twice"));
        }
        serde_json::from_str(value.get()).map_err(|_| Problem::bad_field(name, "bad_field", "must be a text"))
    }

    fn to_json(&self) -> String {
        let quoted = |name: &str| serde_json::Value::from(name).to_string();
        let members: Vec<_> = self.0.iter().map(|(name, value)| format!("{}:{}", quoted(name), value.get())).collect();
        format!("{{{}}}", members.join(","))
    }
}

pub(super) async fn create(State(service): State<Service>, text: Text) -> Result<Response, Problem> {
    service.inner.admit()?;
    let mut members = text.parse::<Members>()?;
    drop(text);
    let password = members.take_text("password")?.map(Password::new);
    let record =
        service.inner.rules.judge_json(&members.to_json()).map_err(|problems| Problem::of_record(&problems))?;
    let hash = match (&record.credential, password) {
        (Credential::Hash(_), Some(_)) => {
            return Err(Problem::bad_field("password", "bad_field", "stands beside a hash; give one of them"));
        }
        (Credential::Hash(hash), None) => Some(hash.clone()),
        (_, Some(password)) => Some(service.inner.hash(password).await?),
        _ => None,
    };
    let id = service.inner.insert(record, hash).await?;
    let user = service.inner.view(id).await?;
    Ok((StatusCode::OK, [(LOCATION, format!("/api/users/{id}"))], Json(user)).into_response())
}

pub(super) async fn get(State(service): State<Service>, Path(id): Path<String>) -> Result<Response, Problem> {
    service.inner.admit()?;
    let user = service.inner.view(parse(&id)?).await?;
    Ok(Json(user).into_response())
}

/// Links an identity: `target` (or `connectorId`) names the provider; the rest of the object is kept as it is.
pub(super) async fn link(
    State(service): State<Service>,
    Path(id): Path<String>,
    text: Text,
) -> Result<Response, Problem> {
    service.inner.admit()?;
    let id = parse(&id)?;
    let mut members = text.parse::<Members>()?;
    drop(text);
    let provider = match members.take_text("target")? {
        Some(target) => target,
        None => members
            .take_text("connectorId")?
            .ok_or_else(|| Problem::bad_field("target", "bad_field", "names the provider, and is missing"))?,
    };
    if provider.is_empty() || provider.len() > 128 {
        return Err(Problem::bad_field("target", "bad_field", "must have 1 to 128 bytes"));
    }
    let (store, identity) = (Arc::clone(&service.inner.store), members.to_json());
    match service.inner.blocking.run(move || store.link_identity(id, &provider, &identity)).await? {
        Linked::Written => {
            let user = service.inner.view(id).await?;
            Ok((StatusCode::CREATED, Json(user)).into_response())
        }
        Linked::Taken => Err(Problem::bad_field("target", "duplicate_user", "the user has another identity of it")),
        Linked::AnotherUsers => {
            Err(Problem::bad_field("identities", "duplicate_user", "another user has this identity"))
        }
        Linked::NoSuchUser => Err(Problem::NO_SUCH_USER),
    }
}

fn parse(id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| Problem::NO_SUCH_USER)
}

impl Inner {
    /// The rate of the user API: a migration script that does not look at statuses is told to wait before it floods the store.
    fn admit(&self) -> Result<(), Problem> {
        self.api_rate.take().map_err(Problem::rate_limited)
    }

    async fn view(&self, id: i64) -> Result<UserView, Problem> {
        let store = Arc::clone(&self.store);
        let user = self.blocking.run(move || store.user(id)).await?;
        user.map(UserView::from).ok_or(Problem::NO_SUCH_USER)
    }

    async fn insert(&self, record: Record<'static>, hash: Option<StoredHash>) -> Result<i64, Problem> {
        let store = Arc::clone(&self.store);
        let created = self.blocking.run(move || {
            store.create(&NewUser {
                username: record.username.as_deref(),
                primary_email: record.primary_email.as_deref(),
                primary_phone: record.primary_phone.as_deref(),
                name: record.name.as_deref(),
                avatar: record.avatar.as_deref(),
                profile: record.profile.as_deref(),
                custom_data: record.custom_data.as_deref(),
                identities: record.identities.as_deref(),
                password: hash.as_ref(),
            })
        });
        match created.await? {
            Created::New(id) => Ok(id),
            Created::Taken(field) => Err(Problem::bad_field(field, "duplicate_user", "another user has it")),
        }
    }
}
