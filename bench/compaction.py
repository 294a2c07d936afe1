"""
Reads while a large dataset is compacted. Usage: compaction.py URL ROWS ROUNDS CALLS

In turns, compaction in the background paused and at work: a DoGet of 1,000 rows and a small SQL query over another
dataset, both from its parts. Each round has a large dataset of its own, and its reads go on until the job is done: the
commit that puts the new parts in the place of the old ones is among what they meet. Without compaction there are CALLS of
each kind in a round. The last line printed is the figures as JSON.
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
# Of a job; at zstd 19 a million rows take some seconds.
JOB_SECONDS_MAX = 300


def compaction(client, wanted=None):
    return act(client, "compaction", **({} if wanted is None else {"do": wanted}))


def until_done(client, done):
    """True until a job more is done, or as long as reads may go on."""
    end = time.monotonic() + JOB_SECONDS_MAX
    while (state := compaction(client))["done"] == done:
        assert state["failed"] == 0, state
        assert time.monotonic() < end, f"no job was done in {JOB_SECONDS_MAX} s"
        yield


def main():
    client = fl.connect(URL)
    compaction(client, "pause")
    small, large = ohlcv(SMALL_ROWS), ticks(ROWS)
    put(client, small.schema, small.to_batches(), key="small")
    act(client, "compact", key="small")
    times = {"without": {"DoGet": [], "SQL": []}, "during": {"DoGet": [], "SQL": []}}
    calls = 0
    seconds = 0.0
    for index in range(-1, ROUNDS):
        put(client, large.schema, large.to_batches(max_chunksize=65_536), key="large", mode="replace")
        done = compaction(client)["done"]
        for situation, kinds in times.items():
            began = time.monotonic()
            if situation == "during":
                compaction(client, "resume")
            for _ in range(CALLS) if situation == "without" else until_done(client, done):
                # Another condition each time: nothing that the server has kept answers it.
                calls += 1
                volume = calls / 1e6
                ways = {
                    "DoGet": lambda: read(client, key="small", where=f"volume > {volume}", limit=1_000),
                    "SQL": lambda: read(client, sql=f"SELECT count(*), max(close) FROM small WHERE volume > {volume}"),
                }
                for name, way in ways.items():
                    _, took = timed(way)
                    if index >= 0:
                        kinds[name].append(took)
            if situation == "during":
                compaction(client, "pause")
                seconds += time.monotonic() - began if index >= 0 else 0
        (part,) = act(client, "describe", key="large")["part_list"]
        assert part["tier"] == "cold", part
    figures = {
        "reads": {name: {situation: latency(kinds[name]) for situation, kinds in times.items()} for name in ("DoGet", "SQL")},
        "jobs_done": ROUNDS,
        "job_seconds": round(seconds / ROUNDS, 1),
        "rows": ROWS,
        "calls": {situation: len(kinds["SQL"]) for situation, kinds in times.items()},
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
