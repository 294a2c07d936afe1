"""
Flight SQL through the ADBC driver beside plain Flight at the same server: a whole dataset, a prepared point query over
sorted rows, ingestion, and many sessions at once.

Usage: flight_sql.py URL PID ROWS ROUNDS POINT_QUERIES SESSIONS
Prints one JSON object: medians of interleaved rounds, and what is left after the sessions.
"""

import json
import os
import statistics
import sys
import threading
import time

import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import market_data  # noqa: E402
import process  # noqa: E402
import ways  # noqa: E402

BATCH_ROWS = 65_536
KEY = "bars"


def interleaved(rounds, **actions):
    """Seconds of each action, by name; the first round warms up."""
    times = {name: [] for name in actions}
    for round_ in range(rounds + 1):
        for name, act in actions.items():
            start = time.perf_counter()
            act()
            if round_ > 0:
                times[name].append(time.perf_counter() - start)
    return {name: {"p50_ms": round(statistics.median(values) * 1000, 3)} for name, values in times.items()}


def select(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetch_arrow_table()


def whole(client, connection, rows, rounds):
    """The client that reads by ADBC and the one that reads by DoGet are one process, one after the other."""
    sql = f"SELECT * FROM {KEY}"
    assert select(connection, sql).num_rows == rows
    return interleaved(
        rounds,
        ADBC=lambda: select(connection, sql),
        DoGet=lambda: client.do_get(fl.Ticket(KEY.encode())).read_all(),
    )


def point_queries(connection, table, count):
    """One statement, prepared once, with another time each call: the row is known."""
    times = []
    stamps = table["timestamp"]
    with connection.cursor() as cursor:
        sql = f"SELECT close FROM {KEY} WHERE timestamp = ?"
        for index in range(count):
            row = index * 7_919 % table.num_rows
            parameters = pa.record_batch([pa.array([stamps[row].as_py()], pa.timestamp("us"))], names=["1"])
            start = time.perf_counter()
            cursor.execute(sql, parameters)
            result = cursor.fetch_arrow_table()
            times.append(time.perf_counter() - start)
            assert result["close"].to_pylist() == [table["close"][row].as_py()], row
    times.sort()
    return {"p50_ms": round(statistics.median(times) * 1000, 3), "p99_ms": round(times[int(count * 0.99)] * 1000, 3)}


def ingest(client, connection, table, rounds):
    batches = table.to_batches(max_chunksize=BATCH_ROWS)

    def by_adbc():
        with connection.cursor() as cursor:
            cursor.adbc_ingest("ingested", pa.RecordBatchReader.from_batches(table.schema, batches), mode="replace")

    return interleaved(
        rounds,
        ADBC=by_adbc,
        DoPut=lambda: ways.put_batches(client, "put", table.schema, batches),
    )


def sessions(url, pid, count):
    """All at once, each with a statement of its own; then what the server still holds."""
    failures = []

    def session(index):
        try:
            with adbc.connect(url) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT ?::BIGINT + 1 AS next", parameters=[index])
                assert cursor.fetchall() == [(index + 1,)]
        except Exception as error:  # Counted: a thread's own would only be printed.
            failures.append(error)

    before = process.rss_bytes(pid)
    threads = [threading.Thread(target=session, args=(index,)) for index in range(count)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    assert not failures, failures[0]
    return {"count": count, "seconds": round(seconds, 3), "rss_growth": process.rss_bytes(pid) - before}


def main():
    url = sys.argv[1]
    pid, rows, rounds, points, session_count = map(int, sys.argv[2:])
    client = fl.connect(url)
    table = market_data.ohlcv(rows)
    ways.put_batches(client, KEY, table.schema, table.to_batches(max_chunksize=BATCH_ROWS))
    with adbc.connect(url) as connection:
        result = {
            "whole": whole(client, connection, rows, rounds),
            "point": point_queries(connection, table, points),
            "ingest": ingest(client, connection, table, rounds),
        }
    result["sessions"] = sessions(url, pid, session_count)
    stats = json.loads(b"".join(r.body.to_pybytes() for r in client.do_action(fl.Action("stats", b""))))
    result["left"] = {name: stats["queries"][name] for name in ("running", "waiting", "parked")}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
