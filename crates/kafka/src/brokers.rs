//! Where the brokers are, and how to come in.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};

/// The brokers and how to come in.
#[derive(Clone, Debug)]
pub struct Brokers {
    /// `host:port`, several by commas.
    pub servers: String,
    /// What every topic, group and transactional id begins with: `tocsin.`.
    pub prefix: String,
    /// Partitions of each topic.
    pub lanes: u32,
    /// How to come in.
    pub security: Security,
    /// How long the brokers wait for one of ours that is silent, and how often we commit.
    pub limits: Limits,
}

/// How long the brokers wait for one of ours that is silent, and how often we commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until its lanes are given to others.
    pub session: Duration,
    /// Until its open transaction is aborted. Readers wait for that before they go on.
    pub transaction: Duration,
    /// The time between commits, while the brokers are quick.
    pub commit: Duration,
    /// The same when they are slow: it doubles up to this. A post waits at most so long in a stage.
    pub commit_max: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            session: Duration::from_secs(10),
            transaction: Duration::from_secs(10),
            commit: Duration::from_millis(20),
            commit_max: Duration::from_millis(500),
        }
    }
}

/// How to come in.
#[derive(Clone, Debug)]
pub enum Security {
    /// Open to anybody; for one machine and closed networks.
    Plaintext,
    /// Encrypted; with an identity also mutual (mTLS).
    Tls(Tls),
    /// With a name and a password; without `tls` the broker's listener must be `SASL_PLAINTEXT`.
    Sasl(Sasl),
}

/// Encryption.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The certificates to trust, as a PEM file; the machine's own where none is given.
    pub ca: Option<PathBuf>,
    /// Who we are, where the broker asks (mTLS).
    pub identity: Option<Identity>,
}

/// A client certificate.
#[derive(Clone, Debug)]
pub struct Identity {
    /// PEM.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
    /// Of the key, if it has one.
    pub key_password: Option<Secret>,
}

/// A name and a password.
#[derive(Clone, Debug)]
pub struct Sasl {
    /// How they are shown.
    pub mechanism: Mechanism,
    /// Who.
    pub user: String,
    /// Never printed.
    pub password: Secret,
    /// Encryption: without it PLAIN sends the password readable.
    pub tls: Option<Tls>,
}

/// How a password is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// As it is.
    Plain,
    /// Salted and hashed with SHA-256.
    ScramSha256,
    /// Salted and hashed with SHA-512.
    ScramSha512,
}

/// What is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl Brokers {
    /// What every client is set to.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", &self.servers)
            .set("client.id", "tocsin")
            .set("allow.auto.create.topics", "false")
            // A broker that comes back is noticed within a second (default: 10 s).
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.connection.setup.timeout.ms", "5000")
            // A group whose question about its topics was lost with a broker waits for the next one (default: 5 min).
            .set("topic.metadata.refresh.interval.ms", "5000")
            .set_log_level(RDKafkaLogLevel::Warning);
        match &self.security {
            Security::Plaintext => {}
            Security::Tls(tls) => {
                client.set("security.protocol", "SSL");
                tls.write(&mut client);
            }
            Security::Sasl(sasl) => {
                client
                    .set("security.protocol", if sasl.tls.is_some() { "SASL_SSL" } else { "SASL_PLAINTEXT" });
                client.set("sasl.mechanisms", sasl.mechanism.name());
                client.set("sasl.username", &sasl.user).set("sasl.password", &sasl.password.0);
                if let Some(tls) = &sasl.tls {
                    tls.write(&mut client);
                }
            }
        }
        client
    }

    /// What a consumer group or a transactional id is called.
    pub(crate) fn named(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

impl Tls {
    fn write(&self, client: &mut ClientConfig) {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        if let Some(ca) = &self.ca {
            client.set("ssl.ca.location", path(ca));
        }
        if let Some(identity) = &self.identity {
            client.set("ssl.certificate.location", path(&identity.certificate));
            client.set("ssl.key.location", path(&identity.key));
            if let Some(password) = &identity.key_password {
                client.set("ssl.key.password", &password.0);
            }
        }
    }
}

impl Mechanism {
    /// As Kafka calls it.
    pub fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::ScramSha256 => "SCRAM-SHA-256",
            Mechanism::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let sasl = Sasl {
            mechanism: Mechanism::Plain,
            user: "app".into(),
            password: Secret("open sesame".into()),
            tls: None,
        };
        let brokers = Brokers {
            servers: "b:9092".into(),
            prefix: "tocsin.".into(),
            lanes: 4,
            security: Security::Sasl(sasl),
            limits: Limits::default(),
        };
        assert!(!format!("{brokers:?}").contains("sesame"));
        assert_eq!(brokers.client().get("sasl.password"), Some("open sesame"));
        assert_eq!(brokers.client().get("security.protocol"), Some("SASL_PLAINTEXT"));
    }
}
