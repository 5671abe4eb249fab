//! A chart of the page: heading, what it shows, legend, panels, and the same
//! figures as a table. It owns how figures by size and thread count become
//! panels and lines; which figures is the caller's choice.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::names;
use super::over::Over;
use super::sheet::{Datum, Lane, Row, Sheet};
use super::table;
use crate::doubt::{DoubtKind, DoubtKinds};
use crate::report::plot::{Axis, Mark, Panel, Plot, Point, Scale, Series};
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

/// Lines of one chart that a reader can follow.
const MOST_LINES: usize = 12;

/// The same of ratios, whose lines lie near 1 and near each other.
const MOST_RATIOS: usize = 6;

/// Lanes whose lines stand together.
struct Part {
    /// The mode that all of them are of, if it is one.
    mode: Option<String>,
    /// By number.
    lanes: Vec<usize>,
}

impl<'a> Chart<'a> {
    /// Of figures over the message size.
    pub(super) fn over_size(
        id: &'a str,
        heading: &str,
        caption: String,
        y: String,
        scale: Scale,
        lanes: Vec<Lane<'a>>,
    ) -> Chart<'a> {
        Chart { id, heading: heading.into(), caption, over: Over::Size, y, scale, guide: None, lanes }
    }

    /// Draws what `datum` gives of each lane at each size and thread count. Of more
    /// baselines than lines of all modes can be followed for, each mode has panels of its
    /// own, with a line a baseline.
    pub(super) fn draw(
        mut self,
        sheet: &Sheet<'_>,
        datum: impl Fn(&Lane<'_>, Row) -> Option<Datum>,
    ) -> Markup {
        let parts = self.parts(sheet);
        let data = Data::gather(&self, sheet, datum);
        let plots: Vec<Plot> = parts.iter().map(|part| self.plot(sheet, &data, part)).collect();
        let heading = format!("{}-heading", self.id);
        html! {
            h3 id=(heading) { (self.heading) }
            @if plots.iter().all(|plot| plot.points() == 0) {
                p id=(self.id) { (data.why_empty()) }
            } @else {
                figure id=(self.id) aria-labelledby=(heading) {
                    figcaption { (self.caption) }
                    @for (part, plot) in parts.iter().zip(&plots).filter(|(_, plot)| plot.points() > 0) {
                        @if let Some(mode) = &part.mode { h4 { (mode) } }
                        (legend(&self.lanes, part, &data))
                        (plot.draw())
                    }
                    (data.as_table(&self))
                }
            }
        }
    }

    /// Which lanes stand together. The first baseline's reference stands with each mode:
    /// those of all would hide one another.
    fn parts(&mut self, sheet: &Sheet<'_>) -> Vec<Part> {
        let numbers = 0..self.lanes.len();
        let most = if self.guide.is_some() { MOST_RATIOS } else { MOST_LINES };
        if sheet.report.baselines.len() < 3 || self.lanes.len() <= most {
            return vec![Part { mode: None, lanes: numbers.collect() }];
        }
        let is_reference = |lane: &Lane<'_>| lane.style.mark == Mark::Reference;
        let limit = self.lanes.iter().position(is_reference);
        let of_mode = |mode: &String| -> Vec<usize> {
            numbers.clone().filter(|number| self.lanes[*number].mode == mode).collect()
        };
        let modes = sheet.report.modes.iter().map(|mode| (mode, of_mode(mode)));
        let parts = modes.filter(|(_, lanes)| !lanes.is_empty()).map(|(mode, lanes)| Part {
            mode: Some(mode.clone()),
            lanes: lanes.into_iter().chain(limit).collect(),
        });
        let parts = parts.collect();
        for lane in self.lanes.iter_mut().filter(|lane| !is_reference(lane)) {
            lane.style = sheet.side(lane.baseline);
        }
        parts
    }

    fn plot(&self, sheet: &Sheet<'_>, data: &Data, part: &Part) -> Plot {
        let x = self.over.axis(sheet);
        let panels = self.over.panels(sheet).into_iter();
        let panels = panels.filter_map(|panel| {
            let is_here =
                |line: &&Line| self.over.panel(line.row) == panel && part.lanes.contains(&line.lane);
            let here = || data.lines.iter().filter(is_here);
            let lanes = part.lanes.iter();
            let series: Vec<Series> = lanes
                .filter_map(|lane| self.series(*lane, here().filter(|line| line.lane == *lane)))
                .collect();
            let title = self.over.title(panel) + &oversubscribed(here());
            (!series.is_empty()).then_some(Panel { title, series })
        });
        Plot {
            id: part.mode.as_ref().map_or(self.id.to_string(), |mode| format!("{}-{mode}", self.id)),
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

/// What was found of one lane at one size and thread count.
struct Line {
    lane: usize,
    row: Row,
    datum: Datum,
}

struct Data {
    rows: Vec<Row>,
    lines: Vec<Line>,
}

impl Data {
    fn gather(chart: &Chart<'_>, sheet: &Sheet<'_>, datum: impl Fn(&Lane<'_>, Row) -> Option<Datum>) -> Data {
        let mut rows = sheet.rows();
        rows.sort_by_key(|row| (chart.over.panel(*row), chart.over.x(*row)));
        let mut lines = Vec::new();
        for row in &rows {
            for (number, lane) in chart.lanes.iter().enumerate() {
                lines.extend(datum(lane, *row).map(|datum| Line { lane: number, row: *row, datum }));
            }
        }
        Data { rows, lines }
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
            (0..chart.lanes.len()).filter(|lane| self.lines.iter().any(|line| line.lane == *lane)).collect();
        let mut header = vec!["threads".to_string(), "message".to_string()];
        header.extend(shown.iter().map(|lane| chart.lanes[*lane].name.clone()));
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

fn legend(lanes: &[Lane<'_>], part: &Part, data: &Data) -> Markup {
    let shown = |number: &&usize| {
        data.lines.iter().any(|line| line.lane == **number && line.datum.reading.found().is_some())
    };
    let name = |lane: &Lane<'_>| match &part.mode {
        Some(mode) if lane.mode == mode => lane.baseline.to_string(),
        _ => lane.name.clone(),
    };
    html! {
        ul.legend {
            @for number in part.lanes.iter().filter(shown) {
                li { (lanes[*number].style.swatch()) " " (name(&lanes[*number])) }
            }
        }
    }
}
