//! A chart of the page: heading, what it shows, legend, panels, and the same
//! figures as a table. It owns how figures by size and thread count become
//! panels and lines; which figures is the caller's choice.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::names;
use super::sheet::{Datum, Lane, Row, Sheet};
use super::table;
use crate::doubt::{DoubtKind, DoubtKinds};
use crate::report::plot::{Axis, Mark, Panel, Plot, Point, Scale, Series, Tick};
use crate::report::words;

/// What a chart shows.
pub(super) struct Chart<'a> {
    pub(super) id: &'a str,
    pub(super) heading: String,
    pub(super) caption: String,
    pub(super) over: Over,
    /// What y is, with its unit.
    pub(super) y: String,
    pub(super) scale: Scale,
    pub(super) guide: Option<f64>,
    pub(super) lanes: Vec<Lane<'a>>,
}

/// What runs along x; the other of the two has a panel for each value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Size,
    Threads,
}

impl Chart<'_> {
    /// Draws what `datum` gives of each lane at each size and thread count.
    pub(super) fn draw(&self, sheet: &Sheet<'_>, datum: impl Fn(&Lane<'_>, Row) -> Option<Datum>) -> Markup {
        let data = Data::gather(self, sheet, datum);
        let plot = self.plot(sheet, &data);
        let heading = format!("{}-heading", self.id);
        html! {
            h3 id=(heading) { (self.heading) }
            @if plot.points() == 0 {
                p id=(self.id) { (data.why_empty()) }
            } @else {
                figure id=(self.id) aria-labelledby=(heading) {
                    figcaption { (self.caption) }
                    (legend(&self.lanes, &data))
                    (plot.draw())
                    (data.as_table(self))
                }
            }
        }
    }

    fn plot(&self, sheet: &Sheet<'_>, data: &Data<'_>) -> Plot {
        let x = self.over.axis(sheet);
        let panels = self.over.panels(sheet).into_iter();
        let panels = panels.filter_map(|panel| {
            let here = || data.lines.iter().filter(|line| self.over.panel(line.row) == panel);
            let series: Vec<Series> = (0..self.lanes.len())
                .filter_map(|lane| self.series(lane, here().filter(|line| line.lane == lane)))
                .collect();
            let title = self.over.title(panel) + &oversubscribed(here());
            (!series.is_empty()).then_some(Panel { title, series })
        });
        Plot {
            id: self.id.to_string(),
            x,
            y: Axis { title: self.y.clone(), scale: self.scale, ticks: Vec::new() },
            panels: panels.collect(),
            guide: self.guide,
        }
    }

    fn series<'d>(&self, lane: usize, lines: impl Iterator<Item = &'d Line>) -> Option<Series> {
        let points: Vec<Point> = lines.filter_map(|line| self.point(lane, line)).collect();
        let lane = &self.lanes[lane];
        let is_reference = lane.style.mark == Mark::Reference;
        // One label: those of several baselines would lie on one another.
        let is_first = self.lanes.iter().find(|other| other.style.mark == Mark::Reference);
        let is_labelled = is_reference && is_first.is_some_and(|first| first.baseline == lane.baseline);
        (!points.is_empty()).then_some(Series {
            name: lane.mode.to_string(),
            style: lane.style,
            is_labelled,
            points,
            path: Vec::new(),
        })
    }

    fn point(&self, lane: usize, line: &Line) -> Option<Point> {
        let estimate = line.datum.reading.found()?;
        let can_be_placed =
            estimate.value.is_finite() && (self.scale == Scale::Linear || estimate.value > 0.0);
        can_be_placed.then(|| Point {
            x: self.over.x(line.row) as f64,
            y: estimate.value,
            ends: estimate.ends(),
            label: label(&self.lanes[lane], line),
        })
    }
}

fn label(lane: &Lane<'_>, line: &Line) -> String {
    let Row { threads, message_bytes } = line.row;
    let Datum { reading, unit, doubts, verdict } = &line.datum;
    let words = verdict.as_ref().map(|verdict| verdict.words.clone());
    let figure = words.unwrap_or_else(|| names::figure_in_full(reading, unit));
    let mut label =
        format!("{}, {}, {}: {figure}", lane.name, words::size(message_bytes), words::threads(threads));
    if !doubts.is_empty() {
        label += &format!("; doubts: {}", names::doubts(doubts));
    }
    label
}

/// Said over the panel where it is true of every point in it.
fn oversubscribed<'d>(lines: impl Iterator<Item = &'d Line>) -> String {
    let marks: Vec<bool> = lines.map(|line| line.datum.doubts.contains(DoubtKind::Oversubscribed)).collect();
    if !marks.is_empty() && marks.iter().all(|is_marked| *is_marked) {
        ", oversubscribed".into()
    } else {
        String::new()
    }
}

impl Over {
    fn axis(self, sheet: &Sheet<'_>) -> Axis {
        let (title, values, name): (_, _, fn(usize) -> String) = match self {
            Over::Size => ("message size", &sheet.report.sizes, words::size),
            Over::Threads => ("client threads", &sheet.report.threads, |count| count.to_string()),
        };
        let tick = |value: &usize| Tick { value: *value as f64, label: name(*value) };
        Axis { title: title.into(), scale: Scale::Log, ticks: values.iter().map(tick).collect() }
    }

    fn panels(self, sheet: &Sheet<'_>) -> Vec<usize> {
        match self {
            Over::Size => sheet.report.threads.clone(),
            Over::Threads => sheet.report.sizes.clone(),
        }
    }

    fn panel(self, row: Row) -> usize {
        match self {
            Over::Size => row.threads,
            Over::Threads => row.message_bytes,
        }
    }

    fn x(self, row: Row) -> usize {
        match self {
            Over::Size => row.message_bytes,
            Over::Threads => row.threads,
        }
    }

    fn title(self, panel: usize) -> String {
        match self {
            Over::Size => words::threads(panel),
            Over::Threads => words::size(panel),
        }
    }
}

/// What was found of one lane at one size and thread count.
struct Line {
    lane: usize,
    row: Row,
    datum: Datum,
}

struct Data<'a> {
    rows: Vec<Row>,
    lanes: &'a [Lane<'a>],
    lines: Vec<Line>,
}

impl<'a> Data<'a> {
    fn gather(
        chart: &'a Chart<'a>,
        sheet: &Sheet<'_>,
        datum: impl Fn(&Lane<'_>, Row) -> Option<Datum>,
    ) -> Data<'a> {
        let mut rows = sheet.rows();
        rows.sort_by_key(|row| (chart.over.panel(*row), chart.over.x(*row)));
        let mut lines = Vec::new();
        for row in &rows {
            for (number, lane) in chart.lanes.iter().enumerate() {
                lines.extend(datum(lane, *row).map(|datum| Line { lane: number, row: *row, datum }));
            }
        }
        Data { rows, lanes: &chart.lanes, lines }
    }

    fn why_empty(&self) -> String {
        let reasons = self.lines.iter().filter_map(|line| line.datum.reading.absence());
        let reasons: BTreeSet<&str> = reasons.collect();
        if reasons.is_empty() {
            return "Not measured in this run.".into();
        }
        format!("Absent: {}.", reasons.into_iter().collect::<Vec<_>>().join("; "))
    }

    fn as_table(&self, chart: &Chart<'_>) -> Markup {
        let shown: Vec<usize> =
            (0..self.lanes.len()).filter(|lane| self.lines.iter().any(|line| line.lane == *lane)).collect();
        let mut header = vec!["threads".to_string(), "message".to_string()];
        header.extend(shown.iter().map(|lane| self.lanes[*lane].name.clone()));
        let mut lines = Vec::new();
        for row in &self.rows {
            let here: Vec<Option<&Line>> = shown
                .iter()
                .map(|lane| self.lines.iter().find(|line| line.lane == *lane && line.row == *row))
                .collect();
            if here.iter().any(Option::is_some) {
                let mut line =
                    vec![table::text(row.threads.to_string()), table::text(words::size(row.message_bytes))];
                line.extend(here.into_iter().map(|line| line.map_or_else(|| table::text("–"), entry)));
                lines.push(line);
            }
        }
        let doubts = DoubtKinds::of_all(self.lines.iter().map(|line| &line.datum.doubts));
        let caption = format!(
            "{}: {} [95 % interval]; – was not measured{}",
            chart.heading,
            chart.y,
            names::explained(&doubts)
        );
        table::behind(&format!("As a table: {}", chart.heading), &caption, &header, &lines, 2)
    }
}

fn entry(line: &Line) -> Markup {
    let Datum { reading, doubts, verdict, .. } = &line.datum;
    let has_changed = verdict.as_ref().is_some_and(|verdict| verdict.has_changed);
    html! {
        @match verdict {
            Some(verdict) if has_changed => strong { (verdict.words) },
            Some(verdict) => (verdict.words),
            None => (names::figure(reading)),
        }
        @if !doubts.is_empty() { " " (doubts.to_string()) }
    }
}

fn legend(lanes: &[Lane<'_>], data: &Data<'_>) -> Markup {
    let shown = |number: &usize| {
        data.lines.iter().any(|line| line.lane == *number && line.datum.reading.found().is_some())
    };
    html! {
        ul.legend {
            @for number in (0..lanes.len()).filter(shown) {
                li { (lanes[number].style.swatch()) " " (lanes[number].name) }
            }
        }
    }
}
