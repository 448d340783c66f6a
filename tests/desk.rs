//! Somebody's door: a receiver of webhooks that has a bad moment first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The secret that is shared with the receiver: 32 bytes.
pub const SECRET: &str = "whsec_dGhlIHJlY2VpdmVyIGFuZCB0aGUgc2VuZGVyIGtub3c=";

/// How long a call may be in coming.
const PATIENCE: Duration = Duration::from_secs(60);

/// A receiver: it answers 500 to its first call and 204 to all others.
pub struct Desk {
    /// Where it listens.
    pub url: String,
    calls: Receiver<Call>,
    _runtime: tokio::runtime::Runtime,
}

/// One call as it came in.
#[derive(Clone, Debug)]
pub struct Call {
    /// The header `webhook-id`.
    pub id: String,
    /// What was sent.
    pub body: Vec<u8>,
    timestamp: String,
    signature: String,
}

#[derive(Clone)]
struct Room {
    tell: SyncSender<Call>,
    called: Arc<AtomicBool>,
}

impl Desk {
    /// Listens at a port that nobody has.
    pub fn open() -> Desk {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (tell, calls) = sync_channel(1_024);
        let room = Room { tell, called: Arc::default() };
        let router = Router::new().route("/hook", post(take)).with_state(room);
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Desk { url, calls, _runtime: runtime }
    }

    /// The next call.
    #[track_caller]
    pub fn next(&self) -> Call {
        self.calls.recv_timeout(PATIENCE).expect("somebody calls")
    }

    /// All calls that have come and were not looked at.
    pub fn all(&self) -> Vec<Call> {
        self.calls.try_iter().collect()
    }
}

async fn take(State(room): State<Room>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).map_or("", |v| v.to_str().unwrap_or("")).to_owned();
    let call = Call {
        id: header("webhook-id"),
        body: body.to_vec(),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
    };
    // A test that has seen enough listens no more.
    room.tell.try_send(call).ok();
    if room.called.swap(true, Ordering::AcqRel) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

impl Call {
    /// Standard Webhooks, by its specification: one of the signatures is `v1,` and the base64 of HMAC-SHA256 of id,
    /// time and body, with full stops between.
    pub fn is_signed(&self) -> bool {
        let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.", self.id, self.timestamp).as_bytes());
        mac.update(&self.body);
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        !self.id.is_empty() && self.signature.split(' ').any(|signature| signature == expected)
    }
}
