//! What a clinic asks, as a small TOML file: a scenario becomes a [`crate::plan::Plan`].
