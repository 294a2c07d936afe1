"""
Versions of the past through pyarrow. Usage: history_checks.py PHASE grpc://HOST:PORT

first      on an empty server that keeps history
second     after a restart that keeps it as well
without    after one that does not
"""

import datetime
import json
import os
import sys
import threading
import time

import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import assert_same, check, raises, run  # noqa: E402
from flight_calls import act, put, query, read  # noqa: E402

PHASE, URL = sys.argv[1:3]
KEY = "ticks"
FIRST = pa.table({"ts": pa.array([1, 2, 3], pa.timestamp("us")), "price": [1.5, None, 2.5], "symbol": ["A", "B", "A"]})
SECOND = pa.table({"ts": pa.array([4, 5], pa.timestamp("us")), "price": [0.5, 9.0], "symbol": ["C", "C"]})
NARROW = pa.table({"n": pa.array([7], pa.int32())}, metadata={"feed": "second"})
DICTIONARY = FIRST.set_column(2, "symbol", FIRST["symbol"].dictionary_encode())


def version(client, key=KEY):
    return act(client, "describe", key=key)["version"]


if PHASE == "first":

    @check
    def each_version_is_read_as_it_was(client):
        """each version is read with its rows and its schema, by JSON, by FlightInfo, by a filter and by SQL"""
        put(client, KEY, FIRST)
        one = version(client)
        put(client, KEY, SECOND, mode="append")
        act(client, "flush", key=KEY)
        two = version(client)
        put(client, KEY, DICTIONARY)
        three = version(client)
        put(client, KEY, NARROW)
        four = version(client)
        both = pa.concat_tables([FIRST, SECOND])
        for number, table in {one: FIRST, two: both, three: DICTIONARY, four: NARROW}.items():
            assert_same(read(client, key=KEY, version=number), table)
            info = client.get_flight_info(fl.FlightDescriptor.for_command(json.dumps({"key": KEY, "version": number})))
            assert info.total_records == table.num_rows
            assert info.schema.equals(table.schema, check_metadata=True)
            assert_same(client.do_get(info.endpoints[0].ticket).read_all(), table)
            rows = query(client, f"FROM {KEY} AT (VERSION => {number})")
            assert rows.num_rows == table.num_rows, (number, rows)
        cut = read(client, key=KEY, version=two, where="price > 1", columns=["ts"])
        assert cut.to_pydict() == both.filter(pa.compute.greater(both["price"], 1)).select(["ts"]).to_pydict()
        joined = query(client, f"SELECT count(*) AS n FROM {KEY} a AT (VERSION => {two}) JOIN {KEY} b AT (VERSION => {one}) USING (ts)")
        assert joined["n"].to_pylist() == [3]
        again = query(client, f"SELECT count(*) AS n FROM {KEY} a AT (VERSION => {one}), {KEY}")
        assert again["n"].to_pylist() == [3]

    @check
    def an_instant_is_the_version_of_then(client):
        """an instant means the version that was the last one then"""
        put(client, "clock", FIRST)
        one = version(client, "clock")
        time.sleep(0.05)
        then = datetime.datetime.now(datetime.timezone.utc)
        time.sleep(0.05)
        put(client, "clock", SECOND)
        assert_same(read(client, key="clock", at=then.isoformat()), FIRST)
        assert query(client, f"FROM clock AT (TIMESTAMP => '{then.isoformat()}')").num_rows == 3
        assert query(client, f"FROM clock AT (TIMESTAMP => TIMESTAMP '{then:%Y-%m-%d %H:%M:%S.%f}')").num_rows == 3
        assert_same(read(client, key="clock", at="2100-01-01"), SECOND)
        raises(KeyError, "the oldest version that is kept is 0", lambda: read(client, key="clock", at="2020-01-01"))
        put(client, "late_clock", FIRST)
        absent = f"in version {one}"
        raises(KeyError, absent, lambda: read(client, key="late_clock", at=then.isoformat()))
        raises(KeyError, absent, lambda: query(client, f"FROM late_clock AT (TIMESTAMP => '{then.isoformat()}')"))
        raises(pa.ArrowInvalid, "is no timestamp", lambda: query(client, "FROM clock AT (TIMESTAMP => 'yesterday')"))

    @check
    def rows_of_the_log_belong_to_their_flush(client):
        """rows in the log are in no version before the one that makes them a part"""
        put(client, "logged", FIRST)
        before = version(client, "logged")
        put(client, "logged", SECOND, mode="append")
        assert read(client, key="logged").num_rows == 5
        assert read(client, key="logged", version=before).num_rows == 3
        assert query(client, f"FROM logged AT (VERSION => {before})").num_rows == 3
        act(client, "flush", key="logged")
        assert read(client, key="logged", version=before).num_rows == 3
        assert read(client, key="logged", version=version(client, "logged")).num_rows == 5

    @check
    def patterns_mean_the_keys_of_then(client):
        """a pattern means the keys that there were"""
        put(client, "series_1", FIRST)
        one = version(client, "series_1")
        put(client, "series_2", FIRST)
        assert query(client, f'FROM "series_*" AT (VERSION => {one})').num_rows == 3
        assert query(client, 'FROM "series_*"').num_rows == 6
        act(client, "drop", key="series_1")
        assert query(client, f'FROM "series_*" AT (VERSION => {one})').num_rows == 3
        assert_same(read(client, key="series_1", version=one), FIRST)
        raises(KeyError, f"in version {one}", lambda: read(client, key="series_2", version=one))
        raises(KeyError, f"in version {one}", lambda: query(client, f"FROM series_2 AT (VERSION => {one})"))

    @check
    def a_result_of_one_version_is_never_that_of_another(client):
        """results from the cache are those of the version that was asked for"""
        put(client, "cached", FIRST)
        one = version(client, "cached")
        put(client, "cached", SECOND)
        for _ in range(2):
            assert query(client, f"SELECT count(*) AS n FROM cached AT (VERSION => {one})")["n"].to_pylist() == [3]
            assert query(client, "SELECT count(*) AS n FROM cached")["n"].to_pylist() == [2]

    @check
    def history_lists_what_changed(client):
        """history lists each version with what it did, and each can be read"""
        put(client, "listed", FIRST)
        put(client, "listed", SECOND, mode="append")
        act(client, "flush", key="listed")
        act(client, "compact", key="listed")
        put(client, "listed", NARROW)
        act(client, "drop", key="listed")
        put(client, "listed", SECOND)
        versions = act(client, "history", key="listed")["versions"]
        found = [(v["change"], v["rows"]) for v in versions]
        assert found == [
            ("created", 2),
            ("dropped", 0),
            ("replaced", 1),
            ("rewritten", 5),
            ("appended", 5),
            ("created", 0),
            ("created", 3),
        ] or found == [
            ("created", 2),
            ("dropped", 0),
            ("replaced", 1),
            ("rewritten", 5),
            ("appended", 5),
            ("created", 3),
        ], found
        assert [v["version"] for v in versions] == sorted((v["version"] for v in versions), reverse=True)
        for v in versions:
            if v["change"] != "dropped":
                assert read(client, key="listed", version=v["version"]).num_rows == v["rows"]
                assert (v["size_bytes"] > 0, v["parts"] > 0) == (True, True)
        newest = act(client, "history", key="listed", limit=1)["versions"]
        assert newest == versions[:1]
        raises(KeyError, "no dataset", lambda: act(client, "history", key="never"))

    @check
    def rollback_brings_back_what_was(client):
        """rollback makes a dataset what it was: rows, schema and all, in a new version, and can be taken back itself"""
        put(client, "undo", FIRST)
        one = version(client, "undo")
        put(client, "undo", SECOND, mode="append")
        summary = act(client, "rollback", key="undo", version=one)
        assert (summary["rows"], summary["restored"]) == (3, one), summary
        assert summary["version"] == version(client, "undo") > one + 1
        assert_same(read(client, key="undo"), FIRST)
        assert query(client, "SELECT count(*) AS n FROM undo")["n"].to_pylist() == [3]
        # What was in the log then is in the version before.
        assert read(client, key="undo", version=summary["version"] - 1).num_rows == 5
        again = act(client, "rollback", key="undo", version=summary["version"] - 1)
        assert_same(read(client, key="undo"), pa.concat_tables([FIRST, SECOND]))
        put(client, "undo", NARROW)
        act(client, "rollback", key="undo", version=again["version"])
        act(client, "evict", key="undo")
        assert_same(read(client, key="undo"), pa.concat_tables([FIRST, SECOND]))
        put(client, "undo", SECOND, mode="append")
        assert read(client, key="undo").num_rows == 7
        messages = [v["message"] for v in act(client, "history", key="undo")["versions"]]
        assert f"Rolled back to version {one}" in messages, messages

    @check
    def a_dropped_dataset_comes_back(client):
        """a dataset that was dropped is there again, with its dictionary"""
        put(client, "gone", DICTIONARY)
        one = version(client, "gone")
        act(client, "drop", key="gone")
        raises(KeyError, "no dataset", lambda: read(client, key="gone"))
        act(client, "rollback", key="gone", version=one)
        assert_same(read(client, key="gone"), DICTIONARY)
        assert act(client, "check", glob="gone")["problems"] == []

    @check
    def a_rollback_to_nowhere_is_refused(client):
        """a rollback to a version without the dataset, to none, or of what never was changes nothing"""
        put(client, "late", FIRST)
        one = version(client, "late")
        raises(KeyError, "in version", lambda: act(client, "rollback", key="late", version=one - 1))
        raises(KeyError, "the latest is", lambda: act(client, "rollback", key="late", version=10**6))
        raises(pa.ArrowInvalid, "version", lambda: act(client, "rollback", key="late"))
        assert version(client, "late") == one

    @check
    def appends_during_rollbacks_are_whole_or_refused(client):
        """batches that come during rollbacks are acknowledged and in a version, or refused"""
        put(client, "busy", FIRST)
        one = version(client, "busy")
        told, stop = [], threading.Event()

        def append():
            other = fl.connect(URL)
            while not stop.is_set():
                command = json.dumps({"key": "busy", "mode": "append"})
                writer, reader = other.do_put(fl.FlightDescriptor.for_command(command), FIRST.schema)
                try:
                    for _ in range(50):
                        row = pa.table({"ts": pa.array([1000 + len(told)], pa.timestamp("us")), "price": [1.0], "symbol": ["x"]})
                        writer.write_table(row)
                        if reader.read() is None:
                            break
                        told.append(1000 + len(told))
                    writer.close()
                except pa.ArrowException as error:
                    assert "COMMIT_CONFLICT" in str(error), error
            other.close()

        thread = threading.Thread(target=append)
        thread.start()
        seen = set()
        for _ in range(4):
            time.sleep(0.3)
            made = act(client, "rollback", key="busy", version=one)["version"]
            assert read(client, key="busy", version=made).num_rows == 3
        stop.set()
        thread.join()
        act(client, "flush", key="busy")
        for v in act(client, "history", key="busy")["versions"]:
            seen |= {int(t.value) for t in read(client, key="busy", version=v["version"])["ts"]}
        assert len(told) > 20 and set(told) <= seen, (len(told), sorted(set(told) - seen))

    @check
    def what_is_not_there_is_refused(client):
        """a version to come, both ways at once, and a negative one are refused"""
        raises(KeyError, "the latest is", lambda: read(client, key=KEY, version=10**6))
        raises(KeyError, "the latest is", lambda: query(client, f"FROM {KEY} AT (VERSION => 1000000)"))
        raises(pa.ArrowInvalid, "both", lambda: read(client, key=KEY, version=1, at="2026-01-01"))
        raises(pa.ArrowInvalid, "version", lambda: read(client, key=KEY, version=-1))


if PHASE == "second":

    @check
    def versions_outlive_a_restart(client):
        """versions are there after the server was killed"""
        assert_same(read(client, key=KEY, version=1), FIRST)
        assert_same(read(client, key=KEY), NARROW)

    @check
    def rollbacks_outlive_a_restart(client):
        """what was rolled back is there after the server was killed, and nothing of what it took away"""
        assert read(client, key="undo").num_rows == 7
        assert_same(read(client, key="gone"), DICTIONARY)
        assert act(client, "check")["problems"] == []

    @check
    def rollback_after_a_restart(client):
        """a version from before the restart can be brought back"""
        act(client, "rollback", key=KEY, version=1)
        assert_same(read(client, key=KEY), FIRST)


if PHASE == "repaired":

    @check
    def rollbacks_outlive_the_catalog(client):
        """a catalog that is made again from the parts has the rows after the rollbacks"""
        assert_same(read(client, key=KEY), FIRST)
        assert read(client, key="undo").num_rows == 7
        assert_same(read(client, key="gone"), DICTIONARY)


if PHASE == "without":

    @check
    def without_history_the_next_commit_forgets(client):
        """a server that keeps no history forgets it with its next commit, and says what it still has"""
        put(client, "new", FIRST)
        last = version(client, "new")
        raises(KeyError, f"the oldest version that is kept is {last}", lambda: read(client, key=KEY, version=1))
        raises(KeyError, f"is kept is {last}", lambda: query(client, f"FROM {KEY} AT (VERSION => 1)"))
        assert_same(read(client, key=KEY, version=last), FIRST)


run(fl.connect(URL))
