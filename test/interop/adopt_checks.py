"""
What `sterna adopt` makes of folders that pyarrow has written, and of CSV, read by pyarrow.

Usage: adopt_checks.py grpc://HOST:PORT FOLDER STERNA
"""

import json
import os
import sys

import pyarrow as pa
import pyarrow.flight as fl
import pyarrow.parquet as pq

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, raises, run  # noqa: E402
from command_line import command_line  # noqa: E402
from flight_calls import read  # noqa: E402

URL, FOLDER, STERNA = sys.argv[1:4]
adopt = command_line(STERNA, URL, "adopt")


def write(path, table):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    pq.write_table(table, path)


def ticks(start, count):
    stamps = pa.array([1_770_076_800_000_000 + n * 1_000_003 for n in range(start, start + count)], pa.timestamp("us"))
    symbols = pa.array([f"S{n % 3}" for n in range(count)], pa.utf8())
    return pa.table({"ts": stamps, "symbol": symbols, "price": pa.array([n / 7 for n in range(count)], pa.float64())})


@check
def a_dataset_for_each_file(client):
    """each Parquet file of a folder, and of those below it, becomes a dataset with its rows; other files are left alone"""
    folder = f"{FOLDER}/each"
    tables = {"one": ticks(0, 1000), "two": ticks(5, 3), "three": ticks(0, 0)}
    write(f"{folder}/one.parquet", tables["one"])
    write(f"{folder}/below/two.pq", tables["two"])
    write(f"{folder}/three.parquet", tables["three"])
    with open(f"{folder}/README.txt", "w") as file:
        file.write("no table")
    printed = adopt(folder)
    assert sorted(printed.splitlines()) == ["one: 1,000 rows", "three: 0 rows", "two: 3 rows"], printed
    for key, table in tables.items():
        assert read(client, key).equals(table), key


@check
def one_dataset_of_many_files(client):
    """with --key all files become one dataset, in the order of their names and in one commit"""
    folder = f"{FOLDER}/many"
    for day, start in [("2026-02-04", 10), ("2026-02-03", 0), ("2026-02-05", 20)]:
        write(f"{folder}/{day}.parquet", ticks(start, 10))
    assert adopt("--key", "many", "--schema", "old", folder) == "many: 30 rows\n"
    stored = read(client, "many", schema="old")
    assert stored.equals(pa.concat_tables([ticks(0, 10), ticks(10, 10), ticks(20, 10)])), stored
    (result,) = client.do_action(fl.Action("describe", json.dumps({"key": "many", "schema": "old"}).encode()))
    assert json.loads(result.body.to_pybytes())["parts"] == 1


@check
def what_sql_would_bend(client):
    """nanoseconds in UTC and of a day, dictionaries beside them and unsigned integers come out of Parquet as they are"""
    table = pa.table(
        {
            "ts": pa.array([1_770_076_800_123_456_789, None, -1], pa.timestamp("ns", "UTC")),
            "local": pa.array([1, 2, None], pa.timestamp("ns", "Europe/Berlin")),
            "time": pa.array([1, None, 86_399_999_999_999], pa.time64("ns")),
            "symbol": pa.array(["a", None, "b"]).dictionary_encode(),
            "count": pa.array([0, None, 2**32 - 1], pa.uint32()),
            "fills": pa.array([[1, None], None, []], pa.list_(pa.timestamp("ns", "UTC"))),
            "price": pa.array([1.5, None, float("nan")], pa.float64()),
            "ms": pa.array([1, None, -1], pa.timestamp("ms", "UTC")),
        }
    )
    write(f"{FOLDER}/bent/nanoseconds.parquet", table)
    adopt(f"{FOLDER}/bent/nanoseconds.parquet")
    stored = read(client, "nanoseconds")
    for name in table.column_names:
        kind = table.schema.field(name).type
        assert stored.schema.field(name).type == (pa.timestamp("us", "UTC") if name == "ms" else kind), stored.schema
        assert repr(stored[name].cast(kind).to_pylist()) == repr(table[name].to_pylist()), name
    pq.write_table(table, f"{FOLDER}/bent/untold.parquet", store_schema=False)
    error = adopt(f"{FOLDER}/bent/untold.parquet", fails=True)
    assert "Column 'fills' has values inside of lists or structs that SQL cannot hold exactly" in error, error
    pq.write_table(table.drop_columns(["fills"]), f"{FOLDER}/bent/untold.parquet", store_schema=False)
    adopt(f"{FOLDER}/bent/untold.parquet")
    stored = read(client, "untold")
    for name in ["ts", "time", "symbol", "count"]:
        assert stored[name].to_pylist() == table[name].to_pylist(), (name, stored[name])


@check
def columns_in_names_of_folders(client):
    """columns that stand in the names of folders are columns; beside values that only the file holds exactly they are refused"""
    for year in [2025, 2026]:
        write(f"{FOLDER}/hive/year={year}/ticks.parquet", ticks(year, 2).drop_columns(["ts"]))
        write(f"{FOLDER}/hive_ns/year={year}/ticks.parquet", pa.table({"ts": pa.array([1], pa.timestamp("ns", "UTC"))}))
    adopt("--key", "hive", f"{FOLDER}/hive")
    assert read(client, "hive")["year"].to_pylist() == [2025, 2025, 2026, 2026]
    error = adopt("--key", "hive_ns", f"{FOLDER}/hive_ns", fails=True)
    assert "Column 'year' is in the names of folders only" in error, error


@check
def empty_texts_in_csv(client):
    """in CSV an empty text in quotes is no null, unless numbers that are missing are empty quotes too"""
    os.makedirs(f"{FOLDER}/csv")
    with open(f"{FOLDER}/csv/some_quoted.csv", "w") as file:
        file.write('symbol,n,ts\n"",1,"2026-02-03T00:00:00.000000001+01:00"\n,2,\n"x",,"2026-02-03T00:00:01Z"\n')
    with open(f"{FOLDER}/csv/all_quoted.csv", "w") as file:
        file.write('"symbol","n"\n"","1"\n"x",""\n')
    with open(f"{FOLDER}/csv/late.csv", "w") as file:
        file.write("symbol,n\n" + 'a,1\n' * 30_000 + '"",""\n"",2.5\n')
    adopt(f"{FOLDER}/csv")
    stored = read(client, "some_quoted")
    assert stored["symbol"].to_pylist() == ["", None, "x"] and stored["n"].to_pylist() == [1, 2, None], stored
    assert stored.schema.field("ts").type == pa.timestamp("ns", "UTC"), stored.schema
    assert stored["ts"].cast(pa.int64()).to_pylist() == [1_770_073_200_000_000_001, None, 1_770_076_801_000_000_000]
    stored = read(client, "all_quoted")
    assert stored.to_pydict() == {"symbol": [None, "x"], "n": [1, None]}, stored
    stored = read(client, "late").slice(30_000)
    assert stored.to_pydict() == {"symbol": [None, None], "n": [None, 2.5]}, stored


@check
def refusals(client):
    """what exists, has other columns, two of one name or none at all is refused, and leaves no dataset"""
    folder = f"{FOLDER}/refused"
    write(f"{folder}/a/same.parquet", ticks(0, 2))
    write(f"{folder}/b/same.parquet", pa.table({"n": [1]}))
    assert 'would both be the dataset "same"' in adopt(folder, fails=True)
    error = adopt("--key", "mixed", folder, fails=True)
    assert "b/same.parquet has other columns than" in error and "column 1 is ts timestamp[us] there and n int64 here" in error, error
    with open(f"{folder}/b/broken.parquet", "w") as file:
        file.write("PAR1 nothing")
    assert "broken.parquet" in adopt(f"{folder}/b/broken.parquet", fails=True)
    assert "neither Parquet nor CSV" in adopt(f"{FOLDER}/each/README.txt", fails=True)
    assert "FILE_UNREADABLE" in adopt(f"{folder}/nowhere", fails=True)
    os.makedirs(f"{folder}/empty")
    assert "holds no Parquet or CSV file" in adopt(f"{folder}/empty", fails=True)
    for key in ["same", "mixed", "broken"]:
        raises(KeyError, "There is no dataset", lambda: read(client, key))
    adopt(f"{folder}/a/same.parquet")
    assert "DATASET_EXISTS" in adopt(f"{folder}/a/same.parquet", fails=True)
    assert read(client, "same").equals(ticks(0, 2))


run(fl.connect(URL))
