"""
Reads while a large dataset is compacted. Usage: compaction.py URL ROWS ROUNDS CALLS

In turns, compaction in the background paused and at work: a DoGet of 1,000 rows and a small SQL query over another
dataset, both from its parts. The last line printed is the figures as JSON.
"""

import json
import os
import sys
import time

import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
from calls import act, latency, put, read, timed  # noqa: E402
from market_data import ohlcv, ticks  # noqa: E402

URL = sys.argv[1]
ROWS, ROUNDS, CALLS = map(int, sys.argv[2:5])
SMALL_ROWS = 100_000
CHUNK_ROWS = 1_000_000


def compaction(client, wanted=None):
    return act(client, "compaction", **({} if wanted is None else {"do": wanted}))


def resume(client, finished):
    """Until a job is at work; in a small size it may be done before anybody sees it."""
    compaction(client, "resume")
    while (state := compaction(client))["state"] != "running" and state["done"] == finished:
        time.sleep(0.01)


def main():
    client = fl.connect(URL)
    compaction(client, "pause")
    small, large = ohlcv(SMALL_ROWS), ticks(min(ROWS, CHUNK_ROWS))
    put(client, small.schema, small.to_batches(), key="small")
    act(client, "compact", key="small")
    chunks = (batch for _ in range(-(-ROWS // CHUNK_ROWS)) for batch in large.to_batches(max_chunksize=65_536))
    put(client, large.schema, chunks, key="large")
    times = {"without": {"DoGet": [], "SQL": []}, "during": {"DoGet": [], "SQL": []}}
    finished = compaction(client)["done"]
    for index in range(-1, ROUNDS):
        for situation, kinds in times.items():
            if situation == "during":
                resume(client, finished)
            for call in range(CALLS):
                # Another condition each time: nothing that the server has kept answers it.
                nth = ((index + 1) * CALLS + call) * 2 + (situation == "during")
                ways = {
                    "DoGet": lambda: read(client, key="small", where=f"volume > {nth / 1e6}", limit=1_000),
                    "SQL": lambda: read(client, sql=f"SELECT count(*), max(close) FROM small WHERE volume > {nth / 1e6}"),
                }
                for name, way in ways.items():
                    _, took = timed(way)
                    if index >= 0:
                        kinds[name].append(took)
            if situation == "during":
                state = compaction(client)
                assert state["state"] == "running" or CALLS < 100, "the compaction ended before the calls did"
                assert state["failed"] == 0, state
                compaction(client, "pause")
    figures = {
        "reads": {name: {situation: latency(kinds[name]) for situation, kinds in times.items()} for name in ("DoGet", "SQL")},
        "jobs_done": compaction(client)["done"] - finished,
        "rows": ROWS,
        "calls": CALLS * ROUNDS,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
