//! A mention with its own words cut up, as JSON: in `posts.tokenized`.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{SerializeTuple, Serializer};
use serde::{Deserialize, Serialize};
use sonic_rs::{JsonValueTrait, LazyValue};
use tocsin_model::{Matched, Token, TokenKind, Tokenized};

use super::One;
use super::matched::{read_matched, write_matched};
use crate::Unreadable;

const WHAT: &str = "tokenized post";

/// A mention with its own words cut up.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Tokenized")]
pub(crate) struct TokenizedV1<'a> {
    v: One,
    /// The pieces of the author's own words in `matched.clean`, in order.
    tokens: Vec<TokenV1>,
    /// The simhash of the own words, 16 hexadecimal digits: near copies differ in few bits.
    #[serde(borrow)]
    fingerprint: Cow<'a, str>,
    /// What was cut, as `posts.matched` has it.
    #[serde(borrow)]
    matched: WholeV1<'a>,
}

/// A matched post within another shape: its JSON as it is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WholeV1<'a>(#[serde(borrow)] LazyValue<'a>);

/// `[start, end]` of a word, in bytes; `[start, end, "kind"]` of anything else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenV1(Token);

/// The kinds that are written out; a word is not.
const KINDS: &[(TokenKind, &str)] = &[
    (TokenKind::Number, "number"),
    (TokenKind::Hashtag, "hashtag"),
    (TokenKind::Account, "account"),
    (TokenKind::Emoji, "emoji"),
    (TokenKind::Emoticon, "emoticon"),
    (TokenKind::Url, "url"),
    (TokenKind::Mark, "mark"),
];

impl Serialize for TokenV1 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let kind = KINDS.iter().find(|(kind, _)| *kind == self.0.kind).map(|(_, name)| name);
        let mut tuple = to.serialize_tuple(2 + usize::from(kind.is_some()))?;
        tuple.serialize_element(&self.0.start)?;
        tuple.serialize_element(&self.0.end)?;
        if let Some(kind) = kind {
            tuple.serialize_element(kind)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for TokenV1 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<TokenV1, D::Error> {
        struct TokenVisitor;

        impl<'de> Visitor<'de> for TokenVisitor {
            type Value = TokenV1;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("[start, end] or [start, end, \"kind\"]")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<TokenV1, A::Error> {
                let missing = || A::Error::custom("a token should be [start, end] or [start, end, \"kind\"]");
                let start = seq.next_element()?.ok_or_else(missing)?;
                let end = seq.next_element()?.ok_or_else(missing)?;
                let kind = match seq.next_element::<Cow<'de, str>>()? {
                    None => TokenKind::Word,
                    Some(name) => KINDS
                        .iter()
                        .find(|(_, known)| *known == name)
                        .map(|(kind, _)| *kind)
                        .ok_or_else(|| A::Error::custom(format!("a token's kind is {name:?}")))?,
                };
                Ok(TokenV1(Token { start, end, kind }))
            }
        }

        from.deserialize_seq(TokenVisitor)
    }
}

impl JsonSchema for TokenV1 {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Token".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let kinds: Vec<&str> = KINDS.iter().map(|(_, name)| *name).collect();
        schemars::json_schema!({
            "type": "array",
            "description": "[start, end] of a word, in bytes of matched.clean; [start, end, \"kind\"] of anything else",
            "prefixItems": [{ "type": "integer" }, { "type": "integer" }, { "enum": kinds }],
            "minItems": 2,
            "maxItems": 3
        })
    }
}

impl JsonSchema for WholeV1<'_> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Matched".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "required": ["v", "position", "arrived", "post", "mentions"] })
    }
}

impl<'a> WholeV1<'a> {
    /// From what [`write_matched`](super::matched::write_matched) wrote.
    pub(crate) fn of(json: &'a [u8]) -> WholeV1<'a> {
        WholeV1(sonic_rs::from_slice(json).expect("what was just written is JSON"))
    }
    pub(crate) fn read(&self, what: &'static str) -> Result<Matched, Unreadable> {
        if !self.0.is_object() {
            return Err(Unreadable::new(what, "its matched post is not an object"));
        }
        read_matched(self.0.as_raw_str().as_bytes())
    }
}

/// Tokens and fingerprint as they are written.
pub(crate) fn cut(tokenized: &Tokenized) -> (Vec<TokenV1>, Cow<'static, str>) {
    let tokens = tokenized.tokens.iter().map(|token| TokenV1(*token)).collect();
    (tokens, Cow::Owned(format!("{:016x}", tokenized.fingerprint)))
}

/// The contrary of [`cut`].
pub(crate) fn uncut(
    what: &'static str,
    matched: &WholeV1<'_>,
    tokens: Vec<TokenV1>,
    fingerprint: &str,
) -> Result<Tokenized, Unreadable> {
    let matched = matched.read(what)?;
    let tokens: Vec<Token> = tokens.into_iter().map(|token| token.0).collect();
    let is_inside = |t: &Token| matched.clean.get(t.start as usize..t.end as usize).is_some();
    if !tokens.iter().all(is_inside) {
        return Err(Unreadable::new(what, "a token is outside the text, or ends inside a character"));
    }
    let fingerprint = u64::from_str_radix(fingerprint, 16)
        .map_err(|_| Unreadable::new(what, "its fingerprint is not 16 hexadecimal digits"))?;
    Ok(Tokenized { matched, tokens, fingerprint })
}

/// A tokenized post as JSON.
pub fn write_tokenized(tokenized: &Tokenized) -> Vec<u8> {
    let matched = write_matched(&tokenized.matched);
    let (tokens, fingerprint) = cut(tokenized);
    super::json(&TokenizedV1 { v: One, tokens, fingerprint, matched: WholeV1::of(&matched) })
}

/// The contrary of [`write_tokenized`].
///
/// # Errors
/// JSON that it did not write, or a newer version did.
pub fn read_tokenized(json: &[u8]) -> Result<Tokenized, Unreadable> {
    let shape: TokenizedV1<'_> = super::shape(WHAT, json)?;
    uncut(WHAT, &shape.matched, shape.tokens, &shape.fingerprint)
}
