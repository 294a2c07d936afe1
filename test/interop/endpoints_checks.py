"""
Large results in several endpoints: each row once, of one snapshot, read in parallel, one after the other and again.
Usage: endpoints_checks.py grpc://HOST:PORT [WORD]
"""

import datetime
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import assert_same, check, eventually, raises, run  # noqa: E402

URL = sys.argv[1]
PARTS = 5
PART_ROWS = 200_000
LOG_ROWS = 1_000


def rows_of(first, count):
    numbers = pa.array(range(first, first + count), pa.int64())
    symbols = pa.DictionaryArray.from_arrays(pc.cast(pc.bit_wise_and(numbers, 3), pa.int8()), ["a", "b", "c", "d"])
    times = pc.cast(pc.multiply(numbers, 1_000), pa.timestamp("ns", "UTC"))
    return pa.table({"n": numbers, "symbol": symbols, "ts": times})


def write(client, key, mode, table):
    descriptor = fl.FlightDescriptor.for_command(json.dumps({"key": key, "mode": mode}))
    writer, _ = client.do_put(descriptor, table.schema)
    with writer:
        writer.write_table(table, max_chunksize=65_536)


def stored(client, key):
    """A dataset of five parts and a log."""
    table = rows_of(0, PARTS * PART_ROWS + LOG_ROWS)
    for part in range(PARTS):
        write(client, key, "append" if part else "replace", table.slice(part * PART_ROWS, PART_ROWS))
        list(client.do_action(fl.Action("flush", key.encode())))
    write(client, key, "append", table.slice(PARTS * PART_ROWS))
    return table


def info_of(client, **request):
    return client.get_flight_info(fl.FlightDescriptor.for_command(json.dumps(request)))


def read(endpoint):
    """On a connection of its own."""
    with fl.connect(URL) as client:
        return client.do_get(endpoint.ticket).read_all()


def in_parallel(endpoints):
    with ThreadPoolExecutor(len(endpoints)) as pool:
        return pa.concat_tables(pool.map(read, endpoints))


def pins(client):
    stats = b"".join(result.body.to_pybytes() for result in client.do_action(fl.Action("stats", b"")))
    return json.loads(stats)["in_flight"]["pins"]


def act(client, kind, message):
    """An action whose request has the message as its field 1."""
    encoded = message.serialize()
    length, rest = bytearray(), len(encoded)
    while rest > 127:
        length.append(rest & 127 | 128)
        rest >>= 7
    length.append(rest)
    results = client.do_action(fl.Action(kind, b"\x0a" + bytes(length) + encoded))
    return [result.body.to_pybytes() for result in results]


@check
def a_dataset_is_read_in_parallel(client, table):
    """a large dataset has as many endpoints as its client asks for, which have each of its rows once, in order"""
    for wanted, given in ((2, 2), (3, 3), (5, 5), (60, PARTS)):
        info = info_of(client, key="cut", endpoints=wanted)
        assert len(info.endpoints) == given, (wanted, len(info.endpoints))
        assert info.ordered and info.schema.equals(table.schema, check_metadata=True), info.schema
        assert info.total_records == table.num_rows
        assert len({endpoint.ticket.ticket for endpoint in info.endpoints}) == given
        assert [json.loads(endpoint.app_metadata) for endpoint in info.endpoints] == [{"piece": i} for i in range(given)]
        tables = [read(endpoint) for endpoint in info.endpoints]
        assert all(piece.num_rows >= 131_072 for piece in tables), [piece.num_rows for piece in tables]
        assert_same(pa.concat_tables(tables).unify_dictionaries(), table.unify_dictionaries())
    assert_same(in_parallel(info.endpoints).unify_dictionaries(), table.unify_dictionaries())


@check
def who_does_not_ask_has_one(client, table):
    """a client that does not ask has one endpoint, and so has a small result, a limited one, and a rollup"""
    assert len(client.get_flight_info(fl.FlightDescriptor.for_path("cut")).endpoints) == 1
    rollup = {"key": "bars", "sql": "SELECT time_bucket(INTERVAL '1 second', ts) AS t, count(*) AS c FROM cut GROUP BY t"}
    list(client.do_action(fl.Action("rollup", json.dumps(rollup).encode())))
    write(client, "small", "replace", table.slice(0, 1000))
    for request in ({"key": "cut"}, {"key": "cut", "limit": 900_000}, {"key": "small"}, {"key": "bars"}):
        info = info_of(client, **request, endpoints=4)
        assert len(info.endpoints) == (4 if request == {"key": "cut"} else 1), request
    raises(pa.ArrowInvalid, "endpoints", lambda: info_of(client, key="cut", endpoints="many"))
    raises(KeyError, "nothing", lambda: info_of(client, key="nothing", endpoints=4))


@check
def where_endpoints_are(client, table):
    """an endpoint is read over the connection that its client has, or at the address that it dialled"""
    for request in ({"key": "cut"}, {"key": "cut", "endpoints": 3}, {"sql": "SELECT n FROM cut"}):
        for endpoint in info_of(client, **request).endpoints:
            uris = [location.uri.decode() for location in endpoint.locations]
            assert uris == ["arrow-flight-reuse-connection://?", URL.replace("grpc://", "grpc+tcp://")], uris
    descriptor = fl.FlightDescriptor.for_command(b"SELECT n FROM cut ORDER BY n LIMIT 3")
    assert client.get_flight_info(descriptor).ordered


@check
def columns_and_conditions(client, table):
    """columns, conditions and ranges of time hold for all endpoints, and so does a version of the past"""
    request = {"columns": ["ts", "n"], "where": "symbol <> 'b'", "start": "1970-01-01T00:00:00.3Z"}
    info = info_of(client, key="cut", endpoints=4, **request)
    wanted = table.filter(pc.and_(pc.not_equal(table["symbol"], "b"), pc.greater_equal(table["n"], 300_000)))
    assert len(info.endpoints) == 4 and info.total_records == -1
    assert_same(in_parallel(info.endpoints), wanted.select(["ts", "n"]))
    [answer] = client.do_action(fl.Action("history", b"cut"))
    newest = json.loads(answer.body.to_pybytes())["versions"][0]["version"]
    info = info_of(client, key="cut", endpoints=4, version=newest)
    assert len(info.endpoints) == 4
    # The past has no rows of the log.
    in_parts = table.slice(0, PARTS * PART_ROWS)
    assert_same(in_parallel(info.endpoints).unify_dictionaries(), in_parts.unify_dictionaries())


@check
def one_snapshot(client, table):
    """endpoints give the snapshot of their FlightInfo, again and again, whatever is written meanwhile"""
    expected = stored(client, "moving")
    info = info_of(client, key="moving", endpoints=4)
    assert len(info.endpoints) == 4
    first = read(info.endpoints[0])
    write(client, "moving", "append", rows_of(5_000_000, 70_000))
    list(client.do_action(fl.Action("flush", b"moving")))
    list(client.do_action(fl.Action("compact", b"moving")))
    rest = [read(endpoint) for endpoint in info.endpoints[1:]]
    assert_same(pa.concat_tables([first, *rest]).unify_dictionaries(), expected.unify_dictionaries())
    write(client, "moving", "replace", rows_of(0, 10))
    assert_same(in_parallel(info.endpoints).unify_dictionaries(), expected.unify_dictionaries())
    list(client.do_action(fl.Action("drop", b"moving")))
    assert_same(in_parallel(info.endpoints).unify_dictionaries(), expected.unify_dictionaries())
    act(client, "CancelFlightInfo", info)


@check
def endpoints_expire_are_renewed_and_cancelled(client, table):
    """endpoints say until when they are there, are renewed, and go with their snapshot when they are cancelled"""
    before = pins(client)
    info = info_of(client, key="cut", endpoints=4)
    now = datetime.datetime.now(datetime.timezone.utc)
    ends = [endpoint.expiration_time.as_py() for endpoint in info.endpoints]
    assert all(10 < (end - now).total_seconds() <= 60 for end in ends), ends
    assert pins(client) == before + 1
    (renewed,) = act(client, "RenewFlightEndpoint", info.endpoints[1])
    assert fl.FlightEndpoint.deserialize(renewed).expiration_time.as_py() > ends[1]
    reader = client.do_get(info.endpoints[0].ticket)
    reader.read_chunk()
    assert act(client, "CancelFlightInfo", info) == [b"\x08\x01"], "CANCELLED"

    def rest():
        while True:
            reader.read_chunk()

    raises((fl.FlightCancelledError, StopIteration), "", rest)
    for endpoint in info.endpoints:
        raises(KeyError, "no such result", lambda: client.do_get(endpoint.ticket).read_all())
    eventually(lambda: pins(client) == before)


@check
def a_client_that_leaves_a_stream_leaves_nothing(client, table):
    """readers that leave in the middle hold no snapshot after it is cancelled, and a ticket of no piece is refused"""
    before = pins(client)
    info = info_of(client, key="cut", endpoints=3)
    for endpoint in info.endpoints:
        with fl.connect(URL) as other:
            reader = other.do_get(endpoint.ticket)
            reader.read_chunk()
            reader.cancel()
    bad = info.endpoints[0].ticket.ticket.replace(b'"piece":0', b'"piece":9')
    raises(pa.ArrowInvalid, "no piece 9", lambda: client.do_get(fl.Ticket(bad)).read_all())
    act(client, "CancelFlightInfo", info)
    eventually(lambda: pins(client) == before)


OPTION = "adbc.flight.sql.session.option.endpoints"


@check
def adbc_reads_several_endpoints(client, table):
    """with the session option endpoints, ADBC reads a scan of a large dataset in parallel, and has each row once"""
    plain = table.set_column(1, "symbol", table["symbol"].cast(pa.string()))
    with flightsql.connect(URL, autocommit=True) as connection, connection.cursor() as cursor:
        connection.adbc_connection.set_options(**{OPTION: "4"})
        assert connection.adbc_connection.get_option(OPTION) == "4"
        for sql, expected in (
            ("SELECT * FROM cut", plain["n"]),
            ("SELECT n + 1 AS n FROM cut WHERE symbol = 'c'", pc.add(plain.filter(pc.equal(plain["symbol"], "c"))["n"], 1)),
        ):
            cursor.execute(sql)
            assert cursor.fetch_arrow_table()["n"].combine_chunks().equals(expected.combine_chunks()), sql
            partitions, _ = cursor.adbc_execute_partitions(sql)
            assert len(partitions) == 4, sql
        raises(adbc_driver_manager.Error, "endpoints", lambda: connection.adbc_connection.set_options(**{OPTION: "65"}))
    found = []
    for partition in partitions:
        with flightsql.connect(URL, autocommit=True) as other, other.cursor() as cursor:
            cursor.adbc_read_partition(partition)
            found.append(cursor.fetch_arrow_table())
    assert pa.concat_tables(found)["n"].combine_chunks().equals(expected.combine_chunks())


@check
def other_statements_have_one(client, table):
    """joins, aggregates, orders, limits, volatile functions, bound values and transactions stay one endpoint"""
    with flightsql.connect(URL, autocommit=True) as connection, connection.cursor() as cursor:
        connection.adbc_connection.set_options(**{OPTION: "4"})
        for sql in (
            "SELECT count(*) FROM cut",
            "SELECT symbol, max(n) FROM cut GROUP BY symbol",
            "SELECT n FROM cut ORDER BY n",
            "SELECT n FROM cut LIMIT 900000",
            "SELECT DISTINCT n FROM cut",
            "SELECT a.n FROM cut a JOIN cut b USING (n)",
            "SELECT n, random() FROM cut",
            "SELECT n, row_number() OVER () FROM cut",
            "SELECT n FROM cut UNION ALL SELECT n FROM cut",
            "SELECT range AS n FROM range(900000)",
        ):
            assert len(cursor.adbc_execute_partitions(sql)[0]) == 1, sql
        assert len(cursor.adbc_execute_partitions("SELECT n FROM cut WHERE n > ?", (1,))[0]) == 1
    with flightsql.connect(URL) as connection, connection.cursor() as cursor:
        connection.adbc_connection.set_options(**{OPTION: "4"})
        assert len(cursor.adbc_execute_partitions("SELECT n FROM cut")[0]) == 1


@check
def sql_as_a_command(client, table):
    """a command of JSON with SQL asks for several endpoints as well"""
    info = info_of(client, sql="SELECT n FROM cut WHERE n % 2 = 0", endpoints=4)
    assert len(info.endpoints) == 4 and not info.ordered
    found = in_parallel(info.endpoints)
    assert found.schema.equals(info.schema, check_metadata=True)
    assert found["n"].to_pylist() == list(range(0, table.num_rows, 2))


if __name__ == "__main__":
    flight = fl.connect(URL)
    run(flight, stored(flight, "cut"), only=sys.argv[2] if len(sys.argv) > 2 else None)
