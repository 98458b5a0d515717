//! A doctor, as the center knows one: a name and an address to ask for estimates.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::DoctorName;

/// Where a doctor answers requests for estimates, over UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DoctorAddress {
    /// The host; `None` means the host of the center itself, as in the exercise, whose files and
    /// messages carry only a port.
    pub host: Option<IpAddr>,
    /// The UDP port, 1 to 65,535.
    pub port: u16,
}

/// A doctor of the center.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Doctor {
    /// The doctor's name, unique within the center.
    pub name: DoctorName,
    /// Where the doctor answers.
    pub address: DoctorAddress,
}
