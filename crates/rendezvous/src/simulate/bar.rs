//! How far a simulation is: a bar on a terminal, and nothing anywhere else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error where that is a terminal, in the template's words; `visits` is `None` when
/// nobody knows how many there will be.
pub(super) fn bar(visits: Option<u64>, template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(visits, ProgressDrawTarget::stderr());
    // Without the style the bar looks plainer, and says the same.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
