//! Runs [`rendezvous_fuzz::ticket`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rendezvous_fuzz::ticket::check(data));
