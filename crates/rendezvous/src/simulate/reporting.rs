//! Where the report of a simulation goes: files that were asked for, and the terminal.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use comfy_table::{CellAlignment, presets};
use simulator::report::{Aligned, Report, Table};

use super::files;
use crate::input::BadInput;
use crate::printing::safe;

/// How many rows of a table a terminal shows; the files have all.
const ROWS_MAX: usize = 24;

/// What a file is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A page for people.
    Html,
    /// JSON for programs.
    Json,
}

/// The files that a report is to be written to; each can be, as far as anybody knows before the run.
#[derive(Debug)]
pub(super) struct Reports {
    files: Vec<(Form, PathBuf)>,
}

impl Reports {
    /// Looks at the files of `--report` before anything is started.
    ///
    /// # Errors
    /// [`BadInput`] when a name ends in neither `.html` nor `.json`, its file cannot be written,
    /// or is a database.
    pub(super) fn open(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        for path in paths {
            let form = form_of(path)?;
            if path.is_dir() {
                return Err(BadInput::of_file(path, "is a folder, expected a file").into());
            }
            files::check_replaceable(path)?;
            // What a file is made of at the end is made beside it, so there is where it must be
            // allowed.
            tempfile::Builder::new()
                .prefix(".report-")
                .tempfile_in(folder_of(path))
                .map_err(|error| files::cannot_be_written(path, &error))?;
            files.push((form, path.clone()));
        }
        Ok(Self { files })
    }

    /// Whether anybody wants a report as a file.
    pub(super) fn are_wanted(&self) -> bool {
        !self.files.is_empty()
    }

    /// Writes all files, each whole or not at all.
    ///
    /// # Errors
    /// When one cannot be written; those before it are.
    pub(super) fn write(&self, report: &Report) -> anyhow::Result<()> {
        for (form, path) in &self.files {
            let text = match form {
                Form::Html => report.to_html(),
                Form::Json => report.to_json(),
            };
            write_whole(path, &text)
                .with_context(|| format!("the report {} cannot be written", path.display()))?;
        }
        Ok(())
    }
}

fn form_of(path: &Path) -> Result<Form, BadInput> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("html") => Ok(Form::Html),
        Some("json") => Ok(Form::Json),
        _ => Err(BadInput::of_file(path, "is no name of a report, expected .html or .json")),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Under another name first, so that nobody ever opens half a report.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let readable = fs::Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new()
        .prefix(".report-")
        .permissions(readable)
        .tempfile_in(folder_of(path))?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

/// Shows a report on standard output.
pub(super) fn print(report: &Report) {
    // A reader that is gone needs no report.
    let _ = write!(io::stdout().lock(), "{}", shown(report));
}

fn shown(report: &Report) -> String {
    let tables = report.tables();
    tables.iter().map(|table| format!("\n{}\n{}\n", table.caption, drawn(table))).collect()
}

fn drawn(table: &Table) -> String {
    let mut drawn = comfy_table::Table::new();
    drawn.load_style(presets::UTF8_FULL_CONDENSED);
    drawn.set_header(table.columns.iter().map(|column| safe(&column.head)));
    for row in table.rows.iter().take(ROWS_MAX) {
        drawn.add_row(row.iter().map(|cell| safe(cell)));
    }
    for (place, column) in table.columns.iter().enumerate() {
        if let (Aligned::Right, Some(column)) = (column.aligned, drawn.column_mut(place)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    match table.rows.len().checked_sub(ROWS_MAX) {
        None | Some(0) => drawn.to_string(),
        Some(more) => format!("{drawn}\n… and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use simulator::report::{About, Tally};

    use super::*;

    fn nobody_came() -> Report {
        let about = About {
            title: "Nobody".to_owned(),
            settings: Vec::new(),
            loss: None,
            planned: Duration::from_secs(1),
        };
        Tally::new(about).finish()
    }

    #[test]
    fn a_terminal_shows_the_tables() {
        let shown = shown(&nobody_came());
        assert!(shown.starts_with("\nVisits and how they ended\n┌"), "{shown}");
        assert!(shown.contains("│ all                     ┆      0 ┆   0 % │"), "{shown}");
    }

    #[test]
    fn a_report_takes_the_place_of_an_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["day.html", "day.json"].map(|name| folder.path().join(name));
        fs::write(&paths[1], "older").unwrap();
        let reports = Reports::open(&paths).unwrap();
        assert_eq!(fs::read_to_string(&paths[1]).unwrap(), "older", "until it is written");
        reports.write(&nobody_came()).unwrap();
        assert!(fs::read_to_string(&paths[0]).unwrap().starts_with("<!DOCTYPE html>"));
        assert!(fs::read_to_string(&paths[1]).unwrap().starts_with("{\n  \"format\": 1,"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
    }
}
