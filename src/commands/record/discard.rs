//! `copycost record --discard NAME`. It owns that nobody loses a recording
//! without having been asked; what goes with one is `results::recording`'s.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::Context;
use copycost::results::group::Group;
use copycost::results::listing;
use copycost::results::name::BaselineName;
use copycost::results::recording::{self, State};
use copycost::results::table::count;

use crate::commands::WrongUsage;

/// Discards the recording, or both sides of the pair, called `name`.
pub(super) fn run(output: &Path, name: &BaselineName, yes: bool) -> anyhow::Result<()> {
    let names = super::of_name(output, name)?;
    if !recording::directory(output, names[0].as_str()).is_dir() {
        return Err(match listing::unknown_baseline(output, name.as_str()) {
            _ if is_a_run(output, name) => WrongUsage(format!(
                "`{name}` is no recording but a run of `cargo bench`, whose files are Criterion's"
            ))
            .into(),
            unknown => unknown.into(),
        });
    }
    for name in &names {
        let state = State::of(output, name.as_str())?;
        let is_group = Group::read(output, name.as_str())?.is_some();
        let none = if is_group { "the group of these sides" } else { "broken off before it began" };
        let state = state.map_or(none.to_string(), |state| state.to_string());
        println!("recording {name}: {state}");
    }
    if !yes && !is_confirmed()? {
        println!("nothing is discarded");
        return Ok(());
    }
    for name in &names {
        let discarded = recording::discard(output, name)?;
        println!("discarded {name}: {}", count(discarded.passes, "pass"));
        if discarded.cells_left > 0 {
            let cells = count(discarded.cells_left, "cell");
            println!("{cells} of a run of `cargo bench` stay under this name");
        }
    }
    Ok(())
}

fn is_a_run(output: &Path, name: &BaselineName) -> bool {
    let known = copycost::results::criterion_files::baseline_names(output);
    known.is_ok_and(|known| known.iter().any(|known| known == name.as_str()))
}

fn is_confirmed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        let what = "standard input is no terminal to ask on: --yes discards without asking";
        return Err(WrongUsage(what.to_string()).into());
    }
    print!("discard it? [y/N] ");
    std::io::stdout().flush().context("ask")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("read the answer")?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
