//! Rivals, events, lists, triggers: what else is known of a brand.

use expect_test::expect;

use super::*;

#[test]
fn what_few_posts_are_enough_for_is_checked() {
    check_beside_a_brand(
        "[detect]\nauthors = { media = { posts = 0 }, ignored = {}, reach = { followers = 0 } }\n\
         severity.worse = { negative_share = 0.7, speed = 0 }\n[[source]]\nname = 'desk'\nkind = 'report'\nposts = 0",
        expect![[r#"
            tocsin.toml:5:31: detect: authors: media: posts: is 0, and no post is always there
              help: write posts = 1, or more
            tocsin.toml:5:36: detect: authors: `ignored` is not known here
              help: leave it out; known here are `customers`, `floods`, `media`, `reach`, `regulators`, `staff`
            tocsin.toml:5:72: detect: authors: reach: followers: is 0, and so many have all
              help: write followers = 10000000
            tocsin.toml:6:37: detect: severity: worse: negative_share: is 0.7 and must be at most 0.5
              help: write negative_share = 0.5
            tocsin.toml:6:50: detect: severity: worse: speed: is 0 and must be more than 0
              help: write speed = 250
            tocsin.toml:10:9: source desk: posts: is 0, and no post is always there
              help: write posts = 1, or more"#]],
    );
}

#[test]
fn circumstances_are_checked() {
    check_beside_a_brand(
        r#"
[[brand]]
name = "二号"
query = "二号"
sources = ["weibo", "小 红书"]
rivals = ["山岚茶饮", "二号", "三号"]
accounts = ["weibo/77", "weibo/"]
keyword = [{ words = [], posts = 0 }, { words = ["起火", " "] }]

[[event]]
name = "618"
from = "2026-06-18"
until = "2026-06-17"
expected = "10"

[[event]]
name = ""
from = "tomorrow"
until = "2026-06-18T20:00:00+08:00"
expected = "0x"
brands = ["四号"]

[[source]]
name = "desk"
kind = "report"

[[source]]
name = "desk"
kind = "rumour"

[lists]
regulators = ["https://samr.gov.cn/x", "samr.gov.cn", "weibo/1"]
"#,
        expect![[r#"
            tocsin.toml:8:21: brand 二号: sources 2: "小 红书" has a control character or white space in it
              help: write it as the posts have it in their field source, such as "weibo"
            tocsin.toml:9:10: brand 二号: rivals: names the brand itself
              help: write the names of others, each with a [[brand]] of its own
            tocsin.toml:9:25: brand 二号: rivals 3: there is no brand "三号"
              help: did you mean "二号"?
            tocsin.toml:10:25: brand 二号: accounts 2: "weibo/" is no author: its id is empty
              help: write the author as the posts have it: "weibo/1234567", or the id alone for every source
            tocsin.toml:11:22: brand 二号: keyword 1: words: is empty
              help: write words as they stand in posts, such as words = ["起火"]
            tocsin.toml:11:34: brand 二号: keyword 1: posts: is 0, and no post is always there
              help: write posts = 1, or more
            tocsin.toml:11:49: brand 二号: keyword 2: words: has an empty word in it, or more than 32
              help: write words as they stand in posts, such as words = ["起火", "recall"]
            tocsin.toml:16:9: event 618: until: is not later than from
              help: write the later one here, the earlier one in from
            tocsin.toml:17:12: event 618: expected: "10" says of nothing how many times it is expected
              help: write how many times the usual is expected, such as "10x", or "0.5x" for half of it
            tocsin.toml:20:8: event 2: name: is empty
              help: write what people call it, such as name = "618"
            tocsin.toml:21:8: event 2: from: "tomorrow" is neither a date nor a time
              help: write a date such as "2026-06-18", or a time such as "2026-06-18T20:00:00+08:00"
            tocsin.toml:23:12: event 2: expected: "0x" says of nothing how many times it is expected
              help: write how many times the usual is expected, such as "10x", or "0.5x" for half of it
            tocsin.toml:24:11: event 2: brands 1: there is no brand "四号"
              help: did you mean "二号"?
            tocsin.toml:31:8: source desk: name: there is another source of the name desk
              help: join the two
            tocsin.toml:32:8: source desk: kind: "rumour" is not known here
              help: write one of "posts", "report"
            tocsin.toml:35:15: lists: regulators 1: "https://samr.gov.cn/x" is an address
              help: write the site without https:// and without what stands behind it, such as "samr.gov.cn""#]],
    );
}

#[test]
fn what_is_said_of_circumstances_is_what_is_in_force() {
    let text = r#"
[[brand]]
name = "山岚茶饮"
query = "山岚茶饮"
sources = ["weibo", "weibo", "douyin"]
rivals = ["对手"]
accounts = ["weibo/77", "78"]
keyword = [{ words = ["起火", "RECALL"], posts = 3 }]

[[brand]]
name = "对手"
query = "对手"

[[event]]
name = "618"
from = "2026-06-18"
until = "2026-06-20"
expected = "10x"

[[source]]
name = "desk"
kind = "report"

[lists]
media = ["People.com.cn", "weibo/2803301701"]
"#;
    let config = read_with(text, &[]).unwrap();
    let event = &config.events[0];
    assert_eq!(event.until.millis() - event.from.millis(), 3 * 86_400_000, "three whole days");
    assert_eq!(tocsin_wire::rfc3339(event.from.millis()), "2026-06-17T16:00:00Z", "midnight in Shanghai");
    let shown = show(&config);
    let again = read_with(&shown, &[]).unwrap();
    assert_eq!(show(&again), shown, "what is shown can be read again");
    assert_eq!((again.events, again.lists, again.reports), (config.events, config.lists, config.reports));
    assert_eq!(again.brands[0].sources.len(), 2);
}

#[test]
fn severities_grow() {
    check_beside_a_brand(
        "[detect.severity]\nyellow = { excess = 100 }\nred = { excess = 40, times = -1, tims = 2 }",
        expect![[r#"
            tocsin.toml:4:1: detect: severity: orange: excess: is 50 and must be more than 100
              help: write a greater number, or a smaller one in the severity before
            tocsin.toml:6:18: detect: severity: red: excess: is 40 and must be more than 50
              help: write a greater number, or a smaller one in the severity before
            tocsin.toml:6:30: detect: severity: red: times: is -1 and must be more than 0.25
              help: write a greater number, or a smaller one in the severity before
            tocsin.toml:6:34: detect: severity: red: `tims` is not known here
              help: did you mean `times`? Known here are `excess`, `times`"#]],
    );
}
