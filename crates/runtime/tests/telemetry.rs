//! Telemetry end to end: a span reaches a collector by the time the guard is gone. In a file of its own,
//! because logs can be sent on their way only once in a process.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use tocsin_flow::Fault;
use tocsin_runtime::{LogFormat, init};

/// Takes one HTTP request, answers 200, and gives back its head and body.
fn collector() -> (String, thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let request = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut request, mut buffer) = (vec![], [0; 4096]);
        while !is_whole(&request) {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the sender hung up in the middle");
            request.extend_from_slice(&buffer[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        request
    });
    (address, request)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).map(|l| l.parse::<usize>());
    let head_bytes = request.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    request.len() >= head_bytes + length.unwrap().unwrap()
}

fn setting(fault: Fault) -> String {
    match fault {
        Fault::Misconfigured { setting, .. } => setting,
        Fault::Unavailable { .. } => panic!("{fault}"),
    }
}

#[test]
fn a_span_reaches_the_collector_and_bad_settings_are_named() {
    let bad_filter = init(LogFormat::Json, "tocsin=loud", None).unwrap_err();
    assert_eq!(setting(bad_filter), "the log filter");
    let bad_address = init(LogFormat::Json, "info", Some("127.0.0.1:4318")).unwrap_err();
    assert_eq!(setting(bad_address), "the OTLP address");

    let (address, request) = collector();
    let guard = init(LogFormat::Json, "info", Some(&address)).unwrap();
    tracing::info_span!(target: "tocsin_test", "a batch", stage = "ingest").in_scope(|| {});
    assert_eq!(setting(init(LogFormat::Json, "info", None).unwrap_err()), "the log");
    drop(guard);

    let request = request.join().unwrap();
    let text = String::from_utf8_lossy(&request);
    assert!(text.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{text}");
    assert!(text.contains("a batch") && text.contains("service.version"), "{text}");
}
