"""DuckDB in Python reads a Flight stream, batch by batch, without holding the dataset.

Start a server, in the folder of the project:    npm ci && npm start
Then, in the same folder:                        pip install pyarrow duckdb && python examples/04_duckdb_stream.py
A server elsewhere is named by its address:      python examples/04_duckdb_stream.py grpc://HOST:PORT
"""

import sys

import duckdb
import pyarrow.flight as fl
import pyarrow.parquet as pq

client = fl.connect(sys.argv[1] if len(sys.argv) > 1 else "grpc://127.0.0.1:8815")

trades = pq.read_table("examples/data/btcusdt-trades.parquet")
writer, _ = client.do_put(fl.FlightDescriptor.for_path("BTCUSDT_trades"), trades.schema)
writer.write_table(trades)
writer.close()

# DuckDB sees the Python variable `stream` as a table and pulls batches from the server as it needs them.
stream = client.do_get(fl.Ticket(b"BTCUSDT_trades")).to_reader()
print(duckdb.sql("""
    SELECT buyer_maker, count(*) AS trades, round(sum(quantity), 6) AS volume,
           round(sum(price * quantity) / sum(quantity), 2) AS vwap
    FROM stream GROUP BY buyer_maker ORDER BY buyer_maker
"""))
