//! What stands in evidence of one hour, as bytes: two sketches, then five lists, then triggers if any were pulled.
//! What an older program wrote ends with the lists.

use std::sync::Arc;

use tocsin_model::{Detail, Kind, Minute, Pull, Pulls, Sketch, TopEntry, TopList, Trigger};

use super::bytes::{Packer, Unpacker};
use crate::Unreadable;

/// Registers of a sketch that has any.
const REGISTERS: usize = 512;
/// How a sketch is written: nothing in it; registers with their distance from the one before; all registers.
const EMPTY: u8 = 0;
const SPARSE: u8 = 1;
const DENSE: u8 = 2;
/// With more registers in use than this, writing all of them is shorter.
const SPARSE_MAX: usize = REGISTERS / 2 - 8;

/// Evidence of an hour as bytes. A list that is still longer than its capacity is trimmed.
pub fn write_detail(detail: &Detail) -> Vec<u8> {
    let mut p = Packer::new(1_024);
    put_detail(&mut p, detail);
    put_pulls(&mut p, &detail.pulls);
    p.done()
}

/// Without its triggers, which stand at the end of whatever the detail is part of.
pub(super) fn put_detail(p: &mut Packer, detail: &Detail) {
    put_sketch(p, &detail.authors);
    put_sketch(p, &detail.texts);
    put_list(p, &detail.terms);
    put_list(p, &detail.posts);
    put_list(p, &detail.top_authors);
    put_list(p, &detail.sources);
    put_list(p, &detail.roots);
}

/// The contrary of [`write_detail`].
///
/// # Errors
/// Bytes that it did not write, or a newer version did.
pub fn read_detail(bytes: &[u8]) -> Result<Detail, Unreadable> {
    let mut r = Unpacker::new("hour of evidence", bytes)?;
    let mut detail = take_detail(&mut r)?;
    detail.pulls = take_pulls(&mut r)?;
    r.end()?;
    Ok(detail)
}

pub(super) fn take_detail(r: &mut Unpacker<'_>) -> Result<Detail, Unreadable> {
    Ok(Detail {
        authors: take_sketch(r)?,
        texts: take_sketch(r)?,
        terms: take_list(r)?,
        posts: take_list(r)?,
        top_authors: take_list(r)?,
        sources: take_list(r)?,
        roots: take_list(r)?,
        pulls: Pulls::default(),
    })
}

fn put_sketch(p: &mut Packer, sketch: &Sketch) {
    match sketch.used().count() {
        0 => p.byte(EMPTY),
        used @ 1..=SPARSE_MAX => {
            p.byte(SPARSE);
            p.unsigned(used as u64);
            let mut next = 0;
            for (place, register) in sketch.used() {
                p.unsigned(u64::from(place) - next);
                p.byte(register);
                next = u64::from(place) + 1;
            }
        }
        _ => {
            let mut registers = [0; REGISTERS];
            sketch.used().for_each(|(place, register)| registers[usize::from(place)] = register);
            p.byte(DENSE);
            p.raw(&registers);
        }
    }
}

fn take_sketch(r: &mut Unpacker<'_>) -> Result<Sketch, Unreadable> {
    let mut used = Vec::new();
    match r.byte()? {
        EMPTY => {}
        SPARSE => {
            let mut next = 0;
            for _ in 0..r.entries()? {
                let place = r.unsigned()?.saturating_add(next);
                let register = r.byte()?;
                if place >= REGISTERS as u64 {
                    return Err(r.wrong("a sketch has too many registers"));
                }
                used.push((place as u16, register));
                next = place + 1;
            }
        }
        DENSE => used.extend((0u16..).zip(r.raw(REGISTERS)?.iter().copied())),
        _ => return Err(r.wrong("a sketch is of an unknown form")),
    }
    Ok(Sketch::from_used(used))
}

pub(super) fn put_list(p: &mut Packer, list: &TopList) {
    if list.entries().len() > list.capacity() {
        let mut trimmed = list.clone();
        trimmed.trim();
        return put_list(p, &trimmed);
    }
    p.unsigned(list.capacity() as u64);
    p.unsigned(list.entries().len() as u64);
    for entry in list.entries() {
        p.text(&entry.key);
        p.unsigned(entry.weight);
        p.byte(u8::from(entry.note.is_some()));
        if let Some(note) = &entry.note {
            p.text(note);
        }
    }
}

pub(super) fn take_list(r: &mut Unpacker<'_>) -> Result<TopList, Unreadable> {
    let capacity = r.unsigned()?;
    let capacity = usize::try_from(capacity).map_err(|_| r.wrong("a list is too long"))?;
    let mut entries = Vec::new();
    for _ in 0..r.entries()? {
        let (key, weight) = (Arc::from(r.text()?), r.unsigned()?);
        let note = if r.flag()? { Some(Arc::from(r.text()?)) } else { None };
        entries.push(TopEntry { key, weight, note });
    }
    Ok(TopList::from_entries(capacity, entries))
}

pub(super) fn put_pulls(p: &mut Packer, pulls: &Pulls) {
    if pulls.0.is_empty() {
        return;
    }
    p.unsigned(pulls.0.len() as u64);
    for (Trigger { kind, name }, pull) in &pulls.0 {
        p.text(kind.name());
        p.text(name);
        p.unsigned(pull.posts);
        p.signed(pull.last.0);
        put_list(p, &pull.shown);
    }
}

/// None where nothing more stands.
pub(super) fn take_pulls(r: &mut Unpacker<'_>) -> Result<Pulls, Unreadable> {
    let mut pulls = Pulls::default();
    if r.is_done() {
        return Ok(pulls);
    }
    for _ in 0..r.entries()? {
        let Some(kind) = Kind::from_name(r.text()?) else { return Err(r.wrong("a trigger is of no kind")) };
        let trigger = Trigger { kind, name: Arc::from(r.text()?) };
        let pull = Pull { posts: r.unsigned()?, last: Minute(r.signed()?), shown: take_list(r)? };
        pulls.0.insert(trigger, pull);
    }
    Ok(pulls)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use tocsin_model::SIGNAL_KINDS;

    use super::*;

    fn sketch() -> impl Strategy<Value = Sketch> {
        prop_oneof![vec(any::<u64>(), 0..20), vec(any::<u64>(), 200..2_000)].prop_map(|hashes| {
            let mut sketch = Sketch::default();
            hashes.into_iter().for_each(|h| sketch.insert(h));
            sketch
        })
    }

    fn list(capacity: usize) -> impl Strategy<Value = TopList> {
        vec((".{0,9}", any::<u64>(), proptest::option::of(".{0,9}")), 0..40).prop_map(move |entries| {
            let mut list = TopList::new(capacity);
            entries.iter().for_each(|(key, weight, note)| list.add(key, *weight, note.as_deref()));
            list.trim();
            list
        })
    }

    fn pulls() -> impl Strategy<Value = Pulls> {
        vec((0..SIGNAL_KINDS.len(), ".{0,9}", any::<u64>(), any::<i64>(), list(3)), 0..5).prop_map(|all| {
            let pull = |(kind, name, posts, last, shown): (usize, String, u64, i64, TopList)| {
                let trigger = Trigger { kind: SIGNAL_KINDS[kind], name: name.into() };
                (trigger, Pull { posts, last: Minute(last), shown })
            };
            Pulls(all.into_iter().map(pull).collect())
        })
    }

    proptest! {
        #[test]
        fn evidence_of_an_hour_comes_back(
            (authors, texts) in (sketch(), sketch()),
            (terms, posts, top_authors, sources, roots) in (list(24), list(8), list(16), list(16), list(16)),
            pulls in pulls(),
        ) {
            let detail = Detail { authors, texts, terms, posts, top_authors, sources, roots, pulls };
            prop_assert_eq!(read_detail(&write_detail(&detail)).unwrap(), detail);
        }

        #[test]
        fn no_bytes_make_it_panic(mut bytes in vec(any::<u8>(), 0..200)) {
            if let Some(version) = bytes.first_mut() {
                *version = 1;
            }
            let _ = read_detail(&bytes);
        }
    }

    #[test]
    fn an_hour_of_few_posts_is_short() {
        let mut detail = Detail::default();
        (0..10).for_each(|h| detail.authors.insert(h));
        detail.sources.add("weibo", 10, None);
        assert!(write_detail(&detail).len() < 60);
    }

    #[test]
    fn a_list_that_was_not_trimmed_comes_back_trimmed() {
        let mut detail = Detail::default();
        (0..20u64).for_each(|i| detail.posts.add(&i.to_string(), i, None));
        let back = read_detail(&write_detail(&detail)).unwrap();
        detail.posts.trim();
        assert_eq!(back, detail);
    }
}
