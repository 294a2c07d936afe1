"""
The airport protocol with a server that has users.
Usage: airport_access_checks.py grpc://HOST:PORT NAME PASSWORD
"""

import os
import sys

import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from airport_client import AirportClient, unpack  # noqa: E402
from checks import check, raises, run  # noqa: E402

URL, NAME, PASSWORD = sys.argv[1:4]


@check
def lets_nobody_in():
    """without a token, or with one that nobody has, every call is refused by the exception for that"""
    schema = pa.schema([pa.field("a", pa.int32())])
    for token in (None, "made-up"):
        client = AirportClient(URL, "sterna", token)
        for call in (
            client.schemas,
            client.create_transaction,
            lambda client=client: client.create_table("public", "t", schema),
            lambda client=client: client.flight.do_get(fl.Ticket(b"t"), client.options()).read_all(),
            lambda client=client: client.flight.do_exchange(
                fl.FlightDescriptor.for_path("t"), client.options(("airport-operation", "insert"))
            )[1].read_chunk(),
        ):
            error = raises(fl.FlightUnauthenticatedError, "UNAUTHENTICATED", call)
            assert unpack(error.extra_info)["exception_type"] == b"PermissionException"


@check
def lets_users_in():
    """with the token of a login the catalog is there"""
    plain = fl.FlightClient(URL.replace("grpc://", "grpc+tcp://"))
    _, value = plain.authenticate_basic_token(NAME, PASSWORD)
    client = AirportClient(URL, "sterna", value.decode().removeprefix("Bearer "))
    rows = pa.table({"a": pa.array([1, 2], pa.int32())})
    table = client.create_table("public", "t", rows.schema)
    assert client.insert(table, rows)[0] == 2
    assert client.scan(client.schemas()["public"]["t"])[0]["a"].to_pylist() == [1, 2]


run()
