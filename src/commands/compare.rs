//! `copycost compare`: what changed from one baseline to others. It reads
//! arguments and prints; the verdicts are `copycost::compare`'s.

use std::process::ExitCode;

use anyhow::Context;
use copycost::Error;
use copycost::compare::side_by_side;
use copycost::compare::table::{Style, render};
use copycost::compare::{Baseline, Comparison, Options, Verdict, compare};
use copycost::results::criterion_files;
use copycost::results::group::baselines_of;

use super::WrongUsage;
use super::number::within;

/// Say what changed from one baseline to another, cell by cell: against the
/// other modes, and by itself; of several beside one, a column each.
#[derive(clap::Args)]
pub(crate) struct Compare {
    /// The baseline to compare with: a name of `copycost record` or of
    /// `cargo bench -- --save-baseline`; `new` is the last run. A group of sides
    /// stands for its first side, and for the others to compare with it.
    base: String,
    /// What to compare with it.
    new: Vec<String>,
    /// Changes up to this many percent are not called.
    #[arg(long, default_value = "0", value_name = "PCT", value_parser = within(0.0..=100.0_f64), allow_negative_numbers = true)]
    threshold: f64,
    /// Exit with status 3 if any verdict is this: slower or faster.
    #[arg(long, value_name = "VERDICT", value_parser = verdict)]
    fail_on: Option<Verdict>,
    /// Compare also what measured another message or method.
    #[arg(long)]
    force: bool,
    /// Print one JSON array, a comparison an entry.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print Markdown tables.
    #[arg(long)]
    markdown: bool,
}

impl Compare {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let output = criterion_files::output_directory();
        let names: Vec<&String> = [&self.base].into_iter().chain(&self.new).collect();
        let mut baselines = Vec::new();
        for name in names {
            baselines.extend(baselines_of(&output, name)?);
        }
        let [base, new @ ..] = baselines.as_slice() else { return Ok(ExitCode::from(2)) };
        if new.is_empty() {
            let what = format!("{base}: compare with what? Give a second name, or a group of several sides");
            return Err(WrongUsage(what).into());
        }
        let base = Baseline::load(&output, base)?;
        let comparisons = new.len();
        let options = Options { threshold: self.threshold / 100.0, force: self.force, comparisons };
        let mut comparisons: Vec<Comparison> = Vec::new();
        for name in new {
            match compare(&base, &Baseline::load(&output, name)?, options) {
                Ok(comparison) => comparisons.push(comparison),
                Err(error @ Error::OneBaseline { .. }) => {
                    eprintln!("copycost: {error}");
                    return Ok(ExitCode::from(2));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&comparisons).context("write the verdicts as JSON")?);
        } else {
            let style = if self.markdown { Style::Markdown } else { Style::Text };
            match comparisons.as_slice() {
                [one] => println!("{}", render(one, style)),
                several => println!("{}", side_by_side::render(several, style)),
            }
        }
        let found =
            self.fail_on.is_some_and(|verdict| comparisons.iter().any(|comparison| comparison.has(verdict)));
        Ok(if found { ExitCode::from(3) } else { ExitCode::SUCCESS })
    }
}

fn verdict(word: &str) -> Result<Verdict, String> {
    match word {
        "slower" => Ok(Verdict::Slower),
        "faster" => Ok(Verdict::Faster),
        _ => Err("allowed: slower, faster".to_string()),
    }
}
