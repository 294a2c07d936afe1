"""
The client of the append bench. Usage: append.py URL FOLDER ROUNDS BATCHES SMALL_BATCHES ROWS

Interleaves, round by round:
one     one writer, 10,000-row tick batches, pipelined, beside a loop that writes and syncs the same bytes one by one
eight   eight writers, 1,000-row batches; each waits for its answer, whose times are kept, beside one write and sync
single  one writer, batches of one row, pipelined
The last line printed is the figures as JSON: medians of rounds, times in ms.
"""

import json
import os
import statistics
import sys
import threading
import time

import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
from market_data import ticks  # noqa: E402

URL, FOLDER = sys.argv[1:3]
ROUNDS, BATCHES, SMALL_BATCHES, ROWS = map(int, sys.argv[3:7])


def connect():
    return fl.connect(URL)


def append(client, key, batches, lockstep=False):
    """Appends and waits for every answer. Returns seconds in all, and of each answer where it waited for them."""
    descriptor = fl.FlightDescriptor.for_command(json.dumps({"key": key, "mode": "append"}))
    writer, reader = client.do_put(descriptor, batches[0].schema)
    waits = []
    start = time.perf_counter()
    if lockstep:
        for batch in batches:
            sent = time.perf_counter()
            writer.write_batch(batch)
            assert reader.read() is not None
            waits.append(time.perf_counter() - sent)
    else:

        def read():
            for _ in batches:
                assert reader.read() is not None

        answers = threading.Thread(target=read)
        answers.start()
        for batch in batches:
            writer.write_batch(batch)
        answers.join()
    seconds = time.perf_counter() - start
    writer.close()
    return seconds, waits


def plain_loop(batches):
    """Writes and syncs the same batches to a file. Returns seconds in all, and of each."""
    pieces = [batch.serialize() for batch in batches]
    path = os.path.join(FOLDER, "plain")
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    waits = []
    start = time.perf_counter()
    for piece in pieces:
        sent = time.perf_counter()
        os.write(file, piece)
        os.fdatasync(file)
        waits.append(time.perf_counter() - sent)
    seconds = time.perf_counter() - start
    os.close(file)
    os.unlink(path)
    return seconds, waits


def eight_writers(key, batches):
    clients = [connect() for _ in range(8)]
    waits = []
    lock = threading.Lock()

    def work(client):
        _, mine = append(client, key, batches, lockstep=True)
        with lock:
            waits.extend(mine)

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start, waits


def p99(values):
    return sorted(values)[int(len(values) * 0.99)]


def cut(table, rows):
    return table.combine_chunks().unify_dictionaries().to_batches(max_chunksize=rows)


def main():
    client = connect()
    large = cut(ticks(10_000 * BATCHES), 10_000)
    middle = cut(ticks(1_000 * SMALL_BATCHES), 1_000)
    small = cut(ticks(ROWS), 1)
    figures = {name: [] for name in ["one", "plain", "eight", "eight_p99", "sync_p50", "sync_p99", "single"]}
    for index in range(-1, ROUNDS):
        one, _ = append(client, "one", large)
        plain, _ = plain_loop(large)
        eight, waits = eight_writers("eight", middle)
        _, syncs = plain_loop(middle)
        single, _ = append(client, "single", small)
        for key in ["one", "eight", "single"]:
            list(client.do_action(fl.Action("drop", key.encode())))
        if index < 0:
            continue
        figures["one"].append(one)
        figures["plain"].append(plain)
        figures["eight"].append(eight)
        figures["eight_p99"].append(p99(waits))
        figures["sync_p50"].append(statistics.median(syncs))
        figures["sync_p99"].append(p99(syncs))
        figures["single"].append(single)
    median = {name: statistics.median(values) for name, values in figures.items()}
    print(
        json.dumps(
            {
                "one_writer": {
                    "rows_per_second": round(10_000 * BATCHES / median["one"]),
                    "of_plain_loop": round(statistics.median(p / o for p, o in zip(figures["plain"], figures["one"])), 3),
                },
                "eight_writers": {
                    "rows_per_second": round(8_000 * SMALL_BATCHES / median["eight"]),
                    "p99_ms": round(median["eight_p99"] * 1000, 3),
                    "sync_p50_ms": round(median["sync_p50"] * 1000, 3),
                    "sync_p99_ms": round(median["sync_p99"] * 1000, 3),
                },
                "single_rows": {"rows_per_second": round(ROWS / median["single"])},
            }
        )
    )


if __name__ == "__main__":
    main()
