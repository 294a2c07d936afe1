"""Every method of StorageClient against the server that STERNA_URL names."""

import datetime
import os
import unittest
from typing import Iterator

import pandas as pd
import polars as pl
import pyarrow as pa

from sterna import DatasetExistsError, DatasetNotFoundError, QueryError, RequestError, StorageClient, UnavailableError

TRADES = pl.DataFrame(
    {
        "time": [datetime.datetime(2026, 2, 3, 9, 30, second) for second in range(6)],
        "symbol": ["A", "B", "A", None, "B", "A"],
        "price": [10.0, 20.5, 10.25, None, 20.25, 10.5],
        "size": [100, 200, 150, 0, 250, 50],
    }
)


class Remote(unittest.TestCase):
    def setUp(self) -> None:
        self.client = StorageClient(os.environ["STERNA_URL"])
        self.addCleanup(self.client.close)

    def tearDown(self) -> None:
        for dataset in self.client.list():
            self.client.drop(dataset["key"])

    def test_a_polars_frame_comes_back_the_same(self) -> None:
        stored = self.client.store("trades", TRADES)
        self.assertEqual((stored["key"], stored["rows"]), ("trades", 6))
        self.assertTrue(self.client.load("trades").equals(TRADES))

    def test_a_pandas_frame_comes_back_the_same_with_its_index(self) -> None:
        index = pd.date_range("2026-02-03", periods=3, freq="min", tz="UTC", name="time")
        frame = pd.DataFrame({"price": [1.0, 2.0, 3.0], "symbol": ["A", "B", "C"]}, index=index)
        self.client.store("bars", frame)
        pd.testing.assert_frame_equal(self.client.load("bars", as_="pandas"), frame, check_freq=False)

    def test_a_pyarrow_table_comes_back_the_same_with_its_metadata(self) -> None:
        table = pa.table({"n": pa.array([1, None, 3], pa.int16())}, metadata={"source": "test"})
        self.client.store("numbers", table)
        loaded = self.client.load("numbers", as_="arrow")
        self.assertTrue(loaded.equals(table))
        self.assertEqual(loaded.schema.metadata, table.schema.metadata)

    def test_an_empty_frame_keeps_its_columns(self) -> None:
        self.client.store("empty", TRADES.clear())
        self.assertTrue(self.client.load("empty").equals(TRADES.clear()))

    def test_more_batches_than_may_wait_for_their_results_are_stored(self) -> None:
        schema = pa.schema([("n", pa.int64())])
        batches = (pa.record_batch([pa.array([n], pa.int64())], schema) for n in range(2_000))
        self.client.store("many", pa.RecordBatchReader.from_batches(schema, batches))
        self.assertEqual(self.client.load("many", as_="arrow").column("n").to_pylist(), list(range(2_000)))

    def test_replace_takes_the_place_and_create_refuses(self) -> None:
        self.client.store("trades", TRADES)
        self.client.store("trades", TRADES.head(2))
        self.assertEqual(self.client.load("trades").height, 2)
        with self.assertRaises(DatasetExistsError):
            self.client.store("trades", TRADES, mode="create")
        self.assertEqual(self.client.load("trades").height, 2)
        self.client.store("fresh", TRADES, mode="create")
        self.assertEqual(self.client.load("fresh").height, 6)

    def test_a_source_that_fails_half_way_leaves_what_was_there(self) -> None:
        schema = pa.schema([("n", pa.int64())])
        self.client.store("numbers", pa.table({"n": [7]}))
        for error in (RuntimeError("the source broke"), KeyboardInterrupt(), pa.ArrowInvalid("the source is corrupt")):

            def batches() -> Iterator[pa.RecordBatch]:
                yield pa.record_batch([pa.array([1], pa.int64())], schema)
                raise error

            with self.assertRaises(type(error)):
                self.client.store("numbers", pa.RecordBatchReader.from_batches(schema, batches()))
            self.assertEqual(self.client.load("numbers", as_="arrow").to_pydict(), {"n": [7]})

    def test_a_part_of_a_dataset_is_loaded(self) -> None:
        self.client.store("trades", TRADES)
        part = self.client.load("trades", columns=["size", "symbol"], where="price > 20", limit=1)
        self.assertEqual(part.to_dicts(), [{"size": 200, "symbol": "B"}])

    def test_the_kind_of_frame_is_chosen_by_the_call_or_the_client(self) -> None:
        self.client.store("trades", TRADES)
        with StorageClient(self.client.url, as_="arrow") as client:
            self.assertIsInstance(client.load("trades"), pa.Table)
            self.assertIsInstance(client.query("FROM trades", as_="pandas"), pd.DataFrame)

    def test_sql_runs_with_and_without_parameters(self) -> None:
        self.client.store("trades", TRADES)
        sql = "SELECT symbol, sum(size)::BIGINT AS size FROM trades WHERE price > {} GROUP BY symbol ORDER BY symbol"
        expected = [{"symbol": "A", "size": 200}, {"symbol": "B", "size": 450}]
        self.assertEqual(self.client.query(sql.format("10.1")).to_dicts(), expected)
        self.assertEqual(self.client.query(sql.format("?"), [10.1]).to_dicts(), expected)
        self.assertEqual(self.client.query(sql.format("$least"), {"least": 10.1}).to_dicts(), expected)

    def test_a_time_goes_as_a_parameter(self) -> None:
        self.client.store("trades", TRADES)
        since = datetime.datetime(2026, 2, 3, 9, 30, 4)
        found = self.client.query("SELECT count(*) AS n FROM trades WHERE time >= $1::TIMESTAMP", [since])
        self.assertEqual(found.item(), 2)

    def test_a_simple_query_reads_every_dataset_that_fits(self) -> None:
        self.client.store("trades_20260203", TRADES)
        self.client.store("trades_20260204", TRADES)
        self.client.store("quotes_20260204", TRADES)
        found = self.client.query_simple(
            "trades_*", select=["symbol", "count(*) AS n"], where="price IS NOT NULL", group_by="symbol",
            order_by="symbol",
        )
        self.assertEqual(found.to_dicts(), [{"symbol": "A", "n": 6}, {"symbol": "B", "n": 4}])
        self.assertEqual(self.client.query_simple("trades_*.parquet").height, 12)

    def test_stats_have_the_plain_figures(self) -> None:
        empty = self.client.stats()
        self.assertEqual((empty["total_keys"], empty["total_rows"], empty["total_size_mb"]), (0, 0, 0))
        self.client.store("trades", pl.concat([TRADES] * 1_000))
        self.client.load("trades")
        stats = self.client.stats()
        self.assertEqual((stats["total_keys"], stats["total_rows"]), (1, 6_000))
        self.assertGreater(stats["total_size_mb"], 0)
        self.assertGreater(stats["compression_ratio"], 1)
        self.assertTrue(0 < stats["cache_hit_rate"] <= 1)

    def test_datasets_are_listed_described_and_dropped(self) -> None:
        self.client.store("trades", TRADES)
        self.client.store("quotes", TRADES)
        self.assertEqual([dataset["key"] for dataset in self.client.list()], ["quotes", "trades"])
        self.assertEqual([dataset["key"] for dataset in self.client.list("tr*")], ["trades"])
        described = self.client.describe("trades")
        self.assertEqual(described["rows"], 6)
        self.assertEqual([column["name"] for column in described["columns"]], TRADES.columns)
        self.client.drop("trades")
        with self.assertRaises(DatasetNotFoundError):
            self.client.load("trades")

    def test_a_missing_key_is_a_key_error_with_the_key_in_its_text(self) -> None:
        for call in (self.client.load, self.client.describe, self.client.drop):
            with self.assertRaises(KeyError) as caught:
                call("nothing_here")
            self.assertEqual(caught.exception.code, "DATASET_NOT_FOUND")
            self.assertIn("nothing_here", str(caught.exception))

    def test_wrong_sql_is_a_query_error_with_its_reason(self) -> None:
        with self.assertRaisesRegex(QueryError, "(?i)syntax error"):
            self.client.query("SELEC 1")
        with self.assertRaises(QueryError) as caught:
            self.client.query("CREATE TABLE t (n INTEGER)")
        self.assertEqual(caught.exception.code, "SQL_FORBIDDEN")

    def test_a_wrong_key_is_a_request_error(self) -> None:
        with self.assertRaises(RequestError):
            self.client.store("x" * 201, TRADES)

    def test_a_server_that_is_not_there_is_unavailable(self) -> None:
        with StorageClient("grpc://127.0.0.1:1") as client:
            with self.assertRaises(UnavailableError):
                client.stats()


if __name__ == "__main__":
    unittest.main()
