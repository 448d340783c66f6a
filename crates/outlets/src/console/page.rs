//! A story on a terminal: at most 100 columns, in Chinese, in English, or each sentence in both, Chinese first.

use anstyle::{Ansi256Color, AnsiColor, Color, Style};
use jiff::tz::TimeZone;
use tocsin_model::{Notice, Severity};

use super::layout::{cut, width, wrap};
use crate::language::Language;
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
pub fn render(notice: &Notice, zone: &TimeZone, language: Language) -> String {
    let story = Story::of(notice, zone);
    match story.tidings {
        Tidings::Rings(number) => ringing(&story, number, language),
        Tidings::Shown => brief(&story, badge(&story, language), language),
        Tidings::Over => {
            let over = format!(" {} ", language.line(&Said::new("已结束", "OVER"), " "));
            brief(&story, painted(Style::new().invert(), &over), language)
        }
    }
}

/// The whole page: the bell rings.
fn ringing(story: &Story, number: u32, language: Language) -> String {
    let line = |said: &Said| language.line(said, " ");
    let label = |zh: &str, en: &str| line(&Said::new(zh, en));
    let mut page = String::from("\n");
    page += &format!("🔔 {}\n", first_line(story, badge(story, language), language));
    let ring = Said::new(format!("第 {number} 次响铃"), format!("ring {number}"));
    page += &format!("   {} · {} · {}\n\n", line(&ring), line(&story.course), line(&story.handling));
    for reason in &story.reasons {
        row(&mut page, &line(&reason.label), &language.each(&reason.said));
    }
    page.push('\n');
    let posts = label("条/3 小时", "posts in 3 h");
    let begun = label("条/3 小时，含由此而起的", "posts in 3 h, with what they began");
    list(&mut page, &label("来源", "sources"), &story.sources, &posts);
    list(&mut page, &label("热词", "terms"), &story.terms, &label("条负面", "negative posts"));
    list(&mut page, &label("作者", "authors"), &story.authors, &begun);
    quotes(&mut page, story, label("帖子", "posts"));
    if !story.before.is_empty() {
        let before: Vec<String> = story.before.iter().map(|before| language.line(before, " · ")).collect();
        row(&mut page, &label("此前", "before"), &before);
    }
    next(&mut page, &label("下一步", "next"), &story.command);
    page.push('\n');
    page
}

/// A line or two: nobody is called.
fn brief(story: &Story, badge: String, language: Language) -> String {
    let mut page = format!("{}{}\n", " ".repeat(MARGIN), first_line(story, badge, language));
    for line in wrap(&language.line(&story.gist, " · "), PAGE - MARGIN) {
        page += &format!("{}{line}\n", " ".repeat(MARGIN));
    }
    page
}

/// How bad, about whom, what, when.
fn first_line(story: &Story, badge: String, language: Language) -> String {
    format!(
        "{badge} {}  {}  {}",
        painted(BOLD, &cut(&story.subject, SUBJECT)),
        language.line(&story.kind, " "),
        painted(DIM, &story.at)
    )
}

/// The severity in its own colour.
fn badge(story: &Story, language: Language) -> String {
    let (ink, paper) = match story.severity {
        Severity::Blue => (AnsiColor::White.into(), AnsiColor::Blue.into()),
        Severity::Yellow => (AnsiColor::Black.into(), AnsiColor::Yellow.into()),
        // The sixteen colours have no orange.
        Severity::Orange => (AnsiColor::Black.into(), Color::Ansi256(Ansi256Color(208))),
        Severity::Red => (AnsiColor::White.into(), AnsiColor::Red.into()),
    };
    let style = Style::new().bold().fg_color(Some(ink)).bg_color(Some(paper));
    let Said { zh, en } = words::severity(story.severity);
    painted(style, &format!(" {} ", language.line(&Said::new(zh, en.to_uppercase()), " ")))
}

/// A label, and beside it one paragraph after the other.
fn row(page: &mut String, label: &str, paragraphs: &[impl AsRef<str>]) {
    let mut lines = paragraphs.iter().flat_map(|text| wrap(text.as_ref(), BODY));
    labelled(page, label, &lines.next().unwrap_or_default());
    lines.for_each(|line| beside(page, &line));
}

fn labelled(page: &mut String, label: &str, line: &str) {
    let gap = " ".repeat(LABEL.saturating_sub(width(label)));
    page.push_str(&" ".repeat(MARGIN));
    page.push_str(&painted(BOLD, label));
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
fn list(page: &mut String, label: &str, shares: &[Share], unit: &str) {
    if !shares.is_empty() {
        let shares: Vec<String> = shares.iter().map(|s| format!("{} {}", s.name, s.posts.en)).collect();
        row(page, label, &[format!("{} ({unit})", shares.join(" · "))]);
    }
}

/// Posts to look at: what was said, and where to find it.
fn quotes(page: &mut String, story: &Story, label: String) {
    let mut label = Some(label);
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
fn next(page: &mut String, label: &str, command: &str) {
    if width(command) <= BODY {
        labelled(page, label, command);
    } else {
        labelled(page, label, "");
        page.push_str(command);
        page.push('\n');
    }
}

fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
