//! As much of HTML as comes in with posts: which tags are tags, and what entities stand for.
//!
//! Only names that HTML has are tags: `<3`, `<新品>` and `<iPhone>` are text.

/// What stands between `<` and `>`.
pub(crate) enum Markup<'a> {
    /// A tag.
    Tag(Tag<'a>),
    /// A whole comment.
    Comment,
    /// A comment that this `>` does not close.
    OpenComment,
    /// Just text.
    Text,
}

/// What a tag does to the text around it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Effect {
    /// The words on both sides stay together: `山<em>岚</em>`.
    Nothing,
    /// A space comes between them.
    Space,
    /// A new line begins.
    Break,
}

/// A tag with what stands in it.
pub(crate) struct Tag<'a> {
    name: &'a str,
    whole: &'a str,
}

/// Reads `<…>`; `text` begins with the one and ends with the other.
pub(crate) fn markup(text: &str) -> Markup<'_> {
    let inside = text.strip_prefix('<').unwrap_or(text);
    if let Some(comment) = inside.strip_prefix("!--") {
        return if comment.ends_with("-->") { Markup::Comment } else { Markup::OpenComment };
    }
    let rest = inside.strip_prefix(['/', '!']).unwrap_or(inside);
    let bytes = rest.as_bytes();
    let end = bytes.iter().take(NAME_BYTES_MAX + 1).take_while(|b| b.is_ascii_alphanumeric()).count();
    let name = &rest[..end];
    let ends = matches!(bytes.get(end), Some(b' ' | b'\n' | b'/' | b'>'));
    if ends && TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(name)) {
        Markup::Tag(Tag { name, whole: text })
    } else {
        Markup::Text
    }
}

impl<'a> Tag<'a> {
    fn is(&self, names: &[&str]) -> bool {
        names.iter().any(|name| name.eq_ignore_ascii_case(self.name))
    }
    /// What it does to the text around it.
    pub(crate) fn effect(&self) -> Effect {
        if self.is(BREAKS) {
            Effect::Break
        } else if self.is(&["td", "th"]) {
            Effect::Space
        } else {
            Effect::Nothing
        }
    }
    /// Weibo writes its emoticons as pictures, `<img alt="[怒]" …>`: the name says what people feel.
    pub(crate) fn emoticon(&self) -> Option<&'a str> {
        let alt = self.whole.split_once("alt=").filter(|_| self.is(&["img"]))?.1;
        let alt = alt.trim_start_matches(['"', '\'']);
        let end = alt.find(']')?;
        let name = alt[..end].strip_prefix('[')?;
        let is_name = name.chars().count() <= 12 && name.chars().all(char::is_alphanumeric);
        is_name.then(|| &alt[..=end])
    }
}

/// Bytes of the longest name among [`TAGS`].
const NAME_BYTES_MAX: usize = 10;

const TAGS: &[&str] = &[
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "audio",
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "button",
    "center",
    "cite",
    "code",
    "dd",
    "del",
    "div",
    "dl",
    "doctype",
    "dt",
    "em",
    "emoji",
    "figcaption",
    "figure",
    "font",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "label",
    "li",
    "link",
    "main",
    "mark",
    "meta",
    "nav",
    "noscript",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "script",
    "section",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "tt",
    "u",
    "ul",
    "video",
    "wbr",
];

/// Tags at which a line ends.
const BREAKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "title",
    "tr",
    "ul",
];

/// Bytes of the longest name of an entity, without `&` and `;`.
pub(crate) const ENTITY_BYTES_MAX: usize = 9;

/// What `&name;` stands for: by number, or by one of the names that occur in posts.
pub(crate) fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c)
}

const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{A0}'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("shy", '\u{AD}'),
    ("zwnj", '\u{200C}'),
    ("zwj", '\u{200D}'),
    ("lrm", '\u{200E}'),
    ("rlm", '\u{200F}'),
    ("hellip", '…'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("middot", '·'),
    ("bull", '•'),
    ("deg", '°'),
    ("times", '×'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("yen", '¥'),
    ("euro", '€'),
    ("pound", '£'),
    ("cent", '¢'),
    ("sect", '§'),
    ("para", '¶'),
    ("hearts", '♥'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("acirc", 'â'),
    ("atilde", 'ã'),
    ("auml", 'ä'),
    ("aring", 'å'),
    ("aelig", 'æ'),
    ("ccedil", 'ç'),
    ("egrave", 'è'),
    ("eacute", 'é'),
    ("ecirc", 'ê'),
    ("euml", 'ë'),
    ("iacute", 'í'),
    ("icirc", 'î'),
    ("iuml", 'ï'),
    ("ntilde", 'ñ'),
    ("oacute", 'ó'),
    ("ocirc", 'ô'),
    ("otilde", 'õ'),
    ("ouml", 'ö'),
    ("oslash", 'ø'),
    ("uacute", 'ú'),
    ("ucirc", 'û'),
    ("uuml", 'ü'),
    ("szlig", 'ß'),
    ("Eacute", 'É'),
    ("Auml", 'Ä'),
    ("Ouml", 'Ö'),
    ("Uuml", 'Ü'),
    ("Ccedil", 'Ç'),
    ("Oslash", 'Ø'),
];
