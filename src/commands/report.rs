//! `copycost report`: answers from the records of one or several baselines. It
//! reads arguments, names files and prints; what a report says is
//! `copycost::report`'s.

use std::path::PathBuf;

use copycost::compare::Baseline;
use copycost::report::{Report, files, markdown};
use copycost::results::criterion_files;
use copycost::results::group::baselines_of;

use super::WrongUsage;

/// Answer from the records which mode to use where, from which size on it pays
/// and what it costs; with several baselines also what changed.
#[derive(clap::Args)]
pub(crate) struct MakeReport {
    /// What to report on: a name of `copycost record` or of `cargo bench --
    /// --save-baseline`; can be given up to eight times, and the first is what the
    /// others are compared with [default: new, the last run].
    #[arg(long = "baseline", value_name = "NAME")]
    baselines: Vec<String>,
    /// Where to write the page, and the figures as CSV and JSON beside it
    /// [default: report/ in Criterion's directory].
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// The page, or the same answers as Markdown on the standard output.
    #[arg(long, value_enum, default_value = "html")]
    format: Format,
}

/// Beyond it lines of several baselines look alike.
const MOST_BASELINES: usize = 8;

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Format {
    Html,
    Markdown,
}

impl MakeReport {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let output = criterion_files::output_directory();
        let mut names: Vec<String> = Vec::new();
        for given in self.baselines {
            for name in baselines_of(&output, &given)? {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        if names.is_empty() {
            names.push("new".to_string());
        }
        if names.len() > MOST_BASELINES {
            let what = format!(
                "{} baselines on one page: up to {MOST_BASELINES} can be told apart; name some of them: \
                 `copycost report --baseline {} --baseline {}`",
                names.len(),
                names[0],
                names[1]
            );
            return Err(WrongUsage(what).into());
        }
        let loaded = names.iter().map(|name| Baseline::load(&output, name));
        let baselines = loaded.collect::<Result<Vec<Baseline>, _>>()?;
        let directory = self.output.unwrap_or_else(|| files::directory(&output));
        let report = Report::gather(&baselines, files::links(&output, &directory, &baselines));
        match self.format {
            Format::Markdown => {
                print!("{}", markdown::render(&report));
                for path in files::write_data(&report, &directory)? {
                    eprintln!("copycost: {}", path.display());
                }
            }
            Format::Html => {
                let page = files::write_page(&report, &directory)?;
                println!("{}", page.display());
            }
        }
        Ok(())
    }
}
