"""
What `sterna adopt` makes of files that a QuestDB has written, beside what that QuestDB answers itself.

Usage: questdb_checks.py grpc://HOST:PORT STERNA JARS FOLDER
"""

import decimal
import glob
import json
import os
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import numpy as np
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, eventually, raises, run  # noqa: E402
from command_line import command_line  # noqa: E402
from flight_calls import query, read  # noqa: E402

URL, STERNA, JARS, FOLDER = sys.argv[1:5]
adopt = command_line(STERNA, URL, "adopt")
ROOT = f"{FOLDER}/questdb"

CONFIG = """http.bind.to=127.0.0.1:{port}
http.min.enabled=false
line.tcp.enabled=false
metrics.enabled=false
pg.enabled=false
shared.worker.count=2
telemetry.enabled=false
"""

COLUMNS = """ticker SYMBOL, note VARCHAR, venue STRING, price DOUBLE, size LONG, n INT, sh SHORT, by BYTE, f FLOAT, flag BOOLEAN,
    c CHAR, day DATE, id UUID, big LONG256, ip IPv4, at TIMESTAMP, ns TIMESTAMP_NS, place GEOHASH(6c), levels DOUBLE[],
    book DOUBLE[][], money DECIMAL(18,4), wide DECIMAL(38,10), ts TIMESTAMP"""
NOTHING = ", ".join(["null"] * 6 + ["0, 0, null, false"] + ["null"] * 12)
ROWS = [
    """'BTC-USD', 'a, "b" é🐦', 'x', 39269.98, 9007199254740993, -2147483647, -32768, -128, 1.5f, true,
    'é', '2026-02-03T12:30:01.123Z', '11111111-2222-3333-4444-555555555555', 0x01fffffffffffffffffffffffffffffffffffffffffffffe,
    '192.168.1.255', '2026-02-03T12:30:01.123456Z', '2026-02-03T12:30:01.123456789Z', #u33d8b, ARRAY[1.5, -0.0, null],
    ARRAY[[1.0,2.0],[3.0,4.0]], 12345678901234.5678m, 1234567890123456789012345678.0123456789m,
    '2026-02-03T00:00:00.000001Z'""",
    f"{NOTHING}, '2026-02-03T23:59:59.999999Z'",
    """'', '', '', 0.1, -1, 0, 1, 1, 0.1f, false, 'A', '1969-12-31T23:59:59.999Z', '00000000-0000-0000-0000-000000000000', 0x00,
    '0.0.0.1', '1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999999999Z', #000000, ARRAY[]::double[], null, 0m, 0m,
    '2026-02-04T00:00:00.000000Z'""",
]


class QuestDb:
    """A QuestDB on a free port, ended with the program."""

    def __init__(self, jar):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        os.makedirs(f"{ROOT}/conf")
        with open(f"{ROOT}/conf/server.conf", "w") as file:
            file.write(CONFIG.format(port=self.port))
        with open(f"{FOLDER}/questdb.log", "w") as log:
            command = ["java", "-p", jar, "-m", "io.questdb/io.questdb.ServerMain", "-d", ROOT]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        eventually(self.answers, seconds=120)

    def answers(self):
        assert self.process.poll() is None, open(f"{FOLDER}/questdb.log").read()
        try:
            self.sql("SELECT 1")
            return True
        except urllib.error.URLError:
            return False

    def get(self, path, **fields):
        url = f"http://127.0.0.1:{self.port}/{path}?{urllib.parse.urlencode(fields)}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.read()

    def sql(self, text):
        return json.loads(self.get("exec", query=text))

    def export(self, sql, name, form):
        path = f"{FOLDER}/{name}.{form}"
        with open(path, "wb") as file:
            file.write(self.get("exp", query=sql, fmt=form))
        return path

    def copy(self, table):
        """A folder with a Parquet file for each partition."""
        (((id,),)) = self.sql(f"COPY {table} TO '{table}' WITH FORMAT PARQUET")["dataset"]
        log = f"SELECT count() FROM sys.copy_export_log WHERE id = '{id}' AND phase = 'success'"
        eventually(lambda: self.sql(log)["dataset"] == [[1]], seconds=60)
        return f"{ROOT}/export/{table}"

    def create(self, table, sql, rows):
        self.sql(sql)
        for row in rows:
            self.sql(f"INSERT INTO {table} VALUES ({row})")

    def wait_for(self, table, rows):
        eventually(lambda: self.sql(f"SELECT count() FROM {table}")["dataset"] == [[rows]], seconds=60)

    def close(self):
        self.process.terminate()
        self.process.wait()


(JAR,) = glob.glob(f"{JARS}/questdb-*.jar")
QUESTDB = QuestDb(JAR)
QUESTDB.create("every", f"CREATE TABLE every ({COLUMNS}) TIMESTAMP(ts) PARTITION BY DAY WAL", ROWS)
TIMES = {
    "trades": "timestamp_sequence('2026-02-03T22:00:00', 7654321L)",
    "quotes": "timestamp_sequence_ns('2026-02-03T22:00:00'::timestamp_ns, 7654321123L)",
}
for name, times in TIMES.items():
    QUESTDB.sql(f"""CREATE TABLE {name} AS (SELECT rnd_symbol('BTC-USD','ETH-USD',null) symbol, rnd_double() price,
        rnd_long(-9000000000000000000, 9000000000000000000, 2) size, rnd_int(0, 100, 5) n, rnd_boolean() flag, {times} ts
        FROM long_sequence(2000)), INDEX(symbol) TIMESTAMP(ts) PARTITION BY DAY WAL""")
QUESTDB.wait_for("every", 3)
QUESTDB.wait_for("trades", 2000)
QUESTDB.wait_for("quotes", 2000)


def instant(text, digits):
    """How many units since 1970 a text of QuestDB means."""
    date, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(np.datetime64(date, "s").astype("int64"))
    return seconds * 10**digits + int(fraction.ljust(digits, "0")[:digits] or 0)


BASE32 = "0123456789bcdefghjkmnpqrstuvwxyz"


def geohash(text):
    value = 0
    for letter in text:
        value = value * 32 + BASE32.index(letter)
    return value


def address(text):
    return int.from_bytes(socket.inet_aton(text), "big")


# How a Parquet file of QuestDB has the values that it prints: as the types of the dataset, and values of Arrow.
TYPES = {
    "SYMBOL": (pa.utf8(), str),
    "VARCHAR": (pa.utf8(), str),
    "STRING": (pa.utf8(), str),
    "DOUBLE": (pa.float64(), float),
    "LONG": (pa.int64(), int),
    "INT": (pa.int32(), int),
    "SHORT": (pa.int16(), int),
    "BYTE": (pa.int8(), int),
    "FLOAT": (pa.float32(), lambda value: struct.unpack("f", struct.pack("f", value))[0]),
    "BOOLEAN": (pa.bool_(), bool),
    "CHAR": (pa.uint16(), lambda text: ord(text) if text else 0),
    "DATE": (pa.timestamp("us", "UTC"), lambda text: instant(text, 6)),
    "UUID": (pa.utf8(), str),
    "LONG256": (pa.binary(), lambda text: int(text, 16).to_bytes(32, "little")),
    "IPv4": (pa.uint32(), address),
    "TIMESTAMP": (pa.timestamp("us", "UTC"), lambda text: instant(text, 6)),
    "TIMESTAMP_NS": (pa.timestamp("ns", "UTC"), lambda text: instant(text, 9)),
    "GEOHASH(6c)": (pa.int32(), geohash),
    "DECIMAL(18,4)": (pa.decimal128(18, 4), decimal.Decimal),
    "DECIMAL(38,10)": (pa.decimal128(38, 10), decimal.Decimal),
}


def is_null(value, type):
    """Nulls of some types are empty texts in JSON; a CHAR has none in Parquet, but 0."""
    if type in ("SYMBOL", "VARCHAR", "STRING"):
        return value is None
    return value in (None, "") and type != "CHAR"


def expected(table):
    """What QuestDB answers, by column: the Arrow type and the values."""
    answer = QUESTDB.sql(f"SELECT * FROM {table}")
    columns = {}
    for index, column in enumerate(answer["columns"]):
        values = [row[index] for row in answer["dataset"]]
        if column["type"] == "ARRAY":
            type = pa.float64()
            for _ in range(column["dim"]):
                type = pa.list_(type)
            columns[column["name"]] = (type, values)
            continue
        type, convert = TYPES[column["type"]]
        columns[column["name"]] = (type, [None if is_null(v, column["type"]) else convert(v) for v in values])
    return columns


def values_of(column):
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.int64()).to_pylist()
    return column.to_pylist()


def assert_equal(stored, columns):
    """Compares types and values: texts of floats, since 0.0 equals -0.0."""
    assert stored.column_names == list(columns), stored.schema
    for name, (type, values) in columns.items():
        assert stored.schema.field(name).type.equals(type), (name, stored.schema.field(name).type, type)
        assert repr(values_of(stored[name])) == repr(values), (name, stored[name], values)


@check
def partitions_as_parquet(client):
    """COPY of a table with every type: each value and each null is what QuestDB says, in one dataset of all partitions"""
    folder = QUESTDB.copy("every")
    assert sorted(os.listdir(folder)) == ["2026-02-03.parquet", "2026-02-04.parquet"]
    assert adopt("--key", "every", folder) == "every: 3 rows\n"
    assert_equal(read(client, "every"), expected("every"))


@check
def nanoseconds(client):
    """a table with a designated TIMESTAMP_NS keeps its nanoseconds, by Parquet and by CSV"""
    columns = expected("quotes")
    adopt("--key", "quotes", QUESTDB.copy("quotes"))
    assert_equal(read(client, "quotes"), columns)
    adopt("--key", "quotes_csv", QUESTDB.export("quotes", "quotes", "csv"))
    stored = read(client, "quotes_csv")
    assert stored.schema.field("ts").type == pa.timestamp("ns", "UTC")
    assert values_of(stored["ts"]) == columns["ts"][1]


@check
def in_place(client):
    """partitions that COPY wrote, and those that ALTER TABLE has converted, become parts as they are"""
    columns = expected("trades")
    copied = QUESTDB.copy("trades")
    assert adopt("--in-place", "--key", "trades", copied) == "trades: 2,000 rows in place\n"
    QUESTDB.sql("ALTER TABLE trades CONVERT PARTITION TO PARQUET WHERE ts < '2027-01-01'")
    pattern = f"{ROOT}/db/trades~*/*/data.parquet"
    eventually(lambda: len(glob.glob(pattern)) == 2, seconds=60)
    folder = os.path.dirname(os.path.dirname(glob.glob(pattern)[0]))
    assert "would both be" in adopt(folder, fails=True)
    assert adopt("--in-place", "--key", "converted", folder) == "converted: 2,000 rows in place\n"
    for key in ["trades", "converted"]:
        assert_equal(read(client, key), columns)
        total = query(client, f"SELECT count(*) AS rows, count(symbol) AS named FROM {key} WHERE ts >= '2026-02-03'").to_pylist()
        assert total == [{"rows": 2000, "named": sum(v is not None for v in columns["symbol"][1])}], total


@check
def csv(client):
    """/exp as CSV: texts, figures, truth values, instants and nulls are what QuestDB says; an empty text is no null"""
    columns = expected("every")
    adopt("--key", "csv", QUESTDB.export("every", "every", "csv"))
    stored = read(client, "csv")
    for name in ["ticker", "note", "venue", "price", "size", "n", "sh", "by", "flag", "id", "day", "at", "ns", "ts"]:
        assert values_of(stored[name]) == columns[name][1], (name, stored[name], columns[name])
    assert stored["f"].cast(pa.float32()).to_pylist() == columns["f"][1]
    assert stored["ip"].to_pylist() == ["192.168.1.255", None, "0.0.0.1"]
    assert stored["money"].to_pylist() == ["12345678901234.5678", "null", "0.0000"]
    adopt("--key", "trades_csv", QUESTDB.export("trades", "trades", "csv"))
    columns = expected("trades")
    stored = read(client, "trades_csv")
    assert {name: values_of(stored[name]) for name in columns} == {name: values for name, (_, values) in columns.items()}


@check
def one_file_of_many_partitions(client):
    """/exp as Parquet of one partition is imported; of several, where DuckDB reads nulls, the column is named and nothing stored"""
    day = QUESTDB.export("every WHERE ts IN '2026-02-03'", "one_day", "parquet")
    adopt(day)
    first = {name: (type, values[:2]) for name, (type, values) in expected("every").items()}
    assert_equal(read(client, "one_day"), first)
    several = QUESTDB.export("every", "several", "parquet")
    for flags in [[], ["--in-place"]]:
        error = adopt(*flags, several, fails=True)
        assert 'its column "note" has several dictionaries in a row group' in error, error
    raises(KeyError, "There is no dataset", lambda: read(client, "several"))
    trades = QUESTDB.export("trades", "trades_exp", "parquet")
    adopt(trades)
    assert_equal(read(client, "trades_exp"), expected("trades"))


@check
def what_has_no_type(client):
    """decimals of more than 38 digits are refused by name, and so are UUIDs and nanoseconds in place"""
    sql = "CREATE TABLE widest (amount DECIMAL(76,20), ts TIMESTAMP) TIMESTAMP(ts) PARTITION BY DAY WAL"
    QUESTDB.create("widest", sql, ["1.00000000000000000001m, '2026-02-03'"])
    QUESTDB.wait_for("widest", 1)
    error = adopt(QUESTDB.export("widest", "widest", "parquet"), fails=True)
    assert "Column 'amount' has the type decimal256(76, 20), which cannot be stored" in error, error
    assert "Column 'id' has the type UUID in SQL" in adopt("--in-place", "--key", "e", QUESTDB.copy("every"), fails=True)
    assert "Column 'ts'" in adopt("--in-place", "--key", "q", QUESTDB.copy("quotes"), fails=True)


try:
    run(fl.connect(URL))
finally:
    QUESTDB.close()
