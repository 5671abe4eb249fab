//! The breakdowns of several processes as one. It owns what an interval over
//! processes rests on; one process's own is [`super::breakdown`]'s.

use super::breakdown::{Breakdown, ClassShare, SideBreakdown};
use crate::breakdown::CostClass;
use crate::or_absent::OrAbsent;
use crate::ratio::spread::half_width;

/// The breakdowns of several processes as one: means of shares and costs, with what
/// changes from process to process in the interval. One alone is as it was measured.
pub fn pooled(all: &[&Breakdown]) -> Option<Breakdown> {
    let (first, others) = all.split_first()?;
    if others.is_empty() {
        return Some((*first).clone());
    }
    let sum = |of: fn(&Breakdown) -> u64| all.iter().map(|one| of(one)).sum();
    Some(Breakdown {
        event: first.event,
        generations: all.iter().map(|one| one.generations).sum(),
        rounds: sum(|one| one.rounds),
        messages: sum(|one| one.messages),
        client: pooled_side(all, |one| &one.client),
        server: pooled_side(all, |one| &one.server),
    })
}

fn pooled_side(all: &[&Breakdown], side: fn(&Breakdown) -> &SideBreakdown) -> SideBreakdown {
    let sides: Vec<&SideBreakdown> = all.iter().map(|one| side(one)).collect();
    let sum = |of: fn(&SideBreakdown) -> u64| sides.iter().map(|side| of(side)).sum();
    let mean = |of: fn(&SideBreakdown) -> &OrAbsent<f64>| mean_of(sides.iter().map(|side| of(side)));
    let late = sides.iter().map(|side| side.after_interrupts).sum::<f64>() / sides.len() as f64;
    let classes = CostClass::ALL.into_iter().filter_map(|class| pooled_class(&sides, class));
    SideBreakdown {
        samples: sum(|side| side.samples),
        lost: sum(|side| side.lost),
        throttled: sum(|side| side.throttled),
        sampled: sum(|side| side.sampled),
        switching: sum(|side| side.switching),
        context_switches: total_of(sides.iter().map(|side| &side.context_switches)),
        counted: total_of(sides.iter().map(|side| &side.counted)),
        cost_over_measured: mean(|side| &side.cost_over_measured),
        after_interrupts: late,
        classes: classes.collect(),
    }
}

fn pooled_class(sides: &[&SideBreakdown], class: CostClass) -> Option<ClassShare> {
    let found: Vec<&ClassShare> = sides.iter().filter_map(|side| side.class(class)).collect();
    let largest = found.iter().max_by(|a, b| a.share.total_cmp(&b.share))?;
    let count = sides.len() as f64;
    let shares: Vec<f64> = sides.iter().map(|side| side.share(class)).collect();
    let share = shares.iter().sum::<f64>() / count;
    let half = half_width(&shares).unwrap_or(1.0);
    // A process without a sample of the class adds nothing to its cost.
    let cost = |of: fn(&ClassShare) -> &OrAbsent<f64>| {
        let costs = total_of(found.iter().map(|class| of(class)));
        costs.found().map_or(costs.clone(), |sum| OrAbsent::Found(sum / count))
    };
    Some(ClassShare {
        class,
        samples: found.iter().map(|one| one.samples).sum(),
        share,
        lower: (share - half).max(0.0),
        upper: (share + half).min(1.0),
        per_byte: cost(|one| &one.per_byte),
        per_message: cost(|one| &one.per_message),
        after_interrupts: found.iter().map(|one| one.after_interrupts).sum::<f64>() / count,
        symbols: largest.symbols.clone(),
    })
}

/// The sum, absent if one is.
fn total_of<'a>(values: impl Iterator<Item = &'a OrAbsent<f64>>) -> OrAbsent<f64> {
    let mut sum = 0.0;
    for value in values {
        match value {
            OrAbsent::Found(value) => sum += value,
            OrAbsent::Absent { absent } => return OrAbsent::absent(absent.clone()),
        }
    }
    OrAbsent::Found(sum)
}

fn mean_of<'a>(values: impl Iterator<Item = &'a OrAbsent<f64>> + Clone) -> OrAbsent<f64> {
    let count = values.clone().count() as f64;
    let total = total_of(values);
    total.found().map_or(total.clone(), |sum| OrAbsent::Found(sum / count))
}
