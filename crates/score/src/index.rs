//! Finds words in a text in one pass: of those that start first the longest, then on behind its end.
//!
//! Few characters begin a word, so two small bit tables answer nearly every one of them; an automaton
//! (leftmost-longest, daachorse) gives the same words and takes three times as long.

use rustc_hash::FxHashMap;

/// Words by how they begin.
pub(crate) struct Index {
    /// Words of two characters and more with their numbers, by their first two; the longest first.
    longer: FxHashMap<u64, Box<[(Box<str>, u32)]>>,
    /// Words of a single character.
    single: FxHashMap<char, u32>,
    /// The keys of `longer` and of `single`: asked first, because it is nearly always no.
    pairs: Bits,
    singles: Bits,
}

impl Index {
    /// Of words that are not empty and differ; the number of a word is its place.
    pub(crate) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Index {
        let mut longer: FxHashMap<u64, Vec<(Box<str>, u32)>> = FxHashMap::default();
        let mut single = FxHashMap::default();
        for (word, number) in words.into_iter().zip(0u32..) {
            let mut chars = word.chars();
            match (chars.next(), chars.next()) {
                (Some(first), Some(second)) => {
                    longer.entry(join(first, second)).or_default().push((word.into(), number));
                }
                (Some(only), None) => {
                    single.insert(only, number);
                }
                (None, _) => {}
            }
        }
        for words in longer.values_mut() {
            words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        }
        let pairs = Bits::of(longer.keys().copied());
        let singles = Bits::of(single.keys().map(|c| u64::from(*c)));
        let longer = longer.into_iter().map(|(pair, words)| (pair, words.into())).collect();
        Index { longer, single, pairs, singles }
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
            let next = chars.next();
            if let Some(next) = next
                && self.pairs.may_have(join(c, next))
                && let Some((length, number)) = self.longest(join(c, next), &text[at..])
            {
                return Some((at, at + length, number));
            }
            if self.singles.may_have(u64::from(c))
                && let Some(number) = self.single.get(&c)
            {
                return Some((at, at + c.len_utf8(), *number));
            }
            at += c.len_utf8();
            c = next?;
        }
    }

    #[inline(never)]
    fn longest(&self, pair: u64, text: &str) -> Option<(usize, u32)> {
        let words = self.longer.get(&pair)?;
        words.iter().find(|(word, _)| text.starts_with(&**word)).map(|(word, number)| (word.len(), *number))
    }
}

/// Two characters as one number.
#[inline]
fn join(first: char, second: char) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

/// A set of numbers by their hashes: what is not in it was never added.
struct Bits {
    words: Box<[u64]>,
    /// How far a hash is shifted to become the number of a bit.
    shift: u32,
}

impl Bits {
    /// 16 bits an entry: at most one number in 16 is taken for one of them.
    fn of(entries: impl ExactSizeIterator<Item = u64>) -> Bits {
        let bits = (entries.len() * 16).next_power_of_two().max(64);
        let mut set = Bits { words: vec![0; bits / 64].into(), shift: 64 - bits.trailing_zeros() };
        for entry in entries {
            let bit = set.bit(entry);
            set.words[bit / 64] |= 1 << (bit % 64);
        }
        set
    }

    #[inline]
    fn may_have(&self, entry: u64) -> bool {
        let bit = self.bit(entry);
        self.words[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// Spread evenly over the high bits (Fibonacci hashing: Knuth, vol. 3, 6.4).
    #[inline]
    fn bit(&self, entry: u64) -> usize {
        (entry.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize
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
