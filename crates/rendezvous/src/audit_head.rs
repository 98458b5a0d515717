//! The head of the audit's chain, kept outside the store and signed by the center: without it, a
//! chain whose end was cut off would still be right in itself.
//!
//! `audit.head` is text. The center's identity key (Ed25519, RFC 8032) signs its first four lines,
//! with their line feeds:
//!
//! ```text
//! rendezvous audit head v1
//! entry 17
//! mac 64 hexadecimal digits
//! at 2026-11-22T13:00:00Z
//! signature 128 hexadecimal digits
//! ```
//!
//! A head is never replaced by one that does not follow from it: else whoever cuts the chain would
//! only have to wait for the next signature. What is deliberately not here: the chain itself.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use domain::{VerifyingKey, from_hexadecimal, to_hexadecimal};
use jiff::Timestamp;
use store::sqlite::upkeep;
use store::{Answer, AuditHead, Command, OperatorDeed, Query, Reader, Store};

use crate::input::{self, BadInput};
use crate::keys::{Keys, private_file};
use crate::loading;

/// The first line.
const TITLE: &str = "rendezvous audit head v1";
/// The bytes of a signature.
const SIGNATURE_BYTES: usize = 64;

/// What is wrong with the head that was kept, or with the chain beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeadFault(String);

impl fmt::Display for HeadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A signed head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignedHead {
    /// How far the chain had come.
    pub(crate) head: AuditHead,
    /// When it was signed.
    pub(crate) at: Timestamp,
}

/// Where the head is kept.
pub(crate) fn file(keys: &Keys) -> PathBuf {
    keys.file("audit.head")
}

/// The head that was kept; `None` when there is no such file. No key is made to read it.
///
/// # Errors
/// The outer one when the center's key is not there or cannot be used; the inner one when the head
/// is not as the center signed it.
pub(crate) fn read(keys: &Keys) -> anyhow::Result<Result<Option<SignedHead>, HeadFault>> {
    let path = file(keys);
    let bytes = match input::read(&path, "a signed head") {
        Err(missing) if missing.is_missing() => return Ok(Ok(None)),
        Err(other) => return Ok(Err(HeadFault(other.to_string()))),
        Ok(bytes) => bytes,
    };
    let key = keys.file("identity.key");
    if !key.exists() {
        let wrong = "not found, expected the key that audit.head was signed with (keep the keys \
                     folder with its backups)";
        return Err(BadInput::of_file(&key, wrong).into());
    }
    let public = VerifyingKey(public_key(&signer(keys)?));
    Ok(parse(&bytes, &public)
        .map(Some)
        .ok_or_else(|| HeadFault(format!("{}: is not as the center signed it", path.display()))))
}

/// Puts the head that was kept out of the way, for a store that was replaced by an older one; gives
/// its new path, `None` when there was none.
///
/// # Errors
/// When it cannot be renamed.
pub(crate) fn set_aside(keys: &Keys, now: Timestamp) -> anyhow::Result<Option<PathBuf>> {
    let path = file(keys);
    let aside = keys.file(&format!("audit.head.replaced-{}", now.strftime("%Y%m%dT%H%M%S%.fZ")));
    match std::fs::rename(&path, &aside) {
        Ok(()) => Ok(Some(aside)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{}: cannot be moved", path.display())),
    }
}

/// Keeps the head up to date.
pub(crate) struct HeadKeeper {
    keys: Keys,
    reader: Box<dyn Reader>,
    signer: Ed25519KeyPair,
    /// What the file holds as far as we know.
    kept: Option<AuditHead>,
}

impl HeadKeeper {
    /// A keeper of the head of the chain that `reader` reads.
    ///
    /// # Errors
    /// When the center's key cannot be used.
    pub(crate) fn new(keys: Keys, reader: Box<dyn Reader>) -> anyhow::Result<Self> {
        let signer = signer(&keys)?;
        Ok(Self { keys, reader, signer, kept: None })
    }

    /// Sees to it that a chain without a signed head does not pass for a whole one: its end, or all
    /// of it, may be gone. That is recorded in the chain itself, where it stays, and signed. A store
    /// in which nothing was done yet has no audit, and needs no head.
    ///
    /// # Errors
    /// When the store or the head cannot be read or written.
    pub(crate) fn expect_signed(&mut self, store: &dyn Store, path: &Path) -> anyhow::Result<()> {
        let file = file(&self.keys);
        if file.exists() {
            return Ok(());
        }
        let alone = self.keys.alone()?;
        // Somebody else may have signed it while we waited.
        if file.exists() || (self.head()?.is_none() && !upkeep::holds_anything(path)?) {
            return Ok(());
        }
        let now = Timestamp::now();
        loading::commit(store, now, Command::Operated(OperatorDeed::SignMissingHead))?;
        let (file, record) = (file.display(), self.head()?.map_or(0, |head| head.entry));
        tracing::warn!(
            %file,
            record,
            "not found: the audit is taken as it is and signed anew, which is in it as a record"
        );
        self.keep_alone(now, &alone)?.map_err(|fault| anyhow::anyhow!("{fault}"))
    }

    /// Signs the chain's head if it has moved since the last time.
    ///
    /// # Errors
    /// The outer one when something cannot be read or written; the inner one when the chain does not
    /// follow from the head that was kept, which then stays as it is.
    pub(crate) fn keep(&mut self, now: Timestamp) -> anyhow::Result<Result<(), HeadFault>> {
        if self.head()? == self.kept {
            return Ok(Ok(()));
        }
        let alone = self.keys.alone()?;
        self.keep_alone(now, &alone)
    }

    /// The same while nobody else does; `_alone` is the lock on the keys.
    fn keep_alone(
        &mut self,
        now: Timestamp,
        _alone: &File,
    ) -> anyhow::Result<Result<(), HeadFault>> {
        // The file before the chain: whatever stands in it was in the chain already.
        let kept = match read(&self.keys)? {
            Ok(kept) => kept.map(|signed| signed.head),
            Err(fault) => return Ok(Err(fault)),
        };
        let head = self.head()?;
        if let Some(kept) = kept
            && let Some(fault) = self.breach(&kept, head.as_ref())?
        {
            return Ok(Err(fault));
        }
        if let Some(head) = head.filter(|head| Some(*head) != kept) {
            let text = signed_text(&self.signer, &SignedHead { head, at: now });
            private_file::replace_public(&file(&self.keys), text.as_bytes())?;
        }
        self.kept = head;
        Ok(Ok(()))
    }

    fn head(&mut self) -> anyhow::Result<Option<AuditHead>> {
        match self.reader.read(&Query::AuditHead)? {
            Answer::AuditHead(head) => Ok(head),
            other => anyhow::bail!("the store did not answer about the audit's head: {other:?}"),
        }
    }

    /// Why the chain, which has come as far as `head`, does not follow from `kept`.
    fn breach(
        &mut self,
        kept: &AuditHead,
        head: Option<&AuditHead>,
    ) -> anyhow::Result<Option<HeadFault>> {
        let length = head.map_or(0, |head| head.entry);
        if length < kept.entry {
            return Ok(Some(HeadFault(format!(
                "the audit ends with record {length}, its signed head says {}: its end is gone",
                kept.entry
            ))));
        }
        let mine = Query::AuditTrail {
            since: None,
            patient: None,
            after: Some(kept.entry.saturating_sub(1)),
            limit: 1,
        };
        let Answer::AuditTrail(records) = self.reader.read(&mine)? else {
            anyhow::bail!("the store did not answer about the audit");
        };
        let same = records
            .first()
            .is_some_and(|record| record.entry == kept.entry && record.mac == Some(kept.mac));
        Ok((!same).then(|| {
            HeadFault(format!(
                "record {} of the audit is not the one that was signed as its head",
                kept.entry
            ))
        }))
    }
}

fn signer(keys: &Keys) -> anyhow::Result<Ed25519KeyPair> {
    let seed = keys.identity()?;
    Ed25519KeyPair::from_seed_unchecked(&seed.0)
        .ok()
        .with_context(|| format!("{}: is no key", keys.file("identity.key").display()))
}

fn public_key(pair: &Ed25519KeyPair) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(pair.public_key().as_ref());
    bytes
}

/// What is signed.
fn claims(signed: &SignedHead) -> String {
    let mac = to_hexadecimal(&signed.head.mac);
    format!("{TITLE}\nentry {}\nmac {mac}\nat {}\n", signed.head.entry, signed.at)
}

fn signed_text(signer: &Ed25519KeyPair, signed: &SignedHead) -> String {
    let claims = claims(signed);
    let digits = to_hexadecimal(signer.sign(claims.as_bytes()).as_ref());
    format!("{claims}signature {digits}\n")
}

/// Reads what [`signed_text`] wrote; `None` for anything else. Only what is well signed is looked
/// at.
fn parse(bytes: &[u8], public: &VerifyingKey) -> Option<SignedHead> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (claimed, signature) = text.strip_suffix('\n')?.split_once("signature ")?;
    let raw: [u8; SIGNATURE_BYTES] = from_hexadecimal(signature)?;
    UnparsedPublicKey::new(&ED25519, public.0).verify(claimed.as_bytes(), &raw).ok()?;
    let mut lines = claimed.lines();
    let title = lines.next()?;
    let entry = lines.next()?.strip_prefix("entry ")?.parse().ok()?;
    let mac = from_hexadecimal(lines.next()?.strip_prefix("mac ")?)?;
    let at = lines.next()?.strip_prefix("at ")?.parse().ok()?;
    let whole = title == TITLE && lines.next().is_none();
    whole.then_some(SignedHead { head: AuditHead { entry, mac }, at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn signed() -> SignedHead {
        let head = AuditHead { entry: 17, mac: [0xab; 32] };
        SignedHead { head, at: "2026-11-22T13:00:00Z".parse().unwrap() }
    }

    #[test]
    fn a_head_comes_back_from_its_text_under_its_own_key_only() {
        let text = signed_text(&pair(1), &signed());
        assert!(text.starts_with("rendezvous audit head v1\nentry 17\nmac abab"), "{text}");
        let ours = VerifyingKey(public_key(&pair(1)));
        assert_eq!(parse(text.as_bytes(), &ours), Some(signed()));
        let other = VerifyingKey(public_key(&pair(2)));
        assert_eq!(parse(text.as_bytes(), &other), None);
    }

    #[test]
    fn a_head_with_any_bit_changed_is_nobodys() {
        let text = signed_text(&pair(1), &signed());
        let ours = VerifyingKey(public_key(&pair(1)));
        for at in 0..text.len() * 8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at / 8] ^= 1 << (at % 8);
            // A hexadecimal digit may be written as a capital.
            if !bytes.eq_ignore_ascii_case(text.as_bytes()) {
                assert_eq!(parse(&bytes, &ours), None, "bit {at}");
            }
        }
        assert_eq!(parse(&text.as_bytes()[..text.len() - 1], &ours), None);
    }
}
