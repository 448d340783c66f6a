//! Walks through a text once, from word to word, and takes down what each of them does.

use std::slice::Iter;

use tocsin_model::{Emotion, Mention, Token, TokenKind};

use crate::evidence::{Clause, Evidence, Hit, Mood, Turn, UNMEANT, figure};
use crate::lexicon::{Effect, Entry, Lexicon, Shift, cue};

/// For how many bytes behind it a Chinese word works on the next mood: seven characters.
const SCOPE: usize = 21;
/// The same of a Latin word: five or six short words.
const SCOPE_LATIN: usize = 30;
/// A mood turned around is weaker: "not good" is bad, "not bad" is hardly good.
const NOT_GOOD: f32 = -0.8;
const NOT_BAD: f32 = -0.5;
/// What is bad is turned around only by what stands near, in bytes: `没网就各种焦虑` is no praise. So is another
/// negation.
const NEAR: usize = 9;
const NEAR_LATIN: usize = 24;
/// Blame in a question that needs no answer, and what is forbidden, stay blame.
const DOUBTED_BAD: f32 = 0.6;
const FORBIDDEN_BAD: f32 = 0.3;
/// "… , but …": what comes before and what comes after in the same sentence.
const BEFORE_CONTRAST: f32 = 0.35;
const AFTER_CONTRAST: f32 = 1.3;
/// The same of the sentence before: "Nice place. But expensive."
const SENTENCE_BEFORE_CONTRAST: f32 = 0.6;
/// "Although …, …".
const CONCEDED: f32 = 0.4;
/// A question does not say what is so; one for a reason does.
const ASKED: Turn = Turn::new(0.3, 0.8);
const ASKED_WHETHER: Turn = Turn::new(0.3, 0.4);
const DOUBTED: Turn = Turn::new(-0.5, -0.5);
const ASKED_WHY: Turn = Turn::new(0.3, 1.0);
/// A word in quotation marks is somebody else's.
const QUOTED: f32 = 0.3;
/// What is left of a word that only says how much: `甜得发腻`.
const DEGREE_ONLY: f32 = 0.2;
/// A hashtag is what others called it.
const HASHTAG: f32 = 0.5;
/// How many bytes praise that is a clause of its own may have beside its words of praise: four characters,
/// or two words.
const BARE_PRAISE: usize = 12;
/// How many bytes may stand between a word that sets apart and the name: two characters, `还是人家山岚`.
const NAMED_BEHIND: usize = 6;
/// From which weight on a word against tells of trouble by itself.
const TROUBLE: f32 = 2.0;

/// What `text` says, word by word, into `found`, which is empty; clauses are not added up yet.
pub(crate) fn walk(
    lexicon: &Lexicon,
    text: &str,
    tokens: &[Token],
    mentions: &[Mention],
    found: Evidence,
) -> Evidence {
    let places = mentions.iter().flat_map(|m| &m.places);
    let mut places: Vec<_> = places.map(|&(start, end)| (start as usize, end as usize)).collect();
    places.sort_unstable();
    let mut walk = Walk { text: text.as_bytes(), places: &places, later: 1.0, found, ..Walk::default() };
    // Nearly always there is none, and that is soon seen.
    let any = tokens.iter().fold(false, |any, t| any | is_shading(t));
    let tokens = if any { tokens } else { &[] };
    let mut shade =
        Shade { tokens: tokens.iter(), token: None, places: &places, next_place: 0, place: (0, 0) };
    for (start, end, entry) in lexicon.words(text) {
        let weight = shade.weight(start, end);
        if weight > 0.0 {
            walk.meet(start, end, entry, weight);
        }
    }
    walk.end_clause(text.len(), text.len());
    walk.found
}

/// Where the walk stands.
#[derive(Default)]
struct Walk<'a> {
    text: &'a [u8],
    /// Where brands are named, in order.
    places: &'a [(usize, usize)],
    found: Evidence,
    open: Open,
    /// Up to which byte a negation works.
    negated_to: Option<usize>,
    /// Up to which byte it works on what is bad, and on another negation.
    negated_near: usize,
    /// What the last negation was.
    negates: Negates,
    /// Up to which byte a cure works.
    cured_to: Option<usize>,
    /// A factor, and up to which byte it works.
    strengthened: Option<(f32, usize)>,
    /// Where this sentence and the one before it begin among the clauses.
    sentence: usize,
    sentence_before: usize,
    /// The first clause that no contrast has made weaker.
    not_weaker: usize,
    /// The first clause that no question mark has met.
    not_asked: usize,
    /// What the clauses of this sentence weigh from now on.
    later: f32,
    /// In this sentence there was a past.
    was: bool,
}

/// How something is negated.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Negates {
    /// It is not so.
    #[default]
    Plainly,
    /// By a question that needs no answer.
    Doubting,
    /// It should not be so.
    Forbidding,
}

/// The clause in which the walk is.
struct Open {
    start: usize,
    turn: Turn,
    manner: Option<&'static str>,
    weight: f32,
    compares: Option<(usize, usize)>,
    sets_apart: bool,
    /// A comma does not end it.
    goes_on: bool,
    cues: u16,
    /// Bytes of the words that praise, degree included.
    praise: usize,
    has_blame: bool,
    is_trouble: bool,
    is_rhetorical: bool,
    /// A question mark behind it would change nothing any more.
    is_asked: bool,
    /// Something in it is negated.
    is_negated: bool,
}

impl Default for Open {
    fn default() -> Open {
        Open {
            start: 0,
            turn: Turn::NONE,
            manner: None,
            weight: 1.0,
            compares: None,
            sets_apart: false,
            goes_on: false,
            cues: 0,
            praise: 0,
            has_blame: false,
            is_trouble: false,
            is_rhetorical: false,
            is_asked: false,
            is_negated: false,
        }
    }
}

impl Walk<'_> {
    fn meet(&mut self, start: usize, end: usize, entry: &Entry, weight: f32) {
        self.found.cues |= entry.cues;
        self.open.cues |= entry.cues;
        self.found.concerns |= entry.concerns;
        self.found.promotions += u32::from(entry.cues & (cue::PROMOTION | cue::PRIZE) != 0);
        if entry.polarity != 0.0 {
            self.feel(start, end, entry, weight);
        } else if entry.emotion != Emotion::None {
            self.found.emotions[entry.emotion as usize] += weight;
        }
        if entry.cues & cue::TROUBLE != 0
            && entry.polarity >= 0.0
            && !self.is_negated(start)
            && !self.is_cured(start)
        {
            self.trouble();
        }
        let scope = end + if self.text[end - 1].is_ascii() { SCOPE_LATIN } else { SCOPE };
        match entry.effect {
            Effect::None => {}
            Effect::Negates | Effect::Doubts | Effect::Forbids => {
                self.negates = match entry.effect {
                    Effect::Doubts => Negates::Doubting,
                    Effect::Forbids => Negates::Forbidding,
                    _ => Negates::Plainly,
                };
                let doubled = self.is_negated(start) && start <= self.negated_near;
                self.negated_near = end + if self.text[end - 1].is_ascii() { NEAR_LATIN } else { NEAR };
                self.found.figures |= if doubled { figure::NEGATED_TWICE } else { 0 };
                self.negated_to = (!doubled).then_some(scope);
                // "A 没有 B 好".
                if self.places.binary_search_by_key(&end, |place| place.0).is_ok() {
                    self.compare(end);
                }
            }
            Effect::Cures => self.cured_to = Some(scope).filter(|_| !self.is_negated(start)),
            Effect::NegatesBefore => self.negate_before(start),
            Effect::Strengthens(factor) => {
                self.strengthened = Some((factor, scope));
                self.open.praise += end - start;
                // "Not very good": the negation reaches over the degree.
                self.negated_to = self.negated_to.filter(|&to| start <= to).map(|_| scope);
                self.negated_near += end - start;
            }
            Effect::Contrasts => self.contrast(start),
            Effect::Concedes => self.concede(start),
            Effect::Though => match self.text[self.open.start..start].iter().all(u8::is_ascii_whitespace) {
                true => self.concede(start),
                false => {
                    self.weaken_before();
                    self.later = AFTER_CONTRAST;
                }
            },
            Effect::Now if self.was => {
                self.was = false;
                self.contrast(start);
            }
            Effect::Now => {}
            Effect::Shifts(shift) => self.shift(shift),
            Effect::Compares => self.compare(end),
            Effect::ComparesAhead => {
                self.compare(end);
                self.open.goes_on = true;
            }
            Effect::SetsApart => {
                let reach = end + if self.text[end - 1].is_ascii() { 1 } else { NAMED_BEHIND };
                let behind = self.places.partition_point(|place| place.0 < end);
                self.open.sets_apart |= self.places.get(behind).is_some_and(|place| place.0 <= reach);
            }
            Effect::Asks => self.ask(),
            Effect::EndsClause if self.open.goes_on => {
                self.open.goes_on = false;
                self.open.compares = self.open.compares.map(|(from, _)| (from, start));
            }
            Effect::EndsClause => self.end_clause(start, end),
            Effect::EndsSentence => self.end_sentence(start, end),
            Effect::EndsQuestion => {
                self.ask();
                self.end_sentence(start, end);
            }
        }
    }

    fn is_negated(&self, start: usize) -> bool {
        self.negated_to.is_some_and(|to| start <= to)
    }

    fn is_cured(&self, start: usize) -> bool {
        self.cured_to.is_some_and(|to| start <= to)
    }

    fn feel(&mut self, start: usize, end: usize, entry: &Entry, weight: f32) {
        if entry.is_firm() {
            let (plain, emotion, is_face) = (entry.polarity * weight, entry.emotion, entry.is_face);
            let hit = Hit { start, end, plain, negation: 1.0, emotion, is_firm: true, is_face };
            self.found.hits.push(hit);
            if entry.cues & cue::TROUBLE != 0 {
                self.trouble();
            }
            return;
        }
        let factor =
            self.strengthened.take().filter(|&(_, to)| start <= to).map_or(1.0, |(factor, _)| factor);
        let cured = entry.polarity < 0.0 && self.cured_to.take().is_some_and(|to| start <= to);
        let near = entry.polarity > 0.0 || start <= self.negated_near;
        let negated = self.negated_to.take().is_some_and(|to| start <= to && near) || cured;
        let mut plain = entry.polarity * factor * weight;
        if self.is_quoted(start, end) {
            plain *= QUOTED;
            self.found.figures |= figure::QUOTED;
        }
        self.join_to_last(start, end, entry, &mut plain);
        let negation = match self.negates {
            _ if !negated => 1.0,
            Negates::Doubting if plain < 0.0 && !cured => DOUBTED_BAD,
            Negates::Forbidding if plain < 0.0 && !cured => FORBIDDEN_BAD,
            _ => self.negation_of(plain),
        };
        let doubted = negated && self.negates == Negates::Doubting;
        self.found.figures |= if doubted { figure::RHETORICAL } else { 0 };
        let said = plain * negation;
        if said > 0.0 && !negated {
            self.open.praise += end - start;
        }
        self.open.has_blame |= said < 0.0;
        if said <= -TROUBLE && factor >= 1.0 && !negated || said < 0.0 && entry.cues & cue::TROUBLE != 0 {
            self.trouble();
        }
        self.found.figures |= if plain.abs() >= 3.0 { figure::STRONG } else { 0 };
        let emotion = entry.emotion;
        self.found.hits.push(Hit { start, end, plain, negation, emotion, is_firm: false, is_face: false });
    }

    /// Something went wrong, and who gives thanks for that does not mean it.
    fn trouble(&mut self) {
        self.open.is_trouble = true;
        if self.open.cues & cue::THANKS != 0 && self.open.turn == Turn::NONE {
            self.open.turn = UNMEANT;
            self.open.manner = Some("not meant");
            self.found.figures |= figure::UNMEANT_PRAISE;
        }
    }

    /// `好看是好看` concedes; in `甜得发腻` the second word tells, in `好吃得离谱` the first.
    fn join_to_last(&mut self, start: usize, end: usize, entry: &Entry, plain: &mut f32) {
        let from = self.found.clauses.last().map_or(0, |c| c.hits_to);
        let Some(last) = self.found.hits[from..].last_mut().filter(|h| h.end < start && start - h.end <= 9)
        else {
            return;
        };
        let between = &self.text[last.end..start];
        if between == "是".as_bytes() && self.text[last.start..last.end] == self.text[start..end] {
            self.open.weight = CONCEDED;
        } else if ["得", "到"].iter().any(|joint| between.starts_with(joint.as_bytes())) {
            if entry.cues & cue::HYPERBOLE != 0 && last.plain > 0.0 {
                *plain = plain.abs();
            } else {
                last.plain *= DEGREE_ONLY;
            }
        }
    }

    fn negation_of(&mut self, plain: f32) -> f32 {
        let (figure, negation) =
            if plain > 0.0 { (figure::NEGATED_GOOD, NOT_GOOD) } else { (figure::NEGATED_BAD, NOT_BAD) };
        self.found.figures |= figure;
        self.open.is_negated = true;
        negation
    }

    /// Turns the last word of this clause around.
    fn negate_before(&mut self, start: usize) {
        let from = self.found.clauses.last().map_or(0, |c| c.hits_to);
        let near = |hit: &Hit| !hit.is_firm && hit.negation == 1.0 && start - hit.end <= 3;
        let Some(plain) = self.found.hits[from..].last().filter(|h| near(h)).map(|h| h.plain) else { return };
        let negation = self.negation_of(plain);
        if let Some(hit) = self.found.hits.last_mut() {
            hit.negation = negation;
        }
        self.open.has_blame |= plain > 0.0;
    }

    /// Whether quotation marks stand right before and behind: “服务”.
    fn is_quoted(&self, start: usize, end: usize) -> bool {
        let (before, behind) = (&self.text[..start], &self.text[end..]);
        ["“”", "\"\"", "「」", "‘’"].iter().any(|pair| {
            let (open, close) = pair.split_at(pair.len() / 2);
            before.ends_with(open.as_bytes()) && behind.starts_with(close.as_bytes())
        })
    }

    fn shift(&mut self, shift: Shift) {
        // "没有想象的好": the negation tells already that it is not so.
        if matches!(shift, Shift::Expectation | Shift::Past) && self.negated_to.is_some() {
            return;
        }
        let turn = Turn::of(shift);
        let (seen, manner) = match shift {
            Shift::Wish => (figure::WISH, "wish"),
            Shift::Expectation => (figure::EXPECTATION, "expectation"),
            Shift::Past => (figure::PAST, "past"),
            Shift::Condition => (figure::CONDITION, "condition"),
            Shift::Rhetorical => (figure::RHETORICAL, "rhetorical"),
        };
        self.found.figures |= seen;
        self.was |= shift == Shift::Past;
        self.open.is_rhetorical |= shift == Shift::Rhetorical;
        // Of two the one that says more: "要是便宜点就好了" is a wish.
        let more = turn.positive < self.open.turn.positive;
        if more {
            self.open.turn = turn;
            self.open.manner = Some(manner);
        }
        // The wish is at the end, and what is wished for before the comma: "要是热情一点，就好了".
        if shift == Shift::Wish
            && let Some(last) = self.found.clauses[self.sentence..].last_mut()
            && last.turn == Turn::of(Shift::Condition)
        {
            last.turn = turn;
            last.manner = Some(manner);
        }
    }

    fn compare(&mut self, end: usize) {
        self.open.compares = Some((end, usize::MAX));
        self.found.figures |= figure::COMPARISON;
    }

    /// What is asked, and not said in the form of a question, may be so or not.
    fn ask(&mut self) {
        if self.open.is_rhetorical || self.open.is_asked {
            return;
        }
        self.open.is_asked = true;
        self.found.figures |= figure::QUESTION;
        // "Which one is better, the blue or the red?"
        let from = self.sentence.max(self.not_asked);
        self.not_asked = self.found.clauses.len();
        for clause in self.found.clauses[from..].iter_mut().filter(|c| c.asks_whether) {
            clause.turn = clause.turn.and(ASKED_WHETHER);
        }
        let asked = match self.open.cues {
            cues if cues & cue::WHY != 0 => ASKED_WHY,
            // "还不够好吗": who asks this knows the answer.
            cues if cues & cue::WHETHER != 0 && self.open.is_negated => DOUBTED,
            cues if cues & cue::WHETHER != 0 => ASKED_WHETHER,
            _ => ASKED,
        };
        self.open.turn = self.open.turn.and(asked);
        self.open.manner = self.open.manner.or(Some("question"));
    }

    fn end_sentence(&mut self, start: usize, end: usize) {
        self.end_clause(start, end);
        if self.found.clauses.len() > self.sentence {
            self.sentence_before = self.sentence;
            self.sentence = self.found.clauses.len();
        }
        self.later = 1.0;
        self.was = false;
        self.found.figures |= if self.text[start] == b'!' { figure::EXCLAIMED } else { 0 };
    }

    /// Ends it at `start`; the next one begins at `end`.
    fn end_clause(&mut self, start: usize, end: usize) {
        let open = std::mem::replace(&mut self.open, Open { start: end, ..Open::default() });
        (self.negated_to, self.cured_to, self.strengthened) = (None, None, None);
        let length = start - open.start;
        if length == 0 {
            return;
        }
        self.found.clauses.push(Clause {
            start: open.start,
            end,
            hits_to: self.found.hits.len(),
            turn: open.turn,
            manner: open.manner,
            weight: open.weight * self.later,
            compares: open.compares,
            sets_apart: open.sets_apart,
            is_praise: open.cues & cue::PRAISE != 0
                && !open.has_blame
                && !open.sets_apart
                && open.praise > 0
                && length <= open.praise + BARE_PRAISE,
            is_trouble: open.is_trouble,
            asks_whether: open.cues & cue::WHETHER != 0 && !open.is_asked,
            mood: Mood::default(),
        });
    }

    fn concede(&mut self, at: usize) {
        self.end_clause(at, at);
        self.open.weight = CONCEDED;
        self.found.figures |= figure::CONCESSION;
    }

    fn contrast(&mut self, start: usize) {
        self.found.figures |= figure::CONTRAST;
        self.end_clause(start, start);
        // "However": nothing before it in this sentence, so it speaks of the one before.
        if self.found.clauses.len() == self.sentence {
            let from = self.sentence_before.max(self.not_weaker);
            self.weaken(from, SENTENCE_BEFORE_CONTRAST);
        } else {
            self.weaken_before();
        }
        self.later = AFTER_CONTRAST;
    }

    fn weaken_before(&mut self) {
        let from = self.sentence.max(self.not_weaker);
        self.weaken(from, BEFORE_CONTRAST);
    }

    /// Each clause is made weaker by at most one contrast, so many of them take no longer.
    fn weaken(&mut self, from: usize, by: f32) {
        for clause in &mut self.found.clauses[from..] {
            clause.weight = clause.weight.min(1.0) * by;
        }
        self.not_weaker = self.found.clauses.len();
    }
}

/// Whether what stands in a token is hardly the author's own opinion.
fn is_shading(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Account | TokenKind::Url | TokenKind::Hashtag)
}

/// What is not said by the author: walked through beside the words, both in order.
struct Shade<'a> {
    tokens: Iter<'a, Token>,
    token: Option<&'a Token>,
    places: &'a [(usize, usize)],
    next_place: usize,
    /// Of the places begun so far, the one that ends last.
    place: (usize, usize),
}

impl Shade<'_> {
    /// 0 for what is not said at all, less than 1 for what is hardly said.
    fn weight(&mut self, start: usize, end: usize) -> f32 {
        while self.places.get(self.next_place).is_some_and(|p| p.0 <= start) {
            let place = self.places[self.next_place];
            if place.1 > self.place.1 {
                self.place = place;
            }
            self.next_place += 1;
        }
        // A word inside a brand's name is no opinion; a query's word that is one whole is.
        if end <= self.place.1 && (start, end) != self.place {
            return 0.0;
        }
        while self.token.is_none_or(|t| t.end as usize <= start) {
            self.token = self.tokens.find(|token| is_shading(token));
            if self.token.is_none() {
                return 1.0;
            }
        }
        match self.token {
            Some(t) if t.start as usize <= start && t.kind == TokenKind::Hashtag => HASHTAG,
            Some(t) if t.start as usize <= start => 0.0,
            _ => 1.0,
        }
    }
}
