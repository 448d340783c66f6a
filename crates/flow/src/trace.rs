//! Which trace a record is part of: W3C Trace Context, level 1, section 3.2.

/// A `traceparent` of version 00.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace([u8; 55]);

impl Trace {
    /// Checks the form: `00-` trace id `-` parent id `-` flags, in lower-case hexadecimal, the ids not all 0.
    pub fn new(text: &[u8]) -> Option<Trace> {
        let bytes: [u8; 55] = text.try_into().ok()?;
        let is_hex = |b: &u8| b.is_ascii_digit() || (b'a'..=b'f').contains(b);
        let parts = [&bytes[0..2], &bytes[3..35], &bytes[36..52], &bytes[53..55]];
        let is_formed = bytes[2] == b'-' && bytes[35] == b'-' && bytes[52] == b'-' && &bytes[..2] == b"00";
        let is_some = |part: &[u8]| part.iter().any(|b| *b != b'0');
        let is_valid = is_formed && parts.iter().all(|p| p.iter().all(is_hex));
        (is_valid && is_some(parts[1]) && is_some(parts[2])).then_some(Trace(bytes))
    }

    /// From its two ids; sampled.
    pub fn from_ids(trace: u128, parent: u64) -> Trace {
        let text = format!("00-{:032x}-{:016x}-01", trace.max(1), parent.max(1));
        Trace(text.into_bytes().try_into().expect("2 + 32 + 16 + 2 digits and three dashes"))
    }

    /// As it is written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The id of the trace, and that of the span that this is part of.
    pub fn ids(&self) -> (u128, u64) {
        let digits = |range: std::ops::Range<usize>| std::str::from_utf8(&self.0[range]).unwrap_or_default();
        let trace = u128::from_str_radix(digits(3..35), 16).unwrap_or_default();
        (trace, u64::from_str_radix(digits(36..52), 16).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_has_one_form() {
        let good = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(Trace::new(good).map(|t| t.as_bytes().to_vec()), Some(good.to_vec()));
        for bad in [
            &b"00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"[..],
            b"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            b"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            b"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            b"00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
            b"",
        ] {
            assert_eq!(Trace::new(bad), None);
        }
        assert!(Trace::new(Trace::from_ids(0, 0).as_bytes()).is_some());
        assert_eq!(Trace::from_ids(7, 9).ids(), (7, 9));
    }
}
