//! Which language a post is in.

use std::borrow::Cow;

use whichlang::{Lang, detect_language};

/// The language as the primary subtag of BCP 47: what the source states, else what the text looks
/// like; `und` where it has no letters.
pub fn language<'a>(stated: Option<&'a str>, text: &str) -> Cow<'a, str> {
    match stated.and_then(primary) {
        Some(stated) => stated,
        None => Cow::Borrowed(detect(text)),
    }
}

/// The primary subtag in its usual form; `None` where the tag has none or says that it doesn't know.
pub(crate) fn primary(tag: &str) -> Option<Cow<'_, str>> {
    let first = tag.split(['-', '_']).next().unwrap_or(tag);
    let is_subtag = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    let lower = if first.bytes().all(|b| b.is_ascii_lowercase()) {
        Cow::Borrowed(first)
    } else {
        Cow::Owned(first.to_ascii_lowercase())
    };
    match (&*lower, is_subtag) {
        (_, false) | ("und" | "mul" | "mis" | "zxx", _) => None,
        (three, true) => Some(SHORT.iter().find(|(l, _)| *l == three).map_or(lower, |(_, s)| (*s).into())),
    }
}

/// Three-letter codes that have one of two letters.
const SHORT: &[(&str, &str)] = &[
    ("ara", "ar"),
    ("chi", "zh"),
    ("cmn", "zh"),
    ("deu", "de"),
    ("eng", "en"),
    ("fra", "fr"),
    ("hin", "hi"),
    ("ita", "it"),
    ("jpn", "ja"),
    ("kor", "ko"),
    ("nld", "nl"),
    ("por", "pt"),
    ("rus", "ru"),
    ("spa", "es"),
    ("swe", "sv"),
    ("tur", "tr"),
    ("vie", "vi"),
    ("zho", "zh"),
];

fn detect(text: &str) -> &'static str {
    let (mut han, mut kana, mut hangul, mut other) = (0usize, 0usize, 0usize, 0usize);
    for c in text.chars() {
        match c {
            '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}' => han += 1,
            '\u{3041}'..='\u{30FA}' => kana += 1,
            '\u{AC00}'..='\u{D7A3}' => hangul += 1,
            c => other += usize::from(c.is_alphabetic()),
        }
    }
    // Scripts of their own need no model, which takes short Chinese texts for Japanese. A Han character
    // says as much as three letters, so names and links in Latin letters do not make a text English.
    if han + kana + hangul == 0 && other == 0 {
        "und"
    } else if 3 * (han + kana + hangul) < other {
        short(detect_language(text))
    } else if hangul > han {
        "ko"
    } else if 4 * kana > han {
        "ja"
    } else {
        "zh"
    }
}

fn short(lang: Lang) -> &'static str {
    let long = lang.three_letter_code();
    SHORT.iter().find(|(l, _)| *l == long).map_or(long, |(_, s)| *s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stated: Option<&str>, text: &str, expected: &str) {
        assert_eq!(language(stated, text), expected);
    }

    #[test]
    fn what_the_source_states_counts() {
        check(Some("zh-Hans-CN"), "hello", "zh");
        check(Some("EN_us"), "山岚", "en");
        check(Some("cmn"), "hello", "zh");
    }

    #[test]
    fn else_the_text_tells() {
        check(None, "山岚茶饮", "zh");
        check(Some("und"), "转发 shanlan tea http://t.cn/Rabc 太难喝了吧", "zh");
        check(Some("?"), "The tea was cold and the staff were rude to us", "en");
        check(None, "このお茶はとても美味しいです", "ja");
        check(None, "이 차는 정말 맛있어요", "ko");
        check(None, "El té estaba frío y los empleados fueron muy groseros con nosotros", "es");
        check(None, "🍵 123", "und");
    }
}
