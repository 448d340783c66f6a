//! JSON Schemas (2020-12) of what others read or write, made from the shapes themselves.

use schemars::{JsonSchema, schema_for};
use serde_json::Value;

use crate::v1::{
    IncidentV1, KinV1, MatchedV1, NoticeV1, PostV1, RejectedV1, ScoredV1, SignalV1, TokenizedV1,
};

/// Each public shape by name with its schema.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("post", schema::<PostV1<'static>>()),
        ("matched", schema::<MatchedV1<'static, PostV1<'static>>>()),
        ("tokenized", schema::<TokenizedV1<'static, ()>>()),
        ("scored", schema::<ScoredV1<'static, ()>>()),
        ("kin", schema::<KinV1<'_, ()>>()),
        ("signal", schema::<SignalV1>()),
        ("incident", schema::<IncidentV1>()),
        ("notice", schema::<NoticeV1>()),
        ("rejected", schema::<RejectedV1>()),
    ]
}

fn schema<T: JsonSchema>() -> Value {
    schema_for!(T).to_value()
}
