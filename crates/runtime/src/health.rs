//! What the process says of itself, and the three pages that say it: `/metrics`, `/healthz`, `/readyz`.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tocsin_flow::Peer;

use crate::Metrics;

/// How many peers that are away are remembered by name. Peers are named in the config, so more than
/// this are not expected; of more, it is still known that somebody is away.
const AWAY_MAX: usize = 1024;

/// Where the process is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It opens what it needs.
    Starting,
    /// It takes in posts.
    Running,
    /// It finishes what it has.
    Stopping,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Phase::Starting => "starting",
            Phase::Running => "running",
            Phase::Stopping => "stopping",
        }
    }
}

/// Whether posts can come in, and who is away.
///
/// Ready means: running, and neither the store nor the pipeline is away. An inlet or an outlet that is
/// away is named but changes nothing: what waits for it is durable, and the others go on.
#[derive(Debug)]
pub struct Health(Mutex<Known>);

#[derive(Debug)]
struct Known {
    phase: Phase,
    away: BTreeSet<String>,
}

impl Default for Health {
    fn default() -> Self {
        Health::new()
    }
}

impl Health {
    /// Starting; nobody is away.
    pub fn new() -> Health {
        Health(Mutex::new(Known { phase: Phase::Starting, away: BTreeSet::new() }))
    }

    /// It takes in posts from now on.
    pub fn running(&self) {
        self.known().phase = Phase::Running;
    }

    /// It only finishes what it has from now on.
    pub fn stopping(&self) {
        self.known().phase = Phase::Stopping;
    }

    /// Somebody is away.
    pub fn gone(&self, peer: &str) {
        let mut known = self.known();
        if known.away.len() < AWAY_MAX {
            known.away.insert(peer.to_owned());
        }
    }

    /// Somebody is back.
    pub fn back(&self, peer: &str) {
        self.known().away.remove(peer);
    }

    /// Where it is in its life.
    pub fn phase(&self) -> Phase {
        self.known().phase
    }

    /// Who is away, sorted.
    pub fn away(&self) -> Vec<String> {
        self.known().away.iter().cloned().collect()
    }

    /// Whether posts can come in.
    pub fn is_ready(&self) -> bool {
        let known = self.known();
        let needed = [Peer::Store, Peer::Pipeline];
        known.phase == Phase::Running && !needed.iter().any(|p| known.away.contains(&p.to_string()))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing panics while it is held, and each change is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pages `/metrics`, `/healthz` (200 while the process answers at all) and `/readyz` (200, or 503
/// while posts cannot come in; its JSON names who is away).
pub fn pages(metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route("/metrics", get(metrics_page))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready_page))
        .with_state(metrics)
}

async fn metrics_page(State(metrics): State<Arc<Metrics>>) -> Response {
    ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], metrics.render()).into_response()
}

async fn ready_page(State(metrics): State<Arc<Metrics>>) -> Response {
    let health = metrics.health();
    let ready = health.is_ready();
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": ready, "phase": health.phase().name(), "away": health.away() });
    (code, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use expect_test::{Expect, expect};
    use tocsin_flow::Meters;
    use tower::ServiceExt;

    use super::*;

    async fn ask(metrics: &Arc<Metrics>, path: &str) -> String {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = pages(metrics.clone()).oneshot(request).await.unwrap();
        let code = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        format!("{code} {}", String::from_utf8(body.to_vec()).unwrap())
    }

    async fn check(metrics: &Arc<Metrics>, expect: Expect) {
        expect.assert_eq(&ask(metrics, "/readyz").await);
    }

    #[tokio::test]
    async fn ready_is_running_with_a_store() {
        let metrics = Arc::new(Metrics::new());
        check(&metrics, expect![[r#"503 {"away":[],"phase":"starting","ready":false}"#]]).await;
        metrics.health().running();
        check(&metrics, expect![[r#"200 {"away":[],"phase":"running","ready":true}"#]]).await;
        metrics.peer_away("outlet ding", true);
        check(&metrics, expect![[r#"200 {"away":["outlet ding"],"phase":"running","ready":true}"#]]).await;
        metrics.peer_away(&Peer::Store.to_string(), true);
        let both = r#"503 {"away":["outlet ding","the store"],"phase":"running","ready":false}"#;
        assert_eq!(ask(&metrics, "/readyz").await, both);
        metrics.peer_away(&Peer::Store.to_string(), false);
        metrics.peer_away("outlet ding", false);
        check(&metrics, expect![[r#"200 {"away":[],"phase":"running","ready":true}"#]]).await;
        metrics.health().stopping();
        check(&metrics, expect![[r#"503 {"away":[],"phase":"stopping","ready":false}"#]]).await;
    }

    #[tokio::test]
    async fn the_other_pages_answer_whatever_is_away() {
        let metrics = Arc::new(Metrics::new());
        metrics.peer_away("the store", true);
        assert_eq!(ask(&metrics, "/healthz").await, "200 ok\n");
        let page = ask(&metrics, "/metrics").await;
        assert!(page.contains("tocsin_peer_away{peer=\"the store\"} 1\n"), "{page}");
    }
}
