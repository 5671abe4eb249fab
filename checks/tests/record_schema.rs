//! docs/record.schema.json takes the record that each bench target writes.

#[path = "../../tests/support/bench_stage.rs"]
mod bench_stage;

use std::path::PathBuf;

use bench_stage::{BenchStage, PROFILE};
use copycost::cell::{Cell, Target};
use copycost::results::criterion_files::{self, RECORD_FILE};

/// The record as it is, and not without a metric's value.
fn assert_fits_schema(path: PathBuf) {
    let schema = include_str!("../../docs/record.schema.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let mut value = serde_json::to_value(criterion_files::read_record(&path).unwrap()).unwrap();
    let errors: Vec<String> =
        schema.iter_errors(&value).map(|e| format!("{e} at {}", e.instance_path)).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    value["metrics"]["mss"] = serde_json::json!({ "unit": "B" });
    assert!(!schema.is_valid(&value), "a metric with neither value nor reason");
}

#[test]
fn the_schema_takes_the_record_of_every_target() {
    let stage = BenchStage::new(PROFILE);
    for (target, name, modes) in [
        (Target::Throughput, "throughput", &["two-copy", "one-copy", "zero-copy"][..]),
        (Target::Latency, "latency", &["two-copy"]),
        (Target::CpuCost, "cpu_cost", &["one-copy"]),
    ] {
        for mode in modes {
            let run = stage.bench(name, &[&format!("{mode}/4096$")]);
            assert!(run.status.success(), "{}", bench_stage::text(&run.stderr));
            let cell = Cell { target, mode: mode.to_string(), message_bytes: 4096, threads: 1 };
            let directory = criterion_files::cell_directory(&stage.output(), &cell).join("new");
            assert_fits_schema(directory.join(RECORD_FILE));
        }
    }
}
