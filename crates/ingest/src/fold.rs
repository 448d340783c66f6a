//! What counts as the same character when brands are looked for: case, and Traditional or Simplified.
//!
//! A character is folded only to one of the same length in UTF-8 (almost all are: Han characters have
//! 3 bytes in either script), so that places in the folded and in the cleaned text are the same.

use std::sync::OnceLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

/// For each character of the Basic Multilingual Plane what it is folded to.
pub(crate) struct Fold(Vec<u16>);

/// The table; made when it is first asked for, in some tens of milliseconds.
pub(crate) fn fold() -> &'static Fold {
    static FOLD: OnceLock<Fold> = OnceLock::new();
    FOLD.get_or_init(Fold::new)
}

/// What a character counts as where words are looked for: lower case, Simplified.
pub fn folded(c: char) -> char {
    fold().char(c)
}

impl Fold {
    /// What a character counts as.
    #[inline]
    pub(crate) fn char(&self, c: char) -> char {
        match self.0.get(c as usize) {
            // The table has no surrogates in it, so the fallback is never taken.
            Some(&folded) => char::from_u32(u32::from(folded)).unwrap_or(c),
            None => c,
        }
    }

    /// The same in numbers.
    #[inline]
    pub(crate) fn code(&self, c: char) -> u32 {
        self.0.get(c as usize).map_or(c as u32, |&folded| u32::from(folded))
    }

    /// A whole text folded.
    pub(crate) fn text(&self, text: &str) -> String {
        text.chars().map(|c| self.char(c)).collect()
    }

    /// Whether two texts count as the same.
    pub(crate) fn same(&self, a: &str, b: &str) -> bool {
        a.chars().map(|c| self.char(c)).eq(b.chars().map(|c| self.char(c)))
    }

    fn new() -> Fold {
        let mut table: Vec<u16> = (0..=u16::MAX).collect();
        for c in (0..=u16::MAX).filter_map(|code| char::from_u32(u32::from(code))) {
            let mut lower = c.to_lowercase();
            if let (Some(folded), None) = (lower.next(), lower.next()) {
                set(&mut table, c, folded);
            }
        }
        // A line break stands for a space: a phrase may go on in the next line.
        table['\n' as usize] = u16::from(b' ');
        simplify(&mut table);
        Fold(table)
    }
}

fn set(table: &mut [u16], from: char, to: char) {
    if let Ok(code) = u16::try_from(to as u32)
        && from.len_utf8() == to.len_utf8()
    {
        table[from as usize] = code;
    }
}

/// Traditional to Simplified, character by character: all Han characters one a line, so that no
/// dictionary entry of several characters can apply.
fn simplify(table: &mut [u16]) {
    let han = ('\u{3400}'..='\u{4DBF}').chain('\u{4E00}'..='\u{9FFF}').chain('\u{F900}'..='\u{FAFF}');
    let lines: String = han.clone().flat_map(|c| [c, '\n']).collect();
    let Ok(opencc) = OpenCC::from_config(BuiltinConfig::T2s) else {
        unreachable!("the dictionary is part of the program");
    };
    for (from, line) in han.zip(opencc.convert(&lines).lines()) {
        let mut simple = line.chars();
        if let (Some(to), None) = (simple.next(), simple.next()) {
            set(table, from, to);
        }
    }
    // A few go on from there (薴 to 苧 to 苎): what is folded stays as it is when folded again.
    for at in 0..table.len() {
        table[at] = table[table[at] as usize];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(fold().text(text), expected);
    }

    #[test]
    fn case_is_folded() {
        check("iPhone SHANLAN Nestlé CAFÉ МТС Ω", "iphone shanlan nestlé café мтс ω");
    }

    #[test]
    fn traditional_brand_names_become_simplified() {
        check(
            "山嵐茶飲 瑞幸咖啡 華為 蘋果 騰訊 網易 聯想 海底撈 滴滴出行",
            "山岚茶饮 瑞幸咖啡 华为 苹果 腾讯 网易 联想 海底捞 滴滴出行",
        );
        check(
            "小米 蔚來 理想汽車 愛奇藝 嗶哩嗶哩 優衣庫 麥當勞 臺積電 國際",
            "小米 蔚来 理想汽车 爱奇艺 哔哩哔哩 优衣库 麦当劳 台积电 国际",
        );
    }

    #[test]
    fn simplified_stays() {
        let text = "我们的茶饮里面有头发，干净吗？后来才知道台风要来了。";
        check(text, text);
    }

    #[test]
    fn no_character_changes_its_length_and_folding_twice_changes_nothing() {
        for c in char::MIN..=char::MAX {
            let folded = fold().char(c);
            assert_eq!(c.len_utf8(), folded.len_utf8(), "{c}");
            assert_eq!(fold().char(folded), folded, "{c}");
        }
    }
}
