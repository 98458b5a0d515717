//! The pages over real connections: a browser's requests, byte by byte, against a real center.

mod admin;
mod browser;
mod clinic;
mod coming_in;
mod password;
mod rights;
