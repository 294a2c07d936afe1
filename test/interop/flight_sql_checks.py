"""
Flight SQL through the ADBC driver, polars and pandas, over a real socket.
Usage: flight_sql_checks.py grpc://HOST:PORT [WORD]
"""

import datetime
import decimal
import json
import os
import struct
import sys
import warnings

import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, eventually, raises, run  # noqa: E402

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
def values_that_decide_types_are_looked_at(client):
    """the types of a result follow the values of parameters where these decide them"""
    with connect() as connection, connection.cursor() as cursor:
        for sql, values in (
            ("SELECT struct_extract({'a': 1::BIGINT, 'b': 'x'}, ?) AS r", {"a": pa.int64(), "b": pa.string()}),
            ("SELECT {'a': 1::BIGINT, 'b': 'x'}[?] AS r", {"a": pa.int64(), "b": pa.string()}),
            ("SELECT coalesce(?, 1::SMALLINT) AS r", {7: pa.int64(), 1.5: pa.float64()}),
        ):
            for value, expected in values.items():
                assert query(cursor, sql, (value,)).schema.field("r").type == expected, (sql, value)


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
def sql_beyond_the_lake_is_refused(client):
    """SQL that reaches beyond the lake is refused when it is prepared, and leaves the data as they were"""
    with connect() as connection, connection.cursor() as cursor:
        for sql in ("COPY numbers TO 'x.csv'", "ATTACH 'x.db'", "SET threads = 1", "CREATE MACRO f() AS 1"):
            raises(Error, "INVALID_ARGUMENT", lambda: cursor.execute(sql))
        assert query(cursor, "SELECT count(*) AS n FROM numbers")["n"].to_pylist() == [1000]


@check
def catalogs_schemas_and_tables_are_listed(client):
    """adbc_get_objects gives catalog, schemas, tables and columns, at every depth and by every filter"""
    with connect() as connection:

        def objects(**options):
            return connection.adbc_get_objects(**options).read_all().to_pylist()

        assert [row["catalog_name"] for row in objects(depth="catalogs")] == ["sterna"]
        (lake,) = objects(depth="db_schemas")
        assert [schema["db_schema_name"] for schema in lake["catalog_db_schemas"]] == ["main", "other"], lake
        (lake,) = objects(depth="tables")
        tables = {
            (schema["db_schema_name"], table["table_name"], table["table_type"])
            for schema in lake["catalog_db_schemas"]
            for table in schema["db_schema_tables"]
        }
        assert ("main", "numbers", "TABLE") in tables and ("other", "a_b", "TABLE") in tables, tables
        (lake,) = objects(depth="all", table_name_filter="numbers")
        (table,) = [t for s in lake["catalog_db_schemas"] for t in s["db_schema_tables"]]
        columns = table["table_columns"]
        assert [(c["column_name"], c["ordinal_position"]) for c in columns] == [("id", 1), ("name", 2), ("price", 3)]
        assert table["table_constraints"] == [], table

        def names(**options):
            return sorted(
                table["table_name"]
                for catalog in objects(depth="tables", **options)
                for schema in catalog["catalog_db_schemas"]
                for table in schema["db_schema_tables"]
            )

        assert names(db_schema_filter="other") == ["a%b", "a_b", "axb"]
        assert names(db_schema_filter="oth%", table_name_filter="a_b") == ["a%b", "a_b", "axb"]
        assert names(table_name_filter="a\\_b") == ["a_b"] and names(table_name_filter="a\\%b") == ["a%b"]
        assert names(db_schema_filter="other", table_types_filter=["VIEW"]) == []
        assert names(db_schema_filter="other", table_types_filter=["TABLE", "VIEW"]) == ["a%b", "a_b", "axb"]
        assert objects(depth="catalogs", catalog_filter="nothing") == []
        assert connection.adbc_get_table_types() == ["TABLE", "VIEW"]


@check
def a_table_has_a_schema(client):
    """adbc_get_table_schema gives the schema that was stored, with what was not null, and SQL's facts"""
    with connect() as connection:
        schema = connection.adbc_get_table_schema("strict", db_schema_filter="main")
        assert [field.nullable for field in schema] == [False, True], schema
        assert schema.types == [pa.int64(), pa.timestamp("ns")], schema
        facts = schema.field("key").metadata
        expected = {
            b"ARROW:FLIGHT:SQL:CATALOG_NAME": b"sterna",
            b"ARROW:FLIGHT:SQL:SCHEMA_NAME": b"main",
            b"ARROW:FLIGHT:SQL:TABLE_NAME": b"strict",
            b"ARROW:FLIGHT:SQL:TYPE_NAME": b"BIGINT",
            b"ARROW:FLIGHT:SQL:PRECISION": b"19",
        }
        assert {name: facts.get(name) for name in expected} == expected, facts
        raises(Error, "", lambda: connection.adbc_get_table_schema("nothing"))


@check
def not_null_is_kept(client):
    """a column that is NOT NULL in its table is so in the result of a query that gives it as it is, and in no other"""
    plain = {
        'SELECT key, "at" FROM "strict" WHERE key > 0 ORDER BY "at" LIMIT 5': [False, True],
        'SELECT * FROM "strict"': [False, True],
        'SELECT "at", *, s."KEY" AS again FROM "strict" AS s': [True, False, True, False],
        'SELECT key, count(*) AS n FROM "strict" GROUP BY key': [False, True],
        'SELECT key + 1 AS key FROM "strict"': [True],
        'SELECT key FROM "strict" GROUP BY ROLLUP (key)': [True],
        'SELECT a.key FROM "strict" a LEFT JOIN "strict" b ON a.key = b.key + 1': [True],
        'SELECT key FROM (SELECT nullif(key, 1) AS key FROM "strict")': [True],
        'WITH w AS (SELECT nullif(key, 1) AS key FROM "strict") SELECT key FROM w': [True],
        'SELECT key FROM "strict" UNION ALL SELECT NULL': [True],
        'SELECT key FROM "stric*"': [False],
    }
    with connect() as connection, connection.cursor() as cursor:
        for sql, nullable in plain.items():
            schema = cursor.adbc_execute_schema(sql)
            assert [field.nullable for field in schema] == nullable, (sql, schema)
            table = query(cursor, sql)
            assert table.schema.equals(schema, check_metadata=True), (sql, table.schema)
            table.validate(full=True)


@check
def sql_names_the_catalog(client):
    """SQL takes a table with catalog and schema, as tools write it from the metadata"""
    with connect() as connection, connection.cursor() as cursor:
        for name in ('"sterna"."main"."numbers"', "sterna.main.numbers", "main.numbers", "numbers"):
            assert query(cursor, f"SELECT count(*) AS n FROM {name}")["n"].to_pylist() == [1000], name
        assert query(cursor, 'SELECT count(*) AS n FROM "sterna"."other"."a%b"')["n"].to_pylist() == [3]


@check
def the_server_tells_what_it_is(client):
    """adbc_get_info gives name and version of server and driver"""
    with connect() as connection:
        info = connection.adbc_get_info()
        assert info["vendor_name"] == "Sterna" and info["vendor_version"] == "0.1.0", info
        assert info["driver_name"].startswith("ADBC Flight SQL"), info


def command(name, body=b""):
    """A Flight SQL command as a client without a library for it sends it."""
    url = f"type.googleapis.com/arrow.flight.protocol.sql.{name}".encode()
    return b"\x0a" + bytes([len(url)]) + url + b"\x12" + bytes([len(body)]) + body


def metadata(client, name, body=b""):
    """The answer of a metadata command, its schema the same from GetSchema, GetFlightInfo and DoGet."""
    descriptor = fl.FlightDescriptor.for_command(command(name, body))
    info = client.get_flight_info(descriptor)
    table = client.do_get(info.endpoints[0].ticket).read_all()
    assert table.schema.equals(info.schema, check_metadata=True), name
    assert table.schema.equals(client.get_schema(descriptor).schema, check_metadata=True), name
    table.validate(full=True)
    return table


@check
def every_fact_of_the_specification_is_known(client):
    """CommandGetSqlInfo gives every id of the specification, in the dense union that it prescribes"""
    table = metadata(client, "CommandGetSqlInfo")
    ids = [*range(12), 100, 101, *range(500, 577)]
    assert table["info_name"].to_pylist() == ids, table["info_name"]
    utf8_list = pa.list_(pa.field("item", pa.string()))
    int_list = pa.list_(pa.field("item", pa.int32()))
    members = [
        pa.field("string_value", pa.string(), False),
        pa.field("bool_value", pa.bool_(), False),
        pa.field("bigint_value", pa.int64(), False),
        pa.field("int32_bitmask", pa.int32(), False),
        pa.field("string_list", utf8_list, False),
        pa.field("int32_to_int32_list_map", pa.map_(pa.int32(), int_list), False),
    ]
    expected = pa.schema([pa.field("info_name", pa.uint32(), False), pa.field("value", pa.dense_union(members), False)])
    assert table.schema.equals(expected), table.schema
    values = dict(zip(ids, table["value"].to_pylist()))
    assert values[0] == "Sterna" and values[3] is False and values[8] == 2 and values[504] == '"', values
    # Of catalogs, schemas and tables, those that SQL makes and drops.
    assert [values[id] for id in (500, 501, 502)] == [False, True, True], values
    assert "QUALIFY" in values[508] and 19 in dict(values[517])[0], values
    some = metadata(client, "CommandGetSqlInfo", b"\x0a\x03\x08\x00\x63")
    assert some["info_name"].to_pylist() == [0, 8], some


@check
def what_sql_info_says_is_so(client):
    """what CommandGetSqlInfo says of names, orders, NULLs, joins, subqueries, LIKE and casts is what SQL then does"""
    table = metadata(client, "CommandGetSqlInfo")
    facts = dict(zip(table["info_name"].to_pylist(), table["value"].to_pylist()))
    with connect() as connection, connection.cursor() as cursor:

        def column(sql):
            return query(cursor, sql).column(0).to_pylist()

        assert (facts[503], facts[505], facts[504]) == (1, 1, '"'), "case-insensitive, in quotes too"
        assert column('SELECT count(*) FROM NUMBERS') == column('SELECT count("ID") FROM "Numbers"') == [1000]
        nulls = "SELECT x FROM (VALUES (2), (NULL), (1)) t(x) ORDER BY x"
        assert facts[507] == 3 and column(nulls)[-1] is None and column(nulls + " DESC")[-1] is None, "at the end"
        assert facts[513] == "\\" and facts[523] is True
        assert column(f"SELECT 'a_b' LIKE 'a{facts[513]}_b' ESCAPE '{facts[513]}'") == [True]
        assert facts[515] is True and column("SELECT 1 AS alias") == [1]
        assert facts[516] is True and column("SELECT NULL + 1") == [None]
        assert facts[518] is True and facts[519] is False
        assert column("SELECT numbers.id FROM numbers AS numbers WHERE numbers.id = 3") == [3]
        assert facts[520] is True and facts[521] is True
        assert column("SELECT id FROM numbers WHERE id < 3 ORDER BY price * -1") == [2, 1, 0]
        assert facts[528] == 0b110, "full and limited outer joins"
        assert column("SELECT count(*) FROM (VALUES (1)) a(x) FULL OUTER JOIN (VALUES (2)) b(y) ON x = y") == [2]
        assert facts[536] is False, "no FOR UPDATE"
        assert facts[538] == 0b1111 and facts[539] is True and facts[540] == 0b11, "subqueries, unions"
        for condition in (
            "id = (SELECT 1)",
            "EXISTS (SELECT 1 WHERE n.id = 1)",
            "id IN (SELECT 1)",
            "id = ANY (SELECT 1)",
        ):
            assert column(f"SELECT id FROM numbers n WHERE {condition}") == [1], condition
        assert column("SELECT 1 UNION SELECT 1") == [1] and column("SELECT 1 UNION ALL SELECT 1") == [1, 1]
        casts = dict(facts[517])
        types = {0: "0::BIGINT", 4: "DATE '2026-01-02'", 5: "1.5::DECIMAL(4,2)", 7: "7::INTEGER"}
        for source, value in types.items():
            for target, written in types.items():
                cast = f"SELECT CAST(value AS {written.split('::')[-1].split(' ')[0]}) FROM (SELECT {value} AS value)"
                if target in casts[source]:
                    assert query(cursor, cast).num_rows == 1, cast
                else:
                    raises(Error, "", lambda: query(cursor, cast))
        raises(Error, str(facts[557]), lambda: query(cursor, "SELECT '" + "x" * facts[557] + "'"))


@check
def every_type_of_the_engine_is_described(client):
    """CommandGetXdbcTypeInfo describes every type of DuckDB, ordered, and those of one number where asked"""
    import duckdb

    table = metadata(client, "CommandGetXdbcTypeInfo")
    engine = {row[0] for row in duckdb.sql("SELECT DISTINCT logical_type FROM duckdb_types()").fetchall()}
    # TYPE is no type that a value can have in a table.
    assert set(table["type_name"].to_pylist()) == engine - {"TYPE"}, engine ^ set(table["type_name"].to_pylist())
    keys = list(zip(table["data_type"].to_pylist(), table["type_name"].to_pylist()))
    assert keys == sorted(keys), keys
    bigint = metadata(client, "CommandGetXdbcTypeInfo", b"\x08" + b"\xfb" + b"\xff" * 8 + b"\x01")
    assert bigint["type_name"].to_pylist() == ["BIGINT", "UINTEGER"], bigint


@check
def keys_are_known_to_be_none(client):
    """the commands for keys answer with the columns of the specification and no row"""
    table = b"\x1a\x07numbers"
    primary = metadata(client, "CommandGetPrimaryKeys", table)
    assert primary.num_rows == 0 and primary.schema.names == [
        "catalog_name", "db_schema_name", "table_name", "column_name", "key_name", "key_sequence",
    ]
    assert [field.nullable for field in primary.schema] == [True, True, False, False, True, False]
    cross = b"\x1a\x07numbers" + b"\x32\x07numbers"
    for name, body in (
        ("CommandGetExportedKeys", table),
        ("CommandGetImportedKeys", table),
        ("CommandGetCrossReference", cross),
    ):
        keys = metadata(client, name, body)
        assert keys.num_rows == 0 and keys.schema.names == [
            "pk_catalog_name", "pk_db_schema_name", "pk_table_name", "pk_column_name",
            "fk_catalog_name", "fk_db_schema_name", "fk_table_name", "fk_column_name",
            "key_sequence", "fk_key_name", "pk_key_name", "update_rule", "delete_rule",
        ], keys.schema
        assert [field.nullable for field in keys.schema] == [
            True, True, False, False, True, True, False, False, False, True, True, False, False,
        ]


def count(connection, name):
    with connection.cursor() as cursor:
        return query(cursor, f'SELECT count(*) AS n FROM "{name}"')["n"][0].as_py()


@check
def a_transaction_reads_one_snapshot(client):
    """a connection without autocommit reads one snapshot until it commits or rolls back"""
    put(client, "moving", numbers(10))
    with flightsql.connect(URL) as connection:
        assert count(connection, "moving") == 10
        put(client, "moving", numbers(20))
        assert count(connection, "moving") == 10
        connection.commit()
        assert count(connection, "moving") == 20
        put(client, "moving", numbers(30))
        assert count(connection, "moving") == 20
        connection.rollback()
        assert count(connection, "moving") == 30
    pinned = json.loads(b"".join(r.body.to_pybytes() for r in client.do_action(fl.Action("stats", b""))))
    assert pinned["in_flight"]["pins"] == 0, pinned["in_flight"]


def cache_hits(client):
    stats = b"".join(result.body.to_pybytes() for result in client.do_action(fl.Action("stats", b"")))
    return json.loads(stats)["cache"]["hits"]


@check
def a_cached_dataset_is_read_whole_from_the_cache(client):
    """SELECT * reads the cache, with what was appended since, also in a transaction until that changes the dataset"""
    table = pa.table({"id": pa.array([1, 2], pa.int64()), "name": ["a", None]})
    put(client, "hot", table)
    more = pa.table({"id": pa.array([3], pa.int64()), "name": ["c"]})
    append = json.dumps({"key": "hot", "mode": "append"}).encode()
    writer, _ = client.do_put(fl.FlightDescriptor.for_command(append), table.schema)
    writer.write_table(more)
    writer.close()
    expected = pa.concat_tables([table, more]).to_pylist()
    for autocommit in (True, False):
        with flightsql.connect(URL, autocommit=autocommit) as connection, connection.cursor() as cursor:
            hits = cache_hits(client)
            assert query(cursor, "SELECT * FROM hot").to_pylist() == expected
            assert cache_hits(client) > hits
            cursor.execute("DELETE FROM hot WHERE id = 2")
            expected = [row for row in expected if row["id"] != 2]
            assert query(cursor, "SELECT * FROM hot").to_pylist() == expected
            assert query(cursor, "SELECT * FROM hot LIMIT 9").to_pylist() == expected
            if autocommit:
                put(client, "hot", table)
                expected = table.to_pylist()


@check
def ingestion_in_every_mode(client):
    """adbc_ingest creates, appends and replaces, gives the number of rows, and refuses what the mode forbids"""
    with connect() as connection, connection.cursor() as cursor:
        table = numbers(100)
        raises(Error, "DATASET_NOT_FOUND", lambda: cursor.adbc_ingest("ingested", table, mode="append"))
        assert cursor.adbc_ingest("ingested", table, mode="create") == 100
        raises(Error, "DATASET_EXISTS", lambda: cursor.adbc_ingest("ingested", table, mode="create"))
        assert cursor.adbc_ingest("ingested", table.slice(0, 50), mode="append") == 50
        assert count(connection, "ingested") == 150
        assert cursor.adbc_ingest("ingested", table.slice(0, 7), mode="replace") == 7
        assert count(connection, "ingested") == 7
        for expected in (3, 6):
            assert cursor.adbc_ingest("ingested_too", table.slice(0, 3), mode="create_append") == 3
            assert count(connection, "ingested_too") == expected
        other = pa.table({"x": ["a"]})
        raises(Error, "SCHEMA_MISMATCH", lambda: cursor.adbc_ingest("ingested", other, mode="append"))
        assert client.do_get(fl.Ticket(b"ingested")).read_all().equals(table.slice(0, 7))


@check
def ingestion_comes_after_what_was_appended(client):
    """Rows that are ingested stand behind those of the log, which were acknowledged before"""
    table = numbers(30)
    descriptor = fl.FlightDescriptor.for_command(b'{"key": "in_order", "mode": "append"}')
    with connect() as connection, connection.cursor() as cursor:
        for step in range(3):
            writer, _ = client.do_put(descriptor, table.schema)
            with writer:
                writer.write_table(table.slice(step * 10, 5))
            assert cursor.adbc_ingest("in_order", table.slice(step * 10 + 5, 5), mode="append") == 5
    assert client.do_get(fl.Ticket(b"in_order")).read_all().equals(table)


@check
def ingestion_into_a_schema_and_from_a_stream(client):
    """adbc_ingest takes a schema, and a stream of many batches as one commit"""
    batches = [numbers(1000).to_batches()[0].slice(i * 100, 100) for i in range(10)]
    reader = pa.RecordBatchReader.from_batches(batches[0].schema, batches)
    with connect() as connection, connection.cursor() as cursor:
        assert cursor.adbc_ingest("streamed", reader, mode="create", db_schema_name="side") == 1000
        assert query(cursor, "SELECT count(*) AS n FROM side.streamed")["n"].to_pylist() == [1000]
        assert cursor.adbc_ingest("streamed", numbers(5), mode="append", catalog_name="sterna", db_schema_name="side") == 5
        raises(
            Error,
            'There is no catalog "nowhere"',
            lambda: cursor.adbc_ingest("streamed", numbers(5), mode="append", catalog_name="nowhere"),
        )


@check
def ingestion_without_rows(client):
    """an ingestion of a schema and no batch makes an empty table; a driver that then sends nothing is told so"""
    schema = pa.schema([pa.field("x", pa.int64(), False), ("name", pa.string())])
    # table_definition_options {if_not_exist: CREATE, if_exists: FAIL}, table: "no_rows"
    body = b"\x0a\x04\x08\x01\x10\x01" + b"\x12\x07no_rows"
    descriptor = fl.FlightDescriptor.for_command(command("CommandStatementIngest", body))
    writer, reader = client.do_put(descriptor, schema)
    writer.done_writing()
    assert reader.read().to_pybytes() in (b"", b"\x08\x00"), "0 rows"
    writer.close()
    assert client.do_get(fl.Ticket(b"no_rows")).read_all().schema.equals(schema)
    with connect() as connection, connection.cursor() as cursor:
        none = pa.RecordBatchReader.from_batches(schema, [])
        raises(Error, "empty batch", lambda: cursor.adbc_ingest("nothing_sent", none))
        empty = pa.record_batch([pa.array([], pa.int64()), pa.array([], pa.string())], schema=schema)
        batch = pa.RecordBatchReader.from_batches(schema, [empty])
        assert cursor.adbc_ingest("empty_batch", batch) == 0
        assert count(connection, "no_rows") == count(connection, "empty_batch") == 0


@check
def an_ingestion_is_seen_by_its_own_transaction(client):
    """what a connection ingests, its open transaction sees at once"""
    with flightsql.connect(URL) as connection, connection.cursor() as cursor:
        assert count(connection, "numbers") == 1000
        cursor.adbc_ingest("own", numbers(12), mode="replace")
        assert count(connection, "own") == 12


@check
def a_running_query_is_cancelled(client):
    """adbc_cancel ends a query that runs, and nothing of it stays"""
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT a.range AS x FROM range(100000000) a, range(1000) b")
        assert cursor.fetchone() is not None
        cursor.adbc_cancel()
        raises(Error, "", cursor.fetchall)

    def running():
        stats = json.loads(b"".join(r.body.to_pybytes() for r in client.do_action(fl.Action("stats", b""))))
        return stats["queries"]["running"]

    eventually(lambda: running() == 0)


@check
def a_flight_info_is_cancelled(client):
    """CancelFlightInfo ends the statement that runs, keeps its ticket from running, and leaves datasets alone"""
    endless = b"SELECT a.range AS x FROM range(100000000) a, range(1000) b"
    descriptor = fl.FlightDescriptor.for_command(command("CommandStatementQuery", b"\x0a" + bytes([len(endless)]) + endless))
    info = client.get_flight_info(descriptor)
    reader = client.do_get(info.endpoints[0].ticket)
    reader.read_chunk()

    def act(kind, message):
        """An action whose request has the message as its field 1."""
        encoded = message.serialize()
        length = bytes([len(encoded) & 127 | 128, len(encoded) >> 7])
        results = client.do_action(fl.Action(kind, b"\x0a" + length + encoded))
        return [result.body.to_pybytes() for result in results]

    assert act("CancelFlightInfo", info) == [b"\x08\x01"], "CANCELLED"

    def rest():
        while True:
            reader.read_chunk()

    raises(fl.FlightCancelledError, "was cancelled", rest)
    raises(fl.FlightCancelledError, "was cancelled", lambda: client.do_get(info.endpoints[0].ticket).read_chunk())
    dataset = client.get_flight_info(fl.FlightDescriptor.for_path("numbers"))
    assert act("CancelFlightInfo", dataset) == [b"\x08\x03"], "NOT_CANCELLABLE"
    (renewed,) = act("RenewFlightEndpoint", dataset.endpoints[0])
    assert renewed == dataset.endpoints[0].serialize()


@check
def a_session_has_a_schema(client):
    """the current schema of a connection is where its statements look and its ingestions go"""
    with connect() as connection, connection.cursor() as cursor:
        connection.adbc_current_catalog = "sterna"
        connection.adbc_current_db_schema = "other"
        assert (connection.adbc_current_catalog, connection.adbc_current_db_schema) == ("sterna", "other")
        assert query(cursor, 'SELECT count(*) AS n FROM "a_b"')["n"].to_pylist() == [3]
        raises(Error, "DATASET_NOT_FOUND", lambda: query(cursor, "SELECT * FROM numbers"))
        assert query(cursor, "SELECT count(*) AS n FROM main.numbers")["n"].to_pylist() == [1000]
        cursor.adbc_ingest("homely", numbers(4), mode="create")

        def refuse():
            connection.adbc_current_catalog = "elsewhere"

        raises(Error, "", refuse)
    with connect() as connection, connection.cursor() as cursor:
        assert query(cursor, "SELECT count(*) AS n FROM other.homely")["n"].to_pylist() == [4]
        assert query(cursor, "SELECT count(*) AS n FROM numbers")["n"].to_pylist() == [1000]


OPTION = "adbc.flight.sql.session.option."


@check
def a_session_has_a_time_zone(client):
    """times with a zone are computed, printed and typed in the time zone of the session, and in UTC without one"""
    sql = "SELECT TIMESTAMPTZ '2026-07-01 12:00:00+00' AS ts, ts::VARCHAR AS text, hour(ts) AS hour, [ts] AS list"
    instant = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.timezone.utc)

    def check_zone(cursor, zone, text, hour):
        schema = cursor.adbc_execute_schema(sql)
        table = query(cursor, sql)
        assert table.schema.equals(schema), (table.schema, schema)
        assert table.schema.types[0] == pa.timestamp("us", zone) and table.schema.types[3].value_type.tz == zone, zone
        row = table.to_pylist()[0]
        assert (row["ts"], row["text"], row["hour"]) == (instant, text, hour), row
        cursor.execute(sql.replace("'2026-07-01 12:00:00+00'", "'2026-07-01 14:00:00'"))
        assert cursor.fetchone()[2] == 14

    with connect() as connection, connection.cursor() as cursor, connect() as other, other.cursor() as plain:
        for zone, text, hour in (
            ("Europe/Berlin", "2026-07-01 14:00:00+02", 14),
            ("Asia/Kolkata", "2026-07-01 17:30:00+05:30", 17),
            ("UTC", "2026-07-01 12:00:00+00", 12),
        ):
            connection.adbc_connection.set_options(**{OPTION + "time_zone": zone})
            assert connection.adbc_connection.get_option(OPTION + "time_zone") == zone
            check_zone(cursor, zone, text, hour)
            check_zone(plain, "UTC", "2026-07-01 12:00:00+00", 12)
        raises(Error, "", lambda: connection.adbc_connection.set_options(**{OPTION + "time_zone": "Europe/Nowhere"}))


@check
def session_options_that_cannot_be_kept_are_refused(client):
    """a session refuses options it does not know, and values that it cannot keep"""
    with connect() as connection:
        for name, value in (
            ("memory_limit", "1MB"),
            ("memory_limit", "plenty"),
            ("memory_limit", "1000TB"),
            ("search_path", "other"),
            ("query_timeout", "-1"),
        ):
            raises(Error, name, lambda: connection.adbc_connection.set_options(**{OPTION + name: value}))


def held(client, name):
    """How many of something the server holds for its clients, or how many queries run."""
    stats = json.loads(b"".join(r.body.to_pybytes() for r in client.do_action(fl.Action("stats", b""))))
    return {**stats["held"], **stats["queries"]}[name]


@check
def a_session_has_a_memory_limit(client):
    """statements of a session with a memory limit that need more end with it named, those of others and smaller ones run"""
    option = OPTION + "memory_limit"
    # A list cannot be spilled to disk; sorting can.
    large = "SELECT length(list(range)) AS n FROM range(12000000)"
    sorted_ = "SELECT max(r) AS n FROM (SELECT row_number() OVER (ORDER BY hash(range)) AS r FROM range(3000000))"
    with connect() as bounded, bounded.cursor() as cursor, connect() as other, other.cursor() as free:
        bounded.adbc_connection.set_options(**{option: "64MB"})
        assert bounded.adbc_connection.get_option(option) == "64MB"
        assert held(client, "memory_limits") == 1
        error = raises(Error, "memory_limit of its session, 64000000 bytes", lambda: query(cursor, large))
        assert "ResourceExhausted" in str(error), error
        raises(Error, "LIMIT_EXCEEDED", lambda: query(cursor, f"CREATE TABLE made_large AS {large}"))
        assert query(free, large)["n"].to_pylist() == [12_000_000]
        assert query(cursor, "SELECT count(*) AS n FROM numbers WHERE id > ?", (9,))["n"].to_pylist() == [990]
        assert query(cursor, sorted_)["n"].to_pylist() == [3_000_000]
        cursor.adbc_ingest("in_bounds", numbers(10), mode="replace")
        assert query(cursor, "SELECT count(*) AS n FROM in_bounds")["n"].to_pylist() == [10]
        # A ticket takes the limit along, to another connection too.
        larger = large.replace("12000000", "13000000")
        partitions, _ = cursor.adbc_execute_partitions(larger)
        raises(Error, "64000000 bytes", lambda: free.adbc_read_partition(partitions[0]))
        bounded.adbc_connection.set_options(**{option: "600MB"})
        assert query(cursor, larger)["n"].to_pylist() == [13_000_000]
        partitions, _ = cursor.adbc_execute_partitions("SELECT 1 AS n")
    eventually(lambda: held(client, "memory_limits") == 0)
    with connect() as connection, connection.cursor() as cursor:
        raises(Error, "session whose memory_limit", lambda: cursor.adbc_read_partition(partitions[0]))


@check
def memory_limits_have_a_limit(client):
    """as many sessions as may be have a memory limit, further ones are refused, and a client that vanishes gives it back"""
    option = OPTION + "memory_limit"
    connections = [connect() for _ in range(17)]
    try:
        for connection in connections[:16]:
            connection.adbc_connection.set_options(**{option: "32MiB"})
        assert held(client, "memory_limits") == 16
        raises(Error, "memory_limit", lambda: connections[16].adbc_connection.set_options(**{option: "32MiB"}))
        connections[0].adbc_connection.set_options(**{option: "33MiB"})
        connections[1].close()
        eventually(lambda: held(client, "memory_limits") == 15)
        connections[16].adbc_connection.set_options(**{option: "32MiB"})
        with connections[16].cursor() as cursor:
            assert query(cursor, "SELECT max(id) AS n FROM numbers")["n"].to_pylist() == [999]
    finally:
        for connection in connections:
            connection.close()
    vanished = fl.connect(URL)
    value = b"memory_limit\x12\x0e\x0a\x0c32MiB       "
    option = b"\x0a\x0c" + value
    (errors,) = [r.body.to_pybytes() for r in vanished.do_action(fl.Action("SetSessionOptions", b"\x0a" + bytes([len(option)]) + option))]
    assert errors == b"" and held(client, "memory_limits") >= 1
    vanished.close()
    # A session without a cookie outlives its connection by ten seconds.
    eventually(lambda: held(client, "memory_limits") == 0, seconds=30)


class Cookies(fl.ClientMiddlewareFactory):
    """Keeps cookies as a browser does, and gives them to each of its calls."""

    def __init__(self):
        self.cookies = {}

    def start_call(self, info):
        return CookieCall(self.cookies)


class CookieCall(fl.ClientMiddleware):
    def __init__(self, cookies):
        self.cookies = cookies

    def sending_headers(self):
        return {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}

    def received_headers(self, headers):
        for cookie in headers.get("set-cookie", []):
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value


@check
def a_session_goes_with_its_cookie(client):
    """a session is known by its cookie on any connection, unknown without, and gone once it is closed"""
    cookies = Cookies()

    def act(kind, body=b"", middleware=(cookies,)):
        with fl.connect(URL, middleware=list(middleware)) as other:
            return [result.body.to_pybytes() for result in other.do_action(fl.Action(kind, body))]

    # {"schema": "other", "unknown": "x", "query_timeout": "soon"}, each a map entry of a string value.
    def entry(name, value):
        option = b"\x0a" + bytes([len(name)]) + name + b"\x12" + bytes([len(value) + 2, 0x0A, len(value)]) + value
        return b"\x0a" + bytes([len(option)]) + option

    body = entry(b"schema", b"other") + entry(b"unknown", b"x") + entry(b"query_timeout", b"soon")
    (errors,) = act("SetSessionOptions", body)
    assert b"unknown\x12\x02\x08\x01" in errors, errors  # INVALID_NAME
    assert b"query_timeout\x12\x02\x08\x02" in errors, errors  # INVALID_VALUE
    assert list(cookies.cookies) == ["arrow_flight_session_id"], cookies.cookies
    assert act("GetSessionOptions") == [entry(b"catalog", b"sterna") + entry(b"schema", b"other")]
    nothing_set = entry(b"catalog", b"sterna") + entry(b"schema", b"main")
    assert act("GetSessionOptions", middleware=()) == [nothing_set]
    assert act("CloseSession") == [b"\x08\x01"], "CLOSED"
    assert act("GetSessionOptions") == [nothing_set]


@check
def a_slow_statement_ends_at_its_timeout(client):
    """a statement that runs longer than the session's query_timeout ends with DEADLINE_EXCEEDED"""
    with fl.connect(URL) as own:
        option = b"\x0a\x0dquery_timeout\x12\x09\x21" + struct.pack("<d", 0.2)
        list(own.do_action(fl.Action("SetSessionOptions", b"\x0a" + bytes([len(option)]) + option)))
        endless = b"SELECT count(*) FROM range(100000000) a, range(100000) b"
        body = b"\x0a" + bytes([len(endless)]) + endless
        info = own.get_flight_info(fl.FlightDescriptor.for_command(command("CommandStatementQuery", body)))
        raises(fl.FlightTimedOutError, "200 ms", lambda: own.do_get(info.endpoints[0].ticket).read_all())


@check
def polars_reads_and_writes(client):
    """polars reads with read_database_uri and writes with write_database through ADBC"""
    import polars as pl

    frame = pl.from_arrow(numbers(50))
    uri = URL.replace("grpc://", "flightsql://") + "?transport=tcp&tls=false"
    for mode, rows in (("replace", 50), ("append", 100)):
        assert frame.write_database("from_polars", uri, engine="adbc", if_table_exists=mode) == 50
        back = pl.read_database_uri("SELECT * FROM from_polars ORDER BY id", uri, engine="adbc")
        assert back.height == rows and back.schema == frame.schema, back
    with connect() as connection:
        some = pl.read_database("SELECT name FROM from_polars WHERE id < 2 ORDER BY id", connection)
        assert some["name"].to_list() == ["n0", "n0", "n1", "n1"], some


@check
def pandas_reads_and_writes(client):
    """pandas reads with read_sql and writes with to_sql through ADBC"""
    import pandas as pd

    with connect() as connection:
        frame = pd.read_sql("SELECT id, name FROM numbers WHERE id < 5 ORDER BY id", connection)
        assert frame["name"].tolist() == ["n0", "n1", "n2", "n3", "n4"], frame
        assert frame.to_sql("from_pandas", connection, index=False) == 5
        assert frame.to_sql("from_pandas", connection, index=False, if_exists="append") == 5
        assert count(connection, "from_pandas") == 10
        whole = pd.read_sql_table("from_pandas", connection)
        assert len(whole) == 10, whole


@check
def a_closed_statement_says_so(client):
    """a prepared statement that was closed is not found, with what to do"""
    raises(
        KeyError,
        "no such prepared statement",
        lambda: client.get_flight_info(
            fl.FlightDescriptor.for_command(command("CommandPreparedStatementQuery", b"\x0a\x10" + b"0" * 16))
        ),
    )


@check
def what_is_not_supported_is_refused_by_name(client):
    """Substrait is refused as not implemented, by the name of the command"""
    for name in ("CommandStatementSubstraitPlan", "CommandNobodyKnows"):
        descriptor = fl.FlightDescriptor.for_command(command(name))
        raises(NotImplementedError, name, lambda: client.get_flight_info(descriptor))
        writer, reader = client.do_put(descriptor, pa.schema([]))
        raises(NotImplementedError, name, writer.close)
    raises(
        NotImplementedError,
        "SubstraitPlan",
        lambda: list(client.do_action(fl.Action("CreatePreparedSubstraitPlan", b""))),
    )


if __name__ == "__main__":
    warnings.simplefilter("error")
    flight = fl.connect(URL)
    put(flight, "numbers", numbers())
    for key in ("a%b", "a_b", "axb"):
        put(flight, ["other", key], pa.table({"x": [1, 2, 3]}))
    strict = pa.schema([pa.field("key", pa.int64(), False), pa.field("at", pa.timestamp("ns"))])
    put(flight, "strict", pa.table([[1], [None]], schema=strict))
    run(flight, only=sys.argv[2] if len(sys.argv) > 2 else None)
