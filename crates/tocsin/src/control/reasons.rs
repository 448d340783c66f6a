//! `tocsin explain`: why a signal was made, in numbers that can be checked by hand.

use std::io::{self, Write};

use serde_json::Value;
use tocsin_model::{AuthorShare, Evidence, Severity, Signal, State};
use tocsin_spike_detect::recompute;

/// A number that is stored and read again is the same to this part of itself.
const SAME: f64 = 1e-6;

/// Prints the numbers of a signal, and holds them against what its window holds now.
pub(super) fn explain(out: &mut impl Write, answer: &Value) -> io::Result<()> {
    let signal =
        tocsin_wire::read_signal(answer["signal"].to_string().as_bytes()).map_err(io::Error::other)?;
    let at = tocsin_wire::rfc3339(signal.at.millis());
    writeln!(out, "signal      {}\nabout       {}\nas of       {at}", signal.id, signal.subject)?;
    match &signal.state {
        State::Cleared { since } => {
            let since = tocsin_wire::rfc3339(since.start().millis());
            writeln!(out, "{} is ordinary again; it had been abnormal since {since}", signal.kind)
        }
        State::Abnormal { severity, evidence, .. } => {
            writeln!(out, "says        {} is abnormal, {severity}", signal.kind)?;
            numbers(out, evidence)?;
            around(out, evidence)?;
            verdict(out, evidence)?;
            how_bad(out, *severity, evidence)?;
            windows(out, &signal, evidence, &answer["holds"])?;
            later(out, &answer["later"])
        }
    }
}

fn numbers(out: &mut impl Write, e: &Evidence) -> io::Result<()> {
    let thousandths = |posts: u64| posts as f64 / 1000.0;
    writeln!(out, "window      {} minutes", e.window_minutes)?;
    writeln!(out, "heard       {} posts; {:.2} were expected", e.observed, e.expected)?;
    writeln!(
        out,
        "negative    {:.2} posts; {:.2} were expected",
        thousandths(e.negative),
        e.negative_expected
    )?;
    writeln!(out, "all posts   {} (late ones and bare reposts too), {} persons reached", e.posts, e.reach)?;
    writeln!(out, "different   {} authors, {} texts in 3 hours", e.distinct_authors, e.distinct_texts)?;
    for author in &e.top_authors {
        let id = author.id.as_ref().map_or_else(|| author.key.to_string(), ToString::to_string);
        let name = author.name.as_deref().unwrap_or("");
        let stance = author.stance.map_or(String::new(), |stance| format!(", itself {}", stance.name()));
        let AuthorShare { posts, started, against, .. } = author;
        writeln!(out, "author      {id} {name}: wrote {posts}, began {started}{stance}; {against} against")?;
    }
    for covered in &e.coverage {
        let newest = covered.newest.map_or("nothing in 25 hours".to_owned(), |minute| {
            format!("newest post {}", tocsin_wire::rfc3339(minute.start().millis()))
        });
        writeln!(
            out,
            "source      {}: {}, {newest}",
            covered.source,
            covered.hearing.name().replace('_', " ")
        )?;
    }
    Ok(())
}

/// What was pulled, the trade, an answer.
fn around(out: &mut impl Write, e: &Evidence) -> io::Result<()> {
    for pulled in &e.pulled {
        let (posts, enough) = (pulled.posts, pulled.enough);
        writeln!(
            out,
            "pulled      {}: {posts} posts, {enough} are enough; {}",
            pulled.name, pulled.severity
        )?;
    }
    for rival in &e.rivals {
        let rises = if rival.rises { "rises, too" } else { "does not rise" };
        let (brand, heard, expected) = (&rival.brand, rival.heard, rival.expected);
        writeln!(
            out,
            "rival       {brand}: {heard} posts heard in 60 minutes, {expected:.2} expected: {rises}"
        )?;
    }
    if let Some(answered) = &e.answered {
        let at = tocsin_wire::rfc3339(answered.at.start().millis());
        let (minutes, excess, forecast) = (answered.minutes, answered.excess, answered.forecast);
        writeln!(
            out,
            "answered    {at}: {excess:.2} posts beyond the usual in {minutes} minutes; {forecast:.2} were to come without it"
        )?;
    }
    Ok(())
}

/// The severity made again from the numbers above alone.
fn how_bad(out: &mut impl Write, severity: Severity, e: &Evidence) -> io::Result<()> {
    match recompute(e).and_then(|again| again.severity) {
        Some(again) if again == severity => writeln!(out, "severity    {severity}: the same"),
        Some(again) => writeln!(out, "severity    DIFFERS: {severity}, and made again {again}"),
        None => {
            writeln!(out, "severity    {severity}: an older version of tocsin did not say what made it so")
        }
    }
}

/// The test made again from the numbers above alone.
fn verdict(out: &mut impl Write, e: &Evidence) -> io::Result<()> {
    writeln!(out, "test        {}", e.test)?;
    for (name, number) in &e.given {
        writeln!(out, "given       {name} = {number:.4}")?;
    }
    if e.pulled.is_empty() {
        writeln!(out, "chance      10^{:.2}; abnormal from 10^{:.2} down", e.log10_p, e.log10_threshold)?;
    } else {
        writeln!(out, "chance      none: the config says how many posts are enough")?;
    }
    let Some(again) = recompute(e) else {
        return writeln!(
            out,
            "again       cannot be made again: another version of tocsin made this evidence"
        );
    };
    let near = |a: f64, b: f64| a == b || (a - b).abs() <= SAME * a.abs().max(1.0);
    let same = near(again.log10_p, e.log10_p) && near(again.log10_threshold, e.log10_threshold);
    let (p, threshold) = (again.log10_p, again.log10_threshold);
    match (same, again.is_abnormal) {
        (true, true) if !e.pulled.is_empty() => writeln!(out, "again       the same, and abnormal"),
        (true, true) => writeln!(out, "again       10^{p:.2}: the same, and abnormal"),
        _ => writeln!(out, "again       DIFFERS: 10^{p:.2} against 10^{threshold:.2}"),
    }
}

/// What the window holds by now: later posts have come into it since.
fn windows(out: &mut impl Write, signal: &Signal, e: &Evidence, holds: &Value) -> io::Result<()> {
    let (Some(heard), Some(negative)) = (holds["heard"].as_u64(), holds["negative"].as_u64()) else {
        return writeln!(out, "windows     the minutes of {} are no longer kept", signal.subject);
    };
    if heard < e.observed || negative < e.negative {
        return writeln!(
            out,
            "windows     DIFFER: they hold {heard} posts now, fewer than the evidence says"
        );
    }
    let later = (heard - e.observed, (negative - e.negative) as f64 / 1000.0);
    writeln!(out, "windows     hold the same; {} posts ({:.2} negative) came into it later", later.0, later.1)
}

/// Posts that belong into the window and came after the signal.
fn later(out: &mut impl Write, later: &Value) -> io::Result<()> {
    for post in later.as_array().into_iter().flatten() {
        let text = |key: &str| post[key].as_str().unwrap_or_default().to_owned();
        writeln!(out, "later       {} came {}: {}", text("id"), text("arrived"), text("excerpt"))?;
    }
    Ok(())
}
