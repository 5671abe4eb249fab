//! How many packets the kernel processed on each CPU, `/proc/net/softnet_stat`. It owns
//! the reading and the difference of two; the counts are of the whole machine, and
//! whether they are a connection's is for the reader to judge.

use serde::{Deserialize, Serialize};

/// Packets by CPU, in the CPUs' order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessedPackets(Vec<(usize, u32)>);

impl ProcessedPackets {
    /// The counts since the machine started; `None` where they cannot be read.
    pub(super) fn now() -> Option<ProcessedPackets> {
        parse(&std::fs::read_to_string("/proc/net/softnet_stat").ok()?)
    }

    /// What came after `earlier`, CPUs without a packet left out. The kernel's counters
    /// have 32 bits and begin anew after that.
    pub(super) fn since(&self, earlier: &ProcessedPackets) -> ProcessedPackets {
        let before =
            |cpu: usize| earlier.0.iter().find(|(other, _)| *other == cpu).map_or(0, |(_, all)| *all);
        let each = self.0.iter().map(|(cpu, all)| (*cpu, all.wrapping_sub(before(*cpu))));
        ProcessedPackets(each.filter(|(_, packets)| *packets > 0).collect())
    }

    /// The packets of both, such as of two generations.
    pub(crate) fn and(&self, other: &ProcessedPackets) -> ProcessedPackets {
        let mut all = std::collections::BTreeMap::new();
        for (cpu, packets) in self.0.iter().chain(&other.0) {
            let sum: &mut u32 = all.entry(*cpu).or_default();
            *sum = sum.saturating_add(*packets);
        }
        ProcessedPackets(all.into_iter().collect())
    }

    /// Each CPU with its packets.
    pub(crate) fn by_cpu(&self) -> &[(usize, u32)] {
        &self.0
    }

    /// Each CPU's share: `CPU 0: 61 %, CPU 1: 39 %`.
    pub fn shares(&self) -> String {
        let all: u64 = self.0.iter().map(|(_, packets)| u64::from(*packets)).sum();
        let share = |packets: u32| 100.0 * f64::from(packets) / all as f64;
        let words = self.0.iter().map(|(cpu, packets)| format!("CPU {cpu}: {:.0} %", share(*packets)));
        words.collect::<Vec<_>>().join(", ")
    }
}

/// Hexadecimal columns: the first counts packets, the thirteenth is the CPU (Linux
/// 5.10; before that a line's place was).
fn parse(text: &str) -> Option<ProcessedPackets> {
    let line = |(place, line): (usize, &str)| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| u32::from_str_radix(columns.get(at)?, 16).ok();
        Some((number(12).map_or(place, |cpu| cpu as usize), number(0)?))
    };
    text.lines().enumerate().map(line).collect::<Option<Vec<_>>>().map(ProcessedPackets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_by_cpu_and_since_the_earlier_ones() {
        let newer = |cpu: u32, packets: u32| {
            format!("{packets:08x} 00000000 00000009{} {cpu:08x} 00000000 00000000\n", " 00000000".repeat(9))
        };
        let earlier = parse(&(newer(0, u32::MAX) + &newer(2, 10) + &newer(3, 7))).unwrap();
        let later = parse(&(newer(0, 29) + &newer(2, 80) + &newer(3, 7))).unwrap();
        assert_eq!(later.since(&earlier), ProcessedPackets(vec![(0, 30), (2, 70)]));
        assert_eq!(later.since(&earlier).shares(), "CPU 0: 30 %, CPU 2: 70 %");
        let both = later.since(&earlier).and(&ProcessedPackets(vec![(1, 5), (2, 30)]));
        assert_eq!(both, ProcessedPackets(vec![(0, 30), (1, 5), (2, 100)]));
        let older = parse("0000000a 0 0\n00000014 0 0\n").unwrap();
        assert_eq!(older, ProcessedPackets(vec![(0, 10), (1, 20)]));
        assert_eq!(parse("no number"), None);
    }
}
