"""
The client's side of the restart tests. Usage: restart_client.py COMMAND grpc://HOST:PORT [ROWS]

put      stores two datasets, one of many batches, and prints "stored" once both calls ended OK
half     sends half of a third dataset, prints "half", and stays until it is killed
long-query asks what takes hours to compute, prints "asked", and expects an error
verify   checks that the two are there, whole, and the third is not
"""

import json
import os
import sys
import time

import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import assert_same  # noqa: E402


def table(rows, seed):
    return pa.table(
        {
            "id": pa.array(range(seed, seed + rows), pa.int64()),
            "symbol": pa.array([f"symbol {i % 100}" for i in range(rows)]).dictionary_encode(),
            "note": pa.array([None if i % 5 == 0 else f"note of row {i}" for i in range(rows)]),
        }
    )


def put(client, key, data):
    writer, _ = client.do_put(fl.FlightDescriptor.for_path(key), data.schema)
    writer.write_table(data, max_chunksize=10_000)
    writer.close()


def main():
    command, url = sys.argv[1:3]
    client = fl.connect(url)
    if command == "put":
        put(client, "replaced", table(100, 5))
        put(client, "replaced", table(200_000, 7))
        put(client, "stored", table(50_000, 0))
        print(json.dumps("stored"), flush=True)
    elif command == "half":
        data = table(100_000, 9)
        writer, _ = client.do_put(fl.FlightDescriptor.for_path("half"), data.schema)
        writer.write_table(data, max_chunksize=10_000)
        print("half", flush=True)
        time.sleep(60)
    elif command == "long-query":
        ticket = fl.Ticket(b'{"sql": "SELECT count(*) FROM range(1000000000000) t(i) WHERE i % 7 = 3"}')
        print("asked", flush=True)
        try:
            client.do_get(ticket).read_all()
        except (pa.ArrowException, fl.FlightError) as error:
            print(error)
        else:
            raise AssertionError("the query came to an end")
    elif command == "verify":
        for key, data in [("replaced", table(200_000, 7)), ("stored", table(50_000, 0))]:
            assert_same(client.do_get(fl.Ticket(key.encode())).read_all(), data)
        keys = sorted(info.descriptor.path[0].decode() for info in client.list_flights())
        assert keys == ["replaced", "stored"], keys
        count = client.do_get(fl.Ticket(b'{"sql": "SELECT count(*) AS n, sum(id) AS s FROM stored"}')).read_all()
        assert count["n"].to_pylist() == [50_000]
        print(json.dumps("verified"))


if __name__ == "__main__":
    main()
