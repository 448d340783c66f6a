//! The running process's side: one route, behind a token that only its user can read.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use subtle::ConstantTimeEq;
use tocsin_embedded::Store;
use tocsin_flow::Clock;

use super::answers::{Clerk, Question};
use crate::house::House;

/// Where commands ask.
pub(super) const PATH: &str = "/v1/control";
/// The file in the data folder.
const FILE: &str = "control.json";

/// What stands in the file.
#[derive(Serialize, Deserialize)]
pub(super) struct Card {
    pub(super) address: SocketAddr,
    pub(super) token: String,
}

impl Card {
    pub(super) fn path(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }
    /// The card of the process that runs on this folder, if one left it.
    pub(super) fn read(folder: &Path) -> Option<Card> {
        serde_json::from_slice(&std::fs::read(Card::path(folder)).ok()?).ok()
    }
}

/// Open while the process runs; its card goes with it.
pub(crate) struct Door {
    card: PathBuf,
    desk: Desk,
}

#[derive(Clone)]
struct Desk {
    token: Arc<str>,
    clerk: Clerk,
    clock: Arc<dyn Clock>,
}

impl Door {
    pub(crate) fn open(folder: &Path, address: SocketAddr, store: &Store, house: &House) -> io::Result<Door> {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let token: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        let path = Card::path(folder);
        let mut file = for_its_user(&path)?;
        serde_json::to_writer(&mut file, &Card { address, token: token.clone() })?;
        file.write_all(b"\n")?;
        let desk =
            Desk { token: token.into(), clerk: Clerk::of(store), clock: Arc::clone(&house.room.clock) };
        Ok(Door { card: path, desk })
    }

    pub(crate) fn router(&self) -> Router {
        Router::new().route(PATH, post(answer)).with_state(self.desk.clone())
    }
}

/// An empty file that only its user can read. Elsewhere than on Unix it is as private as the folder that it lies in.
fn for_its_user(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // It may have been there before.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

impl Drop for Door {
    fn drop(&mut self) {
        // A card without a process is found out by the next command, too.
        std::fs::remove_file(&self.card).ok();
    }
}

async fn answer(State(desk): State<Desk>, headers: HeaderMap, body: Json<Question>) -> Response {
    let shown = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or("");
    let wanted = format!("Bearer {}", desk.token);
    if !bool::from(shown.as_bytes().ct_eq(wanted.as_bytes())) {
        let words = "the token is in control.json in the data folder";
        return (StatusCode::UNAUTHORIZED, Json(json!({"error": words}))).into_response();
    }
    match desk.clerk.answer(&body, desk.clock.now()).await {
        Ok(answer) => Json(answer).into_response(),
        Err(fault) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"error": fault.to_string()}))).into_response()
        }
    }
}
