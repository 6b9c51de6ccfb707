//! The cold start by part, as a picture.

use std::path::Path;

use plotters::prelude::*;

use crate::Failed;
use crate::figures::Figures;

/// Start and first call of every function, side by side with the floor; drawn to a file.
pub fn draw(figures: &Figures, file: &Path) -> Result<(), Failed> {
    let mut bars: Vec<(String, f64, f64)> = Vec::new();
    let millis = |micros: u64| micros as f64 / 1_000.0;
    bars.push(("floor".to_owned(), millis(figures.floor.start.p50), millis(figures.floor_first.p50)));
    for binary in &figures.binaries {
        let first =
            figures.actions.iter().filter(|action| action.function == binary.name && action.first.n > 0);
        let first = first.map(|action| action.first.p50).next().unwrap_or(0);
        bars.push((binary.name.clone(), millis(binary.start.p50), millis(first)));
    }
    let height = u32::try_from(bars.len()).unwrap_or(30).saturating_mul(24).saturating_add(90);
    let most = bars.iter().map(|(_, start, first)| start + first).fold(1.0, f64::max);
    let canvas = SVGBackend::new(file, (900, height)).into_drawing_area();
    canvas.fill(&WHITE)?;
    let rows = i32::try_from(bars.len()).unwrap_or(30);
    let mut chart = ChartBuilder::on(&canvas)
        .caption("Cold start: start phase and first call over TLS, median, ms", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(28)
        .y_label_area_size(140)
        .build_cartesian_2d(0.0..most * 1.05, (0..rows).into_segmented())?;
    let name = |row: &SegmentValue<i32>| match row {
        SegmentValue::CenterOf(row) => {
            let bar = usize::try_from(*row).ok().and_then(|row| bars.get(row));
            bar.map(|(name, ..)| name.clone()).unwrap_or_default()
        }
        _ => String::new(),
    };
    chart.configure_mesh().disable_y_mesh().y_labels(bars.len()).y_label_formatter(&name).draw()?;
    let bar = |row: usize, from: f64, to: f64, color: RGBColor| {
        let row = i32::try_from(row).unwrap_or(0);
        let (bottom, top) = (SegmentValue::Exact(row), SegmentValue::Exact(row.saturating_add(1)));
        let mut bar = Rectangle::new([(from, bottom), (to, top)], color.filled());
        bar.set_margin(3, 3, 0, 0);
        bar
    };
    let (start_color, first_color) = (RGBColor(0, 102, 204), RGBColor(255, 153, 0));
    let starts = bars.iter().enumerate().map(|(row, (_, start, _))| bar(row, 0.0, *start, start_color));
    chart.draw_series(starts)?.label("start phase").legend(move |(x, y)| square(x, y, start_color));
    let firsts =
        bars.iter().enumerate().map(|(row, (_, start, first))| bar(row, *start, start + first, first_color));
    chart.draw_series(firsts)?.label("first call").legend(move |(x, y)| square(x, y, first_color));
    chart.configure_series_labels().border_style(BLACK).background_style(WHITE).draw()?;
    canvas.present()?;
    Ok(())
}

fn square(x: i32, y: i32, color: RGBColor) -> Rectangle<(i32, i32)> {
    Rectangle::new([(x, y.saturating_sub(5)), (x.saturating_add(10), y.saturating_add(5))], color.filled())
}
