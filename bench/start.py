"""
Fills the logs of a server. Usage: start.py URL KEYS ROWS

Appends as many ticks to each of several datasets, durably.
"""

import os
import sys

import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
from calls import put  # noqa: E402
from market_data import ticks  # noqa: E402

BATCH_ROWS = 10_000


def main():
    client = fl.connect(sys.argv[1])
    keys, rows = map(int, sys.argv[2:4])
    table = ticks(rows).combine_chunks().unify_dictionaries()
    for index in range(keys):
        put(client, table.schema, table.to_batches(max_chunksize=BATCH_ROWS), key=f"ticks_{index}", mode="append")


if __name__ == "__main__":
    main()
