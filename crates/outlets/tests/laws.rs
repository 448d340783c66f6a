//! Every outlet against the law of outlets (I6), each with a receiver that fails now and then.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::tz::TimeZone;
use tocsin_flow::Outlet;
use tocsin_laws::{Channel, outlet, patient_room};
use tocsin_model::OutletId;
use tocsin_outlets::{
    Console, ConsoleConfig, Dingtalk, DingtalkConfig, Language, Secret, Webhook, WebhookConfig, Zones,
};
use tokio::net::TcpListener;

/// What a receiver does with each delivery, in turn, and what it took.
struct Other {
    takes: std::vec::IntoIter<bool>,
    taken: Vec<String>,
}

impl Other {
    fn new(takes: Vec<bool>) -> Arc<Mutex<Other>> {
        Arc::new(Mutex::new(Other { takes: takes.into_iter(), taken: Vec::new() }))
    }

    /// Whether it took this.
    fn offer(&mut self, body: &[u8]) -> bool {
        let takes = self.takes.next().unwrap();
        if takes {
            self.taken.push(String::from_utf8(body.to_vec()).unwrap());
        }
        takes
    }
}

/// A channel over HTTP or to a terminal.
struct At {
    outlet: Box<dyn Outlet>,
    other: Arc<Mutex<Other>>,
}

impl At {
    fn taken(&self) -> Vec<String> {
        self.other.lock().unwrap().taken.clone()
    }
}

/// A server that answers 200 with these words when it takes a delivery, else 503.
async fn serve(other: Arc<Mutex<Other>>, words: &'static str) -> String {
    let answer = move |State(other): State<Arc<Mutex<Other>>>, body: Bytes| async move {
        if other.lock().unwrap().offer(&body) {
            (StatusCode::OK, words)
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "not now")
        }
    };
    let router = Router::new().fallback(answer).with_state(other);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}/")
}

fn name() -> OutletId {
    OutletId::new("law").unwrap()
}

struct AtWebhook(At);

impl Channel for AtWebhook {
    async fn open(takes: Vec<bool>) -> AtWebhook {
        let other = Other::new(takes);
        let url = serve(other.clone(), "").await;
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let config = WebhookConfig::new(name(), Secret::new(&url), vec![secret]);
        AtWebhook(At { outlet: Box::new(Webhook::new(config, patient_room()).unwrap()), other })
    }
    fn outlet(&self) -> &dyn Outlet {
        &*self.0.outlet
    }
    fn taken(&self) -> Vec<String> {
        self.0.taken()
    }
}

struct AtDingtalk(At);

impl Channel for AtDingtalk {
    async fn open(takes: Vec<bool>) -> AtDingtalk {
        let other = Other::new(takes);
        let url = serve(other.clone(), r#"{"errcode":0,"errmsg":"ok"}"#).await;
        let config = DingtalkConfig::new(
            name(),
            Secret::new(&format!("{url}robot/send?access_token=t0ken")),
            None,
            Zones::all(TimeZone::UTC),
        );
        AtDingtalk(At { outlet: Box::new(Dingtalk::new(config, patient_room()).unwrap()), other })
    }
    fn outlet(&self) -> &dyn Outlet {
        &*self.0.outlet
    }
    fn taken(&self) -> Vec<String> {
        self.0.taken()
    }
}

/// A terminal whose disk is full now and then: whoever writes a page there writes all of it, or nothing.
struct Tape(Arc<Mutex<Other>>);

impl Write for Tape {
    fn write(&mut self, page: &[u8]) -> io::Result<usize> {
        if self.0.lock().unwrap().offer(page) {
            Ok(page.len())
        } else {
            Err(io::ErrorKind::StorageFull.into())
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct AtConsole(At);

impl Channel for AtConsole {
    async fn open(takes: Vec<bool>) -> AtConsole {
        let other = Other::new(takes);
        let config =
            ConsoleConfig { name: name(), zones: Zones::all(TimeZone::UTC), language: Language::Both };
        AtConsole(At { outlet: Box::new(Console::writing_to(config, Tape(other.clone()))), other })
    }
    fn outlet(&self) -> &dyn Outlet {
        &*self.0.outlet
    }
    fn taken(&self) -> Vec<String> {
        self.0.taken()
    }
}

#[test]
fn webhook_keeps_the_law_of_outlets() {
    (0..20).for_each(outlet::<AtWebhook>);
}

#[test]
fn dingtalk_keeps_the_law_of_outlets() {
    (0..20).for_each(outlet::<AtDingtalk>);
}

#[test]
fn console_keeps_the_law_of_outlets() {
    (0..20).for_each(outlet::<AtConsole>);
}
