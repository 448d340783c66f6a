//! The posts: 60,000 real ones where they lie beside the checkout, else a small stream written here.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::Fault;
use crate::chance::Chance;

/// Posts, as they come in and as texts.
pub(crate) struct Corpus {
    /// One JSON object each.
    pub(crate) lines: Vec<Vec<u8>>,
    /// Their texts.
    pub(crate) texts: Vec<String>,
    /// Where they come from, in words.
    pub(crate) origin: String,
    /// The recording as a file, where it is one.
    pub(crate) file: Option<PathBuf>,
}

impl Corpus {
    /// Reads the recording at `path`, or writes one where there is none.
    pub(crate) fn load(path: &Path) -> Result<Corpus, Fault> {
        let lines: Vec<Vec<u8>> = match std::fs::File::open(path) {
            Ok(file) => BufReader::new(GzDecoder::new(file)).split(b'\n').collect::<Result<_, _>>()?,
            Err(_) => Vec::new(),
        };
        let file = (!lines.is_empty()).then(|| path.to_owned());
        let lines = if lines.is_empty() { self_written() } else { lines };
        let mut texts = Vec::with_capacity(lines.len());
        for line in &lines {
            let post: serde_json::Value = serde_json::from_slice(line)?;
            texts.push(post["text"].as_str().unwrap_or_default().to_owned());
        }
        let bytes = |total: usize| total / lines.len();
        let origin = format!(
            "Posts: {} {}, {} bytes of JSON and {} bytes of text each.",
            lines.len(),
            if file.is_some() {
                "from weibo.jsonl.gz"
            } else {
                "written here, because the real ones are not there"
            },
            bytes(lines.iter().map(Vec::len).sum()),
            bytes(texts.iter().map(String::len).sum()),
        );
        Ok(Corpus { lines, texts, origin, file })
    }
}

/// 20,000 posts put together from a few phrases: enough to see that everything runs, too even to
/// compare with real ones.
fn self_written() -> Vec<Vec<u8>> {
    const WHO: &[&str] = &["我", "同事", "我妈", "邻居家的孩子", "楼下保安", "昨天那位顾客"];
    const WHERE: &[&str] = &["在山岚茶饮", "在公司门口", "在地铁上", "在网上", "在火车站", "在学校食堂"];
    const WHAT: &[&str] = &[
        "排队等了两个小时",
        "喝出了一只虫子，太恶心了[怒]",
        "买到了最后一杯，开心得不行😄",
        "看到一条转发，不知道是不是真的",
        "把手机丢了，谁捡到请联系我",
        "觉得这家服务态度很好，下次还来",
    ];
    const THEN: &[&str] =
        &["", "大家怎么看？", "http://t.cn/Rabc12", "#周末生活#", "//@路人甲:转发微博", "真的假的"];
    let mut chance = Chance::new(1);
    (0..20_000)
        .map(|number: i64| {
            let mut one = |of: &[&'static str]| of[chance.below(of.len())];
            let text = format!("{}{}{}。{}{}", one(WHO), one(WHERE), one(WHAT), one(WHO), one(THEN));
            let created_at = tocsin_wire::rfc3339(1_767_571_200_000 + number * 30_000);
            let author = serde_json::json!({ "id": format!("u{}", chance.below(5_000)), "followers": 200 });
            serde_json::json!({ "id": format!("w{number}"), "source": "weibo", "text": text,
                "created_at": created_at, "author": author })
            .to_string()
            .into_bytes()
        })
        .collect()
}
