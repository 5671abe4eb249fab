//! The conditions of a run: kernel, processor, settings, limits and program,
//! each a value or the reason for its absence. It owns what is read and under
//! which name it is kept, and leaves out whatever names a host, a user or an
//! address. What the conditions mean is `doctor`'s business.

mod hypervisor;
mod kernel;
mod machine;
mod network;
mod path;
mod program;
mod quota;
mod root;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::metric::{Reading, Value};
use crate::profile::Profile;
use root::Root;

/// Everything that is known of the conditions, by name. A new item changes no
/// schema. docs/RECORD.md lists the names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Environment {
    /// The items.
    pub items: BTreeMap<String, Reading>,
}

impl Environment {
    /// Reads this machine. What cannot be read is absent with its reason.
    pub fn read(profile: &Profile) -> Environment {
        Environment::read_from(Path::new("/"), profile)
    }

    /// The same at the peer of `profile`.
    pub fn read_at_peer(profile: &Profile) -> Environment {
        let mut environment = Environment::read(profile);
        environment.items.extend(path::items(profile, path::End::Peer));
        environment
    }

    /// With the conditions at a peer, each named `peer.` and its own name.
    pub fn beside(mut self, peer: &Environment) -> Environment {
        let of_peer = peer.items.iter().map(|(name, reading)| (format!("{PEER}{name}"), reading.clone()));
        self.items.extend(of_peer);
        self
    }

    /// The same with another directory in the place of `/`, for tests: `proc`
    /// and `sys` are looked for in it.
    pub fn read_from(root: &Path, profile: &Profile) -> Environment {
        let root = Root::new(root);
        let groups = [
            kernel::items(&root),
            machine::items(&root),
            hypervisor::items(&root),
            network::items(&root),
            path::items(profile, path::End::Client),
            program::items(profile),
        ];
        Environment { items: groups.into_iter().flatten().collect() }
    }

    /// The CPU times alone, for [`Environment::steal_percent_since`]: the rest
    /// does not change during a run and takes longer to read.
    pub fn read_cpu_times() -> Environment {
        let mut items = BTreeMap::new();
        machine::cpu_times(&Root::new(Path::new("/")), &mut |name, reading| {
            items.insert(name.to_string(), reading);
        });
        Environment { items }
    }

    /// The number called `name`, if it is one.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.items.get(name)?.number()
    }

    /// The words called `name`, if they are words.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.items.get(name)? {
            Reading::Value(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// How many CPUs' time the control groups leave, if they set a limit.
    pub fn cpu_quota(&self) -> Option<f64> {
        quota::cpus(self.text("cgroup_cpu_quota")?)
    }

    /// By what the processors are known for emulated ones, if they are: then no
    /// time that passes here is a measurement.
    pub fn emulated(&self) -> Option<String> {
        hypervisor::emulated(self)
    }

    /// How much of all CPUs' time a hypervisor gave to others since `start`
    /// was read, in percent. The kernel counts it in hundredths of a second.
    pub fn steal_percent_since(&self, start: &Environment) -> Reading {
        let passed = |name: &str| {
            let (before, after) = (start.number(name), self.number(name));
            before.zip(after).map(|(before, after)| after - before)
        };
        match (passed(STEAL_TICKS), passed(TOTAL_TICKS)) {
            (Some(steal), Some(total)) if total > 0.0 && (0.0..=total).contains(&steal) => {
                Reading::Value(Value::Number(100.0 * steal / total))
            }
            (Some(_), Some(_)) => Reading::Absent("no time has passed on the kernel's CPU clock".into()),
            _ => Reading::Absent("the kernel's CPU times could not be read".into()),
        }
    }
}

/// What the names of a peer's conditions begin with.
pub(crate) const PEER: &str = "peer.";

/// Where `copycost tune` keeps what it has changed, from `/`.
pub(crate) const TUNE_ACCOUNT: &str = "run/copycost/tuned.json";

/// Who decides how an idle CPU waits, from `/`.
pub(crate) const IDLE_GOVERNOR: &str = "sys/devices/system/cpu/cpuidle/current_governor_ro";

/// For how long a virtual CPU that the governor `haltpoll` has looks for work before it
/// halts, in nanoseconds (admin-guide, "Guest halt polling").
pub(crate) const HALT_POLL: &str = "sys/module/haltpoll/parameters/guest_halt_poll_ns";

/// From there on rounds deviate no less, see docs/METHOD.md, "Where the noise comes from".
/// It is the kernel's own default.
pub(crate) const STEADY_HALT_POLL_NS: u64 = 200_000;

/// The date and time, as `2026-02-28T13:07:09Z`.
pub fn date_utc() -> Result<String, String> {
    program::date()
}

/// The running kernel's release, as `uname -r`.
pub fn kernel_release() -> Option<String> {
    Root::new(Path::new("/")).line("proc/sys/kernel/osrelease").ok()
}

/// The running kernel's own number, drawn at its boot. It names a machine: no record
/// holds it.
pub(crate) fn boot_id() -> Option<String> {
    Root::new(Path::new("/")).line("proc/sys/kernel/random/boot_id").ok()
}

/// For how long all CPUs together were neither idle nor stolen, since boot. The kernel
/// counts it in hundredths of a second.
pub(crate) fn busy_cpu_time() -> Option<Duration> {
    machine::busy_ticks(&Root::new(Path::new("/"))).map(|ticks| Duration::from_millis(10 * ticks))
}

/// Time that a hypervisor gave to others, summed over CPUs, since boot.
pub(crate) const STEAL_TICKS: &str = "cpu_time.steal_ticks";
/// All time, summed over CPUs, since boot.
pub(crate) const TOTAL_TICKS: &str = "cpu_time.total_ticks";

/// A group's items, as they come.
type Items = Vec<(String, Reading)>;

/// A whole number where the text is one, else the words.
fn value(text: &str) -> Reading {
    Reading::Value(match (text.parse::<u64>(), text.parse::<i64>()) {
        (Ok(count), _) => Value::Count(count),
        (_, Ok(negative)) => Value::Number(negative as f64),
        _ => Value::Text(text.to_string()),
    })
}

/// Words, also where they look like a number.
fn words(text: impl Into<String>) -> Reading {
    Reading::Value(Value::Text(text.into()))
}

fn yes_or_no(yes: bool) -> Reading {
    words(if yes { "yes" } else { "no" })
}

fn reading<T>(found: Result<T, String>, say: impl FnOnce(T) -> Reading) -> Reading {
    match found {
        Ok(found) => say(found),
        Err(reason) => Reading::Absent(reason),
    }
}
