//! What changed from the first baseline to another: how many cells, and the
//! largest change of each kind. The verdicts are `compare`'s; this counts them.

use super::super::Compared;
use super::super::estimate::Reading;
use super::super::words;
use super::{Finding, FindingFigure, FindingKind};
use crate::compare::{CellComparison, Comparison, Judged, Quantity, Verdict};
use crate::doubt::DoubtKinds;

/// The finding of one comparison.
pub(super) fn finding(compared: &Compared) -> Finding {
    match compared {
        Compared::Comparison(comparison) => of_comparison(comparison),
        Compared::Refused { base, new, why } => {
            let headline = format!("{new} and {base} are not compared: {why}.");
            Finding::new(FindingKind::Comparison, new, headline)
        }
    }
}

type Question = (&'static str, fn(&CellComparison) -> &Judged);

const QUESTIONS: [Question; 2] = [
    ("against the other modes of their blocks", |cell| &cell.relative),
    ("by their own figures", |cell| &cell.absolute),
];

fn of_comparison(comparison: &Comparison) -> Finding {
    let (base, new) = (&comparison.base.name, &comparison.new.name);
    let changed: Vec<&CellComparison> = comparison
        .cells
        .iter()
        .filter(|cell| [&cell.relative, &cell.absolute].iter().any(|judged| judged.verdict.is_change()))
        .collect();
    let counts = [0, 1].map(|number| {
        let count = |verdict: Verdict| comparison.count(verdict)[number];
        let (question, _) = QUESTIONS[number];
        format!(
            "{question} {} slower and {} faster; in {} no difference was found, and {} cannot be told",
            count(Verdict::Slower),
            count(Verdict::Faster),
            count(Verdict::NoDifferenceFound),
            count(Verdict::CannotTell)
        )
    });
    let mut finding = Finding {
        kind: FindingKind::Comparison,
        baseline: new.clone(),
        headline: format!(
            "{new} against {base}, {} in all: {}.",
            words::count(comparison.cells.len(), "figure"),
            counts.join("; ")
        ),
        details: vec![comparison.conditions()],
        figures: Vec::new(),
        cells: changed.iter().map(|cell| cell.cell.clone()).collect(),
        doubts: DoubtKinds::of_all(changed.iter().map(|cell| &cell.doubts)),
    };
    for (question, of) in QUESTIONS {
        for quantity in Quantity::ALL {
            let largest = largest(changed.iter().copied().filter(|cell| cell.quantity == quantity), of);
            for (cell, reading) in largest {
                let label = format!("{}, {}, {question}: {new} over {base}", cell.quantity.name(), cell.cell);
                finding.details.push(format!(
                    "{label} {}: {}.",
                    words::times(&reading),
                    of(cell).verdict.text()
                ));
                finding.figures.push(FindingFigure::measured(label, "", reading));
            }
        }
    }
    finding
}

/// The largest change of each direction, if there is one.
fn largest<'a>(
    cells: impl Iterator<Item = &'a CellComparison>,
    of: fn(&CellComparison) -> &Judged,
) -> Vec<(&'a CellComparison, Reading)> {
    let judged = cells.filter_map(|cell| Some((cell, of(cell).verdict, of(cell).ratio?)));
    let changes: Vec<_> = judged.filter(|(_, verdict, _)| verdict.is_change()).collect();
    [Verdict::Slower, Verdict::Faster]
        .into_iter()
        .filter_map(|verdict| {
            let of_verdict = changes.iter().filter(|(_, of, _)| *of == verdict);
            let size = |ratio: f64| ratio.ln().abs();
            let (cell, ..) = of_verdict.max_by(|a, b| size(a.2.estimate).total_cmp(&size(b.2.estimate)))?;
            Some((*cell, Reading::of_judged(of(cell))?))
        })
        .collect()
}
