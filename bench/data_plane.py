"""
The matrix: each kind of data, in small, usual and huge batches, by one to eight client processes, by each way in and
out, in plain text and over TLS; each cell at Sterna and at its peers in turns.

Usage: data_plane.py JSON
JSON: {"plain": SERVERS, "tls": SERVERS, "certificate", "key", "folder", "datasets": [], "rows", "batch_rows": [],
"clients": [], "rounds", "seconds", "extra_peers": bool}; datasets have `rows` rows, or one batch where that is more., SERVERS: {"hot": SERVER, "cold": SERVER}, SERVER: {"url", "pid", "data_dir"};
the cold server has a cache too small for any dataset. Prints one JSON object.
"""

import contextlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import peers  # noqa: E402
import ways  # noqa: E402
from clients import Clients, summarize  # noqa: E402

# A constant of its own for each call, so that no cache of results answers.
AGGREGATE = "SELECT {group} AS g, count(*) AS n, avg({value}) AS mean FROM {table} WHERE {value} > -{low} GROUP BY g"
COLUMNS = {"float64": ("floor(c0 * 16)", "c1"), "ticks": ("symbol", "bid")}


class Plane:
    """The servers of plain text or of TLS, with every dataset put on each that keeps tables."""

    def __init__(self, options, name, stack):
        self.is_tls = name == "tls"
        tls = (options["certificate"], options["key"]) if self.is_tls else ()
        self.options = options
        self.sterna = [{"name": "Sterna", **options[name][kind]} for kind in ("hot", "cold")]
        self.references = [started(peers.memory_server(tls), stack)]
        if options["extra_peers"]:
            self.references.append(started(peers.go_server(tls), stack))
        self.tcp = None if self.is_tls else started(peers.tcp_server(), stack)
        self.parts, self.bytes = {}, {}
        for dataset in options["datasets"]:
            for batch_rows in options["batch_rows"]:
                self._put(dataset, batch_rows)
        self.roapi = None
        if options["extra_peers"] and not self.is_tls:
            self.roapi = started(peers.roapi(self.parts, options["folder"]), stack)

    def target(self, way, server, **facts):
        return {"way": way, "peer": server["name"], "url": server["url"], "pid": server["pid"], **self._tls(), **facts}

    def in_process(self, way, **facts):
        return {"way": way, "peer": "in process", **facts}

    def _data(self, dataset, batch_rows):
        return {"dataset": dataset, "rows": max(self.options["rows"], batch_rows), "batch_rows": batch_rows}

    def _tls(self):
        return {"certificate": self.options["certificate"]}

    def _put(self, dataset, batch_rows):
        key = f"{dataset}_{batch_rows}"
        facts = {"key": key, **self._data(dataset, batch_rows)}
        for server in [*self.sterna, *self.references]:
            self.bytes[key] = put_as(self.target("put", server, **facts), key)
        client = ways.connect(self.target("get", self.sterna[0]))
        part = act(client, "describe", key)["part_list"][0]["name"]
        self.parts[key] = os.path.join(self.sterna[0]["data_dir"], "cold", part)

    def operations(self, dataset, batch_rows):
        """Each operation on a dataset with its targets, Sterna first."""
        key = f"{dataset}_{batch_rows}"
        file, (hot, cold) = self.parts[key], self.sterna
        cpp = self.references[0]
        one = not self.is_tls
        facts = {"key": "put", **self._data(dataset, batch_rows)}
        yield "get from cache", [
            *(self.target("get", server, ticket=key) for server in [hot, *self.references]),
            *([self.target("tcp", self.tcp, bytes=self.bytes[key])] if one else []),
        ]
        yield "get from Parquet", [
            self.target("get", cold, ticket=key),
            self.target("get", cpp, ticket=f"parquet:{file}"),
            *([self.in_process("read_table", file=file)] if one else []),
        ]
        yield "put replace", [
            *(self.target("put", server, **facts) for server in [hot, *self.references]),
            *([self.in_process("write_synced", folder=self.options["folder"], **facts)] if one else []),
        ]
        yield "SQL scan", self.queries("SELECT * FROM {table}", key, file, {})
        group, value = COLUMNS.get(dataset, ("symbol", "close"))
        text = AGGREGATE.replace("{group}", group).replace("{value}", value)
        yield "SQL aggregate", self.queries(text, key, file, {"bytes": self.bytes[key]})

    def queries(self, text, key, file, facts):
        def on(table):
            return text.replace("{table}", table)

        yield self.target("sql", self.sterna[0], sql=on(f'"{key}"'), **facts)
        yield self.target("sql", self.references[0], sql=on(f"'{file}'"), **facts)
        if self.roapi:
            yield self.target("flight_sql", self.roapi, sql=on(f'"{key}"'), **facts)
        if not self.is_tls:
            yield self.in_process("sql_in_process", sql=on(f"'{file}'"), **facts)


def started(peer, stack):
    stack.callback(peer.stop)
    return {"name": peer.name, "url": peer.url, "pid": peer.pid}


def put_as(target, key):
    """Puts under the very key, without the process id that keeps client processes apart."""
    schema, batches, bytes_ = ways.batches_of(target["dataset"], target["rows"], target["batch_rows"])
    ways.put_batches(ways.connect(target), key, schema, batches)
    return bytes_


def act(client, kind, body):
    return json.loads(b"".join(r.body.to_pybytes() for r in client.do_action(ways.fl.Action(kind, body.encode()))))


def measure(plane, clients, options):
    """Every cell of one plane, as rows for the result."""
    for dataset in options["datasets"]:
        for batch_rows in options["batch_rows"]:
            for operation, targets in plane.operations(dataset, batch_rows):
                yield from cells(plane, clients, options, (operation, dataset, batch_rows), list(targets))
    # This one names no dataset, so it has neither kind of data nor batches.
    targets = list(plane.queries("SELECT 1 + {low}", "", "", {}))
    yield from cells(plane, clients, options, ("select 1", None, None), targets)


def cells(plane, clients, options, names, targets):
    for count in options["clients"]:
        runs = [[] for _ in targets]
        for _ in range(options["rounds"]):
            for target, results in zip(targets, runs):
                results.append(clients.run(count, target, options["seconds"]))
        operation, dataset, batch_rows = names
        for target, results in zip(targets, runs):
            yield {
                "operation": operation,
                "dataset": dataset,
                "batch_rows": batch_rows,
                "clients": count,
                "tls": plane.is_tls,
                "peer": target["peer"],
                **summarize(results),
            }


def main():
    options = json.loads(sys.argv[1])
    clients = Clients(max(options["clients"]))
    rows = []
    try:
        for name in ("plain", "tls"):
            with contextlib.ExitStack() as stack:
                rows += measure(Plane(options, name, stack), clients, options)
    finally:
        clients.stop()
    columns = list(rows[0])
    print(json.dumps({"columns": columns, "cells": [[row[column] for column in columns] for row in rows]}))


if __name__ == "__main__":
    main()
