//! How a bench target was asked to run, by Criterion's command line or as one
//! pass of a recording: one checked structure that everything else in a run
//! asks. It owns what the flags come to; their names and limits are
//! `command_line`'s, the baselines on disk `baseline`'s.

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, PlottingBackend};

use super::command_line::CommandLine;
use super::containment::without_chatter;
use crate::cell::{Cell, Filter, Target};
use crate::error::{Error, Result};
use crate::profile::Profile;

/// One pass over the matrix, for a recording of several processes.
#[derive(Clone, Debug)]
pub struct Pass {
    /// The baseline that Criterion saves its data as.
    pub baseline: String,
    /// What the order of the cells is drawn from.
    pub seed: u64,
    /// Criterion's filter: a regular expression on benchmark ids.
    pub filter: Option<String>,
    /// The profile's name or path.
    pub profile: Option<String>,
}

/// A run as it was asked for.
pub(super) struct Invocation {
    pub(super) mode: Mode,
    pub(super) filter: Filter,
    pub(super) baseline: Baseline,
    /// The baseline whose samples are taken instead of new ones.
    pub(super) loaded_baseline: Option<String>,
    /// Nothing but results, in Criterion's words, and errors.
    pub(super) is_quiet: bool,
    /// One parseable line a cell, and nothing else.
    pub(super) is_for_programs: bool,
    /// Of Criterion's quick mode, which forgets the name in such a line.
    pub(super) is_quick: bool,
    by: By,
}

/// What is done with the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// They are measured.
    Measure,
    /// They are run once.
    Test,
    /// They are run for a while, under a profiler.
    Profile,
    /// They are named.
    List,
}

/// What Criterion keeps and compares with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Baseline {
    /// Compared with, if it is there, and then written.
    Save(String),
    /// Nothing is kept.
    Discard,
    /// Compared with; a cell that lacks it is refused.
    Compare(String),
    /// Compared with where it is there.
    CompareWhereThere(String),
}

enum By {
    CommandLine(Box<CommandLine>),
    Pass(Pass),
}

impl Invocation {
    /// What Criterion's command line asks for. A run that names no baseline is
    /// kept as `default_baseline`.
    pub(super) fn of_command_line(line: CommandLine, default_baseline: Option<String>) -> Result<Invocation> {
        let filter = match &line.filter {
            _ if line.ignored => Filter::Nothing,
            None => Filter::All,
            Some(id) if line.exact => Filter::Exact(id.clone()),
            Some(text) => pattern(text)?,
        };
        let mode = match (line.list, line.test || !line.bench, line.profile_time) {
            (true, _, _) => Mode::List,
            (false, true, _) => Mode::Test,
            (false, false, Some(_)) => Mode::Profile,
            (false, false, None) => Mode::Measure,
        };
        let baseline = match (&line.baseline, &line.baseline_lenient, &line.save_baseline) {
            _ if line.discard_baseline => Baseline::Discard,
            (Some(name), _, _) => Baseline::Compare(name.clone()),
            (_, Some(name), _) => Baseline::CompareWhereThere(name.clone()),
            (_, _, Some(name)) => Baseline::Save(name.clone()),
            // Criterion's own default.
            _ => Baseline::Save(default_baseline.unwrap_or_else(|| "base".to_string())),
        };
        let is_for_programs = line.output_format == "bencher";
        Ok(Invocation {
            mode,
            filter,
            baseline,
            loaded_baseline: line.load_baseline.clone(),
            is_quiet: line.quiet || is_for_programs,
            is_for_programs,
            is_quick: line.quick,
            by: By::CommandLine(Box::new(line)),
        })
    }

    /// What a pass of a recording asks for.
    pub(super) fn of_pass(pass: Pass) -> Result<Invocation> {
        Ok(Invocation {
            mode: Mode::Measure,
            filter: pass.filter.as_deref().map_or(Ok(Filter::All), pattern)?,
            baseline: Baseline::Save(pass.baseline.clone()),
            loaded_baseline: None,
            is_quiet: false,
            is_for_programs: false,
            is_quick: false,
            by: By::Pass(pass),
        })
    }

    /// Whether Criterion keeps what it measures.
    pub(super) fn keeps_samples(&self) -> bool {
        let by_cargo_criterion = std::env::var_os("CARGO_CRITERION_PORT").is_some();
        let anew = self.mode == Mode::Measure && self.loaded_baseline.is_none();
        anew && self.baseline != Baseline::Discard && !by_cargo_criterion
    }

    /// The baseline that Criterion saves the run as; none if it compares only.
    pub(super) fn saves_as(&self) -> Option<&str> {
        match &self.baseline {
            Baseline::Save(name) if self.keeps_samples() => Some(name),
            _ => None,
        }
    }

    /// Whether `copycost record` started it.
    pub(super) fn is_pass(&self) -> bool {
        matches!(self.by, By::Pass(_))
    }

    /// The profile that was named for this run.
    pub(super) fn profile(&self) -> Option<&str> {
        match &self.by {
            By::CommandLine(_) => None,
            By::Pass(pass) => pass.profile.as_deref(),
        }
    }

    /// Puts the numbers of the command line in the place of the profile's, so
    /// that rounds are as long as they should be and the record has what was
    /// used.
    pub(super) fn overrule(&self, profile: &mut Profile) {
        let By::CommandLine(line) = &self.by else { return };
        let settings = &mut profile.criterion;
        settings.sample_size = line.sample_size.unwrap_or(settings.sample_size);
        settings.warm_up_s = line.warm_up_time.unwrap_or(settings.warm_up_s);
        settings.measurement_time_s = line.measurement_time.or(settings.measurement_time_s);
        settings.resamples = line.nresamples.unwrap_or(settings.resamples);
        settings.noise_threshold = line.noise_threshold.unwrap_or(settings.noise_threshold);
        settings.significance_level = line.significance_level.unwrap_or(settings.significance_level);
        // No more generations than blocks, as a profile is held to.
        profile.rounds.generations = profile.rounds.generations.min(settings.sample_size);
    }

    /// Criterion, set up as was asked for.
    pub(super) fn criterion(&self, target: Target, profile: &Profile, output: &Path) -> Criterion {
        let settings = &profile.criterion;
        let criterion = without_chatter(|| {
            Criterion::default()
                .sample_size(settings.sample_size)
                .warm_up_time(Duration::from_secs_f64(settings.warm_up_s))
                .measurement_time(profile.measurement_time(target))
                .nresamples(settings.resamples)
                .noise_threshold(settings.noise_threshold)
                .significance_level(settings.significance_level)
                .output_directory(output)
        });
        match (&self.by, &self.filter) {
            (By::Pass(pass), filter) => {
                let criterion = criterion.without_plots().save_baseline(pass.baseline.clone());
                match filter {
                    Filter::Pattern(pattern) => criterion.with_filter(pattern.as_str()),
                    _ => criterion,
                }
            }
            (By::CommandLine(_), _) => {
                // Criterion's own choice is gnuplot where it is installed: a
                // page should not depend on that.
                let criterion = criterion.plotting_backend(PlottingBackend::Plotters).configure_from_args();
                match &self.baseline {
                    // Criterion falls back to `base` by itself, so a default of our
                    // own is set after it has read the command line.
                    Baseline::Save(name) => criterion.save_baseline(name.clone()),
                    _ => criterion,
                }
            }
        }
    }

    /// Puts the cells into the order in which they are measured: as they are,
    /// or shuffled by the pass's seed.
    pub(super) fn order(&self, cells: &mut [Cell]) {
        if let By::Pass(pass) = &self.by {
            fastrand::Rng::with_seed(pass.seed).shuffle(cells);
        }
    }
}

fn pattern(text: &str) -> Result<Filter> {
    let refuse = |what| Error::Flag { flag: "FILTER", value: format!("`{text}`"), what };
    Filter::pattern(text).map_err(refuse)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn of(line: &str) -> Invocation {
        let words = ["throughput", "--bench"].into_iter().chain(line.split_whitespace());
        let line = CommandLine::try_parse_from(words).unwrap();
        Invocation::of_command_line(line, Some("6.1.0".into())).unwrap()
    }

    #[test]
    fn the_baseline_is_the_one_that_criterion_takes() {
        let before = || "before".to_string();
        for (line, baseline) in [
            ("latency/ --noplot", Baseline::Save("6.1.0".into())),
            ("--baseline before latency/", Baseline::Compare(before())),
            ("-b before", Baseline::Compare(before())),
            ("--save-baseline=before", Baseline::Save(before())),
            ("-sbefore", Baseline::Save(before())),
            ("--save-baseline base", Baseline::Save("base".into())),
            ("--baseline-lenient before", Baseline::CompareWhereThere(before())),
            ("--discard-baseline", Baseline::Discard),
            ("-- --baseline", Baseline::Save("6.1.0".into())),
        ] {
            assert_eq!(of(line).baseline, baseline, "{line}");
        }
    }

    #[test]
    fn the_mode_is_the_one_that_criterion_takes() {
        for (line, mode) in [
            ("", Mode::Measure),
            ("--test", Mode::Test),
            ("--profile-time 5", Mode::Profile),
            ("--list", Mode::List),
        ] {
            assert_eq!(of(line).mode, mode, "{line}");
        }
        let line = CommandLine::try_parse_from(["throughput"]).unwrap();
        assert_eq!(Invocation::of_command_line(line, None).unwrap().mode, Mode::Test, "cargo test --benches");
    }

    #[test]
    fn numbers_go_over_the_profile_and_rounds_keep_their_length() {
        let mut profile = Profile::load("thorough").unwrap();
        let length = profile.round_length(Target::Throughput);
        of("--sample-size 10 --warm-up-time 1").overrule(&mut profile);
        assert_eq!((profile.criterion.sample_size, profile.criterion.warm_up_s), (10, 1.0));
        assert_eq!(profile.rounds.generations, 10);
        assert_eq!(profile.round_length(Target::Throughput), length);
        of("--measurement-time 9").overrule(&mut profile);
        assert_eq!(profile.measurement_time(Target::Latency).as_secs(), 9);
    }

    #[test]
    fn a_pass_shuffles_by_its_seed() {
        let pass = |seed| Pass { baseline: "b".into(), seed, filter: None, profile: None };
        let cell = |threads| Cell { target: Target::Latency, mode: "some".into(), message_bytes: 1, threads };
        let ordered = |seed: u64| {
            let mut cells: Vec<Cell> = (1..=20).map(cell).collect();
            Invocation::of_pass(pass(seed)).unwrap().order(&mut cells);
            cells.iter().map(|cell| cell.threads).collect::<Vec<_>>()
        };
        assert_eq!(ordered(1), ordered(1));
        assert_ne!(ordered(1), ordered(2));
        assert_ne!(ordered(1), (1..=20).collect::<Vec<_>>());
    }
}
