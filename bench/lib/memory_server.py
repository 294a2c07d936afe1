"""The reference: pyarrow's own C++ Flight server, keeping each table in memory. Prints its port, then serves."""

import pyarrow.flight as fl


class MemoryServer(fl.FlightServerBase):
    def __init__(self):
        super().__init__("grpc://127.0.0.1:0")
        self._tables = {}

    def do_put(self, context, descriptor, reader, writer):
        self._tables[descriptor.path[0]] = reader.read_all()

    def do_get(self, context, ticket):
        return fl.RecordBatchStream(self._tables[ticket.ticket])


if __name__ == "__main__":
    server = MemoryServer()
    print(server.port, flush=True)
    server.serve()
