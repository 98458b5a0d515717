//! Where the exercise's screen messages go.

use std::fmt;
use std::sync::Arc;

/// A place for screen messages, or none. Showing one must not block: the caller's function sees to
/// that.
#[derive(Clone)]
pub struct Screen(Option<Arc<dyn Fn(String) + Send + Sync>>);

impl Screen {
    /// Nothing is shown.
    #[must_use]
    pub fn quiet() -> Self {
        Self(None)
    }

    /// Each message goes to `show`, which must not block.
    #[must_use]
    pub fn new(show: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(show)))
    }

    /// Shows what `message` makes; it is not even made when nobody looks.
    pub fn show(&self, message: impl FnOnce() -> String) {
        if let Some(show) = &self.0 {
            show(message());
        }
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Screen" } else { "Screen(quiet)" })
    }
}
