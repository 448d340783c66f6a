//! Where words, hashtags and accounts begin and end in a cleaned text.

/// A letter, digit or underscore of a script that puts spaces between words. Where a term begins or
/// ends with one, none may stand beside it: `tea` is not in `steam`. Han, kana and Hangul are not
/// among them: `茶` is in `奶茶店`, and `tea` in `喝tea吧`.
pub(crate) fn is_word(c: char) -> bool {
    match c {
        '\0'..='\x7F' => c.is_ascii_alphanumeric() || c == '_',
        '\u{AA}'..='\u{52F}' | '\u{1E00}'..='\u{1FFF}' => c.is_alphanumeric(),
        _ => false,
    }
}

/// Whether the range of `text` is whole at both ends.
pub(crate) fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let open = |inside: Option<char>, outside: Option<char>| {
        !(inside.is_some_and(is_word) && outside.is_some_and(is_word))
    };
    let term = &text[start..end];
    open(term.chars().next(), text[..start].chars().next_back())
        && open(term.chars().next_back(), text[end..].chars().next())
}

/// Whether the account name (with its `@`) at this range is a whole one: no e-mail address, and not
/// the beginning of a longer name. `.` goes on only before a letter or digit of ASCII: `@a.b.social`.
pub(crate) fn is_whole_account(text: &str, start: usize, end: usize) -> bool {
    let address = text[..start].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
    let mut after = text[end..].chars();
    let goes_on = match after.next() {
        Some('_' | '-') => true,
        Some('.') => after.next().is_some_and(|c| c.is_ascii_alphanumeric()),
        Some(c) => c.is_alphanumeric(),
        None => false,
    };
    !address && !goes_on
}

/// Characters that a hashtag between two `#` may have at most.
const HASHTAG_CHARS_MAX: usize = 64;

/// Finds the hashtags of a text, as ranges without the `#`. Weibo writes `#茶 新品#`, others `#tea`:
/// a `#` closes a hashtag if one is open on the same line and no space stands before it; an unclosed
/// one ends with its letters, digits and underscores.
pub(crate) fn hashtags(text: &str, into: &mut Vec<(u32, u32)>) {
    into.clear();
    let mut at = 0;
    while let Some(open) = text[at..].find('#') {
        let start = at + open + 1;
        let end = closing(&text[start..]).map(|len| (start + len, 1)).unwrap_or_else(|| {
            let name = |c: char| c.is_alphanumeric() || c == '_';
            (text[start..].find(|c| !name(c)).map_or(text.len(), |len| start + len), 0)
        });
        if end.0 > start {
            into.push((start as u32, end.0 as u32));
        }
        at = end.0 + end.1;
    }
}

/// How many bytes stand before the `#` that closes a hashtag.
fn closing(text: &str) -> Option<usize> {
    let mut last = '#';
    for (at, c) in text.char_indices().take(HASHTAG_CHARS_MAX + 1) {
        match c {
            '#' => return (last != '#' && last != ' ').then_some(at),
            '\n' => return None,
            ' ' if last == '#' => return None,
            _ => last = c,
        }
    }
    None
}

/// How many words stand in a text, as NEAR counts them: a run of [`is_word`] characters is one, every
/// other letter or digit (each Han character) is one, and nothing else counts. At most `most`.
pub(crate) fn count_words(text: &str, most: usize) -> usize {
    let (mut words, mut inside) = (0, false);
    for c in text.chars() {
        let word = is_word(c);
        if (word && !inside) || (!word && c.is_alphanumeric()) {
            words += 1;
            if words >= most {
                break;
            }
        }
        inside = word;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> String {
        let mut found = Vec::new();
        hashtags(text, &mut found);
        let names: Vec<_> = found.iter().map(|(from, to)| &text[*from as usize..*to as usize]).collect();
        names.join("|")
    }

    #[test]
    fn hashtags_of_both_kinds_are_found() {
        assert_eq!(tags("#茶#好喝#山岚 新品##饮#"), "茶|山岚 新品|饮");
        assert_eq!(tags("I love #tea and #shanlan_tea."), "tea|shanlan_tea");
        assert_eq!(tags("#一行\n二# 三"), "一行");
        assert_eq!(tags("# 不是 # ##价格#"), "价格");
        assert_eq!(tags(&format!("#{}#", "长".repeat(65))), "长".repeat(65));
    }

    #[test]
    fn words_are_counted_as_near_counts_them() {
        let count = |text| count_words(text, 100);
        assert_eq!(
            (count("one two_three, 4"), count("茶好喝 ok"), count("!!! 🍵 …"), count("")),
            (3, 4, 0, 0)
        );
        assert_eq!(count_words("一二三四", 2), 2);
    }
}
