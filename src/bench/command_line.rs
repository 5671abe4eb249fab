//! Criterion's command line, flag by flag, with what each value may be. It owns
//! the flags' names and limits, so that what Criterion would panic at never
//! reaches it; what a run makes of them is `invocation`'s. Criterion reads the
//! same line once more: there is no other way to hand it some of the flags.

use clap::Parser;

use crate::profile::check::{limits, within};
use crate::results::name::BaselineName;

/// A benchmark of copycost. Criterion's flags; the numbers stand in the place of
/// the profile's keys, and the profile is COPYCOST_PROFILE's.
#[derive(Debug, Parser)]
#[command(name = "copycost", bin_name = "cargo bench --", version, after_help = AFTER_HELP)]
#[allow(dead_code)] // some flags are Criterion's alone
pub(super) struct CommandLine {
    /// Only cells whose benchmark id matches: a regular expression.
    pub(super) filter: Option<String>,
    /// FILTER is a benchmark id to the letter.
    #[arg(long)]
    pub(super) exact: bool,
    /// Only benchmarks that are ignored: there are none.
    #[arg(long)]
    pub(super) ignored: bool,

    /// Keep the results as this baseline as well [default: the kernel's release].
    #[arg(short, long, value_name = "NAME", value_parser = new_baseline)]
    pub(super) save_baseline: Option<String>,
    /// Keep no results.
    #[arg(long, conflicts_with_all = ["save_baseline", "baseline", "baseline_lenient"])]
    pub(super) discard_baseline: bool,
    /// Compare with this baseline; refused if a cell asked for lacks it.
    #[arg(short, long, value_name = "NAME", conflicts_with_all = ["save_baseline", "baseline_lenient"])]
    pub(super) baseline: Option<String>,
    /// Compare with this baseline those cells that have it.
    #[arg(long, value_name = "NAME", conflicts_with = "save_baseline")]
    pub(super) baseline_lenient: Option<String>,
    /// Take this baseline's samples instead of measuring.
    #[arg(long, value_name = "NAME", requires = "baseline", conflicts_with = "profile_time")]
    pub(super) load_baseline: Option<String>,

    /// List the benchmarks, and nothing else.
    #[arg(long, conflicts_with_all = ["test", "profile_time"])]
    pub(super) list: bool,
    /// Of a list; both are one id a line.
    #[arg(long, value_parser = ["pretty", "terse"], default_value = "pretty")]
    format: String,
    /// Run each cell once, to see that it works.
    #[arg(long, conflicts_with = "profile_time")]
    pub(super) test: bool,
    /// Run each cell for about so many seconds and keep nothing: for a profiler.
    #[arg(long, value_name = "S", value_parser = profile_time_s, allow_negative_numbers = true)]
    pub(super) profile_time: Option<f64>,

    /// Samples a cell; each is a block.
    #[arg(long, value_name = "N", value_parser = sample_size, allow_negative_numbers = true)]
    pub(super) sample_size: Option<usize>,
    /// Warm-up of a cell in seconds.
    #[arg(long, value_name = "S", value_parser = warm_up_s, allow_negative_numbers = true)]
    pub(super) warm_up_time: Option<f64>,
    /// How long a cell is measured, in seconds.
    #[arg(long, value_name = "S", value_parser = measurement_time_s, allow_negative_numbers = true)]
    pub(super) measurement_time: Option<f64>,
    /// Bootstrap resamples of Criterion's intervals.
    #[arg(long, value_name = "N", value_parser = resamples, allow_negative_numbers = true)]
    pub(super) nresamples: Option<usize>,
    /// Changes smaller than this share Criterion calls noise.
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub(super) noise_threshold: Option<f64>,
    /// Of Criterion's intervals.
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    confidence_level: Option<f64>,
    /// Of Criterion's own comparison of two runs.
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub(super) significance_level: Option<f64>,
    /// Criterion's quick mode: two samples, until they agree.
    #[arg(long, conflicts_with = "sample_size")]
    pub(super) quick: bool,

    /// Only Criterion's results, errors and failed cells.
    #[arg(long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// More of Criterion's statistics.
    #[arg(short, long)]
    verbose: bool,
    /// Colours in Criterion's lines.
    #[arg(short, long, alias = "colour", value_parser = ["auto", "always", "never"], default_value = "auto")]
    color: String,
    /// `bencher`: one line a cell, as libtest prints it, for programs that parse it.
    #[arg(long, value_parser = ["criterion", "bencher"], default_value = "criterion")]
    pub(super) output_format: String,
    /// No plots and none of Criterion's pages.
    #[arg(short, long)]
    noplot: bool,
    /// Who draws Criterion's plots [default: plotters].
    #[arg(long, value_parser = plotting_backend)]
    plotting_backend: Option<String>,

    /// Without it, as `cargo test --benches` starts it, cells are only tested.
    #[arg(long, hide = true)]
    pub(super) bench: bool,
    #[arg(long, hide = true)]
    nocapture: bool,
    #[arg(long, hide = true)]
    show_output: bool,
    #[arg(long, hide = true)]
    include_ignored: bool,
}

const AFTER_HELP: &str = "\
Exit status: 0 fine, also if FILTER matches only cells of another bench target; 1 a cell failed; \
2 wrong usage, also if FILTER matches no cell of any target.";

/// What Criterion makes a directory of.
fn new_baseline(name: &str) -> Result<String, String> {
    // Criterion's own default, so it does no harm.
    if name == "base" {
        return Ok(name.to_string());
    }
    BaselineName::new(name).map(|name| name.to_string()).map_err(|error| error.to_string())
}

fn sample_size(word: &str) -> Result<usize, String> {
    number(word, limits::SAMPLE_SIZE)
}

fn warm_up_s(word: &str) -> Result<f64, String> {
    number(word, limits::WARM_UP_S)
}

fn measurement_time_s(word: &str) -> Result<f64, String> {
    number(word, limits::MEASUREMENT_TIME_S)
}

fn resamples(word: &str) -> Result<usize, String> {
    number(word, limits::RESAMPLES)
}

fn share(word: &str) -> Result<f64, String> {
    number(word, limits::SHARE)
}

/// Criterion takes no less than a second.
fn profile_time_s(word: &str) -> Result<f64, String> {
    number(word, (1.0, 3600.0))
}

fn number<T>(word: &str, limits: (T, T)) -> Result<T, String>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display + Copy,
{
    let number = word.parse().map_err(|_| format!("must be a number, {} to {}", limits.0, limits.1))?;
    within(number, limits).map(|()| number)
}

/// Criterion panics if it is told to use a gnuplot that is not there.
fn plotting_backend(name: &str) -> Result<String, String> {
    let is_there = || std::process::Command::new("gnuplot").arg("--version").output();
    match name {
        "plotters" => Ok(name.to_string()),
        "gnuplot" => match is_there() {
            Ok(output) if output.status.success() => Ok(name.to_string()),
            Ok(output) => Err(format!("`gnuplot --version` ended with {}; allowed: plotters", output.status)),
            Err(error) => Err(format!("gnuplot cannot be run: {error}; allowed: plotters")),
        },
        _ => Err("allowed: plotters, gnuplot".to_string()),
    }
}
