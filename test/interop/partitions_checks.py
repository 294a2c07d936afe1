"""
Partitioned datasets through pyarrow, and through the ducklake extension beside a running server.

Usage: partitions_checks.py grpc://HOST:PORT DATA_DIR
"""

import datetime
import glob
import os
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import ducklake  # noqa: E402
from checks import assert_same, check, raises, run  # noqa: E402
from flight_calls import act, append, put, query, read  # noqa: E402

URL, DATA_DIR = sys.argv[1:3]
CATALOG = f"{DATA_DIR}/catalog.sqlite"
BY_DAY = {"partition_by": {"column": "ts", "every": "day"}}
SCHEMA = pa.schema(
    [("ts", pa.timestamp("us")), ("symbol", pa.dictionary(pa.int32(), pa.utf8())), ("price", pa.float64()), ("n", pa.int64())]
)


def at(day, hour=0, month=2, year=2026):
    return datetime.datetime(year, month, day, hour)


def rows(*times, start=0):
    count = len(times)
    symbols = pa.DictionaryArray.from_arrays(pa.array([i % 2 for i in range(count)], pa.int32()), ["BTC", "ETH"])
    numbers = range(start, start + count)
    return pa.table([pa.array(times, pa.timestamp("us")), symbols, [n / 4 for n in numbers], list(numbers)], schema=SCHEMA)


def numbers(client, key):
    """From the cache, where it is there, and from the parts: both have to give the same."""
    cached = read(client, key)["n"].to_pylist()
    act(client, "evict", key)
    stored = read(client, key)["n"].to_pylist()
    assert cached == stored, (cached, stored)
    return stored


def names(client, key):
    return [part["name"] for part in act(client, "describe", key)["part_list"]]


@check
def days_of_a_put_are_parts(client):
    """rows of a put are parts by day, named by it, and come back by day, those of one day in their order"""
    times = [at(4, 1), at(3, 23), at(4, 0), at(5), at(3, 1), None, at(3, 1)]
    table = rows(*times)
    for chunk in (None, 1, 3):
        put(client, "days", table, chunk, options=BY_DAY)
        assert numbers(client, "days") == [1, 4, 6, 0, 2, 3, 5]
        assert sorted(pc.unique(read(client, "days")["symbol"].combine_chunks().dictionary).to_pylist()) == ["BTC", "ETH"]
    expected = table.take([1, 4, 6, 0, 2, 3, 5])
    assert [str(value) for value in read(client, "days")["symbol"].to_pylist()] == expected["symbol"].to_pylist()
    suffixes = [name.split(".")[0] for name in names(client, "days")]
    assert suffixes == ["days_20260203", "days_20260204", "days_20260205", "days_null"]
    put(client, "first", table, options=BY_DAY)
    assert names(client, "first") == [f"first_{day}.parquet" for day in ("20260203", "20260204", "20260205", "null")]


@check
def hours_and_months(client):
    """partitions are hours and months as well, of times in any unit, of dates, and of instants in UTC"""
    times = [at(3, 14), at(3, 15), at(3, 14, month=3)]
    for kind in (pa.timestamp("s"), pa.timestamp("ms"), pa.timestamp("ns"), pa.timestamp("us", "America/New_York")):
        table = pa.table({"ts": pa.array(times, kind if kind.tz is None else pa.timestamp("us", "UTC")).cast(kind), "n": [0, 1, 2]})
        for every, wanted in (("hour", ["2026020314", "2026020315", "2026030314"]), ("month", ["202602", "202603"])):
            put(client, "at", table, options={"partition_by": {"column": "ts", "every": every}})
            assert [name.split(".")[0] for name in names(client, "at")] == [f"at_{suffix}" for suffix in wanted], kind
            assert_same(read(client, "at"), table)
    dates = pa.table({"ts": pa.array([at(3).date(), at(4).date()]), "n": [0, 1]})
    put(client, "at", dates, options=BY_DAY)
    assert [name.split(".")[0] for name in names(client, "at")] == ["at_20260203", "at_20260204"]
    assert_same(read(client, "at"), dates)


@check
def late_rows(client):
    """late rows of appends go to the partition they belong to, and stand in the log last until then"""
    append(client, "late", rows(at(3, 1), at(4, 1)), options=BY_DAY)
    assert act(client, "flush", "late")["parts"] == 2
    append(client, "late", rows(at(3, 2), at(5), start=2))
    assert read(client, "late")["n"].to_pylist() == [0, 1, 2, 3]
    act(client, "flush", "late")
    assert numbers(client, "late") == [0, 2, 1, 3]
    append(client, "late", rows(at(4, 2), start=4))
    assert numbers(client, "late") == [0, 2, 1, 3, 4]
    act(client, "flush", "late")
    assert numbers(client, "late") == [0, 2, 1, 4, 3]
    assert query(client, "SELECT list(n ORDER BY n) l FROM late")["l"].to_pylist() == [[0, 1, 2, 3, 4]]


@check
def compaction_stays_inside_partitions(client):
    """compaction joins the parts of a partition, never those of two, and sorts them where order_by says so"""
    options = {**BY_DAY, "order_by": ["symbol", "ts"]}
    for start in range(0, 12, 4):
        append(client, "packed", rows(at(3, 5), at(3, 4), at(3, 3), at(4, 1), start=start), options=options)
        act(client, "flush", "packed")
    before = read(client, "packed")
    summary = act(client, "compact", "packed")
    assert (summary["parts_before"], summary["parts_after"]) == (6, 2), summary
    after = read(client, "packed")
    assert numbers(client, "packed") == after["n"].to_pylist()
    assert sorted(after["n"].to_pylist()) == sorted(before["n"].to_pylist())
    for first, last in ((at(3), at(4)), (at(4), at(5))):
        mask = pc.and_(pc.greater_equal(after["ts"], first), pc.less(after["ts"], last))
        keys = [(row["symbol"], row["ts"], row["n"]) for row in after.filter(mask).to_pylist()]
        assert keys == sorted(keys) and len(keys) in (9, 3), keys
    append(client, "packed", rows(at(3, 0), start=12))
    act(client, "flush", "packed")
    assert numbers(client, "packed")[9] == 12


@check
def told_later(client):
    """a dataset that is told its partitions later gets them with its next rows, and the others by compaction"""
    put(client, "later", rows(at(4), at(3), at(4)))
    assert names(client, "later") == ["later.parquet"]
    act(client, "configure", "later", options=BY_DAY)
    append(client, "later", rows(at(3), start=3))
    act(client, "flush", "later")
    assert numbers(client, "later") == [0, 1, 2, 3]
    act(client, "compact", "later")
    assert [name.split(".")[0] for name in names(client, "later")] == ["later_20260203", "later_20260204"]
    assert numbers(client, "later") == [1, 3, 0, 2]
    act(client, "configure", "later", options={"partition_by": None})
    assert sorted(numbers(client, "later")) == [0, 1, 2, 3]
    act(client, "compact", "later")
    assert len(names(client, "later")) == 1
    assert sorted(numbers(client, "later")) == [0, 1, 2, 3]


@check
def names_of_other_keys(client):
    """a key with the name of a partition is another dataset, whichever was first"""
    put(client, "twin", rows(at(3), at(4)), options=BY_DAY)
    put(client, "twin_20260203", rows(at(9), at(9), start=10))
    put(client, "twin_20260204", rows(at(9), start=20))
    append(client, "twin", rows(at(4), start=2))
    act(client, "flush", "twin")
    put(client, "early_20260203", rows(at(9), start=10))
    put(client, "early", rows(at(3)), options=BY_DAY)
    found = {key: numbers(client, key) for key in ("twin", "twin_20260203", "twin_20260204", "early", "early_20260203")}
    assert found == {"twin": [0, 1, 2], "twin_20260203": [10, 11], "twin_20260204": [20], "early": [0], "early_20260203": [10]}
    used = [name for key in found for name in names(client, key)]
    assert len(used) == len(set(used))
    put(client, "twin_20260203", rows(at(9), start=30))
    act(client, "drop", "twin")
    assert numbers(client, "twin_20260203") == [30]
    assert query(client, "SELECT n FROM 'twin_20260204.parquet'")["n"].to_pylist() == [20]


@check
def wrong_partitions(client):
    """a column that is not there, or has no time, is refused by name, and so are rows without it"""
    for column, reason in (("at", "does not exist"), ("price", "is no timestamp or date")):
        options = {"partition_by": {"column": column, "every": "day"}}
        for mode in ("replace", "append"):
            raises(pa.ArrowInvalid, reason, lambda: put(client, "wrong", rows(at(3)), mode=mode, options=options))
    put(client, "wrong", rows(at(3)), options=BY_DAY)
    raises(pa.ArrowInvalid, 'column "ts" does not exist', lambda: put(client, "wrong", rows(at(3)).select(["n"])))
    raises(pa.ArrowInvalid, "expected one of month, day, hour", lambda: act(client, "configure", "wrong", options={"partition_by": {"column": "ts", "every": "week"}}))
    raises(pa.ArrowInvalid, 'column "x" does not exist', lambda: act(client, "configure", "wrong", options={"order_by": ["x"]}))
    assert numbers(client, "wrong") == [0]
    put(client, "wrong", rows(at(3)).select(["n"]), options={"partition_by": None})
    assert numbers(client, "wrong") == [0]


@check
def ducklake_reads_and_inserts(client):
    """the ducklake extension reads partitioned and compacted datasets, prunes them, and inserts into them"""
    table = rows(*(at(3 + i % 3, i % 24) for i in range(3000)), None)
    put(client, "lake", table, options={**BY_DAY, "order_by": ["symbol", "ts"]})
    for compacted in (False, True):
        if compacted:
            act(client, "compact", "lake")
        with ducklake.connect(CATALOG) as con:
            found = con.execute("SELECT * FROM lake.lake ORDER BY n").to_arrow_table()
            assert found["n"].to_pylist() == table["n"].to_pylist()
            assert found["price"].to_pylist() == table["price"].to_pylist()
            day = "FROM lake.lake WHERE ts >= '2026-02-04' AND ts < '2026-02-05'"
            assert con.execute(f"SELECT count(*) {day}").fetchone() == (1000,)
            assert con.execute("SELECT count(*) FROM lake.lake WHERE ts IS NULL").fetchone() == (1,)
            assert con.execute("SELECT count(*) FROM lake.lake WHERE year(ts) = 2026 AND day(ts) = 4").fetchone() == (1000,)
            plan = "\n".join(row[1] for row in con.execute(f"EXPLAIN ANALYZE SELECT sum(n) {day}").fetchall())
            # That of the day, and that of rows without time, which has no bounds.
            assert "Total Files Read: 2" in plan, plan
    with ducklake.connect(CATALOG) as con:
        con.execute("INSERT INTO lake.lake VALUES ('2026-02-04 12:00:00', 'BTC', 0.5, -1), ('2026-03-01', 'ETH', 1.5, -2), (NULL, 'ETH', 2.5, -3)")
    assert act(client, "describe", "lake")["rows"] == 3004
    found = numbers(client, "lake")
    assert found[2000] == -1 and found[-3] == -2 and found[-1] == -3 and len(found) == 3004, (found[2000], found[-4:])
    act(client, "compact", "lake")
    assert sorted(numbers(client, "lake")) == sorted(found)
    assert len(names(client, "lake")) == 5
    with ducklake.connect(CATALOG) as con:
        assert con.execute("SELECT count(*), sum(n) FROM lake.lake").fetchone() == (3004, sum(found))
        con.execute("CALL ducklake_merge_adjacent_files('lake')")
    assert sorted(numbers(client, "lake")) == sorted(found)


@check
def every_part_is_there(client):
    """every part that a dataset names is in the folder"""
    listed = {part["name"] for item in client.list_flights() for part in act(client, "describe", item.descriptor.path[-1].decode())["part_list"]}
    found = {os.path.relpath(file, f"{DATA_DIR}/cold") for file in glob.glob(f"{DATA_DIR}/cold/**/*.parquet", recursive=True)}
    assert listed <= found, listed - found


run(fl.connect(URL))
