"""
One account among many parts. Usage: point-query.py URL put | URL ask PARTS CALLS

`put` stores a dataset of one part; bench/lib/many-parts.ts makes many of it. `ask` looks for one account after the other,
in all parts and in those of one hour, in turns with a query
that reads nothing. The last line printed is the figures as JSON.
"""

import datetime
import json
import os
import re
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
from calls import act, latency, put, read, timed  # noqa: E402

URL, STEP = sys.argv[1:3]
START = datetime.datetime(2025, 1, 1)
ROWS = 1000


def store(client):
    ts = pa.array([START] * ROWS, pa.timestamp("us"))
    table = pa.table({"ts": ts, "account": [f"nobody {index}" for index in range(ROWS)], "price": np.arange(ROWS) / 4})
    put(client, table.schema, table.to_batches(), key="orders")


def opened(client, sql):
    (found,) = re.findall(r"^parts: (\d+) of (\d+)$", act(client, "explain", sql=sql)["plan"], re.M)
    return tuple(map(int, found))


def event_loop(client):
    return act(client, "stats")["event_loop"]


def ask(client, parts, calls):
    rng = np.random.default_rng(5)
    # The first of each kind has the bounds of ten thousand parts read.
    first, times, loop, counts = {}, {}, {}, {}
    for call in range(-2, calls):
        part = int(rng.integers(parts))
        since = START + datetime.timedelta(hours=part)
        account = f"account = 'account {part}'"
        hour = f"ts >= TIMESTAMP '{since}' AND ts < TIMESTAMP '{since + datetime.timedelta(hours=1)}'"
        asked = {"account": f" FROM orders WHERE {account}", "account and hour": f" FROM orders WHERE {account} AND {hour}", "no part": ""}
        for name, source in asked.items():
            sql = f"SELECT *{source}" if source else f"SELECT {call}"
            time.sleep(0.02)
            event_loop(client)
            _, took = timed(lambda: read(client, sql=sql))
            # A delay is seen by the timer after it.
            time.sleep(0.02)
            late = event_loop(client)["max_ms"]
            if call == -2:
                first[name] = {"ms": round(took, 1), "loop_ms": late}
            elif call >= 0:
                times.setdefault(name, []).append(took)
                loop.setdefault(name, []).append(late)
                if call < 5 and source:
                    counts.setdefault(name, []).append(opened(client, sql)[0])
    assert all(min(some) >= 1 for some in counts.values()), counts
    figures = {
        "ways": {name: latency(values) for name, values in times.items()},
        "loop": {name: latency(values) for name, values in loop.items()},
        "first": first,
        "opened": {name: max(some) for name, some in counts.items()},
        "parts": parts,
        "calls": calls,
    }
    print(json.dumps(figures))


def main():
    client = fl.connect(URL)
    if STEP == "put":
        store(client)
    else:
        ask(client, *map(int, sys.argv[3:5]))


if __name__ == "__main__":
    main()
