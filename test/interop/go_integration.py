"""
Puts tables with the integration client of arrow-go, and checks with pyarrow what the server then has: the client
itself drops the error of its own check.

Usage: go_integration.py CLIENT HOST:PORT FOLDER
"""

import itertools
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, run  # noqa: E402
from integration_json import integration_json  # noqa: E402
from types_cases import batches_of, cases, extensions, flat, table_of  # noqa: E402
from types_compare import difference  # noqa: E402


class GoClient:
    """One table at a time, put and read back by arrow-go, under the path of the file that describes it."""

    def __init__(self, client, program, address, folder):
        self.client, self.program, self.folder = client, program, folder
        self.host, self.port = address.split(":")
        self.numbers = itertools.count()

    def run(self, schema, batches):
        """The key, and what the client said of it: None where it was content."""
        path = os.path.join(self.folder, f"{next(self.numbers)}.json")
        with open(path, "w", encoding="utf8") as file:
            json.dump(integration_json(schema, batches), file)
        command = [self.program, "-host", self.host, "-port", self.port, "-path", path]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        os.unlink(path)
        return path, None if done.returncode == 0 else done.stderr

    def comes_back(self, what, schema, batches):
        """What it puts is what pyarrow gets: batch by batch with its app_metadata, and from Parquet."""
        key, problem = self.run(schema, batches)
        assert problem is None, f"{what}: {problem}"
        chunks = list(self.client.do_get(fl.Ticket(key.encode())))
        assert [chunk.data.num_rows for chunk in chunks] == [batch.num_rows for batch in batches], what
        numbers = [chunk.app_metadata.to_pybytes() for chunk in chunks]
        assert numbers == [str(number).encode() for number in range(len(batches))], f"{what}: {numbers}"
        expected = pa.Table.from_batches(batches, schema)
        found = difference(pa.Table.from_batches([chunk.data for chunk in chunks], schema), expected)
        assert found is None, f"{what}: {found}"
        [_] = self.client.do_action(fl.Action("evict", key.encode()))
        found = difference(self.client.do_get(fl.Ticket(key.encode())).read_all(), expected)
        assert found is None, f"{what} from Parquet: {found}"

    def is_refused(self, what, schema):
        key, problem = self.run(schema, [])
        assert problem is not None and "TYPE_UNSUPPORTED" in problem, f"{what}: {problem}"
        assert schema.field(0).name in problem, problem
        listed = [info.descriptor.path[0].decode() for info in self.client.list_flights()]
        assert key not in listed, what


REFUSED = ("month_day", "sparse_union", "dense_union", "run_end", "list_view", "large_list_view", "struct<>")


def is_refused(name):
    """Of the types of the format, those that docs/types.md says are refused."""
    return name.startswith(REFUSED) or name in ("decimal256(76, 10)", "decimal128(5, -2)")


def sayable():
    """Values of each type, of floats those that JSON has."""
    for name, values in flat():
        if pa.types.is_floating(values.type):
            values = pa.array([0.0, -0.0, 1.5, -2.25, 0.5 if values.type.bit_width == 16 else 1e30], values.type)
        yield name, values


def in_dictionary(name):
    return name.removeprefix("dictionary<int8, ").removesuffix(">") if name.startswith("dictionary") else None


NOT_IN_DICTIONARIES = ("bool", "decimal128(38, 2)", "decimal128(38, 38)", "decimal256(38, 4)")


@check
def every_type(client, go):
    """Every type in every shape, with nulls, empty batches and dictionaries, is what pyarrow gets; others are refused"""
    # arrow-go has no lists of no items.
    tables = {name: table for name, table in cases(sayable) if name != "fixed_size_list[0]"}
    bases = {name: in_dictionary(name) for name in tables}
    refused = [name for name, base in bases.items() if is_refused(base or name) or base in NOT_IN_DICTIONARIES]
    stored = [name for name in tables if name not in refused]
    assert len(stored) > 90 and len(refused) > 15, (stored, refused)
    for name in stored:
        go.comes_back(name, tables[name].schema, batches_of(tables[name]))
    # At the same time, since the client tries each of them three times, with seconds between.
    with ThreadPoolExecutor(len(refused)) as pool:
        list(pool.map(lambda name: go.is_refused(name, tables[name].schema), refused))


@check
def extension_types(client, go):
    """Extension types are what pyarrow gets, whether arrow-go knows them or not"""
    # The third row has an infinity.
    table = table_of([(name, column.slice(0, 2), True) for name, column in extensions()])
    go.comes_back("extensions", table.schema, table.to_batches())


@check
def no_rows(client, go):
    """Tables without rows, sent with no batch and with an empty one, and rows without columns"""
    columns = [(name, values.slice(0, 0), True) for name, values in sayable() if not is_refused(name)]
    table = table_of(columns, {"unit": "none"})
    empty = pa.RecordBatch.from_arrays([column for _, column, _ in columns], schema=table.schema)
    go.comes_back("no batches", table.schema, [])
    go.comes_back("an empty batch", table.schema, [empty])
    rows = pa.record_batch([pa.nulls(5)], ["x"]).select([])
    go.comes_back("no columns", rows.schema, [rows, rows.slice(0, 2)])


if __name__ == "__main__":
    program, address, folder = sys.argv[1:4]
    client = fl.connect(f"grpc://{address}")
    run(client, GoClient(client, program, address, folder), only=sys.argv[4] if len(sys.argv) > 4 else None)
