//! Cells where the kernel itself refuses to sample, or hides its symbols: the breakdown
//! is absent with the reason and the command that helps, and all else is measured.

#[path = "support/bench_stage.rs"]
mod bench_stage;
#[path = "support/without.rs"]
mod without;

use std::process::Command;

use bench_stage::{BenchStage, PROFILE, text};
use copycost::breakdown::Profiler;
use copycost::cell::{Cell, Target};
use copycost::metric::number;
use copycost::results::criterion_files::{self, RECORD_FILE};

#[test]
fn sampling_that_the_kernel_refuses_leaves_the_rest() {
    match without::setting("kernel/perf_event_paranoid") {
        Some(2..) => {}
        other => return println!("skipped: kernel.perf_event_paranoid is {other:?} and refuses nothing"),
    }
    check(&["perfmon", "sys_admin"], &["sampling is refused", "sysctl -w kernel.perf_event_paranoid=1"]);
}

#[test]
fn symbols_that_the_kernel_hides_leave_the_rest() {
    let hides =
        match (without::setting("kernel/kptr_restrict"), without::setting("kernel/perf_event_paranoid")) {
            (Some(0), Some(2..)) => "sysctl -w kernel.perf_event_paranoid=1",
            (Some(1..), _) => "sysctl -w kernel.kptr_restrict=0",
            other => {
                return println!(
                    "skipped: kptr_restrict and perf_event_paranoid are {other:?} and hide nothing"
                );
            }
        };
    check(&["syslog"], &["symbols are hidden", hides]);
}

#[test]
fn threads_whose_samples_find_no_locked_memory_are_told_which() {
    match without::setting("kernel/perf_event_paranoid") {
        Some(0..) => {}
        other => return println!("skipped: kernel.perf_event_paranoid is {other:?} and lifts the limit"),
    }
    let Some(mut command) = without::command(&["ipc_lock"], "sh".as_ref()) else { return };
    // A ring of 260 KiB for each of 16 threads a CPU, of which all rings' allowance is 516 KiB.
    let threads = 8 * std::thread::available_parallelism().unwrap().get();
    let script = format!(
        "ulimit -l 0 && exec {} breakdown --mode one-copy --message-bytes 4096 --seconds 0.1 --threads {threads}",
        env!("CARGO_BIN_EXE_copycost")
    );
    let run = command.arg("-c").arg(script).output().unwrap();
    let said = text(&run.stderr);
    if Profiler::of_this_machine().is_err_and(|why| said.contains(&why)) {
        return println!("skipped: {said}");
    }
    assert!(!run.status.success() && said.contains("kernel.perf_event_mlock_kb"), "{said}");
    assert!(!said.contains("seccomp"), "{said}");
}

/// A cell and the command for one, without `capabilities`: `reasons` are given.
fn check(capabilities: &[&str], reasons: &[&str]) {
    let stage = BenchStage::new(PROFILE);
    let mut bench = stage.command("cpu_cost", &["--noplot", "one-copy/4096$"]);
    let Some(run) = run_without(capabilities, &bench) else { return };
    assert!(run.status.success(), "{}", text(&run.stderr));
    let cell = Cell { target: Target::CpuCost, mode: "one-copy".into(), message_bytes: 4096, threads: 1 };
    let path = criterion_files::cell_directory(&stage.output(), &cell).join("new").join(RECORD_FILE);
    let record = criterion_files::read_record(&path).unwrap();
    let breakdown = record.breakdown.as_ref().unwrap();
    let why = breakdown.absence().unwrap_or_else(|| panic!("{breakdown:?}"));
    let printed = text(&run.stdout);
    for reason in reasons {
        assert!(why.contains(reason), "{why}");
        assert!(printed.contains(reason), "{printed}");
    }
    assert_eq!(record.blocks.len(), 10);
    for name in ["client_cost_per_byte", "server_cost_per_byte", "client_busy_share"] {
        assert!(number(&record.metrics, name).is_some_and(|value| value > 0.0), "{name} is missing");
    }

    bench = Command::new(env!("CARGO_BIN_EXE_copycost"));
    bench.args(["breakdown", "--mode", "one-copy", "--message-bytes", "4096", "--seconds", "0.1"]);
    let Some(run) = run_without(capabilities, &bench) else { return };
    let said = text(&run.stderr);
    assert!(!run.status.success() && reasons.iter().all(|reason| said.contains(reason)), "{said}");
}

fn run_without(capabilities: &[&str], command: &Command) -> Option<std::process::Output> {
    let mut without = without::command(capabilities, command.get_program())?;
    without.args(command.get_args());
    for (name, value) in command.get_envs() {
        without.env(name, value.unwrap());
    }
    if let Some(directory) = command.get_current_dir() {
        without.current_dir(directory);
    }
    Some(without.output().unwrap())
}
