//! A bench target as people run it: Criterion's files, our records beside them,
//! baselines, filters, and a profile that is refused. Run through cargo, with
//! output in a directory of its own.

#[path = "support/bench_stage.rs"]
mod bench_stage;

use std::path::Path;

use bench_stage::{BenchStage, PROFILE};
use copycost::cell::{Cell, Target};
use copycost::exchange::SELF_LANE;
use copycost::results::criterion_files::{self, RECORD_FILE};
use copycost::results::record::Record;

/// The line that says where our report is.
const REPORT: &str = "The report, which answers";

fn cell(target: Target, mode: &str, message_bytes: usize) -> Cell {
    Cell { target, mode: mode.into(), message_bytes, threads: 1 }
}

fn record(output: &Path, cell: &Cell, baseline: &str) -> Record {
    let path = criterion_files::cell_directory(output, cell).join(baseline).join(RECORD_FILE);
    criterion_files::read_record(&path).unwrap()
}

#[test]
fn records_lie_beside_criterions_files_and_follow_baselines() {
    let stage = BenchStage::new(PROFILE);
    let run = stage.cargo_bench("throughput", &["--save-baseline", "before"]);
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{text}{}", String::from_utf8_lossy(&run.stderr));
    for mode in ["two-copy", "one-copy", "zero-copy"] {
        let cell = cell(Target::Throughput, mode, 4096);
        let kept = record(&stage.output(), &cell, "new");
        assert_eq!(kept, record(&stage.output(), &cell, "before"));
        // Criterion's samples are the own rounds of our blocks.
        let samples = criterion_files::samples(&stage.output(), &cell).unwrap().unwrap();
        let own: Vec<(u64, u64)> = kept
            .blocks
            .iter()
            .map(|block| block.round(mode).unwrap())
            .map(|round| (round.messages, round.time_ns))
            .collect();
        assert!(own.len() == 10 && samples.are_the_last_of(&own));
        assert_eq!(kept.seed, 7);
        let mut others = vec!["two-copy", "one-copy", "zero-copy", SELF_LANE, "memcpy", "system-call"];
        others.retain(|lane| *lane != mode);
        others.sort_unstable();
        assert_eq!(kept.ratios.keys().collect::<Vec<_>>(), others);
        assert!(!kept.row_ratios.contains_key(SELF_LANE));
        let generations: Vec<usize> = kept.blocks.iter().map(|block| block.generation).collect();
        assert_eq!(generations, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    }
    let table = text.split("throughput: median Gbit/s").nth(1).unwrap();
    assert!(table.contains("threads  bytes  two-copy") && table.contains("d Deferred copies"), "{table}");

    let page = std::fs::read_to_string(stage.output().join("report/copycost.html")).unwrap();
    assert!(
        page.contains("4 KiB") && text.contains(REPORT) && text.contains("report/copycost.html"),
        "{text}"
    );

    // A filtered run replaces its own cells and no others, writes no report, and the saved
    // baseline keeps the run that it was saved from.
    let cell = cell(Target::Throughput, "one-copy", 1024);
    let (before, untouched) =
        (record(&stage.output(), &cell, "before"), self::cell(Target::Throughput, "one-copy", 4096));
    let old = record(&stage.output(), &untouched, "new");
    let run = stage.cargo_bench("throughput", &["--baseline", "before", "one-copy/1024$"]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(!String::from_utf8_lossy(&run.stdout).contains(REPORT));
    assert_ne!(record(&stage.output(), &cell, "new"), before);
    assert_eq!(record(&stage.output(), &cell, "before"), before);
    assert_eq!(record(&stage.output(), &untouched, "new"), old);
}

#[test]
fn latency_keeps_percentiles_and_says_why_one_is_absent() {
    let stage = BenchStage::new(PROFILE);
    let run = stage.cargo_bench("latency", &["two-copy/1024$"]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let record = record(&stage.output(), &cell(Target::Latency, "two-copy", 1024), "new");
    let metrics = serde_json::to_value(&record.metrics).unwrap();
    let count = metrics["round_trips"]["value"].as_u64().unwrap();
    assert_eq!(
        count,
        record.blocks.iter().map(|block| block.round("two-copy").unwrap().messages).sum::<u64>()
    );
    assert!(metrics["round_trip_p50"]["value"].as_f64().unwrap() > 0.0);
    match count < 1000 {
        true => assert!(metrics["round_trip_p99_9"]["absent"].as_str().unwrap().contains("needs 1000")),
        false => assert!(metrics["round_trip_p99_9"]["value"].is_f64()),
    }
    assert!(metrics.get("throughput").is_none(), "throughput is never derived from latency");
    assert!(text.contains("round trips: p50 "), "{text}");
}

#[test]
fn cpu_cost_is_in_one_unit_and_is_refused_against_another() {
    let stage = BenchStage::new(PROFILE);
    let run = stage.cargo_bench("cpu_cost", &["one-copy/1024$"]);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{text}{}", String::from_utf8_lossy(&run.stderr));
    let cell = cell(Target::CpuCost, "one-copy", 1024);
    let kept = record(&stage.output(), &cell, "new");
    let unit = kept.cost_unit.unwrap();
    assert!(text.contains(&format!("CPU cost is in {}", unit.name())), "{text}");
    let samples = criterion_files::samples(&stage.output(), &cell).unwrap().unwrap();
    let own = kept.blocks.iter().map(|block| block.round("one-copy").unwrap());
    let own: Vec<(u64, u64)> = own.map(|round| (round.messages, round.cost.unwrap())).collect();
    assert!(samples.are_the_last_of(&own));

    // Without a name the run is kept under the kernel's release. That baseline,
    // as if it had been taken on a machine of the other kind:
    let release = copycost::environment::kernel_release().unwrap();
    assert_eq!(record(&stage.output(), &cell, &release), kept);
    assert!(!criterion_files::cell_directory(&stage.output(), &cell).join("base").exists());
    let path = criterion_files::cell_directory(&stage.output(), &cell).join(&release).join(RECORD_FILE);
    let other = if unit.name() == "cycles" { "ns CPU" } else { "cycles" };
    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    value["cost_unit"] = other.into();
    std::fs::write(&path, value.to_string()).unwrap();
    let run = stage.cargo_bench("cpu_cost", &["one-copy/1024$"]);
    let text = String::from_utf8_lossy(&run.stderr);
    assert!(
        !run.status.success()
            && text.contains("they do not compare")
            && text.contains(&format!("baseline `{release}`")),
        "{text}"
    );
}

#[test]
fn listing_prints_the_names_and_nothing_else() {
    let run = BenchStage::new(PROFILE).cargo_bench("throughput", &["--list"]);
    let names: Vec<String> = ["two-copy", "one-copy", "zero-copy"]
        .iter()
        .flat_map(|mode| [1024, 4096].map(|bytes| format!("throughput/1-thread/{mode}/{bytes}: benchmark")))
        .collect();
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert_eq!(text.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(), names);
}

#[test]
fn a_bad_profile_stops_before_anything_is_measured() {
    let stage = BenchStage::new("[matrix]\nthreads = [0]\n");
    let run = stage.cargo_bench("throughput", &[]);
    let text = String::from_utf8_lossy(&run.stderr);
    assert!(!run.status.success());
    assert!(text.contains("profile.toml: `matrix.threads` = 0: allowed: 1 to 256"), "{text}");
    assert!(!stage.output().exists());
}
