//! What the console shows.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use expect_test::{Expect, expect};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use tocsin_flow::{Outlet, Undelivered};
use tocsin_model::{
    Answered, BrandId, Kind, Minute, News, Notice, OutletId, Pulled, Ring, Rival, Severity, SourceId, Span,
    Subject,
};

use super::layout::width;
use super::*;
use crate::rig;

fn shanghai() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(8))
}

fn plain(notice: &Notice) -> String {
    anstream::adapter::strip_str(&render(notice, &shanghai(), Language::Both)).to_string()
}

/// Under a ruler of a hundred columns, which also keeps the margin from being taken for indentation.
fn ruled(page: &str) -> String {
    format!("{}\n{page}", "----+----|".repeat(10))
}

#[track_caller]
fn check(notice: &Notice, expect: Expect) {
    expect.assert_eq(&ruled(&plain(notice)));
}

#[test]
fn a_ringing_bell_gives_its_reasons() {
    check(
        &rig::notice(),
        expect![[r#"
            ----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|

            🔔  橙色 ORANGE  山岚茶饮  负面激增 negative  2025-11-03 21:42 +08:00
               第 2 次响铃 ring 2 · 正在恶化 worsening · 无人响应 unseen

               声量 volume   近 15 分钟听到 48 条，这个时段往常约 3.2 条。
                             In the last 15 min 48 posts were heard; 3.2 were to be expected at this hour.
               负面 negative 其中负面约 31 条（65%），往常约 0.4 条（1%）；偶然出现的概率约 1/10^31。
                             About 31 of them are negative (65 %); 0.4 (1 %) would be usual (chance about 1 in
                             10^31).
               触达 reach    可能触达 123.5 万人；连同迟到的和纯转发共 76 条。
                             1,234,567 persons may have been reached; with late posts and bare reposts there are
                             76 in all.
               人群 people   近 3 小时约 41 位作者、37 种不同内容。
                             In the last 3 h about 41 authors wrote about 37 different texts.

               来源 sources  weibo 40 · xiaohongshu 8 (条/3 小时 posts in 3 h)
               热词 terms    异物 21 · 拉肚子 9.8 · glass 1 (条负面 negative posts)
               作者 authors  爱喝茶的小王 (1234567) 5 · 000000000000feed 3 (条/3 小时，含由此而起的 posts in 3
                             h, with what they began)
               帖子 posts    “喝完山岚茶饮的新品，全家拉肚子，门店不理人，客服让我们自己去医院，还说奶茶没有问
                             题，谁来管管？”
                             weibo/5012
                             “found a piece of glass in my cup, staff laughed at me”
                             xiaohongshu/66f1
                             “转发微博”
                             weibo/5019
               此前 before   第 1 次 11-03 21:12 黄色声量激增 · ring 1: yellow volume
               下一步 next   tocsin incidents show brand:山岚茶饮:volume:yellow:29369592

        "#]],
    );
}

#[test]
fn what_is_shown_takes_two_lines() {
    check(
        &rig::with_news(News::Shown),
        expect![[r#"
            ----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|
                蓝色 BLUE  山岚茶饮  声量激增 volume  2025-11-03 21:42 +08:00
               近 15 分钟 48 条，往常 3.2 条；不响铃 · 48 posts in 15 min, 3.2 expected; it rings nobody
        "#]],
    );
}

#[test]
fn what_is_over_takes_two_lines() {
    check(
        &rig::with_news(News::Over),
        expect![[r#"
            ----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|
                已结束 OVER  山岚茶饮  负面激增 negative  2025-11-03 23:25 +08:00
               历时 2 小时 13 分钟，最高橙色，响铃 2 次 · it lasted 2 h 13 min, orange at worst, and rang twice
        "#]],
    );
}

#[test]
fn a_silent_source_tells_whom_it_blinds() {
    let mut notice = rig::notice();
    notice.incident.subject = Subject::Source(SourceId::new("weibo").unwrap());
    notice.incident.blinds =
        ["山岚茶饮", "b", "c", "d", "e", "f", "g"].map(|b| BrandId::new(b).unwrap()).into();
    notice.incident.rings.truncate(1);
    let ring = &mut notice.incident.rings[0];
    ring.kind = Kind::Silence;
    ring.severity = Severity::Red;
    let e = &mut ring.evidence;
    (e.window_minutes, e.observed, e.expected, e.negative, e.reach, e.posts) = (60, 0, 212.4, 0, 0, 0);
    (e.distinct_authors, e.distinct_texts) = (0, 0);
    (e.log10_p, e.top_posts, e.top_terms, e.top_authors, e.sources) = (-92.2, vec![], vec![], vec![], vec![]);
    notice.news = News::Rings(1);
    check(
        &notice,
        expect![[r#"
            ----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|

            🔔  红色 RED  weibo  来源中断 silence  2025-11-03 21:42 +08:00
               第 1 次响铃 ring 1 · 正在恶化 worsening · 无人响应 unseen

               原因 why      这个来源没有新帖：没有数据不等于平静；偶然出现的概率约 1/10^92。
                             Nothing comes from this source any more; no data is not the same as quiet (chance
                             about 1 in 10^92).
               声量 volume   近 1 小时听到 0 条，这个时段往常约 212 条。
                             In the last 1 h no posts were heard; 212 were to be expected at this hour.
               盲区 blind    这些品牌听不全：山岚茶饮、b、c、d、e，另有 2 个。
                             Heard only in part: 山岚茶饮, b, c, d, e and 2 more.

               下一步 next   tocsin incidents show brand:山岚茶饮:volume:yellow:29369592

        "#]],
    );
}

#[test]
fn old_rings_are_counted_and_the_latest_ones_told() {
    let mut notice = rig::notice();
    let first = notice.incident.rings[0].clone();
    notice.incident.rings = (1..=6)
        .map(|number| Ring {
            number,
            at: rig::NOW.minus(Span::from_minutes(600 - 100 * i64::from(number))),
            ..first.clone()
        })
        .collect();
    notice.news = News::Rings(6);
    let page = plain(&notice);
    let from = page.find("   此前").unwrap();
    expect![[r#"
        ----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|----+----|
           此前 before   第 5 次 11-03 20:02 黄色声量激增 · ring 5: yellow volume
                         第 4 次 11-03 18:22 黄色声量激增 · ring 4: yellow volume
                         第 3 次 11-03 16:42 黄色声量激增 · ring 3: yellow volume
                         更早还有 2 次 · and twice before that
           下一步 next   tocsin incidents show brand:山岚茶饮:volume:yellow:29369592

    "#]]
    .assert_eq(&ruled(&page[from..]));
}

#[test]
fn a_terminal_gets_colours_and_the_severity_has_its_own() {
    let first_line = |severity| {
        let mut notice = rig::notice();
        notice.incident.rings[1].severity = severity;
        let page = render(&notice, &shanghai(), Language::Both);
        page.lines().nth(1).unwrap().split("山岚").next().unwrap().replace('\u{1b}', "^")
    };
    let lines = Severity::ALL.map(first_line).join("\n");
    expect![[r#"
        🔔 ^[1m^[37m^[44m 蓝色 BLUE ^[0m ^[1m
        🔔 ^[1m^[30m^[43m 黄色 YELLOW ^[0m ^[1m
        🔔 ^[1m^[30m^[48;5;208m 橙色 ORANGE ^[0m ^[1m
        🔔 ^[1m^[37m^[41m 红色 RED ^[0m ^[1m"#]]
    .assert_eq(&lines);
}

#[test]
fn strangers_words_cannot_paint_the_screen_or_forge_a_line() {
    let mut notice = rig::notice();
    let e = &mut notice.incident.rings[1].evidence;
    e.top_posts[0].excerpt = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\n🔔 红色 RED\u{202e}".into();
    e.top_authors[0].name = Some("a\u{1b}[31m\nb".into());
    e.top_terms[0].0 = "x\u{9b}2J".into();
    let page = render(&notice, &shanghai(), Language::Both);
    let ours = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[30m", "\u{1b}[48;5;208m"];
    let rest = ours.iter().fold(page.clone(), |page, code| page.replace(code, ""));
    assert!(!rest.contains(|c: char| c != '\n' && c.is_control()), "{rest:?}");
    assert_eq!(page.lines().filter(|l| l.starts_with("🔔")).count(), 1);
}

#[test]
fn an_incident_id_with_spaces_is_quoted_for_the_shell() {
    let mut notice = rig::notice();
    notice.incident.id = tocsin_model::IncidentId::new("brand:Shan Lan's:volume").unwrap();
    assert!(plain(&notice).contains(r"tocsin incidents show 'brand:Shan Lan'\''s:volume'"));
}

/// A tape that a test can read, or a pipe that is closed.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<u8>>>, Option<io::ErrorKind>);

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.1 {
            Some(kind) => Err(kind.into()),
            None => self.0.lock().unwrap().write(bytes),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn console(tape: Tape) -> Console {
    let config = ConsoleConfig {
        name: OutletId::new("desk").unwrap(),
        zones: Zones::all(shanghai()),
        language: Language::Both,
    };
    Console::writing_to(config, tape)
}

#[tokio::test]
async fn a_delivery_is_claimed_once_it_is_written() {
    let tape = Tape::default();
    let console = console(tape.clone());
    let notice = rig::notice();
    assert_eq!(console.name(), "desk");
    assert_eq!(console.deliver(&notice).await, Ok(Receipt { reference: None }));
    assert_eq!(
        String::from_utf8(tape.0.lock().unwrap().clone()).unwrap(),
        render(&notice, &shanghai(), Language::Both)
    );
}

#[tokio::test]
async fn a_closed_console_is_the_operators_and_a_full_disk_may_pass() {
    let failing = |kind| console(Tape(Arc::default(), Some(kind)));
    let closed = failing(io::ErrorKind::BrokenPipe).deliver(&rig::notice()).await;
    assert!(matches!(closed, Err(Undelivered::Misconfigured { .. })), "{closed:?}");
    let full = failing(io::ErrorKind::StorageFull).deliver(&rig::notice()).await;
    assert!(matches!(full, Err(Undelivered::Retry { .. })), "{full:?}");
}

proptest! {
    #[test]
    fn no_line_is_wider_than_a_hundred_columns(
        text in "[^\u{1f1e6}-\u{1f1ff}]{1,200}",
        brand in "\\PC{1,60}",
        count in any::<u64>(),
        real in any::<f64>(),
    ) {
        let mut notice = rig::notice();
        if let Ok(brand) = BrandId::new(&brand) {
            notice.incident.subject = Subject::Brand(brand);
        }
        let ring = &mut notice.incident.rings[1];
        let e = &mut ring.evidence;
        (e.observed, e.negative, e.posts, e.reach, e.distinct_texts) = (count, count, count, count, count);
        (e.expected, e.negative_expected, e.log10_p) = (real, -real, real);
        e.top_posts[0].excerpt = text.clone();
        e.top_posts[1].id = text.clone();
        e.top_terms[0].0 = text.clone();
        e.top_authors[0].name = Some(text);
        for line in plain(&notice).lines() {
            prop_assert!(width(line) <= 100, "{} {line:?}", width(line));
        }
    }
}

#[test]
fn what_was_pulled_what_makes_it_worse_the_trade_and_an_answer_are_told() {
    let mut notice = rig::notice();
    let at = notice.at.minute();
    notice.incident.rings.reverse();
    let ring = notice.incident.rings.iter_mut().max_by_key(|ring| ring.number).unwrap();
    ring.kind = Kind::Keyword;
    let e = &mut ring.evidence;
    let pulled =
        |name: &str, posts, enough| Pulled { name: name.into(), posts, enough, severity: Severity::Orange };
    e.pulled = vec![pulled("起火、recall", 1, 1), pulled("头晕", 12, 3)];
    let rival =
        |name, heard, rises| Rival { brand: BrandId::new(name).unwrap(), heard, expected: 20.0, rises };
    e.rivals = vec![rival("对手茶饮", 140, true), rival("第三家", 12, false)];
    let grounds = [("reach", 1e6, 1.2e6), ("speed", 250.0, 400.0), ("safety", 3.0, 1.0)];
    for (name, from, is) in grounds {
        e.given.insert(format!("severity_{name}"), is);
        e.given.insert(format!("severity_{name}_from"), from);
    }
    e.given.insert("heard_in_60_minutes".into(), 48.0);
    let answered = Answered { at: Minute(at.0 - 90), minutes: 60, excess: 12.4, forecast: 80.0 };
    notice.incident.answers = vec![answered];
    let page = plain(&notice);
    let top: Vec<&str> = page.lines().take(25).collect();
    expect![[r#"

        🔔  橙色 ORANGE  山岚茶饮  关键词命中（同行也在涨） keyword (rivals rise, too)  2025-11-03 21:42 +08:00
           第 2 次响铃 ring 2 · 正在恶化 worsening · 无人响应 unseen

           原因 why      帖子里出现了被监看的词：起火、recall 1 条（1 条即够）；头晕 12 条（3 条即够）。
                         A watched word stands in its posts: 起火、recall, 1 post (1 would do); 头晕, 12
                         posts (3 would do).
           声量 volume   近 15 分钟听到 48 条，这个时段往常约 3.2 条。
                         In the last 15 min 48 posts were heard; 3.2 were to be expected at this hour.
           负面 negative 其中负面约 31 条（65%），往常约 0.4 条（1%）。
                         About 31 of them are negative (65 %); 0.4 (1 %) would be usual.
           触达 reach    可能触达 123.5 万人；连同迟到的和纯转发共 76 条。
                         1,234,567 persons may have been reached; with late posts and bare reposts there are
                         76 in all.
           人群 people   近 3 小时约 41 位作者、37 种不同内容。
                         In the last 3 h about 41 authors wrote about 37 different texts.
           加重 worse    负面每小时多出 400 条，近 1 小时触达 120 万人。
                         400 negative posts an hour more than usual, 1,200,000 persons reached in an hour.
           同行 rivals   近 1 小时 对手茶饮 140 条（往常约 20 条，也在涨）、第三家 12 条（往常约 20 条）；本
                         品牌占声量 24%。
                         In an hour 对手茶饮 140 (20 usual, rises too), 第三家 12 (20 usual); its own share
                         of voice is 24 %.
           回应 answer   品牌账号 11-03 20:12 发声；之后 60 分钟比往常多 12 条，若没有回应预计多 80 条。
                         Its own account spoke at 11-03 20:12; in the 60 min after that 12 posts more than
                         usual came, where 80 were to come without it."#]].assert_eq(&top.join("\n"));
}

#[test]
fn a_notice_is_told_in_the_language_asked_for() {
    let told = |language| {
        let pages = [rig::notice(), rig::with_news(News::Shown), rig::with_news(News::Over)];
        let ours = |page: String| page.lines().filter(|line| !line.contains(['“', '”'])).collect::<String>();
        pages.map(|notice| {
            ours(anstream::adapter::strip_str(&render(&notice, &shanghai(), language)).to_string())
        })
    };
    for page in told(Language::English) {
        assert!(!page.contains("响铃") && !page.contains("往常") && !page.contains("已结束"), "{page}");
    }
    for page in told(Language::Chinese) {
        for word in ["ring", "posts", "usual", "expected", "OVER", "next", "lasted"] {
            assert!(!page.contains(word), "{word}: {page}");
        }
    }
}
