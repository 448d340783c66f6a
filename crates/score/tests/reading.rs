//! What the scorer makes of whole texts: a crisis, praise, chatter, two brands, odd texts.

use std::sync::LazyLock;

use proptest::prelude::*;
use tocsin_model::{
    ArrivalTime, AuthorId, BrandId, CROWD_ACTS, Emotion, Engagement, EventTime, Intent, Label, Matched,
    Mention, MentionedBy, Position, Post, PostId, Sentiment, Sighting, SourceId, Timing, Token, TokenKind,
    Tokenized, Update,
};
use tocsin_score::{Reading, Scorer, Scratch, reach};

static SCORER: LazyLock<Scorer> = LazyLock::new(|| Scorer::new(vec![]));

fn read(text: &str) -> Reading {
    SCORER.read(text, text.len(), &[])
}

#[track_caller]
fn check(text: &str, label: Label, emotion: Emotion, intent: Intent, concerns: &[&str]) {
    let reading = read(text);
    let seen: Vec<&str> = reading.concerns.iter().map(|c| &*c.0).collect();
    // Where nothing is felt no feeling is likely.
    let felt = Some(reading.emotions.label()).filter(|e| reading.emotions.of(*e).thousandths() >= 250);
    let felt = felt.unwrap_or(Emotion::None);
    assert_eq!(
        (reading.sentiment.label(), felt, reading.intent, &seen[..]),
        (label, emotion, intent, concerns),
        "{text}: {:?} {:?}",
        reading.sentiment,
        reading.emotions
    );
}

#[test]
fn a_burst_of_complaints_is_clearly_negative_and_angry() {
    let burst = [
        "山岚茶饮的客服真是气死我了，退款拖了半个月，退钱！",
        "喝了山岚的奶茶全家拉肚子，太恶心了，必须投诉到底[怒]",
        "避雷山岚茶饮！态度恶劣，再也不来了😡",
        "山岚茶饮虚假宣传，骗子，大家一起维权曝光它",
        "垃圾山岚，还我钱，不退款就打12315",
        "Absolutely disgusting service from Shanlan, I want a refund NOW. Never again! 😡",
    ];
    for text in burst {
        let reading = read(text);
        assert!(reading.sentiment.negative.thousandths() >= 600, "{text}: {:?}", reading.sentiment);
        assert!(reading.emotions.of(Emotion::Anger).thousandths() >= 150, "{text}: {:?}", reading.emotions);
        assert_eq!(reading.intent, Intent::Complaint, "{text}");
    }
}

#[test]
fn praise_is_positive_and_chatter_is_neutral() {
    use {Emotion::*, Intent::*, Label::*};
    check("山岚茶饮的新品太好喝了，强烈推荐，爱了爱了😍", Positive, Joy, Praise, &[]);
    check("Love the new oolong at Shanlan, staff were so friendly!", Positive, Joy, Praise, &["service"]);
    check("下午三点在山岚茶饮楼下等人", Neutral, None, Other, &[]);
    check("山岚茶饮几点关门？", Neutral, None, Question, &[]);
    check("Meeting at the Shanlan on 5th street", Neutral, None, Other, &[]);
    check("", Neutral, None, Other, &[]);
}

#[test]
fn purposes_are_told_apart() {
    use {Emotion::*, Intent::*, Label::*};
    check("转发抽奖！关注并转发，抽三位送奶茶券", Neutral, None, Promotion, &[]);
    check("网传山岚茶饮门店周五检查，是真的吗", Neutral, None, Rumour, &[]);
    check("据悉，山岚茶饮第三季度门店达到三百家", Neutral, None, News, &[]);
    check("建议山岚茶饮出个小杯", Neutral, None, Suggestion, &[]);
    check("被坑了，山岚茶饮", Negative, Anger, Complaint, &["other"]);
}

#[test]
fn negation_degree_and_contrast_are_heard() {
    let negative = |text: &str| read(text).sentiment.negative;
    let positive = |text: &str| read(text).sentiment.positive;
    assert!(negative("这家店服务一点都不周到") > positive("这家店服务一点都不周到"));
    assert!(negative("This is not good") > positive("This is not good"));
    assert!(positive("not terrible") > negative("not terrible"));
    assert!(negative("非常失望") > negative("有点失望"));
    assert!(negative("杯子漂亮，但是难喝") > negative("难喝，但是杯子漂亮"));
    assert!(positive("难喝，但是杯子漂亮") > positive("杯子漂亮，但是难喝"));
}

#[test]
fn irony_turns_praise_around() {
    let meant = read("呵呵，等了两个小时，服务真贴心👏");
    assert!(meant.irony.thousandths() >= 500, "{:?}", meant.irony);
    assert_eq!(meant.sentiment.label(), Label::Negative);
    assert!(read("服务真贴心").irony < meant.irony);
    assert_eq!(read("服务真贴心").sentiment.label(), Label::Positive);
}

#[test]
fn traditional_writing_reads_as_simplified_does() {
    let (a, b) = (read("太噁心了，氣死我，退錢！"), read("太恶心了，气死我，退钱！"));
    assert_eq!(a, b);
}

#[test]
fn accounts_links_and_a_brands_own_name_are_no_opinion() {
    let text = "@垃圾分类 http://t.cn/bad 好利来";
    let at = |part: &str| text.find(part).map(|i| (i as u32, (i + part.len()) as u32)).unwrap();
    let token = |part: &str, kind| Token { start: at(part).0, end: at(part).1, kind };
    let tokens = [token("@垃圾分类", TokenKind::Account), token("http://t.cn/bad", TokenKind::Url)];
    let (reading, _) =
        SCORER.read_towards(text, text.len(), &tokens, &[mention("好利来", vec![at("好利来")])]);
    assert_eq!(reading.sentiment.label(), Label::Neutral);
}

#[test]
fn each_brand_has_the_mood_of_its_clause() {
    let text = "山岚茶饮真好喝，服务也贴心，超喜欢。云岭茶坊太恶心了，难喝，垃圾！";
    let at = |part: &str| text.find(part).map(|i| (i as u32, (i + part.len()) as u32)).unwrap();
    let mentions = [
        mention("山岚茶饮", vec![at("山岚茶饮")]),
        mention("云岭茶坊", vec![at("云岭茶坊")]),
        mention("descended", vec![]),
    ];
    let (whole, towards) = SCORER.read_towards(text, text.len(), &[], &mentions);
    assert_eq!(towards[0].1.label(), Label::Positive, "{towards:?}");
    assert_eq!(towards[1].1.label(), Label::Negative, "{towards:?}");
    assert_eq!(towards[2].1, whole.sentiment);
    let (whole, alone) = SCORER.read_towards(text, text.len(), &[], &mentions[..1]);
    assert_eq!(alone[0].1, whole.sentiment, "the only brand has the mood of the whole");
}

#[test]
fn the_repost_chain_is_not_the_authors_word() {
    let (own, chain) = ("路过看看", "//@某人:垃圾，退钱，骗子");
    let text = format!("{own}{chain}");
    assert_eq!(SCORER.read(&text, own.len(), &[]), read(own));
}

#[test]
fn the_users_words_change_the_reading_and_the_version() {
    assert_eq!(&**SCORER.model(), tocsin_score::RULES);
    let scorer = |weight: f64| {
        let concerns = vec![("sugar".to_string(), vec!["含糖量".to_string()])];
        Scorer::with_concerns(vec![("含糖量".into(), weight)], concerns)
    };
    let (ours, theirs) = (read("含糖量"), scorer(-3.0).read("含糖量", 9, &[]));
    assert_eq!((ours.sentiment.label(), theirs.sentiment.label()), (Label::Neutral, Label::Negative));
    assert_eq!(&*theirs.concerns[0].0, "sugar");
    assert_eq!(scorer(-3.0).model(), scorer(-3.0).model());
    assert_ne!(scorer(-3.0).model(), scorer(-2.0).model());
}

#[test]
fn updates_and_bare_reposts_say_nothing() {
    let angry = "垃圾，退钱，气死我了";
    let first = || Sighting::First(Timing::AsStated);
    let update = Update {
        gain: Engagement::default(),
        gained_this_hour: 0,
        first_arrived: ArrivalTime::default(),
        edited: false,
        taken_down: false,
    };
    let loud = Update { gained_this_hour: CROWD_ACTS, ..update.clone() };
    let loud = SCORER.score(tokenized(angry, angry.len(), Sighting::Update(loud)), &mut Scratch::default());
    assert_eq!((loud.sentiment.label(), loud.reach), (Label::Negative, 0), "it matters what thousands like");
    let scored =
        SCORER.score(tokenized(angry, angry.len(), Sighting::Update(update)), &mut Scratch::default());
    assert_eq!((scored.sentiment, scored.reach), (Sentiment::NEUTRAL, 0));
    assert_eq!(scored.by_brand, [(brand("山岚"), Sentiment::NEUTRAL)]);

    let bare = format!("转发微博//@某人:{angry}");
    let scored = SCORER.score(tokenized(&bare, "转发微博".len(), first()), &mut Scratch::default());
    assert_eq!((scored.sentiment, scored.emotions.label()), (Sentiment::NEUTRAL, Emotion::None));
    assert_eq!(scored.reach, 50, "but it reaches people");

    let scored = SCORER.score(tokenized(angry, angry.len(), first()), &mut Scratch::default());
    assert_eq!(scored.sentiment.label(), Label::Negative);
    assert_eq!(scored.by_brand[0].1, scored.sentiment);
}

#[test]
fn reach_is_views_or_else_an_estimate_from_what_is_known() {
    let of = |followers, likes, reposts, comments, views| {
        let mut post = tokenized("a", 1, Sighting::First(Timing::AsStated)).matched.post;
        post.author.followers = followers;
        post.engagement = Engagement { likes, reposts, comments, views };
        reach(&post)
    };
    assert_eq!(of(None, 0, 0, 0, 0), 1, "the author has read it");
    assert_eq!(of(Some(1_000), 0, 0, 0, 0), 50);
    assert_eq!(of(Some(1_000), 10, 0, 5, 0), 300);
    assert_eq!(of(Some(1_000), 0, 10, 0, 0), 200);
    assert_eq!(of(Some(1_000_000), 3, 2, 1, 777), 777);
    assert_eq!(of(None, 500, 0, 0, 3), 500, "a wrong count of views is not below the acts");
    of(Some(u64::MAX), u64::MAX, u64::MAX, u64::MAX, 0);
}

#[test]
fn odd_texts_are_read_in_linear_time() {
    let repeated = [
        "啊", "a", "不", "但", "垃圾", "好", "，", "。", "很", "!", "[怒]", "😡", "bad ", "e\u{301}", "\0",
        "呵",
    ];
    for piece in repeated {
        let text = piece.repeat(65_536 / piece.len());
        let sum = sum(read(&text).sentiment);
        assert_eq!(sum, 1000, "{piece}");
    }
    // Many brands, many places, many clauses.
    let text = "好，坏。".repeat(5_000);
    let clause = "好，坏。".len() as u32;
    let mentions: Vec<Mention> = (0..2_000u32)
        .map(|i| mention(&i.to_string(), (0..8).map(|k| (i * 2 * clause, i * 2 * clause + 3 * k)).collect()))
        .collect();
    assert_eq!(SCORER.read_towards(&text, text.len(), &[], &mentions).1.len(), 2_000);
}

proptest! {
    #[test]
    fn probabilities_add_up_for_any_text(text in any::<String>()) {
        adds_up(&text)?;
    }
    #[test]
    fn probabilities_add_up_for_any_mix_of_words(text in words()) {
        adds_up(&text)?;
    }
}

/// Words of all groups, in any order.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "不", "没有", "很", "太", "但是", "but", "not ", "very ", "垃圾", "好吃", "bad ", "GOOD ", "，",
        "。", "？", "呵呵", "[微笑]", "[怒]", "😡", "抽奖", "据说", "记者", "建议", "客服", "涨价", "#", "@",
        " ", "\n", "é", "山岚",
    ]);
    prop::collection::vec(word, 0..60).prop_map(|w| w.concat())
}

fn adds_up(text: &str) -> Result<(), TestCaseError> {
    let reading = read(text);
    prop_assert_eq!(sum(reading.sentiment), 1000);
    prop_assert_eq!(reading.emotions.0.iter().map(|m| m.thousandths()).sum::<u64>(), 1000);
    Ok(())
}

fn sum(s: Sentiment) -> u64 {
    s.negative.thousandths() + s.neutral.thousandths() + s.positive.thousandths()
}

fn brand(name: &str) -> BrandId {
    BrandId::new(name).expect("a brand's name")
}

fn mention(name: &str, places: Vec<(u32, u32)>) -> Mention {
    Mention { brand: brand(name), by: MentionedBy::Name, places }
}

fn tokenized(clean: &str, own: usize, sighting: Sighting) -> Tokenized {
    let source = SourceId::new("weibo").expect("a source");
    let id = PostId::new(source, "1").expect("an id");
    let mut post = Post::new(id, AuthorId::new("a").expect("an author"), clean);
    post.author.followers = Some(1_000);
    let matched = Matched {
        position: Position(0),
        post: Box::new(post),
        clean: clean.into(),
        own,
        at: EventTime::default(),
        sighting,
        mentions: vec![mention("山岚", vec![])],
        took_at: None,
        brands_version: 0,
    };
    Tokenized { matched, tokens: vec![], fingerprint: 0 }
}
