"""
The steps of bench/large-parts.ts. Usage: large-parts.py URL DATA_DIR PID EXPECTED fill ROWS | stop SECONDS | begin SECONDS | finish

`fill` appends quotes with an id of random bits, while compaction is paused, and writes what some reads give to EXPECTED.
`stop` has a job run and pauses it, `begin` leaves one running, `finish` reads all the time until no part is due. All of
them compare what they read with EXPECTED. The last line printed is the figures as JSON.
"""

import json
import os
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
from calls import act, latency, put, read, timed  # noqa: E402
from market_data import START_US, SYMBOLS, ticks  # noqa: E402
from process import rss_bytes  # noqa: E402

URL, DATA_DIR, PID, EXPECTED, STEP = sys.argv[1:6]
CHUNK_ROWS = 1_000_000
WINDOWS = 40
SUMS = "SELECT count(*) AS n, sum(order_id % 1000003)::BIGINT AS ids, sum(ask_size)::BIGINT AS sizes, max(timestamp)::VARCHAR AS last FROM quotes"
JOB_SECONDS_MAX = 3_000


def chunks(rows):
    table = ticks(min(rows, CHUNK_ROWS)).combine_chunks().unify_dictionaries()
    first = table["timestamp"][0].value
    span = table["timestamp"][-1].value - first
    rng = np.random.default_rng(13)
    for index in range(rows // table.num_rows):
        shift = pa.scalar(index * (span + 1), pa.duration("ns"))
        ids = pa.array(rng.integers(0, 2**62, table.num_rows))
        later = table.set_column(0, "timestamp", pc.add(table["timestamp"], shift)).append_column("order_id", ids)
        yield from later.combine_chunks().to_batches(max_chunksize=65_536)


def window(index, last_us, call=0):
    """Reads of 50 ms of one symbol, by SQL and as a range; another text for each call, so that no result is kept for it."""
    rng = np.random.default_rng(index)
    symbol = SYMBOLS[rng.integers(len(SYMBOLS))]
    since = int(rng.integers(START_US, last_us))
    begin, end = (np.datetime64(at, "us").item().isoformat(sep=" ", timespec="microseconds") for at in (since, since + 50_000))
    every = f"symbol = '{symbol}' AND ask_size > -{call + 1}"
    where = f"{every} AND timestamp >= TIMESTAMP_NS '{begin}' AND timestamp < TIMESTAMP_NS '{end}'"
    return {
        "SQL": lambda client: read(client, sql=f"SELECT count(*) AS n, sum(order_id % 1000003)::BIGINT AS ids FROM quotes WHERE {where}").to_pylist(),
        "DoGet": lambda client: read(client, key="quotes", start=begin.replace(" ", "T"), end=end.replace(" ", "T"), where=every).num_rows,
    }


def parts_of(client):
    parts = act(client, "describe", key="quotes")["part_list"]
    return [(part["tier"], part["rows"], part["size_bytes"]) for part in parts]


def progress(client, wanted=None):
    return act(client, "compaction", **({} if wanted is None else {"do": wanted}))


def temporary_bytes(ending=""):
    """Of the part that is written and of what DuckDB has spilled."""
    total = 0
    for folder, _, names in os.walk(f"{DATA_DIR}/tmp"):
        for name in (name for name in names if name.endswith(ending)):
            try:
                total += os.stat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                pass
    return total


class Reads:
    """Windows in turns, each compared with what it gave at first, and their times."""

    def __init__(self):
        self.times = {"SQL": [], "DoGet": []}
        self.calls = 0
        with open(EXPECTED) as file:
            self.expected = json.load(file)

    def turn(self, client):
        index = self.calls % WINDOWS
        self.calls += 1
        for name, way in window(index, self.expected["last_us"], self.calls).items():
            found, took = timed(lambda: way(client))
            assert found == self.expected[name][index], (name, index, found)
            self.times[name].append(took)

    def whole(self, client):
        found = read(client, sql=SUMS).to_pylist()
        assert found == self.expected["sums"], found
        problems = act(client, "check")["problems"]
        assert problems == [], problems


def latencies(client, turns):
    reads = Reads()
    for _ in range(turns):
        reads.turn(client)
    reads.whole(client)
    return {name: latency(times) for name, times in reads.times.items()}


def fill(client, rows):
    progress(client, "pause")
    batches = chunks(rows)
    first = next(batches)
    began = time.monotonic()

    def all_batches():
        yield first
        yield from batches

    put(client, first.schema, all_batches(), key="quotes", mode="append", options={"order_by": ["symbol", "timestamp"]})
    act(client, "flush", key="quotes")
    seconds = time.monotonic() - began
    sums = read(client, sql=SUMS).to_pylist()
    last_us = int(np.datetime64(sums[0]["last"].replace(" ", "T")).astype("datetime64[us]").astype(np.int64))
    expected = {"sums": sums, "last_us": last_us}
    for name in ("SQL", "DoGet"):
        expected[name] = [window(index, last_us)[name](client) for index in range(WINDOWS)]
    with open(EXPECTED, "w") as file:
        json.dump(expected, file)
    parts = parts_of(client)
    reads = latencies(client, 2 * WINDOWS)
    return {"parts": len(parts), "bytes": sum(size for _, _, size in parts), "seconds": round(seconds, 1), "reads": reads}


def begin(client, seconds):
    """Has jobs run until one has done so for a while, or has done all."""
    progress(client, "resume")
    end = time.monotonic() + JOB_SECONDS_MAX
    since = None
    while time.monotonic() < end:
        state = progress(client)
        assert state["failed"] == 0, state
        if state["state"] == "running":
            since = since or time.monotonic()
        is_long = since is not None and time.monotonic() - since >= seconds
        # In the middle: rows are sorted, and some of them written.
        if state["done"] > 0 or (is_long and (seconds == 0 or temporary_bytes(".parquet") > 2**20)):
            return state
        time.sleep(0.05)
    raise AssertionError(f"no job began in {JOB_SECONDS_MAX} s")


def stop(client, seconds):
    before = parts_of(client)
    running = begin(client, seconds)
    bytes_then = temporary_bytes()
    state, took = timed(lambda: progress(client, "pause"))
    assert state["state"] == "paused", state
    if running["done"] == state["done"] == 0:
        assert parts_of(client) == before and temporary_bytes() == 0, temporary_bytes()
    Reads().whole(client)
    return {"running_bytes": running["running_bytes"], "temporary_bytes": bytes_then, "ms": round(took)}


def finish(client):
    before = parts_of(client)
    reads, most = Reads(), {"rss": rss_bytes(int(PID)), "temporary": 0}
    idle, is_done = most["rss"], threading.Event()

    def sample():
        while not is_done.wait(0.1):
            most["rss"] = max(most["rss"], rss_bytes(int(PID)))
            most["temporary"] = max(most["temporary"], temporary_bytes())

    def check_all():
        while not is_done.wait(60):
            reads.whole(fl.connect(URL))

    others = [threading.Thread(target=work, daemon=True) for work in (sample, check_all)]
    for other in others:
        other.start()
    began = time.monotonic()
    jobs, seen = [], 0
    while any(tier == "warm" for tier, _, _ in parts_of(client)):
        assert time.monotonic() - began < JOB_SECONDS_MAX, progress(client)
        reads.turn(client)
        state = act(client, "stats")["compaction"]
        assert state["failed"] == 0, state
        if state["done"] > seen:
            seen = state["done"]
            jobs.append(round(time.monotonic() - began, 1))
        time.sleep(0.1)
    seconds = time.monotonic() - began
    # What was freed goes back in the seconds after.
    time.sleep(5)
    is_done.set()
    for other in others:
        other.join()
    after = parts_of(client)
    return {
        "seconds": round(seconds, 1),
        "jobs_done_at": jobs,
        "parts_before": len(before),
        "parts": [{"rows": rows, "bytes": size} for _, rows, size in after],
        "rss": {"before": idle, "peak": most["rss"], "after": rss_bytes(int(PID))},
        "temporary_bytes": most["temporary"],
        "reads": {
            "during": {name: latency(times) for name, times in reads.times.items() if times},
            "after": latencies(client, 2 * WINDOWS),
        },
        "calls_during": reads.calls,
    }


def main():
    steps = {"fill": fill, "stop": stop, "begin": begin, "finish": finish}
    print(json.dumps(steps[STEP](fl.connect(URL), *map(int, sys.argv[6:]))))


if __name__ == "__main__":
    main()
