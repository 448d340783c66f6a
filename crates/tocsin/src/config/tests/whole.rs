//! A file as a whole.

use expect_test::expect;

use super::*;

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
