"""Put a table, get it back, and ask SQL of it, with nothing but pyarrow.

Start a server, in the folder of the project:    npm ci && npm start
Then, in the same folder:                        pip install pyarrow polars && python examples/01_put_get_query.py
A server elsewhere is named by its address:      python examples/01_put_get_query.py grpc://HOST:PORT
"""

import sys

import pyarrow.flight as fl, polars as pl
client = fl.connect(sys.argv[1] if len(sys.argv) > 1 else "grpc://127.0.0.1:8815")
table = pl.read_csv("examples/data/btc-perp-1m.csv", try_parse_dates=True).to_arrow()
writer, _ = client.do_put(fl.FlightDescriptor.for_path("BTC_PERP_202201"), table.schema)
writer.write_table(table); writer.close()
loaded = client.do_get(fl.Ticket(b"BTC_PERP_202201")).read_all()
info = client.get_flight_info(fl.FlightDescriptor.for_command(b"SELECT time_bucket(INTERVAL '5m', timestamp) t, avg(close), stddev(close) FROM BTC_PERP_202201 GROUP BY t ORDER BY t"))
bars = client.do_get(info.endpoints[0].ticket).read_all()

print(f"loaded {loaded.num_rows} rows, the same as stored: {loaded.equals(table)}")
print(f"{bars.num_rows} bars of 5 minutes; the first:")
print(pl.from_arrow(bars).head(3))
