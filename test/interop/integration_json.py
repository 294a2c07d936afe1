"""
Arrow's JSON integration format, as far as the tables of test/interop/go_integration.py need it.
Source: Arrow, "Integration testing".
"""

import decimal

import pyarrow as pa

UNITS = {"s": "SECOND", "ms": "MILLISECOND", "us": "MICROSECOND", "ns": "NANOSECOND"}


def type_of(type_):
    t = pa.types
    if t.is_integer(type_):
        return {"name": "int", "isSigned": t.is_signed_integer(type_), "bitWidth": type_.bit_width}
    if t.is_floating(type_):
        return {"name": "floatingpoint", "precision": {16: "HALF", 32: "SINGLE", 64: "DOUBLE"}[type_.bit_width]}
    if t.is_boolean(type_):
        return {"name": "bool"}
    if t.is_string(type_) or t.is_binary(type_):
        return {"name": "utf8" if t.is_string(type_) else "binary"}
    if t.is_large_string(type_) or t.is_large_binary(type_):
        return {"name": "largeutf8" if t.is_large_string(type_) else "largebinary"}
    if t.is_fixed_size_binary(type_):
        return {"name": "fixedsizebinary", "byteWidth": type_.byte_width}
    if t.is_decimal(type_):
        return {"name": "decimal", "precision": type_.precision, "scale": type_.scale, "bitWidth": type_.bit_width}
    if t.is_date(type_):
        return {"name": "date", "unit": "DAY" if t.is_date32(type_) else "MILLISECOND"}
    if t.is_time(type_):
        return {"name": "time", "unit": UNITS[type_.unit], "bitWidth": type_.bit_width}
    if t.is_timestamp(type_):
        return {"name": "timestamp", "unit": UNITS[type_.unit], **({"timezone": type_.tz} if type_.tz else {})}
    if t.is_duration(type_):
        return {"name": "duration", "unit": UNITS[type_.unit]}
    if t.is_struct(type_):
        return {"name": "struct"}
    if t.is_list(type_):
        return {"name": "list"}
    raise NotImplementedError(str(type_))


def field_of(field):
    result = {"name": field.name, "nullable": field.nullable, "type": type_of(field.type)}
    children = [field.type.field(i) for i in range(field.type.num_fields)]
    result["children"] = [field_of(child) for child in children]
    if field.metadata:
        result["metadata"] = pairs(field.metadata)
    return result


def pairs(metadata):
    return [{"key": key.decode(), "value": value.decode()} for key, value in metadata.items()]


def column_of(name, array):
    result = {"name": name, "count": len(array), "VALIDITY": [int(valid.as_py()) for valid in array.is_valid()]}
    type_, t = array.type, pa.types
    if t.is_struct(type_):
        result["children"] = [column_of(type_.field(i).name, array.field(i)) for i in range(type_.num_fields)]
    elif t.is_list(type_):
        lengths = [0 if value is None else len(value) for value in array.to_pylist()]
        result["OFFSET"] = [sum(lengths[:i]) for i in range(len(lengths) + 1)]
        result["children"] = [column_of(type_.value_field.name, array.flatten())]
    elif t.is_string(type_) or t.is_large_string(type_) or t.is_binary(type_) or t.is_large_binary(type_):
        values = [value or ("" if isinstance(value, str) else b"") for value in array.to_pylist()]
        raw = [value.encode() if isinstance(value, str) else value for value in values]
        offsets = [sum(len(value) for value in raw[:i]) for i in range(len(raw) + 1)]
        is_large = t.is_large_string(type_) or t.is_large_binary(type_)
        result["OFFSET"] = [str(offset) for offset in offsets] if is_large else offsets
        is_text = t.is_string(type_) or t.is_large_string(type_)
        result["DATA"] = [value.decode() if is_text else value.hex().upper() for value in raw]
    elif t.is_fixed_size_binary(type_) and not t.is_decimal(type_):
        result["DATA"] = [(value or b"\0" * type_.byte_width).hex().upper() for value in array.to_pylist()]
    elif t.is_decimal(type_):
        exact = decimal.Context(prec=80)
        unscaled = [0 if value is None else int(exact.scaleb(value, type_.scale)) for value in array.to_pylist()]
        result["DATA"] = [str(value) for value in unscaled]
    elif t.is_floating(type_) or t.is_boolean(type_):
        result["DATA"] = [(False if t.is_boolean(type_) else 0) if v is None else v for v in array.to_pylist()]
    else:
        numbers = array if t.is_integer(type_) else array.view(f"int{type_.bit_width}")
        values = [value or 0 for value in numbers.to_pylist()]
        result["DATA"] = [str(value) for value in values] if type_.bit_width == 64 else values
    return result


def integration_json(table):
    """A table as one JSON file has it, batch by batch."""
    schema = {"fields": [field_of(field) for field in table.schema]}
    if table.schema.metadata:
        schema["metadata"] = pairs(table.schema.metadata)
    batches = [
        {"count": batch.num_rows, "columns": [column_of(name, batch[name]) for name in table.schema.names]}
        for batch in table.to_batches()
    ]
    return {"schema": schema, "batches": batches}
