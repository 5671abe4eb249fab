//! What runs along a chart's x, size or thread count, and that the other of the two
//! has a panel for each value. It knows no figure.

use super::sheet::{Row, Sheet};
use crate::report::plot::{Axis, Scale, Tick};
use crate::report::words;

/// What runs along x; the other of the two has a panel for each value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Size,
    Threads,
}

impl Over {
    pub(super) fn axis(self, sheet: &Sheet<'_>) -> Axis {
        let (title, values, name): (_, _, fn(usize) -> String) = match self {
            Over::Size => ("message size", &sheet.report.sizes, words::size),
            Over::Threads => ("client threads", &sheet.report.threads, |count| count.to_string()),
        };
        let tick = |value: &usize| Tick { value: *value as f64, label: name(*value) };
        Axis { title: title.into(), scale: Scale::Log, ticks: values.iter().map(tick).collect() }
    }

    pub(super) fn panels(self, sheet: &Sheet<'_>) -> Vec<usize> {
        match self {
            Over::Size => sheet.report.threads.clone(),
            Over::Threads => sheet.report.sizes.clone(),
        }
    }

    pub(super) fn panel(self, row: Row) -> usize {
        match self {
            Over::Size => row.threads,
            Over::Threads => row.message_bytes,
        }
    }

    pub(super) fn x(self, row: Row) -> usize {
        match self {
            Over::Size => row.message_bytes,
            Over::Threads => row.threads,
        }
    }

    pub(super) fn title(self, panel: usize) -> String {
        match self {
            Over::Size => words::threads(panel),
            Over::Threads => words::size(panel),
        }
    }
}
