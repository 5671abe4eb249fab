//! `copycost import`: a baseline or a group that was exported elsewhere, or earlier. It
//! reads arguments and prints; what is checked and written is
//! `results::archive`'s.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use copycost::results::archive;
use copycost::results::criterion_files;
use copycost::results::name::BaselineName;

use super::export::{bytes, contents, missing_passes};

/// Take in a baseline or a group that `copycost export` wrote, so that `copycost compare`,
/// `cargo bench -- --baseline NAME` and `critcmp` have it here. Everything in
/// the file is checked before anything is written; no baseline is overwritten.
#[derive(clap::Args)]
pub(crate) struct Import {
    /// The file that `copycost export` wrote.
    file: PathBuf,
    /// What to call it here; a group's sides are called by it [default: its name where
    /// it was exported].
    #[arg(long = "as", value_name = "NAME")]
    as_name: Option<BaselineName>,
}

impl Import {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let output = criterion_files::output_directory();
        let now = copycost::environment::date_utc().map_err(|reason| anyhow!(reason))?;
        let summary = archive::import(&output, &self.file, self.as_name.as_ref(), &now)
            .context("nothing is imported")?;
        let name = self.as_name.as_ref().unwrap_or(&summary.exported_as);
        println!(
            "imported {name}: {}, of {}, exported as {} on {}; {} unpacked to {}",
            contents(&summary),
            kernels(&summary.kernel_releases),
            summary.exported_as,
            summary.made_utc,
            bytes(summary.archive_bytes),
            bytes(summary.content_bytes)
        );
        if let Some(line) = missing_passes(&summary) {
            println!("{line}");
        }
        let new = if summary.sides.is_empty() { " NEW" } else { "" };
        println!("compare: copycost compare {name}{new}");
        Ok(())
    }
}

/// `kernel 6.1`, or `kernels 6.1, 6.12`.
fn kernels(releases: &[String]) -> String {
    match releases {
        [] => "kernel unknown".to_string(),
        [one] => format!("kernel {one}"),
        several => format!("kernels {}", several.join(", ")),
    }
}
