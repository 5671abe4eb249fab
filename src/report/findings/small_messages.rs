//! What a small message pays for: its time as multiples of the empty system
//! call and of the plain copy of its bytes, measured in the same blocks, and
//! what of it does not grow with the size. Where a figure is worked out and not
//! measured, it says how.

use super::super::estimate::{Basis, Ends, Estimate, Reading, Scale};
use super::super::index::Lookup;
use super::super::words;
use super::{Evidence, Finding, FindingFigure, FindingKind};
use crate::cell::Cell;
use crate::compare::Quantity;
use crate::exchange::Reference;

const MEMCPY: &str = Reference::Memcpy.name();
const SYSTEM_CALL: &str = Reference::SystemCall.name();

/// One finding: of the smallest size at the smallest thread count.
pub(super) fn findings(evidence: &Evidence<'_>) -> Vec<Finding> {
    of_quantity(evidence, Quantity::Throughput).into_iter().collect()
}

/// The row that is asked about, and the sizes beside it.
struct Small<'a> {
    evidence: &'a Evidence<'a>,
    lookup: Lookup<'a>,
    threads: usize,
    sizes: Vec<usize>,
}

fn of_quantity(evidence: &Evidence<'_>, quantity: Quantity) -> Option<Finding> {
    let cells = evidence.cells(quantity.target());
    let threads = cells.iter().map(|cell| cell.threads).min()?;
    let mut sizes: Vec<usize> =
        cells.iter().filter(|cell| cell.threads == threads).map(|cell| cell.message_bytes).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let small = Small { evidence, lookup: evidence.lookup(quantity), threads, sizes };
    let modes: Vec<&String> =
        evidence.modes.iter().filter(|mode| cells.iter().any(|cell| cell.mode == **mode)).collect();
    let mut finding = Finding::new(FindingKind::SmallMessages, evidence.name(), small.headline(&modes));
    for mode in modes {
        small.describe(mode, &mut finding);
    }
    finding.details.push(
        "These records do not tell the rest apart: what a system call does beyond entering the kernel, pinning \
         pages, allocating and reporting notifications, and waking the receiver are one figure."
            .to_string(),
    );
    finding.doubts = evidence.doubts(finding.cells.iter());
    Some(finding)
}

impl Small<'_> {
    fn smallest(&self) -> usize {
        self.sizes.first().copied().unwrap_or(0)
    }

    fn over(&self, bytes: usize, mode: &str, over: &str) -> Option<&Estimate> {
        self.lookup.get((self.threads, bytes), mode, over)?.reading.found()
    }

    fn headline(&self, modes: &[&String]) -> String {
        let bytes = self.smallest();
        let place = format!(
            "{} on {}",
            words::size(bytes),
            self.evidence.thread_counts(Quantity::Throughput.target(), &[self.threads])
        );
        let of_mode = |mode: &&&String| {
            let calls = self.over(bytes, mode, SYSTEM_CALL)?;
            Some(format!("{} in {mode}", words::estimate(calls)))
        };
        let calls: Vec<String> = modes.iter().filter_map(|mode| of_mode(&mode)).collect();
        if calls.is_empty() {
            return format!(
                "A message of {place}: no reference was measured beside it, so its costs cannot be told apart."
            );
        }
        let over_calls = |mode: &&String| {
            let (copies, calls) = (self.over(bytes, mode, MEMCPY)?, self.over(bytes, mode, SYSTEM_CALL)?);
            Some(calls.value / copies.value)
        };
        let copy = modes.iter().find_map(over_calls).map_or(String::new(), |copy| {
            format!("; a plain copy of its bytes takes about {} (derived)", words::figure(copy))
        });
        format!(
            "A message of {place} takes as long as so many empty system calls: {}{copy}.",
            words::list(&calls)
        )
    }

    fn describe(&self, mode: &str, finding: &mut Finding) {
        let bytes = self.smallest();
        let place = format!("{mode}, {}", words::size(bytes));
        for size in &self.sizes {
            for (reference, what) in
                [(SYSTEM_CALL, "an empty system call"), (MEMCPY, "the plain copy of its bytes")]
            {
                if let Some(ratio) = self.lookup.get((self.threads, *size), mode, reference) {
                    let label = format!("{mode}, {}: time a message over {what}", words::size(*size));
                    finding.figures.push(FindingFigure::measured(label, "", ratio.reading.clone()));
                }
            }
            finding.cells.push(self.cell(mode, *size));
        }
        let mut parts = Vec::new();
        let fixed = self.fixed_share(mode);
        parts.push(match &fixed {
            Reading::Found(share) => format!(
                "{} of it does not grow with the size (derived from {} and {})",
                percent(share),
                words::size(self.sizes[0]),
                words::size(self.sizes[1])
            ),
            Reading::Absent { absent } => format!("how much of it is fixed cannot be derived ({absent})"),
        });
        finding.figures.push(FindingFigure::derived(
            format!("{place}: share of the time that does not grow with the size"),
            "",
            fixed,
            "a straight line over the size through the time over an empty system call at the two smallest sizes",
        ));
        if let (Some(small), Some(large)) = (
            self.over(bytes, mode, MEMCPY),
            self.sizes.last().filter(|last| **last != bytes).and_then(|last| self.over(*last, mode, MEMCPY)),
        ) {
            parts.push(format!(
                "it takes {} times the plain copy of its bytes, at {} {} times",
                words::estimate(small),
                words::size(self.sizes[self.sizes.len() - 1]),
                words::estimate(large)
            ));
        }
        parts.extend(self.over_fastest(mode));
        if let Some(reads) = self.error_queue_reads(mode) {
            let per_read = self.evidence.value(&self.cell(mode, bytes), "zerocopy_completions_per_read");
            let per_read = per_read
                .map_or(String::new(), |each| format!(", each with {} completions", words::figure(each)));
            let share = self.over(bytes, mode, SYSTEM_CALL).map(|calls| calls.map(|calls| reads / calls));
            let share = share.map(|share| Reading::Found(share).within(Scale::Share));
            parts.push(format!(
                "it makes {} error-queue reads a message{per_read}{}",
                words::figure(reads),
                share.as_ref().and_then(Reading::found).map_or(String::new(), |share| format!(
                    ", which as empty system calls alone are {} of its time (derived)",
                    percent(share)
                ))
            ));
            let label = format!("{place}: error-queue reads a message");
            finding.figures.push(FindingFigure::counted(label, reads));
            if let Some(share) = share {
                finding.figures.push(FindingFigure::derived(
                    format!("{place}: least share of the time that error-queue reads take"),
                    "",
                    share,
                    "reads a message over the time a message in empty system calls: each read is one at least",
                ));
            }
        }
        finding.details.push(format!("{place}: {}.", parts.join("; ")));
    }

    /// How long it takes against the fastest of the other modes, if it is slower.
    fn over_fastest(&self, mode: &str) -> Option<String> {
        let bytes = self.smallest();
        let others = self.evidence.modes.iter().filter(|other| *other != mode);
        let ratios = others.filter_map(|other| self.over(bytes, mode, other).map(|ratio| (ratio, other)));
        let (ratio, fastest) = ratios.max_by(|a, b| a.0.value.total_cmp(&b.0.value))?;
        let times = words::times(&Reading::Found(ratio.clone()));
        (ratio.ends()?.0 > 1.0).then(|| format!("it takes {times} as long as {fastest}"))
    }

    /// Error-queue reads a message, empty ones too, of a mode that makes any.
    fn error_queue_reads(&self, mode: &str) -> Option<f64> {
        let cell = self.cell(mode, self.smallest());
        let value = |quantity: &str| self.evidence.value(&cell, quantity);
        let reads = value("zerocopy_error_queue_reads")? + value("zerocopy_empty_error_queue_reads")?;
        Some(reads / value("own_messages")?)
    }

    /// With `y` the time over an empty system call, measured within blocks, and
    /// `y = a + b·size` through the two smallest sizes, the fixed share of the
    /// smallest is `a / y₁ = (s₂ − s₁·y₂/y₁) / (s₂ − s₁)`. The ends take the two
    /// ratios at their opposite ends, which is wider than it need be.
    fn fixed_share(&self, mode: &str) -> Reading {
        let [first, second, ..] = self.sizes.as_slice() else { return Reading::absent("it needs two sizes") };
        let (Some(small), Some(large)) =
            (self.over(*first, mode, SYSTEM_CALL), self.over(*second, mode, SYSTEM_CALL))
        else {
            return Reading::absent("no empty system call was measured beside it at the two smallest sizes");
        };
        let (s1, s2) = (*first as f64, *second as f64);
        let share = |grown: f64| (s2 - s1 * grown) / (s2 - s1);
        let (Some((l1, u1)), Some((l2, u2))) = (small.ends(), large.ends()) else {
            return Reading::absent("the times over an empty system call have no intervals");
        };
        let ends = Ends { lower: share(u2 / l1), upper: share(l2 / u1), basis: Basis::Derived, count: 2 };
        Reading::of(share(large.value / small.value), ends).within(Scale::Share)
    }

    fn cell(&self, mode: &str, message_bytes: usize) -> Cell {
        Cell {
            target: Quantity::Throughput.target(),
            mode: mode.to_string(),
            message_bytes,
            threads: self.threads,
        }
    }
}

/// `83 % [79, 87]`.
fn percent(share: &Estimate) -> String {
    let hundred = |share: f64| words::percent(share);
    match share.ends() {
        Some((lower, upper)) => {
            format!("{} % [{}, {}]", hundred(share.value), hundred(lower), hundred(upper))
        }
        None => format!("{} %", hundred(share.value)),
    }
}
