//! What it costs to look for brands: 10 of them against 10,000, ten terms each, in the same posts.
//!
//! `zcat posts.jsonl.gz | cargo run --release -p tocsin-ingest --example brands_cost`. Terms are pieces
//! of 2 to 4 characters drawn from the posts themselves. In the first table each has a character more
//! that no post has: what is measured is the price of looking, at its highest, for the posts are full of
//! beginnings of terms. In the second each occurs, so a large set also finds hundreds of brands a post.

use std::io::BufRead;
use std::sync::Arc;
use std::time::Instant;

use tocsin_ingest::{BrandSet, Matcher, Query, clean};
use tocsin_model::{AuthorId, BrandId, Post, PostId, SourceId};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut posts = Vec::new();
    for line in std::io::stdin().lock().lines().take(20_000) {
        let record: serde_json::Value = serde_json::from_str(&line?)?;
        posts.push(post(record["text"].as_str().unwrap_or_default())?);
    }
    if posts.is_empty() {
        return Err("no posts on standard input; give JSON Lines with a text each".into());
    }
    let chars: usize = posts.iter().map(|p| p.text.chars().count()).sum();
    println!("{} posts of {} characters", posts.len(), chars / posts.len());
    println!("clean alone: {:.2} µs a post\n", best_of_many(&posts, |post| clean(post).own));
    for (kind, seed_text) in [("terms that occur nowhere", "\u{A000}"), ("terms from the posts", "")] {
        println!("{kind}");
        let mut least = 0.0;
        for brands in [10, 100, 1_000, 10_000] {
            let mut matcher = Matcher::new(Arc::new(brand_set(&posts, brands, seed_text)?));
            let mut mentions = 0;
            let cost = best_of_many(&posts, |post| {
                let found = matcher.mentions(post, &clean(post)).len();
                mentions += found;
                found
            });
            if least == 0.0 {
                least = cost;
            }
            let each = mentions as f64 / (PASSES * posts.len()) as f64;
            println!(
                "{brands:>6} brands: {cost:.2} µs a post, {:.2} times; {each:.2} mentions a post",
                cost / least
            );
        }
        println!();
    }
    Ok(())
}

/// How often the posts are gone through; the fastest pass counts, for the machine does other things too.
const PASSES: usize = 30;

#[expect(clippy::disallowed_methods, reason = "a stop watch, nothing that a stage would see")]
fn best_of_many(posts: &[Post], mut work: impl FnMut(&Post) -> usize) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..PASSES {
        let start = Instant::now();
        let sum: usize = posts.iter().map(&mut work).sum();
        std::hint::black_box(sum);
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / posts.len() as f64);
    }
    best
}

/// Brands of ten terms; `mark` stands in each term.
fn brand_set(posts: &[Post], brands: usize, mark: &str) -> Result<BrandSet, Box<dyn std::error::Error>> {
    let mut seed = 1u64;
    let mut draw = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut term = || loop {
        let chars: Vec<char> = posts[draw(posts.len())].text.chars().collect();
        let (start, len) = (draw(chars.len()), 2 + draw(3));
        let piece = chars.get(start..start + len).unwrap_or_default();
        if !piece.is_empty() && piece.iter().all(|c| ('\u{4E00}'..'\u{9FFF}').contains(c)) {
            return piece.iter().collect::<String>() + mark;
        }
    };
    let mut all = Vec::new();
    for number in 0..brands {
        let terms: Vec<String> = (0..10).map(|_| term()).collect();
        let query = Query::parse(&terms.join(" OR ")).map_err(|faults| format!("{faults:?}"))?;
        all.push((BrandId::new(&format!("brand {number}"))?, query));
    }
    Ok(BrandSet::compile(all, 1)?)
}

fn post(text: &str) -> Result<Post, Box<dyn std::error::Error>> {
    Ok(Post::new(PostId::new(SourceId::new("weibo")?, "1")?, AuthorId::new("u")?, text))
}
