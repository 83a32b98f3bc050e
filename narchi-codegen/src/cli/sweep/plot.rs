//! A scatter plot of variants: multiply-adds to the right, parameters upwards, both by their order of magnitude.

use super::{Axis, Variant};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 480.0;
/// Room for numbers, to the left and below.
const MARGIN: f64 = 64.0;

/// What is drawn of a variant.
struct Point {
    x: f64,
    y: f64,
    label: String,
    /// No other has as many parameters for fewer multiply-adds.
    is_best: bool,
}

pub(super) fn svg(axes: &[Axis], variants: &[Variant]) -> String {
    let points = points(axes, variants);
    let range = |of: fn(&Point) -> f64| {
        let least = points.iter().map(of).fold(f64::INFINITY, f64::min);
        let most = points.iter().map(of).fold(0.0, f64::max);
        decades(least, most)
    };
    let (xs, ys) = (range(|it| it.x), range(|it| it.y));
    let place = |value: f64, (low, high): (i32, i32), from: f64, to: f64| {
        let share = (value.log10() - f64::from(low)) / f64::from(high - low);
        from + share * (to - from)
    };
    let x = |value| place(value, xs, MARGIN, WIDTH - 16.0);
    let y = |value| place(value, ys, HEIGHT - MARGIN, 16.0);

    let mut parts = vec![format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n\
         <title>Multiply-adds and parameters of {} variants</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
        points.len()
    )];
    let (left, right, top, bottom) = (MARGIN, WIDTH - 16.0, 16.0, HEIGHT - MARGIN);
    for power in xs.0..=xs.1 {
        let at = x(10_f64.powi(power));
        let label = magnitude(power);
        parts.push(format!(
            "<line x1=\"{at:.1}\" y1=\"{top}\" x2=\"{at:.1}\" y2=\"{bottom}\" stroke=\"#ddd\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            bottom + 18.0
        ));
    }
    for power in ys.0..=ys.1 {
        let at = y(10_f64.powi(power));
        let label = magnitude(power);
        parts.push(format!(
            "<line x1=\"{left}\" y1=\"{at:.1}\" x2=\"{right}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            left - 8.0,
            at + 4.0
        ));
    }
    parts.push(format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">multiply-adds</text>\
         <text transform=\"translate(14 {:.1}) rotate(-90)\" text-anchor=\"middle\">parameters</text>",
        f64::midpoint(left, right),
        HEIGHT - 16.0,
        f64::midpoint(top, bottom)
    ));
    let front: Vec<String> = points
        .iter()
        .filter(|it| it.is_best)
        .map(|it| format!("{:.1},{:.1}", x(it.x), y(it.y)))
        .collect();
    parts.push(format!(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#c44\" stroke-width=\"1.5\"/>",
        front.join(" ")
    ));
    for point in &points {
        let colour = if point.is_best { "#c44" } else { "#47a" };
        parts.push(format!(
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\" fill-opacity=\"0.8\"><title>{}</title></circle>",
            x(point.x),
            y(point.y),
            escaped(&point.label)
        ));
    }
    parts.push("</svg>\n".to_owned());
    parts.join("\n")
}

/// Variants whose costs are known, the cheapest first.
#[expect(clippy::cast_precision_loss, reason = "a tenth of a pixel is drawn")]
fn points(axes: &[Axis], variants: &[Variant]) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for variant in variants {
        let Ok(costs) = &variant.outcome else {
            continue;
        };
        let (Some(multiply_adds), Some(parameters)) = (costs.multiply_adds, costs.parameters)
        else {
            continue;
        };
        let values = axes.iter().zip(&variant.values);
        let values = values.map(|(axis, value)| format!("{} = {value}", axis.name));
        points.push(Point {
            x: multiply_adds.max(1) as f64,
            y: parameters.max(1) as f64,
            label: values.collect::<Vec<_>>().join(", "),
            is_best: false,
        });
    }
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(b.y.total_cmp(&a.y)));
    let mut most = 0.0;
    for point in &mut points {
        point.is_best = point.y > most;
        most = point.y.max(most);
    }
    points
}

/// The powers of ten around a range.
fn decades(least: f64, most: f64) -> (i32, i32) {
    #[expect(clippy::cast_possible_truncation, reason = "a power of ten")]
    let power = |it: f64| it as i32;
    let low = power(least.max(1.0).min(most.max(1.0)).log10().floor());
    (low, power(most.max(1.0).log10().ceil()).max(low + 1))
}

/// `10 M`
fn magnitude(power: i32) -> String {
    let (unit, digits) = match power {
        ..3 => ("", power),
        3..6 => (" k", power - 3),
        6..9 => (" M", power - 6),
        9..12 => (" G", power - 9),
        _ => (" T", power - 12),
    };
    format!(
        "1{}{unit}",
        "0".repeat(usize::try_from(digits).unwrap_or(0))
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
