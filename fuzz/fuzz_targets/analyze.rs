//! The way of `tocsin analyze`: any text is cleaned, cut and read; tokens lie in order within the text,
//! probabilities add up.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tocsin_fuzz::post;
use tocsin_ingest::clean;
use tocsin_score::Scorer;
use tocsin_tokenize::{Scratch, Tokenizer, fingerprint};

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(|| Tokenizer::new([]));
static SCORER: LazyLock<Scorer> = LazyLock::new(|| Scorer::new(Vec::new()));

fuzz_target!(|text: &str| {
    let cleaned = clean(&post(text));
    let tokens = TOKENIZER.cut(&cleaned.text, &mut Scratch::default());
    let mut at = 0;
    for token in &tokens {
        assert!(at <= token.start && token.start < token.end);
        assert!(!token.of(&cleaned.text).is_empty());
        at = token.end;
    }
    fingerprint(&cleaned.text, &tokens);
    let reading = SCORER.read(&cleaned.text, cleaned.own, &tokens);
    let s = reading.sentiment;
    assert_eq!(s.negative.thousandths() + s.neutral.thousandths() + s.positive.thousandths(), 1000);
    assert_eq!(reading.emotions.0.iter().map(|p| p.thousandths()).sum::<u64>(), 1000);
});
