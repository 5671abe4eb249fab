//! The program under `strace -e inject=`: system calls that fail at will. Where
//! strace is lacking, or may not trace, a test says so and passes over it.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use std::collections::BTreeSet;
use std::process::{Command, Output};
use std::sync::LazyLock;

/// Runs `copycost` with `arguments` while each of `injections`, such as
/// `connect:error=EINTR:when=1`, is in force; counted thread by thread.
/// `None`, with the reason printed, where that is not possible.
pub fn copycost(injections: &[&str], arguments: &[&str]) -> Option<Output> {
    let calls: Vec<&str> = injections.iter().map(|injection| injection.split(':').next().unwrap()).collect();
    let mut options = vec![format!("trace={}", calls.join(","))];
    options.extend(injections.iter().map(|injection| format!("inject={injection}")));
    traced("/dev/null", &options, arguments)
}

/// Which of `calls` such a run makes, as strace writes them; `None` as above.
pub fn calls(calls: &[&str], arguments: &[&str]) -> Option<BTreeSet<String>> {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let path = trace.path().to_str().unwrap();
    let run = traced(path, &[format!("trace={}", calls.join(","))], arguments)?;
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let lines = std::fs::read_to_string(path).unwrap();
    // `1234  sendmsg(5, …`: the thread, the call.
    let name = |line: &str| Some(line.split_whitespace().nth(1)?.split_once('(')?.0.to_string());
    Some(lines.lines().filter_map(name).collect())
}

fn traced(trace: &str, options: &[String], arguments: &[&str]) -> Option<Output> {
    static UNUSABLE: LazyLock<Option<String>> = LazyLock::new(unusable);
    if let Some(why) = &*UNUSABLE {
        println!("skipped: {why}");
        return None;
    }
    let mut strace = Command::new("strace");
    strace.args(ONLY_THE_TRACED_STOP).args(["-o", trace]);
    strace.args(options.iter().flat_map(|option| ["-e", option]));
    Some(strace.arg(env!("CARGO_BIN_EXE_copycost")).args(arguments).output().unwrap())
}

const ONLY_THE_TRACED_STOP: [&str; 3] = ["-f", "--seccomp-bpf", "-qq"];

fn unusable() -> Option<String> {
    let tried = Command::new("strace")
        .args(ONLY_THE_TRACED_STOP)
        .args(["-o", "/dev/null", "-e", "trace=getppid", "-e", "inject=getppid:error=EINTR", "true"])
        .output();
    match tried {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("strace: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Some(format!("strace: {error}")),
    }
}
