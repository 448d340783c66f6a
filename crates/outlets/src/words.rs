//! Our words in Chinese and in English, each in one place.

use tocsin_model::{Course, Handling, Kind, Severity};

/// The same said twice: for Chinese readers, who are the first, and for English ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Said {
    /// Both.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Said {
        Said { zh: zh.into(), en: en.into() }
    }
}

/// China's four emergency levels by their colours.
pub(crate) fn severity(severity: Severity) -> Said {
    let zh = match severity {
        Severity::Blue => "蓝色",
        Severity::Yellow => "黄色",
        Severity::Orange => "橙色",
        Severity::Red => "红色",
    };
    Said::new(zh, severity.name())
}

/// What sort of abnormal, as a headline has it.
pub(crate) fn kind(kind: Kind) -> Said {
    let zh = match kind {
        Kind::Volume => "声量激增",
        Kind::Negative => "负面激增",
        Kind::Engagement => "互动激增",
        Kind::Flood => "集中刷屏",
        Kind::Keyword => "关键词命中",
        Kind::Author => "重点账号发声",
        Kind::Silence => "来源中断",
        Kind::Report => "内部上报",
        Kind::Forecast => "预测升温",
    };
    Said::new(zh, kind.name())
}

/// What the kind means, as a sentence; `None` where the counts themselves say it.
pub(crate) fn meaning(kind: Kind) -> Option<Said> {
    let (zh, en) = match kind {
        Kind::Volume | Kind::Negative => return None,
        Kind::Engagement => {
            ("点赞、转发、浏览正在快速上涨", "Likes, reposts and views are running away on its posts")
        }
        Kind::Flood => (
            "大量相同内容集中出现，疑似有组织",
            "The same words come again and again, as if somebody had planned it",
        ),
        Kind::Keyword => ("帖子里出现了被监看的词", "A watched word stands in its posts"),
        Kind::Author => {
            ("被监看的账号或大号发声", "A watched author, or one with many followers, has spoken")
        }
        Kind::Silence => (
            "这个来源没有新帖：没有数据不等于平静",
            "Nothing comes from this source any more; no data is not the same as quiet",
        ),
        Kind::Report => ("有员工或客服上报", "An employee or customer service has reported it"),
        Kind::Forecast => (
            "预计还会升温：这是预测，不是现状",
            "It is expected to grow: this is a forecast, not what is so now",
        ),
    };
    Some(Said::new(zh, en))
}

/// The same where the whole trade is in it.
pub(crate) fn kind_of_all(kind: Said) -> Said {
    Said::new(format!("{}（同行也在涨）", kind.zh), format!("{} (rivals rise, too)", kind.en))
}

/// A list of authors by its name in the config.
pub(crate) fn list(name: &str) -> Said {
    let (zh, en) = match name {
        "regulators" => ("监管部门", "a regulator"),
        "media" => ("媒体", "media"),
        "staff" => ("员工", "staff"),
        "customers" => ("重点客户", "known customers"),
        "floods" => ("水军账号", "accounts of earlier floods"),
        "reach" => ("大号", "an author with many followers"),
        other => (other, other),
    };
    Said::new(zh, en)
}

/// Where an incident is going.
pub(crate) fn course(course: Course) -> Said {
    let zh = match course {
        Course::Opened => "刚刚开始",
        Course::Worsening => "正在恶化",
        Course::Plateau => "持续高位",
        Course::Easing => "正在缓和",
        Course::Over => "已结束",
    };
    Said::new(zh, course.name())
}

/// What people do about it.
pub(crate) fn handling(handling: Handling) -> Said {
    let zh = match handling {
        Handling::Unseen => "无人响应",
        Handling::Acknowledged => "已有人响应",
        Handling::Resolved => "已处理",
        Handling::Reviewed => "已复盘",
    };
    Said::new(zh, handling.name())
}
