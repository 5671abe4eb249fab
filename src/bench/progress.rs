//! Where in a bench target a run is: cells done of those asked for, the time
//! left, and which of the targets it is. It owns that clock; nothing that is
//! measured sees it.

use std::time::{Duration, Instant};

use crate::cell::Target;
use crate::profile::Profile;
use crate::results::table::minutes;

/// Criterion's own work and the opening of connections, a cell; only for the
/// time that is left before one has been seen.
const GUESSED_REST: Duration = Duration::from_millis(80);

/// How long a cell may take, of which none has been measured yet.
pub fn guessed_time_of_a_cell(target: Target, profile: &Profile) -> Duration {
    let warm_up = Duration::from_secs_f64(profile.criterion.warm_up_s);
    profile.measurement_time(target) + warm_up + GUESSED_REST
}

/// Counts cells as they are done.
pub(super) struct Progress {
    target: Target,
    cells: usize,
    done: usize,
    begun: Instant,
}

#[allow(clippy::disallowed_methods)] // how long cells took, to say how long is left
pub(super) fn now() -> Instant {
    Instant::now()
}

impl Progress {
    pub(super) fn begin(target: Target, cells: usize) -> Progress {
        Progress { target, cells, done: 0, begun: now() }
    }

    /// A cell is done, be it measured or failed.
    pub(super) fn cell_done(&mut self) {
        self.done += 1;
    }

    /// `cell 3 of 12; about 40 s left in throughput`.
    pub(super) fn line(&self) -> String {
        let (Progress { cells, done, .. }, target) = (self, self.target.name());
        let left = cells.saturating_sub(*done);
        let of_one = |time: Duration| time.div_f64((*done).max(1) as f64);
        let rest = match left {
            0 => format!("the last of {target}"),
            _ => {
                let time = of_one(now().duration_since(self.begun)).mul_f64(left as f64);
                format!("about {} left in {target}", minutes(time))
            }
        };
        format!("cell {done} of {cells}; {rest}")
    }
}

/// `target 3 of 3 (cpu_cost, latency, throughput)`, in the order of
/// `cargo bench`, which is that of the names.
pub(super) fn place_of(target: Target) -> String {
    let mut names = Target::ALL.map(Target::name);
    names.sort_unstable();
    let place = names.iter().take_while(|name| **name != target.name()).count() + 1;
    format!("target {place} of {} ({})", names.len(), names.join(", "))
}
