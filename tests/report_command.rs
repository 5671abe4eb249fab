//! `copycost report` as a program: where it writes, what it links to, what it
//! says of a name that nothing is kept under.

#[path = "support/made_up.rs"]
mod made_up;

use std::path::Path;
use std::process::{Command, Output};

use copycost::compare::Baseline;
use copycost::report::files;
use copycost::results::criterion_files::{baseline_names, cell_directory, save_record};
use made_up::{Machine, reference};

fn plain(lane: &str, bytes: usize, _: usize) -> f64 {
    reference(lane, bytes).unwrap_or(1000.0 + bytes as f64)
}

/// Criterion's directory with a run of four cells, one of which has a page.
fn criterion(output: &Path) -> Baseline {
    let baseline = Machine { sizes: vec![1024, 4096], ..Machine::taking(plain) }.baseline("new");
    for (number, record) in baseline.processes[0].records.iter().enumerate() {
        let directory = cell_directory(output, &record.cell);
        std::fs::create_dir_all(directory.join("new")).unwrap();
        std::fs::write(directory.join("new/sample.json"), "{}").unwrap();
        if number == 0 {
            std::fs::create_dir_all(directory.join("report")).unwrap();
            std::fs::write(directory.join("report/index.html"), "").unwrap();
        }
        save_record(output, record).unwrap();
    }
    baseline
}

fn report(output: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copycost"));
    command.arg("report").args(arguments).env("CRITERION_HOME", output).output().unwrap()
}

#[test]
fn markdown_is_printed_and_the_figures_lie_beside_criterions_index() {
    let output = tempfile::tempdir().unwrap();
    criterion(output.path());
    let printed = report(output.path(), &["--format", "markdown"]);
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let text = String::from_utf8(printed.stdout).unwrap();
    assert!(text.starts_with("# copycost") && text.contains("## Findings"), "{text}");
    for name in [files::JSON, files::FIGURES_CSV, files::CURVES_CSV] {
        assert!(output.path().join("report").join(name).is_file(), "{name}");
    }
    // No baseline is called after it, and Criterion's index is not touched.
    assert_eq!(baseline_names(output.path()).unwrap(), ["new"]);
    assert!(!output.path().join("report/index.html").exists());
}

#[test]
fn an_unknown_baseline_is_an_error_that_names_the_known_ones() {
    let output = tempfile::tempdir().unwrap();
    criterion(output.path());
    let printed = report(output.path(), &["--baseline", "nonesuch", "--format", "markdown"]);
    assert_eq!(printed.status.code(), Some(1));
    let error = String::from_utf8_lossy(&printed.stderr);
    assert!(error.contains("nonesuch") && error.contains("there are: new"), "{error}");
    assert_eq!(report(output.path(), &["--format", "pdf"]).status.code(), Some(2));
}

#[test]
fn cells_that_have_a_page_of_criterions_are_linked_from_where_the_report_lies() {
    let output = tempfile::tempdir().unwrap();
    let baseline = criterion(output.path());
    let from = files::directory(output.path());
    let links = files::links(output.path(), &from, std::slice::from_ref(&baseline));
    let [link] = links.as_slice() else { panic!("{links:?}") };
    assert_eq!(link.path, "../throughput_1-thread/two-copy/1024/report/index.html");
    assert_eq!(link.cell, baseline.processes[0].records[0].cell);
    std::fs::create_dir_all(&from).unwrap();
    assert!(from.join(&link.path).is_file());
}
