"""
Tables in Arrow's JSON integration format, every type of it that pyarrow has. Unions and what else Sterna refuses at
the schema have their types here and no values. Source: Arrow, "Integration testing".
"""

import decimal

import pyarrow as pa

UNITS = {"s": "SECOND", "ms": "MILLISECOND", "us": "MICROSECOND", "ns": "NANOSECOND"}
PRECISIONS = {16: "HALF", 32: "SINGLE", 64: "DOUBLE"}
SIMPLE = {
    pa.null(): "null",
    pa.bool_(): "bool",
    pa.utf8(): "utf8",
    pa.large_utf8(): "largeutf8",
    pa.string_view(): "utf8view",
    pa.binary(): "binary",
    pa.large_binary(): "largebinary",
    pa.binary_view(): "binaryview",
}
NESTED = (
    (pa.types.is_large_list_view, "largelistview"),
    (pa.types.is_list_view, "listview"),
    (pa.types.is_large_list, "largelist"),
    (pa.types.is_list, "list"),
    (pa.types.is_struct, "struct"),
    (pa.types.is_run_end_encoded, "runendencoded"),
)


def type_of(type_):
    t = pa.types
    if type_ in SIMPLE:
        return {"name": SIMPLE[type_]}
    if t.is_integer(type_):
        return {"name": "int", "isSigned": t.is_signed_integer(type_), "bitWidth": type_.bit_width}
    if t.is_floating(type_):
        return {"name": "floatingpoint", "precision": PRECISIONS[type_.bit_width]}
    if t.is_decimal(type_):
        return {"name": "decimal", "precision": type_.precision, "scale": type_.scale, "bitWidth": type_.bit_width}
    if t.is_fixed_size_binary(type_):
        return {"name": "fixedsizebinary", "byteWidth": type_.byte_width}
    if t.is_date(type_):
        return {"name": "date", "unit": "DAY" if t.is_date32(type_) else "MILLISECOND"}
    if t.is_time(type_):
        return {"name": "time", "unit": UNITS[type_.unit], "bitWidth": type_.bit_width}
    if t.is_timestamp(type_):
        return {"name": "timestamp", "unit": UNITS[type_.unit], **({"timezone": type_.tz} if type_.tz else {})}
    if t.is_duration(type_):
        return {"name": "duration", "unit": UNITS[type_.unit]}
    if t.is_interval(type_):
        return {"name": "interval", "unit": "MONTH_DAY_NANO"}
    if t.is_map(type_):
        return {"name": "map", "keysSorted": type_.keys_sorted}
    if t.is_fixed_size_list(type_):
        return {"name": "fixedsizelist", "listSize": type_.list_size}
    if t.is_union(type_):
        return {"name": "union", "mode": type_.mode.upper(), "typeIds": type_.type_codes}
    return next({"name": name} for is_kind, name in NESTED if is_kind(type_))


def children_of(type_):
    t = pa.types
    if t.is_map(type_):
        return [pa.field("entries", pa.struct([type_.key_field, type_.item_field]), nullable=False)]
    if t.is_run_end_encoded(type_):
        return [pa.field("run_ends", type_.run_end_type, nullable=False), pa.field("values", type_.value_type)]
    return [type_.field(i) for i in range(type_.num_fields)]


def pairs(metadata):
    return [{"key": key.decode(), "value": value.decode()} for key, value in metadata.items()]


def words(values, is_text):
    """Texts as they are, bytes in hexadecimal."""
    return [value if is_text else value.hex().upper() for value in values]


class Writer:
    """One file: numbers its dictionaries as it meets their fields, depth first."""

    def __init__(self):
        self.dictionaries = []

    def field(self, field):
        type_, metadata = field.type, dict(field.metadata or {})
        if isinstance(type_, pa.BaseExtensionType):
            metadata |= extension_metadata(type_)
            type_ = type_.storage_type
        result = {"name": field.name, "nullable": field.nullable}
        if pa.types.is_dictionary(type_):
            result["dictionary"] = {"id": len(self.dictionaries), "isOrdered": type_.ordered}
            result["dictionary"]["indexType"] = type_of(type_.index_type)
            self.dictionaries.append(None)
            type_ = type_.value_type
        result["type"] = type_of(type_)
        result["children"] = [self.field(child) for child in children_of(type_)]
        return result | ({"metadata": pairs(metadata)} if metadata else {})

    def column(self, name, array, ids):
        """An array that is no slice."""
        t, type_ = pa.types, array.type
        if isinstance(array, pa.ExtensionArray):
            return self.column(name, array.storage, ids)
        if t.is_dictionary(type_):
            id_ = next(ids)
            if self.dictionaries[id_] is None:
                data = {"count": len(array.dictionary), "columns": [self.column(f"DICT{id_}", array.dictionary, ids)]}
                self.dictionaries[id_] = {"id": id_, "data": data}
            return self.column(name, array.indices, ids)
        result = {"name": name, "count": len(array)}
        if t.is_null(type_):
            return result
        result["VALIDITY"] = [int(valid) for valid in array.is_valid().to_pylist()]
        if t.is_struct(type_):
            result["children"] = [
                self.column(type_.field(i).name, array.field(i), ids) for i in range(type_.num_fields)
            ]
        elif t.is_fixed_size_list(type_):
            result["children"] = [self.column(type_.value_field.name, array.values, ids)]
        elif t.is_list(type_) or t.is_large_list(type_) or t.is_map(type_):
            offsets = array.offsets.to_pylist() if len(array) else [0]
            result["OFFSET"] = [str(offset) for offset in offsets] if t.is_large_list(type_) else offsets
            result["children"] = [self.column(children_of(type_)[0].name, array.values, ids)]
        else:
            result |= values_of(array)
        return result


def extension_metadata(type_):
    """What a schema message says of an extension type, which pyarrow shows of one that it does not know."""
    serialized = type_.__arrow_ext_serialize__() if isinstance(type_, pa.ExtensionType) else b""
    return {b"ARROW:extension:name": type_.extension_name.encode(), b"ARROW:extension:metadata": serialized}


def values_of(array):
    t, type_ = pa.types, array.type
    if t.is_string_view(type_) or t.is_binary_view(type_):
        return views_of(array)
    if t.is_floating(type_) or t.is_boolean(type_):
        return {"DATA": [(False if t.is_boolean(type_) else 0) if v is None else v for v in array.to_pylist()]}
    if t.is_decimal(type_):
        exact = decimal.Context(prec=80)
        return {"DATA": [str(0 if v is None else int(exact.scaleb(v, type_.scale))) for v in array.to_pylist()]}
    if t.is_fixed_size_binary(type_):
        return {"DATA": [(value or b"\0" * type_.byte_width).hex().upper() for value in array.to_pylist()]}
    if type_ in SIMPLE:
        is_text = t.is_string(type_) or t.is_large_string(type_)
        values = [value or ("" if is_text else b"") for value in array.to_pylist()]
        ends = [0]
        for value in values:
            ends.append(ends[-1] + len(value.encode() if is_text else value))
        is_large = t.is_large_string(type_) or t.is_large_binary(type_)
        return {"OFFSET": [str(end) for end in ends] if is_large else ends, "DATA": words(values, is_text)}
    numbers = array if t.is_integer(type_) else array.view(f"int{type_.bit_width}")
    values = [value or 0 for value in numbers.to_pylist()]
    return {"DATA": [str(value) for value in values] if type_.bit_width == 64 else values}


def views_of(array):
    is_text = pa.types.is_string_view(array.type)
    views, data = [], b""
    for value in array.to_pylist():
        raw = (value or "").encode() if is_text else value or b""
        if len(raw) <= 12:
            views.append({"SIZE": len(raw), "INLINED": words([value or ("" if is_text else b"")], is_text)[0]})
            continue
        place = {"BUFFER_INDEX": 0, "OFFSET": len(data)}
        views.append({"SIZE": len(raw), "PREFIX_HEX": raw[:4].hex().upper(), **place})
        data += raw
    return {"VIEWS": views, "VARIADIC_DATA_BUFFERS": [data.hex().upper()] if data else []}


def without_slices(batch):
    """The batch as it comes from a stream: arrays begin at their first value, and end with their last."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return pa.ipc.open_stream(sink.getvalue()).read_next_batch()


def integration_json(schema, batches):
    """A schema and its batches as one file has them."""
    writer = Writer()
    result = {"schema": {"fields": [writer.field(field) for field in schema]}, "batches": []}
    if schema.metadata:
        result["schema"]["metadata"] = pairs(schema.metadata)
    for batch in batches:
        whole, ids = without_slices(batch), iter(range(len(writer.dictionaries)))
        columns = [writer.column(field.name, whole.column(i), ids) for i, field in enumerate(schema)]
        result["batches"].append({"count": batch.num_rows, "columns": columns})
    return result | {"dictionaries": [found for found in writer.dictionaries if found is not None]}
