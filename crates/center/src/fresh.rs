//! Several secrets out of one request's random bytes, so that none shares a byte with another.

use domain::Entropy;
use sha2::{Digest, Sha256};

/// What the bytes are for: each purpose has bytes of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Appointment,
    SessionToken,
    Account,
    TicketNonce,
    Patient,
    InvitationCode,
}

/// The bytes for `purpose`: SHA-256 of the purpose's name and 256 random bits. Who knows the bytes of
/// one purpose (an id is public) learns nothing about those of another.
pub(crate) fn bytes_for(purpose: Purpose, entropy: &Entropy) -> Entropy {
    let label: &[u8] = match purpose {
        Purpose::Appointment => b"rendezvous appointment id",
        Purpose::SessionToken => b"rendezvous session token",
        Purpose::Account => b"rendezvous account id",
        Purpose::TicketNonce => b"rendezvous ticket nonce",
        Purpose::Patient => b"rendezvous patient id",
        Purpose::InvitationCode => b"rendezvous invitation code",
    };
    let mut digest = Sha256::new();
    digest.update((label.len() as u64).to_le_bytes());
    digest.update(label);
    digest.update(entropy.0);
    Entropy(digest.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_and_each_request_has_bytes_of_its_own() {
        let purposes = [
            Purpose::Appointment,
            Purpose::SessionToken,
            Purpose::Account,
            Purpose::TicketNonce,
            Purpose::Patient,
            Purpose::InvitationCode,
        ];
        let mut seen = std::collections::BTreeSet::new();
        for request in [[1; 32], [2; 32]] {
            assert!(seen.insert(request));
            for purpose in purposes {
                assert!(seen.insert(bytes_for(purpose, &Entropy(request)).0), "{purpose:?}");
            }
        }
    }
}
