//! What is cut by its form and never reaches the dictionary: `#话题#`, `#tag`, `@name`, `[怒]`,
//! web addresses, emoji.
//!
//! Each look ahead is bounded, so finding all of them takes time linear in the text.

use tocsin_model::{Token, TokenKind};
use unicode_segmentation::UnicodeSegmentation;

/// Characters in a hashtag, without its marks. Weibo allows 32 in a topic; other sources allow more.
const HASHTAG_CHARS_MAX: usize = 64;
/// Characters in an account's name: Weibo allows 30; a Bluesky or Mastodon name is a domain.
const ACCOUNT_CHARS_MAX: usize = 64;
/// Bytes of the host behind the second `@` of a Mastodon name (the limit of DNS).
const HOST_BYTES_MAX: usize = 253;
/// Characters between the brackets of an emoticon.
const EMOTICON_CHARS_MAX: usize = 8;

/// The first special token that starts at or after byte `from`.
pub(crate) fn find(text: &str, from: usize) -> Option<Token> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += bytes[at..].iter().position(|&b| MAY_START[b as usize])?;
        let found = match bytes[at] {
            b'#' => hashtag(text, at).map(|end| (end, TokenKind::Hashtag)),
            b'@' => account(text, from, at).map(|end| (end, TokenKind::Account)),
            b'[' => emoticon(text, at).map(|end| (end, TokenKind::Emoticon)),
            b'h' | b'H' | b'w' | b'W' => url(bytes, at).map(|end| (end, TokenKind::Url)),
            _ => emoji(text, at).map(|end| (end, TokenKind::Emoji)),
        };
        if let Some((end, kind)) = found {
            return Some(Token { start: at as u32, end: end as u32, kind });
        }
        at += 1;
    }
}

/// The bytes that a special token may begin with. 0xE2 and 0xF0 begin the UTF-8 of emoji.
const MAY_START: [bool; 256] = {
    let mut may = [false; 256];
    let starts = [b'#', b'@', b'[', b'h', b'H', b'w', b'W', 0xE2, 0xF0];
    let mut i = 0;
    while i < starts.len() {
        may[starts[i] as usize] = true;
        i += 1;
    }
    may
};

/// `#话题#` with letters and no line break between the marks, not beginning or ending with white space
/// (`#a #b` is two tags); else `#tag` up to the first character that is not of a word. Where it ends.
fn hashtag(text: &str, at: usize) -> Option<usize> {
    let inside = &text[at + 1..];
    let mut tag_end = None;
    let mut has_letter = false;
    let mut before = '#';
    for (i, c) in inside.char_indices().take(HASHTAG_CHARS_MAX + 1) {
        if c == '#' && i > 0 && has_letter && !before.is_whitespace() {
            return Some(at + 1 + i + 1);
        }
        if c == '#' || c == '\n' || c == '\r' || (i == 0 && c.is_whitespace()) {
            tag_end = tag_end.or(Some(i));
            break;
        }
        if tag_end.is_none() && !is_name_char(c) {
            tag_end = Some(i);
        }
        // A tag of digits alone is a number such as #1; a topic may be `#2026#`.
        has_letter |= is_letter_or_digit(c);
        before = c;
    }
    let end = tag_end.unwrap_or_else(|| bounded(inside, HASHTAG_CHARS_MAX));
    let tag = &inside[..end];
    tag.chars().any(char::is_alphabetic).then_some(at + 1 + end)
}

/// `@name`: letters, digits, `_` and `-`, as Weibo ends it; `.` inside a Latin name (`@a.bsky.social`)
/// and one `@host` behind it (`@a@mastodon.social`) belong to it. Not inside an
/// e-mail address: after a letter, unless that letter ends the token before (`@a@b`).
fn account(text: &str, from: usize, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if at > from && bytes[at - 1].is_ascii_alphanumeric() {
        return None;
    }
    let name = &text[at + 1..];
    let mut end = 0;
    let mut latin = true;
    for (i, c) in name.char_indices().take(ACCOUNT_CHARS_MAX) {
        let next_is_latin = || name.as_bytes().get(i + 1).is_some_and(u8::is_ascii_alphanumeric);
        if !(is_name_char(c) || (c == '.' && latin && i > 0 && next_is_latin())) {
            break;
        }
        latin &= c.is_ascii();
        end = i + c.len_utf8();
    }
    if end == 0 {
        return None;
    }
    let end = at + 1 + end;
    Some(if latin { host(bytes, end).unwrap_or(end) } else { end })
}

/// Where the `@host.tld` that starts at `at` ends.
fn host(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'@') {
        return None;
    }
    let rest = &bytes[at + 1..bytes.len().min(at + 1 + HOST_BYTES_MAX)];
    let mut length =
        rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')).count();
    while length > 0 && !rest[length - 1].is_ascii_alphanumeric() {
        length -= 1;
    }
    (length > 0 && rest[0] != b'.' && rest[..length].contains(&b'.')).then_some(at + 1 + length)
}

/// `[怒]`, `[笑cry]`, `[赞R]`: 1 to 8 letters or digits, at least one of them a letter.
fn emoticon(text: &str, at: usize) -> Option<usize> {
    let mut has_letter = false;
    for (i, c) in text[at + 1..].char_indices().take(EMOTICON_CHARS_MAX + 1) {
        if c == ']' {
            return has_letter.then_some(at + 1 + i + 1);
        }
        if !is_letter_or_digit(c) {
            return None;
        }
        has_letter |= is_chinese(c) || c.is_alphabetic();
    }
    None
}

/// `http://…`, `https://…`, `www.…` up to the first byte that an address can't hold (RFC 3986), without
/// the marks that end a sentence.
fn url(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let starts =
        |prefix: &[u8]| rest.len() > prefix.len() && rest[..prefix.len()].eq_ignore_ascii_case(prefix);
    let prefix = if starts(b"http://") {
        7
    } else if starts(b"https://") {
        8
    } else if starts(b"www.") && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric()) {
        4
    } else {
        return None;
    };
    let mut length = prefix + rest[prefix..].iter().take_while(|&&b| may_be_in_url(b)).count();
    while length > prefix
        && matches!(rest[length - 1], b'.' | b',' | b'!' | b'?' | b';' | b':' | b'\'' | b')')
    {
        length -= 1;
    }
    rest[prefix..length].iter().any(u8::is_ascii_alphanumeric).then_some(at + length)
}

fn may_be_in_url(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&b)
}

/// An emoji with all that joins it to one picture: skin, variation, zero-width joiners, flags.
fn emoji(text: &str, at: usize) -> Option<usize> {
    // Dashes, quotes and ellipses begin with 0xE2 as well and are far more frequent.
    let second = text.as_bytes()[at + 1];
    if text.as_bytes()[at] == 0xE2 && !matches!(second, 0x8C..=0x8F | 0x98..=0x9E | 0xAC | 0xAD) {
        return None;
    }
    let rest = &text[at..];
    let first = rest.chars().next()?;
    is_emoji(first).then(|| at + rest.graphemes(true).next().map_or(first.len_utf8(), str::len))
}

/// The blocks in which emoji lie (Unicode 16, `emoji-data.txt`), without the marks and stars in them
/// that are written as text.
fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{231A}'..='\u{231B}' | '\u{23E9}'..='\u{23FA}'
        | '\u{2600}'..='\u{2604}' | '\u{260E}' | '\u{2614}'..='\u{2615}' | '\u{2618}' | '\u{261D}'
        | '\u{2620}'..='\u{2623}' | '\u{2626}'..='\u{262F}' | '\u{2638}'..='\u{263A}' | '\u{2648}'..='\u{2653}'
        | '\u{2660}'..='\u{2668}' | '\u{267B}' | '\u{267F}' | '\u{2692}'..='\u{26FF}'
        | '\u{2702}'..='\u{2712}' | '\u{2714}' | '\u{2716}' | '\u{271D}' | '\u{2721}' | '\u{2728}'
        | '\u{2733}'..='\u{2734}' | '\u{2744}' | '\u{2747}' | '\u{274C}'..='\u{274E}'
        | '\u{2753}'..='\u{2757}' | '\u{2763}'..='\u{2764}' | '\u{2795}'..='\u{2797}'
        | '\u{27A1}' | '\u{27B0}' | '\u{27BF}'
        | '\u{2B05}'..='\u{2B07}' | '\u{2B1B}'..='\u{2B1C}' | '\u{2B50}' | '\u{2B55}'
        | '\u{1F000}'..='\u{1FAFF}')
}

fn is_name_char(c: char) -> bool {
    is_letter_or_digit(c) || c == '_' || c == '-'
}

fn is_letter_or_digit(c: char) -> bool {
    is_chinese(c) || c.is_alphanumeric()
}

/// In the main block of Chinese, where all are letters: told without a look into the tables of Unicode.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}')
}

/// The byte at which the first `chars` characters end.
fn bounded(text: &str, chars: usize) -> usize {
    text.char_indices().nth(chars).map_or(text.len(), |(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(text: &str, expect: Expect) {
        let mut seen = vec![];
        let mut at = 0;
        while let Some(token) = find(text, at) {
            seen.push(format!("{:?} {}", token.kind, token.of(text)));
            at = token.end as usize;
        }
        expect.assert_eq(&seen.join(", "));
    }

    #[test]
    fn a_topic_ends_at_its_second_mark_and_a_tag_at_its_word() {
        check("#山岚茶饮# 和 #tea", expect!["Hashtag #山岚茶饮#, Hashtag #tea"]);
        check("#iPhone 17发布##开箱#", expect!["Hashtag #iPhone 17发布#, Hashtag #开箱#"]);
        check("#one #two, #three", expect!["Hashtag #one, Hashtag #two, Hashtag #three"]);
        check("#2026# 第#1名 # # ##", expect!["Hashtag #2026#, Hashtag #1名"]);
        check("we're #1, not #2 in C # ", expect![""]);
        check("#行一\n行二#", expect!["Hashtag #行一"]);
    }

    #[test]
    fn an_account_ends_where_weibo_ends_it() {
        check("@茶小姐:说得对 //@王_二-3：嗯", expect!["Account @茶小姐, Account @王_二-3"]);
        check(
            "hi @a.bsky.social. me@shop.com @b@m.social @",
            expect!["Account @a.bsky.social, Account @b@m.social"],
        );
        check("@a@b c", expect!["Account @a, Account @b"]);
    }

    #[test]
    fn an_emoticon_is_short_and_has_a_letter() {
        check(
            "[怒][笑cry][doge] [1] [a b] [长长长长长长长长长] [",
            expect!["Emoticon [怒], Emoticon [笑cry], Emoticon [doge]"],
        );
    }

    #[test]
    fn a_link_ends_before_chinese_and_before_the_full_stop() {
        check(
            "看http://t.cn/AbC1吧 https://a.b/c?d=e#f. www.x.com, wwww. http://",
            expect!["Url http://t.cn/AbC1, Url https://a.b/c?d=e#f, Url www.x.com"],
        );
    }

    #[test]
    fn an_emoji_is_one_with_its_skin_its_family_and_its_flag() {
        check("😡👍🏽👨‍👩‍👧🇨🇳❤️☀…—★→", expect!["Emoji 😡, Emoji 👍🏽, Emoji 👨‍👩‍👧, Emoji 🇨🇳, Emoji ❤️, Emoji ☀"]);
    }
}
