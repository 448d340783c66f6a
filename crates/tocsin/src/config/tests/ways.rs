//! Inlets and outlets.

use expect_test::expect;

use super::*;

#[test]
fn inlets_are_told_of_by_kind() {
    check_beside_a_brand(
        r#"
[[inlet]]
kind = "http"
path = "x"

[[inlet]]
kind = "http"
name = "second"

[[inlet]]
kind = "file"
follow = "yes"

[[inlet]]
name = "kindless"

[[inlet]]
kind = "file"
path = []
name = "two words"

[[inlet]]
kind = "file"
path = ["a.csv", 5]
format = "jsonl"
columns = { txt = "content" }
defaults = { sauce = "weibo" }
"#,
        expect![[r#"
            tocsin.toml:7:1: inlet 1: `path` is not known here
              help: leave it out; known here are `hmac_secrets`, `kind`, `name`, `tokens`
            tocsin.toml:9:1: inlet second: there is another one by HTTP
              help: keep one, and write all its tokens into it
            tocsin.toml:13:1: inlet 3: `path` is missing
              help: write path = "posts/*.jsonl"
            tocsin.toml:15:10: inlet 3: follow: is a text and must be true or false
              help: write follow = true
            tocsin.toml:17:1: inlet kindless: `kind` is missing
              help: write one of kind = "http", kind = "file"
            tocsin.toml:22:8: inlet two words: path: names no file
              help: write path = "posts/*.jsonl"
            tocsin.toml:23:8: inlet two words: name: "two words" has a control character or white space in it
              help: write a short name without white space, such as name = "duty-desk"
            tocsin.toml:25:1: inlet 6: there is another one of the name "file"
              help: give each its own, such as name = "file-2"
            tocsin.toml:27:18: inlet 6: path 2: is a whole number and must be a text in quotes
              help: write path = "…"
            tocsin.toml:29:11: inlet 6: columns: is for CSV, and the format is JSON Lines
              help: leave columns out, or write format = "csv"
            tocsin.toml:29:13: inlet 6: columns: "txt" is no field of a post
              help: did you mean "text"?
            tocsin.toml:30:14: inlet 6: defaults: "sauce" is no field of a post
              help: did you mean "source"?"#]],
    );
}

#[test]
fn outlets_are_told_of_by_kind() {
    check_beside_a_brand(
        r#"
[[outlet]]
kind = "webhook"
url = "ftp://example.com"
secrets = ["whsec_short", { env = "NOT_THERE" }, { file = "not-there" }, "${KEY}"]

[[outlet]]
kind = "webhook"
secrets = []
timeout_seconds = 900

[[outlet]]
kind = "dingtalk"
url = "https://oapi.dingtalk.com/robot/send"
secret = { file = "a", env = "b" }
at_mobiles = ["zhang"]

[[outlet]]
kind = "console"
brands = ["山岚茶"]

[[outlet]]
kind = "console"
"#,
        expect![[r#"
            tocsin.toml:7:7: outlet 1: url: starts with ftp:, which nothing can be sent to here
              help: write the whole address, such as "https://example.com/tocsin"
            tocsin.toml:8:12: outlet 1: secrets 1: is no key of Standard Webhooks
              help: write whsec_ and base64 of 24 to 64 bytes: echo whsec_$(head -c 32 /dev/urandom | base64)
            tocsin.toml:8:35: outlet 1: secrets 2: env: the environment has no NOT_THERE
              help: set it before the start: export NOT_THERE=…
            tocsin.toml:8:59: outlet 1: secrets 3: file: /etc/tocsin/not-there cannot be read: No such file or directory (os error 2)
              help: put the secret there, and nothing else, so that this process may read it
            tocsin.toml:8:74: outlet 1: secrets 4: is the name of a variable, not what is in it
              help: write { env = "KEY" }
            tocsin.toml:10:1: outlet 2: `url` is missing
              help: write url = "https://example.com/tocsin"
            tocsin.toml:10:1: outlet 2: there is another one of the name "webhook"
              help: give each its own, such as name = "webhook-2"
            tocsin.toml:12:11: outlet 2: secrets: there is none to sign with
              help: write secrets = [{ env = "WEBHOOK_SECRET" }]: a receiver must be able to tell who sends
            tocsin.toml:13:19: outlet 2: timeout_seconds: is 900 and must lie between 1 and 60
              help: write timeout_seconds = 10
            tocsin.toml:17:7: outlet 3: url: has no access_token
              help: write the whole address that DingTalk shows for the robot (Webhook)
            tocsin.toml:18:10: outlet 3: secret: names a file and a variable
              help: write { file = "/run/secrets/name" } or { env = "NAME" }
            tocsin.toml:23:11: outlet 4: brands 1: there is no brand "山岚茶"
              help: did you mean "山岚茶饮"?
            tocsin.toml:25:1: outlet 5: there is another one of the name "console"
              help: give each its own, such as name = "console-2""#]],
    );
}

#[test]
fn what_inlets_and_outlets_say_of_themselves_is_right() {
    let inlets = tocsin_inlets::INLETS.iter().map(|kind| (kind.name, kind.example));
    let outlets = tocsin_outlets::OUTLETS.iter().map(|kind| (kind.name, kind.example));
    for (name, example) in inlets.chain(outlets) {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("{BRAND}{example}");
        // Whatever variable an example names holds something that fits its key.
        let mut env = BTreeMap::new();
        for line in example.lines() {
            let mut rest = line;
            while let Some((before, after)) = rest.split_once("env = \"") {
                let (variable, after) = after.split_once('"').unwrap();
                let value = if line.starts_with("url") && before.contains("url") {
                    "https://oapi.dingtalk.com/robot/send?access_token=t"
                } else {
                    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
                };
                env.insert(variable.to_owned(), value.to_owned());
                rest = after;
            }
        }
        if let Err(faults) = read("example", text.as_bytes(), folder.path(), &env) {
            panic!("{name}: {faults}\n{text}");
        }
    }
}

#[test]
fn an_address_that_others_reach_needs_tokens() {
    check_beside_a_brand(
        "[http]\nlisten = '0.0.0.0:7227'",
        expect![[r#"
        tocsin.toml:5:10: http: listen: other machines reach 0.0.0.0:7227, and the http inlet lets everybody in
          help: write [[inlet]], kind = "http" and tokens = [{ env = "TOCSIN_TOKEN" }], or listen = "127.0.0.1:7227""#]],
    );
    check_beside_a_brand(
        "[http]\nlisten = 'localhost'",
        expect![[r#"
        tocsin.toml:5:10: http: listen: "localhost" is no address with a port
          help: write address and port, such as listen = "127.0.0.1:7227" or "[::1]:7227""#]],
    );
    check_beside_a_brand("[http]\nlisten = '[::1]:7227'", expect!["right"]);
    check_beside_a_brand(
        "[http]\nlisten = '0.0.0.0:7227'\n[[inlet]]\nkind = 'http'\ntokens = ['t']",
        expect!["right"],
    );
    check_beside_a_brand(
        "[http]\nlisten = '0.0.0.0:7227'\n[[inlet]]\nkind = 'file'\npath = '-'",
        expect!["right"],
    );
}
