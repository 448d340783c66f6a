//! What others read too, as JSON: each object begins with its version, `"v": 1`. Shapes stand apart from the
//! model and are turned into it by hand, so that a renamed field loses nothing that lies in a store or a topic.

mod circumstances; // what stands in evidence beside numbers
mod incident; // the life of a crisis
mod kin; // who descends from whom
mod matched; // a post with its brands
mod names; // closed sets, and numbers that JSON has no word for
mod notice; // one message to one channel
mod post; // one thing somebody said
mod rejected; // what is not a post
mod scored; // a mention that was read
mod signal; // what is abnormal now, and why
mod state; // what a carrier remembers, as it moves
mod tokenized; // a mention with its words cut up

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::Unreadable;

pub use incident::{read_incident, write_incident};
pub use kin::{KinRecord, read_kin, write_ask, write_tells};
pub use matched::{read_matched, write_matched};
pub use notice::{read_notice, write_notice};
pub use rejected::{KNOWN_FIELDS, read_rejected, write_rejected};
pub use scored::{read_scored, write_scored};
pub use signal::{KNOWN_TESTS, read_signal, write_signal};
pub use state::{StateRow, read_state_row, write_state_row};
pub use tokenized::{read_tokenized, write_tokenized};

pub(crate) use incident::IncidentV1;
pub(crate) use kin::KinV1;
pub(crate) use matched::MatchedV1;
pub(crate) use notice::NoticeV1;
pub(crate) use post::PostV1;
pub(crate) use rejected::RejectedV1;
pub(crate) use scored::ScoredV1;
pub(crate) use signal::SignalV1;
pub(crate) use tokenized::TokenizedV1;

/// The version in `"v"`: 1 and no other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct One;

impl Serialize for One {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(1)
    }
}

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<One, D::Error> {
        match u64::deserialize(from)? {
            1 => Ok(One),
            other => Err(D::Error::custom(format!("version {other}"))),
        }
    }
}

impl schemars::JsonSchema for One {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "const": 1 })
    }
}

/// A shape as JSON.
pub(crate) fn json<T: Serialize>(shape: &T) -> Vec<u8> {
    sonic_rs::to_vec(shape).expect("shapes hold nothing that JSON cannot: texts, integers, finite numbers")
}

/// A shape from JSON that one of us wrote; a newer version is named as such.
pub(crate) fn shape<'a, T: Deserialize<'a>>(what: &'static str, json: &'a [u8]) -> Result<T, Unreadable> {
    #[derive(serde::Deserialize)]
    struct Version {
        v: u64,
    }
    sonic_rs::from_slice::<T>(json).map_err(|error| match sonic_rs::from_slice::<Version>(json) {
        Ok(Version { v }) if v != 1 => Unreadable::version(what, v),
        _ => Unreadable::new(what, error.to_string().lines().next().unwrap_or_default()),
    })
}
