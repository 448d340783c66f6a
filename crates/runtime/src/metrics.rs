//! The list of all that can be known of a running tocsin from outside: names, labels, what they mean.
//!
//! Counted is what was done, in base units (seconds, bytes). Labels are closed sets: stages, kinds,
//! severities, reasons, names in the config; of sources only the first [`SOURCES_MAX`] are named.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{
    CounterVec, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};
use tocsin_flow::Meters;
use tocsin_model::{ArrivalTime, BrandId, Kind, Reason, SIGNAL_KINDS, Severity, SourceId, Span};

use crate::Health;
use crate::process::Process;

/// So many sources are counted by name, first come; the rest together as `other`.
pub const SOURCES_MAX: usize = 50;

/// So many brands are shown by name, those first in the config: each is several series.
pub const BRANDS_MAX: usize = 50;

/// From 1 ms to 10 s: what happens inside of the process.
const WORK_SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// From 10 ms to 60 s: what a receiver far away takes.
const FAR_SECONDS: &[f64] = &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// From 5 ms to 60 s, finest around the promise of 200 ms.
const JUDGED_SECONDS: &[f64] =
    &[0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0];
/// From half a second to the 48 h after which a post has resurfaced.
const AGE_SECONDS: &[f64] = &[
    0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 14_400.0, 43_200.0,
    86_400.0, 172_800.0,
];
/// Records a batch, in powers of four.
const BATCH_RECORDS: &[f64] = &[1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0];

/// What is expected of a brand, as `bound` says it.
const BOUNDS: [&str; 3] = ["low", "expected", "high"];

/// How a brand stands in the hour that has just passed.
#[derive(Clone, Debug, PartialEq)]
pub struct BrandStands {
    /// Which.
    pub brand: BrandId,
    /// Posts heard.
    pub heard: u64,
    /// Negative posts: probabilities summed.
    pub negative: f64,
    /// Posts to be heard: at least so many nineteen times of twenty, the middle, at most so many.
    pub expected: [f64; 3],
}

/// All metrics of one process. There is no global one, so a test has its own.
pub struct Metrics {
    registry: Registry,
    health: Health,

    stage_records_in: IntCounterVec,
    stage_records_out: IntCounterVec,
    stage_batch_records: HistogramVec,
    stage_duration: HistogramVec,
    commits: IntCounter,
    commit_duration: Histogram,
    retries: IntCounterVec,

    posts_received: IntCounterVec,
    sources: Mutex<BTreeSet<SourceId>>,
    records_rejected: IntCounterVec,
    pushed_back: IntCounterVec,
    post_age: Histogram,
    post_judged_delay: Histogram,
    posts_unmatched: IntCounter,

    signals: IntCounterVec,
    brands: Mutex<BTreeSet<BrandId>>,
    brand_judged_at: GaugeVec,
    brand_heard: IntGaugeVec,
    brand_negative: GaugeVec,
    brand_expected: GaugeVec,
    incidents_open: IntGauge,
    rings: IntCounterVec,
    deliveries: IntCounterVec,
    delivery_duration: HistogramVec,

    link_lag: IntGaugeVec,
    link_holds: Mutex<BTreeMap<String, BTreeSet<u32>>>,
    link_rebalances: IntCounterVec,
    transactions: IntCounterVec,
    transaction_seconds: CounterVec,

    sync_duration: Histogram,
    sync_waiting: IntGauge,
    peer_away: IntGaugeVec,
    config_successful: IntGauge,
    config_success_at: Gauge,
    config_version: IntGaugeVec,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}

impl Metrics {
    /// Everything at nothing. What has a small closed set of labels is there from the start, so that a
    /// first signal is seen as a rise from 0.
    #[rustfmt::skip] // A line a metric: this is the list.
    pub fn new() -> Metrics {
        let list = List { registry: Registry::new() };
        list.add(Process::new());
        list.gauges("tocsin_build_info", "Always 1; the version that runs.", &["version"])
            .with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let metrics = Metrics {
            stage_records_in: list.counters("tocsin_stage_records_in_total", "Records that a stage was given.", &["stage"]),
            stage_records_out: list.counters("tocsin_stage_records_out_total", "Records that a stage gave out.", &["stage"]),
            stage_batch_records: list.histograms("tocsin_stage_batch_records", "Records in a batch of a stage.", BATCH_RECORDS, &["stage"]),
            stage_duration: list.histograms("tocsin_stage_duration_seconds", "How long a stage took for a batch.", WORK_SECONDS, &["stage"]),
            commits: list.counter("tocsin_commits_total", "Batches whose state, outputs and position were committed."),
            commit_duration: list.histogram("tocsin_commit_duration_seconds", "How long a commit took.", WORK_SECONDS),
            retries: list.counters("tocsin_retries_total", "Times that something was tried again because a peer was away.", &["peer"]),

            posts_received: list.counters("tocsin_posts_received_total", "Posts taken in and durable; repeated ones and updates too.", &["inlet", "source"]),
            sources: Mutex::default(),
            records_rejected: list.counters("tocsin_records_rejected_total", "Records that are no post; see `tocsin rejected list`.", &["inlet", "reason"]),
            pushed_back: list.counters("tocsin_pushed_back_total", "Times that a sender was told to come again later.", &["inlet"]),
            post_age: list.histogram("tocsin_post_age_at_receipt_seconds", "From a post's created_at to its receipt: the delay of its source.", AGE_SECONDS),
            post_judged_delay: list.histogram("tocsin_post_judged_delay_seconds", "From a post's receipt to the judgement that counts it: our delay.", JUDGED_SECONDS),
            posts_unmatched: list.counter("tocsin_posts_unmatched_total", "Posts that mention no brand by their own words or their parent's."),

            signals: list.counters("tocsin_signals_total", "Signals that spike-detect made, `cleared` ones left out.", &["kind"]),
            brands: Mutex::default(),
            brand_judged_at: list.float_gauges("tocsin_brand_judged_timestamp_seconds", "When a brand's windows were last held against what is expected, in seconds since 1970-01-01T00:00Z.", &["brand"]),
            brand_heard: list.gauges("tocsin_brand_heard_posts", "Posts of a brand that were heard in the last hour.", &["brand"]),
            brand_negative: list.float_gauges("tocsin_brand_negative_posts", "How many of them are negative: probabilities summed.", &["brand"]),
            brand_expected: list.float_gauges("tocsin_brand_expected_posts", "How many posts the last hour should hold: expected, and from low to high nineteen times of twenty.", &["brand", "bound"]),
            incidents_open: list.gauge("tocsin_incidents_open", "Incidents that are not over."),
            rings: list.counters("tocsin_rings_total", "Times that the bell rang.", &["severity"]),
            deliveries: list.counters("tocsin_deliveries_total", "Tries at delivering a notice: delivered, retry, given_up or misconfigured.", &["outlet", "outcome"]),
            delivery_duration: list.histograms("tocsin_delivery_duration_seconds", "How long a try at delivering a notice took.", FAR_SECONDS, &["outlet"]),

            link_lag: list.gauges("tocsin_link_lag_records", "Records of a partition of ours that a group has not done yet.", &["group", "partition"]),
            link_holds: Mutex::default(),
            link_rebalances: list.counters("tocsin_link_rebalances_total", "Times that a group gave out its partitions anew.", &["group"]),
            transactions: list.counters("tocsin_transactions_total", "Transactions: committed, or taken back.", &["group", "outcome"]),
            transaction_seconds: list.float_counters("tocsin_transaction_commit_seconds_total", "How long commits took together.", &["group"]),

            sync_duration: list.histogram("tocsin_sync_duration_seconds", "How long a sync of the store took.", WORK_SECONDS),
            sync_waiting: list.gauge("tocsin_sync_waiting", "Senders that shared the latest sync."),
            peer_away: list.gauges("tocsin_peer_away", "1 while a peer is away, 0 since it is back.", &["peer"]),
            config_successful: list.gauge("tocsin_config_last_reload_successful", "1 if the config was taken when it was last read, 0 if it was refused and the one before stays."),
            config_success_at: list.float_gauge("tocsin_config_last_reload_success_timestamp_seconds", "When a config was last taken, in seconds since 1970-01-01T00:00Z."),
            config_version: list.gauges("tocsin_config_version_info", "Always 1; the version of the brands in force.", &["version"]),

            health: Health::new(),
            registry: list.registry,
        };
        SIGNAL_KINDS.iter().for_each(|kind| drop(metrics.signals.with_label_values(&[kind.name()])));
        Severity::ALL.iter().for_each(|severity| drop(metrics.rings.with_label_values(&[severity.name()])));
        metrics
    }

    /// A stage has done a batch: so many records in and out, in this time.
    pub fn stage_ran(&self, stage: &'static str, taken: usize, given: usize, took: Duration) {
        self.stage_records_in.with_label_values(&[stage]).inc_by(taken as u64);
        self.stage_records_out.with_label_values(&[stage]).inc_by(given as u64);
        self.stage_batch_records.with_label_values(&[stage]).observe(taken as f64);
        self.stage_duration.with_label_values(&[stage]).observe(took.as_secs_f64());
    }

    /// A batch was committed.
    pub fn committed(&self, took: Duration) {
        self.commits.inc();
        self.commit_duration.observe(took.as_secs_f64());
    }

    /// How a link over topics stands, by its group: how many records it is behind in each of its partitions, how often
    /// these were given out, how many transactions were committed and taken back, how long the commits took together.
    pub fn link_stands(
        &self,
        group: &str,
        lags: impl IntoIterator<Item = (u32, Option<u64>)>,
        rebalances: u64,
        (committed, taken_back): (u64, u64),
        committing: Duration,
    ) {
        let rise = |counter: IntCounter, to: u64| counter.inc_by(to.saturating_sub(counter.get()));
        rise(self.link_rebalances.with_label_values(&[group]), rebalances);
        rise(self.transactions.with_label_values(&[group, "committed"]), committed);
        rise(self.transactions.with_label_values(&[group, "taken_back"]), taken_back);
        let seconds = self.transaction_seconds.with_label_values(&[group]);
        seconds.inc_by((committing.as_secs_f64() - seconds.get()).max(0.0));
        let mut holds = BTreeSet::new();
        // One of which it is not known is not shown: 0 would say that all is done.
        for (partition, lag) in lags.into_iter().filter_map(|(partition, lag)| Some((partition, lag?))) {
            let lag = i64::try_from(lag).unwrap_or(i64::MAX);
            self.link_lag.with_label_values(&[group, &partition.to_string()]).set(lag);
            holds.insert(partition);
        }
        // Whoever has the others now speaks of them.
        let mut all = self.link_holds.lock().unwrap_or_else(PoisonError::into_inner);
        for gone in all.insert(group.to_owned(), holds.clone()).unwrap_or_default().difference(&holds) {
            self.link_lag.remove_label_values(&[group, &gone.to_string()]).ok();
        }
    }

    /// Something is tried again because of this peer: a [`tocsin_flow::Peer`] as text.
    pub fn retried(&self, peer: &str) {
        self.retries.with_label_values(&[peer]).inc();
    }

    /// A post was received so long after it was made. A date in the future counts as no delay.
    pub fn post_received(&self, age: Span) {
        self.post_age.observe(seconds(age));
    }

    /// A post was counted and judged so long after it was received.
    pub fn post_judged(&self, delay: Span) {
        self.post_judged_delay.observe(seconds(delay));
    }

    /// So many posts mention no brand.
    pub fn posts_unmatched(&self, posts: usize) {
        self.posts_unmatched.inc_by(posts as u64);
    }

    /// A signal of this kind was made.
    pub fn signal_made(&self, kind: Kind) {
        self.signals.with_label_values(&[kind.name()]).inc();
    }

    /// How the brands that this process looks at stand; one that is not among them is not shown any more.
    pub fn brands_stand(&self, brands: &[BrandStands], at: ArrivalTime) {
        let mut shown = self.brands.lock().unwrap_or_else(PoisonError::into_inner);
        let now: BTreeSet<BrandId> = brands.iter().map(|stands| stands.brand.clone()).collect();
        for gone in shown.difference(&now) {
            let brand = gone.as_str();
            self.brand_judged_at.remove_label_values(&[brand]).ok();
            self.brand_heard.remove_label_values(&[brand]).ok();
            self.brand_negative.remove_label_values(&[brand]).ok();
            for bound in BOUNDS {
                self.brand_expected.remove_label_values(&[brand, bound]).ok();
            }
        }
        *shown = now;
        for stands in brands {
            let brand = stands.brand.as_str();
            self.brand_judged_at.with_label_values(&[brand]).set(at.millis() as f64 / 1e3);
            self.brand_heard.with_label_values(&[brand]).set(i64::try_from(stands.heard).unwrap_or(i64::MAX));
            self.brand_negative.with_label_values(&[brand]).set(stands.negative);
            for (bound, posts) in BOUNDS.into_iter().zip(stands.expected) {
                self.brand_expected.with_label_values(&[brand, bound]).set(posts);
            }
        }
    }

    /// So many incidents are not over.
    pub fn incidents_open(&self, incidents: usize) {
        self.incidents_open.set(i64::try_from(incidents).unwrap_or(i64::MAX));
    }

    /// The bell rang.
    pub fn rang(&self, severity: Severity) {
        self.rings.with_label_values(&[severity.name()]).inc();
    }

    /// A config was taken; this version of it is in force now.
    pub fn config_taken(&self, version: &str, at: ArrivalTime) {
        self.config_version.reset();
        self.config_version.with_label_values(&[version]).set(1);
        self.config_successful.set(1);
        self.config_success_at.set(at.millis() as f64 / 1e3);
    }

    /// A config was refused; the one before stays in force.
    pub fn config_refused(&self) {
        self.config_successful.set(0);
    }

    /// What the process says of itself; [`Meters::peer_away`] tells it who is away.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// All of it in Prometheus's text form, sorted by name.
    pub fn render(&self) -> String {
        let families = self.registry.gather();
        TextEncoder::new().encode_to_string(&families).expect("gather leaves out what cannot be written")
    }

    /// The source's name while there is room for it, else `other`.
    fn source_label<'a>(&self, source: &'a SourceId) -> &'a str {
        let mut known = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(source) {
            source.as_str()
        } else if known.len() < SOURCES_MAX {
            known.insert(source.clone());
            source.as_str()
        } else {
            "other"
        }
    }
}

impl Meters for Metrics {
    fn posts_received(&self, inlet: &str, source: &SourceId, posts: u64) {
        self.posts_received.with_label_values(&[inlet, self.source_label(source)]).inc_by(posts);
    }

    fn record_rejected(&self, inlet: &str, reason: &Reason) {
        self.records_rejected.with_label_values(&[inlet, reason.name()]).inc();
    }

    fn pushed_back(&self, inlet: &str) {
        self.pushed_back.with_label_values(&[inlet]).inc();
    }

    fn synced(&self, took: Duration, waiting: usize) {
        self.sync_duration.observe(took.as_secs_f64());
        self.sync_waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    fn delivery_tried(&self, outlet: &str, outcome: &'static str, took: Duration) {
        self.deliveries.with_label_values(&[outlet, outcome]).inc();
        self.delivery_duration.with_label_values(&[outlet]).observe(took.as_secs_f64());
    }

    fn peer_away(&self, peer: &str, away: bool) {
        self.peer_away.with_label_values(&[peer]).set(i64::from(away));
        if away {
            self.health.gone(peer);
        } else {
            self.health.back(peer);
        }
    }
}

/// In seconds, none where negative: clocks of others may run ahead of ours.
fn seconds(span: Span) -> f64 {
    span.millis().max(0) as f64 / 1e3
}

/// The list while it is made. Names and labels are constants and each stands there once, so what could
/// be wrong with them is a bug that every test finds.
struct List {
    registry: Registry,
}

impl List {
    fn add<C: Collector + 'static>(&self, metric: prometheus::Result<C>) {
        let metric = metric.expect("the name, help and labels of a metric are in order");
        self.registry.register(Box::new(metric)).expect("a metric stands in the list once");
    }
    fn keep<C: Collector + Clone + 'static>(&self, metric: prometheus::Result<C>) -> C {
        let metric = metric.expect("the name, help and labels of a metric are in order");
        self.add(Ok(metric.clone()));
        metric
    }
    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.keep(IntCounter::new(name, help))
    }
    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.keep(IntCounterVec::new(Opts::new(name, help), labels))
    }
    fn float_counters(&self, name: &str, help: &str, labels: &[&str]) -> CounterVec {
        self.keep(CounterVec::new(Opts::new(name, help), labels))
    }
    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.keep(IntGauge::new(name, help))
    }
    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.keep(IntGaugeVec::new(Opts::new(name, help), labels))
    }
    fn float_gauges(&self, name: &str, help: &str, labels: &[&str]) -> GaugeVec {
        self.keep(GaugeVec::new(Opts::new(name, help), labels))
    }
    fn float_gauge(&self, name: &str, help: &str) -> Gauge {
        self.keep(Gauge::new(name, help))
    }
    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        self.keep(Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec())))
    }
    fn histograms(&self, name: &str, help: &str, buckets: &[f64], labels: &[&str]) -> HistogramVec {
        self.keep(HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels))
    }
}
