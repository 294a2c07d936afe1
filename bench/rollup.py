"""
A rollup of ticks beside its query. Usage: rollup.py URL ROWS ROUNDS

Bars of a minute by symbol, kept as a rollup that is flushed once; each round appends a batch first, so that the last
buckets have to be computed and nothing that the server has kept answers a read.
The last line printed is the figures as JSON.
"""

import json
import os
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
from calls import act, latency, put, read, timed, timed_round  # noqa: E402
from market_data import trades  # noqa: E402

URL = sys.argv[1]
ROWS, ROUNDS = map(int, sys.argv[2:4])
TAIL_ROWS = 1_000
BARS = """SELECT symbol, time_bucket('1m', timestamp) AS minute, first(price) AS open, max(price) AS high,
    min(price) AS low, last(price) AS close, sum(size) AS volume, sum(price * size) / sum(size) AS vwap
  FROM trades GROUP BY ALL"""


def moved(table, microseconds):
    """The same rows, so much later."""
    later = pc.add(table["timestamp"].cast(pa.int64()), microseconds).cast(pa.timestamp("us"))
    return table.set_column(0, "timestamp", later)


def main():
    client = fl.connect(URL)
    rows = trades(ROWS)
    tail = trades(TAIL_ROWS, seed=8)
    span = rows["timestamp"][-1].value - tail["timestamp"][0].value
    put(client, rows.schema, rows.to_batches(max_chunksize=65_536), key="trades")
    act(client, "rollup", key="bars", sql=BARS)
    _, built = timed(lambda: act(client, "flush", key="bars"))
    times = {"rollup, DoGet": [], "rollup, SQL": [], "its query": []}
    ways = {
        "rollup, DoGet": lambda: read(client, key="bars"),
        "rollup, SQL": lambda: read(client, sql="SELECT * FROM bars"),
        "its query": lambda: read(client, sql=BARS),
    }
    for index in range(-1, ROUNDS):
        late = moved(tail, span + (index + 1) * 1_000_000)
        put(client, late.schema, late.to_batches(), key="trades", mode="append")
        bars = timed_round(ways, times, index >= 0)
    (plan,) = act(client, "explain", sql="SELECT * FROM bars")["rollups"]
    figures = {
        "ways": {name: latency(values) for name, values in times.items()},
        "built_ms": round(built),
        "rows": ROWS,
        "bars": bars,
        "tail": {"log_rows": plan["source_log_rows"], "parts": plan["source_parts"], "parts_total": plan["source_parts_total"]},
        "rounds": ROUNDS,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
