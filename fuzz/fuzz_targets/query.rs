//! Any query is compiled or refused with its faults; what is compiled matches any text without a panic. The
//! query is the first line, the text is the rest.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use tocsin_fuzz::post;
use tocsin_ingest::{BrandSet, Matcher, Query, clean};
use tocsin_model::BrandId;

fuzz_target!(|input: &str| {
    let (query, text) = input.split_once('\n').unwrap_or((input, input));
    let Ok(query) = Query::parse(query) else { return };
    let brand = BrandId::new("brand").expect("a brand's name");
    let Ok(set) = BrandSet::compile(vec![(brand, query)], 1) else { return };
    let post = post(text);
    let cleaned = clean(&post);
    for mention in Matcher::new(Arc::new(set)).mentions(&post, &cleaned) {
        for (start, end) in mention.places {
            assert!(cleaned.text.get(start as usize..end as usize).is_some_and(|words| !words.is_empty()));
        }
    }
});
