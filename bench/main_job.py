"""
The main job, measured at the client: store, load, query, each beside pyarrow or Python DuckDB doing the same in the
same, interleaved run.

Usage: main_job.py grpc://HOST:PORT SERVER_PID DATA_DIR ROWS ROUNDS BULK_GB SQL_ROWS
Prints one JSON object. Times are medians in ms over the rounds.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import duckdb
import pyarrow as pa
import pyarrow.flight as fl
import pyarrow.parquet as pq

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import market_data  # noqa: E402
from calls import act  # noqa: E402
from process import cpu_seconds, rss_bytes  # noqa: E402

BATCH_ROWS = 65_536
AGGREGATE = (
    "SELECT time_bucket(INTERVAL '5m', timestamp) AS t, symbol, first(open) AS open, max(high) AS high, "
    "min(low) AS low, last(close) AS close, sum(volume) AS volume FROM {table} WHERE close > {low} GROUP BY ALL ORDER BY t"
)
JOIN = (
    "SELECT t.symbol, count(*) AS n, avg(t.price - b.close) AS difference FROM {trades} t JOIN {bars} b "
    "ON t.symbol = b.symbol AND time_bucket(INTERVAL '1s', t.timestamp) = b.timestamp WHERE t.size > {low} GROUP BY ALL"
)
SMALL = "SELECT count(*) AS n FROM {table} WHERE close > {low}"


class Timings:
    """Interleaves the ways of doing a thing, and keeps their times."""

    def __init__(self, rounds):
        self._rounds = rounds
        self.results = []

    def compare(self, name, ways, rows=None, bytes_=None):
        times = {way: [] for way in ways}
        for round_ in range(self._rounds + 1):
            for way, action in ways.items():
                start = time.perf_counter()
                action(round_)
                elapsed = (time.perf_counter() - start) * 1000
                if round_ > 0:  # the first round warms up
                    times[way].append(elapsed)
        medians = {way: statistics.median(values) for way, values in times.items()}
        entry = {"name": name, "ms": medians, "min_ms": {way: min(v) for way, v in times.items()}}
        entry["max_ms"] = {way: max(v) for way, v in times.items()}
        if rows:
            entry["rows"] = rows
        if bytes_:
            entry["bytes"] = bytes_
        self.results.append(entry)


# Each walks for itself, so that compaction may put them one after the other.
CONTRACTS = "ticks of contracts"


def put(client, key, table):
    writer, _ = client.do_put(fl.FlightDescriptor.for_path(key), table.schema)
    writer.write_table(table, max_chunksize=BATCH_ROWS)
    writer.close()


def sql(client, text):
    return client.do_get(fl.Ticket(json.dumps({"sql": text}).encode())).read_all()


def write_synced(table, path):
    pq.write_table(table, path, compression="zstd", compression_level=3)
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def main():
    url, pid, data_dir, rows, rounds, bulk_gb, sql_rows = sys.argv[1:8]
    rows, rounds, bulk_bytes = int(rows), int(rounds), int(float(bulk_gb) * 1e9)
    client = fl.connect(url)
    reference = subprocess.Popen(
        [sys.executable, os.path.join(os.path.dirname(__file__), "lib", "memory_server.py")], stdout=subprocess.PIPE
    )
    try:
        memory = fl.connect(f"grpc://127.0.0.1:{int(reference.stdout.readline())}")
        result = run(client, memory, int(pid), data_dir, rows, rounds)
        result["sql_stream"] = stream_sql(client, int(pid), int(sql_rows))
        result["memory"] = move_bulk(client, int(pid), bulk_bytes)
    finally:
        reference.kill()
        reference.wait()
    print(json.dumps(result))


def run(client, memory, pid, data_dir, rows, rounds):
    timings = Timings(rounds)
    tables = {
        "ohlcv": market_data.ohlcv(rows),
        "trades": market_data.trades(rows),
        "ticks": market_data.ticks(rows),
        "quiet": market_data.quiet(rows),
    }
    folder = tempfile.mkdtemp(dir=os.path.dirname(data_dir))
    paths = {name: os.path.join(folder, f"{name}.parquet") for name in tables}
    for name in ("ohlcv", "trades", "ticks"):
        table = tables[name]
        timings.compare(
            f"store {name}",
            {
                "sterna": lambda _: put(client, name, table),
                "pyarrow write_table zstd 3 + fsync, in process": lambda _: write_synced(table, paths[name]),
            },
            rows,
            table.nbytes,
        )
        put(memory, name, table)
        timings.compare(
            f"load {name} from the cache",
            {
                "sterna": lambda _: client.do_get(fl.Ticket(name.encode())).read_all(),
                "pyarrow C++ Flight server": lambda _: memory.do_get(fl.Ticket(name.encode())).read_all(),
            },
            rows,
            table.nbytes,
        )

        def load_cold(_):
            client.do_get(fl.Ticket(name.encode())).read_all()

        evictions = []
        for _ in range(rounds + 1):
            act(client, "evict", name)
            start = time.perf_counter()
            load_cold(None)
            mine = (time.perf_counter() - start) * 1000
            start = time.perf_counter()
            pq.read_table(os.path.join(data_dir, "cold", newest(client, name)))
            evictions.append((mine, (time.perf_counter() - start) * 1000))
        mine, theirs = zip(*evictions[1:])
        timings.results.append(
            {
                "name": f"load {name} from Parquet",
                "rows": rows,
                "bytes": table.nbytes,
                "ms": {"sterna": statistics.median(mine), "pyarrow read_table, in process": statistics.median(theirs)},
                "min_ms": {"sterna": min(mine), "pyarrow read_table, in process": min(theirs)},
                "max_ms": {"sterna": max(mine), "pyarrow read_table, in process": max(theirs)},
            }
        )
    queries(client, timings, data_dir, rows)
    return {
        "timings": timings.results,
        "compression": compression(client, {**tables, CONTRACTS: market_data.contract_ticks(rows)}),
        "do_get_cpu_ms": do_get_cpu(client, pid, rows),
    }


def newest(client, name):
    return act(client, "describe", name)["part_list"][0]["name"]


def queries(client, timings, data_dir, rows):
    local = duckdb.connect()
    file = lambda name: f"'{os.path.join(data_dir, 'cold', newest(client, name))}'"  # noqa: E731
    keys = {"table": "ohlcv", "bars": "ohlcv", "trades": "trades"}
    files = {name: file(key) for name, key in keys.items()}

    def compare(name, text, rows=rows, low=lambda round_: -1 - round_):
        """Each round asks with another constant, so that no result cache answers."""
        ways = {
            "sterna": lambda round_: sql(client, text.format(**keys, low=low(round_))),
            "Python DuckDB, in process": lambda round_: local.sql(text.format(**files, low=low(round_))).to_arrow_table(),
        }
        timings.compare(name, ways, rows)

    compare("aggregate 5 minutes", AGGREGATE)
    compare("aggregate 5 minutes, repeated", AGGREGATE, low=lambda _: 0)
    compare("join trades to bars", JOIN)
    compare("small query", SMALL)
    compare("select 1", "SELECT {low}", rows=None)


def compression(client, tables):
    ratios = []
    for name, table in tables.items():
        key = f"ratio_{name}"
        put(client, key, table)
        if name == CONTRACTS:
            act(client, "configure", key, options={"order_by": ["symbol", "timestamp"]})
        put_ratio = table.nbytes / act(client, "describe", key)["size_bytes"]
        act(client, "compact", key)
        compacted = table.nbytes / act(client, "describe", key)["size_bytes"]
        ratios.append({"name": name, "put": put_ratio, "compacted": compacted})
        act(client, "drop", key)
    return ratios


def do_get_cpu(client, pid, rows):
    """Server CPU of one whole DoGet of a dataset with one row: more than what passes before a first frame leaves."""
    put(client, "one_row", pa.table({"x": [1]}))
    calls = max(rows // 500, 20)
    for _ in range(calls // 10):
        client.do_get(fl.Ticket(b"one_row")).read_all()
    before = cpu_seconds(pid)
    for _ in range(calls):
        client.do_get(fl.Ticket(b"one_row")).read_all()
    return (cpu_seconds(pid) - before) / calls * 1000


def stream_sql(client, pid, rows):
    """Reads a SQL result of many rows, and watches by how much the server grows meanwhile."""
    before = most = rss_bytes(pid)
    request = {"sql": f"SELECT i, i * 0.5 AS x, i % 1000 AS y FROM range({rows}) t(i)"}
    read = count = 0
    start = time.perf_counter()
    for chunk in client.do_get(fl.Ticket(json.dumps(request).encode())):
        read += chunk.data.num_rows
        count += 1
        if count % 50 == 0:
            most = max(most, rss_bytes(pid))
    assert read == rows, read
    return {"rows": rows, "seconds": time.perf_counter() - start, "rss_growth": most - before}


def move_bulk(client, pid, bytes_):
    """Sends and reads `bytes_` through DoPut and DoGet in datasets of 2 million rows, and watches the memory."""
    table = market_data.ohlcv(2_000_000)
    done = index = 0
    while done < bytes_:
        key = f"bulk_{index % 12}"
        put(client, key, table)
        client.do_get(fl.Ticket(key.encode())).read_all()
        done += 2 * table.nbytes
        index += 1
    cache = act(client, "stats")["cache"]
    return {
        "bytes": done,
        "rss": rss_bytes(pid),
        "rss_peak": rss_bytes(pid, peak=True),
        "cache_bytes": cache["bytes"],
        "cache_bytes_max": cache["bytes_max"],
    }


if __name__ == "__main__":
    main()
