//! Receive steering of a network device: on which CPU the kernel processes the
//! packets that arrive (the kernel's Documentation/networking/scaling.rst). It
//! owns what a device's settings come to and which settings make one; setting
//! them is `tune`'s, and what a difference means `compare`'s.

mod namespace;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cpu::{list, numbers};

/// The device of the path within a host.
pub const LOOPBACK: &str = "lo";

/// The host's table of flows; a namespace of one's own does not show it.
pub const SOCK_FLOW_ENTRIES: &str = "proc/sys/net/core/rps_sock_flow_entries";

/// How many flows are followed where that is switched on.
const FLOWS: u64 = 32_768;

/// What may be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Whatever the machine has.
    #[default]
    Any,
    /// Each packet on the CPU where the application that owns its socket last
    /// ran: receive flow steering.
    Follow,
    /// None: the stock setting. On loopback the CPU that transmits processes.
    None,
}

/// What a device's settings come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As [`Wanted::None`].
    None,
    /// As [`Wanted::Follow`].
    Follow,
    /// Anything else, in words.
    Other(String),
}

/// A receive queue of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// As the kernel calls it: `rx-0`.
    pub name: String,
    /// The CPUs that packets are handed to.
    pub rps_cpus: Vec<usize>,
    /// How many flows are followed.
    pub rps_flow_cnt: u64,
}

/// The settings of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiveSteering {
    /// Its receive queues.
    pub queues: Vec<Queue>,
    /// How many flows the host knows, or why that cannot be told.
    pub sock_flow_entries: Result<u64, String>,
    /// The CPUs that run.
    pub online: Vec<usize>,
}

impl ReceiveSteering {
    /// Reads what `device` has, where `root` stands for `/`.
    pub fn read(root: &Path, device: &str) -> Result<ReceiveSteering, String> {
        if root == Path::new("/") {
            namespace::sysfs_shows_own(device)?;
        }
        let directory = queues_directory(device);
        let entries = std::fs::read_dir(root.join(&directory)).map_err(|error| why(&directory, &error))?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| name.starts_with("rx-")).collect();
        names.sort();
        let queues = names.into_iter().map(|name| {
            let file = |setting: &str| format!("{directory}/{name}/{setting}");
            let mask = text(root, &file("rps_cpus"))?;
            let rps_cpus = cpus_of_mask(&mask).ok_or_else(|| format!("rps_cpus of {name} is {mask:?}"))?;
            Ok(Queue { rps_cpus, rps_flow_cnt: number(root, &file("rps_flow_cnt"))?, name })
        });
        let queues = queues.collect::<Result<Vec<_>, String>>()?;
        if queues.is_empty() {
            return Err(format!("{device} has no receive queue in /{directory}"));
        }
        Ok(ReceiveSteering {
            queues,
            sock_flow_entries: number(root, SOCK_FLOW_ENTRIES),
            online: numbers(&text(root, "sys/devices/system/cpu/online")?),
        })
    }

    /// What they come to; an error where the host's part cannot be seen and
    /// would decide.
    pub fn kind(&self) -> Result<Kind, String> {
        let all = |is: &dyn Fn(&Queue) -> bool| self.queues.iter().all(is);
        let flows = match &self.sock_flow_entries {
            _ if all(&|queue| queue.rps_flow_cnt == 0) => 0,
            Ok(entries) => *entries,
            Err(why) => {
                return Err(format!("flows are set up, and whether the host follows any is hidden: {why}"));
            }
        };
        if all(&|queue| queue.rps_cpus.is_empty()) && flows == 0 {
            return Ok(Kind::None);
        }
        let all_cpus = |queue: &Queue| self.online.iter().all(|cpu| queue.rps_cpus.contains(cpu));
        if flows > 0 && all(&|queue| queue.rps_flow_cnt > 0 && all_cpus(queue)) {
            return Ok(Kind::Follow);
        }
        let of = |queue: &Queue| {
            let cpus = if queue.rps_cpus.is_empty() {
                "no CPU".to_string()
            } else {
                format!("CPU {}", list(queue.rps_cpus.clone()))
            };
            let followed =
                if flows > 0 && queue.rps_flow_cnt > 0 { "flows followed, others" } else { "by hash" };
            format!("{followed} to {cpus}")
        };
        Ok(Kind::Other(of_each(&self.queues, of)))
    }

    /// Each queue's CPUs in words.
    pub fn rps_cpus(&self) -> String {
        of_each(&self.queues, |queue| match queue.rps_cpus.is_empty() {
            true => "none".to_string(),
            false => list(queue.rps_cpus.clone()),
        })
    }

    /// Each queue's number of flows.
    pub fn rps_flow_cnt(&self) -> String {
        of_each(&self.queues, |queue| queue.rps_flow_cnt.to_string())
    }

    /// The files of `device`, and what stands in them, where packets are steered
    /// as `wanted`; in the order in which they are to be written.
    pub fn settings(&self, device: &str, wanted: Wanted) -> Vec<(String, String)> {
        let (mask, flows) = match wanted {
            Wanted::Any => return Vec::new(),
            Wanted::None => ("0".to_string(), 0),
            Wanted::Follow => (mask_of_cpus(&self.online), FLOWS),
        };
        let file =
            |queue: &Queue, setting: &str| format!("{}/{}/{setting}", queues_directory(device), queue.name);
        let mut settings = Vec::new();
        // Flows that are set up keep the host's table: without them it does nothing to this device.
        let enough = self.sock_flow_entries.as_ref().is_ok_and(|entries| *entries > 0);
        if wanted == Wanted::Follow && !enough {
            settings.push((SOCK_FLOW_ENTRIES.to_string(), flows.to_string()));
        }
        for queue in &self.queues {
            settings.push((file(queue, "rps_cpus"), mask.clone()));
            settings.push((file(queue, "rps_flow_cnt"), flows.to_string()));
        }
        settings
    }

    /// The commands that do the same.
    pub fn commands(&self, device: &str, wanted: Wanted) -> String {
        let each =
            self.settings(device, wanted).into_iter().map(|(file, text)| format!("echo {text} > /{file}"));
        each.collect::<Vec<_>>().join("; ")
    }
}

impl Kind {
    /// In a word, or several.
    pub fn name(&self) -> &str {
        match self {
            Kind::None => "none",
            Kind::Follow => "follow",
            Kind::Other(words) => words,
        }
    }

    /// Whether it is what was asked for.
    pub fn is(&self, wanted: Wanted) -> bool {
        match wanted {
            Wanted::Any => true,
            Wanted::Follow => *self == Kind::Follow,
            Wanted::None => *self == Kind::None,
        }
    }
}

impl Wanted {
    /// As a profile spells it.
    pub fn name(self) -> &'static str {
        match self {
            Wanted::Any => "any",
            Wanted::Follow => "follow",
            Wanted::None => "none",
        }
    }
}

fn queues_directory(device: &str) -> String {
    format!("sys/class/net/{device}/queues")
}

/// The same of all queues once, of unlike ones each with its name.
fn of_each(queues: &[Queue], say: impl Fn(&Queue) -> String) -> String {
    let said: Vec<String> = queues.iter().map(say).collect();
    match said.first() {
        Some(first) if said.iter().all(|other| other == first) => first.clone(),
        _ => {
            let named = queues.iter().zip(said).map(|(queue, said)| format!("{} {said}", queue.name));
            named.collect::<Vec<_>>().join("; ")
        }
    }
}

/// `00000000,00000003` is CPU 0 and 1: 32 bits a word, the highest first.
pub fn cpus_of_mask(mask: &str) -> Option<Vec<usize>> {
    let words = mask.split(',').rev().map(|word| u32::from_str_radix(word, 16).ok());
    let words = words.collect::<Option<Vec<u32>>>()?;
    let bits = words
        .iter()
        .enumerate()
        .flat_map(|(at, word)| (0..32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| 32 * at + bit));
    Some(bits.collect())
}

/// The other way round, as the kernel takes it.
pub fn mask_of_cpus(cpus: &[usize]) -> String {
    let words = cpus.iter().max().map_or(1, |highest| highest / 32 + 1);
    let word =
        |at: usize| cpus.iter().filter(|cpu| **cpu / 32 == at).fold(0u32, |word, cpu| word | 1 << (cpu % 32));
    let low: Vec<String> = (0..words).rev().skip(1).map(|at| format!(",{:08x}", word(at))).collect();
    format!("{:x}{}", word(words - 1), low.concat())
}

fn text(root: &Path, file: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(root.join(file)).map_err(|error| why(file, &error))?;
    Ok(text.trim().to_string())
}

fn number(root: &Path, file: &str) -> Result<u64, String> {
    let text = text(root, file)?;
    text.parse().map_err(|_| format!("/{file} is {text:?}"))
}

fn why(file: &str, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no /{file} here"),
        _ => format!("/{file}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_the_cpus_that_it_names() {
        for (mask, cpus) in [
            ("0", vec![]),
            ("3", vec![0, 1]),
            ("00000000,00000003", vec![0, 1]),
            ("1,80000001", vec![0, 31, 32]),
            ("ff,00000000,00000000", (64..72).collect()),
        ] {
            assert_eq!(cpus_of_mask(mask).as_ref(), Some(&cpus), "{mask}");
            assert_eq!(cpus_of_mask(&mask_of_cpus(&cpus)), Some(cpus), "{mask}");
        }
        assert_eq!((mask_of_cpus(&[]), mask_of_cpus(&[0, 33])), ("0".into(), "2,00000001".into()));
        assert_eq!((cpus_of_mask(""), cpus_of_mask("x")), (None, None));
    }
}
