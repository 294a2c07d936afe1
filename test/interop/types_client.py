"""What the checks of types do with a server, through pyarrow, and how they compare what it gives."""

import json

import pyarrow as pa
import pyarrow.flight as fl

from types_compare import difference, same_chunks


def put(client, key, schema, batches, compression=None, **options):
    descriptor = fl.FlightDescriptor.for_path(key)
    if options:
        descriptor = fl.FlightDescriptor.for_command(json.dumps({"key": key, **options}))
    write_options = pa.ipc.IpcWriteOptions(compression=compression, emit_dictionary_deltas=True)
    writer, _ = client.do_put(descriptor, schema, fl.FlightCallOptions(write_options=write_options))
    for batch in batches:
        writer.write_batch(batch)
    writer.close()
    return pa.Table.from_batches(batches, schema)


def get(client, ticket):
    return client.do_get(fl.Ticket(ticket.encode())).read_all()


def get_range(client, key, columns):
    return get(client, json.dumps({"key": key, "columns": columns}))


def sql(client, text):
    info = client.get_flight_info(fl.FlightDescriptor.for_command(text))
    return client.do_get(info.endpoints[0].ticket).read_all()


def act(client, kind, key):
    results = client.do_action(fl.Action(kind, key.encode()))
    return json.loads(b"".join(result.body.to_pybytes() for result in results))


def evict(client, key):
    """Out of the memory, into which a read has put it where it was not there yet."""
    get(client, key)
    assert act(client, "evict", key)["evicted"]


def assert_equal(mine, theirs, what):
    found = difference(mine, theirs)
    assert found is None, f"{what}: {found}"


def comes_back(client, key, schema, batches, **options):
    """Puts batches and compares what comes from the cache and from Parquet."""
    table = put(client, key, schema, batches, **options)
    assert_equal(get(client, key), table, f"{key} from the cache")
    evict(client, key)
    assert_equal(get(client, key), table, f"{key} from Parquet")
    return table


def comes_back_by_value(client, key, batch):
    """As `comes_back`, but from Parquet with other dictionaries. Returns what was put, and what came from there."""
    table = put(client, key, batch.schema, [batch])
    assert_equal(get(client, key), table, f"{key} from the cache")
    evict(client, key)
    mine = get(client, key)
    assert mine.schema.equals(table.schema, check_metadata=True), key
    assert_values(mine, table, f"{key} from Parquet")
    return table, mine


def plain_type(type_):
    """The type with values in the place of dictionaries."""
    if pa.types.is_dictionary(type_):
        return type_.value_type
    if pa.types.is_map(type_):
        return pa.map_(type_.key_type, plain_type(type_.item_type))
    if pa.types.is_struct(type_):
        return pa.struct([field.with_type(plain_type(field.type)) for field in type_])
    if pa.types.is_fixed_size_list(type_):
        return pa.list_(type_.value_field.with_type(plain_type(type_.value_type)), type_.list_size)
    if pa.types.is_large_list(type_):
        return pa.large_list(type_.value_field.with_type(plain_type(type_.value_type)))
    if pa.types.is_list(type_):
        return pa.list_(type_.value_field.with_type(plain_type(type_.value_type)))
    return type_


def plain(column, type_=None):
    """The values of a column as its type without dictionaries, or as another."""
    target = type_ or plain_type(column.type)
    if column.type == target:
        return column
    try:
        return column.cast(target)
    except pa.ArrowNotImplementedError:  # views are among the types that pyarrow cannot cast a dictionary to
        return pa.chunked_array([pa.array(column.to_pylist(), target)])


def assert_values(mine, theirs, what):
    for name in theirs.column_names:
        values = plain(theirs[name])
        assert same_chunks(plain(mine[name], values.type), values), f"{what}: values of {name}"
