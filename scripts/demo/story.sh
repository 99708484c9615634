# The demo, told in order. $work, $engine_url, $cluster (its id) and $repository are known to all parts.

SMALL=(airlines airports planes weather)
INDICES=("${SMALL[@]}" flights-ewr flights-jfk flights-lga)

tell_of_fetched_engine() {
    repository=nightly
    before_tintype
    attached_to_observe
    call_survives_a_crash
    restored_and_compared
    one_byte_is_found
    [ -n "$keep" ] || detached
}

before_tintype() {
    chapter "An engine that knows nothing of Tintype"
    start_engine
    claim "$engine runs as $(process_user "$engine_pid"), not as root" is_not_root "$engine_pid"
    flights load "$engine" "$engine_url" "$archive" "${SMALL[@]}"
    engine_put /_snapshot/yours "{\"type\": \"fs\", \"settings\": {\"location\": \"$work/storage/yours\"}}" >/dev/null
    engine_put "/_snapshot/yours/before-tintype?wait_for_completion=true" '{"indices": "airlines,airports"}' >/dev/null
    claim "a snapshot is in it already: yours/before-tintype" [ "$(engine_state yours before-tintype)" = SUCCESS ]
    flights load "$engine" "$engine_url" "$archive" flights
    documents="$(engine_get '/flights-*/_count' | member .count)"
    claim "$documents flights are in it, and four small tables: ${#INDICES[@]} indices" [ "$documents" = 336776 ]
    engine_view yours >"$work/yours"
}

attached_to_observe() {
    chapter "1. Attach it, with the right to look"
    first_start
    show tintype cluster attach "$engine_url" --name demo --access observe -o name
    show tintype cluster list
    show tintype repository list --cluster demo
    show tintype snapshot list demo --repository yours
    cluster="$(tintype cluster show demo -o name)"
    ID="$cluster" KEY="$TINTYPE_API_KEY"
    claim "what was there before is shown" shows_snapshot yours/before-tintype
    snapshot_call '{"name": "refused", "repository_name": "yours"}'
    claim "the level observe refuses a snapshot: $status, $(header x-cloud-error-codes)" [ "$status" = 403 ]
    claim "your repository is as it was, and what is in it" same "$work/yours" engine_view yours
    claim "the engine has no other repository than yours" [ "$(engine_repositories)" = yours ]
}

call_survives_a_crash() {
    chapter "2. The call, and a crash in the middle"
    show tintype cluster update demo --access operate -o name
    # So slow that there is a middle to be killed in.
    show tintype repository set $repository --type fs --location "$work/storage/$repository" \
        --setting max_snapshot_bytes_per_sec=5mb --default -o name
    name=first
    printf '%s\n' "${dim}\$ curl -XPOST \$TINTYPE_URL/api/v1/clusters/elasticsearch/\$ID/_snapshot \\" \
        "    -H \"Authorization: ApiKey \$KEY\" -d '{\"name\": \"$name\", \"repository_name\": \"$repository\"}'$plain"
    snapshot_call "{\"name\": \"$name\", \"repository_name\": \"$repository\"}"
    claim "$status $(cat "$work/answer"), and no content type was named" [ "$status" = 202 ]
    operation="$(header x-tintype-operation)"
    flights sums "$engine_url" "${INDICES[@]}" >"$work/sums" &
    local sums=$!
    watched_through_a_crash
    exactly_one
    wait $sums
}

watched_through_a_crash() {
    record_progress "$operation" &
    local recorder=$!
    show tintype operation watch "$operation" -o name &
    local watcher=$!
    until_true 60 "the snapshot has no middle" is_in_the_middle "$operation"
    kill -KILL "$tintype_pid"
    wait "$tintype_pid" 2>/dev/null || true
    claim "tintype was killed with -9; the engine says $(engine_state $repository $name)" \
        [ "$(engine_state $repository $name)" = IN_PROGRESS ]
    start_tintype
    wait $watcher || failed "the operation did not end well: $(operation "$operation" | member .failure.message)"
    wait $recorder
    claim "progress was live: $(steps_seen) different numbers of bytes were seen" [ "$(steps_seen)" -ge 2 ]
}

exactly_one() {
    local named made all
    claim "started again, it went on: the operation has succeeded" \
        [ "$(operation "$operation" | member .status)" = succeeded ]
    read -r named made all <<<"$(engine_count $repository $name "$operation")"
    case "$engine" in
        elasticsearch-6*) claim "exactly one snapshot: $named of that name, $all in all (6.8 keeps no metadata)" [ "$named $all" = "1 1" ] ;;
        *) claim "exactly one snapshot: $named of that name, $made with that operation, $all in all" [ "$named $made $all" = "1 1 1" ] ;;
    esac
    local shards fewest
    read -r shards fewest <<<"$(shards_and_files $repository $name)"
    claim "$shards shards are in it, each of at least $fewest files" [ "$fewest" -ge 20 ]
    snapshot_call "{\"name\": \"$name\", \"repository_name\": \"$repository\"}"
    claim "the same call again is refused: $status, $(header x-cloud-error-codes)" \
        [ "$status $(header x-cloud-error-codes)" = "409 clusters.snapshot.name_conflict" ]
    # It shares every data blob with the first.
    show tintype snapshot take demo --name second --repository $repository --wait -o name
}

restored_and_compared() {
    chapter "3. Restore it beside the originals, and compare"
    show tintype snapshot restore demo $repository/$name --rename-prefix restored- --wait -o name
    flights sums "$engine_url" "${INDICES[@]/#/restored-}" >"$work/sums.restored"
    cat "$work/sums.restored"
    claim "document counts and SHA-256 over all (_id, _source) are those of the originals" same "$work/sums" restored_sums
    flights change "$engine" "$engine_url" restored-airlines
    flights sums "$engine_url" restored-airlines >"$work/sums.restored"
    claim "one restored document changed, and its index differs" \
        [ "$(restored_sums)" != "$(grep '^airlines ' "$work/sums")" ]
    claim "your repository is as it was, and what is in it" same "$work/yours" engine_view yours
}

# What neither the snapshot's state nor the engine's own check tells.
one_byte_is_found() {
    local location="$work/storage/$repository/$cluster" blob lost broken
    chapter "4. One byte, without asking the engine"
    claim "every byte is as it was written: exit code 0" exits 0 show tintype repository verify "$location"
    blob="$(largest_blob "$location")"
    lost="$(index_of_blob "$location" "$blob")"
    cp -p "$blob" "$work/blob"
    flip_a_byte "$blob"
    held "one byte of one of $(blobs "$location" | wc -l) data blobs is flipped; it belongs to $lost"
    claim "the engine still says $(engine_state $repository $name)" [ "$(engine_state $repository $name)" = SUCCESS ]
    claim "and its _verify answers 200" [ "$(engine_status POST /_snapshot/$repository/_verify)" = 200 ]
    claim "Tintype does not: exit code 3" exits 3 show tintype repository verify "$location"
    claim "it names the index $lost, its shard, and both snapshots that lost it" names_what_is_lost "$location" "$lost"
    broken="$(restored_by_the_engine damaged)"
    claim "the engine's own restore of all ${#INDICES[@]} indices fails on: ${broken:-none}" [ "$broken" = "damaged-$lost" ]
    cp -p "$work/blob" "$blob"
    claim "the byte put back, all is restorable again: exit code 0" exits 0 tintype repository verify "$location" -q
    show tintype repository du "$location"
}

detached() {
    chapter "5. Leave"
    engine_view yours $repository >"$work/before-detach"
    show tintype cluster detach demo --yes
    claim "detached: the engine keeps every repository and every snapshot" same "$work/before-detach" engine_view yours $repository
}

tell_of_own_engine() {
    engine_url="$own_url"
    chapter "1. Attach your engine, with the right to look"
    first_start
    # The options may hold a secret: they are used and not repeated.
    note "\$ tintype cluster attach $own_url --name yours --access observe …"
    tintype cluster attach "$own_url" --name yours --access observe "${attach_options[@]}" -o name
    cluster="$(tintype cluster show yours -o name)"
    ID="$cluster" KEY="$TINTYPE_API_KEY"
    show tintype cluster show yours
    show tintype repository list --cluster yours
    local one
    for one in $(tintype repository list --cluster yours -o name); do
        show tintype snapshot list yours --repository "$one" || note "$one cannot be listed"
    done
    note "only reads were sent"
    repository=''
    [ -z "$take" ] || take_on_own_engine
}

take_on_own_engine() {
    chapter "2. The call"
    repository="$(tintype repository list --cluster yours -o json | jq -r 'map(select(.readonly | not))[0].name // empty')"
    [ -n "$repository" ] || failed "the engine has no repository that can be written to"
    show tintype cluster update yours --access take -o name
    name="tintype-demo-$(date -u +%Y%m%d-%H%M%S)"
    snapshot_call "{\"name\": \"$name\", \"repository_name\": \"$repository\"}"
    claim "$status $(cat "$work/answer")" [ "$status" = 202 ]
    claim "it ended well, and was read back" show tintype operation watch "$(header x-tintype-operation)" -o name
    show tintype snapshot show yours "$repository/$name"
    held "it is in your repository $repository as $name; delete it there when you do not want it"
}

conclude() {
    local words="All of it held"
    [ -z "$own_url" ] || words="That is what is there"
    printf '\n%s%s%s: %d s, after what had to be fetched and built.\n' "$green" "$words" "$plain" $((SECONDS - told_at))
    [ -n "$keep" ] || return 0
    write_env
    printf 'It runs on: `. .demo/env` for a shell that knows it, `./demo stop` to end it.\n'
}
