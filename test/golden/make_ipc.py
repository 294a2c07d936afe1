"""Makes test/golden/ipc/: one small Arrow IPC stream per type, with what pyarrow says is in it beside it as JSON.

Run: python3 test/golden/make_ipc.py
"""

import json
import math
import pathlib
from decimal import Decimal

import pyarrow as pa
import pyarrow.ipc as ipc

FOLDER = pathlib.Path(__file__).parent / "ipc"
ROWS = 37
UNITS = ["s", "ms", "us", "ns"]


def nulls(values):
    """Every fifth value becomes null."""
    return [None if row % 5 == 3 else value for row, value in enumerate(values)]


def texts():
    return nulls(["x" * (row % 20) + ("é" if row % 7 == 0 else "") for row in range(ROWS)])


def raw():
    return nulls([bytes([row, 255 - row] * (row % 11)) for row in range(ROWS)])


def lists():
    return nulls([[row + item if item != 1 else None for item in range(row % 4)] for row in range(ROWS)])


def ints(step=1):
    return nulls([row * step - 7 for row in range(ROWS)])


def arrays():
    """One column per case, by name."""
    cases = {"null": pa.nulls(ROWS), "bool": pa.array(nulls([row % 3 == 0 for row in range(ROWS)]))}
    for width in (8, 16, 32, 64):
        cases[f"int{width}"] = pa.array(ints(), pa.type_for_alias(f"int{width}"))
        top = 2**width - 1
        cases[f"uint{width}"] = pa.array(nulls([top - row for row in range(ROWS)]), pa.type_for_alias(f"uint{width}"))
    for width, alias in ((16, "float16"), (32, "float32"), (64, "float64")):
        cases[f"float{width}"] = pa.array(nulls([row / 4 - 3 for row in range(ROWS)]), pa.type_for_alias(alias))
    for name, kind in (("utf8", pa.utf8()), ("large_utf8", pa.large_utf8()), ("utf8_view", pa.string_view())):
        cases[name] = pa.array(texts(), kind)
    for name, kind in (("binary", pa.binary()), ("large_binary", pa.large_binary()), ("binary_view", pa.binary_view())):
        cases[name] = pa.array(raw(), kind)
    cases["fixed_size_binary"] = pa.array(nulls([bytes([row] * 3) for row in range(ROWS)]), pa.binary(3))
    for bits, make in ((32, pa.decimal32), (64, pa.decimal64), (128, pa.decimal128), (256, pa.decimal256)):
        values = nulls([Decimal(row * 1000 - 5).scaleb(-3) for row in range(ROWS)])
        cases[f"decimal{bits}"] = pa.array(values, make({32: 9, 64: 18, 128: 38, 256: 76}[bits], 3))
    cases["date32"] = pa.array(ints(100), pa.int32()).cast(pa.date32())
    days = nulls([(row - 7) * 86_400_000 for row in range(ROWS)])
    cases["date64"] = pa.array(days, pa.int64()).cast(pa.date64())
    for unit in UNITS:
        width = 32 if unit in ("s", "ms") else 64
        clock = pa.array(nulls(range(ROWS)), pa.int32() if width == 32 else pa.int64())
        cases[f"time{width}_{unit}"] = clock.cast(pa.time32(unit) if width == 32 else pa.time64(unit))
        cases[f"timestamp_{unit}"] = pa.array(ints(10**9), pa.int64()).cast(pa.timestamp(unit))
        cases[f"duration_{unit}"] = pa.array(ints(10**9), pa.int64()).cast(pa.duration(unit))
    cases["timestamp_zone"] = pa.array(ints(10**9), pa.int64()).cast(pa.timestamp("us", "America/New_York"))
    spans = nulls([pa.MonthDayNano([row, -row, row * 10**9]) for row in range(ROWS)])
    cases["interval_month_day_nano"] = pa.array(spans, pa.month_day_nano_interval())
    for name, make in (
        ("list", pa.list_),
        ("large_list", pa.large_list),
        ("list_view", pa.list_view),
        ("large_list_view", pa.large_list_view),
    ):
        cases[name] = pa.array(lists(), make(pa.int16()))
    cases["list_of_text"] = pa.array(nulls([[f"t{row}"] * (row % 3) for row in range(ROWS)]), pa.list_(pa.utf8()))
    triples = nulls([[row, None, row + 2] for row in range(ROWS)])
    cases["fixed_size_list"] = pa.array(triples, pa.list_(pa.float64(), 3))
    structs = nulls([{"a": row, "b": None if row % 4 == 0 else f"b{row}"} for row in range(ROWS)])
    cases["struct"] = pa.array(structs, pa.struct([pa.field("a", pa.int32(), False), pa.field("b", pa.utf8())]))
    pairs = nulls([[(f"k{item}", item * row) for item in range(row % 3)] for row in range(ROWS)])
    cases["map"] = pa.array(pairs, pa.map_(pa.utf8(), pa.int64()))
    cases["map_sorted"] = pa.array(pairs, pa.map_(pa.utf8(), pa.int64(), keys_sorted=True))
    ids = pa.array([(0, 5)[row % 2] for row in range(ROWS)], pa.int8())
    numbers = pa.array(ints(), pa.int64())
    words = pa.array(texts())
    cases["sparse_union"] = pa.UnionArray.from_sparse(ids, [numbers, words], ["n", "w"], [0, 5])
    places = pa.array([row // 2 for row in range(ROWS)], pa.int32())
    cases["dense_union"] = pa.UnionArray.from_dense(ids, places, [numbers, words], ["n", "w"], [0, 5])
    for width in (16, 32, 64):
        ends = pa.array([3, 4, 11, 20, ROWS], pa.type_for_alias(f"int{width}"))
        runs = pa.array(["a", None, "ccc", "dd", "e"])
        cases[f"run_end_encoded{width}"] = pa.RunEndEncodedArray.from_arrays(ends, runs)
    for index in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"):
        indices = pa.array(nulls([row % 4 for row in range(ROWS)]), pa.type_for_alias(index))
        cases[f"dictionary_{index}"] = pa.DictionaryArray.from_arrays(indices, ["A", "BB", None, "DDDD"])
    symbol = pa.DictionaryArray.from_arrays(pa.array([row % 2 for row in range(ROWS)], pa.int8()), ["up", "down"])
    cases["struct_of_dictionary"] = pa.StructArray.from_arrays([symbol, numbers], ["side", "n"])
    cases["list_of_struct"] = pa.array(
        nulls([[{"p": item / 2, "q": [item]} for item in range(row % 3)] for row in range(ROWS)]),
        pa.list_(pa.struct([("p", pa.float64()), ("q", pa.list_(pa.int8()))])),
    )
    return cases


def tables():
    """Schema and batches of every file, by name."""
    result = {}
    for name, array in arrays().items():
        schema = pa.schema([pa.field("c", array.type)])
        whole = pa.record_batch([array], schema)
        # The slice begins at no multiple of 8, so that pyarrow has to shift bitmaps and rebase offsets.
        result[name] = (schema, [whole, whole.slice(11, 13)])
    ticks = {
        "ts": pa.array([row * 10**6 for row in range(ROWS)], pa.timestamp("us")),
        "symbol": pa.array(["BTC", "ETH"] * 18 + ["SOL"]).dictionary_encode(),
        "price": pa.array(nulls([row * 1.5 for row in range(ROWS)])),
        "is_buy": pa.array(nulls([row % 2 == 0 for row in range(ROWS)])),
        "note": pa.array(texts()),
    }
    batch = pa.record_batch(ticks)
    result["ticks"] = (batch.schema, [batch, batch.slice(3, 20), batch.slice(0, 0)])
    result["no_batches"] = (batch.schema, [])
    fields = [
        pa.field("a", pa.int32(), nullable=False, metadata={"unit": "USD", "empty": ""}),
        pa.field("", pa.utf8()),
        pa.field("Größe €", pa.utf8()),
    ]
    schema = pa.schema(fields, metadata={"source": "exchange", "ключ": "значение"})
    result["metadata"] = (schema, [pa.record_batch([[1, 2], ["x", None], ["y", "z"]], schema)])
    return result


def type_of(kind):
    """A type as flight/ipc/types.ts has it."""
    t = pa.types
    if t.is_integer(kind):
        return {"kind": "int", "bitWidth": kind.bit_width, "signed": t.is_signed_integer(kind)}
    if t.is_floating(kind):
        return {"kind": "float", "bitWidth": kind.bit_width}
    if t.is_decimal(kind):
        return {"kind": "decimal", "precision": kind.precision, "scale": kind.scale, "bitWidth": kind.bit_width}
    if t.is_date(kind):
        return {"kind": "date", "unit": "day" if t.is_date32(kind) else "ms"}
    if t.is_time(kind):
        return {"kind": "time", "unit": kind.unit, "bitWidth": kind.bit_width}
    if t.is_timestamp(kind):
        return {"kind": "timestamp", "unit": kind.unit, "timezone": kind.tz}
    if t.is_duration(kind):
        return {"kind": "duration", "unit": kind.unit}
    if kind == pa.month_day_nano_interval():
        return {"kind": "interval", "unit": "monthDayNano"}
    if t.is_fixed_size_binary(kind):
        return {"kind": "fixedSizeBinary", "byteWidth": kind.byte_width}
    if t.is_fixed_size_list(kind):
        return {"kind": "fixedSizeList", "listSize": kind.list_size}
    if t.is_map(kind):
        return {"kind": "map", "keysSorted": kind.keys_sorted}
    if t.is_union(kind):
        return {"kind": "union", "mode": kind.mode, "typeIds": kind.type_codes}
    names = {
        t.is_null: "null",
        t.is_boolean: "bool",
        t.is_string: "utf8",
        t.is_large_string: "largeUtf8",
        t.is_string_view: "utf8View",
        t.is_binary: "binary",
        t.is_large_binary: "largeBinary",
        t.is_binary_view: "binaryView",
        t.is_list: "list",
        t.is_large_list: "largeList",
        t.is_list_view: "listView",
        t.is_large_list_view: "largeListView",
        t.is_struct: "struct",
        t.is_run_end_encoded: "runEndEncoded",
    }
    return {"kind": next(name for matches, name in names.items() if matches(kind))}


def children_of(kind):
    t = pa.types
    if t.is_map(kind):
        return [pa.field("entries", pa.struct([kind.key_field, kind.item_field]), False)]
    if t.is_run_end_encoded(kind):
        return [pa.field("run_ends", kind.run_end_type, False), pa.field("values", kind.value_type)]
    if t.is_nested(kind):
        return [kind.field(index) for index in range(kind.num_fields)]
    return []


def field_of(field):
    kind = field.type
    dictionary = None
    if pa.types.is_dictionary(kind):
        dictionary = {"indexType": type_of(kind.index_type), "isOrdered": kind.ordered}
        kind = kind.value_type
    return {
        "name": field.name,
        "nullable": field.nullable,
        "type": type_of(kind),
        "dictionary": dictionary,
        "children": [field_of(child) for child in children_of(kind)],
        "metadata": metadata_of(field.metadata),
    }


def metadata_of(metadata):
    return {key.decode(): value.decode() for key, value in (metadata or {}).items()}


def value_of(scalar):
    """A value as JSON: integers and all that is stored as one as text, bytes as hex."""
    t = pa.types
    kind = scalar.type
    if t.is_union(kind) or t.is_dictionary(kind) or t.is_run_end_encoded(kind):
        inner = scalar.value
        return value_of(inner) if isinstance(inner, pa.Scalar) else inner
    if not scalar.is_valid:
        return None
    value = scalar.as_py()
    if t.is_map(kind):
        return [{"key": value_of(entry["key"]), "value": value_of(entry["value"])} for entry in scalar.values]
    if t.is_struct(kind):
        return {name: value_of(scalar[name]) for name in scalar}
    if t.is_nested(kind):
        return [value_of(item) for item in scalar.values]
    if t.is_temporal(kind) and kind != pa.month_day_nano_interval():
        return str(scalar.value)
    if t.is_decimal(kind):
        return str(int(value.scaleb(kind.scale)))
    if isinstance(value, bool) or isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, pa.MonthDayNano):
        return [str(part) for part in value]
    assert math.isfinite(value)
    return float(value)


def write(name, schema, batches, options=None, make=ipc.new_stream):
    sink = pa.BufferOutputStream()
    with make(sink, schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    content = {
        "fields": [field_of(field) for field in schema],
        "metadata": metadata_of(schema.metadata),
        "batches": [[[value_of(scalar) for scalar in column] for column in batch.columns] for batch in batches],
    }
    (FOLDER / f"{name}.arrow").write_bytes(sink.getvalue())
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, (schema, batches) in tables().items():
        write(name, schema, batches)
    schema, batches = tables()["ticks"]
    write("ticks_file", schema, batches, make=ipc.new_file)
    for codec in ("lz4", "zstd"):
        write(f"ticks_{codec}", schema, batches, ipc.IpcWriteOptions(compression=codec))
    write("ticks_v4", schema, batches, ipc.IpcWriteOptions(metadata_version=ipc.MetadataVersion.V4))
    growing = [pa.array(values).dictionary_encode() for values in (["a", "b"], ["a", "b", "c"], ["z"])]
    delta = [pa.record_batch([column], ["c"]) for column in growing]
    write("dictionary_delta", delta[0].schema, delta, ipc.IpcWriteOptions(emit_dictionary_deltas=True))
    write("dictionary_replaced", delta[0].schema, delta)


main()
