//! Runs [`rendezvous_fuzz::input_file`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rendezvous_fuzz::input_file::check(data));
