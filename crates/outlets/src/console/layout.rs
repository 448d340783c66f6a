//! Columns of a terminal: how wide a text is, and where a line may break.
//!
//! Chinese characters take two columns and may be parted anywhere, words of letters only at spaces. Characters
//! whose width depends on the font (`…`, `·`, `“`) count two, as they do in a Chinese terminal: a line may then
//! come out shorter than it could, never longer.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width_cjk(text)
}

/// The beginning of a text in at most `columns`, with an ellipsis if something is missing.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if width(&out) + width("…") > columns {
            out.pop();
            break;
        }
    }
    out.push('…');
    out
}

/// The text in lines of at most `columns` (at least 2).
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        if width(line.trim_end()) > 0 && width(&line) + width(piece.trim_end()) > columns {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
        }
        let piece = if line.is_empty() { piece.trim_start() } else { piece };
        for c in piece.chars() {
            // A word longer than a line is parted where it must be.
            if width(&line) + c.width_cjk().unwrap_or(0) > columns && !c.is_whitespace() {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
            line.push(c);
        }
    }
    if !line.trim_end().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// What stays together: a word with the spaces behind it, or one wide character with the marks that may not
/// begin a line.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (at, c) in text.char_indices() {
        if before.is_some_and(|before| may_part(before, c)) {
            pieces.push(&text[start..at]);
            start = at;
        }
        before = Some(c);
    }
    pieces.push(&text[start..]);
    pieces
}

fn may_part(before: char, after: char) -> bool {
    let wide = |c: char| c.width() == Some(2);
    if after.is_whitespace() || closes(after) || opens(before) || joins(before) || joins(after) {
        return false;
    }
    before.is_whitespace() || wide(before) || wide(after)
}

/// May not begin a line.
fn closes(c: char) -> bool {
    "，。；：、！？）】》」』”’…,.;:!?)]}%".contains(c)
}

/// May not end a line.
fn opens(c: char) -> bool {
    "（【《「『“‘([{".contains(c)
}

/// Holds an emoji together: the joiner, variation selectors, skin tones, combining marks.
fn joins(c: char) -> bool {
    c == '\u{200d}' || c.width() == Some(0) || ('\u{1f3fb}'..='\u{1f3ff}').contains(&c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, lines: &[&str]) {
        assert_eq!(wrap(text, 10), lines);
    }

    #[test]
    fn words_part_at_spaces() {
        check("one two three", &["one two", "three"]);
    }
    #[test]
    fn chinese_parts_anywhere_but_before_a_mark() {
        check("近十五分钟，听到", &["近十五分", "钟，听到"]);
    }
    #[test]
    fn letters_inside_chinese_stay_together() {
        check("概率约 1/10^31。", &["概率约", "1/10^31。"]);
    }
    #[test]
    fn a_word_longer_than_a_line_is_parted_where_it_must_be() {
        check("https://example", &["https://ex", "ample"]);
    }
    #[test]
    fn nothing_is_one_empty_line() {
        check("", &[""]);
    }
    #[test]
    fn what_is_cut_ends_in_an_ellipsis() {
        assert_eq!(cut("山岚茶饮", 8), "山岚茶饮");
        assert_eq!(cut("山岚茶饮店", 8), "山岚茶…");
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_nothing_but_spaces_is_lost(text in "[ a-z，。（中文字é😀“…0-9]{0,80}") {
            let lines = wrap(&text, 12);
            for line in &lines {
                prop_assert!(width(line) <= 12, "{line:?}");
            }
            let dense = |s: &str| s.split_whitespace().collect::<String>();
            prop_assert_eq!(dense(&lines.concat()), dense(&text));
        }
    }
}
