//! The config that is in force, defaults and overrides included, as TOML; secrets as `***`.

use std::path::PathBuf;

use toml::{Table, Value};

use tocsin_inlets::records::Format;
use tocsin_kafka::{Brokers, Replication, Security};
use tocsin_model::{EventTime, Severity, SourceId, Span};
use tocsin_outlets::Language;
use tocsin_redis::Place;
use tocsin_spike_detect::{Enough, Grounds};

use super::checked::{
    Authors, Beside, Config, Event, FileSource, Inlet, Kafka, Keyword, Lists, LogFormat, Outlet, Way,
};
use super::lengths;
use super::secret::Secret;

/// The config that is in force; nothing in it is secret.
pub(crate) fn show(config: &Config) -> String {
    let mut top = Table::new();
    put(&mut top, "http", table([("listen", text(config.listen))]));
    put(&mut top, "detect", detect(config));
    let language = match config.language {
        Language::Chinese => "zh",
        Language::English => "en",
        Language::Both => "both",
    };
    let notify = [("cool_down", text(lengths::write(config.cool_down))), ("language", text(language))];
    put(&mut top, "notify", table(notify));
    put(&mut top, "store", store(config));
    if let Some(servers) = &config.servers {
        put(&mut top, "kafka", kafka(&servers.kafka));
        put(&mut top, "redis", redis(&servers.redis));
    }
    if let Some(path) = &config.dictionary {
        put(&mut top, "tokenize", table([("dictionary", text(path.display()))]));
    }
    let lexicon: Table =
        config.lexicon.iter().map(|(word, lean)| (word.clone(), Value::Float(*lean))).collect();
    let concerns: Table =
        config.concerns.iter().map(|(name, words)| (name.clone(), list(words.iter().map(text)))).collect();
    let score = [("lexicon", lexicon), ("concerns", concerns)];
    let score: Table = score
        .into_iter()
        .filter(|(_, entries)| !entries.is_empty())
        .map(|(key, entries)| (key.to_owned(), Value::Table(entries)))
        .collect();
    let mut score = score;
    let model = match &config.model {
        Beside::Nothing => text("none"),
        Beside::Shipped => text("shipped"),
        Beside::File(path) => text(path.display()),
    };
    put(&mut score, "model", model);
    put(&mut top, "score", Value::Table(score));
    let format = match config.log.format {
        LogFormat::Pretty => "pretty",
        LogFormat::Json => "json",
    };
    put(&mut top, "log", table([("format", text(format)), ("level", text(&config.log.level))]));
    if let Some(address) = &config.trace {
        put(&mut top, "trace", table([("otlp", text(address))]));
    }
    put(&mut top, "brand", list(config.brands.iter().map(brand)));
    if !config.events.is_empty() {
        put(&mut top, "event", list(config.events.iter().map(event)));
    }
    if !config.reports.is_empty() {
        let report = |(source, enough): &(SourceId, Enough)| {
            let mut shown = table_of(*enough);
            put(&mut shown, "name", text(source));
            put(&mut shown, "kind", text("report"));
            Value::Table(shown)
        };
        put(&mut top, "source", list(config.reports.iter().map(report)));
    }
    let lists = lists(&config.lists);
    if !lists.is_empty() {
        put(&mut top, "lists", Value::Table(lists));
    }
    put(&mut top, "inlet", list(config.inlets.iter().map(inlet)));
    put(&mut top, "outlet", list(config.outlets.iter().map(outlet)));
    let from = config.file.as_ref().map_or("the environment".to_owned(), |file| file.display().to_string());
    let body = toml::to_string_pretty(&top).unwrap_or_else(|why| format!("# cannot be shown: {why}\n"));
    format!("# In force from {from}; version of the brands {:016x}\n\n{body}", config.version())
}

fn detect(config: &Config) -> Value {
    let rows = config.rule.severity.rows.iter().filter(|row| row.severity != Severity::Blue).map(|row| {
        let figures = [("excess", Value::Float(row.excess)), ("times", Value::Float(row.times))];
        (row.severity.name().to_owned(), table(figures))
    });
    let Grounds { speed, negative_share, reach, forecast, safety } = config.rule.severity.worse;
    let worse = [
        ("speed", speed),
        ("negative_share", negative_share),
        ("reach", reach),
        ("forecast", forecast),
        ("safety", safety),
    ];
    let worse = table(worse.map(|(name, from)| (name, Value::Float(from))));
    let rows = rows.chain([("worse".to_owned(), worse)]);
    let alarms = Value::Float(config.rule.false_alarms_per_brand_month);
    let holidays = text(if config.chinese_holidays { "CN" } else { "none" });
    table([
        ("false_alarms_per_brand_month", alarms),
        ("holidays", holidays),
        ("severity", Value::Table(rows.collect())),
        ("authors", authors(&config.authors)),
    ])
}

fn authors(authors: &Authors) -> Value {
    let mut shown = Table::new();
    for (list, enough) in &authors.lists {
        put(&mut shown, list.name(), Value::Table(table_of(*enough)));
    }
    let mut reach = table_of(authors.far_reaching);
    put(&mut reach, "followers", Value::Integer(authors.followers as i64));
    put(&mut shown, "reach", Value::Table(reach));
    Value::Table(shown)
}

fn table_of(enough: Enough) -> Table {
    let mut shown = Table::new();
    put(&mut shown, "posts", Value::Integer(enough.posts as i64));
    put(&mut shown, "severity", text(enough.severity));
    shown
}

fn store(config: &Config) -> Value {
    let store = &config.store;
    table([
        ("path", text(store.path.display())),
        ("keep_posts", text(lengths::write(store.keep_posts))),
        ("keep_rejected", text(lengths::write(store.keep_rejected))),
        ("keep_incidents", text(lengths::write(store.keep_incidents))),
    ])
}

fn kafka(kafka: &Kafka) -> Value {
    let Brokers { servers, prefix, lanes, security, limits } = &kafka.brokers;
    let mut shown = Table::new();
    put(&mut shown, "brokers", list(servers.split(',').map(text)));
    put(&mut shown, "prefix", text(prefix));
    put(&mut shown, "partitions", Value::Integer((*lanes).into()));
    if let Replication::Copies(copies) = kafka.replication {
        put(&mut shown, "replication", Value::Integer(copies.into()));
    }
    put(&mut shown, "create_topics", Value::Boolean(kafka.create_topics));
    let lengths = [
        ("commit_every", limits.commit),
        ("commit_every_max", limits.commit_max),
        ("session", limits.session),
        ("transaction", limits.transaction),
    ];
    for (key, length) in lengths {
        put(&mut shown, key, text(lengths::write(Span::from_millis(length.as_millis() as i64))));
    }
    let (sasl, encrypted) = match security {
        Security::Plaintext => (None, None),
        Security::Tls(tls) => (None, Some(tls)),
        Security::Sasl(sasl) => (Some(sasl), sasl.tls.as_ref()),
    };
    if let Some(sasl) = sasl {
        let entries = [
            ("mechanism", text(sasl.mechanism.name())),
            ("user", text(&sasl.user)),
            ("password", text("***")),
        ];
        put(&mut shown, "sasl", table(entries));
    }
    if let Some(encrypted) = encrypted {
        let identity = encrypted.identity.as_ref().map(|us| (&us.certificate, &us.key));
        put(&mut shown, "tls", tls(encrypted.ca.as_ref(), identity));
    }
    Value::Table(shown)
}

fn redis(redis: &tocsin_redis::Settings) -> Value {
    let mut shown = Table::new();
    match &redis.place {
        Place::One(address) => put(&mut shown, "address", text(address)),
        Place::Cluster(servers) => put_list(&mut shown, "cluster", servers),
        Place::Sentinel { sentinels, name } => {
            put_list(&mut shown, "sentinels", sentinels);
            put(&mut shown, "primary", text(name));
        }
    }
    put(&mut shown, "prefix", text(&redis.prefix));
    if let Some(user) = &redis.user {
        put(&mut shown, "user", text(user));
    }
    if redis.password.is_some() {
        put(&mut shown, "password", text("***"));
    }
    if let Some(encrypted) = &redis.tls {
        let identity = encrypted.identity.as_ref().map(|(certificate, key)| (certificate, key));
        put(&mut shown, "tls", tls(encrypted.ca.as_ref(), identity));
    }
    Value::Table(shown)
}

fn tls(ca: Option<&PathBuf>, identity: Option<(&PathBuf, &PathBuf)>) -> Value {
    let mut shown = Table::new();
    let files = [
        ("ca", ca),
        ("certificate", identity.map(|(certificate, _)| certificate)),
        ("key", identity.map(|(_, key)| key)),
    ];
    for (name, path) in files {
        if let Some(path) = path {
            put(&mut shown, name, text(path.display()));
        }
    }
    Value::Table(shown)
}

fn brand(brand: &super::Brand) -> Value {
    let mut shown = Table::new();
    put(&mut shown, "name", text(&brand.name));
    put(&mut shown, "query", text(&brand.query_text));
    put(&mut shown, "time_zone", text(brand.time_zone.iana_name().unwrap_or("UTC")));
    if let Some(posts) = brand.expected_per_hour {
        put(&mut shown, "expected_per_hour", Value::Float(posts));
    }
    put_list(&mut shown, "sources", &brand.sources);
    put_list(&mut shown, "rivals", &brand.rivals);
    put_list(&mut shown, "accounts", &brand.accounts);
    if !brand.keywords.is_empty() {
        let keyword = |k: &Keyword| {
            let mut shown = table_of(k.enough);
            put(&mut shown, "words", list(k.words.iter().map(text)));
            Value::Table(shown)
        };
        put(&mut shown, "keyword", list(brand.keywords.iter().map(keyword)));
    }
    Value::Table(shown)
}

fn event(event: &Event) -> Value {
    let time = |at: EventTime| text(tocsin_wire::rfc3339(at.millis()));
    let mut shown = Table::new();
    put(&mut shown, "name", text(&event.name));
    put(&mut shown, "from", time(event.from));
    put(&mut shown, "until", time(event.until));
    put(&mut shown, "expected", text(format!("{}x", event.times)));
    put_list(&mut shown, "brands", &event.brands);
    Value::Table(shown)
}

fn lists(lists: &Lists) -> Table {
    let mut shown = Table::new();
    for (key, entries) in [
        ("regulators", &lists.regulators),
        ("media", &lists.media),
        ("staff", &lists.staff),
        ("customers", &lists.customers),
        ("floods", &lists.floods),
        ("ignored", &lists.ignored),
    ] {
        put_list(&mut shown, key, entries);
    }
    shown
}

fn inlet(inlet: &Inlet) -> Value {
    let mut shown = Table::new();
    match inlet {
        Inlet::Http(http) => {
            put(&mut shown, "kind", text("http"));
            put(&mut shown, "name", text(&http.name));
            put(&mut shown, "tokens", secrets(&http.tokens));
            put(&mut shown, "hmac_secrets", secrets(&http.hmac_secrets));
        }
        Inlet::File(file) => {
            put(&mut shown, "kind", text("file"));
            put(&mut shown, "name", text(&file.name));
            let from = file.from.iter().map(|from| match from {
                FileSource::Path(path) => text(path.display()),
                FileSource::StandardInput => text("-"),
            });
            put(&mut shown, "path", list(from));
            put(&mut shown, "follow", Value::Boolean(file.follow));
            match file.format {
                Format::Auto => {}
                Format::Jsonl => put(&mut shown, "format", text("jsonl")),
                Format::Csv => put(&mut shown, "format", text("csv")),
            }
            for (key, fields) in [("columns", &file.columns.columns), ("defaults", &file.columns.defaults)] {
                if !fields.is_empty() {
                    let fields = fields.iter().map(|(field, word)| (field.clone(), text(word)));
                    put(&mut shown, key, Value::Table(fields.collect()));
                }
            }
        }
    }
    Value::Table(shown)
}

fn outlet(outlet: &Outlet) -> Value {
    let mut shown = Table::new();
    put(&mut shown, "kind", text(outlet.way.kind()));
    put(&mut shown, "name", text(&outlet.name));
    match &outlet.way {
        Way::Console => {}
        Way::Webhook { url, secrets: keys, headers, timeout } => {
            put(&mut shown, "url", text(url));
            put(&mut shown, "secrets", secrets(keys));
            put(&mut shown, "timeout_seconds", Value::Float(timeout.as_secs_f64()));
            if !headers.is_empty() {
                let headers = headers.iter().map(|(name, value)| (name.clone(), text(value)));
                put(&mut shown, "headers", Value::Table(headers.collect()));
            }
        }
        Way::Dingtalk { url, secret, at_mobiles, timeout } => {
            put(&mut shown, "url", text(url));
            if let Some(secret) = secret {
                put(&mut shown, "secret", text(secret));
            }
            if !at_mobiles.is_empty() {
                put(&mut shown, "at_mobiles", list(at_mobiles.iter().map(text)));
            }
            put(&mut shown, "timeout_seconds", Value::Float(timeout.as_secs_f64()));
        }
    }
    if !outlet.scope.brands.is_empty() {
        put(&mut shown, "brands", list(outlet.scope.brands.iter().map(text)));
    }
    put(&mut shown, "min_severity", text(outlet.scope.min_severity));
    put(&mut shown, "shown", Value::Boolean(outlet.scope.shown));
    Value::Table(shown)
}

fn secrets(secrets: &[Secret]) -> Value {
    list(secrets.iter().map(text))
}

fn put(table: &mut Table, key: &str, value: Value) {
    table.insert(key.to_owned(), value);
}

/// Nothing of an empty list.
fn put_list<T: std::fmt::Display>(table: &mut Table, key: &str, values: &[T]) {
    if !values.is_empty() {
        put(table, key, list(values.iter().map(text)));
    }
}

fn table<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Table(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn list(values: impl Iterator<Item = Value>) -> Value {
    Value::Array(values.collect())
}

fn text(value: impl ToString) -> Value {
    Value::String(value.to_string())
}
