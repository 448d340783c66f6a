//! Every inlet against the law of inlets (I7): posts sent by real requests, read from a real file.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::future::{Future, pending};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use tempfile::NamedTempFile;
use tocsin_flow::{Inlet, Stop, StopSource};
use tocsin_inlets::{FileConfig, FileInlet, HttpConfig, router};
use tocsin_laws::{Doubtful, Sender, inlet, patient_room, post};
use tocsin_wire::write_post;
use tower::ServiceExt;

struct Never;

impl StopSource for Never {
    fn is_set(&self) -> bool {
        false
    }
    fn wait(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(pending())
    }
}

fn never() -> Stop {
    Stop::new(Arc::new(Never))
}

fn lines(ids: &[String]) -> Vec<u8> {
    ids.iter().flat_map(|id| [write_post(&post(id, 60)), b"\n".to_vec()].concat()).collect()
}

/// Three posts a request.
struct Http;

impl Sender for Http {
    const REPEATS: bool = true;

    async fn send(&mut self, ids: &[String], intake: Arc<Doubtful>) -> Vec<String> {
        let router = router(HttpConfig::default(), intake.clone(), patient_room(), never());
        let mut acknowledged = Vec::new();
        for ids in ids.chunks(3) {
            let peer: SocketAddr = "127.0.0.1:5012".parse().unwrap();
            let request = Request::post("/v1/posts").header("content-type", "application/x-ndjson");
            let request = request.extension(ConnectInfo(peer)).body(Body::from(lines(ids))).unwrap();
            tokio::select! {
                biased;
                answer = router.clone().oneshot(request) => match answer.unwrap().status() {
                    StatusCode::ACCEPTED => acknowledged.extend_from_slice(ids),
                    StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {}
                    other => panic!("{other}"),
                },
                () = intake.dies() => return acknowledged,
            }
        }
        acknowledged
    }
}

/// One file, read to its end by one process after the other.
struct File(NamedTempFile);

impl Sender for File {
    const REPEATS: bool = false;

    async fn send(&mut self, ids: &[String], intake: Arc<Doubtful>) -> Vec<String> {
        let config = FileConfig {
            name: "law".to_owned(),
            paths: vec![self.0.path().to_str().unwrap().to_owned()],
            ..FileConfig::default()
        };
        let inlet = Box::new(FileInlet::new(config).unwrap());
        tokio::select! {
            biased;
            read = inlet.listen(intake.clone(), patient_room(), never()) => {
                read.unwrap();
                ids.to_vec()
            }
            () = intake.dies() => Vec::new(),
        }
    }
}

#[test]
fn http_keeps_the_law_of_inlets() {
    (0..50).for_each(|seed| inlet(Http, seed));
}

#[test]
fn file_keeps_the_law_of_inlets() {
    for seed in 0..50 {
        let file = NamedTempFile::with_suffix(".jsonl").unwrap();
        let ids: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        std::fs::write(file.path(), lines(&ids)).unwrap();
        inlet(File(file), seed);
    }
}
