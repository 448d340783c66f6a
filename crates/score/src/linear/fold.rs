//! What counts as the same character to the model: case, Traditional or Simplified, and digits.

use std::sync::OnceLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

/// For each character of the Basic Multilingual Plane the code that it is hashed by.
pub(super) struct Fold(Vec<u16>);

/// The table; made when it is first asked for, in some tens of milliseconds.
pub(super) fn fold() -> &'static Fold {
    static FOLD: OnceLock<Fold> = OnceLock::new();
    FOLD.get_or_init(Fold::new)
}

impl Fold {
    /// The code of a character. Those beyond the plane (emoji, rare Han) go by their lower 16 bits, most
    /// of which nobody else uses.
    #[inline]
    pub(super) fn code(&self, c: char) -> u16 {
        let code = c as u32;
        self.0.get(code as usize).copied().unwrap_or(code as u16)
    }

    fn new() -> Fold {
        let mut table: Vec<u16> = (0..=u16::MAX).collect();
        for c in (0..=u16::MAX).filter_map(|code| char::from_u32(u32::from(code))) {
            let mut lower = c.to_lowercase();
            if let (Some(folded), None) = (lower.next(), lower.next()) {
                set(&mut table, c, folded);
            }
        }
        let han = ('\u{3400}'..='\u{4DBF}').chain('\u{4E00}'..='\u{9FFF}').chain('\u{F900}'..='\u{FAFF}');
        let lines: String = han.clone().flat_map(|c| [c, '\n']).collect();
        let Ok(opencc) = OpenCC::from_config(BuiltinConfig::T2s) else {
            unreachable!("the dictionary is part of the program");
        };
        for (from, line) in han.zip(opencc.convert(&lines).lines()) {
            let mut simple = line.chars();
            if let (Some(to), None) = (simple.next(), simple.next()) {
                set(&mut table, from, to);
            }
        }
        // A figure says little: all digits are one.
        table[usize::from(b'0')..=usize::from(b'9')].fill(u16::from(b'0'));
        Fold(table)
    }
}

fn set(table: &mut [u16], from: char, to: char) {
    if let Ok(code) = u16::try_from(to as u32) {
        table[from as usize] = code;
    }
}
