"""
Dictionaries that say a value more than once or have nulls among their values, put through pyarrow: every row comes back
with the index it had, from the cache and from Parquet.

Usage: dictionaries_checks.py put URL         puts and compares; leaves all datasets there
       dictionaries_checks.py restarted URL   compares what a server gives that has just started
"""

import os
import random
import sys

import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, run  # noqa: E402
from types_client import act, assert_equal, assert_values, comes_back, comes_back_by_value, evict, get, get_range, put, sql  # noqa: E402

TEXTS = ["a", "a", None, "", "a", "a text of more than 12 bytes", None, "a text of more than 12 bytes", "", "b"]


def encoded(values, places, index_type=None):
    return pa.DictionaryArray.from_arrays(pa.array(places, index_type or pa.int16()), values)


def columns_of(values, rows, count):
    """Columns whose dictionary is repeated, grows and is replaced; their rows name each of its places, and none."""
    found = []
    for number in range(count):
        own = [values, values, pa.concat_arrays([values, values]), values[1:]][number % 4]
        places = [None, *range(len(own))]
        found.append(encoded(own, [places[(row * row + number) % len(places)] for row in range(rows)]))
    return found


def flat():
    """Batches of one column by the names of their cases."""
    cases = {}
    for type_ in (pa.utf8(), pa.large_utf8(), pa.binary(), pa.string_view(), pa.binary_view()):
        cases[f"{type_}"] = pa.array(TEXTS, type_)
    numbers = [1, None, 1, 2, None, None, 2, 0]
    for type_ in (pa.int8(), pa.uint64(), pa.float16(), pa.float64(), pa.decimal128(9, 2)):
        cases[f"{type_}"] = pa.array(numbers, type_)
    for type_ in (pa.date32(), pa.time32("s"), pa.time64("ns"), pa.timestamp("s"), pa.timestamp("ns", "UTC")):
        cases[f"{type_}"] = pa.array(numbers, getattr(pa, f"int{type_.bit_width}")()).view(type_)
    cases["fixed-size binary"] = pa.array([b"abc", None, b"abc", b"\0\0\0"], pa.binary(3))
    cases["nan and zeros"] = pa.array([float("nan"), -0.0, 0.0, float("nan"), None, -0.0], pa.float32())
    cases["a value twice"] = pa.array(["a", "b", "a"])
    cases["a null"] = pa.array(["a", None, "b"])
    cases["nulls alone"] = pa.array([None, None], pa.utf8())
    for name, values in cases.items():
        yield f"flat {name}", [pa.record_batch([column], ["value"]) for column in columns_of(values, 50, 8)]


def nested():
    """Batches with such columns in structs, lists, fixed-size lists and maps, with nulls at every depth."""
    offsets = pa.array([0, 3, None, 3, 4, 4, None, 20, 21, 60], pa.int32())
    batches = []
    for number, column in enumerate(columns_of(pa.array(TEXTS), 60, 6)):
        nulls = pa.array([row % 4 == number % 4 for row in range(60)])
        structs = pa.StructArray.from_arrays([column, pa.array(range(60))], ["in", "other"], mask=nulls)
        lists = pa.ListArray.from_arrays(offsets, column)
        of_structs = pa.LargeListArray.from_arrays(offsets.cast(pa.int64()), structs)
        pairs = pa.FixedSizeListArray.from_arrays(column, 2, mask=nulls[:30])
        maps = pa.MapArray.from_arrays(offsets, pa.array([f"key {row}" for row in range(60)]), column)
        of_lists = pa.ListArray.from_arrays(pa.array([0, 1, 1, None, 4, 4, 4, 5, 5, 9], pa.int32()), of_structs)
        columns = {
            "flat": column[:9],
            "struct": structs[:9],
            "list": lists,
            "list of structs": of_structs,
            "pairs": pairs[:9],
            "pairs of lists": pa.ListArray.from_arrays(pa.array([0, 2, None, 2, 9, 9, 9, 9, 9, 30], pa.int32()), pairs),
            "map": maps,
            "list of lists": of_lists,
        }
        batches.append(pa.record_batch(list(columns.values()), list(columns)))
    return batches


def long_batches():
    """More rows than a row group has, in batches of a client's own sizes, among them one whose dictionary says each value once."""
    chance = random.Random(4)
    values = pa.array(TEXTS)
    batches = []
    for rows, own in ((200_001, values), (70_000, values), (65_536, pa.array(["x", "y"])), (1, values), (30_000, values)):
        column = encoded(own, chance.choices([None, *range(len(own))], k=rows), pa.int8())
        offsets = pa.array([row // 3 for row in range(rows + 1)], pa.int32())
        batches.append(pa.record_batch([column, pa.ListArray.from_arrays(offsets, column)], ["value", "list"]))
    return batches


def cases():
    yield from flat()
    yield "nested", nested()
    yield "long", long_batches()


@check
def all_cases(client):
    """Each row names the place of its dictionary that it named, in every type, nesting and row group"""
    for name, batches in cases():
        table = comes_back(client, name, batches[0].schema, batches)
        if "nan" not in name:
            assert get(client, name).equals(table, check_metadata=True), name
        assert_values(sql(client, f'SELECT * FROM "{name}"'), table, f"{name} by SQL")
        assert_values(get_range(client, name, table.column_names), table, f"{name} in a range")


@check
def compressed(client):
    """Also where the client has compressed its bodies"""
    for compression in ("lz4", "zstd"):
        batches = nested()
        comes_back(client, f"{compression} nested", batches[0].schema, batches, compression=compression)


@check
def compaction(client):
    """Parts that are joined keep them, whichever of them have such dictionaries"""
    for name, batches in (("nested", nested()), ("long", long_batches())):
        key = f"compacted {name}"
        put(client, key, batches[0].schema, batches[:2])
        put(client, key, batches[0].schema, batches[2:3], mode="append")
        act(client, "flush", key)
        put(client, key, batches[0].schema, batches[3:], mode="append")
        table = pa.Table.from_batches(batches)
        assert_equal(get(client, key), table, f"{key} before")
        result = act(client, "compact", key)
        assert result["parts_after"] == 1 < result["parts_before"], result
        evict(client, key)
        assert_equal(get(client, key), table, key)


@check
def too_many(client):
    """Beyond 1 MiB in a part rows name the first place of their value, and have the dictionary that was put"""
    chance = random.Random(5)
    values = pa.array(["same"] * 250 + [None])
    wide = encoded(values, chance.choices(range(251), k=1_500_000))
    narrow = encoded(pa.array(["a", "a"]), chance.choices([0, 1, None], k=len(wide)), pa.int8())
    batch = pa.record_batch([wide, narrow], ["wide", "narrow"])
    table, mine = comes_back_by_value(client, "too many", batch)
    assert mine["narrow"].equals(table["narrow"])
    for chunk in mine["wide"].chunks:
        assert chunk.dictionary.equals(values)
        assert set(chunk.indices.unique().to_pylist()) == {0, None}


@check
def large_dictionary(client):
    """Beside a dictionary that is too large to be kept, another column keeps its own"""
    large = encoded(pa.array([f"{i // 2:064}" for i in range(20_000)] + [None]), list(range(20_001)))
    small = columns_of(pa.array(TEXTS), len(large), 1)[0]
    batch = pa.record_batch([large, small], ["large", "small"])
    table = put(client, "large", batch.schema, [batch])
    evict(client, "large")
    mine = get(client, "large")
    assert_values(mine, table, "a large dictionary")
    assert mine["small"].equals(table["small"])


def restarted(client):
    """What was put comes back from a server that has just started"""
    for name, batches in cases():
        assert_equal(get(client, name), pa.Table.from_batches(batches), f"{name} after a restart")


if __name__ == "__main__":
    mode, url = sys.argv[1:]
    if mode == "restarted":
        check(restarted)
    run(fl.connect(url), only="restarted" if mode == "restarted" else None)
