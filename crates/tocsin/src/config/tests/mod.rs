//! A config in, its faults or what is in force out.

mod brands;
mod circumstances;
mod environment;
mod example;
mod servers;
mod ways;
mod whole;

use std::collections::BTreeMap;
use std::path::Path;

use expect_test::Expect;

use super::*;

const BRAND: &str = "[[brand]]\nname = '山岚茶饮'\nquery = '山岚茶饮'\n";

fn read_with(text: &str, env: &[(&str, &str)]) -> Result<Config, Faults> {
    let env: BTreeMap<String, String> =
        env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    read("tocsin.toml", text.as_bytes(), Path::new("/etc/tocsin"), &env)
}

/// The faults of a config, as they are printed.
fn check(text: &str, expected: Expect) {
    check_with(text, &[], expected);
}

fn check_with(text: &str, env: &[(&str, &str)], expected: Expect) {
    let told = match read_with(text, env) {
        Ok(_) => "right".to_owned(),
        Err(faults) => faults.to_string(),
    };
    expected.assert_eq(&told);
}

/// The faults of a config whose brands are right.
fn check_beside_a_brand(text: &str, expected: Expect) {
    check(&format!("{BRAND}{text}"), expected);
}
