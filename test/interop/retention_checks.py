"""
Retention through pyarrow: what a dry run tells is what then goes, to the microsecond.

Usage: retention_checks.py grpc://HOST:PORT DATA_DIR, or grpc://HOST:PORT history for a server that keeps versions
"""

import datetime
import glob
import json
import os
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, eventually, raises, run  # noqa: E402
from flight_calls import act, append, put, read  # noqa: E402

URL, PLACE = sys.argv[1:3]
US = datetime.timedelta(microseconds=1)
DAY = datetime.timedelta(days=1)
AT = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, hour=10, minute=30, microsecond=123456) - 2 * DAY
AGE = 90 * DAY
BOUND = AT - AGE
LIMITS = {"retention": {"age": "90d"}}


def put_parts(client, key, tables, options):
    """As one part for each table."""
    put(client, key, tables[0], options=options)
    for table in tables[1:]:
        append(client, key, table)
        act(client, "flush", key=key)


def describe(client, key):
    return act(client, "describe", key=key)


def files(key):
    return glob.glob(f"{PLACE}/cold/**/{key}*.parquet", recursive=True)


def times(*values, kind=pa.timestamp("us"), start=0):
    numbers = range(start, start + len(values))
    symbols = pa.array([f"S{n % 3}" for n in numbers]).dictionary_encode()
    return pa.table({"ts": pa.array(values, kind), "n": pa.array(numbers, pa.int64()), "symbol": symbols})


def retention(client, key, **more):
    return act(client, "retention", glob=key, **{"at": AT.isoformat() + "Z", **more})


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def assert_goes(client, key, *, parts, rewritten, kept):
    """Has the rows go, after a dry run; `kept` are the numbers of those that stay, in order."""
    before, state = read(client, key), describe(client, key)
    (told,) = retention(client, key, dry_run=True)
    assert describe(client, key) == state
    assert read(client, key).equals(before)
    assert told["error"] is None, told
    assert (told["parts"], told["rewritten_parts"]) == (parts, rewritten), told
    assert told["rows"] == before.num_rows - len(kept), told
    counted = act(client, "stats")["retention"]["removed"]
    (done,) = retention(client, key)
    assert done == told, (done, told)
    stats = act(client, "stats")["retention"]
    assert {name: stats["removed"][name] - counted[name] for name in counted} == {
        name: done[name] for name in ("rows", "parts", "bytes")
    }, (stats, counted)
    last = stats["last_removed"]
    assert {name: last[name] for name in last if name != "time"} == {name: done[name] for name in last if name != "time"}
    assert abs(datetime.datetime.fromisoformat(last["time"]) - now()) < DAY, last
    expected = before.filter(pc.is_in(before["n"], pa.array(kept, pa.int64())))
    assert expected["n"].to_pylist() == kept
    for _ in range(2):
        after = read(client, key)
        assert after.schema.equals(before.schema, check_metadata=True)
        assert after["ts"].equals(expected["ts"]) and after["n"].to_pylist() == kept, after["n"].to_pylist()
        assert after["symbol"].to_pylist() == expected["symbol"].to_pylist()
        act(client, "evict", key=key)
    assert describe(client, key)["parts"] == state["parts"] - parts
    (again,) = retention(client, key)
    assert (again["parts"], again["rewritten_parts"], again["rows"]) == (0, 0, 0), again
    assert act(client, "check", glob=key)["problems"] == []


@check
def whole_and_straddling_parts(client):
    """whole parts that are too old go, one that straddles the limit loses its old rows, to the microsecond"""
    tables = [
        times(BOUND - 9 * DAY, BOUND - US, start=0),
        times(BOUND + US, BOUND - US, BOUND, None, BOUND - DAY, start=2),
        times(BOUND, BOUND + DAY, start=7),
    ]
    put_parts(client, "whole", tables, LIMITS)
    assert_goes(client, "whole", parts=1, rewritten=1, kept=[2, 4, 5, 7, 8])


@check
def what_stays_is_not_read_again(client):
    """parts that a commit leaves alone stay in memory; of the others a reader gets what is new from the disk"""
    tables = [
        times(BOUND - 9 * DAY, start=0),
        times(BOUND, BOUND + DAY, start=1),
        times(BOUND - US, BOUND + US, start=3),
        times(BOUND + DAY, BOUND, start=5),
    ]
    put_parts(client, "hot", tables[:2], LIMITS)
    misses = act(client, "stats")["cache"]["misses"]
    assert read(client, "hot")["n"].to_pylist() == [0, 1, 2]
    retention(client, "hot")
    assert read(client, "hot")["n"].to_pylist() == [1, 2]
    assert act(client, "stats")["cache"]["misses"] == misses, "a whole part is gone, and the rest is in memory"
    for table in tables[2:]:
        append(client, "hot", table)
        act(client, "flush", key="hot")
    retention(client, "hot")
    assert not describe(client, "hot")["cached"]
    whole, hot = read(client, "hot"), describe(client, "hot")
    assert whole["n"].to_pylist() == [1, 2, 4, 5, 6] and hot["cached"]
    act(client, "evict", key="hot")
    assert read(client, "hot").to_pylist() == whole.to_pylist()


@check
def limits_are_tried(client):
    """limits that no dataset has yet can be tried in a dry run, and only there"""
    put_parts(client, "tried", [times(BOUND - DAY, BOUND - US, start=0), times(BOUND, start=2)], {})
    assert retention(client, "tried") == []
    (told,) = retention(client, "tried", dry_run=True, retention={"age": "90d"})
    assert (told["parts"], told["rewritten_parts"], told["rows"]) == (1, 0, 2), told
    assert read(client, "tried").num_rows == 3
    raises(pa.ArrowInvalid, "dry run", lambda: retention(client, "tried", retention={"age": "90d"}))
    raises(pa.ArrowInvalid, "age", lambda: retention(client, "tried", dry_run=True, retention={"age": "soon"}))


@check
def every_kind_of_time(client):
    """columns of seconds to nanoseconds, with a zone and without, and dates have the same limit"""
    day = datetime.datetime.combine(BOUND.date(), datetime.time())
    kinds = {
        "ms": (pa.timestamp("ms"), [BOUND.replace(microsecond=123000), BOUND.replace(microsecond=124000)], [1, 2]),
        "s": (pa.timestamp("s"), [BOUND.replace(microsecond=0), BOUND.replace(microsecond=0) + 1_000_000 * US], [1, 2]),
        "us_zone": (pa.timestamp("us", "UTC"), [BOUND - US, BOUND], [1, 2]),
        "us_berlin": (pa.timestamp("us", "Europe/Berlin"), [BOUND - US, BOUND], [1, 2]),
        "ns": (pa.timestamp("ns"), [BOUND - US, BOUND], [1, 2]),
        "date": (pa.date32(), [day, day + DAY], [1, 2]),
    }
    for name, (kind, values, kept) in kinds.items():
        if name == "us_berlin" or name == "us_zone":
            values = [value.replace(tzinfo=datetime.timezone.utc) for value in values]
        last = values[-1] + 5 * DAY
        column = {"retention": {"age": "90d", "column": "ts"}}
        put(client, f"kind_{name}", times(*values, last, kind=kind), options=column)
        assert_goes(client, f"kind_{name}", parts=0, rewritten=1, kept=kept)


@check
def nanoseconds(client):
    """one nanosecond before the limit is too old"""
    bound = int(BOUND.replace(tzinfo=datetime.timezone.utc).timestamp()) * 10**9 + 123456000
    table = times(bound - 1, bound, bound + 1, kind=pa.timestamp("ns"))
    put(client, "nanoseconds", table, options=LIMITS)
    assert_goes(client, "nanoseconds", parts=0, rewritten=1, kept=[1, 2])


@check
def partitioned(client):
    """of a partitioned dataset whole days go, the day of the limit loses rows and stays where it was, rows without time stay"""
    options = {**LIMITS, "partition_by": {"column": "ts", "every": "day"}}
    put(client, "days", times(BOUND - 2 * DAY, BOUND - DAY, BOUND - US, BOUND, BOUND + DAY, None), options=options)
    assert describe(client, "days")["parts"] == 5
    assert_goes(client, "days", parts=2, rewritten=1, kept=[3, 4, 5])
    names = [part["name"] for part in describe(client, "days")["part_list"]]
    assert BOUND.strftime("days_%Y%m%d") in names[0], names


@check
def by_size(client):
    """by size the parts with the oldest rows go until the others are within it; the youngest part stays whatever it has"""
    tables = [times(AT - 3 * DAY, start=0), times(AT - 9 * DAY, start=1), times(AT - DAY, start=2)]
    put_parts(client, "size", tables, {})
    sizes = [part["size_bytes"] for part in describe(client, "size")["part_list"]]
    act(client, "configure", key="size", options={"retention": {"size": sizes[0] + sizes[2]}})
    assert_goes(client, "size", parts=1, rewritten=0, kept=[0, 2])
    act(client, "configure", key="size", options={"retention": {"size": 1}})
    assert_goes(client, "size", parts=1, rewritten=0, kept=[2])


@check
def log_rows(client):
    """rows that are in the log alone are left until they are in a part; stats tells how old the oldest is"""
    put(client, "logged", times(BOUND, start=0), options=LIMITS)
    append(client, "logged", times(BOUND - DAY, start=1))
    (done,) = retention(client, "logged")
    assert (done["rows"], done["parts"]) == (0, 0), done
    lags = [act(client, "stats")["tiers"]["log"]["lag_ms"] for _ in range(2)]
    assert 0 <= lags[0] <= lags[1], lags
    assert read(client, "logged")["n"].to_pylist() == [0, 1]
    act(client, "flush", key="logged")
    assert act(client, "stats")["tiers"]["log"]["lag_ms"] is None
    assert_goes(client, "logged", parts=1, rewritten=0, kept=[0])


@check
def readers_go_on(client):
    """a reader in the middle of a stream gets every row that was there, and its files go after it"""
    count = 2_000_000
    values = pa.array(range(count), pa.int64())
    base = pa.scalar(int(BOUND.replace(tzinfo=datetime.timezone.utc).timestamp()) * 10**6 + 123456, pa.int64())
    stamps = pc.add(pc.subtract(values, count // 2), base).cast(pa.timestamp("us"))
    put(client, "stream", pa.table({"ts": stamps, "n": pc.multiply(values, 7919)}), options=LIMITS)
    act(client, "evict", key="stream")
    reader = client.do_get(fl.Ticket(json.dumps({"key": "stream"}).encode()))
    batches = [reader.read_chunk().data]
    (done,) = retention(client, "stream")
    assert (done["rows"], done["rewritten_parts"]) == (count // 2, 1), done
    assert len(files("stream")) == 2
    batches += [chunk.data for chunk in reader]
    table = pa.Table.from_batches(batches)
    assert table["n"].equals(pa.chunked_array([pc.multiply(values, 7919)]))
    assert read(client, "stream")["n"].to_pylist() == [n * 7919 for n in range(count // 2, count)]
    eventually(lambda: len(files("stream")) == 1)


def history(client):
    """a version of the past still has the rows that are gone"""
    put(client, "past", times(BOUND - US, BOUND), options=LIMITS)
    version = describe(client, "past")["version"]
    assert_goes(client, "past", parts=0, rewritten=1, kept=[1])
    assert read(client, "past", version=version)["n"].to_pylist() == [0, 1]


@check
def refusals(client):
    """limits and instants that cannot be are refused by name"""
    put(client, "plain", pa.table({"n": [1]}))
    put(client, "two", pa.table({"a": times(AT)["ts"], "b": times(AT)["ts"]}))
    invalid = (fl.FlightServerError, pa.ArrowInvalid)
    for key, limits, problem in [
        ("plain", {"age": "1d"}, "no single timestamp column"),
        ("two", {"age": "1d"}, "no single timestamp column"),
        ("two", {"age": "1d", "column": "c"}, 'column "c" does not exist'),
        ("plain", {"age": "1d", "column": "n"}, 'column "n" is no timestamp or date'),
        ("plain", {"age": "soon"}, "expected a time"),
        ("plain", {"age": "0"}, "expected a time"),
        ("plain", {"size": "much"}, "expected a size"),
        ("plain", {}, "expected an age, a size or both"),
    ]:
        raises(invalid, problem, lambda: act(client, "configure", key=key, options={"retention": limits}))
    tomorrow = (datetime.datetime.now(datetime.timezone.utc) + DAY).isoformat()
    raises(invalid, "is an instant to come", lambda: act(client, "retention", at=tomorrow))
    raises(invalid, "is no timestamp", lambda: act(client, "retention", at="yesterday"))
    assert retention(client, "plain") == []


@check
def in_the_background(client):
    """without being asked the server has whole parts go, and rewrites one whose rows are late by a tenth of the age"""
    put_parts(client, "alone", [times(BOUND - DAY, start=0), times(BOUND - 20 * DAY, AT, start=1)], LIMITS)
    # Looked at before the other one.
    today = now().replace(tzinfo=None)
    put(client, "ahead", times(today - 90 * DAY - DAY / 2, today), options=LIMITS)
    act(client, "compaction", do="resume")
    eventually(lambda: read(client, "alone")["n"].to_pylist() == [2], 30)
    assert read(client, "ahead")["n"].to_pylist() == [0, 1]


client = fl.connect(URL)
act(client, "compaction", do="pause")
if PLACE == "history":
    check(history)
run(client, only="history" if PLACE == "history" else None)
