"""
Puts tables with the integration client of arrow-go, and checks with pyarrow what the server then has: the client
itself drops the error of its own check.

Usage: go_integration.py CLIENT HOST:PORT FOLDER
"""

import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, run  # noqa: E402
from integration_json import integration_json  # noqa: E402
from types_cases import flat, table_of, with_nulls  # noqa: E402
from types_compare import difference  # noqa: E402


def expressible(name, type_):
    """What both the JSON format here and the server have: no views, no NaN, which JSON cannot say."""
    kinds = (pa.types.is_floating, pa.types.is_null, pa.types.is_interval)
    if any(is_kind(type_) for is_kind in kinds) or "view" in name:
        return False
    return not pa.types.is_decimal(type_) or (type_.precision <= 38 and type_.scale >= 0)


def tables():
    columns = [(name, with_nulls(values), True) for name, values in flat() if expressible(name, values.type)]
    columns.append(("float64", pa.array([1.5, None, -0.25, 0.0, 1e300, 5e-324, None, 2.0, 3.0]), True))
    columns.append(("float32", pa.array([1.5, None, -0.25, 0.0, 1.0, 2.0, None, 2.0, 3.0], pa.float32()), True))
    yield "flat", table_of(columns, {"unit": "none"})
    numbers = pa.array([1, None, 3, 4, 5, 6, 7, 8, 9], pa.int32())
    texts = pa.array(["a", "b", None, "", "é", "f", "g", "h", "i"])
    lists = pa.array([[1], None, [], [2, None], [3], [4], [5], [6], [7, 8, 9]], pa.list_(pa.int32()))
    structs = pa.StructArray.from_arrays([numbers, texts, lists], ["n", "t", "l"])
    yield "nested", table_of([("list", lists, True), ("struct", structs, True)])


@check
def go_client(client, program, address, folder):
    """What arrow-go's integration client puts is what pyarrow gets, batch by batch and with its app_metadata"""
    host, port = address.split(":")
    for name, table in tables():
        whole = table.combine_chunks()
        batched = pa.Table.from_batches([whole.slice(0, 3).to_batches()[0], whole.slice(3).to_batches()[0]])
        path = os.path.join(folder, f"{name}.json")
        with open(path, "w", encoding="utf8") as file:
            json.dump(integration_json(batched), file)
        command = [program, "-host", host, "-port", port, "-path", path]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        reader = client.do_get(fl.Ticket(path.encode()))
        chunks = list(reader)
        assert [chunk.app_metadata.to_pybytes() for chunk in chunks] == [b"0", b"1"], chunks
        assert [chunk.data.num_rows for chunk in chunks] == [3, 6]
        found = difference(pa.Table.from_batches([chunk.data for chunk in chunks]), batched)
        assert found is None, f"{name}: {found}"
        [_] = client.do_action(fl.Action("evict", path.encode()))
        found = difference(client.do_get(fl.Ticket(path.encode())).read_all(), batched)
        assert found is None, f"{name} from Parquet: {found}"


if __name__ == "__main__":
    program, address, folder = sys.argv[1:]
    run(fl.connect(f"grpc://{address}"), program, address, folder)
