//! Whether the sources where a brand lives are heard.

use tocsin_flow::{Casebook, Claims, Fault, Kin, Windows};
use tocsin_model::{BrandId, Coverage, Hearing, Hour, Kind, Minute, SourceId, Subject, TopList, View};

use super::Chain;

/// A brand lives on a source from which at least such a part of its posts came, ...
const LIVES_FROM: f64 = 0.02;
/// ... and on so many at most, unless the config names more.
const LIVES_MAX: usize = 16;
/// Of a silent source: the brands that are named.
const BLINDS_MAX: usize = 64;
/// A source is degraded while it gives less than this part of what it gave in the same hours a day ago, ...
const DEGRADED_BELOW: f64 = 0.25;
/// ... if that was so many posts: fewer come and go by chance.
const DEGRADED_FROM: u64 = 40;
/// The hours that are compared.
const COMPARED_HOURS: usize = 2;

impl<S: Claims + Kin + Windows + Casebook> Chain<S> {
    /// The sources where a brand lives, each with how it is heard. `lived`: where its posts came from.
    pub(super) async fn coverage(
        &mut self,
        view: &View,
        brand: &BrandId,
        lived: &[SourceId],
    ) -> Result<Vec<Coverage>, Fault> {
        let configured = self.knowledge.lives.sources(brand);
        let sources = if configured.is_empty() { lived } else { configured }.to_vec();
        let mut coverage = Vec::with_capacity(sources.len());
        for source in sources {
            let heard = self.state.view(&Subject::Source(source.clone()), view.now).await?;
            coverage.push(Coverage { source, hearing: hearing(&heard), newest: newest(&heard) });
        }
        Ok(coverage)
    }
}

/// How a source is heard, by its own row.
pub(super) fn hearing(source: &View) -> Hearing {
    if source.first.is_none() {
        Hearing::NotConnected
    } else if source.mark(Kind::Silence).stands() {
        Hearing::Silent
    } else if is_degraded(source) {
        Hearing::Degraded
    } else {
        Hearing::Heard
    }
}

/// The last hours against the same hours a day ago: both without the unfinished one.
fn is_degraded(source: &View) -> bool {
    let posts = |hours: &[tocsin_model::Counts]| hours.iter().map(|c| c.posts).sum::<u64>();
    let end = source.hours.len() - 1;
    let (now, yesterday) =
        (posts(&source.hours[end - COMPARED_HOURS..end]), posts(&source.hours[..COMPARED_HOURS]));
    yesterday >= DEGRADED_FROM && (now as f64) < DEGRADED_BELOW * yesterday as f64
}

/// The minute of the newest post in a view of a source.
pub(super) fn newest(source: &View) -> Option<Minute> {
    let minute = source.minutes.iter().rposition(|c| c.posts > 0);
    if let Some(place) = minute {
        return Some(Minute(source.first_minute().0 + place as i64));
    }
    let hour = source.hours.iter().rposition(|c| c.posts > 0)?;
    // It was in this hour; of its minutes nothing is known but that they are no longer in the view.
    let last = Hour(source.first_hour().0 + hour as i64 + 1).start().minute();
    Some(Minute(last.0 - 1).min(Minute(source.first_minute().0 - 1)))
}

/// The sources from which a good part of these posts came, the greatest first.
pub(super) fn lived(names: &TopList) -> Vec<SourceId> {
    let all: u64 = names.entries().iter().map(|e| e.weight).sum();
    let good = |weight: u64| weight as f64 >= LIVES_FROM * all as f64;
    let entries = names.entries().iter().filter(|e| good(e.weight)).take(LIVES_MAX);
    entries.filter_map(|e| SourceId::new(&e.key).ok()).collect()
}

/// The brands that a source spoke of, the most often first.
pub(super) fn blinds(names: &TopList) -> Vec<BrandId> {
    names.entries().iter().take(BLINDS_MAX).filter_map(|e| BrandId::new(&e.key).ok()).collect()
}

#[cfg(test)]
mod tests {
    use tocsin_model::{ArrivalTime, Counts, HOUR, Mark};

    use super::*;

    /// A source as of 20 min past an hour, with posts so many minutes ago, and so many a day ago.
    fn source(minutes_ago: &[i64], yesterday: u64) -> View {
        let now = ArrivalTime::from_millis(1_000 * HOUR.millis() + 20 * 60_000);
        let mut view = View::empty(Subject::Source(SourceId::new("weibo").unwrap()), now);
        view.first = Some(Minute(0));
        view.hours[0].posts = yesterday;
        for ago in minutes_ago {
            let at = now.minute().0 - ago;
            let post = Counts { posts: 1, ..Counts::default() };
            let hour = (Minute(at).hour().0 - view.first_hour().0) as usize;
            view.hours[hour].add(&post);
            if let Ok(place) = usize::try_from(at - view.first_minute().0) {
                view.minutes[place].add(&post);
            }
        }
        view
    }

    #[test]
    fn a_source_is_heard_degraded_silent_or_not_connected() {
        let mut silent = source(&[70], 9);
        silent.marks.push((Kind::Silence, Mark { since: Minute(7), ..Mark::default() }));
        let mut never = source(&[], 0);
        never.first = None;
        let all = [source(&[70], 9), source(&[70], 100), silent, never];
        assert_eq!(all.map(|view| hearing(&view).name()), ["heard", "degraded", "silent", "not_connected"]);
    }

    #[test]
    fn the_newest_post_is_known_to_the_minute_then_to_the_hour() {
        let ago = |view: View| newest(&view).map(|minute| view.now.minute().0 - minute.0);
        assert_eq!(ago(source(&[70, 3], 0)), Some(3));
        assert_eq!(ago(source(&[200], 0)), Some(141), "it came between 2 h 21 min and 3 h 20 min ago");
        assert_eq!(ago(source(&[], 0)), None);
    }

    #[test]
    fn a_brand_lives_where_a_good_part_of_its_posts_comes_from() {
        let mut names = TopList::new(32);
        [("weibo", 900), ("news", 90), ("odd", 10)]
            .iter()
            .for_each(|(name, posts)| names.add(name, *posts, None));
        names.trim();
        let lived: Vec<String> = lived(&names).iter().map(ToString::to_string).collect();
        assert_eq!(lived, ["weibo", "news"]);
    }
}
