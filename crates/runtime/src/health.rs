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

/// Whether the process does its part, and who is away.
///
/// Ready means: running, let in by every group that it shares work with, and none is away without whom nothing can be
/// taken in. Anybody else who is away is named but changes nothing: what waits for him is durable, and the others go on.
#[derive(Debug)]
pub struct Health(Mutex<Known>);

#[derive(Debug)]
struct Known {
    phase: Phase,
    away: BTreeSet<String>,
    needed: BTreeSet<String>,
    joining: BTreeSet<String>,
}

impl Default for Health {
    fn default() -> Self {
        Health::new()
    }
}

impl Health {
    /// Starting; nobody is away; the store and the pipeline are needed.
    pub fn new() -> Health {
        Health(Mutex::new(Known {
            phase: Phase::Starting,
            away: BTreeSet::new(),
            needed: [Peer::Store, Peer::Pipeline].map(|peer| peer.to_string()).into(),
            joining: BTreeSet::new(),
        }))
    }

    /// Without this peer nothing can be taken in.
    pub fn needs(&self, peer: &str) {
        self.known().needed.insert(peer.to_owned());
    }

    /// It is not ready before this group has let it in.
    pub fn joins(&self, group: &str) {
        self.known().joining.insert(group.to_owned());
    }

    /// The group has let it in; whether it gave it anything to do does not matter.
    pub fn has_joined(&self, group: &str) {
        self.known().joining.remove(group);
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

    /// The groups that have not let it in yet, sorted.
    pub fn joining(&self) -> Vec<String> {
        self.known().joining.iter().cloned().collect()
    }

    /// Whether it does its part.
    pub fn is_ready(&self) -> bool {
        let known = self.known();
        known.phase == Phase::Running && known.joining.is_empty() && known.needed.is_disjoint(&known.away)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing panics while it is held, and each change is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pages `/metrics`, `/healthz` (200 while the process answers at all) and `/readyz` (200, or 503
/// while it cannot do its part; its JSON names who is away, and which groups have not let it in yet).
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
    let body = json!({
        "ready": ready,
        "phase": health.phase().name(),
        "away": health.away(),
        "joining": health.joining(),
    });
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
        check(&metrics, expect![[r#"503 {"away":[],"joining":[],"phase":"starting","ready":false}"#]]).await;
        metrics.health().running();
        check(&metrics, expect![[r#"200 {"away":[],"joining":[],"phase":"running","ready":true}"#]]).await;
        metrics.peer_away("outlet ding", true);
        check(
            &metrics,
            expect![[r#"200 {"away":["outlet ding"],"joining":[],"phase":"running","ready":true}"#]],
        )
        .await;
        metrics.peer_away(&Peer::Store.to_string(), true);
        check(
            &metrics,
            expect![[
                r#"503 {"away":["outlet ding","the store"],"joining":[],"phase":"running","ready":false}"#
            ]],
        )
        .await;
        metrics.peer_away(&Peer::Store.to_string(), false);
        metrics.peer_away("outlet ding", false);
        check(&metrics, expect![[r#"200 {"away":[],"joining":[],"phase":"running","ready":true}"#]]).await;
        metrics.health().stopping();
        check(&metrics, expect![[r#"503 {"away":[],"joining":[],"phase":"stopping","ready":false}"#]]).await;
    }

    #[tokio::test]
    async fn ready_is_let_in_by_every_group() {
        let metrics = Arc::new(Metrics::new());
        let health = metrics.health();
        health.joins("kin");
        health.joins("ingest");
        health.running();
        check(
            &metrics,
            expect![[r#"503 {"away":[],"joining":["ingest","kin"],"phase":"running","ready":false}"#]],
        )
        .await;
        health.has_joined("ingest");
        check(&metrics, expect![[r#"503 {"away":[],"joining":["kin"],"phase":"running","ready":false}"#]])
            .await;
        health.has_joined("kin");
        check(&metrics, expect![[r#"200 {"away":[],"joining":[],"phase":"running","ready":true}"#]]).await;
    }

    #[tokio::test]
    async fn who_takes_posts_in_is_not_ready_without_brokers_and_everybody_else_is() {
        for (needs, code) in [(true, "503"), (false, "200")] {
            let metrics = Arc::new(Metrics::new());
            metrics.health().running();
            if needs {
                metrics.health().needs("kafka");
            }
            metrics.peer_away("kafka", true);
            metrics.peer_away("kafka broker 2", true);
            let told = ask(&metrics, "/readyz").await;
            assert!(told.starts_with(code), "{told}");
            assert!(told.contains(r#"["kafka","kafka broker 2"]"#), "it is named all the same: {told}");
            assert_eq!(ask(&metrics, "/healthz").await, "200 ok\n");
            metrics.peer_away("kafka", false);
            assert!(ask(&metrics, "/readyz").await.starts_with("200"), "one broker of several is not missed");
        }
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
