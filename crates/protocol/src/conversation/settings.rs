//! What whoever owns the socket settles for a conversation.

use crate::limits::{Deadlines, LineLimits};

/// What holds for a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConversationSettings {
    /// How long the center waits for the peer.
    pub deadlines: Deadlines,
    /// How many bytes it takes.
    pub lines: LineLimits,
    /// What may be said on this wire.
    pub wire: WirePolicy,
}

/// What a wire is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WirePolicy {
    /// The words may be said: nobody listens in (TLS, loopback), or the operator allows it by name.
    #[default]
    Open,
    /// Anything but TLS is refused at its first byte, before a secret has followed it.
    TlsRequired,
}
