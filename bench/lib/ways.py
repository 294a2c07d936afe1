"""
One thing done once, at one peer: what the client processes of a bench repeat.

A way is a function of (target, round); `target` is a plain dictionary, since it goes to another process. Each returns
the Arrow bytes it moved, or None where bytes say nothing.
"""

import functools
import json
import os
import socket
import tempfile

import duckdb
import market_data
import pyarrow as pa
import pyarrow.flight as fl
import pyarrow.parquet as pq


@functools.cache
def client_of(url, certificate):
    tls = {"tls_root_certs": open(certificate, "rb").read()} if url.startswith("grpc+tls") else {}
    client = fl.connect(url, **tls)
    try:
        list(client.list_actions())
    except (fl.FlightError, pa.ArrowException):
        pass  # A peer that does not know the call has been reached all the same.
    return client


@functools.lru_cache(1)
def batches_of(dataset, rows, batch_rows):
    table = market_data.DATASETS[dataset](rows)
    return table.schema, table.to_batches(max_chunksize=batch_rows), table.nbytes


def connect(target):
    return client_of(target["url"], target.get("certificate"))


def get(target, _):
    return connect(target).do_get(fl.Ticket(target["ticket"].encode())).read_all().nbytes


def put(target, _):
    schema, batches, bytes_ = batches_of(target["dataset"], target["rows"], target["batch_rows"])
    put_batches(connect(target), f"{target['key']}_{os.getpid()}", schema, batches)
    return bytes_


def put_batches(client, key, schema, batches, on_received=None):
    """`on_received` is called when a PutResult has come for each batch: the call goes on until all is committed."""
    writer, results = client.do_put(fl.FlightDescriptor.for_path(key), schema)
    for batch in batches:
        writer.write_batch(batch)
    if on_received is not None:
        writer.done_writing()
        for _ in batches:
            results.read()
        on_received()
    writer.close()


def write_synced(target, _):
    """What a script without a server does: Parquet to a file, synced."""
    schema, batches, bytes_ = batches_of(target["dataset"], target["rows"], target["batch_rows"])
    with tempfile.NamedTemporaryFile(dir=target["folder"], suffix=".parquet") as file:
        pq.write_table(pa.Table.from_batches(batches, schema), file, compression="zstd", compression_level=3)
        file.flush()
        os.fsync(file.fileno())
    return bytes_


def sql(target, round_):
    """SQL to Sterna, or to DuckDB behind the C++ server."""
    text = target["sql"].format(low=round_)
    ticket = json.dumps({"sql": text}) if target["peer"] == "Sterna" else f"sql:{text}"
    table = connect(target).do_get(fl.Ticket(ticket.encode())).read_all()
    return target.get("bytes") or table.nbytes


def sql_in_process(target, round_):
    table = duckdb.default_connection().sql(target["sql"].format(low=round_)).to_arrow_table()
    return target.get("bytes") or table.nbytes


def flight_sql(target, round_):
    command = _statement_query(target["sql"].format(low=round_))
    client = connect(target)
    info = client.get_flight_info(fl.FlightDescriptor.for_command(command))
    bytes_ = sum(client.do_get(endpoint.ticket).read_all().nbytes for endpoint in info.endpoints)
    return target.get("bytes") or bytes_


def read_table(target, _):
    return pq.read_table(target["file"]).nbytes


@functools.cache
def _socket(url):
    host, port = url.removeprefix("grpc://").split(":")
    return socket.create_connection((host, int(port))), bytearray(1 << 20)


def tcp(target, _):
    connection, buffer = _socket(target["url"])
    left = target["bytes"]
    connection.sendall(left.to_bytes(8, "big"))
    while left > 0:
        left -= connection.recv_into(buffer, min(left, len(buffer)))
    return target["bytes"]


def _statement_query(text):
    """A Flight SQL CommandStatementQuery in its google.protobuf.Any."""

    def field(number, data):
        return bytes([number << 3 | 2]) + _varint(len(data)) + data

    name = b"type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery"
    return field(1, name) + field(2, field(1, text.encode()))


def _varint(value):
    return bytes([value & 127 | 128]) + _varint(value >> 7) if value > 127 else bytes([value])


WAYS = {
    way.__name__: way for way in (get, put, write_synced, sql, sql_in_process, flight_sql, read_table, tcp)
}
