//! The tintype binary.

fn main() -> std::process::ExitCode {
    tintype::cli::main()
}
