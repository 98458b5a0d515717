//! The report as one page for people: no script, nothing loaded from anywhere, light and dark, on
//! paper, on a telephone, and read aloud.
//!
//! The page is HTML whose every tag is closed, so that any XML parser can read it too. Next to every
//! picture is a table with the same numbers.

mod charts;
mod panel;
mod sequence;

use askama::Template;

use super::numbers::{count, long_time, percent, time};
use super::table::{Aligned, Column, Table};
use super::values::{Diagram, Outcome, Report, Stretch};
use panel::Panel;
use sequence::Sequence;

/// How many rows a table has at most when it is open from the beginning.
const ROWS_OPEN_MAX: usize = 24;

impl Report {
    /// As one page that needs nothing else.
    #[must_use]
    pub fn to_html(&self) -> String {
        let page = Page::of(self).to_string();
        // What is not a character of a page cannot be escaped either.
        let shown =
            |c: char| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c };
        page.chars().map(shown).collect()
    }
}

/// Text as it may stand in a page.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    report: &'a Report,
    lead: String,
    figures: Vec<Figure>,
    comparison: TablePart,
    outcomes: TablePart,
    refusals: TablePart,
    latency: Vec<Chart>,
    latency_table: TablePart,
    curves: TablePart,
    over_time: Vec<Chart>,
    over_time_table: TablePart,
    doctors_lead: String,
    doctors: TablePart,
    tries: Vec<Chart>,
    tries_lead: String,
    tries_table: TablePart,
    waits: Vec<Chart>,
    waits_table: TablePart,
    wait_bars: TablePart,
    connections: TablePart,
    visits: Vec<Visit<'a>>,
}

/// One number that says much.
struct Figure {
    name: &'static str,
    value: String,
    told: String,
}

/// A chart with what stands above it.
struct Chart {
    title: String,
    svg: String,
}

impl From<Panel> for Chart {
    fn from(panel: Panel) -> Self {
        Self { svg: panel.svg(), title: panel.title }
    }
}

/// A table in the page.
#[derive(Template)]
#[template(path = "report/table.html")]
struct TablePart {
    table: Table,
    /// For each row a bar of these parts, in percent; empty when the table has none.
    bars: Vec<Vec<BarPart>>,
}

/// A part of a bar.
struct BarPart {
    /// `first`, `second` or `muted`.
    colour: &'static str,
    percent: f64,
}

impl TablePart {
    fn plain(table: Table) -> Self {
        Self { table, bars: Vec::new() }
    }

    fn with_bars(table: Table, bars: Vec<Vec<BarPart>>) -> Self {
        Self { table, bars }
    }

    fn is_long(&self) -> bool {
        self.table.rows.len() > ROWS_OPEN_MAX
    }

    /// Of a row.
    fn bar(&self, row: &usize) -> &[BarPart] {
        self.bars.get(*row).map_or(&[], Vec::as_slice)
    }

    fn class(&self, column: &usize) -> &'static str {
        match self.table.columns[*column].aligned {
            Aligned::Left => "words",
            Aligned::Right => "number",
        }
    }
}

/// One whole visit.
#[derive(Template)]
#[template(path = "report/visit.html")]
struct Visit<'a> {
    number: usize,
    diagram: &'a Diagram,
    took: String,
    told: String,
    sequence: Sequence,
    table: TablePart,
}

impl<'a> Page<'a> {
    fn of(report: &'a Report) -> Self {
        let charts = |panels: Vec<Panel>| panels.into_iter().map(Chart::from).collect::<Vec<_>>();
        let visit = |(number, diagram)| Visit::of(number, diagram);
        Self {
            report,
            lead: lead(report),
            figures: figures(report),
            comparison: TablePart::plain(report.comparison_table()),
            outcomes: outcomes(report),
            refusals: refusals(report),
            latency: charts(charts::latency(report)),
            latency_table: TablePart::plain(turned(&report.latency_table())),
            curves: TablePart::plain(curves(report)),
            over_time: charts(charts::over_time(report)),
            over_time_table: TablePart::plain(report.over_time_table()),
            doctors_lead: doctors_lead(report),
            doctors: doctors(report),
            tries: charts(charts::tries(report).into_iter().collect()),
            tries_lead: tries_lead(report),
            tries_table: TablePart::plain(report.tries_table()),
            waits: charts(charts::waits(report).into_iter().collect()),
            waits_table: TablePart::plain(turned(&report.waits_table())),
            wait_bars: TablePart::plain(report.wait_bars_table()),
            connections: TablePart::plain(report.connections_table()),
            visits: (1..).zip(&report.diagrams).map(visit).collect(),
        }
    }
}

impl<'a> Visit<'a> {
    fn of(number: usize, diagram: &'a Diagram) -> Self {
        let lost = diagram.exchanges.iter().filter(|said| !said.arrived).count();
        Self {
            number,
            diagram,
            took: time(diagram.took_ms),
            told: format!(
                "{} messages between {} and the others, {lost} of them lost or late.",
                diagram.exchanges.len(),
                diagram.patient
            ),
            sequence: Sequence::of(diagram),
            table: TablePart::plain(diagram.table()),
        }
    }
}

fn lead(report: &Report) -> String {
    let visits = if report.visits == 1 { "visit" } else { "visits" };
    format!(
        "{} {visits} in {}, {} of them served.",
        count(report.visits),
        super::tables::long_time_or_less(report.lasted_s),
        percent(share_of(report, Outcome::Served))
    )
}

fn share_of(report: &Report, outcome: Outcome) -> f64 {
    let found = report.outcomes.iter().find(|counted| counted.outcome == outcome);
    found.map_or(0.0, |counted| counted.share)
}

/// What is worth a look before anything else.
fn figures(report: &Report) -> Vec<Figure> {
    let mut figures = vec![Figure {
        name: "Served",
        value: percent(share_of(report, Outcome::Served)),
        told: format!("of {} visits", count(report.visits)),
    }];
    if let Some(visit) = report.latency_of(Stretch::Visit) {
        let told = format!("99 % within {}", time(visit.p99_ms));
        figures.push(Figure { name: "Whole visit", value: time(visit.p50_ms), told });
    }
    if report.tries.asked > 0 {
        let told = match report.tries.predicted_share {
            Some(share) => format!("{} predicted", percent(share)),
            None => format!("of {} who asked", count(report.tries.asked)),
        };
        let value = percent(report.tries.answered_share);
        figures.push(Figure { name: "Doctors answered", value, told });
    }
    let slots: usize = report.doctors.iter().map(|doctor| doctor.slots).sum();
    if slots > 0 {
        let booked: usize = report.doctors.iter().map(|doctor| doctor.booked).sum();
        let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        figures.push(Figure {
            name: "Slots booked",
            value: percent(super::numbers::share(number(booked), number(slots))),
            told: format!("{} of {}", count(number(booked)), count(number(slots))),
        });
    }
    if let Some(waits) = &report.waits {
        figures.push(Figure {
            name: "Wait for a slot",
            value: long_time(waits.p50_h * 3_600.0),
            told: format!("90 % at most {}", long_time(waits.p90_h * 3_600.0)),
        });
    }
    figures
}

fn bar(colour: &'static str, share: f64) -> BarPart {
    BarPart { colour, percent: super::numbers::rounded(share * 100.0, 2) }
}

fn outcomes(report: &Report) -> TablePart {
    let colour = |outcome| match outcome {
        Outcome::Served => "first",
        Outcome::WithoutPrice | Outcome::CalledOff | Outcome::Refused => "second",
        Outcome::WalkedAway | Outcome::Failed => "bad",
    };
    let bars =
        report.outcomes.iter().map(|counted| vec![bar(colour(counted.outcome), counted.share)]);
    // The last row is their sum.
    TablePart::with_bars(report.outcomes_table(), bars.chain([Vec::new()]).collect())
}

fn refusals(report: &Report) -> TablePart {
    let refused = report.refusals.iter().map(|counted| ("second", counted.share));
    let without = report.without_price.iter().map(|counted| ("second", counted.share));
    let failed = report.failures.iter().map(|counted| ("bad", counted.share));
    let bars = refused.chain(without).chain(failed).map(|(colour, share)| vec![bar(colour, share)]);
    TablePart::with_bars(report.refusals_table(), bars.collect())
}

fn doctors(report: &Report) -> TablePart {
    let bars = report.doctors.iter().map(|doctor| {
        let all = u32::try_from(doctor.slots.max(1)).unwrap_or(u32::MAX);
        let missed = u32::try_from(doctor.missed).unwrap_or(u32::MAX);
        let missed = (f64::from(missed) / f64::from(all)).min(doctor.booked_share);
        vec![bar("first", doctor.booked_share - missed), bar("second", missed)]
    });
    TablePart::with_bars(report.doctors_table(), bars.collect())
}

fn doctors_lead(report: &Report) -> String {
    let by_share = |a: &&super::Utilisation, b: &&super::Utilisation| {
        a.booked_share.total_cmp(&b.booked_share)
    };
    match (report.doctors.iter().max_by(by_share), report.doctors.iter().min_by(by_share)) {
        (Some(fullest), Some(emptiest)) if fullest.booked_share > emptiest.booked_share => format!(
            "Of {} doctors {} was the fullest with {}, {} the emptiest with {}.",
            report.doctors.len(),
            fullest.doctor,
            percent(fullest.booked_share),
            emptiest.doctor,
            percent(emptiest.booked_share)
        ),
        _ => String::new(),
    }
}

fn tries_lead(report: &Report) -> String {
    let tries = &report.tries;
    match (tries.loss_there, tries.loss_back, tries.predicted_share) {
        (Some(there), Some(back), Some(predicted)) => format!(
            "{} of questions and {} of answers are lost. {} tries then reach an answer with a \
             probability of {}; {} were measured. Where doctors are away, or answers come late, it \
             takes more tries than that.",
            percent(there),
            percent(back),
            protocol::limits::ESTIMATE_TRIES,
            percent(predicted),
            percent(tries.answered_share)
        ),
        _ => "Nobody knows how much the network loses, so nothing is predicted.".to_owned(),
    }
}

/// Columns become rows: on a telephone there is more room downwards.
fn turned(table: &Table) -> Table {
    let mut columns = vec![Column::words(&table.columns[0].head)];
    columns.extend(table.rows.iter().map(|row| Column::numbers(&row[0])));
    let row = |column: usize| {
        let cells = table.rows.iter().map(|row| row[column].clone());
        [table.columns[column].head.clone()].into_iter().chain(cells).collect()
    };
    Table {
        caption: table.caption.clone(),
        columns,
        rows: (1..table.columns.len()).map(row).collect(),
    }
}

/// All points of the charts of latencies.
fn curves(report: &Report) -> Table {
    let occurred: Vec<_> = report.latency.iter().filter(|latency| latency.count > 0).collect();
    let mut columns = vec![Column::words("percentile")];
    columns.extend(occurred.iter().map(|latency| Column::numbers(latency.phase.as_str())));
    let points = occurred.first().map_or(0, |latency| latency.curve.len());
    let row = |point: usize| {
        let percentile = occurred[0].curve[point].percentile;
        let cells = occurred.iter().map(|latency| time(latency.curve[point].ms));
        [percentile.to_string()].into_iter().chain(cells).collect()
    };
    Table {
        caption: "Every point of the pictures".to_owned(),
        columns,
        rows: (0..points).map(row).collect(),
    }
}
