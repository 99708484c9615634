//! Figures, side by side in one run: `just bench`, or `just bench NAME…` for some of them.
//!
//! `docs/benchmarks/verification.md` says what each measures and what it should be. Nothing is asserted here.

mod bare;
mod blobs;
mod checksum;
mod child;
mod root;
mod s3;
mod support;

/// The product's own: the reader is to be measured as it is used.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((child::FLAG, task)) = arguments.split_first().map(|(flag, task)| (flag.as_str(), task)) {
        return child::main(task);
    }
    tintype_testkit::figures::run(&[
        ("checksum", checksum::run),
        ("s3", s3::run),
        ("blobs", blobs::run),
        ("root", root::run),
    ])
}
