//! What is known beside the posts: where a brand lives, whom it is compared with, days that are not like others,
//! authors and sites.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use tocsin_model::{AuthorId, EventTime, SourceId};
use tocsin_spike_detect::Enough;

use super::super::at::At;
use super::super::checked::{Account, Brand, Event, Keyword, Listed, Lists};
use super::super::defaults;
use super::super::document::Value;
use super::super::raw::{RawEvent, RawKeyword, RawLists, RawSource, RawSourceKind};
use super::Checker;

/// Keywords of one brand.
const KEYWORDS_MAX: usize = 16;
/// Words of one keyword.
const WORDS_MAX: usize = 32;
/// Events.
const EVENTS_MAX: usize = 1_000;

impl Checker<'_> {
    /// Names of sources, each once.
    pub(super) fn sources(&mut self, at: &At, raw: Option<Vec<Option<String>>>) -> Vec<SourceId> {
        let mut sources = Vec::new();
        for (n, name) in raw.into_iter().flatten().enumerate() {
            let Some(source) = name.and_then(|name| self.source(&at.index(n), &name)) else { continue };
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        sources
    }

    fn source(&mut self, at: &At, name: &str) -> Option<SourceId> {
        match SourceId::new(name.trim()) {
            Ok(source) => Some(source),
            Err(why) => {
                let help = "write it as the posts have it in their field source, such as \"weibo\"";
                self.fault(at, &format!("{name:?} {why}"), help);
                None
            }
        }
    }

    /// Authors.
    pub(super) fn accounts(&mut self, at: &At, raw: Option<Vec<Option<String>>>) -> Vec<Account> {
        let mut accounts = Vec::new();
        for (n, text) in raw.into_iter().flatten().enumerate() {
            accounts.extend(text.and_then(|text| self.account(&at.index(n), &text)));
        }
        accounts
    }

    /// `source/id`, or `id`.
    fn account(&mut self, at: &At, text: &str) -> Option<Account> {
        let (source, id) = match text.trim().split_once('/') {
            Some((source, id)) => (Some(source), id),
            None => (None, text.trim()),
        };
        let source = source.map(|source| SourceId::new(source).map_err(|why| format!("its source {why}")));
        match (source.transpose(), AuthorId::new(id)) {
            (Ok(source), Ok(id)) => Some(Account { source, id }),
            (source, id) => {
                let why = source.err().or(id.err().map(|why| format!("its id {why}"))).unwrap_or_default();
                let help = "write the author as the posts have it: \"weibo/1234567\", or the id alone for every source";
                self.fault(at, &format!("{text:?} is no author: {why}"), help);
                None
            }
        }
    }

    /// Words of which few posts are enough.
    pub(super) fn keywords(&mut self, at: &At, raw: Option<Vec<Option<RawKeyword>>>) -> Vec<Keyword> {
        let mut keywords = Vec::new();
        for (n, raw) in raw.into_iter().flatten().enumerate() {
            let at = at.index(n);
            let Some(raw) = raw else { continue };
            if n == KEYWORDS_MAX {
                let help = "join those with the same number of posts into one: words = [\"起火\", \"冒烟\"]";
                self.fault(&at, &format!("is more than {KEYWORDS_MAX}, and so many a brand may have"), help);
            }
            let enough = self.enough(&at, raw.posts, raw.severity, Enough::ONE);
            let at = at.key("words");
            let words: Vec<String> = raw.words.into_iter().flatten().flatten().collect();
            if words.len() > WORDS_MAX || words.iter().any(|word| word.trim().is_empty()) {
                let what = format!("has an empty word in it, or more than {WORDS_MAX}");
                self.fault(
                    &at,
                    &what,
                    "write words as they stand in posts, such as words = [\"起火\", \"recall\"]",
                );
            } else if words.is_empty() {
                // What did not fit was told of before.
                if self.list_is_empty(&at) {
                    self.fault(
                        &at,
                        "is empty",
                        "write words as they stand in posts, such as words = [\"起火\"]",
                    );
                }
            } else {
                let words = words.iter().map(|word| word.trim().to_lowercase()).collect();
                keywords.push(Keyword { words, enough });
            }
        }
        keywords
    }

    fn list_is_empty(&self, at: &At) -> bool {
        matches!(self.around.document.find(at).map(|node| &node.value), Some(Value::List(list)) if list.is_empty())
    }

    /// Days on which more, or less, is expected.
    pub(super) fn events(&mut self, raw: Option<Vec<Option<RawEvent>>>, brands: &[Brand]) -> Vec<Event> {
        let all = At::top().key("event");
        let mut events = Vec::new();
        for (n, raw) in raw.into_iter().flatten().enumerate() {
            if n == EVENTS_MAX {
                let what = format!("is more than {EVENTS_MAX}");
                self.fault(&all.index(n), &what, "take out those that were over eight weeks ago");
            }
            events.extend(raw.and_then(|raw| self.event(&all.index(n), raw, brands)));
        }
        events
    }

    fn event(&mut self, at: &At, raw: RawEvent, brands: &[Brand]) -> Option<Event> {
        let name = raw.name.map(|name| name.trim().to_owned());
        if name.as_deref() == Some("") {
            self.fault(&at.key("name"), "is empty", "write what people call it, such as name = \"618\"");
        }
        let from = raw.from.and_then(|text| self.moment(&at.key("from"), &text, 0));
        let until = raw.until.and_then(|text| self.moment(&at.key("until"), &text, 1));
        let times = raw.expected.and_then(|text| self.times(&at.key("expected"), &text));
        let brands = self.some_brands(&at.key("brands"), raw.brands, brands);
        let (from, until) = (from?, until?);
        if from >= until {
            self.fault(
                &at.key("until"),
                "is not later than from",
                "write the later one here, the earlier one in from",
            );
            return None;
        }
        Some(Event { name: name?, from, until, times: times?, brands })
    }

    /// RFC 3339, or a date; of a date the start of it, or of a day so many days later.
    fn moment(&mut self, at: &At, text: &str, days_later: i64) -> Option<EventTime> {
        if let Some(millis) = tocsin_wire::parse_rfc3339(text.trim()) {
            return Some(EventTime::from_millis(millis));
        }
        let zone = TimeZone::get(defaults::TIME_ZONE).unwrap_or(TimeZone::UTC);
        let day = text
            .trim()
            .parse::<Date>()
            .ok()
            .and_then(|date| date.checked_add(jiff::Span::new().days(days_later)).ok());
        let start = day.and_then(|date| date.to_zoned(zone).ok());
        if start.is_none() {
            let help = "write a date such as \"2026-06-18\", or a time such as \"2026-06-18T20:00:00+08:00\"";
            self.fault(at, &format!("{text:?} is neither a date nor a time"), help);
        }
        start.map(|start| EventTime::from_millis(start.timestamp().as_millisecond()))
    }

    /// `10x`.
    fn times(&mut self, at: &At, text: &str) -> Option<f64> {
        let number = text.trim().strip_suffix(['x', 'X', '×']).and_then(|n| n.trim().parse::<f64>().ok());
        let times = number.filter(|times| *times > 0.0 && *times <= 10_000.0);
        if times.is_none() {
            let help =
                "write how many times the usual is expected, such as \"10x\", or \"0.5x\" for half of it";
            self.fault(at, &format!("{text:?} says of nothing how many times it is expected"), help);
        }
        times
    }

    /// The sources of which each post is a report.
    pub(super) fn reports(&mut self, raw: Option<Vec<Option<RawSource>>>) -> Vec<(SourceId, Enough)> {
        let all = At::top().key("source");
        let mut known = Vec::new();
        let mut reports = Vec::new();
        for (n, raw) in raw.into_iter().flatten().enumerate() {
            let Some(raw) = raw else { continue };
            let enough = self.enough(&all.index(n), raw.posts, raw.severity, Enough::ONE);
            let at = all.index(n).key("name");
            let Some(source) = raw.name.and_then(|name| self.source(&at, &name)) else { continue };
            if known.contains(&source) {
                self.fault(&at, &format!("there is another source of the name {source}"), "join the two");
            }
            known.push(source.clone());
            if let Some(RawSourceKind::Report) = raw.kind {
                reports.push((source, enough));
            }
        }
        reports
    }

    /// Authors and sites.
    pub(super) fn lists(&mut self, raw: RawLists) -> Lists {
        let at = At::top().key("lists");
        let mut list = |key: &str, raw: Option<Vec<Option<String>>>| {
            let entries = raw.into_iter().flatten().enumerate();
            entries.filter_map(|(n, text)| self.listed(&at.key(key).index(n), &text?)).collect::<Vec<_>>()
        };
        Lists {
            regulators: list("regulators", raw.regulators),
            media: list("media", raw.media),
            staff: list("staff", raw.staff),
            customers: list("customers", raw.customers),
            floods: list("floods", raw.floods),
            ignored: list("ignored", raw.ignored),
        }
    }

    /// A site has a dot and no slash; anything else is an author.
    fn listed(&mut self, at: &At, text: &str) -> Option<Listed> {
        let text = text.trim();
        let is_site = text.contains('.') && !text.contains(['/', ' ', '@']) && !text.starts_with('.');
        if is_site {
            return Some(Listed::Site(text.to_lowercase()));
        }
        if text.contains("://") {
            let help =
                "write the site without https:// and without what stands behind it, such as \"samr.gov.cn\"";
            self.fault(at, &format!("{text:?} is an address"), help);
            return None;
        }
        self.account(at, text).map(Listed::Account)
    }
}
