"""Store, load and query data frames on a Sterna server.

>>> from sterna import StorageClient
>>> with StorageClient("grpc://127.0.0.1:8815") as client:
...     client.store("trades_20260203", frame)
...     client.query("SELECT avg(price) FROM trades_20260203")
"""

from .client import StorageClient
from .errors import (
    DatasetExistsError,
    DatasetNotFoundError,
    QueryError,
    RequestError,
    ServerStartError,
    SternaError,
    UnavailableError,
)

__all__ = [
    "DatasetExistsError",
    "DatasetNotFoundError",
    "QueryError",
    "RequestError",
    "ServerStartError",
    "SternaError",
    "StorageClient",
    "UnavailableError",
]
