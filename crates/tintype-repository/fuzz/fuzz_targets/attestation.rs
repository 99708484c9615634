#![no_main]

tintype_repository_fuzz::fuzz!("attestation");
