"""
Random steps against a server with rollups; after each, what a rollup gives is what its query gives over all rows.
Usage: rollup_steps.py grpc://HOST:PORT MODEL_FILE SEED STEPS

MODEL_FILE keeps the rows that the server has acknowledged, from one run to the next; without it everything is made.
The query is run by the server over its rows and by DuckDB over those of the model.
"""

import datetime
import json
import os
import random
import sys

import adbc_driver_flightsql.dbapi as adbc
import duckdb
import pyarrow as pa
import pyarrow.flight as fl
import pyarrow.parquet as pq

URL, MODEL, SEED, STEPS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
SCHEMA = pa.schema(
    [
        ("symbol", pa.dictionary(pa.int32(), pa.utf8())),
        ("ts", pa.timestamp("ns")),
        ("at", pa.timestamp("ms", "UTC")),
        ("day", pa.date32()),
        ("price", pa.float64()),
        ("size", pa.int64()),
    ]
)
START = datetime.datetime(2026, 2, 3, 9)
# Each with its query and the columns that its rows are ordered by. Prices are multiples of 1/4 and no two rows have the
# same time, so that the query has one answer in whatever order rows are added up.
ROLLUPS = {
    "bars": (
        "SELECT symbol, time_bucket('1m', ts) AS minute, first(price{by}) AS open, max(price), min(price), "
        "last(price{by}) AS close, sum(size) AS volume, sum(price*size)/sum(size) vwap, count(*) AS n "
        "FROM ticks -- of all\n GROUP BY ALL",
        "minute, symbol",
    ),
    "hours": (
        "SELECT time_bucket(INTERVAL 1 HOUR, t.at) AS hour, sum(size) FILTER (price > 50) AS volume FROM ticks t "
        "WHERE size <> 3 GROUP BY 1 HAVING count(*) > 1",
        "hour",
    ),
    "weeks": ("SELECT time_bucket('7 days', day) AS week, symbol, avg(price) AS mean FROM ticks GROUP BY week, symbol", "week, symbol"),
    "months": ("SELECT time_bucket('2 months', ts) AS m, count(DISTINCT symbol) AS symbols FROM ticks GROUP BY m", "m"),
}

chance = random.Random(SEED)


class Lake:
    def __init__(self):
        self.flight = fl.connect(URL)
        self.sql = adbc.connect(URL, autocommit=True)
        if os.path.exists(MODEL):
            self.rows = pq.read_table(MODEL, schema=SCHEMA)
        else:
            self.put("replace", self.make(50, 0, 3600))
            for key, (query, _) in ROLLUPS.items():
                self.act("rollup", json.dumps({"key": key, "sql": query.format(by="")}))
        self.check("at the start")

    def act(self, name, body):
        return b"".join(result.body.to_pybytes() for result in self.flight.do_action((name, body.encode())))

    def make(self, count, since, span):
        """Rows whose times begin so many seconds after the start; a few have none."""
        number = 0 if not hasattr(self, "rows") else self.rows.num_rows
        rows = []
        for index in range(count):
            seconds = since + chance.random() * span
            # In whole seconds, and the number of the row in nanoseconds: no two have the same.
            ts = int((START - datetime.datetime(1970, 1, 1)).total_seconds() + seconds) * 1_000_000_000 + number + index
            timeless = chance.random() < 0.01
            rows.append(
                {
                    "symbol": chance.choice(["A", "B", None, "a longer symbol"]),
                    "ts": None if timeless else ts,
                    "at": None if timeless else ts // 1_000_000,
                    "day": None if timeless else ts // 86_400_000_000_000,
                    # Of rows without a time none is the first.
                    "price": 18.5 if timeless else chance.randrange(400) / 4,
                    "size": chance.randrange(1, 9),
                }
            )
        columns = {name: [row[name] for row in rows] for name in SCHEMA.names}
        arrays = [
            pa.array(columns["symbol"], pa.utf8()).dictionary_encode(),
            *(pa.array(columns[name], SCHEMA.field(name).type) for name in SCHEMA.names[1:]),
        ]
        return pa.table(arrays, schema=SCHEMA)

    def put(self, mode, table):
        command = json.dumps({"key": "ticks", "mode": mode})
        writer, reader = self.flight.do_put(fl.FlightDescriptor.for_command(command), SCHEMA)
        for batch in table.to_batches(max_chunksize=max(1, table.num_rows // 2)):
            writer.write_batch(batch)
        writer.done_writing()
        while reader.read() is not None:
            pass
        writer.close()
        self.rows = table if mode == "replace" else pa.concat_tables([self.rows, table]).unify_dictionaries()
        pq.write_table(self.rows, MODEL)

    def late(self):
        self.put("append", self.make(chance.randrange(1, 20), chance.choice([-40 * 86_400, -86_400, 0, 3000]), 4000))

    def next(self):
        self.put("append", self.make(chance.randrange(1, 60), 60 * self.rows.num_rows, 1200))

    def replace(self):
        self.put("replace", self.make(chance.randrange(1, 200), 0, chance.choice([600, 86_400, 90 * 86_400])))

    def step(self):
        steps = [self.late, self.next, self.next, self.next, self.replace]
        steps += [lambda name=name, key=key: self.act(name, key) for name in ("flush", "compact") for key in ("ticks", *ROLLUPS)]
        chance.choice(steps)()

    def check(self, when):
        with self.sql.cursor() as cursor:
            for key, (query, order) in ROLLUPS.items():
                whole = f"SELECT * FROM ({query.format(by=' ORDER BY ts')}\n) ORDER BY {order}"
                cursor.execute(whole)
                expected = cursor.fetch_arrow_table()
                cursor.execute(f"SELECT * FROM {key} ORDER BY {order}")
                by_sql = cursor.fetch_arrow_table().replace_schema_metadata(None)
                info = self.flight.get_flight_info(fl.FlightDescriptor.for_path(key))
                by_key = self.flight.do_get(fl.Ticket(key.encode())).read_all()
                names = [name.strip() for name in order.split(",")]
                assert info.schema == by_key.schema, (when, key, info.schema, by_key.schema)
                assert by_key.schema.types == expected.schema.types, (when, key, by_key.schema, expected.schema)
                same(when, key, by_key.to_pylist(), by_sql.to_pylist())
                same(when, key, by_key.to_pylist(), expected.rename_columns(by_key.schema.names).to_pylist())
                same(when, key, by_key.to_pylist(), self.model(whole, by_key.schema.names))
                part = self.flight.do_get(fl.Ticket(json.dumps({"key": key, "columns": names, "limit": 3}).encode()))
                same(when, key, part.read_all().to_pylist(), by_key.select(names).slice(0, 3).to_pylist())

    def model(self, query, names):
        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("ticks", self.rows)
        return connection.execute(query).fetch_arrow_table().rename_columns(names).to_pylist()


def same(when, key, found, expected):
    if found != expected:
        different = [(a, b) for a, b in zip(found, expected) if a != b][:3]
        raise AssertionError(f"{key} {when}: {len(found)} rows, expected {len(expected)}; {different}")


lake = Lake()
for number in range(STEPS):
    lake.step()
    lake.check(f"after step {number} of seed {SEED}")
print(json.dumps(lake.rows.num_rows))
