# Questions to the engine and to Tintype.

# member PATH: one member of the JSON on standard input, as jq names it; empty when it is not there.
member() { jq -r "$1 // empty"; }

# The engine itself, without Tintype in between.
engine_get() { curl -sf "$engine_url$1"; }
engine_put() { curl -sf -XPUT "$engine_url$1" -H 'Content-Type: application/json' -d "$2"; }

# The status of a call without a body.
engine_status() { curl -s -o /dev/null -w '%{http_code}' -X "$1" "$engine_url$2"; }

# restored_by_the_engine PREFIX: restores all of the snapshot under names with that prefix, by the engine alone; prints the
# indices that are red afterwards.
restored_by_the_engine() {
    curl -s -XPOST "$engine_url/_snapshot/$repository/$name/_restore?wait_for_completion=true" -H 'Content-Type: application/json' \
        -d "{\"include_global_state\": false, \"rename_pattern\": \"(.+)\", \"rename_replacement\": \"$1-\$1\"}" >"$work/restore"
    engine_get "/_cluster/health/$1-*?level=indices" |
        jq -r '[.indices | to_entries[] | select(.value.status == "red") | .key] | join(" ")'
}

# The state of a snapshot on the engine; empty when there is none.
engine_state() { engine_get "/_snapshot/$1/$2" | member ".snapshots[0].state"; }

# All that the engine says of these repositories and their snapshots, to be compared later.
engine_view() {
    local one
    for one in "$@"; do
        engine_get "/_snapshot/$one?pretty"
        engine_get "/_snapshot/$one/_all?pretty"
    done
}

engine_repositories() { engine_get /_snapshot | member keys[]; }

# engine_count REPOSITORY NAME OPERATION: snapshots of that name, with that operation in their metadata, and in all.
engine_count() {
    engine_get "/_snapshot/$1/_all" | jq -r --arg name "$2" --arg operation "$3" '.snapshots | [
        (map(select(.snapshot == $name)) | length),
        (map(select(.metadata.tintype.operation == $operation)) | length),
        length] | join(" ")'
}

# Shards in a snapshot, and the fewest files of one of them.
shards_and_files() {
    engine_get "/_snapshot/$1/$2/_status" |
        jq -r '[.snapshots[0].indices[].shards[].stats.total.file_count] | "\(length) \(min)"'
}

flights() { python3 scripts/demo/flights.py "$@"; }

operation() { tintype operation show "$1" -o json; }

# The call of ECE's API, as its users send it: no content type but curl's own. Sets status, and leaves the answer in
# $work/answer and its headers in $work/headers.
snapshot_call() {
    status="$(curl -s -o "$work/answer" -D "$work/headers" -w '%{http_code}' -XPOST \
        "$TINTYPE_URL/api/v1/clusters/elasticsearch/$ID/_snapshot" -H "Authorization: ApiKey $KEY" -d "$1")"
}
header() { sed -n "s/^$1: *//Ip" "$work/headers" | tr -d '\r'; }
