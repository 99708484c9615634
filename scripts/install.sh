# Finds out which programs are missing and installs them with Debian's apt. Sourced after lib.sh.

# missing_packages PROGRAM:PACKAGE…: the packages of the programs that are not there.
missing_packages() {
    local pair
    for pair in "$@"; do
        type -P "${pair%%:*}" >/dev/null || printf '%s\n' "${pair##*:}"
    done
}

# The engines of Debian 12's time run on 17; where Debian has no 17 any more, on 21.
java_package() {
    [ -z "$(find_java 17 21)" ] || return 0
    if grep -qs 'VERSION_ID="1[0-2]"' /etc/os-release; then
        echo openjdk-17-jre-headless
    else
        echo openjdk-21-jre-headless
    fi
}

# install_packages PACKAGE…: says what it does, then does it.
install_packages() {
    [ $# -gt 0 ] || return 0
    type -P apt-get >/dev/null || die "please install: $*"
    is_root || type -P sudo >/dev/null || die "please install as root: apt-get install $*"
    say "installing with apt: $*"
    as_root apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y "$@" >&2
}

need_rust() {
    type -P cargo >/dev/null || [ ! -x "$HOME/.cargo/bin/cargo" ] || PATH="$HOME/.cargo/bin:$PATH"
    type -P cargo >/dev/null || die "Rust is missing: install rustup, which reads the version from rust-toolchain.toml"
}

ENGINE_PROGRAMS=(mvn:maven unzip:unzip curl:curl jq:jq setpriv:util-linux flock:util-linux kill:procps cc:build-essential)

# What it takes to build the product and run an engine.
need_for_engines() {
    local packages
    need_rust
    mapfile -t packages < <({ missing_packages "${ENGINE_PROGRAMS[@]}" "$@"; java_package; } | sort -u)
    install_packages "${packages[@]}"
}

# Debian's Python makes environments only with a package of its own.
need_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv; }

# And beside it the test servers and clients.
need_for_tests() {
    need_for_engines go:golang-go python3:python3 npm:npm
    need_venv
}
