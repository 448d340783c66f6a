//! A story in DingTalk's markdown, in Chinese.
//!
//! DingTalk has no escape character, so marks in the words of strangers become their full-width twins: an excerpt
//! must not turn into a link, a picture or a headline of ours.

use serde_json::json;

use crate::story::{Share, Story, Tidings};
use crate::words;

/// Bytes of a message at most; DingTalk's own bound is 20,000.
const BODY_BYTES_MAX: usize = 19_000;

/// The whole story.
pub(super) fn whole(story: &Story, at_mobiles: &[String]) -> Vec<u8> {
    let mut blocks = head(story);
    if let Tidings::Rings(_) = story.tidings {
        blocks.extend(reasons(story));
        blocks.extend(list("来源", &story.sources));
        blocks.extend(list("热词", &story.terms));
        blocks.extend(list("主要作者", &story.authors));
        blocks.extend(quotes(story));
        blocks.extend(before(story));
    }
    body(story, blocks, at_mobiles)
}

/// The story without terms, authors and excerpts.
pub(super) fn without_strangers(story: &Story, at_mobiles: &[String]) -> Vec<u8> {
    let mut blocks = head(story);
    if let Tidings::Rings(_) = story.tidings {
        blocks.extend(reasons(story));
        blocks.extend(list("来源", &story.sources));
        blocks.extend(before(story));
        blocks.push("（钉钉拒收了帖子原文，以上只有数字）".to_owned());
    }
    body(story, blocks, at_mobiles)
}

/// What stands in the list of chats, and over the message.
fn title(story: &Story) -> String {
    let severity = words::severity(story.severity).zh;
    let subject = harmless(&story.subject);
    let kind = &story.kind.zh;
    match story.tidings {
        Tidings::Rings(1) => format!("【{severity}】{subject}：{kind}"),
        Tidings::Rings(number) => format!("【{severity}】{subject}：{kind}（第 {number} 次响铃）"),
        Tidings::Shown => format!("【{severity}·仅展示】{subject}：{kind}"),
        Tidings::Over => format!("【已结束】{subject}：{kind}"),
    }
}

fn head(story: &Story) -> Vec<String> {
    let circle = match (story.tidings, story.severity) {
        (Tidings::Over, _) => "⚪",
        (_, tocsin_model::Severity::Blue) => "🔵",
        (_, tocsin_model::Severity::Yellow) => "🟡",
        (_, tocsin_model::Severity::Orange) => "🟠",
        (_, tocsin_model::Severity::Red) => "🔴",
    };
    let state = match story.tidings {
        Tidings::Rings(_) => format!("{}　{}·{}", story.at, story.course.zh, story.handling.zh),
        Tidings::Shown | Tidings::Over => format!("{}　{}", story.at, story.gist.zh),
    };
    vec![format!("### {circle} {}", title(story)), state]
}

fn reasons(story: &Story) -> Vec<String> {
    let lines: Vec<String> =
        story.reasons.iter().map(|r| format!("- **{}** {}", r.label.zh, harmless(&r.said.zh))).collect();
    vec!["**为什么响铃**".to_owned(), lines.join("\n")]
}

fn list(label: &str, shares: &[Share]) -> Option<String> {
    let shares: Vec<String> =
        shares.iter().map(|s| format!("{} {}", harmless(&s.name), s.posts.zh)).collect();
    (!shares.is_empty()).then(|| format!("**{label}** {}", shares.join(" · ")))
}

fn quotes(story: &Story) -> Vec<String> {
    let quote = |q: &crate::story::Quote| format!("> {}（{}）", harmless(&q.excerpt), harmless(&q.id));
    let mut blocks: Vec<String> = story.quotes.iter().map(quote).collect();
    if !blocks.is_empty() {
        blocks.insert(0, "**代表帖子**".to_owned());
    }
    blocks
}

fn before(story: &Story) -> Option<String> {
    let before: Vec<&str> = story.before.iter().map(|b| b.zh.as_str()).collect();
    (!before.is_empty()).then(|| format!("**此前响铃** {}", before.join("；")))
}

/// The message as DingTalk reads it. Blocks that no longer fit are left out from the end; what to do next and who
/// is called always stand there.
fn body(story: &Story, blocks: Vec<String>, at_mobiles: &[String]) -> Vec<u8> {
    let mobiles = match story.tidings {
        Tidings::Rings(_) => at_mobiles,
        Tidings::Shown | Tidings::Over => &[],
    };
    // The command stands in a code span, where every mark but the span's own is itself: it is there to be copied.
    let mut last = vec![format!("**下一步** `{}`", story.command.replace('`', "｀"))];
    if !mobiles.is_empty() {
        // Somebody is called only if the number stands in the text as well.
        last.push(mobiles.iter().map(|m| format!("@{m}")).collect::<Vec<_>>().join(" "));
    }
    let mut blocks = blocks;
    loop {
        let text = [blocks.as_slice(), last.as_slice()].concat().join("\n\n");
        let message = json!({
            "msgtype": "markdown",
            "markdown": { "title": title(story), "text": text },
            "at": { "atMobiles": mobiles, "isAtAll": false },
        });
        let bytes = message.to_string().into_bytes();
        if bytes.len() <= BODY_BYTES_MAX || blocks.pop().is_none() {
            return bytes;
        }
    }
}

/// Words with full-width twins in place of every mark that DingTalk's markdown heeds; `://` no longer makes a link.
fn harmless(words: &str) -> String {
    let twin = |c: char| match c {
        '[' => '［',
        ']' => '］',
        '(' => '（',
        ')' => '）',
        '<' => '＜',
        '>' => '＞',
        '*' => '＊',
        '_' => '＿',
        '#' => '＃',
        '`' => '｀',
        '~' => '～',
        '|' => '｜',
        '!' => '！',
        '\\' => '＼',
        '@' => '＠',
        c => c,
    };
    words.replace("://", "：//").chars().map(twin).collect()
}
