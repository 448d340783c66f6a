//! What stands in evidence beside a test's numbers: triggers that were pulled, the trade, an answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tocsin_model::{Answered, BrandId, Minute, Pulled, Rival};

use super::names::{Real, SeverityV1};
use crate::time::Time;

/// A trigger that was pulled often enough.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Pulled")]
pub(super) struct PulledV1 {
    /// The words, the list, the source.
    name: String,
    /// By how many posts, in this hour and the two before it.
    posts: u64,
    /// How many are enough.
    enough: u64,
    /// How bad that is by itself.
    severity: SeverityV1,
}

/// A brand of the same trade.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Rival")]
pub(super) struct RivalV1 {
    /// Which.
    brand: String,
    /// Posts heard of it in the last 60 minutes.
    heard: u64,
    /// Posts that should have been heard.
    expected: Real,
    /// More than chance explains.
    rises: bool,
}

/// What came of the last post of the brand's own accounts.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Answered")]
pub(super) struct AnsweredV1 {
    /// The minute of the brand's own post.
    at: Time,
    /// For so many minutes it was followed by now, 60 at most.
    minutes: u32,
    /// Posts beyond the usual in these minutes.
    excess: Real,
    /// So many were to come in them, by what was known when the post was made.
    forecast: Real,
}

impl From<&Pulled> for PulledV1 {
    fn from(p: &Pulled) -> PulledV1 {
        PulledV1 { name: p.name.clone(), posts: p.posts, enough: p.enough, severity: p.severity.into() }
    }
}

impl From<PulledV1> for Pulled {
    fn from(p: PulledV1) -> Pulled {
        Pulled { name: p.name, posts: p.posts, enough: p.enough, severity: p.severity.into() }
    }
}

impl From<&Rival> for RivalV1 {
    fn from(r: &Rival) -> RivalV1 {
        let brand = r.brand.as_str().to_owned();
        RivalV1 { brand, heard: r.heard, expected: Real(r.expected), rises: r.rises }
    }
}

impl TryFrom<RivalV1> for Rival {
    type Error = String;

    fn try_from(r: RivalV1) -> Result<Rival, String> {
        let brand = BrandId::new(&r.brand).map_err(|bad| format!("a rival {bad}"))?;
        Ok(Rival { brand, heard: r.heard, expected: r.expected.0, rises: r.rises })
    }
}

impl From<Answered> for AnsweredV1 {
    fn from(a: Answered) -> AnsweredV1 {
        let at = Time(a.at.start().millis());
        AnsweredV1 { at, minutes: a.minutes, excess: Real(a.excess), forecast: Real(a.forecast) }
    }
}

impl From<AnsweredV1> for Answered {
    fn from(a: AnsweredV1) -> Answered {
        let at = Minute(a.at.0.div_euclid(60_000));
        Answered { at, minutes: a.minutes, excess: a.excess.0, forecast: a.forecast.0 }
    }
}
