//! What came of a crowd, as tables.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use simulator::crowd::Numbers;
use simulator::record::Phase;

/// The shares of visits whose latency is told.
const SHARES: [f64; 4] = [0.5, 0.9, 0.99, 1.0];

/// Outcomes, latencies and tries, without a line break at the end.
pub(super) fn table(numbers: &Numbers) -> String {
    let tables = [outcomes(numbers), latencies(numbers), tries(numbers)];
    tables.map(|table| table.to_string()).join("\n")
}

fn outcomes(numbers: &Numbers) -> Table {
    let mut table = titled(["outcome", "visits"]);
    let mut row = |what: String, count: u64| {
        table.add_row([what, count.to_string()]);
    };
    row("served".to_owned(), numbers.served);
    if numbers.without_price > 0 {
        row("booked, without a price".to_owned(), numbers.without_price);
    }
    for (why, count) in &numbers.refused {
        row(format!("refused: {why}"), *count);
    }
    for (why, count) in &numbers.failed {
        row(format!("failed: {why}"), *count);
    }
    row("all".to_owned(), numbers.over);
    aligned(table)
}

/// From the planned arrival on, however late somebody was served.
fn latencies(numbers: &Numbers) -> Table {
    let mut table = titled(["latency", "visits", "p50", "p90", "p99", "longest"]);
    for phase in Phase::ALL {
        let row = SHARES.map(|share| numbers.latency_of(phase, share).map(shown));
        let [p50, p90, p99, longest] = row.map(|cell| cell.unwrap_or_else(|| "-".to_owned()));
        let count = numbers.count_of(phase).to_string();
        table.add_row([phase.as_str().to_owned(), count, p50, p90, p99, longest]);
    }
    let [p50, p90, p99, longest] = SHARES.map(|share| shown(numbers.latency(share)));
    table.add_row(["whole visit".to_owned(), numbers.over.to_string(), p50, p90, p99, longest]);
    aligned(table)
}

fn tries(numbers: &Numbers) -> Table {
    let mut table = titled(["prices after so many tries", "visits"]);
    for (tries, count) in &numbers.tries {
        table.add_row([tries.to_string(), count.to_string()]);
    }
    aligned(table)
}

fn titled<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(header);
    table
}

/// Numbers to the right.
fn aligned(mut table: Table) -> Table {
    for column in 1..6 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// `3.1 ms`, `12.4 s`.
pub(super) fn shown(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1_000.0;
    if ms < 1_000.0 { format!("{ms:.1} ms") } else { format!("{:.1} s", ms / 1_000.0) }
}
