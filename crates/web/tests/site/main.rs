//! The pages over real connections: a browser's requests, byte by byte, against a real center.

mod browser;
mod clinic;
mod coming_in;
mod patient;
mod patient_data;
mod practice;
mod slots;
