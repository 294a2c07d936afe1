"""
Puts huge batches with pyarrow, reads them with clients that refuse large messages, and compares: one in Go, and the
ADBC driver.

Usage: small_messages.py URL READER FOLDER
"""

import json
import os
import subprocess
import sys

import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
import numpy as np
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, raises, run  # noqa: E402

ROWS = 1_000_000
MIB = 1 << 20
NUMBERS = np.arange(ROWS, dtype=np.int64)
TEXTS = pa.array([f"row {i}" if i % 7 else "" for i in range(ROWS)])
SYMBOLS = pa.array([f"symbol {i}" for i in range(1000)])
NULLS = NUMBERS % 3 == 0


def lists():
    offsets = pa.array(np.append(np.arange(ROWS) * 2, 2 * ROWS - 1), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array(np.arange(2 * ROWS - 1)))


DATASETS = {
    "fixed_width": {"a": NUMBERS, "b": NUMBERS * 0.5, "c": pa.array(NUMBERS % 2 == 0), "d": NUMBERS.astype(np.int16)},
    "utf8": {"text": TEXTS, "large": TEXTS.cast(pa.large_utf8()), "binary": TEXTS.cast(pa.binary())},
    "dictionary": {
        "symbol": pa.DictionaryArray.from_arrays(pa.array((NUMBERS % 1000).astype(np.int32)), SYMBOLS),
        "a": NUMBERS,
    },
    "nested": {
        "struct": pa.StructArray.from_arrays([pa.array(NUMBERS), TEXTS], ["n", "t"]),
        "list": lists(),
        "pair": pa.FixedSizeListArray.from_arrays(pa.array(np.arange(2 * ROWS)), 2),
    },
    "nulls": {
        "number": pa.array(NUMBERS, mask=NULLS),
        "text": pa.array(np.where(NULLS, None, "some text")),
        "bool": pa.array(NUMBERS % 2 == 0, mask=NULLS),
    },
    "wide": {"text": pa.array(["x" * 300 + str(i) for i in range(200_000)])},
}


def put(client, key, table):
    """As one batch, however long."""
    writer, _ = client.do_put(fl.FlightDescriptor.for_path(key), table.schema)
    writer.write_batch(table.combine_chunks().to_batches()[0])
    writer.close()


def read(reader, address, limit, ticket, folder):
    file = os.path.join(folder, "read.arrows")
    done = subprocess.run([reader, address, str(limit), ticket, file], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    with pa.OSFile(file) as source:
        return pa.ipc.open_stream(source).read_all()


def evict(client, key):
    list(client.do_action(fl.Action("evict", key.encode())))


@check
def default_limit(client, address, reader, folder):
    """Every kind of column in batches of a million rows is read by a Go client with its limit of 4 MiB"""
    for key, columns in DATASETS.items():
        table = pa.table(columns)
        put(client, key, table)
        assert read(reader, address, 0, key, folder).equals(table), f"{key} from the cache"
        evict(client, key)
        assert read(reader, address, 0, key, folder).equals(table), f"{key} from Parquet"


@check
def default_limit_sql(client, address, reader, folder):
    """The same by SQL"""
    for key, columns in DATASETS.items():
        table = pa.table(columns)
        put(client, key, table)
        found = read(reader, address, 0, json.dumps({"sql": f"SELECT * FROM {key}"}), folder)
        assert found.num_rows == table.num_rows, key
        assert found.schema.names == table.schema.names, key


@check
def larger_limit(client, address, reader, folder):
    """A row of 5 MiB is read by a client that takes 16 MiB; one that takes 4 MiB names both figures"""
    table = pa.table({"text": ["small", "x" * (5 * MIB), "small"]})
    put(client, "large_row", table)
    for source in ("cache", "Parquet"):
        assert read(reader, address, 16 * MIB, "large_row", folder).equals(table), source
        error = raises(RuntimeError, "larger than max", lambda: read(reader, address, 0, "large_row", folder))
        assert str(4 * MIB) in str(error) and str(5 * MIB)[:3] in str(error), error
        evict(client, "large_row")


@check
def adbc_limit(client, address, reader, folder):
    """The ADBC driver with its own limit of 16 MiB reads batches of a million rows, and a row of 12 MiB; not one of 20"""
    rows = {f"row_{size}": {"text": ["small", "x" * (size * MIB)]} for size in (12, 20)}
    with flightsql.connect(f"grpc://{address}", autocommit=True) as connection, connection.cursor() as cursor:

        def select(key):
            cursor.execute(f"SELECT * FROM {key}")
            return cursor.fetch_arrow_table()

        for key, columns in {**DATASETS, **rows}.items():
            table = pa.table(columns)
            put(client, key, table)
            if key == "row_20":
                error = raises(adbc_driver_manager.Error, "larger than max", lambda: select(key))
                assert str(16 * MIB) in str(error), error
            else:
                found = select(key)
                assert found.num_rows == table.num_rows and found.schema.names == table.schema.names, key


if __name__ == "__main__":
    url, reader, folder = sys.argv[1:4]
    run(fl.connect(url), url.removeprefix("grpc://"), reader, folder)
