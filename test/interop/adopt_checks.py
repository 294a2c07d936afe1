"""
What `sterna adopt` makes of folders that pyarrow has written, and of an export of QuestDB in CSV, read by pyarrow.

Usage: adopt_checks.py grpc://HOST:PORT FOLDER STERNA
"""

import datetime
import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.flight as fl
import pyarrow.parquet as pq

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, raises, run  # noqa: E402
from flight_calls import read  # noqa: E402

URL, FOLDER, STERNA = sys.argv[1:4]

# As /exp of QuestDB writes it: texts in quotes, instants in UTC with six digits, nothing for null.
QUESTDB = '''"symbol","side","price","amount","size","is_late","note","timestamp"
"BTC-USD","buy",39269.98,0.001,1,true,"a, ""b""","2026-02-03T00:00:00.000001Z"
"ETH-USD","sell",2615.54,4.4E-4,9007199254740993,false,,"2026-02-03T00:00:00.123456Z"
"BTC-USD",,,,,,,"2026-02-03T00:00:01.000000Z"
'''


def adopt(*arguments, fails=False):
    command = [STERNA, "adopt", *arguments]
    done = subprocess.run(command, env={**os.environ, "STERNA_SERVER": URL}, capture_output=True, text=True)
    assert (done.returncode != 0) == fails, (done.stdout, done.stderr)
    return done.stderr if fails else done.stdout


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
def a_questdb_export(client):
    """a CSV export of QuestDB keeps its texts, figures, booleans, nulls and microseconds"""
    path = f"{FOLDER}/trades.csv"
    with open(path, "w", newline="\r\n") as file:
        file.write(QUESTDB)
    assert adopt(path) == "trades: 3 rows\n"
    stored = read(client, "trades")
    stamps = stored["timestamp"]
    assert pa.types.is_timestamp(stamps.type), stamps.type
    zero = datetime.datetime(2026, 2, 3)
    expected = [zero.replace(microsecond=1), zero.replace(microsecond=123456), zero.replace(second=1)]
    assert stamps.cast(pa.timestamp("us")).to_pylist() == expected, stamps
    assert stored.drop_columns("timestamp").to_pydict() == {
        "symbol": ["BTC-USD", "ETH-USD", "BTC-USD"],
        "side": ["buy", "sell", None],
        "price": [39269.98, 2615.54, None],
        "amount": [0.001, 4.4e-4, None],
        "size": [1, 9007199254740993, None],
        "is_late": [True, False, None],
        "note": ['a, "b"', None, None],
    }
    assert stored.schema.field("size").type == pa.int64() and stored.schema.field("price").type == pa.float64()


@check
def refusals(client):
    """what exists, has other columns, two of one name or none at all is refused, and leaves no dataset"""
    folder = f"{FOLDER}/refused"
    write(f"{folder}/a/same.parquet", ticks(0, 2))
    write(f"{folder}/b/same.parquet", pa.table({"n": [1]}))
    assert 'would both be the dataset "same"' in adopt(folder, fails=True)
    assert "other columns" in adopt("--key", "mixed", folder, fails=True)
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
