//! Programs without a capability, as root runs them on a kernel that grants it: what
//! the kernel refuses then, it refuses for real. Where `setpriv` is lacking, or may not
//! take capabilities away, a test says so and passes over it.
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use std::process::Command;

/// `program` without `capabilities`, such as `syslog`; `None`, with the reason printed,
/// where that is not possible.
pub fn command(capabilities: &[&str], program: &std::ffi::OsStr) -> Option<Command> {
    let setpriv = |program: &std::ffi::OsStr| {
        let fewer: Vec<String> = capabilities.iter().map(|name| format!("-{name}")).collect();
        let mut command = Command::new("setpriv");
        command.arg(format!("--bounding-set={}", fewer.join(","))).arg("--").arg(program);
        command
    };
    match setpriv("true".as_ref()).output() {
        Ok(output) if output.status.success() => Some(setpriv(program)),
        Ok(output) => {
            println!("skipped: setpriv: {}", String::from_utf8_lossy(&output.stderr).trim());
            None
        }
        Err(error) => {
            println!("skipped: setpriv: {error}");
            None
        }
    }
}

/// A setting of the kernel's; `None` where it has none of that name.
pub fn setting(path: &str) -> Option<i32> {
    std::fs::read_to_string(format!("/proc/sys/{path}")).ok()?.trim().parse().ok()
}
