//! Text in, clean text out.

use proptest::prelude::*;

use super::*;
use crate::samples;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(clean_text(text), expected);
}

/// `|` marks where the author's own words end.
#[track_caller]
fn own(text: &str, expected: &str) {
    let cleaned = clean(&samples::post(text));
    assert_eq!(format!("{}|{}", &cleaned.text[..cleaned.own], &cleaned.text[cleaned.own..]), expected);
}

#[test]
fn plain_text_stays() {
    check("", "");
    check("山岚茶饮今天好喝、真的。“好”…", "山岚茶饮今天好喝、真的。“好”…");
    check("Shanlan tea & cake; 3 > 2 < 4 <3 >_<", "Shanlan tea & cake; 3 > 2 < 4 <3 >_<");
}

#[test]
fn full_width_becomes_half_width() {
    check("Ｓｈａｎｌａｎ　ＴＥＡ！（１２）～", "Shanlan TEA!(12)~");
}

#[test]
fn white_space_and_control_characters_collapse() {
    check("  a \t\u{A0} b\u{3000}\u{2003}c\u{0}\u{1}d  ", "a b c d");
    check("a \r\n \n b\u{2028}c\n", "a\nb\nc");
    check(" \n ", "");
}

#[test]
fn what_is_invisible_goes() {
    check("山\u{200B}岚\u{200D}茶\u{FEFF}饮\u{202E}店\u{2066}\u{AD}", "山岚茶饮店");
}

#[test]
fn joined_emoji_stay_whole() {
    check("🤷\u{200D}♀️上班👩🏻\u{200D}🍳", "🤷\u{200D}♀️上班👩🏻\u{200D}🍳");
    check("👩\u{200D}山", "👩山");
    check("\u{200D}👩", "👩");
}

#[test]
fn tags_go_and_inline_ones_leave_words_together() {
    check("山<em class=\"hl\">岚</em>茶饮<br/>太<b>差</b>了", "山岚茶饮\n太差了");
    check("<p>一</p><p>二</p>", "一\n二");
    check("<td>a</td><td>b</td>", "a b");
    check("a<!-- x > y -->b", "ab");
    check("a<!-- <x> -->b<a title='1<2>3'>c</a>", "abc");
    check("//<a href='/n/x'>@x</a>:好", "//@x:好");
}

#[test]
fn what_only_looks_like_a_tag_is_text() {
    check("<新农村喜事多> < 后来的我们 > <iPhone> >3<", "<新农村喜事多> < 后来的我们 > <iPhone> >3<");
    check("没有结尾 <a href", "没有结尾 <a href");
}

#[test]
fn emoticons_that_come_as_pictures_stay() {
    check("太差<span class=\"url-icon\"><img alt=[怒] src=\"x.png\"></span>了", "太差[怒]了");
    check("<img alt=\"[微笑]\"/>好<img src=x alt='图'>", "[微笑]好");
}

#[test]
fn entities_become_characters_however_often_they_were_escaped() {
    check("A&amp;B &lt;3 &#26446;&#x674E; Nescaf&eacute;", "A&B <3 李李 Nescafé");
    check("&amp;lt;b&amp;gt;粗&amp;lt;/b&amp;gt;", "粗");
    check("&nbsp;&nbsp;a&zwnj;b", "ab");
    check("AT&T; R&D &foo; &#xD800; &#;", "AT&T; R&D &foo; &#xD800; &#;");
}

#[test]
fn own_words_end_where_the_chain_begins() {
    own("哈哈//@a:山岚//@b:茶", "哈哈|//@a:山岚//@b:茶");
    own("转发微博 // @a :山岚", "转发微博 |// @a :山岚");
    own("好／／＠a：b", "好|//@a:b");
    own("招人难 RT @蒋: 手握", "招人难 |RT @蒋: 手握");
    own("START @a 见 http://t.cn/x", "START @a 见 http://t.cn/x|");
    own("http://t.cn/a//@b:c", "http://t.cn/a|//@b:c");
    own("//@a:b", "|//@a:b");
}

#[test]
fn title_and_media_are_own_and_stand_before_the_chain() {
    let mut post = samples::post("看图 //@a:原文");
    post.title = Some("标题".into());
    post.media = vec![samples::media(Some("图中<b>字</b>")), samples::media(None)];
    let cleaned = clean(&post);
    assert_eq!(cleaned.text, "标题\n看图\n图中字\n//@a:原文");
    assert_eq!(&cleaned.text[..cleaned.own], "标题\n看图\n图中字");
    post.text = String::new();
    assert_eq!(clean(&post).text, "标题\n图中字");
}

#[test]
fn hostile_texts_take_no_longer_than_others() {
    // Each of these would take minutes if a step looked back or ahead without a bound.
    for piece in ["<a ", "&#59", "<!--", "<script>", "&amp;", "<", "a>", "</b", "&lt;", "👩\u{200D}", "@"] {
        let text = piece.repeat(1_000_000 / piece.len());
        assert!(clean(&samples::post(&text)).text.len() <= text.len());
    }
}

/// Pieces of which HTML, chains and invisible characters are made.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "<",
        ">",
        "/",
        "b",
        "<b>",
        "</b>",
        "<br>",
        "&",
        "amp",
        "lt",
        "gt",
        ";",
        "#",
        "59",
        "&amp;",
        "&#59;",
        " ",
        "\n",
        "\u{3000}",
        "\u{200D}",
        "\u{200B}",
        "👩",
        "♀",
        "\u{FE0F}",
        "＜",
        "；",
        "＆",
        "山",
        "@",
        "//",
        "RT",
        "<!--",
        "-->",
        "script",
        "<script>",
        "</script>",
        "<img alt=[怒]>",
        "[",
        "]",
        "alt=",
        "<p",
        "nbsp",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn cleaning_twice_changes_nothing(text in pieces()) {
        let once = clean_text(&text);
        prop_assert_eq!(clean_text(&once), once);
    }

    #[test]
    fn any_text_can_be_cleaned(text in any::<String>(), title in any::<Option<String>>()) {
        let mut post = samples::post(&text);
        post.title = title;
        let cleaned = clean(&post);
        prop_assert!(cleaned.text.is_char_boundary(cleaned.own));
        prop_assert!(!cleaned.text.contains("  "));
    }
}
