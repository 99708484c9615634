//! What all fuzz targets do: see `tintype_repository::testing::hostile`.

use std::{fs, io, path::Path};
use tintype_repository::testing::hostile::parser;

/// Lays what the fuzzer of a parser begins with into its corpus, which is read afterwards.
///
/// # Errors
/// When it cannot be written.
pub fn begin(name: &str) -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    fs::create_dir_all(&corpus)?;
    for (number, bytes) in parser(name).beginnings().iter().enumerate() {
        fs::write(corpus.join(format!("seed-{number}")), bytes)?;
    }
    Ok(())
}

/// Feeds one input to a parser.
pub fn feed(name: &str, bytes: &[u8]) {
    parser(name).feed(bytes);
}

/// The fuzz target of a parser.
#[macro_export]
macro_rules! fuzz {
    ($name:literal) => {
        libfuzzer_sys::fuzz_target!(
            init: $crate::begin($name).expect("a corpus"),
            |bytes: &[u8]| $crate::feed($name, bytes)
        );
    };
}
