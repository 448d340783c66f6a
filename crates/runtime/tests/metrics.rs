//! The list of metrics as an outsider reads it: every name once, and no complaint from promtool.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use expect_test::expect;
use tocsin_flow::Meters;
use tocsin_model::{ArrivalTime, BrandId, Kind, Reason, Severity, SourceId, Span};
use tocsin_runtime::{BrandStands, Metrics, SOURCES_MAX};

fn source(name: &str) -> SourceId {
    SourceId::new(name).unwrap()
}

fn stands(brand: &str, heard: u64) -> BrandStands {
    let brand = BrandId::new(brand).unwrap();
    BrandStands { brand, heard, negative: 2.5, expected: [1.0, 4.0, 9.0] }
}

/// One of everything: what has labels shows only when it was counted.
fn one_of_everything() -> Metrics {
    let metrics = Metrics::new();
    let took = Duration::from_millis(3);
    metrics.stage_ran("ingest", 10, 7, took);
    metrics.committed(took);
    metrics.retried("the store");
    metrics.post_received(Span::from_seconds(40));
    metrics.post_judged(Span::from_millis(12));
    metrics.posts_unmatched(3);
    metrics.signal_made(Kind::Negative);
    metrics.incidents_open(1);
    metrics.brands_stand(&[stands("山岚茶饮", 12)], ArrivalTime::from_millis(1_700_000_000_500));
    metrics.rang(Severity::Orange);
    metrics.config_taken("17", ArrivalTime::from_millis(1_700_000_000_500));
    metrics.posts_received("http", &source("weibo"), 10);
    metrics.record_rejected("http", &Reason::Missing("id"));
    metrics.pushed_back("http");
    metrics.synced(took, 4);
    metrics.delivery_tried("ding", "delivered", took);
    metrics.peer_away("outlet ding", false);
    metrics
}

/// The sample lines of a metric.
fn lines(metrics: &Metrics, name: &str) -> Vec<String> {
    let page = metrics.render();
    let starts = |l: &&str| l.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
    page.lines().filter(starts).map(str::to_owned).collect()
}

#[test]
fn the_list() {
    let page = one_of_everything().render();
    let list: Vec<String> = page
        .lines()
        .filter_map(|l| l.strip_prefix("# "))
        .collect::<Vec<_>>()
        .chunks(2)
        .map(|pair| {
            let (name, help) = pair[0].strip_prefix("HELP ").unwrap().split_once(' ').unwrap();
            let kind = pair[1].rsplit(' ').next().unwrap();
            format!("{name} ({kind}) {help}")
        })
        .collect();
    expect![[r#"
        process_cpu_seconds_total (counter) Processor time used, in seconds.
        process_max_fds (gauge) How many files and sockets may be open.
        process_open_fds (gauge) Open files and sockets.
        process_resident_memory_bytes (gauge) Memory held in RAM, in bytes.
        process_start_time_seconds (gauge) When the process started, in seconds since 1970-01-01T00:00Z.
        process_threads (gauge) Threads that run or wait.
        process_virtual_memory_bytes (gauge) Addresses held, in bytes.
        tocsin_brand_expected_posts (gauge) How many posts the last hour should hold: expected, and from low to high nineteen times of twenty.
        tocsin_brand_heard_posts (gauge) Posts of a brand that were heard in the last hour.
        tocsin_brand_judged_timestamp_seconds (gauge) When a brand's windows were last held against what is expected, in seconds since 1970-01-01T00:00Z.
        tocsin_brand_negative_posts (gauge) How many of them are negative: probabilities summed.
        tocsin_build_info (gauge) Always 1; the version that runs.
        tocsin_commit_duration_seconds (histogram) How long a commit took.
        tocsin_commits_total (counter) Batches whose state, outputs and position were committed.
        tocsin_config_last_reload_success_timestamp_seconds (gauge) When a config was last taken, in seconds since 1970-01-01T00:00Z.
        tocsin_config_last_reload_successful (gauge) 1 if the config was taken when it was last read, 0 if it was refused and the one before stays.
        tocsin_config_version_info (gauge) Always 1; the version of the brands in force.
        tocsin_deliveries_total (counter) Tries at delivering a notice: delivered, retry, given_up or misconfigured.
        tocsin_delivery_duration_seconds (histogram) How long a try at delivering a notice took.
        tocsin_incidents_open (gauge) Incidents that are not over.
        tocsin_peer_away (gauge) 1 while a peer is away, 0 since it is back.
        tocsin_post_age_at_receipt_seconds (histogram) From a post's created_at to its receipt: the delay of its source.
        tocsin_post_judged_delay_seconds (histogram) From a post's receipt to the judgement that counts it: our delay.
        tocsin_posts_received_total (counter) Posts taken in and durable; repeated ones and updates too.
        tocsin_posts_unmatched_total (counter) Posts that mention no brand by their own words or their parent's.
        tocsin_pushed_back_total (counter) Times that a sender was told to come again later.
        tocsin_records_rejected_total (counter) Records that are no post; see `tocsin rejected list`.
        tocsin_retries_total (counter) Times that something was tried again because a peer was away.
        tocsin_rings_total (counter) Times that the bell rang.
        tocsin_signals_total (counter) Signals that spike-detect made, `cleared` ones left out.
        tocsin_stage_batch_records (histogram) Records in a batch of a stage.
        tocsin_stage_duration_seconds (histogram) How long a stage took for a batch.
        tocsin_stage_records_in_total (counter) Records that a stage was given.
        tocsin_stage_records_out_total (counter) Records that a stage gave out.
        tocsin_sync_duration_seconds (histogram) How long a sync of the store took.
        tocsin_sync_waiting (gauge) Senders that shared the latest sync."#]].assert_eq(&list.join("\n"));
}

#[test]
fn promtool_has_no_complaint() {
    let mut command = Command::new("promtool");
    let started = command
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = started else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "CI needs promtool: Debian's package prometheus"
        );
        println!("skipped: promtool is not here (Debian's package prometheus)");
        return;
    };
    promtool.stdin.take().unwrap().write_all(one_of_everything().render().as_bytes()).unwrap();
    let answer = promtool.wait_with_output().unwrap();
    let said = [answer.stdout, answer.stderr].concat();
    assert!(answer.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn sources_beyond_the_first_fifty_are_counted_together() {
    let metrics = Metrics::new();
    for n in 0..SOURCES_MAX + 10 {
        metrics.posts_received("file", &source(&format!("feed-{n}")), 2);
    }
    metrics.posts_received("file", &source("feed-0"), 1);
    let seen = lines(&metrics, "tocsin_posts_received_total");
    assert_eq!(seen.len(), SOURCES_MAX + 1);
    assert!(
        seen.contains(&r#"tocsin_posts_received_total{inlet="file",source="feed-0"} 3"#.to_owned()),
        "{seen:?}"
    );
    assert!(
        seen.contains(&r#"tocsin_posts_received_total{inlet="file",source="other"} 20"#.to_owned()),
        "{seen:?}"
    );
}

#[test]
fn a_refused_config_leaves_the_version_in_force() {
    let metrics = Metrics::new();
    metrics.config_taken("1", ArrivalTime::from_millis(1_000));
    metrics.config_taken("2", ArrivalTime::from_millis(2_500));
    metrics.config_refused();
    assert_eq!(
        lines(&metrics, "tocsin_config_version_info"),
        [r#"tocsin_config_version_info{version="2"} 1"#]
    );
    assert_eq!(
        lines(&metrics, "tocsin_config_last_reload_successful"),
        ["tocsin_config_last_reload_successful 0"]
    );
    let at = lines(&metrics, "tocsin_config_last_reload_success_timestamp_seconds");
    assert_eq!(at, ["tocsin_config_last_reload_success_timestamp_seconds 2.5"]);
}

#[test]
fn kinds_and_severities_are_there_before_anything_happens() {
    let metrics = Metrics::new();
    assert_eq!(lines(&metrics, "tocsin_signals_total").len(), 9);
    assert_eq!(lines(&metrics, "tocsin_rings_total").len(), 4);
}

#[test]
fn a_label_may_hold_any_text() {
    let metrics = Metrics::new();
    metrics.pushed_back("a\"b\\c\nd");
    assert_eq!(
        lines(&metrics, "tocsin_pushed_back_total"),
        [r#"tocsin_pushed_back_total{inlet="a\"b\\c\nd"} 1"#]
    );
}

#[test]
fn a_brand_or_a_partition_that_is_anothers_now_is_not_shown_any_more() {
    let metrics = Metrics::new();
    metrics.brands_stand(&[stands("a", 1), stands("b", 2)], ArrivalTime::from_millis(60_000));
    metrics.brands_stand(&[stands("b", 3)], ArrivalTime::from_millis(120_000));
    assert_eq!(lines(&metrics, "tocsin_brand_heard_posts"), ["tocsin_brand_heard_posts{brand=\"b\"} 3"]);
    assert_eq!(lines(&metrics, "tocsin_brand_expected_posts").len(), 3);
    let judged = lines(&metrics, "tocsin_brand_judged_timestamp_seconds");
    assert_eq!(judged, ["tocsin_brand_judged_timestamp_seconds{brand=\"b\"} 120"]);

    let lag = || lines(&metrics, "tocsin_link_lag_records");
    metrics.link_stands("score", [(0, Some(7)), (1, None)], 1, (1, 0), Duration::ZERO);
    assert_eq!(lag(), ["tocsin_link_lag_records{group=\"score\",partition=\"0\"} 7"], "unknown is not 0");
    metrics.link_stands("score", [(1, Some(4))], 2, (2, 0), Duration::ZERO);
    assert_eq!(lag(), ["tocsin_link_lag_records{group=\"score\",partition=\"1\"} 4"]);
    metrics.link_stands("score", [(1, None)], 2, (2, 0), Duration::ZERO);
    assert_eq!(lag(), [""; 0], "what was known of a moment ago is known no more");
}
