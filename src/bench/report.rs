//! The reports at the end of a run: where Criterion's is, and our own, from the
//! last run of every bench target that lies in the same directory, since each
//! target is a process of its own and the last of them writes the whole. It owns
//! that a report which cannot be written is a message and no failure of the run.

use std::path::{Path, PathBuf};

use crate::compare::Baseline;
use crate::error::Result;
use crate::report::{Report, files};
use crate::results::criterion_files::LAST_RUN;

/// Says where Criterion's report is and, of a whole run, writes our own.
pub(super) fn announce(output: &Path, is_whole: bool, is_quiet: bool) {
    let criterions = output.join("report/index.html");
    if criterions.exists() && !is_quiet {
        println!("Criterion's HTML report: {}\n", criterions.display());
    }
    if is_whole {
        write(output, is_quiet);
    }
}

fn write(output: &Path, is_quiet: bool) {
    match page(output) {
        Ok(_) if is_quiet => {}
        Ok(page) => println!("The report, which answers from every target's last run: {}\n", page.display()),
        Err(error) => eprintln!("copycost: the report was not written: {error}\n"),
    }
}

fn page(output: &Path) -> Result<PathBuf> {
    let baselines = [Baseline::load(output, LAST_RUN)?];
    let directory = files::directory(output);
    let report = Report::gather(&baselines, files::links(output, &directory, &baselines));
    files::write_page(&report, &directory)
}
