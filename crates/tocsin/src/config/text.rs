//! From a byte of a text to its line and column, and from a character of a TOML string to its byte.

/// Where the lines of a text begin, so that ten thousand places are found without reading it ten
/// thousand times.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    /// Looks through a text.
    pub(super) fn of(text: &str) -> Lines {
        let after_breaks = text.match_indices('\n').map(|(newline, _)| newline + 1);
        Lines(std::iter::once(0).chain(after_breaks).collect())
    }

    /// Line and column of a byte of that text, both from 1, the column in characters.
    pub(super) fn line_and_column(&self, text: &str, byte: usize) -> (usize, usize) {
        let byte = text.floor_char_boundary(byte);
        let line = self.0.partition_point(|start| *start <= byte);
        let start = self.0[line - 1];
        (line, text[start..byte].chars().count() + 1)
    }
}

/// The byte, within a TOML string as it was written (with its quotes), where its n-th character
/// (from 0) stands. One past the end gives the closing quote.
pub(super) fn inside_string(written: &str, nth: usize) -> usize {
    let (quote, basic) = match written.as_bytes() {
        [b'"', b'"', b'"', ..] => (3, true),
        [b'\'', b'\'', b'\'', ..] => (3, false),
        [b'"', ..] => (1, true),
        _ => (1, false),
    };
    let mut rest = written.get(quote..written.len().saturating_sub(quote)).unwrap_or("");
    if quote == 3 {
        // A line break right behind the opening quotes is not part of the string.
        rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')).unwrap_or(rest);
    }
    let end = written.len().saturating_sub(quote);
    let mut seen = 0;
    while seen < nth && !rest.is_empty() {
        let (skipped, characters) = if basic { escape(rest) } else { (first_char(rest), 1) };
        // What is no escape after all may end within a character.
        rest = &rest[rest.floor_char_boundary(skipped)..];
        seen += characters;
    }
    // Escapes that stand for nothing (a backslash at a line's end) belong to what comes before.
    while basic && !rest.is_empty() && escape(rest).1 == 0 {
        rest = &rest[escape(rest).0..];
    }
    end - rest.len()
}

fn first_char(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// How many bytes the next piece of a basic string takes, and how many characters it stands for.
fn escape(text: &str) -> (usize, usize) {
    let Some(after) = text.strip_prefix('\\') else { return (first_char(text), 1) };
    match after.as_bytes().first() {
        Some(b'u') => (6.min(text.len()), 1),
        Some(b'U') => (10.min(text.len()), 1),
        Some(b'x') => (4.min(text.len()), 1),
        Some(b' ' | b'\t' | b'\r' | b'\n') => {
            (1 + after.len() - after.trim_start_matches([' ', '\t', '\r', '\n']).len(), 0)
        }
        _ => (1 + first_char(after), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let text = "a\n名 = '山岚'\n";
        let line_and_column = |text, byte| Lines::of(text).line_and_column(text, byte);
        assert_eq!(line_and_column(text, 0), (1, 1));
        assert_eq!(line_and_column(text, text.find('=').unwrap()), (2, 3));
        assert_eq!(line_and_column(text, text.find('岚').unwrap()), (2, 7));
        assert_eq!(line_and_column(text, 999), (3, 1));
    }

    #[test]
    fn a_character_of_a_string_is_found_behind_quotes_and_escapes() {
        let check = |written: &str, nth, expected: &str| {
            assert_eq!(&written[inside_string(written, nth)..], expected, "{written} {nth}");
        };
        check("'山 OR'", 0, "山 OR'");
        check("'山 OR'", 2, "OR'");
        check("'山 OR'", 4, "'");
        check(r#""a \"b\" c""#, 3, r#"b\" c""#);
        check(r#""\u5C71x""#, 1, r#"x""#);
        check("'''\nab\ncd'''", 3, "cd'''");
        check("\"\"\"a \\\n   b\"\"\"", 2, "b\"\"\"");
    }
}
