//! The program under `strace -e inject=`: system calls that fail at will. Where
//! strace is lacking, or may not trace, a test says so and passes over it.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use std::process::{Command, Output};

/// Runs `copycost` with `arguments` while each of `injections`, such as
/// `connect:error=EINTR:when=1`, is in force; counted thread by thread.
/// `None`, with the reason printed, where that is not possible.
pub fn copycost(injections: &[&str], arguments: &[&str]) -> Option<Output> {
    if let Some(why) = unusable() {
        println!("skipped: {why}");
        return None;
    }
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null"]);
    let calls: Vec<&str> = injections.iter().map(|injection| injection.split(':').next().unwrap()).collect();
    strace.args(["-e", &format!("trace={}", calls.join(","))]);
    for injection in injections {
        strace.args(["-e", &format!("inject={injection}")]);
    }
    Some(strace.arg(env!("CARGO_BIN_EXE_copycost")).args(arguments).output().unwrap())
}

fn unusable() -> Option<String> {
    let tried = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            "trace=getppid",
            "-e",
            "inject=getppid:error=EINTR",
            "true",
        ])
        .output();
    match tried {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("strace: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Some(format!("strace: {error}")),
    }
}
