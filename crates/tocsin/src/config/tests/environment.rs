//! Variables and secrets.

use expect_test::expect;

use super::*;

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
