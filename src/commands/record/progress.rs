//! What `copycost record` shows while it runs: which pass, which cell, how
//! long still. It goes to standard error, so that a script's output is clean.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use copycost::bench::guessed_time_of_a_cell;
use copycost::cell::{Cell, Target};
use copycost::profile::Profile;
use copycost::results::recording::PassId;
use copycost::results::table::{count, minutes};

pub(super) struct Progress {
    passes: usize,
    done: usize,
    begun: Instant,
    pass_begun: Instant,
    guess: Duration,
    title: String,
    /// A terminal gets one line that is written over, a file a line a pass.
    terminal: bool,
}

#[allow(clippy::disallowed_methods)] // how long a pass took, to say how long is left
fn now() -> Instant {
    Instant::now()
}

impl Progress {
    /// For passes of these targets, each over those of `cells` that are its own, at
    /// so many sides at once.
    pub(super) fn begin(targets: &[Target], profile: &Profile, cells: &[Cell], sides: u32) -> Progress {
        let passes = targets.len();
        let of_pass = |target: &Target| {
            let cells = cells.iter().filter(|cell| cell.target == *target).count();
            guessed_time_of_a_cell(*target, profile) * u32::try_from(cells).unwrap_or(u32::MAX) * sides
        };
        let all: Duration = targets.iter().map(of_pass).sum();
        let guess = all / u32::try_from(passes.max(1)).unwrap_or(u32::MAX);
        let terminal = std::io::stderr().is_terminal();
        let progress = Progress {
            passes,
            done: 0,
            begun: now(),
            pass_begun: now(),
            guess,
            title: String::new(),
            terminal,
        };
        eprintln!(
            "copycost: {} to measure, about {}; nothing else should run meanwhile",
            count(passes, "pass"),
            minutes(all)
        );
        progress
    }

    pub(super) fn pass(&mut self, name: &str, pass: PassId) {
        self.pass_begun = now();
        self.title = format!("{name}: {} pass {}", pass.target.name(), pass.round);
        self.show("begins");
    }

    /// A line that the pass printed: `cell 12 of 48` is news.
    pub(super) fn line(&mut self, line: &str) {
        let line = line.trim();
        if self.terminal && line.starts_with("cell ") {
            self.show(line.split(';').next().unwrap_or(line));
        }
    }

    pub(super) fn pass_done(&mut self, cells: usize) {
        self.done += 1;
        let took = now().duration_since(self.pass_begun).as_secs_f64();
        let left = minutes(self.left());
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        eprintln!(
            "{clear}copycost: {}: {cells} cells in {took:.0} s; {} of {} passes done, about {left} left",
            self.title, self.done, self.passes
        );
    }

    pub(super) fn note(&mut self, what: &str) {
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        eprintln!("{clear}copycost: {}: {what}", self.title);
    }

    fn show(&self, what: &str) {
        if self.terminal {
            let left = minutes(self.left());
            eprint!("\r\x1b[K{}, {what}, about {left} left", self.title);
            let _ = std::io::stderr().flush();
        }
    }

    /// By the passes that this process has seen, else by the profile.
    fn left(&self) -> Duration {
        let so_far = now().duration_since(self.begun);
        let whole = match u32::try_from(self.done) {
            Ok(done) if done > 0 => so_far / done,
            _ => self.guess,
        };
        whole * u32::try_from(self.passes - self.done).unwrap_or(u32::MAX)
    }
}
