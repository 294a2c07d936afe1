"""
Flight SQL through the ADBC driver, polars and pandas, over a real socket.
Usage: flight_sql_checks.py grpc://HOST:PORT [WORD]
"""

import datetime
import decimal
import os
import sys
import warnings

import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, raises, run  # noqa: E402

URL = sys.argv[1]
Error = adbc_driver_manager.Error


def connect(**options):
    """A connection as a user opens it, without transactions unless asked for."""
    return flightsql.connect(URL, autocommit=True, **options)


def put(client, key, table):
    writer, _ = client.do_put(fl.FlightDescriptor.for_path(*([key] if isinstance(key, str) else key)), table.schema)
    writer.write_table(table)
    writer.close()


def numbers(rows=1000):
    return pa.table(
        {
            "id": pa.array(range(rows), pa.int64()),
            "name": [f"n{i}" for i in range(rows)],
            "price": pa.array([decimal.Decimal(i) / 100 for i in range(rows)], pa.decimal128(10, 2)),
        }
    )


def query(cursor, sql, parameters=None):
    cursor.execute(sql, parameters)
    return cursor.fetch_arrow_table()


@check
def a_query_gives_rows_and_their_types(client):
    """a cursor gives the rows of a query, with their types, also where there are none"""
    with connect() as connection, connection.cursor() as cursor:
        table = query(cursor, "SELECT id, name, price FROM numbers WHERE id < 3 ORDER BY id")
        assert table.to_pylist() == numbers().slice(0, 3).to_pylist(), table
        empty = query(cursor, "SELECT id, name, price FROM numbers WHERE id < 0")
        assert empty.num_rows == 0 and empty.schema.equals(table.schema), empty.schema
        cursor.execute("SELECT id, name FROM numbers WHERE id = 7")
        assert cursor.fetchone() == (7, "n7") and cursor.fetchone() is None
        assert [column[0] for column in cursor.description] == ["id", "name"]


@check
def the_schema_is_known_before_the_query_runs(client):
    """adbc_execute_schema gives the schema that the query's stream has, with SQL's names of the types"""
    with connect() as connection, connection.cursor() as cursor:
        sql = "SELECT id, price, name FROM numbers WHERE error('not run') IS NULL"
        schema = cursor.adbc_execute_schema(sql)
        assert schema.names == ["id", "price", "name"], schema
        facts = schema.field("price").metadata
        assert facts[b"ARROW:FLIGHT:SQL:TYPE_NAME"] == b"DECIMAL(10,2)", facts
        assert (facts[b"ARROW:FLIGHT:SQL:PRECISION"], facts[b"ARROW:FLIGHT:SQL:SCALE"]) == (b"10", b"2"), facts
        assert schema.equals(query(cursor, "SELECT id, price, name FROM numbers LIMIT 1").schema, check_metadata=True)


@check
def a_statement_knows_its_parameters(client):
    """a prepared statement knows how many parameters it takes, and of which types"""
    with connect() as connection, connection.cursor() as cursor:
        schema = cursor.adbc_prepare("SELECT name FROM numbers WHERE id = ? AND price < $2 AND name <> ?")
        assert len(schema) == 3, schema
        assert schema.types[:2] == [pa.int64(), pa.decimal128(10, 2)], schema


PARAMETERS = {
    "BOOLEAN": pa.array([True]),
    "TINYINT": pa.array([-128], pa.int8()),
    "UTINYINT": pa.array([255], pa.uint8()),
    "SMALLINT": pa.array([-32768], pa.int16()),
    "USMALLINT": pa.array([65535], pa.uint16()),
    "INTEGER": pa.array([-(2**31)], pa.int32()),
    "UINTEGER": pa.array([2**32 - 1], pa.uint32()),
    "BIGINT": pa.array([-(2**63)], pa.int64()),
    "UBIGINT": pa.array([2**64 - 1], pa.uint64()),
    "FLOAT": pa.array([1.5], pa.float32()),
    "DOUBLE": pa.array([-0.0], pa.float64()),
    "DECIMAL(38,4)": pa.array([decimal.Decimal("-1234567890123456789012345678901234.5678")], pa.decimal128(38, 4)),
    "DECIMAL(5,2)": pa.array([decimal.Decimal("-999.99")], pa.decimal128(5, 2)),
    "VARCHAR": pa.array(["é€😀 and more than twelve bytes"]),
    "BLOB": pa.array([b"\x00\xff\x00"]),
    "DATE": pa.array([datetime.date(1969, 12, 31)]),
    "TIME": pa.array([datetime.time(23, 59, 59, 999999)], pa.time64("us")),
    "TIMESTAMP_MS": pa.array([datetime.datetime(2026, 2, 3, 4, 5, 6, 7000)], pa.timestamp("ms")),
    "TIMESTAMP": pa.array([datetime.datetime(1600, 2, 3, 4, 5, 6, 7)], pa.timestamp("us")),
    "TIMESTAMP_NS": pa.array([1234567890123456789], pa.timestamp("ns")),
    "TIMESTAMP WITH TIME ZONE": pa.array([datetime.datetime(2026, 2, 3)], pa.timestamp("us", "UTC")),
    "INTERVAL": pa.array([datetime.timedelta(days=1, microseconds=1)], pa.duration("us")),
    "INTEGER[]": pa.array([[1, None, 3]], pa.list_(pa.int32())),
    "STRUCT(a BIGINT, b VARCHAR)": pa.array(
        [{"a": 1, "b": None}], pa.struct([("a", pa.int64()), ("b", pa.string())])
    ),
    "MAP(VARCHAR, INTEGER)": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())),
}


@check
def every_type_can_be_bound(client):
    """a parameter of every type, and a NULL of it, arrives as it was bound"""
    with connect() as connection, connection.cursor() as cursor:
        for name, array in PARAMETERS.items():
            for value in (array, pa.nulls(1, array.type)):
                batch = pa.record_batch([value], ["value"])
                table = query(cursor, "SELECT typeof(?) AS type, $1 AS value, $1 IS NULL AS missing", batch)
                assert table["type"][0].as_py().replace('"', "") == name, (name, table["type"])
                if name == "INTERVAL":
                    expected = None if value.null_count else pa.MonthDayNano([0, 0, 86_400_000_001_000])
                    assert table["value"][0].as_py() == expected, table
                    continue
                assert table["value"].cast(value.type).to_pylist() == value.to_pylist(), (name, table)
                assert table["missing"][0].as_py() == (value.null_count == 1), name


@check
def values_that_print_the_same_differ(client):
    """0.0 and -0.0 as parameters give two results, whatever is cached"""
    with connect() as connection, connection.cursor() as cursor:
        signs = [query(cursor, "SELECT signbit(?::DOUBLE) AS s", (value,))["s"][0].as_py() for value in (0.0, -0.0)]
        assert signs == [False, True], signs


@check
def parameters_go_by_name_as_well(client):
    """a statement with named parameters takes a batch with columns of these names, in any order"""
    with connect() as connection, connection.cursor() as cursor:
        batch = pa.record_batch([pa.array(["n7"]), pa.array([7])], ["name", "id"])
        table = query(cursor, "SELECT name FROM numbers WHERE id = $id AND name = $name", batch)
        assert table.to_pylist() == [{"name": "n7"}], table


@check
def many_rows_of_parameters_are_one_result(client):
    """a query over many rows of parameters gives the results of all of them in one stream"""
    with connect() as connection, connection.cursor() as cursor:
        batch = pa.record_batch([pa.array([5, None, 900, 5000])], ["id"])
        table = query(cursor, "SELECT name FROM numbers WHERE id = ?", batch)
        assert table["name"].to_pylist() == ["n5", "n900"], table


@check
def a_wrong_number_of_parameters_is_refused(client):
    """too few or too many parameters are refused, with both numbers"""
    with connect() as connection, connection.cursor() as cursor:
        raises(Error, "takes 2 parameters, 1 were bound", lambda: query(cursor, "SELECT ? + ?", (1,)))
        raises(Error, "takes 1 parameters, 2 were bound", lambda: query(cursor, "SELECT ? + 1", (1, 2)))


@check
def parameters_have_a_limit(client):
    """more bound bytes than a ticket can carry are refused, with the limit"""
    with connect() as connection, connection.cursor() as cursor:
        raises(Error, "1048576 bytes, the limit", lambda: query(cursor, "SELECT length(?)", ("x" * 2**20,)))


@check
def a_partition_is_read_on_another_connection(client):
    """a partition outlives its statement: it is read on another connection after the first has closed"""
    with connect() as connection, connection.cursor() as cursor:
        partitions, schema = cursor.adbc_execute_partitions("SELECT id FROM numbers WHERE id < ?", (10,))
    assert schema.names == ["id"] and len(partitions) == 1, partitions
    with connect() as connection, connection.cursor() as cursor:
        cursor.adbc_read_partition(partitions[0])
        assert sorted(cursor.fetch_arrow_table()["id"].to_pylist()) == list(range(10))


@check
def sql_that_writes_is_refused(client):
    """SQL that writes is refused when it is prepared, and leaves the data as they were"""
    with connect() as connection, connection.cursor() as cursor:
        for sql in ("DROP TABLE numbers", "DELETE FROM numbers", "CREATE TABLE x AS SELECT 1"):
            raises(Error, "SQL_FORBIDDEN", lambda: cursor.execute(sql))
        assert query(cursor, "SELECT count(*) AS n FROM numbers")["n"].to_pylist() == [1000]


if __name__ == "__main__":
    warnings.simplefilter("error")
    flight = fl.connect(URL)
    put(flight, "numbers", numbers())
    run(flight, only=sys.argv[2] if len(sys.argv) > 2 else None)
