//! From what was typed to what it means. Every fault is told: after one the rest is read on.

use super::lex::{Body, Mark, Token, Typed, tokens};
use super::{DEPTH_MAX, Expr, NEAR_MAX, QUERY_CHARS_MAX, Query, QueryFault, TERMS_MAX, Term, TermKind};
use crate::clean::clean_text;
use crate::language;

pub(super) fn parse(text: &str) -> Result<Query, Vec<QueryFault>> {
    let length = text.chars().count();
    if length > QUERY_CHARS_MAX {
        let message = format!("the query has {length} characters, and {QUERY_CHARS_MAX} is the most");
        return Err(vec![fault(QUERY_CHARS_MAX + 1, message, "make two brands of it")]);
    }
    let mut reader = Reader::default();
    let typed = tokens(text);
    let lexemes = typed.iter().map(|token| (token.column, reader.lexeme(token))).collect();
    reader.lexemes = lexemes;
    reader.check_size();
    // Too deep a nesting is told alone: reading it would go as deep.
    let expr = if reader.is_too_deep() { None } else { reader.whole() };
    reader.faults.sort_by_key(|f| f.column);
    reader.cautions.sort_by_key(|f| f.column);
    match expr {
        Some(expr) if reader.faults.is_empty() => Ok(Query { expr, cautions: reader.cautions }),
        _ => Err(reader.faults),
    }
}

fn fault(column: usize, message: impl Into<String>, help: impl Into<String>) -> QueryFault {
    QueryFault { column, message: message.into(), help: help.into() }
}

/// A piece of a query by its meaning.
#[derive(Clone, Debug)]
enum Lexeme {
    Open,
    Close,
    And,
    Or,
    Not,
    Near(u32),
    /// A term, or `None` where one stands that was refused.
    Term(Option<Term>),
}

#[derive(Default)]
struct Reader {
    lexemes: Vec<(usize, Lexeme)>,
    at: usize,
    faults: Vec<QueryFault>,
    cautions: Vec<QueryFault>,
}

/// An expression, or `None` where there is none to be read; one with a fault in it is a placeholder,
/// for it is thrown away in the end.
type Found = Option<Expr>;

fn placeholder() -> Expr {
    Expr::Any(Vec::new())
}

// === Pieces ===

impl Reader {
    fn fault(&mut self, column: usize, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(fault(column, message, help));
    }

    fn lexeme(&mut self, token: &Token<'_>) -> Lexeme {
        match &token.typed {
            Typed::Open => Lexeme::Open,
            Typed::Close => Lexeme::Close,
            Typed::Text(Mark::None, Body::Bare(word)) => self.word(token.column, word),
            Typed::Text(mark, body) => Lexeme::Term(self.term(token.column, *mark, body)),
        }
    }

    /// A word without a mark: an operator, or a term.
    fn word(&mut self, column: usize, word: &str) -> Lexeme {
        match word {
            "AND" => return Lexeme::And,
            "OR" => return Lexeme::Or,
            "NOT" => return Lexeme::Not,
            _ => {}
        }
        let near = word.strip_prefix("NEAR").filter(|rest| rest.is_empty() || rest.starts_with(['/', '／']));
        if let Some(rest) = near {
            return Lexeme::Near(self.near_number(column, rest));
        }
        self.caution_word(column, word);
        Lexeme::Term(self.term(column, Mark::None, &Body::Bare(word)))
    }

    fn near_number(&mut self, column: usize, rest: &str) -> u32 {
        let number = rest.trim_start_matches(['/', '／']);
        match number.parse() {
            Ok(words) if words <= NEAR_MAX => return words,
            Ok(words) => {
                let message = format!("NEAR/{words} is too far");
                self.fault(column, message, format!("write at most NEAR/{NEAR_MAX}, or AND for anywhere"));
            }
            Err(_) => {
                let help = "write how many words may stand between: NEAR/5";
                self.fault(column, "NEAR has no number", help);
            }
        }
        0
    }

    fn caution_word(&mut self, column: usize, word: &str) {
        let upper = word.to_ascii_uppercase();
        let operator = upper.split('/').next().unwrap_or("");
        let help = if word != upper && matches!(operator, "AND" | "OR" | "NOT" | "NEAR") {
            format!("write {upper} if the operator is meant, \"{word}\" if the word is")
        } else if let Some(rest) = word.strip_prefix(['-', '!']).filter(|rest| !rest.is_empty()) {
            format!("write NOT {rest} to leave it out")
        } else if matches!(word, "|" | "||" | "&" | "&&" | "+") {
            "write OR or AND".to_owned()
        } else if let Some((a, b)) =
            word.split_once(['，', '、', ',']).filter(|(a, b)| !(a.is_empty() || b.is_empty()))
        {
            format!("write {a} OR {b} if either is meant, \"{word}\" if the comma is")
        } else {
            return;
        };
        self.cautions.push(fault(column, format!("{word} is looked for as it stands"), help));
    }

    fn term(&mut self, column: usize, mark: Mark<'_>, body: &Body<'_>) -> Option<Term> {
        let kind = self.kind(column, mark);
        let raw = match body {
            Body::Unclosed => {
                self.fault(column, "this quote is never closed", "put a \" at the end of the phrase");
                return None;
            }
            Body::Bare(word) => word,
            Body::Quoted(phrase) => phrase.as_str(),
        };
        let kind = kind?;
        let mut text = clean_text(raw).replace('\n', " ");
        if kind == TermKind::Hashtag {
            text = text.trim_matches(['#', ' ']).to_owned();
        }
        if text.is_empty() {
            self.fault(column, "there is nothing to look for", nothing_help(kind));
            return None;
        }
        self.checked(column, kind, text)
    }

    fn kind(&mut self, column: usize, mark: Mark<'_>) -> Option<TermKind> {
        let name = match mark {
            Mark::None => return Some(TermKind::Words),
            Mark::Hash => return Some(TermKind::Hashtag),
            Mark::At => return Some(TermKind::Account),
            Mark::Field(name) => name,
        };
        match name.to_ascii_lowercase().as_str() {
            "author" => Some(TermKind::Author),
            "source" => Some(TermKind::Source),
            "lang" => Some(TermKind::Lang),
            _ => {
                let help = format!(
                    "write author:, source: or lang:, or put quotes around it if the text {name}: is meant"
                );
                self.fault(column, format!("{name}: is not known"), help);
                None
            }
        }
    }

    /// What some kinds ask beyond not being empty.
    fn checked(&mut self, column: usize, kind: TermKind, mut text: String) -> Option<Term> {
        match kind {
            TermKind::Hashtag if text.contains('#') => {
                self.fault(column, "there are several hashtags in one", "put a space or OR between them");
                return None;
            }
            TermKind::Lang => match language::primary(&text) {
                Some(primary) => text = primary.into_owned(),
                None => {
                    let message = format!("{text} is not the code of a language");
                    self.fault(column, message, "write its two letters, as in lang:zh or lang:en");
                    return None;
                }
            },
            _ => {}
        }
        Some(Term { kind, text: text.into() })
    }
}

fn nothing_help(kind: TermKind) -> &'static str {
    match kind {
        TermKind::Words => "write a word or a phrase that has visible characters",
        TermKind::Hashtag => "write the hashtag without a space: #tea",
        TermKind::Account => "write the account without a space: @shanlan",
        TermKind::Author => "write an author's id or name without a space: author:u1",
        TermKind::Source => "write a source without a space: source:weibo",
        TermKind::Lang => "write a language without a space: lang:zh",
    }
}

// === The whole ===

impl Reader {
    fn check_size(&mut self) {
        let terms = self.lexemes.iter().filter(|(_, l)| matches!(l, Lexeme::Term(_)));
        if let Some((column, _)) = terms.clone().nth(TERMS_MAX) {
            let message = format!("the query has {} terms, and {TERMS_MAX} is the most", terms.count());
            let column = *column;
            self.fault(column, message, "make two brands of it");
        }
    }

    fn is_too_deep(&mut self) -> bool {
        let mut depth = 0usize;
        let deep = self.lexemes.iter().find_map(|(column, lexeme)| {
            match lexeme {
                Lexeme::Open => depth += 1,
                Lexeme::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            (depth > DEPTH_MAX).then_some(*column)
        });
        if let Some(column) = deep {
            let message = format!("parentheses are nested more than {DEPTH_MAX} deep");
            self.fault(column, message, "take away those that are not needed");
        }
        deep.is_some()
    }

    fn whole(&mut self) -> Found {
        if self.lexemes.is_empty() {
            self.fault(1, "the query is empty", "write at least one word, such as the brand's name");
            return None;
        }
        let mut parts = Vec::new();
        loop {
            parts.extend(self.any());
            match self.peek() {
                Some((column, Lexeme::Close)) => {
                    let help = "take it away, or open one before it";
                    self.fault(column, "this parenthesis closes nothing", help);
                    self.at += 1;
                }
                _ => break,
            }
        }
        let expr = Expr::all(parts);
        if self.faults.is_empty() && holds_of_nothing(&expr) {
            let nots = |(column, lexeme): &(usize, Lexeme)| matches!(lexeme, Lexeme::Not).then_some(*column);
            let column = self.lexemes.iter().find_map(nots).unwrap_or(1);
            let help = "say what it must have as well, as in 山岚 NOT 果园";
            self.fault(column, "the query would match every post that has none of its words", help);
        }
        Some(expr)
    }

    fn peek(&self) -> Option<(usize, Lexeme)> {
        self.lexemes.get(self.at).cloned()
    }

    /// `a OR b OR c`
    fn any(&mut self) -> Found {
        let mut parts = Vec::new();
        let mut operator: Option<usize> = None;
        let first_column = self.peek().map(|(column, _)| column);
        let mut both = false;
        loop {
            let start = self.at;
            match self.all() {
                Some(part) => {
                    let bare_and = matches!(part, Expr::All(_)) && !self.is_one_group(start);
                    both |= bare_and;
                    parts.push(part);
                }
                None => match (operator, self.peek()) {
                    (Some(column), _) => self.nothing_after(column, "OR"),
                    (None, Some((column, Lexeme::Or))) => self.nothing_before(column, "OR"),
                    (None, _) => return None,
                },
            }
            match self.peek() {
                Some((column, Lexeme::Or)) => operator = Some(column),
                _ => break,
            }
            self.at += 1;
        }
        if let (true, Some(column), Some(_)) = (both, first_column, operator) {
            let message = "AND and OR stand side by side, and AND binds tighter (a space is an AND)";
            let help = "put parentheses around what belongs together, as in (苹果 OR iPhone) NOT 果园";
            self.cautions.push(fault(column, message, help));
        }
        Some(if parts.is_empty() { placeholder() } else { Expr::any(parts) })
    }

    /// Whether what was read since `start` stands in one pair of parentheses.
    fn is_one_group(&self, start: usize) -> bool {
        let mut depth = 0i32;
        let read = &self.lexemes[start..self.at];
        read.iter().enumerate().all(|(i, (_, lexeme))| {
            match lexeme {
                Lexeme::Open => depth += 1,
                Lexeme::Close => depth -= 1,
                _ => {}
            }
            depth > 0 || i + 1 == read.len()
        })
    }

    /// `a AND b c`
    fn all(&mut self) -> Found {
        let mut parts = Vec::new();
        let mut operator: Option<usize> = None;
        loop {
            match (self.not(), operator, self.peek()) {
                (Some(part), ..) => parts.push(part),
                (None, Some(column), _) => self.nothing_after(column, "AND"),
                (None, None, Some((column, Lexeme::And))) => self.nothing_before(column, "AND"),
                (None, None, _) => break,
            }
            match self.peek() {
                Some((column, Lexeme::And)) => {
                    operator = Some(column);
                    self.at += 1;
                }
                None | Some((_, Lexeme::Or | Lexeme::Close)) => {
                    return Some(if parts.is_empty() { placeholder() } else { Expr::all(parts) });
                }
                Some(_) => operator = None,
            }
        }
        if parts.is_empty() { None } else { Some(Expr::all(parts)) }
    }

    /// `NOT a`
    fn not(&mut self) -> Found {
        let mut nots = Vec::new();
        while let Some((column, Lexeme::Not)) = self.peek() {
            nots.push(column);
            self.at += 1;
        }
        let inner = match (self.near(), nots.last()) {
            (Some(inner), _) => inner,
            (None, Some(column)) => {
                self.nothing_after(*column, "NOT");
                placeholder()
            }
            (None, None) => return None,
        };
        Some(nots.iter().fold(inner, |expr, _| Expr::not(expr)))
    }

    /// `a NEAR/5 b`
    fn near(&mut self) -> Found {
        if let Some((column, Lexeme::Near(_))) = self.peek() {
            self.nothing_before(column, "NEAR");
            self.at += 1;
            self.operand();
            return Some(placeholder());
        }
        let mut left = self.operand()?;
        while let Some((column, Lexeme::Near(within))) = self.peek() {
            self.at += 1;
            left = match self.operand() {
                Some(right) => self.join_near(column, within, left, right),
                None => {
                    self.nothing_after(column, "NEAR");
                    placeholder()
                }
            };
        }
        Some(left)
    }

    fn join_near(&mut self, column: usize, within: u32, left: Expr, right: Expr) -> Expr {
        match (terms_of(&left), terms_of(&right)) {
            (Some(left), Some(right)) => Expr::Near { within, left, right },
            _ => {
                if self.faults.is_empty() {
                    let help = "put a word, a phrase or (a OR b) on either side; join more of them by AND";
                    self.fault(column, "NEAR stands between words only", help);
                }
                placeholder()
            }
        }
    }

    /// A term or a group.
    fn operand(&mut self) -> Found {
        let (column, lexeme) = self.peek()?;
        match lexeme {
            Lexeme::Term(term) => {
                self.at += 1;
                Some(term.map_or_else(placeholder, Expr::Term))
            }
            Lexeme::Open => {
                self.at += 1;
                let inside = self.any();
                let closed = matches!(self.peek(), Some((_, Lexeme::Close)));
                if closed {
                    self.at += 1;
                } else {
                    self.fault(column, "this parenthesis is never closed", "put a ) where it ends");
                }
                if inside.is_none() && closed {
                    self.fault(column, "there is nothing in these parentheses", "take them away");
                }
                Some(inside.unwrap_or_else(placeholder))
            }
            _ => None,
        }
    }

    fn nothing_after(&mut self, column: usize, operator: &str) {
        let help = format!("write a term after it, or take {operator} away");
        self.fault(column, format!("{operator} has nothing after it"), help);
    }

    fn nothing_before(&mut self, column: usize, operator: &str) {
        let help = format!("write a term before it, or take {operator} away");
        self.fault(column, format!("{operator} has nothing before it"), help);
    }
}

/// The terms of one side of NEAR: a term of the text, or several joined by OR.
fn terms_of(expr: &Expr) -> Option<Vec<Term>> {
    match expr {
        Expr::Term(term) if term.is_in_text() => Some(vec![term.clone()]),
        Expr::Any(parts) => {
            let sides: Option<Vec<_>> = parts.iter().map(terms_of).collect();
            sides.map(|sides| sides.concat())
        }
        _ => None,
    }
}

/// Whether it is true of a post that has none of its terms.
fn holds_of_nothing(expr: &Expr) -> bool {
    match expr {
        Expr::Term(_) | Expr::Near { .. } => false,
        Expr::Not(inner) => !holds_of_nothing(inner),
        Expr::All(parts) => parts.iter().all(holds_of_nothing),
        Expr::Any(parts) => parts.iter().any(holds_of_nothing),
    }
}
