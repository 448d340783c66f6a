//! Lengths of time as people write them: `90min`, `7d`, `1h 30min`.

use tocsin_model::Span;

/// The units, the longest first, with their milliseconds.
const UNITS: [(&str, i64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a length of time: whole numbers, each with its unit (`ms`, `s`, `min`, `h`, `d`, `w`).
///
/// # Errors
/// What is wrong, in words.
pub(super) fn read(text: &str) -> Result<Span, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("is empty".to_owned());
    }
    let mut millis: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        let number: i64 = number.parse().map_err(|_| format!("{text:?} is not a length of time"))?;
        let Some((_, in_millis)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(match unit {
                "" => format!("{text:?} has no unit"),
                unit => format!("{text:?} has a unit that is not known, {unit:?}"),
            });
        };
        millis = number
            .checked_mul(*in_millis)
            .and_then(|more| millis.checked_add(more))
            .ok_or_else(|| format!("{text:?} is too long"))?;
        rest = after.trim_start();
    }
    Ok(Span::from_millis(millis))
}

/// Writes a length of time with the longest unit that divides it.
pub(super) fn write(span: Span) -> String {
    let millis = span.millis();
    let (unit, in_millis) = UNITS
        .into_iter()
        .filter(|(unit, _)| *unit != "w")
        .find(|(_, m)| millis % m == 0)
        .unwrap_or(("ms", 1));
    format!("{}{unit}", millis / in_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_written_as_people_do() {
        let check = |text: &str, millis: i64, written: &str| {
            let span = read(text).unwrap();
            assert_eq!((span.millis(), write(span).as_str()), (millis, written), "{text}");
        };
        check("90min", 5_400_000, "90min");
        check("1h 30min", 5_400_000, "90min");
        check("1h30min", 5_400_000, "90min");
        check("2 w", 1_209_600_000, "14d");
        check("250ms", 250, "250ms");
        check("72h", 259_200_000, "3d");
    }

    #[test]
    fn what_is_no_length_is_told() {
        let check = |text: &str, expected: &str| assert_eq!(read(text).unwrap_err(), expected);
        check("", "is empty");
        check("90", "\"90\" has no unit");
        check("90m", "\"90m\" has a unit that is not known, \"m\"");
        check("soon", "\"soon\" is not a length of time");
        check("-5min", "\"-5min\" is not a length of time");
        check("99999999999999w", "\"99999999999999w\" is too long");
    }
}
