//! What few posts are enough for: triggers, and the posts that pulled them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Kind, Minute, TopList};

/// Posts shown of each trigger.
const SHOWN: usize = 3;

/// Something of which few posts are enough: watched words, a list of authors, a desk that reports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trigger {
    /// What sort of signal it makes.
    pub kind: Kind,
    /// As people know it: the words, the list, the source.
    pub name: Arc<str>,
}

/// The posts that pulled one trigger in an hour of their arrival.
#[derive(Clone, Debug, PartialEq)]
pub struct Pull {
    /// How many.
    pub posts: u64,
    /// The minute in which the last of them arrived.
    pub last: Minute,
    /// Some of them by `source/id`; note: an excerpt.
    pub shown: TopList,
}

impl Pull {
    fn merge(&mut self, other: &Pull) {
        self.posts = self.posts.saturating_add(other.posts);
        self.last = self.last.max(other.last);
        self.shown.merge(&other.shown);
    }
}

impl Default for Pull {
    fn default() -> Pull {
        Pull { posts: 0, last: Minute(i64::MIN), shown: TopList::new(SHOWN) }
    }
}

/// The triggers that were pulled. There are no more of them than the config names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pulls(pub BTreeMap<Trigger, Pull>);

impl Pulls {
    /// A post pulls a trigger as it arrives.
    pub fn add(&mut self, trigger: &Trigger, arrived: Minute, post: &str, excerpt: &str) {
        let mut shown = TopList::new(SHOWN);
        shown.add(post, 1, Some(excerpt));
        self.add_all(trigger, &Pull { posts: 1, last: arrived, shown });
    }
    /// Adds others. Sums and maxima: the order changes nothing but which posts are shown.
    pub fn merge(&mut self, other: &Pulls) {
        other.0.iter().for_each(|(trigger, pull)| self.add_all(trigger, pull));
    }
    fn add_all(&mut self, trigger: &Trigger, pull: &Pull) {
        match self.0.get_mut(trigger) {
            Some(mine) => mine.merge(pull),
            None => {
                self.0.insert(trigger.clone(), pull.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pulled(trigger: &str, minutes: &[i64]) -> Pulls {
        let mut pulls = Pulls::default();
        let trigger = Trigger { kind: Kind::Keyword, name: trigger.into() };
        for minute in minutes {
            pulls.add(&trigger, Minute(*minute), &format!("weibo/{minute}"), "words");
        }
        pulls
    }

    #[test]
    fn pulls_are_added_up_in_any_order() {
        let all = pulled("起火", &[3, 9, 4, 7]);
        let mut late = pulled("起火", &[7, 9]);
        late.merge(&pulled("起火", &[4, 3]));
        let (pull, other) = (all.0.values().next().unwrap(), late.0.values().next().unwrap());
        assert_eq!((pull.posts, pull.last), (4, Minute(9)));
        assert_eq!((other.posts, other.last), (4, Minute(9)));
        assert_eq!(other.shown.entries().len(), SHOWN);
        late.merge(&pulled("头晕", &[1]));
        assert_eq!(late.0.len(), 2);
    }
}
