"""
A client that sends what DuckDB's airport extension sends, to test servers without it.

Each message has the form that the extension's C++ code gives it: github.com/Query-farm/airport at commit f52b27c; the
file is named where a message is made. `MSGPACK_DEFINE_MAP` packs all fields of a struct in its order, and a
`std::string` as msgpack str whatever its bytes are.
"""

import dataclasses
import hashlib
import json
import uuid

import duckdb
import msgpack
import pyarrow as pa
import pyarrow.flight as fl

USER_AGENT = "airport/20250723"  # src/airport_request_headers.cpp
ROW_ID = 2**64 - 1  # COLUMN_IDENTIFIER_ROW_ID of DuckDB
NO_COLUMN = 2**64 - 2  # COLUMN_IDENTIFIER_EMPTY of DuckDB


def pack(value):
    """As msgpack-c packs: text and bytes alike are str."""
    return msgpack.packb(value, use_bin_type=False)


def unpack(data):
    """Map keys as text; texts as bytes, which std::string takes of str and bin."""

    def named(pairs):
        return {key.decode(): value for key, value in pairs}

    return msgpack.unpackb(data, raw=True, object_pairs_hook=named)


def decompress(data):
    """[length, zstd bytes]: `decompressZStandard` in src/storage/airport_catalog_api.cpp."""
    length, compressed = unpack(data)
    return pa.decompress(compressed, decompressed_size=length, codec="zstd", asbytes=True)


@dataclasses.dataclass
class Table:
    """`AirportAPITable` in src/include/storage/airport_catalog_api.hpp."""

    descriptor: fl.FlightDescriptor
    schema: pa.Schema
    metadata: dict
    rows: int

    @property
    def name(self):
        return self.metadata["name"].decode()

    @property
    def columns(self):
        """What DuckDB's table has: all fields but the one of row ids."""
        return [field for field in self.schema if not is_row_id(field)]

    @property
    def has_row_ids(self):
        return any(is_row_id(field) for field in self.schema)


def is_row_id(field):
    """`AirportFieldMetadataIsRowId` in src/airport_schema_utils.cpp."""
    return bool((field.metadata or {}).get(b"is_rowid"))


class AirportClient:
    """One attached catalog."""

    def __init__(self, location, catalog, token=None):
        self.location, self.catalog, self.token = location, catalog, token
        self.flight = fl.FlightClient(location.replace("grpc://", "grpc+tcp://"))
        self.session = str(uuid.uuid4())

    def close(self):
        self.flight.close()

    def options(self, *further):
        """src/airport_request_headers.cpp"""
        headers = [
            ("airport-user-agent", USER_AGENT),
            ("authority", self.location),
            ("airport-client-session-id", self.session),
            ("airport-catalog", self.catalog),
        ]
        if self.token:
            headers.append(("authorization", f"Bearer {self.token}"))
        headers += further
        return fl.FlightCallOptions(headers=[(key.encode(), value.encode()) for key, value in headers])

    def scan_headers(self, descriptor, transaction):
        """`airport_add_normal_headers`; the transaction as src/airport_take_flight.cpp adds it."""
        headers = [("airport-trace-id", str(uuid.uuid4()))]
        if transaction:
            headers.append(("airport-transaction-id", transaction))
        path = "/".join(part.decode() for part in descriptor.path or [])
        return [*headers, ("airport-flight-path", path)] if path else headers

    def action(self, name, body, *headers, raw=False):
        """`AirportCallAction` in src/airport_rpc.cpp, without its retries."""
        data = body if raw else pack(body)
        results = list(self.flight.do_action(fl.Action(name, data), self.options(*headers, ("airport-action-name", name))))
        return results[0].body.to_pybytes() if results else None

    # What ATTACH and each query begin with.

    def schemas(self):
        """`GetSchemas` and `GetSchemaItems` in src/storage/airport_catalog_api.cpp: {schema: {table: Table}}."""
        root = unpack(decompress(self.action("list_schemas", {"catalog_name": self.catalog})))
        populated = self.contents_of(root["contents"])
        return {schema["name"].decode(): self.tables(schema, populated) for schema in root["schemas"]}

    @staticmethod
    def contents_of(contents):
        """`PopulateCatalogSchemaCacheFromURLorContent`: what is inside by its hash."""
        if not contents["sha256"] or contents["serialized"] is None:
            return {}
        assert hashlib.sha256(contents["serialized"]).hexdigest() == contents["sha256"].decode()
        return {sha256: data for sha256, data in unpack(contents["serialized"])}

    def tables(self, schema, populated):
        contents = schema["contents"]
        data = contents["serialized"] if contents["serialized"] is not None else populated[contents["sha256"]]
        assert hashlib.sha256(data).hexdigest() == contents["sha256"].decode()
        tables = [self.table(info) for info in unpack(decompress(data))]
        for table in tables:
            # handle_flight_app_metadata refuses others.
            assert table.metadata["catalog"].decode() == self.catalog
            assert table.metadata["schema"] == schema["name"]
        return {table.name: table for table in tables}

    @staticmethod
    def table(data):
        info = fl.FlightInfo.deserialize(data)
        return Table(info.descriptor, info.schema, unpack(info.app_metadata), info.total_records)

    def catalog_version(self):
        """src/storage/airport_catalog.cpp"""
        return unpack(self.action("catalog_version", {"catalog_name": self.catalog}))

    def create_transaction(self):
        """src/storage/airport_transaction.cpp"""
        identifier = unpack(self.action("create_transaction", {"catalog_name": self.catalog}))["identifier"]
        return None if identifier is None else identifier.decode()

    # Reads.

    def flight_info(self, table, at_unit="", at_value=""):
        """src/storage/airport_table_set.cpp"""
        body = {"descriptor": table.descriptor.serialize(), "at_unit": at_unit, "at_value": at_value}
        found = self.table(self.action("flight_info", body))
        assert found.descriptor == table.descriptor
        return found

    def endpoints(self, table, columns, filters="", transaction=None, at_unit="", at_value=""):
        """`AirportGetFlightEndpoints` in src/airport_take_flight.cpp"""
        parameters = {
            "json_filters": filters,
            "column_ids": columns,
            "table_function_parameters": "",
            "table_function_input_schema": "",
            "at_unit": at_unit,
            "at_value": at_value,
        }
        body = {"descriptor": table.descriptor.serialize(), "parameters": parameters}
        data = self.action("endpoints", body, *self.scan_headers(table.descriptor, transaction))
        endpoints = [fl.FlightEndpoint.deserialize(endpoint) for endpoint in unpack(data)]
        # AirportLocalStateProcessEndpoint takes the first location only, and needs one.
        assert all(endpoint.locations for endpoint in endpoints)
        return endpoints

    def scan(self, table, columns=None, filters="", transaction=None, **at):
        """One table, with all columns of its schema, and what the server has said of its progress."""
        wanted = list(range(len(table.columns))) if columns is None else columns
        batches, progress, schema = [], [], None
        for endpoint in self.endpoints(table, wanted, filters, transaction, **at):
            options = self.options(*self.scan_headers(table.descriptor, transaction))
            reader = self.flight.do_get(endpoint.ticket, options)
            schema = reader.schema
            for chunk in reader:
                if chunk.app_metadata is not None:
                    # ProcessAppMetadata in src/airport_flight_stream.cpp
                    progress.append(unpack(chunk.app_metadata.to_pybytes())["progress"])
                batches.append(chunk.data)
        return pa.Table.from_batches(batches, schema), progress

    def statistics(self, table, column, sql_type, transaction=None):
        """src/airport_flight_statistics.cpp"""
        assert (table.schema.metadata or {}).get(b"can_produce_statistics")
        body = {"flight_descriptor": table.descriptor.serialize(), "column_name": column, "type": sql_type}
        data = self.action("column_statistics", body, *self.scan_headers(table.descriptor, transaction))
        with pa.ipc.open_stream(data) as reader:
            row = reader.read_all()
        assert row.num_rows == 1
        return row

    # What changes tables and rows.

    def create_schema(self, name):
        """src/storage/airport_schema_set.cpp"""
        body = {"catalog_name": self.catalog, "schema": name, "comment": None, "tags": {}}
        contents = unpack(self.action("create_schema", body))
        return self.tables({"name": name.encode(), "contents": contents}, {})

    def create_table(self, schema, name, columns, on_conflict="error", **constraints):
        """`AirportCreateTableParameters` in src/storage/airport_table_set.cpp"""
        body = {
            "catalog_name": self.catalog,
            "schema_name": schema,
            "table_name": name,
            "arrow_schema": columns.serialize().to_pybytes(),
            "on_conflict": on_conflict,
            "not_null_constraints": [],
            "unique_constraints": [],
            "check_constraints": [],
            "primary_key_columns": [],
            "unique_columns": [],
            "multi_key_primary_keys": [],
            "extra_constraints": [],
            **constraints,
        }
        return self.table(self.action("create_table", body))

    def drop(self, kind, schema, name, ignore_not_found=False):
        """src/storage/airport_catalog_set.cpp"""
        body = {
            "type": kind,
            "catalog_name": self.catalog,
            "schema_name": schema,
            "name": name,
            "ignore_not_found": ignore_not_found,
        }
        assert self.action(f"drop_{kind}", body) is None

    def alter(self, action, table, **fields):
        """`AirportAlterBase` in src/include/storage/airport_alter_parameters.hpp"""
        body = {
            "catalog": self.catalog,
            "schema": table.metadata["schema"],
            "name": table.metadata["name"],
            "ignore_not_found": False,
            **fields,
        }
        return self.table(self.action(action, body))

    def exchange(self, table, operation, batches, schema, returning=False, transaction=None):
        """
        `AirportExchangeGetGlobalSinkState` in src/storage/airport_exchange.cpp, and the sinks of airport_insert.cpp,
        airport_update.cpp and airport_delete.cpp: one batch out, and where rows are wanted one in, before the next.

        Returns how many rows have changed, and those that came back.
        """
        headers = [("airport-trace-id", str(uuid.uuid4())), ("airport-operation", operation)]
        if transaction:
            headers.append(("airport-transaction-id", transaction))
        headers += [("return-chunks", "1" if returning else "0")]
        headers.append(("airport-flight-path", "/".join(part.decode() for part in table.descriptor.path or [])))
        writer, reader = self.flight.do_exchange(table.descriptor, self.options(*headers))
        returned = []
        with writer:
            writer.begin(schema)
            # The extension waits for the schema before it sends a row.
            assert reader.schema is not None
            for batch in batches:
                writer.write_batch(batch)
                if returning:
                    chunk = reader.read_chunk()
                    assert chunk.data.num_rows == batch.num_rows
                    returned.append(chunk.data)
            writer.done_writing()
            # ReadChangedCount: the metadata of the last message.
            final = None
            while True:
                try:
                    chunk = reader.read_chunk()
                except StopIteration:
                    break
                assert chunk.data is None
                final = chunk.app_metadata
        return unpack(final.to_pybytes())["total_changed"], returned

    def insert(self, table, rows, **options):
        """All columns, in chunks of 2048 rows, without metadata and all nullable, as DuckDB's ArrowAppender makes them."""
        plain = pa.schema([pa.field(field.name, field.type) for field in rows.schema])
        batches = rows.cast(plain).to_batches(max_chunksize=2048)
        return self.exchange(table, "insert", batches, plain, **options)

    def delete(self, table, row_ids, **options):
        schema = pa.schema([pa.field("rowid", pa.int64())])
        batches = pa.table([pa.array(row_ids, pa.int64())], schema=schema).to_batches(max_chunksize=2048)
        return self.exchange(table, "delete", batches, schema, **options)

    def update(self, table, rows, **options):
        """@param rows - the columns that are set, and last `rowid`"""
        assert rows.schema.names[-1] == "rowid"
        return self.exchange(table, "update", rows.to_batches(max_chunksize=2048), rows.schema, **options)


def filters(rows, where):
    """
    The JSON of `AirportTakeFlightComplexFilterPushdown` in src/airport_take_flight.cpp, with the expressions as DuckDB's
    own serialiser writes them: behind a LIMIT, below which its optimizer pushes nothing.

    @param rows - of the table: DuckDB simplifies a filter by what it knows of them
    """
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("source", rows)
    connection.execute("CREATE TABLE t AS FROM source")
    sql = f"SELECT * FROM (SELECT * FROM t LIMIT 1000000) WHERE {where}"
    plan = json.loads(connection.execute("SELECT json_serialize_plan(?, optimize := true)", [sql]).fetchone()[0])
    expressions = find_filter(plan)
    assert expressions is not None, plan
    names = rows.schema.names
    return json.dumps({"filters": bound(expressions, names), "column_binding_names_by_index": names})


def find_filter(node):
    if isinstance(node, dict):
        if node.get("type") == "LOGICAL_FILTER":
            return node["expressions"]
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            found = find_filter(item)
            if found is not None:
                return found
    return None


def bound(node, names):
    """A plan names columns by their place below; what is pushed down by table and column."""
    if isinstance(node, list):
        return [bound(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("expression_class") == "BOUND_REF":
        binding = {"table_index": 0, "column_index": names.index(node["alias"])}
        kept = {key: node[key] for key in ("alias", "query_location", "return_type")}
        return {"expression_class": "BOUND_COLUMN_REF", "type": "BOUND_COLUMN_REF", **kept, "binding": binding, "depth": 0}
    return {key: bound(value, names) for key, value in node.items()}
