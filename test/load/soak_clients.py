"""
Eight writers and eight readers, with compaction and retention on: every read has to succeed and to show each writer's
batches without a gap, and the server must not grow.

Usage: soak_clients.py URL PID SECONDS
"""

import json
import os
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, eventually, run  # noqa: E402
from flight_calls import act  # noqa: E402

URL, PID, SECONDS = sys.argv[1], sys.argv[2], float(sys.argv[3])
KEYS = ["bars", "quotes", "ticks", "trades"]
WRITERS = READERS = 8
ROWS = 1_000
BATCHES_PER_SECOND = 20

#: Memory and files are compared over thirds of a run that is long enough for caches to fill in the first of them.
COMPARED_SECONDS = 120
GROWTH_BYTES_MAX = 96 << 20
GROWTH_FILES_MAX = 16

SCHEMA = pa.schema([("writer", pa.int64()), ("batch", pa.int64()), ("ts", pa.timestamp("us", "UTC")), ("price", pa.float64())])


def batch_of(writer, number, random):
    steps = random.integers(-2, 3, ROWS).cumsum() / 100 + 100
    ts = np.full(ROWS, np.datetime64("now", "us").astype("int64"))
    columns = [np.full(ROWS, writer), np.full(ROWS, number), ts, steps]
    return pa.record_batch([pa.array(c).cast(f.type) for c, f in zip(columns, SCHEMA)], schema=SCHEMA)


class Load:
    def __init__(self):
        self.end = time.monotonic() + SECONDS
        self.errors = []
        self.written = self.read = 0
        self.samples = []

    def is_over(self):
        return bool(self.errors) or time.monotonic() > self.end

    def thread(self, work, *args):
        def body():
            try:
                work(*args)
            except BaseException as error:  # noqa: BLE001 - whatever it is, the run has failed
                self.errors.append(error)

        thread = threading.Thread(target=body)
        thread.start()
        return thread

    def write(self, writer):
        client, random = fl.connect(URL), np.random.default_rng(writer)
        command = json.dumps({"key": KEYS[writer % len(KEYS)], "mode": "append"}).encode()
        number = 0
        while not self.is_over():
            # A call for some seconds, as feeds are cut and begin again.
            stream, answers = client.do_put(fl.FlightDescriptor.for_command(command), SCHEMA)
            for _ in range(BATCHES_PER_SECOND * 5):
                if self.is_over():
                    break
                stream.write_batch(batch_of(writer, number, random))
                assert json.loads(answers.read().to_pybytes())["rows"] == ROWS
                number += 1
                self.written += 1
                time.sleep(1 / BATCHES_PER_SECOND)
            stream.close()

    def look(self, reader):
        client = fl.connect(URL)
        key = KEYS[reader % len(KEYS)]
        sql = json.dumps({"sql": f"SELECT writer, batch, count(*) AS n FROM {key} GROUP BY ALL ORDER BY ALL"}).encode()
        while not self.is_over():
            if reader < READERS // 2:
                table = client.do_get(fl.Ticket(key.encode())).read_all()
                counts = table.group_by(["writer", "batch"], use_threads=False).aggregate([([], "count_all")])
                found = zip(*(counts.column(name).to_pylist() for name in ("writer", "batch", "count_all")))
            else:
                counts = client.do_get(fl.Ticket(sql)).read_all()
                found = zip(*(counts.column(name).to_pylist() for name in ("writer", "batch", "n")))
            assert_whole(found)
            self.read += 1

    def watch(self):
        client = fl.connect(URL)
        while not self.is_over():
            time.sleep(2)
            # More often than it would by itself.
            act(client, "retention")
            self.samples.append((rss(), open_files()))


def assert_whole(found):
    """Retention takes whole parts from the front, so that each writer's batches are all from one on."""
    batches = {}
    for writer, batch, rows in found:
        assert rows == ROWS, f"batch {batch} of writer {writer} has {rows} rows"
        batches.setdefault(writer, []).append(batch)
    for writer, numbers in batches.items():
        assert sorted(numbers) == list(range(min(numbers), max(numbers) + 1)), f"writer {writer} has gaps"


def rss():
    with open(f"/proc/{PID}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def open_files():
    return len(os.listdir(f"/proc/{PID}/fd"))


@check
def nothing_fails_and_nothing_grows(client):
    """8 writers and 8 readers beside compaction and retention: no read fails or has a gap, and the server does not grow"""
    for key in KEYS:
        command = json.dumps({"key": key, "mode": "append", "options": {"retention": {"size": "1MB"}}}).encode()
        client.do_put(fl.FlightDescriptor.for_command(command), SCHEMA)[0].close()
    load = Load()
    threads = [load.thread(load.write, writer) for writer in range(WRITERS)]
    threads += [load.thread(load.look, reader) for reader in range(READERS)]
    threads.append(load.thread(load.watch))
    for thread in threads:
        thread.join()
    if load.errors:
        raise load.errors[0]
    assert load.written > 0 and load.read > 0
    eventually(lambda: act(client, "stats")["in_flight"]["pins"] == 0)
    stats = act(client, "stats")
    third = len(load.samples) // 3
    middle, last = load.samples[third : 2 * third], load.samples[2 * third :]
    growth = {}
    if SECONDS >= COMPARED_SECONDS:
        # Peaks come and go with collections; what stays shows in the lows.
        growth = {
            "bytes": min(s[0] for s in last) - min(s[0] for s in middle),
            "files": max(s[1] for s in last) - max(s[1] for s in middle),
        }
    print(f"{load.written} batches, {load.read} reads, growth {growth}, {stats['compaction']}", file=sys.stderr)
    assert growth.get("bytes", 0) <= GROWTH_BYTES_MAX, growth
    assert growth.get("files", 0) <= GROWTH_FILES_MAX, growth


if __name__ == "__main__":
    run(fl.connect(URL))
