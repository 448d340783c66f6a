//! How bad it is: a table over the excess, made worse by what stands around it.
//!
//! The rows of [`Severities::rows`] grade the posts beyond the usual. Five grounds make that worse: speed, the negative
//! share, reach, the forecast, and complaints about safety, which count twice. Two make it one step worse, four two
//! steps. Each ground only grows with negative posts, and so does the grade: worse never lowers it.

use tocsin_model::{Evidence, Kind, Pulls, Severity, Trigger};

use crate::baseline::minutes;
use crate::detectors::Look;
use crate::evidence::number;
use crate::forecast::forecast;
use crate::watch::SAFETY;

/// Grounds that make it one step worse.
const GROUNDS_A_STEP: usize = 2;
/// The windows in which speed, and the other grounds, are looked at.
const SPEED_MINUTES: usize = 15;
const GROUND_MINUTES: usize = 60;
/// Such a part of a brand's negative posts may always be about safety.
const USUALLY_ABOUT_SAFETY: f64 = 0.1;

/// Beyond the usual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Excess {
    /// Posts beyond it (of `negative`: negative posts; of `engagement`: likes, reposts and comments).
    pub posts: f64,
    /// What is usual, in the same.
    pub usual: f64,
}

impl Excess {
    /// Of what is not counted in posts.
    pub(crate) const NONE: Excess = Excess { posts: 0.0, usual: 0.0 };
}

/// From when on it is how bad.
#[derive(Clone, Debug, PartialEq)]
pub struct Severities {
    /// By excess, lowest first.
    pub rows: [Row; 4],
    /// From when on something makes it worse.
    pub worse: Grounds,
}

/// A row of the table: it holds when the excess reaches both of its figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// How bad.
    pub severity: Severity,
    /// Posts beyond what is usual in the window (for `negative`: negative posts).
    pub excess: f64,
    /// The same as a multiple of what is usual: the noise of a busy brand is a small one.
    pub times: f64,
}

/// What makes it worse than its excess: what is so, or from when on it counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grounds {
    /// Negative posts beyond the usual, an hour, by the last 15 minutes.
    pub speed: f64,
    /// The part of the posts of the last hour that is negative, 0 to 1.
    pub negative_share: f64,
    /// Persons who may have been reached in the last hour.
    pub reach: f64,
    /// Posts beyond the usual that are to come in the next hour.
    pub forecast: f64,
    /// Negative posts about safety, in the hour of now and the two before it, beyond a tenth of those usually
    /// negative: of a busy brand some always are.
    pub safety: f64,
}

impl Default for Severities {
    fn default() -> Severities {
        let row = |severity, excess, times| Row { severity, excess, times };
        Severities {
            rows: [
                row(Severity::Blue, 0.0, 0.0),
                row(Severity::Yellow, 10.0, 0.1),
                row(Severity::Orange, 50.0, 0.25),
                row(Severity::Red, 250.0, 0.5),
            ],
            // At 250 an hour it would be red within the hour.
            worse: Grounds {
                speed: 250.0,
                negative_share: 0.4,
                reach: 5_000_000.0,
                forecast: 250.0,
                safety: 3.0,
            },
        }
    }
}

impl Severities {
    /// The highest row that holds.
    pub(crate) fn by_excess(&self, excess: Excess) -> Severity {
        let holds = |row: &&Row| excess.posts >= row.excess && excess.posts >= row.times * excess.usual;
        self.rows.iter().filter(holds).map(|row| row.severity).max().unwrap_or(Severity::Blue)
    }
}

const GROUND_NAMES: [&str; 5] = ["speed", "negative_share", "reach", "forecast", "safety"];

impl Grounds {
    /// As of a look's moment.
    pub(crate) fn at(look: &Look<'_>) -> Grounds {
        let (view, reading) = (look.view(), look.baseline.reading);
        let until = minutes(view.now);
        let usual = |from: f64, until: f64| look.level.times * look.baseline.expected(from, until);
        let fresh = view.last_minutes(SPEED_MINUTES);
        let sure = reading.sure(fresh.negative as f64 / 1000.0, fresh.heard as f64);
        let last_hour = view.last_minutes(GROUND_MINUTES);
        let expected = look.level.share * usual(until - SPEED_MINUTES as f64, until);
        let ahead = |hours: f64| usual(until + 60.0 * (hours - 1.0), until + 60.0 * hours);
        let safety: u64 = view.details.iter().map(|detail| about_safety(&detail.pulls)).sum();
        let three_hours = (view.now.hour().0 - 2) as f64 * 60.0;
        // As read, not as sure: so a post that is rather negative than not never lowers a share of a half.
        let share = last_hour.negative as f64 / 1000.0 / (last_hour.heard as f64).max(1.0);
        Grounds {
            speed: (sure - expected) * 60.0 / SPEED_MINUTES as f64,
            negative_share: share,
            reach: last_hour.reach as f64,
            forecast: forecast(look.by_minute().as_minutes(), [ahead(1.0), ahead(4.0)]).plus_1h.excess,
            safety: safety as f64 - USUALLY_ABOUT_SAFETY * look.level.share * usual(three_hours, until),
        }
    }

    /// In the order of their names.
    fn to_array(self) -> [f64; 5] {
        [self.speed, self.negative_share, self.reach, self.forecast, self.safety]
    }
    fn from_array([speed, negative_share, reach, forecast, safety]: [f64; 5]) -> Grounds {
        Grounds { speed, negative_share, reach, forecast, safety }
    }

    /// How many steps worse it is; safety counts twice.
    fn steps(&self, from: &Grounds) -> usize {
        let holds =
            self.to_array().into_iter().zip(from.to_array()).map(|(is, from)| usize::from(is >= from));
        let safety = usize::from(self.safety >= from.safety);
        (holds.sum::<usize>() + safety) / GROUNDS_A_STEP
    }
}

fn about_safety(pulls: &Pulls) -> u64 {
    let of_safety = |trigger: &Trigger| trigger.kind == Kind::Negative && &*trigger.name == SAFETY;
    pulls.0.iter().filter(|(trigger, _)| of_safety(trigger)).map(|(_, pull)| pull.posts).sum()
}

/// All that makes a severity.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grade {
    pub(crate) excess: Excess,
    /// It is at least so bad, whatever the excess.
    pub(crate) least: Severity,
    /// It is at most so bad, whatever else.
    pub(crate) most: Severity,
    /// Nothing makes a source's silence worse.
    pub(crate) grounds: Option<Grounds>,
    pub(crate) table: Severities,
}

impl Grade {
    pub(crate) fn severity(&self) -> Severity {
        let base = self.table.by_excess(self.excess).max(self.least);
        let steps = self.grounds.map_or(0, |grounds| grounds.steps(&self.table.worse));
        let place = (base as usize + steps).min(Severity::ALL.len() - 1);
        Severity::ALL[place].min(self.most)
    }

    /// What evidence must say.
    pub(crate) fn numbers(&self) -> Vec<(String, f64)> {
        let mut all = vec![
            ("severity_excess".to_owned(), self.excess.posts),
            ("severity_usual".to_owned(), self.excess.usual),
            ("severity_least".to_owned(), self.least as u8 as f64),
            ("severity_most".to_owned(), self.most as u8 as f64),
        ];
        for row in &self.table.rows[1..] {
            all.push((format!("severity_{}_excess", row.severity), row.excess));
            all.push((format!("severity_{}_times", row.severity), row.times));
        }
        if let Some(grounds) = self.grounds {
            let numbers = grounds.to_array().into_iter().zip(self.table.worse.to_array());
            for (name, (is, from)) in GROUND_NAMES.into_iter().zip(numbers) {
                all.push((format!("severity_{name}"), is));
                all.push((format!("severity_{name}_from"), from));
            }
        }
        all
    }

    /// The contrary; none if a number is missing (an older program's).
    pub(crate) fn of(evidence: &Evidence) -> Option<Grade> {
        let named = |name: &str| number(evidence, &format!("severity_{name}"));
        let level = |name| Severity::ALL.get(named(name)? as usize).copied();
        let mut table = Severities::default();
        for row in &mut table.rows[1..] {
            row.excess = named(&format!("{}_excess", row.severity))?;
            row.times = named(&format!("{}_times", row.severity))?;
        }
        let mut grounds = None;
        if named(GROUND_NAMES[0]).is_some() {
            let (mut is, mut from) = ([0.0; 5], [0.0; 5]);
            for (i, name) in GROUND_NAMES.into_iter().enumerate() {
                (is[i], from[i]) = (named(name)?, named(&format!("{name}_from"))?);
            }
            table.worse = Grounds::from_array(from);
            grounds = Some(Grounds::from_array(is));
        }
        let excess = Excess { posts: named("excess")?, usual: named("usual")? };
        Some(Grade { excess, least: level("least")?, most: level("most")?, grounds, table })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graded(posts: f64, usual: f64, grounds: [f64; 5]) -> Severity {
        let (least, most) = (Severity::Blue, Severity::Red);
        let grounds = Some(Grounds::from_array(grounds));
        Grade { excess: Excess { posts, usual }, least, most, grounds, table: Severities::default() }
            .severity()
    }

    #[test]
    fn the_table_of_severities() {
        let of = |posts, usual| graded(posts, usual, [0.0; 5]).name();
        assert_eq!(
            [of(9.0, 1.0), of(10.0, 1.0), of(50.0, 4.0), of(250.0, 100.0)],
            ["blue", "yellow", "orange", "red"]
        );
        assert_eq!(of(260.0, 2_000.0), "yellow", "an eighth more of a busy brand is no red");
    }

    #[test]
    fn two_grounds_or_safety_alone_make_it_a_step_worse() {
        let of = |grounds| graded(10.0, 1.0, grounds).name();
        assert_eq!(of([300.0, 0.0, 0.0, 0.0, 0.0]), "yellow");
        assert_eq!(of([300.0, 0.7, 0.0, 0.0, 0.0]), "orange");
        assert_eq!(of([0.0, 0.0, 0.0, 0.0, 3.0]), "orange");
        assert_eq!(of([300.0, 0.7, 6e6, 500.0, 0.0]), "red");
        assert_eq!(of([300.0, 0.7, 6e6, 500.0, 9.0]), "red", "nothing is worse than red");
    }

    proptest! {
        #[test]
        fn more_of_anything_is_never_less_bad(
            posts in 0.0_f64..500.0, more in 0.0_f64..500.0, usual in 0.0_f64..500.0,
            grounds in proptest::array::uniform5(0.0_f64..2.0), add in proptest::array::uniform5(0.0_f64..2.0),
        ) {
            let from = Severities::default().worse.to_array();
            let of = |parts: [f64; 5]| std::array::from_fn(|i| parts[i] * from[i]);
            let all = std::array::from_fn(|i| grounds[i] + add[i]);
            prop_assert!(graded(posts, usual, of(grounds)) <= graded(posts + more, usual, of(all)));
        }
    }
}
