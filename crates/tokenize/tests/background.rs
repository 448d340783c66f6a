//! What is telling among the words of a crisis.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use tocsin_model::TokenKind;
use tocsin_tokenize::{Scratch, Tokenizer};

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(|| Tokenizer::new(["山岚茶饮".to_string()]));

/// The words of these texts, counted, and the most telling of them.
fn terms(texts: &[&str], most: usize) -> Vec<String> {
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    for text in texts {
        for token in TOKENIZER.cut(text, &mut Scratch::default()) {
            if matches!(token.kind, TokenKind::Word | TokenKind::Hashtag) {
                *counted.entry(token.of(text)).or_default() += 1;
            }
        }
    }
    let terms = TOKENIZER.background().terms(counted, most);
    assert!(terms.is_sorted_by(|a, b| a.1 >= b.1), "{terms:?}");
    terms.into_iter().map(|(word, _)| word.to_string()).collect()
}

#[test]
fn what_is_special_to_a_crisis_stands_above_what_everybody_writes() {
    let fire = terms(
        &[
            "今天我的充电宝突然起火了，大家注意",
            "觉得这个充电宝真的不行，起火太吓人，必须召回",
            "什么时候召回？我们都在等，今天又有一个起火",
            "the power bank caught fire and they will not recall it",
            "now the recall, what about the fire",
        ],
        6,
    );
    for word in ["起火", "召回", "充电", "recall", "fire"] {
        assert!(fire.contains(&word.to_string()), "{word} is not in {fire:?}");
    }
    for word in ["的", "了", "今天", "the"] {
        assert!(!fire.contains(&word.to_string()), "{word} is in {fire:?}");
    }
}

#[test]
fn nothing_counted_gives_nothing() {
    let background = TOKENIZER.background();
    assert_eq!(background.terms([], 5), []);
    assert_eq!(background.terms([("起火", 0)], 5), []);
    assert_eq!(background.terms([("起火", 3)], 0), []);
    assert!(background.share("的") > background.share("召回"));
    assert!(background.share("召回") > background.share("未曾见过的词"));
}
