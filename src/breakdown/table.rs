//! Reads `classes.table`, which says what each symbol is. It owns the table's form
//! and how a name is looked up in it.

use std::collections::HashMap;

use super::class::CostClass;

const TEXT: &str = include_str!("classes.table");

/// What the table says of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It belongs to this class.
    Class(CostClass),
    /// It says nothing of what it is for: its caller does.
    Through,
    /// The same, and interrupts are turned on again in it.
    InterruptsOn,
}

/// Symbols and what they are.
#[derive(Clone, Debug)]
pub struct Table {
    exact: HashMap<String, Verdict>,
    /// The longest first.
    prefixes: Vec<(String, Verdict)>,
}

impl Table {
    /// The one that this program was built with.
    pub fn built_in() -> Table {
        // Its form is a test's business: a line that is none says nothing.
        let mut table = Table { exact: HashMap::new(), prefixes: Vec::new() };
        for line in lines(TEXT).filter_map(|(_, line)| line.ok()) {
            match line.symbol.strip_suffix('*') {
                Some(prefix) => table.prefixes.push((prefix.to_string(), line.verdict)),
                None => {
                    table.exact.insert(line.symbol.to_string(), line.verdict);
                }
            }
        }
        table.prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        table
    }

    /// What is said of a function: by its name, else by the longest beginning.
    pub fn find(&self, symbol: &str) -> Option<Verdict> {
        let by_beginning = || self.prefixes.iter().find(|(prefix, _)| symbol.starts_with(prefix.as_str()));
        self.exact.get(symbol).copied().or_else(|| by_beginning().map(|(_, verdict)| *verdict))
    }
}

/// A kernel symbol without what the compiler appended (`.isra.0`, `.part.0`, `.cold`).
pub(super) fn plain(symbol: &str) -> &str {
    match symbol.split_once('.') {
        Some((name, _)) if !name.is_empty() => name,
        _ => symbol,
    }
}

struct Line<'a> {
    verdict: Verdict,
    symbol: &'a str,
}

/// The lines that are no comment, with their numbers: `class | symbol | why`.
fn lines(text: &str) -> impl Iterator<Item = (usize, Result<Line<'_>, String>)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(|(number, line)| {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [class, symbol, why] = columns[..] else {
            return (number, Err(format!("{} columns, not 3", columns.len())));
        };
        let verdict = match class {
            "through" => Some(Verdict::Through),
            "interrupts on" => Some(Verdict::InterruptsOn),
            class => CostClass::find(class).map(Verdict::Class),
        };
        let line = match verdict {
            None => Err(format!("no class {class:?}")),
            Some(_) if symbol.is_empty() || why.is_empty() => Err("a column is empty".to_string()),
            Some(verdict) => Ok(Line { verdict, symbol }),
        };
        (number, line)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_line_of_the_table_has_a_class_one_symbol_and_a_reason() {
        let mut seen = HashSet::new();
        for (number, line) in lines(TEXT) {
            let line = line.unwrap_or_else(|why| panic!("classes.table:{number}: {why}"));
            assert!(seen.insert(line.symbol), "classes.table:{number}: {} stands twice", line.symbol);
            assert!(!line.symbol.contains(' ') || line.symbol.contains("::"), "{}", line.symbol);
            let computed = [CostClass::OtherKernel, CostClass::Unresolved, CostClass::Harness];
            assert!(!computed.map(Verdict::Class).contains(&line.verdict), "classes.table:{number}");
        }
    }

    #[test]
    fn a_line_that_is_none_is_found() {
        for broken in ["a | b", "no class | symbol | why", "locks | | why", "locks | symbol |"] {
            assert!(lines(broken).next().unwrap().1.is_err(), "{broken}");
        }
    }
}
