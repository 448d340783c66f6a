//! `tocsin analyze`: a text or a post a line in, what it says out, one JSON object a line, in order.
//!
//! Texts go the way of posts: they are cleaned, matched, cut and read by the same stages.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;
use tocsin_ingest::{BrandSet, Matcher, clean, language};
use tocsin_inlets::records::{Line, RecordLines};
use tocsin_model::limits::TEXT_BYTES_MAX;
use tocsin_model::{
    AuthorId, BadId, Emotions, Matched, Position, Post, PostId, Scored, Sentiment, Sighting, SourceId, Timing,
};
use tocsin_score::linear::Model;
use tocsin_score::{Reason, Scorer};
use tocsin_tokenize::{Scratch, Tokenizer};
use tocsin_wire::read_recorded;

use crate::cli::args::Analyze;
use crate::cli::model;
use crate::config::Config;

/// Reads every line of `input`, as asked. With a config: its brands, words and leanings.
///
/// # Errors
/// When input or output fail, or the config's dictionary cannot be read.
pub(crate) fn analyze(
    asked: &Analyze,
    config: Option<&Config>,
    input: &mut impl Read,
    output: &mut impl Write,
) -> io::Result<()> {
    let mut reader = Reader::new(asked, config)?;
    let output = RefCell::new(output);
    let mut lines = RecordLines::new(BufReader::new(InTurn { input, output: &output }));
    while let Some(line) = lines.next_line()? {
        let mut output = output.borrow_mut();
        match text_of(&line).and_then(|text| reader.post(text, line.number)) {
            Ok(post) => serde_json::to_writer(&mut **output, &reader.read(post))?,
            Err(error) => serde_json::to_writer(&mut **output, &Unread { error })?,
        }
        output.write_all(b"\n")?;
    }
    output.into_inner().flush()
}

/// Flushes the output before it waits for more input: a program that asks line by line gets its answers.
struct InTurn<'a, R, W> {
    input: R,
    output: &'a RefCell<W>,
}

impl<R: Read, W: Write> Read for InTurn<'_, R, W> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.output.borrow_mut().flush()?;
        self.input.read(bytes)
    }
}

/// The text of a line, within the limit of a post's.
fn text_of(line: &Line) -> Result<&str, String> {
    if line.too_long || line.bytes.len() > TEXT_BYTES_MAX {
        return Err(format!("line {} is longer than {TEXT_BYTES_MAX} bytes", line.number));
    }
    std::str::from_utf8(&line.bytes)
        .map_err(|why| format!("line {} is not UTF-8 at byte {}", line.number, why.valid_up_to() + 1))
}

/// A line that is no text.
#[derive(Serialize)]
struct Unread {
    error: String,
}

/// What a text says, in the words of the contract.
#[derive(Serialize)]
struct Analysis<'a> {
    text: &'a str,
    lang: String,
    brands: Vec<&'a str>,
    tokens: Vec<&'a str>,
    fingerprint: String,
    sentiment: Leaning,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand_sentiment: Option<BTreeMap<&'a str, Leaning>>,
    emotion: Feeling,
    irony: f64,
    intent: &'static str,
    concerns: Vec<&'a str>,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Vec<Why<'a>>>,
}

/// One thing that weighed.
#[derive(Serialize)]
struct Why<'a> {
    words: &'a str,
    r#in: &'static str,
    by: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<&'static str>,
    weight: f64,
}

/// A label, and how probable each one is.
#[derive(Serialize)]
struct Leaning {
    label: &'static str,
    negative: f64,
    neutral: f64,
    positive: f64,
}

impl From<Sentiment> for Leaning {
    fn from(sentiment: Sentiment) -> Leaning {
        Leaning {
            label: sentiment.label().name(),
            negative: sentiment.negative.probability(),
            neutral: sentiment.neutral.probability(),
            positive: sentiment.positive.probability(),
        }
    }
}

/// A label, and how probable each emotion is.
#[derive(Serialize)]
struct Feeling {
    label: &'static str,
    anger: f64,
    disgust: f64,
    fear: f64,
    sadness: f64,
    surprise: f64,
    joy: f64,
    none: f64,
}

impl From<&Emotions> for Feeling {
    fn from(emotions: &Emotions) -> Feeling {
        let [anger, disgust, fear, sadness, surprise, joy, none] = emotions.0.map(|p| p.probability());
        Feeling { label: emotions.label().name(), anger, disgust, fear, sadness, surprise, joy, none }
    }
}

/// The stages that read, and the last post that they read.
struct Reader {
    reads_posts: bool,
    explains: bool,
    /// Nothing to look for without a config.
    matcher: Option<Matcher>,
    tokenizer: Tokenizer,
    scorer: Scorer,
    scratch: Scratch,
    reading: tocsin_score::Scratch,
    id: PostId,
    author: AuthorId,
    last: Option<Scored>,
}

impl Reader {
    fn new(asked: &Analyze, config: Option<&Config>) -> io::Result<Reader> {
        let words = config.map_or_else(|| Ok(Vec::new()), Config::words)?;
        let matcher = match config {
            Some(config) => {
                let queries = config.brands.iter().map(|b| (b.name.clone(), b.query.clone())).collect();
                let set = BrandSet::compile(queries, config.version()).map_err(io::Error::other)?;
                Some(Matcher::new(Arc::new(set)))
            }
            None => None,
        };
        let lexicon = config.map_or_else(Vec::new, |c| c.lexicon.clone().into_iter().collect());
        let concerns = config.map_or_else(Vec::new, |c| c.concerns.clone().into_iter().collect());
        let scorer = Scorer::with_concerns(lexicon, concerns);
        let scorer = match config {
            Some(config) => model::beside(config).map_err(io::Error::other)?(scorer),
            None => scorer.with_model(Model::shipped().clone()),
        };
        let never = |why: BadId| io::Error::other(why);
        Ok(Reader {
            reads_posts: asked.posts,
            explains: asked.explain,
            matcher,
            tokenizer: Tokenizer::new(words),
            scorer,
            scratch: Scratch::default(),
            reading: tocsin_score::Scratch::default(),
            id: PostId::new(SourceId::new("analyze").map_err(never)?, "1").map_err(never)?,
            author: AuthorId::new("analyze").map_err(never)?,
            last: None,
        })
    }

    fn read(&mut self, post: Post) -> Analysis<'_> {
        let cleaned = clean(&post);
        let mentions = self.matcher.as_mut().map_or_else(Vec::new, |m| m.mentions(&post, &cleaned));
        let matched = Matched {
            position: Position(0),
            at: post.created,
            post: Box::new(post),
            clean: cleaned.text,
            own: cleaned.own,
            sighting: Sighting::First(Timing::AsStated),
            mentions,
            took_at: None,
            brands_version: 0,
        };
        let tokenized = self.tokenizer.tokenize(matched, &mut self.scratch);
        let scored = self.last.insert(self.scorer.score(tokenized, &mut self.reading));
        let tokenized = &scored.tokenized;
        let matched = &tokenized.matched;
        let clean = &matched.clean;
        let why = self.explains.then(|| {
            let reasons = self.scorer.explain(clean, matched.own, &tokenized.tokens, &matched.mentions);
            let media = media_from(&matched.post);
            reasons.into_iter().map(|reason| why(clean, &reason, media..matched.own)).collect()
        });
        let by_brand = scored.by_brand.iter().map(|(brand, mood)| (brand.as_str(), Leaning::from(*mood)));
        Analysis {
            text: &matched.post.text,
            lang: language(None, clean).into_owned(),
            brands: matched.mentions.iter().map(|m| m.brand.as_str()).collect(),
            tokens: tokenized.tokens.iter().map(|token| token.of(clean)).collect(),
            fingerprint: format!("{:016x}", tokenized.fingerprint),
            sentiment: scored.sentiment.into(),
            brand_sentiment: self.matcher.is_some().then(|| by_brand.collect()),
            emotion: (&scored.emotions).into(),
            irony: scored.irony.probability(),
            intent: scored.intent.name(),
            concerns: scored.concerns.iter().map(|concern| &*concern.0).collect(),
            model: &scored.model,
            why,
        }
    }

    /// The post that a line is, or one that is nothing but its text.
    fn post(&self, line: &str, number: u64) -> Result<Post, String> {
        if self.reads_posts {
            read_recorded(line.as_bytes()).map_err(|why| format!("line {number} is no post: {why}"))
        } else {
            Ok(self.post_of(line))
        }
    }

    fn post_of(&self, text: &str) -> Post {
        Post::new(self.id.clone(), self.author.clone(), text)
    }
}

/// Where in a cleaned post the words begin that were read out of its pictures and videos.
fn media_from(post: &Post) -> usize {
    clean(&Post { media: Vec::new(), ..post.clone() }).own
}

fn why<'a>(clean: &'a str, reason: &Reason, media: Range<usize>) -> Why<'a> {
    Why {
        words: &clean[reason.start..reason.end],
        r#in: if media.contains(&reason.start) { "media" } else { "text" },
        by: reason.by.name(),
        rules: reason.rules.clone(),
        weight: (reason.weight * 1000.0).round() / 1000.0,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::Value;

    use super::*;
    use crate::config::load;

    fn run(config: Option<&str>, input: &[u8]) -> Vec<Value> {
        run_as(Analyze::default(), config, input)
    }

    fn run_as(asked: Analyze, config: Option<&str>, input: &[u8]) -> Vec<Value> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tocsin.toml");
        let config = config.map(|text| {
            std::fs::write(&file, text).unwrap();
            load(Some(&file), std::iter::empty()).unwrap()
        });
        let mut output = Vec::new();
        analyze(&asked, config.as_ref(), &mut &*input, &mut output).unwrap();
        String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The keys of an object in the order in which they stand.
    fn check_keys(config: Option<&str>, expected: Expect) {
        let mut output = Vec::new();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tocsin.toml");
        std::fs::write(&file, config.unwrap_or("")).unwrap();
        let config = config.map(|_| load(Some(&file), std::iter::empty()).unwrap());
        analyze(&Analyze::default(), config.as_ref(), &mut "。".as_bytes(), &mut output).unwrap();
        let line = String::from_utf8(output).unwrap();
        let keys: Vec<&str> = line.split('"').filter(|part| line.contains(&format!("\"{part}\":"))).collect();
        expected.assert_eq(&keys.join(" "));
    }

    const TEA: &str = "[[brand]]\nname = '山岚茶饮'\nquery = '山岚茶饮 OR \"shanlan tea\"'\n[[brand]]\nname = '云上茶'\nquery = '云上茶'\n";

    #[test]
    fn each_object_has_what_the_contract_says() {
        check_keys(
            None,
            expect![
                "text lang brands tokens fingerprint sentiment label neutral negative neutral positive emotion label none anger disgust fear sadness surprise joy none irony intent concerns model"
            ],
        );
        check_keys(
            Some(TEA),
            expect![
                "text lang brands tokens fingerprint sentiment label neutral negative neutral positive brand_sentiment emotion label none anger disgust fear sadness surprise joy none irony intent concerns model"
            ],
        );
    }

    #[test]
    fn texts_are_read_in_order_and_what_is_no_text_is_told_in_its_place() {
        let long = "长".repeat(TEXT_BYTES_MAX);
        let input = [
            "山岚茶饮喝出虫子,太恶心了[怒]\r\n".as_bytes(),
            b"bad \xff here\n\n",
            long.as_bytes(),
            "\nI love this tea, great service!".as_bytes(),
        ]
        .concat();
        let out = run(None, &input);
        assert_eq!(out.len(), 5);
        assert_eq!(out[0]["text"], "山岚茶饮喝出虫子,太恶心了[怒]");
        assert_eq!((&out[0]["lang"], &out[0]["sentiment"]["label"]), (&"zh".into(), &"negative".into()));
        assert_eq!(out[0]["brands"], serde_json::json!([]));
        assert!(out[0]["tokens"].as_array().unwrap().contains(&"[怒]".into()), "{}", out[0]["tokens"]);
        assert_eq!(out[1], serde_json::json!({ "error": "line 2 is not UTF-8 at byte 5" }));
        assert_eq!((&out[2]["text"], &out[2]["sentiment"]["label"]), (&"".into(), &"neutral".into()));
        assert_eq!(out[3], serde_json::json!({ "error": "line 4 is longer than 65536 bytes" }));
        assert_eq!((&out[4]["lang"], &out[4]["sentiment"]["label"]), (&"en".into(), &"positive".into()));
    }

    #[test]
    fn probabilities_add_up_and_fingerprints_have_sixteen_digits() {
        for text in ["山岚茶饮喝出虫子", "what a day", "", "😡😡😡", "转发微博"] {
            let out = &run(None, format!("{text}\n").as_bytes())[0];
            let sum =
                |of: &str, keys: &[&str]| keys.iter().map(|k| out[of][k].as_f64().unwrap()).sum::<f64>();
            assert!((sum("sentiment", &["negative", "neutral", "positive"]) - 1.0).abs() < 1e-9, "{out}");
            assert_eq!(out["fingerprint"].as_str().unwrap().len(), 16);
            assert!(out["emotion"]["none"].is_f64() && out["irony"].is_f64());
        }
    }

    #[test]
    fn with_a_config_brands_and_the_sentiment_towards_each_are_there() {
        let out = run(Some(TEA), "山岚茶饮太难喝了,云上茶很好喝\n今天天气不错\n".as_bytes());
        assert_eq!(out[0]["brands"], serde_json::json!(["云上茶", "山岚茶饮"]));
        assert_eq!(out[0]["brand_sentiment"]["山岚茶饮"]["label"], "negative");
        assert_eq!(out[0]["brand_sentiment"]["云上茶"]["label"], "positive");
        assert!(out[0]["tokens"].as_array().unwrap().contains(&"山岚茶饮".into()), "kept whole");
        assert_eq!(
            (&out[1]["brands"], &out[1]["brand_sentiment"]),
            (&serde_json::json!([]), &serde_json::json!({}))
        );
    }

    #[test]
    fn the_users_words_are_heeded() {
        let config = format!("{TEA}[score.lexicon]\n'翻面' = -3\n[score.concerns]\nshipping = ['快递员']\n");
        let out = run(Some(&config), "山岚茶饮翻面了,快递员也翻面\n".as_bytes());
        assert_eq!(out[0]["sentiment"]["label"], "negative");
        assert!(out[0]["concerns"].as_array().unwrap().contains(&"shipping".into()), "{}", out[0]);
        assert_ne!(out[0]["model"], tocsin_score::RULES);
    }

    #[test]
    fn explain_shows_words_with_their_rules_and_weights() {
        let asked = Analyze { explain: true, ..Analyze::default() };
        let out = &run_as(asked, None, "不好吃，但是便宜[怒]\n".as_bytes())[0];
        let why = out["why"].as_array().unwrap();
        let of = |words: &str| {
            why.iter()
                .find(|w| w["words"] == words && w["by"] != "n-gram")
                .unwrap_or_else(|| panic!("{words}: {out}"))
        };
        assert_eq!(of("不好吃")["rules"], serde_json::json!(["before but"]));
        assert!(of("不好吃")["weight"].as_f64() < Some(0.0) && of("便宜")["weight"].as_f64() > Some(0.0));
        assert_eq!((&of("[怒]")["by"], &of("[怒]")["in"]), (&"face".into(), &"text".into()));
        assert!(run(None, "好\n".as_bytes())[0].get("why").is_none(), "only when asked");
    }

    #[test]
    fn posts_are_read_whole_and_words_out_of_pictures_say_where_they_are_from() {
        let post = r#"{"id":"1","source":"weibo","text":"新到的茶 //@某人:垃圾","created_at":"2026-03-01T08:00:00+08:00","author":{"id":"u"},"media":[{"type":"image","text":"全是霉斑，恶心"}]}"#;
        let asked = Analyze { explain: true, posts: true, ..Analyze::default() };
        let out = run_as(asked, None, format!("{post}\nno post\n").as_bytes());
        assert_eq!(out[0]["sentiment"]["label"], "negative", "{}", out[0]);
        let why = out[0]["why"].as_array().unwrap();
        assert!(why.iter().any(|w| w["words"] == "恶心" && w["in"] == "media"), "{}", out[0]);
        assert!(why.iter().all(|w| w["words"] != "垃圾"), "the chain is not the author's word: {}", out[0]);
        assert!(out[1]["error"].as_str().unwrap().starts_with("line 2 is no post"), "{}", out[1]);
    }
}
