//! Whether a text says a watched word, and does not deny it: 「不会起火」 is no fire.
//!
//! A word is denied by what stands right before it: a negation, with at most a few small words between (「从未发生过」,
//! "has never been"). Where it is asked (「会不会起火」, 「这不是起火了吗」), or all but happened (「差点没起火」), nothing
//! is denied. In doubt it is said: a post too many to read is better than a fire that nobody heard of.

/// Small Chinese words that may stand between a negation and what it denies.
const BETWEEN: [&str; 12] = ["发生", "出现", "存在", "可能", "会", "有", "曾", "能", "是", "再", "过", "见"];
/// So many of them at most.
const BETWEEN_MAX: usize = 3;
const DENIES: [char; 5] = ['不', '没', '未', '无', '勿'];
const EMPHATIC: [&str; 3] = ["并非", "绝非", "并无"];
/// What comes before a negation that denies nothing.
const ALMOST: [&str; 3] = ["差点", "差一点", "险些"];
/// English words that deny what comes next, or next but one.
const DENY: [&str; 7] = ["no", "not", "never", "without", "cannot", "nor", "neither"];
const CLAUSE_ENDS: [char; 12] = ['，', '。', '！', '？', '；', ',', '.', '!', '?', ';', ' ', '\n'];

/// Whether a text has these letters somewhere without denying them. Both are folded alike.
pub(crate) fn says(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        is_asked(after) || !(is_denied(before, word) || is_denied_in_english(before))
    })
}

/// Whether the rest of a clause makes it a question.
fn is_asked(after: &str) -> bool {
    let end = after.find(CLAUSE_ENDS).unwrap_or(after.len());
    after[..end].ends_with('吗') || after[end..].starts_with(['？', '?'])
}

fn is_denied(before: &str, word: &str) -> bool {
    let mut rest = before;
    for _ in 0..=BETWEEN_MAX {
        if EMPHATIC.iter().any(|denial| rest.ends_with(denial)) {
            return true;
        }
        if let Some(earlier) = rest.strip_suffix(DENIES) {
            // 会不会, 有没有, 起不起: the same on both sides is a question.
            let next = before[rest.len()..].chars().chain(word.chars()).next();
            let is_question = earlier.chars().next_back() == next;
            return !is_question && !ALMOST.iter().any(|almost| earlier.ends_with(almost));
        }
        let Some(shorter) = BETWEEN.iter().find_map(|small| rest.strip_suffix(small)) else { return false };
        rest = shorter;
    }
    false
}

fn is_denied_in_english(before: &str) -> bool {
    let clause = before.rsplit(['.', '!', '?', ',', ';', '\n']).next().unwrap_or_default();
    let mut words = clause.split_ascii_whitespace().rev().take(2);
    words.any(|word| DENY.contains(&word) || word.ends_with("n't") || word.ends_with("n’t"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_denied_is_not_said() {
        for text in [
            "不会起火",
            "电池没起火",
            "没有起火",
            "从未发生过起火",
            "不可能起火",
            "并非起火，是蒸汽",
            "现场未见起火",
            "放心，不存在起火",
        ] {
            assert!(!says(text, "起火"), "{text}");
        }
        for text in ["it did not catch fire", "won't catch fire", "no catch fire", "never ever catch fire"] {
            assert!(!says(text, "catch fire"), "{text}");
        }
    }

    #[test]
    fn a_word_that_is_said_asked_or_nearly_so_is() {
        for text in [
            "起火了",
            "充电会起火",
            "质量不行，起火了",
            "不充电也会起火",
            "会不会起火",
            "有没有起火的",
            "起不起火全看运气",
            "这不是起火了吗",
            "没起火？",
            "差点没起火",
            "说不会起火，结果起火",
        ] {
            assert!(says(text, "起火"), "{text}");
        }
        for text in ["it will catch fire", "not again. they catch fire", "didn't it catch fire?"] {
            assert!(says(text, "catch fire"), "{text}");
        }
        assert!(!says("一切正常", "起火"));
    }
}
