//! The breakdown of a cell that has its samples: a few more rounds, of which no
//! figure is taken. It owns when that is done, and that a cell is whole without it.

use super::Bench;
use super::invocation::Mode;
use crate::breakdown::Profiler;
use crate::cell::Target;
use crate::copy_mode;
use crate::exchange::{SampledCell, SampledLength};
use crate::metric::breakdown::{Breakdown, MeasuredCost};
use crate::metric::number;
use crate::or_absent::OrAbsent;
use crate::results::record::Record;

/// What cells of `target` are broken down with, or why they are not; `None` of a
/// target that breaks none down, and where nothing is measured.
pub(super) fn profiler(target: Target, mode: Mode) -> Option<Result<Profiler, String>> {
    (target == Target::CpuCost && mode == Mode::Measure).then(Profiler::of_this_machine)
}

/// Where the CPU time of the cell of `record` goes, in rounds as long as the last of
/// its `own`, each messages and cost. What fails on the way is a reason why that is not known, and no failure of the cell.
pub(super) fn of_cell(bench: &Bench, record: &Record, own: &[(u64, u64)]) -> Option<OrAbsent<Breakdown>> {
    let profiler = match bench.profiler.as_ref()? {
        Ok(profiler) => profiler,
        Err(why) => return Some(OrAbsent::absent(why.clone())),
    };
    let mode = copy_mode::find(&record.cell.mode)?;
    let cell = SampledCell {
        cell: &record.cell,
        mode: *mode,
        profile: &bench.profile,
        plan: &record.placement,
        instruments: &bench.instruments,
        messages: own.last()?.0,
    };
    let length = match bench.invocation.is_pass() {
        true => SampledLength::OF_A_PASS,
        false => SampledLength::OF_A_BENCH,
    };
    let per_byte = ["client_cost_per_byte", "server_cost_per_byte"].map(|name| number(&record.metrics, name));
    let cost = MeasuredCost::new(per_byte, record.cell.message_bytes);
    Some(match cell.sample(profiler, length, None) {
        Ok(OrAbsent::Found(rounds)) => Breakdown::new(&rounds, &cost),
        Ok(OrAbsent::Absent { absent }) => OrAbsent::Absent { absent },
        Err(error) => OrAbsent::absent(format!("the rounds to be sampled failed: {error}")),
    })
}
