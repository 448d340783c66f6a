//! A story on a terminal: at most 100 columns, Chinese first.

use anstyle::{Ansi256Color, AnsiColor, Color, Style};
use jiff::tz::TimeZone;
use tocsin_model::{Notice, Severity};

use super::layout::{cut, width, wrap};
use crate::story::{Share, Story, Tidings};
use crate::words::{self, Said};

/// Columns of a page.
const PAGE: usize = 100;
/// Columns before the labels.
const MARGIN: usize = 3;
/// Columns of the labels.
const LABEL: usize = 14;
/// Columns of what stands beside the labels.
const BODY: usize = PAGE - MARGIN - LABEL;
/// Columns of a subject in the first line.
const SUBJECT: usize = 32;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// A notice as a terminal shows it, with ANSI styles; ends with a line break.
pub fn render(notice: &Notice, zone: &TimeZone) -> String {
    let story = Story::of(notice, zone);
    match story.tidings {
        Tidings::Rings(number) => ringing(&story, number),
        Tidings::Shown => brief(&story, badge(&story)),
        Tidings::Over => brief(&story, painted(Style::new().invert(), " 已结束 OVER ")),
    }
}

/// The whole page: the bell rings.
fn ringing(story: &Story, number: u32) -> String {
    let mut page = String::from("\n");
    page += &format!("🔔 {}\n", first_line(story, badge(story)));
    page += &format!(
        "   第 {number} 次响铃 ring {number} · {} {} · {} {}\n\n",
        story.course.zh, story.course.en, story.handling.zh, story.handling.en
    );
    for reason in &story.reasons {
        row(&mut page, &reason.label, &[&reason.said.zh, &reason.said.en]);
    }
    page.push('\n');
    list(&mut page, &Said::new("来源", "sources"), &story.sources, "条/3 小时 posts in 3 h");
    list(&mut page, &Said::new("热词", "terms"), &story.terms, "条负面 negative posts");
    list(
        &mut page,
        &Said::new("作者", "authors"),
        &story.authors,
        "条/3 小时，含由此而起的 posts in 3 h, with what they began",
    );
    quotes(&mut page, story);
    if !story.before.is_empty() {
        let before: Vec<String> = story.before.iter().map(|b| format!("{} · {}", b.zh, b.en)).collect();
        row(&mut page, &Said::new("此前", "before"), &before);
    }
    next(&mut page, &story.command);
    page.push('\n');
    page
}

/// A line or two: nobody is called.
fn brief(story: &Story, badge: String) -> String {
    let mut page = format!("{}{}\n", " ".repeat(MARGIN), first_line(story, badge));
    for line in wrap(&format!("{} · {}", story.gist.zh, story.gist.en), PAGE - MARGIN) {
        page += &format!("{}{line}\n", " ".repeat(MARGIN));
    }
    page
}

/// How bad, about whom, what, when.
fn first_line(story: &Story, badge: String) -> String {
    format!(
        "{badge} {}  {} {}  {}",
        painted(BOLD, &cut(&story.subject, SUBJECT)),
        story.kind.zh,
        story.kind.en,
        painted(DIM, &story.at)
    )
}

/// The severity in its own colour.
fn badge(story: &Story) -> String {
    let (ink, paper) = match story.severity {
        Severity::Blue => (AnsiColor::White.into(), AnsiColor::Blue.into()),
        Severity::Yellow => (AnsiColor::Black.into(), AnsiColor::Yellow.into()),
        // The sixteen colours have no orange.
        Severity::Orange => (AnsiColor::Black.into(), Color::Ansi256(Ansi256Color(208))),
        Severity::Red => (AnsiColor::White.into(), AnsiColor::Red.into()),
    };
    let style = Style::new().bold().fg_color(Some(ink)).bg_color(Some(paper));
    let said = words::severity(story.severity);
    painted(style, &format!(" {} {} ", said.zh, said.en.to_uppercase()))
}

/// A label, and beside it one paragraph after the other.
fn row(page: &mut String, label: &Said, paragraphs: &[impl AsRef<str>]) {
    let mut lines = paragraphs.iter().flat_map(|text| wrap(text.as_ref(), BODY));
    labelled(page, label, &lines.next().unwrap_or_default());
    lines.for_each(|line| beside(page, &line));
}

fn labelled(page: &mut String, label: &Said, line: &str) {
    let label = format!("{} {}", label.zh, label.en);
    let gap = " ".repeat(LABEL.saturating_sub(width(&label)));
    page.push_str(&" ".repeat(MARGIN));
    page.push_str(&painted(BOLD, &label));
    page.push_str(&gap);
    page.push_str(line);
    page.push('\n');
}

fn beside(page: &mut String, line: &str) {
    page.push_str(&" ".repeat(MARGIN + LABEL));
    page.push_str(line);
    page.push('\n');
}

/// Names with their numbers, and the unit once.
fn list(page: &mut String, label: &Said, shares: &[Share], unit: &str) {
    if !shares.is_empty() {
        let shares: Vec<String> = shares.iter().map(|s| format!("{} {}", s.name, s.posts.en)).collect();
        row(page, label, &[format!("{} ({unit})", shares.join(" · "))]);
    }
}

/// Posts to look at: what was said, and where to find it.
fn quotes(page: &mut String, story: &Story) {
    let mut label = Some(Said::new("帖子", "posts"));
    for quote in &story.quotes {
        let mut lines = wrap(&format!("“{}”", quote.excerpt), BODY);
        lines.push(painted(DIM, &cut(&quote.id, BODY)));
        for line in lines {
            match label.take() {
                Some(label) => labelled(page, &label, &line),
                None => beside(page, &line),
            }
        }
    }
}

/// The command is never broken: it is there to be copied. Where it is too long for its column it stands below.
fn next(page: &mut String, command: &str) {
    let label = Said::new("下一步", "next");
    if width(command) <= BODY {
        labelled(page, &label, command);
    } else {
        labelled(page, &label, "");
        page.push_str(command);
        page.push('\n');
    }
}

fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
