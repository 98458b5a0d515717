//! What the simulation knows of one process: only what its screen says, and how it ended.

use std::process::ExitStatus;

use domain::SlotIndex;

use super::transcript::{Stream, Voice};
use crate::exit::Ended;

/// How a center or a doctor says that the system does not give it the port it wants.
const CANNOT_LISTEN: &str = "cannot listen on ";

/// What phase 2 brought a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// The slot is the patient's.
    Reserved,
    /// It is not.
    NotAvailable,
}

/// One process.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) voice: Voice,
    pub(super) label: String,
    /// The port it said it has, or a patient that its doctor has; `None` before.
    pub(super) port: Option<u16>,
    /// What phase 2 brought; `None` before its end, and for all but patients.
    pub(super) choice: Option<Choice>,
    /// The first slot in the list a patient was shown; `None` before the list.
    pub(super) first_offer: Option<SlotIndex>,
    /// Whether a patient was asked which slot to take.
    pub(super) asked: bool,
    /// Whether its log says that it could not have the port it wanted.
    pub(super) cannot_listen: bool,
    /// How it ended; `None` while it runs.
    pub(super) ended: Option<ExitStatus>,
    list_follows: bool,
}

impl Member {
    /// A process of which nothing has been heard.
    pub(super) fn new(voice: Voice, label: &str) -> Self {
        Self {
            voice,
            label: label.to_owned(),
            port: None,
            choice: None,
            first_offer: None,
            asked: false,
            cannot_listen: false,
            ended: None,
            list_follows: false,
        }
    }

    /// Notes what a line of its screen says, and of its log, that a port cannot be had.
    pub(super) fn hear(&mut self, stream: Stream, text: &str) {
        if stream == Stream::Log {
            self.cannot_listen |= text.contains(CANNOT_LISTEN);
            return;
        }
        match self.voice {
            Voice::Center => self.note_port(text, " has port number "),
            Voice::Doctor => self.note_port(text, " has a static UDP port "),
            Voice::Patient => self.hear_patient(text),
            Voice::Stage => {}
        }
    }

    fn note_port(&mut self, text: &str, before: &str) {
        let after = text.split_once(before).map(|(_, after)| after);
        let word = after.and_then(|after| after.split([' ', '.']).next());
        self.port = self.port.or_else(|| word.and_then(|word| word.parse().ok()));
    }

    fn hear_patient(&mut self, text: &str) {
        let words = text.split_whitespace();
        if text.starts_with("Phase 2: The following appointments are available") {
            self.list_follows = true;
        } else if text.starts_with(protocol::screen::patient::PROMPT.trim_end()) {
            self.asked = true;
        } else if text.starts_with("Phase 2: The requested appointment is available and reserved") {
            self.choice = Some(Choice::Reserved);
            self.note_port(text, " assigned doctor port number is ");
        } else if text.starts_with("Phase 2: The requested appointment from")
            && text.contains("is not available")
        {
            self.choice = Some(Choice::NotAvailable);
        } else if self.list_follows && self.first_offer.is_none() {
            self.first_offer = words.into_iter().next().and_then(|word| word.parse().ok());
        }
    }

    /// Whether the next patient may choose: this one has, or never will.
    pub(super) fn has_chosen(&self) -> bool {
        self.choice.is_some() || self.ended.is_some()
    }

    /// Whether a contending patient stands at the line, or has left before.
    pub(super) fn is_set(&self) -> bool {
        self.asked || self.ended.is_some()
    }
}

/// Whether patients go for slots of their own, or all for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contest {
    /// One after another: each should get one.
    InTurn,
    /// All for the same: exactly one should get it, and a refusal is a good end for the others.
    OneSlot,
}

/// How the whole simulation ended, by how its patients did.
pub(super) fn verdict(contest: Contest, patients: &[&Member]) -> Ended {
    let reserved =
        patients.iter().filter(|patient| patient.choice == Some(Choice::Reserved)).count();
    if contest == Contest::OneSlot && reserved != 1 {
        let broken = patients.iter().all(|patient| exit_code(patient) == Some(3)) && reserved == 0;
        return if broken { Ended::Refused } else { Ended::Failure };
    }
    let ends = patients.iter().map(|patient| {
        let beaten = contest == Contest::OneSlot && patient.choice == Some(Choice::NotAvailable);
        match exit_code(patient) {
            Some(0) => Ended::Done,
            Some(3) if beaten => Ended::Done,
            Some(3) => Ended::Refused,
            _ => Ended::Failure,
        }
    });
    ends.max_by_key(|end| match end {
        Ended::Done => 0,
        Ended::Refused => 1,
        Ended::BadInput | Ended::Failure => 2,
    })
    .unwrap_or(Ended::Failure)
}

fn exit_code(member: &Member) -> Option<i32> {
    member.ended.and_then(|status| status.code())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    fn heard(voice: Voice, lines: &[&str]) -> Member {
        let mut member = Member::new(voice, "x");
        for line in lines {
            member.hear(Stream::Screen, line);
        }
        member
    }

    fn patient(choice: Option<Choice>, code: i32) -> Member {
        let mut member = Member::new(Voice::Patient, "patient1");
        member.choice = choice;
        member.ended = Some(ExitStatus::from_raw(code << 8));
        member
    }

    fn check(contest: Contest, patients: &[(Option<Choice>, i32)], expected: Ended) {
        let members: Vec<Member> =
            patients.iter().map(|&(choice, code)| patient(choice, code)).collect();
        let members: Vec<&Member> = members.iter().collect();
        assert_eq!(verdict(contest, &members), expected, "{contest:?} {patients:?}");
    }

    #[test]
    fn ports_are_taken_from_the_screen() {
        let center = heard(
            Voice::Center,
            &["Phase 1: The Health Center Server has port number 21000 and IP address 127.0.0.1."],
        );
        assert_eq!(center.port, Some(21000));
        let doctor = heard(
            Voice::Doctor,
            &["Phase 3: Doctor 1 has a static UDP port 41000 and IP address 127.0.0.1."],
        );
        assert_eq!(doctor.port, Some(41000));
    }

    #[test]
    fn only_the_log_says_that_a_port_cannot_be_had() {
        let lines = [
            ("rendezvous: cannot listen on 127.0.0.1:21000: Address already in use", true),
            ("rendezvous: doc1 cannot listen on 127.0.0.1:41000: Address already in use", true),
            ("--zone: the zone Asia/Tokyo is not the store's, expected UTC", false),
        ];
        for (line, expected) in lines {
            let mut member = Member::new(Voice::Center, "center");
            member.hear(Stream::Screen, line);
            assert!(!member.cannot_listen, "{line}");
            member.hear(Stream::Log, line);
            assert_eq!(member.cannot_listen, expected, "{line}");
        }
    }

    #[test]
    fn a_patients_screen_tells_how_far_it_is() {
        let lines = [
            "Phase 1: End of Phase 1 for Patient 1.",
            "Phase 2: The following appointments are available for Patient 1:",
            "2 Mon 03pm",
            "3 Thu 02pm",
            "Please enter the preferred appointment index and press enter: ",
            "Phase 2: The requested appointment is available and reserved to Patient 1. The \
             assigned doctor port number is 42000.",
        ];
        let member = heard(Voice::Patient, &lines[..4]);
        assert_eq!((member.first_offer, member.asked), (SlotIndex::new(2).ok(), false));
        assert!(heard(Voice::Patient, &lines[..5]).asked);
        assert!(!heard(Voice::Patient, &lines[..5]).has_chosen());
        let member = heard(Voice::Patient, &lines);
        assert_eq!((member.choice, member.port), (Some(Choice::Reserved), Some(42000)));
        let beaten =
            "Phase 2: The requested appointment from Patient 1 is not available. Exiting...";
        assert_eq!(heard(Voice::Patient, &[beaten]).choice, Some(Choice::NotAvailable));
    }

    #[test]
    fn in_turn_everybody_should_get_a_slot() {
        let (yes, no) = (Some(Choice::Reserved), Some(Choice::NotAvailable));
        check(Contest::InTurn, &[(yes, 0), (yes, 0)], Ended::Done);
        check(Contest::InTurn, &[(yes, 0), (no, 3)], Ended::Refused);
        check(Contest::InTurn, &[(yes, 3), (None, 1)], Ended::Failure);
        check(Contest::InTurn, &[], Ended::Failure);
    }

    #[test]
    fn in_a_contest_exactly_one_should_win() {
        let (yes, no) = (Some(Choice::Reserved), Some(Choice::NotAvailable));
        check(Contest::OneSlot, &[(yes, 0), (no, 3), (no, 3)], Ended::Done);
        check(Contest::OneSlot, &[(yes, 0), (yes, 0)], Ended::Failure);
        check(Contest::OneSlot, &[(no, 3), (no, 3)], Ended::Refused);
        check(Contest::OneSlot, &[(yes, 3), (no, 3)], Ended::Refused);
        check(Contest::OneSlot, &[(yes, 0), (None, 3)], Ended::Refused);
        check(Contest::OneSlot, &[(yes, 0), (no, 1)], Ended::Failure);
    }
}
