//! One POST within a time limit, and what its answer means for a delivery.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use tocsin_flow::{Clock, Fault, Room, Undelivered};
use tocsin_model::ArrivalTime;

use crate::clean::one_line;
use crate::secret::Secret;

/// How long a receiver may take to answer, unless the config says otherwise.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time limit that a config may set: a notice that waits longer blocks those behind it.
pub(crate) const TIMEOUT_MAX: Duration = Duration::from_secs(60);
/// Bytes of an answer that are read; receivers answer in a line or two.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Characters of an answer that go into a reason.
const WORDS_CHARS_MAX: usize = 200;
/// Bytes of a part of an address from which on it is taken for a token; a shorter one is a word such as `hook`.
const TOKEN_BYTES_MIN: usize = 8;
/// The longest wait that a receiver may ask for: nobody may switch the bell off for a day.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// Sends to one place. Redirects are not followed: a signed notice goes where the operator sent it.
pub(crate) struct Caller {
    client: Client,
    clock: Arc<dyn Clock>,
    url: Url,
    timeout: Duration,
    hidden: Vec<Secret>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The first bytes of the body, as they came.
    pub(crate) body: Vec<u8>,
    retry_after: Option<Duration>,
    moved_to: Option<String>,
}

impl Caller {
    /// For the place `url`. What is `hidden` never shows in a reason, even if the receiver repeats it.
    pub(crate) fn new(
        outlet: &str,
        url: Url,
        timeout: Duration,
        hidden: Vec<Secret>,
        room: &Room,
    ) -> Result<Caller, Fault> {
        let mut builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("tocsin/", env!("CARGO_PKG_VERSION")));
        if is_this_machine(&url) {
            // A proxy in the environment leads out of this machine, not back into it.
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|e| Fault::Misconfigured {
            setting: format!("outlet {outlet}"),
            found: format!("a machine on which no HTTP client can be set up ({})", told(&e.without_url())),
            expected: "the system's certificate authorities to be installed (ca-certificates)".to_owned(),
        })?;
        let hidden = hidden.into_iter().chain(tokens_in(&url)).collect();
        Ok(Caller { client, clock: room.clock.clone(), url, timeout, hidden })
    }

    /// Where it sends, without anything that could be secret: `https://example.com:8443`.
    pub(crate) fn place(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The address, for a receiver that is signed to in it.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// One try. The time limit covers all of it, from the name lookup to the end of the answer.
    pub(crate) async fn post(
        &self,
        url: Url,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, Undelivered> {
        tokio::select! {
            answer = self.exchange(url, headers, body) => answer,
            () = self.clock.wait(self.timeout) => Err(Undelivered::Retry {
                why: format!("{} gave no answer within {} s", self.place(), self.timeout.as_secs_f64()),
                after: None,
            }),
        }
    }

    async fn exchange(&self, url: Url, headers: HeaderMap, body: Vec<u8>) -> Result<Answer, Undelivered> {
        let sent = self.client.post(url).headers(headers).body(body).send().await;
        let mut response = sent.map_err(|e| self.not_reached(e))?;
        Ok(Answer {
            status: response.status(),
            retry_after: retry_after(response.headers(), self.clock.now()),
            moved_to: moved_to(&response),
            body: first_bytes(&mut response).await,
        })
    }

    fn not_reached(&self, e: reqwest::Error) -> Undelivered {
        let unsendable = e.is_builder();
        let why = format!("{} was not reached: {}", self.place(), self.hide(&told(&e.without_url())));
        if unsendable { Undelivered::Misconfigured { why } } else { Undelivered::Retry { why, after: None } }
    }

    /// What an answer other than 2xx means; `None` for 2xx. The words say what to check.
    pub(crate) fn refusal(&self, answer: &Answer) -> Option<Undelivered> {
        let status = answer.status;
        if status.is_success() {
            return None;
        }
        let said = self.words(&answer.body);
        let answered = if said.is_empty() {
            format!("{} answered {status}", self.place())
        } else {
            format!("{} answered {status}: {said}", self.place())
        };
        Some(match status.as_u16() {
            408 | 425 | 429 | 500.. => Undelivered::Retry { why: answered, after: answer.retry_after },
            410 => Undelivered::GiveUp { why: answered },
            300..=399 => Undelivered::Misconfigured {
                why: format!(
                    "{answered}. Redirects are not followed: set `url` to the final address{}",
                    answer.moved_to.as_ref().map_or(String::new(), |to| format!(", at {to}"))
                ),
            },
            _ => Undelivered::Misconfigured { why: format!("{answered}. {}", to_check(status)) },
        })
    }

    /// The receiver's own words in one harmless line, without our secrets.
    pub(crate) fn words(&self, body: &[u8]) -> String {
        self.hide(&one_line(&String::from_utf8_lossy(body), ANSWER_BYTES_MAX))
            .chars()
            .take(WORDS_CHARS_MAX)
            .collect()
    }

    fn hide(&self, words: &str) -> String {
        self.hidden.iter().fold(words.to_owned(), |words, secret| secret.hide_in(&words))
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host_str().unwrap_or_default().trim_matches(['[', ']']) {
        "localhost" => true,
        host => host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
    }
}

/// The parts of an address that may be a token: many receivers repeat them in a 404.
fn tokens_in(url: &Url) -> Vec<Secret> {
    let values = url.query_pairs().map(|(_, value)| value.into_owned());
    let parts = url.path().split('/').map(str::to_owned).chain(values);
    parts.filter(|part| part.len() >= TOKEN_BYTES_MIN).map(|part| Secret::new(&part)).collect()
}

fn to_check(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "Check the outlet's secrets and headers, and whom the receiver lets in",
        404 => "Check the path in `url`",
        405 => "Check `url`: the receiver takes no POST there",
        413 => "Let the receiver take larger bodies: a notice has up to 64 KiB",
        _ => "Check `url` and what the receiver expects there",
    }
}

/// Where a redirect points, without path and query: they may hold a token.
fn moved_to(response: &Response) -> Option<String> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    Some(response.url().join(location).ok()?.origin().ascii_serialization())
}

/// Up to [`ANSWER_BYTES_MAX`]. An answer that breaks off is judged by what came of it.
async fn first_bytes(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < ANSWER_BYTES_MAX {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    body.truncate(ANSWER_BYTES_MAX);
    body
}

/// Seconds or an HTTP date (RFC 9110, 10.2.3), at most [`RETRY_AFTER_MAX`] from `now`.
fn retry_after(headers: &HeaderMap, now: ArrivalTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let after = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let then = DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()?;
            let millis = then.as_millisecond().saturating_sub(now.millis());
            Duration::from_millis(u64::try_from(millis).unwrap_or(0))
        }
    };
    Some(after.min(RETRY_AFTER_MAX))
}

/// An error with all its causes in one line: the outermost alone says only "error sending request".
fn told(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        told += &format!(": {inner}");
        cause = inner.source();
    }
    told
}

/// Reads `url` of an outlet: http or https, with a host. The fault does not repeat it, for it may hold a token.
pub(crate) fn parse_url(outlet: &str, url: &str) -> Result<Url, Fault> {
    let fault = |found: &str| Fault::Misconfigured {
        setting: format!("url of outlet {outlet}"),
        found: found.to_owned(),
        expected: "an address such as https://example.com/path".to_owned(),
    };
    let url = Url::parse(url.trim()).map_err(|e| fault(&format!("no address ({e})")))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        "http" | "https" => Err(fault("an address without a host")),
        scheme => Err(fault(&format!("an address of scheme {scheme}"))),
    }
}

/// Checks a time limit: 1 to 60 s.
pub(crate) fn check_timeout(outlet: &str, timeout: Duration) -> Result<Duration, Fault> {
    if (Duration::from_secs(1)..=TIMEOUT_MAX).contains(&timeout) {
        Ok(timeout)
    } else {
        Err(Fault::Misconfigured {
            setting: format!("timeout_seconds of outlet {outlet}"),
            found: format!("{} s", timeout.as_secs_f64()),
            expected: format!("1 to {}", TIMEOUT_MAX.as_secs()),
        })
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    /// 2025-11-03T13:42:00Z
    const NOW: ArrivalTime = ArrivalTime::from_millis(1_762_177_320_000);

    #[track_caller]
    fn check(value: &'static str, seconds: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
        assert_eq!(retry_after(&headers, NOW), seconds.map(Duration::from_secs), "{value}");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        check("120", Some(120));
        check("Mon, 03 Nov 2025 13:43:30 GMT", Some(90));
        check("Mon, 03 Nov 2025 13:00:00 GMT", Some(0));
        check("soon", None);
        assert_eq!(retry_after(&HeaderMap::new(), NOW), None);
    }

    #[test]
    fn nobody_can_switch_the_bell_off_for_longer_than_an_hour() {
        check("86400", Some(3600));
        check("Fri, 31 Dec 2100 23:59:59 GMT", Some(3600));
    }

    #[test]
    fn a_fault_of_the_address_says_what_is_wrong_and_does_not_repeat_it() {
        let fault = |url| parse_url("duty", url).unwrap_err().to_string();
        assert_eq!(
            fault("example.com/token-123"),
            "url of outlet duty is no address (relative URL without a base); \
             expected an address such as https://example.com/path"
        );
        assert!(fault("file:///etc/passwd").contains("an address of scheme file"));
        assert!(parse_url("duty", " https://example.com/x\n").is_ok());
    }
}
