//! Closed sets as JSON knows them, whom an incident is about, and numbers that JSON has no word for.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use tocsin_model::{
    BrandId, Course, Handling, Hearing, Kind, Label, MentionedBy, Severity, SourceId, Subject, Timing,
};

/// The same set on the wire and in the model, turned into each other by name.
macro_rules! same_set {
    ($(#[$doc:meta])* $wire:ident = $model:ident { $($name:ident),* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        #[schemars(inline)]
        pub(crate) enum $wire { $($name),* }

        impl From<$model> for $wire {
            fn from(it: $model) -> $wire {
                match it { $($model::$name => $wire::$name),* }
            }
        }
        impl From<$wire> for $model {
            fn from(it: $wire) -> $model {
                match it { $($wire::$name => $model::$name),* }
            }
        }
    };
}

same_set! {
    /// What sort of abnormal.
    KindV1 = Kind { Volume, Negative, Engagement, Flood, Keyword, Author, Silence, Report, Forecast }
}
same_set! {
    /// China's four emergency levels, lowest first.
    SeverityV1 = Severity { Blue, Yellow, Orange, Red }
}
same_set! {
    /// Where an incident is going.
    CourseV1 = Course { Opened, Worsening, Plateau, Easing, Over }
}
same_set! {
    /// What people do about an incident.
    HandlingV1 = Handling { Unseen, Acknowledged, Resolved, Reviewed }
}
same_set! {
    /// How a brand was found: by name, or by descent from a post that names it.
    MentionedByV1 = MentionedBy { Name, Descent }
}
same_set! {
    /// How well a source is heard.
    HearingV1 = Hearing { Heard, Degraded, Silent, NotConnected }
}
same_set! {
    /// Which way a text leans.
    StanceV1 = Label { Negative, Neutral, Positive }
}
same_set! {
    /// How the dates of a first sighting were taken.
    TimingV1 = Timing { AsStated, FutureDated, Resurfaced }
}

/// Whom an incident is about: a brand, or a source that has gone silent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SubjectV1 {
    Brand(String),
    Source(String),
}

impl From<&Subject> for SubjectV1 {
    fn from(subject: &Subject) -> SubjectV1 {
        match subject {
            Subject::Brand(brand) => SubjectV1::Brand(brand.as_str().to_owned()),
            Subject::Source(source) => SubjectV1::Source(source.as_str().to_owned()),
        }
    }
}

impl TryFrom<SubjectV1> for Subject {
    type Error = String;

    fn try_from(subject: SubjectV1) -> Result<Subject, String> {
        Ok(match subject {
            SubjectV1::Brand(brand) => {
                Subject::Brand(BrandId::new(&brand).map_err(|bad| format!("its brand {bad}"))?)
            }
            SubjectV1::Source(source) => {
                Subject::Source(SourceId::new(&source).map_err(|bad| format!("its source {bad}"))?)
            }
        })
    }
}

/// A number with a fraction. What JSON has no number for is a string: `"inf"`, `"-inf"`, `"nan"`
/// (log10 of a probability that is too small for a number is `"-inf"`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Real(pub(crate) f64);

impl Serialize for Real {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            x if x.is_finite() => to.serialize_f64(x),
            x if x.is_nan() => to.serialize_str("nan"),
            x if x > 0.0 => to.serialize_str("inf"),
            _ => to.serialize_str("-inf"),
        }
    }
}

impl<'de> Deserialize<'de> for Real {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Real, D::Error> {
        struct RealVisitor;

        impl Visitor<'_> for RealVisitor {
            type Value = Real;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, \"inf\", \"-inf\" or \"nan\"")
            }
            fn visit_f64<E>(self, x: f64) -> Result<Real, E> {
                Ok(Real(x))
            }
            fn visit_u64<E>(self, x: u64) -> Result<Real, E> {
                Ok(Real(x as f64))
            }
            fn visit_i64<E>(self, x: i64) -> Result<Real, E> {
                Ok(Real(x as f64))
            }
            fn visit_str<E: Error>(self, x: &str) -> Result<Real, E> {
                match x {
                    "inf" => Ok(Real(f64::INFINITY)),
                    "-inf" => Ok(Real(f64::NEG_INFINITY)),
                    "nan" => Ok(Real(f64::NAN)),
                    _ => Err(E::custom("a number should be a number, \"inf\", \"-inf\" or \"nan\"")),
                }
            }
        }

        from.deserialize_any(RealVisitor)
    }
}

impl JsonSchema for Real {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Real".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [{ "type": "number" }, { "enum": ["inf", "-inf", "nan"] }] })
    }
}

impl JsonSchema for crate::time::Time {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}
