"""Runs the pods of k8s/ where there is no cluster: each container's command as a process with the very environment,
config, mounts, user and read-only root that its manifest gives it, in a network namespace of its own.

    target/manifests/bin/python deploy/checks/pods.py target/proof/tocsin [dev] [base] [prod]      needs root

First the one pod of overlays/dev: it gets ready, takes a post, and ends well. Then base, over real Kafka and Redis, at
the names that its config has for them: under a steady load each service is scaled from one pod to three, which must
share its partitions two by two, and back to one, which must have all six. Then overlays/prod, over three brokers with
TLS, a password and rights, and a Redis Cluster with TLS, its topics and its user made from the overlay's own objects: a
broker is killed and comes back, and every pod is replaced. A pod gets posts once its readiness probe says so, and none
after it is told to go. Fails if a pod does not get ready, does not end well within its grace period, if partitions are
not spread, or if a post is lost or counted twice.

Everything lies in a network namespace that ends with it: nothing is seen of it outside.
"""

import contextlib
import http.client
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import yaml
from confluent_kafka import Consumer, KafkaException
from confluent_kafka import admin as kafka_admin

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.executable).parent
NODE = "10.244.0.1"
# The names that the configs have for the servers.
NAMES = ["kafka-kafka-bootstrap.kafka.svc", "redis.redis.svc"] + [f"redis-{n}.redis.redis.svc" for n in range(3)]
STAGES = ["ingest", "tokenize", "score", "spike-detect", "notify"]
BRAND = "山岚茶饮"
PARTITIONS = 6
POSTS_A_SECOND = int(os.environ.get("POSTS_A_SECOND", "200"))
# How long anything may take that comes by itself, in seconds: far longer than it does.
PATIENCE = 90

# A pod's root: the image's, read-only, with its volumes mounted as the manifest says; /dev and /proc as a container
# engine gives them.
POD = r"""
set -e
root=$1; user=$2; shift 2
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
while [ "$1" != -- ]; do mount --bind "$1" "$root$2"; [ "$3" = rw ] || mount -o remount,bind,ro "$root$2"; shift 3; done
shift
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" "$root" "$@"
"""


def run(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, **options)


def until(what, look):
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        if found := look():
            return found
        time.sleep(0.1)
    sys.exit(f"{what}: not within {PATIENCE} s")


def post(name):
    return {
        "id": name,
        "source": "weibo",
        "text": f"路过{BRAND}，坐了一会 {name}",
        "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "author": {"id": f"u{random.randrange(9999)}"},
    }


class Cluster:
    """The objects of an overlay, and the files that their volumes have."""

    def __init__(self, overlay, binary, folder, secrets=()):
        # One of the two was put beside this Python by deploy/checks/run.sh, where neither was there.
        build = ["kubectl", "kustomize"] if shutil.which("kubectl") else [BIN / "kustomize", "build"]
        built = run(*build, ROOT / "k8s" / overlay, capture_output=True, text=True).stdout
        self.objects = [one for one in yaml.safe_load_all(built) if one]
        self.folder, self.image = folder, folder / "image"
        run(ROOT / "deploy/root.sh", binary, self.image)
        for mount in ("dev", "proc", "run/secrets/tocsin"):
            (self.image / mount).mkdir(parents=True, exist_ok=True)
        (self.image / "etc/hosts").write_text(f"127.0.0.1 localhost\n{NODE} {' '.join(NAMES)}\n")
        (folder / "config").mkdir()
        (config,) = self.of_kind("ConfigMap")
        for name, text in config["data"].items():
            (folder / "config" / name).write_text(text)
        # k8s/README.md makes it.
        (folder / "secrets").mkdir()
        for key, content in {"inlet-token": "a-token-for-the-test", **dict(secrets)}.items():
            (folder / "secrets" / key).write_text(content)

    def of_kind(self, *kinds):
        return [one for one in self.objects if one["kind"] in kinds]

    def workload(self, name):
        (found,) = [one for one in self.of_kind("Deployment", "StatefulSet") if one["metadata"]["name"] == name]
        return found["spec"]


class Pod:
    """One container of a workload."""

    numbers = itertools.count(2)

    def __init__(self, cluster, name):
        number = next(Pod.numbers)
        self.name, self.address, self.space = f"{name}-{number}", f"10.244.0.{number}", f"pod-{number}"
        spec = cluster.workload(name)["template"]["spec"]
        (container,) = spec["containers"]
        (port,) = container["ports"]
        self.port, self.ready = port["containerPort"], container["readinessProbe"]["httpGet"]["path"]
        self.grace = spec["terminationGracePeriodSeconds"]
        for words in (
            f"netns add {self.space}",
            f"link add {self.space} type veth peer name eth0 netns {self.space}",
            f"link set {self.space} master pods up",
            f"-n {self.space} addr add {self.address}/24 dev eth0",
            f"-n {self.space} link set eth0 up",
            f"-n {self.space} link set lo up",
        ):
            run("ip", *words.split())
        security = spec["securityContext"]
        user = f"{security['runAsUser']}:{security['runAsGroup']}"
        volumes = {"config": cluster.folder / "config", "secrets": cluster.folder / "secrets"}
        for own in ["data", *(volume["name"] for volume in spec.get("volumes", []) if "emptyDir" in volume)]:
            volumes[own] = cluster.folder / f"{self.name}-{own}"
            volumes[own].mkdir()
            shutil.chown(volumes[own], security["runAsUser"], security["runAsGroup"])
        mounts = []
        for mount in container["volumeMounts"]:
            how = "ro" if mount.get("readOnly") else "rw"
            mounts += [volumes[mount["name"]], mount["mountPath"], how]
        environment = {one["name"]: one["value"] for one in container["env"]}
        environment["PATH"] = os.environ["PATH"]
        self.log = open(cluster.folder / f"{self.name}.log", "wb")
        inside = ["ip", "netns", "exec", self.space, "unshare", "--mount", "--propagation", "private"]
        inside += ["bash", "-c", POD, "_", cluster.image, user, *mounts, "--", "/usr/local/bin/tocsin"]
        words = [str(word) for word in [*inside, *container["args"]]]
        self.child = subprocess.Popen(words, env=environment, stdout=self.log, stderr=self.log)

    def fail(self, why):
        sys.exit(f"{self.name} {why}:\n{pathlib.Path(self.log.name).read_text()[-3000:]}")

    def get(self, path):
        """A page; none while nobody answers."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            door = http.client.HTTPConnection(self.address, self.port, timeout=5)
            door.request("GET", path)
            answer = door.getresponse()
            return answer.status, answer.read().decode()
        return 0, ""

    def is_ready(self):
        if self.child.poll() is not None:
            self.fail("has ended")
        return self.get(self.ready)[0] == 200

    def metrics(self, name):
        lines = self.get("/metrics")[1].splitlines()
        return [float(line.split()[-1]) for line in lines if line.startswith(name)]

    def send(self, body):
        """Whether it has taken the posts; false if it says so, or does not answer."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            door = http.client.HTTPConnection(self.address, self.port, timeout=30)
            headers = {"content-type": "application/x-ndjson", "authorization": "Bearer a-token-for-the-test"}
            door.request("POST", "/v1/posts", body, headers)
            answer = door.getresponse()
            answer.read()
            return answer.status == 202
        return False

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            code = self.child.wait(self.grace)
        except subprocess.TimeoutExpired:
            self.fail(f"did not end within its {self.grace} s")
        if code != 0:
            self.fail(f"ended with {code}")
        run("ip", "netns", "del", self.space)


class Load(threading.Thread):
    """Posts at a steady rate to whoever of ingest is ready, until told to stop."""

    def __init__(self, pods):
        super().__init__(daemon=True)
        self.pods, self.sent, self.is_over = pods, [], False

    def run(self):
        every, began = 0.25, time.monotonic()
        for beat in itertools.count(1):
            if self.is_over:
                return
            names = [f"pod post {len(self.sent) + n}" for n in range(int(POSTS_A_SECOND * every))]
            body = "".join(json.dumps(post(name), ensure_ascii=False) + "\n" for name in names).encode()
            while not random.choice(list(self.pods)).send(body):
                time.sleep(0.05)
            self.sent += names
            time.sleep(max(0.0, began + beat * every - time.monotonic()))


def dev(_, binary, folder):
    pod = Pod(Cluster("overlays/dev", binary, folder), "tocsin")
    until("the pod of overlays/dev is ready", pod.is_ready)
    if not pod.send(json.dumps(post("first")).encode() + b"\n"):
        pod.fail("did not take a post")
    until("it is counted", lambda: pod.metrics('tocsin_stage_records_in_total{stage="spike-detect"}') == [1.0])
    pod.stop()
    print("overlays/dev: ready, took a post, counted it, ended well")


def scale(cluster, stage, pods):
    """From one to three and back, and how partitions went."""

    def shares():
        held = [len(pod.metrics(f'tocsin_link_lag_records{{group="{stage}"')) for pod in pods]
        return held if sum(held) == PARTITIONS else None

    new = [Pod(cluster, stage) for _ in range(2)]
    for pod in new:
        until(f"{pod.name} is ready", pod.is_ready)
    pods += new
    until(f"{stage}: three share six partitions", lambda: shares() == [2, 2, 2])
    for _ in range(2):
        leaves = pods.pop(0)
        leaves.stop()
    until(f"{stage}: one has all", lambda: shares() == [PARTITIONS])
    print(f"base: {stage} 1 -> 3 -> 1: partitions 6, 2+2+2, 6")


def ids(brokers, topic, count):
    """The ids of the first posts of a topic, as a reader downstream sees them."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "pods.py",
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
        }
    )
    consumer.subscribe([topic])
    found = set()

    def read():
        for record in consumer.consume(1000, 1.0):
            found.add(json.loads(record.value())["matched"]["post"]["id"])
        return len(found) >= count

    until(f"{count} posts in {topic}", read)
    consumer.close()
    return found


def servers(cleanup, folder, kafka, redis, **environment):
    """Kafka and Redis, each by a verb of its script and at a port; those of this part, until it is over."""
    environment = {"KAFKA_HOST": NODE, "REDIS_HOST": NODE, **environment}
    for name, (verb, port) in (("kafka", kafka), ("redis", redis)):
        script = ROOT / f"services/{name}.sh"
        cleanup.callback(run, script, "stop", folder / name)
        run(script, verb, folder / name, port, env={**os.environ, **environment})


def start(cluster, pods_of):
    """The pods of each service, once they are ready."""
    services = {stage: [Pod(cluster, stage) for _ in range(pods_of(stage))] for stage in STAGES}
    for pod in itertools.chain(*services.values()):
        until(f"{pod.name} is ready", pod.is_ready)
    return services


def finish(name, services, load, brokers):
    """Ends the load, and the pods once every post is through and counted once."""
    load.is_over = True
    load.join()
    scored = ids(brokers, "tocsin.posts.scored", len(load.sent))
    if scored != set(load.sent):
        sys.exit(f"{len(load.sent)} posts were taken and {len(scored)} came through")
    # Shown once a minute, by the pod that looks at the brand.
    judges = services["spike-detect"]
    heard = [float(len(load.sent))]
    until("all are counted, once", lambda: heard in [judge.metrics("tocsin_brand_heard_posts") for judge in judges])
    for pod in itertools.chain(*services.values()):
        pod.stop()
    print(f"{name}: {len(load.sent)} posts at {POSTS_A_SECOND} a second meanwhile; none lost, none counted twice")


def base(cleanup, binary, folder):
    servers(cleanup, folder, ("start", 9092), ("start", 6379))
    services = start(cluster := Cluster("base", binary, folder), lambda _: 1)
    load = Load(services["ingest"])
    load.start()
    for stage, pods in services.items():
        scale(cluster, stage, pods)
    finish("base", services, load, f"{NODE}:9092")


def strimzi(cluster, brokers):
    """Makes what Strimzi would make: the topics, and the user with its rights; the user's password."""
    admin = kafka_admin.AdminClient({"bootstrap.servers": brokers})
    made = []
    for topic in (one["spec"] for one in cluster.of_kind("KafkaTopic")):
        config = {key: str(value) for key, value in topic["config"].items()}
        made.append(kafka_admin.NewTopic(topic["topicName"], topic["partitions"], topic["replicas"], config=config))
    (user,) = cluster.of_kind("KafkaUser")
    name, rights = user["metadata"]["name"], []
    types = {"topic": "TOPIC", "group": "GROUP", "transactionalId": "TRANSACTIONAL_ID"}
    words = {"Read": "READ", "Write": "WRITE", "Describe": "DESCRIBE", "DescribeConfigs": "DESCRIBE_CONFIGS"}
    for right in user["spec"]["authorization"]["acls"]:
        resource = right["resource"]
        kind, pattern = kafka_admin.ResourceType[types[resource["type"]]], kafka_admin.ResourcePatternType.PREFIXED
        for operation in right["operations"]:
            may = kafka_admin.AclOperation[words[operation]], kafka_admin.AclPermissionType.ALLOW
            rights.append(kafka_admin.AclBinding(kind, resource["name"], pattern, f"User:{name}", "*", *may))
    how = kafka_admin.ScramCredentialInfo(kafka_admin.ScramMechanism.SCRAM_SHA_512, 4096)
    change = kafka_admin.UserScramCredentialUpsertion(name, how, b"tocsin-secret")
    asked = {**admin.create_topics(made), **admin.create_acls(rights), **admin.alter_user_scram_credentials([change])}
    for what, answer in asked.items():
        try:
            answer.result(PATIENCE)
        except KafkaException as why:
            sys.exit(f"{what}: {why}")


def lets_in(broker, ca):
    """Whether a broker has heard of the user already."""
    who = {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "tocsin", "sasl.password": "tocsin-secret"}
    where = {"bootstrap.servers": broker, "security.protocol": "SASL_SSL", "ssl.ca.location": str(ca)}
    with contextlib.suppress(KafkaException):
        return kafka_admin.AdminClient({**who, **where, "log_level": 0}).list_topics(timeout=2).topics
    return None


def prod(cleanup, binary, folder):
    # Kafka asks for the password at the port that the config names; this script speaks to it at another.
    plain, names = f"{NODE}:9073", ",".join([f"IP:{NODE}", *(f"DNS:{name}" for name in NAMES)])
    servers(
        cleanup, folder, ("start3", 9073), ("cluster-secure", 6379), KAFKA_SECURE="1", CERTIFICATE_NAMES=names
    )
    for port in range(6379, 6385):
        may = ["tocsin", "on", ">tocsin-secret", "~tocsin:*", "+@all"]
        run(ROOT / "services/redis.sh", "cli", folder / "redis", port, "acl", "setuser", *may, stdout=subprocess.DEVNULL)
    secrets = {
        "kafka-password": "tocsin-secret",
        "redis-password": "tocsin-secret",
        "kafka-ca.pem": (folder / "kafka/tls/ca.pem").read_text(),
        "redis-ca.pem": (folder / "redis/tls/ca.pem").read_text(),
        "webhook-url": "https://desk.example/tocsin",
        "webhook-secret": "whsec_dG9jc2luLXRvY3Npbi10b2NzaW4tdG9jc2lu",
    }
    cluster = Cluster("overlays/prod", binary, folder, secrets)
    strimzi(cluster, plain)
    for port in (9093, 9094, 9095):
        until("each broker knows the user", lambda port=port: lets_in(f"{NODE}:{port}", folder / "kafka/tls/ca.pem"))
    services = start(cluster, lambda stage: cluster.workload(stage)["replicas"])
    load = Load(services["ingest"])
    load.start()
    until("posts are scored", lambda: any(pod.metrics("tocsin_stage_records_out_total") for pod in services["score"]))
    run(ROOT / "services/kafka.sh", "kill", folder / "kafka", 3)
    for stage, pods in services.items():
        for _ in range(len(pods)):
            new = Pod(cluster, stage)
            until(f"{new.name} is ready", new.is_ready)
            pods.append(new)
            pods.pop(0).stop()
        if stage == "score":
            run(ROOT / "services/kafka.sh", "restart", folder / "kafka", 3)
    print("overlays/prod: two pods of each service were replaced one by one, a broker of three was away meanwhile")
    finish("overlays/prod", services, load, plain)


def main():
    if os.environ.get("TOCSIN_PODS") != "inside":
        # A node of our own, with mounts of its own: network namespaces are named there.
        words = ["unshare", "--net", "--mount", "--propagation", "private", sys.executable, *sys.argv]
        os.execvpe(words[0], words, {**os.environ, "TOCSIN_PODS": "inside"})
    os.makedirs("/run/netns", exist_ok=True)
    run("mount", "-t", "tmpfs", "tmpfs", "/run/netns")
    for words in ("link set lo up", "link add pods type bridge", f"addr add {NODE}/24 dev pods", "link set pods up"):
        run("ip", *words.split())
    binary = pathlib.Path(sys.argv[1]).resolve()
    with contextlib.ExitStack() as cleanup:
        folder = pathlib.Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-pods-")))
        folder.chmod(0o755)
        for part in (dev, base, prod):
            if part.__name__ in (sys.argv[2:] or ("dev", "base", "prod")):
                place = folder / part.__name__
                place.mkdir()
                with contextlib.ExitStack() as ended:
                    part(ended, binary, place)


if __name__ == "__main__":
    main()
