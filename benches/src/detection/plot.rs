//! Pictures: SVG, so that they can be read in a page and compared in a change.

use std::path::Path;

use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::Fault;

const SIZE: (u32, u32) = (760, 300);
const INK: RGBColor = RGBColor(60, 60, 60);
const PALE: RGBColor = RGBColor(215, 215, 215);
const COLOURS: [RGBColor; 4] =
    [RGBColor(31, 119, 180), RGBColor(214, 95, 14), RGBColor(44, 140, 70), RGBColor(150, 60, 160)];

/// What a plot may fail with.
fn fault(why: impl std::fmt::Display) -> Fault {
    why.to_string().into()
}

fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

/// Points of one line.
pub(crate) type Line = Vec<(f64, f64)>;

/// Some lines over one axis; a mark where something is shipped.
pub(crate) fn lines(
    path: &Path,
    along: &str,
    lines: &[(&str, Line)],
    mark: Option<f64>,
) -> Result<(), Fault> {
    let all = || lines.iter().flat_map(|(_, line)| line);
    let (left, right) = all().fold((f64::MAX, f64::MIN), |(a, b), (x, _)| (a.min(*x), b.max(*x)));
    let top = all().map(|(_, y)| *y).fold(0.0, f64::max) * 1.1;
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(fault)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(44)
        .build_cartesian_2d(left..right, 0.0..top)
        .map_err(fault)?;
    mesh(&mut chart, along, "", &|x| format!("{x:.2}"))?;
    if let Some(mark) = mark {
        chart.draw_series(LineSeries::new([(mark, 0.0), (mark, top)], INK.stroke_width(1))).map_err(fault)?;
    }
    for (index, (_, line)) in lines.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        chart.draw_series(LineSeries::new(line.iter().copied(), colour.stroke_width(2))).map_err(fault)?;
    }
    let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
    legend(&root, &names)?;
    root.present().map_err(fault)
}

/// How often it rings wrongly, by how many posts an hour are usual: points with their 95 % intervals, the
/// accepted rate and twice and half of it.
pub(crate) fn calibration(
    path: &Path,
    accepted: f64,
    points: &[(f64, f64, (f64, f64))],
) -> Result<(), Fault> {
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(fault)?;
    let top = points.iter().map(|(_, _, (_, high))| *high).fold(2.0 * accepted, f64::max) * 1.1;
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(44)
        .build_cartesian_2d((0.05..2_000.0).log_scale(), 0.0..top)
        .map_err(fault)?;
    mesh(&mut chart, "posts an hour", "false alarms a brand-month", &|x| format!("{x}"))?;
    for (times, width) in [(0.5, 1), (1.0, 2), (2.0, 1)] {
        let level = times * accepted;
        let line = [(0.05, level), (2_000.0, level)];
        chart.draw_series(LineSeries::new(line, COLOURS[1].stroke_width(width))).map_err(fault)?;
    }
    for (at, rate, (low, high)) in points {
        let whisker = [(*at, *low), (*at, *high)];
        chart.draw_series(LineSeries::new(whisker, COLOURS[0].stroke_width(1))).map_err(fault)?;
        chart.draw_series([Circle::new((*at, *rate), 4, COLOURS[0].filled())]).map_err(fault)?;
    }
    legend(&root, &["measured, with 95 % interval", "accepted; half and twice of it"])?;
    root.present().map_err(fault)
}

/// What is marked on an incident's curve.
pub(crate) struct Mark {
    /// Hours since the beginning of the curve.
    pub(crate) at: f64,
    pub(crate) said: String,
}

/// An incident: posts in each bucket as bars, of those the ones it is about, and what happened when.
pub(crate) fn incident(path: &Path, all: &Line, about: &Line, marks: &[Mark]) -> Result<(), Fault> {
    let (left, right) = (all[0].0, all[all.len() - 1].0);
    let step = all[1].0 - all[0].0;
    let most = all.iter().map(|(_, y)| *y).fold(1.0, f64::max);
    let top = most * (1.12 + 0.11 * marks.len() as f64);
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(fault)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(44)
        .build_cartesian_2d(left..right, 0.0..top)
        .map_err(fault)?;
    let minutes = (step * 60.0).round();
    mesh(&mut chart, "hours since it began", &format!("posts in {minutes} min"), &|x| format!("{x:.0}"))?;
    for (line, colour) in [(all, PALE), (about, COLOURS[1])] {
        let bars =
            line.iter().map(|(x, y)| Rectangle::new([(*x, 0.0), (x + step * 0.9, *y)], colour.filled()));
        chart.draw_series(bars).map_err(fault)?;
    }
    for (index, mark) in marks.iter().enumerate() {
        let height = most * (1.12 + 0.11 * (marks.len() - index - 1) as f64);
        chart
            .draw_series(LineSeries::new([(mark.at, 0.0), (mark.at, height)], INK.stroke_width(1)))
            .map_err(fault)?;
        let is_right = mark.at > left + 0.7 * (right - left);
        let side = Pos::new(if is_right { HPos::Right } else { HPos::Left }, VPos::Center);
        let text = format!(" {} ", mark.said);
        chart.draw_series([Text::new(text, (mark.at, height), font(12).pos(side))]).map_err(fault)?;
    }
    root.present().map_err(fault)
}

/// The axes of a chart.
fn mesh<X: Ranged<ValueType = f64> + ValueFormatter<f64>>(
    chart: &mut ChartContext<'_, SVGBackend<'_>, Cartesian2d<X, plotters::coord::types::RangedCoordf64>>,
    along: &str,
    up: &str,
    label: &dyn Fn(&f64) -> String,
) -> Result<(), Fault> {
    chart
        .configure_mesh()
        .max_light_lines(1)
        .bold_line_style(PALE)
        .axis_style(INK)
        .label_style(font(12))
        .axis_desc_style(font(13))
        .x_desc(along)
        .y_desc(up)
        .x_label_formatter(label)
        .x_labels(12)
        .y_labels(6)
        .draw()
        .map_err(fault)
}

/// The names of the lines, in their colours, at the upper right.
fn legend(root: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>, names: &[&str]) -> Result<(), Fault> {
    for (index, name) in names.iter().enumerate() {
        let style = ("sans-serif", 13).into_font().color(&COLOURS[index % COLOURS.len()]);
        let style = style.pos(Pos::new(HPos::Right, VPos::Top));
        root.draw(&Text::new(*name, (SIZE.0 as i32 - 24, 14 + 17 * index as i32), style)).map_err(fault)?;
    }
    Ok(())
}
