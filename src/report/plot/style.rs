//! How one line differs from another: colour, shape of its points and dash, so
//! that any one of them is enough. It owns shapes and the names of classes; the
//! colours themselves are in the page's style sheet, one set a colour scheme.

use maud::{Markup, html};

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) struct Style {
    /// Colour and shape: counted from 0, or none of a reference.
    pub(in crate::report) mark: Mark,
    pub(in crate::report) line: Line,
    /// How its points are filled, counted from 0.
    pub(in crate::report) fill: usize,
}

/// The colour of a line and the shape of its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Mark {
    /// One of several, counted from 0: colours repeat after five, shapes after
    /// six, the two together after thirty.
    Numbered(usize),
    /// Not one of them: the colour of the axes and a small cross.
    Reference,
}

/// How the line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Line {
    /// A dash for each number from 0; 0 is solid. Where colours begin again it is the
    /// next one, so that colour and dash together repeat after twenty-five.
    Dash(usize),
    /// The same, thin, and with small points.
    Thin(usize),
}

/// Colours in the style sheet.
pub(in crate::report) const COLOURS: usize = 5;

const SHAPES: usize = 6;
const DASHES: usize = 5;
const FILLS: usize = 3;

impl Style {
    /// The classes of the line's group.
    pub(super) fn classes(&self) -> String {
        let colour = match self.mark {
            Mark::Numbered(number) => format!("c{}", number % COLOURS),
            Mark::Reference => "ref".into(),
        };
        let dash = |number: usize| (number + number / COLOURS) % DASHES;
        let line = match self.line {
            Line::Dash(number) => format!("d{}", dash(number)),
            Line::Thin(number) => format!("d{} thin", dash(number)),
        };
        format!("s {colour} {line} f{}", self.fill % FILLS)
    }

    /// The outline of a point at `x`, `y`.
    pub(super) fn outline(&self, x: f64, y: f64) -> String {
        let number = match self.mark {
            Mark::Numbered(number) => number % SHAPES,
            Mark::Reference => return format!("M{} {}h6m-3-3v6", short(x - 3.0), short(y)),
        };
        let small = matches!(self.line, Line::Thin(_));
        let from = |left: f64, up: f64, rest: &str| {
            let scale = if small { 0.6 } else { 1.0 };
            format!("M{} {}{rest}", short(x - left * scale), short(y - up * scale))
        };
        match (number, small) {
            (0, false) => from(4.0, 0.0, "a4 4 0 1 1 8 0a4 4 0 1 1-8 0z"),
            (0, true) => from(4.0, 0.0, "a2.4 2.4 0 1 1 4.8 0a2.4 2.4 0 1 1-4.8 0z"),
            (1, false) => from(3.6, 3.6, "h7.2v7.2h-7.2z"),
            (1, true) => from(3.6, 3.6, "h4.3v4.3h-4.3z"),
            (2, false) => from(0.0, 4.8, "l4.6 8h-9.2z"),
            (2, true) => from(0.0, 4.8, "l2.8 4.8h-5.6z"),
            (3, false) => from(0.0, 5.2, "l5.2 5.2-5.2 5.2-5.2-5.2z"),
            (3, true) => from(0.0, 5.2, "l3.1 3.1-3.1 3.1-3.1-3.1z"),
            (4, false) => from(4.6, 3.2, "h9.2l-4.6 8z"),
            (4, true) => from(4.6, 3.2, "h5.6l-2.8 4.8z"),
            (_, false) => from(2.0, 5.0, "h4v3h3v4h-3v3h-4v-3h-3v-4h3z"),
            (_, true) => from(1.2, 3.0, "h2.4v1.8h1.8v2.4h-1.8v1.8h-2.4v-1.8h-1.8v-2.4h1.8z"),
        }
    }

    /// A point alone, for a table.
    pub(in crate::report) fn point(&self) -> Markup {
        html! {
            svg.swatch viewBox="0 0 14 14" width="14" height="14" aria-hidden="true" {
                g class=(self.classes()) { path.m d=(self.outline(7.0, 7.0)) {} }
            }
        }
    }

    /// A piece of the line with a point, for a legend.
    pub(in crate::report) fn swatch(&self) -> Markup {
        html! {
            svg.swatch viewBox="0 0 34 14" width="34" height="14" aria-hidden="true" {
                g class=(self.classes()) {
                    path.l d="M1 7H33" {}
                    path.m d=(self.outline(17.0, 7.0)) {}
                }
            }
        }
    }
}

/// A coordinate to a tenth: a page has thousands of them.
pub(super) fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_and_dash_tell_more_lines_apart_than_there_are_modes() {
        let of = |number| Style { mark: Mark::Numbered(number), line: Line::Dash(number), fill: 0 }.classes();
        let all: std::collections::BTreeSet<String> = (0..COLOURS * DASHES).map(of).collect();
        assert_eq!(all.len(), COLOURS * DASHES);
    }
}
