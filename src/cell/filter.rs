//! Which cells are asked for, by Criterion's rules: those in whose id a regular
//! expression is found, or the one with an id to the letter. It owns the
//! matching, and which ids come closest to a filter that matches none; what
//! that means for a run is the run's to say.

use std::fmt;

use regex::Regex;

use super::Cell;

/// A filter of benchmark ids.
#[derive(Clone, Debug)]
pub enum Filter {
    /// Every cell.
    All,
    /// Cells whose id has a match.
    Pattern(Regex),
    /// The cell with this id.
    Exact(String),
    /// No cell: libtest's `--ignored`.
    Nothing,
}

impl Filter {
    /// Cells whose id matches the regular expression `text`, or what is wrong
    /// with it in one line.
    pub fn pattern(text: &str) -> Result<Filter, String> {
        // The crate draws the place of the error over several lines; the last is the error.
        let reason = |error: regex::Error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            format!("it is no regular expression: {}", last.trim().trim_start_matches("error: "))
        };
        Regex::new(text).map(Filter::Pattern).map_err(reason)
    }

    /// Whether `cell` is asked for.
    pub fn matches(&self, cell: &Cell) -> bool {
        match self {
            Filter::All => true,
            Filter::Pattern(pattern) => pattern.is_match(&cell.to_string()),
            Filter::Exact(id) => cell.to_string() == *id,
            Filter::Nothing => false,
        }
    }

    /// The ids among `cells` that take the fewest letters to hold the filter's
    /// text, at most three.
    pub fn closest(&self, cells: &[Cell]) -> Vec<String> {
        let wanted = self.to_string();
        let mut ids: Vec<String> = cells.iter().map(Cell::to_string).collect();
        ids.sort_by_cached_key(|id| letters_between(&wanted, id));
        ids.truncate(3);
        ids
    }
}

/// The filter as it was given.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Filter::All | Filter::Nothing => "",
            Filter::Pattern(pattern) => pattern.as_str(),
            Filter::Exact(id) => id,
        })
    }
}

/// How many letters must be added, dropped or changed for `wanted` to stand
/// somewhere in `id` (Sellers, 1980: the table of an edit distance in which
/// `wanted` may begin and end anywhere).
fn letters_between(wanted: &str, id: &str) -> usize {
    let mut row = vec![0; id.len() + 1];
    for (index, letter) in wanted.bytes().filter(|letter| !b"^$".contains(letter)).enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in id.bytes().enumerate() {
            let changed = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row.into_iter().min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Target;

    fn cells() -> Vec<Cell> {
        let cell = |mode: &str, message_bytes| Cell {
            target: Target::Throughput,
            mode: mode.into(),
            message_bytes,
            threads: 1,
        };
        ["two-copy", "zero-copy"].iter().flat_map(|mode| [cell(mode, 1024), cell(mode, 4096)]).collect()
    }

    #[test]
    fn the_closest_ids_are_those_with_the_fewest_letters_between() {
        let closest = |text: &str| Filter::pattern(text).unwrap().closest(&cells());
        assert_eq!(closest("zerocopy/4096$")[0], "throughput/1-thread/zero-copy/4096");
        assert_eq!(closest("throughput/1-threads/two-copy/1024")[0], "throughput/1-thread/two-copy/1024");
        assert_eq!(letters_between("two-copy", "throughput/1-thread/two-copy/1024"), 0);
        assert_eq!(letters_between("abc", ""), 3);
    }

    #[test]
    fn a_pattern_may_use_classes_and_ignore_case_in_every_build() {
        for (text, matched) in [(r"copy/\d{4}$", 4), ("(?i)ZERO", 2), ("", 4), ("latency", 0)] {
            let filter = Filter::pattern(text).unwrap();
            assert_eq!(cells().iter().filter(|cell| filter.matches(cell)).count(), matched, "{text}");
        }
        assert_eq!(Filter::pattern("(").unwrap_err(), "it is no regular expression: unclosed group");
    }
}
