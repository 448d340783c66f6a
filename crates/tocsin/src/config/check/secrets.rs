//! Secrets: from a file, from the environment, or as they stand. Never repeated in a fault.

use super::super::at::At;
use super::super::raw::RawSecret;
use super::super::secret::{Address, Secret};
use super::Checker;

/// Bytes of a file with a secret in it: more is the wrong file.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

const FORMS: &str = "write { file = \"/run/secrets/name\" } or { env = \"NAME\" }";

impl Checker<'_> {
    /// The secrets that are there; `None` if one of them is not.
    pub(super) fn secrets(&mut self, at: &At, raw: Option<Vec<Option<RawSecret>>>) -> Option<Vec<Secret>> {
        let mut secrets = Vec::new();
        let mut whole = true;
        for (n, raw) in raw.into_iter().flatten().enumerate() {
            match raw.and_then(|raw| self.secret(&at.index(n), raw)) {
                Some(secret) => secrets.push(secret),
                None => whole = false,
            }
        }
        whole.then_some(secrets)
    }

    /// The secret, without white space around it.
    pub(super) fn secret(&mut self, at: &At, raw: RawSecret) -> Option<Secret> {
        let text = match raw {
            // What other programs would read as a variable must not become a token of those very letters.
            RawSecret::Inline(text) => {
                match text.strip_prefix("${").and_then(|name| name.strip_suffix('}')) {
                    Some(name) => {
                        let help = format!("write {{ env = \"{name}\" }}");
                        self.fault(at, "is the name of a variable, not what is in it", &help);
                        return None;
                    }
                    None => text,
                }
            }
            RawSecret::Elsewhere(elsewhere) => match (elsewhere.file, elsewhere.env) {
                (Some(file), None) => self.secret_file(&at.key("file"), &file)?,
                (None, Some(name)) => self.secret_variable(&at.key("env"), &name)?,
                (Some(_), Some(_)) => {
                    self.fault(at, "names a file and a variable", FORMS);
                    return None;
                }
                (None, None) => {
                    let told = self.is_written(&at.key("file")) || self.is_written(&at.key("env"));
                    if !told {
                        self.fault(at, "names neither a file nor a variable", FORMS);
                    }
                    return None;
                }
            },
        };
        let text = text.trim();
        if text.is_empty() {
            self.fault(at, "is empty", FORMS);
            return None;
        }
        Some(Secret::new(text.to_owned()))
    }

    /// An address, which may be a secret.
    pub(super) fn address(&mut self, at: &At, raw: RawSecret) -> Option<Address> {
        let secret = self.secret(at, raw)?;
        match Address::new(secret.reveal()) {
            Ok(address) => Some(address),
            Err(why) => {
                self.fault(at, &why, "write the whole address, such as \"https://example.com/tocsin\"");
                None
            }
        }
    }

    fn secret_file(&mut self, at: &At, file: &str) -> Option<String> {
        let path = self.path(file);
        let read = std::fs::metadata(&path).and_then(|about| {
            if about.len() > SECRET_BYTES_MAX {
                return Err(std::io::Error::other(format!("it is longer than {SECRET_BYTES_MAX} bytes")));
            }
            std::fs::read_to_string(&path)
        });
        match read {
            Ok(text) => Some(text),
            Err(why) => {
                let what = format!("{} cannot be read: {why}", path.display());
                self.fault(
                    at,
                    &what,
                    "put the secret there, and nothing else, so that this process may read it",
                );
                None
            }
        }
    }

    fn secret_variable(&mut self, at: &At, name: &str) -> Option<String> {
        let found = self.around.env.get(name).cloned();
        if found.is_none() {
            let help = format!("set it before the start: export {name}=…");
            self.fault(at, &format!("the environment has no {name}"), &help);
        }
        found
    }
}
