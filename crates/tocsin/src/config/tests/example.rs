//! The example and the schema.

use super::*;

#[test]
fn the_example_is_right_as_it_is_and_with_everything_switched_on() {
    let config = read_with(example(), &[]).unwrap();
    let silent = read_with(BRAND, &[]).unwrap();
    assert_eq!(
        show(&config).lines().skip(1).filter(|line| !line.starts_with("query")).collect::<Vec<_>>(),
        show(&silent).lines().skip(1).filter(|line| !line.starts_with("query")).collect::<Vec<_>>(),
        "what the example states is the default"
    );

    let folder = tempfile::tempdir().unwrap();
    let is_setting =
        |line: &str| line.starts_with('#') && line[1..].starts_with(|c: char| !c.is_whitespace());
    let mut switched = 0;
    let mut all = String::new();
    for line in example().lines() {
        let on = if is_setting(line) { &line[1..] } else { line };
        switched += usize::from(is_setting(line));
        all.push_str(&on.replace("/run/secrets/tocsin-token", "token"));
        all.push('\n');
    }
    assert!(switched > 20, "{switched}");
    std::fs::write(folder.path().join("token"), "t").unwrap();
    std::fs::write(folder.path().join("words.txt"), "山岚\n").unwrap();
    std::fs::write(folder.path().join("ca.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    let env = [
        ("KAFKA_PASSWORD", "k"),
        ("REDIS_PASSWORD", "r"),
        ("TOCSIN_TOKEN", "t"),
        ("TOCSIN_HMAC", "h"),
        ("WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("DINGTALK_URL", "https://oapi.dingtalk.com/robot/send?access_token=t"),
        ("DINGTALK_SECRET", "SECt"),
    ];
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let config = read("all", all.as_bytes(), folder.path(), &env).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!((config.inlets.len(), config.outlets.len()), (2, 3));
    assert!(config.trace.is_some() && config.dictionary.is_some() && !config.lexicon.is_empty());
    assert_eq!(config.model, Beside::Shipped);
    assert!(config.servers.is_some());
}

#[test]
fn the_example_names_every_key_of_the_schema() {
    fn keys(schema: &serde_json::Value, into: &mut Vec<String>) {
        match schema {
            serde_json::Value::Object(object) => {
                if let Some(serde_json::Value::Object(properties)) = object.get("properties") {
                    into.extend(properties.keys().cloned());
                }
                object.values().for_each(|value| keys(value, into));
            }
            serde_json::Value::Array(list) => list.iter().for_each(|value| keys(value, into)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    keys(&schema(), &mut all);
    assert!(all.len() > 50, "{all:?}");
    for key in all {
        assert!(example().contains(&key), "{key} is not in the example");
    }
}

#[test]
fn the_schema_is_a_schema_without_null() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["properties"]["brand"]["items"]["required"], serde_json::json!(["name", "query"]));
    assert_eq!(schema["properties"]["notify"]["properties"]["cool_down"]["type"], "string");
    let text = schema.to_string();
    assert!(!text.contains("null") && !text.contains("$ref"), "{text}");
}
