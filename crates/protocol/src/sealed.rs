//! Sealed datagrams: one request, one answer, each of [`SEALED_BYTES`] whatever it says.
//!
//! ```text
//! request, first byte 0x01                         answer, first byte 0x02
//!    0      1  0x01                                   0      1  0x02
//!    1     32  the patient's ephemeral X25519 key     1     32  the doctor's ephemeral X25519 key
//!   33  1,151  the text, sealed                      33  1,151  the text, sealed
//! 1184     16  check, for the doctor's static key  1184     16  check, for the patient's ephemeral key
//! ```
//!
//! Bytes 1 to 1,183 are the two messages of `Noise_NK_25519_ChaChaPoly_SHA256` (Noise revision 34,
//! §7.5: `-> e, es` and `<- e, ee`) with the prologue `rendezvous sealed v1` and the byte 0x01. What
//! is sealed has 1,135 bytes: the length of the text (2 bytes, big-endian), the text, zeros; and 16
//! of authentication.
//!
//! The check is the first 16 bytes of HMAC-SHA256 over all bytes before it. Its key is SHA-256 of
//! `rendezvous check v1` and the public key of whoever the datagram is for (as WireGuard's mac1). It
//! proves nothing but that the sender knows that public key; without it a datagram costs its
//! receiver one hash and no key exchange.
//!
//! A wrong length, first byte, check, seal, padding: the datagram is not there. What the texts are
//! is in [`words`]. What this is deliberately not: a session. Each question makes its own keys; a
//! recorded request can be opened by whoever gets the doctor's static key later (the first message
//! of NK has no forward secrecy towards it), a recorded answer cannot.

mod noise;
pub(crate) mod words;

use std::fmt;

use aws_lc_rs::{constant_time, digest, hmac};
use domain::{Entropy, SealingKey};

pub use noise::SealingSecret;

use crate::limits::SEALED_BYTES;

/// The first byte of a request.
pub(crate) const REQUEST: u8 = 0x01;
/// The first byte of an answer.
pub(crate) const ANSWER: u8 = 0x02;

const CHECK_BYTES: usize = 16;
const CHECK_LABEL: &[u8] = b"rendezvous check v1";
const KEY_BYTES: usize = 32;
/// What is sealed, in bytes: all but the first byte, the ephemeral key, the tag and the check.
const PLAIN_BYTES: usize = SEALED_BYTES - 1 - KEY_BYTES - noise::TAG_BYTES - CHECK_BYTES;
/// The longest text that can be sealed, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = PLAIN_BYTES - 2;

/// The patient's side of one exchange.
pub(crate) struct Asked {
    datagram: Vec<u8>,
    check: Check,
    opens: noise::OpensAnswer,
}

/// A request that was opened, and the means to answer it.
pub(crate) struct Opened {
    /// What it says.
    pub(crate) text: Vec<u8>,
    check: Check,
    seals: noise::SealsAnswer,
}

/// Seals `text` for `to`. The random bytes become the ephemeral key: never use them again.
/// `None` when the text is too long or `to` is no usable key.
pub(crate) fn ask(to: &SealingKey, text: &[u8], entropy: &Entropy) -> Option<Asked> {
    let (message, opens) = noise::seal_request(to, &pad(text)?, entropy)?;
    let datagram = Check::of(&to.0).frame(REQUEST, &message);
    let check = Check::of(ephemeral(&datagram)?);
    Some(Asked { datagram, check, opens })
}

impl Asked {
    /// What to send, as often as it takes.
    pub(crate) fn datagram(&self) -> &[u8] {
        &self.datagram
    }

    /// What the answer says; `None` for anything but an answer to this very request. It leaves no
    /// trace: a forged answer does not spoil the true one.
    pub(crate) fn open(&self, datagram: &[u8]) -> Option<Vec<u8>> {
        let message = self.check.unframe(ANSWER, datagram)?;
        unpad(&self.opens.open(message)?)
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked(********)")
    }
}

/// The message in a request whose check is right: so much costs a hash.
pub(crate) fn checked<'a>(check: &Check, datagram: &'a [u8]) -> Option<&'a [u8]> {
    check.unframe(REQUEST, datagram)
}

/// The ephemeral key of a sealed datagram; `None` when it is too short to have one.
pub(crate) fn ephemeral(datagram: &[u8]) -> Option<&[u8; KEY_BYTES]> {
    datagram.get(1..)?.first_chunk()
}

/// Opens the message of a checked request; `None` when it is not for this secret, or altered. The
/// random bytes become the ephemeral key of the answer.
pub(crate) fn open(secret: &SealingSecret, message: &[u8], entropy: &Entropy) -> Option<Opened> {
    let (plain, seals) = noise::open_request(secret, message, entropy)?;
    let check = Check::of(message.first_chunk()?);
    Some(Opened { text: unpad(&plain)?, check, seals })
}

impl Opened {
    /// The datagram that answers; `None` when `text` is too long.
    pub(crate) fn answer(self, text: &[u8]) -> Option<Vec<u8>> {
        let message = self.seals.seal(&pad(text)?)?;
        Some(self.check.frame(ANSWER, &message))
    }
}

/// The keyed check at the end of a datagram.
pub(crate) struct Check(hmac::Key);

impl Check {
    /// Of datagrams for whoever has this public key.
    pub(crate) fn of(public: &[u8; KEY_BYTES]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(CHECK_LABEL);
        context.update(public);
        Self(hmac::Key::new(hmac::HMAC_SHA256, context.finish().as_ref()))
    }

    fn tag(&self, bytes: &[u8]) -> [u8; CHECK_BYTES] {
        let mut short = [0; CHECK_BYTES];
        short.copy_from_slice(&hmac::sign(&self.0, bytes).as_ref()[..CHECK_BYTES]);
        short
    }

    fn frame(&self, first: u8, message: &[u8]) -> Vec<u8> {
        let mut datagram = Vec::with_capacity(SEALED_BYTES);
        datagram.push(first);
        datagram.extend_from_slice(message);
        let tag = self.tag(&datagram);
        datagram.extend_from_slice(&tag);
        debug_assert_eq!(datagram.len(), SEALED_BYTES);
        datagram
    }

    fn unframe<'a>(&self, first: u8, datagram: &'a [u8]) -> Option<&'a [u8]> {
        if datagram.len() != SEALED_BYTES || datagram[0] != first {
            return None;
        }
        let (bytes, tag) = datagram.split_at(SEALED_BYTES - CHECK_BYTES);
        constant_time::verify_slices_are_equal(&self.tag(bytes), tag).ok()?;
        Some(&bytes[1..])
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Check")
    }
}

/// A request for `to` with these bytes, cut or filled with zeros, in the place of the message: what
/// a stranger who knows the key can make. For [`crate::fuzz`].
pub(crate) fn framed(to: &SealingKey, bytes: &[u8]) -> Vec<u8> {
    let mut message = bytes.to_vec();
    message.resize(SEALED_BYTES - 1 - CHECK_BYTES, 0);
    Check::of(&to.0).frame(REQUEST, &message)
}

fn pad(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let mut plain = Vec::with_capacity(PLAIN_BYTES);
    plain.extend_from_slice(&u16::try_from(text.len()).ok()?.to_be_bytes());
    plain.extend_from_slice(text);
    plain.resize(PLAIN_BYTES, 0);
    Some(plain)
}

fn unpad(plain: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = plain.split_first_chunk()?;
    let (text, zeros) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
    zeros.iter().all(|&byte| byte == 0).then(|| text.to_vec())
}

#[cfg(test)]
pub(crate) mod testing {
    pub(crate) use super::noise::exchanges;

    /// Puts a right check at the end of an altered datagram for `public`.
    pub(crate) fn check_again(datagram: &mut [u8], public: &[u8; 32]) {
        let end = datagram.len() - super::CHECK_BYTES;
        let tag = super::Check::of(public).tag(&datagram[..end]);
        datagram[end..].copy_from_slice(&tag);
    }
}
