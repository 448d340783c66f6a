//! Which of the known words somebody may have meant.

/// The known word that takes the fewest changes of a letter to reach, if they are few for its length.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|k| (changes(&word, &k.to_lowercase()), k))
        .filter(|(changes, k)| *changes <= (k.chars().count().max(word.chars().count()) / 3).max(1))
        .min_by_key(|(changes, _)| *changes)
        .map(|(_, k)| k)
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour
/// (Damerau 1964, optimal string alignment).
fn changes(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = usize::from(a[i - 1] != b[j - 1]);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                let swap = if swapped { rows[i - 2][j - 2] + 1 } else { usize::MAX };
                (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change).min(swap)
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_finds_none() {
        let known = ["name", "query", "time_zone", "expected_per_hour"];
        let check = |word, expected| assert_eq!(nearest(word, known), expected, "{word}");
        check("nmae", Some("name"));
        check("qurey", Some("query"));
        check("timezone", Some("time_zone"));
        check("Time-Zone", Some("time_zone"));
        check("colour", None);
        check("", None);
    }
}
