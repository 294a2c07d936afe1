"""
One conversation of an airport client, with every action recorded: the same for any server, so that two can be compared.
"""

import base64

import pyarrow as pa
from airport_client import AirportClient, decompress, unpack

COLUMNS = pa.schema([pa.field("a", pa.int32()), pa.field("b", pa.utf8())])
ROWS = pa.table({"a": pa.array([1, 2, 3], pa.int32()), "b": ["x", None, "z"]})


class Recorder(AirportClient):
    """A client that keeps the bytes of its actions."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.steps = []

    def action(self, name, body, *headers, raw=False):
        data = body if raw else self.packed(body)
        answer = super().action(name, data, *headers, raw=True)
        step = {"action": name, "request": text(data), "answer": None if answer is None else text(answer)}
        self.steps.append(step)
        return answer

    @staticmethod
    def packed(body):
        from airport_client import pack

        return pack(body)


def text(data):
    return base64.b64encode(data).decode()


def converse(client):
    """Makes a table, fills it, reads it, changes it, and drops it. Returns what it has seen of the rows."""
    seen = {}
    client.create_schema("lab")
    table = client.create_table("lab", "made", COLUMNS)
    client.schemas()
    client.catalog_version()
    transaction = client.create_transaction()
    seen["inserted"] = client.insert(table, ROWS, transaction=transaction)[0]
    rows, _ = client.scan(table, [0, 1, 2**64 - 1])
    seen["columns"] = [f"{field.name} {field.type}" for field in rows.schema]
    seen["rows"] = rows.select(["a", "b"]).to_pylist()
    seen["row ids"] = len(set(rows["rowid"].to_pylist()))
    row_ids = dict(zip(rows["a"].to_pylist(), rows["rowid"].to_pylist(), strict=True))
    seen["deleted"] = client.delete(table, [row_ids[2]])[0]
    rows, _ = client.scan(table, [0, 1, 2**64 - 1])
    seen["left"] = sorted(rows["a"].to_pylist())
    row_ids = dict(zip(rows["a"].to_pylist(), rows["rowid"].to_pylist(), strict=True))
    change = pa.table({"b": ["new"], "rowid": pa.array([row_ids[3]], pa.int64())})
    client.update(table, change)
    rows, _ = client.scan(table)
    seen["updated"] = sorted((row["a"], row["b"]) for row in rows.select(["a", "b"]).to_pylist())
    client.drop("table", "lab", "made")
    client.drop("schema", "", "lab")
    return seen


def shape(step):
    """What an answer is made of: the types of its values, and of what is packed inside of them."""
    if step["answer"] is None:
        return None
    data = base64.b64decode(step["answer"])
    match step["action"]:
        case "list_schemas":
            return shape_of(unpack(decompress(data)))
        case "create_table":
            return table_shape(AirportClient.table(data))
        case "column_statistics":
            return None
        case _:
            return shape_of(unpack(data))


def table_shape(table):
    return {"columns": [str(field.type) for field in table.schema], "metadata": shape_of(table.metadata)}


def shape_of(value):
    if isinstance(value, dict):
        return {key: shape_of(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape_of(item) for item in value]
    return type(value).__name__
