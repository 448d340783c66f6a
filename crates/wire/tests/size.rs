//! What a brand takes up in a store at any volume, as bytes.

use tocsin_model::{Counts, DELAY_SECONDS, DayCounts, Delays, Detail, HISTORY_HOURS, TopList};

/// A bucket of so many posts with every counter in use.
fn counts(posts: u64) -> Counts {
    Counts {
        posts,
        heard: posts,
        negative: 400 * posts,
        negative_squares: 300 * posts,
        angry: 200 * posts,
        reposts: posts / 2,
        reach: 10_000 * posts,
        likes_gained: 20 * posts,
        reposts_gained: 2 * posts,
        comments_gained: 3 * posts,
        views_gained: 500 * posts,
        top_gain: 10 * posts,
        // Of a brand that has lists and accounts of its own; elsewhere they take up nothing.
        ignored: 0,
        answers: 0,
        top_gain_against: 5 * posts,
    }
}

fn full(list: &mut TopList, key: &str, note: Option<&str>) {
    let room = list.capacity();
    for n in 0..room as u64 {
        list.add(&format!("{key}{n:02}"), 100_000 + n, note);
    }
    list.trim();
}

/// An hour of evidence with every list full, ids and names as long as those of Weibo, and the longest excerpts.
fn detail() -> Detail {
    let author = "xiaohongshu\t5f0c1a2b3c4d5e6f70\t用户昵称一二三四";
    let mut detail = Detail::default();
    for n in 0..100_000 {
        detail.authors.insert(n);
        detail.texts.insert(n);
    }
    full(&mut detail.terms, "四个汉字", None);
    full(&mut detail.posts, "xiaohongshu/64a1b2c3d4e5f6a7b8c9", Some(&"字".repeat(80)));
    full(&mut detail.top_authors, "0123456789abcd", Some(author));
    full(&mut detail.sources, "xiaohongshu", None);
    full(&mut detail.roots, "xiaohongshu/64a1b2c3d4e5f6a7b8c9", Some(author));
    detail
}

fn day(posts_an_hour: u64) -> DayCounts {
    let mut day = DayCounts { hours: [counts(posts_an_hour); 24], ..DayCounts::default() };
    full(&mut day.origins.names, "xiaohongshu", None);
    day.origins.delays = Delays([posts_an_hour; DELAY_SECONDS.len() + 1]);
    day
}

/// Ten million posts in two days, after eight weeks with a hundred an hour: 48 hours of minutes, an hour's together
/// in one row; four hours of evidence; the days. A row's key takes up 40 bytes.
#[test]
fn a_brand_takes_up_at_most_200_kib_after_ten_million_posts() {
    const KEY: usize = 40;
    let (a_minute, an_hour) = (10_000_000 / (48 * 60), 10_000_000 / 48);
    let minutes = 48 * (60 * tocsin_wire::write_counts(&counts(a_minute)).len() + KEY);
    let evidence = 4 * (tocsin_wire::write_detail(&detail()).len() + KEY);
    let busy = 2 * (tocsin_wire::write_day(&day(an_hour)).len() + KEY);
    let quiet = (HISTORY_HOURS / 24 - 1) * (tocsin_wire::write_day(&day(100)).len() + KEY);
    let all = minutes + evidence + busy + quiet;
    assert!(all <= 200 * 1024, "{minutes} + {evidence} + {busy} + {quiet} = {all}");
}
