//! What few posts are enough for, and what makes it worse.

use tocsin_model::Severity;
use tocsin_spike_detect::{Enough, Grounds, List};

use super::super::at::At;
use super::super::checked::Authors;
use super::super::raw::{RawAuthors, RawEnough, RawSeverity, RawWorse};
use super::Checker;
use super::outlets::severity;

impl Checker<'_> {
    /// How few posts of known authors are enough.
    pub(super) fn authors(&mut self, raw: RawAuthors) -> Authors {
        let at = At::top().key("detect").key("authors");
        let mut authors = Authors::default();
        let lists = [
            (List::Regulators, raw.regulators),
            (List::Media, raw.media),
            (List::Staff, raw.staff),
            (List::Customers, raw.customers),
            (List::Floods, raw.floods),
        ];
        for (list, written) in lists {
            let (Some(RawEnough { posts, severity }), Some(enough)) = (written, authors.lists.get(&list))
            else {
                continue;
            };
            let enough = self.enough(&at.key(list.name()), posts, severity, *enough);
            authors.lists.insert(list, enough);
        }
        let reach = raw.reach.unwrap_or_default();
        let at = at.key("reach");
        if reach.followers == Some(0) {
            self.fault(&at.key("followers"), "is 0, and so many have all", "write followers = 10000000");
        }
        authors.followers = reach.followers.unwrap_or(authors.followers);
        authors.far_reaching = self.enough(&at, reach.posts, reach.severity, authors.far_reaching);
        authors
    }

    /// What is written, and where nothing is, `known`.
    pub(super) fn enough(
        &mut self,
        at: &At,
        posts: Option<u32>,
        written: Option<RawSeverity>,
        known: Enough,
    ) -> Enough {
        if posts == Some(0) {
            self.fault(&at.key("posts"), "is 0, and no post is always there", "write posts = 1, or more");
        }
        let how_bad: Option<Severity> = written.map(severity);
        Enough { posts: posts.map_or(known.posts, u64::from), severity: how_bad.unwrap_or(known.severity) }
    }

    /// What makes it worse; none if something is not right.
    pub(super) fn worse(&mut self, at: &At, raw: &RawWorse, known: Grounds) -> Option<Grounds> {
        let share_at = at.key("negative_share");
        let share = raw.negative_share.unwrap_or(known.negative_share);
        let mut number = |name: &str, written: Option<f64>, known: f64| {
            let number = written.unwrap_or(known);
            self.number_above(&at.key(name), number, 0.0, &format!("{name} = {known}"))
        };
        let (speed, reach) =
            (number("speed", raw.speed, known.speed), number("reach", raw.reach, known.reach));
        let forecast = number("forecast", raw.forecast, known.forecast);
        let safety = number("safety", raw.safety, known.safety);
        let negative_share = number("negative_share", raw.negative_share, known.negative_share);
        // Beyond a half a post that is rather negative than not could lower it.
        if share > 0.5 {
            self.fault(
                &share_at,
                &format!("is {share} and must be at most 0.5"),
                "write negative_share = 0.5",
            );
            return None;
        }
        Some(Grounds {
            speed: speed?,
            negative_share: negative_share?,
            reach: reach?,
            forecast: forecast?,
            safety: safety?,
        })
    }
}
