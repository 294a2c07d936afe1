"""
The headline figures, each as a ratio to the peer that sets the mark, from interleaved rounds.

Usage: targets.py JSON
JSON: {"hot": SERVER, "cold": SERVER, "fresh": SERVER, "folder", "rows", "large_rows", "result_rows", "clients", "rounds",
"extra_peers": bool}, SERVER: {"url", "pid", "data_dir"}. Prints one JSON object: a list of comparisons, each with the
medians of every peer, and the memory of a long SQL result.
"""

import contextlib
import json
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import market_data  # noqa: E402
import peers  # noqa: E402
import process  # noqa: E402
import ways  # noqa: E402
from clients import Clients, summarize  # noqa: E402

BATCH_ROWS = 65_536
SMALL_BATCH_ROWS = 128


class Targets:
    def __init__(self, options, clients, stack):
        self.options, self.clients, self.stack = options, clients, stack
        self.hot, self.cold = ({"name": "Sterna", **options[kind]} for kind in ("hot", "cold"))
        self.cpp = self.start(peers.memory_server())
        self.go = [self.start(peers.go_server())] if options["extra_peers"] else []
        self.comparisons = []

    def start(self, peer):
        self.stack.callback(peer.stop)
        return {"name": peer.name, "url": peer.url, "pid": peer.pid}

    def put(self, servers, key, table, batch_rows):
        batches = table.to_batches(max_chunksize=batch_rows)
        for server in servers:
            ways.put_batches(ways.connect(server), key, table.schema, batches)

    def compare(self, name, targets, count=1, seconds=0.0, rounds=None):
        runs = {target["peer"]: [] for target in targets}
        for round_ in range((rounds or self.options["rounds"]) + 1):
            for target in targets:
                run = self.clients.run(count, target, seconds)
                if round_ > 0:  # the first round warms up
                    runs[target["peer"]].append(run)
        self.comparisons.append({"name": name, "peers": {peer: summarize(results) for peer, results in runs.items()}})

    def cache(self):
        for dataset in ("float64", "ohlcv_utf8"):
            table = market_data.DATASETS[dataset](self.options["rows"])
            servers = [self.hot, self.cpp, *self.go]
            self.put(servers, dataset, table, BATCH_ROWS)
            for count in (1, self.options["clients"]):
                targets = [target("get", server, ticket=dataset) for server in servers]
                self.compare(f"DoGet from cache, {dataset}, clients: {count}", targets, count, 0.3)

    def small_batches(self):
        """A thousand come back as they came; of more, Sterna gives the rows in large batches, from their part."""
        servers = [self.hot, self.cpp, *self.go]
        self.put(servers, "few", market_data.ticks(1_000 * SMALL_BATCH_ROWS), SMALL_BATCH_ROWS)
        targets = [target("get", server, ticket="few") for server in servers]
        self.compare("DoGet, 1,000 batches of 128 rows", targets, 1, 0.3)
        self.put(servers, "small", market_data.ticks(self.options["large_rows"]), SMALL_BATCH_ROWS)
        targets = [target("get", server, ticket="small") for server in servers]
        self.compare("DoGet of 10M rows put in batches of 128", targets)

    def puts(self):
        """Until each batch was received, and until the call ended: C++ keeps the table in memory, Sterna commits."""
        table = market_data.ohlcv(self.options["rows"])
        batches = table.to_batches(max_chunksize=BATCH_ROWS)
        times = {"Sterna": [], "Sterna, committed": [], "C++": []}
        for _ in range(self.options["rounds"] + 1):
            start = time.perf_counter()
            received = []
            client = ways.connect(self.hot)
            ways.put_batches(client, "put", table.schema, batches, lambda: received.append(time.perf_counter()))
            times["Sterna"].append(received[0] - start)
            times["Sterna, committed"].append(time.perf_counter() - start)
            start = time.perf_counter()
            ways.put_batches(ways.connect(self.cpp), "put", table.schema, batches)
            times["C++"].append(time.perf_counter() - start)
        cells = {peer: timing(values[1:], table.nbytes) for peer, values in times.items()}
        self.comparisons.append({"name": "DoPut, until every batch is received", "peers": cells})

    def large(self):
        """Ten million rows from Parquet and by SQL, with the time until the first frame."""
        table = market_data.ohlcv(self.options["large_rows"])
        self.put([self.cold], "large", table, BATCH_ROWS)
        act = ways.connect(self.cold).do_action(ways.fl.Action("describe", b"large"))
        parts = json.loads(b"".join(result.body.to_pybytes() for result in act))["part_list"]
        assert len(parts) == 1, "the peers read one file"
        file = os.path.join(self.cold["data_dir"], "cold", parts[0]["name"])
        tickets = [(self.cold, "large"), (self.cpp, f"parquet:{file}")]
        targets = [target("get", server, ticket=ticket) for server, ticket in tickets]
        self.compare("DoGet from Parquet, 10M rows", targets)
        self.first_frame("DoGet from Parquet, 10M rows, first frame", tickets)
        roapi = [self.start(peers.roapi({"large": file}, self.options["folder"]))] if self.go else []
        targets = [
            target("sql", self.cold, sql="SELECT * FROM large"),
            target("sql", self.cpp, sql=f"SELECT * FROM '{file}'"),
            *(target("flight_sql", peer, sql="SELECT * FROM large") for peer in roapi),
        ]
        self.compare("SQL scan, 10M rows", targets)
        targets = [
            target("sql", self.cold, sql="SELECT 1 + {low}"),
            target("sql", self.cpp, sql="SELECT 1 + {low}"),
            *(target("flight_sql", peer, sql="SELECT 1 + {low}") for peer in roapi),
        ]
        self.compare("select 1, another constant each time", targets, 1, 0.3)
        self.compare("select 1, the same each time", [{**one, "sql": "SELECT 1"} for one in targets], 1, 0.3)

    def first_frame(self, name, tickets):
        times = {server["name"]: [] for server, _ in tickets}
        for _ in range(self.options["rounds"] + 1):
            for server, ticket in tickets:
                start = time.perf_counter()
                reader = ways.connect(server).do_get(ways.fl.Ticket(ticket.encode()))
                reader.read_chunk()
                times[server["name"]].append(time.perf_counter() - start)
                reader.cancel()
        cells = {peer: timing(values[1:], 0) for peer, values in times.items()}
        self.comparisons.append({"name": name, "peers": cells})

    def long_result(self):
        """By how much a server that has done nothing else grows under a long SQL result."""
        server, rows = self.options["fresh"], self.options["result_rows"]
        factor = 100
        self.put([server], "bars", market_data.ohlcv(rows // factor), BATCH_ROWS)
        idle = process.rss_bytes(server["pid"])
        process.reset_peak(server["pid"])
        request = json.dumps({"sql": f"SELECT b.* FROM bars b, range({factor})"})
        start = time.perf_counter()
        read = bytes_ = 0
        for chunk in ways.connect(server).do_get(ways.fl.Ticket(request.encode())):
            read += chunk.data.num_rows
            bytes_ += chunk.data.nbytes
        assert read == rows, read
        growth = process.rss_bytes(server["pid"], peak=True) - idle
        return {"rows": rows, "bytes": bytes_, "seconds": time.perf_counter() - start, "idle": idle, "growth": growth}


def target(way, server, **facts):
    return {"way": way, "peer": server["name"], "url": server["url"], "pid": server["pid"], **facts}


def timing(values, bytes_):
    median = statistics.median(values)
    return {"calls": len(values), "mb_per_s": round(bytes_ / median / 1e6, 1), "p50_ms": round(median * 1000, 3)}


def main():
    options = json.loads(sys.argv[1])
    clients = Clients(options["clients"])
    try:
        with contextlib.ExitStack() as stack:
            targets = Targets(options, clients, stack)
            for part in (targets.cache, targets.puts, targets.small_batches, targets.large):
                part()
            result = {"comparisons": targets.comparisons, "long_result": targets.long_result()}
    finally:
        clients.stop()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
