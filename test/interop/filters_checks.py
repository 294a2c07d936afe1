"""
Filters of the values of parts. Usage: filters_checks.py make|kept|joined grpc://HOST:PORT CATALOG

`make` stores a dataset by day and compacts it; `kept` looks whether a value opens the parts that have it; `joined` has the
real ducklake extension insert rows, whose part has no filter. A part that seems to have a value is allowed now and then.
"""

import datetime
import json
import os
import random
import re
import sys

import adbc_driver_flightsql.dbapi as adbc
import duckdb
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import ducklake  # noqa: E402
from checks import check, run  # noqa: E402

STEP, URL, CATALOG = sys.argv[1:4]
START = datetime.datetime(2026, 2, 1)
DAYS, ROWS = 12, 600
ACCOUNTS = [f"account-{index:05}" for index in range(4000)]
SCHEMA = pa.schema(
    [("ts", pa.timestamp("us")), ("account", pa.dictionary(pa.int32(), pa.utf8())), ("order_id", pa.int64()), ("venue", pa.int16()), ("note", pa.utf8())]
)


def rows_of(day):
    rng = random.Random(day)
    for index in range(ROWS):
        yield {
            "ts": START + datetime.timedelta(days=day, seconds=index),
            "account": rng.choice(ACCOUNTS + [None]),
            "order_id": rng.randrange(-(2**52), 2**52),
            "venue": rng.choice([7, 900] if day % 2 else [7, 40, 900]),
            "note": f"a\0{rng.randrange(2**40)}",
        }


def table_of(rows):
    rows = list(rows)
    return pa.table([pa.array([row[name] for row in rows], SCHEMA.field(name).type) for name in SCHEMA.names], schema=SCHEMA)


ALL = [list(rows_of(day)) for day in range(DAYS)]


def act(client, action, **fields):
    (result,) = client.do_action(fl.Action(action, json.dumps(fields).encode()))
    return json.loads(result.body.to_pybytes())


def query(client, sql):
    return client.do_get(fl.Ticket(json.dumps({"sql": sql}).encode())).read_all()


def opened(client, condition):
    plan = act(client, "explain", sql=f"SELECT * FROM orders WHERE {condition}")["plan"]
    (found,) = re.findall(r"^parts: (\d+) of (\d+)$", plan, re.M)
    return int(found[0])


def days_with(column, *values):
    return sum(any(row[column] in values for row in rows) for rows in ALL)


def literal(value):
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def sample(column, count):
    rng = random.Random(count)
    present = [row[column] for rows in ALL for row in rows if row[column] is not None]
    absent = {"account": "account-02000x", "order_id": 17, "note": "b"}[column]
    return [rng.choice(present) for _ in range(count)] + [absent]


@check
def made(client):
    """a dataset by day is stored and compacted"""
    if STEP != "make":
        return
    command = json.dumps({"key": "orders", "options": {"partition_by": {"column": "ts", "every": "day"}}})
    writer, _ = client.do_put(fl.FlightDescriptor.for_command(command), SCHEMA)
    for rows in ALL:
        writer.write_table(table_of(rows))
    writer.close()
    assert opened(client, "account = 'account-02000x'") == DAYS, "parts as they were written have no filters"
    act(client, "compact", key="orders")


@check
def one_value(client):
    """a value of thousands opens the parts that have it, in texts and in numbers"""
    extra = 0
    for column in ("account", "order_id"):
        for value in sample(column, 40):
            some = opened(client, f"{column} = {literal(value)}")
            extra += some - days_with(column, value)
            assert some >= days_with(column, value), value
    assert 0 <= extra <= 20, extra
    # Few values are listed, of numbers too: bounds alone would open all.
    assert opened(client, "venue = 40") == DAYS // 2
    assert opened(client, "venue = 41") == 0


@check
def several(client):
    """a list opens the parts that have one of its values, together with other conditions those that meet all"""
    values = sample("account", 3)
    condition = f"account IN ({', '.join(map(literal, values))})"
    wanted = days_with("account", *values)
    assert wanted <= opened(client, condition) <= wanted + 2
    assert opened(client, f"{condition} AND ts < '2026-02-01 12:00:00'") <= 1
    many = ", ".join(f"'account-01000 {index}'" for index in range(11_000))
    assert opened(client, f"account IN ({many})") == DAYS, "too many values to look for"
    assert opened(client, "account = 'account-02000x' OR venue = 7") == DAYS


@check
def the_same_rows(client):
    """what filters leave out has no row of the answer"""
    for column in ("account", "order_id", "note"):
        for value in sample(column, 15):
            wanted = f"{column} = {literal(value)}"
            if "\0" in wanted:
                wanted = f"{column} = 'a' || chr(0) || {literal(value[2:])}"
            plain = query(client, f"SELECT count(*) AS c, min(ts) AS t FROM orders WHERE {wanted}").to_pylist()
            assert plain == query(client, f"SELECT count(*) AS c, min(ts) AS t FROM orders WHERE CASE WHEN {wanted} THEN true END").to_pylist()
    (value, *_) = sample("account", 1)
    found = client.do_get(fl.Ticket(json.dumps({"key": "orders", "where": f"account = '{value}'"}).encode())).read_all()
    assert found["account"].to_pylist() == [value] * sum(row["account"] == value for rows in ALL for row in rows)


@check
def bound_values(client):
    """values that are bound are looked for as constants are"""
    with adbc.connect(URL) as connection, connection.cursor() as cursor:
        for column, type_ in (("account", pa.utf8()), ("order_id", pa.int64())):
            for value in sample(column, 5):
                batch = pa.record_batch([pa.array([value], type_)], names=["0"])
                cursor.execute(f"SELECT count(*) FROM orders WHERE {column} = ?", batch)
                assert cursor.fetchone()[0] == sum(row[column] == value for rows in ALL for row in rows)
                cursor.execute(f"EXPLAIN ANALYZE SELECT * FROM orders WHERE {column} = ?", batch)
                read = re.findall(r"Total Files Read: (\d+)", str(cursor.fetchall()))
                assert sum(map(int, read)) <= days_with(column, value) + 1, (value, read)


@check
def inside_of_the_files(client):
    """texts of many values have Parquet's bloom filters in compacted files, and those of few have none"""
    if STEP != "make":
        return
    names = {"desks": 400, "sides": 2}
    for key, count in names.items():
        texts = pa.table({"t": [f"{key} {index % count}" for index in range(8000)]})
        writer, _ = client.do_put(fl.FlightDescriptor.for_path(key), texts.schema)
        writer.write_table(texts)
        writer.close()
        act(client, "compact", key=key)
    con = duckdb.connect()
    path = {key: os.path.join(os.path.dirname(CATALOG), "cold", act(client, "describe", key=key)["part_list"][0]["name"]) for key in names}
    probe = "SELECT bloom_filter_excludes FROM parquet_bloom_probe($1, 't', $2)"
    assert con.execute(probe, [path["desks"], "desks 17"]).fetchall() == [(False,)]
    absent = [con.execute(probe, [path["desks"], f"desks {index} x"]).fetchone()[0] for index in range(100)]
    assert sum(absent) >= 90, sum(absent)
    metadata = "SELECT count(bloom_filter_offset) FROM parquet_metadata($1)"
    assert [con.execute(metadata, [path[key]]).fetchone()[0] for key in names] == [1, 0]


@check
def inserted(client):
    """rows that the ducklake extension has inserted are found, though their part has no filter"""
    if STEP != "joined":
        return
    (value, *_) = sample("account", 1)
    before = opened(client, f"account = '{value}'")
    lake = ducklake.connect(CATALOG)
    lake.execute("INSERT INTO lake.orders VALUES ('2026-03-01', 'a new account', 17, 41, 'n')")
    lake.close()
    assert query(client, "SELECT note FROM orders WHERE account = 'a new account'").to_pylist() == [{"note": "n"}]
    assert query(client, "SELECT note FROM orders WHERE order_id = 17 AND venue = 41").to_pylist() == [{"note": "n"}]
    assert before <= opened(client, f"account = '{value}'") <= before + 1


run(fl.connect(URL))
