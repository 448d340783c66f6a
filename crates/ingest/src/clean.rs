//! Makes of a post one clean text: no HTML, nothing invisible, half width, single spaces.
//!
//! The original stays as it is in the post. A run of white space that has a line break in it becomes
//! one line break, because a clause ends there; any other run becomes one space. One pass, linear in
//! the text: what is written is looked at again only when a `;` or `>` may have completed an entity or
//! a tag, so HTML that was escaped twice comes out clean too, and cleaning twice changes nothing.

use tocsin_model::{Media, Parent, Post};

use crate::html;

/// A post's words: title, text, and what was read out of media, one a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// All of them, cleaned.
    pub text: String,
    /// How many bytes of `text` are the author's own words: what comes before a repost chain
    /// (`//@`, `RT @`). Title and media text count as own and stand before the chain.
    pub own: usize,
}

/// Cleans a post.
pub fn clean(post: &Post) -> Cleaned {
    let mut cleaned = Cleaned::default();
    clean_into(post, &mut cleaned);
    cleaned
}

/// Cleans a post into a buffer that is used again and again.
pub(crate) fn clean_into(post: &Post, into: &mut Cleaned) {
    let out = &mut into.text;
    out.clear();
    if let Some(title) = &post.title {
        add_line(out, title);
    }
    let start = add_line(out, &post.text);
    let chain = chain_start(&out[start..]).map(|at| start + at);
    if post.media.iter().all(|m| m.text.is_none()) {
        into.own = chain.unwrap_or(out.len());
        return;
    }
    let tail = chain.map(|at| out.split_off(at));
    trim_end(out, 0);
    add_media(out, &post.media);
    into.own = out.len();
    if let Some(tail) = tail {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&tail);
    }
}

/// Cleans a parent that came whole.
pub(crate) fn clean_parent(parent: &Parent, out: &mut String) {
    out.clear();
    if let Some(title) = &parent.title {
        add_line(out, title);
    }
    add_line(out, &parent.text);
    add_media(out, &parent.media);
}

/// Cleans a single text.
pub fn clean_text(text: &str) -> String {
    let mut out = String::new();
    add_line(&mut out, text);
    out
}

fn add_media(out: &mut String, media: &[Media]) {
    for text in media.iter().filter_map(|m| m.text.as_deref()) {
        add_line(out, text);
    }
}

/// Where the words of others begin in a cleaned text: `//@`, `// @` or `RT @`.
fn chain_start(text: &str) -> Option<usize> {
    text.match_indices('@').find_map(|(at, _)| {
        let before = text[..at].trim_end();
        let mark = before.len().checked_sub(2)?;
        if before.ends_with("//") {
            let is_address = before.ends_with("http://") || before.ends_with("https://");
            (!is_address).then_some(mark)
        } else if before.ends_with("RT") {
            let inside_a_word = text[..mark].ends_with(|c: char| c.is_ascii_alphanumeric());
            (!inside_a_word).then_some(mark)
        } else {
            None
        }
    })
}

/// Appends a text as a line of its own, cleaned; where it begins in `out`.
fn add_line(out: &mut String, text: &str) -> usize {
    let before = out.len();
    out.reserve(text.len() + 1);
    if before > 0 {
        out.push('\n');
    }
    let base = out.len();
    let mut tidy = Tidy { out, base, opens: Vec::new() };
    tidy.run(text);
    trim_end(out, base);
    if out.len() == base {
        out.truncate(before);
    }
    out.len().min(base)
}

fn trim_end(out: &mut String, base: usize) {
    let end = out[base..].trim_end_matches([' ', '\n']).len();
    out.truncate(base + end);
}

/// What a byte may be the beginning of.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    /// Copied, with all that follow it.
    Plain,
    /// A space: copied unless another one stands before it.
    Space,
    /// ASCII that is looked at: control characters, `<`, `>`, `;`.
    Ascii,
    /// The first byte of a character that may be white space, invisible or full width.
    Wide,
}

const CLASS: [Class; 256] = {
    let mut class = [Class::Plain; 256];
    let mut b = 0;
    while b < 0x20 {
        class[b] = Class::Ascii;
        b += 1;
    }
    class[b' ' as usize] = Class::Space;
    class[b'<' as usize] = Class::Ascii;
    class[b'>' as usize] = Class::Ascii;
    class[b';' as usize] = Class::Ascii;
    class[0x7F] = Class::Ascii;
    class[0xC2] = Class::Wide; // U+0080..: controls, no-break space, soft hyphen
    class[0xD8] = Class::Wide; // U+061C
    class[0xE1] = Class::Wide; // U+1680, U+180E
    class[0xE2] = Class::Wide; // U+2000..206F
    class[0xE3] = Class::Wide; // U+3000
    class[0xEF] = Class::Wide; // U+FEFF, U+FF01..FF5E
    class
};

/// Whether the character that begins with `bytes` (a [`Class::Wide`] one) is to be changed.
/// Only the two bytes that tell are looked at; the common 、。《》“” stay in the copied run.
fn is_changed(bytes: &[u8]) -> bool {
    match *bytes {
        [0xC2, b, ..] => b <= 0xA0 || b == 0xAD,
        [0xD8, b, ..] => b == 0x9C,
        [0xE1, b, ..] => b == 0x9A || b == 0xA0,
        [0xE2, 0x80, c, ..] => c <= 0x8F || (0xA8..=0xAF).contains(&c),
        [0xE2, 0x81, c, ..] => c >= 0x9F,
        [0xE3, b, c, ..] => b == 0x80 && c == 0x80,
        [0xEF, b, c, ..] => b == 0xBC || (b == 0xBD && c <= 0x9E) || (b == 0xBB && c == 0xBF),
        _ => false,
    }
}

/// A line being written.
struct Tidy<'a> {
    out: &'a mut String,
    /// Where the line begins in `out`.
    base: usize,
    /// Where a `<` stands in `out` that may still turn out to begin a tag.
    opens: Vec<usize>,
}

impl Tidy<'_> {
    fn run(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let (mut copied, mut i) = (0, 0);
        // Byte by byte, which is faster than from character to character: no step waits for the last one.
        while let Some(plain) = bytes[i..].iter().position(|&b| CLASS[b as usize] != Class::Plain) {
            i += plain;
            let changed = match CLASS[bytes[i] as usize] {
                Class::Plain => false,
                Class::Space => i == copied || bytes[i - 1] == b' ',
                Class::Ascii => true,
                Class::Wide => is_changed(&bytes[i..]),
            };
            if !changed {
                i += 1;
                continue;
            }
            self.out.push_str(&text[copied..i]);
            let mut rest = text[i..].chars();
            if let Some(c) = rest.next() {
                i += c.len_utf8();
                self.put(c, rest.next());
            }
            copied = i;
        }
        self.out.push_str(&text[copied..]);
    }

    /// Writes a character; `next` is what follows it, where that is known.
    fn put(&mut self, c: char, next: Option<char>) {
        // A loop, not a recursion: an entity may complete another one, any number of times.
        let mut pending = self.put_once(c, next);
        while let Some(c) = pending {
            pending = self.put_once(c, None);
        }
    }

    /// Writes a character, or gives back the one that an entity completed by it stands for.
    fn put_once(&mut self, c: char, next: Option<char>) -> Option<char> {
        match half_width(c) {
            ';' => {
                self.out.push(';');
                return self.take_entity();
            }
            '>' => {
                self.out.push('>');
                self.take_tag();
            }
            '<' => {
                self.opens.push(self.out.len());
                self.out.push('<');
            }
            // Nearly all: the marks of Chinese in half width.
            c if c.is_ascii_graphic() => self.out.push(c),
            '\u{200D}' => {
                let joins = self.out[self.base..].chars().next_back().is_some_and(joins_on);
                if joins && next.is_some_and(is_pictograph) {
                    self.out.push('\u{200D}');
                }
            }
            c if is_invisible(c) => {}
            '\n' | '\r' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => self.put_break(),
            c if c.is_whitespace() || c.is_control() => self.put_space(),
            c => self.out.push(c),
        }
        None
    }

    fn put_space(&mut self) {
        if self.out.len() > self.base && !self.out.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
    }

    fn put_break(&mut self) {
        if self.out.ends_with(' ') && self.out.len() > self.base {
            self.out.pop();
        }
        if self.out.len() > self.base && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    /// Takes away what was written from `at` on.
    fn cut(&mut self, at: usize) {
        self.out.truncate(at);
        while self.opens.last().is_some_and(|open| *open >= at) {
            self.opens.pop();
        }
    }

    /// If the `;` just written completes an entity: takes it away and says what it stands for.
    fn take_entity(&mut self) -> Option<char> {
        let line = &self.out[self.base..];
        let bytes = line.as_bytes();
        let name_end = bytes.len() - 1;
        let from = name_end.saturating_sub(html::ENTITY_BYTES_MAX);
        let mut at = name_end;
        while at > from && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'#') {
            at -= 1;
        }
        let amp = at.checked_sub(1).filter(|amp| bytes[*amp] == b'&')?;
        let c = html::entity(&line[at..name_end])?;
        self.cut(self.base + amp);
        Some(c)
    }

    /// If the `>` just written completes a tag or a comment: takes it away. It belongs to the last `<`
    /// that has no `>` yet, be that a tag or not.
    fn take_tag(&mut self) {
        let Some(&open) = self.opens.last() else { return };
        match html::markup(&self.out[open..]) {
            html::Markup::Tag(tag) => {
                let emoticon = tag.emoticon().map(str::to_owned);
                let effect = tag.effect();
                self.cut(open);
                match effect {
                    html::Effect::Nothing => {}
                    html::Effect::Space => self.put_space(),
                    html::Effect::Break => self.put_break(),
                }
                if let Some(emoticon) = emoticon {
                    self.out.push_str(&emoticon);
                }
            }
            html::Markup::Comment => self.cut(open),
            html::Markup::OpenComment => {}
            html::Markup::Text => {
                self.opens.pop();
            }
        }
    }
}

/// ASCII for its full-width form, anything else as it is.
fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from((c as u32 - 0xFEE0) as u8),
        _ => c,
    }
}

/// Takes no place and says nothing: zero width, direction marks, soft hyphen, byte order mark.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// What a zero-width joiner may join to what stands before it: 👩‍🍳 is one sign.
fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}'
        | '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}')
}

fn joins_on(c: char) -> bool {
    is_pictograph(c) || c == '\u{FE0F}'
}

#[cfg(test)]
mod tests;
