//! The one place that knows Noise: two functions, [`seal_request`] and [`open_request`], and what
//! they give back. Another scheme is another file with the same two.
//!
//! The framework is snow's; the primitives are AWS-LC's; random bytes come from the caller.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::{aead, agreement, digest};
use domain::{Entropy, SealingKey};
use snow::params::{CipherChoice, DHChoice, HashChoice, NoiseParams};
use snow::resolvers::CryptoResolver;
use snow::types::{Cipher, Dh, Hash, Random};
use snow::{Builder, Error, HandshakeState};

use crate::ticket::NoSecret;

const PATTERN: &str = "Noise_NK_25519_ChaChaPoly_SHA256";
/// The last byte is the version, as in the first byte of a request.
const PROLOGUE: &[u8] = b"rendezvous sealed v1\x01";
/// What authentication adds to a message, in bytes.
pub(super) const TAG_BYTES: usize = 16;
const KEY_BYTES: usize = 32;

/// A doctor's static X25519 secret (RFC 7748).
#[derive(Clone)]
pub struct SealingSecret(Arc<KeyPair>);

impl SealingSecret {
    /// The secret behind a seed of 32 random bytes, which is what its file holds.
    ///
    /// # Errors
    /// When the seed is all zeros.
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, NoSecret> {
        if seed == [0; 32] {
            return Err(NoSecret);
        }
        KeyPair::from_seed(&seed).map(|pair| Self(Arc::new(pair))).ok_or(NoSecret)
    }

    /// What others seal for it with.
    #[must_use]
    pub fn public(&self) -> SealingKey {
        SealingKey(self.0.public)
    }
}

/// The public half, and stars.
impl fmt::Debug for SealingSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingSecret(******** of {})", self.public())
    }
}

/// What a patient keeps to open the answer with: enough to begin the exchange once more, so that an
/// answer that fails to open changes nothing.
pub(super) struct OpensAnswer {
    to: SealingKey,
    plain: Vec<u8>,
    entropy: Entropy,
}

/// What a doctor seals the answer with.
pub(super) struct SealsAnswer(HandshakeState);

/// Seals `plain` for `to`: the bytes to send, and what opens the answer. `None` when `to` is no
/// usable key.
pub(super) fn seal_request(
    to: &SealingKey,
    plain: &[u8],
    entropy: &Entropy,
) -> Option<(Vec<u8>, OpensAnswer)> {
    let (message, _) = begin(to, plain, entropy)?;
    Some((message, OpensAnswer { to: *to, plain: plain.to_vec(), entropy: *entropy }))
}

/// Opens a request: what was sealed, and what seals the answer. `None` when it is not for `secret`
/// or was altered.
pub(super) fn open_request(
    secret: &SealingSecret,
    message: &[u8],
    entropy: &Entropy,
) -> Option<(Vec<u8>, SealsAnswer)> {
    let mut state = builder(Some(Arc::clone(&secret.0)), entropy, PROLOGUE)?
        // The resolver has the key itself.
        .local_private_key(&[])
        .ok()?
        .build_responder()
        .ok()?;
    let plain = read(&mut state, message)?;
    Some((plain, SealsAnswer(state)))
}

impl OpensAnswer {
    /// What the answer says; `None` for anything but an answer to this request.
    pub(super) fn open(&self, message: &[u8]) -> Option<Vec<u8>> {
        let (_, mut state) = begin(&self.to, &self.plain, &self.entropy)?;
        read(&mut state, message)
    }
}

impl SealsAnswer {
    /// The message that answers.
    pub(super) fn seal(mut self, plain: &[u8]) -> Option<Vec<u8>> {
        write(&mut self.0, plain)
    }
}

fn begin(to: &SealingKey, plain: &[u8], entropy: &Entropy) -> Option<(Vec<u8>, HandshakeState)> {
    let mut state =
        builder(None, entropy, PROLOGUE)?.remote_public_key(&to.0).ok()?.build_initiator().ok()?;
    let message = write(&mut state, plain)?;
    Some((message, state))
}

fn builder(
    own: Option<Arc<KeyPair>>,
    entropy: &Entropy,
    prologue: &'static [u8],
) -> Option<Builder<'static>> {
    let params: NoiseParams = PATTERN.parse().ok()?;
    let primitives = Primitives { own, entropy: *entropy };
    Builder::with_resolver(params, Box::new(primitives)).prologue(prologue).ok()
}

fn write(state: &mut HandshakeState, plain: &[u8]) -> Option<Vec<u8>> {
    let mut message = vec![0; KEY_BYTES + plain.len() + TAG_BYTES];
    let length = state.write_message(plain, &mut message).ok()?;
    debug_assert_eq!(length, message.len());
    Some(message)
}

fn read(state: &mut HandshakeState, message: &[u8]) -> Option<Vec<u8>> {
    let mut plain = vec![0; message.len()];
    let length = state.read_message(message, &mut plain).ok()?;
    plain.truncate(length);
    Some(plain)
}

/// An X25519 key with its public half. AWS-LC wipes the secret when it is dropped.
struct KeyPair {
    private: agreement::PrivateKey,
    public: [u8; KEY_BYTES],
}

impl KeyPair {
    fn from_seed(seed: &[u8; KEY_BYTES]) -> Option<Self> {
        let private = agreement::PrivateKey::from_private_key(&agreement::X25519, seed).ok()?;
        let public = private.compute_public_key().ok()?.as_ref().try_into().ok()?;
        Some(Self { private, public })
    }
}

/// AWS-LC's primitives, for snow.
struct Primitives {
    /// The static key, ready made: setting it up again for each datagram costs a third exchange.
    own: Option<Arc<KeyPair>>,
    entropy: Entropy,
}

impl CryptoResolver for Primitives {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Once(Some(self.entropy))))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        let right = *choice == DHChoice::Curve25519;
        right.then(|| Box::new(X25519 { own: self.own.clone(), pair: None }) as _)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        let right = *choice == HashChoice::SHA256;
        right.then(|| Box::new(Sha256(digest::Context::new(&digest::SHA256))) as _)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        let right = *choice == CipherChoice::ChaChaPoly;
        right.then(|| Box::new(ChaChaPoly(None)) as _)
    }
}

/// The caller's random bytes, good for one key: a second time is an error.
struct Once(Option<Entropy>);

impl Random for Once {
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        let Entropy(random) = self.0.take().ok_or(Error::Rng)?;
        if bytes.len() != random.len() {
            return Err(Error::Rng);
        }
        bytes.copy_from_slice(&random);
        Ok(())
    }
}

struct X25519 {
    own: Option<Arc<KeyPair>>,
    pair: Option<Arc<KeyPair>>,
}

impl Dh for X25519 {
    fn name(&self) -> &'static str {
        "25519"
    }

    fn pub_len(&self) -> usize {
        KEY_BYTES
    }

    fn priv_len(&self) -> usize {
        KEY_BYTES
    }

    /// Only ever the static key.
    fn set(&mut self, _: &[u8]) {
        self.pair.clone_from(&self.own);
    }

    fn generate(&mut self, random: &mut dyn Random) -> Result<(), Error> {
        let mut seed = [0; KEY_BYTES];
        random.try_fill_bytes(&mut seed)?;
        self.pair = Some(Arc::new(KeyPair::from_seed(&seed).ok_or(Error::Dh)?));
        Ok(())
    }

    fn pubkey(&self) -> &[u8] {
        self.pair.as_ref().map_or(&[0; KEY_BYTES], |pair| &pair.public)
    }

    /// Kept by AWS-LC; snow only asks when it makes keys for somebody to store.
    fn privkey(&self) -> &[u8] {
        &[]
    }

    fn dh(&self, public: &[u8], out: &mut [u8]) -> Result<(), Error> {
        #[cfg(test)]
        EXCHANGES.with(|count| count.set(count.get() + 1));
        let pair = self.pair.as_ref().ok_or(Error::Dh)?;
        let public = public.get(..KEY_BYTES).ok_or(Error::Dh)?;
        let peer = agreement::UnparsedPublicKey::new(&agreement::X25519, public);
        // AWS-LC refuses points of small order, whose shared secret is all zeros (RFC 7748 §6.1).
        agreement::agree(&pair.private, peer, Error::Dh, |secret| {
            out.get_mut(..KEY_BYTES).ok_or(Error::Dh)?.copy_from_slice(secret);
            Ok(())
        })
    }
}

struct Sha256(digest::Context);

impl Hash for Sha256 {
    fn name(&self) -> &'static str {
        "SHA256"
    }

    fn block_len(&self) -> usize {
        64
    }

    fn hash_len(&self) -> usize {
        digest::SHA256_OUTPUT_LEN
    }

    fn reset(&mut self) {
        self.0 = digest::Context::new(&digest::SHA256);
    }

    fn input(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn result(&mut self, out: &mut [u8]) {
        let context = std::mem::replace(&mut self.0, digest::Context::new(&digest::SHA256));
        out[..digest::SHA256_OUTPUT_LEN].copy_from_slice(context.finish().as_ref());
    }
}

struct ChaChaPoly(Option<aead::LessSafeKey>);

/// Noise revision 34, §12.3: 32 bits of zeros, then the counter, little-endian.
fn nonce(counter: u64) -> aead::Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&counter.to_le_bytes());
    aead::Nonce::assume_unique_for_key(bytes)
}

impl Cipher for ChaChaPoly {
    fn name(&self) -> &'static str {
        "ChaChaPoly"
    }

    fn set(&mut self, key: &[u8; KEY_BYTES]) {
        self.0 =
            aead::UnboundKey::new(&aead::CHACHA20_POLY1305, key).ok().map(aead::LessSafeKey::new);
    }

    fn encrypt(&self, counter: u64, authtext: &[u8], plain: &[u8], out: &mut [u8]) -> usize {
        let key = self.0.as_ref().expect("snow encrypts only after it has set a key");
        let (body, rest) = out.split_at_mut(plain.len());
        body.copy_from_slice(plain);
        let tag = key
            .seal_in_place_separate_tag(nonce(counter), aead::Aad::from(authtext), body)
            .expect("a message of a datagram is shorter than the cipher's limit");
        rest[..TAG_BYTES].copy_from_slice(tag.as_ref());
        plain.len() + TAG_BYTES
    }

    fn decrypt(
        &self,
        counter: u64,
        authtext: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Result<usize, Error> {
        let key = self.0.as_ref().ok_or(Error::Decrypt)?;
        let mut bytes = sealed.to_vec();
        let plain = key
            .open_in_place(nonce(counter), aead::Aad::from(authtext), &mut bytes)
            .map_err(|_| Error::Decrypt)?;
        out.get_mut(..plain.len()).ok_or(Error::Decrypt)?.copy_from_slice(plain);
        Ok(plain.len())
    }
}

#[cfg(test)]
thread_local! {
    static EXCHANGES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How many key exchanges this thread has made.
#[cfg(test)]
pub(crate) fn exchanges() -> usize {
    EXCHANGES.with(std::cell::Cell::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(digits: &str) -> Vec<u8> {
        let pairs = digits.as_bytes().chunks_exact(2);
        pairs
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn key(digits: &str) -> [u8; 32] {
        bytes(digits).try_into().unwrap()
    }

    /// From the test vectors of cacophony, another implementation of Noise.
    #[test]
    fn it_is_the_noise_that_others_speak() {
        let secret = SealingSecret::from_seed(key(
            "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
        ))
        .unwrap();
        assert_eq!(
            secret.public().to_string(),
            "31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62"
        );
        let patient =
            Entropy(key("893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a"));
        let doctor =
            Entropy(key("bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b"));
        let to = secret.public();
        let mut asks = builder(None, &patient, b"John Galt")
            .unwrap()
            .remote_public_key(&to.0)
            .unwrap()
            .build_initiator()
            .unwrap();
        let mut answers = builder(Some(Arc::clone(&secret.0)), &doctor, b"John Galt")
            .unwrap()
            .local_private_key(&[])
            .unwrap()
            .build_responder()
            .unwrap();

        let request = write(&mut asks, b"Ludwig von Mises").unwrap();
        let expected = "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944\
                        8134d00711fdb390a0d178fa008f6d47d2891e5ea18ae136c3b4c23ac384efb0";
        assert_eq!(request, bytes(expected));
        assert_eq!(read(&mut answers, &request).unwrap(), b"Ludwig von Mises");
        let answer = write(&mut answers, b"Murray Rothbard").unwrap();
        let expected = "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843\
                        8ea16e3701bc0d77744f117bee22451c9afa7f4cdbbcff00c04a8ee0913c88";
        assert_eq!(answer, bytes(expected));
        assert_eq!(read(&mut asks, &answer).unwrap(), b"Murray Rothbard");
    }

    #[test]
    fn random_bytes_are_good_for_one_key() {
        let mut once = Once(Some(Entropy([1; 32])));
        let mut seed = [0; 32];
        assert!(once.try_fill_bytes(&mut seed).is_ok());
        assert_eq!(once.try_fill_bytes(&mut seed), Err(Error::Rng));
    }

    #[test]
    fn a_seed_of_zeros_is_no_secret_and_a_secret_prints_as_stars() {
        assert_eq!(SealingSecret::from_seed([0; 32]).err(), Some(NoSecret));
        let shown = format!("{:?}", SealingSecret::from_seed([0x5a; 32]).unwrap());
        assert!(shown.contains("********") && !shown.contains("5a5a"));
    }
}
