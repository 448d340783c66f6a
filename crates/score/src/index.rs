//! Finds words in a text in one pass: of those that start first the longest, then on behind its end.
//!
//! Few characters begin a word, so two small bit tables answer nearly every one of them; an automaton
//! (leftmost-longest, daachorse) gives the same words and takes three times as long.

use std::collections::BTreeMap;
use std::ops::Range;

use rustc_hash::FxHashMap;

/// Words by how they begin.
pub(crate) struct Index {
    /// For each first two characters of words what begins with them.
    pairs: FxHashMap<u64, Group>,
    /// Words of three characters and more, those of a group together, the longest of them first.
    words: Vec<Word>,
    /// What comes behind the first two characters of each word.
    rests: String,
    /// Words of a single character.
    single: FxHashMap<char, u32>,
    /// The keys of `pairs` and of `single`: asked first, because it is nearly always no. Characters beyond the
    /// first 65,536 share a bit with one of these.
    pair_bits: Bits,
    single_bits: Box<[u64; 1024]>,
}

/// The words that begin with the same two characters.
#[derive(Clone, Copy)]
struct Group {
    /// Where in `words` the longer ones stand.
    first: u32,
    end: u32,
    /// The number of the word that is nothing but these two characters.
    alone: Option<u32>,
}

/// A word of three characters and more.
struct Word {
    /// Where in `rests` its rest stands.
    rest: Range<u32>,
    number: u32,
    /// The last byte of the first character of its rest (of the first three bytes, if that is longer): in
    /// Chinese the one that differs most. Looked at first.
    probe: u8,
}

impl Index {
    /// Of words that are not empty and differ; the number of a word is its place.
    pub(crate) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Index {
        let (mut by_pair, mut single) = (BTreeMap::new(), FxHashMap::default());
        for (word, number) in words.into_iter().zip(0u32..) {
            let mut chars = word.chars();
            match (chars.next(), chars.next()) {
                (Some(first), Some(second)) => {
                    let rests: &mut Vec<(&str, u32)> = by_pair.entry(join(first, second)).or_default();
                    rests.push((chars.as_str(), number));
                }
                (Some(only), None) => {
                    single.insert(only, number);
                }
                (None, _) => {}
            }
        }
        let (mut pairs, mut words, mut rests) = (FxHashMap::default(), Vec::new(), String::new());
        for (pair, mut group) in by_pair {
            group.sort_by_key(|(rest, _)| std::cmp::Reverse(rest.len()));
            let (first, mut alone) = (words.len() as u32, None);
            for (rest, number) in group {
                if rest.is_empty() {
                    alone = Some(number);
                } else {
                    let start = rests.len() as u32;
                    rests.push_str(rest);
                    let probe = rest.as_bytes()[probed(rest.len())];
                    words.push(Word { rest: start..rests.len() as u32, number, probe });
                }
            }
            pairs.insert(pair, Group { first, end: words.len() as u32, alone });
        }
        let pair_bits = Bits::of(pairs.keys().copied());
        let mut single_bits = Box::new([0; 1024]);
        for c in single.keys().map(|c| *c as usize) {
            single_bits[c >> 6 & 1023] |= 1 << (c & 63);
        }
        Index { pairs, words, rests, single, pair_bits, single_bits }
    }

    /// Start, end and number of each word found in `text`, in order, not overlapping.
    pub(crate) fn find<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize, u32)> + 'a {
        let mut at = 0;
        std::iter::from_fn(move || {
            let (start, end, number) = self.first(text, at)?;
            at = end;
            Some((start, end, number))
        })
    }

    /// The first word that starts at `at` or behind it.
    fn first(&self, text: &str, mut at: usize) -> Option<(usize, usize, u32)> {
        let mut chars = text[at..].chars();
        let mut c = chars.next()?;
        loop {
            let next = chars.next().unwrap_or('\0');
            // One branch for both, because nearly always both say no.
            let pair = self.pair_bits.may_have(join(c, next));
            let single = self.single_bits[c as usize >> 6 & 1023] >> (c as u32 & 63) & 1 == 1;
            if pair | single {
                let longer = if pair { self.longer(&text[at..], c, next) } else { None };
                let alone = || self.single.get(&c).filter(|_| single).map(|&number| (c.len_utf8(), number));
                if let Some((length, number)) = longer.or_else(alone) {
                    return Some((at, at + length, number));
                }
            }
            at += c.len_utf8();
            if at == text.len() {
                return None;
            }
            c = next;
        }
    }

    /// The longest word that begins where `text` does, with `c` and `next`: its length and its number.
    #[inline(never)]
    fn longer(&self, text: &str, c: char, next: char) -> Option<(usize, u32)> {
        let group = self.pairs.get(&join(c, next))?;
        let pair = c.len_utf8() + next.len_utf8();
        let behind = &text.as_bytes()[pair..];
        for word in &self.words[group.first as usize..group.end as usize] {
            let length = word.rest.len();
            if behind.len() < length || behind[probed(length)] != word.probe {
                continue;
            }
            let rest = &self.rests.as_bytes()[word.rest.start as usize..word.rest.end as usize];
            if behind[..length] == *rest {
                return Some((pair + length, word.number));
            }
        }
        group.alone.map(|number| (pair, number))
    }
}

/// Which byte of a rest of this many bytes is looked at first.
#[inline]
fn probed(length: usize) -> usize {
    length.min(3) - 1
}

/// Two characters as one number.
#[inline]
fn join(first: char, second: char) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

/// A set of numbers by their hashes: what is not in it was never added. As large as fits the fastest cache;
/// a lexicon of very many words makes it say yes more often, never wrongly no.
struct Bits(Box<[u64; BITS / 64]>);

/// 16 KiB: with four thousand beginnings of words one question in thirty is answered yes in vain.
const BITS: usize = 1 << 17;

impl Bits {
    fn of(entries: impl Iterator<Item = u64>) -> Bits {
        let mut bits = Box::new([0; BITS / 64]);
        for (word, bit) in entries.map(Bits::place) {
            bits[word] |= 1 << bit;
        }
        Bits(bits)
    }

    #[inline]
    fn may_have(&self, entry: u64) -> bool {
        let (word, bit) = Bits::place(entry);
        self.0[word] >> bit & 1 == 1
    }

    /// Spread evenly over the bits (Fibonacci hashing: Knuth, vol. 3, 6.4).
    #[inline]
    fn place(entry: u64) -> (usize, u64) {
        let hash = entry.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITS.ilog2());
        ((hash >> 6) as usize, hash & 63)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(words: &[&str], text: &str) -> String {
        let index = Index::new(words.iter().copied());
        let found: Vec<String> = index
            .find(text)
            .map(|(start, end, number)| {
                assert_eq!(&text[start..end], words[number as usize]);
                format!("{}@{start}", &text[start..end])
            })
            .collect();
        found.join(" ")
    }

    #[test]
    fn the_longest_of_those_that_start_first_wins() {
        assert_eq!(
            found(&["不", "不好", "不好意思", "好吃"], "不好意思，不好吃，不"),
            "不好意思@0 不好@15 不@27"
        );
        assert_eq!(found(&["ab", "bcd", "c"], "abcd c"), "ab@0 c@2 c@5");
        assert_eq!(found(&[], "abc"), "");
        assert_eq!(found(&["a"], ""), "");
    }

    proptest! {
        #[test]
        fn it_finds_what_looking_at_every_place_finds(
            words in proptest::collection::btree_set("[ab茶饮]{1,4}", 0..8),
            text in "[abc茶饮店]{0,40}",
        ) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let (mut at, mut plain) = (0, Vec::new());
            while at < text.len() {
                let here = words.iter().zip(0u32..).filter(|(w, _)| text[at..].starts_with(**w));
                match here.max_by_key(|(w, _)| w.len()) {
                    Some((word, number)) => {
                        plain.push((at, at + word.len(), number));
                        at += word.len();
                    }
                    None => at += text[at..].chars().next().map_or(1, char::len_utf8),
                }
            }
            let index = Index::new(words.iter().copied());
            prop_assert_eq!(index.find(&text).collect::<Vec<_>>(), plain);
        }
    }
}
