//! What a notice says, as plain data: headline, sentences, lists. Each channel lays it out in its own way.

use jiff::tz::TimeZone;
use tocsin_model::{AuthorShare, Evidence, Incident, Kind, News, Notice, Ring, Severity, Span, Subject};

use crate::around;
use crate::clean::one_line;
use crate::numbers::{chance, count, count_zh, counted_zh, moment, percent, posts, short_moment, span};
use crate::words::{self, Said};

/// Characters of a subject's, author's, source's name or a term that are shown.
const NAME_CHARS_MAX: usize = 48;
/// Characters of an excerpt that are shown.
const EXCERPT_CHARS_MAX: usize = 140;
/// Entries of a list that are shown.
const LIST_MAX: usize = 5;
/// Posts that are shown.
const QUOTES_MAX: usize = 3;
/// Earlier rings that are told one by one.
const BEFORE_MAX: usize = 3;
/// Answers of the brand's own that are told, the latest first.
const ANSWERS_MAX: usize = 3;

/// What is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tidings {
    /// The bell rings for the n-th time.
    Rings(u32),
    /// It is shown and rings nobody.
    Shown,
    /// It is over.
    Over,
}

/// One reason, with the name of the row that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// `声量`, `volume`.
    pub label: Said,
    /// The sentence, with its numbers and units.
    pub said: Said,
}

/// Somebody's or something's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Whose.
    pub name: String,
    /// How many posts: `40 条`, `40`.
    pub posts: Said,
}

/// A post to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// `source/id`.
    pub id: String,
    /// Its first words, in one harmless line.
    pub excerpt: String,
}

/// What a notice says. Words of strangers in it are cleaned, every list is bounded.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// What is new.
    pub tidings: Tidings,
    /// How bad.
    pub severity: Severity,
    /// About whom.
    pub subject: String,
    /// What sort of abnormal.
    pub kind: Said,
    /// Where it is going.
    pub course: Said,
    /// What people do about it.
    pub handling: Said,
    /// When, in the zone that was asked for.
    pub at: String,
    /// The whole in one short sentence.
    pub gist: Said,
    /// Why, one sentence each.
    pub reasons: Vec<Reason>,
    /// Sources and their posts in the last 3 hours, the greatest first.
    pub sources: Vec<Share>,
    /// Words that the negative posts share and in how many, the heaviest first.
    pub terms: Vec<Share>,
    /// Authors and their posts in the last 3 hours, with those that descend from theirs; the greatest first.
    pub authors: Vec<Share>,
    /// Posts to look at, the heaviest first.
    pub quotes: Vec<Quote>,
    /// What the bell rang for before, the latest first.
    pub before: Vec<Said>,
    /// What to type next.
    pub command: String,
}

impl Story {
    /// What a notice says, with times as in `zone`.
    pub fn of(notice: &Notice, zone: &TimeZone) -> Story {
        let incident = &*notice.incident;
        let cause = Cause::of(notice);
        let evidence = cause.evidence;
        Story {
            tidings: cause.tidings,
            severity: cause.severity,
            subject: subject(&incident.subject),
            kind: headline(&cause),
            course: words::course(incident.course),
            handling: words::handling(incident.handling),
            at: moment(notice.at, zone),
            gist: gist(&cause, notice),
            reasons: reasons(&cause, notice, zone),
            sources: sources(evidence),
            terms: terms(evidence),
            authors: evidence.top_authors.iter().take(LIST_MAX).map(author).collect(),
            quotes: quotes(evidence),
            before: before(&cause, incident, zone),
            command: format!("tocsin incidents show {}", quoted(incident.id.as_str())),
        }
    }
}

/// What the notice is about: the ring itself if there is one, else the worst kind of the incident.
struct Cause<'a> {
    tidings: Tidings,
    kind: Kind,
    severity: Severity,
    evidence: &'a Evidence,
}

impl Cause<'_> {
    fn of(notice: &Notice) -> Cause<'_> {
        let incident = &*notice.incident;
        let tidings = match notice.news {
            News::Rings(number) => Tidings::Rings(number),
            News::Shown => Tidings::Shown,
            News::Over => Tidings::Over,
        };
        let ring = match notice.news {
            News::Rings(number) => incident.rings.iter().find(|r| r.number == number),
            News::Shown | News::Over => None,
        };
        match ring {
            Some(Ring { kind, severity, evidence, .. }) => {
                Cause { tidings, kind: *kind, severity: *severity, evidence }
            }
            None => {
                let leading = incident.leading();
                let evidence = &*leading.evidence;
                Cause { tidings, kind: leading.kind, severity: leading.severity, evidence }
            }
        }
    }
}

/// The kind; of a rise of the whole trade it says so, since that is another story.
fn headline(cause: &Cause<'_>) -> Said {
    let kind = words::kind(cause.kind);
    if around::trade_rises(cause.evidence) { words::kind_of_all(kind) } else { kind }
}

fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Brand(brand) => one_line(brand.as_str(), NAME_CHARS_MAX),
        Subject::Source(source) => one_line(source.as_str(), NAME_CHARS_MAX),
    }
}

fn gist(cause: &Cause<'_>, notice: &Notice) -> Said {
    let incident = &*notice.incident;
    match cause.tidings {
        Tidings::Over => over(incident, notice),
        Tidings::Rings(_) => heard_in_short(cause.evidence),
        Tidings::Shown => {
            let Said { zh, en } = heard_in_short(cause.evidence);
            Said::new(format!("{zh}；不响铃"), format!("{en}; it rings nobody"))
        }
    }
}

fn heard_in_short(e: &Evidence) -> Said {
    let (window, expected) = (window(e), posts(e.expected));
    Said::new(
        format!("近 {} {}，往常 {}", window.zh, of_posts(&count_zh(e.observed)), of_posts(&expected.zh)),
        format!("{} in {}, {} expected", plural(e.observed, "post"), window.en, expected.en),
    )
}

fn over(incident: &Incident, notice: &Notice) -> Said {
    let lasted = span(incident.ended_at.unwrap_or(notice.at).after(incident.opened_at));
    let worst = words::severity(incident.severity);
    match incident.rings.len() {
        0 => Said::new(
            format!("历时 {}，最高{}，没有响铃", lasted.zh, worst.zh),
            format!("it lasted {}, {} at worst, and rang nobody", lasted.en, worst.en),
        ),
        rings => Said::new(
            format!("历时 {}，最高{}，响铃 {rings} 次", lasted.zh, worst.zh),
            format!("it lasted {}, {} at worst, and rang {}", lasted.en, worst.en, times(rings)),
        ),
    }
}

fn reasons(cause: &Cause<'_>, notice: &Notice, zone: &TimeZone) -> Vec<Reason> {
    let (e, incident) = (cause.evidence, &*notice.incident);
    let mut reasons = Vec::new();
    let mut push = |zh: &str, en: &str, said| reasons.push(Reason { label: Said::new(zh, en), said });
    if let Some(said) = around::pulled(cause.kind, e) {
        push("原因", "why", ending(said, None));
    } else if let Some(said) = words::meaning(cause.kind) {
        push("原因", "why", ending(said, chance(e.log10_p)));
    }
    let its_chance = |kind: Kind| if cause.kind == kind { chance(e.log10_p) } else { None };
    reasons.push(Reason {
        label: Said::new("声量", "volume"),
        said: ending(heard(e), its_chance(Kind::Volume)),
    });
    if e.negative > 0 || cause.kind == Kind::Negative {
        reasons.push(Reason {
            label: Said::new("负面", "negative"),
            said: ending(negative(e), its_chance(Kind::Negative)),
        });
    }
    if e.reach > 0 || e.posts > e.observed {
        reasons.push(Reason { label: Said::new("触达", "reach"), said: reach(e) });
    }
    if e.distinct_authors > 0 || e.distinct_texts > 0 {
        reasons.push(Reason { label: Said::new("人群", "people"), said: voices(e) });
    }
    let mut push = |zh: &str, en: &str, said| reasons.push(Reason { label: Said::new(zh, en), said });
    around::worse(e).into_iter().for_each(|said| push("加重", "worse", said));
    around::rivals(e).into_iter().for_each(|said| push("同行", "rivals", said));
    for answered in incident.answers.iter().rev().take(ANSWERS_MAX) {
        push("回应", "answer", around::answered(answered, zone));
    }
    if !incident.blinds.is_empty() {
        push("盲区", "blind", blinds(incident));
    }
    reasons
}

/// A sentence, with how unlikely it is where that is known, and its full stop.
fn ending(said: Said, chance: Option<Said>) -> Said {
    match chance {
        Some(c) => Said::new(
            format!("{}；偶然出现的概率{}。", said.zh, c.zh),
            format!("{} (chance {}).", said.en, c.en),
        ),
        None => Said::new(format!("{}。", said.zh), format!("{}.", said.en)),
    }
}

fn heard(e: &Evidence) -> Said {
    let (window, expected) = (window(e), posts(e.expected));
    let heard = match e.observed {
        0 => "no posts were".to_owned(),
        1 => "1 post was".to_owned(),
        n => format!("{} posts were", count(n)),
    };
    Said::new(
        format!(
            "近 {}听到 {}，这个时段往常约 {}",
            window.zh,
            of_posts(&count_zh(e.observed)),
            of_posts(&expected.zh)
        ),
        format!("In the last {} {heard} heard; {} were to be expected at this hour", window.en, expected.en),
    )
}

fn negative(e: &Evidence) -> Said {
    let negative = e.negative as f64 / 1000.0;
    let (now, usual) = (posts(negative), posts(e.negative_expected));
    let share = |part: f64, whole: f64, percent_sign: &str| match percent(part, whole) {
        Some(percent) => format!("{percent}{percent_sign}"),
        None => "?".to_owned(),
    };
    // What would be usual among so many posts: so its share is of them, too.
    let observed = e.observed as f64;
    Said::new(
        format!(
            "其中负面约 {}（{}），往常约 {}（{}）",
            of_posts(&now.zh),
            share(negative, observed, "%"),
            of_posts(&usual.zh),
            share(e.negative_expected, observed, "%")
        ),
        format!(
            "About {} of them {} negative ({}); {} ({}) would be usual",
            now.en,
            if now.en == "1" { "is" } else { "are" },
            share(negative, observed, " %"),
            usual.en,
            share(e.negative_expected, observed, " %")
        ),
    )
}

fn reach(e: &Evidence) -> Said {
    let mut said = Said::new(
        format!("可能触达 {}", counted_zh(&count_zh(e.reach), "人")),
        format!("{} may have been reached", plural(e.reach, "person")),
    );
    if e.posts > e.observed {
        said.zh += &format!("；连同迟到的和纯转发共 {}", of_posts(&count_zh(e.posts)));
        said.en += &format!("; with late posts and bare reposts there are {} in all", count(e.posts));
    }
    ending(said, None)
}

fn voices(e: &Evidence) -> Said {
    Said::new(
        format!(
            "近 3 小时约 {}、{}。",
            counted_zh(&count_zh(e.distinct_authors), "位作者"),
            counted_zh(&count_zh(e.distinct_texts), "种不同内容")
        ),
        format!(
            "In the last 3 h about {} wrote about {}.",
            plural(e.distinct_authors, "author"),
            plural(e.distinct_texts, "different text")
        ),
    )
}

fn blinds(incident: &Incident) -> Said {
    let shown: Vec<String> =
        incident.blinds.iter().take(LIST_MAX).map(|b| one_line(b.as_str(), NAME_CHARS_MAX)).collect();
    let more = incident.blinds.len().saturating_sub(LIST_MAX);
    if more == 0 {
        Said::new(
            format!("这些品牌听不全：{}。", shown.join("、")),
            format!("Heard only in part: {}.", shown.join(", ")),
        )
    } else {
        Said::new(
            format!("这些品牌听不全：{}，另有 {more} 个。", shown.join("、")),
            format!("Heard only in part: {} and {more} more.", shown.join(", ")),
        )
    }
}

fn sources(e: &Evidence) -> Vec<Share> {
    let share =
        |(source, n): &(_, u64)| whole(one_line(tocsin_model::SourceId::as_str(source), NAME_CHARS_MAX), *n);
    e.sources.iter().take(LIST_MAX).map(share).collect()
}

fn terms(e: &Evidence) -> Vec<Share> {
    let share = |(term, thousandths): &(String, u64)| {
        let Said { zh, en } = posts(*thousandths as f64 / 1000.0);
        Share { name: one_line(term, NAME_CHARS_MAX), posts: Said::new(of_posts(&zh), en) }
    };
    e.top_terms.iter().take(LIST_MAX).map(share).collect()
}

/// By name and id where they are still kept, else by key.
fn author(share: &AuthorShare) -> Share {
    let clean = |text: &str| one_line(text, NAME_CHARS_MAX);
    let name = match (&share.name, &share.id) {
        (Some(name), Some(id)) => format!("{} ({})", clean(name), clean(id.as_str())),
        (Some(name), None) => clean(name),
        (None, Some(id)) => clean(id.as_str()),
        (None, None) => share.key.to_string(),
    };
    whole(name, share.posts.saturating_add(share.started))
}

fn whole(name: String, n: u64) -> Share {
    Share { name, posts: Said::new(of_posts(&count_zh(n)), count(n)) }
}

fn quotes(e: &Evidence) -> Vec<Quote> {
    let quote = |post: &tocsin_model::PostRef| Quote {
        id: one_line(&post.id, NAME_CHARS_MAX),
        excerpt: one_line(&post.excerpt, EXCERPT_CHARS_MAX),
    };
    e.top_posts.iter().take(QUOTES_MAX).map(quote).collect()
}

/// The rings before this one, the latest first; the oldest are told as a number.
fn before(cause: &Cause<'_>, incident: &Incident, zone: &TimeZone) -> Vec<Said> {
    let Tidings::Rings(now) = cause.tidings else { return Vec::new() };
    let mut earlier: Vec<&Ring> = incident.rings.iter().filter(|r| r.number < now).collect();
    earlier.sort_by_key(|r| std::cmp::Reverse(r.number));
    let mut before: Vec<Said> = earlier.iter().take(BEFORE_MAX).map(|ring| rang(ring, zone)).collect();
    let older = earlier.len().saturating_sub(BEFORE_MAX);
    if older > 0 {
        before.push(Said::new(format!("更早还有 {older} 次"), format!("and {} before that", times(older))));
    }
    before
}

fn rang(ring: &Ring, zone: &TimeZone) -> Said {
    let (at, severity, kind) =
        (short_moment(ring.at, zone), words::severity(ring.severity), words::kind(ring.kind));
    Said::new(
        format!("第 {} 次 {at} {}{}", ring.number, severity.zh, kind.zh),
        format!("ring {}: {} {}", ring.number, severity.en, kind.en),
    )
}

fn window(e: &Evidence) -> Said {
    span(Span::from_minutes(i64::from(e.window_minutes)))
}

fn of_posts(number: &str) -> String {
    counted_zh(number, "条")
}

fn plural(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {one}s", count(n)) }
}

fn times(n: usize) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

/// As a shell takes it in one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.:/@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
