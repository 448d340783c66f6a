//! The words that mean something to us, and what each of them means.

use std::collections::BTreeMap;
use std::sync::Arc;

use tocsin_model::{Concern, EMOTIONS, Emotion};

use crate::index::Index;

const MOOD: &str = include_str!("../data/mood.txt");
const CUES: &str = include_str!("../data/cues.txt");
const CONCERNS: &str = include_str!("../data/concerns.txt");
const TRADITIONAL: &str = include_str!("../data/traditional.txt");

/// Concerns that can be told apart, ours and the user's.
pub const CONCERNS_MAX: usize = 64;
/// The greatest weight of a word, for or against.
const WEIGHT_MAX: f64 = 3.0;
/// Bytes of a word that a user may add.
const WORD_BYTES_MAX: usize = 256;

/// What a word does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Nothing to its neighbours.
    None,
    /// Turns the next mood around.
    Negates,
    /// Turns the next mood around in a question that needs no answer: `怎么可能好用`.
    Doubts,
    /// Turns the next mood around if it is for: who says `别骗人` has seen it done.
    Forbids,
    /// Turns the next mood around if it is against: "fixed the bug".
    Cures,
    /// Turns the last mood around: `好吃个屁`.
    NegatesBefore,
    /// Makes the next mood stronger or weaker by this factor.
    Strengthens(f32),
    /// What comes after it weighs more than what came before.
    Contrasts,
    /// Its own clause weighs less than what comes after it: `虽然`.
    Concedes,
    /// Concedes at the beginning of a clause, contrasts at its end.
    Though,
    /// Contrasts if what came before was in the past.
    Now,
    /// Its clause does not say what is so.
    Shifts(Shift),
    /// What is named behind it is the worse one: `A 比 B 好`.
    Compares,
    /// The same up to the next comma, and what is said of the other one comes behind it: `比起 B，A 更好`.
    ComparesAhead,
    /// Who is named right behind it is set apart from those of whom the other clauses speak: `A 翻车了，还是 B 靠谱`.
    SetsApart,
    /// Ends a clause.
    EndsClause,
    /// Ends a clause and a sentence.
    EndsSentence,
    /// Makes a question of its clause: `吗`.
    Asks,
    /// Ends a question.
    EndsQuestion,
}

/// How a clause may not be meant as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    /// It should be so, and is not.
    Wish,
    /// It was thought or promised, and is not so.
    Expectation,
    /// It was so, and is no more.
    Past,
    /// It may be so.
    Condition,
    /// Asked, and the answer is no.
    Rhetorical,
}

/// What a word says of the purpose of a post: bits of a set.
pub(crate) mod cue {
    pub(crate) const COMPLAINT: u16 = 1;
    pub(crate) const QUESTION: u16 = 1 << 1;
    pub(crate) const SUGGESTION: u16 = 1 << 2;
    pub(crate) const RUMOUR: u16 = 1 << 3;
    pub(crate) const NEWS: u16 = 1 << 4;
    pub(crate) const PROMOTION: u16 = 1 << 5;
    pub(crate) const PRIZE: u16 = 1 << 6;
    /// Seldom meant as it stands.
    pub(crate) const IRONY: u16 = 1 << 7;
    /// Not meant as it stands if what is around it is bad.
    pub(crate) const SLY: u16 = 1 << 8;
    /// Praise that is not meant when it stands alone beside trouble: "Great, broken again."
    pub(crate) const PRAISE: u16 = 1 << 9;
    /// Something went wrong.
    pub(crate) const TROUBLE: u16 = 1 << 10;
    /// Asks for a reason: what is asked about is so.
    pub(crate) const WHY: u16 = 1 << 11;
    /// Asks whether: what is asked about may be so.
    pub(crate) const WHETHER: u16 = 1 << 12;
    /// Thanks for what went wrong are not meant: "Thanks for ruining my day".
    pub(crate) const THANKS: u16 = 1 << 13;
    /// Nothing around it turns it.
    pub(crate) const FIRM: u16 = 1 << 14;
    /// After praise it is more of it: `好吃得离谱`.
    pub(crate) const HYPERBOLE: u16 = 1 << 15;
}

/// A word.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Against (-3) to for (3).
    pub(crate) polarity: f32,
    pub(crate) emotion: Emotion,
    pub(crate) effect: Effect,
    pub(crate) cues: u16,
    /// Bit i: it speaks of concern i.
    pub(crate) concerns: u64,
    /// Latin words stand between borders; Chinese ones have none.
    border_before: bool,
    border_after: bool,
    /// A full stop ends no sentence before a letter or a figure of ASCII: not in `3.5` and `weibo.com`.
    is_stop: bool,
    /// `[怒]`, 😡: beside the words, not among them.
    pub(crate) is_face: bool,
}

impl Entry {
    /// Nothing around it turns it: faces, and what tells by itself how its clause is meant (`就好了`).
    pub(crate) fn is_firm(&self) -> bool {
        self.is_face || self.cues & cue::FIRM != 0 || matches!(self.effect, Effect::Shifts(_))
    }
}

impl Entry {
    /// Whether it is a word of its own at this place.
    pub(crate) fn stands(&self, text: &[u8], start: usize, end: usize) -> bool {
        let is_letter = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let joined_before = self.border_before && start > 0 && is_letter(text.get(start - 1));
        let joined_after = self.border_after && is_letter(text.get(end));
        let inside = self.is_stop && is_letter(text.get(end));
        !joined_before && !joined_after && !inside
    }
}

/// All words.
pub(crate) struct Lexicon {
    index: Index,
    entries: Vec<Entry>,
    concerns: Vec<Concern>,
}

impl Lexicon {
    /// Our words, then the user's weights and concerns over them.
    pub(crate) fn new(weights: &[(String, f64)], concerns: &[(String, Vec<String>)]) -> Lexicon {
        let mut words = Words::ours();
        for (word, weight) in weights.iter().filter(|(w, _)| is_usable(w)) {
            let polarity = weight.clamp(-WEIGHT_MAX, WEIGHT_MAX) as f32;
            words.change(word, |e| {
                e.polarity = if polarity.is_nan() { 0.0 } else { polarity };
                if polarity > 0.0 && e.emotion != Emotion::Joy || polarity < 0.0 && e.emotion == Emotion::Joy
                {
                    e.emotion = Emotion::None;
                }
            });
        }
        for (name, theirs) in concerns {
            theirs.iter().filter(|w| is_usable(w)).for_each(|w| words.add_concern(name, w));
        }
        let Words { entries, concerns, .. } = words;
        let index = Index::new(entries.keys().map(String::as_str));
        Lexicon { index, entries: entries.into_values().collect(), concerns }
    }

    /// The words of a text in ASCII lower case, in order, not overlapping, the longest of those that
    /// start first.
    pub(crate) fn words<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize, &'a Entry)> {
        self.index
            .find(text)
            .map(|(start, end, number)| (start, end, &self.entries[number as usize]))
            .filter(|&(start, end, entry)| entry.stands(text.as_bytes(), start, end))
    }

    /// Whether this is one of the words, whole.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.index.find(word).next().is_some_and(|(start, end, _)| (start, end) == (0, word.len()))
    }

    /// The concerns of a set, in the order of the data, the user's last.
    pub(crate) fn concerns(&self, set: u64) -> Vec<Concern> {
        (0..self.concerns.len()).filter(|i| set >> i & 1 == 1).map(|i| self.concerns[i].clone()).collect()
    }
}

impl std::fmt::Debug for Lexicon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lexicon of {} words and {} concerns", self.entries.len(), self.concerns.len())
    }
}

/// Emoji and signs, not letters and marks.
fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}' | '\u{FE0F}' | '\u{200D}')
}

fn is_usable(word: &str) -> bool {
    !word.trim().is_empty() && word.len() <= WORD_BYTES_MAX
}

/// The lexicon while it is put together.
struct Words {
    entries: BTreeMap<String, Entry>,
    concerns: Vec<Concern>,
    /// Simplified to one or two traditional characters.
    traditional: BTreeMap<char, (char, char)>,
}

impl Words {
    fn ours() -> Words {
        let mut words = Words { entries: BTreeMap::new(), concerns: vec![], traditional: traditional() };
        for (head, word) in groups(MOOD) {
            let (polarity, emotion) = mood(head);
            words.change(word, |e| (e.polarity, e.emotion) = (polarity, emotion));
        }
        for (head, word) in groups(CUES) {
            let (effect, cue) = role(head);
            words.change(word, |e| {
                e.effect = effect.unwrap_or(e.effect);
                e.cues |= cue;
            });
        }
        for (head, word) in groups(CONCERNS) {
            words.add_concern(head, word);
        }
        for mark in ["，", ",", "…", "——"] {
            words.change(mark, |e| e.effect = Effect::EndsClause);
        }
        for mark in ["。", "！", "!", "？", "?", "；", ";", "\n", "."] {
            words.change(mark, |e| {
                e.effect =
                    if matches!(mark, "？" | "?") { Effect::EndsQuestion } else { Effect::EndsSentence };
                e.is_stop = mark == ".";
            });
        }
        words
    }

    fn add_concern(&mut self, name: &str, word: &str) {
        let known = self.concerns.iter().position(|c| *c.0 == *name);
        let index = known.unwrap_or_else(|| {
            self.concerns.push(Concern(Arc::from(name)));
            self.concerns.len() - 1
        });
        if index < CONCERNS_MAX {
            self.change(word, |e| e.concerns |= 1 << index);
        } else {
            self.concerns.truncate(CONCERNS_MAX);
        }
    }

    /// Changes a word in all the ways in which it is written, or adds it.
    fn change(&mut self, word: &str, change: impl Fn(&mut Entry)) {
        let any_ending = word.len() > 1 && word.ends_with('*');
        let plain = word.strip_suffix('*').filter(|_| any_ending).unwrap_or(word);
        let plain = if plain.len() > 1 { plain.replace('_', " ") } else { plain.into() };
        let plain = plain.to_ascii_lowercase();
        let first = |c: char| self.traditional.get(&c).map_or(c, |t| t.0);
        let second = |c: char| self.traditional.get(&c).map_or(c, |t| t.1);
        let spellings = [
            plain.chars().map(first).collect(),
            plain.chars().map(second).collect(),
            plain.replace('\'', "’"),
            plain,
        ];
        let [a, b, c, plain] = spellings;
        for spelling in [Some(a), Some(b), Some(c)].into_iter().flatten().filter(|s| *s != plain) {
            change(self.entry(spelling, any_ending));
        }
        change(self.entry(plain, any_ending));
    }

    fn entry(&mut self, spelling: String, any_ending: bool) -> &mut Entry {
        let is_letter = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let entry = Entry {
            polarity: 0.0,
            emotion: Emotion::None,
            effect: Effect::None,
            cues: 0,
            concerns: 0,
            border_before: is_letter(spelling.as_bytes().first()),
            border_after: is_letter(spelling.as_bytes().last()) && !any_ending,
            is_stop: false,
            is_face: spelling.starts_with('[') || spelling.chars().all(is_pictograph),
        };
        self.entries.entry(spelling).or_insert(entry)
    }
}

/// The words of a file, each with the head of its group (`= head`).
fn groups(data: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut head = "";
    data.lines().filter(|line| !line.starts_with("# ")).flat_map(move |line| {
        let words = line.strip_prefix("= ").map_or(line, |new| {
            head = new;
            ""
        });
        let head = head;
        words.split_whitespace().map(move |word| (head, word))
    })
}

/// `-3 anger`
fn mood(head: &str) -> (f32, Emotion) {
    let (polarity, emotion) = head.split_once(' ').expect("mood.txt: a weight and an emotion");
    let emotion = EMOTIONS.into_iter().find(|e| e.name() == emotion).expect("mood.txt: an emotion");
    (polarity.parse().expect("mood.txt: a weight"), emotion)
}

/// `degree 1.5`: the effect (unless it leaves that of another group alone) and the cue.
fn role(head: &str) -> (Option<Effect>, u16) {
    match head {
        "negation" => (Some(Effect::Negates), 0),
        "prohibition" => (Some(Effect::Forbids), 0),
        "cure" => (Some(Effect::Cures), 0),
        "doubt" => (Some(Effect::Doubts), 0),
        "negation before" => (Some(Effect::NegatesBefore), 0),
        "contrast" => (Some(Effect::Contrasts), 0),
        "concession" => (Some(Effect::Concedes), 0),
        "though" => (Some(Effect::Though), 0),
        "now" => (Some(Effect::Now), 0),
        "wish" => (Some(Effect::Shifts(Shift::Wish)), 0),
        "expectation" => (Some(Effect::Shifts(Shift::Expectation)), 0),
        "past" => (Some(Effect::Shifts(Shift::Past)), 0),
        "condition" => (Some(Effect::Shifts(Shift::Condition)), 0),
        "rhetorical" => (Some(Effect::Shifts(Shift::Rhetorical)), 0),
        "comparison" => (Some(Effect::Compares), 0),
        "comparison ahead" => (Some(Effect::ComparesAhead), 0),
        "set apart" => (Some(Effect::SetsApart), 0),
        _ if head.starts_with("no ") => (Some(Effect::None), 0),
        "praise" => (None, cue::PRAISE),
        "trouble" => (None, cue::TROUBLE),
        "why" => (None, cue::WHY),
        "thanks" => (None, cue::THANKS),
        "firm" => (None, cue::FIRM),
        "hyperbole" => (None, cue::HYPERBOLE),
        "asks" => (Some(Effect::Asks), 0),
        "yes or no" => (None, cue::WHETHER),
        "complaint" => (None, cue::COMPLAINT),
        "question" => (None, cue::QUESTION),
        "suggestion" => (None, cue::SUGGESTION),
        "rumour" => (None, cue::RUMOUR),
        "news" => (None, cue::NEWS),
        "promotion" => (None, cue::PROMOTION),
        "prize" => (None, cue::PRIZE),
        "irony" => (None, cue::IRONY),
        "sly" => (None, cue::SLY),
        _ => {
            let factor = head.strip_prefix("degree ").and_then(|f| f.parse().ok());
            (Some(Effect::Strengthens(factor.expect("cues.txt: a group that this function knows"))), 0)
        }
    }
}

fn traditional() -> BTreeMap<char, (char, char)> {
    let lines = TRADITIONAL.lines().filter(|line| !line.starts_with('#'));
    let mut pairs = BTreeMap::new();
    for pair in lines.flat_map(str::split_whitespace) {
        let mut chars = pair.chars();
        if let (Some(simplified), Some(first)) = (chars.next(), chars.next()) {
            pairs.insert(simplified, (first, chars.next().unwrap_or(first)));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(lexicon: &Lexicon, text: &str) -> Vec<String> {
        let words = lexicon.words(text).filter(|(_, _, e)| e.polarity != 0.0);
        words.map(|(start, end, e)| format!("{} {}", &text[start..end], e.polarity)).collect()
    }

    #[test]
    fn the_longest_word_wins_and_latin_words_stand_alone() {
        let lexicon = Lexicon::new(&[], &[]);
        assert_eq!(seen(&lexicon, "好像好吃"), ["好吃 2"]);
        assert_eq!(seen(&lexicon, "badge bad scamming"), ["bad -2"]);
        assert_eq!(seen(&lexicon, "complaining, don’t buy"), ["complain -2", "don’t buy -2"]);
    }

    #[test]
    fn traditional_writing_is_known_too() {
        let lexicon = Lexicon::new(&[], &[]);
        assert_eq!(seen(&lexicon, "噁心 惡心 氣死 退錢"), ["噁心 -3", "惡心 -3", "氣死 -3", "退錢 -3"]);
    }

    #[test]
    fn the_users_weights_go_over_ours_and_odd_ones_do_no_harm() {
        let odd = [("", 1.0), (" ", 1.0), ("啊", f64::NAN), ("冰", 99.0), ("垃圾", 0.0), ("*", 1.0)];
        let lexicon = Lexicon::new(&odd.map(|(w, x)| (w.to_string(), x)), &[]);
        assert_eq!(seen(&lexicon, "冰啊垃圾"), ["冰 3"]);
    }

    #[test]
    fn the_user_may_add_concerns_up_to_the_limit() {
        let many: Vec<_> = (0..100).map(|i| (format!("c{i}"), vec![format!("w{i}")])).collect();
        let lexicon = Lexicon::new(&[], &many);
        assert_eq!(lexicon.concerns(u64::MAX).len(), CONCERNS_MAX);
        let (_, _, entry) = lexicon.words("w3").next().unwrap();
        assert_eq!(&*lexicon.concerns(entry.concerns)[0].0, "c3");
    }
}
