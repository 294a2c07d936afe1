"""
SQL that writes, through the ADBC driver and pyarrow, over a real socket.
Usage: sql_write_checks.py grpc://HOST:PORT DATA_DIR [WORD]
"""

import datetime
import decimal
import json
import os
import sys

import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, eventually, raises, run  # noqa: E402

URL, DATA_DIR = sys.argv[1], sys.argv[2]
Error = adbc_driver_manager.Error


def connect(autocommit=True):
    return flightsql.connect(URL, autocommit=autocommit)


def put(client, key, table):
    writer, _ = client.do_put(fl.FlightDescriptor.for_path(key), table.schema)
    writer.write_table(table)
    writer.close()


def append(client, key, table):
    writer, _ = client.do_put(
        fl.FlightDescriptor.for_command('{"key": "%s", "mode": "append"}' % key), table.schema
    )
    writer.write_table(table)
    writer.close()


def field(number, value):
    """A field of bytes of a protobuf message, of up to 127 bytes."""
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


def command(name, value):
    url = b"type.googleapis.com/arrow.flight.protocol.sql." + name.encode()
    return field(1, url) + field(2, value)


def sql_action(client, name, body):
    """Bodies of the results of an action of Flight SQL, by the name of its request."""
    action = fl.Action(name.removeprefix("Action").removesuffix("Request"), command(name, body))
    return [result.body.to_pybytes() for result in client.do_action(action)]


def begin(client):
    """The id of a new transaction."""
    return sql_action(client, "ActionBeginTransactionRequest", b"")[0][-16:]


def commit(client, transaction):
    sql_action(client, "ActionEndTransactionRequest", field(1, transaction) + bytes([0x10, 1]))


def update_in(client, transaction, sql):
    """Runs a statement in a transaction. How many rows it has written, below 128."""
    body = field(1, sql.encode()) + field(2, transaction)
    descriptor = fl.FlightDescriptor.for_command(command("CommandStatementUpdate", body))
    writer, reader = client.do_put(descriptor, pa.schema([]))
    writer.done_writing()
    count = reader.read().to_pybytes()
    writer.close()
    return count[1] if count else 0


def rows(sql, parameters=None):
    """The rows of a query, as a reader without a transaction sees them."""
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def write(sql, parameters=None):
    """Runs a statement. How many rows it has written."""
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.rowcount


def versions(client):
    """The snapshot that each dataset was changed in last."""
    found = {}
    for result in client.do_action(fl.Action("list", b"")):
        for dataset in json.loads(result.body.to_pybytes()):
            found[dataset["key"]] = dataset["version"]
    return found


@check
def a_table_is_made_filled_changed_and_dropped(client):
    """a table is made, filled, changed and dropped, and each statement says how many rows it wrote"""
    write("CREATE TABLE quotes (id BIGINT NOT NULL, name VARCHAR, px DECIMAL(10, 2), ts TIMESTAMP)")
    assert write("INSERT INTO quotes VALUES (1, 'a', 1.5, '2026-01-01'), (2, 'b', 2.25, NULL)") == 2
    assert write("INSERT INTO quotes (name, id) SELECT 'n' || range, range + 10 FROM range(3)") == 3
    assert write("UPDATE quotes SET px = px * 2, name = upper(name) WHERE id <= 2") == 2
    assert write("DELETE FROM quotes WHERE id = 11") == 1
    expected = [
        (1, "A", decimal.Decimal("3.00"), datetime.datetime(2026, 1, 1)),
        (2, "B", decimal.Decimal("4.50"), None),
        (10, "n0", None, None),
        (12, "n2", None, None),
    ]
    assert rows("SELECT * FROM quotes ORDER BY id") == expected
    assert write("TRUNCATE quotes") == 4
    assert rows("SELECT count(*) FROM quotes") == [(0,)]
    write("DROP TABLE quotes")
    raises(Error, "quotes", lambda: rows("SELECT * FROM quotes"))


@check
def create_table_knows_what_is_there(client):
    """CREATE TABLE refuses, keeps or replaces a table that exists; DROP TABLE IF EXISTS goes on without one"""
    write("CREATE TABLE made AS SELECT 1 AS a UNION ALL SELECT 2")
    raises(Error, "exists already", lambda: write("CREATE TABLE made (b INTEGER)"))
    write("CREATE TABLE IF NOT EXISTS made (b INTEGER)")
    assert rows("SELECT a FROM made ORDER BY a") == [(1,), (2,)]
    write("CREATE OR REPLACE TABLE made (b) AS SELECT 'x'")
    assert rows("SELECT b FROM made") == [("x",)]
    write("DROP TABLE made")
    write("DROP TABLE IF EXISTS made")
    raises(Error, "made", lambda: write("DROP TABLE made"))


@check
def a_dataset_keeps_its_arrow_types(client):
    """what SQL writes into a dataset comes back in the dataset's own Arrow types, dictionaries and zones included"""
    schema = pa.schema(
        [
            pa.field("sym", pa.dictionary(pa.int8(), pa.string())),
            pa.field("at", pa.timestamp("ms", "Europe/Berlin")),
            pa.field("day", pa.date32()),
            pa.field("levels", pa.list_(pa.float32())),
            pa.field("n", pa.uint16(), nullable=False),
        ],
        metadata={b"source": b"test"},
    )
    at = datetime.datetime(2026, 2, 3, tzinfo=datetime.timezone.utc)
    first = pa.table(
        [["A", "B"], [at, None], [at.date(), None], [[1.5], None], [1, 2]], schema=schema
    )
    put(client, "typed", first)
    assert write("INSERT INTO typed VALUES ('C', '2026-02-04 00:00:00+00', '2026-02-04', [2.5, NULL], 3)") == 1
    assert write("UPDATE typed SET sym = sym || '!', levels = [n] WHERE n >= 2") == 2
    table = client.do_get(fl.Ticket(b"typed")).read_all()
    assert table.schema.equals(schema, check_metadata=True), table.schema
    assert table["sym"].to_pylist() == ["A", "B!", "C!"], table["sym"]
    assert table["levels"].to_pylist() == [[1.5], [2.0], [3.0]], table["levels"]
    assert table["at"].to_pylist()[2] == at + datetime.timedelta(days=1), table["at"]


@check
def rows_of_the_log_are_changed_too(client):
    """UPDATE, DELETE and MERGE reach rows that were only appended, and keep those that come meanwhile"""
    table = pa.table({"id": pa.array(range(10), pa.int64()), "v": pa.array([0] * 10, pa.int64())})
    append(client, "feed", table)
    assert write("UPDATE feed SET v = 1 WHERE id < 3") == 3
    append(client, "feed", table.slice(0, 2))
    assert write("DELETE FROM feed WHERE v = 0 AND id >= 8") == 2
    assert rows("SELECT count(*), sum(v) FROM feed") == [(10, 3)]
    sql = """MERGE INTO feed USING (SELECT 5 AS id UNION ALL SELECT 100) AS s USING (id)
        WHEN MATCHED THEN UPDATE SET v = 9 WHEN NOT MATCHED THEN INSERT VALUES (s.id, 7)"""
    append(client, "feed", table.slice(9, 1))
    assert write(sql) == 2
    assert rows("SELECT id, v FROM feed WHERE v > 1 ORDER BY id") == [(5, 9), (100, 7)]


@check
def rows_keep_their_order(client):
    """rows that stay keep their order, and the parts without a changed row their files"""
    put(client, "ordered", pa.table({"id": pa.array(range(200_000), pa.int64())}))
    write("INSERT INTO ordered SELECT range + 200000 FROM range(100000)")
    files = set(os.listdir(os.path.join(DATA_DIR, "cold")))
    assert write("DELETE FROM ordered WHERE id % 2 = 1 AND id < 100000") == 50_000
    ids = client.do_get(fl.Ticket(b"ordered")).read_all()["id"].to_pylist()
    assert ids == [*range(0, 100_000, 2), *range(100_000, 300_000)]
    kept = {name for name in files & set(os.listdir(os.path.join(DATA_DIR, "cold"))) if name.startswith("ordered")}
    assert len(kept) == 1, kept


@check
def merge_updates_deletes_and_inserts(client):
    """MERGE updates, deletes and inserts by its branches, and refuses a row that two rows of the source change"""
    write("CREATE TABLE stock AS SELECT range AS id, 10 AS n FROM range(5)")
    write("CREATE TABLE moves AS SELECT * FROM (VALUES (1, 5), (2, -10), (9, 3)) AS m(id, d)")
    sql = """MERGE INTO stock AS t USING moves AS s ON t.id = s.id
        WHEN MATCHED AND t.n + s.d <= 0 THEN DELETE
        WHEN MATCHED THEN UPDATE SET n = t.n + s.d
        WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, s.d)
        WHEN NOT MATCHED BY SOURCE AND t.id = 4 THEN DELETE"""
    assert write(sql) == 4
    assert rows("SELECT id, n FROM stock ORDER BY id") == [(0, 10), (1, 15), (3, 10), (9, 3)]
    write("INSERT INTO moves VALUES (1, 1)")
    raises(Error, "only once", lambda: write(sql))
    assert rows("SELECT count(*) FROM stock") == [(4,)]


@check
def a_statement_that_fails_changes_nothing(client):
    """a statement that fails says why, naming the column, and leaves nothing"""
    write("CREATE TABLE strict (id BIGINT NOT NULL, n INTEGER)")
    write("INSERT INTO strict VALUES (1, 1), (2, 2)")
    before = rows("SELECT * FROM strict ORDER BY id")
    raises(Error, 'Column "id" of "strict" is NOT NULL', lambda: write("INSERT INTO strict (n) VALUES (1)"))
    raises(Error, 'Column "id" of "strict" is NOT NULL', lambda: write("UPDATE strict SET id = NULL WHERE n = 2"))
    raises(Error, "column n", lambda: write("INSERT INTO strict SELECT 3, 'x'"))
    raises(Error, "2 columns", lambda: write("INSERT INTO strict VALUES (1, 2, 3)"))
    raises(Error, "nothing", lambda: write("UPDATE strict SET nothing = 1"))
    raises(Error, "RETURNING", lambda: write("DELETE FROM strict RETURNING id"))
    raises(Error, "not allowed", lambda: write("UPDATE strict SET n = getenv('HOME')"))
    assert rows("SELECT * FROM strict ORDER BY id") == before
    assert os.listdir(os.path.join(DATA_DIR, "tmp")) == [], os.listdir(os.path.join(DATA_DIR, "tmp"))


@check
def values_are_bound(client):
    """values are bound to statements that write, one row or many; many rows are one commit"""
    write("CREATE TABLE bound (id BIGINT, name VARCHAR, at TIMESTAMP)")
    at = datetime.datetime(2026, 1, 2, 3, 4, 5)
    assert write("INSERT INTO bound VALUES (?, ?, ?)", (1, "one", at)) == 1
    assert rows("SELECT * FROM bound") == [(1, "one", at)]
    before = versions(client)["bound"]
    with connect() as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO bound (name, id) VALUES (upper(?), ? * 2)", [(f"n{i}", i) for i in range(5000)])
        assert cursor.rowcount == 5000, cursor.rowcount
    assert rows("SELECT count(*), sum(id) FROM bound WHERE name LIKE 'N%'") == [(5000, 5000 * 4999)]
    assert versions(client)["bound"] - before <= 1
    with connect() as connection, connection.cursor() as cursor:
        cursor.executemany("DELETE FROM bound WHERE id = ?", [(i,) for i in (2, 4, 10)])
        assert cursor.rowcount == 3, cursor.rowcount
        cursor.executemany("UPDATE bound SET name = ? WHERE id = ?", [("x", 6), ("y", 8), ("z", -1)])
        assert cursor.rowcount == 2, cursor.rowcount
    assert rows("SELECT name FROM bound WHERE id IN (6, 8) ORDER BY id") == [("x",), ("y",)]


@check
def a_write_asked_for_as_a_query_runs_once(client):
    """a statement that writes, asked for as a query, runs when its ticket is read, and only once"""
    write("CREATE TABLE once (id BIGINT)")
    sql = b"INSERT INTO once VALUES (1)"
    info = client.get_flight_info(fl.FlightDescriptor.for_command(command("CommandStatementQuery", field(1, sql))))
    assert rows("SELECT count(*) FROM once") == [(0,)]
    table = client.do_get(info.endpoints[0].ticket).read_all()
    assert table.to_pydict() == {"Count": [1]} and table.schema == info.schema, table
    raises(KeyError, "no such statement", lambda: client.do_get(info.endpoints[0].ticket).read_all())
    assert rows("SELECT count(*) FROM once") == [(1,)]


@check
def tables_are_altered(client):
    """ALTER TABLE adds, drops, renames and retypes columns; a type that a value does not have is refused"""
    write("CREATE TABLE altered AS SELECT range::INTEGER AS id, 'n' || range AS name FROM range(3)")
    write("ALTER TABLE altered ADD COLUMN px DECIMAL(10, 2)")
    write("ALTER TABLE altered ALTER id TYPE BIGINT, RENAME name TO label")
    write("INSERT INTO altered VALUES (5000000000, 'x', 1.5)")
    assert rows("SELECT * FROM altered ORDER BY id DESC LIMIT 2") == [
        (5_000_000_000, "x", decimal.Decimal("1.50")),
        (2, "n2", None),
    ]
    raises(Error, "SQL_FAILED", lambda: write("ALTER TABLE altered ALTER label TYPE INTEGER"))
    raises(Error, "NOT NULL", lambda: write("ALTER TABLE altered ALTER px SET NOT NULL"))
    write("ALTER TABLE altered DROP COLUMN px")
    write("ALTER TABLE altered ALTER id SET NOT NULL")
    assert client.do_get(fl.Ticket(b"altered")).read_all().schema == pa.schema(
        [pa.field("id", pa.int64(), nullable=False), pa.field("label", pa.string())]
    )
    raises(Error, "no column", lambda: write("ALTER TABLE altered DROP COLUMN px"))
    write("ALTER TABLE altered DROP COLUMN IF EXISTS px")


@check
def views_are_made_read_and_dropped(client):
    """a view is read as a table, follows its tables, and can be replaced and dropped"""
    write("CREATE TABLE base AS SELECT range AS id, range % 2 AS odd FROM range(10)")
    write("CREATE VIEW odds (n) AS SELECT id FROM base WHERE odd = 1")
    write("CREATE VIEW high AS SELECT n FROM odds WHERE n > 5")
    assert rows("SELECT sum(n), count(*) FROM odds") == [(25, 5)]
    assert rows("SELECT h.n, o.n FROM high h JOIN odds AS o ON o.n = h.n ORDER BY 1") == [(7, 7), (9, 9)]
    write("INSERT INTO base VALUES (11, 1)")
    assert rows("SELECT max(n) FROM high") == [(11,)]
    assert ("odds",) in rows("SHOW TABLES")
    raises(Error, "exists already", lambda: write("CREATE VIEW odds AS SELECT 1"))
    raises(Error, "odds", lambda: write("CREATE TABLE odds (a INTEGER)"))
    write("CREATE OR REPLACE VIEW odds AS SELECT id AS n FROM base WHERE odd = 0")
    assert rows("SELECT max(n) FROM high") == [(8,)]
    raises(Error, "not allowed", lambda: write("CREATE VIEW bad AS SELECT * FROM read_csv('/etc/passwd')"))
    raises(Error, "no table", lambda: write("INSERT INTO odds VALUES (1)"))
    write("CREATE OR REPLACE VIEW high AS SELECT n FROM odds")
    write("CREATE OR REPLACE VIEW odds AS SELECT n FROM high")
    raises(Error, "in itself", lambda: rows("SELECT * FROM odds"))
    write("DROP VIEW odds, high")
    raises(Error, "odds", lambda: rows("SELECT * FROM odds"))


@check
def schemas_are_made_and_dropped(client):
    """a schema is made, stays when it is empty, and is dropped with what is in it only by CASCADE"""
    write("CREATE SCHEMA desk")
    write("CREATE SCHEMA IF NOT EXISTS desk")
    raises(Error, "exists already", lambda: write("CREATE SCHEMA desk"))
    with connect() as connection:
        (lake,) = connection.adbc_get_objects(depth="db_schemas").read_all().to_pylist()
        assert "desk" in [schema["db_schema_name"] for schema in lake["catalog_db_schemas"]], lake
    write("CREATE TABLE desk.a AS SELECT 1 AS x")
    write("CREATE VIEW desk.b AS SELECT x + 1 AS y FROM a")
    assert rows("SELECT y FROM desk.b") == [(2,)]
    raises(Error, "CASCADE", lambda: write("DROP SCHEMA desk"))
    write("DROP SCHEMA desk CASCADE")
    raises(Error, "desk", lambda: rows("SELECT * FROM desk.a"))
    write("DROP SCHEMA IF EXISTS desk")
    raises(Error, "main", lambda: write("DROP SCHEMA main"))


@check
def comments_are_kept_and_shown(client):
    """comments on tables, columns, views and schemas are kept, shown to tools, and follow an ALTER"""
    write("CREATE TABLE said AS SELECT 1 AS id, 'x' AS name")
    write("CREATE VIEW also_said AS SELECT id FROM said")
    write("COMMENT ON TABLE said IS 'what it''s for'")
    write("COMMENT ON COLUMN said.name IS 'a name'")
    write("COMMENT ON VIEW also_said IS 'a view'")
    write("COMMENT ON SCHEMA main IS 'the schema'")
    write("ALTER TABLE said RENAME name TO label")

    def schema_of(name, kind):
        body = field(3, name.encode()) + bytes([0x28, 1])
        descriptor = fl.FlightDescriptor.for_command(command("CommandGetTables", body))
        info = client.get_flight_info(descriptor)
        (row,) = client.do_get(info.endpoints[0].ticket).read_all().to_pylist()
        assert row["table_type"] == kind, row
        return pa.ipc.read_schema(pa.py_buffer(row["table_schema"]))

    remarks = b"ARROW:FLIGHT:SQL:REMARKS"
    schema = schema_of("said", "TABLE")
    assert schema.metadata[remarks] == b"what it's for", schema.metadata
    assert schema.field("label").metadata[remarks] == b"a name"
    assert remarks not in schema.field("id").metadata
    view = schema_of("also_said", "VIEW")
    assert view.metadata[remarks] == b"a view" and view.names == ["id"], view
    write("COMMENT ON COLUMN said.label IS NULL")
    assert remarks not in schema_of("said", "TABLE").field("label").metadata
    raises(Error, "nothing", lambda: write("COMMENT ON COLUMN said.nothing IS 'x'"))


@check
def a_transaction_is_all_or_nothing(client):
    """a transaction over several tables is seen by itself at once, by others as a whole, and is one snapshot"""
    write("CREATE TABLE left_side AS SELECT 1 AS id")
    write("CREATE TABLE right_side AS SELECT 1 AS id")
    with connect(autocommit=False) as connection:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO left_side VALUES (2)")
            cursor.execute("UPDATE right_side SET id = id + 10")
            cursor.execute("CREATE TABLE third AS SELECT * FROM left_side")
            cursor.execute("SELECT (SELECT sum(id) FROM left_side), (SELECT sum(id) FROM right_side), count(*) FROM third")
            assert cursor.fetchall() == [(3, 11, 2)]
            assert rows("SELECT (SELECT sum(id) FROM left_side), (SELECT sum(id) FROM right_side)") == [(1, 1)]
            raises(Error, "third", lambda: rows("SELECT * FROM third"))
        connection.commit()
        found = versions(client)
        assert found["left_side"] == found["right_side"] == found["third"], found
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE third")
            cursor.execute("DELETE FROM left_side")
            cursor.execute("SELECT count(*) FROM left_side")
            assert cursor.fetchall() == [(0,)]
        connection.rollback()
    assert rows("SELECT (SELECT sum(id) FROM left_side), (SELECT count(*) FROM third)") == [(3, 2)]


@check
def plain_sql_does_not_write(client):
    """SQL that writes is refused outside of Flight SQL, and told where to go"""
    write("CREATE TABLE unwritten AS SELECT 1 AS id")
    for sql in ("INSERT INTO unwritten VALUES (2)", "DELETE FROM unwritten", "WITH a AS (SELECT 2) INSERT INTO unwritten FROM a"):
        for call in (
            lambda s=sql: client.do_get(fl.Ticket(json.dumps({"sql": s}).encode())).read_all(),
            lambda s=sql: client.get_flight_info(fl.FlightDescriptor.for_command(json.dumps({"sql": s}))),
            lambda s=sql: list(client.do_action(fl.Action("query", s.encode()))),
        ):
            raises(pa.ArrowInvalid, "is not allowed in a query: send it by Flight SQL (ADBC, JDBC)", call)
    assert rows("SELECT * FROM unwritten") == [(1,)]


@check
def writers_that_collide_are_told(client):
    """of two transactions that change the same rows the second is refused as ABORTED and can be tried again"""
    write("CREATE TABLE contested AS SELECT range AS id, 0 AS v FROM range(3)")
    with connect(autocommit=False) as one, connect(autocommit=False) as two:
        for connection, value in ((one, 1), (two, 2)):
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE contested SET v = {value} WHERE id = 1")
        one.commit()
        error = raises(Error, "COMMIT_CONFLICT", two.commit)
        # The driver has no status of its own for ABORTED, and appends what gRPC calls it.
        assert error.status_code.name == "UNKNOWN" and str(error).endswith("[COMMIT_CONFLICT] (Aborted; Commit)"), error
        assert rows("SELECT v FROM contested WHERE id = 1") == [(1,)]
    transaction = begin(client)
    update_in(client, transaction, "UPDATE contested SET v = 3 WHERE id = 1")
    write("UPDATE contested SET v = 1 WHERE id = 1")
    error = raises(fl.FlightInternalError, "[COMMIT_CONFLICT]", lambda: commit(client, transaction))
    assert str(error).startswith("gRPC returned aborted error"), error
    assert write("UPDATE contested SET v = 2 WHERE id = 1") == 1
    assert rows("SELECT v FROM contested ORDER BY id") == [(0,), (2,), (0,)]


@check
def a_reader_keeps_its_rows(client):
    """a reader in the middle of a stream gets exactly the rows of its beginning, whatever is committed meanwhile"""
    count = 1_000_000
    old = pa.table({"id": pa.array(range(count), pa.int64()), "v": pa.array([7] * count, pa.int64())})
    tickets = [b"read_on", b'{"key": "read_on", "where": "id >= 0"}', b'{"sql": "SELECT id, v FROM read_on ORDER BY id"}']
    for is_cached in (True, False):
        put(client, "read_on", old)
        append(client, "read_on", old.slice(0, 10))
        expected = {ticket: client.do_get(fl.Ticket(ticket)).read_all() for ticket in tickets}
        if not is_cached:
            list(client.do_action(fl.Action("evict", b"read_on")))
        readers = {ticket: client.do_get(fl.Ticket(ticket)) for ticket in tickets}
        begun = {ticket: reader.read_chunk().data for ticket, reader in readers.items()}
        assert all(0 < batch.num_rows < count for batch in begun.values()), begun
        assert write("UPDATE read_on SET v = -1 WHERE id % 2 = 0") == count // 2 + 5
        assert write("DELETE FROM read_on WHERE id > 10") == count - 11
        list(client.do_action(fl.Action("compact", b"read_on")))
        for ticket, reader in readers.items():
            table = pa.Table.from_batches([begun[ticket], *reader.read_all().to_batches()])
            assert table.num_rows == count + 10 and table.equals(expected[ticket]), (ticket, is_cached, table.num_rows)
        assert rows("SELECT count(*), sum(v) FROM read_on") == [(21, 10 * 7 - 11)]


@check
def additions_do_not_collide(client):
    """transactions that only add rows, also to a table that others append to, do not collide"""
    table = pa.table({"id": pa.array([1], pa.int64())})
    put(client, "shared", table)
    with connect(autocommit=False) as one, connect(autocommit=False) as two:
        for connection in (one, two):
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO shared VALUES (2)")
        append(client, "shared", table)
        one.commit()
        two.commit()
    assert rows("SELECT count(*), sum(id) FROM shared") == [(4, 6)]


@check
def savepoints_go_back_and_are_released(client):
    """a transaction goes back to a savepoint, and forgets one that is released"""
    write("CREATE TABLE saved (id BIGINT)")

    def act(name, body):
        return sql_action(client, name, body)

    def update(sql):
        return update_in(client, transaction, sql)

    transaction = begin(client)
    assert update("INSERT INTO saved VALUES (1)") == 1
    savepoint = act("ActionBeginSavepointRequest", field(1, transaction) + field(2, b"s"))[0][-16:]
    assert update("INSERT INTO saved VALUES (2), (3)") == 2
    act("ActionEndSavepointRequest", field(1, savepoint) + bytes([0x10, 2]))
    assert update("INSERT INTO saved VALUES (4)") == 1
    act("ActionEndSavepointRequest", field(1, savepoint) + bytes([0x10, 1]))
    raises(KeyError, "savepoint", lambda: act("ActionEndSavepointRequest", field(1, savepoint) + bytes([0x10, 2])))
    commit(client, transaction)
    assert rows("SELECT id FROM saved ORDER BY id") == [(1,), (4,)]


@check
def an_ingestion_joins_its_transaction(client):
    """what is ingested in a transaction is part of it"""
    table = pa.table({"id": pa.array([1, 2], pa.int64())})
    transaction = begin(client)
    body = field(1, bytes([0x08, 1, 0x10, 2])) + field(2, b"joined") + field(6, transaction)
    writer, reader = client.do_put(
        fl.FlightDescriptor.for_command(command("CommandStatementIngest", body)), table.schema
    )
    writer.write_table(table)
    writer.done_writing()
    assert reader.read().to_pybytes()[1] == 2
    writer.close()
    raises(Error, "joined", lambda: rows("SELECT * FROM joined"))
    commit(client, transaction)
    assert rows("SELECT sum(id) FROM joined") == [(3,)]


@check
def temporary_tables_live_with_their_connection(client):
    """a temporary table hides one of the lake, is seen by its own connection alone, and goes with it"""
    write("CREATE TABLE scratch AS SELECT 'lake' AS a")
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE scratch AS SELECT range AS n FROM range(5)")
        cursor.execute("INSERT INTO scratch VALUES (100)")
        cursor.execute("DELETE FROM scratch WHERE n < 3")
        assert cursor.rowcount == 3, cursor.rowcount
        cursor.execute("SELECT sum(s.n), any_value(l.a) FROM scratch AS s, main.scratch AS l")
        assert cursor.fetchall() == [(107, "lake")]
        cursor.adbc_ingest("taken_in", pa.table({"id": [1, 2]}), mode="create", temporary=True)
        cursor.execute("CREATE TABLE kept AS SELECT id FROM taken_in")
        raises(Error, "taken_in", lambda: rows("SELECT * FROM taken_in"))
        assert rows("SELECT * FROM scratch") == [("lake",)]
        cursor.execute("DROP TABLE scratch")
        cursor.execute("SELECT * FROM scratch")
        assert cursor.fetchall() == [("lake",)]
        assert os.listdir(os.path.join(DATA_DIR, "tmp")) != []
    eventually(lambda: os.listdir(os.path.join(DATA_DIR, "tmp")) == [])
    assert rows("SELECT count(*) FROM kept") == [(2,)]


@check
def nothing_is_left_of_transactions(client):
    """a transaction that is rolled back, or whose client is gone, leaves no file"""
    write("CREATE TABLE left_over (id BIGINT)")
    with connect(autocommit=False) as connection:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO left_over SELECT range FROM range(1000)")
        assert os.listdir(os.path.join(DATA_DIR, "tmp")) != []
    eventually(lambda: os.listdir(os.path.join(DATA_DIR, "tmp")) == [])
    assert rows("SELECT count(*) FROM left_over") == [(0,)]


if __name__ == "__main__":
    run(fl.connect(URL), only=sys.argv[3] if len(sys.argv) > 3 else None)
