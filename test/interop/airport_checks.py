"""
The airport protocol as DuckDB's extension speaks it, over a real socket.
Usage: airport_checks.py grpc://HOST:PORT [WORD]. The server keeps history.
"""

import datetime
import decimal
import json
import os
import sys
import time

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from airport_client import NO_COLUMN, ROW_ID, AirportClient, filters, pack, unpack  # noqa: E402
from checks import check, eventually, raises, run  # noqa: E402

URL = sys.argv[1]
PLAIN = fl.FlightClient(URL.replace("grpc://", "grpc+tcp://"))
Error = (fl.FlightError, pa.ArrowException)


def put(key, table, mode="replace"):
    command = '{"key": "%s", "mode": "%s"}' % (key, mode)
    writer, _ = PLAIN.do_put(fl.FlightDescriptor.for_command(command), table.schema)
    writer.write_table(table, max_chunksize=1000)
    writer.close()


def attach():
    return AirportClient(URL, "sterna")


def trades(rows=5000):
    start = datetime.datetime(2026, 2, 3, 9, 30)
    return pa.table(
        {
            "id": pa.array(range(rows), pa.int64()),
            "ts": pa.array([start + datetime.timedelta(milliseconds=i) for i in range(rows)], pa.timestamp("us")),
            "symbol": pa.array([f"S{i % 7}" if i % 11 else None for i in range(rows)], pa.utf8()),
            "price": pa.array([i * 0.25 for i in range(rows)]),
            "size": pa.array([i % 100 for i in range(rows)], pa.int32()),
            "day": pa.array([datetime.date(2026, 1, 1 + i % 28) for i in range(rows)]),
            "fee": pa.array([decimal.Decimal(i) / 100 for i in range(rows)], pa.decimal128(10, 2)),
            "ok": pa.array([i % 2 == 0 for i in range(rows)]),
        }
    )


def table_of(client, name, schema="public"):
    return client.schemas()[schema][name]


def stats():
    return next(iter(PLAIN.do_action(fl.Action("stats", b"")))).body.to_pybytes()


def stored(key):
    return PLAIN.do_get(fl.Ticket(key.encode())).read_all()


@check
def lists_tables():
    """all datasets are tables, those of the schema main in public"""
    put("listed", trades(10))
    with_schema = fl.FlightDescriptor.for_path("Market", "ticks")
    writer, _ = PLAIN.do_put(with_schema, trades(3).schema)
    writer.write_table(trades(3))
    writer.close()
    client = attach()
    schemas = client.schemas()
    table = schemas["public"]["listed"]
    assert table.rows == 10
    assert pa.schema(table.columns).equals(trades(1).schema)
    assert table.has_row_ids and table.schema.names[-1] == "rowid"
    assert schemas["Market"]["ticks"].rows == 3
    assert "main" not in schemas
    before = client.catalog_version()
    assert before["is_fixed"] is False and before == client.catalog_version()
    put("listed", trades(11))
    assert client.catalog_version()["catalog_version"] > before["catalog_version"]


@check
def leaves_out_what_duckdb_cannot_read():
    """a dataset that DuckDB cannot read does not spoil the schema it is in"""
    put("halves", pa.table({"half": pa.array([1.5], pa.float16())}))
    put("beside", trades(2))
    tables = attach().schemas()["public"]
    assert "halves" not in tables and "beside" in tables


@check
def scans_whole():
    """a scan of all columns gives the rows in order, with the schema of the table and progress"""
    put("whole", trades())
    client = attach()
    table = table_of(client, "whole")
    found, progress = client.scan(table)
    assert found.schema.equals(table.schema, check_metadata=True)
    assert found.drop_columns("rowid").equals(trades())
    assert progress == sorted(progress) and progress[-1] == 1.0 and all(0 <= p <= 1 for p in progress)


@check
def scans_columns():
    """columns that are not asked for come as nulls and take next to nothing on the wire"""
    put("narrow", trades(50_000))
    client = attach()
    table = table_of(client, "narrow")
    for cached in (True, False):
        if not cached:
            list(PLAIN.do_action(fl.Action("evict", b"narrow")))
        found, _ = client.scan(table, [3])
        assert found["price"].equals(trades(50_000)["price"])
        for name in found.schema.names:
            assert name == "price" or found[name].null_count == 50_000, name
        found.validate(full=True)
        counted, _ = client.scan(table, [NO_COLUMN])
        assert counted.num_rows == 50_000


@check
def scans_every_type():
    """nested columns, dictionaries, views and times come through a scan, asked for or not"""
    struct = pa.struct([("a", pa.int8()), ("b", pa.list_(pa.utf8()))])
    rows = 3000
    table = pa.table(
        {
            "plain": pa.array(range(rows), pa.uint16()),
            "nested": pa.array([{"a": i % 100, "b": [str(i)] * (i % 3)} for i in range(rows)], struct),
            "dict": pa.array([f"v{i % 5}" for i in range(rows)]).dictionary_encode(),
            "map": pa.array([[("k", i)] for i in range(rows)], pa.map_(pa.utf8(), pa.int32())),
            "fixed": pa.array([[i, i + 1] for i in range(rows)], pa.list_(pa.int32(), 2)),
            "flag": pa.array([i % 3 == 0 for i in range(rows)]),
            "bytes": pa.array([bytes([i % 256]) * 3 for i in range(rows)], pa.large_binary()),
            "time": pa.array([datetime.time(i % 24) for i in range(rows)], pa.time64("us")),
            "nothing": pa.nulls(rows),
            "view": pa.array([f"a longer text than fits {i}" for i in range(rows)], pa.string_view()),
        }
    )
    put("types", table)
    client = attach()
    listed = table_of(client, "types")
    found, _ = client.scan(listed)
    assert found.drop_columns("rowid").equals(table)
    for cached in (True, False):
        if not cached:
            list(PLAIN.do_action(fl.Action("evict", b"types")))
        for index, name in enumerate(table.schema.names):
            one, _ = client.scan(listed, [index])
            one.validate(full=True)
            assert one[name].cast(table[name].type).equals(table[name]), name
            assert one["nothing"].null_count == rows


@check
def pushes_filters_down():
    """a filter that is understood leaves rows out at the server, and never one that matches"""
    put("filtered", trades())
    client = attach()
    table = table_of(client, "filtered")
    import duckdb

    source = trades()
    connection = duckdb.connect()
    connection.register("source", source)
    understood = [
        "id = 7",
        "id > 4990 AND price < 1249",
        "symbol = 'S3'",
        "symbol IN ('S1', 'it''s', 'S2')",
        "symbol NOT IN ('S1', 'S2')",
        "symbol IS NULL OR size >= 98",
        "NOT (symbol = 'S3' OR size < 50)",
        "ts >= TIMESTAMP '2026-02-03 09:30:04.5'",
        "day = DATE '2026-01-05'",
        "fee = 1.25",
        "fee < -0.01 OR fee BETWEEN 3.5 AND 4.75",
        "symbol LIKE 'S_' AND id < 40",
        "starts_with(symbol, 'S4')",
        "ok",
        "NOT ok AND id < 10",
        "symbol IS DISTINCT FROM 'S3' AND id < 30",
        "size + 1 = 5 AND id < 300",
    ]
    for where in understood:
        expected = connection.execute(f"SELECT id FROM source WHERE {where} ORDER BY id").to_arrow_table()["id"]
        found, _ = client.scan(table, filters=filters(source, where))
        # As the extension does, which applies every filter again.
        again = duckdb.connect().execute(f"SELECT id FROM found WHERE {where} ORDER BY id").to_arrow_table()["id"]
        assert again.to_pylist() == expected.to_pylist(), where
        assert found.num_rows < 5000, f"{where} was not pushed down"
    for where in ["length(symbol) = 2", "price % 3 = 0.25", "id::VARCHAR LIKE '%7'"]:
        found, _ = client.scan(table, filters=filters(source, where))
        assert found.num_rows == 5000, where


@check
def pushes_wide_integers_down():
    """integers beyond 53 bits and nanoseconds are compared as they are"""
    base = 2**60
    stamps = pa.array([1_770_000_000_000_000_000 + i for i in range(100)], pa.int64()).cast(pa.timestamp("ns"))
    source = pa.table({"big": pa.array([base + i for i in range(100)], pa.int64()), "ns": stamps})
    put("wide", source)
    client = attach()
    table = table_of(client, "wide")
    found, _ = client.scan(table, filters=filters(source, f"big = {base + 1}"))
    assert found["big"].to_pylist() == [base + 1]
    found, _ = client.scan(table, filters=filters(source, "ns > make_timestamp_ns(1770000000000000097)"))
    assert found.num_rows == 2, found.num_rows


@check
def keeps_a_snapshot():
    """a transaction reads the lake as it was at its first read; without one a read sees what is there"""
    put("moving", trades(100))
    client = attach()
    table = table_of(client, "moving")
    transaction = client.create_transaction()
    assert client.scan(table, transaction=transaction)[0].num_rows == 100
    put("moving", trades(40))
    assert client.scan(table, transaction=transaction)[0].num_rows == 100
    assert client.scan(table)[0].num_rows == 40
    assert client.scan(table, transaction=client.create_transaction())[0].num_rows == 40
    raises(Error, "There is no such transaction", lambda: client.scan(table, transaction="00" * 16))


def act(name, **body):
    return json.loads(next(iter(PLAIN.do_action(fl.Action(name, json.dumps(body).encode())))).body.to_pybytes())


@check
def travels_in_time():
    """AT (VERSION) and AT (TIMESTAMP) read a table as it was: its rows, its columns, filtered or not"""
    client = attach()
    put("past", trades(3000))
    first = act("describe", key="past")["version"]
    time.sleep(0.05)
    then = datetime.datetime.now(datetime.timezone.utc)
    time.sleep(0.05)
    put("past", trades(40).select(["price", "id"]).append_column("more", pa.array(range(40))))
    second = act("describe", key="past")["version"]
    put("past", trades(5).select(["price", "id"]).append_column("more", pa.array(range(5))), "append")
    now = table_of(client, "past")
    moments = [
        {"at_unit": "VERSION", "at_value": str(first)},
        {"at_unit": "TIMESTAMP", "at_value": f"{then:%Y-%m-%d %H:%M:%S.%f}"},
        {"at_unit": "TIMESTAMP", "at_value": f"{then:%Y-%m-%d %H:%M:%S.%f}+00"},
    ]
    for at in moments:
        for transaction in (None, client.create_transaction()):
            old = client.flight_info(now, **at)
            assert old.rows == 3000 and pa.schema(old.columns).equals(trades(1).schema), old
            found, progress = client.scan(old, transaction=transaction, **at)
            assert found.schema.equals(old.schema, check_metadata=True) and progress[-1] == 1.0
            assert found.drop_columns("rowid").equals(trades(3000))
            some, _ = client.scan(old, [2], transaction=transaction, **at)
            assert some["symbol"].equals(trades(3000)["symbol"]) and some["price"].null_count == 3000
            where = filters(trades(3000), "id >= 2990")
            late, _ = client.scan(old, filters=where, transaction=transaction, **at)
            assert late["id"].to_pylist() == list(range(2990, 3000))
            marks, _ = client.scan(old, [0, ROW_ID], transaction=transaction, **at)
            assert len(set(marks["rowid"].to_pylist())) == 3000 and marks["id"].equals(trades(3000)["id"])
    # DuckDB does not say of which version it asks for statistics, and leaves scans out by them.
    assert b"can_produce_statistics" in now.schema.metadata
    assert b"can_produce_statistics" not in (old.schema.metadata or {})
    middle = {"at_unit": "VERSION", "at_value": str(second)}
    assert client.flight_info(now, **middle).rows == 40
    assert client.scan(client.flight_info(now, **middle), **middle)[0].num_rows == 40
    assert client.scan(now)[0].num_rows == 45
    client.drop("table", "public", "past")
    assert client.scan(old, **moments[0])[0].drop_columns("rowid").equals(trades(3000))


@check
def refuses_other_times():
    """a version that is not there, and what is none, are refused by what the user wrote"""
    put("untimely", trades(3))
    client = attach()
    table = table_of(client, "untimely")
    before = str(act("describe", key="untimely")["version"] - 1)
    for unit, value, text in [
        ("VERSION", "999999999", "Version 999999999 is not there yet"),
        ("VERSION", before, '"untimely"'),
        ("VERSION", "three", 'takes a whole number, not "three"'),
        ("VERSION", "-1", 'takes a whole number, not "-1"'),
        ("VERSION", "99999999999999999999", "takes a whole number"),
        ("VERSION", "", "takes a whole number"),
        ("TIMESTAMP", "2020-01-01", "is not kept any more; the oldest version that is kept is"),
        ("TIMESTAMP", "yesterday'", '"yesterday\'" is no timestamp'),
        ("BRANCH", "main", 'VERSION or TIMESTAMP, not "BRANCH"'),
        ("", "3", 'VERSION or TIMESTAMP, not ""'),
    ]:
        at = {"at_unit": unit, "at_value": value}
        for call in (lambda at=at: client.flight_info(table, **at), lambda at=at: client.endpoints(table, [0], **at)):
            details = unpack(raises(fl.FlightError, text, call).extra_info)
            assert details["exception_type"] == b"InvalidInputException", details


@check
def scans_rollups():
    """a rollup is scanned with the rows that its source has now, or had"""
    put("minutes", trades(3000).drop_columns(["fee", "ok", "day"]))
    act("rollup", key="rolled", sql="SELECT time_bucket(INTERVAL '1 second', ts) AS second, max(id) AS last FROM minutes GROUP BY ALL")
    first = str(act("describe", key="rolled")["version"])
    client = attach()
    table = table_of(client, "rolled")
    assert client.scan(table)[0]["last"].to_pylist() == [999, 1999, 2999]
    later = trades(5000).slice(3000).drop_columns(["fee", "ok", "day"])
    put("minutes", later, "append")
    act("flush", key="minutes")
    assert client.scan(table)[0]["last"].to_pylist() == [999, 1999, 2999, 3999, 4999]
    at = {"at_unit": "VERSION", "at_value": first}
    assert client.scan(client.flight_info(table, **at), **at)[0]["last"].to_pylist() == [999, 1999, 2999]


@check
def gives_statistics():
    """statistics of a column are exact bounds, of the snapshot that is read"""
    put("measured", trades(1000))
    client = attach()
    table = table_of(client, "measured")
    row = client.statistics(table, "price", "DOUBLE").to_pylist()[0]
    assert row["min"] == 0.0 and row["max"] == 249.75 and row["has_not_null"] and not row["has_null"], row
    row = client.statistics(table, "symbol", "VARCHAR")
    assert row.schema.field("min").type == pa.utf8() and row.schema.field("distinct_count").type == pa.uint64()
    found = row.to_pylist()[0]
    assert (found["min"], found["max"], found["has_null"]) == ("S0", "S6", True), found
    for name in table.schema.names[:-1]:
        assert client.statistics(table, name, "").schema.field("max").type == table.schema.field(name).type
    raises(Error, "has no column", lambda: client.statistics(table, "missing", "INTEGER"))
    put("coded", pa.table({"symbol": pa.array(["a"]).dictionary_encode()}))
    assert b"can_produce_statistics" not in (table_of(client, "coded").schema.metadata or {})


@check
def makes_and_drops_tables():
    """tables are created, found, replaced and dropped; what would not be kept is refused"""
    client = attach()
    assert client.create_schema("lab") == {}
    columns = pa.schema([pa.field("a", pa.int32()), pa.field("b", pa.utf8())])
    made = client.create_table("lab", "made", columns, not_null_constraints=[0])
    assert made.name == "made" and not made.schema.field("a").nullable and made.schema.field("b").nullable
    assert client.scan(made)[0].num_rows == 0
    assert client.schemas()["lab"]["made"].schema.equals(made.schema)
    assert client.create_table("lab", "made", pa.schema([pa.field("z", pa.int8())]), "ignore").schema.names[0] == "a"
    raises(Error, "exists already", lambda: client.create_table("lab", "made", columns))
    replaced = client.create_table("lab", "made", pa.schema([pa.field("z", pa.int8())]), "replace")
    assert [field.name for field in replaced.columns] == ["z"]
    for constraint in (
        {"primary_key_columns": ["a"]},
        {"check_constraints": ["a > 1"]},
        {"unique_columns": ["b"]},
        {"multi_key_primary_keys": ["a", "b"]},
    ):
        raises(Error, "constraint", lambda c=constraint: client.create_table("lab", "other", columns, **c))
    raises(Error, "REQUEST_INVALID", lambda: client.drop("schema", "", "lab"))
    raises(Error, "exists already", lambda: client.create_schema("lab"))
    client.drop("table", "lab", "made")
    raises(Error, "There is no dataset", lambda: client.drop("table", "lab", "made"))
    client.drop("table", "lab", "made", ignore_not_found=True)
    assert client.schemas()["lab"] == {}
    client.drop("schema", "", "lab")
    assert "lab" not in client.schemas()
    raises(Error, "lab", lambda: client.drop("schema", "", "lab"))
    client.drop("schema", "", "lab", ignore_not_found=True)


@check
def alters_tables():
    """columns are added, dropped, renamed, widened and made NOT NULL, with the rows that there are"""
    client = attach()
    rows = pa.table({"a": pa.array([1, 2, 3], pa.int32()), "b": ["x", None, "z"]})
    table = client.create_table("public", "altered", rows.schema, "replace")
    client.insert(table, rows)

    def column(name, kind):
        return pa.schema([pa.field(name, kind)]).serialize().to_pybytes()

    def add(name, kind, exists=False):
        return client.alter("add_column", table, if_column_not_exists=exists, column_schema=column(name, kind))

    def drop(name):
        return client.alter("remove_column", table, removed_column=name, if_column_exists=False, cascade=False)

    def change(expression):
        return client.alter("change_column_type", table, column_schema=column("a", pa.int64()), expression=expression)

    assert [str(field.type) for field in add("c", pa.timestamp("us")).columns] == ["int32", "string", "timestamp[us]"]
    raises(Error, '"c"', lambda: add("c", pa.int8()))
    add("c", pa.int8(), exists=True)
    renamed = client.alter("rename_column", table, new_name="d", old_name="b")
    assert renamed.schema.names[:3] == ["a", "d", "c"]
    assert change("CAST(a AS BIGINT)").schema.field("a").type == pa.int64()
    assert not client.alter("set_not_null", table, column_name="a").schema.field("a").nullable
    raises(Error, '"d"', lambda: client.alter("set_not_null", table, column_name="d"))
    assert client.alter("drop_not_null", table, column_name="a").schema.field("a").nullable
    left = client.scan(drop("c"))[0].select(["a", "d"])
    assert left.to_pylist() == [{"a": 1, "d": "x"}, {"a": 2, "d": None}, {"a": 3, "d": "z"}]
    raises(Error, "missing", lambda: drop("missing"))
    raises(Error, "SQL_", lambda: change("CAST(1 AS BIGINT) FROM read_text('/etc/passwd') --"))
    raises(Error, "column_schema", lambda: client.alter("add_column", table, if_column_not_exists=False, column_schema=7))
    both = pa.schema([pa.field("x", pa.int8()), pa.field("y", pa.int8())]).serialize().to_pybytes()
    raises(Error, "2 fields", lambda: client.alter("add_column", table, if_column_not_exists=False, column_schema=both))


@check
def inserts_rows():
    """rows that are inserted are one commit, in the types of the dataset, and come back where they are wanted"""
    client = attach()
    columns = trades(1).schema
    table = client.create_table("public", "inserted", columns, "replace")
    changed, returned = client.insert(table, trades(5000))
    assert (changed, returned) == (5000, [])
    assert stored("inserted").equals(trades(5000))
    changed, returned = client.insert(table, trades(3000), returning=True)
    assert changed == 3000 and pa.Table.from_batches(returned).equals(trades(3000))
    assert stored("inserted").num_rows == 8000
    assert client.insert(table, trades(0))[0] == 0
    transaction = client.create_transaction()
    assert client.scan(table, [0], transaction=transaction)[0].num_rows == 8000
    client.insert(table, trades(1), transaction=transaction)
    assert client.scan(table, [0], transaction=transaction)[0].num_rows == 8001


@check
def casts_inserted_rows():
    """rows in DuckDB's types and in any order of columns become rows of the dataset, dictionaries included"""
    stamps = pa.array([datetime.datetime(2026, 2, 3, 9, 30, second) for second in range(60)], pa.timestamp("s"))
    rows = pa.table(
        {
            "symbol": pa.array([f"S{i % 3}" for i in range(60)]).dictionary_encode(),
            "text": pa.array([f"t{i}" for i in range(60)], pa.large_utf8()),
            "at": stamps,
            "tags": pa.array([[str(i)] for i in range(60)], pa.list_(pa.utf8())),
        }
    )
    put("cast", rows)
    client = attach()
    table = table_of(client, "cast")
    sent = pa.table(
        {
            "at": stamps.cast(pa.timestamp("us")),
            "symbol": rows["symbol"].cast(pa.utf8()),
            "text": rows["text"].cast(pa.utf8()),
            "tags": rows["tags"],
        }
    )
    many = pa.concat_tables([sent] * 500)
    changed, returned = client.insert(table, many, returning=True)
    assert changed == 30_000 and pa.Table.from_batches(returned).equals(many)
    found = stored("cast")
    assert found.num_rows == 30_060 and found.schema.equals(rows.schema)
    assert found.slice(60).to_pylist() == pa.concat_tables([rows] * 500).to_pylist()


@check
def refuses_rows():
    """rows that do not fit leave nothing behind, and the error names the column"""
    client = attach()
    columns = pa.schema([pa.field("a", pa.int32(), False), pa.field("b", pa.utf8())])
    table = client.create_table("public", "strict", columns, "replace", not_null_constraints=[0])
    good = pa.table({"a": pa.array([1, 2], pa.int32()), "b": ["x", None]})
    assert client.insert(table, good)[0] == 2
    bad = pa.table({"a": pa.array([*range(9000), None], pa.int32()), "b": pa.nulls(9001, pa.utf8())})
    raises(Error, '"a" is NOT NULL', lambda: client.insert(table, bad))
    raises(Error, 'no column "c"', lambda: client.insert(table, good.append_column("c", good["a"])))
    texts = pa.table({"a": ["1", "x"], "b": ["", ""]})
    raises(Error, "SQL_FAILED", lambda: client.insert(table, texts))
    assert stored("strict").equals(good.cast(columns))
    missing = client.table(client.action("flight_info", {"descriptor": table.descriptor.serialize()}))
    client.drop("table", "public", "strict")
    raises(Error, "DATASET_NOT_FOUND", lambda: client.insert(missing, good))
    put("kept", trades(5))
    kept = table_of(client, "kept")
    raises(Error, "operation", lambda: client.exchange(kept, "scalar_function", [], pa.schema([])))
    assert client.insert(kept, trades(5))[0] == 5


@check
def abandons_inserts():
    """an insert whose client goes away leaves nothing"""
    put("abandoned", trades(10))
    client = attach()
    table = table_of(client, "abandoned")
    headers = [("airport-operation", "insert"), ("return-chunks", "1")]
    writer, reader = client.flight.do_exchange(table.descriptor, client.options(*headers))
    writer.begin(trades(1).schema)
    writer.write_batch(trades(10).to_batches()[0])
    reader.read_chunk()
    reader.cancel()
    eventually(lambda: b'"puts":0' in stats())
    assert stored("abandoned").num_rows == 10


def marked(client, table, transaction=None, **options):
    """Rows with their ids, as an UPDATE or DELETE reads them."""
    wanted = [*range(len(table.columns)), ROW_ID]
    return client.scan(table, wanted, transaction=transaction, **options)[0]


def spread(key, parts=3, rows=2000, logged=500):
    """A dataset of several parts and a log: ids count over all of them. Returns its rows."""
    put(key, trades(rows))
    for _ in range(parts - 1):
        command = '{"key": "%s", "mode": "append"}' % key
        writer, _ = PLAIN.do_put(fl.FlightDescriptor.for_command(command), trades(1).schema)
        writer.write_table(trades(rows))
        writer.close()
        list(PLAIN.do_action(fl.Action("flush", key.encode())))
    writer, _ = PLAIN.do_put(fl.FlightDescriptor.for_command('{"key": "%s", "mode": "append"}' % key), trades(1).schema)
    writer.write_table(trades(logged))
    writer.close()
    return pa.concat_tables([trades(rows)] * parts + [trades(logged)])


@check
def numbers_rows():
    """row ids are distinct, in the order of the rows, and the same behind a filter"""
    rows = spread("numbered")
    client = attach()
    table = table_of(client, "numbered")
    found = marked(client, table)
    ids = found["rowid"].to_pylist()
    assert found.num_rows == rows.num_rows and ids == list(range(ids[0], ids[0] + rows.num_rows))
    assert found.drop_columns("rowid").equals(rows)
    some = marked(client, table, filters=filters(rows, "size = 7 AND id > 100"))
    by_id = dict(zip(ids, found["id"].to_pylist(), strict=True))
    assert 0 < some.num_rows < 200
    assert all(by_id[row["rowid"]] == row["id"] for row in some.select(["id", "rowid"]).to_pylist())


@check
def deletes_rows():
    """a delete takes exactly the rows that were named, of parts and log, in one commit"""
    rows = spread("deleted")
    client = attach()
    table = table_of(client, "deleted")
    transaction = client.create_transaction()
    found = marked(client, table, transaction)
    gone = found.filter(pc.equal(found["size"], 7))
    ids = gone["rowid"].to_pylist()
    assert client.delete(table, [*ids, ids[0]], transaction=transaction)[0] == len(ids)
    left = rows.filter(pc.not_equal(rows["size"], 7))
    assert stored("deleted").equals(left)
    assert client.scan(table, [0], transaction=transaction)[0].num_rows == left.num_rows
    found = marked(client, table)
    some = found.slice(100, 3000)
    changed, returned = client.delete(table, some["rowid"].to_pylist(), returning=True)
    returned = pa.Table.from_batches(returned)
    assert changed == 3000 and returned.schema.names == trades(1).schema.names
    assert sorted(returned["ts"].to_pylist()) == sorted(some["ts"].to_pylist())
    assert client.delete(table, [])[0] == 0
    rest = marked(client, table)
    assert client.delete(table, rest["rowid"].to_pylist())[0] == rest.num_rows
    assert stored("deleted").num_rows == 0


@check
def updates_rows():
    """an update changes the columns that were sent in the rows that were named, and leaves them in their places"""
    rows = spread("updated")
    client = attach()
    table = table_of(client, "updated")
    transaction = client.create_transaction()
    found = marked(client, table, transaction)
    mask = pc.equal(found["size"], 7)
    some = found.filter(mask)
    change = pa.table({"price": pc.multiply(some["price"], 2.0), "symbol": pa.nulls(some.num_rows, pa.utf8()), "rowid": some["rowid"]})
    assert client.update(table, change, transaction=transaction)[0] == some.num_rows
    after = stored("updated")
    assert after["id"].equals(rows["id"]) and after["ts"].equals(rows["ts"]) and after["fee"].equals(rows["fee"])
    expected = pc.if_else(pc.equal(rows["size"], 7), pc.multiply(rows["price"], 2.0), rows["price"])
    assert after["price"].equals(expected)
    assert after.filter(pc.equal(after["size"], 7))["symbol"].null_count == some.num_rows
    again = marked(client, table, transaction)
    one = again.slice(0, 1)
    whole = one.select(["size", *[name for name in one.schema.names if name not in ("size", "rowid")], "rowid"])
    changed, returned = client.update(table, whole, transaction=transaction, returning=True)
    assert changed == 1 and pa.Table.from_batches(returned).to_pylist() == whole.to_pylist()
    assert stored("updated").equals(after)


@check
def changes_every_type():
    """dictionaries, nested columns and times survive a delete and an update of rows beside them"""
    rows = pa.table(
        {
            "n": pa.array(range(100), pa.int64()),
            "dict": pa.array([f"v{i % 5}" for i in range(100)]).dictionary_encode(),
            "at": pa.array([1_770_000_000 + i for i in range(100)], pa.int64()).cast(pa.timestamp("s")),
            "list": pa.array([[i, i + 1] for i in range(100)], pa.list_(pa.int32(), 2)),
        }
    )
    put("typed", rows)
    client = attach()
    table = table_of(client, "typed")
    found = marked(client, table)
    changed, returned = client.delete(table, found["rowid"].to_pylist()[:50], returning=True)
    assert changed == 50
    assert sorted(pa.Table.from_batches(returned)["dict"].cast(pa.utf8()).to_pylist()) == sorted(rows["dict"].to_pylist()[:50])
    assert stored("typed").to_pylist() == rows.slice(50).to_pylist()
    found = marked(client, table)
    change = pa.table({"dict": ["new"], "at": found["at"][:1].cast(pa.timestamp("us")), "rowid": found["rowid"][:1]})
    assert client.update(table, change)[0] == 1
    after = stored("typed")
    assert after.schema.equals(rows.schema)
    assert after["dict"].to_pylist() == ["new", *rows["dict"].to_pylist()[51:]] and after["at"].equals(rows.slice(50)["at"])


@check
def refuses_stale_rows():
    """rows of a version that is gone are a conflict, and nothing changes"""
    put("stale", trades(100))
    client = attach()
    table = table_of(client, "stale")
    transaction = client.create_transaction()
    found = marked(client, table, transaction)
    ids = found["rowid"].to_pylist()
    put("stale", trades(50))
    raises(Error, "COMMIT_CONFLICT", lambda: client.delete(table, ids[:1], transaction=transaction))
    raises(Error, "COMMIT_CONFLICT", lambda: client.delete(table, ids[:1]))
    change = pa.table({"price": [1.0], "rowid": pa.array(ids[:1], pa.int64())})
    raises(Error, "COMMIT_CONFLICT", lambda: client.update(table, change))
    fresh = marked(client, table)["rowid"].to_pylist()
    for wrong in ([fresh[-1] + 1], [fresh[0] - 1], [0], [-1], [2**63 - 1]):
        raises(Error, "COMMIT_CONFLICT", lambda ids=wrong: client.delete(table, ids))
    assert stored("stale").equals(trades(50))


@check
def keeps_appends_beside_changes():
    """rows that others append while a delete runs are kept"""
    put("beside_delete", trades(100))
    client = attach()
    table = table_of(client, "beside_delete")
    transaction = client.create_transaction()
    ids = marked(client, table, transaction)["rowid"].to_pylist()
    writer, _ = PLAIN.do_put(
        fl.FlightDescriptor.for_command('{"key": "beside_delete", "mode": "append"}'), trades(1).schema
    )
    writer.write_table(trades(30))
    writer.close()
    assert client.delete(table, ids[:10], transaction=transaction)[0] == 10
    assert stored("beside_delete").equals(pa.concat_tables([trades(100).slice(10), trades(30)]))


@check
def refuses_changes():
    """changes that do not fit are refused, and nothing changes"""
    columns = pa.schema([pa.field("a", pa.int32(), False), pa.field("b", pa.utf8())])
    client = attach()
    table = client.create_table("public", "guarded", columns, "replace", not_null_constraints=[0])
    client.insert(table, pa.table({"a": pa.array([1, 2], pa.int32()), "b": ["x", "y"]}))
    ids = marked(client, table)["rowid"]
    for column, text in [
        ({"a": pa.nulls(2, pa.int32())}, "NOT NULL"),
        ({"missing": pa.array([1, 2])}, 'no column "missing"'),
        ({"a": pa.array(["x", "y"])}, "SQL_FAILED"),
    ]:
        raises(Error, text, lambda c=column: client.update(table, pa.table({**c, "rowid": ids})))
    text_ids = pa.table({"a": pa.array([5, 6], pa.int32()), "rowid": ids.cast(pa.utf8())})
    raises(Error, "int64", lambda: client.update(table, text_ids))
    no_ids = pa.table({"a": pa.array([None], pa.int32()), "rowid": pa.nulls(1, pa.int64())})
    raises(Error, 'has no "rowid"', lambda: client.update(table, no_ids))
    only = pa.schema([pa.field("other", pa.int64())])
    raises(Error, 'no column "rowid"', lambda: client.exchange(table, "delete", [pa.record_batch([[1]], schema=only)], only))
    assert stored("guarded").to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    put("own", pa.table({"rowid": [1, 2], "b": ["x", "y"]}))
    own = table_of(client, "own")
    assert not own.has_row_ids and client.scan(own)[0].num_rows == 2
    raises(Error, "no row ids", lambda: client.scan(own, [0, ROW_ID]))


@check
def answers_like_the_reference():
    """a whole conversation sees the same rows as with the reference server, in answers of the same shape"""
    import pathlib

    from airport_conversation import Recorder, converse, shape

    file = pathlib.Path(__file__).parents[1] / "golden" / "airport" / "reference.json"
    reference = json.loads(file.read_text())
    client = Recorder(URL, "sterna", token="golden")
    seen = converse(client)
    assert json.loads(json.dumps(seen)) == reference["seen"], seen
    assert [step["action"] for step in client.steps] == [step["action"] for step in reference["steps"]]
    for mine, theirs in zip(client.steps, reference["steps"], strict=True):
        if "descriptor" not in str(unpack_request(mine)):
            assert mine["request"] == theirs["request"], mine["action"]
        compare(shape(mine), shape(theirs), mine["action"])


def unpack_request(step):
    import base64

    return unpack(base64.b64decode(step["request"]))


def compare(mine, theirs, where):
    """Every key that the reference has, of a type that the C++ client takes for the same; nil where one has nothing."""
    if isinstance(theirs, dict):
        assert isinstance(mine, dict) and set(theirs) <= set(mine), f"{where}: {mine} and {theirs}"
        for key in theirs:
            compare(mine[key], theirs[key], f"{where}.{key}")
    elif isinstance(theirs, list):
        assert isinstance(mine, list) and bool(mine) == bool(theirs), where
        # Other tables may be there as well.
        for index, item in enumerate(mine):
            compare(item, theirs[index if len(mine) == len(theirs) else 0], where)
    elif "NoneType" not in (mine, theirs):
        assert mine == theirs, f"{where}: {mine} and {theirs}"


@check
def refuses_bad_requests():
    """what is malformed gets an error that says so, and the server goes on"""
    put("target", trades(10))
    client = attach()
    table = table_of(client, "target")
    body = {"descriptor": table.descriptor.serialize(), "parameters": {}}
    no_descriptor = {"descriptor": b"\xff\xff\xff", "parameters": {"column_ids": []}}
    for name, data, text in [
        ("list_schemas", b"", "no msgpack"),
        ("list_schemas", b"\xc1", "no msgpack"),
        ("list_schemas", b"\xdd\xff\xff\xff\xff", "no msgpack"),
        ("list_schemas", b"\xdf\xff\xff\xff\xff\x01", "no msgpack"),
        ("list_schemas", b"\x91" * 100_000, ""),
        ("list_schemas", pack([1]), "is wrong"),
        ("list_schemas", pack({"catalog_name": b"\xff"}), "catalog_name: it is not UTF-8"),
        ("list_schemas", pack({"catalog_name": 7}), "catalog_name"),
        ("list_schemas", pack({"catalog_name": "other"}), 'no catalog "other"'),
        ("list_schemas", pack({"catalog_name": "sterna"}) + b"\x00", "no msgpack"),
        ("endpoints", pack({}), "descriptor"),
        ("endpoints", pack(body), "column_ids"),
        ("endpoints", pack(no_descriptor), "FlightDescriptor"),
        ("flight_info", pack({"descriptor": fl.FlightDescriptor.for_path("none").serialize()}), "no dataset"),
        ("create_table", pack({"catalog_name": "sterna"}), "arrow_schema"),
        ("column_statistics", pack({"flight_descriptor": b"", "column_name": "a", "type": ""}), "Descriptor"),
    ]:
        raises(Error, text, lambda n=name, d=data: client.action(n, d, raw=True))
    raises(Error, "There is no column 8", lambda: client.scan(table, [8]))
    raises(Error, "There is no column", lambda: client.scan(table, [2**63]))
    raises(Error, "REQUEST_INVALID", lambda: client.create_table("public", "t", trades(1).schema, not_null_constraints=[99]))
    raises(Error, "", lambda: client.create_table("public", "t", trades(1).schema, arrow_schema=b"\x00" * 40))
    for text, say in [
        ("{", "is no JSON"),
        ("[]", "no object"),
        ('{"filters": 1}', "no list of expressions"),
        ('{"filters": [], "column_binding_names_by_index": [1]}', "no list of names"),
    ]:
        raises(Error, say, lambda t=text: client.scan(table, filters=t))
    assert client.scan(table)[0].num_rows == 10


@check
def survives_hostile_filters():
    """a filter with SQL in its names, texts and types neither runs it nor hides a row"""
    put("hostile", pa.table({"a": pa.array(["x", "y'z", 'q"r'])}))
    client = attach()
    table = table_of(client, "hostile")

    def reference(index=0):
        return {"expression_class": "BOUND_COLUMN_REF", "binding": {"table_index": 0, "column_index": index}}

    def constant(value, kind="VARCHAR", info=None):
        typed = {"type": {"id": kind, "type_info": info}, "is_null": False, "value": value}
        return {"expression_class": "BOUND_CONSTANT", "value": typed}

    def compare(left, right, kind="COMPARE_EQUAL"):
        return {"expression_class": "BOUND_COMPARISON", "type": kind, "left": left, "right": right}

    def rows(*expressions, names=("a",)):
        text = json.dumps({"filters": expressions, "column_binding_names_by_index": names})
        return client.scan(table, filters=text)[0]["a"].to_pylist()

    all_rows = ["x", "y'z", 'q"r']
    assert rows(compare(reference(), constant("y'z"))) == ["y'z"]
    assert rows(compare(reference(), constant("' OR 1=1 --"))) == []
    assert rows(compare(reference(), constant("x\\' UNION SELECT 1; --"))) == []
    for expression in [
        compare(reference(), constant("1) OR (1=1", "INTEGER")),
        compare(reference(), constant(1, "INTEGER); DROP TABLE x; --")),
        compare(reference(), constant("125", "DECIMAL", {"width": "1); --", "scale": 0})),
        compare(reference(), constant("1", "DECIMAL", {"width": 99, "scale": 1})),
        compare(reference(), constant("a\u0000b")),
        compare(reference(), constant("x", "VARCHAR", {"type": "STRING_TYPE_INFO", "collation": "nocase"})),
        compare(reference(1), constant("x")),
        compare(reference(-1), constant("x")),
        compare(reference(1e300), constant("x")),
        compare(reference(), constant("x"), "= 'x' OR 1=1 --"),
        compare(reference(), constant(9**40, "HUGEINT")),
        {"expression_class": "BOUND_FUNCTION", "name": "read_text", "children": [constant("/etc/passwd"), constant("x")]},
        {"expression_class": "BOUND_CONJUNCTION", "type": "CONJUNCTION_AND", "children": []},
        {"expression_class": "BOUND_OPERATOR", "type": "COMPARE_IN", "children": [reference()]},
        {"expression_class": "__proto__", "type": "constructor"},
        {"expression_class": "BOUND_CONJUNCTION", "type": "constructor", "children": [compare(reference(), constant("x"))]},
    ]:
        assert rows(expression) == all_rows, expression
    assert rows(compare(reference(), constant("x")), names=['a" = \'x\' OR "a']) == all_rows
    deep = compare(reference(), constant("x"))
    for _ in range(400):
        deep = {"expression_class": "BOUND_OPERATOR", "type": "OPERATOR_NOT", "children": [deep]}
    assert rows(deep) == all_rows
    many = {"expression_class": "BOUND_OPERATOR", "type": "COMPARE_IN"}
    many["children"] = [reference(), *[constant(f"value {i}") for i in range(5000)]]
    assert rows(many) == all_rows


@check
def refuses_forged_tickets():
    """a ticket that was not issued is refused or reads what its caller may read anyway"""
    put("forged", trades(10))
    client = attach()
    table = table_of(client, "forged")
    ticket = client.endpoints(table, [0])[0].ticket.ticket
    for old, new, text in [
        (b'"columns":[0]', b'"columns":"a"', "no scan"),
        (b'"forged"', b'"f\\u0000"', ""),
        (b'"rowIds":false', b'"where":"1; --"', ""),
        (b'"rowIds":false', b'"rowIds":false,"moment":{"version":-1}', "no scan"),
        (b'"rowIds":false', b'"rowIds":true,"moment":{"timestamp":"2026\')"}', "is no timestamp"),
    ]:
        assert old in ticket
        value = ticket[ticket.index(b"{") :].replace(old, new)
        url = b"type.googleapis.com/sterna.airport.Scan"
        size = bytes([len(value) % 128 + 128, len(value) // 128])
        forged = b"\x0a" + bytes([len(url)]) + url + b"\x12" + size + value
        raises(Error, text, lambda f=forged: client.flight.do_get(fl.Ticket(f)).read_all())


@check
def refuses_by_name():
    """what is not there is refused by its name, with the exception that DuckDB raises"""
    put("fixed", trades(3))
    client = attach()
    table = table_of(client, "fixed")
    missing = client.options(("airport-operation", "insert"))
    for call, text in [
        (lambda: client.flight.do_get(fl.Ticket(b"missing"), client.options()).read_all(), "There is no dataset"),
        (lambda: client.flight.do_exchange(fl.FlightDescriptor.for_path("missing"), missing)[1].read_chunk(), "SCHEMA"),
        (lambda: client.catalog_version() and client.action("list_schemas", b"", raw=True), "no msgpack"),
    ]:
        details = unpack(raises(fl.FlightError, text, call).extra_info)
        assert details["exception_type"] == b"InvalidInputException" and text in details["message"].decode()
    for action, text in [
        ("set_default", "SET DEFAULT"),
        ("add_constraint", "ADD CONSTRAINT"),
        ("add_field", "ADD COLUMN of a struct"),
        ("table_function_flight_info", "table function"),
    ]:
        raises(Error, text, lambda a=action: client.alter(a, table))


run(only=sys.argv[2] if len(sys.argv) > 2 else None)
