"""The tables that the type checks put: each Arrow type in every shape, with values at the edges."""

import math
import uuid

import pyarrow as pa

def decimals(type_):
    """Zero, the smallest steps and the largest values, built from their digits."""
    top = 10**type_.precision - 1
    width = type_.bit_width // 8
    data = b"".join(value.to_bytes(width, "little", signed=True) for value in (0, 1, -top, top, -7))
    return pa.Array.from_buffers(type_, 5, [None, pa.py_buffer(data)])


def integers(type_):
    bits = type_.bit_width
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if pa.types.is_signed_integer(type_) else (0, 2**bits - 1)
    return [low, high, 5, 1, 77]


def raw(values, storage, type_):
    """Values of a type that is given as the integers below it."""
    return pa.array(values, storage).view(type_)


LONG = "a text of more than twelve bytes, é€😀"
TEXTS = ["", "a", LONG, "zero\0byte", "😀"]
BYTES = [b"", b"\xff\x00", b"thirteen bytes", b"a", b"\x80"]
FLOATS = [0.0, -0.0, math.nan, math.inf, 1.5]
WHOLE = [0, 1, -1, 86_399, 1_767_225_600]
FAR = 2**62
TIMES = {"s": [0, 1, 86_399, 60, 3600], "ms": [0, 1, 86_399_999, 60, 3600]}
TIMES |= {"us": [0, 1, 86_399_999_999, 60, 3600], "ns": [0, 1, 86_399_999_999_999, 60, 3600]}


def zones():
    for unit in ("s", "ms", "us", "ns"):
        # DuckDB's instants end in the year 294247, in microseconds.
        far = {"s": 10**11, "ms": 10**14, "us": 2**62, "ns": 2**62}[unit]
        yield f"timestamp[{unit}]", raw([0, 1, -1, far, -far], pa.int64(), pa.timestamp(unit))
    for unit in ("s", "ms", "us", "ns"):
        far = {"s": 10**11, "ms": 10**14, "us": 2**62, "ns": 2**62}[unit]
        yield f"timestamp[{unit}, UTC]", raw([0, 1, -1, far, -far], pa.int64(), pa.timestamp(unit, "UTC"))
    yield "timestamp[us, Europe/Madrid]", raw([0, 1, -1, 10**15, 5], pa.int64(), pa.timestamp("us", "Europe/Madrid"))
    yield "timestamp[ns, +02:00]", raw([0, 1, -1, 10**15, 5], pa.int64(), pa.timestamp("ns", "+02:00"))


def flat():
    """Name and five values, none of them null, of each type without children."""
    for bits in (8, 16, 32, 64):
        for name in (f"int{bits}", f"uint{bits}"):
            type_ = getattr(pa, name)()
            yield name, pa.array(integers(type_), type_)
    yield "float16", pa.array([0.0, -0.0, math.nan, math.inf, 6e-8], pa.float16())
    yield "float32", pa.array([*FLOATS[:4], 1.5], pa.float32())
    yield "float64", pa.array([*FLOATS[:4], 5e-324], pa.float64())
    yield "bool", pa.array([True, False, True, True, False])
    for name in ("utf8", "large_utf8", "string_view"):
        yield name, pa.array(TEXTS, getattr(pa, name)())
    for name in ("binary", "large_binary", "binary_view"):
        yield name, pa.array(BYTES, getattr(pa, name)())
    yield "fixed_size_binary[3]", pa.array([b"abc", b"\0\0\0", b"\xff\xfe\xfd", b"abd", b"xyz"], pa.binary(3))
    for bits, digits in ((32, 9), (64, 18), (128, 38)):
        for precision, scale in ((digits, 2), (3, 0), (digits, digits)):
            yield f"decimal{bits}({precision}, {scale})", decimals(getattr(pa, f"decimal{bits}")(precision, scale))
    for type_ in (pa.decimal128(5, -2), pa.decimal256(38, 4), pa.decimal256(76, 10)):
        yield f"decimal{type_.bit_width}({type_.precision}, {type_.scale})", decimals(type_)
    yield "date32", raw([0, 1, -1, 20_000, -700_000], pa.int32(), pa.date32())
    yield "date64", raw([0, 86_400_000, -86_400_000, 86_400_000 * 20_000, 86_400_000 * -700_000], pa.int64(), pa.date64())
    for unit in ("s", "ms"):
        yield f"time32[{unit}]", raw(TIMES[unit], pa.int32(), pa.time32(unit))
    for unit in ("us", "ns"):
        yield f"time64[{unit}]", raw(TIMES[unit], pa.int64(), pa.time64(unit))
    yield from zones()
    for unit in ("s", "ms", "us", "ns"):
        yield f"duration[{unit}]", raw([0, 1, -1, 2**63 - 1, -(2**63)], pa.int64(), pa.duration(unit))
    yield "month_day_nano_interval", pa.array([(1, 2, 3), (0, 0, 0), (-1, -2, -3), (2**31 - 1, 0, 2**62), (0, 1, 0)], pa.month_day_nano_interval())
    yield "null", pa.nulls(5)


def pick(values, order):
    """The values at `order`, None for null; for every type, unlike pyarrow's take."""
    if pa.types.is_string_view(values.type) or pa.types.is_binary_view(values.type):
        return pa.array([None if i is None else values[i].as_py() for i in order], values.type)
    return values.take(pa.array(order, pa.int32()))


def with_nulls(values):
    """`values` after nulls, with nulls among them, in an array that is a slice of a longer one."""
    n = len(values)
    order = [None, 0, 1, None, 2, 3, 4, None, 0, 4, None]
    taken = pick(values, [None if i is None else i % n for i in order])
    return taken.slice(1, len(order) - 2)


def required(values):
    return pick(values, [0, 1, 2, 3, 4, 4, 3, 2, 1])


def nested(values):
    """The shapes that a type may stand in, nine rows each; `values` with nulls."""
    n = len(values)
    item = lambda name, nullable=True: pa.field(name, values.type, nullable)  # noqa: E731
    offsets = pa.array([0, 2, 2, None, 5, 6, 6, 8, 9, 9], pa.int32())
    lists = pa.ListArray.from_arrays(offsets, values)
    yield "list", lists
    yield "large_list", pa.LargeListArray.from_arrays(offsets.cast(pa.int64()), values)
    yield "fixed_size_list", pa.FixedSizeListArray.from_arrays(
        pa.concat_arrays([values, values]), 2, mask=pa.array([i == 4 for i in range(n)])
    )
    mask = pa.array([i == 2 for i in range(n)])
    structs = pa.StructArray.from_arrays([values, lists], fields=[item("a"), pa.field("b", lists.type)], mask=mask)
    yield "struct", structs
    keys = pa.array([f"key {i}" for i in range(n)])
    maps = pa.MapArray.from_arrays(offsets, keys, values)
    yield "map", maps
    deep = pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays([maps, keys], ["map", "name"]))
    yield "list<struct<map>>", deep


def dictionary(values, index_type=pa.int8()):
    indices = pa.array([2, 0, None, 4, 4, 1, 0, 3, None], index_type)
    return pa.DictionaryArray.from_arrays(indices, values)


def other():
    """Types with children of their own: name and nine rows."""
    ids = pa.array([0, 1, 0, 1, 1, 0, 0, 1, 0], pa.int8())
    ints, texts = pa.array(range(9), pa.int64()), pa.array([f"text {i}" for i in range(9)])
    yield "sparse_union", pa.UnionArray.from_sparse(ids, [ints, texts], ["i", "t"])
    offsets = pa.array(range(9), pa.int32())
    yield "dense_union", pa.UnionArray.from_dense(ids, offsets, [ints, texts], ["i", "t"])
    for bits in (16, 32, 64):
        ends = pa.array([2, 5, 9], getattr(pa, f"int{bits}")())
        yield f"run_end_encoded<int{bits}>", pa.RunEndEncodedArray.from_arrays(ends, pa.array(["a", None, "b"]))
    starts, sizes = pa.array([0, 0, 4, 2, 0, 5, 6, 7, 8], pa.int32()), pa.array([2, 1, 0, 3, 0, 1, 1, 1, 1], pa.int32())
    yield "list_view", pa.ListViewArray.from_arrays(starts, sizes, ints)
    yield "large_list_view", pa.LargeListViewArray.from_arrays(starts.cast(pa.int64()), sizes.cast(pa.int64()), ints)
    yield "struct<>", pa.array([{}] * 9, pa.struct([]))
    yield "fixed_size_list[0]", pa.array([[]] * 9, pa.list_(pa.int32(), 0))
    yield "fixed_size_binary[0]", pa.array([b""] * 9, pa.binary(0))


def table_of(shape_columns, metadata=None):
    fields = [pa.field(name, column.type, nullable, metadata) for name, column, nullable in shape_columns]
    return pa.Table.from_arrays([column for _, column, _ in shape_columns], schema=pa.schema(fields, {"made by": "types"}))


def cases(flat=flat):
    """Name and table of every type, its shapes as columns, in batches of which one is a slice and one is empty."""
    for name, values in flat():
        nullable = with_nulls(values)
        columns = [("value", nullable, True), ("list", next(nested(nullable))[1], True)]
        if name != "null":
            columns.append(("required", required(values), False))
        for shape, column in list(nested(nullable))[1:]:
            columns.append((shape, column, True))
        yield name, table_of(columns, {"field of": name})
    for name, column in other():
        yield name, table_of([("value", column, True)])
    for bits in (8, 16, 32, 64):
        for sign in ("int", "uint"):
            if (sign, bits) == ("int", 8):
                continue  # below, with values of every type
            column = dictionary(pa.array(TEXTS), getattr(pa, f"{sign}{bits}")())
            yield f"dictionary<{sign}{bits}, utf8>", table_of([("value", column, True)])
    for name, values in flat():
        if name == "null":
            continue
        column = dictionary(values)
        columns = [("value", column, True)]
        columns += [(shape, nested_column, True) for shape, nested_column in nested(column)]
        yield f"dictionary<int8, {name}>", table_of(columns)


def batches_of(table):
    """The rows in three batches: a slice that starts inside a byte, none, and the rest."""
    [batch] = table.to_batches()
    return [batch.slice(0, 3), batch.slice(3, 0), batch.slice(3)]


class Point(pa.ExtensionType):
    def __init__(self):
        super().__init__(pa.struct([("x", pa.float64()), ("y", pa.float64())]), "sterna.test.point")

    def __arrow_ext_serialize__(self):
        return b"two numbers"

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        assert serialized == b"two numbers"
        return cls()


def extensions():
    pa.register_extension_type(Point())
    points = pa.array([{"x": 1.5, "y": -0.0}, None, {"x": math.inf, "y": 2.0}], Point().storage_type)
    yield "extension<point>", pa.ExtensionArray.from_storage(Point(), points)
    yield "extension<arrow.uuid>", pa.array([uuid.UUID(int=5).bytes, None, uuid.UUID(int=2**127).bytes], pa.uuid())
    yield "extension<arrow.json>", pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}', None, "[]"]))
    yield "extension<arrow.bool8>", pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None, 0], pa.int8()))
