//! The pages, by who may see them.

pub(crate) mod admin;
pub(crate) mod anyone;
pub(crate) mod desk;
pub(crate) mod patient;
