//! Health, readiness, metrics, and the description of all routes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::Service;
use super::problem::Problem;
use crate::pool::Overloaded;

/// The process answers. Asks neither the pool nor the store, so that it is quick whatever they do.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The store answers, and somebody can be let in.
pub(super) async fn readyz(State(service): State<Service>) -> Result<&'static str, Problem> {
    let store = Arc::clone(&service.inner.store);
    let inner = &*service.inner;
    inner.blocking.run(move || store.info()).await?;
    if inner.admission.is_full(&inner.pool, inner.patience()) {
        let queue_len = inner.pool.config().queue_len;
        return Err(Problem::OVERLOADED.because(Overloaded::QueueFull { queue_len }));
    }
    Ok("ready\n")
}

pub(super) async fn metrics(State(service): State<Service>) -> Response {
    service.refresh_counts().await;
    let inner = &*service.inner;
    let text = inner.metrics.render(&inner.pool, inner.admission.turned_away(), service.floor());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

pub(super) async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], include_str!("openapi.json")).into_response()
}
