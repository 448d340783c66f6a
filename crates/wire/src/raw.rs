//! A post's JSON as it comes: every field takes whatever stands there, so that the parse fails on syntax alone
//! and each wrong type can be named afterwards. Strings without escapes are borrowed.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use tocsin_model::limits::MEDIA_MAX;

/// What may stand where a text, a number or a flag should. `null` is absent.
#[derive(Debug, Default)]
pub(crate) enum Scalar<'a> {
    #[default]
    Absent,
    Flag(bool),
    Count(u64),
    Negative(i64),
    Fraction(f64),
    Text(Cow<'a, str>),
    /// An array or an object.
    Wrong,
}

/// What may stand where an object should. `null` is absent.
#[derive(Debug, Default)]
pub(crate) enum Shaped<T> {
    #[default]
    Absent,
    Is(T),
    Wrong,
}

/// What may stand where an array should; at most [`MEDIA_MAX`] entries are kept. `null` is absent.
#[derive(Debug, Default)]
pub(crate) enum Listed<T> {
    #[default]
    Absent,
    Is(Vec<T>),
    TooMany,
    Wrong,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawPost<'a> {
    #[serde(borrow)]
    pub(crate) id: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) source: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) text: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) title: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) created_at: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) author: Shaped<RawAuthor<'a>>,
    #[serde(borrow)]
    pub(crate) url: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) lang: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) repost_of: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) reply_to: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) parent: Shaped<Box<RawParent<'a>>>,
    #[serde(borrow)]
    pub(crate) engagement: Shaped<RawEngagement<'a>>,
    #[serde(borrow)]
    pub(crate) media: Listed<Shaped<RawMedia<'a>>>,
    #[serde(borrow)]
    pub(crate) location: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) deleted: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) arrives_at: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawAuthor<'a> {
    #[serde(borrow)]
    pub(crate) id: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) name: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) followers: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) verified: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) since: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawParent<'a> {
    #[serde(borrow)]
    pub(crate) id: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) text: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) title: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) author: Shaped<RawAuthor<'a>>,
    #[serde(borrow)]
    pub(crate) media: Listed<Shaped<RawMedia<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawEngagement<'a> {
    #[serde(borrow)]
    pub(crate) likes: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) reposts: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) comments: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) views: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawMedia<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) url: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) text: Scalar<'a>,
}

/// Reads past what is left of an array.
fn pass_array<'de, A: SeqAccess<'de>>(mut rest: A) -> Result<(), A::Error> {
    while rest.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Reads past what is left of an object.
fn pass_object<'de, A: MapAccess<'de>>(mut rest: A) -> Result<(), A::Error> {
    while rest.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_bool<E>(self, v: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Flag(v))
    }
    fn visit_u64<E>(self, v: u64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Count(v))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Scalar<'de>, E> {
        Ok(u64::try_from(v).map_or(Scalar::Negative(v), Scalar::Count))
    }
    fn visit_f64<E>(self, v: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Fraction(v))
    }
    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(v)))
    }
    fn visit_str<E>(self, v: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(v.to_owned())))
    }
    fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Absent)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Scalar<'de>, A::Error> {
        pass_array(seq).map(|()| Scalar::Wrong)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Scalar<'de>, A::Error> {
        pass_object(map).map(|()| Scalar::Wrong)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ScalarVisitor)
    }
}

/// All that is neither an object nor an array, for a visitor that has no use for it.
macro_rules! scalars_are_wrong {
    ($of:ident) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any JSON value")
        }
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($of::Wrong)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($of::Wrong)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($of::Wrong)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($of::Wrong)
        }
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($of::Wrong)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($of::Absent)
        }
    };
}

struct ShapedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ShapedVisitor<T> {
    type Value = Shaped<T>;

    scalars_are_wrong!(Shaped);

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Shaped<T>, A::Error> {
        pass_array(seq).map(|()| Shaped::Wrong)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Shaped<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Shaped::Is)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shaped<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ShapedVisitor(PhantomData))
    }
}

struct ListedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListedVisitor<T> {
    type Value = Listed<T>;

    scalars_are_wrong!(Listed);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Listed<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = seq.next_element()? {
            if entries.len() == MEDIA_MAX {
                return pass_array(seq).map(|()| Listed::TooMany);
            }
            entries.push(entry);
        }
        Ok(Listed::Is(entries))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Listed<T>, A::Error> {
        pass_object(map).map(|()| Listed::Wrong)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ListedVisitor(PhantomData))
    }
}
