"""
One hour of one contract out of a year of many. Usage: pruning.py URL DATA_DIR ROWS DAYS CALLS

A dataset by day, ordered by contract and time, compacted. Each call asks for another hour and contract, in turns by SQL,
by a range ticket, and by DuckDB in this process over the same files.
The last line printed is the figures as JSON.
"""

import datetime
import json
import os
import re
import sys
import time

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
from calls import act, latency, put, read, timed_round  # noqa: E402

URL, DATA_DIR = sys.argv[1:3]
ROWS, DAYS, CALLS = map(int, sys.argv[3:6])
START = datetime.datetime(2025, 1, 1)
CONTRACTS = [f"C{index:03}" for index in range(100)]
DAY_US = 86_400_000_000
# Compacting a year at zstd 19 takes hours here, and reads cost the same at any level.
LEVEL = 3
OPTIONS = {"partition_by": {"column": "ts", "every": "day"}, "order_by": ["symbol", "ts"]}


def days():
    """The rows of one day, once for each day."""
    rng = np.random.default_rng(7)
    rows = ROWS // DAYS
    start = int(START.replace(tzinfo=datetime.timezone.utc).timestamp()) * 1_000_000
    times = start + np.sort(rng.integers(0, DAY_US, rows))
    codes = pa.array(rng.integers(0, len(CONTRACTS), rows, dtype=np.int32))
    symbols = pa.DictionaryArray.from_arrays(codes, pa.array(CONTRACTS))
    price = pa.array(np.round(100 + np.cumsum(rng.integers(-2, 3, rows)) * 0.01, 2))
    size = pa.array(rng.integers(1, 500, rows, dtype=np.int32))
    names = ["ts", "symbol", "price", "size"]
    for day in range(DAYS):
        ts = pa.array(times + day * DAY_US, pa.timestamp("us"))
        yield pa.RecordBatch.from_arrays([ts, symbols, price, size], names)


def opened(client, sql):
    (found,) = re.findall(r"^parts: (\d+) of (\d+)$", act(client, "explain", sql=sql)["plan"], re.M)
    return tuple(map(int, found))


def main():
    client = fl.connect(URL)
    began = time.perf_counter()
    put(client, next(days()).schema, days(), key="ticks", options=OPTIONS)
    stored = time.perf_counter()
    act(client, "compact", key="ticks", level=LEVEL)
    compacted = time.perf_counter()
    files = [f"{DATA_DIR}/cold/{part['name']}" for part in act(client, "describe", key="ticks")["part_list"]]
    in_process = duckdb.connect()
    rng = np.random.default_rng(11)
    times = {"SQL": [], "range ticket": [], "DuckDB in process": []}
    parts, found = [], 0
    for call in range(-2, CALLS):
        contract = CONTRACTS[rng.integers(len(CONTRACTS))]
        since = START + datetime.timedelta(hours=int(rng.integers(DAYS * 24)))
        until = since + datetime.timedelta(hours=1)
        where = f"symbol = '{contract}' AND ts >= TIMESTAMP '{since}' AND ts < TIMESTAMP '{until}'"
        request = {"key": "ticks", "start": since.isoformat(), "end": until.isoformat(), "where": f"symbol = '{contract}'"}
        ways = {
            "SQL": lambda: read(client, sql=f"SELECT * FROM ticks WHERE {where}"),
            "range ticket": lambda: read(client, **request),
            "DuckDB in process": lambda: in_process.execute(f"SELECT * FROM read_parquet({files}) WHERE {where}").to_arrow_table(),
        }
        found += timed_round(ways, times, call >= 0)
        parts.append(opened(client, f"SELECT * FROM ticks WHERE {where}"))
    assert found > 0
    figures = {
        "ways": {name: latency(values) for name, values in times.items()},
        "opened": {"most": max(some for some, _ in parts), "of": parts[0][1]},
        "rows": ROWS // DAYS * DAYS,
        "contracts": len(CONTRACTS),
        "days": DAYS,
        "calls": CALLS,
        "put_seconds": round(stored - began, 1),
        "compact_seconds": round(compacted - stored, 1),
        "level": LEVEL,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
