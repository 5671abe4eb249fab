//! Sides that are not idle while others have their rounds: a doubt about the others.

#[path = "support/stage.rs"]
mod stage;

use copycost::compare::Baseline;
use copycost::doubt::{Doubt, DoubtKind};
use stage::{Stage, succeeded};

#[test]
fn a_machine_that_is_busy_between_rounds_is_a_doubt_about_the_other_sides() {
    let stage = Stage::new();
    // As if its kernel were another, which had half a CPU to do: frames stay as long.
    let each =
        "sed 's/\"machine_busy_share_between_rounds\":null/\"machine_busy_share_between_rounds\":0.50/'";
    let path = stage::answers_through(stage.directory.path(), "busy", each);
    let busy = format!("b={}", path.display());
    let sides = ["--side", "a", "--side", &busy, "--name", "g", "--filter", "two-copy/1024", "--rounds", "1"];
    succeeded(stage.record(&sides));
    for (name, is_doubted) in [("g-a", true), ("g-b", false)] {
        let baseline = Baseline::load(&stage.output(), name).unwrap();
        let record = &baseline.processes[0].records[0];
        let found = record.doubts.iter().find(|written| written.doubt.kind() == DoubtKind::OthersBusy);
        let machine = found.map(|written| match &written.doubt {
            Doubt::OthersBusy { side, machine_percent, .. } => (side.as_str(), *machine_percent),
            other => panic!("{other:?}"),
        });
        // An agent here is seldom so slow that it is doubted by itself.
        match is_doubted {
            true => assert_eq!(machine, Some(("b", Some(50.0))), "{name}: {:?}", record.doubts),
            false => assert!(machine.is_none_or(|(side, _)| side == "a"), "{name}: {:?}", record.doubts),
        }
        assert!(is_doubted || record.metrics.contains_key("machine_busy_between_rounds"), "{name}");
        assert!(record.metrics.contains_key("agent_busy_between_rounds"), "{name}");
    }
}
