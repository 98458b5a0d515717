//! One small chart, drawn by plotters as SVG and made fit to stand in a page.
//!
//! plotters knows fixed colours only, and a page has two sets of them, for light and for dark. So the
//! charts are drawn in colours that mean nothing ([`Colour`]), and in the SVG each of them becomes a
//! variable of the page's style sheet.

use std::ops::Range;

use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea as _};
use plotters::element::{Circle, Rectangle};
use plotters::prelude::SVGBackend;
use plotters::series::AreaSeries;
use plotters::style::{Color as _, IntoFont as _, RGBColor, ShapeStyle};

/// How wide and high a chart is. The page shows it at about half of that: plotters draws at whole
/// numbers only, and halves look smoother.
const SIZE: (u32, u32) = (720, 420);

/// The height of letters, in the same measure. plotters divides by 1.24.
const LETTERS: f64 = 26.0 * 1.24;

/// A colour of the page's style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    /// Of letters next to a chart.
    Muted,
    /// Of lines behind a chart.
    Rule,
    /// Of what was measured.
    First,
    /// Of what it is compared with.
    Second,
}

impl Colour {
    const ALL: [Self; 4] = [Self::Muted, Self::Rule, Self::First, Self::Second];

    /// What stands for it while plotters draws.
    const fn drawn(self) -> RGBColor {
        RGBColor(0, 0, self as u8 + 1)
    }

    /// What stands for it in the page.
    const fn variable(self) -> &'static str {
        match self {
            Self::Muted => "var(--muted)",
            Self::Rule => "var(--rule)",
            Self::First => "var(--first)",
            Self::Second => "var(--second)",
        }
    }
}

/// A direction of a chart.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    /// Where it begins.
    pub(super) from: f64,
    /// Where it ends; above `from`.
    pub(super) to: f64,
    /// Where something is written at it, and what.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "a place in the picture is a small number")]
    fn map(&self, value: &f64, (least, most): (i32, i32)) -> i32 {
        let part = (value - self.from) / (self.to - self.from);
        least + (part * f64::from(most - least)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.ticks.iter().map(|(place, _)| *place).collect()
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(at: &f64) -> String {
        at.to_string()
    }

    fn format_ext(&self, at: &f64) -> String {
        let here = |tick: &&(f64, String)| tick.0.total_cmp(at).is_eq();
        self.ticks.iter().find(here).map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

/// Something drawn in a chart.
#[derive(Debug, Clone)]
pub(super) enum Mark {
    /// A line, and the area below it.
    Area(Vec<(f64, f64)>, Colour),
    /// Dots.
    Dots(Vec<(f64, f64)>, Colour),
    /// Rings, so that a dot in one is seen.
    Rings(Vec<(f64, f64)>, Colour),
    /// Bars: from, to, how high.
    Bars(Vec<(f64, f64, f64)>, Colour),
}

/// One small chart.
#[derive(Debug, Clone)]
pub(super) struct Panel {
    /// Its name within the page, of letters and hyphens.
    pub(super) id: String,
    /// What stands above it.
    pub(super) title: String,
    /// What it shows, for somebody who does not see it.
    pub(super) told: String,
    /// From left to right.
    pub(super) x: Axis,
    /// From below upwards.
    pub(super) y: Axis,
    /// What is drawn, the first at the back.
    pub(super) marks: Vec<Mark>,
}

impl Panel {
    /// The chart as an `svg` element.
    pub(super) fn svg(&self) -> String {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            self.draw(&area).expect("a string takes all that is written");
        }
        self.fit_for_a_page(&svg)
    }

    fn draw(
        &self,
        area: &DrawingArea<SVGBackend<'_>, Shift>,
    ) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
        let mut chart = ChartBuilder::on(area)
            .margin_top(14)
            .margin_right(30)
            .x_label_area_size(50)
            .y_label_area_size(112)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        let letters = ("inherit", LETTERS).into_font().color(&Colour::Muted.drawn());
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(Colour::Rule.drawn().stroke_width(2))
            .light_line_style(plotters::style::TRANSPARENT)
            .axis_style(Colour::Rule.drawn().stroke_width(2))
            .set_all_tick_mark_size(6)
            .label_style(letters)
            .draw()?;
        for mark in &self.marks {
            match mark {
                Mark::Area(points, colour) => {
                    let line = colour.drawn().stroke_width(4);
                    let below = colour.drawn().mix(0.22);
                    let series = AreaSeries::new(points.iter().copied(), self.y.from, below);
                    chart.draw_series(series.border_style(line))?;
                }
                Mark::Dots(points, colour) => {
                    let filled = colour.drawn().filled();
                    chart.draw_series(points.iter().map(|at| Circle::new(*at, 8, filled)))?;
                }
                Mark::Rings(points, colour) => {
                    let ring = colour.drawn().stroke_width(4);
                    chart.draw_series(points.iter().map(|at| Circle::new(*at, 14, ring)))?;
                }
                Mark::Bars(bars, colour) => {
                    let filled: ShapeStyle = colour.drawn().filled();
                    let gap = (self.x.to - self.x.from) * 0.004;
                    let bar = |&(from, to, high): &(f64, f64, f64)| {
                        Rectangle::new([(from + gap, self.y.from), (to - gap, high)], filled)
                    };
                    chart.draw_series(bars.iter().map(bar))?;
                }
            }
        }
        area.present()
    }

    /// Without a size of its own, with the page's colours and letters, and with words for somebody
    /// who does not see it.
    fn fit_for_a_page(&self, svg: &str) -> String {
        let inner = svg.split_once('>').map_or(svg, |(_, inner)| inner);
        let mut inner = inner.replace(" font-family=\"inherit\"", "").replace(" opacity=\"1\"", "");
        for colour in Colour::ALL {
            let drawn = format!("\"#0000{:02X}\"", colour as u8 + 1);
            inner = inner.replace(&drawn, &format!("\"{}\"", colour.variable()));
        }
        let Self { id, title, told, .. } = self;
        let (width, height) = SIZE;
        let (title, told) = (super::escaped(title), super::escaped(told));
        format!(
            "<svg class=\"chart\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-told\"><title id=\"{id}-title\">{title}</title>\
             <desc id=\"{id}-told\">{told}</desc>{inner}"
        )
    }
}
