//! The client's errors, by who must act. The client tells why a connection failed to a callback and not to
//! whoever called it, so the callback keeps what it was told.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tocsin_flow::{Fault, Peer};
use tracing::{debug, warn};

/// Nobody's: the same, later.
pub(crate) fn away(why: impl Into<String>) -> Fault {
    Fault::Unavailable { peer: Peer::Kafka, why: why.into(), retry_after: None }
}

/// Nobody's, and there is nothing to wait for.
pub(crate) fn again(why: impl Into<String>) -> Fault {
    Fault::Unavailable { peer: Peer::Kafka, why: why.into(), retry_after: Some(Duration::ZERO) }
}

pub(crate) fn wrong(
    setting: impl Into<String>,
    found: impl Into<String>,
    expected: impl Into<String>,
) -> Fault {
    Fault::Misconfigured { setting: setting.into(), found: found.into(), expected: expected.into() }
}

/// A client could not be made: its files or settings are wrong.
pub(crate) fn not_made(error: &KafkaError) -> Fault {
    let why = error.to_string();
    let setting = if why.contains("ssl.") { TLS } else { "kafka" };
    wrong(
        setting,
        format!("not what the client takes ({why})"),
        "files that are there and can be read, in PEM",
    )
}

const TLS: &str = "kafka.tls";

/// Who must act on an error code; `doing` says what we were at.
pub(crate) fn of_code(code: RDKafkaErrorCode, doing: &str, why: &str) -> Fault {
    use RDKafkaErrorCode as Code;
    match code {
        Code::Authentication | Code::SaslAuthenticationFailed => wrong(
            "kafka.sasl: user or password",
            format!("refused by the broker ({why})"),
            "a user that the broker knows, its password, and a mechanism that it offers; a user that was made just now \
             is known to each broker after some seconds: start again",
        ),
        Code::SSL => wrong(
            TLS,
            format!("no encrypted connection to the broker ({why})"),
            "in `ca` the PEM file of the authority that signed the broker's certificate; a certificate and \
             key of our own where the broker asks for one",
        ),
        Code::TopicAuthorizationFailed => {
            not_allowed("READ, WRITE and DESCRIBE on the topics under the prefix", doing)
        }
        Code::GroupAuthorizationFailed => not_allowed("READ on the consumer groups under the prefix", doing),
        Code::TransactionalIdAuthorizationFailed => {
            not_allowed("WRITE and DESCRIBE on the transactional ids under the prefix", doing)
        }
        Code::ClusterAuthorizationFailed => {
            not_allowed("IDEMPOTENT_WRITE, and CREATE to make topics, on the cluster", doing)
        }
        _ => away(format!("{doing}: {why}")),
    }
}

fn not_allowed(rule: &str, doing: &str) -> Fault {
    wrong(
        "the broker's access rules (ACL) for our user",
        format!("refusing us, {doing}"),
        format!("a rule that allows {rule}"),
    )
}

/// Who must act on an error.
pub(crate) fn of(error: &KafkaError, doing: &str) -> Fault {
    match error.rdkafka_error_code() {
        Some(code) => of_code(code, doing, &error.to_string()),
        None => away(format!("{doing}: {error}")),
    }
}

/// What the client tells beside its answers.
#[derive(Default)]
pub(crate) struct Listener {
    told: Mutex<Option<Fault>>,
}

impl Listener {
    fn told(&self) -> MutexGuard<'_, Option<Fault>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last fault of the operator's that was told.
    pub(crate) fn take(&self) -> Option<Fault> {
        self.told().take()
    }
}

impl ClientContext for Listener {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, text: &str) {
        // The same comes as an error where it matters; the client repeats itself for each connection.
        debug!(facility, text, "the Kafka client says");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // With TLS 1.3 a broker refuses a missing certificate after the handshake, as if it had hung up.
        let code = match error.rdkafka_error_code() {
            Some(_) if reason.contains("SSL routines") => RDKafkaErrorCode::SSL,
            Some(code) => code,
            None => return,
        };
        let fault = of_code(code, "connecting", reason);
        if matches!(fault, Fault::Misconfigured { .. }) {
            warn!(%fault, "the brokers refuse us");
            *self.told() = Some(fault);
        } else {
            debug!(reason, "the Kafka client has trouble");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_operator_must_change_is_told_apart_from_what_passes() {
        use RDKafkaErrorCode as Code;
        for code in [
            Code::Authentication,
            Code::SSL,
            Code::TopicAuthorizationFailed,
            Code::GroupAuthorizationFailed,
            Code::TransactionalIdAuthorizationFailed,
            Code::ClusterAuthorizationFailed,
        ] {
            assert!(matches!(of_code(code, "reading", "x"), Fault::Misconfigured { .. }), "{code:?}");
        }
        for code in [Code::AllBrokersDown, Code::NotLeaderForPartition, Code::OperationTimedOut] {
            assert!(matches!(of_code(code, "reading", "x"), Fault::Unavailable { .. }), "{code:?}");
        }
    }
}
