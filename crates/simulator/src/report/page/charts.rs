//! Which charts a page has.

use super::panel::{Axis, Colour, Mark, Panel};
use crate::report::numbers::{long_time, percent, time};
use crate::report::tables::{long_time_or_less, tried};
use crate::report::values::{CurvePoint, Latency, Report, Stretch, TimeBin};

/// How far to the right the slowest of all stands; what came before stands at the number of its nines.
const SLOWEST_AT: f64 = 4.6;

/// The smallest share that the chart of tries shows: the exponent of ten.
const SHARE_LEAST: f64 = -5.0;

/// A chart for each phase that occurred, all at one scale.
pub(super) fn latency(report: &Report) -> Vec<Panel> {
    let occurred: Vec<&Latency> =
        report.latency.iter().filter(|latency| latency.count > 0).collect();
    let points = || occurred.iter().flat_map(|latency| &latency.curve);
    // Nothing is faster than a hundredth of a millisecond on such an axis.
    let log = |ms: f64| ms.max(0.01).log10();
    let least = points().map(|point| log(point.ms)).fold(f64::INFINITY, f64::min).floor();
    let most = points().map(|point| log(point.ms)).fold(f64::NEG_INFINITY, f64::max).ceil();
    let y = Axis { from: least, to: most.max(least + 1.0), ticks: decades(least, most, time_mark) };
    let ticks = [(0.0, "0"), (nines(50.0), "50"), (1.0, "90"), (2.0, "99"), (3.0, "99.9")];
    let mut ticks = ticks.map(|(at, label)| (at, label.to_owned())).to_vec();
    ticks.push((SLOWEST_AT, "max".to_owned()));
    let panel = |latency: &&Latency| {
        let at = |point: &CurvePoint| (nines(point.percentile), log(point.ms));
        let curve: Vec<_> = latency.curve.iter().map(at).collect();
        let median = (nines(50.0), log(latency.p50_ms));
        let p99 = (2.0, log(latency.p99_ms));
        Panel {
            id: format!("latency-{}", id_of(latency.phase)),
            title: sentence(latency.phase.as_str()),
            told: format!(
                "Time by percentile: half took at most {}, 99 % at most {}, the slowest {}.",
                time(latency.p50_ms),
                time(latency.p99_ms),
                time(latency.max_ms)
            ),
            x: Axis { from: 0.0, to: SLOWEST_AT, ticks: ticks.clone() },
            y: y.clone(),
            marks: vec![
                Mark::Area(curve, Colour::First),
                Mark::Dots(vec![median, p99], Colour::First),
            ],
        }
    };
    occurred.iter().map(panel).collect()
}

/// How many nines a percentile has: 90 has one.
fn nines(percentile: f64) -> f64 {
    let above = 1.0 - percentile / 100.0;
    if above < 1e-9 { SLOWEST_AT } else { -above.log10() }
}

fn id_of(stretch: Stretch) -> String {
    stretch.as_str().replace(' ', "-")
}

/// The same with a capital letter.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A tick at each power of ten, at most seven.
fn decades(least: f64, most: f64, label: impl Fn(f64) -> String) -> Vec<(f64, String)> {
    let each = ((most - least) / 7.0).ceil().max(1.0);
    steps(least, most.max(least + 1.0), each)
        .map(|exponent| (exponent, label(10_f64.powf(exponent))))
        .collect()
}

/// `from`, `from + each`, … up to `to`.
fn steps(from: f64, to: f64, each: f64) -> impl Iterator<Item = f64> {
    (0..1_000_u32)
        .map(move |step| from + f64::from(step) * each)
        .take_while(move |at| *at <= to + each * 1e-6)
}

/// A power of ten of milliseconds, shortly.
fn time_mark(ms: f64) -> String {
    match ms {
        _ if ms < 999.0 => format!("{} ms", (ms * 100.0).round() / 100.0),
        _ => format!("{:.0} s", ms / 1_000.0),
    }
}

/// Arrivals, and below them bookings, at one scale.
pub(super) fn over_time(report: &Report) -> Vec<Panel> {
    let over_time = &report.over_time;
    let highest = over_time.bins.iter().map(|bin| bin.arrivals.max(bin.bookings)).max();
    let Some(highest) = highest.filter(|highest| *highest > 0) else { return Vec::new() };
    let y = counts(highest);
    let end = over_time.bins.last().map_or(0.0, |bin| bin.from_s) + over_time.bin_s;
    let x = Axis { from: 0.0, to: end, ticks: time_ticks(end) };
    let panel = |id: &str, title: &str, colour: Colour, of: fn(&TimeBin) -> u64| {
        let most = over_time.bins.iter().map(of).max().unwrap_or_default();
        let all: u64 = over_time.bins.iter().map(of).sum();
        let each = long_time_or_less(over_time.bin_s);
        Panel {
            id: id.to_owned(),
            title: format!("{title} in {each}"),
            told: format!("{title} over time: {all} in all, at most {most} in {each}."),
            x: x.clone(),
            y: y.clone(),
            marks: vec![Mark::Area(stairs(&over_time.bins, over_time.bin_s, of), colour)],
        }
    };
    vec![
        panel("arrivals", "Arrivals", Colour::Second, |bin| bin.arrivals),
        panel("bookings", "Bookings", Colour::First, |bin| bin.bookings),
    ]
}

/// Each bin as high as it is, over its whole width.
fn stairs(bins: &[TimeBin], bin_s: f64, of: fn(&TimeBin) -> u64) -> Vec<(f64, f64)> {
    let ends = |bin: &TimeBin| [(bin.from_s, float(of(bin))), (bin.from_s + bin_s, float(of(bin)))];
    bins.iter().flat_map(ends).collect()
}

/// How often doctors were asked, next to what the losses predict.
pub(super) fn tries(report: &Report) -> Option<Panel> {
    let tries = &report.tries;
    let counted = || (0_u32..).map(f64::from).zip(&tries.by_try);
    let shown = |(at, share): (f64, f64)| {
        (share > 0.0 && share.log10() >= SHARE_LEAST).then(|| (at + 0.5, share.log10()))
    };
    let measured: Vec<_> = counted().filter_map(|(at, row)| shown((at, row.share))).collect();
    let predicted: Vec<_> =
        counted().filter_map(|(at, row)| shown((at, row.predicted_share?))).collect();
    let least = measured.iter().chain(&predicted).map(|(_, share)| *share).fold(-1.0, f64::min);
    let from = least.floor();
    let word = |row| tried(row).replace("no answer", "none").replace("try ", "");
    let x_ticks = counted().map(|(at, row)| (at + 0.5, word(row))).collect();
    let told = match tries.predicted_share {
        Some(share) => format!(
            "{} of those who asked got an answer; the losses predict {}.",
            percent(tries.answered_share),
            percent(share)
        ),
        None => format!("{} of those who asked got an answer.", percent(tries.answered_share)),
    };
    (tries.asked > 0).then(|| Panel {
        id: "tries".to_owned(),
        title: "Share of visits by the try that was answered".to_owned(),
        told,
        x: Axis { from: 0.0, to: float(tries.by_try.len() as u64), ticks: x_ticks },
        y: Axis { from, to: 0.15, ticks: decades(from, 0.0, share_mark) },
        marks: vec![Mark::Rings(predicted, Colour::Second), Mark::Dots(measured, Colour::First)],
    })
}

/// A power of ten as a percentage.
fn share_mark(share: f64) -> String {
    format!("{} %", (share * 1e6).round() / 1e4)
}

/// How many waited how long.
pub(super) fn waits(report: &Report) -> Option<Panel> {
    let waits = report.waits.as_ref()?;
    let highest = waits.bars.iter().map(|bar| bar.bookings).max()?;
    let end = waits.bars.last()?.to_h;
    let ticks = time_ticks(end * 3_600.0).into_iter().map(|(at, label)| (at / 3_600.0, label));
    let bars = waits.bars.iter().map(|bar| (bar.from_h, bar.to_h, float(bar.bookings))).collect();
    Some(Panel {
        id: "waits".to_owned(),
        title: "Bookings by the time until the visit".to_owned(),
        told: format!(
            "Half waited at most {}, 90 % at most {}, the longest {}.",
            long_time(waits.p50_h * 3_600.0),
            long_time(waits.p90_h * 3_600.0),
            long_time(waits.max_h * 3_600.0)
        ),
        x: Axis { from: 0.0, to: end, ticks: ticks.collect() },
        y: counts(highest),
        marks: vec![Mark::Bars(bars, Colour::First)],
    })
}

/// An axis of counts, from 0 to a little above the highest.
fn counts(highest: u64) -> Axis {
    let highest = float(highest.max(1));
    let each = [1.0, 2.0, 5.0]
        .into_iter()
        .flat_map(|first| (0..16).map(move |zeros| first * 10_f64.powi(zeros)));
    let each = each.filter(|each| highest / each <= 4.0).fold(f64::INFINITY, f64::min);
    let to = (highest / each).ceil() * each;
    let ticks = steps(0.0, to, each).map(|at| (at, format!("{at:.0}"))).collect();
    Axis { from: 0.0, to, ticks }
}

/// Four to six marks of time up to an end in seconds.
fn time_ticks(end: f64) -> Vec<(f64, String)> {
    const EACH: [f64; 26] = [
        0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0,
        600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0,
        604_800.0,
    ];
    let each = EACH.into_iter().find(|each| end / each <= 6.0);
    let each = each.unwrap_or_else(|| (end / 6.0 / 604_800.0).ceil() * 604_800.0);
    steps(0.0, end, each).map(|at| (at, short_time(at))).collect()
}

/// Seconds in the one unit that suits a mark.
fn short_time(seconds: f64) -> String {
    let told = |number: f64, unit: &str| format!("{} {unit}", (number * 100.0).round() / 100.0);
    match seconds {
        0.0 => "0".to_owned(),
        _ if seconds < 120.0 => told(seconds, "s"),
        _ if seconds < 7_200.0 => told(seconds / 60.0, "min"),
        _ if seconds < 172_800.0 => told(seconds / 3_600.0, "h"),
        _ => told(seconds / 86_400.0, "d"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn float(number: u64) -> f64 {
    number as f64
}
