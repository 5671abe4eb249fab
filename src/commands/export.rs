//! `copycost export`: a baseline, or a group of sides, as one file. It reads arguments and prints;
//! the archive is `results::archive`'s.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use copycost::results::archive::{self, Summary};
use copycost::results::criterion_files;
use copycost::results::name::BaselineName;
use copycost::results::table::count;

/// Write a baseline into one compressed file, for `copycost import` on another
/// machine or kernel: Criterion's data, the records of its cells with the
/// environment in each, and every pass of a recording; of a group that at all its
/// sides. Logs stay here.
#[derive(clap::Args)]
pub(crate) struct Export {
    /// The baseline: a name of `copycost record` or of
    /// `cargo bench -- --save-baseline`; or a group.
    name: BaselineName,
    /// The file to write, such as NAME.tar.gz; there must be none of that name.
    file: PathBuf,
}

impl Export {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let output = criterion_files::output_directory();
        let now = copycost::environment::date_utc().map_err(|reason| anyhow!(reason))?;
        let summary = archive::export(&output, &self.name, &self.file, &now)
            .with_context(|| format!("`{}` is not exported", self.name))?;
        println!(
            "exported {}: {}, {} in {} files; {} has {}",
            self.name,
            contents(&summary),
            bytes(summary.content_bytes),
            summary.files,
            self.file.display(),
            bytes(summary.archive_bytes)
        );
        if let Some(line) = missing_passes(&summary) {
            println!("{line}; `copycost record --resume --name {}` measures them", self.name);
        }
        println!("import it elsewhere: copycost import FILE [--as NAME]");
        Ok(())
    }
}

/// `144 cells, 30 passes`, or `2 sides (6.1, 6.12), 30 passes`.
pub(super) fn contents(summary: &Summary) -> String {
    let names: Vec<&str> = summary.sides.iter().map(BaselineName::as_str).collect();
    let what = match names.len() {
        0 => count(summary.cells, "cell"),
        sides => format!("{} ({})", count(sides, "side"), names.join(", ")),
    };
    match summary.planned_passes {
        0 => what,
        _ => format!("{what}, {}", count(summary.passes, "pass")),
    }
}

/// Of a recording that is not finished.
pub(super) fn missing_passes(summary: &Summary) -> Option<String> {
    let planned = summary.planned_passes;
    let missing = planned.saturating_sub(summary.passes);
    (missing > 0).then(|| format!("the recording is not finished: {missing} of {planned} passes are missing"))
}

/// Decimal, three digits: `1.23 MB`.
pub(super) fn bytes(bytes: u64) -> String {
    let (value, unit) = match bytes {
        0..1_000 => return format!("{bytes} B"),
        1_000..1_000_000 => (bytes as f64 / 1e3, "kB"),
        1_000_000..1_000_000_000 => (bytes as f64 / 1e6, "MB"),
        _ => (bytes as f64 / 1e9, "GB"),
    };
    format!("{} {unit}", copycost::results::table::digits(value))
}
