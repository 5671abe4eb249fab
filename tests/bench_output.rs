//! What a bench target prints where a program, or nobody, reads it: quiet runs,
//! lists, and the format that continuous benchmarking parses.

#[path = "support/bench_stage.rs"]
mod bench_stage;

use bench_stage::{BenchStage, PROFILE, text};
use regex::Regex;

/// The pattern for `tool: 'cargo'` of github-action-benchmark (v1.20,
/// src/extract.ts, `extractCargoResult`), and the older one that took `ns` only.
const PARSERS: [&str; 2] = [
    r"^test (.+)\s+\.\.\. bench:\s+([0-9,.]+) (\w+/\w+) \(\+/- ([0-9,.]+)\)$",
    r"^test (.+)\s+\.\.\. bench:\s+([0-9,]+) ns/iter \(\+/- ([0-9,]+)\)$",
];

#[test]
fn quiet_is_quiet() {
    let stage = BenchStage::new(PROFILE);
    let run = stage.bench("throughput", &["--quiet"]);
    let (shown, said) = (text(&run.stdout), text(&run.stderr));
    assert!(run.status.success(), "{said}");
    assert_eq!(said, "");
    let lines: Vec<&str> = shown.lines().filter(|line| !line.is_empty()).collect();
    let criterions = |line: &&&str| {
        let line = line.trim_start();
        line.starts_with("throughput/") || line.starts_with("time: ") || line.starts_with("thrpt: ")
    };
    assert_eq!(lines.iter().filter(|line| !criterions(line)).count(), 0, "{shown}");
    assert_eq!(lines.len(), 18, "{shown}");
    assert!(stage.output().join("report/copycost.html").exists(), "quiet, and still whole");
}

#[test]
fn a_list_is_a_list() {
    let stage = BenchStage::new(PROFILE);
    let ids = ["two-copy", "one-copy", "zero-copy"]
        .iter()
        .flat_map(|mode| [1024, 4096].map(|bytes| format!("latency/1-thread/{mode}/{bytes}: benchmark\n")))
        .collect::<String>();
    for list in [["--list"].as_slice(), &["--list", "--format", "terse"], &["--list", "--quiet"]] {
        let run = stage.bench("latency", list);
        assert_eq!((text(&run.stdout), text(&run.stderr)), (ids.clone(), String::new()));
        assert!(run.status.success());
    }
    let run = stage.bench("latency", &["--list", "one-copy/1024"]);
    assert_eq!(text(&run.stdout), "latency/1-thread/one-copy/1024: benchmark\n");
    assert!(!stage.output().exists());
}

#[test]
fn the_plotting_backend_is_chosen_and_not_searched_for() {
    let stage = BenchStage::new(PROFILE);
    let run = stage.bench("throughput", &["one-copy/1024$"]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert!(!text(&run.stderr).contains("nuplot"), "{}", text(&run.stderr));
    let plot = "throughput_1-thread/one-copy/1024/report/pdf.svg";
    assert!(stage.output().join(plot).exists());
}

#[test]
fn the_bencher_format_is_what_other_programs_parse() {
    let stage = BenchStage::new(PROFILE);
    for (target, more) in [("cpu_cost", None), ("latency", None), ("throughput", Some("--quick"))] {
        let mut arguments = vec!["--noplot", "--output-format", "bencher", "1024$"];
        arguments.extend(more);
        let run = stage.bench(target, &arguments);
        let shown = text(&run.stdout);
        assert!(run.status.success(), "{}", text(&run.stderr));
        let lines: Vec<&str> = shown.lines().filter(|line| !line.is_empty()).collect();
        for parser in PARSERS {
            let parser = Regex::new(parser).unwrap();
            let names: Vec<String> = lines
                .iter()
                .filter_map(|line| parser.captures(line))
                .inspect(|found| {
                    let figure: f64 = found[2].replace(',', "").parse().unwrap();
                    assert!(figure > 0.0);
                })
                .map(|found| found[1].to_string())
                .collect();
            // latency is never in cycles; CPU cost may be, and is then no `ns`.
            if target == "cpu_cost" && shown.contains("cycles/iter") && parser.as_str().contains("ns/iter") {
                continue;
            }
            let modes = ["two-copy", "one-copy", "zero-copy"];
            assert_eq!(names, modes.map(|mode| format!("{target}/1-thread/{mode}/1024")), "{shown}");
        }
        assert_eq!(lines.len(), 3, "{shown}");
    }
}
