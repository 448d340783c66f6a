//! The words of strangers, made harmless.
//!
//! Names, terms and excerpts come from anybody. On a terminal an escape sequence in them could repaint the
//! screen; a direction override could turn a sentence around; a line break could forge a line of ours.

/// The text in one line: each run of white space and control characters is one space, invisible characters and
/// direction overrides are gone; cut to `chars_max` characters with an ellipsis.
pub(crate) fn one_line(text: &str, chars_max: usize) -> String {
    let mut line = String::new();
    let mut kept = 0;
    let mut gap = false;
    for c in text.chars().filter(|&c| !is_invisible(c)) {
        if c.is_whitespace() || c.is_control() {
            gap = kept > 0;
            continue;
        }
        let needs = 1 + usize::from(gap);
        if kept + needs > chars_max {
            line.push('…');
            break;
        }
        if gap {
            line.push(' ');
        }
        line.push(c);
        kept += needs;
        gap = false;
    }
    line
}

/// Characters without a shape of their own. The joiner U+200D stays: it holds emoji together.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{061c}' | '\u{180e}'
        | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, line: &str) {
        assert_eq!(one_line(text, 10), line);
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        check("奶茶 bad", "奶茶 bad");
    }
    #[test]
    fn escape_sequences_lose_their_power() {
        check("\u{1b}[2Jx\u{9b}1m", "[2Jx 1m");
    }
    #[test]
    fn lines_become_one() {
        check(" a\r\n\n b\t", "a b");
    }
    #[test]
    fn direction_overrides_and_zero_widths_are_gone() {
        check("a\u{202e}b\u{200b}c", "abc");
    }
    #[test]
    fn what_is_too_long_ends_in_an_ellipsis() {
        check("一二三四五六七八九十", "一二三四五六七八九十");
        check("一二三四五六七八九十百", "一二三四五六七八九十…");
    }
}
