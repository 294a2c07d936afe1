"""
64 readers that stop after their first batch, and 64 writers that stop before their last, with the server's memory.

Usage: stalled_clients.py URL readers PID ROWS | stalled_clients.py URL writers PART_BYTES CACHE_BYTES
"""

import os
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, eventually, run  # noqa: E402
from flight_calls import act, put  # noqa: E402

READERS = WRITERS = 64
BATCH_ROWS = 65_536
MB = 1_000_000
GROWTH_MAX = 200 * MB


def rss(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))


def connect(url):
    """A connection of its own: calls on a shared one also share its window."""
    return fl.connect(url, generic_options=[("grpc.use_local_subchannel_pool", 1)])


def table_of(rows, seed=0):
    numbers = np.arange(rows, dtype=np.int64) + seed
    return pa.table({"n": numbers, **{f"c{i}": numbers * (i + 0.5) for i in range(7)}})


def settled_rss(pid):
    """What the server holds once it does nothing more."""
    last = rss(pid)
    for _ in range(20):
        time.sleep(0.5)
        now = rss(pid)
        if abs(now - last) < 2 * MB:
            return now
        last = now
    return last


def stalled_readers(url, pid, ticket, table):
    """The growth under readers that have read one batch each; the first of them then reads on, and must get it all."""
    before = settled_rss(pid)
    cached = act(connect(url), "stats")["cache"]["bytes"]
    clients = [connect(url) for _ in range(READERS)]
    readers, firsts = [], []
    for client in clients:
        reader = client.do_get(fl.Ticket(ticket))
        readers.append(reader)
        firsts.append(reader.read_chunk().data)
    eventually(lambda: act(connect(url), "stats")["queries"]["running"] == 0)
    after = settled_rss(pid)
    grown_cache = act(connect(url), "stats")["cache"]["bytes"] - cached
    whole = pa.Table.from_batches([firsts[0], *(chunk.data for chunk in readers[0])])
    assert whole.equals(table), "the reader that went on got something else"
    for reader in readers:
        reader.cancel()
    for client in clients:
        client.close()
    return after - before - max(0, grown_cache)


def check_readers(url, pid, ticket, table, growth_max=GROWTH_MAX):
    growth = stalled_readers(url, pid, ticket, table)
    print(f"{ticket!r}: {growth / MB:.0f} MB", file=sys.stderr)
    assert growth <= growth_max, f"{READERS} stalled readers hold {growth / MB:.0f} MB"
    client = connect(url)
    eventually(lambda: act(client, "stats")["in_flight"]["loads"] == 0)
    eventually(lambda: act(client, "stats")["queries"]["running"] == 0)


def from_cache(url, pid, table):
    """64 stalled readers of a cached dataset do not grow the server"""
    put(connect(url), "cached", table, BATCH_ROWS)
    connect(url).do_get(fl.Ticket(b"cached")).read_all()
    check_readers(url, pid, b"cached", table)


def from_parquet(url, pid, table):
    """64 stalled readers of a dataset that comes from Parquet do not grow the server beyond its cache"""
    put(connect(url), "cold", table, BATCH_ROWS)
    act(connect(url), "evict", "cold")
    # The thread that reads parts stays, whoever reads: it is no part of what stalled readers hold. Nor is what was
    # evicted, which the system may have back only later; hence the smaller bound.
    connect(url).do_get(fl.Ticket(b"cold")).read_all()
    act(connect(url), "evict", "cold")
    check_readers(url, pid, b"cold", table, GROWTH_MAX // 2)


def from_sql(url, pid, table):
    """64 stalled readers of a SQL result do not grow the server: what they have not read is scanned once they go on"""
    put(connect(url), "scanned", table, BATCH_ROWS)
    check_readers(url, pid, b'{"sql": "SELECT * FROM scanned WHERE n >= 0"}', table)


def slow_writers(url, part_bytes, cache_bytes):
    """64 slow writers hold the cache's size, and two parts and a batch each; what they put is complete"""
    table = table_of(BATCH_ROWS)
    batches = table.to_batches(max_chunksize=BATCH_ROWS // 8)
    watcher = connect(url)
    calls = []
    for index in range(WRITERS):
        client = connect(url)
        writer, results = client.do_put(fl.FlightDescriptor.for_path(f"slow_{index}"), table.schema)
        calls.append((client, writer, results))
    bound = cache_bytes + WRITERS * (2 * part_bytes + batches[0].nbytes)
    assert bound < 0.8 * WRITERS * table.nbytes, "the writers send no more than they may hold"
    for count, batch in enumerate(batches):
        for _, writer, _ in calls:
            writer.write_batch(batch)
        for _, _, results in calls:
            results.read()  # the server has it
        in_flight = act(watcher, "stats")["in_flight"]
        assert in_flight["puts"] == WRITERS
        held = in_flight["held_bytes"]
        assert held <= bound, f"after {count + 1} batches {held} bytes are held, more than {bound}"
    for _, writer, _ in calls:
        writer.close()
    in_flight = act(watcher, "stats")["in_flight"]
    assert (in_flight["puts"], in_flight["held_bytes"]) == (0, 0), in_flight
    for index in range(WRITERS):
        assert watcher.do_get(fl.Ticket(f"slow_{index}".encode())).read_all().equals(table), index


if __name__ == "__main__":
    url, kind = sys.argv[1:3]
    if kind == "readers":
        for reading in (from_cache, from_parquet, from_sql):
            check(reading)
        run(url, int(sys.argv[3]), table_of(int(sys.argv[4])))
    else:
        check(slow_writers)
        run(url, int(sys.argv[3]), int(sys.argv[4]))
