//! What things take in Redis: a brand at any volume, a post for 48 hours; and what a batch costs Redis.
//! `cargo test --profile proof -p tocsin-redis --test memory -- --nocapture` prints the figures.
#![allow(clippy::unwrap_used, reason = "a test may")]
#![allow(unreachable_pub, dead_code, reason = "modules that several tests share")]

mod carrier;
mod servers;

use carrier::open;
use servers::Servers;
use tocsin_flow::{Claims, Kin, Offer, Windows};
use tocsin_laws::{Dice, post, settle_there};
use tocsin_model::{
    ArrivalTime, BrandId, Counts, Delta, Detail, Engagement, Hour, Lane, Merged, Minute, Position, Record,
    Sighting, Subject, Tell, Took,
};

/// At most so much a brand, in bytes.
const BRAND_MAX: u64 = 200 * 1024;
/// At most so much a post for 48 h, in bytes.
const POST_MAX: u64 = 64;
/// With `TOCSIN_SOAK=1` a million.
const POSTS: u64 = 198_000;
const POSTS_SOAK: u64 = 999_000;
const LANES: u32 = 6;

fn info(servers: &Servers, section: &str, field: &str) -> String {
    let said = servers.tell("cli", 0, &["info", section]);
    said.lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn memory(servers: &Servers) -> u64 {
    info(servers, "memory", "used_memory").parse().unwrap()
}

/// Microseconds that Redis spent in our commands.
fn spent(servers: &Servers) -> u64 {
    let said = servers.tell("cli", 0, &["info", "commandstats"]);
    let own = ["evalsha", "hmget", "hgetall", "hdel", "hkeys", "expire"];
    let lines = said.lines().filter(|l| own.iter().any(|c| l.starts_with(&format!("cmdstat_{c}:"))));
    lines.filter_map(|l| l.split("usec=").nth(1)?.split(',').next()?.parse::<u64>().ok()).sum()
}

/// Microseconds of processor time that Redis took, all of it.
fn redis_cpu(servers: &Servers) -> f64 {
    let seconds = |field| info(servers, "cpu", field).parse::<f64>().unwrap();
    (seconds("used_cpu_user") + seconds("used_cpu_sys")) * 1e6
}

/// The same of this process, in steps of 10 ms.
fn own_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |place: usize| fields[place].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) * 1e4
}

fn now(second: u64) -> ArrivalTime {
    ArrivalTime::from_millis(1_700_000_000_000 + second as i64 * 1_000)
}

#[test]
fn a_post_takes_at_most_64_bytes_for_48_hours() {
    let Some(servers) = Servers::start("start") else { return };
    let posts = if std::env::var_os("TOCSIN_SOAK").is_some() { POSTS_SOAK } else { POSTS };
    let batches =
        move || (0..posts).step_by(3_000).flat_map(|first| (0..LANES).map(move |lane| (first, lane)));
    let make = move |(first, lane): (u64, u32)| {
        let positions = first / u64::from(LANES)..(first + 3_000).min(posts) / u64::from(LANES);
        batch(Lane(lane), positions, posts)
    };
    // What making them costs by itself.
    let began = own_cpu();
    let made: u64 = batches().map(|batch| make(batch).1.len() as u64).sum();
    let making = own_cpu() - began;
    assert_eq!(made, posts);

    let redis = open(&servers.one()).unwrap();
    let mut state = redis.state("chain");
    let (before, cpu_before, began) = (memory(&servers), redis_cpu(&servers), own_cpu());
    settle_there(async move {
        for (first, lane) in batches() {
            let (end, records, tells) = make((first, lane));
            let oldest = records[0].arrived;
            state.claim(Lane(lane), &records).await.unwrap();
            state.meet(Lane(lane), tells, Vec::new(), oldest).await.unwrap();
            state.committed(Lane(lane), end).await;
            state.settle().await.unwrap();
        }
    });
    let (ours, of_redis) = (own_cpu() - began - making, redis_cpu(&servers) - cpu_before);
    let each = (memory(&servers) - before) / posts;
    let a_post = |micros: f64| micros / posts as f64;
    println!(
        "claims, kin and engagement at 500 a batch: {each} bytes a post; {:.2} µs of Redis and {:.2} µs of ours a post",
        a_post(of_redis),
        a_post(ours)
    );
    assert!(each <= POST_MAX, "{each} bytes a post");

    // Somebody else takes the lanes over.
    let mut state = redis.state("chain");
    let (began, cpu_before) = (own_cpu(), redis_cpu(&servers));
    settle_there(async move {
        for lane in 0..LANES {
            assert_eq!(state.stands(Lane(lane)).await.unwrap(), Position(posts / u64::from(LANES)));
        }
        // And half of the posts come again.
        let (end, records, _) = make((posts / 2 / 3_000 * 3_000, 0));
        let known = state.claim(Lane(0), &records).await.unwrap();
        assert!(
            end.0 > 0 && known.iter().all(|s| matches!(s, Sighting::First(_))),
            "the same records are first again"
        );
    });
    println!(
        "taking the lanes over: {:.2} µs of Redis and {:.2} µs of ours a post",
        a_post(redis_cpu(&servers) - cpu_before),
        a_post(own_cpu() - began)
    );
}

/// Posts of one lane, each of which names one of three brands and has some engagement, over 40 hours.
fn batch(lane: Lane, positions: std::ops::Range<u64>, posts: u64) -> (Position, Vec<Record>, Vec<Tell>) {
    let end = Position(positions.end);
    let (mut records, mut tells) = (Vec::new(), Vec::new());
    for position in positions {
        let mut dice = Dice::new(position ^ u64::from(lane.0) << 40);
        let arrived = now(position * 40 * 3_600 / (posts / u64::from(LANES)));
        let post = post(&format!("5{:09}{:05}", dice.below(1_000_000_000), lane.0), 0);
        let engagement =
            Engagement { likes: dice.below(300), reposts: dice.below(20), comments: dice.below(9), views: 0 };
        let brand = BrandId::new(["山岚茶饮", "青柠汽水", "暖阳出行"][dice.below(3) as usize]).unwrap();
        tells.push(Tell {
            id: post.id.clone(),
            position: Position(position),
            took: vec![Took { brand, at: arrived }],
        });
        records.push(Record {
            id: post.id,
            position: Position(position),
            arrived,
            created: post.created,
            engagement,
            text_hash: dice.roll(),
            deleted: false,
        });
    }
    (end, records, tells)
}

#[test]
fn a_brand_takes_at_most_200_kib_at_any_volume() {
    let Some(servers) = Servers::start("start") else { return };
    let mut state = open(&servers.one()).unwrap().state("chain");
    let subject = Subject::Brand(BrandId::new("山岚茶饮").unwrap());
    let whose = subject.clone();
    settle_there(async move {
        let mut dice = Dice::new(1);
        let mut position = 0;
        // Eight weeks of hours, of which the last two days are as full as can be.
        for hour in 0..8 * 7 * 24u64 {
            let merges = if hour < 54 * 24 { 1 } else { 120 };
            for merge in 0..merges {
                let at = now(hour * 3_600 + merge * 3_600 / merges);
                let delta = full(&whose, at, &mut dice);
                let place = Position(position);
                let merged =
                    state.merge(Lane((position % 6) as u32), Position(0), place, place, &delta, at).await;
                assert!(matches!(merged, Ok(Merged::Added(_))), "{merged:?}");
                position += 1;
            }
        }
    });
    let bytes = servers.tell("cli", 0, &["memory", "usage", "tocsin:{b:山岚茶饮}", "samples", "0"]);
    let bytes: u64 = bytes.trim().parse().unwrap();
    println!("a brand as full as can be: {} KiB", bytes / 1024);
    assert!(bytes <= BRAND_MAX, "{bytes} bytes");
}

/// A delta with everything in it that there may be.
fn full(subject: &Subject, at: ArrivalTime, dice: &mut Dice) -> Delta {
    let mut delta = Delta::new(subject.clone());
    let minute = at.minute();
    for back in 0..2 {
        let counter = |dice: &mut Dice| 1_000 + dice.below(100_000);
        let counts = Counts {
            posts: counter(dice),
            heard: counter(dice),
            negative: 1_000 * counter(dice),
            negative_squares: 1_000 * counter(dice),
            angry: 1_000 * counter(dice),
            reposts: counter(dice),
            reach: 10_000 * counter(dice),
            likes_gained: counter(dice),
            reposts_gained: counter(dice),
            comments_gained: counter(dice),
            views_gained: counter(dice),
            top_gain: counter(dice),
            ignored: 0,
            answers: 0,
            top_gain_against: counter(dice),
        };
        delta.minutes.insert(Minute(minute.0 - back), counts);
    }
    let mut detail = Detail::default();
    for _ in 0..500 {
        detail.authors.insert(dice.roll());
        detail.texts.insert(dice.roll());
    }
    let text = |dice: &mut Dice, letters: u64| -> String {
        (0..letters).filter_map(|_| char::from_u32(0x4e00 + dice.below(3_000) as u32)).collect()
    };
    for _ in 0..24 {
        detail.terms.add(&text(dice, 3), dice.below(90_000), None);
    }
    for _ in 0..8 {
        let (id, excerpt) = (format!("weibo/{}", dice.roll()), text(dice, 80));
        detail.posts.add(&id, dice.below(90_000), Some(&excerpt));
    }
    for _ in 0..16 {
        let author = format!("weibo\t{}\t{}", dice.below(9_999_999_999), text(dice, 6));
        detail.top_authors.add(&format!("{:016x}", dice.roll()), dice.below(999), Some(&author));
        detail.roots.add(&format!("weibo/{}", dice.roll()), dice.below(999), Some(&author));
        detail.sources.add(&format!("source{}", dice.below(16)), dice.below(999), None);
    }
    delta.details.insert(Hour(at.hour().0), detail);
    delta
}

#[test]
fn what_a_batch_of_500_posts_costs_redis() {
    let Some(servers) = Servers::start("start") else { return };
    for brands in [1, 30, 500] {
        let mut state = open(&servers.one()).unwrap().state("chain");
        let before = spent(&servers);
        settle_there(async move {
            let mut dice = Dice::new(brands);
            for batch in 0..200u64 {
                let at = now(brands * 1_000_000 + batch);
                let offers: Vec<Offer> =
                    (0..brands).map(|brand| offer(brands, brand, batch, at, &mut dice)).collect();
                let merged = state.merge_all(Lane(0), &offers, at).await.unwrap();
                assert!(merged.iter().all(|m| matches!(m, Merged::Added(_))));
            }
        });
        let cost = (spent(&servers) - before) as f64 / (200.0 * 500.0);
        println!("windows, {brands} brands in a batch of 500 posts: {cost:.2} µs of Redis a post");
    }
}

/// A brand's part of a batch of 500 posts.
fn offer(brands: u64, brand: u64, batch: u64, at: ArrivalTime, dice: &mut Dice) -> Offer {
    let mut delta = Delta::new(Subject::Brand(BrandId::new(&format!("brand {brands} {brand}")).unwrap()));
    let mut detail = Detail::default();
    for _ in 0..500 / brands {
        let counts = Counts { posts: 1, heard: 1, negative: dice.below(1_000), ..Counts::default() };
        delta.minutes.entry(at.minute()).or_default().add(&counts);
        detail.authors.insert(dice.roll());
        detail.texts.insert(dice.roll());
        detail.terms.add(&dice.below(500).to_string(), 600, None);
        detail.top_authors.add(&format!("{:016x}", dice.roll()), 1, Some("weibo\t123456789\t某某"));
    }
    detail.terms.trim();
    detail.top_authors.trim();
    delta.details.insert(at.hour(), detail);
    let (first, last) = (Position(batch * 500), Position(batch * 500 + 499));
    Offer { seen: first, first, last, delta, later: None }
}
