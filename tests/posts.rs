//! Posts as a sender writes them.

use serde_json::{Value, json};
use tocsin_flow::Clock;
use tocsin_model::ArrivalTime;
use tocsin_runtime::WallClock;

/// What time it is, by the one clock that may be asked.
pub fn now() -> ArrivalTime {
    WallClock::new().now()
}

/// A post of the source `weibo`, made at `created` (in milliseconds since 1970), by an author of its own.
pub fn post(id: &str, text: &str, created: i64) -> Value {
    json!({
        "id": id,
        "source": "weibo",
        "text": text,
        "created_at": tocsin_wire::rfc3339(created),
        "author": {"id": format!("author of {id}"), "followers": 100},
    })
}

/// One a line.
pub fn lines<'a>(posts: impl IntoIterator<Item = &'a Value>) -> Vec<u8> {
    let mut lines = Vec::new();
    for post in posts {
        lines.extend_from_slice(post.to_string().as_bytes());
        lines.push(b'\n');
    }
    lines
}
