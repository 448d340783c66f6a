//! A mention with its own words cut up, as JSON: in `posts.tokenized`.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{SerializeTuple, Serializer};
use serde::{Deserialize, Serialize};
use tocsin_model::{Token, TokenKind, Tokenized};

use super::matched::{ReadV1, WithinV1};
use super::{MatchedV1, One};
use crate::Unreadable;

const WHAT: &str = "tokenized post";

/// A mention with its own words cut up.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Tokenized", bound = "")]
pub(crate) struct TokenizedV1<'a, M> {
    v: One,
    /// The pieces of the author's own words in `matched.clean`, in order.
    tokens: Vec<TokenV1>,
    /// The simhash of the own words, 16 hexadecimal digits: near copies differ in few bits.
    #[serde(borrow)]
    fingerprint: Cow<'a, str>,
    /// What was cut, as `posts.matched` has it.
    #[schemars(with = "WithinV1")]
    matched: M,
}

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

/// Tokens and fingerprint as they are written.
pub(crate) fn cut(tokenized: &Tokenized) -> (Vec<TokenV1>, Cow<'static, str>) {
    let tokens = tokenized.tokens.iter().map(|token| TokenV1(*token)).collect();
    (tokens, Cow::Owned(format!("{:016x}", tokenized.fingerprint)))
}

/// The contrary of [`cut`].
pub(crate) fn uncut(
    what: &'static str,
    matched: ReadV1<'_>,
    tokens: Vec<TokenV1>,
    fingerprint: &str,
) -> Result<Tokenized, Unreadable> {
    let matched = matched.into_model()?;
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
    let (tokens, fingerprint) = cut(tokenized);
    super::json(&TokenizedV1 { v: One, tokens, fingerprint, matched: MatchedV1::from(&tokenized.matched) })
}

/// The contrary of [`write_tokenized`].
///
/// # Errors
/// JSON that it did not write, or a newer version did.
pub fn read_tokenized(json: &[u8]) -> Result<Tokenized, Unreadable> {
    let shape: TokenizedV1<'_, ReadV1<'_>> = super::shape(WHAT, json)?;
    uncut(WHAT, shape.matched, shape.tokens, &shape.fingerprint)
}
