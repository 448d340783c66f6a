//! What the operator watches for beside the counts: words, authors, sites, desks that report.
//!
//! A post pulls the triggers that it fits as it arrives, however late it was written; only one first seen more than
//! 48 h after it was made pulls none, and watched words count while a post is heard. A regulator's or a
//! desk's post pulls whatever it says, anybody else's if it leans against the brand.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tocsin_model::{
    AuthorId, BrandId, Kind, Matched, Post, Severity, Sighting, SourceId, Subject, Timing, Trigger,
};

use crate::says::says;

/// The concern that makes negative posts worse, and the trigger that they pull: it makes no signal of its own.
pub(crate) const SAFETY: &str = "safety";
/// The trigger of authors with many followers.
const FAR_REACHING: &str = "reach";

/// An author.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// Of this source; of any if none.
    pub source: Option<SourceId>,
    /// Within its source.
    pub id: AuthorId,
}

impl Account {
    fn wrote(&self, post: &Post) -> bool {
        self.id == post.author.id && self.source.as_ref().is_none_or(|source| *source == post.id.source)
    }
}

/// What an author or a site is known as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// One post of them is a signal, whatever it says.
    Regulators,
    /// Papers, stations, portals.
    Media,
    /// Our own people.
    Staff,
    /// Customers who are known to us.
    Customers,
    /// Accounts of floods that were seen before.
    Floods,
    /// Not judged: counted apart.
    Ignored,
}

impl List {
    /// All, in the order of their names in evidence.
    pub const ALL: [List; 6] =
        [List::Regulators, List::Media, List::Staff, List::Customers, List::Floods, List::Ignored];

    /// `regulators`, `media`, …
    pub fn name(self) -> &'static str {
        match self {
            List::Regulators => "regulators",
            List::Media => "media",
            List::Staff => "staff",
            List::Customers => "customers",
            List::Floods => "floods",
            List::Ignored => "ignored",
        }
    }
    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// How few posts are enough, within the hour at hand and the two before it, and how bad that is by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enough {
    /// So many.
    pub posts: u64,
    /// At least.
    pub severity: Severity,
}

impl Enough {
    /// One post, and yellow: somebody should look.
    pub const ONE: Enough = Enough { posts: 1, severity: Severity::Yellow };
}

/// What each letter stands for: those that stand for the same count as the same.
#[derive(Clone, Copy, Debug)]
pub struct Letters(pub fn(char) -> char);

impl PartialEq for Letters {
    fn eq(&self, other: &Letters) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

/// What is watched, as the operator says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// Known authors.
    pub authors: Vec<(Account, List)>,
    /// Known sites: `example.com` is all below it, too.
    pub sites: Vec<(String, List)>,
    /// How many posts of each list are enough.
    pub lists: BTreeMap<List, Enough>,
    /// From so many followers on an author is far-reaching.
    pub followers: u64,
    /// How many posts of such authors are enough.
    pub far_reaching: Enough,
    /// Sources of which each post is a report.
    pub desks: Vec<(SourceId, Enough)>,
    /// Words of a brand: a post has one if it holds its letters and does not deny them.
    pub words: Vec<(BrandId, Vec<String>, Enough)>,
    /// Which letters of a text and of a word count as the same.
    pub letters: Letters,
    /// A brand's own accounts.
    pub own: Vec<(BrandId, Account)>,
}

impl Default for Watched {
    /// Nobody is known. One post against a brand by an author with ten million followers is enough, one of a
    /// regulator worse than that; three of flood accounts, because one alone is none.
    fn default() -> Watched {
        let enough = |list| match list {
            List::Regulators => Enough { severity: Severity::Orange, ..Enough::ONE },
            List::Floods => Enough { posts: 3, ..Enough::ONE },
            _ => Enough::ONE,
        };
        let judged = List::ALL.into_iter().filter(|list| *list != List::Ignored);
        Watched {
            authors: Vec::new(),
            sites: Vec::new(),
            lists: judged.map(|list| (list, enough(list))).collect(),
            followers: 10_000_000,
            far_reaching: Enough::ONE,
            desks: Vec::new(),
            words: Vec::new(),
            letters: Letters(|letter| letter.to_ascii_lowercase()),
            own: Vec::new(),
        }
    }
}

/// What is watched, so that a post is soon looked up.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    watched: Watched,
    /// By the author's id; the source, if it matters, and the list's bit.
    authors: FxHashMap<AuthorId, Vec<(Option<SourceId>, u8)>>,
    /// Bits of lists by host.
    sites: FxHashMap<String, u8>,
    /// Lists other than the ignored one.
    lists: Vec<(List, Trigger)>,
    far_reaching: Trigger,
    pub(crate) safety: Trigger,
    desks: FxHashMap<SourceId, Trigger>,
    brands: FxHashMap<BrandId, OfBrand>,
    /// How many posts are enough for each that is not of one brand alone.
    enough: BTreeMap<Trigger, Enough>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct OfBrand {
    words: Vec<(Trigger, Vec<String>)>,
    enough: BTreeMap<Trigger, Enough>,
    own: Vec<Account>,
}

impl Default for Watch {
    fn default() -> Watch {
        Watch::new(Watched::default())
    }
}

fn folded(text: &str, letters: Letters) -> String {
    text.chars().map(letters.0).collect()
}

fn trigger(kind: Kind, name: &str) -> Trigger {
    Trigger { kind, name: name.into() }
}

impl Watch {
    /// Ready to be asked.
    pub fn new(watched: Watched) -> Watch {
        let mut authors: FxHashMap<AuthorId, Vec<(Option<SourceId>, u8)>> = FxHashMap::default();
        for (account, list) in &watched.authors {
            authors.entry(account.id.clone()).or_default().push((account.source.clone(), list.bit()));
        }
        let mut sites: FxHashMap<String, u8> = FxHashMap::default();
        for (site, list) in &watched.sites {
            *sites.entry(site.clone()).or_default() |= list.bit();
        }
        let lists: Vec<(List, Trigger)> =
            watched.lists.keys().map(|list| (*list, trigger(Kind::Author, list.name()))).collect();
        let desk =
            |(source, _): &(SourceId, Enough)| (source.clone(), trigger(Kind::Report, source.as_str()));
        let desks: FxHashMap<SourceId, Trigger> = watched.desks.iter().map(desk).collect();
        let far_reaching = trigger(Kind::Author, FAR_REACHING);
        let of_lists = lists.iter().map(|(list, trigger)| (trigger.clone(), watched.lists[list]));
        let of_desks = watched.desks.iter().map(|(source, enough)| (desks[source].clone(), *enough));
        let enough = of_lists.chain(of_desks).chain([(far_reaching.clone(), watched.far_reaching)]).collect();
        let mut brands: FxHashMap<BrandId, OfBrand> = FxHashMap::default();
        for (brand, words, enough) in &watched.words {
            let of_brand = brands.entry(brand.clone()).or_default();
            let trigger = trigger(Kind::Keyword, &words.join("、"));
            if of_brand.enough.insert(trigger.clone(), *enough).is_none() {
                let folded = words.iter().map(|word| folded(word, watched.letters)).collect();
                of_brand.words.push((trigger, folded));
            }
        }
        for (brand, account) in &watched.own {
            brands.entry(brand.clone()).or_default().own.push(account.clone());
        }
        let safety = trigger(Kind::Negative, SAFETY);
        Watch { authors, sites, lists, far_reaching, safety, desks, brands, enough, watched }
    }

    /// How many posts that pull a trigger are enough for a subject; none of one that is watched no more.
    pub(crate) fn enough(&self, subject: &Subject, trigger: &Trigger) -> Option<Enough> {
        let of_brand = match subject {
            Subject::Brand(brand) => self.brands.get(brand).and_then(|b| b.enough.get(trigger)),
            Subject::Source(_) => None,
        };
        of_brand.or_else(|| self.enough.get(trigger)).copied()
    }

    /// Who says it: the same to all brands.
    pub(crate) fn speaker(&self, post: &Post) -> Speaker {
        Speaker {
            lists: self.lists_of(post),
            is_desk: !self.desks.is_empty() && self.desks.contains_key(&post.id.source),
            is_far_reaching: post.author.followers.is_some_and(|n| n >= self.watched.followers),
        }
    }

    fn lists_of(&self, post: &Post) -> u8 {
        let mut lists = 0;
        if !self.authors.is_empty() {
            let known = self.authors.get(&post.author.id).into_iter().flatten();
            let of_source = |of: &Option<SourceId>| of.as_ref().is_none_or(|of| *of == post.id.source);
            lists |= known.filter(|(of, _)| of_source(of)).fold(0, |bits, (_, bit)| bits | bit);
        }
        if !self.sites.is_empty()
            && let Some(host) = post.url.as_deref().and_then(host)
        {
            let mut site = host.as_str();
            loop {
                lists |= self.sites.get(site).copied().unwrap_or(0);
                match site.split_once('.') {
                    Some((_, above)) => site = above,
                    None => break,
                }
            }
        }
        lists
    }

    /// As whom a brand hears it.
    pub(crate) fn voice(&self, brand: &BrandId, post: &Post, speaker: Speaker) -> Voice {
        let is_own = || self.brands.get(brand).is_some_and(|b| b.own.iter().any(|own| own.wrote(post)));
        if speaker.lists & List::Ignored.bit() != 0 {
            Voice::Ignored
        } else if !self.brands.is_empty() && is_own() {
            Voice::Own
        } else {
            Voice::Public
        }
    }

    /// Says each trigger of a brand that a first sighting pulls.
    pub(crate) fn pulled<'a>(
        &'a self,
        brand: &BrandId,
        matched: &Matched,
        speaker: Speaker,
        is_negative: bool,
        mut say: impl FnMut(&'a Trigger),
    ) {
        if matches!(matched.sighting, Sighting::Update(_) | Sighting::First(Timing::Resurfaced)) {
            return;
        }
        if speaker.is_anybody() && self.brands.is_empty() {
            return;
        }
        for (list, trigger) in &self.lists {
            let speaks_up = is_negative || *list == List::Regulators;
            if speaker.lists & list.bit() != 0 && speaks_up {
                say(trigger);
            }
        }
        if speaker.is_far_reaching && is_negative {
            say(&self.far_reaching);
        }
        if speaker.is_desk {
            self.desks.get(&matched.post.id.source).into_iter().for_each(&mut say);
        }
        if let Some(of_brand) = self.brands.get(brand).filter(|b| !b.words.is_empty())
            && matched.is_heard()
        {
            let text = folded(matched.own_words(), self.watched.letters);
            let has = |words: &[String]| words.iter().any(|word| says(&text, word));
            of_brand.words.iter().filter(|(_, words)| has(words)).for_each(|(trigger, _)| say(trigger));
        }
    }
}

/// What is known of who says something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Speaker {
    /// The bits of lists.
    lists: u8,
    is_desk: bool,
    is_far_reaching: bool,
}

impl Speaker {
    fn is_anybody(self) -> bool {
        self == Speaker::default()
    }
}

/// As whom a brand hears a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// One of the many.
    Public,
    /// Its own.
    Own,
    /// Somebody who is not judged.
    Ignored,
}

/// The host of an address, in lower case, without a port.
fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    Some(host.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_address() {
        let hosts = ["https://News.Example.com:8080/a?b", "http://u@example.com", "example.com", "ftp://x#y"];
        let hosts: Vec<Option<String>> = hosts.iter().map(|url| host(url)).collect();
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(hosts, [name("news.example.com"), name("example.com"), None, name("x")]);
    }

    #[test]
    fn the_same_words_twice_are_one_trigger() {
        let brand = BrandId::new("山岚").unwrap();
        let words = |posts| (brand.clone(), vec!["起火".to_owned()], Enough { posts, ..Enough::ONE });
        let watch = Watch::new(Watched { words: vec![words(3), words(2)], ..Watched::default() });
        assert_eq!(watch.brands[&brand].words.len(), 1);
        let fire = trigger(Kind::Keyword, "起火");
        assert_eq!(watch.enough(&Subject::Brand(brand), &fire).map(|e| e.posts), Some(2));
        let source = Subject::Source(SourceId::new("weibo").unwrap());
        assert_eq!(watch.enough(&source, &fire), None);
    }
}
