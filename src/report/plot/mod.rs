//! Charts as SVG: small panels side by side that share their axes, one line a
//! series, every point with its figures in words. It owns how numbers become
//! lines; which numbers, and what they are called, is the page's business. It
//! knows no record, mode or baseline.

mod axis;
mod panel;
mod style;

use maud::{Markup, html};

pub(super) use axis::{Axis, Scale, Tick};
pub(super) use style::{COLOURS, Line, Mark, Style};

/// Panels that share their axes.
pub(super) struct Plot {
    /// The panels' ids begin with it.
    pub(super) id: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) panels: Vec<Panel>,
    /// A value of y that is drawn through: 1 of a ratio.
    pub(super) guide: Option<f64>,
}

/// One set of axes with its lines.
pub(super) struct Panel {
    pub(super) title: String,
    pub(super) series: Vec<Series>,
}

/// One line.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) style: Style,
    /// Whether its name stands at its last point: of the few that no legend of
    /// modes holds.
    pub(super) is_labelled: bool,
    pub(super) points: Vec<Point>,
    /// What the line runs through, where that is more than the points.
    pub(super) path: Vec<(f64, f64)>,
}

/// One figure.
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    /// The ends of its interval.
    pub(super) ends: Option<(f64, f64)>,
    /// The figure in words, with all that is known of it.
    pub(super) label: String,
}

impl Plot {
    /// How many points it shows.
    pub(super) fn points(&self) -> usize {
        self.panels.iter().flat_map(|panel| &panel.series).map(|series| series.points.len()).sum()
    }

    /// The panels, without a legend.
    pub(super) fn draw(&self) -> Markup {
        let (x, y) = (self.x.range(self.all(|point| point.x, |_| None, |place| place.0)), self.y_range());
        html! {
            div.panels {
                @for (number, panel) in self.panels.iter().enumerate() {
                    (panel.draw(&format!("{}-{}", self.id, number + 1), self, &x, &y))
                }
            }
        }
    }

    fn y_range(&self) -> axis::Range {
        let mut values = self.all(|point| point.y, |point| point.ends, |place| place.1);
        values.values.extend(self.guide);
        self.y.range(values)
    }

    fn all(
        &self,
        value: impl Fn(&Point) -> f64,
        ends: impl Fn(&Point) -> Option<(f64, f64)>,
        along: impl Fn(&(f64, f64)) -> f64,
    ) -> axis::Values {
        let series = || self.panels.iter().flat_map(|panel| &panel.series);
        let points = || series().flat_map(|series| &series.points);
        let path = series().flat_map(|series| &series.path).map(along);
        axis::Values {
            values: points().map(value).chain(path).collect(),
            ends: points().filter_map(ends).flat_map(|(lower, upper)| [lower, upper]).collect(),
        }
    }
}
