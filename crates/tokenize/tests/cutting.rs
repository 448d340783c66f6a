//! What the tokenizer promises to its callers, on real words, on odd texts and on random ones.

use std::sync::LazyLock;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tocsin_model::{
    ArrivalTime, AuthorId, Engagement, EventTime, Matched, Position, Post, PostId, Sighting, SourceId,
    Timing, Token, Update,
};
use tocsin_tokenize::{Scratch, Tokenizer};

static TOKENIZER: LazyLock<Tokenizer> =
    LazyLock::new(|| Tokenizer::new(["山岚茶饮", "好喝到哭", "", "茶", "a b"].map(String::from)));

fn cut(text: &str) -> Vec<Token> {
    TOKENIZER.cut(text, &mut Scratch::default())
}

#[track_caller]
fn check(text: &str, expect: Expect) {
    let tokens: Vec<String> = cut(text).iter().map(|t| format!("{}{}", initial(t), t.of(text))).collect();
    expect.assert_eq(&tokens.join(" "));
}

/// Words bare, all others with the first letters of their kind.
fn initial(token: &Token) -> String {
    match format!("{:?}", token.kind) {
        kind if kind == "Word" => String::new(),
        kind => format!("{}:", &kind[..4.min(kind.len())]),
    }
}

/// The laws: in order, not overlapping, on character borders, only white space between.
fn keeps_the_laws(text: &str) -> Result<(), TestCaseError> {
    let mut at = 0;
    for token in cut(text) {
        let (start, end) = (token.start as usize, token.end as usize);
        prop_assert!(start >= at && end > start, "{token:?} after {at} in {text:?}");
        prop_assert!(text.is_char_boundary(start) && text.is_char_boundary(end));
        prop_assert!(text[at..start].chars().all(char::is_whitespace), "lost {:?}", &text[at..start]);
        at = end;
    }
    prop_assert!(text[at..].chars().all(char::is_whitespace), "lost {:?}", &text[at..]);
    Ok(())
}

#[test]
fn brand_terms_and_the_users_words_stay_whole() {
    check("山岚茶饮的新品好喝到哭", expect!["山岚茶饮 的 新品 好喝到哭"]);
    let plain = Tokenizer::new([]);
    assert!(plain.cut("好喝到哭", &mut Scratch::default()).len() > 1, "not in the dictionary by itself");
}

#[test]
fn every_kind_is_told_apart() {
    check(
        "#山岚茶饮# 喝完拉肚子！！！[怒]😡 退我25.5元 @茶小姐 http://t.cn/A1。",
        expect![
            "Hash:#山岚茶饮# 喝完 拉肚子 Mark:！！！ Emot:[怒] Emoj:😡 退 我 Numb:25.5 元 Acco:@茶小姐 Url:http://t.cn/A1 Mark:。"
        ],
    );
}

#[test]
fn words_of_other_scripts_are_whole() {
    check(
        "don't buy café crème, it’s naïve; кофе コーヒー",
        expect!["don't buy café crème Mark:, it’s naïve Mark:; кофе コーヒー"],
    );
    check(
        "我的iPhone17坏了 'quoted' 50% C++ e\u{301}",
        expect!["我 的 iPhone17 坏 了 Mark:' quoted Mark:' Numb:50% C++ e\u{301}"],
    );
}

#[test]
fn odd_texts_are_cut_in_linear_time() {
    let emoji = "👨‍👩‍👧😡".repeat(5_000);
    let zalgo = "e\u{301}\u{300}\u{302}".repeat(8_000);
    let repeated = [
        "啊", "a", "#", "@", "[", "#a", "@a", "h", "http://", "www.", "❤", "'", "\u{301}", "\u{200d}", "🇨",
        "！", ".", "９", "\0",
    ];
    let mut texts: Vec<String> = repeated.iter().map(|s| s.repeat(65_536 / s.len())).collect();
    texts.extend([String::new(), " ".into(), "x".into(), "字".into(), emoji, zalgo]);
    // Quadratic work over 64 KiB would take minutes; the test runner would show it.
    for text in &texts {
        keeps_the_laws(text).unwrap();
    }
}

#[test]
fn an_update_is_not_cut_and_a_bare_repost_has_its_parents_fingerprint() {
    let scratch = &mut Scratch::default();
    let update = Update {
        gain: Engagement::default(),
        gained_this_hour: 0,
        first_arrived: ArrivalTime::default(),
        edited: false,
        taken_down: false,
    };
    let update = TOKENIZER.tokenize(matched("山岚茶饮", 12, Sighting::Update(update)), scratch);
    assert_eq!((update.tokens.len(), update.fingerprint), (0, 0));

    let first = || Sighting::First(Timing::AsStated);
    let chain = "转发微博//@茶小姐:山岚茶饮喝出虫子";
    let bare = TOKENIZER.tokenize(matched(chain, "转发微博".len(), first()), scratch);
    let other =
        TOKENIZER.tokenize(matched("转发微博//@茶小姐:今天天气不错", "转发微博".len(), first()), scratch);
    assert_ne!(bare.fingerprint, other.fingerprint, "the whole text counts");

    let own = "太恶心了".len();
    let a = TOKENIZER.tokenize(matched("太恶心了//@茶小姐:山岚茶饮喝出虫子", own, first()), scratch);
    let b = TOKENIZER.tokenize(matched("太恶心了//@王二:今天天气不错", own, first()), scratch);
    assert_eq!(a.fingerprint, b.fingerprint, "only the author's own words count");
    assert!(a.tokens.iter().all(|t| t.end as usize <= own), "and only they are cut");
}

fn matched(clean: &str, own: usize, sighting: Sighting) -> Matched {
    let source = SourceId::new("weibo").expect("a source");
    Matched {
        position: Position(0),
        post: Box::new(Post::new(
            PostId::new(source, "1").expect("an id"),
            AuthorId::new("a").expect("an author"),
            clean,
        )),
        clean: clean.into(),
        own,
        at: EventTime::default(),
        sighting,
        mentions: vec![],
        took_at: None,
        brands_version: 0,
    }
}

/// Pieces that special tokens are made of, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "#",
        "@",
        "[",
        "]",
        "怒",
        "山岚茶饮",
        "a",
        "B",
        "1",
        ".",
        "-",
        "_",
        " ",
        "\n",
        "\r\n",
        "\u{3000}",
        "http://",
        "https://",
        "www.",
        "/",
        "?",
        "，",
        "！",
        "'",
        "’",
        "é",
        "к",
        "あ",
        "e\u{301}",
        "😡",
        "👨‍👩‍👧",
        "❤️",
        "🇨",
        "\u{200d}",
        "\u{fe0f}",
        "…",
        "𠮷",
        "한",
        "٣",
        "%",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|p| p.concat())
}

proptest! {
    #[test]
    fn joined_tokens_give_any_text_back(text in any::<String>()) {
        keeps_the_laws(&text)?;
    }
    #[test]
    fn joined_tokens_give_nasty_texts_back(text in pieces()) {
        keeps_the_laws(&text)?;
    }
    #[test]
    fn a_used_scratch_changes_nothing(a in pieces(), b in pieces()) {
        let mut scratch = Scratch::default();
        TOKENIZER.cut(&a, &mut scratch);
        prop_assert_eq!(TOKENIZER.cut(&b, &mut scratch), cut(&b));
    }
}
