//! The exercise's screen messages, word for word, so that a transcript can be laid beside anyone
//! else's. A password is always `********`: the functions do not even take one.

use std::net::IpAddr;

use domain::{DoctorName, PlanName, SlotIndex, UserName};

/// What stands in the place of a password.
const STARS: &str = "********";

/// The N of `Patient N` and `Doctor N`: the digits that end the name, else the whole name.
#[must_use]
pub fn number_of(name: &str) -> &str {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if stem.len() == name.len() { name } else { &name[stem.len()..] }
}

/// The messages of the health center.
pub mod center {
    use super::{IpAddr, STARS, SlotIndex, UserName};

    /// At start.
    #[must_use]
    pub fn has_address(port: u16, ip: IpAddr) -> String {
        format!("Phase 1: The Health Center Server has port number {port} and IP address {ip}.")
    }

    /// A log-in came in.
    #[must_use]
    pub fn received_log_in(user: &UserName) -> String {
        format!(
            "Phase 1: The Health Center Server has received request from a patient with \
             username {user} and password {STARS}."
        )
    }

    /// A log-in was answered with `response`.
    #[must_use]
    pub fn answered_log_in(user: &UserName, response: &str) -> String {
        format!(
            "Phase 1: The Health Center Server sends the response {response} to patient with \
             username {user}."
        )
    }

    /// The list was asked for.
    #[must_use]
    pub fn received_list_request(port: u16, ip: IpAddr) -> String {
        format!(
            "Phase 2: The Health Center Server, receives a request for available time slots from \
             patients with port number {port} and IP address {ip}."
        )
    }

    /// The list was sent.
    #[must_use]
    pub fn sent_list(user: &UserName) -> String {
        format!(
            "Phase 2: The Health Center Server sends available time slots to patient with \
             username {user}."
        )
    }

    /// A slot was asked for.
    #[must_use]
    pub fn received_selection(slot: &str, port: u16, user: &UserName) -> String {
        format!(
            "Phase 2: The Health Center Server receives a request for appointment {slot} from \
             patient with port number {port} and username {user}."
        )
    }

    /// The slot is the patient's.
    #[must_use]
    pub fn confirms(slot: SlotIndex, user: &UserName) -> String {
        format!(
            "Phase 2: The Health Center Server confirms the following appointment {slot} to \
             patient with username {user}."
        )
    }

    /// The slot is not the patient's.
    #[must_use]
    pub fn rejects(slot: &str, user: &UserName) -> String {
        format!(
            "Phase 2: The Health Center Server rejects the following appointment {slot} to \
             patient with username {user}."
        )
    }
}

/// The messages of a patient; `n` is what [`number_of`] gives.
pub mod patient {
    use super::{IpAddr, PlanName, STARS, UserName};

    /// The question for a slot; no line break follows on a terminal.
    pub const PROMPT: &str = "Please enter the preferred appointment index and press enter: ";

    /// At start.
    #[must_use]
    pub fn has_tcp_address(n: &str, port: u16, ip: IpAddr) -> String {
        format!("Phase 1: Patient {n} has TCP port number {port} and IP address {ip}.")
    }

    /// The log-in is on its way.
    #[must_use]
    pub fn sent_log_in(n: &str, user: &UserName) -> String {
        format!(
            "Phase 1: Authentication request from Patient {n} with username {user} and password \
             {STARS} has been sent to the Health Center Server."
        )
    }

    /// The center's answer to it.
    #[must_use]
    pub fn log_in_result(n: &str, result: &str) -> String {
        format!("Phase 1: Patient {n} authentication result: {result}.")
    }

    /// Phase 1 or 3 is over; of the end of phase 2 the exercise says nothing.
    #[must_use]
    pub fn end_of_phase(phase: u8, n: &str) -> String {
        format!("Phase {phase}: End of Phase {phase} for Patient {n}.")
    }

    /// In front of the list.
    #[must_use]
    pub fn list_follows(n: &str) -> String {
        format!("Phase 2: The following appointments are available for Patient {n}:")
    }

    /// The slot is ours.
    #[must_use]
    pub fn reserved(n: &str, doctor_port: u16) -> String {
        format!(
            "Phase 2: The requested appointment is available and reserved to Patient {n}. The \
             assigned doctor port number is {doctor_port}."
        )
    }

    /// The slot is not ours.
    #[must_use]
    pub fn not_available(n: &str) -> String {
        format!("Phase 2: The requested appointment from Patient {n} is not available. Exiting...")
    }

    /// At the begin of phase 3.
    #[must_use]
    pub fn has_udp_address(n: &str, port: u16, ip: IpAddr) -> String {
        format!("Phase 3: Patient {n} has a dynamic UDP port number {port} and IP address {ip}.")
    }

    /// The doctor was asked.
    #[must_use]
    pub fn sent_plan(n: &str, plan: &PlanName, port: u16, ip: IpAddr) -> String {
        format!(
            "Phase 3: The cost estimation request from Patient {n} with insurance plan {plan} has \
             been sent to the doctor with port number {port} and IP address {ip}."
        )
    }

    /// The doctor's answer.
    #[must_use]
    pub fn received_cost(n: &str, cost: &str, port: u16, doctor: &str) -> String {
        format!(
            "Phase 3: Patient {n} receives {cost}$ estimation cost from doctor with port number \
             {port} and name {doctor}."
        )
    }
}

/// The messages of a doctor; `n` is what [`number_of`] gives.
pub mod doctor {
    use super::{DoctorName, IpAddr, PlanName, number_of};

    /// At start.
    #[must_use]
    pub fn has_address(doctor: &DoctorName, port: u16, ip: IpAddr) -> String {
        let n = number_of(doctor.as_str());
        format!("Phase 3: Doctor {n} has a static UDP port {port} and IP address {ip}.")
    }

    /// A plan came in.
    #[must_use]
    pub fn received_plan(doctor: &DoctorName, port: u16, plan: &PlanName) -> String {
        let n = number_of(doctor.as_str());
        format!(
            "Phase 3: Doctor {n} receives the request from the patient with port number {port} \
             and the insurance plan {plan}."
        )
    }

    /// The estimate was sent.
    #[must_use]
    pub fn sent_price(doctor: &DoctorName, price: &str, port: u16) -> String {
        let n = number_of(doctor.as_str());
        format!(
            "Phase 3: Doctor {n} has sent estimated price {price}$ to patient with port number \
             {port}."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::number_of;

    #[test]
    fn n_is_the_digits_that_end_the_name() {
        for (name, expected) in
            [("patient1", "1"), ("doc12", "12"), ("Ana", "Ana"), ("4", "4"), ("p1x", "p1x")]
        {
            assert_eq!(number_of(name), expected);
        }
    }
}
