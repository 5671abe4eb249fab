//! Nine sides of one recording: what is shown of them, and how the rest is seen.

#[path = "support/stage.rs"]
mod stage;

use stage::{Stage, succeeded, text};

#[test]
fn nine_sides_are_compared_with_the_first_and_a_page_names_up_to_eight_of_them() {
    let stage = Stage::new();
    let names: Vec<String> = (1..=9).map(|number| format!("g-s{number}")).collect();
    let sides: Vec<String> = (1..=9).map(|number| format!("--side=s{number}")).collect();
    let sides: Vec<&str> = sides.iter().map(String::as_str).collect();
    let rest = ["--name", "g", "--filter", "two-copy/1024", "--rounds", "1"];
    succeeded(stage.record(&[&sides[..], &rest].concat()));

    let compared = text(&succeeded(stage.run(&["compare", "g"])).stdout);
    let words = compared.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("6 sides more: `copycost compare g-s1 g-s4 g-s5` shows"), "{compared}");
    for name in &names[1..] {
        assert!(words.contains(&format!("{name} against g-s1: ")), "{name}: {compared}");
    }
    let header = compared.lines().find(|line| line.starts_with("thr ")).unwrap();
    assert_eq!(header.split_whitespace().collect::<Vec<_>>()[3..], ["g-s1", "g-s2", "g-s3"]);
    let shown = text(&succeeded(stage.run(&["compare", "g-s1", "g-s4", "g-s5"])).stdout);
    assert!(shown.contains("g-s5") && !shown.contains("sides more"), "{shown}");

    let refused = stage.run(&["report", "--baseline", "g"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("9 baselines on one page: up to 8 can be told apart"), "{said}");
    let way_out = "`copycost report --baseline g-s1 --baseline g-s2`";
    assert!(said.contains(way_out), "{said}");
    let eight: Vec<&str> = names[..8].iter().flat_map(|name| ["--baseline", name]).collect();
    let page = succeeded(stage.run(&[&["report"], &eight[..]].concat()));
    let page = std::fs::read_to_string(text(&page.stdout).trim()).unwrap();
    assert!(names[..8].iter().all(|name| page.contains(name.as_str())) && !page.contains("g-s9"));
}
