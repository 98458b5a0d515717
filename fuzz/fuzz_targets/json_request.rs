//! Runs [`rendezvous_fuzz::json_request`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rendezvous_fuzz::json_request::check(data));
