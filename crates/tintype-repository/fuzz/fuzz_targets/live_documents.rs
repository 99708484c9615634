#![no_main]

tintype_repository_fuzz::fuzz!("live_documents");
