"""
Every RPC and every action of Sterna through pyarrow and polars, over a real socket.
Usage: flight_checks.py grpc://HOST:PORT DATA_DIR
"""

import datetime
import decimal
import glob
import json
import os
import re
import sys

import polars as pl
import pyarrow as pa
import pyarrow.flight as fl
import pyarrow.parquet as pq

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import assert_same, check, eventually, raises, run  # noqa: E402

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")


def bars():
    return pl.read_csv(os.path.join(ROOT, "examples/data/btc-perp-1m.csv"), try_parse_dates=True).to_arrow()


def put(client, key, table, **options):
    descriptor = fl.FlightDescriptor.for_path(*([key] if isinstance(key, str) else key))
    if options:
        descriptor = fl.FlightDescriptor.for_command(json.dumps({"key": key, **options}))
    writer, reader = client.do_put(descriptor, table.schema)
    writer.write_table(table)
    writer.close()


def get(client, ticket):
    return client.do_get(fl.Ticket(ticket if isinstance(ticket, bytes) else ticket.encode())).read_all()


def sql(client, text):
    info = client.get_flight_info(fl.FlightDescriptor.for_command(text))
    return client.do_get(info.endpoints[0].ticket).read_all()


def act(client, kind, body=None):
    data = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return json.loads(b"".join(result.body.to_pybytes() for result in client.do_action(fl.Action(kind, data))))


def common_types():
    """A table of every common type of market data, with nulls and edges."""
    n = 1000
    null = lambda i, value: None if i % 7 == 3 else value  # noqa: E731
    ints = {
        f"{'u' if unsigned else ''}int{bits}": pa.array(
            [null(i, (i % 100) - (0 if unsigned else 50)) for i in range(n)],
            getattr(pa, f"{'u' if unsigned else ''}int{bits}")(),
        )
        for bits in (8, 16, 32, 64)
        for unsigned in (False, True)
    }
    second = lambda i: datetime.datetime(2026, 2, 3) + datetime.timedelta(seconds=i)  # noqa: E731
    columns = {
        **ints,
        "float32": pa.array([null(i, i * 0.5) for i in range(n)], pa.float32()),
        "float64": pa.array([null(i, [i / 3, float("nan"), -0.0, float("inf")][i % 4]) for i in range(n)]),
        "bool": pa.array([null(i, i % 3 == 0) for i in range(n)]),
        "utf8": pa.array([null(i, "s" * (i % 40) + "é€😀"[: i % 4]) for i in range(n)]),
        "large_utf8": pa.array([null(i, f"row {i}") for i in range(n)], pa.large_utf8()),
        "dictionary": pa.array([null(i, ["BTC", "ETH", "a symbol of more than 12 bytes"][i % 3]) for i in range(n)])
        .dictionary_encode(),
        "decimal": pa.array([null(i, decimal.Decimal(i - 500) / 100) for i in range(n)], pa.decimal128(18, 2)),
        "wide_decimal": pa.array([null(i, decimal.Decimal(10) ** 30 + i) for i in range(n)], pa.decimal128(38, 4)),
        "date": pa.array([null(i, second(i).date()) for i in range(n)]),
        "required": pa.array(range(n), pa.int64()),
    }
    for unit in ("s", "ms", "us", "ns"):
        columns[f"timestamp_{unit}"] = pa.array([null(i, second(i)) for i in range(n)], pa.timestamp(unit))
        columns[f"timestamp_{unit}_utc"] = pa.array([null(i, second(i)) for i in range(n)], pa.timestamp(unit, "UTC"))
    schema = pa.schema(
        [
            pa.field(name, column.type, nullable=name != "required", metadata={"unit": name} if name == "utf8" else None)
            for name, column in columns.items()
        ],
        metadata={"source": "checks"},
    )
    return pa.table(list(columns.values()), schema=schema)


@check
def readme_example(client, data_dir):
    """The example of the README works: put, get, and a 5-minute aggregate"""
    table = bars()
    put(client, "BTC_PERP_202201", table)
    assert get(client, "BTC_PERP_202201").equals(table, check_metadata=True)
    result = sql(
        client,
        "SELECT time_bucket(INTERVAL '5m', timestamp) t, avg(close), stddev(close) "
        "FROM BTC_PERP_202201 GROUP BY t ORDER BY t",
    )
    expected = (
        pl.from_arrow(table).sort("timestamp").group_by_dynamic("timestamp", every="5m").agg(pl.col("close").mean())
    )
    assert result.num_rows == expected.height
    assert abs(result[1][0].as_py() - expected["close"][0]) < 1e-9


@check
def put_common_types(client, data_dir):
    """Every common type comes back equal from the cache and from Parquet, metadata included"""
    table = common_types()
    put(client, "types", table)
    assert act(client, "describe", "types")["cached"]
    assert_same(get(client, "types"), table)
    act(client, "evict", "types")
    assert not act(client, "describe", "types")["cached"]
    assert_same(get(client, "types"), table)
    assert act(client, "describe", "types")["cached"], "the load has warmed the cache"


@check
def parquet_is_open(client, data_dir):
    """The part on disk is Parquet that pyarrow reads to the same table, named by its key"""
    table = bars()
    put(client, "OPEN_FORMAT", table)
    path = os.path.join(data_dir, "cold", "OPEN_FORMAT.parquet")
    assert pq.read_table(path).equals(table)
    compression = pq.ParquetFile(path).metadata.row_group(0).column(0).compression
    assert compression == "ZSTD", compression


@check
def polars_frames(client, data_dir):
    """A polars frame with its view types of strings comes back equal"""
    frame = pl.DataFrame({"symbol": ["BTC", None, "a name of more than twelve bytes"], "price": [1.5, 2.5, None]})
    put(client, "polars", frame.to_arrow())
    assert pl.from_arrow(get(client, "polars")).equals(frame)
    act(client, "evict", "polars")
    assert pl.from_arrow(get(client, "polars")).equals(frame)


@check
def batches_and_results(client, data_dir):
    """Each batch gets a PutResult: its own app_metadata where it has any, else rows and bytes; a last one on request"""
    batch = pa.record_batch({"x": pa.array(range(10))})
    command = json.dumps({"key": "results", "mode": "create", "result": True})
    writer, reader = client.do_put(fl.FlightDescriptor.for_command(command), batch.schema)
    writer.write_batch(batch)
    first = json.loads(reader.read().to_pybytes())
    assert first["rows"] == 10 and first["bytes"] > 80, first
    writer.write_with_metadata(batch, b"mine")
    assert reader.read().to_pybytes() == b"mine"
    writer.done_writing()
    last = json.loads(reader.read().to_pybytes())
    assert last["key"] == "results" and last["rows"] == 20 and last["parts"] == 1, last
    assert isinstance(last["version"], int)
    assert reader.read() is None
    writer.close()
    read = client.do_get(fl.Ticket(b"results"))
    chunks = list(read)
    assert [chunk.data.num_rows for chunk in chunks] == [10, 10]
    assert [chunk.app_metadata and chunk.app_metadata.to_pybytes() for chunk in chunks] == [None, b"mine"]


@check
def create_and_append(client, data_dir):
    """create refuses an existing key; append adds rows after the ones there; replace takes their place"""
    table = pa.table({"x": [1, 2]})
    put(client, "modes", table, mode="create")
    raises(pa.ArrowException, "modes", lambda: put(client, "modes", table, mode="create"))
    put(client, "modes", pa.table({"x": [3]}), mode="append")
    assert get(client, "modes")["x"].to_pylist() == [1, 2, 3]
    act(client, "evict", "modes")
    assert get(client, "modes")["x"].to_pylist() == [1, 2, 3]
    raises(pa.ArrowInvalid, "y", lambda: put(client, "modes", pa.table({"y": [3]}), mode="append"))
    put(client, "modes", pa.table({"y": ["other"]}))
    assert get(client, "modes").to_pydict() == {"y": ["other"]}
    assert sql(client, "SELECT * FROM modes").to_pydict() == {"y": ["other"]}


@check
def schema_evolution(client, data_dir):
    """A replace may change the schema: whoever reads goes on with the old part, and a series takes columns by name"""
    old = pa.table({"n": pa.array(range(2_000_000), pa.int64()), "x": pa.array([0.5] * 2_000_000)})
    new = pa.table({"name": ["a", "b"], "n": pa.array([1, 2], pa.int32())})
    put(client, "evolved_1", old)
    act(client, "evict", "evolved_1")
    for request in (b"evolved_1", b'{"key": "evolved_1", "columns": ["n", "x"]}', b'{"sql": "SELECT * FROM evolved_1"}'):
        reader = client.do_get(fl.Ticket(request))
        first = reader.read_chunk().data
        put(client, "evolved_1", new)
        rest = pa.Table.from_batches([first, *(chunk.data for chunk in reader)])
        assert rest.equals(old), request
        assert get(client, "evolved_1").equals(new)
        put(client, "evolved_1", old)
        act(client, "evict", "evolved_1")
    put(client, "evolved_1", old.slice(0, 3))
    put(client, "evolved_2", new)
    assert sql(client, 'SELECT n, x, name FROM "evolved_*" ORDER BY x, n, name').to_pydict() == {
        "n": [0, 1, 2, 1, 2],
        "x": [0.5, 0.5, 0.5, None, None],
        "name": [None, None, None, "a", "b"],
    }
    for key in ("evolved_1", "evolved_2"):
        act(client, "drop", key)


@check
def compaction_levels(client, data_dir):
    """compact takes the level of zstd that it is told to"""
    table = bars()
    put(client, "levels", table)
    sizes = [act(client, "compact", {"key": "levels", "level": level})["size_bytes_after"] for level in (1, 19)]
    assert sizes[1] < sizes[0], sizes
    raises(pa.ArrowInvalid, "level", lambda: act(client, "compact", {"key": "levels", "level": 23}))
    act(client, "evict", "levels")
    assert get(client, "levels").equals(table)
    act(client, "drop", "levels")


@check
def empty_tables(client, data_dir):
    """A table without rows keeps its schema"""
    table = pa.table({"x": pa.array([], pa.int64()), "s": pa.array([], pa.utf8())})
    put(client, "empty", table)
    for _ in range(2):
        assert get(client, "empty").equals(table)
        act(client, "evict", "empty")
    assert sql(client, "SELECT count(*) AS n FROM empty")["n"].to_pylist() == [0]


@check
def schemas_and_odd_keys(client, data_dir):
    """A path of two names a schema and a key; keys that are no file names are stored under encoded names"""
    table = pa.table({"x": [1]})
    put(client, ["crypto", "BTC"], table)
    assert get(client, json.dumps({"key": "BTC", "schema": "crypto"})).equals(table)
    assert sql(client, "SELECT * FROM crypto.BTC").equals(table)
    assert os.path.exists(os.path.join(data_dir, "cold", "crypto", "BTC.parquet"))
    for key in ["a/b", "../up", "space and é", "UPPER", ".hidden", "a.1", "100%", "x" * 200]:
        put(client, key, pa.table({"key": [key]}))
    for key in ["a/b", "../up", "space and é", "UPPER", ".hidden", "a.1", "100%", "x" * 200]:
        act(client, "evict", {"key": key})
        assert get(client, json.dumps({"key": key}))["key"].to_pylist() == [key]
        quoted = key.replace('"', '""')
        assert sql(client, f'SELECT * FROM "{quoted}"')["key"].to_pylist() == [key]
    assert not os.path.exists(os.path.join(data_dir, "up.parquet"))


@check
def list_flights(client, data_dir):
    """ListFlights lists datasets, by key glob where one is given, with schema, rows and bytes"""
    table = pa.table({"x": [1, 2, 3]})
    put(client, "listed_1", table)
    put(client, "listed_2", table)
    infos = list(client.list_flights(b"listed_*"))
    assert [info.descriptor.path for info in infos] == [[b"listed_1"], [b"listed_2"]]
    assert infos[0].schema.equals(table.schema) and infos[0].total_records == 3 and infos[0].total_bytes > 24
    assert len(list(client.list_flights())) >= 2
    assert list(client.list_flights(b"nothing_*")) == []


@check
def info_and_schema(client, data_dir):
    """GetFlightInfo, PollFlightInfo and GetSchema describe a dataset and SQL without running it"""
    table = pa.table({"x": [1, 2, 3]})
    put(client, "described", table)
    descriptor = fl.FlightDescriptor.for_path("described")
    info = client.get_flight_info(descriptor)
    assert info.schema.equals(table.schema, check_metadata=True)
    assert (info.total_records, info.ordered) == (3, True)
    assert client.do_get(info.endpoints[0].ticket).read_all().equals(table)
    assert client.get_schema(descriptor).schema.equals(table.schema)
    query = fl.FlightDescriptor.for_command(b"SELECT x, x * 1.5 AS y FROM described ORDER BY x")
    info = client.get_flight_info(query)
    assert info.ordered and info.total_records == -1
    result = client.do_get(info.endpoints[0].ticket).read_all()
    assert info.schema.equals(result.schema, check_metadata=True)
    assert client.get_schema(query).schema.equals(result.schema)
    assert result["y"].to_pylist() == [decimal.Decimal("1.5"), decimal.Decimal("3.0"), decimal.Decimal("4.5")]


@check
def ranges(client, data_dir):
    """A JSON ticket reads some columns, a time range, a filter and a limit, in the dataset's own types"""
    table = common_types()
    put(client, "ranges", table)
    ticket = {
        "key": "ranges",
        "columns": ["timestamp_us", "dictionary", "large_utf8", "decimal", "timestamp_ns_utc"],
        "where": "required % 2 = 0",
        "limit": 50,
    }
    result = get(client, json.dumps(ticket))
    assert result.num_rows == 50
    want = table.select(ticket["columns"])
    assert result.schema.equals(want.schema, check_metadata=True), f"{result.schema} != {want.schema}"
    expected = want.take(list(range(0, 100, 2)))
    for name in ticket["columns"]:
        if name == "dictionary":
            assert result[name].cast(pa.utf8()).to_pylist() == expected[name].cast(pa.utf8()).to_pylist()
        else:
            assert result[name].to_pylist() == expected[name].to_pylist(), name
    put(client, "range_bars", bars())
    day = get(client, json.dumps({"key": "range_bars", "start": "2022-01-02", "end": "2022-01-03"}))
    assert day.num_rows == 1440, day.num_rows
    assert str(day["timestamp"][0]) == "2022-01-02 00:00:00" or day["timestamp"][0].as_py().day == 2


@check
def sql_forms(client, data_dir):
    """Joins, CTEs, windows, ASOF joins, parameters, series and read_parquet patterns work"""
    day = lambda d: pa.table(  # noqa: E731
        {
            "ts": pa.array([datetime.datetime(2026, 2, d, 0, 0, s) for s in range(10)], pa.timestamp("us")),
            "price": pa.array([d * 100.0 + s for s in range(10)]),
        }
    )
    put(client, "trades_20260203", day(3))
    put(client, "trades_20260204", day(4))
    one = lambda text: sql(client, text).to_pydict()  # noqa: E731
    assert one('SELECT count(*) AS n FROM "trades_*"') == {"n": [20]}
    assert one("SELECT count(*) AS n FROM read_parquet('trades_*.parquet')") == {"n": [20]}
    assert one(f"SELECT count(*) AS n FROM read_parquet('{data_dir}/cold/trades_*.parquet')") == {"n": [20]}
    assert one("SELECT count(*) AS n FROM 'trades_20260203.parquet'") == {"n": [10]}
    assert one(
        "WITH a AS (SELECT max(price) AS p FROM trades_20260203) SELECT p, b.price FROM a JOIN trades_20260204 b "
        "ON b.price > p ORDER BY b.price LIMIT 1"
    ) == {"p": [309.0], "price": [400.0]}
    assert one("SELECT price - lag(price) OVER (ORDER BY ts) AS d FROM trades_20260203 LIMIT 2") == {"d": [None, 1.0]}
    asof = "SELECT a.price, b.price AS q FROM trades_20260204 a ASOF JOIN trades_20260203 b ON a.ts >= b.ts ORDER BY a.ts LIMIT 1"
    assert one(asof) == {"price": [400.0], "q": [309.0]}
    request = {"sql": "SELECT count(*) AS n FROM trades_20260203 WHERE price > ?", "parameters": [304.5]}
    assert get(client, json.dumps(request)).to_pydict() == {"n": [5]}
    named = {"sql": "SELECT count(*) AS n FROM trades_20260203 WHERE price > $low", "parameters": {"low": 304.5}}
    assert sql(client, json.dumps(named)).to_pydict() == {"n": [5]}
    plan = sql(client, "EXPLAIN ANALYZE SELECT sum(price) FROM trades_20260203")
    assert "PARQUET" in str(plan.to_pydict()).upper(), plan


@check
def refused_sql(client, data_dir):
    """SQL that writes, leaves the lake or is wrong is refused by name, and the server goes on"""
    invalid = (pa.ArrowInvalid, pa.ArrowKeyError)
    for text, word in [
        ("CREATE TABLE t (x INT)", "CREATE"),
        ("DROP TABLE trades_20260203", "DROP"),
        ("INSERT INTO trades_20260203 SELECT * FROM trades_20260203", "INSERT"),
        ("COPY (SELECT 1) TO '/tmp/x.csv'", "COPY"),
        ("ATTACH '/tmp/x.db'", "ATTACH"),
        ("PRAGMA database_list", "PRAGMA"),
        ("SELECT 1; SELECT 2", "statement"),
        ("SELECT * FROM read_csv('/etc/passwd')", "read_csv"),
        ("SELECT * FROM read_text('/etc/passwd')", "read_text"),
        ("SELECT * FROM '/etc/passwd'", "/etc/passwd"),
        ("SELECT getenv('HOME')", "getenv"),
        ("SELECT * FROM no_such_table", "no_such_table"),
        ("SELECT no_such_column FROM trades_20260203", "no_such_column"),
        ("SELEC 1", "SELEC"),
    ]:
        raises(invalid, word, lambda: sql(client, text))
    raises(
        pa.ArrowInvalid,
        "SQL_FAILED",
        lambda: sql(client, "SELECT CAST(CASE WHEN i = 999999 THEN 'x' ELSE '1' END AS INT) FROM range(1000000) t(i)"),
    )
    assert sql(client, "SELECT 1 AS one").to_pydict() == {"one": [1]}


@check
def result_cache(client, data_dir):
    """A repeated query comes from the result cache, and a put to its dataset makes it run anew"""
    hits = lambda: act(client, "stats")["queries"]["results"]["hits"]  # noqa: E731
    put(client, "cached_query", pa.table({"x": [1, 2, 3]}))
    text = "SELECT sum(x) AS s FROM cached_query"
    before = hits()
    assert [sql(client, text)["s"][0].as_py() for _ in range(3)] == [6, 6, 6]
    assert hits() == before + 2
    put(client, "cached_query", pa.table({"x": [10]}))
    assert sql(client, text)["s"][0].as_py() == 10
    assert hits() == before + 2
    assert sql(client, "SELECT random() AS r").equals(sql(client, "SELECT random() AS r")) is False


@check
def exchange(client, data_dir):
    """DoExchange runs SQL over the batches it gets, and `echo` gives each message back"""
    table = pa.table({"symbol": ["a", "b", "a"], "size": [1, 2, 3]})
    command = b"SELECT symbol, sum(size) AS total FROM input GROUP BY symbol ORDER BY symbol"
    writer, reader = client.do_exchange(fl.FlightDescriptor.for_command(command))
    with writer:
        writer.begin(table.schema)
        writer.write_table(table)
        writer.done_writing()
        result = reader.read_all()
    assert {k: [int(x) if k == "total" else x for x in v] for k, v in result.to_pydict().items()} == {
        "symbol": ["a", "b"],
        "total": [4, 2],
    }
    writer, reader = client.do_exchange(fl.FlightDescriptor.for_command(b"SELECT 42 AS answer"))
    with writer:
        writer.done_writing()
        assert reader.read_all().to_pydict() == {"answer": [42]}
    batch = pa.record_batch({"x": pa.array(range(10), pa.int32())})
    writer, reader = client.do_exchange(fl.FlightDescriptor.for_command(b"echo"))
    with writer:
        writer.begin(batch.schema)
        for index in range(4):
            if index % 2 == 0:
                writer.write_with_metadata(batch, str(index).encode())
            else:
                writer.write_batch(batch)
            chunk = reader.read_chunk()
            assert chunk.data.equals(batch)
            assert (chunk.app_metadata and chunk.app_metadata.to_pybytes()) == (b"%d" % index if index % 2 == 0 else None)
        writer.done_writing()


@check
def handshake(client, data_dir):
    """Handshake lets everyone in while the server is open"""
    client.authenticate(type("Auth", (fl.ClientAuthHandler,), {
        "authenticate": lambda self, outgoing, incoming: (outgoing.write(b""), setattr(self, "token", incoming.read())),
        "get_token": lambda self: self.token,
    })())


@check
def actions(client, data_dir):
    """Every action that ListActions names has a description and works"""
    table = bars()
    put(client, "acted", table)
    names = {action.type: action.description for action in client.list_actions()}
    # Those of the specification, which flight_sql_checks.py tries, begin with a capital; airport_checks.py tries others.
    own = {name for name, description in names.items() if name.islower() and not re.search(r"\(airport\b.*\)$", description)}
    assert own == {
        "query", "explain", "stats", "list", "describe", "drop", "warm", "evict", "flush", "compact", "compaction",
        "adopt", "retention", "history", "rollback", "backup", "configure", "rollup", "check", "health", "version",
    }, own
    assert all(len(description) > 20 for description in names.values())
    body = b"".join(r.body.to_pybytes() for r in client.do_action(fl.Action("query", b"SELECT count(*) AS n FROM acted")))
    assert pa.ipc.open_stream(body).read_all().to_pydict() == {"n": [table.num_rows]}
    assert "PARQUET" in act(client, "explain", "SELECT sum(close) FROM acted")["plan"].upper()
    assert "Total Time" in act(client, "explain", {"sql": "SELECT sum(close) FROM acted", "analyze": True})["plan"]
    assert any(entry["key"] == "acted" and entry["rows"] == table.num_rows for entry in act(client, "list"))
    assert [entry["key"] for entry in act(client, "list", {"glob": "acte?"})] == ["acted"]
    described = act(client, "describe", {"key": "acted"})
    assert [column["name"] for column in described["columns"]] == table.schema.names
    assert described["part_list"][0]["name"] == "acted.parquet" and described["parts"] == 1
    assert act(client, "evict", "acted") == {"key": "acted", "evicted": True}
    warmed = act(client, "warm", "acted")
    assert warmed["cached"] and warmed["bytes"] > table.num_rows * 40, warmed
    stats = act(client, "stats")
    for name in ("total_keys", "total_rows", "total_size_bytes", "arrow_size_bytes", "compression_ratio"):
        assert stats[name] > 0, name
    assert set(stats["cache"]) == {"bytes", "bytes_max", "entries", "hits", "misses", "hit_rate", "evictions"}
    assert set(stats["tiers"]) == {"hot", "log", "warm", "cold"}
    assert act(client, "flush", "acted")["rows"] == act(client, "describe", "acted")["rows"]
    compacted = act(client, "compact", "acted")
    assert compacted["parts_after"] == 1 and compacted["size_bytes_after"] < compacted["size_bytes_before"], compacted
    assert act(client, "describe", "acted")["part_list"][0]["tier"] == "cold"
    act(client, "evict", "acted")
    assert get(client, "acted").equals(table)
    checked = act(client, "check", {"glob": "acted"})
    assert (checked["datasets"], checked["rows"], checked["problems"]) == (1, table.num_rows, []), checked
    assert act(client, "configure", {"key": "acted", "options": {"durability": "none"}})["options"] == {"durability": "none"}
    assert act(client, "compaction", {"do": "pause"})["state"] == "paused"
    assert act(client, "compaction", {"do": "resume"})["state"] != "paused"
    assert act(client, "retention", {"glob": "acted", "dry_run": True}) == []
    rollup = act(client, "rollup", {"key": "acted_sum", "sql": f"SELECT time_bucket('1 hour', timestamp) AS hour, count(*) AS n FROM acted GROUP BY ALL"})
    assert rollup["source"] == {"schema": "main", "key": "acted"}, rollup
    act(client, "drop", "acted_sum")
    newest = act(client, "history", "acted")["versions"][0]
    assert newest["rows"] == table.num_rows, newest
    restored = act(client, "rollback", {"key": "acted", "version": newest["version"]})
    assert restored["restored"] == newest["version"] and restored["rows"] == table.num_rows, restored
    pieces = [result.body.to_pybytes() for result in client.do_action(fl.Action("backup", b""))]
    assert json.loads(pieces[-1][1:])["manifest"]["files"], pieces[-1]
    assert act(client, "health")["status"] == "serving"
    assert act(client, "version")["duckdb"] == "1.5.5"
    act(client, "drop", "acted")
    raises(pa.ArrowKeyError, "acted", lambda: get(client, "acted"))
    raises(NotImplementedError, "no_such_action", lambda: act(client, "no_such_action"))
    raises(pa.ArrowInvalid, "glub", lambda: act(client, "list", {"glub": 1}))
    eventually(lambda: glob.glob(os.path.join(data_dir, "cold", "acted*")) == [])


@check
def abandoned_put(client, data_dir):
    """A put that is given up leaves nothing, although pyarrow's writer can only half-close"""
    batch = pa.record_batch({"x": pa.array(range(10))})
    writer, _ = client.do_put(fl.FlightDescriptor.for_path("abandoned"), batch.schema)
    writer.write_batch(batch)
    writer.write_metadata(b'{"abandon":true}')
    raises(fl.FlightCancelledError, "gave the put up", writer.close)
    raises(pa.ArrowKeyError, "abandoned", lambda: get(client, "abandoned"))


@check
def bad_requests(client, data_dir):
    """Bad keys, tickets and commands are refused with what was wrong"""
    table = pa.table({"x": [1]})
    raises(pa.ArrowKeyError, "no_such_key", lambda: get(client, "no_such_key"))
    raises(pa.ArrowInvalid, "TICKET_MALFORMED", lambda: get(client, b""))
    raises(pa.ArrowInvalid, "201 bytes", lambda: put(client, "x" * 201, table))
    raises(pa.ArrowInvalid, "colums", lambda: get(client, '{"key": "x", "colums": []}'))
    raises(pa.ArrowInvalid, "DoPut needs", lambda: (lambda w: (w.write_table(table), w.close()))(
        client.do_put(fl.FlightDescriptor.for_command(b"SELECT 1"), table.schema)[0]))


if __name__ == "__main__":
    url, data_dir = sys.argv[1:3]
    run(fl.connect(url), data_dir, only=sys.argv[3] if len(sys.argv) > 3 else None)
