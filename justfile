# The habits of this house; `just --list` shows them.

flags := "--workspace --locked --features tintype/failpoints"

# What must hold before a commit.
check: format clippy deny test

# Formatting, checked.
format:
    cargo fmt --all --check

# Lints, without mercy.
clippy:
    cargo clippy {{flags}} --all-targets -- -D warnings

# Licences, sources and doubled dependencies.
deny:
    cargo deny --offline check bans licenses sources

# Every test, real engines included; names of stages as arguments run those alone.
test *stages:
    ./test {{stages}}

# The server, with whatever arguments follow.
run *args:
    cargo run --locked --bin tintype -- serve {{args}}

# What the call costs beside the engine's own; docs/benchmarks/README.md says how to read the figures.
bench:
    cargo bench -p tintype --bench call
    cargo bench -p tintype --bench connections
