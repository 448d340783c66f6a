//! Holds papers and dashboards against the program: alerts and runbook, metrics and queries, commands, shapes.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use serde_json::Value;
use tocsin_tests::{program, said};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&read(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// The rules of a file.
fn rules(path: &str) -> Vec<Value> {
    let file = yaml(path);
    file["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap().clone())
        .collect()
}

fn alerts() -> Vec<Value> {
    rules("deploy/prometheus/alerts.yaml")
}

fn names(alerts: &[Value]) -> BTreeSet<String> {
    alerts.iter().map(|alert| alert["alert"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_alert_has_its_section_in_the_runbook_and_leads_there() {
    let runbook = read("docs/runbook.md");
    let sections: BTreeMap<&str, &str> =
        runbook.split("\n## ").skip(1).map(|section| section.split_once('\n').unwrap()).collect();
    let known: BTreeSet<String> = sections.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(names(&alerts()), known);
    for (name, section) in sections {
        for part in ["**Means.**", "**Look.**", "**Do.**"] {
            assert!(section.contains(part), "docs/runbook.md: {name} says nothing after {part}");
        }
    }
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap();
        assert_eq!(alert["annotations"]["runbook_url"], format!("docs/runbook.md#{}", name.to_lowercase()));
        assert!(!alert["annotations"]["summary"].as_str().unwrap().is_empty(), "{name}");
        assert!(["now", "today"].contains(&alert["labels"]["urgency"].as_str().unwrap()), "{name}");
    }
}

#[test]
fn each_alert_has_a_case_that_fires_and_one_that_does_not() {
    let tests = yaml("deploy/prometheus/alerts_test.yaml");
    let (mut fires, mut is_quiet) = (BTreeSet::new(), BTreeSet::new());
    for case in tests["tests"].as_array().unwrap() {
        for look in case["alert_rule_test"].as_array().unwrap() {
            let expected = look["exp_alerts"].as_array().unwrap();
            let seen = if expected.is_empty() { &mut is_quiet } else { &mut fires };
            seen.insert(look["alertname"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(fires, names(&alerts()), "a case that fires");
    assert_eq!(is_quiet, names(&alerts()), "a case that does not");
}

/// Every metric that the program can have, with its labels: the list itself is the only place that has them all.
fn metrics() -> BTreeMap<String, BTreeSet<String>> {
    let list = read("crates/runtime/src/metrics.rs") + &read("crates/runtime/src/process.rs");
    let mut metrics = BTreeMap::new();
    for line in list.lines() {
        let strings: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        let Some((name, rest)) = strings.split_first() else { continue };
        if !name.starts_with("tocsin_") && !name.starts_with("process_") {
            continue;
        }
        let labels = rest.iter().skip(1).map(|label| (*label).to_owned()).collect();
        metrics.insert((*name).to_owned(), labels);
    }
    assert!(metrics.len() > 30, "{metrics:?}");
    metrics
}

/// The names in a query that are metrics of ours.
fn asked(query: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = query.split(|c| !is_name(c));
    words
        .filter(|w| w.starts_with("tocsin_") || w.starts_with("tocsin:") || w.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

/// Fails where a query asks for what neither the program nor a recording rule gives.
#[track_caller]
fn check_query(place: &str, query: &str) {
    let (metrics, recorded) = (metrics(), rules("deploy/prometheus/recording.yaml"));
    for name in asked(query) {
        let base =
            ["_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
        let is_metric = metrics.contains_key(&name) || metrics.contains_key(base);
        assert!(
            is_metric || recorded.iter().any(|rule| rule["record"] == name.as_str()),
            "{place}: {name} is nowhere"
        );
    }
}

#[test]
fn rules_and_dashboards_ask_for_what_there_is() {
    for rule in alerts().iter().chain(&rules("deploy/prometheus/recording.yaml")) {
        let place = rule.get("alert").or(rule.get("record")).unwrap().to_string();
        check_query(&place, rule["expr"].as_str().unwrap());
    }
    for name in ["well", "hears"] {
        let dashboard: Value =
            serde_json::from_str(&read(&format!("deploy/grafana/dashboards/{name}.json"))).unwrap();
        let (mut ids, mut queries) = (BTreeSet::new(), 0);
        for panel in dashboard["panels"].as_array().unwrap() {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{name}: an id stands twice");
            let is_row = panel["type"] == "row";
            let (said, unit) = (&panel["description"], &panel["fieldConfig"]["defaults"]["unit"]);
            assert!(
                is_row || (said.is_string() && unit.is_string()),
                "{name}: {}: description and unit",
                panel["title"]
            );
            assert!(
                is_row || panel["datasource"]["uid"] == "${source}",
                "{name}: {}: datasource",
                panel["title"]
            );
            for target in panel["targets"].as_array().into_iter().flatten() {
                check_query(&format!("{name}: {}", panel["title"]), target["expr"].as_str().unwrap());
                queries += 1;
            }
        }
        assert!(queries >= 10, "{name}: {queries} queries");
        assert_eq!(dashboard["templating"]["list"][0]["type"], "datasource", "{name}");
    }
}

/// What a query may put where it finds nothing: a nought of somebody who answers, and would know of more.
const NOUGHTS: [&str; 3] = [
    "sum(tocsin_build_info) * 0",
    "count(up{job=\"tocsin\", service=\"all\"} == 1) * 0",
    "sum by (inlet) (rate(tocsin_posts_received_total[10m])) * 0",
];

/// Whether a query says a number although it found nothing.
fn makes_up(query: &str) -> bool {
    let said = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let rest = NOUGHTS.iter().fold(said, |rest, nought| rest.replace(nought, ""));
    let words: Vec<&str> = rest.split([' ', '(', ')']).filter(|word| !word.is_empty()).collect();
    rest.contains("vector(") || words.windows(2).any(|pair| matches!(pair, ["*" | "or", "0"] | ["0", "*"]))
}

/// The dashboards' queries, as (dashboard, panel's title, kind of panel, query).
fn panels() -> Vec<(&'static str, String, String, String)> {
    let mut found = Vec::new();
    for name in ["well", "hears"] {
        let dashboard: Value =
            serde_json::from_str(&read(&format!("deploy/grafana/dashboards/{name}.json"))).unwrap();
        for panel in dashboard["panels"].as_array().unwrap() {
            let text = |key: &str| panel[key].as_str().unwrap().to_owned();
            for target in panel["targets"].as_array().into_iter().flatten() {
                let query = target["expr"].as_str().unwrap().replace("$brand", ".+");
                found.push((name, text("title"), text("type"), query));
            }
        }
    }
    assert!(found.len() > 40, "{} queries", found.len());
    found
}

#[test]
fn no_query_says_nought_where_it_found_nothing() {
    for query in ["a or vector(0)", "sum(a) or sum(b) * 0", "a\n  or 0 * b"] {
        assert!(makes_up(query), "{query} makes up a number");
    }
    for query in ["a > 14.4 * 0.01", "sum(a) or sum(tocsin_build_info) * 0", "rate(a[10m]) > 0"] {
        assert!(!makes_up(query), "{query} makes up nothing");
    }
    for rule in alerts().iter().chain(&rules("deploy/prometheus/recording.yaml")) {
        let place = rule.get("alert").or(rule.get("record")).unwrap();
        assert!(!makes_up(rule["expr"].as_str().unwrap()), "{place}");
    }
    for (dashboard, title, _, query) in panels() {
        assert!(!makes_up(&query), "{dashboard}: {title}: {query}");
    }
}

/// A single number that is green because nothing was found is the worst of all: each is held against a Prometheus that
/// scrapes nothing, and one that scrapes something.
#[test]
fn each_single_number_has_a_case_with_a_value_and_one_in_which_it_says_nothing() {
    let tests = yaml("deploy/prometheus/panels_test.yaml");
    let (mut speaks, mut is_silent) = (BTreeSet::new(), BTreeSet::new());
    for case in tests["tests"].as_array().unwrap() {
        for look in case["promql_expr_test"].as_array().unwrap() {
            let samples = look["exp_samples"].as_array().unwrap().len();
            assert!(samples < 2, "a single number of {samples}: {}", look["expr"]);
            let seen = if samples == 0 { &mut is_silent } else { &mut speaks };
            seen.insert(look["expr"].as_str().unwrap().to_owned());
        }
    }
    let numbers = panels().into_iter().filter(|(_, _, kind, _)| kind == "stat").map(|(.., query)| query);
    let numbers: BTreeSet<String> = numbers.collect();
    assert!(numbers.len() > 10, "{numbers:?}");
    assert_eq!(speaks, numbers, "a case with a value");
    assert_eq!(is_silent, numbers, "a case in which nothing is scraped");
}

/// A rule that asks for a bucket which no histogram has finds nothing, for ever.
#[test]
fn the_bucket_of_the_promise_is_one_that_the_histogram_has() {
    let list = read("crates/runtime/src/metrics.rs");
    let (_, buckets) = list.split_once("const JUDGED_SECONDS: &[f64] =").unwrap();
    let buckets = buckets.split(';').next().unwrap();
    let mut asked = 0;
    for rule in rules("deploy/prometheus/recording.yaml") {
        let query = rule["expr"].as_str().unwrap();
        for bucket in query.split("le=~\"").skip(1) {
            assert!(bucket.starts_with("5|5[.]0\"}") && buckets.contains(" 5.0,"), "{query}: {buckets}");
            asked += 1;
        }
    }
    assert_eq!(asked, 5, "the rules for five spans of time");
}

/// What stands in the papers between backticks, or alone on a line, and begins with `tocsin `.
fn commands(text: &str) -> Vec<Vec<&str>> {
    let quoted = text.split('`').skip(1).step_by(2);
    let lines = text.lines().map(str::trim);
    let typed = quoted.chain(lines).filter_map(|words| words.strip_prefix("tocsin "));
    typed.filter(|words| !words.contains('\n')).map(|words| words.split_whitespace().collect()).collect()
}

#[test]
fn commands_in_the_papers_are_commands_of_the_program() {
    let mut checked = 0;
    for path in ["docs/runbook.md", "docs/operations.md", "k8s/README.md", "README.md", "README.zh-CN.md"] {
        for words in commands(&read(path)) {
            let is_name = |word: &&&str| {
                word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-')
            };
            let mut help = said(program().arg("--help"));
            let mut typed = Vec::new();
            for word in words.iter().take_while(is_name) {
                // A word that is no command is what the command is about.
                if !help.lines().any(|line| line.split_whitespace().next() == Some(word)) {
                    break;
                }
                typed.push(*word);
                help = said(program().args(&typed).arg("--help"));
            }
            assert!(!typed.is_empty() || words[0].starts_with("--"), "{path}: tocsin {}", words.join(" "));
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                let flag = flag.split('=').next().unwrap().trim_end_matches([',', '.', ';', ')']);
                assert!(help.contains(flag), "{path}: tocsin {} has no {flag}", typed.join(" "));
            }
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked} commands");
}

#[test]
fn the_shapes_in_docs_are_those_of_the_program() {
    let shapes = said(program().arg("schema"));
    for name in shapes.lines() {
        let path = root().join(format!("docs/schemas/{name}-v1.json"));
        expect_file![path].assert_eq(&said(program().args(["schema", name])));
    }
    let kept = std::fs::read_dir(root().join("docs/schemas")).unwrap().count();
    assert_eq!(kept, shapes.lines().count(), "a file in docs/schemas is of no shape");
    expect_file![root().join("docs/asyncapi.yaml")]
        .assert_eq(&said(program().args(["schema", "--asyncapi"])));
}

/// Headings and blocks of code of a paper, by level and kind.
fn structure(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_code = false;
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            is_code = !is_code;
            found.extend(is_code.then(|| format!("code {kind}")));
        } else if !is_code && line.starts_with('#') {
            found.push(format!("heading {}", line.split(' ').next().unwrap().len()));
        } else if !is_code && line.starts_with("    ") {
            found.push(format!("typed {}", line.trim().split("  ").next().unwrap().trim_end()));
        }
    }
    found
}

#[test]
fn the_chinese_readme_says_the_same_in_the_same_order() {
    assert_eq!(structure(&read("README.zh-CN.md")), structure(&read("README.md")));
}
