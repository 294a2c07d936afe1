"""Makes the files that the command line is tested with, and checks what it made of them.

`write DIR` makes them; `check DIR` prints, as JSON, what is wrong with each copy `DIR/<name>-copy.<ending>`.
"""
import datetime
import decimal
import json
import pathlib
import sys

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.json
import pyarrow.parquet

ROWS = 20_000


def market() -> pa.Table:
    start = datetime.datetime(2026, 2, 3, tzinfo=datetime.timezone.utc)
    rows = range(ROWS)
    return pa.table({
        "ts": pa.array([start + datetime.timedelta(milliseconds=row) for row in rows], pa.timestamp("us", "UTC")),
        "symbol": pa.array([None if row % 9 == 0 else f"S{row % 5}" for row in rows]),
        "price": pa.array([None if row % 11 == 0 else row / 8 for row in rows]),
        "size": pa.array(list(rows), pa.int64()),
        "is_buy": pa.array([row % 2 == 0 for row in rows]),
    })


def exact() -> pa.Table:
    """Types that only Arrow files keep, some of which Parquet does as well."""
    rows = range(1000)
    return pa.table({
        "symbol": pa.array([f"S{row % 5}" for row in rows]).dictionary_encode(),
        "amount": pa.array([decimal.Decimal(row) / 100 for row in rows], pa.decimal128(18, 4)),
        "time": pa.array([row * 1_000_000_007 for row in rows], pa.timestamp("ns")),
        "local": pa.array(list(rows), pa.timestamp("ms", "America/New_York")),
        "took": pa.array(list(rows), pa.duration("us")),
        "levels": pa.array([[row, None] for row in rows], pa.list_(pa.float32())),
        "note": pa.array([f"{row}" for row in rows], pa.large_string()),
        "flags": pa.array(list(rows), pa.uint16()),
    }).replace_schema_metadata({"origin": "test"})


def changing_dictionaries(path: pathlib.Path) -> None:
    schema = pa.schema([("symbol", pa.dictionary(pa.int32(), pa.string()))])
    with pa.ipc.new_stream(path, schema) as writer:
        for values in (["BTC", "ETH"], ["EUR", "USD", "GBP"]):
            writer.write_batch(pa.record_batch([pa.array(values).dictionary_encode()], schema=schema))


def write(directory: pathlib.Path) -> None:
    table = market()
    pyarrow.parquet.write_table(table, directory / "market-parquet.parquet")
    pyarrow.feather.write_feather(table, directory / "market-feather.feather")
    pyarrow.csv.write_csv(table, directory / "market-csv.csv")
    table.to_pandas().to_json(directory / "market-jsonl.jsonl", orient="records", lines=True, date_format="iso",
                              date_unit="us")
    for compression in ("lz4", "uncompressed"):
        pyarrow.feather.write_feather(exact(), directory / f"exact-{compression}.feather", compression, chunksize=300)
    with pa.ipc.new_stream(directory / "exact-stream.arrows", exact().schema) as writer:
        writer.write_table(exact(), max_chunksize=300)
    pyarrow.feather.write_feather(exact(), directory / "zstd.feather", "zstd")
    changing_dictionaries(directory / "changing.arrows")


def read(path: pathlib.Path) -> pa.Table:
    match path.suffix:
        case ".parquet":
            return pyarrow.parquet.read_table(path)
        case ".arrow":
            return pyarrow.feather.read_table(path)
        case ".arrows":
            with pa.ipc.open_stream(path) as reader:
                return reader.read_all()
        case ".csv":
            options = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
            return pyarrow.csv.read_csv(path, convert_options=options)
        case ".jsonl":
            return pyarrow.json.read_json(path)
    raise ValueError(path)


def difference(path: pathlib.Path) -> str | None:
    actual = read(path)
    actual.validate(full=True)
    expected = exact() if path.name.startswith("exact") else market()
    if path.suffix in (".csv", ".jsonl", ".parquet"):
        # Text has no types of its own, and Parquet neither milliseconds with a zone nor names of list items.
        actual = actual.cast(expected.schema)
    if actual.schema.remove_metadata() != expected.schema.remove_metadata():
        return f"schema {actual.schema} instead of {expected.schema}"
    for name in expected.column_names:
        # Dictionaries may be numbered in another order.
        if actual[name].to_pylist() != expected[name].to_pylist():
            return f"column {name} differs"
    if path.name.startswith("exact") and (actual.schema.metadata or {}).get(b"origin") != b"test":
        return f"metadata {actual.schema.metadata}"
    return None


directory = pathlib.Path(sys.argv[2])
if sys.argv[1] == "write":
    write(directory)
else:
    print(json.dumps({path.name: difference(path) for path in sorted(directory.glob("*-copy.*"))}))
