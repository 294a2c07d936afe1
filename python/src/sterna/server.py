"""A Sterna server of our own, as a child process."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import weakref
from typing import IO, Sequence

from .errors import ServerStartError

_ANNOUNCEMENT = "listening on "
_STDERR_CHARS = 4_000


class LocalServer:
    """A server on a free port of this machine, which ends with this object, or with the interpreter.

    Args:
        data_dir: the data directory; made if need be. One server at a time may use it.
        cache_bytes: how much the server may hold in RAM; 0 for no cache.
        start_timeout_s: how long it may take to accept calls.
        stop_timeout_s: how long running calls may take to end before the server is killed. What was stored is on
            disk by then, whichever it is.

    Raises:
        ServerStartError: with what the server said.
    """

    url: str

    def __init__(
        self,
        data_dir: str | os.PathLike[str],
        *,
        cache_bytes: int,
        start_timeout_s: float = 60.0,
        stop_timeout_s: float = 15.0,
    ) -> None:
        command = [
            *find_server(),
            "serve",
            *("--host", "127.0.0.1", "--port", "0"),
            *("--data-dir", str(pathlib.Path(data_dir).expanduser().resolve())),
            *("--cache-size", str(cache_bytes)),
        ]
        # A file, not a pipe: a server that logs a lot must not wait for us to read.
        log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, encoding="utf-8"
            )
        except OSError as error:
            log.close()
            raise ServerStartError(f"Cannot run {command[0]}: {error.strerror}") from error
        self._finalizer = weakref.finalize(self, _stop, self._process, stop_timeout_s, log)
        self.url = self._await_announcement(start_timeout_s, log)

    def stop(self) -> None:
        """Ends the server once its running calls have ended. Stopping twice is fine."""
        self._finalizer()

    def _await_announcement(self, timeout_s: float, log: IO[str]) -> str:
        announced = threading.Event()
        lines: list[str] = []
        assert self._process.stdout is not None
        reader = threading.Thread(target=_read_lines, args=(self._process.stdout, lines, announced), daemon=True)
        reader.start()
        announced.wait(timeout_s)
        for line in lines:
            if line.startswith(_ANNOUNCEMENT):
                return line[len(_ANNOUNCEMENT) :].strip()
        ended = self._process.poll() is not None or announced.is_set()
        reason = "ended at once" if ended else f"did not accept calls within {timeout_s:g} s"
        log.seek(0)
        said = log.read()[-_STDERR_CHARS:].strip()
        self.stop()
        raise ServerStartError(f"The local server {reason}: {said or 'it said nothing'}")


def find_server() -> Sequence[str]:
    """The command that runs Sterna: ``STERNA_BIN``, else ``sterna`` on the PATH, else the one of this checkout.

    Raises:
        ServerStartError: when there is none.
    """
    named = os.environ.get("STERNA_BIN")
    if named:
        return [named]
    on_path = shutil.which("sterna")
    if on_path:
        return [on_path]
    in_checkout = pathlib.Path(__file__).resolve().parents[3] / "bin" / "sterna"
    if in_checkout.is_file():
        return [str(in_checkout)]
    raise ServerStartError("No sterna found: put it on the PATH, or name it in STERNA_BIN")


def _read_lines(stdout: IO[str], lines: list[str], announced: threading.Event) -> None:
    """Reads to the end, so that the server never waits for us; keeps what comes before the announcement."""
    for line in stdout:
        if not announced.is_set():
            lines.append(line)
            if line.startswith(_ANNOUNCEMENT):
                announced.set()
    announced.set()


def _stop(process: subprocess.Popen[str], timeout_s: float, log: IO[str]) -> None:
    process.terminate()
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    log.close()
