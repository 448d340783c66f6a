//! What the model sees of a text: Chinese characters and pairs of them in a row, words, pairs of Latin words and the
//! ends of long ones, and the signs of the reading.
//!
//! An n-gram is a slot, the hash of what it stands for; nothing is allocated for it and nothing remembered. Three and
//! four characters in a row, every other character, shorter words as a whole and pairs of Chinese words were tried: they
//! tell nothing more of texts that nobody has seen, and are look-ups again. Single characters tell much.

use tocsin_model::{Token, TokenKind};

use super::fold::{Fold, fold};
use super::outputs::Rules;
use crate::evidence::Evidence;
use crate::probability::{seen_by_ngrams, tilt, tilt_to_neutral};
use crate::signs::{self, signs};

/// Slots are less than two to the power of this.
pub(super) const SLOT_BITS: u32 = 24;
/// Signs are less than this.
pub const SIGNS: usize = FACTS as usize + 320;
/// What one sign counts beside all n-grams of the text together.
pub const SIGN_VALUE: f32 = 0.1;

/// Characters of a repost chain that are looked at.
const CHAIN_CHARS_MAX: usize = 64;
/// The words of others count less the more the author says, and half at this many words.
const CHAIN_HALF: f32 = 8.0;

/// Where the facts begin among the signs.
const FACTS: u32 = signs::SIGNS;

/// The features of a text; used again from text to text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    /// The n-grams that occur, as often as they occur.
    pub slots: Vec<u32>,
    /// How many of them are the author's own; behind these are those of the chain that he passes on.
    pub own: usize,
    /// What each of his own counts, and what each of the chain: the less, the longer the text.
    pub values: [f32; 2],
    /// What the rules found; each counts [`SIGN_VALUE`].
    pub signs: Vec<u32>,
    /// What the rules say beside the model.
    pub rules: Rules,
}

impl Features {
    /// Its own n-grams and those of the chain, each with their value.
    pub fn runs(&self) -> [(&[u32], f32); 2] {
        let (own, chain) = self.slots.split_at(self.own);
        [(own, self.values[0]), (chain, self.values[1])]
    }

    /// Looks at the first `own` bytes of a cleaned text, the author's own words, cut into `tokens`; and at the
    /// characters of the chain behind them.
    pub(crate) fn see(&mut self, text: &str, own: usize, tokens: &[Token], evidence: &Evidence) {
        let facts = self.see_own(text, &tokens[..tokens.partition_point(|t| (t.start as usize) < own)]);
        if own < text.len() {
            self.see_chain(&text[own..], CHAIN_HALF / (CHAIN_HALF + facts.words as f32));
        }
        self.rules = Rules {
            seen: seen_by_ngrams(evidence, own),
            // It counts once for and once against.
            lean: 0.5 * tilt(evidence, own),
            neutral: tilt_to_neutral(evidence, own),
        };
        self.signs.clear();
        signs(evidence, &mut self.signs);
        self.signs.extend(facts.signs().map(|fact| FACTS + fact));
    }

    /// The n-grams of some tokens and nothing else, and what is to be counted in them.
    pub(crate) fn see_own(&mut self, text: &str, tokens: &[Token]) -> Facts {
        self.slots.clear();
        self.slots.reserve(text.len() + tokens.len());
        let mut walk =
            Walk { slots: &mut self.slots, fold: fold(), last: 0, before: 0, facts: Facts::default() };
        tokens.iter().for_each(|token| walk.token(text, token));
        let facts = walk.facts;
        self.own = self.slots.len();
        self.values = [value(self.own), 0.0];
        facts
    }

    /// The pairs of characters of a chain of reposts, without the names in it.
    fn see_chain(&mut self, chain: &str, share: f32) {
        let (fold, mut last, mut is_name) = (fold(), 0, false);
        for c in chain.chars().take(CHAIN_CHARS_MAX) {
            is_name = c == '@' || is_name && !matches!(c, ':' | ' ' | '\n');
            if !is_name && let Some(longer) = next(last, fold.code(c)) {
                self.slots.push(slot(Kind::Two, u64::from(longer)));
                last = longer;
            }
        }
        self.values[1] = share * value(self.slots.len() - self.own);
    }
}

/// What each of so many n-grams counts.
fn value(count: usize) -> f32 {
    1.0 / (count as f32).max(1.0).sqrt()
}

/// What an n-gram is of; each kind has hashes of its own.
#[derive(Clone, Copy)]
enum Kind {
    One,
    Two,
    Word,
    Words,
    Beginning,
    End,
}

/// The last two characters, 16 bits each, with one more behind them; none, where it stands a third time in a row:
/// 哈哈哈哈哈哈 is 哈哈.
#[inline]
fn next(last: u32, code: u16) -> Option<u32> {
    let code = u32::from(code);
    (last != code << 16 | code).then_some(last << 16 | code)
}

/// Multiplicative hashing (Knuth, The Art of Computer Programming 3, section 6.4).
#[inline]
fn slot(kind: Kind, key: u64) -> u32 {
    let salt = (kind as u64 + 1).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    ((key ^ salt).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SLOT_BITS)) as u32
}

/// One more character of a word (FxHash).
#[inline]
fn add(hash: u64, code: u16) -> u64 {
    (hash.rotate_left(5) ^ u64::from(code)).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// A Latin word of more letters is long, and so many of its letters are an end of it.
const LONG: usize = 5;
const ENDS: usize = 4;

/// Codes of what is not spelled out: from Unicode's private use area.
const LATIN: u16 = 0xE000;
const ACCOUNT: u16 = 0xE001;
const LINK: u16 = 0xE002;
const FACE: u16 = 0xE003;

/// Where the walk through a text stands.
struct Walk<'a> {
    slots: &'a mut Vec<u32>,
    fold: &'static Fold,
    /// The codes of the last two characters, the latest in the lowest bits; 0 for what is not one.
    last: u32,
    /// The hash of the last word.
    before: u64,
    facts: Facts,
}

impl Walk<'_> {
    #[inline]
    fn token(&mut self, text: &str, token: &Token) {
        let letters = token.of(text);
        match token.kind {
            TokenKind::Url => {
                self.facts.links += 1;
                self.sign(LINK);
            }
            TokenKind::Account => {
                self.facts.accounts += 1;
                self.sign(ACCOUNT);
            }
            TokenKind::Emoji | TokenKind::Emoticon => {
                self.facts.faces += 1;
                let word = self.spelled(letters);
                self.word(word, FACE);
            }
            TokenKind::Hashtag => {
                self.facts.hashtags += 1;
                match letters.trim_matches('#') {
                    name if name.is_ascii() => self.latin(name),
                    _ => self.characters(letters),
                }
            }
            TokenKind::Mark => {
                self.facts.mark(letters.as_bytes());
                self.characters(letters);
            }
            TokenKind::Word | TokenKind::Number => {
                self.facts.words += 1;
                // Below U+0800: the scripts that have an alphabet.
                if letters.as_bytes()[0] < 0xE0 {
                    self.facts.letters(letters.as_bytes());
                    self.latin(letters);
                } else {
                    self.facts.other += 1;
                    self.characters(letters);
                }
            }
        }
    }

    /// What is known by its kind alone.
    fn sign(&mut self, code: u16) {
        self.word(u64::from(code), code);
    }

    /// A word that is seen as a whole, and with the word before it; `code` stands for it among characters.
    fn word(&mut self, word: u64, code: u16) {
        self.slots.push(slot(Kind::Word, word));
        self.slots.push(slot(Kind::Words, self.before.rotate_left(17) ^ word));
        self.before = word;
        self.last = u32::from(code);
    }

    /// A word of an alphabet: `#angry` is what `angry` is.
    fn latin(&mut self, letters: &str) {
        let word = self.spelled(letters);
        self.word(word, LATIN);
        self.ends(letters);
    }

    /// How a long word begins and ends, which is much of what its forms have in common.
    fn ends(&mut self, letters: &str) {
        if letters.len() > LONG && letters.is_ascii() {
            let spell = |letters: &str| letters.chars().fold(0, |word, c| add(word, self.fold.code(c)));
            let (beginning, end) = (spell(&letters[..ENDS]), spell(&letters[letters.len() - ENDS..]));
            self.slots.push(slot(Kind::Beginning, beginning));
            self.slots.push(slot(Kind::End, end));
        }
    }

    /// The hash of a word of letters; of the same letter three times in a row and more two are seen.
    fn spelled(&self, letters: &str) -> u64 {
        let (mut word, mut last, mut last_but_one) = (0, 0, 0);
        for c in letters.chars() {
            let code = self.fold.code(c);
            if code != last || code != last_but_one {
                word = add(word, code);
            }
            (last_but_one, last) = (last, code);
        }
        word
    }

    /// A word that is seen by its characters, each and with the one before it; a long one as a whole, too.
    #[inline]
    fn characters(&mut self, letters: &str) {
        let (mut word, mut count) = (0, 0);
        for c in letters.chars() {
            let code = self.fold.code(c);
            if let Some(last) = next(self.last, code) {
                self.slots.push(slot(Kind::One, u64::from(code)));
                self.slots.push(slot(Kind::Two, u64::from(last)));
                self.last = last;
            }
            word = add(word, code);
            count += 1;
        }
        if count > 3 {
            self.slots.push(slot(Kind::Word, word));
        }
        self.before = word;
    }
}

/// What is counted on the way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    words: u32,
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

impl Facts {
    fn mark(&mut self, mark: &[u8]) {
        self.marks += 1;
        match mark[0] {
            b'!' => self.bangs += mark.len() as u32,
            b'?' => self.questions += mark.len() as u32,
            _ => {}
        }
    }

    fn letters(&mut self, word: &[u8]) {
        if word[0].is_ascii_alphabetic() {
            self.latin += 1;
            self.shouted += u32::from(word.len() > 2 && word.iter().all(u8::is_ascii_uppercase));
        }
    }

    /// Small numbers, each its own.
    fn signs(self) -> impl Iterator<Item = u32> {
        let is_latin = u32::from(self.latin > self.other);
        let length = (32 - self.words.leading_zeros()).min(8);
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
            (self.marks * 8 / self.words.max(1)).min(10) * 2 + is_latin,
        ];
        facts.into_iter().zip(0..).map(|(value, fact)| fact * 32 + value)
    }
}
