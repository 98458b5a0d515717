//! The pages over real connections: a browser's requests, byte by byte, against a real center.

mod attacks;
mod browser;
mod clinic;
mod coming_in;
mod connections;
mod desk;
mod live;
mod patient;
mod patient_data;
mod schedule;
mod strangers;
