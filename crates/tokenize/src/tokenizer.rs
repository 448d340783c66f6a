//! The tokenizer: special tokens by their form, the rest by the dictionary.

use std::collections::BTreeSet;

use jieba_rs::Jieba;
use tocsin_model::{Matched, Sighting, Token, TokenKind, Tokenized};

use crate::background::Background;
use crate::fingerprint::fingerprint_with;
use crate::special;

/// Characters of a word given by brands or by the user. Longer ones are not words, and would make the
/// look-up at each character of a text as long.
pub const WORD_CHARS_MAX: usize = 32;

/// Cuts texts. Made once (a tenth of a second and about 50 MiB), then shared.
#[derive(Debug)]
pub struct Tokenizer {
    jieba: Jieba,
}

/// What one caller reuses from text to text.
#[derive(Debug, Default)]
pub struct Scratch {
    tokens: Vec<Token>,
    letters: Vec<u32>,
}

impl Scratch {
    /// Special tokens, and whatever lies between them as if it were one word: enough for a fingerprint.
    fn cut_by_form(&mut self, text: &str) {
        self.tokens.clear();
        let word = |start, end| Token { start, end, kind: TokenKind::Word };
        let mut at = 0;
        while let Some(token) = special::find(text, at) {
            self.tokens.extend([word(at as u32, token.start), token]);
            at = token.end as usize;
        }
        self.tokens.push(word(at as u32, text.len() as u32));
    }
}

impl Tokenizer {
    /// The default dictionary and these words: terms of brands, the user's dictionary. Each of them is
    /// kept whole where it stands in a text. Words of one character, of more than
    /// [`WORD_CHARS_MAX`], or with white space in them are left out: the dictionary can't hold them.
    pub fn new(words: impl IntoIterator<Item = String>) -> Tokenizer {
        let mut jieba = Jieba::new();
        // Sorted, because the frequency that keeps a word whole depends on the words before it.
        let words: BTreeSet<String> = words.into_iter().filter(|w| is_word(w)).collect();
        for word in words {
            jieba.add_word(&word, None, Some("nz"));
        }
        Tokenizer { jieba }
    }

    /// Everyday writing as the dictionary knows it.
    pub fn background(&self) -> Background<'_> {
        Background { jieba: &self.jieba }
    }

    /// Cuts a text. The tokens are in order and do not overlap; only white space lies between them.
    pub fn cut(&self, text: &str, scratch: &mut Scratch) -> Vec<Token> {
        let tokens = &mut scratch.tokens;
        tokens.clear();
        let mut at = 0;
        while let Some(token) = special::find(text, at) {
            self.cut_words(text, at, token.start as usize, tokens);
            tokens.push(token);
            at = token.end as usize;
        }
        self.cut_words(text, at, text.len(), tokens);
        tokens.as_slice().to_vec()
    }

    /// Cuts the author's own words and takes their fingerprint. What others said further down a chain of
    /// reposts (`//@user:`) is not cut: nobody reads its tokens. An update is not read again unless it draws a crowd: no tokens,
    /// fingerprint 0.
    pub fn tokenize(&self, matched: Matched, scratch: &mut Scratch) -> Tokenized {
        if let Sighting::Update(update) = &matched.sighting
            && !update.draws_a_crowd()
        {
            return Tokenized { matched, tokens: Vec::new(), fingerprint: 0 };
        }
        let tokens = self.cut(matched.own_words(), scratch);
        let fingerprint = if matched.is_bare() {
            scratch.cut_by_form(&matched.clean);
            fingerprint_with(&matched.clean, &scratch.tokens, &mut scratch.letters)
        } else {
            fingerprint_with(matched.own_words(), &tokens, &mut scratch.letters)
        };
        Tokenized { matched, tokens, fingerprint }
    }

    /// What lies between two special tokens.
    fn cut_words(&self, text: &str, from: usize, to: usize, tokens: &mut Vec<Token>) {
        let between = &text[from..to];
        // Between accounts and emoticons there is often nothing but `://`: each of these alone, as jieba does it.
        if between.bytes().all(|b| IS_LONE_MARK[b as usize]) {
            (from..to).for_each(|at| push(text, at, at + 1, tokens));
            return;
        }
        for word in self.jieba.cut(between, true) {
            push(text, from + word.byte_start, from + word.byte_end, tokens);
        }
    }
}

/// ASCII that jieba never joins to its neighbours.
const IS_LONE_MARK: [bool; 256] = {
    let mut is = [false; 256];
    let mut b = 0u8;
    while b < 0x80 {
        is[b as usize] =
            !b.is_ascii_alphanumeric() && !matches!(b, b'+' | b'#' | b'&' | b'.' | b'_' | b'%' | b'-');
        b += 1;
    }
    is
};

fn is_word(word: &str) -> bool {
    let chars = word.chars().take(WORD_CHARS_MAX + 1).count();
    (2..=WORD_CHARS_MAX).contains(&chars) && !word.contains(char::is_whitespace)
}

/// Adds what the dictionary gave as one piece, or makes the last token longer by it: jieba gives each
/// letter outside of Chinese and ASCII alone, and cuts `don't` in three.
fn push(text: &str, start: usize, end: usize, tokens: &mut Vec<Token>) {
    let bytes = text.as_bytes();
    let first = bytes[start];
    let kind = match first {
        // U+4000 to U+9FFF: nearly every piece of a Chinese text.
        0xE4..=0xE9 => TokenKind::Word,
        b if b.is_ascii_whitespace() => return,
        b if b.is_ascii() => match ascii_kind(&bytes[start..end]) {
            TokenKind::Word if extends_letters(text, start, tokens) => return lengthen(tokens, end),
            TokenKind::Mark if repeats_mark(text, start, end, tokens) => return lengthen(tokens, end),
            kind => kind,
        },
        _ => {
            let Some(c) = text[start..end].chars().next() else { return };
            if is_common_mark(c) {
                if repeats_mark(text, start, end, tokens) {
                    return lengthen(tokens, end);
                }
                TokenKind::Mark
            } else if c.is_whitespace() {
                return;
            } else if is_han(c) {
                TokenKind::Word
            } else if c.is_alphabetic() || is_combining(c) {
                if extends_letters(text, start, tokens) {
                    return lengthen(tokens, end);
                }
                if is_combining(c) { TokenKind::Mark } else { TokenKind::Word }
            } else if c.is_numeric() {
                TokenKind::Number
            } else if repeats_mark(text, start, end, tokens) {
                return lengthen(tokens, end);
            } else {
                TokenKind::Mark
            }
        }
    };
    tokens.push(Token { start: start as u32, end: end as u32, kind });
}

fn lengthen(tokens: &mut [Token], end: usize) {
    if let Some(last) = tokens.last_mut() {
        last.end = end as u32;
    }
}

/// A word if there is a letter in it, a number if there are digits alone (`3.14`, `50%`), else a mark.
fn ascii_kind(piece: &[u8]) -> TokenKind {
    if piece.iter().any(|b| b.is_ascii_alphabetic() || !b.is_ascii()) {
        TokenKind::Word
    } else if piece.iter().any(u8::is_ascii_digit) {
        TokenKind::Number
    } else {
        TokenKind::Mark
    }
}

/// Whether letters at `start` go on with the word before them: `caf` + `é`, `don` + `'` + `t`.
fn extends_letters(text: &str, start: usize, tokens: &mut Vec<Token>) -> bool {
    let Some(last) = tokens.last() else { return false };
    if last.end as usize != start {
        return false;
    }
    let is_apostrophe = last.kind == TokenKind::Mark && matches!(last.of(text), "'" | "’");
    if is_apostrophe && text.as_bytes()[start].is_ascii() {
        let joint = last.start;
        let joins = tokens.len() >= 2 && {
            let before = tokens[tokens.len() - 2];
            before.kind == TokenKind::Word
                && before.end == joint
                && text.as_bytes()[joint as usize - 1].is_ascii_alphabetic()
        };
        if joins {
            tokens.pop();
        }
        return joins;
    }
    // Two pieces of ASCII that touch were cut on purpose.
    let touches_other_script = !text.as_bytes()[start].is_ascii() || !text.as_bytes()[start - 1].is_ascii();
    last.kind == TokenKind::Word
        && touches_other_script
        && text[..start].chars().next_back().is_some_and(|c| !is_han(c))
}

/// Whether the mark is the same as the one before it: `！！！` is one token.
fn repeats_mark(text: &str, start: usize, end: usize, tokens: &[Token]) -> bool {
    tokens.last().is_some_and(|last| {
        last.kind == TokenKind::Mark
            && last.end as usize == start
            && text[..start].ends_with(&text[start..end])
            && last.end - last.start >= (end - start) as u32
    })
}

/// Chinese characters: those that jieba cuts by its dictionary.
fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{2FA1F}')
}

/// Dashes, quotes and dots, and the marks of Chinese: told without a look into the tables of Unicode.
fn is_common_mark(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2027}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{301F}')
}

/// Accents that are characters of their own.
fn is_combining(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}')
}
