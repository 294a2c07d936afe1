"""
Appends through pyarrow, seen by a second client. Usage: append_checks.py PHASE grpc://HOST:PORT

first    appends in every way, and reads after each batch
second   after a restart: everything is there, and what is sent again is known
"""

import json
import sys
import threading

import pyarrow as pa
import pyarrow.flight as fl

import os

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import assert_same, check, raises, run  # noqa: E402
from flight_calls import act, put, query  # noqa: E402

PHASE, URL = sys.argv[1:3]
SCHEMA = pa.schema(
    [
        ("ts", pa.timestamp("ms", "UTC")),
        ("symbol", pa.dictionary(pa.int32(), pa.utf8())),
        ("price", pa.float64()),
        ("flags", pa.list_(pa.int8())),
    ]
)


def batch(start, rows=10, symbols=("BTC", "ETH")):
    return pa.record_batch(
        [
            pa.array([1_700_000_000_000 + i for i in range(start, start + rows)], pa.timestamp("ms", "UTC")),
            pa.DictionaryArray.from_arrays(pa.array([i % len(symbols) for i in range(rows)], pa.int32()), list(symbols)),
            pa.array([None if i % 7 == 0 else i / 4 for i in range(start, start + rows)]),
            pa.array([[i % 3] * (i % 4) for i in range(rows)], pa.list_(pa.int8())),
        ],
        schema=SCHEMA,
    )


class Appending:
    """A put that stays open; `send` waits for the answer."""

    def __init__(self, client, key, schema=SCHEMA, **options):
        command = json.dumps({"key": key, "mode": "append", **options})
        self.writer, self.reader = client.do_put(fl.FlightDescriptor.for_command(command), schema)

    def send(self, data, metadata=None):
        if metadata is None:
            self.writer.write_batch(data)
        else:
            self.writer.write_with_metadata(data, metadata)
        answer = self.reader.read()
        if answer is None:
            # Says why there is none.
            self.writer.close()
        return answer.to_pybytes()

    def close(self):
        self.writer.done_writing()
        answers = []
        while (answer := self.reader.read()) is not None:
            answers.append(json.loads(answer.to_pybytes()))
        self.writer.close()
        return answers


def get(client, key):
    return client.do_get(fl.Ticket(key.encode())).read_all()


def plain(table):
    return table.cast(pa.schema([field.with_type(pa.utf8()) if pa.types.is_dictionary(field.type) else field for field in table.schema]))


if PHASE == "first":

    @check
    def at_once(client, other):
        """A batch is seen by another client, by DoGet and by SQL, as soon as it is acknowledged"""
        put_open = Appending(client, "ticks")
        sent = []
        for index in range(5):
            sent.append(batch(index * 10, symbols=("BTC", f"S{index}")))
            answer = json.loads(put_open.send(sent[-1]))
            assert answer == {"sequence": index + 1, "rows": 10, "durability": "fsync"}, answer
            assert_same(plain(get(other, "ticks")), plain(pa.Table.from_batches(sent)))
            expected = sum(price for price in pa.Table.from_batches(sent)["price"].to_pylist() if price)
            for name in ["ticks", "\"tick*\"", "read_parquet('ticks.parquet')", "read_parquet('tick?.parquet')"]:
                row = query(other, f"SELECT count(*) AS n, sum(price) AS p, max(symbol) AS s FROM {name}").to_pylist()
                assert row == [{"n": 10 * (index + 1), "p": expected, "s": f"S{index}"}], (name, row)
            info = other.get_flight_info(fl.FlightDescriptor.for_path("ticks"))
            assert info.total_records == 10 * (index + 1)
        assert put_open.close() == []

    @check
    def ranges(client, other):
        """Ranges and joins read the log after the parts, in the dataset's own types, and limits in the order of the rows"""
        act(client, "flush", "ticks")
        writing = Appending(client, "ticks")
        writing.send(batch(50))
        request = {"key": "ticks", "columns": ["ts", "symbol"], "start": "2023-11-14T22:13:20.045Z", "limit": 8}
        table = other.do_get(fl.Ticket(json.dumps(request).encode())).read_all()
        assert table.schema.field("symbol").type == SCHEMA.field("symbol").type, table.schema
        assert [t.microsecond // 1000 for t in table["ts"].to_pylist()] == list(range(45, 53))
        joined = query(other, "SELECT count(*) AS n FROM ticks a JOIN ticks b USING (ts)")
        assert joined["n"].to_pylist() == [60]
        assert query(other, "SELECT ts FROM ticks")["ts"].to_pylist() == get(other, "ticks")["ts"].to_pylist()
        types = query(other, "DESCRIBE ticks")["column_type"].to_pylist()
        writing.close()
        act(client, "flush", "ticks")
        assert query(other, "DESCRIBE ticks")["column_type"].to_pylist() == types

    @check
    def small_batches(client, other):
        """Rows that came one by one are read in one batch once they are in a part, and stay in memory as that"""
        writing = Appending(client, "one_by_one")
        sent = [batch(index, rows=1) for index in range(100)]
        for each in sent:
            writing.send(each)
        assert get(other, "one_by_one")["ts"].num_chunks == 100
        act(client, "flush", "one_by_one")
        for _ in range(2):
            table = get(other, "one_by_one")
            assert table["ts"].num_chunks == 1
            assert_same(plain(table), plain(pa.Table.from_batches(sent)))
            assert act(client, "describe", "one_by_one")["cached"]
        writing.send(batch(100))
        act(client, "flush", "one_by_one")
        assert get(other, "one_by_one")["ts"].num_chunks == 2, "one batch is cached as it came"
        writing.close()

    @check
    def flushes(client, other):
        """A flush changes where the rows are and nothing else, also while batches come"""
        writing = Appending(client, "flushed", result=True)
        rows = 0
        for index in range(12):
            answer = json.loads(writing.send(batch(index * 10)))
            assert answer["sequence"] == index + 1
            rows += 10
            if index % 3 == 2:
                flushed = act(client, "flush", "flushed")
                assert (flushed["rows"], flushed["parts"]) == (rows, index // 3 + 1), flushed
            assert get(other, "flushed")["ts"].to_pylist() == [t for t in query(other, "SELECT ts FROM flushed")["ts"].to_pylist()]
            assert other.get_flight_info(fl.FlightDescriptor.for_path("flushed")).total_records == rows
        (summary,) = writing.close()
        assert (summary["rows"], summary["sequence"], summary["durability"]) == (120, 12, "fsync"), summary
        compacted = act(client, "compact", "flushed")
        assert compacted["parts_after"] == 1
        assert_same(plain(get(other, "flushed")), plain(pa.Table.from_batches([batch(i * 10) for i in range(12)])))
        act(client, "evict", "flushed")
        assert_same(plain(get(other, "flushed")), plain(pa.Table.from_batches([batch(i * 10) for i in range(12)])))

    @check
    def consistent(client, other):
        """While a writer appends and logs become parts, every read has all acknowledged rows and none twice"""
        schema = pa.schema([("n", pa.int64())])
        writing = Appending(client, "steady", schema)
        acknowledged = [0]
        failures = []
        over = threading.Event()

        def read():
            while not over.is_set():
                try:
                    before = acknowledged[0]
                    numbers = get(other, "steady")["n"].to_pylist() if before else []
                    assert numbers == list(range(len(numbers))) and len(numbers) >= before, (before, len(numbers))
                    before = acknowledged[0]
                    if before:
                        n, low, high, distinct = query(
                            other, "SELECT count(*) n, min(n) low, max(n) high, count(DISTINCT n) d FROM steady"
                        ).to_pylist()[0].values()
                        assert n == distinct == high + 1 and low == 0 and n >= before, (before, n, high, distinct)
                except BaseException as error:  # noqa: BLE001
                    failures.append(error)
                    return

        reader = threading.Thread(target=read)
        reader.start()
        for index in range(60):
            writing.send(pa.record_batch([pa.array(range(index * 5, index * 5 + 5), pa.int64())], schema=schema))
            acknowledged[0] = (index + 1) * 5
            if index % 7 == 0:
                act(client, "flush", "steady")
        over.set()
        reader.join()
        writing.close()
        assert not failures, failures

    @check
    def ids(client, other):
        """A batch that is sent again under its id is acknowledged with its first sequence and not stored again"""
        writing = Appending(client, "named", durability="interval")
        answers = [json.loads(writing.send(batch(0), b'{"id": "a"}')) for _ in range(2)]
        first = {"id": "a", "sequence": 1, "rows": 10, "durability": "interval"}
        assert answers == [first, {**first, "repeated": True}], answers
        assert writing.send(batch(10), b"echo me") == b"echo me"
        act(client, "flush", "named")
        assert json.loads(writing.send(batch(0), b'{"id": "a"}'))["repeated"]
        assert json.loads(writing.send(batch(20), b'{"id": "b", "more": 1}'))["sequence"] == 3
        writing.close()
        assert get(other, "named").num_rows == 30
        for bad in [b'{"id": 7}', b'{"id": ""}', json.dumps({"id": "x" * 201}).encode()]:
            refused = Appending(client, "named")
            raises(pa.ArrowInvalid, "REQUEST_INVALID", lambda: (refused.send(batch(0), bad), refused.close()))

    @check
    def refused(client, other):
        """Another schema, an unknown durability, and one without append are refused and change nothing"""
        other_schema = pa.schema([("x", pa.int64())])
        row = pa.record_batch([pa.array([1])], schema=other_schema)

        def send(**options):
            writing = Appending(client, "ticks", other_schema, **options)
            writing.send(row)
            writing.close()

        raises(pa.ArrowInvalid, "SCHEMA_MISMATCH", send)
        raises(pa.ArrowInvalid, "durability", lambda: send(durability="most"))
        raises(pa.ArrowInvalid, "REQUEST_INVALID", lambda: send(mode="replace", durability="none"))
        assert get(other, "ticks").num_rows == 60

    @check
    def replaced(client, other):
        """A replace or a drop ends the log with all its rows, and whoever is appending is told so"""
        for key, end in [
            ("gone", lambda: put(other, "gone", pa.table({"y": [1]}))),
            ("kept", lambda: put(other, "kept", pa.Table.from_batches([batch(90)]))),
            ("dropped", lambda: act(other, "drop", "dropped")),
        ]:
            writing = Appending(client, key)
            writing.send(batch(0))
            end()
            raises(pa.ArrowException, "COMMIT_CONFLICT", lambda: (writing.send(batch(10)), writing.close()))
        assert get(other, "gone").to_pydict() == {"y": [1]}
        assert_same(plain(get(other, "kept")), plain(pa.Table.from_batches([batch(90)])))
        raises(KeyError, "dropped", lambda: get(other, "dropped"))
        again = Appending(client, "dropped")
        again.send(batch(5))
        again.close()
        assert get(other, "dropped").num_rows == 10
        after = Appending(client, "kept")
        after.send(batch(7))
        after.close()
        assert get(other, "kept").num_rows == 20

    @check
    def odd_keys(client, other):
        """Keys that are no file names and other schemas have logs of their own"""
        for key, schema in [("BTC/USD 1.log", "main"), ("ticks", "desk"), ("ü" * 90, "main")]:
            writing = Appending(client, key, schema_name=None) if schema is None else None
            command = json.dumps({"key": key, "schema": schema, "mode": "append"})
            writer, reader = client.do_put(fl.FlightDescriptor.for_command(command), SCHEMA)
            writer.write_batch(batch(0))
            reader.read()
            writer.close()
            assert get(other, json.dumps({"key": key, "schema": schema})).num_rows == 10, writing

    @check
    def no_rows(client, other):
        """An append without batches makes the dataset, and batches without rows are acknowledged"""
        Appending(client, "empty").close()
        assert get(other, "empty").num_rows == 0 and query(other, "SELECT * FROM empty").num_rows == 0
        writing = Appending(client, "empty")
        assert json.loads(writing.send(batch(0, 0)))["rows"] == 0
        writing.send(batch(0, 3))
        writing.close()
        assert get(other, "empty").num_rows == 3

else:

    @check
    def same_rows(client, other):
        """After a restart every dataset has the rows that it had"""
        rows = {key: get(client, key).num_rows for key in ["ticks", "flushed", "steady", "named", "gone", "kept", "dropped", "empty"]}
        assert rows == {
            "ticks": 60, "flushed": 120, "steady": 300, "named": 30, "gone": 1, "kept": 20, "dropped": 10, "empty": 3
        }, rows
        assert_same(plain(get(other, "flushed")), plain(pa.Table.from_batches([batch(i * 10) for i in range(12)])))
        for key, schema in [("BTC/USD 1.log", "main"), ("ticks", "desk"), ("ü" * 90, "main")]:
            assert get(other, json.dumps({"key": key, "schema": schema})).num_rows == 10
        assert query(other, "SELECT count(*) AS n FROM named")["n"].to_pylist() == [30]

    @check
    def same_ids(client, other):
        """After a restart ids are known, and sequences go on"""
        writing = Appending(client, "named")
        for name, sequence in [("a", 1), ("b", 3)]:
            answer = json.loads(writing.send(batch(0), json.dumps({"id": name}).encode()))
            assert answer == {
                "id": name, "sequence": sequence, "rows": 10, "durability": "fsync", "repeated": True
            }, answer
        assert json.loads(writing.send(batch(30)))["sequence"] > 3
        writing.close()
        get_rows = get(other, "named").num_rows
        assert get_rows == 40, get_rows
        act(client, "drop", "named")
        put(client, "named", pa.Table.from_batches([batch(0), batch(10), batch(20)]))


run(fl.connect(URL), fl.connect(URL))
