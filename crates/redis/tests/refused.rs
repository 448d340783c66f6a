//! Who and what is refused, and with what word; TLS, users, a server that is away.
#![allow(clippy::unwrap_used, reason = "a test may")]
#![allow(unreachable_pub, dead_code, reason = "modules that several tests share")]

mod carrier;
mod servers;

use carrier::{RedisCarrier, open};
use servers::Servers;
use tocsin_flow::Fault;
use tocsin_laws::settle_there;
use tocsin_redis::Settings;

#[track_caller]
fn refused(settings: &Settings, expected: &str) {
    match open(settings).map(|_| ()) {
        Err(fault @ Fault::Misconfigured { .. }) => assert!(fault.to_string().contains(expected), "{fault}"),
        other => panic!("{other:?}, not: {expected}"),
    }
}

#[test]
fn a_redis_that_forgets_when_it_is_full_is_refused() {
    let Some(servers) = Servers::start_with("start", &[("MAXMEMORY_POLICY", "allkeys-lru")]) else { return };
    refused(&servers.one(), "is allkeys-lru; expected noeviction");
    servers.tell("cli", 0, &["config", "set", "maxmemory-policy", "noeviction"]);
    let redis = open(&servers.one()).unwrap();
    servers.tell("cli", 0, &["config", "set", "maxmemory-policy", "volatile-ttl"]);
    let later = settle_there(async move { redis.check().await });
    assert!(matches!(later, Err(Fault::Misconfigured { .. })), "{later:?}");
}

#[test]
fn another_layout_is_refused() {
    let Some(servers) = Servers::start("start") else { return };
    open(&servers.one()).unwrap();
    servers.tell("cli", 0, &["set", "tocsin:layout", "99"]);
    refused(&servers.one(), "is layout 99; expected layout 3");
}

#[test]
fn users_and_certificates_are_checked_and_the_laws_hold_behind_them() {
    let Some(servers) = Servers::start("secure") else { return };
    tocsin_laws::all(|| RedisCarrier::fresh(&servers.secure("app", "app-secret", "ca.pem")), 0..3);
    refused(&servers.secure("app", "wrong", "ca.pem"), "user or password");
    refused(&servers.secure("nobody", "app-secret", "ca.pem"), "user or password");
    refused(&servers.secure("guest", "guest-secret", "ca.pem"), "the rights");
    refused(&servers.secure("app", "app-secret", "stranger.pem"), "the certificate");
    let plain = open(&servers.one()).map(|_| ());
    assert!(matches!(plain, Err(Fault::Unavailable { .. })), "{plain:?}");
}

#[test]
fn a_restarted_server_is_seen_to_be_another_one() {
    let Some(servers) = Servers::start("start") else { return };
    let redis = open(&servers.one()).unwrap();
    let ask = |redis: &tocsin_redis::Redis| {
        let redis = redis.clone();
        settle_there(async move { redis.check().await })
    };
    ask(&redis).unwrap();
    assert_eq!(redis.incarnation(), 0);
    servers.tell("kill", 0, &[]);
    assert!(matches!(ask(&redis), Err(Fault::Unavailable { .. })));
    servers.tell("restart", 0, &[]);
    ask(&redis).unwrap();
    assert_eq!(redis.incarnation(), 1);
}

#[test]
fn a_cluster_goes_on_when_a_replica_takes_over() {
    let Some(servers) = Servers::start("cluster") else { return };
    let redis = open(&servers.cluster()).unwrap();
    servers.tell("kill", 0, &[]);
    // Each try that finds the Cluster away asks its servers and waits for their answers.
    let again = (0..1_000_000).find_map(|_| {
        let redis = redis.clone();
        settle_there(async move { redis.check().await }).ok()
    });
    assert!(again.is_some(), "nobody took over");
    assert_eq!(redis.incarnation(), 1);
    tocsin_laws::all(|| RedisCarrier::fresh(&servers.cluster()), 0..2);
}
