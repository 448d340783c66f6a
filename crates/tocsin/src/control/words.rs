//! Answers as text, for people.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tocsin_model::{News, Notice, NoticeId, OutletId};

use crate::config::Config;

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("")
}

/// One line an incident.
pub(super) fn incidents(out: &mut impl Write, answer: &Value) -> io::Result<()> {
    let all = answer.as_array().map(Vec::as_slice).unwrap_or_default();
    if all.is_empty() {
        return writeln!(out, "no incidents");
    }
    for incident in all {
        let Ok(read) = tocsin_wire::read_incident(incident.to_string().as_bytes()) else { continue };
        let kinds: Vec<&str> = read.kinds.iter().map(|k| k.kind.name()).collect();
        writeln!(
            out,
            "{}  {:<6}  {:<9}  {:<12}  rang {}×  {}  {}",
            tocsin_wire::rfc3339(read.opened_at.millis()),
            read.severity.name(),
            read.course.name(),
            read.handling.name(),
            read.rings.len(),
            kinds.join("+"),
            read.id,
        )?;
    }
    Ok(())
}

/// An incident as the console tells it.
pub(super) fn incident(out: &mut impl Write, answer: &Value, config: &Option<Config>) -> io::Result<()> {
    let incident = tocsin_wire::read_incident(answer.to_string().as_bytes()).map_err(io::Error::other)?;
    let news = match incident.rings.last() {
        Some(ring) => News::Rings(ring.number),
        None => News::Shown,
    };
    let zone = config.as_ref().and_then(|config| {
        let mine =
            |b: &&crate::config::Brand| incident.subject == tocsin_model::Subject::Brand(b.name.clone());
        config.brands.iter().find(mine).map(|b| b.time_zone.clone())
    });
    let name = |why| io::Error::other(format!("{why}"));
    let notice = Notice {
        id: NoticeId::new("shown").map_err(name)?,
        outlet: OutletId::new("console").map_err(name)?,
        at: incident.last_signal_at,
        news,
        incident: Box::new(incident),
    };
    let language = config.as_ref().map(|config| config.language).unwrap_or_default();
    let page = tocsin_outlets::render(&notice, &zone.unwrap_or(jiff::tz::TimeZone::UTC), language);
    write!(out, "{}", anstream::adapter::strip_str(&page))
}

/// One line a record.
pub(super) fn rejected(out: &mut impl Write, answer: &Value) -> io::Result<()> {
    let all = answer.as_array().map(Vec::as_slice).unwrap_or_default();
    if all.is_empty() {
        return writeln!(out, "nothing was rejected");
    }
    for record in all {
        let Ok(read) = tocsin_wire::read_rejected(record.to_string().as_bytes()) else { continue };
        let at = tocsin_wire::rfc3339(read.at.millis());
        writeln!(
            out,
            "{:>6}  {at}  {}: {}  ({})",
            record["number"],
            read.reason.name(),
            read.reason,
            read.origin
        )?;
    }
    Ok(())
}

/// One record with its bytes.
pub(super) fn rejected_one(out: &mut impl Write, record: &Value) -> io::Result<()> {
    let read = tocsin_wire::read_rejected(record.to_string().as_bytes()).map_err(io::Error::other)?;
    writeln!(out, "number   {}", record["number"])?;
    writeln!(out, "when     {}", tocsin_wire::rfc3339(read.at.millis()))?;
    writeln!(out, "reason   {}", read.reason)?;
    writeln!(out, "from     {}", read.origin)?;
    match std::str::from_utf8(&read.bytes) {
        Ok(bytes) => writeln!(out, "bytes    {}\n{bytes}", read.bytes.len()),
        Err(_) => writeln!(
            out,
            "bytes    {} (not UTF-8, in base64)\n{}",
            read.bytes.len(),
            STANDARD.encode(&read.bytes)
        ),
    }
}

/// What became of a retry.
pub(super) fn retried(out: &mut impl Write, answer: &Value) -> io::Result<()> {
    writeln!(out, "{} sent again", answer["sent"])?;
    for record in answer["still_rejected"].as_array().into_iter().flatten() {
        writeln!(out, "{:>6}  still rejected: {}", record["number"], text(record, "why"))?;
    }
    Ok(())
}
