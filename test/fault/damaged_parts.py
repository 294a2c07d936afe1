"""
SQL over datasets of which a part is damaged, through pyarrow and ADBC. Usage: damaged_parts.py grpc://HOST:PORT put|read

`put` stores the datasets, each with a part for each of two days; before `read` the server is started again, and a byte of
the second part of each but `sound` is another. Each way of reading has a dataset of its own: damage is remembered.
"""

import datetime
import os
import sys

import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
import numpy as np
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, raises, run  # noqa: E402
from flight_calls import act, put, query, read  # noqa: E402

URL, PHASE = sys.argv[1:3]
ERRORS = (fl.FlightError, adbc_driver_manager.Error)
ROWS = 20_000
DAYS = [datetime.datetime(2026, 1, 1), datetime.datetime(2026, 1, 2)]
BY_DAY = {"partition_by": {"column": "ts", "every": "day"}}
# Which has to find it by itself, and what was written from it if it did not.
WAYS = {
    "queried": lambda client: query(client, "SELECT sum(x) FROM queried"),
    "limited": lambda client: query(client, "SELECT x FROM limited LIMIT 1"),
    "ranged": lambda client: read(client, "ranged", start="2026-01-02", columns=["x"]),
    "filtered": lambda client: read(client, "filtered", where="x > 0.5"),
    "rolled": lambda client: read(client, "daily"),
    "viewed": lambda client: query(client, "SELECT * FROM seen"),
    "joined": lambda client: query(client, "SELECT count(*) FROM sound JOIN joined ON sound.ts = joined.ts"),
    "footer": lambda client: query(client, "SELECT sum(x) FROM footer"),
    "prepared": lambda _: execute("SELECT * FROM prepared WHERE ts >= ?", [DAYS[1]]),
    "transacted": lambda _: execute("SELECT max(x) FROM transacted", autocommit=False),
    "copied": lambda _: execute("CREATE TABLE copy AS SELECT * FROM copied"),
    "inserted": lambda _: execute("INSERT INTO sound SELECT * FROM inserted"),
    "updated": lambda _: execute("UPDATE sound SET x = 0 WHERE x > (SELECT max(x) FROM updated)"),
}


def rows():
    """Noise: a byte of it that changes is another number, and no page that cannot be read."""
    times = [day + datetime.timedelta(microseconds=n) for day in DAYS for n in range(ROWS)]
    x = np.random.default_rng(1).random(len(times))
    return pa.table([pa.array(times, pa.timestamp("us")), x], names=["ts", "x"])


def execute(sql, parameters=None, autocommit=True):
    with flightsql.connect(URL, autocommit=autocommit) as connection, connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetch_arrow_table()


def store(client):
    for key in [*WAYS, "sound", "polled"]:
        put(client, key, rows(), options=BY_DAY)
    act(client, "rollup", key="daily", sql="SELECT time_bucket(INTERVAL '1 day', ts) AS day, sum(x) AS x FROM rolled GROUP BY ALL")
    execute("CREATE VIEW seen AS SELECT * FROM viewed")


@check
def damage_is_named(client):
    """every way to read by SQL ends with the name of the damaged part, the first time and later"""
    for key, way in WAYS.items():
        for _ in range(2):
            error = raises(ERRORS, f'Part {key}_20260102.parquet of "{key}" is damaged', lambda way=way: way(client))
            assert "[DATA_CORRUPT]" in str(error), error
    assert act(client, "stats")["damaged_parts"] == len(WAYS)


@check
def nothing_was_written(client):
    """no statement that writes has kept anything of the damaged part"""
    keys = {dataset["key"] for dataset in act(client, "list")}
    assert "copy" not in keys, keys
    assert query(client, "SELECT * FROM sound").equals(rows())


@check
def the_rest_is_read(client):
    """statements that leave the damaged part out, and those of other datasets, go on"""
    first_day = rows().slice(0, ROWS)
    for key in WAYS:
        if key == "footer":
            continue
        assert read(client, key, end="2026-01-02").equals(first_day), key
        assert query(client, f"SELECT * FROM {key} WHERE ts < TIMESTAMP '2026-01-02'").equals(first_day), key


@check
def a_new_version_is_read(client):
    """a dataset that is put again is read as ever"""
    for key in ("queried", "footer"):
        put(client, key, rows(), options=BY_DAY)
        assert query(client, f"SELECT * FROM {key}").equals(rows())
        act(client, "evict", key)
        assert query(client, f"SELECT max(x) AS x FROM {key}")["x"][0].as_py() == max(rows()["x"].to_pylist())
    assert act(client, "stats")["damaged_parts"] == len(WAYS) - 2


if __name__ == "__main__":
    connected = fl.connect(URL)
    if PHASE == "put":
        store(connected)
    else:
        run(connected)
