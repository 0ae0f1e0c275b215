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

/// The store answers, and the pool takes jobs.
pub(super) async fn readyz(State(service): State<Service>) -> Result<&'static str, Problem> {
    let store = Arc::clone(&service.inner.store);
    service.inner.blocking.run(move || store.info()).await?;
    let gauges = service.inner.pool.gauges();
    let queue_len = service.inner.pool.config().queue_len;
    if gauges.queued >= queue_len {
        return Err(Problem::OVERLOADED.because(Overloaded::QueueFull { queue_len }));
    }
    Ok("ready\n")
}

pub(super) async fn metrics(State(service): State<Service>) -> Response {
    service.refresh_counts().await;
    let text = service.inner.metrics.render(&service.inner.pool, service.floor());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

pub(super) async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], include_str!("openapi.json")).into_response()
}
