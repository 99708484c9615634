//! The tintype binary.

fn main() {}
