"""Named checks for test programs: each runs whatever became of the others, and the last line printed is their results."""

import json
import struct
import sys
import time
import traceback

import pyarrow as pa

_checks = []


def check(function):
    """Registers a check. Its docstring is its name: a sentence of behaviour."""
    _checks.append(function)
    return function


def run(*args, only=None):
    """Runs all registered checks with the given arguments and prints the results as JSON."""
    results = []
    for function in _checks:
        if only and only not in function.__name__:
            continue
        error = None
        try:
            function(*args)
        except BaseException:  # noqa: BLE001 - whatever it is, it is the result
            error = traceback.format_exc()
            print(error, file=sys.stderr)
        results.append({"name": function.__doc__.strip(), "error": error})
    print(json.dumps(results))


def raises(kinds, text, action):
    """Asserts that `action()` raises one of `kinds` with `text` in its message."""
    try:
        action()
    except kinds as error:
        assert text in str(error), f"{text!r} is not in {str(error)!r}"
        return error
    raise AssertionError(f"nothing was raised, expected {kinds} with {text!r}")


def eventually(condition, seconds=10):
    """Waits until `condition()` is true, for what the server does after it has answered."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def bits(column):
    """A column in a form that compares by value: floats by their bits, since NaN differs from itself."""
    column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        return [None if value is None else struct.pack("d", value) for value in column.to_pylist()]
    return column


def assert_same(mine, theirs):
    """Asserts equal schemas, metadata included, and equal values."""
    assert mine.schema.equals(theirs.schema, check_metadata=True), f"{mine.schema}\n!=\n{theirs.schema}"
    for name in theirs.schema.names:
        a, b = bits(mine[name]), bits(theirs[name])
        assert a == b if isinstance(a, list) else a.equals(b), name
