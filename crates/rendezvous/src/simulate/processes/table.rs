//! The table at the end of a simulation: a line for each patient.

use comfy_table::{CellAlignment, Table, presets};

use crate::summary::{Summary, VisitOutcome};

/// What stands where nothing came about.
const NOTHING: &str = "-";

/// The table of these visits, without a line break at its end.
pub(super) fn table(visits: &[Summary]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header([
        "patient", "slot", "doctor", "plan", "cost", "phase 1", "phase 2", "phase 3", "outcome",
    ]);
    for visit in visits {
        table.add_row(row(visit));
    }
    for column in 4..8 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

fn row(visit: &Summary) -> [String; 9] {
    let joined = |parts: [&Option<String>; 2]| {
        let words: Vec<&str> = parts.into_iter().filter_map(|part| part.as_deref()).collect();
        if words.is_empty() { NOTHING.to_owned() } else { words.join(" ") }
    };
    let or_nothing = |text: &Option<String>| text.clone().unwrap_or_else(|| NOTHING.to_owned());
    let phase = |number: usize| match visit.phase_ms.get(number - 1) {
        Some(ms) => format!("{ms:.1} ms"),
        None => NOTHING.to_owned(),
    };
    let outcome = match (visit.outcome, &visit.message) {
        (VisitOutcome::Done, _) | (_, None) => visit.outcome.as_str().to_owned(),
        (outcome, Some(message)) => format!("{}: {message}", outcome.as_str()),
    };
    [
        visit.patient.clone(),
        joined([&visit.slot, &visit.when]),
        or_nothing(&visit.doctor),
        or_nothing(&visit.plan),
        joined([&visit.cost, if visit.cost.is_some() { &visit.currency } else { &None }]),
        phase(1),
        phase(2),
        phase(3),
        outcome,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_is_a_row_and_what_did_not_come_about_a_dash() {
        let text = |text: &str| Some(text.to_owned());
        let done = Summary {
            slot: text("1"),
            when: text("Tue 01pm"),
            doctor: text("doc1"),
            plan: text("insurance1"),
            cost: text("30"),
            currency: text("USD"),
            phase_ms: vec![30.04, 4.5, 1.0],
            ..Summary::new("patient1", VisitOutcome::Done)
        };
        let refused = Summary {
            plan: text("insurance2"),
            currency: text("USD"),
            message: text("the slot is taken"),
            phase_ms: vec![31.0],
            ..Summary::new("patient2", VisitOutcome::Refused)
        };
        assert_eq!(
            table(&[done, refused]),
            "\
┌──────────┬────────────┬────────┬────────────┬────────┬─────────┬─────────┬─────────┬────────────────────────────┐
│ patient  ┆ slot       ┆ doctor ┆ plan       ┆   cost ┆ phase 1 ┆ phase 2 ┆ phase 3 ┆ outcome                    │
╞══════════╪════════════╪════════╪════════════╪════════╪═════════╪═════════╪═════════╪════════════════════════════╡
│ patient1 ┆ 1 Tue 01pm ┆ doc1   ┆ insurance1 ┆ 30 USD ┆ 30.0 ms ┆  4.5 ms ┆  1.0 ms ┆ done                       │
│ patient2 ┆ -          ┆ -      ┆ insurance2 ┆      - ┆ 31.0 ms ┆       - ┆       - ┆ refused: the slot is taken │
└──────────┴────────────┴────────┴────────────┴────────┴─────────┴─────────┴─────────┴────────────────────────────┘"
        );
    }
}
