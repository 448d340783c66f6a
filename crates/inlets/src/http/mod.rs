//! Inlet `http`: `POST /v1/posts` takes one post, an array of them or JSON Lines.
//!
//! It opens no port of its own, so it is no [`Inlet`](tocsin_flow::Inlet): the binary mounts its router on
//! the one port of the process. 202 goes out only after the intake has come back, so what is acknowledged
//! is durable; when the intake is full the sender is told when to come again, and nothing was taken.

mod answer; // what goes back
mod body; // what is sent: bounded, unpacked
mod config; // what the operator decides
mod credentials; // who may send
mod door; // one request, from its headers to its answer
mod openapi; // the document
mod split; // a body into records

use std::sync::Arc;

use axum::routing::{get, post};
use tocsin_flow::{Intake, Room, Stop};

use crate::http::body::Budget;
pub use crate::http::config::HttpConfig;
use crate::http::door::Door;
use crate::kind::InletKind;

/// For the list of inlets.
pub(crate) const KIND: InletKind = InletKind {
    name: NAME,
    help: "POST /v1/posts: a post, an array of posts or JSON Lines, with a bearer token or a signature",
    example: r#"[[inlet]]
kind = "http"
name = "http"
tokens = [{ env = "TOCSIN_TOKEN" }]       # any of them opens the door
#hmac_secrets = [{ env = "TOCSIN_HMAC" }]  # or a signature of the body
"#,
};

const NAME: &str = "http";

/// The routes of the inlet: `POST /v1/posts` and `GET /v1/openapi.json`. Where the server is set up with
/// `into_make_service_with_connect_info::<SocketAddr>()`, rejected records name their sender.
pub fn router(config: HttpConfig, intake: Arc<dyn Intake>, room: Room, stop: Stop) -> axum::Router {
    let budget = Budget::new(config.budget_bytes());
    let door = Arc::new(Door { config, intake, room, stop, budget });
    axum::Router::new()
        .route("/v1/posts", post(door::post_posts))
        .route("/v1/openapi.json", get(openapi::document))
        .with_state(door)
}

#[cfg(test)]
mod tests;
