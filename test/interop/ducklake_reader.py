"""Works on a lake as any user of DuckDB does: through the ducklake extension alone.

Usage: ducklake_reader.py CATALOG STEPS

STEPS is a JSON list; each step is one of
  "SELECT …"                    runs SQL; its rows are the answer
  {"arrow": [SQL, FILE]}        writes a result as an Arrow IPC stream
  {"types": FILE}               writes a table with a column of every type that can be stored as an IPC stream
  {"compare": [TABLE, FILE]}    answers the columns of a table that hold other values than the IPC stream
  {"touch": FILE}               makes an empty file
  {"wait": FILE}                waits until a file is there
A step that starts with "ATTACH" takes the place of the usual one. Prints a JSON list: for each step what it
answered, or {"error": text}.
"""

import datetime
import decimal
import json
import os
import pathlib
import sys
import time

import duckdb
import pyarrow as pa

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import ducklake  # noqa: E402

WAIT_SECONDS_MAX = 60


def main() -> None:
    catalog, steps = sys.argv[1], json.loads(sys.argv[2])
    is_attaching = steps and isinstance(steps[0], str) and steps[0].startswith("ATTACH")
    con = ducklake.connect(None if is_attaching else catalog)
    print(json.dumps([answer(con, step) for step in steps], default=str))


def answer(con: duckdb.DuckDBPyConnection, step):
    try:
        if isinstance(step, str):
            return con.execute(step).fetchall()
        ((kind, argument),) = step.items()
        return STEPS[kind](con, argument)
    except duckdb.Error as error:
        return {"error": str(error)}


def write_arrow(con, argument):
    sql, file = argument
    write_stream(con.execute(sql).to_arrow_table(), file)


def write_types(_, file):
    write_stream(types_table(), file)


def write_no_columns(_, file):
    batch = pa.record_batch([pa.nulls(3)], ["x"]).select([])
    with pa.ipc.new_stream(file, batch.schema) as stream:
        stream.write_batch(batch)


def compare(con, argument):
    table, file = argument
    expected = pa.ipc.open_stream(file).read_all()
    found = con.execute(f"SELECT * FROM {table}").to_arrow_table()
    if found.column_names != expected.column_names:
        return [found.column_names, expected.column_names]
    return [
        f"{name}: {left[:3]} is not {right[:3]}"
        for name in expected.column_names
        if (left := found[name].to_pylist()) != (right := as_stored(expected[name]).to_pylist())
    ]


def touch(_, file):
    pathlib.Path(file).touch()


def wait(_, file):
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not pathlib.Path(file).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(file)
        time.sleep(0.01)


STEPS = {
    "arrow": write_arrow,
    "types": write_types,
    "no columns": write_no_columns,
    "compare": compare,
    "touch": touch,
    "wait": wait,
}


def write_stream(table: pa.Table, file: str) -> None:
    with pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)


def as_stored(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Values as SQL shows them, where Parquet or DuckDB has not the type of Arrow."""
    kind = column.type
    if pa.types.is_duration(kind) or (pa.types.is_time(kind) and kind.unit == "ns"):
        return column.cast(pa.int64())
    if pa.types.is_date64(kind):
        return column.cast(pa.timestamp("ms"))
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return column.cast(pa.timestamp(kind.unit, None if kind.unit == "ns" else "UTC"))
    return column


def types_table() -> pa.Table:
    at = datetime.datetime(2026, 2, 3, 4, 5, 6)
    day = datetime.date(2026, 2, 3)
    columns = {
        "bool": pa.array([True, None, False]),
        **{f"int{bits}": pa.array([-(2 ** (bits - 1)), None, 5], f"int{bits}") for bits in (8, 16, 32, 64)},
        **{f"uint{bits}": pa.array([2**bits - 1, None, 5], f"uint{bits}") for bits in (8, 16, 32, 64)},
        "float16": pa.array([1.5, None, -2.25], pa.float16()),
        "float32": pa.array([1.5, None, -0.1], pa.float32()),
        "float64": pa.array([float("inf"), None, -0.1]),
        "text": pa.array(["é", None, ""]),
        "large_text": pa.array(["日本", None, "x"], pa.large_string()),
        "text_view": pa.array(["a text of more than twelve bytes", None, "x"], pa.string_view()),
        "bytes": pa.array([b"\x00\xff", None, b""]),
        "fixed_bytes": pa.array([b"abc", None, b"\x00\x01\x02"], pa.binary(3)),
        "decimal": pa.array([decimal.Decimal("-12.50"), None, decimal.Decimal("0.01")], pa.decimal128(9, 2)),
        "wide_decimal": pa.array([decimal.Decimal(10**37), None, decimal.Decimal(-1)], pa.decimal128(38, 0)),
        "day": pa.array([day, None, datetime.date(1969, 12, 31)]),
        "date64": pa.array([day, None, datetime.date(1969, 12, 31)], pa.date64()),
        "time_s": pa.array([datetime.time(9, 30), None, datetime.time(0)], pa.time32("s")),
        "time_us": pa.array([datetime.time(9, 30, 0, 1), None, datetime.time(0)], pa.time64("us")),
        "time_ns": pa.array([34_200_000_000_001, None, 0], pa.int64()).cast(pa.time64("ns")),
        **{f"at_{unit}": pa.array([at, None, datetime.datetime(1969, 1, 1)], pa.timestamp(unit)) for unit in ("s", "ms", "us")},
        "at_ns": pa.array([1_770_091_506_000_000_001, None, -1], pa.int64()).cast(pa.timestamp("ns")),
        **{f"zoned_{unit}": pa.array([at, None, at], pa.timestamp(unit, "Asia/Tokyo")) for unit in ("s", "ms", "us")},
        "zoned_ns": pa.array([1_770_091_506_000_000_001, None, -1], pa.int64()).cast(pa.timestamp("ns", "UTC")),
        "duration": pa.array([5, None, -5], pa.int64()).cast(pa.duration("ns")),
        "symbol": pa.array(["BTC", None, "BTC"]).dictionary_encode(),
        "nothing": pa.nulls(3),
        "list": pa.array([[1, None], None, []], pa.list_(pa.int64())),
        "fixed_list": pa.array([[1.5, 2.5], None, [3.5, 4.5]], pa.list_(pa.float64(), 2)),
        "struct": pa.array([{"a": 1, "b": [{"c": "x"}]}, None, {"a": None, "b": None}]),
        "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
    }
    return pa.table(columns)


main()
