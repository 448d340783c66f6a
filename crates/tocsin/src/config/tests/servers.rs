//! Kafka and Redis.

use expect_test::expect;

use super::*;

#[test]
fn kafka_and_redis_are_checked() {
    check_beside_a_brand(
        "[kafka]\nbrokers = 'kafka:9092'",
        expect![[r#"
            tocsin.toml:4:1: kafka: there is no [redis] beside it
              help: write [redis] and below it address = "127.0.0.1:6379", where stages keep what they remember, or take [kafka] out"#]],
    );
    check_beside_a_brand(
        "[redis]\naddress = 'redis:6379'",
        expect![[r#"
        tocsin.toml:4:1: redis: there is no [kafka] beside it
          help: write [kafka] and below it brokers = ["127.0.0.1:9092"], or take [redis] out: without Kafka everything is in the data folder"#]],
    );
    check_beside_a_brand(
        "[kafka]\n[redis]\n",
        expect![[r#"
        tocsin.toml:4:1: kafka: `brokers` is missing
          help: write brokers = ["kafka-1.example:9092","kafka-2.example:9092"]
        tocsin.toml:5:1: redis: `address` is missing
          help: write address = "127.0.0.1:6379", or cluster = ["…"], or sentinels = ["…"] and primary = "mymaster""#]],
    );
    check_beside_a_brand(
        r#"
[kafka]
brokers = ["kafka", "kafka:9092"]
prefix = "to csin"
partitions = 0
replication = 0
create_topics = "yes"
tls = { ca = "not-there.pem", certificate = "c.pem" }
sasl = { mechanism = "SCRAM", user = "", password = { env = "NOT_THERE" } }
commit_every = "1h"
session = "soon"

[redis]
address = "redis://u:geheim@redis:6379"
cluster = []
primary = "mymaster"
prefix = "{tocsin}"
user = "tocsin"
tls = { key = "k.pem" }
"#,
        expect![[r#"
            tocsin.toml:6:12: kafka: brokers 1: "kafka" is no host with a port
              help: write host:port, such as "127.0.0.1:9092" or "[::1]:9092"
            tocsin.toml:7:10: kafka: prefix: has ' ' in it, which names cannot have
              help: write letters, digits and dots, such as prefix = "tocsin."
            tocsin.toml:8:14: kafka: partitions: is 0 and must lie between 1 and 1000
              help: write partitions = 6
            tocsin.toml:9:15: kafka: replication: is 0 and must lie between 1 and 32767
              help: write replication = 3
            tocsin.toml:10:17: kafka: create_topics: is a text and must be true or false
              help: write create_topics = true
            tocsin.toml:11:7: kafka: tls: `key` is missing
              help: write key = "client.key", the certificate's key
            tocsin.toml:11:14: kafka: tls: ca: /etc/tocsin/not-there.pem cannot be read: No such file or directory (os error 2)
              help: write the path of a PEM file that this process may read
            tocsin.toml:11:45: kafka: tls: certificate: /etc/tocsin/c.pem cannot be read: No such file or directory (os error 2)
              help: write the path of a PEM file that this process may read
            tocsin.toml:12:22: kafka: sasl: mechanism: "SCRAM" is not known here
              help: write one of "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"
            tocsin.toml:12:38: kafka: sasl: user: is empty
              help: write user = "tocsin"
            tocsin.toml:12:61: kafka: sasl: password: env: the environment has no NOT_THERE
              help: set it before the start: export NOT_THERE=…
            tocsin.toml:13:16: kafka: commit_every: "1h" is not between 1ms and 10s
              help: write "20ms"
            tocsin.toml:14:11: kafka: session: "soon" is not a length of time
              help: write a number with its unit (ms, s, min), such as "10s"
            tocsin.toml:17:11: redis: address: is a URL
              help: write host:port alone, such as "127.0.0.1:6379"; user, password and tls have keys of their own
            tocsin.toml:18:11: redis: cluster: names no server
              help: write cluster = ["127.0.0.1:6379"]
            tocsin.toml:18:11: redis: cluster: stands beside address, and Redis is in one place
              help: keep one of address, cluster and sentinels
            tocsin.toml:19:11: redis: primary: is for sentinels, and none are written
              help: take it out, or write sentinels = ["…"] beside it
            tocsin.toml:20:10: redis: prefix: has '{' in it, which names cannot have
              help: write letters, digits and dots, such as prefix = "tocsin:"
            tocsin.toml:21:8: redis: user: has no password
              help: write password = { env = "REDIS_PASSWORD" } beside it
            tocsin.toml:22:7: redis: tls: `certificate` is missing
              help: write certificate = "client.crt", the key's certificate
            tocsin.toml:22:15: redis: tls: key: /etc/tocsin/k.pem cannot be read: No such file or directory (os error 2)
              help: write the path of a PEM file that this process may read"#]],
    );
    check_beside_a_brand(
        "[kafka]\nbrokers = 'a:1'\ncommit_every_max = '10ms'\n[redis]\nsentinels = 's:1,t'\n",
        expect![[r#"
            tocsin.toml:6:20: kafka: commit_every_max: is less than commit_every
              help: write the greater of the two here
            tocsin.toml:7:1: redis: `primary` is missing
              help: write primary = "mymaster", the name that stands in `sentinel monitor`
            tocsin.toml:8:13: redis: sentinels: "t" is no host with a port
              help: write host:port, such as "127.0.0.1:26379" or "[::1]:26379""#]],
    );
}

#[test]
fn what_is_said_of_kafka_and_redis_is_what_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["ca.pem", "c.pem", "k.pem"] {
        std::fs::write(folder.path().join(file), "-----BEGIN X-----\n").unwrap();
    }
    let text = format!(
        "{BRAND}[kafka]\nbrokers = 'a:1, b:2'\nreplication = 3\n\
         tls = {{ ca = 'ca.pem', certificate = 'c.pem', key = 'k.pem' }}\n\
         sasl = {{ mechanism = 'PLAIN', user = 'u', password = 'geheim' }}\n\
         [redis]\nsentinels = ['s:1', 't:2']\nprimary = 'p'\nuser = 'v'\npassword = 'geheim'\ntls = {{}}\n"
    );
    let read = |text: &str| read("t", text.as_bytes(), folder.path(), &BTreeMap::new()).unwrap();
    let config = read(&text);
    let shown = show(&config);
    assert!(!shown.contains("geheim") && !format!("{config:?}").contains("geheim"), "{shown}");
    let at = shown.find("[kafka]").unwrap();
    let (until, redis) = (shown.find("[log]").unwrap(), shown.find("[redis]").unwrap());
    let until_score = shown.find("[score]").unwrap();
    let servers = format!("{}{}", &shown[at..until], &shown[redis..until_score]);
    let servers = servers.replace(&folder.path().display().to_string(), "FOLDER");
    expect![[r#"
        [kafka]
        brokers = [
            "a:1",
            "b:2",
        ]
        commit_every = "20ms"
        commit_every_max = "500ms"
        create_topics = true
        partitions = 6
        prefix = "tocsin."
        replication = 3
        session = "10s"
        transaction = "10s"

        [kafka.sasl]
        mechanism = "PLAIN"
        password = "***"
        user = "u"

        [kafka.tls]
        ca = "FOLDER/ca.pem"
        certificate = "FOLDER/c.pem"
        key = "FOLDER/k.pem"

        [redis]
        password = "***"
        prefix = "tocsin:"
        primary = "p"
        sentinels = [
            "s:1",
            "t:2",
        ]
        user = "v"

        [redis.tls]

    "#]]
    .assert_eq(&servers);
    assert_eq!(show(&read(&shown.replace("***", "geheim"))), shown, "what is shown can be read again");
    assert_eq!(config.cautions.len(), 0, "with TLS a password is not readable");
    let open = "[kafka]\nbrokers = 'a:1'\nsasl = { mechanism = 'PLAIN', user = 'u', password = 'p' }\n[redis]\naddress = 'r:1'";
    assert_eq!(read(&format!("{BRAND}{open}")).cautions.len(), 1, "without, it is");
}
