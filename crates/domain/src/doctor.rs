//! A doctor, as the center knows one: a name and an address to ask for estimates.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{DoctorKeys, DoctorName};

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
    /// The keys it enrolled with; `None` for a doctor who has not: patients on the same machine may
    /// ask in the classic words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<DoctorKeys>,
}
