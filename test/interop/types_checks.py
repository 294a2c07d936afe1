"""
Every Arrow type in every shape, put through pyarrow and read four ways: from the cache, from Parquet, by SQL and by
a range ticket. Also makes the table of docs/types.md.

Usage: types_checks.py put URL DATA_DIR      puts and compares; leaves all datasets there
       types_checks.py restarted URL         compares what a server gives that has just started
With UPDATE_DOCS=1 `put` writes the table instead of comparing it.
"""

import json
import os
import sys
from urllib.parse import unquote

import polars as pl
import pyarrow as pa
import pyarrow.flight as fl
import pyarrow.parquet as pq

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, raises, run  # noqa: E402
from types_client import (  # noqa: E402
    act,
    assert_equal,
    assert_values,
    comes_back,
    comes_back_by_value,
    evict,
    get,
    get_range,
    put,
    sql,
)
from types_cases import Point, batches_of, cases, dictionary, extensions, flat, table_of  # noqa: E402

DOCS = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "types.md")
MIB = 1024 * 1024


def key_of(name):
    return f"type {name}"


def stored_as(data_dir, key):
    """What the part's own schema calls the column `value`."""
    cold = os.path.join(data_dir, "cold")
    [name] = [name for name in os.listdir(cold) if unquote(name).startswith(f"{key}.")]
    column = pq.ParquetFile(os.path.join(cold, name)).schema.column(0)
    logical = str(column.logical_type)
    return column.physical_type if logical == "None" else f"{column.physical_type}, {short(logical)}"


def short(logical):
    return (
        logical.replace(", is_from_converted_type=false", "")
        .replace(", force_set_converted_type=false", "")
        .replace("isAdjustedToUTC=", "UTC: ")
        .replace("timeUnit=", "")
        .replace("bitWidth=", "")
        .replace("isSigned=", "signed: ")
    )


@check
def matrix(client, data_dir):
    """Every type in every shape is equal from the cache, from Parquet and in a range, its values in SQL, or refused"""
    rows = {}
    in_dictionary = {}
    for name, table in cases():
        key = key_of(name)
        of_dictionary = name.startswith("dictionary<int8, ")
        base = name.removeprefix("dictionary<int8, ").removesuffix(">")
        try:
            expected = put(client, key, table.schema, batches_of(table))
        except (pa.ArrowNotImplementedError, NotImplementedError) as error:
            assert "[TYPE_UNSUPPORTED]" in str(error) and "'value'" in str(error), error
            raises(pa.ArrowKeyError, "DATASET_NOT_FOUND", lambda: get(client, key))
            if of_dictionary:
                in_dictionary[base] = "refused"
            else:
                rows[name] = ["refused at the schema", "", "", "", ""]
            continue
        assert_equal(get(client, key), expected, f"{name} from the cache")
        evict(client, key)
        assert_equal(get(client, key), expected, f"{name} from Parquet")
        result = sql(client, f'SELECT * FROM "{key}"')
        assert_values(result, expected, f"{name} by SQL")
        part = get_range(client, key, table.column_names)
        assert part.schema.equals(expected.schema, check_metadata=True), f"{name} in a range: {part.schema}"
        assert_values(part, expected, f"{name} in a range")
        if of_dictionary:
            in_dictionary[base] = "equal"
        else:
            is_dictionary = pa.types.is_dictionary(table.schema.field("value").type)
            stored = stored_as(data_dir, key)
            ranged = "equal values" if is_dictionary else "equal"
            rows[name] = [stored, "equal", "equal", f"`{result.schema.field('value').type}`", ranged]
    lines = [
        "| type | in the part | from the cache | from Parquet | SQL gives | in a range | in a dictionary |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, cells in rows.items():
        lines.append(f"| {' | '.join([f'`{name}`', *cells, in_dictionary.get(name, '')])} |")
    compare_docs("\n".join(lines))


def compare_docs(table):
    start, end = "<!-- table -->\n\n", "\n\n<!-- end -->"
    with open(DOCS, encoding="utf8") as file:
        text = file.read()
    before, rest = text.split(start)
    found, after = rest.split(end)
    if os.environ.get("UPDATE_DOCS") == "1":
        with open(DOCS, "w", encoding="utf8") as file:
            file.write(before + start + table + end + after)
        return
    # However the formatter has padded the cells.
    cells = lambda text: [[cell.strip(" -") for cell in line.split("|")] for line in text.splitlines()]  # noqa: E731
    assert cells(found) == cells(table), f"docs/types.md is not what was found; UPDATE_DOCS=1 writes it:\n{table}"


def growing():
    """A dictionary that grows by deltas, shrinks, is replaced, and is repeated; in columns flat and nested."""
    texts = [["b", "a"], ["b", "a", "c"], ["b", "a", "c", "", "é"], ["z"], ["z"], ["a", "b"]]
    batches = []
    for number, values in enumerate(texts):
        indices = pa.array([len(values) - 1, None, *range(len(values))], pa.int16())
        column = pa.DictionaryArray.from_arrays(indices, pa.array(values), ordered=number < 0)
        lists = pa.ListArray.from_arrays(pa.array([0, 1, *[len(indices)] * (len(indices) - 1)], pa.int32()), column)
        structs = pa.StructArray.from_arrays([column, lists], ["a", "b"])
        other = pa.DictionaryArray.from_arrays(indices, pa.array(range(100, 100 + len(values)), pa.int64()))
        batches.append(pa.record_batch([column, lists, structs, other], ["flat", "list", "struct", "numbers"]))
    return batches


@check
def dictionaries(client, data_dir):
    """Dictionaries that grow, are replaced and are repeated come back as they were for each row, also after compaction"""
    batches = growing()
    table = comes_back(client, "growing", batches[0].schema, batches)
    assert act(client, "compact", "growing")["parts_after"] == 1
    evict(client, "growing")
    assert_equal(get(client, "growing"), table, "after compaction")
    put(client, "growing", batches[0].schema, batches[::-1], mode="append")
    both = pa.concat_tables([table, pa.Table.from_batches(batches[::-1])])
    evict(client, "growing")
    assert_equal(get(client, "growing"), both, "of two parts")
    assert act(client, "compact", "growing")["parts_after"] == 1
    evict(client, "growing")
    assert_equal(get(client, "growing"), both, "of two parts joined")
    assert_values(sql(client, "SELECT * FROM growing"), both, "by SQL")


@check
def dictionary_sizes(client, data_dir):
    """A dictionary of a column that is not all used comes back whole; one of over 1 MiB with its values"""
    values = pa.array([f"symbol {i}" for i in range(10_000)])
    indices = pa.array([i % 100 for i in range(200_000)], pa.int32())
    batch = pa.record_batch([pa.DictionaryArray.from_arrays(indices, values)], ["symbol"])
    comes_back(client, "wide dictionary", batch.schema, batch_slices(batch, 50_000))
    values = pa.array([f"{i:064}" for i in range(20_000)])
    batch = pa.record_batch([pa.DictionaryArray.from_arrays(indices, values)], ["symbol"])
    comes_back_by_value(client, "large dictionary", batch)


@check
def dictionary_of_nulls(client, data_dir):
    """A dictionary column of nulls alone comes back, in a range too"""
    batch = pa.record_batch([pa.DictionaryArray.from_arrays(pa.nulls(3, pa.int8()), pa.array(["a"]))], ["value"])
    table = comes_back(client, "dictionary of nulls", batch.schema, [batch])
    assert_values(get_range(client, "dictionary of nulls", ["value"]), table, "in a range")


def batch_slices(batch, rows):
    return [batch.slice(start, rows) for start in range(0, batch.num_rows, rows)]


@check
def edges(client, data_dir):
    """Times at the ends of their types come back equal, or the put is refused and harms nobody"""
    types = [pa.date32(), pa.date64(), pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")]
    for unit in ("s", "ms", "us", "ns"):
        types += [pa.timestamp(unit), pa.timestamp(unit, "UTC"), pa.duration(unit)]
    for type_ in types:
        bits = type_.bit_width
        for number in (2 ** (bits - 1) - 1, -(2 ** (bits - 1)), 2 ** (bits - 1) - 2, 2 ** (bits - 3), -(2 ** (bits - 3))):
            values = pa.array([number, None, 0], getattr(pa, f"int{bits}")()).view(type_)
            batch = pa.record_batch([values], ["value"])
            try:
                table = put(client, "edge", batch.schema, [batch])
            except pa.ArrowInvalid as error:
                assert "holds a time" in str(error) or "onver" in str(error), error
                continue
            assert not pa.types.is_time32(type_), f"{number} is no {type_}"
            evict(client, "edge")
            assert_equal(get(client, "edge"), table, f"{number} as {type_}")


@check
def metadata(client, data_dir):
    """Metadata of schema, fields and children, and whether fields may be null, come back equal"""
    inner = pa.field("inner", pa.int32(), nullable=False, metadata={"é": "ü", "": "empty key"})
    fields = [
        pa.field("a", pa.struct([inner]), metadata={"unit": "USD", "empty": ""}),
        pa.field("b", pa.list_(pa.field("not item", pa.utf8(), nullable=False, metadata={"x": "y"})), nullable=False),
        pa.field("c", pa.map_(pa.utf8(), pa.int64(), keys_sorted=True)),
        pa.field("Ä name with 'quotes', \"others\" and a . dot", pa.int64()),
    ]
    schema = pa.schema(fields, {"made by": "types", "binary": b"\xc3\xa9", "long": "x" * 100_000})
    arrays = [
        pa.array([{"inner": 1}, None], fields[0].type),
        pa.array([["x"], []], fields[1].type),
        pa.array([[("k", 1)], None], fields[2].type),
        pa.array([1, None], pa.int64()),
    ]
    comes_back(client, "metadata", schema, [pa.record_batch(arrays, schema=schema)])


@check
def extension_types(client, data_dir):
    """Extension types come back as themselves"""
    table = table_of([(name, column, True) for name, column in extensions()])
    assert isinstance(comes_back(client, "extensions", table.schema, table.to_batches()).schema.field(0).type, Point)


@check
def no_rows(client, data_dir):
    """Tables without rows come back with their schema, sent with no batch and with empty ones"""
    columns = [(name, values.slice(0, 0), True) for name, values in flat() if not is_refused(values.type)]
    columns.append(("dictionary", dictionary(pa.array(["a", "b", "c", "d", "e"])).slice(0, 0), True))
    table = table_of(columns)
    comes_back(client, "no batches", table.schema, [])
    comes_back(client, "empty batches", table.schema, table.to_batches() * 3)
    assert get_range(client, "empty batches", table.column_names).schema.equals(table.schema, check_metadata=True)
    assert sql(client, 'SELECT * FROM "empty batches"').num_rows == 0


def is_refused(type_):
    is_decimal = pa.types.is_decimal(type_)
    return pa.types.is_interval(type_) or (is_decimal and (type_.precision > 38 or type_.scale < 0))


@check
def no_columns(client, data_dir):
    """Tables without columns come back with their metadata and as many rows, also in ranges; SQL counts them"""
    for key, batches in no_column_batches().items():
        table = comes_back(client, key, NO_COLUMNS, batches)
        rows = table.num_rows
        part = get(client, json.dumps({"key": key, "limit": 3}))
        assert part.schema.equals(NO_COLUMNS, check_metadata=True) and part.num_rows == min(rows, 3), part
        assert sql(client, f'SELECT count(*) FROM "{key}"').to_pydict() == {"count_star()": [rows]}
        assert sql(client, f'SELECT * FROM "{key}"').equals(pa.table({"no_columns": pa.nulls(rows, pa.int32())}))
        info = client.get_flight_info(fl.FlightDescriptor.for_path(key))
        assert info.schema.equals(NO_COLUMNS, check_metadata=True) and info.total_records == rows, info
    put(client, "no columns", NO_COLUMNS, no_column_batches()["no columns"], mode="append")
    assert act(client, "compact", "no columns")["parts_after"] == 1
    evict(client, "no columns")
    assert get(client, "no columns").num_rows == 2 * 200_007
    put(client, "no columns", NO_COLUMNS, no_column_batches()["no columns"])
    column = pa.schema([("no_columns", pa.null())])
    raises(pa.ArrowInvalid, "SCHEMA_MISMATCH", lambda: put(client, "no columns", column, [], mode="append"))


def no_column_batches():
    """The batches of three tables without columns: pyarrow makes such batches from others only."""
    rows = pa.record_batch([pa.nulls(200_000)], ["x"]).select([])
    return {"no columns": [rows, rows.slice(0, 0), rows.slice(0, 7)], "no columns, no rows": [], "empty": [rows[:0]]}


NO_COLUMNS = pa.schema([], {"made by": "types"})


@check
def bad_names(client, data_dir):
    """Names that SQL cannot tell apart, and types deep inside of others, are refused before any row"""
    twins = pa.schema([("price", pa.int64()), ("Price", pa.int64())])
    raises(NotImplementedError, "'Price'", lambda: put(client, "twins", twins, []))
    nested = pa.schema([("a", pa.list_(pa.struct([("b", pa.month_day_nano_interval())])))])
    raises(NotImplementedError, "'a.element.b'", lambda: put(client, "nested", nested, []))
    raises(NotImplementedError, "month_day_nano", lambda: put(client, "nested", nested, []))


@check
def many_columns(client, data_dir):
    """Tables of 1,000 and of 10,000 columns come back equal"""
    for count in (1_000, 10_000):
        names = [f"column {i}" for i in range(count)]
        arrays = [pa.array([i, None, -i]) if i % 2 else pa.array(["x", str(i), None]) for i in range(count)]
        batch = pa.record_batch(arrays, names)
        comes_back(client, f"{count} columns", batch.schema, [batch])


@check
def large_batch(client, data_dir):
    """A batch of 64 MiB comes back equal, in messages that every client takes"""
    rows = 64 * MIB // 16
    batch = pa.record_batch(
        [pa.array(range(rows), pa.int64()), pa.array([f"{i % 5000:08}" for i in range(rows)], pa.utf8()).slice(0)],
        ["number", "text"],
    )
    table = put(client, "large batch", batch.schema, [batch])
    for where in ("the cache", "Parquet"):
        reader = client.do_get(fl.Ticket(b"large batch"))
        batches = [chunk.data for chunk in reader]
        assert max(part.nbytes for part in batches) < 4 * MIB
        assert pa.Table.from_batches(batches).equals(table, check_metadata=True), where
        evict(client, "large batch")
    act(client, "drop", "large batch")


@check
def compressed_bodies(client, data_dir):
    """Bodies that the client compressed with LZ4 or zstd come back equal, with dictionaries too"""
    for compression in ("lz4", "zstd"):
        key = f"{compression} bodies"
        batches = growing()
        comes_back(client, key, batches[0].schema, batches, compression=compression)
        noise = os.urandom(40_000)
        columns = [(name, column, True) for name, column in flat() if not is_refused(column.type)]
        wide = table_of(columns).append_column("noise", pa.array([noise, b"", noise[:5], b"0" * 100_000, noise]))
        table = comes_back(client, f"{key} of all types", wide.schema, batches_of(wide), compression=compression)
        assert_values(sql(client, f'SELECT * FROM "{key} of all types"'), table, "by SQL")


@check
def views_of_polars(client, data_dir):
    """What polars sends, with views and categories, comes back equal"""
    frame = pl.DataFrame(
        {
            "text": ["BTC", None, "a name of more than twelve bytes"],
            "bytes": [b"\x00\xff", None, b"more than twelve bytes"],
            "category": pl.Series(["x", "y", None], dtype=pl.Categorical),
            "level": pl.Series(["low", "high", "low"], dtype=pl.Enum(["high", "low"])),
            "list": [["a"], [], None],
            "when": pl.Series([1, 2, None], dtype=pl.Datetime("ns", "Asia/Tokyo")),
            "span": pl.Series([1, 2, None], dtype=pl.Duration("ms")),
        }
    )
    table = frame.to_arrow(compat_level=pl.CompatLevel.newest())
    assert pa.types.is_string_view(table.schema.field("text").type)
    comes_back(client, "polars", table.schema, table.to_batches())
    assert pl.from_arrow(get(client, "polars")).equals(frame)


@check
def schemas_and_sizes(client, data_dir):
    """GetFlightInfo, GetSchema and ListFlights give the schema of the stream, its rows and its bytes"""
    listed = {info.descriptor.path[0].decode(): info for info in client.list_flights()}
    keys = [key_of(name) for name, _ in cases()] + ["metadata", "extensions", "growing", "no batches", "lz4 bodies"]
    seen = 0
    for key in keys:
        if key not in listed:
            continue
        descriptor = fl.FlightDescriptor.for_path(key)
        stream = client.do_get(fl.Ticket(key.encode()))
        schema = stream.schema
        rows = stream.read_all().num_rows
        info = client.get_flight_info(descriptor)
        for other in (info.schema, client.get_schema(descriptor).schema, listed[key].schema):
            assert other.equals(schema, check_metadata=True), key
            assert other.serialize().equals(schema.serialize()), key
        for other in (info, listed[key]):
            assert other.total_records == rows, f"{key}: {other.total_records} for {rows}"
            assert other.total_bytes > 0 or rows == 0, key
        seen += 1
    assert seen > 100, seen
    # Bytes are those of the rows in memory: what a client has to make room for.
    numbers = pa.record_batch([pa.array(range(100_000), pa.int64())], ["n"])
    put(client, "bytes", numbers.schema, [numbers])
    total = client.get_flight_info(fl.FlightDescriptor.for_path("bytes")).total_bytes
    assert 800_000 <= total <= 801_000, total


def compare_restarted(client):
    found = 0
    keys = {info.descriptor.path[0].decode() for info in client.list_flights()}
    for name, table in cases():
        if key_of(name) in keys:
            expected = pa.Table.from_batches(batches_of(table), table.schema)
            assert_equal(get(client, key_of(name)), expected, f"{name} after a restart")
            found += 1
    assert found > 100, found
    for key, batches in no_column_batches().items():
        assert_equal(get(client, key), pa.Table.from_batches(batches, NO_COLUMNS), f"{key} after a restart")


def restarted(client):
    """After a restart every type in every shape is equal"""
    compare_restarted(client)


if __name__ == "__main__":
    mode, url, *rest = sys.argv[1:]
    client = fl.connect(url)
    if mode == "restarted":
        check(restarted)
        run(client, only="restarted")
    else:
        run(client, rest[0], only=rest[1] if len(rest) > 1 else None)
