//! The score card of a drill: what was found, when, from which post, and what was found that was not there.

use std::io::{self, Write};

use serde_json::{Value, json};
use tocsin_model::{ArrivalTime, BrandId, EventTime, Incident, Ring, Severity, Span, Subject};
use tocsin_scenarios::{Expect, Scenario, Story};
use tocsin_wire::rfc3339;

use crate::cli::count;

/// Nothing is held against the watch in its first week.
const WARM_UP: Span = Span::from_hours(7 * 24);
/// A ring so long after the end still belongs to it.
const ECHO: Span = Span::from_minutes(30);
/// Characters of a post that are shown.
const SHOWN_CHARS: usize = 40;

/// What came of a drill.
pub(super) struct Card {
    expect: Expect,
    begins: EventTime,
    ends: EventTime,
    told: u64,
    /// Rings for the brand while it lasted, the first one first.
    rings: Vec<Ring>,
    /// Rings for a silent source while it lasted.
    silences: Vec<Ring>,
    /// Rings for the brand at any other time.
    false_alarms: Vec<Ring>,
    /// Ordinary days on which the bell should have been still.
    days: i64,
    severity: Option<Severity>,
    /// How many incidents rang while it lasted, and when the last of them was over; none: not yet.
    incidents: usize,
    over: Option<ArrivalTime>,
    /// What the first ring's evidence shows first, and whether everything came from it.
    from: Option<(String, bool)>,
}

impl Card {
    pub(super) fn of(
        brand: &BrandId,
        expect: Expect,
        story: &Story,
        start: EventTime,
        incidents: &[Incident],
    ) -> Card {
        let from = start.plus(WARM_UP);
        let during = |ring: &Ring| {
            (story.begins.millis()..=story.ends.plus(ECHO).millis()).contains(&ring.at.millis())
        };
        let of_brand: Vec<&Incident> =
            incidents.iter().filter(|i| i.subject == Subject::Brand(brand.clone())).collect();
        let rings_of = |of: &[&Incident]| {
            let mut rings: Vec<Ring> = of.iter().flat_map(|i| i.rings.clone()).collect();
            rings.sort_by_key(|ring| ring.at);
            rings
        };
        let of_sources: Vec<&Incident> =
            incidents.iter().filter(|i| matches!(i.subject, Subject::Source(_))).collect();
        let (rings, others): (Vec<Ring>, Vec<Ring>) = rings_of(&of_brand).into_iter().partition(during);
        let silences = rings_of(&of_sources).into_iter().filter(|ring| during(ring)).collect();
        let first = rings.first();
        let rang = of_brand.iter().filter(|incident| incident.rings.iter().any(during));
        let ends: Vec<Option<ArrivalTime>> = rang.map(|incident| incident.ended_at).collect();
        let top = first.and_then(|ring| ring.evidence.top_posts.first());
        let root = story.root.as_ref().map(ToString::to_string);
        Card {
            expect,
            begins: story.begins,
            ends: story.ends,
            told: story.told,
            severity: rings.iter().map(|ring| ring.severity).max(),
            incidents: ends.len(),
            over: ends.into_iter().collect::<Option<Vec<_>>>().and_then(|ends| ends.into_iter().max()),
            from: top.map(|post| (shortened(&post.excerpt), root.as_ref() == Some(&post.id))),
            false_alarms: others.into_iter().filter(|ring| ring.at.millis() >= from.millis()).collect(),
            days: (story.begins.millis() - from.millis()) / 86_400_000,
            rings,
            silences,
        }
    }

    /// The watch did what a good one does.
    pub(super) fn passed(&self) -> bool {
        match self.expect {
            Expect::Crisis => !self.rings.is_empty(),
            Expect::Calm => self.rings.is_empty(),
            Expect::Silence => self.rings.is_empty() && !self.silences.is_empty(),
        }
    }

    /// In a few words, why it did not.
    fn why_not(&self) -> String {
        match self.expect {
            Expect::Crisis => "missed: the bell did not ring while it lasted".to_owned(),
            Expect::Calm => {
                format!("called a crisis: {}, and nothing was wrong", count(self.rings.len(), "ring"))
            }
            Expect::Silence if self.silences.is_empty() => {
                "missed: nobody was told of the silence".to_owned()
            }
            Expect::Silence => {
                format!("an outage was called a crisis: {}", count(self.rings.len(), "ring"))
            }
        }
    }

    fn after(&self, at: ArrivalTime) -> Span {
        at.since(self.begins)
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let line = |out: &mut dyn Write, what: &str, said: String| writeln!(out, "  {what:<14}{said}");
        writeln!(out)?;
        let lasted = length(Span::from_millis(self.ends.millis() - self.begins.millis()));
        line(
            out,
            "it began",
            format!("{}, lasted {lasted}, {} posts", rfc3339(self.begins.millis()), self.told),
        )?;
        match self.expect {
            Expect::Silence => match self.silences.first() {
                Some(ring) => line(out, "silence told", format!("after {}", length(self.after(ring.at))))?,
                None => line(out, "silence told", "never".to_owned())?,
            },
            Expect::Crisis | Expect::Calm => self.write_rings(out)?,
        }
        let false_alarms = match (self.false_alarms.as_slice(), self.days) {
            ([], days) => format!("none on {days} ordinary days"),
            (some, days) => {
                let at: Vec<String> = some.iter().map(|ring| rfc3339(ring.at.millis())).collect();
                format!("{} on {days} ordinary days: {}", some.len(), at.join(", "))
            }
        };
        line(out, "false alarms", false_alarms)?;
        let verdict = match (self.passed(), self.expect) {
            (true, Expect::Crisis) => "found".to_owned(),
            (true, Expect::Calm) => "rightly left alone".to_owned(),
            (true, Expect::Silence) => "told as a silence, and as nothing else".to_owned(),
            (false, _) => self.why_not(),
        };
        writeln!(out, "\n{verdict}")
    }

    fn write_rings(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(first) = self.rings.first() else {
            return writeln!(out, "  {:<14}never", "bell rang");
        };
        let after = length(self.after(first.at));
        writeln!(out, "  {:<14}after {after}: {}, {}", "bell rang", first.kind, first.severity)?;
        if let Some((excerpt, is_root)) = &self.from {
            let root = if *is_root { " (it all came from this one)" } else { "" };
            writeln!(out, "  {:<14}{excerpt}{root}", "from the post")?;
        }
        if let Some(severity) = self.severity {
            let times = (count(self.rings.len(), "ring"), count(self.incidents, "incident"));
            writeln!(out, "  {:<14}{severity} at most, {} in {}", "severity", times.0, times.1)?;
        }
        let all_clear = match self.over {
            None => "not within eight hours of the end".to_owned(),
            Some(at) if at.millis() >= self.ends.millis() => {
                format!("{} after the end", length(at.since(self.ends)))
            }
            Some(at) => {
                format!("{} before the end", length(Span::from_millis(self.ends.millis() - at.millis())))
            }
        };
        writeln!(out, "  {:<14}{all_clear}", "all clear")
    }

    /// The same for programs.
    pub(super) fn json(&self, scenario: &Scenario) -> Value {
        let first = match self.expect {
            Expect::Silence => self.silences.first(),
            Expect::Crisis | Expect::Calm => self.rings.first(),
        };
        json!({
            "scenario": scenario.name,
            "passed": self.passed(),
            "began_at": rfc3339(self.begins.millis()),
            "ended_at": rfc3339(self.ends.millis()),
            "posts": self.told,
            "rang_after_seconds": first.map(|ring| self.after(ring.at).millis() / 1_000),
            "kind": first.map(|ring| ring.kind.name()),
            "severity": self.severity.map(Severity::name),
            "rings": self.rings.len(),
            "from_the_root": self.from.as_ref().map(|(_, is_root)| is_root),
            "false_alarms": self.false_alarms.len(),
            "ordinary_days": self.days,
            "over_at": self.over.map(|at| rfc3339(at.millis())),
        })
    }
}

fn shortened(excerpt: &str) -> String {
    let mut shown: String = excerpt.chars().take(SHOWN_CHARS).collect();
    if shown.len() < excerpt.len() {
        shown.push('…');
    }
    shown
}

fn length(span: Span) -> String {
    match (span.millis() / 1_000, span.minutes()) {
        (seconds, _) if seconds < 90 => format!("{seconds} s"),
        (_, minutes) if minutes < 120 => format!("{minutes} min"),
        (_, minutes) if minutes < 48 * 60 => format!("{} h {} min", minutes / 60, minutes % 60),
        (_, minutes) => format!("{} days {} h", minutes / 1_440, minutes % 1_440 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_said_as_people_say_them() {
        let of = |seconds| length(Span::from_seconds(seconds));
        assert_eq!(
            [of(12), of(600), of(3 * 3_600 + 60), of(50 * 3_600)],
            ["12 s", "10 min", "3 h 1 min", "2 days 2 h"]
        );
    }

    #[test]
    fn an_excerpt_is_cut_between_letters() {
        assert_eq!(shortened("短"), "短");
        assert_eq!(shortened(&"长".repeat(50)).chars().count(), SHOWN_CHARS + 1);
    }
}
