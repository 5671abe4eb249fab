//! `--program`: sides where this program lies elsewhere, and where it does not lie.

#[path = "support/stage.rs"]
mod stage;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use copycost::compare::Baseline;
use stage::{Stage, succeeded, text};

const ONE_CELL: [&str; 6] = ["--name", "g", "--filter", "two-copy/1024", "--rounds", "1"];

/// A side whose runner notes which program it is to run.
fn noting(stage: &Stage, name: &str) -> String {
    let path = stage.directory.path().join(format!("runner-{name}"));
    let noted = stage.directory.path().join(format!("noted-{name}"));
    let script = format!("#!/bin/sh\necho \"$1\" > '{}'\nexec \"$@\"\n", noted.display());
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{name}={}", path.display())
}

fn noted(stage: &Stage, name: &str) -> String {
    let noted = std::fs::read_to_string(stage.directory.path().join(format!("noted-{name}")));
    noted.unwrap().trim().to_string()
}

#[test]
fn a_side_starts_the_program_where_it_lies_there() {
    let stage = Stage::new();
    // With what a shell would take apart.
    let elsewhere = stage.directory.path().join("else where's").join("copycost");
    std::fs::create_dir(elsewhere.parent().unwrap()).unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_copycost"), &elsewhere).unwrap();
    let elsewhere = elsewhere.display().to_string();
    let [a, b] = ["a", "b"].map(|name| noting(&stage, name));
    let program = format!("b={elsewhere}");
    succeeded(stage.record(&[&ONE_CELL[..], &["--side", &a, "--side", &b, "--program", &program]].concat()));
    assert_eq!(noted(&stage, "b"), elsewhere);
    assert!(Path::new(&noted(&stage, "a")).ends_with("copycost") && noted(&stage, "a") != elsewhere);
    for name in ["g-a", "g-b"] {
        assert_eq!(Baseline::load(&stage.output(), name).unwrap().processes.len(), 1, "{name}");
    }

    // At all sides; a resumed or longer recording starts it there again.
    let rest = ["--side", &a, "--side", &b, "--program", &elsewhere, "--name", "h"];
    succeeded(stage.record(&[&ONE_CELL[2..], &rest].concat()));
    assert_eq!([noted(&stage, "a"), noted(&stage, "b")], [elsewhere.clone(), elsewhere]);
}

#[test]
fn a_program_that_is_not_there_is_named_with_its_side() {
    let stage = Stage::new();
    let program = "c=/nowhere/copycost";
    let sides = ["--side", "a", "--side", "b", "--side", "c=env", "--program", program];
    let said = text(&succeeded(stage.record(&[&ONE_CELL[..], &sides].concat())).stderr);
    let line = said.lines().find(|line| line.contains("side c: ")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("/nowhere/copycost") && line.contains("No such file"), "{said}");
    assert!(
        Baseline::load(&stage.output(), "g-a").is_ok() && Baseline::load(&stage.output(), "g-c").is_err()
    );

    for (program, expected) in [("d=/x", "no side is called `d`"), ("b=", "--program b=: a path is missing")]
    {
        let run = stage.record(&["--side", "a", "--side", "b", "--program", program, "--name", "none"]);
        assert_eq!(run.status.code(), Some(2), "{program}: {}", text(&run.stderr));
        assert!(text(&run.stderr).contains(expected), "{program}: {}", text(&run.stderr));
    }
    assert!(!stage.output().join("copycost/none").exists());
}
