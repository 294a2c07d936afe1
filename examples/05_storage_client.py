"""The Python client: data frames under keys, a series of days as one table, and figures.

Install the client, in the folder of the project:    pip install './python[polars]'
With a server that runs (npm start):                 python examples/05_storage_client.py grpc://127.0.0.1:8815
With a server of its own (npm ci && npm run build):  python examples/05_storage_client.py
"""

import sys
import tempfile

import polars as pl
from sterna import DatasetNotFoundError, StorageClient

minutes = pl.read_csv("examples/data/gbpusd-1m.csv", try_parse_dates=True)


def show(client: StorageClient) -> None:
    # One dataset a day: keys that differ in their date only are a series.
    days = minutes.with_columns(pl.col("timestamp").dt.strftime("%Y%m%d").alias("day")).partition_by("day", as_dict=True)
    for (day,), frame in list(days.items())[:5]:
        stored = client.store(f"GBPUSD_{day}", frame.drop("day"))
        print(f"stored {stored['key']}: {stored['rows']} rows")

    print(client.load("GBPUSD_20120201").head(3))
    print(client.load("GBPUSD_20120201", as_="pandas", columns=["timestamp", "close"], limit=3))
    print(client.query("SELECT count(*) AS minutes FROM GBPUSD_20120201 WHERE close > $1", [1.58]))
    print(
        client.query_simple(
            "GBPUSD_*",
            select="timestamp::DATE AS day, min(low) AS low, max(high) AS high, count(*) AS minutes",
            where="close > 1.57",
            group_by="day",
            order_by="day",
        )
    )
    try:
        client.load("GBPUSD_19990101")
    except DatasetNotFoundError as error:
        print(f"as expected: {error}")

    stats = client.stats()
    print({name: stats[name] for name in ("total_keys", "total_size_mb", "compression_ratio", "cache_hit_rate")})


if len(sys.argv) > 1:
    with StorageClient(sys.argv[1]) as client:
        show(client)
else:
    with tempfile.TemporaryDirectory() as folder:
        with StorageClient(parquet_path=folder, enable_cache=True, cache_size_gb=0.5) as client:
            show(client)
