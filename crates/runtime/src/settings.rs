//! What can be set of a runtime, with the defaults.

use std::fmt;

use crate::fresh_entropy;
use crate::throttle::ThrottleSettings;

/// The most changes that wait for the ledger's thread.
pub const LEDGER_WAITING_MAX: usize = 16_384;
/// The most reads that wait for a reader.
pub const READS_WAITING_MAX: usize = 16_384;
/// The most passwords that wait to be compared: of known devices, and as many of strangers.
pub const HASHES_WAITING_MAX: usize = 8_192;
/// The most passwords of strangers from one source that wait; one practice, or one NAT, may be a
/// thousand patients.
pub const HASHES_PER_SOURCE_MAX: usize = 2_048;

/// What a runtime is set to.
#[derive(Clone)]
pub struct Settings {
    /// How many wrong guesses are taken.
    pub throttle: ThrottleSettings,
    /// The most changes that wait; past it: busy.
    pub ledger_waiting_max: usize,
    /// The most reads that wait; past it: unavailable.
    pub reads_waiting_max: usize,
    /// The most passwords of known devices that wait, and as many of strangers; past it: busy.
    pub hashes_waiting_max: usize,
    /// The most passwords of strangers from one source that wait; past it: busy.
    pub hashes_per_source_max: usize,
    /// What device cookies are made with: 32 random bytes. The default's are fresh ones, so that its
    /// cookies are good until the process ends.
    pub device_key: [u8; 32],
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            throttle: ThrottleSettings::default(),
            ledger_waiting_max: LEDGER_WAITING_MAX,
            reads_waiting_max: READS_WAITING_MAX,
            hashes_waiting_max: HASHES_WAITING_MAX,
            hashes_per_source_max: HASHES_PER_SOURCE_MAX,
            device_key: fresh_entropy().0,
        }
    }
}

/// All but the key.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("throttle", &self.throttle)
            .field("ledger_waiting_max", &self.ledger_waiting_max)
            .field("reads_waiting_max", &self.reads_waiting_max)
            .field("hashes_waiting_max", &self.hashes_waiting_max)
            .field("hashes_per_source_max", &self.hashes_per_source_max)
            .field("device_key", &"********")
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_random_and_shown_to_nobody() {
        let settings = Settings::default();
        assert_ne!(settings.device_key, Settings::default().device_key);
        let shown = format!("{settings:?}");
        assert!(shown.contains("device_key: \"********\""), "{shown}");
        assert!(!shown.contains(&format!("{:?}", settings.device_key)), "{shown}");
    }
}
