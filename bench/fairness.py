"""
Small calls beside large ones: `select 1` and a DoGet of one row from a process of their own, while another streams a
cached dataset over and over, a third runs a heavy query, and both.

Usage: fairness.py URL ROWS GIGABYTES CALLS
Prints one JSON object: for each situation the latencies and the delay of the server's event loop.
"""

import json
import multiprocessing
import os
import statistics
import sys
import time

import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import market_data  # noqa: E402
import ways  # noqa: E402

HEAVY = "SELECT symbol, count(DISTINCT close), stddev(volume) FROM bars, range(20) t(i) WHERE close > -{} - i GROUP BY symbol"


def stream(url, gigabytes, done):
    client, read = fl.connect(url), 0
    while read < gigabytes * 1e9 and not done.is_set():
        for chunk in client.do_get(fl.Ticket(b"bars")):
            read += chunk.data.nbytes


def compute(url, done):
    client, count = fl.connect(url), 0
    while not done.is_set():
        count += 1
        ask(client, HEAVY.format(count))


def ask(client, text):
    return client.do_get(fl.Ticket(json.dumps({"sql": text}).encode())).read_all()


def event_loop(client):
    return json.loads(b"".join(r.body.to_pybytes() for r in client.do_action(fl.Action("stats", b""))))["event_loop"]


def small_calls(client, calls):
    actions = {
        "select 1": lambda i: ask(client, f"SELECT 1 + {i}"),
        "DoGet of one row": lambda _: client.do_get(fl.Ticket(b"row")).read_all(),
    }
    times = {name: [] for name in actions}
    for index in range(calls):
        for name, act in actions.items():
            start = time.perf_counter()
            act(index)
            times[name].append((time.perf_counter() - start) * 1000)
    return {
        name: {"p50_ms": statistics.median(values), "p99_ms": sorted(values)[int(len(values) * 0.99)]}
        for name, values in times.items()
    }


def main():
    url, rows, gigabytes, calls = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    client = fl.connect(url)
    for key, table in {"bars": market_data.ohlcv(rows), "row": pa.table({"x": [1]})}.items():
        ways.put_batches(client, key, table.schema, table.to_batches(max_chunksize=65_536))
    context = multiprocessing.get_context("spawn")
    situations = {
        "alone": [],
        "beside a stream": [(stream, gigabytes)],
        "beside a query": [(compute,)],
        "beside both": [(stream, gigabytes), (compute,)],
    }
    results = []
    for name, others in situations.items():
        done = context.Event()
        workers = [context.Process(target=work, args=(url, *args, done), daemon=True) for work, *args in others]
        for worker in workers:
            worker.start()
        time.sleep(2 if workers and calls > 100 else 0)  # until they are at work
        event_loop(client)
        latencies = small_calls(client, calls)
        results.append({"name": name, "latencies": latencies, "event_loop": event_loop(client)})
        busy = all(worker.is_alive() for worker in workers)
        done.set()
        for worker in workers:
            worker.join()
        assert busy or calls <= 100, "the stream ended before the small calls did"
    print(json.dumps(results))


if __name__ == "__main__":
    main()
