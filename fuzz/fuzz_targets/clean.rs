//! Any text is cleaned, and a clean text stays as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tocsin_ingest::clean_text;

fuzz_target!(|text: &str| {
    let once = clean_text(text);
    assert_eq!(clean_text(&once), once);
});
