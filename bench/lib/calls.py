"""Calls of a Sterna server in a line each, and what their times come to."""

import json
import statistics
import time

import pyarrow.flight as fl


def act(client, action, **fields):
    (result,) = client.do_action(fl.Action(action, json.dumps(fields).encode()))
    return json.loads(result.body.to_pybytes())


def read(client, **request):
    return client.do_get(fl.Ticket(json.dumps(request).encode())).read_all()


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


def latency(times):
    ordered = sorted(times)
    return {"p50_ms": round(statistics.median(ordered), 3), "p99_ms": round(ordered[int(len(ordered) * 0.99)], 3)}
