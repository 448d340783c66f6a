"""The two dashboards, as code: `Is it well` for engineers, `What it hears` for the crisis team.

    python deploy/grafana/dashboards.py            writes deploy/grafana/dashboards/*.json
    python deploy/grafana/dashboards.py --check    says whether they are as they would be written
    python deploy/grafana/dashboards.py --queries  prints every query, a line each: dashboard, panel, kind of panel, query

A panel says what it shows, in which unit, and when to worry. Queries ask for metrics of crates/runtime/src/metrics.rs
and for the rules of deploy/prometheus/recording.yaml; tests/tests/papers.rs holds them against both.
"""

import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent / "dashboards"
# A nought may be shown only if somebody answers who would know of more: a query that finds nothing because nothing is
# scraped must look like that, too. tests/tests/papers.rs knows these, and no others.
NOUGHT = "sum(tocsin_build_info) * 0"
NOTHING_WAITS = 'count(up{job="tocsin", service="all"} == 1) * 0'
SOURCE = {"type": "prometheus", "uid": "${source}"}
WIDTH = 24  # columns of a dashboard


class Dashboard:
    """Panels from left to right, row by row."""

    def __init__(self, uid, title, description, variables=()):
        self.uid, self.title, self.description = uid, title, description
        self.variables, self.panels = variables, []
        self.x = self.y = self.height = 0

    def row(self, title):
        self._break()
        self._add({"type": "row", "title": title, "collapsed": False, "panels": []}, WIDTH, 1)

    def show(self, title, description, unit, *queries, kind="timeseries", width=8, height=7, options=None, fields=()):
        """`queries`: each a query and the legend of what it gives."""
        targets = [
            {
                "refId": chr(ord("A") + n),
                "datasource": SOURCE,
                "expr": expr,
                "legendFormat": legend,
                **({"instant": True, "format": "table"} if kind == "table" else {}),
            }
            for n, (expr, legend) in enumerate(queries)
        ]
        defaults = {"unit": unit, "min": 0}
        if kind == "timeseries":
            defaults["custom"] = {"lineWidth": 1, "fillOpacity": 10, "showPoints": "never"}
        panel = {
            "type": kind,
            "title": title,
            "description": description,
            "datasource": SOURCE,
            "targets": targets,
            "fieldConfig": {"defaults": defaults, "overrides": list(fields)},
            "options": options or {},
        }
        self._add(panel, width, height)

    def stat(self, title, description, unit, query, red, nothing="no data"):
        """One number; red from `red` on. `nothing` is what stands there if the query gives nothing."""
        self.show(
            title,
            description,
            unit,
            (query, ""),
            kind="stat",
            width=4,
            height=4,
            options={"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "background"},
        )
        self.panels[-1]["fieldConfig"]["defaults"] |= {
            "noValue": nothing,
            "thresholds": {
                "mode": "absolute",
                "steps": [{"color": "green", "value": None}, {"color": "red", "value": red}],
            },
        }

    def _break(self):
        if self.x:
            self.x, self.y, self.height = 0, self.y + self.height, 0

    def _add(self, panel, width, height):
        if self.x + width > WIDTH:
            self._break()
        place = {"x": self.x, "y": self.y, "w": width, "h": height}
        self.panels.append({"id": len(self.panels) + 1, "gridPos": place, **panel})
        self.x, self.height = self.x + width, max(self.height, height)
        if self.x == WIDTH:
            self._break()

    def json(self):
        source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus", "current": {}}
        whole = {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["tocsin"],
            "timezone": "browser",
            "schemaVersion": 39,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-6h", "to": "now"},
            "templating": {"list": [source, *self.variables]},
            "links": [{"type": "dashboards", "title": "tocsin", "tags": ["tocsin"], "asDropdown": False}],
            "panels": self.panels,
        }
        return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def choice(name, label, query, metric):
    """What one may choose from: the values of a label."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": f"label_values({metric}, {query})", "refId": name},
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "current": {"text": "All", "value": "$__all"},
    }


def quantile(q, metric, by):
    return f"histogram_quantile({q}, sum by (le, {by}) (rate({metric}_bucket[$__rate_interval])))"


def spread(metric, by, before="", most=(0.99, "99 %")):
    """What half of all take at most, and what nearly all do: two queries with their legends."""
    return [(quantile(q, metric, by), before + legend) for q, legend in ((0.5, "half"), most)]


def well():
    """Rate, errors and duration of each stage; what waits; what it all costs."""
    d = Dashboard("tocsin-well", "Is it well", "Whether tocsin takes in, judges and tells, and how fast.")

    d.stat(
        "Processes away",
        "Processes that Prometheus cannot reach. Any is one too many.",
        "short",
        'sum(1 - up{job="tocsin"})',
        1,
    )
    d.stat(
        "Judged late",
        "Of the last hour's posts, those judged later than 5 s after receipt. 1 % may be.",
        "percentunit",
        "tocsin:judged_late:ratio_rate1h",
        0.01,
        "no posts judged",
    )
    d.stat(
        "Waiting",
        "Records that wait in all topics together; nothing waits while all is in one process.",
        "short",
        f"sum(tocsin:link_lag_records:sum) or {NOTHING_WAITS}",
        1000,
    )
    d.stat(
        "Peers away",
        "Kafka, Redis, outlets that somebody cannot reach.",
        "short",
        f"sum(tocsin_peer_away) or {NOUGHT}",
        1,
    )
    d.stat(
        "Notices lost",
        "Notices that a receiver refused for good in the last day.",
        "short",
        # One that was not there a day ago has all of its count from since then.
        'sum((tocsin_deliveries_total{outcome="given_up"} unless tocsin_deliveries_total offset 1d) '
        f'or increase(tocsin_deliveries_total{{outcome="given_up"}}[1d])) or {NOUGHT}',
        1,
    )
    d.stat(
        "Configs refused",
        "Processes whose newest config is not right; the one before is in force.",
        "short",
        "sum(1 - tocsin_config_last_reload_successful)",
        1,
    )

    d.row("In")
    d.show(
        "Posts received",
        "Posts taken in and durable, by source; repeated ones and updates too.",
        "reqps",
        ("sum by (source) (rate(tocsin_posts_received_total[$__rate_interval]))", "{{source}}"),
    )
    d.show(
        "Rejected",
        "The share of what comes in that is no post, by inlet. More than 5 % is a broken sender.",
        "percentunit",
        ("tocsin:records_rejected:ratio_rate10m", "{{inlet}}"),
    )
    d.show(
        "Sent away",
        "How often senders were told to come again later. Any for long is too much coming in.",
        "reqps",
        # An inlet is there once it has sent somebody away.
        (f"sum by (inlet) (rate(tocsin_pushed_back_total[$__rate_interval])) or {NOUGHT}", "{{inlet}}"),
    )

    d.row("Stages")
    d.show(
        "Records",
        "Records that each stage was given.",
        "reqps",
        ("sum by (stage) (rate(tocsin_stage_records_in_total[$__rate_interval]))", "{{stage}}"),
    )
    d.show(
        "Time for a batch",
        "How long each stage takes, half of all batches and 99 of 100.",
        "s",
        *spread("tocsin_stage_duration_seconds", "stage", "{{stage}}, "),
    )
    d.show(
        "Errors",
        "What was tried again because a peer was away, and transactions that were taken back.",
        "reqps",
        ("sum by (peer) (rate(tocsin_retries_total[$__rate_interval]))", "again: {{peer}}"),
        (
            'sum by (group) (rate(tocsin_transactions_total{outcome="taken_back"}[$__rate_interval]))',
            "taken back: {{group}}",
        ),
        (NOUGHT, "none"),
    )

    d.row("Delay")
    d.show(
        "Receipt to judgement",
        "From a post's receipt to the judgement that counts it. The promise: 99 % within 5 s.",
        "s",
        *spread("tocsin_post_judged_delay_seconds", "job"),
    )
    d.show(
        "Records waiting",
        "Records that a group has not done yet. A line that only climbs is a stage that is too slow.",
        "short",
        ("tocsin:link_lag_records:sum", "{{group}}"),
        (NOTHING_WAITS, "in one process"),
    )
    d.show(
        "Commits",
        "How long a commit takes, and a sync of the store: slow ones are slow brokers, or a slow disk.",
        "s",
        (quantile(0.99, "tocsin_commit_duration_seconds", "job"), "commit, 99 %"),
        (quantile(0.99, "tocsin_sync_duration_seconds", "job"), "sync, 99 %"),
    )

    d.row("Out")
    d.show(
        "Notices",
        "Tries at delivering a notice, by outcome.",
        "short",
        ("sum by (outlet, outcome) (increase(tocsin_deliveries_total[$__rate_interval]))", "{{outlet}}: {{outcome}}"),
    )
    d.show(
        "Time for a delivery",
        "How long receivers take, 99 of 100.",
        "s",
        (quantile(0.99, "tocsin_delivery_duration_seconds", "outlet"), "{{outlet}}"),
    )
    d.show(
        "Rebalances",
        "How often groups gave out their partitions anew: a few with each rollout, else none.",
        "short",
        ("sum by (group) (increase(tocsin_link_rebalances_total[$__rate_interval]))", "{{group}}"),
        (NOTHING_WAITS, "in one process"),
    )

    d.row("Cost")
    d.show(
        "Processor",
        "Cores in use by each process.",
        "short",
        ('rate(process_cpu_seconds_total{job="tocsin"}[$__rate_interval])', "{{service}} {{instance}}"),
    )
    d.show(
        "Memory",
        "Memory held by each process.",
        "bytes",
        ('process_resident_memory_bytes{job="tocsin"}', "{{service}} {{instance}}"),
    )
    d.show(
        "Files and versions",
        "Open files and sockets of each process; the version that runs stands in its name.",
        "short",
        (
            'process_open_fds{job="tocsin"} * on (instance) group_left (version) tocsin_build_info',
            "{{service}} {{instance}} {{version}}",
        ),
    )
    return d


def hears():
    """What is said about the brands, beside what is usual."""
    brand = choice("brand", "Brand", "brand", "tocsin_brand_heard_posts")
    d = Dashboard(
        "tocsin-hears",
        "What it hears",
        "What is said about the brands, and what rang. Why it rang stands in the "
        "notices and in tocsin incidents show: words and authors are never in metrics.",
        [brand],
    )
    band = [
        {
            "matcher": {"id": "byRegexp", "options": ".* usual, (most|least)"},
            "properties": [
                {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [4, 4]}},
                {"id": "custom.fillOpacity", "value": 0},
            ],
        }
    ]

    d.stat("Open incidents", "Incidents that are not over.", "short", "max(tocsin_incidents_open)", 1)
    d.stat(
        "Bells today",
        "How often the bell rang in the last day, blue ones left out.",
        "short",
        'sum(increase(tocsin_rings_total{severity!="blue"}[1d]))',
        1,
    )
    d.stat(
        "Negative",
        "Of the posts of the last hour about these brands, the part that is negative.",
        "percentunit",
        'sum(max by (brand) (tocsin_brand_negative_posts{brand=~"$brand"})) '
        '/ (sum(max by (brand) (tocsin_brand_heard_posts{brand=~"$brand"})) > 0)',
        0.5,
        "no posts",
    )
    d.stat(
        "Oldest judgement",
        "How long ago the brand was judged that waits the longest. More than 5 min is a fault.",
        "s",
        "max(time() - max by (brand) (tocsin_brand_judged_timestamp_seconds))",
        300,
    )
    d.stat(
        "Sources heard",
        "Sources from which posts came in the last hour.",
        "short",
        "sum(sum by (source) (increase(tocsin_posts_received_total[1h])) > bool 0)",
        1000,
        "none yet",
    )
    d.stat(
        "Sources silent",
        "Signals of the last 15 min that a source has gone silent.",
        "short",
        'sum(increase(tocsin_signals_total{kind="silence"}[15m]))',
        1,
    )

    d.row("Brands")
    d.show(
        "Posts in an hour, and what is usual",
        "Posts heard in the hour before, and the band in which nineteen of twenty such hours lie. "
        "Only the first 50 brands of the config are shown.",
        "short",
        ('max by (brand) (tocsin_brand_heard_posts{brand=~"$brand"})', "{{brand}}"),
        ('max by (brand) (tocsin_brand_expected_posts{brand=~"$brand", bound="high"})', "{{brand}} usual, most"),
        ('max by (brand) (tocsin_brand_expected_posts{brand=~"$brand", bound="low"})', "{{brand}} usual, least"),
        width=16,
        height=9,
        fields=band,
    )
    d.show(
        "Negative share",
        "The part of the last hour's posts that is negative, brand by brand.",
        "percentunit",
        (
            'max by (brand) (tocsin_brand_negative_posts{brand=~"$brand"}) / (max by (brand) (tocsin_brand_heard_posts{brand=~"$brand"}) > 0)',
            "{{brand}}",
        ),
        height=9,
    )
    d.show(
        "How many times the usual",
        "Posts of the last hour over what is expected, the loudest ten brands first.",
        "short",
        (
            'topk(10, max by (brand) (tocsin_brand_heard_posts) / (max by (brand) (tocsin_brand_expected_posts{bound="expected"}) > 0))',
            "{{brand}}",
        ),
        kind="bargauge",
        width=12,
        options={"reduceOptions": {"calcs": ["lastNotNull"]}, "orientation": "horizontal"},
    )
    d.show(
        "Posts of the last hour",
        "How many of them are heard, and how many are negative.",
        "short",
        ('max by (brand) (tocsin_brand_heard_posts{brand=~"$brand"})', "{{brand}} heard"),
        ('max by (brand) (tocsin_brand_negative_posts{brand=~"$brand"})', "{{brand}} negative"),
        width=12,
    )

    d.row("Bells")
    d.show(
        "Bells by severity",
        "How often the bell rang in an hour, by severity.",
        "short",
        ("sum by (severity) (increase(tocsin_rings_total[1h]))", "{{severity}}"),
        fields=[
            {
                "matcher": {"id": "byName", "options": name},
                "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": name}}],
            }
            for name in ("blue", "yellow", "orange", "red")
        ],
    )
    d.show(
        "Signals by kind",
        "What was found abnormal in an hour, by kind; most of it joins an incident that is open.",
        "short",
        ("sum by (kind) (increase(tocsin_signals_total[1h]))", "{{kind}}"),
    )
    d.show("Open incidents", "Incidents that are not over.", "short", ("max(tocsin_incidents_open)", "open"))

    d.row("Sources")
    d.show(
        "Posts by source",
        "Posts that came in, in an hour. A line that falls to 0 is a source that is not heard.",
        "short",
        ("sum by (source) (increase(tocsin_posts_received_total[1h]))", "{{source}}"),
    )
    d.show(
        "How late posts come",
        "From a post's own date to its receipt: half of all, and 9 of 10. It is the sources' delay, not ours.",
        "s",
        *spread("tocsin_post_age_at_receipt_seconds", "job", most=(0.9, "9 of 10")),
    )
    d.show(
        "Without a brand",
        "Posts that mention no brand. Many are usual for a wide source; a jump may be a query that finds no more.",
        "reqps",
        ("sum(rate(tocsin_posts_unmatched_total[$__rate_interval]))", "no brand"),
    )
    return d


def main(args):
    dashboards = {"well": well(), "hears": hears()}
    if args == ["--queries"]:
        for name, dashboard in dashboards.items():
            for panel in dashboard.panels:
                for target in panel.get("targets", ()):
                    print(name, panel["title"], panel["type"], target["expr"], sep="\t")
        return 0
    stale = []
    for name, dashboard in dashboards.items():
        path, made = FOLDER / f"{name}.json", dashboard.json()
        if args == ["--check"]:
            stale += [path.name] if not path.exists() or path.read_text() != made else []
        else:
            FOLDER.mkdir(exist_ok=True)
            path.write_text(made)
    if stale:
        print(
            f"{', '.join(stale)}: not as they would be made; run python deploy/grafana/dashboards.py", file=sys.stderr
        )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
