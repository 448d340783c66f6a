//! Each way in works, and each way to be refused has its own word.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod world;

use std::path::Path;

use tocsin_flow::Fault;
use tocsin_kafka::{
    Brokers, Identity, Mechanism, Replication, Retention, Sasl, Secret, Security, Tls, apply, check, plan,
};
use world::{brokers, ports, start};

const WRONG_PASSWORD: &str = "kafka.sasl: user or password";
const NO_TLS: &str = "kafka.tls";
const NOT_ALLOWED: &str = "the broker's access rules (ACL) for our user";

/// A broker's listeners by port: open, with a password, with a certificate.
struct Doors {
    open: String,
    password: String,
    certificate: String,
    tls: std::path::PathBuf,
}

fn doors() -> Option<Doors> {
    let port = ports() + 50;
    let broker = start(port, &[("KAFKA_SECURE", "1")])?;
    Some(Doors {
        open: broker.servers,
        password: format!("127.0.0.1:{}", port + 20),
        certificate: format!("127.0.0.1:{}", port + 30),
        tls: broker.dir.join("tls"),
    })
}

fn with(servers: &str, security: Security) -> Brokers {
    Brokers { security, ..brokers(servers, "secure.", 2) }
}

fn tls(folder: &Path, ca: &str, is_known: bool) -> Tls {
    let identity = Identity {
        certificate: folder.join("client.crt"),
        key: folder.join("client.key"),
        key_password: None,
    };
    Tls { ca: Some(folder.join(ca)), identity: is_known.then_some(identity) }
}

fn sasl(folder: &Path, ca: &str, mechanism: Mechanism, user: &str, password: &str) -> Security {
    Security::Sasl(Sasl {
        mechanism,
        user: user.to_owned(),
        password: Secret(password.to_owned()),
        tls: Some(tls(folder, ca, false)),
    })
}

async fn is_let_in(brokers: &Brokers) {
    let steps = check(brokers, Replication::Default, Retention::default(), true).await.unwrap();
    assert_eq!(steps, []);
}

async fn is_refused(brokers: &Brokers, word: &str) {
    let fault = check(brokers, Replication::Default, Retention::default(), true).await.unwrap_err();
    assert!(matches!(&fault, Fault::Misconfigured { setting, .. } if setting == word), "{word}: {fault}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_in_works_and_each_refusal_has_its_word() {
    let Some(doors) = doors() else { return };
    let (open, folder) = (with(&doors.open, Security::Plaintext), &doors.tls);
    let steps = plan(&open, Replication::Default, Retention::default()).await.unwrap();
    apply(&open, &steps).await.unwrap();

    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512] {
        is_let_in(&with(&doors.password, sasl(folder, "ca.pem", mechanism, "app", "app-secret"))).await;
        is_refused(
            &with(&doors.password, sasl(folder, "ca.pem", mechanism, "app", "open sesame")),
            WRONG_PASSWORD,
        )
        .await;
    }
    is_let_in(&with(&doors.certificate, Security::Tls(tls(folder, "ca.pem", true)))).await;

    let scram = Mechanism::ScramSha512;
    is_refused(&with(&doors.password, sasl(folder, "stranger.pem", scram, "app", "app-secret")), NO_TLS)
        .await;
    is_refused(&with(&doors.certificate, Security::Tls(tls(folder, "ca.pem", false))), NO_TLS).await;
    is_refused(&with(&doors.password, sasl(folder, "ca.pem", scram, "guest", "guest-secret")), NOT_ALLOWED)
        .await;
}
