"""Runs it all for two minutes and asks every panel: five services over real Kafka and Redis, one process for
everything, and a real Prometheus that scrapes them.

    target/manifests/bin/python deploy/checks/live.py target/proof/tocsin

Three quiet days are moved from a data folder into Redis, then posts come at a steady rate: POSTS_A_SECOND (200), or one
after the other of several ("200 1000"). At each it measures what the services, Kafka and Redis use, and prints a table of
it at the end. Then some posts are angry, Redis is away for a moment, and each service is replaced as a rolling update does
it: a new process, and when it is ready SIGTERM to the old one. Fails if a panel's query gives nothing, a variable has no
values, a process does not end well, a post is lost or counted twice, or judging pauses for more than 3 s in the rolling
update. With PICTURES=FOLDER it draws the dashboards, as they stand at the end.
"""

import contextlib
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAGES = ["ingest", "tokenize", "score", "spike-detect", "notify"]
BRAND = "山岚茶饮"
RATES = [int(rate) for rate in os.environ.get("POSTS_A_SECOND", "200").split()]
SECONDS = int(os.environ.get("SECONDS_LONG", "45"))
# Before a rate is measured it has been kept up for so many seconds; then it is, for so many.
SETTLE, STEADY = 5, 20
# How long judging may pause in a rolling update, in seconds.
PAUSE_MAX = 3.0
CONFIG = f"""
[[brand]]
name = "{BRAND}"
query = "{BRAND}"
[[brand]]
name = "对手茶饮"
query = "对手茶饮"
[[inlet]]
kind = "http"
[[outlet]]
kind = "console"
"""
SERVERS = """
[kafka]
brokers = ["127.0.0.1:{kafka}"]
[redis]
address = "127.0.0.1:{redis}"
"""


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def run(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, **options)


def used(pid):
    """Seconds of processor time, and MiB held."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"), int(status.split("VmRSS:")[1].split()[0]) / 1024


def post(name, text, at, source="weibo"):
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    return {
        "id": name,
        "source": source,
        "text": text,
        "created_at": date,
        "author": {"id": f"u{random.randrange(9999)}"},
    }


def lines(posts):
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in posts).encode()


class Process:
    """A running `tocsin`, and where it answers."""

    def __init__(self, service, binary, folder, *words, config):
        self.service, self.port = service, free_port()
        self.log = open(folder / f"{service}.log", "wb")
        environment = {**os.environ, "TOCSIN__HTTP__LISTEN": f"127.0.0.1:{self.port}"}
        words = [binary, "run", *words, "--config", config]
        self.child = subprocess.Popen(words, env=environment, stdout=self.log, stderr=self.log)
        # Sends one body after another over one connection.
        self.sender = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def wait_until_ready(self):
        for _ in range(600):
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status == 200:
                    return
            if self.child.poll() is not None:
                break
            time.sleep(0.1)
        sys.exit(f"{self.service} did not get ready:\n{pathlib.Path(self.log.name).read_text()[-2000:]}")

    def send(self, body):
        """Until it is taken; false if the process leaves meanwhile."""
        while True:
            try:
                self.sender.request("POST", "/v1/posts", body, {"content-type": "application/x-ndjson"})
                answer = self.sender.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return False
            if answer.status in (202, 207, 400):
                return True
            if answer.status not in (429, 503):
                sys.exit(f"{self.service} answered {answer.status}")
            time.sleep(0.2)

    def judged(self):
        """Records that spike-detect was given; none while it does not answer."""
        with contextlib.suppress(OSError):
            page = urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5).read().decode()
            for line in page.splitlines():
                if line.startswith('tocsin_stage_records_in_total{stage="spike-detect"}'):
                    return float(line.split()[-1])
        return 0.0

    def stop(self):
        self.sender.close()
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(60)
        if code != 0:
            sys.exit(f"{self.service} ended with {code}:\n{pathlib.Path(self.log.name).read_text()[-2000:]}")


class Prometheus:
    def __init__(self, folder):
        self.port, self.targets = free_port(), folder / "targets.json"
        rules = ROOT / "deploy/prometheus"
        (folder / "prometheus.yaml").write_text(
            "global: { scrape_interval: 2s, evaluation_interval: 2s }\n"
            f"rule_files: [{rules}/recording.yaml, {rules}/alerts.yaml]\n"
            f"scrape_configs:\n  - job_name: tocsin\n    file_sd_configs: [{{ files: [{self.targets}] }}]\n"
        )
        self.log = open(folder / "prometheus.log", "wb")
        self.child = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder}/prometheus.yaml",
                f"--storage.tsdb.path={folder}/tsdb",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ],
            stdout=self.log,
            stderr=self.log,
        )

    def look_at(self, processes):
        targets = [{"targets": [f"127.0.0.1:{p.port}"], "labels": {"service": p.service}} for p in processes]
        aside = self.targets.with_suffix(".new")
        aside.write_text(json.dumps(targets))
        aside.rename(self.targets)

    def ask(self, path, **question):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(question)}"
        return json.load(urllib.request.urlopen(url, timeout=30))["data"]

    def values(self, query):
        """What a query gives now."""
        return [one["value"][1] for one in self.ask("query", query=query)["result"]]

    def draws(self, query, since):
        """How many lines a panel with this query shows of the time since then."""
        query = query.replace("$__rate_interval", "20s").replace("$brand", ".+")
        lines = self.ask("query_range", query=query, start=since, end=time.time(), step=5)["result"]
        return sum(any(value != "NaN" for _, value in line["values"]) for line in lines)


class Rolling(threading.Thread):
    """Replaces each service while posts go on, and measures for how long nothing was judged."""

    def __init__(self, start, services, changed):
        super().__init__(daemon=True)
        self.start_one, self.services, self.changed = start, services, changed
        self.pause, self.gone, self.is_over = 0.0, [], False

    def watch(self):
        last, moved = {}, time.monotonic()
        while not self.is_over:
            judges = [process for process in [*self.services, *self.gone] if process.service == "spike-detect"]
            counts = {process.port: process.judged() for process in judges}
            if any(count > last.get(port, 0.0) for port, count in counts.items()):
                moved = time.monotonic()
            last |= {port: max(count, last.get(port, 0.0)) for port, count in counts.items()}
            self.pause = max(self.pause, time.monotonic() - moved)
            time.sleep(0.05)

    def run(self):
        watching = threading.Thread(target=self.watch, daemon=True)
        watching.start()
        for place, old in enumerate(list(self.services)):
            new = self.start_one(old.service)
            new.wait_until_ready()
            self.services[place] = new
            self.gone.append(old)
            old.stop()
            self.changed()
        time.sleep(2)
        self.is_over = True
        watching.join()


class Load:
    """Posts to five services and to one process for everything, the same to both."""

    def __init__(self, services, whole):
        self.services, self.whole, self.sent = services, whole, 0

    def go_on(self, rate, goes_on, angry_from=float("inf")):
        """At so many posts a second, for as long as `goes_on` says, which is told how many seconds it has been."""
        every, began = 0.5, time.monotonic()
        while goes_on(went := time.monotonic() - began):
            batch = []
            for n in range(int(rate * every)):
                brand = BRAND if n % 20 == 0 else "对手茶饮" if n % 20 == 1 else "别的"
                text = (
                    f"{BRAND}太恶心了，喝出虫子，要求退钱！{self.sent}"
                    if went > angry_from and n % 10 == 0
                    else f"路过{brand}，坐了一会 {self.sent}"
                )
                batch.append(post(f"live {self.sent}", text, time.time(), "weibo" if n % 3 else "xiaohongshu"))
                self.sent += 1
            body = lines(batch) + b"no post\n"
            # One that leaves has made durable what it took; what it did not answer goes to the one that came.
            while not self.services[0].send(body):
                time.sleep(0.05)
            self.whole.send(body)
            time.sleep(max(0.0, every - (time.monotonic() - began - went)))


def cost(load, rate, pids):
    """What each of these processes uses at a steady rate: milliseconds of processor time for 1,000 posts, MiB held."""
    load.go_on(rate, lambda went: went < SETTLE)
    before, sent = {name: used(pid)[0] for name, pid in pids.items()}, load.sent
    load.go_on(rate, lambda went: went < STEADY)
    after = {name: used(pid) for name, pid in pids.items()}
    return {
        name: ((seconds - before[name]) / (load.sent - sent) * 1e6, held) for name, (seconds, held) in after.items()
    }


def disturb(load, folder, redis, rolling):
    """Angry posts, Redis away, a rolling update: for a while, and at least until the rolling update is over."""
    has_been_away = False

    def goes_on(went):
        nonlocal has_been_away
        if not has_been_away and went > SECONDS * 0.25:
            # Redis is away for a moment: everybody waits, and nothing is lost.
            has_been_away = True
            run(ROOT / "services/redis.sh", "pause", folder / "redis", redis)
            time.sleep(6)
            run(ROOT / "services/redis.sh", "resume", folder / "redis", redis)
        if not rolling.is_alive() and not rolling.is_over and went > SECONDS * 0.6:
            rolling.start()
        return went < SECONDS or rolling.is_alive()

    load.go_on(RATES[-1], goes_on, angry_from=SECONDS * 0.5)


def kept(folder, redis):
    """Bytes that Kafka holds of records, and that Redis holds."""
    logs = sum(file.stat().st_size for file in (folder / "kafka/1/data").rglob("*.log"))
    told = run(ROOT / "services/redis.sh", "cli", folder / "redis", redis, "info", "memory", stdout=subprocess.PIPE)
    return logs, int(told.stdout.decode().split("used_memory:")[1].split()[0])


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    random.seed(1)
    with contextlib.ExitStack() as cleanup:
        folder = pathlib.Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-live-")))
        kafka, redis = free_port(), free_port()
        cleanup.callback(run, ROOT / "services/kafka.sh", "stop", folder / "kafka")
        cleanup.callback(run, ROOT / "services/redis.sh", "stop", folder / "redis")
        run(ROOT / "services/kafka.sh", "start", folder / "kafka", kafka)
        run(ROOT / "services/redis.sh", "start", folder / "redis", redis)
        (folder / "one.toml").write_text(CONFIG)
        (folder / "five.toml").write_text(CONFIG + SERVERS.format(kafka=kafka, redis=redis))

        # Three quiet days, ten posts an hour, into a folder; then what is remembered of them into Redis.
        now = time.time()
        past = [
            post(f"past {n}", f"路过{brand}，第{n}次来，坐了一会", now - (720 - n) * 360)
            for n in range(720)
            for brand in [BRAND if n % 2 else "对手茶饮"]
        ]
        (folder / "past.jsonl").write_bytes(lines(past))
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        run(
            binary,
            "replay",
            folder / "past.jsonl",
            "--config",
            folder / "one.toml",
            "--data",
            folder / "data",
            **quiet,
        )
        run(
            binary,
            "state",
            "export",
            folder / "state.jsonl",
            "--config",
            folder / "one.toml",
            "--data",
            folder / "data",
            **quiet,
        )
        run(binary, "state", "import", folder / "state.jsonl", "--config", folder / "five.toml", **quiet)

        def start(stage):
            process = Process(stage, binary, folder, stage, config=folder / "five.toml")
            cleanup.callback(process.child.kill)
            return process

        services = [start(stage) for stage in STAGES]
        whole = Process("all", binary, folder, "--data", folder / "data", config=folder / "one.toml")
        cleanup.callback(whole.child.kill)
        for process in [*services, whole]:
            process.wait_until_ready()
        prometheus = Prometheus(folder)
        cleanup.callback(prometheus.child.kill)
        prometheus.look_at([*services, whole])
        rolling = Rolling(start, services, lambda: prometheus.look_at([*services, whole]))
        began = time.time()
        load, kept_before = Load(services, whole), kept(folder, redis)
        pids = {process.service: process.child.pid for process in [*services, whole]}
        pids |= {"Kafka": (folder / "kafka/1/pid").read_text().strip()}
        pids |= {"Redis": (folder / f"redis/{redis}/pid").read_text().strip()}
        costs = [cost(load, rate, pids) for rate in RATES]
        disturb(load, folder, redis, rolling)
        sent = load.sent

        # Posts about both brands, as five services and as one process have heard them; shown once a minute.
        for _ in range(150):
            heard = {
                service: sum(float(v) for v in prometheus.values(f'tocsin_brand_heard_posts{{service="{service}"}}'))
                for service in ("spike-detect", "all")
            }
            done = prometheus.values('sum(tocsin_stage_records_in_total{stage="ingest", service="all"})')
            since = min((float(v) for v in prometheus.values("tocsin_brand_judged_timestamp_seconds")), default=0.0)
            if (
                done
                and float(done[0]) >= sent
                and since > began
                and heard["all"] == heard["spike-detect"] > sent / 10
            ):
                break
            time.sleep(1)

        queries = subprocess.run(
            [sys.executable, ROOT / "deploy/grafana/dashboards.py", "--queries"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()
        empty, several = [], []
        for query in queries:
            dashboard, panel, kind, expression = query.split("\t")
            drawn = prometheus.draws(expression, began)
            if drawn == 0:
                empty.append(f"{dashboard}: {panel}: {expression}")
            elif kind == "stat" and drawn > 1:
                # Grafana would show one of them, and who looks would take it for all.
                several.append(f"{dashboard}: {panel}: {expression}")
        if pictures := os.environ.get("PICTURES"):
            address = f"http://127.0.0.1:{prometheus.port}"
            run(sys.executable, ROOT / "deploy/grafana/picture.py", address, began, time.time(), pictures)
        brands = prometheus.ask("label/brand/values", **{"match[]": "tocsin_brand_heard_posts"})
        firing = sorted(
            {a["labels"]["alertname"] for a in prometheus.ask("alerts")["alerts"] if a["state"] == "firing"}
        )
        incidents = prometheus.values("max by (service) (tocsin_incidents_open)")
        told = subprocess.run(
            [sys.executable, ROOT / "examples/consumer.py", "--brokers", f"127.0.0.1:{kafka}", "--once"],
            check=True,
            capture_output=True,
            text=True,
        )
        kept_a_post = [(now - then) / sent for now, then in zip(kept(folder, redis), kept_before)]
        for process in [*services, whole]:
            process.stop()

    print(f"{sent} posts; open incidents {incidents}; alerts that fire: {firing}")
    print(
        f"posts heard about the brands: {heard['spike-detect']:.0f} by five services, {heard['all']:.0f} by one process"
    )
    print(f"rolling update of all five: judging paused for {rolling.pause:.1f} s at most")
    print(
        "examples/consumer.py read "
        + ", ".join(told.stderr.splitlines())
        + "; the last: "
        + told.stdout.splitlines()[-1]
    )
    print(" " * 14 + "".join(f"{f'at {rate}/s':>18}" for rate in RATES))
    print(f"{'':<14}" + f"{'CPU ms':>10}{'MiB':>8}" * len(RATES) + "   CPU for 1,000 posts")
    for name in pids:
        print(f"{name:<14}" + "".join(f"{at[name][0]:>10.0f}{at[name][1]:>8.0f}" for at in costs))
    print(f"Kafka keeps {kept_a_post[0]:.0f} bytes a post in one copy, Redis {kept_a_post[1]:.0f}")
    print(
        f"{len(queries) - len(empty)} of {len(queries)} panel queries gave something; brands to choose from: {brands}"
    )
    faults = [f"nothing came of {query}" for query in empty]
    faults += [f"several lines for one number: {query}" for query in several]
    if len(brands) != 2:
        faults.append("the brands to choose from are others")
    if "tocsin.incident.v1" not in told.stderr or "tocsin.signal.v1" not in told.stderr:
        faults.append("the example consumer saw no signals, or no incidents")
    if heard["spike-detect"] != heard["all"]:
        faults.append("posts were lost, or counted twice")
    if rolling.pause > PAUSE_MAX:
        faults.append(f"judging paused for more than {PAUSE_MAX} s")
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
