#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tintype_repository::format::testing::hostile::feed("shard_snapshot", bytes));
