"""
The reference: pyarrow's own C++ Flight server. Prints its port, then serves.

Usage: memory_server.py [CERTIFICATE KEY]

A ticket is the path of a put, whose table was kept in memory; `parquet:FILE`, which is read whole with `read_table`;
or `sql:TEXT`, which Python's DuckDB streams. The bytes on the wire are made by C++ in each case.
"""

import sys

import duckdb
import pyarrow.flight as fl
import pyarrow.parquet as pq

BATCH_ROWS = 65_536


class MemoryServer(fl.FlightServerBase):
    def __init__(self, certificate=None, key=None):
        tls = {"tls_certificates": [(open(certificate, "rb").read(), open(key, "rb").read())]} if certificate else {}
        super().__init__(f"grpc{'+tls' if certificate else ''}://127.0.0.1:0", **tls)
        self._tables = {}
        self._duckdb = duckdb.connect()

    def do_put(self, context, descriptor, reader, writer):
        self._tables[descriptor.path[0]] = reader.read_all()

    def do_get(self, context, ticket):
        kind, _, rest = ticket.ticket.decode().partition(":")
        if kind == "parquet":
            return fl.RecordBatchStream(pq.read_table(rest))
        if kind == "sql":
            return fl.RecordBatchStream(self._duckdb.cursor().execute(rest).to_arrow_reader(BATCH_ROWS))
        return fl.RecordBatchStream(self._tables[ticket.ticket])


if __name__ == "__main__":
    server = MemoryServer(*sys.argv[1:3])
    print(server.port, flush=True)
    server.serve()
