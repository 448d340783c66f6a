//! Cuts a query into what was typed. Nothing is refused here: a quote that is never closed ends with
//! the query, and says so.

use winnow::combinator::{alt, opt, preceded, repeat};
use winnow::error::EmptyError;
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location};
use winnow::token::{any, one_of, take_while};

/// One piece of a query, and where it begins.
#[derive(Debug)]
pub(super) struct Token<'a> {
    /// In characters, counted from 1.
    pub(super) column: usize,
    pub(super) typed: Typed<'a>,
}

/// What was typed.
#[derive(Clone, Debug)]
pub(super) enum Typed<'a> {
    Open,
    Close,
    /// A word or phrase, perhaps with a mark before it.
    Text(Mark<'a>, Body<'a>),
}

/// What stands before a word.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark<'a> {
    None,
    /// `#`
    Hash,
    /// `@`
    At,
    /// Letters and a colon; the letters.
    Field(&'a str),
}

/// The word itself.
#[derive(Clone, Debug)]
pub(super) enum Body<'a> {
    /// Without quotes; may be empty after a mark.
    Bare(&'a str),
    /// Between quotes, escapes taken away.
    Quoted(String),
    /// Quotes that are never closed.
    Unclosed,
}

type Input<'a> = LocatingSlice<&'a str>;
type Read<T> = Result<T, EmptyError>;

const QUOTES: [char; 4] = ['"', '“', '”', '＂'];

/// All pieces in order.
pub(super) fn tokens(query: &str) -> Vec<Token<'_>> {
    let mut input = LocatingSlice::new(query);
    let mut tokens = Vec::new();
    let (mut column, mut counted) = (1, 0);
    loop {
        let _: Read<&str> = take_while(0.., char::is_whitespace).parse_next(&mut input);
        let start = input.current_token_start();
        column += query[counted..start].chars().count();
        counted = start;
        let Ok(typed) = typed(&mut input) else { return tokens };
        tokens.push(Token { column, typed });
    }
}

fn typed<'a>(input: &mut Input<'a>) -> Read<Typed<'a>> {
    alt((
        one_of(['(', '（']).value(Typed::Open),
        one_of([')', '）']).value(Typed::Close),
        (mark, body)
            .verify(|(mark, body)| !is_nothing(mark, body))
            .map(|(mark, body)| Typed::Text(mark, body)),
    ))
    .parse_next(input)
}

fn is_nothing(mark: &Mark<'_>, body: &Body<'_>) -> bool {
    matches!((mark, body), (Mark::None, Body::Bare("")))
}

fn mark<'a>(input: &mut Input<'a>) -> Read<Mark<'a>> {
    opt(alt((
        one_of(['#', '＃']).value(Mark::Hash),
        one_of(['@', '＠']).value(Mark::At),
        (take_while(1.., |c: char| c.is_ascii_alphabetic()), one_of([':', '：']))
            .map(|(name, _)| Mark::Field(name)),
    )))
    .map(|mark| mark.unwrap_or(Mark::None))
    .parse_next(input)
}

fn body<'a>(input: &mut Input<'a>) -> Read<Body<'a>> {
    alt((phrase, take_while(0.., is_bare).map(Body::Bare))).parse_next(input)
}

fn is_bare(c: char) -> bool {
    !c.is_whitespace() && !QUOTES.contains(&c) && !matches!(c, '(' | ')' | '（' | '）')
}

/// A phrase ends with the kind of quote that it began with; any curly one closes any curly one, because
/// that is what Chinese input methods produce.
fn phrase<'a>(input: &mut Input<'a>) -> Read<Body<'a>> {
    let open = one_of(QUOTES).parse_next(input)?;
    let closes = move |c: char| match open {
        '“' | '”' => QUOTES.contains(&c),
        _ => c == '"' || c == '＂',
    };
    let letter = alt((preceded('\\', one_of(['\\', '"', '“', '”'])), any.verify(move |c| !closes(*c))));
    let text: String = repeat(0.., letter).parse_next(input)?;
    let close: Option<char> = opt(any).parse_next(input)?;
    Ok(if close.is_some() { Body::Quoted(text) } else { Body::Unclosed })
}
