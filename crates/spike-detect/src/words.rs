//! Which words of a negative post are worth showing to a person.

use std::borrow::Cow;
use std::sync::LazyLock;

use rustc_hash::FxHashSet;
use tocsin_model::{Matched, Mention, Token, TokenKind};

/// How many words of one post are looked at: a wall of text may not crowd out everybody else.
const WORDS_MAX: usize = 64;

/// The words of the author's own that may say what the matter is: at least 2 characters (3 letters if
/// all are ASCII), no stop word, not the brand itself. ASCII in lower case. A word may come twice.
pub(crate) fn telling<'a>(
    matched: &'a Matched,
    tokens: &'a [Token],
    mention: &'a Mention,
) -> impl Iterator<Item = Cow<'a, str>> {
    tokens
        .iter()
        .filter(move |token| token.end as usize <= matched.own)
        .filter(move |token| !names_the_brand(**token, &mention.places))
        .filter_map(move |token| telling_word(token.of(&matched.clean), token.kind))
        .take(WORDS_MAX)
}

fn telling_word(word: &str, kind: TokenKind) -> Option<Cow<'_, str>> {
    let long_enough = match kind {
        TokenKind::Word if word.is_ascii() => word.len() >= 3,
        TokenKind::Word | TokenKind::Hashtag => word.chars().nth(1).is_some(),
        _ => false,
    };
    if !long_enough {
        return None;
    }
    let word = if word.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(word.to_ascii_lowercase())
    } else {
        Cow::Borrowed(word)
    };
    (!STOP_SET.contains(&*word)).then_some(word)
}

/// A word that shares a letter with the brand's places; a hashtag that holds nothing else than the brand.
fn names_the_brand(token: Token, places: &[(u32, u32)]) -> bool {
    places.iter().any(|&(start, end)| match token.kind {
        TokenKind::Hashtag => start <= token.start + 1 && token.end <= end + 1,
        _ => start < token.end && token.start < end,
    })
}

/// The same as a set.
static STOP_SET: LazyLock<FxHashSet<&str>> = LazyLock::new(|| STOP.iter().copied().collect());

/// Words that every complaint has. Short on purpose: the weights put what is special to a crisis on top
/// by themselves.
#[rustfmt::skip] // Many words a line.
const STOP: &[&str] = &[
    "我们", "你们", "他们", "什么", "怎么", "这个", "那个", "一个", "没有", "不是", "就是", "可以", "知道", "现在",
    "真的", "还是", "自己", "因为", "所以", "但是", "如果", "觉得", "这样", "这么", "那么", "时候", "已经", "还有",
    "也是", "不会", "一下", "一直", "今天", "这种", "为什么", "这是", "都是", "大家", "有人", "不要",
    "the", "and", "for", "you", "are", "was", "this", "that", "with", "have", "has", "not", "but", "they", "all",
    "just", "from", "your", "can", "what", "will", "its", "our",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, kind: TokenKind, told: Option<&str>) {
        assert_eq!(telling_word(word, kind).as_deref(), told);
    }

    #[test]
    fn short_words_and_stop_words_tell_nothing() {
        check("虫", TokenKind::Word, None);
        check("虫子", TokenKind::Word, Some("虫子"));
        check("ok", TokenKind::Word, None);
        check("Recall", TokenKind::Word, Some("recall"));
        check("The", TokenKind::Word, None);
        check("我们", TokenKind::Word, None);
        check("2024", TokenKind::Number, None);
        check("#退款#", TokenKind::Hashtag, Some("#退款#"));
    }

    #[test]
    fn the_brand_itself_tells_nothing() {
        let word = |start, end, kind| Token { start, end, kind };
        let places = [(6, 12)];
        assert!(names_the_brand(word(6, 9, TokenKind::Word), &places));
        assert!(!names_the_brand(word(0, 6, TokenKind::Word), &places));
        assert!(!names_the_brand(word(12, 15, TokenKind::Word), &places));
        assert!(names_the_brand(word(5, 13, TokenKind::Hashtag), &places));
        assert!(!names_the_brand(word(5, 19, TokenKind::Hashtag), &places));
    }
}
