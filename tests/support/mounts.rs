//! A file system of a test's own: read-only, or too small, in a mount namespace
//! that ends with the command (mount_namespaces(7)).
#![allow(dead_code, unreachable_pub)] // each test file takes what it needs

use std::path::Path;
use std::process::Command;

/// A shell script that sees `place` through `mount`, with `$1` and so on as it
/// likes; none, with the printed reason, where such a mount is not allowed.
pub fn script(mount: &str, place: &Path, script: &str) -> Option<Command> {
    std::fs::create_dir_all(place).unwrap();
    let mount = format!("{mount} {}", place.display()).replace("PLACE", &place.display().to_string());
    let command = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &format!("{mount} || exit 77\n{script}"), "sh"]);
        command
    };
    match command("true").output() {
        Ok(run) if run.status.success() => Some(command(script)),
        Ok(run) => {
            println!("skipped: no mount is allowed here: {}", String::from_utf8_lossy(&run.stderr).trim());
            None
        }
        Err(error) => {
            println!("skipped: unshare(1): {error}");
            None
        }
    }
}

/// For [`script`]: nothing can be written.
pub const READ_ONLY: &str = "mount --bind PLACE PLACE && mount -o remount,bind,ro";

/// For [`script`]: as much room as a small run needs.
pub const SMALL: &str = "mount -t tmpfs -o size=32m none";

/// For scripts: fills the place at `$1` as long as process `$2` runs.
pub const FILL: &str = r#"
fill() { while kill -0 "$2" 2>/dev/null; do
    dd if=/dev/zero bs=64k oflag=append conv=notrunc of="$1/filler" 2>/dev/null; sleep 0.02
done; }
"#;
