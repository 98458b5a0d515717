//! Telling every task that the time has come.

use tokio::sync::watch;

/// Says when; to be kept as long as the shells run.
#[derive(Debug)]
pub struct ShutdownTrigger(watch::Sender<bool>);

/// Is told when; cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

impl ShutdownTrigger {
    /// A trigger and what it triggers.
    #[must_use]
    pub fn new() -> (Self, Shutdown) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Shutdown(receiver))
    }

    /// Now.
    pub fn pull(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Returns when the trigger was pulled, or is gone.
    pub async fn wait(&mut self) {
        // A trigger that is gone can never be pulled any more: that is the end too.
        let _ = self.0.wait_for(|pulled| *pulled).await;
    }
}
