//! What the model sees of a text: n-grams of characters and of words, and the signs of the reading.
//!
//! A feature is a slot, the hash of what it stands for; nothing is allocated for it and nothing remembered.
//! Slots of the same value stand together in a [`Run`].

use std::sync::OnceLock;

use rustc_hash::FxHashSet;
use tocsin_model::{Token, TokenKind};

use super::fold::{Fold, fold};
use super::outputs::Rules;
use crate::evidence::Evidence;
use crate::probability::{seen_by_ngrams, tilt, tilt_to_neutral};
use crate::signs::signs;

/// Slots are less than two to the power of this.
pub(crate) const SLOT_BITS: u32 = 22;

/// What one sign of the reading counts beside all n-grams of the text together.
const SIGN_VALUE: f32 = 0.1;
/// The words of others in a repost chain count less the more the author says, and half as much as his at
/// this many words.
const CHAIN_HALF: f32 = 8.0;
/// Tokens of a chain that are looked at.
const CHAIN_TOKENS_MAX: usize = 64;
/// Of a character that repeats, so many are seen: 哈哈哈哈哈哈 is 哈哈哈.
const REPEATS_MAX: u32 = 3;
/// Words behind a negation that it works on.
const NEGATED_WORDS: u32 = 3;

/// Features that have the same value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run {
    /// One past its last place in the slots; it begins where the last run ends.
    pub end: u32,
    /// What each of them counts.
    pub value: f32,
}

/// The features of a text; used again from text to text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    /// What occurs, as often as it occurs.
    pub slots: Vec<u32>,
    /// What each counts.
    pub runs: Vec<Run>,
    /// What the rules say: the model learns what is left to say.
    pub rules: Rules,
    /// Room for the signs.
    signs: Vec<u32>,
}

impl Features {
    /// Each run's slots, with their value.
    pub fn runs(&self) -> impl Iterator<Item = (&[u32], f32)> {
        let starts = std::iter::once(0).chain(self.runs.iter().map(|run| run.end as usize));
        starts.zip(&self.runs).map(|(start, run)| (&self.slots[start..run.end as usize], run.value))
    }

    /// Looks at the first `own` bytes of a cleaned text, the author's own words, and then at the rest, the
    /// chain that he passes on.
    pub(crate) fn see(&mut self, text: &str, own: usize, tokens: &[Token], evidence: &Evidence) {
        self.slots.clear();
        self.runs.clear();
        self.slots.reserve(text.len() + text.len() / 2);
        self.rules = Rules {
            seen: seen_by_ngrams(evidence, own),
            // It counts once for and once against.
            lean: 0.5 * tilt(evidence, own),
            neutral: tilt_to_neutral(evidence, own),
        };
        let own_tokens = tokens.partition_point(|t| (t.start as usize) < own);
        let (own_tokens, chain) = tokens.split_at(own_tokens);
        let mut walk = Walk::new(self, text);
        walk.own_words(own_tokens);
        let (words, counts) = (walk.words, walk.counts);
        self.weigh(0, 1.0);
        let chain_from = self.runs.len();
        Walk::new(self, text).chain(&chain[..chain.len().min(CHAIN_TOKENS_MAX)]);
        self.weigh(chain_from, CHAIN_HALF / (CHAIN_HALF + words as f32));
        let mut found = std::mem::take(&mut self.signs);
        found.clear();
        signs(evidence, &mut found);
        self.slots.extend(found.iter().map(|&sign| slot(Kind::Sign, u64::from(sign))));
        self.slots.extend(counts.facts(words).map(|fact| slot(Kind::Fact, u64::from(fact))));
        self.signs = found;
        self.end_run(SIGN_VALUE);
    }

    /// Makes the values of runs from `from` on independent of how long the text is.
    fn weigh(&mut self, from: usize, by: f32) {
        let start = if from == 0 { 0 } else { self.runs[from - 1].end as usize };
        let length = self.slots.len() - start;
        let value = by / (length as f32).max(1.0).sqrt();
        self.runs[from..].iter_mut().for_each(|run| run.value *= value);
    }

    fn end_run(&mut self, value: f32) {
        let end = self.slots.len() as u32;
        if self.runs.last().map_or(0, |run| run.end) < end {
            self.runs.push(Run { end, value });
        }
    }
}

/// What a feature is of; each kind has hashes of its own.
#[derive(Clone, Copy)]
enum Kind {
    Chars1,
    Chars2,
    Chars3,
    Word,
    Words2,
    Words3,
    Negated,
    Contrasted,
    LastClause,
    Sign,
    Fact,
}

/// Multiplicative hashing (Knuth, The Art of Computer Programming 3, section 6.4).
#[inline]
fn slot(kind: Kind, key: u64) -> u32 {
    let salt = (kind as u64 + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let mixed = (key ^ salt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 32)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> (64 - SLOT_BITS)) as u32
}

/// One more character of a word (FxHash).
#[inline]
fn add(hash: u64, code: u16) -> u64 {
    (hash.rotate_left(5) ^ u64::from(code)).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// Codes of what is not spelled out.
const SPACE: u16 = b' ' as u16;
const ACCOUNT: u16 = 0xE001;
const LINK: u16 = 0xE002;

/// Where the walk through a text stands.
struct Walk<'a> {
    out: &'a mut Features,
    text: &'a str,
    fold: &'static Fold,
    /// The codes of the last three characters, the latest in the lowest bits.
    window: u64,
    repeats: u32,
    words: u32,
    counts: Counts,
}

impl<'a> Walk<'a> {
    fn new(out: &'a mut Features, text: &'a str) -> Walk<'a> {
        Walk { out, text, fold: fold(), window: 0, repeats: 0, words: 0, counts: Counts::default() }
    }

    fn own_words(&mut self, tokens: &[Token]) {
        let turning = turning();
        let (mut before, mut before_that) = (0u64, 0u64);
        let (mut negated, mut contrasted) = (0, false);
        let mut last_end = 0;
        let mut last_clause = 0..0;
        let mut in_clause: Vec<u64> = Vec::with_capacity(tokens.len());
        for token in tokens {
            if token.start as usize > last_end && last_end > 0 {
                self.char(SPACE);
            }
            last_end = token.end as usize;
            let word = self.token(token);
            self.put(slot(Kind::Word, word));
            self.put(slot(Kind::Words2, before.rotate_left(17) ^ word));
            self.put(slot(Kind::Words3, before_that.rotate_left(34) ^ before.rotate_left(17) ^ word));
            (before_that, before) = (before, word);
            if token.kind == TokenKind::Mark {
                let mark = self.text.as_bytes()[token.start as usize];
                if ends_clause(mark) {
                    negated = 0;
                    contrasted &= !matches!(mark, b'.' | b'!' | b'?' | 0xE3);
                    if last_clause.end < in_clause.len() {
                        last_clause = last_clause.end..in_clause.len();
                    }
                }
                continue;
            }
            self.words += 1;
            in_clause.push(word);
            if negated > 0 {
                self.put(slot(Kind::Negated, word));
                negated -= 1;
            }
            if contrasted {
                self.put(slot(Kind::Contrasted, word));
            }
            match turning.of(word) {
                None => {}
                Some(Turn::Negates) => negated = NEGATED_WORDS,
                Some(Turn::Contrasts) => contrasted = true,
            }
        }
        self.pad();
        if last_clause.end < in_clause.len() {
            last_clause = last_clause.end..in_clause.len();
        }
        if last_clause.start > 0 {
            in_clause[last_clause].iter().for_each(|word| self.put(slot(Kind::LastClause, *word)));
        }
        self.end_run();
    }

    /// Of the words of others only their words and pairs of characters.
    fn chain(&mut self, tokens: &[Token]) {
        for token in tokens.iter().filter(|t| !matches!(t.kind, TokenKind::Url | TokenKind::Account)) {
            let mut word = 0;
            for c in token.of(self.text).chars() {
                let code = self.fold.code(c);
                word = add(word, code);
                self.window = (self.window << 16 | u64::from(code)) & 0xFFFF_FFFF;
                self.put(slot(Kind::Chars2, self.window));
            }
            self.put(slot(Kind::Word, word));
        }
        self.end_run();
    }

    /// Looks at the characters of a token; the hash of it as a word.
    fn token(&mut self, token: &Token) -> u64 {
        match token.kind {
            TokenKind::Url => {
                self.counts.links += 1;
                self.char(LINK);
                return u64::from(LINK);
            }
            TokenKind::Account => {
                self.counts.accounts += 1;
                self.char(ACCOUNT);
                return u64::from(ACCOUNT);
            }
            TokenKind::Hashtag => self.counts.hashtags += 1,
            TokenKind::Emoji | TokenKind::Emoticon => self.counts.faces += 1,
            TokenKind::Mark => self.counts.mark(token.of(self.text)),
            TokenKind::Word | TokenKind::Number => {}
        }
        let mut word = 0;
        let letters = token.of(self.text);
        for c in letters.chars() {
            let code = self.fold.code(c);
            word = add(word, code);
            self.char(code);
        }
        self.counts.letters(letters);
        word
    }

    #[inline]
    fn char(&mut self, code: u16) {
        self.repeats = if self.window as u16 == code { self.repeats + 1 } else { 1 };
        if self.repeats <= REPEATS_MAX {
            self.step(code);
        }
    }

    /// One character on: the n-grams that begin two characters back are whole now.
    #[inline]
    fn step(&mut self, code: u16) {
        self.window = (self.window << 16 | u64::from(code)) & 0xFFFF_FFFF_FFFF;
        let window = self.window;
        if window >> 32 != 0 {
            self.put(slot(Kind::Chars1, window >> 32));
            self.put(slot(Kind::Chars2, window >> 16));
            self.put(slot(Kind::Chars3, window));
        }
    }

    /// The n-grams at the end are shorter.
    fn pad(&mut self) {
        (0..2).for_each(|_| self.step(0));
    }

    #[inline]
    fn put(&mut self, slot: u32) {
        self.out.slots.push(slot);
    }

    fn end_run(&mut self) {
        self.out.end_run(1.0);
    }
}

/// Marks that end a clause, by their first byte: those of ASCII, and 。 (which begins as other marks of
/// Chinese do).
fn ends_clause(first: u8) -> bool {
    matches!(first, b',' | b'.' | b'!' | b'?' | b';' | b'~' | 0xE3 | 0xE2)
}

/// What is counted on the way.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    bangs: u32,
    questions: u32,
    marks: u32,
    accounts: u32,
    hashtags: u32,
    links: u32,
    faces: u32,
    shouted: u32,
    latin: u32,
    other: u32,
}

impl Counts {
    fn mark(&mut self, mark: &str) {
        let times = mark.len() as u32;
        self.marks += 1;
        match mark.as_bytes()[0] {
            b'!' => self.bangs += times,
            b'?' => self.questions += times,
            _ => {}
        }
    }

    fn letters(&mut self, word: &str) {
        if word.as_bytes()[0].is_ascii_alphabetic() {
            self.latin += 1;
            self.shouted += u32::from(word.len() > 2 && word.bytes().all(|b| b.is_ascii_uppercase()));
        } else {
            self.other += u32::from(!word.as_bytes()[0].is_ascii());
        }
    }

    /// Small numbers, each its own.
    fn facts(self, words: u32) -> impl Iterator<Item = u32> {
        let is_latin = u32::from(self.latin > self.other);
        let length = (32 - words.leading_zeros()).min(8);
        let facts = [
            is_latin,
            length * 2 + is_latin,
            self.bangs.min(4),
            self.questions.min(3),
            self.accounts.min(3),
            self.hashtags.min(3),
            self.links.min(2),
            self.faces.min(4),
            self.shouted.min(3),
            (self.marks * 8 / words.max(1)).min(10) * 2 + is_latin,
        ];
        facts.into_iter().zip(0..).map(|(value, fact)| fact * 32 + value)
    }
}

/// What a word does to the words behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Negates,
    Contrasts,
}

/// Few words turn others, so a bit table answers nearly every one.
struct Turning {
    bits: [u64; 64],
    negates: FxHashSet<u64>,
    contrasts: FxHashSet<u64>,
}

const NEGATES: &str = "不 没 没有 别 未 无 非 勿 莫 不是 并不 并不是 并没有 不太 不怎么 不够 不再 毫无 毫不 从不 从未 从没 \
    从来没 绝不 决不 难以 无法 缺乏 谈不上 算不上 不会 不能 不想 不要 不用 没什么 没啥 不算 不见得 未必 不可能 唔 冇 唔系 \
    not no never don't doesn't didn't won't can't cannot isn't wasn't aren't weren't couldn't wouldn't shouldn't \
    haven't hasn't hadn't ain't dont doesnt didnt wont cant isnt hardly barely without nothing neither nor";
const CONTRASTS: &str = "但是 但 可是 然而 不过 只是 只不过 却 反而 结果 可惜 但系 \
    but however yet although though unfortunately except";

fn turning() -> &'static Turning {
    static TURNING: OnceLock<Turning> = OnceLock::new();
    TURNING.get_or_init(|| {
        let hash = |word: &str| word.chars().fold(0, |hash, c| add(hash, fold().code(c)));
        let set = |words: &str| words.split_whitespace().map(hash).collect::<FxHashSet<u64>>();
        let (negates, contrasts) = (set(NEGATES), set(CONTRASTS));
        let mut bits = [0; 64];
        for word in negates.iter().chain(&contrasts) {
            bits[(word >> 58) as usize] |= 1 << (word >> 52 & 63);
        }
        Turning { bits, negates, contrasts }
    })
}

impl Turning {
    #[inline]
    fn of(&self, word: u64) -> Option<Turn> {
        if self.bits[(word >> 58) as usize] >> (word >> 52 & 63) & 1 == 0 {
            None
        } else if self.negates.contains(&word) {
            Some(Turn::Negates)
        } else {
            self.contrasts.contains(&word).then_some(Turn::Contrasts)
        }
    }
}
