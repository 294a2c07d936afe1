"""Exact comparison of Arrow tables: floats by their bits, dictionaries by their values, order and indices."""

import pyarrow as pa
import pyarrow.compute as pc


def difference(mine, theirs, metadata=True):
    """What differs first, as text; None where the tables are equal."""
    if not mine.schema.equals(theirs.schema, check_metadata=metadata):
        return f"schema\n{mine.schema.to_string(show_field_metadata=True)}\nfor\n{theirs.schema}"
    if mine.num_rows != theirs.num_rows:
        return f"{mine.num_rows} rows for {theirs.num_rows}"
    for name in theirs.column_names:
        if not same_chunks(mine[name], theirs[name]):
            return f"column {name} of {theirs.schema.field(name).type}"
    return None


def same_chunks(a, b):
    """Whether two chunked arrays are equal, wherever their chunks end."""
    ends = {0, len(a)}
    for chunked in (a, b):
        end = 0
        for chunk in chunked.chunks:
            end += len(chunk)
            ends.add(end)
    bounds = sorted(ends)
    return all(
        same(one_chunk(a, start, end), one_chunk(b, start, end)) for start, end in zip(bounds, bounds[1:])
    )


def one_chunk(chunked, start, end):
    [chunk] = [chunk for chunk in chunked.slice(start, end - start).chunks if len(chunk) > 0]
    return chunk


def same(a, b):
    """Whether two arrays are equal: as pyarrow has it, but that NaN is NaN and -0.0 is not 0.0."""
    if a.type != b.type or len(a) != len(b) or not a.is_valid().equals(b.is_valid()):
        return False
    if isinstance(a, pa.ExtensionArray):
        return same(a.storage, b.storage)
    type_ = a.type
    if pa.types.is_dictionary(type_):
        return same(a.dictionary, b.dictionary) and a.indices.equals(b.indices)
    if not has_floats(type_):
        return a.equals(b)
    if pa.types.is_floating(type_):
        return a.view(f"int{type_.bit_width}").equals(b.view(f"int{type_.bit_width}"))
    if pa.types.is_struct(type_):
        return all(same(x, y) for x, y in zip(a.flatten(), b.flatten()))
    if pa.types.is_map(type_):
        entries = pa.list_(pa.struct([type_.key_field, type_.item_field]))
        return same(a.view(entries), b.view(entries))
    return pc.list_value_length(a).equals(pc.list_value_length(b)) and same(a.flatten(), b.flatten())


def has_floats(type_):
    if isinstance(type_, pa.BaseExtensionType):
        return has_floats(type_.storage_type)
    if pa.types.is_dictionary(type_):
        return has_floats(type_.value_type)
    if pa.types.is_map(type_):
        return has_floats(type_.key_type) or has_floats(type_.item_type)
    if pa.types.is_floating(type_):
        return True
    return any(has_floats(type_.field(i).type) for i in range(type_.num_fields))
