//! What a group gets, what DingTalk's answers mean, and that no minute has more than twenty.

use std::time::Duration;

use expect_test::{Expect, expect};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tocsin_model::{AuthorId, Kind, News, Severity};

use super::*;
use crate::rig::{self, Got, Receiver, Reply};

const SECRET: &str = "SECthisisasecretfortests";

fn errcode(errcode: i64, errmsg: &str) -> Reply {
    Reply::With(200, vec![], format!(r#"{{"errcode":{errcode},"errmsg":"{errmsg}"}}"#))
}

fn zones() -> Zones {
    Zones::all(TimeZone::fixed(jiff::tz::offset(8)))
}

fn config(receiver: &Receiver) -> DingtalkConfig {
    let url = format!("http://{}/robot/send?access_token=t0ken", receiver.address);
    let name = OutletId::new("group").unwrap();
    DingtalkConfig::new(name, Secret::new(&url), Some(Secret::new(SECRET)), zones())
}

async fn outcome(reply: Reply) -> Result<Receipt, Undelivered> {
    let receiver = Receiver::answering(vec![reply]).await;
    Dingtalk::new(config(&receiver), rig::room().0).unwrap().deliver(&rig::notice()).await
}

fn json(got: &Got) -> Value {
    serde_json::from_slice(&got.body).unwrap()
}

fn message(notice: &Notice, at_mobiles: &[&str]) -> Value {
    let zone = TimeZone::fixed(jiff::tz::offset(8));
    let mobiles: Vec<String> = at_mobiles.iter().map(|&m| m.to_owned()).collect();
    serde_json::from_slice(&message::whole(&Story::of(notice, &zone), &mobiles)).unwrap()
}

#[track_caller]
fn check(message: &Value, expect: Expect) {
    let part = |name: &str| message["markdown"][name].as_str().unwrap().to_owned();
    expect.assert_eq(&format!("{}\n\n{}\n", part("title"), part("text")));
}

#[test]
fn a_ringing_bell_is_told_in_chinese_with_its_reasons() {
    let message = message(&rig::notice(), &["13800000000", "+852-12345678"]);
    check(
        &message,
        expect![[r#"
            【橙色】山岚茶饮：负面激增（第 2 次响铃）

            ### 🟠 【橙色】山岚茶饮：负面激增（第 2 次响铃）

            2025-11-03 21:42 +08:00　正在恶化·无人响应

            **为什么响铃**

            - **声量** 近 15 分钟听到 48 条，这个时段往常约 3.2 条。
            - **负面** 其中负面约 31 条（65%），往常约 0.4 条（1%）；偶然出现的概率约 1/10^31。
            - **触达** 可能触达 123.5 万人；连同迟到的和纯转发共 76 条。
            - **人群** 近 3 小时约 41 位作者、37 种不同内容。

            **来源** weibo 40 条 · xiaohongshu 8 条

            **热词** 异物 21 条 · 拉肚子 9.8 条 · glass 1 条

            **主要作者** 爱喝茶的小王 （1234567） 5 条 · 000000000000feed 3 条

            **代表帖子**

            > 喝完山岚茶饮的新品，全家拉肚子，门店不理人，客服让我们自己去医院，还说奶茶没有问题，谁来管管？（weibo/5012）

            > found a piece of glass in my cup, staff laughed at me（xiaohongshu/66f1）

            > 转发微博（weibo/5019）

            **此前响铃** 第 1 次 11-03 21:12 黄色声量激增

            **下一步** `tocsin incidents show brand:山岚茶饮:volume:yellow:29369592`

            @13800000000 @+852-12345678
        "#]],
    );
    assert_eq!(message["msgtype"], "markdown");
    assert_eq!(message["at"]["atMobiles"], serde_json::json!(["13800000000", "+852-12345678"]));
    assert_eq!(message["at"]["isAtAll"], false);
}

#[test]
fn what_rings_nobody_is_short_and_calls_nobody() {
    let shown = message(&rig::with_news(News::Shown), &["13800000000"]);
    assert_eq!(shown["at"]["atMobiles"], serde_json::json!([]));
    check(
        &shown,
        expect![[r#"
            【蓝色·仅展示】山岚茶饮：声量激增

            ### 🔵 【蓝色·仅展示】山岚茶饮：声量激增

            2025-11-03 21:42 +08:00　近 15 分钟 48 条，往常 3.2 条；不响铃

            **下一步** `tocsin incidents show brand:山岚茶饮:volume:yellow:29369592`
        "#]],
    );
    check(
        &message(&rig::with_news(News::Over), &["13800000000"]),
        expect![[r#"
            【已结束】山岚茶饮：负面激增

            ### ⚪ 【已结束】山岚茶饮：负面激增

            2025-11-03 23:25 +08:00　历时 2 小时 13 分钟，最高橙色，响铃 2 次

            **下一步** `tocsin incidents show brand:山岚茶饮:volume:yellow:29369592`
        "#]],
    );
}

#[test]
fn strangers_words_make_no_link_no_picture_and_no_headline() {
    let mut notice = rig::notice();
    let e = &mut notice.incident.rings[1].evidence;
    e.top_posts.truncate(1);
    e.top_posts[0].excerpt = "# [点我](https://evil.example) ![x](y) `z` <font>\n\n### 假".into();
    e.top_authors[0].name = Some("**a**".into());
    e.top_authors[0].id = Some(AuthorId::new("@all").unwrap());
    let message = message(&notice, &[]);
    let text = message["markdown"]["text"].as_str().unwrap();
    let theirs: Vec<&str> = text.lines().filter(|l| l.starts_with('>') || l.contains("主要作者")).collect();
    expect![[r#"
        **主要作者** ＊＊a＊＊ （＠all） 5 条 · 000000000000feed 3 条
        > ＃ ［点我］（https：//evil.example） ！［x］（y） ｀z｀ ＜font＞ ＃＃＃ 假（weibo/5012）"#]]
    .assert_eq(&theirs.join("\n"));
    assert_eq!(text.lines().filter(|l| l.starts_with('#')).count(), 1);
}

#[tokio::test]
async fn the_address_is_signed_with_the_time() {
    let receiver = Receiver::answering(vec![errcode(0, "ok")]).await;
    let dingtalk = Dingtalk::new(config(&receiver), rig::room().0).unwrap();
    assert_eq!(dingtalk.deliver(&rig::notice()).await, Ok(Receipt { reference: None }));
    let got = receiver.got().remove(0);
    // From HMAC's definition (RFC 2104), apart from the crate that signs.
    let pad = |byte: u8| -> Vec<u8> {
        (0..64).map(|i| SECRET.as_bytes().get(i).copied().unwrap_or(0) ^ byte).collect()
    };
    let inner = Sha256::digest([pad(0x36), format!("1762177320000\n{SECRET}").into_bytes()].concat());
    let by_hand = STANDARD.encode(Sha256::digest([pad(0x5c), inner.to_vec()].concat()));
    let query: Vec<(String, String)> = Url::parse(&format!("http://x{}", got.uri))
        .unwrap()
        .query_pairs()
        .map(|(k, v)| (k.into_owned(), v.into_owned()))
        .collect();
    let pair = |k: &str, v: &str| (k.to_owned(), v.to_owned());
    assert_eq!(
        query,
        [pair("access_token", "t0ken"), pair("timestamp", "1762177320000"), pair("sign", &by_hand)]
    );
    assert_eq!(by_hand, "kjAijQq9tpe2Z8kvVZiImoNgV7e08YUkPe3rTtNv4ac=");
    assert!(got.header("content-type").starts_with("application/json"));
}

#[tokio::test]
async fn without_a_secret_the_address_stays_as_it_is() {
    let receiver = Receiver::answering(vec![errcode(0, "ok")]).await;
    let mut config = config(&receiver);
    config.secret = None;
    Dingtalk::new(config, rig::room().0).unwrap().deliver(&rig::notice()).await.unwrap();
    assert_eq!(receiver.got()[0].uri, "/robot/send?access_token=t0ken");
}

#[tokio::test]
async fn a_refusal_in_a_200_is_no_delivery() {
    let sign = outcome(errcode(310_000, "sign not match")).await;
    assert!(
        matches!(&sign, Err(Undelivered::Misconfigured { why }) if why.contains("sign not match")),
        "{sign:?}"
    );
    let token = outcome(errcode(300_001, "token is not exist")).await;
    assert!(matches!(token, Err(Undelivered::Misconfigured { .. })), "{token:?}");
    let status = outcome(Reply::With(502, vec![], String::new())).await;
    assert!(matches!(status, Err(Undelivered::Retry { .. })), "{status:?}");
}

#[tokio::test]
async fn words_found_unfit_are_left_out_and_the_bell_rings_all_the_same() {
    let receiver = Receiver::answering(vec![errcode(430_102, "含有不合适的文本"), errcode(0, "ok")]).await;
    let dingtalk = Dingtalk::new(config(&receiver), rig::room().0).unwrap();
    assert!(dingtalk.deliver(&rig::notice()).await.is_ok());
    let got = receiver.got();
    let text = json(&got[1])["markdown"]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("48 条") && !text.contains("拉肚子") && !text.contains("小王"), "{text}");
    let refused = outcome(errcode(430_102, "含有不合适的文本")).await;
    assert!(matches!(refused, Err(Undelivered::GiveUp { .. })), "{refused:?}");
}

#[tokio::test]
async fn the_twenty_first_in_a_minute_is_put_off_and_never_sent() {
    let receiver = Receiver::answering(vec![errcode(0, "ok")]).await;
    let (room, clock) = rig::room();
    let dingtalk = Dingtalk::new(config(&receiver), room).unwrap();
    for _ in 0..20 {
        dingtalk.deliver(&rig::notice()).await.unwrap();
        clock.advance(Duration::from_secs(1));
    }
    let Err(Undelivered::Retry { after: Some(after), .. }) = dingtalk.deliver(&rig::notice()).await else {
        panic!()
    };
    assert_eq!(after, Duration::from_secs(42));
    assert_eq!(receiver.got().len(), 20);
    clock.advance(after);
    dingtalk.deliver(&rig::notice()).await.unwrap();
    assert_eq!(receiver.got().len(), 21);
}

#[tokio::test]
async fn told_that_it_was_too_fast_it_keeps_still_for_a_minute() {
    let receiver = Receiver::answering(vec![errcode(130_101, "send too fast"), errcode(0, "ok")]).await;
    let (room, clock) = rig::room();
    let dingtalk = Dingtalk::new(config(&receiver), room).unwrap();
    for seconds in [60, 40] {
        let Err(Undelivered::Retry { after, .. }) = dingtalk.deliver(&rig::notice()).await else { panic!() };
        assert_eq!(after, Some(Duration::from_secs(seconds)));
        clock.advance(Duration::from_secs(20));
    }
    assert_eq!(receiver.got().len(), 1);
    clock.advance(Duration::from_secs(20));
    assert!(dingtalk.deliver(&rig::notice()).await.is_ok());
}

#[tokio::test]
async fn no_answer_in_time_is_tried_again() {
    let receiver = Receiver::answering(vec![Reply::Silence]).await;
    let (room, clock) = rig::room();
    let dingtalk = Dingtalk::new(config(&receiver), room).unwrap();
    let notice = rig::notice();
    let (outcome, ()) = tokio::join!(dingtalk.deliver(&notice), async {
        receiver.arrived().await;
        clock.advance(Duration::from_secs(10));
    });
    assert!(matches!(outcome, Err(Undelivered::Retry { after: None, .. })), "{outcome:?}");
}

#[tokio::test]
async fn token_and_secret_show_nowhere() {
    let repeated = format!("ip not in whitelist, token t0ken, {SECRET}");
    let why = outcome(errcode(310_000, &repeated)).await.unwrap_err().to_string();
    let name = OutletId::new("group").unwrap();
    let url = Secret::new(&format!("http://{}/robot/send?access_token=t0ken", rig::nobody().await));
    let config = DingtalkConfig::new(name, url, Some(Secret::new(SECRET)), zones());
    let debug = format!("{config:?}");
    let away =
        Dingtalk::new(config, rig::room().0).unwrap().deliver(&rig::notice()).await.unwrap_err().to_string();
    for words in [why, debug, away] {
        assert!(!words.contains("t0ken") && !words.contains(SECRET) && !words.contains("sign="), "{words}");
    }
}

#[test]
fn settings_that_cannot_be_are_told_with_what_to_write() {
    let fault = |url: &str, secret: &str, mobiles: &[&str]| {
        let name = OutletId::new("group").unwrap();
        let mut config = DingtalkConfig::new(name, Secret::new(url), Some(Secret::new(secret)), zones());
        config.at_mobiles = mobiles.iter().map(|&m| m.to_owned()).collect();
        Dingtalk::new(config, rig::room().0).err().unwrap().to_string()
    };
    let good = "https://oapi.dingtalk.com/robot/send?access_token=t0ken";
    let faults = [
        fault("https://oapi.dingtalk.com/robot/send", SECRET, &[]),
        fault("oapi.dingtalk.com", SECRET, &[]),
        fault(good, " ", &[]),
        fault(good, SECRET, &["小王"]),
    ];
    expect![[r#"
        url of outlet group is an address without access_token; expected the whole address that DingTalk shows for the robot (Webhook)
        url of outlet group is no address (relative URL without a base); expected an address such as https://example.com/path
        secret of outlet group is empty; expected the SEC… that DingTalk shows under 加签, or no `secret`
        at_mobiles of outlet group is "小王"; expected phone numbers such as "13800000000""#]].assert_eq(&faults.join("\n"));
}

proptest! {
    #[test]
    fn a_message_stays_within_dingtalks_bound_and_keeps_its_command(
        text in "\\PC{0,400}|[\"\\\\]{0,400}",
        kind in prop::sample::select(vec![Kind::Negative, Kind::Silence, Kind::Flood]),
    ) {
        let mut notice = rig::notice();
        let ring = &mut notice.incident.rings[1];
        ring.kind = kind;
        ring.severity = Severity::Red;
        let e = &mut ring.evidence;
        e.top_posts.iter_mut().for_each(|p| p.excerpt = text.clone());
        e.top_terms = vec![(text, 1); 50];
        let mobiles: Vec<String> = (0..50).map(|i| format!("+86-138000000{i:02}")).collect();
        let story = Story::of(&notice, &TimeZone::UTC);
        let bytes = message::whole(&story, &mobiles);
        prop_assert!(bytes.len() <= 20_000);
        let message: Value = serde_json::from_slice(&bytes).unwrap();
        let text = message["markdown"]["text"].as_str().unwrap();
        prop_assert!(text.contains("tocsin incidents show ") && text.contains("@+86-13800000049"));
    }
}
