//! `[kafka]` and `[redis]`: one needs the other.

use std::path::PathBuf;
use std::time::Duration;

use tocsin_kafka::{Brokers, Identity, Limits, Mechanism, Replication, Retention, Sasl, Security};
use tocsin_model::Span;
use tocsin_redis::{Address, Place, Settings};

use super::super::at::At;
use super::super::checked::{Kafka, Servers, Store};
use super::super::raw::{OneOrMany, RawKafka, RawMechanism, RawRedis, RawSasl, RawTls};
use super::super::{defaults, lengths};
use super::Checker;

/// Partitions of a topic: each costs every process and broker a little, and nobody has so many instances.
const PARTITIONS_MAX: u32 = 1_000;
/// Letters of a prefix: a topic's name has at most 249.
const PREFIX_MAX: usize = 200;
/// The port that Redis has where nobody says otherwise, for examples.
const REDIS_EXAMPLE: &str = "address = \"127.0.0.1:6379\"";

/// PEM files that are there.
struct Files {
    ca: Option<PathBuf>,
    /// Certificate and key.
    identity: Option<(PathBuf, PathBuf)>,
}

impl Checker<'_> {
    /// Where the servers are; none where neither is written.
    pub(super) fn servers(
        &mut self,
        kafka: Option<RawKafka>,
        redis: Option<RawRedis>,
        store: Option<&Store>,
    ) -> Option<Servers> {
        let (at_kafka, at_redis) = (At::top().key("kafka"), At::top().key("redis"));
        match (self.is_written(&at_kafka), self.is_written(&at_redis)) {
            (true, false) => {
                let help = format!(
                    "write [redis] and below it {REDIS_EXAMPLE}, where stages keep what they remember, or take [kafka] out"
                );
                self.fault(&at_kafka, "there is no [redis] beside it", &help);
            }
            (false, true) => {
                let help = "write [kafka] and below it brokers = [\"127.0.0.1:9092\"], or take [redis] out: without Kafka everything is in the data folder";
                self.fault(&at_redis, "there is no [kafka] beside it", help);
            }
            (true, true) | (false, false) => {}
        }
        let kafka = kafka.and_then(|raw| self.kafka(&at_kafka, raw, store));
        let redis = redis.and_then(|raw| self.redis(&at_redis, raw));
        Some(Servers { kafka: kafka?, redis: redis? })
    }

    fn kafka(&mut self, at: &At, raw: RawKafka, store: Option<&Store>) -> Option<Kafka> {
        let servers = raw.brokers.and_then(|raw| self.addresses(&at.key("brokers"), raw, 9092));
        let prefix = self.prefix(&at.key("prefix"), raw.prefix, defaults::KAFKA_PREFIX, |letter| {
            letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-')
        });
        let lanes = raw.partitions.unwrap_or(defaults::PARTITIONS);
        self.between(&at.key("partitions"), lanes, PARTITIONS_MAX, "partitions = 6");
        let replication = match raw.replication {
            None => Replication::Default,
            Some(copies) => {
                self.between(&at.key("replication"), copies, i16::MAX as u32, "replication = 3");
                Replication::Copies(copies)
            }
        };
        let tls = raw.tls.and_then(|raw| self.tls(&at.key("tls"), raw));
        let tls = tls.map(|files| tocsin_kafka::Tls {
            ca: files.ca,
            identity: files.identity.map(|(certificate, key)| Identity {
                certificate,
                key,
                key_password: None,
            }),
        });
        let security = match (raw.sasl, tls) {
            (Some(sasl), tls) => self.sasl(&at.key("sasl"), sasl, tls).map(Security::Sasl),
            (None, Some(tls)) => Some(Security::Tls(tls)),
            (None, None) => Some(Security::Plaintext),
        };
        let limits = self.limits(at, [raw.session, raw.transaction, raw.commit_every, raw.commit_every_max]);
        let servers = servers?.iter().map(Address::to_string).collect::<Vec<_>>().join(",");
        let brokers = Brokers { servers, prefix: prefix?, lanes, security: security?, limits: limits? };
        let kept = |span: Span| Duration::from_millis(span.millis().unsigned_abs());
        let store = store?;
        let retention = Retention {
            posts: kept(store.keep_posts),
            rejected: kept(store.keep_rejected),
            incidents: kept(store.keep_incidents),
            ..Retention::default()
        };
        let create_topics = raw.create_topics.unwrap_or(defaults::CREATE_TOPICS);
        Some(Kafka { brokers, replication, retention, create_topics })
    }

    fn sasl(&mut self, at: &At, raw: RawSasl, tls: Option<tocsin_kafka::Tls>) -> Option<Sasl> {
        let user = raw.user.and_then(|user| self.not_empty(&at.key("user"), user, "user = \"tocsin\""));
        let password = raw.password.and_then(|raw| self.secret(&at.key("password"), raw));
        let mechanism = match raw.mechanism? {
            RawMechanism::Plain => Mechanism::Plain,
            RawMechanism::ScramSha256 => Mechanism::ScramSha256,
            RawMechanism::ScramSha512 => Mechanism::ScramSha512,
        };
        if mechanism == Mechanism::Plain && tls.is_none() {
            let what = "sends the password readable, for there is no tls";
            let help = "write tls = {} beside sasl, or mechanism = \"SCRAM-SHA-512\"";
            let caution = self.around.document.fault_at(&at.key("mechanism"), what, help);
            self.cautions.push(caution);
        }
        let password = tocsin_kafka::Secret(password?.reveal().to_owned());
        Some(Sasl { mechanism, user: user?, password, tls })
    }

    /// Session, transaction, and the least and the greatest time between commits.
    fn limits(&mut self, at: &At, written: [Option<String>; 4]) -> Option<Limits> {
        let Limits { session, transaction, commit, commit_max } = Limits::default();
        let [raw_session, raw_transaction, raw_commit, raw_commit_max] = written;
        let (ms, s) = (Duration::from_millis, Duration::from_secs);
        let session = self.within(&at.key("session"), raw_session, session, s(1), s(300));
        let transaction = self.within(&at.key("transaction"), raw_transaction, transaction, s(1), s(900));
        let commit = self.within(&at.key("commit_every"), raw_commit, commit, ms(1), s(10));
        let commit_max = self.within(&at.key("commit_every_max"), raw_commit_max, commit_max, ms(1), s(10));
        let limits =
            Limits { session: session?, transaction: transaction?, commit: commit?, commit_max: commit_max? };
        if limits.commit > limits.commit_max {
            let help = "write the greater of the two here";
            self.fault(&at.key("commit_every_max"), "is less than commit_every", help);
            return None;
        }
        Some(limits)
    }

    fn redis(&mut self, at: &At, raw: RawRedis) -> Option<Settings> {
        let places: Vec<&str> = [
            ("address", raw.address.is_some()),
            ("cluster", raw.cluster.is_some()),
            ("sentinels", raw.sentinels.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, is_written)| is_written.then_some(key))
        .collect();
        let is_told = ["address", "cluster", "sentinels"].iter().any(|key| self.is_written(&at.key(key)));
        match places.as_slice() {
            [] if !is_told => {
                let help = format!(
                    "write {REDIS_EXAMPLE}, or cluster = [\"…\"], or sentinels = [\"…\"] and primary = \"mymaster\""
                );
                self.fault(at, "`address` is missing", &help);
            }
            [] | [_] => {}
            [_, second, ..] => {
                let what = format!("stands beside {}, and Redis is in one place", places[0]);
                self.fault(&at.key(second), &what, "keep one of address, cluster and sentinels");
            }
        }
        let address = raw.address.and_then(|text| self.one_address(&at.key("address"), &text, 6379));
        let cluster = raw.cluster.and_then(|raw| self.addresses(&at.key("cluster"), raw, 6379));
        let sentinels = raw.sentinels.and_then(|raw| self.addresses(&at.key("sentinels"), raw, 26379));
        let has_sentinels = self.is_written(&at.key("sentinels"));
        let primary = match raw.primary {
            Some(_) if !has_sentinels => {
                let help = "take it out, or write sentinels = [\"…\"] beside it";
                self.fault(&at.key("primary"), "is for sentinels, and none are written", help);
                None
            }
            Some(name) => self.not_empty(&at.key("primary"), name, "primary = \"mymaster\""),
            None => {
                if has_sentinels && !self.is_written(&at.key("primary")) {
                    let help = "write primary = \"mymaster\", the name that stands in `sentinel monitor`";
                    self.fault(at, "`primary` is missing", help);
                }
                None
            }
        };
        // A colon at its end, a dot, nothing: what people like; braces decide where a Cluster keeps a key.
        let prefix = self.prefix(&at.key("prefix"), raw.prefix, defaults::REDIS_PREFIX, |letter| {
            letter.is_ascii_graphic() && !matches!(letter, '{' | '}')
        });
        let user = raw.user.and_then(|user| self.not_empty(&at.key("user"), user, "user = \"tocsin\""));
        if user.is_some() && !self.is_written(&at.key("password")) {
            let help = "write password = { env = \"REDIS_PASSWORD\" } beside it";
            self.fault(&at.key("user"), "has no password", help);
        }
        let password = raw.password.and_then(|raw| self.secret(&at.key("password"), raw));
        let tls = raw.tls.and_then(|raw| self.tls(&at.key("tls"), raw));
        let tls = tls.map(|files| tocsin_redis::Tls { ca: files.ca, identity: files.identity });
        let place = match (address, cluster, sentinels) {
            (Some(address), _, _) => Place::One(address),
            (_, Some(cluster), _) => Place::Cluster(cluster),
            (_, _, Some(sentinels)) => Place::Sentinel { sentinels, name: primary? },
            (None, None, None) => return None,
        };
        let password = password.map(|secret| secret.reveal().to_owned());
        Some(Settings { place, user, password, tls, prefix: prefix? })
    }

    /// At least one; a text may have several by commas, as the environment has no lists.
    fn addresses(&mut self, at: &At, raw: OneOrMany, port: u16) -> Option<Vec<Address>> {
        let texts: Vec<(At, String)> = match raw {
            OneOrMany::One(text) => text.split(',').map(|text| (at.clone(), text.to_owned())).collect(),
            OneOrMany::Many(texts) => {
                let texts = texts.into_iter().enumerate();
                texts.filter_map(|(n, text)| Some((at.index(n), text?))).collect()
            }
        };
        if texts.is_empty() {
            let key = at.last_key().unwrap_or("brokers");
            self.fault(at, "names no server", &format!("write {key} = [\"127.0.0.1:{port}\"]"));
            return None;
        }
        let read: Vec<Option<Address>> =
            texts.iter().map(|(at, text)| self.one_address(at, text, port)).collect();
        read.into_iter().collect()
    }

    fn one_address(&mut self, at: &At, text: &str, port: u16) -> Option<Address> {
        let text = text.trim();
        let is_plain = !text.contains(|c: char| matches!(c, '/' | '@' | ',') || c.is_whitespace());
        let address = Address::parse(text).filter(|_| is_plain);
        if address.is_none() {
            // What stands there may have a password in it: redis://user:password@host.
            let (what, help) = if text.contains("://") || text.contains('@') {
                let help = format!(
                    "write host:port alone, such as \"127.0.0.1:{port}\"; user, password and tls have keys of their own"
                );
                ("is a URL".to_owned(), help)
            } else {
                let help = format!("write host:port, such as \"127.0.0.1:{port}\" or \"[::1]:{port}\"");
                (format!("{text:?} is no host with a port"), help)
            };
            self.fault(at, &what, &help);
        }
        address
    }

    /// What names begin with.
    fn prefix(
        &mut self,
        at: &At,
        raw: Option<String>,
        default: &str,
        is_good: impl Fn(char) -> bool,
    ) -> Option<String> {
        let prefix = raw.unwrap_or_else(|| default.to_owned());
        if let Some(letter) = prefix.chars().find(|letter| !is_good(*letter)) {
            let help = format!("write letters, digits and dots, such as prefix = {default:?}");
            self.fault(at, &format!("has {letter:?} in it, which names cannot have"), &help);
            return None;
        }
        if prefix.is_empty() || prefix.len() > PREFIX_MAX {
            let help = format!("write 1 to {PREFIX_MAX} letters, such as prefix = {default:?}");
            self.fault(at, "is empty or too long", &help);
            return None;
        }
        Some(prefix)
    }

    fn tls(&mut self, at: &At, raw: RawTls) -> Option<Files> {
        let has = (raw.certificate.is_some(), raw.key.is_some());
        let mut file = |key: &str, raw: Option<String>| raw.map(|text| self.pem(&at.key(key), &text));
        let (ca, certificate, key) =
            (file("ca", raw.ca), file("certificate", raw.certificate), file("key", raw.key));
        match has {
            (true, false) if !self.is_written(&at.key("key")) => {
                self.fault(at, "`key` is missing", "write key = \"client.key\", the certificate's key");
                return None;
            }
            (false, true) if !self.is_written(&at.key("certificate")) => {
                let help = "write certificate = \"client.crt\", the key's certificate";
                self.fault(at, "`certificate` is missing", help);
                return None;
            }
            _ => {}
        }
        Some(Files { ca: ca.flatten(), identity: certificate.flatten().zip(key.flatten()) })
    }

    /// A PEM file that can be read.
    fn pem(&mut self, at: &At, text: &str) -> Option<PathBuf> {
        let path = self.path(text);
        let why = match std::fs::read(&path) {
            Ok(bytes) if bytes.windows(11).any(|w| w == b"-----BEGIN ") => return Some(path),
            Ok(_) => "is no PEM file: it has no line that starts with -----BEGIN".to_owned(),
            Err(why) => format!("cannot be read: {why}"),
        };
        let help = "write the path of a PEM file that this process may read";
        self.fault(at, &format!("{} {why}", path.display()), help);
        None
    }

    fn not_empty(&mut self, at: &At, text: String, example: &str) -> Option<String> {
        if text.trim().is_empty() {
            self.fault(at, "is empty", &format!("write {example}"));
            return None;
        }
        Some(text.trim().to_owned())
    }

    fn between(&mut self, at: &At, number: u32, most: u32, example: &str) {
        if !(1..=most).contains(&number) {
            let what = format!("is {number} and must lie between 1 and {most}");
            self.fault(at, &what, &format!("write {example}"));
        }
    }

    /// A length of time between two others.
    fn within(
        &mut self,
        at: &At,
        raw: Option<String>,
        default: Duration,
        least: Duration,
        most: Duration,
    ) -> Option<Duration> {
        let Some(text) = raw else { return Some(default) };
        let span = |duration: Duration| Span::from_millis(duration.as_millis() as i64);
        let written = |duration| lengths::write(span(duration));
        match lengths::read(&text) {
            Ok(read) if (span(least)..=span(most)).contains(&read) => {
                Some(Duration::from_millis(read.millis().unsigned_abs()))
            }
            Ok(_) => {
                let what = format!("{text:?} is not between {} and {}", written(least), written(most));
                self.fault(at, &what, &format!("write {:?}", written(default)));
                None
            }
            Err(why) => {
                let help =
                    format!("write a number with its unit (ms, s, min), such as {:?}", written(default));
                self.fault(at, &why, &help);
                None
            }
        }
    }
}
