//! Who speaks: some hundred regulars in quiet weeks, thousands on the evening, a few with great reach.

use tocsin_model::{Author, AuthorId, EventTime, Span};

use crate::chance::Chance;

const FIRST: &[&str] = &[
    "小",
    "阿",
    "大",
    "爱吃的",
    "南城",
    "江边",
    "今天的",
    "不困的",
    "慢半拍",
    "半糖",
    "早起",
    "夜跑",
    "城西",
    "一只",
];
const SECOND: &[&str] = &[
    "鹿", "橘子", "周周", "米粒", "麦芽", "老吴", "团子", "木棉", "阿岩", "柚子", "苏打", "海盐", "豆包",
    "青禾", "云朵", "七七",
];

/// Accounts with great reach; made up, like everybody here.
pub(crate) const WELL_KNOWN: &[(&str, u64)] =
    &[("城南食记", 386_000), ("今日街区", 1_240_000), ("较真的老方", 742_000), ("本地新鲜事", 2_150_000)];

/// What the tea house itself signs with.
pub(crate) const OFFICIAL: (&str, u64) = ("山岚茶饮官方", 58_000);

/// Somebody out of `crowd` people; the same number is the same person.
pub(crate) fn somebody(chance: &mut Chance, crowd: u64) -> Author {
    let number = chance.below(crowd);
    // What belongs to a person is drawn from the person, not from the post.
    let mut own = Chance::new(number.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let name = format!("{}{}{}", own.pick(FIRST), own.pick(SECOND), own.below(1_000));
    // From a few to some thousand followers, small accounts by far the most.
    let followers = own.below(30) * own.below(20) * own.below(10) + own.below(40);
    author(&format!("u{}", 100_000 + number), &name, followers, false)
}

/// One with great reach.
pub(crate) fn well_known(index: usize) -> Author {
    let (name, followers) = WELL_KNOWN[index % WELL_KNOWN.len()];
    author(&format!("v{index}"), name, followers, true)
}

/// The brand itself, of whatever name.
pub(crate) fn brand(name: &str) -> Author {
    author("v-brand", &format!("{name}官方"), 210_000, true)
}

/// One of some accounts that were made to speak together: new, and followed by hardly anybody.
pub(crate) fn robot(chance: &mut Chance, crowd: u64, at: EventTime) -> Author {
    let number = chance.below(crowd);
    let mut own = Chance::new(number.wrapping_mul(0x9e6c_63d0_676a_9a99));
    let name = format!("用户{}", 6_000_000_000 + own.below(900_000_000));
    let since = at.minus(Span::from_hours(24 * (2 + own.below(20) as i64)));
    Author { since: Some(since), ..author(&format!("r{number}"), &name, own.below(12), false) }
}

/// The tea house itself.
pub(crate) fn official() -> Author {
    author("v-shanlan", OFFICIAL.0, OFFICIAL.1, true)
}

fn author(id: &str, name: &str, followers: u64, verified: bool) -> Author {
    Author {
        id: AuthorId::new(id).expect("a short id"),
        name: Some(name.to_owned()),
        followers: Some(followers),
        verified: Some(verified),
        since: None,
    }
}
