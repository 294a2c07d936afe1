"""A StorageClient with a server of its own: it starts, keeps its data, refuses a shared directory, and ends."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import polars as pl

from sterna import ServerStartError, StorageClient

FRAME = pl.DataFrame({"n": [1, 2, 3]})


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Local(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_data_stays_from_one_server_to_the_next(self) -> None:
        with StorageClient(parquet_path=self.folder / "cold", enable_cache=True, cache_size_gb=0.25) as client:
            client.store("numbers", FRAME)
            self.assertEqual(client.stats()["cache"]["bytes_max"], 250_000_000)
        self.assertTrue((self.folder / "cold" / "numbers.parquet").is_file())
        with StorageClient(parquet_path=self.folder) as client:
            self.assertTrue(client.load("numbers").equals(FRAME))

    def test_without_a_cache_everything_is_read_from_disk(self) -> None:
        with StorageClient(parquet_path=self.folder, enable_cache=False) as client:
            client.store("numbers", FRAME)
            self.assertTrue(client.load("numbers").equals(FRAME))
            cache = client.stats()["cache"]
            self.assertEqual((cache["bytes_max"], cache["bytes"], cache["hits"]), (0, 0, 0))

    def test_closing_ends_the_server_and_may_be_repeated(self) -> None:
        client = StorageClient(parquet_path=self.folder)
        pid = client._server._process.pid
        self.assertTrue(is_running(pid))
        client.close()
        client.close()
        self.assertFalse(is_running(pid))

    def test_the_server_ends_with_an_interpreter_that_does_not_close_it(self) -> None:
        program = (
            "import sys; from sterna import StorageClient\n"
            "client = StorageClient(parquet_path=sys.argv[1]); print(client._server._process.pid)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(self.folder)], check=True, capture_output=True, text=True
        )
        self.assertFalse(is_running(int(done.stdout)))

    def test_a_second_server_on_the_directory_does_not_start_and_says_why(self) -> None:
        with StorageClient(parquet_path=self.folder) as client:
            client.store("numbers", FRAME)
            with self.assertRaisesRegex(ServerStartError, "DATA_DIR_LOCKED"):
                StorageClient(parquet_path=self.folder)
            self.assertTrue(client.load("numbers").equals(FRAME))

    def test_a_command_that_cannot_run_is_named(self) -> None:
        before = os.environ.get("STERNA_BIN")
        os.environ["STERNA_BIN"] = str(self.folder / "no-such-program")
        try:
            with self.assertRaisesRegex(ServerStartError, "no-such-program"):
                StorageClient(parquet_path=self.folder)
        finally:
            if before is None:
                del os.environ["STERNA_BIN"]
            else:
                os.environ["STERNA_BIN"] = before


if __name__ == "__main__":
    unittest.main()
