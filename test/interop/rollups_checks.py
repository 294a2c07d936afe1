"""
Rollups through pyarrow and ADBC: which queries they can have, and what is told of them. Usage: rollups_checks.py grpc://HOST:PORT

What they give is in test/property/rollup_steps.py.
"""

import json
import os
import sys
from datetime import datetime, timedelta

import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, raises, run  # noqa: E402

URL = sys.argv[1]
SCHEMA = pa.schema([("ts", pa.timestamp("us", "UTC")), ("symbol", pa.utf8()), ("price", pa.float64()), ("day", pa.date32())])
START = datetime(2026, 2, 3, 9)
REFUSED = (pa.ArrowInvalid, pa.ArrowException, fl.FlightError)
BARS = "SELECT symbol, time_bucket('1m', ts) AS minute, max(price) AS high, first(price) FROM ticks GROUP BY ALL"


def client():
    return fl.connect(URL)


def act(name, **body):
    results = client().do_action((name, json.dumps(body).encode()))
    return json.loads(b"".join(result.body.to_pybytes() for result in results))


def put(key, minutes, mode="append"):
    rows = [(START + timedelta(minutes=n, seconds=s), "AB"[s % 2], n + s / 4, START.date()) for n in minutes for s in range(4)]
    table = pa.table([list(column) for column in zip(*rows)], schema=SCHEMA)
    command = json.dumps({"key": key, "mode": mode})
    writer, _ = client().do_put(fl.FlightDescriptor.for_command(command), SCHEMA)
    writer.write_table(table)
    writer.close()


def read(key):
    return client().do_get(fl.Ticket(key.encode())).read_all()


def sql(text):
    with adbc.connect(URL, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetch_arrow_table()


@check
def refused_queries():
    """what a rollup cannot have is refused by name, and leaves no dataset"""
    bucket, by = "time_bucket('1m', ts) AS m", "FROM ticks GROUP BY ALL"
    refused = {
        "has no ORDER": f"SELECT {bucket}, max(price) {by} ORDER BY m",
        "has no LIMIT": f"SELECT {bucket}, max(price) {by} LIMIT 3",
        "has no DISTINCT": f"SELECT DISTINCT {bucket}, max(price) {by}",
        "has no window functions": f"SELECT {bucket}, sum(max(price)) OVER () {by}",
        "without joins": f"SELECT {bucket}, max(t.price) FROM ticks t JOIN ticks u USING (ts) GROUP BY ALL",
        "holds no other query": f"SELECT {bucket}, (SELECT 1), max(price) {by}",
        "has no WITH": f"WITH x AS (SELECT 1) SELECT {bucket}, max(price) {by}",
        "is one SELECT": f"SELECT {bucket}, max(price) {by} UNION ALL SELECT {bucket}, min(price) {by}",
        "without AT": f"SELECT {bucket}, max(price) FROM ticks AT (VERSION => 1) GROUP BY ALL",
        "has no parameters": f"SELECT {bucket}, max(price) + ? {by}",
        "it has no star": f"SELECT {bucket}, * {by}",
        "changes though the rows do not": f"SELECT {bucket}, max(price) FROM ticks WHERE ts < now() GROUP BY ALL",
        "any_value(), which may differ": f"SELECT {bucket}, any_value(price) {by}",
        "names the order of list()": f"SELECT {bucket}, list(price) {by}",
        "one time_bucket(INTERVAL, column), not 0": f"SELECT symbol, max(price) {by}",
        "one time_bucket(INTERVAL, column), not 2": f"SELECT {bucket}, time_bucket('1h', ts) AS h, max(price) {by}",
        "with these two arguments": f"SELECT time_bucket('1m', ts, TIMESTAMP '2000-01-01') AS m, max(price) {by}",
        "column of dates or timestamps": f"SELECT time_bucket('1m', price) AS m, max(price) {by}",
        "whole days": f"SELECT time_bucket('1m', day) AS m, max(price) {by}",
        "longer than nothing": f"SELECT time_bucket('0s', ts) AS m, max(price) {by}",
        "an INTERVAL that is written out": "SELECT time_bucket(to_seconds(1 + 1), ts) AS m, max(price) FROM ticks GROUP BY ALL",
        "add GROUP BY ALL": f"SELECT {bucket}, max(price) FROM ticks",
        "and nothing else": f"SELECT {bucket}, symbol, max(price) FROM ticks GROUP BY m, symbol, price",
        "not a series": f"SELECT {bucket}, max(price) FROM \"tick*\" GROUP BY ALL",
        "Function system() is not allowed": f"SELECT {bucket}, system('x') {by}",
        "does not exist": f"SELECT {bucket}, max(price) FROM nothing GROUP BY ALL",
        "sql": None,
    }
    put("ticks", range(3), "replace")
    put("ticks2", range(3), "replace")
    for reason, text in refused.items():
        body = {"key": "refused"} if text is None else {"key": "refused", "sql": text}
        raises((*REFUSED, KeyError), reason, lambda body=body: act("rollup", **body))
    assert all(dataset["key"] != "refused" for dataset in act("list"))
    act("drop", key="ticks2")


@check
def refused_changes():
    """a rollup takes rows from its source alone, and keeps its source; a rollup of it is refused"""
    made = act("rollup", key="bars", sql=BARS)
    assert made["source"] == {"schema": "main", "key": "ticks"} and made["order"] == ["minute", "symbol"], made
    raises(REFUSED, "exists already", lambda: act("rollup", key="bars", sql=BARS))
    for mode in ("append", "replace"):
        raises(REFUSED, 'is a rollup of "ticks"', lambda mode=mode: put("bars", [1], mode))
    for text in ("INSERT INTO bars SELECT * FROM bars", "UPDATE bars SET high = 1", "DELETE FROM bars"):
        raises((*REFUSED, adbc.Error), 'is a rollup of "ticks"', lambda text=text: execute(text))
    raises(REFUSED, 'cannot be dropped while it has rollups: drop "bars" first', lambda: act("drop", key="ticks"))
    raises(REFUSED, "is a rollup itself", lambda: act("rollup", key="of", sql=BARS.replace("ts)", "minute)").replace("ticks", "bars").replace("price", "high")))
    other = pa.table({"ts": pa.array([1], pa.int64())})
    writer, _ = client().do_put(fl.FlightDescriptor.for_path("ticks"), other.schema)
    writer.write_table(other)
    raises(REFUSED, "cannot be given other columns while it has rollups", writer.close)
    assert read("bars").num_rows == 6


def execute(text):
    with adbc.connect(URL, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(text)


@check
def no_limits_of_its_own():
    """a rollup has no retention, neither of its own nor by one that is tried for all: it has what its source gives"""
    put("kept", [0, 1])
    act("rollup", key="kept_bars", sql=BARS.replace("ticks", "kept"))
    act("flush", key="kept_bars")
    raises(REFUSED, "its rows come from there alone", lambda: act("configure", key="kept_bars", options={"retention": {"age": "1d"}}))
    tried = act("retention", glob="kept*", dry_run=True, at="2026-06-01T00:00:00Z", retention={"age": "1d"})
    assert [(each["key"], each["error"]) for each in tried] == [("kept", None)], tried
    act("drop", key="kept_bars")
    act("drop", key="kept")


@check
def told():
    """describe, stats and explain tell what a rollup is of, its watermark, its lag and what a read of it takes"""
    act("flush", key="bars")
    put("ticks", [10])
    before = act("describe", key="bars")["rollup"]
    assert before == {
        "sql": BARS,
        "source": {"schema": "main", "key": "ticks"},
        "order": ["minute", "symbol"],
        "watermark": "2026-02-03T09:02:00.000000Z",
        "latest": "2026-02-03T09:02:03.000000Z",
        "lag_ms": 3000,
    }, before
    assert act("describe", key="ticks")["rollup"] is None
    stats = act("stats")
    for work in ("compaction", "retention", "rollup_refresh"):
        assert (stats[work]["failed"], stats[work]["last_error"]) == (0, None), stats[work]
    (listed,) = stats["rollups"]
    assert listed["key"] == "bars" and listed["watermark"] == before["watermark"], listed
    (plan,) = act("explain", sql="SELECT * FROM bars")["rollups"]
    assert plan == {
        "key": "bars",
        "source": "ticks",
        "from": "2026-02-03T09:02:00.000000Z",
        "source_parts": 1,
        "source_parts_total": 1,
        "source_log_rows": 4,
    }, plan
    act("flush", key="ticks")
    act("flush", key="bars")
    put("ticks", [1])
    (plan,) = act("explain", sql="SELECT * FROM bars")["rollups"]
    assert plan["from"] == "2026-02-03T09:01:00.000000Z", "the late row in the log"
    act("flush", key="ticks")
    assert act("describe", key="bars")["rollup"]["watermark"] == "2026-02-03T09:01:00.000000Z", "the late part"
    act("flush", key="bars")
    assert act("describe", key="bars")["rollup"]["watermark"] == "2026-02-03T09:10:00.000000Z"
    (plan,) = act("explain", sql="SELECT * FROM bars")["rollups"]
    assert (plan["source_parts"], plan["source_parts_total"]) == (1, 3), plan
    act("compact", key="ticks")
    assert act("describe", key="bars")["rollup"]["watermark"] == "2026-02-03T09:10:00.000000Z", "the same rows"


@check
def transaction():
    """a transaction that changes the source reads the rollup of what it has changed"""
    with adbc.connect(URL) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ticks SET price = 1000 WHERE symbol = 'A'")
        cursor.execute("SELECT max(high) AS high FROM bars")
        assert cursor.fetchone() == (1000.0,)
        connection.rollback()
    assert sql("SELECT max(high) AS high FROM bars").to_pylist() != [{"high": 1000.0}]
    execute("UPDATE ticks SET price = 2000 WHERE symbol = 'A' AND ts = TIMESTAMPTZ '2026-02-03 09:00:00+00'")
    assert read("bars").to_pylist()[0]["high"] == 2000.0


@check
def zone():
    """a session with another time zone is told that the rollup is computed in UTC"""
    option = fl.SetSessionOptions if hasattr(fl, "SetSessionOptions") else None
    assert option is None, "pyarrow has no session options; ADBC sets them"
    with adbc.connect(URL, autocommit=True) as connection:
        connection.adbc_connection.set_options(**{"adbc.flight.sql.session.option.time_zone": "America/New_York"})
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM ticks")
            raises((adbc.Error,), "computed in UTC", lambda: cursor.execute("SELECT * FROM bars"))


@check
def series():
    """rollups are part of a series of SQL, and go with drop"""
    act("rollup", key="bars_2", sql=BARS)
    counts = sql('SELECT count(*) AS n, count(DISTINCT minute) AS minutes FROM "bars*"').to_pylist()
    assert counts == [{"n": 2 * read("bars").num_rows, "minutes": 4}], counts
    for key in ("bars_2", "bars", "ticks"):
        act("drop", key=key)
    assert act("list") == []


run()
