//! Where a report lies on disk: beside Criterion's own index, with its figures
//! as CSV and JSON next to it. It owns file names and the way from there to
//! Criterion's pages.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::page::{self, Beside};
use super::{CriterionPage, Report, csv};
use crate::compare::Baseline;
use crate::error::{Result, failed};
use crate::results::{criterion_files, whole_file};

/// The directory of the report: Criterion keeps its index there and deletes
/// nothing; no baseline can have that place.
pub fn directory(output: &Path) -> PathBuf {
    output.join("report")
}

/// The page's file in it.
pub const PAGE: &str = "copycost.html";
/// The file of the whole [`Report`].
pub const JSON: &str = "copycost.json";
/// The file of figures and ratios.
pub const FIGURES_CSV: &str = "copycost.csv";
/// The file of the percentile curves.
pub const CURVES_CSV: &str = "copycost-latency.csv";

/// Criterion's page of every cell that the baselines hold and that has one, as
/// it is reached from `from`.
pub fn links(output: &Path, from: &Path, baselines: &[Baseline]) -> Vec<CriterionPage> {
    let mut links: Vec<CriterionPage> = Vec::new();
    let to_output = relative(from, output);
    for baseline in baselines {
        for of_cell in super::cells::cells(baseline) {
            let directory = criterion_files::cell_directory(output, &of_cell.cell);
            let is_known = links.iter().any(|link| link.cell == of_cell.cell);
            let (Ok(inside), false) = (directory.strip_prefix(output), is_known) else { continue };
            if directory.join("report/index.html").is_file() {
                let path = to_output.join(inside).join("report/index.html");
                links.push(CriterionPage { cell: of_cell.cell, path: path.to_string_lossy().into_owned() });
            }
        }
    }
    links
}

/// Writes JSON and CSV into `directory`. Returns the files.
pub fn write_data(report: &Report, directory: &Path) -> Result<Vec<PathBuf>> {
    let json = serde_json::to_string(report).map_err(|error| failed(directory)(error.into()))?;
    let files = [(JSON, json), (FIGURES_CSV, csv::figures(report)), (CURVES_CSV, csv::curves(report))];
    files.iter().map(|(name, text)| write(directory, name, text)).collect()
}

/// Writes the page into `directory`, with the data that it links to. Returns
/// the page.
pub fn write_page(report: &Report, directory: &Path) -> Result<PathBuf> {
    write_data(report, directory)?;
    let beside = [
        (FIGURES_CSV, "Every figure and ratio, CSV"),
        (CURVES_CSV, "The percentile curves, CSV"),
        (JSON, "Everything on this page, JSON"),
    ];
    let beside = beside.map(|(path, label)| Beside { label: label.to_string(), path: path.to_string() });
    write(directory, PAGE, &page::render(report, &beside))
}

/// Writes one file of the report, in one step.
pub fn write(directory: &Path, name: &str, text: &str) -> Result<PathBuf> {
    fs::create_dir_all(directory).map_err(failed(directory))?;
    let path = directory.join(name);
    whole_file::write(&path, text.as_bytes())?;
    Ok(path)
}

/// The way from one directory to another, both of which need not exist yet.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let (from, to) = (whole(from), whole(to));
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[common..].iter().map(|_| Component::ParentDir);
    up.chain(to[common..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_criterions_directory_is_relative() {
        let way =
            |from: &str, to: &str| relative(Path::new(from), Path::new(to)).to_string_lossy().into_owned();
        assert_eq!(way("/a/criterion/report", "/a/criterion"), "..");
        assert_eq!(way("/a/pages", "/a/target/criterion"), "../target/criterion");
        assert_eq!(way("/a", "/a"), "");
        assert_eq!(way("target/criterion/report", "target/criterion"), "..");
    }
}
