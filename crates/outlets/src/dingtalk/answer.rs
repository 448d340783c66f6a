//! What DingTalk says in a 200: `{"errcode": 0, "errmsg": "ok"}`.

use std::time::Duration;

use serde::Deserialize;
use tocsin_flow::Undelivered;

/// How long to keep still after sending too fast.
const TOO_FAST: Duration = Duration::from_secs(60);
/// How long to keep still once the day's messages are used up; it is asked again, lest the bell stay off till then.
const DAY_USED_UP: Duration = Duration::from_secs(600);

/// What an answer means.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    /// The message is in the group.
    Taken,
    /// It is not, for this reason.
    Undelivered(Undelivered),
    /// It is not, for its words; in other words it might be.
    Unfit {
        /// In DingTalk's words.
        why: String,
    },
}

#[derive(Deserialize)]
struct Raw {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

/// Reads an answer; `clean` takes our secrets out of its words.
///
/// The codes are those of DingTalk's page on custom robots and those that robots are seen to answer with. One that
/// is not among them is tried again: a notice told late is better than one that was lost to a new code.
pub(super) fn meaning(body: &[u8], clean: impl Fn(&str) -> String) -> Meaning {
    let Ok(Raw { errcode, errmsg }) = serde_json::from_slice(body) else {
        let words = clean(&String::from_utf8_lossy(body));
        let why = format!("DingTalk answered without an errcode: {words}");
        return Meaning::Undelivered(Undelivered::Retry { why, after: None });
    };
    let why = format!("DingTalk answered errcode {errcode}: {}", clean(&errmsg));
    let retry = |after| Meaning::Undelivered(Undelivered::Retry { why: why.clone(), after });
    let misconfigured =
        |check: &str| Meaning::Undelivered(Undelivered::Misconfigured { why: format!("{why}. {check}") });
    match errcode {
        0 => Meaning::Taken,
        130_101 | 410_100 | 302_033 => retry(Some(TOO_FAST)),
        90_030 => retry(Some(DAY_USED_UP)),
        310_000 => misconfigured(
            "Check the robot's security settings (安全设置): `secret` must be its 加签 secret and this machine's \
             clock right; a keyword must be tocsin; this machine's address must be on its list",
        ),
        88 | 300_001 | 300_005 | 400_101 => {
            misconfigured("Check `url`: copy the robot's whole Webhook address again")
        }
        400_013 => misconfigured("The group was dissolved: put the robot into another one and set its `url`"),
        400_102 => misconfigured("The robot was stopped: let the group's owner start it again"),
        400_106 => misconfigured("The robot is no longer in the group: add it again and set its `url`"),
        430_101..=430_104 => Meaning::Unfit { why },
        // Our own fault, and the same for ever: a missing parameter, a kind of message it does not know, too long.
        40_035 | 400_105 | 460_101 => Meaning::Undelivered(Undelivered::GiveUp { why }),
        // DingTalk has given these two answers under other codes before.
        _ if errmsg.contains("send too fast") => retry(Some(TOO_FAST)),
        _ if errmsg.contains("token is not exist") => {
            misconfigured("Check `url`: copy the robot's whole Webhook address again")
        }
        _ => retry(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(errcode: i64, errmsg: &str) -> Meaning {
        let body = format!(r#"{{"errcode":{errcode},"errmsg":"{errmsg}"}}"#);
        meaning(body.as_bytes(), |words| words.replace("SEC1", "…"))
    }

    #[track_caller]
    fn check(meaning: Meaning, outcome: &str) {
        let seen = match &meaning {
            Meaning::Taken => "taken",
            Meaning::Unfit { .. } => "unfit",
            Meaning::Undelivered(Undelivered::Retry { after: None, .. }) => "retry",
            Meaning::Undelivered(Undelivered::Retry { after: Some(_), .. }) => "retry after",
            Meaning::Undelivered(Undelivered::GiveUp { .. }) => "give up",
            Meaning::Undelivered(Undelivered::Misconfigured { .. }) => "misconfigured",
        };
        assert_eq!(seen, outcome, "{meaning:?}");
    }

    #[test]
    fn nought_is_taken() {
        check(of(0, "ok"), "taken");
    }
    #[test]
    fn too_fast_waits_a_minute_under_any_code() {
        for meaning in [
            of(130_101, "send too fast, exceed 20 times per minute"),
            of(410_100, "x"),
            of(7, "send too fast"),
        ] {
            let Meaning::Undelivered(Undelivered::Retry { after, .. }) = meaning else { panic!() };
            assert_eq!(after, Some(Duration::from_secs(60)));
        }
    }
    #[test]
    fn security_and_token_are_the_operators_with_dingtalks_own_words() {
        let Meaning::Undelivered(undelivered) = of(310_000, "sign not match SEC1") else { panic!() };
        let why = undelivered.to_string();
        assert!(why.contains("sign not match …") && why.contains("加签"), "{why}");
        for code in [300_001, 300_005, 400_101, 88, 400_013, 400_102, 400_106] {
            check(of(code, "token is not exist"), "misconfigured");
        }
    }
    #[test]
    fn unfit_words_are_no_end() {
        check(of(430_101, "含有不安全的外链"), "unfit");
        check(of(430_104, "含有不合适的内容"), "unfit");
    }
    #[test]
    fn our_own_faults_are_given_up() {
        check(of(40_035, "缺少参数 json"), "give up");
        check(of(400_105, "不支持的消息类型"), "give up");
    }
    #[test]
    fn a_busy_system_an_unknown_code_and_no_code_at_all_are_tried_again() {
        check(of(-1, "系统繁忙"), "retry");
        check(of(999, "new"), "retry");
        check(meaning(b"<html>", str::to_owned), "retry");
        check(meaning(b"", str::to_owned), "retry");
    }
}
