//! Training and tuning on small made-up sets, and the shipped model on the shared ones.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::path::Path;
use std::sync::Arc;

use tocsin_model::Label;
use tocsin_score::linear::Model;
use tocsin_tokenize::Scratch;
use tocsin_train::{Eyes, Labelled, Part, Question, Recipe, Set, left_out, measure, read_sets, train, tune};

const GOOD: &[&str] = &["味道很好", "服务热情", "下次还来", "物流很快", "great coffee", "really love it"];
const BAD: &[&str] =
    &["又苦又涩", "等了两小时", "客服不理人", "屏幕碎了", "cold and late", "broken on arrival"];
const PLAIN: &[&str] =
    &["今天开会", "公司在北京", "明天发布", "第三季度报告", "opens at nine", "the box is blue"];
const WHERE: &[&str] = &["", "这家店", "昨天", "我朋友说", "，真的", "。", "in town ", "they said "];

fn row(label: &str, text: String) -> Labelled {
    Labelled { label: label.into(), text }
}

fn set(name: &str, labels: &[(&str, &[&str])]) -> Set {
    let rows = WHERE.iter().flat_map(|place| {
        labels
            .iter()
            .flat_map(move |(label, texts)| texts.iter().map(move |t| row(label, format!("{place}{t}"))))
    });
    let rows: Vec<Labelled> = rows.collect();
    Set { name: name.into(), question: Question::of(rows.iter().map(|r| r.label.as_str())), rows }
}

fn small() -> Vec<Set> {
    vec![
        set("three", &[("negative", BAD), ("neutral", PLAIN), ("positive", GOOD)]),
        set("feelings", &[("angry", BAD), ("happy", GOOD), ("none", PLAIN)]),
        set("meant", &[("irony", BAD), ("not_irony", PLAIN)]),
    ]
}

fn made(seed: u64) -> Vec<u8> {
    let recipe = Recipe { seed, models: 2, passes: 4, rows: 2_000, ..Recipe::default() };
    train(&small(), &recipe, &|_, _, _| ()).unwrap().bytes
}

fn reading(model: Vec<u8>) -> Eyes {
    Eyes::new().unwrap().with_model(Arc::new(Model::from_bytes(model.into()).unwrap()))
}

#[test]
fn the_same_seed_makes_the_same_model_and_another_seed_another() {
    let first = made(7);
    assert_eq!(first, made(7));
    assert_ne!(first, made(8));
    assert!(first.len() < 8 << 20);
}

#[test]
fn a_model_reads_what_it_learned() {
    let eyes = reading(made(7));
    for set in &small() {
        let texts: Vec<&str> = set.rows.iter().map(|r| r.text.as_str()).collect();
        let measured = measure(set, &eyes.read_all(&texts, &|_| ()));
        assert!(measured.macro_f1() > 0.9, "{measured:?}");
    }
}

#[test]
fn what_a_set_that_was_left_out_teaches_is_learned_from_the_others() {
    let whole = set("three", &[("negative", BAD), ("neutral", PLAIN), ("positive", GOOD)]);
    let half = whole.rows.len() / 2;
    let part =
        |name: &str, rows: &[Labelled]| Set { name: name.into(), rows: rows.to_vec(), ..whole.clone() };
    let sets = [part("a", &whole.rows[..half]), part("b", &whole.rows[half..])];
    let recipe = Recipe { models: 1, passes: 4, rows: 2_000, ..Recipe::default() };
    let figures = left_out(&sets, &recipe, &|_| ()).unwrap();
    assert_eq!(figures.iter().map(|f| f.set.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    // The two say the same, in other places: both models have seen all that matters.
    assert!(figures.iter().all(|f| f.ours > 0.8 && f.plain > 0.8), "{figures:?}");
}

#[test]
fn probabilities_add_up_whatever_the_text_is() {
    let eyes = Eyes::new().unwrap();
    let mut scratch = Scratch::default();
    for text in [
        "",
        "好",
        "😡😡😡",
        "垃圾退钱",
        "what a day",
        &"哈".repeat(20_000),
        "//@谁:太差了",
        "\u{200d}\u{301}",
    ] {
        let (reading, _) = eyes.read(text, &mut scratch);
        let s = reading.sentiment;
        assert_eq!(s.negative.thousandths() + s.neutral.thousandths() + s.positive.thousandths(), 1000);
        assert_eq!(reading.emotions.0.iter().map(|e| e.thousandths()).sum::<u64>(), 1000, "{text:.20}");
    }
}

/// Nobody outside of this brand calls a failure so, or a success.
const SLANG: &[(&str, &str)] = &[("negative", "塔塔了"), ("positive", "起岚了")];
const ABOUT: &[&str] = &[
    "这批货",
    "今天的茶",
    "新品",
    "门店",
    "外卖",
    "他们家",
    "那个杯子",
    "昨天那单",
    "楼下那家",
    "服务员",
    "小程序",
    "会员日",
    "包装",
    "周边",
    "联名",
    "客服",
];

#[test]
fn a_few_labels_teach_slang_and_nothing_is_forgotten() {
    let rows: Vec<Labelled> = ABOUT[..12]
        .iter()
        .flat_map(|what| SLANG.iter().map(move |(label, slang)| row(label, format!("{what}{slang}"))))
        .chain(ABOUT[..12].iter().map(|what| row("neutral", format!("{what}在二楼"))))
        .collect();
    let shipped = Eyes::new().unwrap();
    let tuned = tune(Model::shipped(), "ours", &rows, 1).unwrap();
    assert_eq!(tuned, tune(Model::shipped(), "ours", &rows, 1).unwrap());
    let eyes = reading(tuned);
    let mut scratch = Scratch::default();
    for what in &ABOUT[12..] {
        for (label, slang) in SLANG {
            let text = format!("{what}{slang}");
            let (said, _) = eyes.read(&text, &mut scratch);
            assert_eq!(said.sentiment.label().name(), *label, "{text}: {:?}", said.sentiment);
        }
    }
    let known = [
        "太难喝了，再也不来",
        "味道很好，服务热情",
        "喝出虫子，退钱！",
        "I love this place",
        "今天上午九点开会",
    ];
    for text in known {
        let label =
            |eyes: &Eyes, scratch: &mut Scratch| -> Label { eyes.read(text, scratch).0.sentiment.label() };
        assert_eq!(label(&eyes, &mut scratch), label(&shipped, &mut scratch), "{text}");
    }
}

/// Macro-F1 in per cent below which the shipped model has got worse: a point under what it had when it was made.
const FLOORS: &[(&str, f64)] = &[
    ("cantonese_forum", 58.9),
    ("chnsenticorp_htl", 86.2),
    ("covid7_emotion", 62.3),
    ("ewect_usual", 76.3),
    ("ewect_usual_emotion", 63.4),
    ("ewect_usual_hant", 75.9),
    ("ewect_virus", 74.2),
    ("ewect_virus_emotion", 56.5),
    ("nlpcc14_review", 75.9),
    ("nlpcc2013", 59.9),
    ("nlpcc2013_emotion", 37.3),
    ("ocemotion", 42.9),
    ("online_shopping_10_cats", 91.3),
    ("openrice_yue", 67.9),
    ("osm2022", 65.0),
    ("osm2022_emotion", 28.7),
    ("sentiment140", 72.7),
    ("tosarcasm", 59.4),
    ("tweeteval_emotion", 65.7),
    ("tweeteval_irony", 63.6),
    ("tweeteval_sentiment", 58.3),
    ("waimai_10k", 85.9),
    ("weibo2018", 86.7),
    ("weibo_senti_100k", 87.8),
    ("weibo_senti_100k_noemo", 69.5),
    ("xs_conv", 83.7),
];

#[test]
fn the_shipped_model_reads_the_shared_sets_no_worse_than_when_it_was_made() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/sentiment");
    if !folder.exists() {
        let said = "the shared sets are not there: what the shipped model gets right is not measured";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{said}");
        eprintln!("skipping: {said}");
        return;
    }
    let eyes = Eyes::new().unwrap();
    let sets = read_sets(&folder, Part::Test).unwrap();
    let mut below = Vec::new();
    for (name, floor) in FLOORS {
        let set = sets.iter().find(|set| set.name == *name).unwrap();
        let texts: Vec<&str> = set.rows.iter().map(|r| r.text.as_str()).collect();
        let f1 = 100.0 * measure(set, &eyes.read_all(&texts, &|_| ())).macro_f1();
        if f1 < *floor {
            below.push(format!("{name}: {f1:.1}, and not {floor}"));
        }
    }
    assert!(below.is_empty(), "{}", below.join("\n"));
}
