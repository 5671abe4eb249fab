//! Words for figures, lists and sizes, the same in every sentence of the
//! report. It knows nothing of cells or baselines.

use super::estimate::{Estimate, Reading};
use crate::ratio::printed;
pub(super) use crate::results::table::count;
use crate::results::table::digits;

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => (*one).to_string(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `4 KiB`, `1500 B`.
pub(super) fn size(bytes: usize) -> String {
    match bytes {
        bytes if bytes >= 1024 && bytes.is_multiple_of(1024) => format!("{} KiB", bytes / 1024),
        bytes => format!("{bytes} B"),
    }
}

/// A size between measured ones: `11.2 KiB`, `312 B`.
pub(super) fn about(bytes: f64) -> String {
    match bytes {
        bytes if bytes >= 1024.0 => format!("{} KiB", digits(bytes / 1024.0)),
        bytes => format!("{bytes:.0} B"),
    }
}

/// `1 KiB, 4 KiB and 16 KiB`.
pub(super) fn sizes(bytes: &[usize]) -> String {
    list(&bytes.iter().map(|bytes| size(*bytes)).collect::<Vec<_>>())
}

/// `1 thread`, `2 threads`.
pub(super) fn threads(count: usize) -> String {
    self::count(count, "thread")
}

/// `2 threads (oversubscribed)`, `1, 2 and 4 threads (2 and 4 oversubscribed)`.
pub(super) fn thread_counts(counts: &[usize], oversubscribed: &[usize]) -> String {
    let list = |counts: &[usize]| list(&counts.iter().map(usize::to_string).collect::<Vec<_>>());
    let all = format!("{} thread{}", list(counts), if counts == [1] { "" } else { "s" });
    match oversubscribed.len() {
        0 => all,
        many if many == counts.len() => format!("{all} (oversubscribed)"),
        _ => format!("{all} ({} oversubscribed)", list(oversubscribed)),
    }
}

/// Equal sentences once, each with all that it holds for, as they are met.
pub(super) fn grouped<T>(each: impl Iterator<Item = (T, String)>) -> Vec<(Vec<T>, String)> {
    let mut said: Vec<(Vec<T>, String)> = Vec::new();
    for (of, what) in each {
        match said.iter_mut().find(|(_, other)| *other == what) {
            Some((all, _)) => all.push(of),
            None => said.push((vec![of], what)),
        }
    }
    said
}

/// With a capital at the beginning.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A figure, short also where it is small: `0.0123`, `1.2e-5`.
pub(super) fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 0.1 || size == 0.0 => digits(value),
        size if size >= 0.001 => format!("{value:.4}"),
        _ => format!("{value:.1e}"),
    }
}

/// A share in percent, short also where it is small; without the sign.
pub(super) fn percent(share: f64) -> String {
    match (share * 100.0).abs() {
        size if size >= 10.0 || size == 0.0 => format!("{:.0}", share * 100.0),
        _ => figure(share * 100.0),
    }
}

/// `12.3 [11.9, 12.7]`; without an interval the value alone.
pub(super) fn estimate(estimate: &Estimate) -> String {
    let Some((lower, upper)) = estimate.ends() else { return figure(estimate.value) };
    let reads_as_one = |end: f64| end != 1.0 && figure(end) == figure(1.0);
    if reads_as_one(lower) || reads_as_one(upper) {
        return printed::beside_one(estimate.value, estimate.ends(), 2);
    }
    format!("{} [{}, {}]", figure(estimate.value), figure(lower), figure(upper))
}

/// The same of a reading; an absent one says why.
pub(super) fn reading(reading: &Reading) -> String {
    match reading {
        Reading::Found(found) => estimate(found),
        Reading::Absent { absent } => format!("absent ({absent})"),
    }
}

/// `×1.31 [1.28, 1.34]`.
pub(super) fn times(reading: &Reading) -> String {
    let found = reading.found().map(|found| printed::times(found.value, found.ends()));
    found.unwrap_or_else(|| "×absent".to_string())
}
