//! A config in, its faults or what is in force out.

use std::collections::BTreeMap;
use std::path::Path;

use expect_test::{Expect, expect};

use super::*;

const BRAND: &str = "[[brand]]\nname = '山岚茶饮'\nquery = '山岚茶饮'\n";

fn read_with(text: &str, env: &[(&str, &str)]) -> Result<Config, Faults> {
    let env: BTreeMap<String, String> =
        env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    read("tocsin.toml", text.as_bytes(), Path::new("/etc/tocsin"), &env)
}

/// The faults of a config, as they are printed.
fn check(text: &str, expected: Expect) {
    check_with(text, &[], expected);
}

fn check_with(text: &str, env: &[(&str, &str)], expected: Expect) {
    let told = match read_with(text, env) {
        Ok(_) => "right".to_owned(),
        Err(faults) => faults.to_string(),
    };
    expected.assert_eq(&told);
}

/// The faults of a config whose brands are right.
fn check_beside_a_brand(text: &str, expected: Expect) {
    check(&format!("{BRAND}{text}"), expected);
}

#[test]
fn the_smallest_config_works() {
    let text = "[[brand]]\nname = \"山岚茶饮\"\nquery = '山岚茶饮 OR \"shanlan tea\"'\ntime_zone = \"Asia/Shanghai\"\n";
    let config = read_with(text, &[]).unwrap();
    expect![[r##"
        # In force from the environment; version of the brands c5647128b1928105

        [[brand]]
        name = "山岚茶饮"
        query = '山岚茶饮 OR "shanlan tea"'
        time_zone = "Asia/Shanghai"

        [detect]
        false_alarms_per_brand_month = 0.5
        holidays = "CN"

        [detect.authors.customers]
        posts = 1
        severity = "yellow"

        [detect.authors.floods]
        posts = 3
        severity = "yellow"

        [detect.authors.media]
        posts = 1
        severity = "yellow"

        [detect.authors.reach]
        followers = 10000000
        posts = 1
        severity = "yellow"

        [detect.authors.regulators]
        posts = 1
        severity = "orange"

        [detect.authors.staff]
        posts = 1
        severity = "yellow"

        [detect.severity.orange]
        excess = 50.0
        times = 0.25

        [detect.severity.red]
        excess = 250.0
        times = 0.5

        [detect.severity.worse]
        forecast = 250.0
        negative_share = 0.4
        reach = 5000000.0
        safety = 3.0
        speed = 250.0

        [detect.severity.yellow]
        excess = 10.0
        times = 0.1

        [http]
        listen = "127.0.0.1:7227"

        [[inlet]]
        hmac_secrets = []
        kind = "http"
        name = "http"
        tokens = []

        [log]
        format = "pretty"
        level = "info"

        [notify]
        cool_down = "90min"
        language = "both"

        [[outlet]]
        kind = "console"
        min_severity = "blue"
        name = "console"
        shown = true

        [score]
        model = "shipped"

        [store]
        keep_incidents = "730d"
        keep_posts = "7d"
        keep_rejected = "7d"
        path = "/etc/tocsin/tocsin-data"
    "##]]
    .assert_eq(&show(&config));
}

#[test]
fn all_faults_are_told_at_once() {
    let text = r#"
[[brand]]
nmae = "山岚茶饮"
query = '山岚茶饮 OR ('
time_zone = "Asia/Shanghia"

[[brand]]
name = 5
query = "a"
expected_per_hour = 0

[[outlet]]
kind = "webhok"

[[outlet]]
kind = "console"
min_severity = "purple"
brands = ["nobody"]

[store]
keep_posts = "2d"
keep_rejected = "soon"

[htp]
listen = "x"

[detect]
false_alarms_per_brand_month = "few"
"#;
    check(
        text,
        expect![[r#"
            tocsin.toml:2:1: brand 1: `name` is missing
              help: write name = "山岚茶饮"
            tocsin.toml:3:1: brand 1: `nmae` is not known here
              help: did you mean `name`? Known here are `accounts`, `expected_per_hour`, `keyword`, `name`, `query`, `rivals`, `sources`, `time_zone`
            tocsin.toml:4:18: brand 1: query: this parenthesis is never closed
              help: put a ) where it ends
            tocsin.toml:5:13: brand 1: time_zone: "Asia/Shanghia" is no time zone
              help: did you mean "Asia/Shanghai"?
            tocsin.toml:8:8: brand 2: name: is a whole number and must be a text in quotes
              help: write name = "山岚茶饮"
            tocsin.toml:10:21: brand 2: expected_per_hour: is 0 and must be more than 0
              help: write expected_per_hour = 20
            tocsin.toml:13:8: outlet 1: kind: "webhok" is not known here
              help: did you mean "webhook"? Known are "console", "webhook", "dingtalk"
            tocsin.toml:17:16: outlet 2: min_severity: "purple" is not known here
              help: write one of "blue", "yellow", "orange", "red"
            tocsin.toml:18:11: outlet 2: brands 1: there is no brand "nobody"
              help: write the name of a [[brand]] that stands in this config
            tocsin.toml:21:14: store: keep_posts: "2d" is less than 3d
              help: write "3d" or more
            tocsin.toml:22:17: store: keep_rejected: "soon" is not a length of time
              help: write a number with its unit (s, min, h, d, w), such as "7d"
            tocsin.toml:24:2: `htp` is not known here
              help: did you mean `http`? Known here are `brand`, `detect`, `event`, `http`, `inlet`, `kafka`, `lists`, `log`, `notify`, `outlet`, `redis`, `score`, `source`, `store`, `tokenize`, `trace`
            tocsin.toml:28:32: detect: false_alarms_per_brand_month: is a text and must be a number
              help: write false_alarms_per_brand_month = 0.5"#]],
    );
}

#[test]
fn a_query_is_told_of_at_the_column_inside_its_string() {
    check(
        "[[brand]]\nname = 'a'\nquery = '山岚茶饮 OR'\n",
        expect![[r#"
        tocsin.toml:3:15: brand a: query: OR has nothing after it
          help: write a term after it, or take OR away"#]],
    );
    check(
        "[[brand]]\nname = 'a'\nquery = \"\\\"山岚\\\" AND )\"\n",
        expect![[r#"
        tocsin.toml:3:17: brand a: query: AND has nothing after it
          help: write a term after it, or take AND away
        tocsin.toml:3:21: brand a: query: this parenthesis closes nothing
          help: take it away, or open one before it"#]],
    );
    check(
        "[[brand]]\nname = 'a'\nquery = '''\n山岚 OR\n(茶'''\n",
        expect![[r#"
        tocsin.toml:5:1: brand a: query: this parenthesis is never closed
          help: put a ) where it ends"#]],
    );
}

#[test]
fn brands_need_a_name_of_their_own_and_there_is_at_least_one() {
    check(
        "",
        expect![[r#"
        tocsin.toml:1:1: brand: there is none, so there is nothing to watch
          help: write [[brand]], and below it name = "山岚茶饮" and query = '山岚茶饮 OR "shanlan tea"'"#]],
    );
    check(
        "brand = []",
        expect![[r#"
        tocsin.toml:1:9: brand: there is none, so there is nothing to watch
          help: write [[brand]], and below it name = "山岚茶饮" and query = '山岚茶饮 OR "shanlan tea"'"#]],
    );
    check(
        &format!("{BRAND}{BRAND}"),
        expect![[r#"
        tocsin.toml:5:8: brand 山岚茶饮: name: there is another brand of the name "山岚茶饮"
          help: give each brand its own name, or join the two queries with OR"#]],
    );
    check(
        "[[brand]]\nname = ' '\nquery = 'a'",
        expect![[r#"
        tocsin.toml:2:8: brand 1: name: is empty
          help: write the name that people shall read, such as name = "山岚茶饮""#]],
    );
    check(
        "[[brand]]\n",
        expect![[r#"
        tocsin.toml:1:1: brand 1: `name` is missing
          help: write name = "山岚茶饮"
        tocsin.toml:1:1: brand 1: `query` is missing
          help: write query = '山岚茶饮 OR "shanlan tea"'"#]],
    );
    check(
        "[brand]\nname = 'a'",
        expect![[r#"
        tocsin.toml:1:1: brand: is a table and must be a list
          help: write [[brand]] and its keys below it"#]],
    );
}

#[test]
fn the_grammar_is_told_of_with_what_else_is_certain() {
    check(
        "[[brand]]\nname = 'a'\nname = 'b'\nquery = \"c\"\n[log]\nformt = 'json'\nlevel =\n",
        expect![[r#"
            tocsin.toml:3:1: not TOML: duplicate key
              help: see https://toml.io, or compare with: tocsin config example
            tocsin.toml:6:1: log: `formt` is not known here
              help: did you mean `format`? Known here are `format`, `level`
            tocsin.toml:7:8: not TOML: string values must be quoted, expected literal string
              help: see https://toml.io, or compare with: tocsin config example"#]],
    );
    check(
        "[[brand]\nname = 'a'\n",
        expect![[r#"
        tocsin.toml:1:9: not TOML: unclosed array table, expected `]`
          help: see https://toml.io, or compare with: tocsin config example"#]],
    );
}

#[test]
fn an_address_that_others_reach_needs_tokens() {
    check_beside_a_brand(
        "[http]\nlisten = '0.0.0.0:7227'",
        expect![[r#"
        tocsin.toml:5:10: http: listen: other machines reach 0.0.0.0:7227, and the http inlet lets everybody in
          help: write [[inlet]], kind = "http" and tokens = [{ env = "TOCSIN_TOKEN" }], or listen = "127.0.0.1:7227""#]],
    );
    check_beside_a_brand(
        "[http]\nlisten = 'localhost'",
        expect![[r#"
        tocsin.toml:5:10: http: listen: "localhost" is no address with a port
          help: write address and port, such as listen = "127.0.0.1:7227" or "[::1]:7227""#]],
    );
    check_beside_a_brand("[http]\nlisten = '[::1]:7227'", expect!["right"]);
    check_beside_a_brand(
        "[http]\nlisten = '0.0.0.0:7227'\n[[inlet]]\nkind = 'http'\ntokens = ['t']",
        expect!["right"],
    );
    check_beside_a_brand(
        "[http]\nlisten = '0.0.0.0:7227'\n[[inlet]]\nkind = 'file'\npath = '-'",
        expect!["right"],
    );
}

#[test]
fn inlets_are_told_of_by_kind() {
    check_beside_a_brand(
        r#"
[[inlet]]
kind = "http"
path = "x"

[[inlet]]
kind = "http"
name = "second"

[[inlet]]
kind = "file"
follow = "yes"

[[inlet]]
name = "kindless"

[[inlet]]
kind = "file"
path = []
name = "two words"

[[inlet]]
kind = "file"
path = ["a.csv", 5]
format = "jsonl"
columns = { txt = "content" }
defaults = { sauce = "weibo" }
"#,
        expect![[r#"
            tocsin.toml:7:1: inlet 1: `path` is not known here
              help: leave it out; known here are `hmac_secrets`, `kind`, `name`, `tokens`
            tocsin.toml:9:1: inlet second: there is another one by HTTP
              help: keep one, and write all its tokens into it
            tocsin.toml:13:1: inlet 3: `path` is missing
              help: write path = "posts/*.jsonl"
            tocsin.toml:15:10: inlet 3: follow: is a text and must be true or false
              help: write follow = true
            tocsin.toml:17:1: inlet kindless: `kind` is missing
              help: write one of kind = "http", kind = "file"
            tocsin.toml:22:8: inlet two words: path: names no file
              help: write path = "posts/*.jsonl"
            tocsin.toml:23:8: inlet two words: name: "two words" has a control character or white space in it
              help: write a short name without white space, such as name = "duty-desk"
            tocsin.toml:25:1: inlet 6: there is another one of the name "file"
              help: give each its own, such as name = "file-2"
            tocsin.toml:27:18: inlet 6: path 2: is a whole number and must be a text in quotes
              help: write path = "…"
            tocsin.toml:29:11: inlet 6: columns: is for CSV, and the format is JSON Lines
              help: leave columns out, or write format = "csv"
            tocsin.toml:29:13: inlet 6: columns: "txt" is no field of a post
              help: did you mean "text"?
            tocsin.toml:30:14: inlet 6: defaults: "sauce" is no field of a post
              help: did you mean "source"?"#]],
    );
}

#[test]
fn outlets_are_told_of_by_kind() {
    check_beside_a_brand(
        r#"
[[outlet]]
kind = "webhook"
url = "ftp://example.com"
secrets = ["whsec_short", { env = "NOT_THERE" }, { file = "not-there" }, "${KEY}"]

[[outlet]]
kind = "webhook"
secrets = []
timeout_seconds = 900

[[outlet]]
kind = "dingtalk"
url = "https://oapi.dingtalk.com/robot/send"
secret = { file = "a", env = "b" }
at_mobiles = ["zhang"]

[[outlet]]
kind = "console"
brands = ["山岚茶"]

[[outlet]]
kind = "console"
"#,
        expect![[r#"
            tocsin.toml:7:7: outlet 1: url: starts with ftp:, which nothing can be sent to here
              help: write the whole address, such as "https://example.com/tocsin"
            tocsin.toml:8:12: outlet 1: secrets 1: is no key of Standard Webhooks
              help: write whsec_ and base64 of 24 to 64 bytes: echo whsec_$(head -c 32 /dev/urandom | base64)
            tocsin.toml:8:35: outlet 1: secrets 2: env: the environment has no NOT_THERE
              help: set it before the start: export NOT_THERE=…
            tocsin.toml:8:59: outlet 1: secrets 3: file: /etc/tocsin/not-there cannot be read: No such file or directory (os error 2)
              help: put the secret there, and nothing else, so that this process may read it
            tocsin.toml:8:74: outlet 1: secrets 4: is the name of a variable, not what is in it
              help: write { env = "KEY" }
            tocsin.toml:10:1: outlet 2: `url` is missing
              help: write url = "https://example.com/tocsin"
            tocsin.toml:10:1: outlet 2: there is another one of the name "webhook"
              help: give each its own, such as name = "webhook-2"
            tocsin.toml:12:11: outlet 2: secrets: there is none to sign with
              help: write secrets = [{ env = "WEBHOOK_SECRET" }]: a receiver must be able to tell who sends
            tocsin.toml:13:19: outlet 2: timeout_seconds: is 900 and must lie between 1 and 60
              help: write timeout_seconds = 10
            tocsin.toml:17:7: outlet 3: url: has no access_token
              help: write the whole address that DingTalk shows for the robot (Webhook)
            tocsin.toml:18:10: outlet 3: secret: names a file and a variable
              help: write { file = "/run/secrets/name" } or { env = "NAME" }
            tocsin.toml:23:11: outlet 4: brands 1: there is no brand "山岚茶"
              help: did you mean "山岚茶饮"?
            tocsin.toml:25:1: outlet 5: there is another one of the name "console"
              help: give each its own, such as name = "console-2""#]],
    );
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
fn words_and_traces_are_checked() {
    check_beside_a_brand(
        "[score.lexicon]\n'翻车' = -4\n'好' = 'gut'\n[score.concerns]\nempty = []\n[tokenize]\ndictionary = 'not-there'\n[trace]\n[log]\nlevel = 'loud'\nformat = 'xml'",
        expect![[r#"
            tocsin.toml:5:8: score: lexicon: 翻车: is -4 and must lie between -3 and 3
              help: write -3 for a word that is against, 3 for one that is for
            tocsin.toml:6:7: score: lexicon: 好: is a text and must be a number
              help: write 好 = 1
            tocsin.toml:8:9: score: concerns: empty: has no name or no words
              help: write a name and its words, such as shipping = ["快递", "物流"]
            tocsin.toml:10:14: tokenize: dictionary: /etc/tocsin/not-there cannot be read: No such file or directory (os error 2)
              help: write one word a line into it, or leave the key out
            tocsin.toml:13:9: log: level: "loud" is no level
              help: write error, warn, info, debug or trace, or by part: level = "info,tocsin_inlets=debug"
            tocsin.toml:14:10: log: format: "xml" is not known here
              help: write one of "pretty", "json""#]],
    );
}

#[test]
fn what_is_no_text_at_all_is_told() {
    let told = read("tocsin.toml", b"a = 1\nb = '\xff'", Path::new(""), &BTreeMap::new()).unwrap_err();
    expect![[r#"
        tocsin.toml:2:6: not UTF-8
          help: save the file as UTF-8"#]]
    .assert_eq(&told.to_string());
    let missing = load(Some(Path::new("/nowhere/tocsin.toml")), std::iter::empty()).unwrap_err();
    expect![[r#"
        config: /nowhere/tocsin.toml cannot be read: No such file or directory (os error 2)
          help: name another one with --config, or write it: tocsin config example > /nowhere/tocsin.toml"#]]
    .assert_eq(&missing.to_string());
}

#[test]
fn the_environment_goes_before_the_file() {
    let env = [
        ("TOCSIN__HTTP__LISTEN", "127.0.0.1:9000"),
        ("TOCSIN__BRAND__0__NAME", "360"),
        ("TOCSIN__BRAND__1__NAME", "second"),
        ("TOCSIN__BRAND__1__QUERY", "[a] OR b"),
        ("TOCSIN__DETECT__FALSE_ALARMS_PER_BRAND_MONTH", "2"),
        ("TOCSIN__OUTLET__0__KIND", "console"),
        ("TOCSIN__OUTLET__0__BRANDS", "[\"360\"]"),
        ("TOCSIN_PORT", "tcp://10.0.0.1:80"),
        ("PATH", "/bin"),
    ];
    let config = read_with(BRAND, &env).unwrap();
    expect![[r##"
        # In force from the environment; version of the brands cdf3690c1db1a194

        [[brand]]
        name = "360"
        query = "山岚茶饮"
        time_zone = "Asia/Shanghai"

        [[brand]]
        name = "second"
        query = "[a] OR b"
        time_zone = "Asia/Shanghai"

        [detect]
        false_alarms_per_brand_month = 2.0
        holidays = "CN"

        [detect.authors.customers]
        posts = 1
        severity = "yellow"

        [detect.authors.floods]
        posts = 3
        severity = "yellow"

        [detect.authors.media]
        posts = 1
        severity = "yellow"

        [detect.authors.reach]
        followers = 10000000
        posts = 1
        severity = "yellow"

        [detect.authors.regulators]
        posts = 1
        severity = "orange"

        [detect.authors.staff]
        posts = 1
        severity = "yellow"

        [detect.severity.orange]
        excess = 50.0
        times = 0.25

        [detect.severity.red]
        excess = 250.0
        times = 0.5

        [detect.severity.worse]
        forecast = 250.0
        negative_share = 0.4
        reach = 5000000.0
        safety = 3.0
        speed = 250.0

        [detect.severity.yellow]
        excess = 10.0
        times = 0.1

        [http]
        listen = "127.0.0.1:9000"

        [[inlet]]
        hmac_secrets = []
        kind = "http"
        name = "http"
        tokens = []

        [log]
        format = "pretty"
        level = "info"

        [notify]
        cool_down = "90min"
        language = "both"

        [[outlet]]
        brands = ["360"]
        kind = "console"
        min_severity = "blue"
        name = "console"
        shown = true

        [score]
        model = "shipped"

        [store]
        keep_incidents = "730d"
        keep_posts = "7d"
        keep_rejected = "7d"
        path = "/etc/tocsin/tocsin-data"
    "##]]
    .assert_eq(&show(&config));
    let without_a_file = [("TOCSIN__BRAND__0__NAME", "a"), ("TOCSIN__BRAND__0__QUERY", "a")];
    assert_eq!(read_with("", &without_a_file).unwrap().brands.len(), 1);
}

#[test]
fn a_fault_of_the_environment_names_the_variable() {
    let env = [
        ("TOCSIN__BRAND__0__QUERY", "山岚茶饮 AND"),
        ("TOCSIN__BRAND__5__NAME", "far"),
        ("TOCSIN__BRAND__ONE__NAME", "one"),
        ("TOCSIN__DETECT__FALSE_ALARMS_PER_BRAND_MONTH", "few"),
        ("TOCSIN__LOG__COLOUR", "red"),
        ("TOCSIN__OUTLET__0__KIND", "console"),
        ("TOCSIN__OUTLET__0__BRANDS", "[\"a\""),
        ("TOCSIN__STORE__KEEP_POSTS", "1h"),
        ("TOCSIN__STORE____PATH", "x"),
    ];
    check_with(
        BRAND,
        &env,
        expect![[r#"
        environment TOCSIN__BRAND__0__QUERY:6: brand 山岚茶饮: query: AND has nothing after it
          help: write a term after it, or take AND away
        environment TOCSIN__BRAND__5__NAME:1: speaks of entry 5 of a list that has 1
          help: entries are counted from 0; the next one to add is 1
        environment TOCSIN__BRAND__ONE__NAME:1: has "ONE" where the number of an entry should be
          help: entries are counted from 0, as in TOCSIN__BRAND__0__NAME
        environment TOCSIN__DETECT__FALSE_ALARMS_PER_BRAND_MONTH:1: detect: false_alarms_per_brand_month: is a text and must be a number
          help: write false_alarms_per_brand_month = 0.5
        environment TOCSIN__LOG__COLOUR:1: log: `colour` is not known here
          help: leave it out; known here are `format`, `level`
        environment TOCSIN__OUTLET__0__BRANDS:5: not a TOML value: unclosed array, expected `]`
          help: write it as in the config file, such as ["a", "b"] or { env = "NAME" }
        environment TOCSIN__STORE__KEEP_POSTS:1: store: keep_posts: "1h" is less than 3d
          help: write "3d" or more
        environment TOCSIN__STORE____PATH:1: has an empty part in its name
          help: write TOCSIN__SECTION__KEY, such as TOCSIN__HTTP__LISTEN"#]],
    );
}

#[test]
fn secrets_come_from_files_and_the_environment_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "tok-from-file\n").unwrap();
    let text = format!(
        r#"{BRAND}
[[inlet]]
kind = "http"
tokens = [{{ file = "token" }}, {{ env = "TOKEN" }}, "tok-inline"]

[[outlet]]
kind = "dingtalk"
url = "https://oapi.dingtalk.com/robot/send?access_token=tok-url"
secret = "tok-sign"

[[outlet]]
kind = "webhook"
url = {{ env = "URL" }}
secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
headers = {{ authorization = "tok-header" }}

[trace]
otlp = "http://user:tok-trace@127.0.0.1:4318"
"#
    );
    let env = [("TOKEN", "tok-from-env"), ("URL", "https://example.com/tok-path")];
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let config = read("tocsin.toml", text.as_bytes(), folder.path(), &env).unwrap();
    let Some(Inlet::Http(http)) = config.inlets.first() else { panic!("no inlet") };
    let tokens: Vec<&str> = http.tokens.iter().map(Secret::reveal).collect();
    assert_eq!(tokens, ["tok-from-file", "tok-from-env", "tok-inline"]);
    for shown in [show(&config), format!("{config:?}"), format!("{config:#?}")] {
        assert!(!shown.contains("tok-") && !shown.contains("MfKQ"), "{shown}");
    }
    // Nor when something else is wrong.
    let faults = read("t", format!("{text}\n[log]\nx = 1").as_bytes(), folder.path(), &env).unwrap_err();
    assert!(!faults.to_string().contains("tok-"), "{faults}");
}

#[test]
fn the_example_is_right_as_it_is_and_with_everything_switched_on() {
    let config = read_with(example(), &[]).unwrap();
    let silent = read_with(BRAND, &[]).unwrap();
    assert_eq!(
        show(&config).lines().skip(1).filter(|line| !line.starts_with("query")).collect::<Vec<_>>(),
        show(&silent).lines().skip(1).filter(|line| !line.starts_with("query")).collect::<Vec<_>>(),
        "what the example states is the default"
    );

    let folder = tempfile::tempdir().unwrap();
    let is_setting =
        |line: &str| line.starts_with('#') && line[1..].starts_with(|c: char| !c.is_whitespace());
    let mut switched = 0;
    let mut all = String::new();
    for line in example().lines() {
        let on = if is_setting(line) { &line[1..] } else { line };
        switched += usize::from(is_setting(line));
        all.push_str(&on.replace("/run/secrets/tocsin-token", "token"));
        all.push('\n');
    }
    assert!(switched > 20, "{switched}");
    std::fs::write(folder.path().join("token"), "t").unwrap();
    std::fs::write(folder.path().join("words.txt"), "山岚\n").unwrap();
    std::fs::write(folder.path().join("ca.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    let env = [
        ("KAFKA_PASSWORD", "k"),
        ("REDIS_PASSWORD", "r"),
        ("TOCSIN_TOKEN", "t"),
        ("TOCSIN_HMAC", "h"),
        ("WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("DINGTALK_URL", "https://oapi.dingtalk.com/robot/send?access_token=t"),
        ("DINGTALK_SECRET", "SECt"),
    ];
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let config = read("all", all.as_bytes(), folder.path(), &env).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!((config.inlets.len(), config.outlets.len()), (2, 3));
    assert!(config.trace.is_some() && config.dictionary.is_some() && !config.lexicon.is_empty());
    assert_eq!(config.model, Beside::Shipped);
    assert!(config.servers.is_some());
}

#[test]
fn kafka_and_redis_are_checked() {
    check_beside_a_brand(
        "[kafka]\nbrokers = 'kafka:9092'",
        expect![[r#"
            tocsin.toml:4:1: kafka: there is no [redis] beside it
              help: write [redis] and below it address = "127.0.0.1:6379", where stages keep what they remember, or take [kafka] out"#]],
    );
    check_beside_a_brand(
        "[redis]\naddress = 'redis:6379'",
        expect![[r#"
        tocsin.toml:4:1: redis: there is no [kafka] beside it
          help: write [kafka] and below it brokers = ["127.0.0.1:9092"], or take [redis] out: without Kafka everything is in the data folder"#]],
    );
    check_beside_a_brand(
        "[kafka]\n[redis]\n",
        expect![[r#"
        tocsin.toml:4:1: kafka: `brokers` is missing
          help: write brokers = ["kafka-1.example:9092","kafka-2.example:9092"]
        tocsin.toml:5:1: redis: `address` is missing
          help: write address = "127.0.0.1:6379", or cluster = ["…"], or sentinels = ["…"] and primary = "mymaster""#]],
    );
    check_beside_a_brand(
        r#"
[kafka]
brokers = ["kafka", "kafka:9092"]
prefix = "to csin"
partitions = 0
replication = 0
create_topics = "yes"
tls = { ca = "not-there.pem", certificate = "c.pem" }
sasl = { mechanism = "SCRAM", user = "", password = { env = "NOT_THERE" } }
commit_every = "1h"
session = "soon"

[redis]
address = "redis://u:geheim@redis:6379"
cluster = []
primary = "mymaster"
prefix = "{tocsin}"
user = "tocsin"
tls = { key = "k.pem" }
"#,
        expect![[r#"
            tocsin.toml:6:12: kafka: brokers 1: "kafka" is no host with a port
              help: write host:port, such as "127.0.0.1:9092" or "[::1]:9092"
            tocsin.toml:7:10: kafka: prefix: has ' ' in it, which names cannot have
              help: write letters, digits and dots, such as prefix = "tocsin."
            tocsin.toml:8:14: kafka: partitions: is 0 and must lie between 1 and 1000
              help: write partitions = 6
            tocsin.toml:9:15: kafka: replication: is 0 and must lie between 1 and 32767
              help: write replication = 3
            tocsin.toml:10:17: kafka: create_topics: is a text and must be true or false
              help: write create_topics = true
            tocsin.toml:11:7: kafka: tls: `key` is missing
              help: write key = "client.key", the certificate's key
            tocsin.toml:11:14: kafka: tls: ca: /etc/tocsin/not-there.pem cannot be read: No such file or directory (os error 2)
              help: write the path of a PEM file that this process may read
            tocsin.toml:11:45: kafka: tls: certificate: /etc/tocsin/c.pem cannot be read: No such file or directory (os error 2)
              help: write the path of a PEM file that this process may read
            tocsin.toml:12:22: kafka: sasl: mechanism: "SCRAM" is not known here
              help: write one of "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"
            tocsin.toml:12:38: kafka: sasl: user: is empty
              help: write user = "tocsin"
            tocsin.toml:12:61: kafka: sasl: password: env: the environment has no NOT_THERE
              help: set it before the start: export NOT_THERE=…
            tocsin.toml:13:16: kafka: commit_every: "1h" is not between 1ms and 10s
              help: write "20ms"
            tocsin.toml:14:11: kafka: session: "soon" is not a length of time
              help: write a number with its unit (ms, s, min), such as "10s"
            tocsin.toml:17:11: redis: address: is a URL
              help: write host:port alone, such as "127.0.0.1:6379"; user, password and tls have keys of their own
            tocsin.toml:18:11: redis: cluster: names no server
              help: write cluster = ["127.0.0.1:6379"]
            tocsin.toml:18:11: redis: cluster: stands beside address, and Redis is in one place
              help: keep one of address, cluster and sentinels
            tocsin.toml:19:11: redis: primary: is for sentinels, and none are written
              help: take it out, or write sentinels = ["…"] beside it
            tocsin.toml:20:10: redis: prefix: has '{' in it, which names cannot have
              help: write letters, digits and dots, such as prefix = "tocsin:"
            tocsin.toml:21:8: redis: user: has no password
              help: write password = { env = "REDIS_PASSWORD" } beside it
            tocsin.toml:22:7: redis: tls: `certificate` is missing
              help: write certificate = "client.crt", the key's certificate
            tocsin.toml:22:15: redis: tls: key: /etc/tocsin/k.pem cannot be read: No such file or directory (os error 2)
              help: write the path of a PEM file that this process may read"#]],
    );
    check_beside_a_brand(
        "[kafka]\nbrokers = 'a:1'\ncommit_every_max = '10ms'\n[redis]\nsentinels = 's:1,t'\n",
        expect![[r#"
            tocsin.toml:6:20: kafka: commit_every_max: is less than commit_every
              help: write the greater of the two here
            tocsin.toml:7:1: redis: `primary` is missing
              help: write primary = "mymaster", the name that stands in `sentinel monitor`
            tocsin.toml:8:13: redis: sentinels: "t" is no host with a port
              help: write host:port, such as "127.0.0.1:26379" or "[::1]:26379""#]],
    );
}

#[test]
fn what_is_said_of_kafka_and_redis_is_what_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["ca.pem", "c.pem", "k.pem"] {
        std::fs::write(folder.path().join(file), "-----BEGIN X-----\n").unwrap();
    }
    let text = format!(
        "{BRAND}[kafka]\nbrokers = 'a:1, b:2'\nreplication = 3\n\
         tls = {{ ca = 'ca.pem', certificate = 'c.pem', key = 'k.pem' }}\n\
         sasl = {{ mechanism = 'PLAIN', user = 'u', password = 'geheim' }}\n\
         [redis]\nsentinels = ['s:1', 't:2']\nprimary = 'p'\nuser = 'v'\npassword = 'geheim'\ntls = {{}}\n"
    );
    let read = |text: &str| read("t", text.as_bytes(), folder.path(), &BTreeMap::new()).unwrap();
    let config = read(&text);
    let shown = show(&config);
    assert!(!shown.contains("geheim") && !format!("{config:?}").contains("geheim"), "{shown}");
    let at = shown.find("[kafka]").unwrap();
    let (until, redis) = (shown.find("[log]").unwrap(), shown.find("[redis]").unwrap());
    let until_score = shown.find("[score]").unwrap();
    let servers = format!("{}{}", &shown[at..until], &shown[redis..until_score]);
    let servers = servers.replace(&folder.path().display().to_string(), "FOLDER");
    expect![[r#"
        [kafka]
        brokers = [
            "a:1",
            "b:2",
        ]
        commit_every = "20ms"
        commit_every_max = "500ms"
        create_topics = true
        partitions = 6
        prefix = "tocsin."
        replication = 3
        session = "10s"
        transaction = "10s"

        [kafka.sasl]
        mechanism = "PLAIN"
        password = "***"
        user = "u"

        [kafka.tls]
        ca = "FOLDER/ca.pem"
        certificate = "FOLDER/c.pem"
        key = "FOLDER/k.pem"

        [redis]
        password = "***"
        prefix = "tocsin:"
        primary = "p"
        sentinels = [
            "s:1",
            "t:2",
        ]
        user = "v"

        [redis.tls]

    "#]]
    .assert_eq(&servers);
    assert_eq!(show(&read(&shown.replace("***", "geheim"))), shown, "what is shown can be read again");
    assert_eq!(config.cautions.len(), 0, "with TLS a password is not readable");
    let open = "[kafka]\nbrokers = 'a:1'\nsasl = { mechanism = 'PLAIN', user = 'u', password = 'p' }\n[redis]\naddress = 'r:1'";
    assert_eq!(read(&format!("{BRAND}{open}")).cautions.len(), 1, "without, it is");
}

#[test]
fn a_config_that_is_damaged_anywhere_is_told_of_or_right() {
    let all: String = example().replace("\n#", "\n").replace("\n ", "\n# ");
    let places: Vec<usize> = all.char_indices().map(|(at, _)| at).step_by(11).collect();
    assert!(places.len() > 300);
    for at in places {
        let (before, after) = all.split_at(at);
        let mut rest = after.chars();
        rest.next();
        for damaged in [
            before.to_owned(),
            format!("{before}{}", rest.as_str()),
            format!("{before}\"{after}"),
            format!("{before}\\u山{after}"),
            format!("{before}]\n[{after}"),
        ] {
            if let Err(faults) = read_with(&damaged, &[]) {
                assert!(
                    faults.count() > 0 && !faults.to_string().contains("please report"),
                    "{faults}\n{damaged}"
                );
            }
        }
    }
}

#[test]
fn the_example_names_every_key_of_the_schema() {
    fn keys(schema: &serde_json::Value, into: &mut Vec<String>) {
        match schema {
            serde_json::Value::Object(object) => {
                if let Some(serde_json::Value::Object(properties)) = object.get("properties") {
                    into.extend(properties.keys().cloned());
                }
                object.values().for_each(|value| keys(value, into));
            }
            serde_json::Value::Array(list) => list.iter().for_each(|value| keys(value, into)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    keys(&schema(), &mut all);
    assert!(all.len() > 50, "{all:?}");
    for key in all {
        assert!(example().contains(&key), "{key} is not in the example");
    }
}

#[test]
fn what_inlets_and_outlets_say_of_themselves_is_right() {
    let inlets = tocsin_inlets::INLETS.iter().map(|kind| (kind.name, kind.example));
    let outlets = tocsin_outlets::OUTLETS.iter().map(|kind| (kind.name, kind.example));
    for (name, example) in inlets.chain(outlets) {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("{BRAND}{example}");
        // Whatever variable an example names holds something that fits its key.
        let mut env = BTreeMap::new();
        for line in example.lines() {
            let mut rest = line;
            while let Some((before, after)) = rest.split_once("env = \"") {
                let (variable, after) = after.split_once('"').unwrap();
                let value = if line.starts_with("url") && before.contains("url") {
                    "https://oapi.dingtalk.com/robot/send?access_token=t"
                } else {
                    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
                };
                env.insert(variable.to_owned(), value.to_owned());
                rest = after;
            }
        }
        if let Err(faults) = read("example", text.as_bytes(), folder.path(), &env) {
            panic!("{name}: {faults}\n{text}");
        }
    }
}

#[test]
fn the_schema_is_a_schema_without_null() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["properties"]["brand"]["items"]["required"], serde_json::json!(["name", "query"]));
    assert_eq!(schema["properties"]["notify"]["properties"]["cool_down"]["type"], "string");
    let text = schema.to_string();
    assert!(!text.contains("null") && !text.contains("$ref"), "{text}");
}

#[test]
fn the_version_is_of_names_and_queries_in_any_order() {
    let version = |text: &str| read_with(text, &[]).unwrap().version();
    let a = "[[brand]]\nname = 'a'\nquery = 'x'\n";
    let b = "[[brand]]\nname = 'b'\nquery = 'y'\n";
    assert_eq!(version(&format!("{a}{b}")), version(&format!("{b}{a}[log]\nlevel = 'debug'")));
    assert_ne!(version(a), version("[[brand]]\nname = 'a'\nquery = 'y'\n"));
    assert_eq!(format!("{:016x}", version(a)), "ab8b9b820d8005fc", "the same for ever");
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
fn a_time_zone_becomes_its_offsets() {
    let offsets = |name: &str| offsets(&jiff::tz::TimeZone::get(name).unwrap());
    assert_eq!(offsets("Asia/Shanghai").iter().map(|(_, minutes)| *minutes).collect::<Vec<_>>(), [480]);
    let berlin = offsets("Europe/Berlin");
    let at = |text: &str| {
        let hour = tocsin_model::Hour(tocsin_wire::parse_rfc3339(text).unwrap().div_euclid(3_600_000));
        berlin.iter().rev().find(|(from, _)| *from <= hour).unwrap().1
    };
    assert_eq!(
        [at("2026-03-29T00:00:00Z"), at("2026-03-29T01:00:00Z"), at("2040-01-01T00:00:00Z")],
        [60, 120, 60]
    );
}
