//! Looking for brands: 10,000 keywords against a plain automaton of the same words, and what more brands cost.

use std::hint::black_box;
use std::sync::Arc;

use daachorse::CharwiseDoubleArrayAhoCorasickBuilder;
use tocsin_ingest::{BrandSet, Cleaned, Matcher, clean};
use tocsin_model::{ArrivalTime, Post};
use tocsin_wire::read_post;

use crate::Fault;
use crate::chain::brands;
use crate::chance::Chance;
use crate::corpus::Corpus;
use crate::keywords::Keywords;
use crate::table::{Bar, Table, Unit};
use crate::watch::{Takes, cpu_seconds_of};

/// Terms of a brand.
const TERMS: usize = 10;

pub(crate) fn measure(
    corpus: &Corpus,
    keywords: &Keywords,
    rounds: usize,
    table: &mut Table,
) -> Result<(), Fault> {
    let posts: Vec<(Post, Cleaned)> = corpus.lines.iter().filter_map(|line| read(line)).collect();
    let plain = CharwiseDoubleArrayAhoCorasickBuilder::new()
        .build::<_, _, u32>(&keywords.words)
        .map_err(|fault| format!("the plain automaton: {fault}"))?;
    let mut keyword_brands = Matcher::new(Arc::new(brands(&keywords.words, None)?));
    let mut few = Matcher::new(Arc::new(made_up(10)?));
    let mut many = Matcher::new(Arc::new(made_up(10_000)?));
    let (mut took_plain, mut took_keywords, mut took_few, mut took_many) = (vec![], vec![], vec![], vec![]);
    for round in 0..=rounds {
        let alone = cpu_seconds_of(|| {
            for (_, text) in &posts {
                black_box(plain.find_overlapping_iter(&text.text).count());
            }
        });
        let ours = match_all(&mut keyword_brands, &posts);
        let (ten, ten_thousand) = (match_all(&mut few, &posts), match_all(&mut many, &posts));
        if round > 0 {
            took_plain.push(alone);
            took_keywords.push(ours);
            took_few.push(ten);
            took_many.push(ten_thousand);
        }
    }
    let each = |took: &[f64]| Takes::of(took.iter().map(|t| t / posts.len() as f64 * 1e6).collect());
    let ratio = |of: &[f64], by: &[f64]| Takes::of(of.iter().zip(by).map(|(a, b)| a / b).collect());
    let at_most = |most| Some(Bar::AtMost(most));
    table.takes("plain daachorse charwise, 10,000 keywords, a post", Unit::Micros, each(&took_plain), None);
    table.takes("ours, the same as 1,000 brands of 10, a post", Unit::Micros, each(&took_keywords), None);
    table.takes("  ÷ plain daachorse", Unit::Times, ratio(&took_keywords, &took_plain), at_most(1.2));
    table.takes("10 brands of 10 terms, a post", Unit::Micros, each(&took_few), None);
    table.takes("10,000 brands of 10 terms, a post", Unit::Micros, each(&took_many), None);
    table.takes("  ÷ 10 brands", Unit::Times, ratio(&took_many, &took_few), at_most(2.0));
    Ok(())
}

fn read(line: &[u8]) -> Option<(Post, Cleaned)> {
    let post = read_post(line, ArrivalTime::from_millis(1_768_176_000_000)).ok()?;
    let cleaned = clean(&post);
    Some((post, cleaned))
}

fn match_all(matcher: &mut Matcher, posts: &[(Post, Cleaned)]) -> f64 {
    cpu_seconds_of(|| {
        for (post, text) in posts {
            black_box(matcher.mentions(post, text));
        }
    })
}

/// Brands whose names nobody says: what is left is the price of looking for them. Terms of 3 to 6
/// characters out of 2,000 frequent ones.
fn made_up(number: usize) -> Result<BrandSet, Fault> {
    let mut chance = Chance::new(7);
    let mut term = || -> String {
        let length = 3 + chance.below(4);
        (0..length).filter_map(|_| char::from_u32(0x4E00 + chance.below(2_000) as u32)).collect()
    };
    let terms: Vec<String> = (0..number * TERMS).map(|_| term()).collect();
    brands(&terms, None)
}
