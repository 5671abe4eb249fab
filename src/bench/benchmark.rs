//! One cell as a benchmark of Criterion's, which has no way to fail: it owns how
//! Criterion is left when a round fails, and that a panic of Criterion's is a
//! failure of the cell. It knows when Criterion's warm-up is over.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use criterion::measurement::Measurement;
use criterion::{BenchmarkGroup, BenchmarkId};

use super::containment;
use super::progress::now;
use crate::error::{Error, Result};
use crate::exchange::CellRun;

/// Lets Criterion measure `run` after a `warm_up`, if its filter lets it through;
/// `value` makes Criterion's value of what a block measured.
pub(super) fn measure<M: Measurement>(
    group: &mut BenchmarkGroup<'_, M>,
    run: &mut CellRun,
    warm_up: Duration,
    value: fn(u64) -> M::Value,
) -> Result<()> {
    let cell = run.cell().clone();
    let mut failure = None;
    let mut warmed_up = Some(Duration::ZERO);
    let id = BenchmarkId::new(&cell.mode, cell.message_bytes);
    let measured = catch_unwind(AssertUnwindSafe(|| {
        group.bench_function(id, |bencher| {
            // Left before it can analyse or save what is broken.
            if let Err(error) = run.make_ready() {
                failure = Some(error);
                resume_unwind(Box::new(CellFailed));
            }
            bencher.iter_custom(|messages| {
                let begun = now();
                match run.block(messages) {
                    Ok(own) => {
                        // As Criterion does: until its blocks took longer than that.
                        warmed_up = warmed_up.map(|so_far| so_far + now().duration_since(begun));
                        if warmed_up.is_some_and(|so_far| so_far > warm_up) {
                            warmed_up = None;
                            run.warmed_up();
                        }
                        value(own)
                    }
                    Err(error) => {
                        failure = Some(error);
                        resume_unwind(Box::new(CellFailed));
                    }
                }
            });
        });
    }));
    match (measured, failure) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(error)) => Err(error),
        (Err(panic), None) => {
            let message = containment::message(panic);
            Err(Error::Panicked { cell, thread: "Criterion".into(), message })
        }
    }
}

/// The panic that leaves Criterion's loop; never printed.
struct CellFailed;
