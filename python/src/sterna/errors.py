"""What can go wrong, as exceptions that also are what a Python programmer expects: KeyError, ValueError …"""

from __future__ import annotations

import contextlib
import re
from typing import Iterator

import pyarrow as pa
from pyarrow import flight


class SternaError(Exception):
    """A call failed on the server, or never reached it.

    Attributes:
        code: the server's name of the error, such as ``DATASET_NOT_FOUND``; its documentation lists them all.
            None where the error is not the server's, such as a connection that cannot be made.
        message: what went wrong, in a sentence.
    """

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code

    def __str__(self) -> str:
        # KeyError would show the repr.
        return self.message if self.code is None else f"{self.message} [{self.code}]"


class DatasetNotFoundError(SternaError, KeyError):
    """No dataset has this key."""


class DatasetExistsError(SternaError, ValueError):
    """``mode="create"`` found a dataset of this key."""


class QueryError(SternaError, ValueError):
    """The SQL is wrong, does what it may not do, or failed while it ran."""


class RequestError(SternaError, ValueError):
    """The request cannot be carried out as it is; the same one will fail again."""


class UnavailableError(SternaError, ConnectionError):
    """The server cannot be reached, is busy or is stopping; the same call may succeed later."""


class ServerStartError(SternaError, RuntimeError):
    """A local server did not start."""


_BY_CODE: dict[str, type[SternaError]] = {
    "DATASET_NOT_FOUND": DatasetNotFoundError,
    "DATASET_EXISTS": DatasetExistsError,
    "SQL_INVALID": QueryError,
    "SQL_FORBIDDEN": QueryError,
    "SQL_FAILED": QueryError,
}

_CODE = re.compile(r"(?P<message>.*?) \[(?P<code>[A-Z]+(?:_[A-Z]+)*)\]", re.DOTALL)
# What pyarrow and gRPC put before the server's own words.
_PREFIX = re.compile(r"^(?:Unknown: )?Flight (error|returned [a-z ]+ error), with message: ")


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turns what pyarrow raises for a failed call into a :class:`SternaError`, with the original as its cause."""
    try:
        yield
    except (pa.ArrowException, flight.FlightError) as error:
        raise from_arrow(error) from error


def from_arrow(error: BaseException) -> SternaError:
    """The :class:`SternaError` that says the same as an exception of a pyarrow Flight call."""
    text = str(error.args[0]) if error.args else str(error)
    found = _CODE.match(text)
    code = found["code"] if found else None
    message = _PREFIX.sub("", found["message"] if found else text.split(". gRPC client debug")[0])
    return _class_of(error, code)(message, code)


def _class_of(error: BaseException, code: str | None) -> type[SternaError]:
    if code in _BY_CODE:
        return _BY_CODE[code]
    if isinstance(error, flight.FlightUnavailableError):
        return UnavailableError
    if isinstance(error, (ValueError, NotImplementedError)):
        return RequestError
    return SternaError
