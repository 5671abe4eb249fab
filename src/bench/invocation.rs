//! How a bench target was asked to run: by Criterion's command line, or as one
//! pass of a recording. It owns what Criterion is told beyond the profile: the
//! baseline, the order of the cells, plots.

use criterion::Criterion;

use crate::cell::Cell;

/// One pass over the matrix, for a recording of several processes.
#[derive(Clone, Debug)]
pub struct Pass {
    /// The baseline that Criterion saves its data as.
    pub baseline: String,
    /// What the order of the cells is drawn from.
    pub seed: u64,
    /// Criterion's filter: a regular expression on benchmark ids.
    pub filter: Option<String>,
}

/// Who asked for the run.
pub(super) enum Invocation {
    /// `cargo bench`: Criterion reads the command line itself.
    CommandLine {
        /// What a run without a name is kept as: the kernel's release.
        default_baseline: Option<String>,
    },
    /// `copycost record`, in a process of its own.
    Pass(Pass),
}

impl Invocation {
    /// Whether only names are asked for: then nothing else may be printed.
    pub(super) fn is_listing(&self) -> bool {
        matches!(self, Invocation::CommandLine { .. })
            && std::env::args().any(|argument| argument == "--list")
    }

    /// The baseline that Criterion compares with, by its own rules.
    pub(super) fn baseline(&self) -> String {
        match self {
            Invocation::Pass(pass) => pass.baseline.clone(),
            Invocation::CommandLine { default_baseline } => {
                let named = named_baseline(std::env::args());
                named.or_else(|| default_baseline.clone()).unwrap_or_else(|| "base".to_string())
            }
        }
    }

    /// Criterion, set up as was asked for; the profile's settings are in it.
    pub(super) fn configure(&self, criterion: Criterion) -> Criterion {
        match self {
            Invocation::CommandLine { default_baseline } => {
                let criterion = criterion.configure_from_args();
                // Criterion falls back to `base` by itself, so a default of our
                // own is set after it has read the command line.
                match default_baseline {
                    Some(release) if names_no_baseline(std::env::args()) => {
                        criterion.save_baseline(release.clone())
                    }
                    _ => criterion,
                }
            }
            Invocation::Pass(pass) => {
                let criterion = criterion.without_plots().save_baseline(pass.baseline.clone());
                match &pass.filter {
                    Some(filter) => criterion.with_filter(filter.as_str()),
                    None => criterion,
                }
            }
        }
    }

    /// Puts the cells into the order in which they are measured: as they are,
    /// or shuffled by the pass's seed.
    pub(super) fn order(&self, cells: &mut [Cell]) {
        if let Invocation::Pass(pass) = self {
            fastrand::Rng::with_seed(pass.seed).shuffle(cells);
        }
    }
}

const NAMING: [&str; 5] = ["--baseline", "-b", "--baseline-lenient", "--save-baseline", "-s"];

fn names_no_baseline(arguments: impl Iterator<Item = String>) -> bool {
    let arguments: Vec<String> = arguments.collect();
    let discards = arguments.iter().any(|argument| argument == "--discard-baseline");
    !discards && named_baseline(arguments.into_iter()).is_none()
}

/// The baseline that a command line names, as clap reads it: `--flag NAME`,
/// `--flag=NAME`, `-f NAME` or `-fNAME`.
fn named_baseline(arguments: impl Iterator<Item = String>) -> Option<String> {
    let arguments: Vec<String> = arguments.collect();
    for (index, argument) in arguments.iter().enumerate() {
        if argument == "--" {
            return None; // what follows is a filter
        }
        let (flag, value) = argument.split_once('=').map_or((argument.as_str(), None), |(f, v)| (f, Some(v)));
        if NAMING.contains(&flag) {
            return value.map(str::to_string).or_else(|| arguments.get(index + 1).cloned());
        }
        let attached = argument.strip_prefix("-s").or_else(|| argument.strip_prefix("-b"));
        if let Some(name) = attached.filter(|_| !argument.starts_with("--")) {
            return Some(name.trim_start_matches('=').to_string());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> impl Iterator<Item = String> {
        line.split_whitespace().map(str::to_string).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn the_baseline_is_the_one_that_criterion_takes() {
        let of = |line: &str| named_baseline(words(line));
        assert_eq!(of("bench --bench"), None);
        for line in [
            "bench --bench --baseline before zero-copy",
            "bench --save-baseline=before",
            "bench -b before",
            "bench -sbefore",
            "bench --baseline-lenient before",
        ] {
            assert_eq!(of(line).as_deref(), Some("before"), "{line}");
        }
    }

    #[test]
    fn a_run_that_names_or_discards_its_baseline_gets_no_default() {
        assert!(names_no_baseline(words("bench --bench zero-copy --noplot")));
        assert!(!names_no_baseline(words("bench --bench --discard-baseline")));
        assert!(!names_no_baseline(words("bench -s x")));
    }

    #[test]
    fn a_pass_shuffles_by_its_seed() {
        let pass = |seed| Invocation::Pass(Pass { baseline: "b".into(), seed, filter: None });
        let cell = |threads| Cell {
            target: crate::cell::Target::Latency,
            mode: "one-copy".into(),
            message_bytes: 1,
            threads,
        };
        let ordered = |seed: u64| {
            let mut cells: Vec<Cell> = (1..=20).map(cell).collect();
            pass(seed).order(&mut cells);
            cells.iter().map(|cell| cell.threads).collect::<Vec<_>>()
        };
        assert_eq!(ordered(1), ordered(1));
        assert_ne!(ordered(1), ordered(2));
        assert_ne!(ordered(1), (1..=20).collect::<Vec<_>>());
    }
}
