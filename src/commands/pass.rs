//! `copycost pass`: one pass of a recording, in a process of its own. Hidden:
//! `copycost record` starts it, and where its output lies is `record`'s choice.

use std::io::Read;
use std::process::ExitCode;

use copycost::bench::{self, Pass};
use copycost::cell::Target;

/// Measure one pass of a recording.
#[derive(clap::Args)]
#[command(hide = true)]
pub(crate) struct MeasurePass {
    #[arg(long)]
    target: Target,
    #[arg(long)]
    baseline: String,
    #[arg(long)]
    seed: u64,
    #[arg(long)]
    filter: Option<String>,
    #[arg(long)]
    profile: Option<String>,
}

impl MeasurePass {
    pub(crate) fn run(self) -> ExitCode {
        // Standard input is a pipe from `record`, which never writes: it ends
        // when `record` does, however that died, and so must this.
        std::thread::spawn(|| {
            let _ = std::io::stdin().read(&mut [0]);
            std::process::exit(1);
        });
        let MeasurePass { target, baseline, seed, filter, profile } = self;
        bench::run_pass(target, Pass { baseline, seed, filter, profile })
    }
}
