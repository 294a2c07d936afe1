"""Calls of a Sterna server in a line each, and what their times come to."""

import json
import os
import statistics
import sys
import time

import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "test", "support"))
from flight_calls import act, read  # noqa: E402

__all__ = ["act", "latency", "put", "read", "timed", "timed_round"]


def put(client, schema, batches, **command):
    """Batches from any iterator, of which one at a time is in memory here."""
    writer, _ = client.do_put(fl.FlightDescriptor.for_command(json.dumps(command)), schema)
    for batch in batches:
        writer.write_batch(batch)
    writer.close()


def timed(work):
    """What `work` returns, and how many ms it took."""
    start = time.perf_counter()
    value = work()
    return value, (time.perf_counter() - start) * 1000


def timed_round(ways, times, is_kept):
    """Has each way make its table, whose rows are as many, and keeps the ms it took. Returns how many rows."""
    counts = set()
    for name, way in ways.items():
        table, took = timed(way)
        counts.add(table.num_rows)
        if is_kept:
            times[name].append(took)
    assert len(counts) == 1, counts
    return counts.pop()


def latency(times):
    ordered = sorted(times)
    return {"p50_ms": round(statistics.median(ordered), 3), "p99_ms": round(ordered[int(len(ordered) * 0.99)], 3)}
