"""
Parquet files of pyarrow, polars and DuckDB that a server takes as they are: DoGet, SQL and the ducklake extension read
them, and whatever happens to the datasets, the files stay as they were written.

Usage: adopt_in_place_checks.py grpc://HOST:PORT FOLDER OUTSIDE STERNA CATALOG
"""

import datetime
import decimal
import hashlib
import json
import os
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.flight as fl
import pyarrow.parquet as pq

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import ducklake  # noqa: E402
from checks import assert_same, check, raises, run  # noqa: E402
from command_line import command_line  # noqa: E402

URL, FOLDER, OUTSIDE, STERNA, CATALOG = sys.argv[1:6]
in_place = command_line(STERNA, URL, "adopt", "--in-place")
duckdb.sql("SET TimeZone = 'UTC'")


def action(client, name, **body):
    (result,) = client.do_action(fl.Action(name, json.dumps(body).encode()))
    return json.loads(result.body.to_pybytes())


def read(client, key, **more):
    return client.do_get(fl.Ticket(json.dumps({"key": key, **more}).encode())).read_all()


def query(client, sql):
    return client.do_get(fl.Ticket(json.dumps({"sql": sql}).encode())).read_all()


def path(name):
    file = f"{FOLDER}/{name}.parquet"
    os.makedirs(os.path.dirname(file), exist_ok=True)
    return file


def digest(file):
    with open(file, "rb") as content:
        return hashlib.sha256(content.read()).hexdigest()


def of_all_types():
    day = datetime.datetime(2026, 2, 3, 12, 30, 1, 123456)
    stamps = [1_770_076_800_123_456_789, None, -1]
    return pa.table(
        {
            "ns": pa.array(stamps, pa.timestamp("ns")),
            "us": pa.array([day, day, None], pa.timestamp("us")),
            "ms": pa.array([day, None, day], pa.timestamp("ms")),
            "zone": pa.array([day, None, day], pa.timestamp("us", "Europe/Berlin")),
            "date": pa.array([day.date(), None, day.date()], pa.date32()),
            "time": pa.array([1, None, 86_399_999_999], pa.time64("us")),
            "symbol": pa.array(["a", None, "b"]).dictionary_encode(),
            "price": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("-99.99")], pa.decimal128(9, 2)),
            "wide": pa.array([decimal.Decimal(10**30), None, decimal.Decimal(-1)], pa.decimal128(38, 4)),
            "flag": pa.array([True, None, False]),
            "small": pa.array([1, None, 255], pa.uint8()),
            "large": pa.array([2**63 - 1, None, -(2**63)], pa.int64()),
            "real": pa.array([float("nan"), None, 1.5], pa.float32()),
            "text": pa.array(["é", None, ""], pa.large_utf8()),
            "bytes": pa.array([b"\0", None, b""], pa.binary()),
            "list": pa.array([[1, None], None, []], pa.list_(pa.int32())),
            "struct": pa.array([{"x": 1, "y": "q"}, None, {"x": None, "y": None}]),
            "map": pa.array([[("k", 1)], None, []], pa.map_(pa.utf8(), pa.int64())),
        }
    )


@check
def values_of_every_type(client):
    """a file of pyarrow comes back in its own types by DoGet, and with its values by SQL and by the ducklake extension"""
    file, table = path("types/every"), of_all_types()
    pq.write_table(table, file, row_group_size=2)
    before = digest(file)
    assert in_place(file) == "every: 3 rows in place\n"
    assert_same(read(client, "every"), table)
    by_sql = query(client, "SELECT * FROM every")
    by_duckdb = duckdb.sql(f"FROM '{file}'").to_arrow_table()
    for name in by_sql.column_names:
        assert repr(by_sql[name].to_pylist()) == repr(by_duckdb[name].to_pylist()), (name, by_sql[name], by_duckdb[name])
    lake = ducklake.connect(CATALOG)
    lake.execute("SET TimeZone = 'UTC'")
    by_lake = lake.execute("SELECT * FROM lake.every").to_arrow_table()
    for name in by_lake.column_names:
        assert repr(by_lake[name].to_pylist()) == repr(by_duckdb[name].to_pylist()), (name, by_lake[name], by_duckdb[name])
    assert digest(file) == before and os.stat(file).st_nlink == 2


@check
def files_of_other_writers(client):
    """files of polars and DuckDB are read alike, nested columns included"""
    rows = {
        "ts": [datetime.datetime(2026, 2, 3, 0, 0, n) for n in range(3)],
        "price": [1.5, None, -0.25],
        "symbol": ["a", "b", None],
        "levels": [[1.0, 2.0], [], None],
        "best": [{"bid": 1, "ask": 2}, {"bid": None, "ask": 3}, None],
    }
    frame = pl.DataFrame(rows, strict=False)
    polars_file, duckdb_file = path("writers/by_polars"), path("writers/by_duckdb")
    frame.write_parquet(polars_file)
    duckdb.sql("SELECT * FROM frame").write_parquet(duckdb_file)
    assert in_place(os.path.dirname(polars_file)) == "by_duckdb: 3 rows in place\nby_polars: 3 rows in place\n"
    lake = ducklake.connect(CATALOG)
    for key, file in [("by_polars", polars_file), ("by_duckdb", duckdb_file)]:
        expected = duckdb.sql(f"FROM '{file}'").to_arrow_table().to_pydict()
        assert read(client, key).to_pydict() == expected == frame.to_dict(as_series=False), key
        assert query(client, f"SELECT * FROM {key}").to_pydict() == expected, key
        assert lake.execute(f"SELECT * FROM lake.{key}").to_arrow_table().to_pydict() == expected, key
        assert lake.execute(f"SELECT count(*) FROM lake.{key} WHERE symbol = 'a'").fetchall() == [(1,)], key


def ticks(start, count):
    stamps = pa.array([1_770_076_800_000_000 + n * 1_000_003 for n in range(start, start + count)], pa.timestamp("us"))
    return pa.table({"ts": stamps, "n": pa.array(range(start, start + count), pa.int64())})


@check
def originals_stay(client):
    """appends, compaction, rollback and drop leave the files byte for byte as they were"""
    files = [path(f"many/{n}") for n in range(3)]
    for n, file in enumerate(files):
        pq.write_table(ticks(n * 1000, 1000), file)
    before = [digest(file) for file in files]
    assert in_place("--key", "many", "--schema", "old", f"{FOLDER}/many") == "many: 3,000 rows in place\n"
    assert read(client, "many", schema="old").equals(ticks(0, 3000))
    described = action(client, "describe", key="many", schema="old")
    assert described["rows"] == 3000 and described["parts"] == 4, described
    descriptor = fl.FlightDescriptor.for_command(json.dumps({"key": "many", "schema": "old", "mode": "append"}).encode())
    writer, _ = client.do_put(descriptor, ticks(3000, 10).schema)
    writer.write_table(ticks(3000, 10))
    writer.close()
    action(client, "compact", key="many", schema="old")
    assert read(client, "many", schema="old").equals(ticks(0, 3010))
    first = described["version"]
    action(client, "rollback", key="many", schema="old", version=first)
    assert read(client, "many", schema="old").equals(ticks(0, 3000))
    lake = ducklake.connect(CATALOG)
    assert lake.execute("SELECT count(*), max(n) FROM lake.old.many").fetchall() == [(3000, 2999)]
    action(client, "drop", key="many", schema="old")
    assert [digest(file) for file in files] == before
    assert [pq.read_table(file).num_rows for file in files] == [1000] * 3


@check
def parts_that_are_opened(client):
    """the bounds of adopted files keep queries from opening those that have nothing for them"""
    for n in range(4):
        pq.write_table(ticks(n * 1000, 1000), path(f"days/{n}"))
    in_place("--key", "days", f"{FOLDER}/days")
    explained = action(client, "explain", sql="SELECT count(*) FROM days WHERE n BETWEEN 1500 AND 1600")
    assert "parts: 1 of 5" in explained["plan"], explained["plan"]


@check
def refusals(client):
    """a file that is no whole Parquet file, or does not fit, is named; nothing of the others is adopted"""
    pq.write_table(ticks(0, 10_000), path("bad/a"))
    whole = open(path("bad/a"), "rb").read()

    def refused(content, text):
        with open(path("bad/b"), "wb") as file:
            file.write(content)
        error = in_place("--key", "bad", f"{FOLDER}/bad", fails=True)
        assert text in error and '/bad/b.parquet"' in error, error
        raises(KeyError, "There is no dataset", lambda: read(client, "bad"))

    refused(b"", "it is empty")
    refused(b"ts,n\n1,2\n", "it is no Parquet file")
    refused(whole[: len(whole) // 2], "it is damaged, or not complete")
    refused(whole[:100] + bytes(200) + whole[300:], "it is damaged, or not complete")
    refused(b"PARE" + whole[4:-4] + b"PARE", "it is encrypted")
    pq.write_table(ticks(0, 1).rename_columns(["ts", "m"]), path("bad/b"))
    refused(open(path("bad/b"), "rb").read(), "column 2 is stored as n int64 and was sent as m int64")
    nanoseconds = pa.table({"ts": pa.array([1], pa.timestamp("ns", "UTC"))})
    pq.write_table(nanoseconds, path("bad/b"))
    os.remove(path("bad/a"))
    refused(open(path("bad/b"), "rb").read(), "Column 'ts'")
    os.remove(path("bad/b"))
    with open(f"{FOLDER}/bad/c.csv", "w") as file:
        file.write("n\n1\n")
    assert "only those are taken in place" in in_place(f"{FOLDER}/bad", fails=True)
    pq.write_table(ticks(0, 1), path("twice/twice"))
    in_place(path("twice/twice"))
    assert "DATASET_EXISTS" in in_place(path("twice/twice"), fails=True)


@check
def files_that_may_not_be_read(client):
    """files outside of the folders that the setting names, those of the lake and links to them are refused, unread"""
    pq.write_table(ticks(0, 1), f"{OUTSIDE}/secret.parquet")
    os.symlink(f"{OUTSIDE}/secret.parquet", path("linked/link"))
    os.symlink("/etc", f"{FOLDER}/etc")
    os.mkfifo(path("fifo/pipe"))
    for file, text in [
        (f"{OUTSIDE}/secret.parquet", "adopt_from"),
        (f"{OUTSIDE}/nowhere.parquet", "adopt_from"),
        (f"{FOLDER}/../secret.parquet", "adopt_from"),
        (path("linked/link"), "adopt_from"),
        (f"{FOLDER}/etc/passwd", "there is no such file"),
        (f"{FOLDER}/etc/nothing", "there is no such file"),
        (path("fifo/pipe"), "it is no file"),
        (FOLDER + "/linked", "it is no file"),
        (path("gone/nothing"), "there is no such file"),
        ("every.parquet", "its path is not absolute"),
        (CATALOG, "adopt_from"),
    ]:
        raises(pa.ArrowInvalid, text, lambda file=file: action(client, "adopt", key="secret", files=[file]))
    raises(KeyError, "There is no dataset", lambda: read(client, "secret"))


run(fl.connect(URL))
