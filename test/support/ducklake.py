"""DuckDB with the real ducklake extension, which came as a Python package."""

import importlib.util
import pathlib

import duckdb


def connect(catalog=None) -> duckdb.DuckDBPyConnection:
    """A connection with the extensions loaded and, where one is named, a SQLite catalog attached as `lake`."""
    con = duckdb.connect()
    for name in ("sqlite_scanner", "ducklake"):
        con.execute(f"LOAD '{extension_file(name)}'")
    if catalog is not None:
        con.execute(f"ATTACH 'ducklake:sqlite:{catalog}' AS lake")
    return con


def extension_file(name: str) -> pathlib.Path:
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    (file,) = pathlib.Path(spec.submodule_search_locations[0]).rglob(f"{name}.duckdb_extension")
    return file
