"""
The checks of jdbc/, over datasets that pyarrow puts before.
Usage: jdbc_checks.py grpc://HOST:PORT CLASS_PATH
"""

import datetime
import decimal
import subprocess
import sys

import pyarrow as pa
import pyarrow.flight as fl

URL, CLASS_PATH = sys.argv[1:]


def put(client, path, table):
    writer, _ = client.do_put(fl.FlightDescriptor.for_path(*path), table.schema)
    writer.write_table(table)
    writer.close()


client = fl.connect(URL)
start = datetime.datetime(2026, 2, 3)
numbers = pa.table(
    {
        "id": pa.array(range(1000), pa.int64()),
        "name": [f"n{i}" for i in range(1000)],
        "price": pa.array([decimal.Decimal(i) / 100 for i in range(1000)], pa.decimal128(10, 2)),
        "ts": pa.array([start + datetime.timedelta(seconds=i) for i in range(1000)], pa.timestamp("us")),
    }
)
put(client, ["numbers"], numbers)
for key in ("a_b", "axb"):
    put(client, ["other", key], pa.table({"x": [1]}))
# Arrow's Java reaches into java.nio, which Java 17 has to be told.
opened = "--add-opens=java.base/java.nio=ALL-UNNAMED"
subprocess.run(["java", opened, "-cp", CLASS_PATH, "JdbcChecks", URL.removeprefix("grpc://")], check=True)
