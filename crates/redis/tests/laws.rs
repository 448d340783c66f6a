//! Redis keeps the laws: one server, a Cluster, and what sentinels point at.
#![allow(clippy::unwrap_used, reason = "a test may")]
#![allow(unreachable_pub, dead_code, reason = "modules that several tests share")]

mod carrier;
mod servers;

use carrier::RedisCarrier;
use servers::Servers;
use tocsin_redis::{Place, Settings};

#[test]
fn one_server_keeps_the_laws() {
    let Some(servers) = Servers::start("start") else { return };
    tocsin_laws::all(|| RedisCarrier::fresh(&servers.one()), 0..40);
}

#[test]
fn a_cluster_keeps_the_laws() {
    // A primary that a busy machine keeps from answering is waited for: a replica would not have its last words.
    let stays = [("REDIS_EXTRA", "cluster-replica-no-failover yes")];
    let Some(servers) = Servers::start_with("cluster", &stays) else { return };
    tocsin_laws::all(|| RedisCarrier::fresh(&servers.cluster()), 0..12);
}

#[test]
fn what_sentinels_point_at_keeps_the_laws() {
    let Some(servers) = Servers::start("sentinel") else { return };
    let place = Place::Sentinel { sentinels: vec![servers.address(2)], name: "tocsin".into() };
    tocsin_laws::all(|| RedisCarrier::fresh(&Settings::new(place.clone())), 0..3);
}
