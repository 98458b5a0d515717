//! The bytes of a connection that wait for their turn.
//!
//! Whatever a peer sends costs time in proportion to its bytes: what is taken is passed over, not
//! moved away, and what was searched in vain is not searched again. What is not here: what the bytes
//! mean.

/// An empty buffer gives back its memory above this, in bytes: most connections wait most of the
/// time.
const KEPT_BYTES_MAX: usize = 1_024;

#[derive(Debug, Default)]
pub(super) struct Waiting {
    bytes: Vec<u8>,
    /// So many of them were taken.
    taken: usize,
    /// In so many of them, those that were taken included, no end of a message is.
    searched: usize,
}

impl Waiting {
    /// What waits, first come first.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.taken
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        // Each byte is moved once for at least one that was taken.
        if self.taken > self.bytes.len() / 2 {
            self.bytes.drain(..self.taken);
            self.searched = self.searched.saturating_sub(self.taken);
            self.taken = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the first `count` bytes, or all when there are fewer.
    pub(super) fn take(&mut self, count: usize) {
        self.taken = self.bytes.len().min(self.taken.saturating_add(count));
        if self.is_empty() {
            self.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        (self.taken, self.searched) = (0, 0);
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES_MAX);
    }

    /// Where the first byte is that `ends` a message; `None` when there is none yet. One connection
    /// asks for one kind of end only.
    pub(super) fn end(&mut self, ends: fn(u8) -> bool) -> Option<usize> {
        let from = self.searched.max(self.taken);
        let found = self.bytes[from..].iter().position(|&byte| ends(byte));
        self.searched = found.map_or(self.bytes.len(), |at| from + at);
        found.map(|at| from + at - self.taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// It does what a plain vector does from which bytes are drained.
        #[test]
        fn it_is_a_queue_of_bytes(
            steps in prop::collection::vec((prop::collection::vec(0_u8..4, 0..9), 0_usize..9), 0..40),
        ) {
            let (mut waiting, mut plain) = (Waiting::default(), Vec::new());
            for (bytes, count) in steps {
                waiting.push(&bytes);
                plain.extend_from_slice(&bytes);
                let end = plain.iter().position(|&byte| byte == 0);
                prop_assert_eq!(waiting.end(|byte| byte == 0), end);
                waiting.take(count);
                plain.drain(..count.min(plain.len()));
                prop_assert_eq!(waiting.bytes(), &plain[..]);
                prop_assert_eq!((waiting.len(), waiting.is_empty()), (plain.len(), plain.is_empty()));
                let end = plain.iter().position(|&byte| byte == 0);
                prop_assert_eq!(waiting.end(|byte| byte == 0), end);
            }
        }
    }

    #[test]
    fn an_empty_one_gives_its_memory_back() {
        let mut waiting = Waiting::default();
        waiting.push(&[1; 100_000]);
        waiting.take(100_000);
        assert!(waiting.bytes.capacity() <= KEPT_BYTES_MAX, "{}", waiting.bytes.capacity());
    }
}
