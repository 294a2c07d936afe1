"""
Reads that leave parts out, beside the same reads that cannot. Usage: pruning_checks.py grpc://HOST:PORT

Each condition is asked as it stands, which lets parts be left out, and inside of CASE, of which nobody can tell
what it leaves: both must give the same rows.
"""

import datetime
import json
import os
import random
import re
import sys

import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, run  # noqa: E402
from flight_calls import act, put, query  # noqa: E402

URL = sys.argv[1]
START = datetime.datetime(2026, 2, 1)
DAYS, SYMBOLS = 20, ("BTC", "ETH", "SOL", "ADA")


def opened(client, sql):
    (found,) = re.findall(r"^parts: (\d+) of (\d+)$", act(client, "explain", sql=sql)["plan"], re.M)
    return tuple(map(int, found))


def table_of(rng, day):
    count = 200
    start = START + datetime.timedelta(days=day)
    # The first is the one that a condition on the day before has to leave out.
    times = [start] + [start + datetime.timedelta(microseconds=rng.randrange(86_400_000_000)) for _ in range(count - 1)]
    price = [rng.choice([None, float("nan"), 0.0, -0.0]) if rng.random() < 0.02 and day % 3 == 0 else day * 10 + rng.random() for _ in range(count)]
    return pa.table(
        {
            "ts": pa.array(times, pa.timestamp("us")),
            "zoned": pa.array(times, pa.timestamp("us", "UTC")),
            "ns": pa.array(times, pa.timestamp("ns")),
            "day": pa.array([time.date() for time in times]),
            "symbol": pa.array([None if rng.random() < 0.02 else SYMBOLS[(day + rng.randrange(2)) % 4] for _ in range(count)]).dictionary_encode(),
            "price": pa.array(price),
            "n": pa.array([day * 1000 + i for i in range(count)], pa.int64()),
            "small": pa.array([day - 10] * count, pa.int16()),
        }
    )


def conditions(rng):
    at = START + datetime.timedelta(days=rng.uniform(-1, DAYS + 1))
    text = at.strftime(rng.choice(["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M", "%Y-%m-%d"]))
    with_seconds = text + {10: " 00:00:00", 16: ":00"}.get(len(text), "")
    column, value = rng.choice(
        [
            ("ts", f"TIMESTAMP '{text}'"),
            ("ts", f"'{text}'"),
            ("ts", f"DATE '{text[:10]}'"),
            ("ts", f"TIMESTAMP_NS '{text}'"),
            ("zoned", f"TIMESTAMPTZ '{with_seconds}+00'"),
            ("zoned", f"TIMESTAMPTZ '{at:%Y-%m-%d %H:%M:%S}+05'"),
            ("ns", f"TIMESTAMP_NS '{at:%Y-%m-%d %H:%M:%S}.123456789'"),
            ("day", f"DATE '{text[:10]}'"),
            ("day", f"'{text[:10]}'"),
            ("day", f"TIMESTAMP '{text}'"),
            ("symbol", f"'{rng.choice(SYMBOLS + ('XRP', 'a', ''))}'"),
            ("price", str(rng.choice([0, -0.5, 55, 55.5, 199.99, 500, "1e2"]))),
            ("n", str(rng.choice([-1, 0, 5000, 5000.5, 5199, 5200, 19_199, 10**17]))),
            ("small", str(rng.choice([-10, -11, 3, 3.5, 9, 100]))),
        ]
    )
    name = rng.choice([column, f"t.{column}", f'"{column}"', column.upper()])
    kind = rng.randrange(4)
    if kind == 0:
        return f"{name} IN ({value}, {value})"
    if kind == 1:
        return f"{name} BETWEEN {value} AND {value}"
    operator = rng.choice(["=", "<", "<=", ">", ">=", "<>"])
    return f"{name} {operator} {value}" if kind == 2 else f"{value} {operator} {name}"


@check
def the_same_rows(client):
    """a condition that leaves parts out gives the rows that it gives over all parts"""
    seed = random.randrange(2**32)
    print("seed", seed, file=sys.stderr)
    rng = random.Random(seed)
    tables = [table_of(rng, day) for day in range(DAYS)]
    put(client, "t", tables[0], options={"partition_by": {"column": "ts", "every": "day"}})
    for table in tables[1:]:
        writer, reader = client.do_put(fl.FlightDescriptor.for_command(json.dumps({"key": "t", "mode": "append"})), table.schema)
        writer.write_table(table)
        writer.close()
        act(client, "flush", key="t")
    pruned = 0
    for compacted in (False, True):
        if compacted:
            act(client, "compact", key="t")
        for _ in range(100):
            wanted = " AND ".join(conditions(rng) for _ in range(rng.choice([1, 1, 2, 3])))
            sql = "SELECT count(*) c, sum(n) s, min(ts) a, max(ts) z FROM t WHERE "
            plain, blind = query(client, sql + wanted), query(client, sql + f"CASE WHEN {wanted} THEN true ELSE false END")
            assert plain.to_pylist() == blind.to_pylist(), wanted
            some, of = opened(client, sql + wanted)
            assert of == DAYS and opened(client, sql + f"CASE WHEN {wanted} THEN true ELSE false END") == (DAYS, DAYS)
            pruned += some < of
    assert pruned > 100, pruned


@check
def one_part(client):
    """an hour opens the part of its day, a symbol those that have it, also by a range ticket and with rows in the log"""
    hour = "ts >= '2026-02-05 10:00:00' AND ts < '2026-02-05 11:00:00'"
    assert opened(client, f"SELECT * FROM t WHERE {hour}") == (1, DAYS)
    assert opened(client, "SELECT * FROM t WHERE ts >= '2026-02-05' AND ts < '2026-02-06'") == (1, DAYS)
    assert opened(client, "SELECT * FROM t WHERE ts > '2026-02-05 00:00' AND ts < '2026-02-05 23:59'") == (1, DAYS)
    assert opened(client, "SELECT * FROM t WHERE ts < '2026-02-01'") == (0, DAYS)
    assert opened(client, f"SELECT * FROM t x WHERE x.symbol = 'BTC' AND {hour}")[0] <= 1
    # Bounds alone would open those between ADA and SOL.
    assert opened(client, "SELECT * FROM t WHERE symbol = 'BTC'")[0] <= DAYS // 2 + 1
    assert opened(client, "SELECT * FROM t WHERE symbol = 'XRP'") == (0, DAYS)
    assert query(client, "SELECT * FROM t WHERE symbol = 'XRP'").num_rows == 0
    assert opened(client, "SELECT * FROM t TABLESAMPLE 50% WHERE n < 0") == (DAYS, DAYS)
    late = table_of(random.Random(1), 4)
    writer, _ = client.do_put(fl.FlightDescriptor.for_command(json.dumps({"key": "t", "mode": "append"})), late.schema)
    writer.write_table(late)
    writer.close()
    request = {"key": "t", "start": "2026-02-05T10:00:00", "end": "2026-02-05T11:00:00"}
    found = client.do_get(fl.Ticket(json.dumps(request).encode())).read_all()
    everything = client.do_get(fl.Ticket(json.dumps({"key": "t"}).encode())).read_all()
    start, end = datetime.datetime(2026, 2, 5, 10), datetime.datetime(2026, 2, 5, 11)
    assert found["n"].to_pylist() == [row["n"] for row in everything.to_pylist() if start <= row["ts"] < end]
    put(client, "u_1", table_of(random.Random(1), 1))
    put(client, "u_2", table_of(random.Random(2), 2).rename_columns(["ts", "zoned", "ns", "day", "symbol", "price", "n", "other"]))
    assert set(query(client, """SELECT * FROM "u_*" WHERE n < 2000""").column_names) >= {"other", "small"}


def bound(rng):
    at = START + datetime.timedelta(days=rng.uniform(-1, DAYS + 1))
    return rng.choice(
        [
            ("ts", at, pa.timestamp("us")),
            ("ts", at, pa.timestamp("ns")),
            ("ts", at.date(), pa.date32()),
            ("zoned", at, pa.timestamp("us", "UTC")),
            ("ns", at, pa.timestamp("ns")),
            ("ns", at, pa.timestamp("us")),
            ("day", at.date(), pa.date32()),
            ("day", at, pa.timestamp("us")),
            ("symbol", rng.choice(SYMBOLS + ("XRP", "a", "", None)), pa.string()),
            ("price", rng.choice([0, -0.5, 55.5, 199.99, 500, float("nan"), float("inf"), None]), pa.float64()),
            ("price", rng.choice([0, 55, 500]), pa.int64()),
            ("n", rng.choice([-1, 0, 5000, 5199, 5200, 19_199, 10**17, None]), pa.int64()),
            ("n", rng.choice([0, 5000.5, 5199.5]), pa.float64()),
            ("small", rng.choice([-10, -11, 3, 9, 100]), pa.int16()),
        ]
    )


@check
def bound_values(client):
    """values that are bound leave parts out as constants do, and give the rows that they give over all parts"""
    seed = random.randrange(2**32)
    print("seed", seed, file=sys.stderr)
    rng = random.Random(seed)
    act(client, "flush", key="t")
    with adbc.connect(URL) as connection, connection.cursor() as cursor:

        def answer(sql, chosen):
            columns = [pa.array([value], type_) for _, value, type_ in chosen]
            cursor.execute(sql, pa.record_batch(columns, names=[str(i) for i in range(len(columns))]))
            return cursor.fetch_arrow_table()

        for _ in range(100):
            chosen = [bound(rng) for _ in range(rng.choice([1, 1, 2]))]
            tests = [rng.choice(["{} = ?", "{} < ?", "{} >= ?", "? < {}", "{} IN (?)"]).format(name) for name, _, _ in chosen]
            wanted = " AND ".join(tests)
            sql = "SELECT count(*) c, sum(n) s, min(ts) a, max(ts) z FROM t WHERE "
            plain = answer(sql + wanted, chosen)
            assert plain == answer(sql + f"CASE WHEN {wanted} THEN true ELSE false END", chosen), (wanted, chosen)
        read = []
        for day in range(0, DAYS, 3):
            noon = START + datetime.timedelta(days=day, hours=12)
            chosen = [("ts", noon, pa.timestamp("us")), ("ts", noon + datetime.timedelta(hours=1), pa.timestamp("us"))]
            plan = str(answer("EXPLAIN ANALYZE SELECT * FROM t WHERE ts >= ? AND ts < ?", chosen).to_pylist())
            read += re.findall(r"Total Files Read: (\d+)", plan)
            found = answer("SELECT DISTINCT day FROM t WHERE ts BETWEEN ? AND ?", chosen)["day"].to_pylist()
            assert found == [noon.date()], found
        assert read == ["1"] * len(range(0, DAYS, 3)), read


run(fl.connect(URL))
