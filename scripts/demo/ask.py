#!/usr/bin/env python3
"""What the demo reads out of JSON on standard input. Standard library only.

    ask.py member POINTER            one member, such as /errors/0/code; empty when it is not there
    ask.py count NAME OPERATION      of GET _snapshot/R/_all: snapshots of that name, with that operation, and in all
    ask.py names                     of GET _snapshot: the registered names
    ask.py writable                  of Tintype's list of registrations: the first that is not read-only
    ask.py files                     of GET _snapshot/R/S/_status: shards, and the fewest files of one of them
"""

import json
import sys


def member(answer, pointer):
    for key in pointer.strip("/").split("/"):
        answer = answer[int(key)] if isinstance(answer, list) else (answer or {}).get(key)
    return "" if answer is None else answer if isinstance(answer, str) else json.dumps(answer)


def count(answer, name, operation):
    snapshots = answer["snapshots"]
    named = sum(one["snapshot"] == name for one in snapshots)
    made = sum(((one.get("metadata") or {}).get("tintype") or {}).get("operation") == operation for one in snapshots)
    return f"{named} {made} {len(snapshots)}"


def files(answer):
    indices = answer["snapshots"][0]["indices"].values()
    counts = [shard["stats"]["total"]["file_count"] for index in indices for shard in index["shards"].values()]
    return f"{len(counts)} {min(counts)}"


def writable(registrations):
    return next((one["name"] for one in registrations if not one["readonly"]), "")


def main(arguments):
    match arguments:
        case ["member", pointer]:
            print(member(json.load(sys.stdin), pointer))
        case ["count", name, operation]:
            print(count(json.load(sys.stdin), name, operation))
        case ["names"]:
            print(" ".join(sorted(json.load(sys.stdin))))
        case ["writable"]:
            print(writable(json.load(sys.stdin)))
        case ["files"]:
            print(files(json.load(sys.stdin)))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
