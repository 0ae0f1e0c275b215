//! Health, readiness, metrics, and the description of all routes.

use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::Service;
use super::problem::Problem;
use crate::pool::Overloaded;

/// How long metrics wait for newer counts of the store; older ones say their age.
const COUNTS_PATIENCE: Duration = Duration::from_millis(250);
const DESCRIPTION: &str = include_str!("openapi.json");
/// Whom readiness looks for.
const NOBODY: &str = "\u{1}rehash is ready";

/// The process answers. Asks neither the pool nor the store, so that it is quick whatever they do.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The store answers as a sign-in asks it, soon enough for one to be hashed for, and somebody can be let in.
pub(super) async fn readyz(State(service): State<Service>) -> Result<&'static str, Problem> {
    let store = service.inner.accounts.clone();
    let inner = &*service.inner;
    let found = inner.blocking.run(move || store.find(NOBODY));
    match tokio::time::timeout(inner.patience(), found).await {
        Ok(found) => drop(found?),
        Err(_) => return Err(Problem::STORE_UNAVAILABLE.because("the store takes longer than a sign-in has")),
    }
    if inner.is_full() {
        let queue_len = inner.pool.config().queue_len;
        return Err(Problem::OVERLOADED.because(Overloaded::QueueFull { queue_len }));
    }
    Ok("ready\n")
}

pub(super) async fn metrics(State(service): State<Service>) -> Response {
    service.refresh_counts_within(COUNTS_PATIENCE).await;
    let inner = &*service.inner;
    let lost = inner.config.log_lines_lost.load(Ordering::Relaxed);
    let text = inner.metrics.render(&inner.pool, inner.admission.turned_away(), lost, service.floor());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// What of it this service has: over a table of others there are no users to create or to look at.
pub(super) async fn openapi(State(service): State<Service>) -> Response {
    static WITHOUT_USERS: LazyLock<String> = LazyLock::new(|| {
        let mut description: serde_json::Value = serde_json::from_str(DESCRIPTION).unwrap_or_default();
        if let Some(paths) = description.get_mut("paths").and_then(serde_json::Value::as_object_mut) {
            paths.retain(|path, _| !path.starts_with("/api/"));
        }
        description.to_string()
    });
    let description = if service.inner.accounts.users().is_some() { DESCRIPTION } else { WITHOUT_USERS.as_str() };
    ([(CONTENT_TYPE, "application/json")], description).into_response()
}
