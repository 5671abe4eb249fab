//! `copycost tune`: sets what steadies figures, and sets it back. It prints;
//! what is changed, and how that is remembered, is `tune`'s.

use std::path::PathBuf;

use clap::ValueEnum;
use copycost::steering::Wanted;
use copycost::tune::{Change, Tuner, Undone};

/// Set what makes figures steadier on this machine, as root, and keep what was
/// there; `--reset` sets it back.
#[derive(clap::Args)]
pub(crate) struct Tune {
    /// Also set where the kernel processes arriving packets: a choice of what
    /// to compare, not of quality.
    #[arg(long, value_name = "WHERE")]
    receive_steering: Option<Steering>,
    /// Set back what was changed, but for what somebody has changed since.
    #[arg(long, conflicts_with_all = ["receive_steering", "show"])]
    reset: bool,
    /// Change nothing and say what would be changed.
    #[arg(long)]
    show: bool,
    /// Another directory in the place of `/`, for tests.
    #[arg(long, hide = true, default_value = "/")]
    root: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Steering {
    /// On the CPU of the application that owns the socket (RFS).
    Follow,
    /// Where they are transmitted, the stock setting.
    None,
}

impl Tune {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let tuner = Tuner::in_root(&self.root);
        let steering = match self.receive_steering {
            None => Wanted::Any,
            Some(Steering::Follow) => Wanted::Follow,
            Some(Steering::None) => Wanted::None,
        };
        if self.reset {
            print_undone(&tuner.reset()?);
        } else if self.show {
            print_changes(&tuner.show(steering)?);
        } else {
            print_changes(&tuner.tune(steering)?);
        }
        Ok(())
    }
}

/// `name: old → new`, a line each.
pub(super) fn print_changes(changes: &[Change]) {
    for Change { name, old, new } in changes {
        println!("{name}: {old} → {new}");
    }
    if changes.is_empty() {
        println!("nothing to change: what steadies figures here is set, or is not to be had");
    }
}

pub(super) fn print_undone(undone: &[Undone]) {
    for one in undone {
        match one {
            Undone::Restored(Change { name, old, new }) => println!("{name}: {old} → {new}"),
            Undone::Unchanged(name) => println!("{name}: as it was"),
            Undone::LeftAlone(name, now) => println!("{name}: left at {now}, which somebody has set since"),
        }
    }
    if undone.is_empty() {
        println!("nothing to set back: this machine is not tuned");
    }
}
