//! What stands around the statistics: triggers, grounds that make it worse, answers, rivals.

use tocsin_model::{Trigger, View};

use super::*;
use crate::watch::{Enough, List, Watch, Watched};
use crate::{Account, rival};

/// Regulators, a desk that needs two reports, and words of which three posts are enough and bad.
fn rule() -> Rule {
    let brand = BrandId::new("山岚茶饮").unwrap();
    let enough = |posts, severity| Enough { posts, severity };
    let author = tocsin_model::AuthorId::new("r").unwrap();
    let watch = Watch::new(Watched {
        authors: vec![(Account { source: None, id: author }, List::Regulators)],
        desks: vec![(tocsin_model::SourceId::new("desk").unwrap(), enough(2, Severity::Yellow))],
        words: vec![(brand, vec!["起火".to_owned()], enough(3, Severity::Red))],
        ..Watched::default()
    });
    Rule { watch: Arc::new(watch), ..Rule::default() }
}

/// A brand, and what pulled its triggers in each hour.
struct Pulled {
    brand: Brand,
    pulls: Vec<(Hour, Detail)>,
}

impl Pulled {
    /// After so many quiet minutes: no history is needed to be told what is enough.
    fn after(minutes: usize) -> Pulled {
        let mut brand = Brand::new();
        (0..minutes).for_each(|_| brand.minutes.push(Counts::default()));
        Pulled { brand, pulls: Vec::new() }
    }
    fn view(&self) -> View {
        let mut view = self.brand.view();
        let shown = view.now.hour().0 - 2..=view.now.hour().0;
        let details = self.pulls.iter().filter(|(hour, _)| shown.contains(&hour.0));
        view.details = details.map(|(_, detail)| Arc::new(detail.clone())).collect();
        view
    }
    /// A post comes now that pulls this.
    fn pull(&mut self, kind: Kind, name: &str) {
        let minute = self.view().now.minute();
        if self.pulls.last().is_none_or(|(hour, _)| *hour != minute.hour()) {
            self.pulls.push((minute.hour(), Detail::default()));
        }
        let trigger = Trigger { kind, name: name.into() };
        let detail = &mut self.pulls.last_mut().unwrap().1;
        detail.pulls.add(&trigger, minute, &format!("weibo/{}", minute.0), "门店起火");
    }
    /// Judges, and keeps the marks; what is said, as `kind severity`.
    fn judge(&mut self) -> Vec<String> {
        let view = self.view();
        let judgement = judge(&view, &self.brand.learn(view.now), &rule());
        check_evidence(&judgement.signals);
        for (kind, mark) in judgement.marks {
            self.brand.marks.retain(|(known, _)| *known != kind);
            self.brand.marks.push((kind, mark));
        }
        let said = |signal: &Signal| match &signal.state {
            State::Abnormal { severity, .. } => format!("{} {severity}", signal.kind),
            State::Cleared { .. } => format!("{} cleared", signal.kind),
        };
        judgement.signals.iter().map(said).collect()
    }
    /// Lives on for so many minutes; in which of them something was said, and what.
    fn live(&mut self, minutes: usize) -> Vec<(usize, String)> {
        let mut all = Vec::new();
        for minute in 1..=minutes {
            self.brand.minutes.push(Counts::default());
            all.extend(self.judge().into_iter().map(|said| (minute, said)));
        }
        all
    }
}

#[test]
fn one_post_of_a_regulator_is_a_signal_and_stands_for_an_hour() {
    let mut of = Pulled::after(1);
    of.pull(Kind::Author, "regulators");
    assert_eq!(of.judge(), ["author orange"]);
    let view = of.view();
    let judgement = judge(&view, &of.brand.learn(view.now), &rule());
    assert!(judgement.signals.is_empty(), "once a minute");
    let said = of.live(180);
    assert_eq!(said, [(1, "author orange".to_owned()), (60, "author cleared".to_owned())]);
}

#[test]
fn it_is_said_again_when_another_post_comes() {
    let mut of = Pulled::after(1);
    of.pull(Kind::Author, "regulators");
    of.judge();
    of.live(30);
    of.pull(Kind::Author, "regulators");
    assert_eq!(of.live(90).last(), Some(&(60, "author cleared".to_owned())));
    of.pull(Kind::Author, "regulators");
    assert_eq!(of.judge(), ["author orange"], "after it was cleared, too");
}

#[test]
fn words_need_as_many_posts_as_the_operator_says_within_three_hours() {
    let mut of = Pulled::after(1);
    for last in [&[] as &[&str], &[], &["keyword red"]] {
        of.live(40);
        of.pull(Kind::Keyword, "起火");
        assert_eq!(of.judge(), last);
    }
    let mut slow = Pulled::after(1);
    for _ in 0..5 {
        assert_eq!(slow.live(110), []);
        slow.pull(Kind::Keyword, "起火");
        assert_eq!(slow.judge(), [] as [&str; 0]);
    }
}

#[test]
fn each_kind_has_its_own_threshold_and_evidence() {
    let mut of = Pulled::after(130);
    of.pull(Kind::Report, "desk");
    of.pull(Kind::Keyword, "起火");
    assert_eq!(of.judge(), [] as [&str; 0]);
    of.pull(Kind::Report, "desk");
    let view = of.view();
    let signal = judge(&view, &of.brand.learn(view.now), &rule()).signals.pop().unwrap();
    let State::Abnormal { evidence, .. } = signal.state else { panic!("it is enough") };
    let pulled = &evidence.pulled[0];
    assert_eq!((pulled.name.as_str(), pulled.posts, pulled.enough), ("desk", 2, 2));
    assert_eq!(evidence.top_posts[0].excerpt, "门店起火");
    let again = recompute(&evidence).unwrap();
    assert!(again.is_abnormal && again.severity == Some(Severity::Yellow), "{again:?}");
}

#[test]
fn a_trigger_that_the_config_knows_no_more_says_nothing() {
    let mut of = Pulled::after(1);
    of.pull(Kind::Keyword, "冒烟");
    of.pull(Kind::Report, "old-desk");
    assert_eq!(of.judge(), [] as [&str; 0]);
}

/// Two days with twenty posts an hour; then so many minutes with two angry ones each, read by so many.
fn angry(minutes: usize, reach: u64) -> Brand {
    let mut brand = Brand::new();
    for minute in 0..48 * 60 + minutes {
        brand.minutes.push(Counts::default());
        if minute % 3 == 0 {
            brand.hear(if minute % 15 == 0 { 900 } else { 25 });
        }
        if minute >= 48 * 60 {
            (0..2).for_each(|_| brand.hear(950));
        }
    }
    brand.minutes.last_mut().unwrap().reach += reach;
    brand
}

#[test]
fn reach_with_the_share_makes_it_a_step_worse_and_safety_alone_does() {
    assert_eq!(badness(&mut angry(6, 0)), Some(Severity::Yellow), "the share alone is one ground");
    assert_eq!(badness(&mut angry(6, 6_000_000)), Some(Severity::Orange));
    assert_eq!(badness(&mut angry(45, 0)), Some(Severity::Orange));
    assert_eq!(badness(&mut angry(45, 6_000_000)), Some(Severity::Red));
    let mut of = Pulled { brand: angry(6, 0), pulls: Vec::new() };
    (0..3).for_each(|_| of.pull(Kind::Negative, "safety"));
    assert_eq!(of.judge()[0], "negative yellow");
    let mut of = Pulled { brand: angry(6, 0), pulls: Vec::new() };
    (0..5).for_each(|_| of.pull(Kind::Negative, "safety"));
    assert_eq!(of.judge()[0], "negative orange");
}

#[test]
fn an_answer_is_held_against_what_was_to_come() {
    let mut brand = angry(30, 0);
    assert_eq!(answers(&mut brand), None);
    brand.minutes.last_mut().unwrap().answers = 1;
    let at = brand.view().now.minute();
    // What goes on as before is more than what was to come: a cascade ebbs.
    for _ in 0..20 {
        brand.minutes.push(Counts::default());
        (0..2).for_each(|_| brand.hear(950));
    }
    let vain = answers(&mut brand).unwrap();
    assert_eq!(vain.at, at);
    assert!((25.0..45.0).contains(&vain.forecast) && vain.excess > vain.forecast, "{vain:?}");
    let mut calmed = angry(30, 0);
    calmed.minutes.last_mut().unwrap().answers = 1;
    (0..20).for_each(|_| calmed.minutes.push(Counts::default()));
    let eased = answers(&mut calmed).unwrap();
    assert!(eased.forecast == vain.forecast && eased.excess < 0.0, "{eased:?}");
    (0..60).for_each(|_| calmed.minutes.push(Counts::default()));
    calmed.hear(950);
    assert_eq!(answers(&mut calmed), None, "after an hour nothing more is held against it");
}

fn answers(brand: &mut Brand) -> Option<tocsin_model::Answered> {
    let view = brand.view();
    let baseline = brand.learn(view.now);
    crate::answer::answered(&crate::Look::at(&view, &baseline, &Rule::default()))
}

#[test]
fn a_rival_rises_or_does_not() {
    let of = |brand: &Brand| rival(&brand.view(), &brand.learn(brand.view().now), &Rule::default()).unwrap();
    let (quiet, risen) = (of(&angry(0, 0)), of(&angry(30, 0)));
    assert!(!quiet.rises && (15..25).contains(&quiet.heard) && (15.0..25.0).contains(&quiet.expected));
    assert!(risen.rises && risen.heard > 60, "{risen:?}");
}

proptest! {
    #[test]
    fn more_negative_posts_in_a_long_trouble_never_lower_the_severity(
        slow in 0..12u64, at in proptest::collection::vec(0..60usize, 1..60), hours in 1..13usize,
    ) {
        let mut brand = Brand::new();
        for minute in 0..48 * 60 + hours * 60 {
            brand.minutes.push(Counts::default());
            if minute % 3 == 0 {
                brand.hear(if minute % 15 == 0 { 900 } else { 25 });
            }
            if minute >= 48 * 60 && (minute as u64 * slow) % 60 < slow {
                brand.hear(950);
            }
        }
        let mut worst = badness(&mut brand);
        for back in at {
            let last = brand.minutes.len() - 1;
            let post = Counts { posts: 1, heard: 1, negative: 950, negative_squares: 902, ..Counts::default() };
            brand.minutes[last - back].add(&post);
            let now = badness(&mut brand);
            prop_assert!(now >= worst, "{now:?} after {worst:?}");
            worst = now;
        }
    }
}
