//! A patient's visit as one JSON object: `rendezvous patient --summary FILE` writes it, and
//! `rendezvous simulate` reads it for its table.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VisitOutcome {
    /// All that was asked for was done.
    Done,
    /// The answer was "no".
    Refused,
    /// Something broke.
    Failed,
}

impl VisitOutcome {
    /// The word in JSON and in tables.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// One visit. What did not come about is `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// The NAME of `rendezvous patient NAME`.
    pub(crate) patient: String,
    /// How it ended.
    pub(crate) outcome: VisitOutcome,
    /// The index of the slot that was booked; `None` when none was.
    pub(crate) slot: Option<String>,
    /// When it is, e.g. `Tue 01pm`, in the center's zone; `None` when no slot was booked.
    pub(crate) when: Option<String>,
    /// The slot's doctor; `None` when no slot was booked, or the dialect does not say.
    pub(crate) doctor: Option<String>,
    /// The insurance plan; `None` when there is none.
    pub(crate) plan: Option<String>,
    /// The doctor's estimate in major units, e.g. `30.50`; `None` when there was none.
    pub(crate) cost: Option<String>,
    /// The estimate's ISO 4217 currency; `None` when there was none, or the dialect does not say.
    pub(crate) currency: Option<String>,
    /// The appointment's id; `None` when nothing was booked, or the dialect does not say.
    pub(crate) appointment: Option<String>,
    /// How long each phase took, in milliseconds, in order; shorter when a phase was not reached.
    pub(crate) phase_ms: Vec<f64>,
    /// What went wrong, for people; `None` when nothing did.
    pub(crate) message: Option<String>,
}

impl Summary {
    /// A visit of which nothing is known but how it ended.
    pub(crate) fn new(patient: &str, outcome: VisitOutcome) -> Self {
        Self {
            patient: patient.to_owned(),
            outcome,
            slot: None,
            when: None,
            doctor: None,
            plan: None,
            cost: None,
            currency: None,
            appointment: None,
            phase_ms: Vec::new(),
            message: None,
        }
    }

    /// Writes it to `path` as one line of JSON.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        fs::write(path, line)
    }

    /// Reads what [`Summary::write`] wrote.
    ///
    /// # Errors
    /// When the file cannot be read or is not a summary.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(path)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_comes_back_from_its_file() {
        let summary = Summary {
            slot: Some("1".to_owned()),
            when: Some("Tue 01pm".to_owned()),
            phase_ms: vec![12.3, 4.5],
            ..Summary::new("patient1", VisitOutcome::Done)
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.json");
        summary.write(&path).unwrap();
        assert_eq!(Summary::read(&path).unwrap(), summary);
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "{\"patient\":\"patient1\",\"outcome\":\"done\",\"slot\":\"1\",\"when\":\"Tue 01pm\",\
             \"doctor\":null,\"plan\":null,\"cost\":null,\"currency\":null,\"appointment\":null,\
             \"phase_ms\":[12.3,4.5],\"message\":null}\n"
        );
    }
}
