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

# exits CODE COMMAND...: the command ends with that code.
exits() {
    local wanted="$1" code=0
    shift
    "$@" || code=$?
    [ "$code" = "$wanted" ]
}

# The data blobs of a repository, a line each: bytes and path.
blobs() { find "$1" -type f -name '__*' -printf '%s %p\n'; }
largest_blob() { blobs "$1" | sort -n | tail -n 1 | cut -d ' ' -f 2-; }

# The name of the index that a blob belongs to, as the repository's own root says.
index_of_blob() {
    local id
    id="$(sed 's|.*/indices/\([^/]*\)/.*|\1|' <<<"$2")"
    jq -r --arg id "$id" '.indices | to_entries[] | select(.value.id == $id) | .key' "$1"/index-[0-9]* | sort -u
}

flip_a_byte() {
    python3 -c 'import sys
with open(sys.argv[1], "r+b") as blob:
    blob.seek(0, 2)
    middle = blob.tell() // 2
    blob.seek(middle)
    byte = blob.read(1)[0]
    blob.seek(middle)
    blob.write(bytes([byte ^ 1]))' "$1"
}

# The report names the index, its one shard and both snapshots, and no other index.
names_what_is_lost() {
    tintype repository verify "$1" -o json 2>/dev/null >"$work/report" || true
    jq -e --arg index "$2" '[.findings[] | select(.severity == "error")] |
        length > 0 and all(.index == $index and .shard == 0 and (.snapshots | sort) == ["first", "second"])' "$work/report" >/dev/null
}
