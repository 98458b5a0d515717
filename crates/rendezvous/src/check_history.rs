//! `rendezvous check-history`: whether a history of operations is linearizable for slots.
//!
//! Exit code 0 when it is, 1 when it is not or cannot be decided, 2 when a line is none of a history.
//! What is deliberately not here: what it means, which is `simulator::history`'s.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use simulator::history::{
    Blamed, Counts, EntryKind, History, Offence, Op, Unreadable, Verdict, check,
};

use crate::args::CheckHistoryArgs;
use crate::exit::Ended;
use crate::input::{self, BadInput};
use crate::printing::{self, safe};

/// What the file should be.
const EXPECTED: &str = "a history of operations";

/// How many operations of an offence are printed: it has more only where no few of them will do.
const SHOWN_MAX: usize = 20;

/// Checks the history in a file, or on standard input.
///
/// # Errors
/// [`BadInput`] for a line that is none of a history.
pub(crate) fn run(args: &CheckHistoryArgs) -> anyhow::Result<Ended> {
    let history = if args.file.as_os_str() == "-" {
        read("standard input".as_ref(), io::stdin().lock())?
    } else {
        of_file(&args.file)?
    };
    let verdict = check(&history);
    printing::tell(&told(&verdict).join("\n"))?;
    Ok(ended(&verdict))
}

/// The history in a file.
///
/// # Errors
/// When it cannot be read, or a line is none of a history.
fn of_file(path: &Path) -> Result<History, BadInput> {
    input::check_plain(path, EXPECTED)?;
    let file = File::open(path).map_err(|error| unreadable(path, error.into()))?;
    read(path, BufReader::with_capacity(256 * 1_024, file))
}

/// Checks the history that a simulation left in a file and says what came of it, each line behind the
/// file's name. Gives how the simulation ended, which is [`Ended::Failure`] where the history does
/// not hold.
///
/// # Errors
/// When the file cannot be read, or a line is none of a history.
pub(crate) fn judge(
    path: &Path,
    simulated: Ended,
    mut say: impl FnMut(&str),
) -> Result<Ended, BadInput> {
    let verdict = check(&of_file(path)?);
    for line in told(&verdict) {
        say(&format!("{}: {line}", safe(&path.display().to_string())));
    }
    Ok(match ended(&verdict) {
        Ended::Done => simulated,
        wrong => wrong,
    })
}

/// How the program ends that found this.
fn ended(verdict: &Verdict) -> Ended {
    match (verdict.violated, verdict.undecided) {
        (0, 0) => Ended::Done,
        _ => Ended::Failure,
    }
}

/// What there is to say about a history, in lines: how it is first, then why not.
fn told(verdict: &Verdict) -> Vec<String> {
    let mut lines = vec![summary(verdict)];
    if let Some(offence) = &verdict.offence {
        lines.extend(offending(offence));
    }
    if verdict.undecided > 0 {
        lines.push(format!(
            "undecided: too many orders are possible for {} ({})",
            counted(verdict.undecided, "slot"),
            verdict.undecided_slots.join(", ")
        ));
    }
    // Patients and slots are named as the file has it.
    lines.iter().map(|line| safe(line)).collect()
}

fn read(path: &Path, source: impl io::BufRead) -> Result<History, BadInput> {
    History::read(source).map_err(|why| unreadable(path, why))
}

fn unreadable(path: &Path, why: Unreadable) -> BadInput {
    match why {
        Unreadable::Line { line, why } => BadInput::on_line(path, line, why),
        broken @ Unreadable::Broken(_) => BadInput::of_file(path, broken.to_string()),
    }
}

/// `linearizable for slots: 12 operations on 3 slots (5 bookings: 2 ok, 2 refused, 1 unknown; ...)`.
fn summary(verdict: &Verdict) -> String {
    let finding = match (verdict.violated, verdict.undecided) {
        (0, 0) => "linearizable for slots".to_owned(),
        (0, _) => "undecided".to_owned(),
        (violated, _) => format!("not linearizable for {}", counted(violated, "slot")),
    };
    let total = |one: &Counts| one.ok + one.fail + one.info;
    let kinds = Counts::KINDS.iter().zip(&verdict.counts).filter(|(_, counts)| total(counts) > 0);
    let kinds: Vec<String> = kinds
        .map(|(op, counts)| {
            let Counts { ok, fail, info } = counts;
            let what = match op {
                Op::Book => "booking",
                Op::Cancel => "cancellation",
                Op::List => "list",
            };
            let number = counted(total(counts), what);
            format!("{number}: {ok} ok, {fail} refused, {info} unknown")
        })
        .collect();
    let operations = counted(verdict.counts.iter().map(total).sum(), "operation");
    let slots = counted(verdict.slots, "slot");
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join("; ")) };
    format!("{finding}: {operations} on {slots}{kinds}")
}

fn offending(offence: &Offence) -> Vec<String> {
    let mut lines = vec![format!("slot {}: {}", offence.slot, offence.why)];
    let shown = offence.operations.iter().take(SHOWN_MAX);
    lines.extend(shown.map(blamed));
    if let Some(more) = offence.operations.len().checked_sub(SHOWN_MAX).filter(|&more| more > 0) {
        lines.push(format!("  and {more} more"));
    }
    if offence.from_the_beginning {
        lines.push("  (every slot is free at first)".to_owned());
    }
    lines
}

fn blamed(operation: &Blamed) -> String {
    let Blamed { process, op, patient, kind, shown, lines, times } = operation;
    let what = match (op, kind) {
        (Op::Book, EntryKind::Ok) => "book: ok",
        (Op::Book, _) => "book: refused",
        (Op::Cancel, EntryKind::Ok) => "cancel: ok",
        (Op::Cancel, _) => "cancel: refused",
        (Op::List, _) if *shown => "list: the slot is in it",
        (Op::List, _) => "list: the slot is not in it",
    };
    let ((first, last), (begin, end)) = (lines, times);
    format!("  lines {first} and {last}: {begin} to {end} ns, process {process}, {patient} {what}")
}

/// `1 slot`, `2 slots`.
fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &str) -> (Ended, String) {
        let verdict = check(&History::read(lines.as_bytes()).unwrap());
        (ended(&verdict), told(&verdict).join("\n"))
    }

    const ONE_BOOKING: &str = r#"
{"process":1,"type":"invoke","op":"book","slot":"7","patient":"patient1","time":10}
{"process":1,"type":"ok","op":"book","slot":"7","patient":"patient1","time":20}
"#;

    #[test]
    fn a_history_that_holds_is_summed_up() {
        let expected =
            "linearizable for slots: 1 operation on 1 slot (1 booking: 1 ok, 0 refused, 0 unknown)";
        assert_eq!(said(ONE_BOOKING), (Ended::Done, expected.to_owned()));
        let nothing = "linearizable for slots: 0 operations on 0 slots";
        assert_eq!(said(""), (Ended::Done, nothing.to_owned()));
    }

    #[test]
    fn a_slot_that_is_booked_twice_is_told_with_its_lines() {
        let second = ONE_BOOKING.replace('1', "2").replacen("20}", "30}", 1);
        let second = second.replacen("20}", "40}", 1);
        let expected = "\
not linearizable for 1 slot: 2 operations on 1 slot (2 bookings: 2 ok, 0 refused, 0 unknown)
slot 7: patient1 and patient2 were both told it was theirs, and nobody gave it back in between
  lines 2 and 3: 10 to 20 ns, process 1, patient1 book: ok
  lines 5 and 6: 30 to 40 ns, process 2, patient2 book: ok";
        assert_eq!(said(&format!("{ONE_BOOKING}{second}")), (Ended::Failure, expected.to_owned()));
        let painted =
            format!("{ONE_BOOKING}{second}").replace("patient1", "patient1\\u001b[2J\\u202e");
        let (_, told) = said(&painted);
        assert!(told.contains("patient1\u{fffd}[2J\u{fffd} and patient2"), "{told}");
    }
}
