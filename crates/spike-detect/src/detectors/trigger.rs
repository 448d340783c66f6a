//! Posts of which few are enough: watched words, known or far-reaching authors, desks that report.
//!
//! There is no chance to compute: the operator says how many posts are enough. They are counted in the hour of now and
//! the two before it, by their arrival. A signal is made when a post pulls a trigger that has then been
//! pulled often enough; the kind stands for an hour after the last such post.

use std::cmp::Reverse;

use tocsin_model::{Evidence, Hour, Kind, Minute, PostRef, Pull, Pulled, Pulls, View};

use super::{Finding, Look, Test, Verdict};
use crate::Rule;
use crate::baseline::minutes;
use crate::evidence::{self, number};
use crate::severity::Excess;

/// The kinds that posts pull.
pub(crate) const KINDS: [Kind; 3] = [Kind::Keyword, Kind::Author, Kind::Report];
/// For so long it stands after the last post, in minutes.
const STANDS_MINUTES: i64 = 60;
/// Hours in which posts are counted: those of which a view has evidence.
const HOURS: i64 = 3;

/// Judges one of [`KINDS`].
pub(crate) fn judge(kind: Kind, look: &Look<'_>) -> Verdict {
    let view = look.view;
    let pulled = pulled(kind, view, look.rule);
    let last = pulled.iter().map(|(_, pull)| pull.last).max();
    let minute = view.now.minute();
    let (Some((worst, _)), Some(last)) = (pulled.first(), last) else {
        return Verdict::Ordinary { score: 0.0 };
    };
    if minute.0 - last.0 >= STANDS_MINUTES {
        return Verdict::Ordinary { score: 0.0 };
    }
    if last < view.mark(kind).signalled {
        // It was said, and stands.
        return Verdict::Ordinary { score: 1.0 };
    }
    let first: Minute = Hour(view.now.hour().0 - HOURS + 1).start().minute();
    let expected = look.level.times * look.baseline.expected(first.0 as f64, minutes(view.now));
    Verdict::Abnormal(Box::new(Finding {
        excess: Excess::NONE,
        least: worst.severity,
        window_minutes: (minute.0 + 1 - first.0) as u32,
        counts: view.last_hours(HOURS as usize),
        expected,
        negative_expected: look.baseline.reading.sum(expected * look.level.share, expected),
        log10_p: 0.0,
        log10_threshold: 0.0,
        test: Test::Trigger(Given { kind, posts: worst.posts, enough: worst.enough }),
    }))
}

/// The triggers of a kind that were pulled often enough, the worst first.
fn pulled(kind: Kind, view: &View, rule: &Rule) -> Vec<(Pulled, Pull)> {
    let mut pulls = Pulls::default();
    view.details.iter().for_each(|detail| pulls.merge(&detail.pulls));
    let of_kind = pulls.0.into_iter().filter(|(trigger, _)| trigger.kind == kind);
    let mut pulled: Vec<(Pulled, Pull)> = of_kind
        .filter_map(|(trigger, pull)| {
            let enough = rule.watch.enough(&view.subject, &trigger)?;
            let name = trigger.name.to_string();
            let pulled = Pulled { name, posts: pull.posts, enough: enough.posts, severity: enough.severity };
            (pull.posts >= enough.posts).then_some((pulled, pull))
        })
        .collect();
    pulled.sort_by_key(|(pulled, _)| (Reverse(pulled.severity), Reverse(pulled.posts)));
    pulled
}

/// Puts into evidence what was pulled, and the posts that did it before all others.
pub(crate) fn show(evidence: &mut Evidence, kind: Kind, view: &View, rule: &Rule) {
    let pulled = pulled(kind, view, rule);
    let of_pulls = pulled.iter().flat_map(|(_, pull)| pull.shown.entries()).cloned().map(evidence::post);
    let mut posts: Vec<PostRef> = Vec::new();
    for post in of_pulls.chain(std::mem::take(&mut evidence.top_posts)) {
        if posts.len() < evidence::FEW && posts.iter().all(|known| known.id != post.id) {
            posts.push(post);
        }
    }
    evidence.top_posts = posts;
    evidence.pulled = pulled.into_iter().map(|(pulled, _)| pulled).collect();
}

/// All that the test is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Given {
    /// Which of [`KINDS`]; evidence need not say it.
    pub(crate) kind: Kind,
    /// Posts that pulled the worst trigger.
    posts: u64,
    /// So many are enough for it.
    enough: u64,
}

impl Given {
    pub(crate) const NAME: &str = "posts that pull a trigger, against how many are enough";

    pub(crate) fn is_enough(&self) -> bool {
        self.posts >= self.enough
    }

    /// What evidence must say.
    pub(crate) fn numbers(&self) -> [(&'static str, f64); 2] {
        [("posts_that_pull", self.posts as f64), ("posts_enough", self.enough as f64)]
    }

    /// The contrary; none if a number is missing.
    pub(crate) fn of(evidence: &Evidence) -> Option<Given> {
        let (posts, enough) = (number(evidence, "posts_that_pull")?, number(evidence, "posts_enough")?);
        Some(Given { kind: Kind::Keyword, posts: posts as u64, enough: enough as u64 })
    }
}
