# What the demo claims. Each is a question whose answer is looked up where it can be wrong: on the engine.

process_user() { stat -c %U "/proc/$1"; }
is_not_root() { [ "$(stat -c %u "/proc/$1")" != 0 ]; }

# same FILE COMMAND...: the command prints what is in the file.
same() {
    local file="$1"
    shift
    diff <("$@") "$file" >&2
}

shows_snapshot() { tintype snapshot show demo "$1" -o name >/dev/null; }

# Bytes done so far, a line a look, until the operation ends.
record_progress() {
    local answer
    while answer="$(operation "$1" 2>/dev/null || true)"; do
        member .progress.bytes.done <<<"${answer:-null}" >>"$work/progress"
        case "$(member .status <<<"${answer:-null}")" in succeeded | failed | cancelled) return ;; esac
        sleep 0.5
    done
}

# Different numbers of bytes that were seen, none left out.
steps_seen() { grep -E '^[1-9]' "$work/progress" | sort -u | wc -l; }

# Some files are done and the engine still works on it.
is_in_the_middle() {
    [ "$(operation "$1" | member .progress.bytes.done)" -gt 0 ] && [ "$(engine_state "$repository" "$name")" = IN_PROGRESS ]
}

# The sums of restored indices, under the names of the originals.
restored_sums() { sed 's/^restored-//' "$work/sums.restored"; }
