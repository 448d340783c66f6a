//! How common words are in everyday writing, so that what is special to a crisis (`起火`, `召回`) stands
//! above what everybody writes (`今天`, `觉得`).

use jieba_rs::Jieba;

/// Running words that the dictionary's frequencies were counted in: their sum.
const DICTIONARY_WORDS: f64 = 6.0e7;
/// What share of English running text each of [`ENGLISH`] makes up, roughly: the dictionary has no
/// frequencies of English words.
const ENGLISH_SHARE: f64 = 2.0e-3;
/// Likewise of [`CHAT`]: the dictionary was counted in books and newspapers, and people post otherwise.
const CHAT_SHARE: f64 = 1.0e-3;

/// Everyday writing, to hold words against.
#[derive(Clone, Copy, Debug)]
pub struct Background<'a> {
    pub(crate) jieba: &'a Jieba,
}

impl Background<'_> {
    /// What share of running words this one makes up, more than 0 and less than 1.
    pub fn share(&self, word: &str) -> f64 {
        if word.is_ascii() && ENGLISH.contains(&word) {
            ENGLISH_SHARE
        } else if CHAT.contains(&word) {
            CHAT_SHARE
        } else {
            let times = if self.jieba.has_word(word) { self.jieba.suggest_freq(word) } else { 0 };
            (times as f64 + 1.0) / DICTIONARY_WORDS
        }
    }

    /// Of counted words (in any unit) the `most` telling, best first, each with what it tells in bits: its
    /// share of all that was counted, times how many times as common as in everyday writing, as a
    /// logarithm (Tomokiyo & Hurst 2003, pointwise Kullback-Leibler divergence). Equals are in the order
    /// of their letters. What is rarer here than elsewhere tells nothing and is left out.
    pub fn terms<'w>(
        &self,
        counted: impl IntoIterator<Item = (&'w str, u64)>,
        most: usize,
    ) -> Vec<(&'w str, f64)> {
        let counted: Vec<(&str, u64)> = counted.into_iter().collect();
        let all = counted.iter().map(|(_, times)| *times as f64).sum::<f64>().max(1.0);
        let bits = |(word, times): (&'w str, u64)| {
            let share = times as f64 / all;
            (word, share * (share / self.share(word)).log2())
        };
        let mut terms: Vec<_> =
            counted.into_iter().filter(|(_, n)| *n > 0).map(bits).filter(|t| t.1 > 0.0).collect();
        terms.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        terms.truncate(most);
        terms
    }
}

/// What stands in every English post.
#[rustfmt::skip] // Many words a line.
const ENGLISH: &[&str] = &[
    "the", "a", "an", "and", "or", "but", "if", "of", "to", "in", "on", "at", "by", "for", "with", "from", "as", "is", "are",
    "was", "were", "be", "been", "am", "i", "you", "he", "she", "it", "we", "they", "me", "him", "her", "us", "them", "my",
    "your", "his", "its", "our", "their", "this", "that", "these", "those", "there", "here", "what", "which", "who", "when",
    "where", "why", "how", "not", "no", "yes", "so", "too", "very", "just", "only", "also", "than", "then", "now", "do",
    "does", "did", "done", "have", "has", "had", "can", "could", "will", "would", "should", "may", "might", "get", "got",
    "go", "going", "one", "all", "some", "any", "more", "most", "much", "many", "other", "about", "into", "out", "up", "down",
    "over", "after", "before", "again", "still", "don't", "can't", "i'm", "it's", "i've", "really", "like", "people", "time",
    "day", "today", "know", "think", "want", "make", "made", "see", "say", "said", "even", "because", "rt", "amp",
];

/// What people post all day long and seldom print.
#[rustfmt::skip] // Many words a line.
const CHAT: &[&str] = &[
    "哈哈", "哈哈哈", "哈哈哈哈", "嘻嘻", "呵呵", "真的", "觉得", "感觉", "喜欢", "今天", "明天", "昨天", "现在", "知道", "什么", "怎么",
    "大家", "自己", "我们", "你们", "他们", "就是", "不是", "还是", "没有", "这个", "那个", "一个", "可以", "时候", "东西", "已经", "转发",
    "微博", "网页", "链接", "视频", "全文", "展开", "分享", "话题", "超话", "评论", "关注", "天天", "这么", "那么", "这样", "因为", "所以",
    "但是", "如果", "为什么", "朋友", "宝宝", "姐妹", "小姐姐", "有人", "一下", "一直", "一点", "有点", "不会", "不要", "还有", "都是",
    "也是", "真是", "这是", "这种", "一样", "出来", "起来", "回复", "晚安", "早安", "加油", "开心", "谢谢", "希望",
];
