"""polars in, polars out: quotes without a header, resampled and joined on the server.

Start a server, in the folder of the project:    npm ci && npm start
Then, in the same folder:                        pip install pyarrow polars && python examples/02_polars.py
A server elsewhere is named by its address:      python examples/02_polars.py grpc://HOST:PORT
"""

import sys

import polars as pl
import pyarrow.flight as fl

client = fl.connect(sys.argv[1] if len(sys.argv) > 1 else "grpc://127.0.0.1:8815")


def put(key: str, frame: pl.DataFrame) -> None:
    table = frame.to_arrow()
    writer, _ = client.do_put(fl.FlightDescriptor.for_path(key), table.schema)
    writer.write_table(table)
    writer.close()  # Returns when the data is on disk; raises when it is not.


def query(sql: str) -> pl.DataFrame:
    info = client.get_flight_info(fl.FlightDescriptor.for_command(sql.encode()))
    return pl.from_arrow(client.do_get(info.endpoints[0].ticket).read_all())


quotes = pl.read_csv(
    "examples/data/eurusd-quotes.csv", has_header=False, new_columns=["timestamp", "bid", "ask", "volume"]
).with_columns(pl.col("timestamp").str.to_datetime("%Y%m%d %H%M%S%3f", time_unit="ms"))
put("EURUSD_20200101", quotes)

bars = query("""
    SELECT time_bucket(INTERVAL '15m', timestamp) AS t,
           arg_min(bid, timestamp) AS open, max(bid) AS high, min(bid) AS low, arg_max(bid, timestamp) AS close,
           avg(ask - bid) AS spread, count(*) AS quotes
    FROM EURUSD_20200101 GROUP BY t ORDER BY t
""")
print(bars)

# What the quote was at the end of each bar: an ASOF join of a stored result with the quotes.
put("EURUSD_bars", bars)
print(query("""
    SELECT bars.t, bars.close, quotes.bid, quotes.ask
    FROM EURUSD_bars AS bars
    ASOF JOIN EURUSD_20200101 AS quotes ON bars.t + INTERVAL '15m' > quotes.timestamp
    ORDER BY bars.t
"""))

# The same rows come back as went in.
assert pl.from_arrow(client.do_get(fl.Ticket(b"EURUSD_20200101")).read_all()).equals(quotes)
