//! Subjects to look at: those with a standing mark, those with an open incident. A list lies in a slot of its
//! own, so it cannot change together with what it lists. It may name a subject too many, never one too few:
//! a subject is put there before, and taken off only if nobody put it there anew meanwhile.

use std::collections::BTreeMap;

use redis::Value;
use tocsin_flow::Fault;
use tocsin_model::Subject;

use crate::layout::{member, subject_of};
use crate::reply::{list, maybe_bytes};
use crate::scripts::LOWER;
use crate::server::{Redis, Request};

/// A list by its name.
#[derive(Clone, Copy)]
pub(crate) struct List(pub(crate) &'static str);

/// How often a subject had been put on a list.
pub(crate) type Times = Option<Vec<u8>>;

impl List {
    /// Puts subjects there, or (`false`) only looks how often they were put there.
    pub(crate) async fn put(
        self,
        redis: &Redis,
        subjects: &BTreeMap<Subject, bool>,
    ) -> Result<Vec<Times>, Fault> {
        let key = redis.keys().list(self.0);
        let mut requests = Vec::new();
        for (subject, there) in subjects {
            if *there {
                let mut raise = redis::cmd("HINCRBY");
                raise.arg(&key).arg(member(subject)).arg(1);
                requests.push(Request::new(key.clone(), raise));
            }
            let mut look = redis::cmd("HGET");
            look.arg(&key).arg(member(subject));
            requests.push(Request::new(key.clone(), look));
        }
        let mut answers = redis.ask(requests).await?.into_iter();
        let times = |there: &bool| {
            if *there {
                answers.next();
            }
            maybe_bytes(answers.next().unwrap_or(Value::Nil), "a list of subjects")
        };
        subjects.values().map(times).collect()
    }

    /// Takes a subject off, unless it was put there more often than this.
    pub(crate) async fn take(self, redis: &Redis, subject: &Subject, times: &[u8]) -> Result<(), Fault> {
        let key = redis.keys().list(self.0);
        let mut lower = LOWER.call(&[&key]);
        lower.arg(member(subject)).arg(times);
        redis.ask_one(Request::new(key, lower)).await.map(|_| ())
    }

    /// Who is there.
    pub(crate) async fn read(self, redis: &Redis) -> Result<Vec<Subject>, Fault> {
        let key = redis.keys().list(self.0);
        let mut read = redis::cmd("HKEYS");
        read.arg(&key);
        let mut subjects = Vec::new();
        for name in list(redis.ask_one(Request::new(key, read)).await?, "a list of subjects")? {
            subjects.extend(maybe_bytes(name, "a subject")?.as_deref().and_then(subject_of));
        }
        Ok(subjects)
    }
}
