//! What stands around the counts: what was pulled, what makes it worse, the trade, an answer.

use jiff::tz::TimeZone;
use tocsin_model::{Answered, ArrivalTime, Evidence, Kind, Pulled};

use crate::clean::one_line;
use crate::numbers::{count, count_zh, counted_zh, percent, posts, short_moment};
use crate::words::{self, Said};

/// Characters of a name that are shown.
const NAME_CHARS_MAX: usize = 48;
/// Triggers and rivals that are shown.
const LIST_MAX: usize = 5;

/// What posts were enough for, as a sentence without its end; none where no trigger was pulled.
pub(crate) fn pulled(kind: Kind, e: &Evidence) -> Option<Said> {
    if e.pulled.is_empty() {
        return None;
    }
    let what = words::meaning(kind)?;
    let shown: Vec<Said> = e.pulled.iter().take(LIST_MAX).map(|pulled| trigger(kind, pulled)).collect();
    let (zh, en): (Vec<String>, Vec<String>) = shown.into_iter().map(|said| (said.zh, said.en)).unzip();
    Some(Said::new(format!("{}：{}", what.zh, zh.join("；")), format!("{}: {}", what.en, en.join("; "))))
}

fn trigger(kind: Kind, pulled: &Pulled) -> Said {
    let name = match kind {
        Kind::Author => words::list(&pulled.name),
        _ => Said::new(one_line(&pulled.name, NAME_CHARS_MAX), one_line(&pulled.name, NAME_CHARS_MAX)),
    };
    let posts =
        if pulled.posts == 1 { "1 post".to_owned() } else { format!("{} posts", count(pulled.posts)) };
    Said::new(
        format!("{} {}（{} 条即够）", name.zh, counted_zh(&count_zh(pulled.posts), "条"), pulled.enough),
        format!("{}, {posts} ({} would do)", name.en, pulled.enough),
    )
}

/// What makes it worse than its excess.
pub(crate) fn worse(e: &Evidence) -> Option<Said> {
    let number = |name: &str| e.given.get(name).copied();
    let holds = |name: &str| {
        let is = number(&format!("severity_{name}"))?;
        (is >= number(&format!("severity_{name}_from"))?).then_some(is)
    };
    let mut all: Vec<(String, String)> = Vec::new();
    if let Some(speed) = holds("speed") {
        let n = posts(speed);
        all.push((
            format!("负面每小时多出 {} 条", n.zh),
            format!("{} negative posts an hour more than usual", n.en),
        ));
    }
    if let Some(share) = holds("negative_share") {
        let n = percent(share, 1.0).unwrap_or_default();
        all.push((format!("近 1 小时负面占 {n}%"), format!("{n} % of the last hour negative")));
    }
    if let Some(reach) = holds("reach") {
        let n = reach as u64;
        all.push((
            format!("近 1 小时触达 {}", counted_zh(&count_zh(n), "人")),
            format!("{} persons reached in an hour", count(n)),
        ));
    }
    if let Some(forecast) = holds("forecast") {
        let n = posts(forecast);
        all.push((
            format!("预计下 1 小时多出 {} 条", n.zh),
            format!("{} more posts than usual expected in the next hour", n.en),
        ));
    }
    if let Some(safety) = holds("safety") {
        let n = posts(safety);
        all.push((
            format!("约 {} 条负面涉及安全", n.zh),
            format!("about {} negative posts about safety", n.en),
        ));
    }
    if all.is_empty() {
        return None;
    }
    let (zh, en): (Vec<String>, Vec<String>) = all.into_iter().unzip();
    Some(Said::new(format!("{}。", zh.join("，")), format!("{}.", capital(&en.join(", ")))))
}

/// Whether the whole trade rises: at least half of the rivals do.
pub(crate) fn trade_rises(e: &Evidence) -> bool {
    let rising = e.rivals.iter().filter(|rival| rival.rises).count();
    rising > 0 && 2 * rising >= e.rivals.len()
}

/// How the rivals stand, and the brand's share of voice.
pub(crate) fn rivals(e: &Evidence) -> Option<Said> {
    if e.rivals.is_empty() {
        return None;
    }
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    for rival in e.rivals.iter().take(LIST_MAX) {
        let (name, usual) = (one_line(rival.brand.as_str(), NAME_CHARS_MAX), posts(rival.expected));
        let (rises_zh, rises_en) = if rival.rises { ("，也在涨", ", rises too") } else { ("", "") };
        zh.push(format!("{name} {} 条（往常约 {} 条{rises_zh}）", count_zh(rival.heard), usual.zh));
        en.push(format!("{name} {} ({} usual{rises_en})", count(rival.heard), usual.en));
    }
    let own = e.given.get("heard_in_60_minutes").copied().unwrap_or_default();
    let all = own + e.rivals.iter().map(|rival| rival.heard as f64).sum::<f64>();
    let (mut zh, mut en) = (format!("近 1 小时 {}", zh.join("、")), format!("In an hour {}", en.join(", ")));
    if let Some(share) = percent(own, all) {
        zh += &format!("；本品牌占声量 {share}%");
        en += &format!("; its own share of voice is {share} %");
    }
    Some(Said::new(zh + "。", en + "."))
}

/// What came of the brand's own post.
pub(crate) fn answered(answered: &Answered, zone: &TimeZone) -> Said {
    let spoke = ArrivalTime::from_millis(answered.at.0 * 60_000);
    let minutes = answered.minutes;
    let (seen, ahead) = (posts(answered.excess.max(0.0)), posts(answered.forecast));
    let clock = short_moment(spoke, zone);
    Said::new(
        format!(
            "品牌账号 {clock} 发声；之后 {minutes} 分钟比往常多 {} 条，若没有回应预计多 {} 条。",
            seen.zh, ahead.zh
        ),
        format!(
            "Its own account spoke at {clock}; in the {minutes} min after that {} posts more than usual came, where \
             {} were to come without it.",
            seen.en, ahead.en
        ),
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
