"""
Other ways from Python to Flight SQL: flightsql-dbapi, SQLAlchemy through it, and DuckDB that reads a stream of ADBC.
Usage: flight_sql_tools.py grpc://HOST:PORT
"""

import datetime
import decimal
import os
import sys

import adbc_driver_flightsql.dbapi as adbc
import duckdb
import flightsql
import flightsql.sqlalchemy  # noqa: F401 - makes its dialect known
import pyarrow as pa
import pyarrow.flight as fl
import sqlalchemy
from flightsql.client import TableRef

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, raises, run  # noqa: E402

URL = sys.argv[1]
HOST, PORT = URL.removeprefix("grpc://").split(":")


def client():
    return flightsql.FlightSQLClient(host=HOST, port=int(PORT), insecure=True)


def read(opened, info):
    return opened.do_get(info.endpoints[0].ticket).read_all()


@check
def dbapi_queries(_):
    """flightsql-dbapi gives rows of a query, with parameters and for each of many"""
    connection = flightsql.connect(client())
    cursor = connection.cursor()
    rows = cursor.execute("SELECT id, name FROM numbers WHERE id < 2 ORDER BY id").fetchall()
    assert [tuple(row) for row in rows] == [(0, "n0"), (1, "n1")], rows
    assert [column[0] for column in cursor.description] == ["id", "name"]
    row = cursor.execute("SELECT name FROM numbers WHERE id = ? AND name <> ?", (7, "x")).fetchone()
    assert tuple(row) == ("n7",), row
    values = (7, 1.5, "x", b"\x00", True)
    row = cursor.execute("SELECT ?, ?, ?, ?, ?", values).fetchone()
    assert tuple(row) == values, row
    assert cursor.executemany("SELECT name FROM numbers WHERE id = ?", [(1,), (2,)]) is cursor
    assert cursor.execute("SELECT id FROM numbers WHERE id < 0").fetchall() == []
    raises(KeyError, "DATASET_NOT_FOUND", lambda: cursor.execute("SELECT * FROM nothing"))


@check
def unions_are_bound(_):
    """a union as a parameter, dense or sparse, is for each row the value of its member, NULLs included"""
    kinds = pa.array([1, 0, 1], pa.int8())
    dense = pa.UnionArray.from_dense(kinds, pa.array([1, 0, 0], pa.int32()), [pa.array([7]), pa.array(["a", None])])
    sparse = pa.UnionArray.from_sparse(kinds, [pa.array([0, 7, 0]), pa.array([None, "", "a"])])
    expected = [{"type": "VARCHAR", "value": None}, {"type": "BIGINT", "value": "7"}, {"type": "VARCHAR", "value": "a"}]
    with adbc.connect(URL, autocommit=True) as connection, connection.cursor() as cursor:
        for values in (dense, sparse):
            cursor.execute("SELECT typeof(v) AS type, v::VARCHAR AS value FROM (SELECT ? AS v)", pa.record_batch([values], ["v"]))
            assert cursor.fetch_arrow_table().to_pylist() == expected, values.type


@check
def dbapi_metadata(_):
    """flightsql-dbapi lists catalogs, schemas, tables with their schemas, types, keys and what the server is"""
    opened = client()
    assert read(opened, opened.get_catalogs())["catalog_name"].to_pylist() == ["sterna"]
    assert read(opened, opened.get_db_schemas())["db_schema_name"].to_pylist() == ["main", "side"]
    tables = read(opened, opened.get_tables(include_schema=True, table_name_filter_pattern="num%"))
    schema = pa.ipc.read_schema(pa.BufferReader(tables["table_schema"][0].as_py()))
    assert schema.names == ["id", "name", "price", "ts"] and not schema.field("id").nullable, schema
    assert read(opened, opened.get_table_types())["table_type"].to_pylist() == ["TABLE", "VIEW"]
    table = TableRef(table="numbers")
    for keys in (
        opened.get_primary_keys(table),
        opened.get_exported_keys(table),
        opened.get_imported_keys(table),
        opened.get_cross_reference(table, table),
    ):
        assert read(opened, keys).num_rows == 0
    assert "BIGINT" in read(opened, opened.get_xdbc_type_info(None))["type_name"].to_pylist()
    assert read(opened, opened.get_sql_info([0]))["value"].to_pylist() == ["Sterna"]


@check
def sqlalchemy_core(_):
    """SQLAlchemy 1.4 over flightsql-dbapi reflects tables and runs its expressions, with prepared statements"""
    query = "insecure=True&feature-sqlalchemy-prepared-statements=on"
    engine = sqlalchemy.create_engine(f"datafusion+flightsql://{HOST}:{PORT}?{query}")
    inspector = sqlalchemy.inspect(engine)
    assert inspector.get_schema_names() == ["main", "side"], inspector.get_schema_names()
    assert inspector.get_table_names(schema="side") == ["other"]
    columns = inspector.get_columns("numbers", schema="main")
    assert [column["name"] for column in columns] == ["id", "name", "price", "ts"], columns
    numbers = sqlalchemy.table("numbers", *(sqlalchemy.column(name) for name in ("id", "name", "price")))
    wanted = (
        sqlalchemy.select(sqlalchemy.func.count(), sqlalchemy.func.max(numbers.c.name))
        .where(numbers.c.id >= 10)
        .where(numbers.c.name.like("n1%"))
    )
    with engine.connect() as connection:
        # Of 1000 names those that begin with n1: n10 to n19 and n100 to n199.
        assert connection.execute(wanted).fetchall() == [(110, "n199")]
        assert connection.execute(sqlalchemy.text("SELECT 1 + 1")).scalar() == 2
    engine.dispose()


@check
def duckdb_reads_a_stream(_):
    """DuckDB on the client queries a stream of ADBC, batch by batch, and a table that it has become"""
    with adbc.connect(URL, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, name, price, ts FROM numbers")
        stream = cursor.fetch_record_batch()
        local = duckdb.connect()
        expected = (1000, decimal.Decimal("4995.00"), datetime.datetime(2026, 2, 3, 0, 16, 39))
        assert local.sql("SELECT count(*), sum(price), max(ts) FROM stream").fetchone() == expected
        cursor.execute("SELECT id, name FROM numbers WHERE id < 10")
        names = cursor.fetch_arrow_table()
        assert local.sql("SELECT max(name) FROM names").fetchone() == ("n9",)


@check
def executemany_writes_rows(_):
    """executemany of ADBC inserts a row for each of its parameters, tuples or Arrow, and counts them"""
    with adbc.connect(URL, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE many (id BIGINT, name VARCHAR)")
        cursor.executemany("INSERT INTO many VALUES (?, ?)", [(1, "a"), (2, None)])
        assert cursor.rowcount == 2, cursor.rowcount
        cursor.executemany("INSERT INTO many VALUES (?, ?)", pa.table({"id": [3, 4], "name": ["c", "d"]}))
        cursor.execute("SELECT id, name FROM many ORDER BY id")
        assert cursor.fetchall() == [(1, "a"), (2, None), (3, "c"), (4, "d")]


if __name__ == "__main__":
    flight = fl.connect(URL)
    start = datetime.datetime(2026, 2, 3)
    schema = pa.schema(
        [
            pa.field("id", pa.int64(), False),
            pa.field("name", pa.string()),
            pa.field("price", pa.decimal128(10, 2)),
            pa.field("ts", pa.timestamp("us")),
        ]
    )
    rows = range(1000)
    columns = [
        list(rows),
        [f"n{i}" for i in rows],
        [decimal.Decimal(i) / 100 for i in rows],
        [start + datetime.timedelta(seconds=i) for i in rows],
    ]
    for path, table in ((["numbers"], pa.table(columns, schema=schema)), (["side", "other"], pa.table({"x": [1]}))):
        writer, _ = flight.do_put(fl.FlightDescriptor.for_path(*path), table.schema)
        writer.write_table(table)
        writer.close()
    run(flight)
