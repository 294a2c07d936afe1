"""
Takes handles of every kind from one server, and uses them at the next.
Usage: handles_client.py take grpc://HOST:PORT, which prints them; handles_client.py use grpc://HOST:PORT HANDLES
"""

import json
import os
import sys

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, raises, run  # noqa: E402

URL = sys.argv[2]


def field(number, value):
    """A field of bytes of a protobuf message, of up to 127 bytes."""
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


def command(name, value):
    return field(1, b"type.googleapis.com/arrow.flight.protocol.sql." + name.encode()) + field(2, value)


def sql_action(client, name, body):
    action = fl.Action(name.removeprefix("Action").removesuffix("Request"), command(name, body))
    return [result.body.to_pybytes() for result in client.do_action(action)]


def described(client, name, body):
    return client.get_flight_info(fl.FlightDescriptor.for_command(command(name, body)))


def query(sql, transaction=None):
    return field(1, sql.encode()) + (b"" if transaction is None else field(2, transaction))


def take(client):
    table = pa.table({"n": pa.array(range(300_000), pa.int64())})
    for mode in ("replace", "append"):
        key = json.dumps({"key": "kept", "mode": mode})
        writer, _ = client.do_put(fl.FlightDescriptor.for_command(key), table.schema)
        with writer:
            writer.write_table(table)
        list(client.do_action(fl.Action("flush", b"kept")))
    transaction = sql_action(client, "ActionBeginTransactionRequest", b"")[0][-16:]
    savepoint = sql_action(client, "ActionBeginSavepointRequest", field(1, transaction) + field(2, b"s"))[0][-16:]
    prepared = sql_action(client, "ActionCreatePreparedStatementRequest", field(1, b"SELECT 1 AS n"))[0]
    pieces = client.get_flight_info(fl.FlightDescriptor.for_command(b'{"key": "kept", "endpoints": 2}'))
    assert len(pieces.endpoints) == 2
    with flightsql.connect(URL, autocommit=True) as connection, connection.cursor() as cursor:
        partitions, _ = cursor.adbc_execute_partitions("SELECT count(*) AS n FROM kept")
        connection.adbc_connection.set_options(**{"adbc.flight.sql.session.option.memory_limit": "64MB"})
        bounded, _ = cursor.adbc_execute_partitions("SELECT count(*) AS n FROM kept WHERE n > 0")
    handles = {
        "transaction": transaction,
        "savepoint": savepoint,
        "prepared": prepared[prepared.index(b"\n\x10") + 2 :][:16],
        "in_transaction": described(client, "CommandStatementQuery", query("SELECT 1", transaction)).endpoints[0].ticket.ticket,
        "write": described(client, "CommandStatementQuery", query("CREATE TABLE late AS SELECT 1 AS n")).endpoints[0].ticket.ticket,
        "piece": pieces.endpoints[1].ticket.ticket,
        "statement": partitions[0],
        "bounded": bounded[0],
    }
    print(json.dumps({name: bytes(handle).hex() for name, handle in handles.items()}))


def not_found(advice, action):
    raises(KeyError, advice, action)


def read(client, ticket):
    return client.do_get(fl.Ticket(ticket)).read_all()


@check
def prepared_statements(client, handles):
    """a prepared statement is not found, by whatever asks for it, and is to be prepared again"""
    handle = field(1, handles["prepared"])
    again = "no such prepared statement: it was closed, was idle for too long, or the server was restarted. Prepare it again"
    not_found(again, lambda: described(client, "CommandPreparedStatementQuery", handle))
    not_found(again, lambda: sql_action(client, "ActionClosePreparedStatementRequest", handle))
    for name in ("CommandPreparedStatementQuery", "CommandPreparedStatementUpdate"):
        writer, _ = client.do_put(fl.FlightDescriptor.for_command(command(name, handle)), pa.schema([]))
        not_found(again, writer.close)


@check
def transactions(client, handles):
    """a transaction and its savepoint are not found, to commit, to go back to, or to read and write in"""
    transaction, savepoint = handles["transaction"], handles["savepoint"]
    again = "no such transaction"
    for kind in (1, 2):
        end = field(1, transaction) + bytes([0x10, kind])
        not_found(again, lambda: sql_action(client, "ActionEndTransactionRequest", end))
        end = field(1, savepoint) + bytes([0x10, kind])
        not_found("no such savepoint", lambda: sql_action(client, "ActionEndSavepointRequest", end))
    not_found(again, lambda: sql_action(client, "ActionBeginSavepointRequest", field(1, transaction) + field(2, b"t")))
    not_found(again, lambda: described(client, "CommandStatementQuery", query("SELECT 1", transaction)))
    not_found(again, lambda: read(client, handles["in_transaction"]))
    update = command("CommandStatementUpdate", query("CREATE TABLE lost AS SELECT 1 AS n", transaction))
    writer, _ = client.do_put(fl.FlightDescriptor.for_command(update), pa.schema([]))
    not_found(again, writer.close)


@check
def tickets(client, handles):
    """tickets of a write, of a piece and of a memory limit are not found; one that holds its whole statement is read"""
    not_found("no such statement that writes", lambda: read(client, handles["write"]))
    not_found("no such result", lambda: read(client, handles["piece"]))
    with flightsql.connect(URL, autocommit=True) as connection, connection.cursor() as cursor:
        error = raises(flightsql.Error, "session whose memory_limit", lambda: cursor.adbc_read_partition(handles["bounded"]))
        assert "NotFound" in str(error), error
        cursor.adbc_read_partition(handles["statement"])
        assert cursor.fetchall() == [(600_000,)]


@check
def sessions(client, handles):
    """a cookie of a session that is gone begins another session, and a client goes on"""
    with fl.connect(URL, middleware=[OldCookie()]) as other:
        (options,) = other.do_action(fl.Action("GetSessionOptions", b""))
        assert b"sterna" in options.body.to_pybytes() and b"main" in options.body.to_pybytes()
        option = field(1, b"schema") + field(2, field(1, b"other"))
        (errors,) = other.do_action(fl.Action("SetSessionOptions", field(1, option)))
        assert errors.body.to_pybytes() == b""
    keys = sorted(info.descriptor.path[0] for info in client.list_flights())
    assert keys == [b"kept"], keys


class OldCookie(fl.ClientMiddlewareFactory):
    def start_call(self, info):
        return OldCookieCall()


class OldCookieCall(fl.ClientMiddleware):
    def sending_headers(self):
        return {"cookie": "arrow_flight_session_id=" + "0123456789abcdef" * 2}


if __name__ == "__main__":
    flight = fl.connect(URL)
    if sys.argv[1] == "take":
        take(flight)
    else:
        run(flight, {name: bytes.fromhex(handle) for name, handle in json.loads(sys.argv[3]).items()})
