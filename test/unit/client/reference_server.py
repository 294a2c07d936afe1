"""A Flight server of Arrow's own C++ stack that keeps what it is given, for the tests of the client.

Prints its port. Every descriptor is kept as text, and its batches as they came.
"""
import json
import threading

import pyarrow as pa
import pyarrow.flight as flight


def name_of(descriptor: flight.FlightDescriptor) -> str:
    if descriptor.descriptor_type == flight.DescriptorType.PATH:
        return "/".join(part.decode() for part in descriptor.path)
    return descriptor.command.decode()


class ReferenceServer(flight.FlightServerBase):
    def __init__(self) -> None:
        super().__init__("grpc://127.0.0.1:0")
        self.tables: dict[str, pa.Table] = {}
        self.sent_batches = 0
        self.cancelled = threading.Event()

    def do_put(self, context, descriptor, reader, writer):
        name = name_of(descriptor)
        if name == "refused":
            raise flight.FlightServerError("This one is refused [DATASET_EXISTS]")
        batches = []
        for chunk in reader:
            batches.append(chunk.data)
            writer.write(pa.py_buffer(str(chunk.data.num_rows).encode()))
            if name == "refused-midway":
                raise KeyError("No more of this")
        self.tables[name] = pa.Table.from_batches(batches, schema=reader.schema)

    def do_get(self, context, ticket):
        name = ticket.ticket.decode()
        if name == "endless":
            return flight.GeneratorStream(self.schema(), self.endless(context))
        return flight.RecordBatchStream(self.tables[name])

    def schema(self) -> pa.Schema:
        return pa.schema([("value", pa.int64())])

    def endless(self, context):
        batch = pa.record_batch([pa.array(range(65_536))], schema=self.schema())
        try:
            while not context.is_cancelled():
                self.sent_batches += 1
                yield batch
        finally:
            # Once the call is over nobody asks for the next batch, and the generator is thrown away.
            self.cancelled.set()

    def info(self, name: str) -> flight.FlightInfo:
        table = self.tables[name]
        descriptor = flight.FlightDescriptor.for_path(name)
        endpoints = [flight.FlightEndpoint(name.encode(), [])]
        return flight.FlightInfo(table.schema, descriptor, endpoints, table.num_rows, table.nbytes)

    def get_flight_info(self, context, descriptor):
        return self.info(name_of(descriptor))

    def get_schema(self, context, descriptor):
        return flight.SchemaResult(self.tables[name_of(descriptor)].schema)

    def list_flights(self, context, criteria):
        prefix = criteria.decode()
        return [self.info(name) for name in sorted(self.tables) if name.startswith(prefix)]

    def do_action(self, context, action):
        if action.type == "echo":
            return [action.body, pa.py_buffer(b"end")]
        if action.type == "endless":
            self.cancelled.wait(timeout=30)
            figures = {"cancelled": self.cancelled.is_set(), "batches": self.sent_batches}
            return [pa.py_buffer(json.dumps(figures).encode())]
        raise NotImplementedError(action.type)


with ReferenceServer() as server:
    print(server.port, flush=True)
    server.serve()
