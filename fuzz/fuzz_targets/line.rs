//! Runs [`rendezvous_fuzz::line`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rendezvous_fuzz::line::check(data));
