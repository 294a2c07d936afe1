"""
Random conditions over a dataset in memory, each asked twice: as it is, which may be answered from frames, and so that no
part of it can be understood before DuckDB runs it over all rows.

Usage: rows_in_memory.py URL SEED STATEMENTS
Prints how many statements gave rows, and how many of all were answered.
"""

import datetime
import decimal
import json
import random
import sys

import adbc_driver_flightsql.dbapi as adbc
import adbc_driver_manager
import pyarrow as pa
import pyarrow.flight as fl

EPOCH = datetime.datetime(2026, 1, 1)
INTEGERS = {"i8": pa.int8(), "i16": pa.int16(), "i32": pa.int32(), "i64": pa.int64(), "u16": pa.uint16(), "u64": pa.uint64()}
TIMES = {"us": pa.timestamp("us"), "ns": pa.timestamp("ns"), "ms": pa.timestamp("ms"), "tz": pa.timestamp("us", "UTC")}
KEYS = {**INTEGERS, **TIMES, "day": pa.date32()}
OTHERS = ["f", "s", "b", "x", "code"]
ITEMS = [
    "*", "t.*", "s", "us, f", "code, i64", "x AS y, b", "i8, i8", "U64", "t.day, t.tz",
    "f * 2 AS g, s", "count(*) AS n", "max(s) AS m, min(us) AS a", "*, 1 AS one", "DISTINCT i8",
]  # fmt: skip


def values_of(rng, name, rows, is_sorted):
    """Plain integers, or microseconds of times."""
    span = {"i8": 100, "i16": 1_000, "u16": 1_000}.get(name, rng.choice([20, 1_000, 10**6]))
    low = 0 if name.startswith("u") and name != "us" else -span // 2
    values = [low + rng.randrange(span) for _ in range(rows)]
    return sorted(values) if is_sorted else values


def instant(name, value):
    if name == "day":
        return (EPOCH + datetime.timedelta(days=value % 20_000)).date()
    unit = 1_000 if name == "ms" else 1
    zone = datetime.timezone.utc if name == "tz" else None
    return (EPOCH + datetime.timedelta(microseconds=value * unit)).replace(tzinfo=zone)


def table_of(rng, rows):
    columns = {}
    for name, type_ in KEYS.items():
        values = values_of(rng, name, rows, rng.random() < 0.6)
        if name not in INTEGERS:
            values = [instant(name, value) for value in values]
            values = sorted(values) if rng.random() < 0.5 else values
        nulls = rng.choice([0, 0, 0.1])
        columns[name] = pa.array([None if rng.random() < nulls else value for value in values], type_)
    columns["f"] = pa.array([rng.choice([rng.random(), None]) for _ in range(rows)], pa.float64())
    columns["s"] = pa.array([rng.choice(["", "é", "text of some length", None]) for _ in range(rows)])
    columns["b"] = pa.array([rng.choice([True, False, None]) for _ in range(rows)])
    columns["x"] = pa.array([decimal.Decimal(rng.randrange(10**6)) / 100 for _ in range(rows)], pa.decimal128(10, 2))
    codes = pa.array([rng.choice(["a", "b", None]) for _ in range(rows)])
    columns["code"] = codes.dictionary_encode() if rng.random() < 0.3 else codes
    return pa.table(columns)


def put(rng, client, table):
    """Some rows as parts, the last perhaps in the log."""
    split = table.num_rows if rng.random() < 0.5 else rng.randrange(table.num_rows)
    for command, part in ((None, table.slice(0, split)), ({"key": "t", "mode": "append"}, table.slice(split))):
        if command is not None and part.num_rows == 0:
            continue
        path = fl.FlightDescriptor.for_path("t")
        descriptor = path if command is None else fl.FlightDescriptor.for_command(json.dumps(command))
        writer, _ = client.do_put(descriptor, table.schema)
        size = rng.choice([1, 100, 3_000])
        for batch in part.to_batches(max_chunksize=max(size, part.num_rows // 50)):
            writer.write_batch(batch)
        writer.close()


def some_value(rng, table, name, is_near):
    """One that is there, or one beside it; far from all, where it need not be of the column's type."""
    value = rng.choice(table[name]).as_py()
    if value is None:
        return 0 if name in INTEGERS else instant(name, 0)
    step = rng.choice([0, 0, 0, 1, -1, 1 if is_near else 100_000])
    if name in INTEGERS:
        return max(value + step, 0 if name.startswith("u") else -128)
    day = datetime.timedelta(days=step % 1_000)
    return value + (day if name == "day" or step > 1 else datetime.timedelta(microseconds=step))


def literal(rng, name, value):
    if name in INTEGERS:
        return str(value)
    if name == "day":
        return rng.choice([f"DATE '{value}'", f"'{value}'", f"TIMESTAMP '{value} 00:00:00'"])
    if name == "tz":
        return f"TIMESTAMPTZ '{value.isoformat(sep=' ')}'"
    text = str(value)[:26]
    return rng.choice([f"TIMESTAMP '{text}'", f"TIMESTAMP_NS '{text}'", f"'{text}'"])


class Condition:
    """A condition in SQL; the values of its parameters, each of the type of its column."""

    def __init__(self, rng, table):
        self.bound = []
        self.sql = " AND ".join(self.comparison(rng, table) for _ in range(rng.choice([1, 1, 1, 2])))

    def comparison(self, rng, table):
        name = rng.choice(list(KEYS))
        column = rng.choice([name, f"t.{name}", name.upper()])
        form = rng.choice(["=", "<", "<=", ">", ">=", "between", "in", "flipped"])
        if form == "between":
            return f"{column} BETWEEN {self.operand(rng, table, name)} AND {self.operand(rng, table, name)}"
        if form == "in":
            return f"{column} IN ({', '.join(self.operand(rng, table, name) for _ in range(rng.choice([1, 4])))})"
        if form == "flipped":
            return f"{self.operand(rng, table, name)} {rng.choice(['=', '<', '>='])} {column}"
        return f"{column} {form} {self.operand(rng, table, name)}"

    def operand(self, rng, table, name):
        if rng.random() < 0.6:
            return literal(rng, name, some_value(rng, table, name, is_near=False))
        value = some_value(rng, table, name, is_near=True)
        self.bound.append(pa.array([value], KEYS[name]))
        return f"${len(self.bound)}"

    def parameters(self):
        if not self.bound:
            return None
        return pa.record_batch(self.bound, names=[str(index + 1) for index in range(len(self.bound))])


def ask(cursor, sql, parameters):
    try:
        cursor.execute(sql, parameters)
        return cursor.fetch_arrow_table()
    except adbc_driver_manager.Error as error:
        return error.sqlstate


def main():
    url, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(seed)
    client = fl.connect(url)
    table = table_of(rng, rng.choice([300, 2_000, 20_000]))
    put(rng, client, table)
    list(client.do_action(fl.Action("warm", b"t")))
    answered = with_rows = 0
    with adbc.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for _ in range(count):
            condition = Condition(rng, table)
            items = rng.choice(ITEMS)
            parameters = condition.parameters()
            got = ask(cursor, f"SELECT {items} FROM t WHERE {condition.sql}", parameters)
            expected = ask(cursor, f"SELECT {items} FROM t WHERE coalesce(({condition.sql}), false)", parameters)
            where = (items, condition.sql, parameters and parameters.to_pylist())
            if isinstance(got, pa.Table) and isinstance(expected, pa.Table):
                assert got.schema.equals(expected.schema, check_metadata=True), (where, got.schema, expected.schema)
                if "DISTINCT" in items:
                    got, expected = got.sort_by("i8"), expected.sort_by("i8")
                assert got.equals(expected), (where, got.num_rows, expected.num_rows)
                answered += 1
                with_rows += got.num_rows > 0
            else:
                assert got == expected, (where, got, expected)
    print(json.dumps({"answered": answered, "with_rows": with_rows}))


if __name__ == "__main__":
    main()
