"""Data frames of every kind become Arrow and come back the same; failures become the right exceptions."""

import datetime
import pathlib
import unittest

import pandas as pd
import polars as pl
import pyarrow as pa
from pyarrow import flight

from sterna import DatasetExistsError, DatasetNotFoundError, QueryError, RequestError, SternaError, UnavailableError
from sterna import client, errors, frames

TABLE = pa.table({"symbol": ["A", "B", None], "price": [1.5, 2.5, float("nan")]})


class ToArrow(unittest.TestCase):
    def test_a_polars_frame_has_no_view_types(self) -> None:
        table = frames.to_arrow(pl.DataFrame({"symbol": ["A"], "side": pl.Series(["buy"], dtype=pl.Categorical)}))
        self.assertEqual(table.schema.field("symbol").type, pa.large_string())
        self.assertTrue(pa.types.is_dictionary(table.schema.field("side").type))

    def test_a_polars_lazy_frame_is_collected(self) -> None:
        frame = pl.LazyFrame({"n": [1, 2, 3]}).filter(pl.col("n") > 1)
        self.assertEqual(frames.to_arrow(frame).to_pydict(), {"n": [2, 3]})

    def test_a_pandas_index_is_kept(self) -> None:
        index = pd.date_range("2026-02-03", periods=2, freq="s", name="time")
        frame = pd.DataFrame({"price": [1.0, 2.0]}, index=index)
        back = frames.from_arrow(frames.to_arrow(frame), "pandas")
        pd.testing.assert_frame_equal(back, frame, check_freq=False)

    def test_pyarrow_kinds_are_taken(self) -> None:
        batch = TABLE.to_batches()[0]
        self.assertIs(frames.to_arrow(TABLE), TABLE)
        self.assertTrue(frames.to_arrow(batch).schema.equals(TABLE.schema))
        reader = TABLE.to_reader()
        self.assertIs(frames.to_arrow(reader), reader)

    def test_whatever_has_the_arrow_c_stream_interface_is_taken(self) -> None:
        class Stream:
            def __arrow_c_stream__(self, requested_schema: object = None) -> object:
                return TABLE.__arrow_c_stream__(requested_schema)

        self.assertEqual(frames.to_arrow(Stream()).read_all().num_rows, 3)

    def test_a_table_of_tiny_chunks_is_joined_and_one_of_large_chunks_is_not(self) -> None:
        tiny = pa.concat_tables([TABLE] * 10)
        self.assertEqual(frames.to_arrow(tiny).column(0).num_chunks, 1)
        large = pa.concat_tables([pa.table({"n": range(10_000)})] * 3)
        self.assertEqual(frames.to_arrow(large).column(0).num_chunks, 3)

    def test_anything_else_is_refused_by_its_type(self) -> None:
        with self.assertRaisesRegex(TypeError, "not list"):
            frames.to_arrow([1, 2, 3])


class FromArrow(unittest.TestCase):
    def test_each_kind_is_given(self) -> None:
        self.assertIsInstance(frames.from_arrow(TABLE, "polars"), pl.DataFrame)
        self.assertIsInstance(frames.from_arrow(TABLE, "pandas"), pd.DataFrame)
        self.assertIs(frames.from_arrow(TABLE, "arrow"), TABLE)

    def test_polars_is_the_default_where_it_is_installed(self) -> None:
        self.assertIsInstance(frames.from_arrow(TABLE, None), pl.DataFrame)

    def test_an_unknown_kind_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "'spark'"):
            frames.from_arrow(TABLE, "spark")  # type: ignore[arg-type]


class Batches(unittest.TestCase):
    def test_no_batch_is_larger_than_the_best_size_on_the_wire(self) -> None:
        table = pa.table({"n": range(150_000)})
        for data in (table, table.to_reader(), pa.RecordBatchReader.from_batches(table.schema, table.to_batches())):
            sizes = [batch.num_rows for batch in client._batches(data)]
            self.assertEqual(sizes, [65_536, 65_536, 18_928])

    def test_an_empty_batch_stays(self) -> None:
        empty = pa.record_batch([pa.array([], pa.int64())], names=["n"])
        reader = pa.RecordBatchReader.from_batches(empty.schema, [empty])
        self.assertEqual([batch.num_rows for batch in client._batches(reader)], [0])


class Requests(unittest.TestCase):
    def test_a_path_that_ends_in_cold_names_the_folder_in_the_data_directory(self) -> None:
        self.assertEqual(client._data_dir("/data/cold"), pathlib.Path("/data"))
        self.assertEqual(client._data_dir(pathlib.Path("/data/cold/")), pathlib.Path("/data"))
        self.assertEqual(client._data_dir("/data/coldest"), pathlib.Path("/data/coldest"))

    def test_a_simple_query_is_put_together(self) -> None:
        self.assertEqual(
            client._simple_sql("trades_*", ["a", "sum(b) AS b"], "b > 0", "a", ["a", "b DESC"]),
            "SELECT a, sum(b) AS b\nFROM read_parquet('trades_*.parquet')\nWHERE b > 0\nGROUP BY a\nORDER BY a, b DESC",
        )

    def test_a_pattern_cannot_leave_its_quotes(self) -> None:
        sql = client._simple_sql("x') --.parquet", "*", None, None, None)
        self.assertEqual(sql, "SELECT *\nFROM read_parquet('x'') --.parquet')")

    def test_dates_go_as_text_and_objects_do_not_go(self) -> None:
        self.assertEqual(client._json_value(datetime.datetime(2026, 2, 3, 4, 5)), "2026-02-03T04:05:00")
        with self.assertRaisesRegex(TypeError, "object"):
            client._json_value(object())

    def test_a_client_needs_exactly_one_of_url_and_path(self) -> None:
        with self.assertRaises(TypeError):
            client.StorageClient()
        with self.assertRaises(TypeError):
            client.StorageClient("grpc://127.0.0.1:1", parquet_path="data")


class Errors(unittest.TestCase):
    def test_a_code_at_the_end_of_the_text_decides(self) -> None:
        error = errors.from_arrow(pa.ArrowKeyError("No dataset named 'x' [DATASET_NOT_FOUND]. Detail: Failed"))
        self.assertIsInstance(error, DatasetNotFoundError)
        self.assertIsInstance(error, KeyError)
        self.assertEqual((error.message, error.code), ("No dataset named 'x'", "DATASET_NOT_FOUND"))
        self.assertEqual(str(error), "No dataset named 'x' [DATASET_NOT_FOUND]")

    def test_each_exception_is_what_a_python_programmer_expects(self) -> None:
        cases = [
            (pa.ArrowInvalid("Syntax error [SQL_INVALID]"), QueryError, ValueError),
            (pa.ArrowException("Unknown: Flight returned already exists error, with message: Key x exists "
                               "[DATASET_EXISTS]"), DatasetExistsError, ValueError),
            (pa.ArrowNotImplementedError("Type [TYPE_UNSUPPORTED]"), RequestError, ValueError),
            (flight.FlightUnavailableError("Full [DISK_FULL]"), UnavailableError, ConnectionError),
            (flight.FlightInternalError("Internal error, reference 7 [BUG]"), SternaError, Exception),
        ]
        for raised, expected, base in cases:
            error = errors.from_arrow(raised)
            self.assertIs(type(error), expected)
            self.assertIsInstance(error, base)
        self.assertEqual(errors.from_arrow(cases[1][0]).message, "Key x exists")

    def test_a_text_without_code_is_kept(self) -> None:
        error = errors.from_arrow(flight.FlightUnavailableError("failed to connect. gRPC client debug context: x"))
        self.assertEqual((str(error), error.code), ("failed to connect", None))


if __name__ == "__main__":
    unittest.main()
