//! One panel: axes, grid, lines, points with their error bars. It owns places
//! in the drawing. A panel is drawn as wide as the narrowest that the page
//! makes it, so that its text is never smaller than it is set.

use std::fmt::Write;

use maud::{Markup, html};

use super::axis::Range;
use super::style::short;
use super::{Panel, Plot, Point, Series};

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 310.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 284.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 264.0;

/// The widest that a character of a tick comes to, to keep ticks apart.
const CHARACTER: f64 = 7.5;

impl Panel {
    pub(super) fn draw(&self, id: &str, plot: &Plot, x: &Range, y: &Range) -> Markup {
        let title = if self.title.is_empty() { plot.y.title.clone() } else { self.title.clone() };
        let name = format!("{title}: {} over {}", plot.y.title, plot.x.title);
        let place = Place { x, y };
        html! {
            svg.panel id=(id) viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="group" aria-label=(name) {
                text.t x="4" y="16" { (self.title) }
                text.u x="4" y="36" { (plot.y.title) }
                (place.grid())
                @if let Some(guide) = plot.guide {
                    path.guide d=(format!("M{LEFT} {}H{RIGHT}", short(place.down(guide)))) {}
                }
                text.u x=(short((LEFT + RIGHT) / 2.0)) y=(HEIGHT - 8.0) text-anchor="middle" { (plot.x.title) }
                @for series in &self.series { (place.series(series)) }
            }
        }
    }
}

struct Place<'a> {
    x: &'a Range,
    y: &'a Range,
}

impl Place<'_> {
    fn right(&self, value: f64) -> f64 {
        LEFT + self.x.place(value) * (RIGHT - LEFT)
    }

    fn down(&self, value: f64) -> f64 {
        BOTTOM - self.y.place(value) * (BOTTOM - TOP)
    }

    /// Lines at the ticks of y, and the ticks' names; of x as many as fit.
    fn grid(&self) -> Markup {
        let mut lines = String::new();
        for tick in &self.y.ticks {
            let _ = write!(lines, "M{LEFT} {}H{RIGHT}", short(self.down(tick.value)));
        }
        let mut marks = format!("M{LEFT} {BOTTOM}H{RIGHT}");
        let mut named = Vec::new();
        let mut free = 0.0;
        for tick in &self.x.ticks {
            let at = self.right(tick.value);
            let _ = write!(marks, "M{} {BOTTOM}v5", short(at));
            let half = tick.label.chars().count() as f64 * CHARACTER / 2.0;
            let at = at.min(WIDTH - half);
            if at - half >= free {
                free = at + half + 4.0;
                named.push((at, &tick.label));
            }
        }
        html! {
            path.grid d=(lines) {}
            path.axis d=(marks) {}
            @for tick in &self.y.ticks {
                text x=(LEFT - 5.0) y=(short(self.down(tick.value) + 4.0)) text-anchor="end" { (tick.label) }
            }
            @for (at, label) in named {
                text x=(short(at)) y=(BOTTOM + 18.0) text-anchor="middle" { (label) }
            }
        }
    }

    fn series(&self, series: &Series) -> Markup {
        let points: Vec<(f64, f64)> = if series.path.is_empty() {
            series.points.iter().map(|point| (point.x, point.y)).collect()
        } else {
            series.path.clone()
        };
        let mut line = String::new();
        for (x, y) in points {
            let word = if line.is_empty() { 'M' } else { 'L' };
            let _ = write!(line, "{word}{} {}", short(self.right(x)), short(self.down(y)));
        }
        let last = series.points.last().filter(|_| series.is_labelled);
        html! {
            g class=(series.style.classes()) {
                path.l d=(line) {}
                @if let Some(last) = last {
                    text x=(RIGHT) y=(short(self.down(last.y) - 7.0)) text-anchor="end" { (series.name) }
                }
                @for point in &series.points { (self.point(series, point)) }
            }
        }
    }

    fn point(&self, series: &Series, point: &Point) -> Markup {
        let (x, y) = (self.right(point.x), self.down(point.y));
        html! {
            g.p tabindex="0" role="img" {
                title { (point.label) }
                @if let Some(ends) = point.ends { path.e d=(self.error_bar(x, ends)) {} }
                path d=(series.style.outline(x, y)) {}
            }
        }
    }

    /// A bar between the ends with a cap at each; an end outside the panel has
    /// an arrow in place of the cap.
    fn error_bar(&self, x: f64, (lower, upper): (f64, f64)) -> String {
        let (top, bottom) = (self.down(upper), self.down(lower));
        let (from, to) = (top.clamp(TOP, BOTTOM), bottom.clamp(TOP, BOTTOM));
        let end = |at: f64, is_whole: bool, inward: f64| {
            if is_whole {
                format!("M{} {}h6", short(x - 3.0), short(at))
            } else {
                format!("M{} {}l3 {}l3 {inward}", short(x - 3.0), short(at + inward), -inward)
            }
        };
        let bar = format!("M{} {}V{}", short(x), short(from), short(to));
        bar + &end(from, top >= TOP, 4.0) + &end(to, bottom <= BOTTOM, -4.0)
    }
}
