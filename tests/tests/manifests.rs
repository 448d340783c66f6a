//! Holds deploy/ and k8s/ against the program: each flag, environment name, port, topic and group that stands there is
//! one that the program has.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tocsin_kafka::{Retention, TOPICS};
use tocsin_tests::{Server, program, said};

const STAGES: [&str; 5] = ["ingest", "tokenize", "score", "spike-detect", "notify"];
/// Where the program listens if nobody says otherwise.
const PORT: u64 = 7227;
/// What `[kafka] partitions` is if nobody says otherwise.
const PARTITIONS: u64 = 6;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

fn yaml(path: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} of {value:#}"))
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// All objects under k8s/, as they are written.
fn objects() -> Vec<Value> {
    let mut folders = vec![root().join("k8s")];
    let mut objects = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yaml") && !path.ends_with("kustomization.yaml") {
                objects.extend(yaml(path.strip_prefix(root()).unwrap().to_str().unwrap()));
            }
        }
    }
    assert!(objects.len() > 30, "{} objects", objects.len());
    objects
}

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    let found: Vec<&Value> = objects.iter().filter(|object| object["kind"] == kind).collect();
    assert!(!found.is_empty(), "no {kind}");
    found
}

/// What runs somewhere: what is typed, and what is in its environment.
struct Process {
    place: String,
    typed: Vec<String>,
    environment: BTreeMap<String, String>,
    volumes: Vec<String>,
}

fn words(values: &[Value]) -> Vec<String> {
    values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

fn processes() -> Vec<Process> {
    let all = objects();
    let mut processes = Vec::new();
    for workload in [of_kind(&all, "Deployment"), of_kind(&all, "StatefulSet")].concat() {
        for container in list(workload, "/spec/template/spec/containers") {
            let pair = |var: &Value| (text(var, "/name").to_owned(), text(var, "/value").to_owned());
            processes.push(Process {
                place: format!("k8s: {}", text(workload, "/metadata/name")),
                typed: words(list(container, "/args")),
                environment: list(container, "/env").iter().map(pair).collect(),
                volumes: list(container, "/volumeMounts")
                    .iter()
                    .map(|v| text(v, "/mountPath").to_owned())
                    .collect(),
            });
        }
    }
    let compose = &yaml("deploy/compose.yaml")[0];
    for stage in STAGES {
        let service = merged(&compose["services"][stage]);
        let environment = service["environment"].as_object().unwrap();
        let volume = |volume: &Value| volume.as_str().unwrap().split(':').nth(1).unwrap().to_owned();
        processes.push(Process {
            place: format!("compose: {stage}"),
            typed: words(list(&service, "/command")),
            environment: environment
                .iter()
                .map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned()))
                .collect(),
            volumes: list(&service, "/volumes").iter().map(volume).collect(),
        });
    }
    processes
}

/// With what `<<` brings in, where the reader has left it.
fn merged(service: &Value) -> Value {
    let mut whole = service.get("<<").cloned().unwrap_or_else(|| Value::Object(Default::default()));
    for (key, value) in service.as_object().unwrap() {
        whole[key] = value.clone();
    }
    whole
}

#[test]
fn what_is_typed_is_a_command_of_the_program_and_each_stage_runs_once() {
    let help = said(program().args(["run", "--help"]));
    let mut run = BTreeSet::new();
    for Process { place, typed, .. } in processes() {
        let (command, stages) = typed.split_first().unwrap();
        assert_eq!(command, "run", "{place}");
        let ([] | [_]) = stages else { panic!("{place}: {stages:?}") };
        for stage in stages {
            assert!(STAGES.contains(&stage.as_str()) && help.contains(stage.as_str()), "{place}: {stage}");
        }
        assert!(run.insert((place.clone(), stages.to_vec())), "{place}: twice");
    }
    assert_eq!(run.len(), 5 + 1 + 5, "five services, one process for all, and compose's five");
}

#[test]
fn every_environment_name_and_value_is_taken_by_the_config() {
    let help = said(program().args(["run", "--help"]));
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("tocsin.toml");
    std::fs::write(
        &config,
        "[[brand]]\nname = \"a\"\nquery = \"a\"\n[[inlet]]\nkind = \"http\"\ntokens = [\"t\"]\n",
    )
    .unwrap();
    for Process { place, environment, volumes, .. } in processes() {
        let mut check = program();
        check.args(["config", "check", "--config"]).arg(&config);
        for (name, value) in environment {
            if name.starts_with("TOCSIN__") {
                check.env(name, value);
            } else if name == "TOCSIN_CONFIG" || name == "TOCSIN_DATA" {
                assert!(help.contains(&format!("[env: {name}=]")), "{place}: {name}");
                let is_mounted = |folder: &String| value.starts_with(folder.as_str());
                assert!(volumes.iter().any(is_mounted), "{place}: {name} is {value}, which nothing mounts");
            } else {
                assert!(read("deploy/tocsin.toml").contains(&format!("env = \"{name}\"")), "{place}: {name}");
            }
        }
        said(&mut check);
    }
}

/// Each config is right, once the files that it names are there; they are keys of the Secret that k8s/README.md makes.
#[test]
fn every_config_is_right_and_its_secrets_are_those_of_the_readme() {
    let readme = read("k8s/README.md");
    for path in [
        "deploy/tocsin.toml",
        "k8s/base/tocsin.toml",
        "k8s/overlays/dev/tocsin.toml",
        "k8s/overlays/prod/tocsin.toml",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = read(path);
        for rest in config.split("/run/secrets/tocsin/").skip(1) {
            let key = rest.split('"').next().unwrap();
            let content = match key {
                "webhook-url" => "https://example.com/tocsin",
                "webhook-secret" => "whsec_dG9jc2luLXRvY3Npbi10b2NzaW4tdG9jc2lu",
                pem if pem.ends_with(".pem") => "-----BEGIN CERTIFICATE-----\n",
                _ => "a secret",
            };
            std::fs::write(folder.path().join(key), content).unwrap();
            assert!(
                readme.contains(&format!("={key}")) || readme.contains(&format!("{key}=")),
                "k8s/README.md: {key}"
            );
        }
        let placed = config.replace("/run/secrets/tocsin", folder.path().to_str().unwrap());
        let file = folder.path().join("tocsin.toml");
        std::fs::write(&file, placed).unwrap();
        let told = said(program().args(["config", "check", "--config"]).arg(&file).env("TOCSIN_TOKEN", "t"));
        assert!(told.contains("is right"), "{path}: {told}");
    }
}

#[test]
fn ports_and_pages_are_those_of_the_program() {
    let shown = said(program().args(["config", "schema"]));
    assert!(shown.contains(&format!("Default: 127.0.0.1:{PORT}.")), "the port is another one now");
    let all = objects();
    for workload in [of_kind(&all, "Deployment"), of_kind(&all, "StatefulSet")].concat() {
        for container in list(workload, "/spec/template/spec/containers") {
            let ports = list(container, "/ports");
            assert_eq!(
                (ports.len(), &ports[0]["name"], ports[0]["containerPort"].as_u64()),
                (1, &"http".into(), Some(PORT))
            );
            for (probe, page) in
                [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")]
            {
                let get = &container[probe]["httpGet"];
                assert_eq!((text(get, "/path"), text(get, "/port")), (page, "http"));
            }
        }
    }
    for service in of_kind(&all, "Service") {
        let port = &list(service, "/spec/ports")[0];
        assert_eq!((port["port"].as_u64(), text(port, "/targetPort")), (Some(PORT), "http"));
        let component = text(service, "/spec/selector/app.kubernetes.io~1component");
        assert!(STAGES.contains(&component) || component == "all");
    }
    for monitor in of_kind(&all, "PodMonitor") {
        let endpoint = &list(monitor, "/spec/podMetricsEndpoints")[0];
        assert_eq!((text(endpoint, "/port"), text(endpoint, "/path")), ("http", "/metrics"));
    }
    let (scrape, compose) = (&yaml("deploy/prometheus/prometheus.yaml")[0], &yaml("deploy/compose.yaml")[0]);
    let mut scraped = BTreeSet::new();
    for target in list(scrape, "/scrape_configs").iter().flat_map(|job| list(job, "/static_configs")) {
        let (host, port) = text(target, "/targets/0").split_once(':').unwrap();
        assert!(compose["services"].get(host).is_some(), "compose has no {host}");
        if let Some(service) = target.pointer("/labels/service") {
            assert_eq!((service.as_str(), port.parse()), (Some(host), Ok(PORT)));
            scraped.insert(host.to_owned());
        }
    }
    assert_eq!(scraped, STAGES.map(str::to_owned).into());
}

#[test]
fn what_compose_mounts_is_there() {
    let compose = &yaml("deploy/compose.yaml")[0];
    let mut mounted = 0;
    for service in compose["services"].as_object().unwrap().values() {
        let whole = merged(service);
        for volume in list(&whole, "/volumes") {
            let from = volume.as_str().unwrap().split(':').next().unwrap();
            match from.strip_prefix("./") {
                Some(path) => assert!(root().join("deploy").join(path).exists(), "deploy/{path}"),
                None => assert!(compose["volumes"].get(from).is_some(), "volume {from}"),
            }
            mounted += 1;
        }
    }
    assert!(mounted >= 10, "{mounted}");
}

#[test]
fn strimzi_would_make_the_topics_as_the_program_would() {
    let all = objects();
    let made: Vec<&Value> = of_kind(&all, "KafkaTopic").into_iter().map(|topic| &topic["spec"]).collect();
    let names: Vec<&str> = made.iter().map(|topic| text(topic, "/topicName")).collect();
    assert_eq!(names, TOPICS.map(|topic| topic.full("tocsin.")));
    for (topic, spec) in TOPICS.iter().zip(made) {
        assert_eq!(spec["partitions"].as_u64(), Some(PARTITIONS));
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let config = spec["config"].as_object().unwrap();
        let config: BTreeMap<&str, String> = config.iter().map(|(k, v)| (k.as_str(), plain(v))).collect();
        assert_eq!(config, topic.settings(&Retention::default()).into_iter().collect(), "{}", topic.name());
    }
}

#[test]
fn keda_asks_for_groups_and_topics_that_there_are() {
    let all = objects();
    let reads = |group: &str| match group {
        "ingest" => "posts.raw",
        "kin" => "posts.kin",
        "tokenize" => "posts.matched",
        "score" => "posts.tokenized",
        "spike-detect" => "posts.scored",
        "notify" => "signals",
        other => panic!("no group {other}"),
    };
    let mut asked = BTreeSet::new();
    for scaled in of_kind(&all, "ScaledObject") {
        let stage = text(scaled, "/spec/scaleTargetRef/name");
        assert!(STAGES.contains(&stage));
        assert!(
            scaled["spec"]["maxReplicaCount"].as_u64().unwrap() <= PARTITIONS,
            "more would have nothing to do"
        );
        for trigger in list(scaled, "/spec/triggers") {
            let group = text(trigger, "/metadata/consumerGroup").strip_prefix("tocsin.").unwrap();
            assert_eq!(text(trigger, "/metadata/topic"), format!("tocsin.{}", reads(group)));
            assert!(group == stage || (group, stage) == ("kin", "ingest"), "{stage}: {group}");
            asked.insert(group.to_owned());
        }
    }
    assert_eq!(asked.len(), 6, "{asked:?}");
}

#[test]
fn each_process_may_write_nothing_but_its_data_and_is_nobody() {
    let all = objects();
    for workload in [of_kind(&all, "Deployment"), of_kind(&all, "StatefulSet")].concat() {
        let pod = &workload["spec"]["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert!(pod["terminationGracePeriodSeconds"].as_u64().unwrap() >= 60);
        for container in list(pod, "/containers") {
            let context = &container["securityContext"];
            assert_eq!(
                (&context["readOnlyRootFilesystem"], &context["allowPrivilegeEscalation"]),
                (&true.into(), &false.into())
            );
        }
        let user = pod["securityContext"]["runAsUser"].as_u64().unwrap();
        assert!(
            read("deploy/Dockerfile").contains(&format!("USER {user}:")),
            "the image's user is another one"
        );
    }
}

/// Who a rule of a NetworkPolicy is about, in short: its namespace, its pods' label, or an address.
fn far_end(peer: &Value) -> String {
    if let Some(block) = peer.get("ipBlock") {
        assert!(list(block, "/except").len() >= 4, "the networks of the cluster itself are left out");
        return text(block, "/cidr").to_owned();
    }
    let labels = |selector: &Value| -> Vec<String> {
        let labels = selector.get("matchLabels").and_then(Value::as_object);
        labels.into_iter().flatten().map(|(_, value)| value.as_str().unwrap().to_owned()).collect()
    };
    let [spaces, pods] =
        ["namespaceSelector", "podSelector"].map(|selector| labels(&peer[selector]).join(""));
    [spaces, pods].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

/// The ways that ARCHITECTURE.md draws, and no others: posts into ingest, every service to Kafka and Redis, notices
/// out of notify, metrics to Prometheus, names from the cluster; and no service to another.
#[test]
fn only_the_ways_that_are_drawn_are_open() {
    let (all, mut open) = (objects(), BTreeSet::new());
    let mut closed = BTreeSet::new();
    for policy in of_kind(&all, "NetworkPolicy") {
        let chosen = &policy["spec"]["podSelector"];
        let chosen: Vec<String> = match list(chosen, "/matchExpressions") {
            // Everybody, by whatever label: all are tocsin.
            [] => vec!["everybody".to_owned()],
            expressions => expressions.iter().flat_map(|one| words(list(one, "/values"))).collect(),
        };
        let ways = [("Ingress", "/spec/ingress", "/from", "<-"), ("Egress", "/spec/egress", "/to", "->")];
        for (kind, rules, peers, way) in ways {
            let is_meant = words(list(policy, "/spec/policyTypes")).iter().any(|one| one == kind);
            assert!(is_meant || list(policy, rules).is_empty(), "{policy:#}: {kind} is not among its types");
            if is_meant && list(policy, rules).is_empty() {
                closed.insert(format!("{} {way} nobody", chosen.join(" ")));
            }
            for rule in list(policy, rules) {
                let ports = list(rule, "/ports").iter().map(|port| port["port"].to_string().replace('"', ""));
                let ports = ports.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(",");
                assert!(!ports.is_empty() && !list(rule, peers).is_empty(), "open to all: {policy:#}");
                for (who, peer) in
                    chosen.iter().flat_map(|who| list(rule, peers).iter().map(move |p| (who, p)))
                {
                    open.insert(format!("{who} {way} {}:{ports}", far_end(peer)));
                }
            }
        }
    }
    let mut drawn: BTreeSet<String> = BTreeSet::from([
        "everybody -> kube-system/kube-dns:53".to_owned(),
        "everybody <- monitoring:http".to_owned(),
    ]);
    for stage in STAGES {
        drawn.insert(format!("{stage} -> kafka:9092,9093"));
        drawn.insert(format!("{stage} -> redis:6379"));
    }
    // One process for everything is what its first and last stage are.
    for (first, last) in [("ingest", "notify"), ("all", "all")] {
        drawn.insert(format!("{first} <- tocsin:http"));
        drawn.insert(format!("{last} -> 0.0.0.0/0:443"));
    }
    assert_eq!(open, drawn);
    assert_eq!(closed, ["everybody -> nobody", "everybody <- nobody"].map(str::to_owned).into());
}

#[test]
fn the_health_check_of_compose_says_whether_a_process_is_ready() {
    for stage in STAGES {
        let service = merged(&yaml("deploy/compose.yaml")[0]["services"][stage]);
        assert_eq!(words(list(&service, "/healthcheck/test")), ["CMD", "/usr/local/bin/tocsin", "ready"]);
    }
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("tocsin.toml");
    std::fs::write(&config, "[[brand]]\nname = \"a\"\nquery = \"a\"\n").unwrap();
    let server = Server::start(&config, &folder.path().join("data"));
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    assert!(said(program().args(["ready", &address])).contains("\"ready\":true"));
    server.stop();
    let output = program().args(["ready", &address]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && told.contains("nobody answers"), "{told}");
}
