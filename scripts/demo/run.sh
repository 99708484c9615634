# What the demo starts, and how all of it ends. .demo/state has a line for each process and for the work directory,
# so that `./demo stop` ends exactly what was started, even after this script was killed.

DEMO=.demo

# What is set for another Tintype must not reach this one.
forget_environment() {
    local name
    for name in ${!TINTYPE_@} ${!EC_@}; do
        case "$name" in TINTYPE_CACHE | TINTYPE_JAVA_HOME | TINTYPE_ENGINE_PASSWORD*) ;; *) unset "$name" ;; esac
    done
}

refuse_if_running() {
    [ -f $DEMO/state ] || return 0
    local what pid start
    while read -r what pid start _; do
        [ "$what" != process ] || ! is_ours "$pid" "$start" || die "a demo runs already; end it with ./demo stop"
    done <$DEMO/state
    stop_all
}

# A directory of this run that the engine's user can enter, which the work tree may not be.
make_work() {
    work="$(mktemp -d "${TMPDIR:-/tmp}/tintype-demo.XXXXXX")"
    chmod 755 "$work"
    mkdir -p $DEMO "$work/engine" "$work/storage"
    chmod 700 $DEMO
    printf 'work %s\n' "$work" >$DEMO/state
}

# background NAME COMMAND...: starts it in a session of its own; its output is in the work directory.
background() {
    local name="$1"
    shift
    setsid "$@" </dev/null >>"$work/$name.log" 2>&1 &
    pid=$!
    printf 'process %s %s %s\n' "$pid" "$(start_of "$pid")" "$name" >>$DEMO/state
}

# When a process started, nothing when it ended: a number that is used again names another process.
start_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'; }
is_ours() { [ -n "$2" ] && [ "$(start_of "$1")" = "$2" ]; }

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# until_true SECONDS WHAT COMMAND...: tries it until it succeeds.
until_true() {
    local end=$((SECONDS + $1)) what="$2"
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || failed "$what"
        sleep 0.2
    done
}

start_engine() {
    local port
    port="$(free_port)"
    engine_url="http://127.0.0.1:$port"
    # It lives for a minute: compiling its code twice, the second time thoroughly, would take half of that.
    mkdir -p "$work/engine/overlay/jvm.options.d"
    echo '-XX:TieredStopAtLevel=1' >"$work/engine/overlay/jvm.options.d/demo.options"
    background engine scripts/run-engine "$engine" "$work/engine" "$port" "$(free_port)" "$work/storage"
    engine_pid=$pid
    until_true 180 "$engine did not start" curl -sf "$engine_url/_cluster/health"
}

start_tintype() {
    background tintype "$bin/tintype" serve --config "$work/tintype.toml"
    tintype_pid=$pid
    until_true 30 "tintype did not start" tintype version --server
}

# A fresh Tintype on a free port, with an admin whose password is known here, and an API key.
first_start() {
    TINTYPE_URL="http://127.0.0.1:$(free_port)"
    (umask 077 && mkdir "$work/tintype" && python3 -c 'import secrets; print(secrets.token_urlsafe(18))' >"$work/password")
    cat >"$work/tintype.toml" <<TOML
[server]
listen = "${TINTYPE_URL#http://}"
data_dir = "$work/tintype"
[admin]
password_file = "$work/password"
TOML
    export TINTYPE_URL
    start_tintype
    TINTYPE_API_KEY="$(tintype apikey create --user admin --pass-file "$work/password" --description demo --key-only -q)"
    export TINTYPE_API_KEY
}

# Takes down what the state names, and nothing else.
stop_all() {
    [ -f $DEMO/state ] || return 0
    local what first second dirs=() groups=()
    while read -r what first second _; do
        case "$what" in
            work) dirs+=("$first") ;;
            process) ! is_ours "$first" "$second" || groups+=("$first $second") ;;
        esac
    done <$DEMO/state
    for what in "${groups[@]}"; do end_group $what; done
    for what in "${dirs[@]}"; do rm -rf "$what"; done
    rm -f $DEMO/state $DEMO/env
    rmdir $DEMO 2>/dev/null || true
}

# A process and its children: asked first, then killed.
end_group() {
    kill -TERM -- "-$1" 2>/dev/null || return 0
    local tries
    for tries in {1..50}; do
        is_ours "$1" "$2" || break
        sleep 0.2
    done
    kill -KILL -- "-$1" 2>/dev/null || true
}

# The trap of the script's end.
finish() {
    local status=$?
    trap '' INT TERM HUP
    case "$status" in
        0 | 130 | 143) ;;
        *) [ -n "${told_failure:-}" ] || printf '%s✗ a step of the demo failed%s\n' "$red" "$plain"; status=1 ;;
    esac
    if [ $status = 1 ] && [ -s "${work:-}/tintype.log" ]; then
        say "the last lines of tintype's log:"
        tail -n 10 "$work/tintype.log" >&2
    fi
    if [ -n "$keep" ] && [ -f $DEMO/state ] && [ $status != 130 ]; then
        [ $status = 0 ] || say "left as it is because of --keep: logs are in ${work:-}; end it with ./demo stop"
    else
        jobs -p | xargs -r kill 2>/dev/null || true
        stop_all
    fi
    exit $status
}

# Shell variables for whoever wants to go on by hand.
write_env() {
    local name
    TINTYPE_USER=admin TINTYPE_PASSWORD="$(cat "$work/password")"
    TINTYPE_CLUSTER_ID="$cluster" TINTYPE_REPO="$repository" TINTYPE_ENGINE_URL="$engine_url"
    (
        umask 077
        for name in TINTYPE_URL TINTYPE_API_KEY TINTYPE_USER TINTYPE_PASSWORD TINTYPE_CLUSTER_ID TINTYPE_REPO TINTYPE_ENGINE_URL; do
            printf 'export %s=%q\n' "$name" "${!name}"
        done >$DEMO/env
    )
}
