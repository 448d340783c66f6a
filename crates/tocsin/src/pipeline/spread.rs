//! Pure work on many records, by several threads.

use std::panic::resume_unwind;
use std::thread;

/// So many records are worth a thread: to read them takes some milliseconds, to start it a few hundredths of one.
const WORTH: usize = 500;

/// How many threads this machine, or what of it is ours, runs at once.
pub(super) fn hands() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What `make` makes of each, in their order: with the first tool, or with more of them at once where there are many.
pub(super) fn spread<T: Send, U: Send, S: Send>(
    all: Vec<T>,
    tools: &mut [S],
    make: impl Fn(T, &mut S) -> U + Sync,
) -> Vec<U> {
    let share = all.len().div_ceil((all.len() / WORTH).clamp(1, tools.len())).max(1);
    let mut parts = Vec::new();
    let mut rest = all;
    while rest.len() > share {
        let behind = rest.split_off(share);
        parts.push(std::mem::replace(&mut rest, behind));
    }
    let make_all =
        |part: Vec<T>, tool: &mut S| part.into_iter().map(|one| make(one, tool)).collect::<Vec<U>>();
    let (own, others) = tools.split_first_mut().expect("there is a tool for the caller");
    thread::scope(|scope| {
        let make_all = &make_all;
        // The last part is the caller's own, so that few records start no thread.
        let others: Vec<_> = parts
            .into_iter()
            .zip(others)
            .map(|(part, tool)| scope.spawn(move || make_all(part, tool)))
            .collect();
        let last = make_all(rest, own);
        let mut made = Vec::with_capacity(others.len() * share + last.len());
        for other in others {
            made.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        made.extend(last);
        made
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_made_in_order_by_as_many_as_it_is_worth() {
        for (count, hands, expected) in
            [(0, 4, 1), (1, 4, 1), (999, 4, 1), (1_000, 4, 2), (1_501, 2, 2), (4_999, 4, 4), (9_001, 4, 4)]
        {
            let mut tools = vec![0; hands];
            let made = spread((0..count).collect(), &mut tools, |n: usize, done: &mut usize| {
                *done += 1;
                n * 2
            });
            assert_eq!(made, (0..count).map(|n| n * 2).collect::<Vec<_>>());
            assert_eq!(tools.iter().sum::<usize>(), count);
            assert_eq!(
                tools.iter().filter(|done| **done > 0).count(),
                expected.min(count),
                "{count} by {hands}"
            );
        }
    }
}
