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

/// How high the letters of a name are, and half of a point.
const HIGH: f64 = 10.0;
const POINT: f64 = 4.0;

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
                @for series in self.series.iter().filter(|series| series.is_labelled) {
                    (place.name(series, &self.series))
                }
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
        html! {
            g class=(series.style.classes()) {
                path.l d=(line) {}
                @for point in &series.points { (self.point(series, point)) }
            }
        }
    }

    /// Its name beside the last of its points that has room: no name lies on a
    /// point or its bar. From right to left, beside, above and below.
    fn name(&self, series: &Series, all: &[Series]) -> Markup {
        let width = series.name.chars().count() as f64 * CHARACTER;
        let at = |point: &Point| (self.right(point.x), self.down(point.y));
        let taken = |point: &Point| {
            let (x, y) = at(point);
            let (top, bottom) =
                point.ends.map_or((y, y), |(lower, upper)| (self.down(upper), self.down(lower)));
            (x, top.min(y) - POINT, bottom.max(y) + POINT)
        };
        let taken: Vec<(f64, f64, f64)> = all.iter().flat_map(|series| &series.points).map(taken).collect();
        let places = series.points.iter().rev().map(at).flat_map(|(x, y)| {
            let (beside, centred) = (x - 2.0 * POINT, x + width / 2.0);
            [
                (beside, -7.0),
                (centred, -7.0),
                (beside, 17.0),
                (centred, 17.0),
                (centred, -19.0),
                (centred, 29.0),
            ]
            .map(|(end, down)| (end.clamp(LEFT + width, RIGHT), y + down))
        });
        let is_free = |(end, base): &(f64, f64)| {
            let is_on = |(x, top, bottom): &(f64, f64, f64)| {
                (end - width - POINT..=end + POINT).contains(x) && *top <= *base && *bottom >= base - HIGH
            };
            (TOP + HIGH..=BOTTOM).contains(base) && !taken.iter().any(is_on)
        };
        let mut places = places.peekable();
        let first = places.peek().copied();
        html! {
            @if let Some((end, base)) = places.find(is_free).or(first) {
                g class=(series.style.classes()) {
                    text x=(short(end)) y=(short(base)) text-anchor="end" { (series.name) }
                }
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
