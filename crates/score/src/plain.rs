//! The text as the lexicon knows it: lower case, `goooood` as `good`, accents put on top of letters taken off.
//!
//! Lengths stay as they are, so places do, too: what is taken out of a word is made up by spaces behind it.

use std::borrow::Cow;

/// Makes a text plain. `is_word` says what the lexicon knows: `goooood` becomes `good`, and `sooooo` `so`.
pub(crate) fn plain(text: &str, is_word: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    // Without a way out inside a chunk the compiler looks at many bytes at once.
    let odd = |b: &u8| u8::from(b.is_ascii_uppercase() | matches!(b, 0xCC | 0xCD));
    let small = |b: &u8| u8::from(b.is_ascii_lowercase()) << 1;
    let seen = bytes.iter().fold(0, |seen, b| seen | odd(b) | small(b));
    if seen & 1 == 0 && !(seen & 2 != 0 && is_stretched(bytes)) {
        return Cow::Borrowed(text);
    }
    let mut out = text.to_ascii_lowercase();
    if is_stretched(out.as_bytes()) || bytes.iter().any(|b| matches!(b, 0xCC | 0xCD)) {
        out = squeeze(&out, is_word);
    }
    Cow::Owned(out)
}

/// Whether the same letter stands three times in a row.
fn is_stretched(bytes: &[u8]) -> bool {
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or(&[])).zip(bytes.get(2..).unwrap_or(&[]));
    pairs.fold(false, |any, ((a, b), c)| any | (a == b && b == c && a.is_ascii_lowercase()))
}

/// Word by word.
fn squeeze(text: &str, is_word: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let of_word = |c: char| c.is_ascii_alphabetic() || is_accent(c);
        let length = rest.find(|c| !of_word(c)).unwrap_or(rest.len()).max(c.len_utf8());
        let (word, behind) = rest.split_at(length);
        if of_word(c) {
            let twice = shorten(word, 2);
            let short = if is_word(&twice) { twice } else { shorten(word, 1) };
            out.push_str(&short);
            out.extend(std::iter::repeat_n(' ', word.len() - short.len()));
        } else {
            out.push_str(word);
        }
        rest = behind;
    }
    out
}

/// Without accents; a letter that stands three times or more stands `times`.
fn shorten(word: &str, times: usize) -> String {
    let letters: Vec<u8> = word.bytes().filter(u8::is_ascii).collect();
    let runs = letters.chunk_by(|a, b| a == b);
    let kept = runs.flat_map(|run| &run[..if run.len() > 2 { times } else { run.len() }]);
    kept.map(|b| char::from(*b)).collect()
}

/// Accents that are characters of their own (Combining Diacritical Marks, U+0300 to U+036F): two bytes each.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}')
}

/// Whether anything can be known from a text: two different letters that we read (Chinese, or ASCII), not
/// garbled by a wrong encoding.
pub(crate) fn says_something(text: &str) -> bool {
    let reads = |c: &char| c.is_ascii_alphabetic() || matches!(c, '\u{4E00}'..='\u{9FFF}');
    let mut letters = text.chars().filter(reads).filter(|c| !"锟拷".contains(*c));
    letters.next().is_some_and(|first| letters.any(|c| c != first)) && !is_garbled(text)
}

/// UTF-8 that was read as GBK: its first bytes E4 to E9 and what follows them make these characters, which
/// are rare otherwise. So are those of UTF-8 that was read as Latin-1.
fn is_garbled(text: &str) -> bool {
    let (mut han, mut odd) = (0, 0);
    for c in text.chars() {
        match c {
            '\u{4E00}'..='\u{9FFF}' => {
                han += 1;
                odd += usize::from(GARBLED.binary_search(&c).is_ok());
            }
            '\u{FFFD}' | '\u{80}'..='\u{FF}' => {
                han += 1;
                odd += 1;
            }
            _ => {}
        }
    }
    odd >= 3 && odd * 3 >= han
}

/// Sorted.
#[rustfmt::skip] // Many characters a line.
const GARBLED: [char; 242] = [
    '亾', '佸', '傚', '冨', '劧', '勫', '勬', '勭', '勾', '卞', '呭', '呮', '哄', '嗗', '嚭', '囧', '垚', '垮', '埌', '堝',
    '夊', '夋', '姏', '姘', '姝', '姟', '姣', '姩', '姹', '娆', '娉', '娌', '娓', '娲', '娴', '婀', '婂', '嬪', '嬫', '宸',
    '寤', '寮', '寰', '尯', '屼', '屽', '屾', '峰', '嶄', '嶅', '嶆', '嶇', '嶈', '庡', '庢', '忓', '忔', '悊', '悗', '惧',
    '愬', '憳', '戜', '戝', '戞', '戠', '挎', '搴', '撳', '敓', '敤', '斿', '昏', '暱', '曞', '朵', '杈', '杞', '杩', '板',
    '柟', '栦', '栧', '棰', '棿', '椂', '椋', '椤', '椾', '楀', '楂', '槸', '樺', '欎', '欐', '氬', '氳', '浗', '浜', '浠',
    '浣', '浼', '涓', '涔', '涘', '淇', '渚', '湁', '湰', '満', '滑', '潰', '潵', '澧', '澶', '濂', '濡', '濮', '瀛', '瀵',
    '瀹', '灏', '灞', '炲', '烘', '熷', '熸', '犱', '犲', '琚', '琛', '瑕', '瑗', '瑙', '瑰', '璁', '璇', '璋', '璐', '璧',
    '璺', '瓙', '甯', '畾', '皯', '稿', '笂', '笟', '簬', '細', '綋', '綔', '繃', '绀', '绉', '绔', '绗', '绛', '绾', '缁',
    '缇', '腑', '藉', '虹', '褰', '讳', '诲', '跺', '蹇', '轰', '釜', '銆', '鍋', '鍏', '鍐', '鍑', '鍒', '鍓', '鍔', '鍖',
    '鍗', '鍘', '鍙', '鍚', '鍛', '鍜', '鍝', '鍥', '鍦', '鍧', '鍩', '鎬', '鎯', '鎰', '鎴', '鎵', '鎶', '鎷', '鎸', '鎺',
    '鎻', '鏀', '鏁', '鏂', '鏃', '鏄', '鏇', '鏈', '鏉', '鏋', '鏍', '鐐', '鐗', '鐜', '鐢', '鐨', '鐩', '鐪', '鐫', '鐭',
    '鑰', '鑱', '鑲', '鑳', '鑷', '鑸', '鑻', '锋', '锛', '閫', '閬', '閭', '閮', '閲', '闀', '闂', '闃', '闄', '闅', '闈',
    '骇', '骞',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let plain = plain(text, |word| word == "good");
        assert_eq!(plain, expected);
        assert_eq!(plain.len(), text.len());
    }

    #[test]
    fn stretched_words_are_what_they_were_and_keep_their_length() {
        check("Sooooo GOOOOOD!", "so     good   !");
        check("www.喝了喝了喝了", "w  .喝了喝了喝了");
        check("t\u{337}er\u{337}r", "terr    ");
        check("好好好吃 good", "好好好吃 good");
        check("", "");
        check("aa", "aa");
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        let nothing = [
            "",
            "。",
            "啊啊啊啊",
            "aaaa",
            "😀🙃",
            "锟斤拷锟斤拷",
            "浣犲ソ锛屼笘鐣",
            "å¥½å\u{90}\u{83}",
            "שלום",
            "ก็",
        ];
        nothing.iter().for_each(|text| assert!(!says_something(text), "{text}"));
        ["你好", "ok", "好吃", "café naïve"].iter().for_each(|text| assert!(says_something(text), "{text}"));
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(GARBLED.is_sorted());
    }
}
