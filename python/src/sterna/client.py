"""The client: data frames in, data frames out."""

from __future__ import annotations

import base64
import contextlib
import datetime
import decimal
import json
import os
import pathlib
from types import TracebackType
from typing import Any, Dict, List, Literal, Mapping, Sequence, Union

import pyarrow as pa
from pyarrow import flight

from . import frames
from .errors import translated
from .frames import Kind
from .server import LocalServer

Mode = Literal["replace", "append", "create"]
Parameters = Union[Sequence[Any], Mapping[str, Any]]

# Results of a put that may wait to be read. The server answers every batch; reading as we write keeps what waits on
# both sides small, however large the frame.
_RESULTS_PENDING_MAX = 64

# What a client that cannot cancel its put sends instead; no batch has it as its metadata.
_ABANDON = b'{"abandon":true}'

_MB = 1_000_000


class _Login(flight.ClientMiddlewareFactory):
    """Sends name and password with each call: a token would end with the server."""

    def __init__(self, credentials: str) -> None:
        super().__init__()
        self._header = {"authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}

    def start_call(self, info: flight.CallInfo) -> flight.ClientMiddleware:
        return _LoginCall(self._header)


class _LoginCall(flight.ClientMiddleware):
    def __init__(self, header: Dict[str, str]) -> None:
        super().__init__()
        self._header = header

    def sending_headers(self) -> Dict[str, str]:
        return self._header


class StorageClient:
    """Stores data frames under keys, loads them and runs SQL over them.

    Either connects to a server::

        client = StorageClient("grpc://127.0.0.1:8815")

    or starts one on this machine, which ends with the client::

        with StorageClient(parquet_path="/data/cold", cache_size_gb=4.0) as client: ...

    May be used from several threads at once.

    Args:
        url: the server's address.
        parquet_path: where a server of our own keeps its Parquet files. They lie in the folder ``cold`` of a data
            directory, beside its catalog: a path that ends in ``cold`` names that folder, and the data directory is
            its parent; any other path is the data directory itself.
        enable_cache: whether our own server keeps datasets in RAM.
        cache_size_gb: how much RAM it may take for that; 1 GB = 10^9 bytes.
        as_: the kind of data frame that ``load`` and ``query`` give unless told otherwise: ``"polars"``, ``"pandas"``
            or ``"arrow"``. Default: polars where it is installed, else pandas, else arrow.
        username: who asks, where the server wants to know.
        password: what only that user knows. It goes over the wire as it is: use ``grpc+tls://``.
        tls_root_certs: PEM certificates to trust, for a server whose certificate this machine does not know.

    Raises:
        ServerStartError: when our own server does not start, for one because another one uses the directory.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        parquet_path: str | os.PathLike[str] | None = None,
        enable_cache: bool = True,
        cache_size_gb: float = 2.0,
        as_: Kind | None = None,
        username: str | None = None,
        password: str | None = None,
        tls_root_certs: bytes | None = None,
    ) -> None:
        if (username is None) != (password is None):
            raise TypeError("A username needs a password, and a password a username")
        if (url is None) == (parquet_path is None):
            raise TypeError("Give either the url of a server or the parquet_path for one of our own")
        self._kind = as_
        self._server: LocalServer | None = None
        if parquet_path is not None:
            cache_bytes = int(cache_size_gb * 1_000_000_000) if enable_cache else 0
            self._server = LocalServer(_data_dir(parquet_path), cache_bytes=cache_bytes)
            url = self._server.url
        assert url is not None
        self._url = url
        with translated():
            middleware = [] if username is None else [_Login(f"{username}:{password}")]
            self._flight = flight.connect(url, tls_root_certs=tls_root_certs, middleware=middleware)

    @property
    def url(self) -> str:
        """The address of the server."""
        return self._url

    @property
    def flight(self) -> flight.FlightClient:
        """The Flight client underneath, for whatever has no method here."""
        return self._flight

    def store(self, key: str, frame: Any, mode: Mode = "replace") -> Dict[str, Any]:
        """Stores a data frame; when this returns, it is on disk, and every reader sees all of it.

        When it raises, whatever the reason, the key names what it named before; with mode ``"append"``, batches that
        were stored before it went wrong stay.

        Args:
            key: the dataset's name, 1 to 200 bytes of UTF-8.
            frame: of polars (DataFrame, LazyFrame), pandas or pyarrow (Table, RecordBatch, RecordBatchReader), or
                anything with the Arrow C stream interface. A pandas index is kept.
            mode: ``"replace"`` puts it in the place of what the key names, at once; ``"append"`` adds to it;
                ``"create"`` refuses a key that exists.

        Returns:
            ``{"key", "version", "rows", "parts"}`` of what was stored; with mode ``"append"`` also ``"sequence"`` and
            ``"durability"``, and no parts yet.

        Raises:
            DatasetExistsError: with mode ``"create"``.
            RequestError: when the key or a column's type is not accepted.
            TypeError: when this is no data frame.
        """
        data = frames.to_arrow(frame)
        command = json.dumps({"key": key, "mode": mode, "result": True})
        with translated():
            writer, reader = self._flight.do_put(flight.FlightDescriptor.for_command(command), data.schema)
        try:
            answer = _write(writer, reader, data)
        except BaseException:
            _abandon(writer)
            raise
        summary: Dict[str, Any] = json.loads(answer.to_pybytes())
        return summary

    def load(
        self,
        key: str,
        as_: Kind | None = None,
        *,
        columns: Sequence[str] | None = None,
        where: str | None = None,
        start: Any = None,
        end: Any = None,
        limit: int | None = None,
    ) -> Any:
        """Loads a dataset, or a part of it.

        Args:
            key: the dataset's name.
            as_: ``"polars"``, ``"pandas"`` or ``"arrow"``; default as the client was told.
            columns: only these, in this order.
            where: only rows for which this SQL condition holds.
            start: only rows from this time on.
            end: only rows before this time.
            limit: at most this many rows.

        Raises:
            DatasetNotFoundError: when there is no such dataset.
            QueryError: when ``where`` is wrong.
        """
        options = {"columns": columns, "where": where, "start": start, "end": end, "limit": limit}
        return self._read({"key": key, **{name: value for name, value in options.items() if value is not None}}, as_)

    def query(self, sql: str, parameters: Parameters | None = None, as_: Kind | None = None) -> Any:
        """Runs SQL (DuckDB's) and gives its result.

        Datasets are tables named by their keys. A series of datasets, whose keys differ only in the date at their
        end, is one more table, named by its pattern: ``FROM "trades_*"``.

        Args:
            sql: one SELECT.
            parameters: values for ``?`` or ``$1`` as a sequence, for ``$name`` as a mapping. Dates and times go as
                ISO 8601 text, decimals as text: cast them in the SQL, as in ``$1::TIMESTAMP``.
            as_: as for :meth:`load`.

        Raises:
            QueryError: when the SQL is wrong, does more than read, or failed while it ran.
        """
        request: Dict[str, Any] = {"sql": sql}
        if parameters is not None:
            request["parameters"] = parameters if isinstance(parameters, Mapping) else list(parameters)
        return self._read(request, as_)

    def query_simple(
        self,
        pattern: str,
        select: str | Sequence[str] = "*",
        where: str | None = None,
        group_by: str | Sequence[str] | None = None,
        order_by: str | Sequence[str] | None = None,
        as_: Kind | None = None,
    ) -> Any:
        """Queries every dataset whose key fits a pattern, as one table.

        >>> client.query_simple("trades_*", select=["symbol", "sum(size) AS volume"], group_by="symbol")

        Args:
            pattern: a key with ``*`` and ``?``; ``.parquet`` at its end changes nothing.
            select: SQL expressions, as one text or a list.
            where: a SQL condition.
            group_by: SQL expressions.
            order_by: SQL expressions.
            as_: as for :meth:`load`.

        Raises:
            DatasetNotFoundError, QueryError: as for :meth:`query`.
        """
        return self.query(_simple_sql(pattern, select, where, group_by, order_by), as_=as_)

    def stats(self) -> Dict[str, Any]:
        """The server's figures.

        Everything that the server's ``stats`` action reports, and beside it the plain numbers ``cache_hit_rate`` (0 to
        1), ``compression_ratio`` (Arrow bytes to bytes on disk), ``total_size_mb`` (on disk; 1 MB = 10^6 bytes),
        ``total_keys`` and ``total_rows``. A ratio without anything to compare yet is 0.
        """
        stats = self._action("stats")
        return {
            **stats,
            "cache_hit_rate": stats["cache"]["hit_rate"] or 0.0,
            "compression_ratio": stats["compression_ratio"] or 0.0,
            "total_size_mb": stats["total_size_bytes"] / _MB,
        }

    def describe(self, key: str) -> Dict[str, Any]:
        """The columns, rows, sizes, parts and version of a dataset.

        Raises:
            DatasetNotFoundError: when there is no such dataset.
        """
        description: Dict[str, Any] = self._action("describe", {"key": key})
        return description

    def drop(self, key: str) -> None:
        """Removes a dataset, at once for every reader.

        Raises:
            DatasetNotFoundError: when there is no such dataset.
        """
        self._action("drop", {"key": key})

    def list(self, pattern: str = "*") -> List[Dict[str, Any]]:
        """The datasets whose keys fit a pattern with ``*`` and ``?``: key, rows, sizes and version of each."""
        datasets: List[Dict[str, Any]] = self._action("list", {"glob": pattern})
        return datasets

    def close(self) -> None:
        """Ends the connection, and the server if it is our own. Closing twice is fine."""
        self._flight.close()
        if self._server is not None:
            self._server.stop()

    def __enter__(self) -> StorageClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"StorageClient({self._url!r})"

    def _read(self, request: Mapping[str, Any], as_: Kind | None) -> Any:
        ticket = flight.Ticket(json.dumps(request, default=_json_value))
        with translated():
            table = self._flight.do_get(ticket).read_all()
        return frames.from_arrow(table, as_ or self._kind)

    def _action(self, name: str, body: Mapping[str, Any] | None = None) -> Any:
        encoded = b"" if body is None else json.dumps(body).encode()
        with translated():
            (result,) = self._flight.do_action(flight.Action(name, encoded))
        return json.loads(result.body.to_pybytes())


def _data_dir(parquet_path: str | os.PathLike[str]) -> pathlib.Path:
    path = pathlib.Path(parquet_path)
    return path.parent if path.name == "cold" else path


def _write(
    writer: flight.FlightStreamWriter,
    reader: flight.FlightMetadataReader,
    data: Union[pa.Table, pa.RecordBatchReader],
) -> pa.Buffer:
    """Sends everything and waits for the commit. Gives what the server said of it: the last of its results."""
    pending = 0
    # Only the calls are translated: what the source of the batches raises is its own.
    for batch in _batches(data):
        with translated():
            writer.write_batch(batch)
            pending += 1
            if pending > _RESULTS_PENDING_MAX:
                reader.read()
                pending -= 1
    with translated():
        writer.done_writing()
        # One more result than batches.
        answer: pa.Buffer | None = None
        while (result := reader.read()) is not None:
            answer = result
        writer.close()
    assert answer is not None
    return answer


def _abandon(writer: flight.FlightStreamWriter) -> None:
    """Tells the server to drop a put.

    pyarrow cannot cancel a stream, and however a writer ends, for the server the upload is complete; what was sent
    so far would be committed.
    """
    with contextlib.suppress(pa.ArrowException):
        writer.write_metadata(_ABANDON)
        writer.close()


def _batches(data: Union[pa.Table, pa.RecordBatchReader]) -> Any:
    if isinstance(data, pa.Table):
        yield from data.to_batches(max_chunksize=frames.BATCH_ROWS)
        return
    for batch in data:
        for offset in range(0, max(batch.num_rows, 1), frames.BATCH_ROWS):
            yield batch.slice(offset, frames.BATCH_ROWS)


def _simple_sql(
    pattern: str,
    select: str | Sequence[str],
    where: str | None,
    group_by: str | Sequence[str] | None,
    order_by: str | Sequence[str] | None,
) -> str:
    file = pattern if pattern.endswith(".parquet") else f"{pattern}.parquet"
    quoted = file.replace("'", "''")
    clauses = [f"SELECT {_joined(select)}", f"FROM read_parquet('{quoted}')"]
    if where is not None:
        clauses.append(f"WHERE {where}")
    if group_by is not None:
        clauses.append(f"GROUP BY {_joined(group_by)}")
    if order_by is not None:
        clauses.append(f"ORDER BY {_joined(order_by)}")
    return "\n".join(clauses)


def _joined(expressions: str | Sequence[str]) -> str:
    return expressions if isinstance(expressions, str) else ", ".join(expressions)


def _json_value(value: Any) -> Any:
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    raise TypeError(f"A parameter cannot be a {type(value).__name__}")
