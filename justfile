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
    cargo fetch --locked
    cargo deny --offline check bans licenses sources

# Every test, real engines included; names of stages as arguments run those alone.
test *stages:
    ./test {{stages}}

# The server, with whatever arguments follow.
run *args:
    cargo run --locked --bin tintype -- serve {{args}}

# Figures beside their yardsticks, all or those named; docs/benchmarks/README.md says how to read them.
bench *names:
    #!/usr/bin/env bash
    set -euo pipefail
    names=({{names}}) server=() repository=()
    for name in "${names[@]}"; do
        case $name in
            checksum | s3 | blobs | root) repository+=("$name") ;;
            *) server+=("$name") ;;
        esac
    done
    if ((${#server[@]} || !${#names[@]})); then
        cargo bench -p tintype --features failpoints --bench figures -- "${server[@]}"
    fi
    if ((${#repository[@]} || !${#names[@]})); then
        cargo bench -p tintype-repository --bench figures -- "${repository[@]}"
    fi

# Fuzzes a parser of repository blobs until it is stopped; without a name, lists them. CONTRIBUTING.md says what it needs.
fuzz target="" *args:
    cd crates/tintype-repository && cargo +nightly fuzz {{ if target == "" { "list" } else { "run " + target } }} {{args}}
