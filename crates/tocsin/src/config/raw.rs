//! What the operator wrote, and nothing else: unknown fields are refused, nothing is judged yet.
//!
//! The JSON Schema of these types is what `tocsin config schema` prints and what [`super::shape`] holds
//! the file against. Everything is optional here, because what did not fit has been taken out and told of.

mod enough; // what few posts are enough for
mod servers; // Kafka and Redis

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

pub(super) use enough::{RawAuthors, RawEnough, RawWorse};
pub(super) use servers::{RawKafka, RawMechanism, RawRedis, RawSasl, RawTls};

/// The config of tocsin: one TOML file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
#[schemars(title = "tocsin.toml")]
pub(super) struct RawConfig {
    /// What is watched; at least one.
    pub(super) brand: Option<Vec<Option<RawBrand>>>,
    /// How posts come in. Without any: by HTTP.
    pub(super) inlet: Option<Vec<Option<RawInlet>>>,
    /// How notices go out. Without any: to the console.
    pub(super) outlet: Option<Vec<Option<RawOutlet>>>,
    /// Days on which more, or less, is expected: a launch, a sale, a ceremony.
    pub(super) event: Option<Vec<Option<RawEvent>>>,
    /// What is special about a source. One that is not named here is an ordinary one.
    pub(super) source: Option<Vec<Option<RawSource>>>,
    /// Authors and sites that are known.
    pub(super) lists: Option<RawLists>,
    /// When the bell rings.
    pub(super) detect: Option<RawDetect>,
    /// How signals become incidents.
    pub(super) notify: Option<RawNotify>,
    /// Where posts and incidents are kept, and for how long.
    pub(super) store: Option<RawStore>,
    /// Where records go from stage to stage, if not through the data folder.
    pub(super) kafka: Option<RawKafka>,
    /// Where the state of stages is, if not in the data folder.
    pub(super) redis: Option<RawRedis>,
    /// The address for posts, metrics, health and commands.
    pub(super) http: Option<RawHttp>,
    /// How text is cut into words.
    pub(super) tokenize: Option<RawTokenize>,
    /// How text is read.
    pub(super) score: Option<RawScore>,
    /// What the process says of itself.
    pub(super) log: Option<RawLog>,
    /// Where traces go. Without it: nowhere.
    pub(super) trace: Option<RawTrace>,
}

/// A company, a product, a person.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBrand {
    /// Its name, in incidents and counts; unique.
    #[schemars(required, example = &"山岚茶饮")]
    pub(super) name: Option<String>,
    /// Which posts mention it: terms, "phrases", AND OR NOT, parentheses, NEAR/n, #hashtag, @account, author:, source:, lang:.
    #[schemars(required, example = &"山岚茶饮 OR \"shanlan tea\"")]
    pub(super) query: Option<String>,
    /// Its hours of the day, an IANA time zone. Default: Asia/Shanghai.
    #[schemars(example = &"Asia/Shanghai")]
    pub(super) time_zone: Option<String>,
    /// Posts an hour that are usual, until its own history is long enough to say so.
    #[schemars(example = 20)]
    pub(super) expected_per_hour: Option<f64>,
    /// The sources where it lives: each is told in every signal as heard, degraded, silent or not connected.
    /// Default: those from which a good part of its posts came.
    #[schemars(example = ["weibo", "xiaohongshu"])]
    pub(super) sources: Option<Vec<Option<String>>>,
    /// Other brands of this config, of the same trade: a signal says whether they rise, too.
    #[schemars(example = ["对手茶饮"])]
    pub(super) rivals: Option<Vec<Option<String>>>,
    /// Its own accounts, as `source/id` or `id`: an answer from one of them is marked on the curve.
    #[schemars(example = ["weibo/1234567"])]
    pub(super) accounts: Option<Vec<Option<String>>>,
    /// Words of which few posts are enough.
    pub(super) keyword: Option<Vec<Option<RawKeyword>>>,
}

/// Words of which few posts are enough.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKeyword {
    /// Any of them; a text has one if it holds its letters.
    #[schemars(required, example = ["起火", "recall"])]
    pub(super) words: Option<Vec<Option<String>>>,
    /// From how many posts on it is a signal, within the hour at hand and the two before it. Default: 1.
    #[schemars(example = 3)]
    pub(super) posts: Option<u32>,
    /// How bad that is by itself. Default: yellow.
    pub(super) severity: Option<RawSeverity>,
}

/// Days on which more, or less, is expected.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEvent {
    /// For people.
    #[schemars(required, example = &"618")]
    pub(super) name: Option<String>,
    /// When it begins: `2026-06-18`, or `2026-06-18T20:00:00+08:00`. A date is one of Asia/Shanghai.
    #[schemars(required, example = &"2026-06-18")]
    pub(super) from: Option<String>,
    /// When it is over, written alike; of a date the whole day is part of it.
    #[schemars(required, example = &"2026-06-20")]
    pub(super) until: Option<String>,
    /// How many times the usual is expected: `10x`.
    #[schemars(required, example = &"10x")]
    pub(super) expected: Option<String>,
    /// For these brands. Default: all.
    #[schemars(example = ["山岚茶饮"])]
    pub(super) brands: Option<Vec<Option<String>>>,
}

/// What is special about a source.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    /// As in the posts' `source`.
    #[schemars(required, example = &"service-desk")]
    pub(super) name: Option<String>,
    /// What comes from it. Default: posts.
    pub(super) kind: Option<RawSourceKind>,
    /// Reports: from how many on about a brand it is a signal, within the hour at hand and the two before it.
    /// Default: 1.
    #[schemars(example = 1)]
    pub(super) posts: Option<u32>,
    /// Reports: how bad that is by itself. Default: yellow.
    pub(super) severity: Option<RawSeverity>,
}

/// What comes from a source.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawSourceKind {
    /// What people post.
    Posts,
    /// What employees or customer service report.
    Report,
}

/// Authors (`source/id` or `id`) and sites (`example.com`, by the posts' addresses) that are known.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLists {
    /// One post of them is a signal.
    #[schemars(example = ["samr.gov.cn"])]
    pub(super) regulators: Option<Vec<Option<String>>>,
    /// Papers, stations, portals.
    #[schemars(example = ["weibo/2803301701", "people.com.cn"])]
    pub(super) media: Option<Vec<Option<String>>>,
    /// Our own people.
    #[schemars(example = ["weibo/7654321"])]
    pub(super) staff: Option<Vec<Option<String>>>,
    /// Customers who are known to us.
    #[schemars(example = ["weibo/5550001"])]
    pub(super) customers: Option<Vec<Option<String>>>,
    /// Accounts of floods that were seen before.
    #[schemars(example = ["weibo/8880001"])]
    pub(super) floods: Option<Vec<Option<String>>>,
    /// Not judged: counted apart.
    #[schemars(example = ["weibo/9990001"])]
    pub(super) ignored: Option<Vec<Option<String>>>,
}

/// A token or a key: `{ file = "…" }`, `{ env = "…" }`, or the text itself.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(example = serde_json::json!({ "env": "NAME" }))]
pub(super) enum RawSecret {
    /// The text itself. Better kept out of the config: in a file or the environment.
    Inline(String),
    /// Where it is.
    Elsewhere(RawElsewhere),
}

/// Where a secret is: one of the two.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawElsewhere {
    /// A file with the secret in it, and nothing else.
    #[schemars(example = &"/run/secrets/token")]
    pub(super) file: Option<String>,
    /// An environment variable.
    #[schemars(example = &"TOCSIN_TOKEN")]
    pub(super) env: Option<String>,
}

/// One or several.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<Option<String>>),
}

/// How posts come in.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum RawInlet {
    /// `POST /v1/posts` at the address of `[http]`.
    Http {
        /// For logs and metrics. Default: http.
        name: Option<String>,
        /// Bearer tokens; a sender needs one of them.
        tokens: Option<Vec<Option<RawSecret>>>,
        /// Keys of HMAC-SHA256 signatures; a sender may sign instead.
        hmac_secrets: Option<Vec<Option<RawSecret>>>,
    },
    /// JSON Lines or CSV from files, plain, .gz or .zst.
    File {
        /// For logs and metrics. Default: file.
        name: Option<String>,
        /// A file, a pattern (`posts/*.jsonl`), a folder to watch, or `-` for standard input; one or several.
        #[schemars(required, example = &"posts/*.jsonl")]
        path: Option<OneOrMany>,
        /// Wait for what is added later. Default: true.
        follow: Option<bool>,
        /// Default: by the file's name, .csv or else JSON Lines.
        format: Option<RawFormat>,
        /// CSV: which column holds which field of a post, as in `text = "content"`.
        columns: Option<BTreeMap<String, Option<String>>>,
        /// What a field is where the record does not say, as in `source = "weibo"`.
        defaults: Option<BTreeMap<String, Option<String>>>,
    },
}

/// What is in a file.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawFormat {
    /// One post a line.
    Jsonl,
    /// A header, then one post a row.
    Csv,
}

/// How notices go out.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum RawOutlet {
    /// To standard output, in colour on a terminal.
    Console {
        /// For logs and metrics; unique. Default: console.
        name: Option<String>,
        /// Only of these brands. Default: all.
        brands: Option<Vec<Option<String>>>,
        /// Only from this severity up. Default: blue.
        min_severity: Option<RawSeverity>,
        /// Also what is only shown and rings nobody. Default: true.
        shown: Option<bool>,
    },
    /// JSON by HTTP, signed as Standard Webhooks do.
    Webhook {
        /// For logs and metrics; unique. Default: webhook.
        name: Option<String>,
        /// Where to.
        #[schemars(required, example = &"https://example.com/tocsin")]
        url: Option<RawSecret>,
        /// Keys (`whsec_…`); each signs, so that a receiver can change keys without a gap.
        #[schemars(required, example = serde_json::json!([{ "env": "WEBHOOK_SECRET" }]))]
        secrets: Option<Vec<Option<RawSecret>>>,
        /// Headers to send besides.
        headers: Option<BTreeMap<String, Option<RawSecret>>>,
        /// How long the receiver may take, 1 to 60. Default: 10.
        timeout_seconds: Option<f64>,
        /// Only of these brands. Default: all.
        brands: Option<Vec<Option<String>>>,
        /// Only from this severity up. Default: blue.
        min_severity: Option<RawSeverity>,
        /// Also what is only shown and rings nobody. Default: false.
        shown: Option<bool>,
    },
    /// A robot in a DingTalk group (钉钉).
    Dingtalk {
        /// For logs and metrics; unique. Default: dingtalk.
        name: Option<String>,
        /// The robot's address, with its access_token.
        #[schemars(required, example = serde_json::json!({ "env": "DINGTALK_URL" }))]
        url: Option<RawSecret>,
        /// The robot's signing key (加签, `SEC…`). Without it: the group's other safeguards must do.
        secret: Option<RawSecret>,
        /// Phone numbers of those to call by name when the bell rings.
        #[schemars(example = ["13800000000"])]
        at_mobiles: Option<Vec<Option<String>>>,
        /// How long DingTalk may take, 1 to 60. Default: 10.
        timeout_seconds: Option<f64>,
        /// Only of these brands. Default: all.
        brands: Option<Vec<Option<String>>>,
        /// Only from this severity up. Default: blue.
        min_severity: Option<RawSeverity>,
        /// Also what is only shown and rings nobody. Default: false.
        shown: Option<bool>,
    },
}

/// China's four emergency levels, lowest first.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawSeverity {
    /// IV, 蓝色
    Blue,
    /// III, 黄色
    Yellow,
    /// II, 橙色
    Orange,
    /// I, 红色
    Red,
}

/// When the bell rings.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDetect {
    /// How many false alarms of a brand in a month you accept. Default: 0.5.
    #[schemars(example = 0.5)]
    pub(super) false_alarms_per_brand_month: Option<f64>,
    /// Whose public holidays change how much is expected of brands that live by that country's clock. Default: CN.
    pub(super) holidays: Option<RawHolidays>,
    /// From how much on it is how bad.
    pub(super) severity: Option<RawSeverityTable>,
    /// How few posts of known authors are enough.
    pub(super) authors: Option<RawAuthors>,
}

/// Whose public holidays.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
pub(super) enum RawHolidays {
    /// China's.
    #[serde(rename = "CN")]
    China,
    /// Nobody's.
    #[serde(rename = "none")]
    None,
}

/// How many posts beyond the expected make a severity; below the first it is blue.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSeverityTable {
    /// From here on it is yellow.
    #[schemars(example = serde_json::json!({ "excess": 10, "times": 0.1 }))]
    pub(super) yellow: Option<RawSeverityRow>,
    /// From here on it is orange.
    #[schemars(example = serde_json::json!({ "excess": 50, "times": 0.25 }))]
    pub(super) orange: Option<RawSeverityRow>,
    /// From here on it is red.
    #[schemars(example = serde_json::json!({ "excess": 250, "times": 0.5 }))]
    pub(super) red: Option<RawSeverityRow>,
    /// From when on something makes it worse than its excess.
    pub(super) worse: Option<RawWorse>,
}

/// A row of the table: it holds when the excess reaches both figures.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSeverityRow {
    /// Posts beyond what was expected in the window.
    #[schemars(example = 10)]
    pub(super) excess: Option<f64>,
    /// The same as a multiple of what was expected: the noise of a busy brand is a small one.
    #[schemars(example = 0.1)]
    pub(super) times: Option<f64>,
}

/// How signals become incidents.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawNotify {
    /// A signal within this of the last one joins its incident. Default: 90min.
    #[schemars(example = &"90min")]
    pub(super) cool_down: Option<String>,
    /// In which language the console tells: zh, en, or both. Default: both. (DingTalk is told in Chinese.)
    pub(super) language: Option<RawLanguage>,
}

/// In which language.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawLanguage {
    /// 中文
    Zh,
    /// English
    En,
    /// 中文 and English
    Both,
}

/// Where posts and incidents are kept, and for how long.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawStore {
    /// The data folder; from the config's own folder if it does not begin with a slash. Default: tocsin-data.
    #[schemars(example = &"tocsin-data")]
    pub(super) path: Option<String>,
    /// Posts; at least 72h. Default: 7d.
    #[schemars(example = &"7d")]
    pub(super) keep_posts: Option<String>,
    /// What could not be read. Default: 7d.
    #[schemars(example = &"7d")]
    pub(super) keep_rejected: Option<String>,
    /// Incidents that are over. Default: 730d.
    #[schemars(example = &"730d")]
    pub(super) keep_incidents: Option<String>,
}

/// The address for posts, metrics, health and commands.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawHttp {
    /// Address and port. Other machines are only let in where the http inlet asks for a token. Default: 127.0.0.1:7227.
    #[schemars(example = &"127.0.0.1:7227")]
    pub(super) listen: Option<String>,
}

/// How text is cut into words.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTokenize {
    /// Your own words, one a line; what stands behind a space is not read, so that a dictionary of jieba will do.
    /// The terms of brands are added by themselves.
    #[schemars(example = &"words.txt")]
    pub(super) dictionary: Option<String>,
}

/// How text is read.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawScore {
    /// What reads beside the rules: shipped (the model that comes with the program; the default), the file of a
    /// model made with tocsin train, or none (the rules alone: twice as fast, and more often wrong).
    #[schemars(example = &"shipped")]
    pub(super) model: Option<String>,
    /// Your own words and how they lean: -3 (against) to 3 (for); 0 silences a word.
    pub(super) lexicon: Option<BTreeMap<String, Option<f64>>>,
    /// Words of a concern, ours (quality, safety, …) or your own, by its name.
    pub(super) concerns: Option<BTreeMap<String, Option<Vec<Option<String>>>>>,
}

/// What the process says of itself.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLog {
    /// For people or for programs. Default: pretty.
    pub(super) format: Option<RawLogFormat>,
    /// error, warn, info, debug or trace; also by part, as in `info,tocsin_inlets=debug`. Default: info.
    #[schemars(example = &"info")]
    pub(super) level: Option<String>,
}

/// How a log line looks.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawLogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Where traces go.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTrace {
    /// A collector that takes OTLP over HTTP.
    #[schemars(required, example = &"http://127.0.0.1:4318")]
    pub(super) otlp: Option<String>,
}

/// The JSON Schema of the config, as TOML knows it: without nulls, nothing by reference.
pub(super) fn schema() -> Json {
    let settings = schemars::generate::SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<RawConfig>().to_value();
    take_out_null(&mut schema);
    schema
}

/// TOML has no null: what schemars writes for an optional field is taken back.
fn take_out_null(schema: &mut Json) {
    if let Json::Array(list) = schema {
        list.iter_mut().for_each(take_out_null);
    }
    let Json::Object(object) = schema else { return };
    object.values_mut().for_each(take_out_null);
    object.retain(|key, value| !(key == "default" && (value.is_null() || value == &serde_json::json!({}))));
    if let Some(Json::Array(types)) = object.get_mut("type") {
        types.retain(|t| t != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    let Some(Json::Array(forms)) = object.get_mut("anyOf") else { return };
    forms.retain(|form| form.get("type") != Some(&Json::from("null")));
    if let [Json::Object(only)] = forms.as_mut_slice() {
        let only = std::mem::take(only);
        object.remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}
