"""The ways in that drivers use: TLS, passwords and tokens, against a server with TLS and the user alice."""

import base64
import contextlib
import pathlib
import sys

import adbc_driver_flightsql
import adbc_driver_flightsql.dbapi
import adbc_driver_manager
import pyarrow as pa
import pyarrow.flight as fl
from sterna import SternaError, StorageClient

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from checks import check, raises, run  # noqa: E402

PASSWORD = "correct horse: battery ☃"
TABLE = pa.table({"n": [1, 2, 3]})
# get_schema is the one call for which pyarrow has a general error only.
UNAUTHENTICATED = (fl.FlightUnauthenticatedError, OSError)


class LegacyHandler(fl.ClientAuthHandler):
    """The handshake of clients from before the header: name and password in its payload."""

    def __init__(self, password):
        super().__init__()
        self.password = password
        self.token = None

    def authenticate(self, outgoing, incoming):
        outgoing.write(fl.BasicAuth("alice", self.password).serialize())
        self.token = incoming.read()

    def get_token(self):
        return self.token


@contextlib.contextmanager
def connected(url, certificate):
    with fl.connect(url, tls_root_certs=certificate) as client:
        yield client


def every_call(client, options=None):
    """One call of each kind."""
    descriptor = fl.FlightDescriptor.for_path("access")

    def put():
        writer, _ = client.do_put(descriptor, TABLE.schema, options=options)
        with writer:
            writer.write_table(TABLE)

    def exchange():
        writer, reader = client.do_exchange(fl.FlightDescriptor.for_command(b"SELECT 1 AS one"), options=options)
        with writer:
            writer.done_writing()
            reader.read_all()

    return [
        put,
        lambda: client.do_get(fl.Ticket(b"access"), options=options).read_all(),
        lambda: client.get_flight_info(descriptor, options=options),
        lambda: client.get_schema(descriptor, options=options),
        lambda: list(client.list_flights(options=options)),
        lambda: list(client.list_actions(options=options)),
        lambda: list(client.do_action(fl.Action("stats", b""), options=options)),
        exchange,
    ]


def bearer(client, password=PASSWORD):
    return fl.FlightCallOptions(headers=[client.authenticate_basic_token("alice", password)])


@check
def token(url, certificate):
    """A handshake with Basic credentials gives a bearer token that every call takes"""
    with connected(url, certificate) as client:
        for call in every_call(client, bearer(client)):
            call()


@check
def nobody(url, certificate):
    """Without credentials every call is refused"""
    with connected(url, certificate) as client:
        for call in every_call(client):
            raises(UNAUTHENTICATED, "[UNAUTHENTICATED]", call)


@check
def wrong(url, certificate):
    """A wrong password, an unknown user, a forged token and another scheme are refused"""
    with connected(url, certificate) as client:
        text = "User name or password is wrong"
        raises(UNAUTHENTICATED, text, lambda: bearer(client, "wrong"))
        raises(UNAUTHENTICATED, text, lambda: client.authenticate_basic_token("mallory", PASSWORD))
        name, value = client.authenticate_basic_token("alice", PASSWORD)
        claim, expiry, signature = value.removeprefix(b"Bearer ").split(b".")
        forged = b".".join([b"Bearer " + claim, expiry, signature[::-1]])
        longer = b".".join([b"Bearer " + claim, b"%d" % (int(expiry) + 1), signature])
        for header in [forged, longer, b"Bearer open", b"Bearer ", b"Digest x", b"Basic YWxpY2U=", b"Basic"]:
            options = fl.FlightCallOptions(headers=[(name, header)])
            for call in every_call(client, options):
                raises(UNAUTHENTICATED, "[UNAUTHENTICATED]", call)


@check
def basic(url, certificate):
    """Basic credentials with each call work without a handshake"""
    with connected(url, certificate) as client:
        text = base64.b64encode(f"alice:{PASSWORD}".encode())
        options = fl.FlightCallOptions(headers=[(b"authorization", b"Basic " + text)])
        for call in every_call(client, options):
            call()


@check
def legacy(url, certificate):
    """A handshake with BasicAuth in its payload gives a token for auth-token-bin"""
    with connected(url, certificate) as client:
        client.authenticate(LegacyHandler(PASSWORD))
        for call in every_call(client):
            call()
    with connected(url, certificate) as client:
        raises(UNAUTHENTICATED, "wrong", lambda: client.authenticate(LegacyHandler("wrong")))


@check
def adbc(url, certificate):
    """ADBC logs in with user name and password over TLS"""
    options = adbc_driver_flightsql.DatabaseOptions

    def connect(password):
        kwargs = {
            "username": "alice",
            "password": password,
            options.TLS_ROOT_CERTS.value: certificate.decode(),
        }
        return adbc_driver_flightsql.dbapi.connect(url, db_kwargs=kwargs, autocommit=True)

    with connect(PASSWORD) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 42 AS n")
        assert cursor.fetch_arrow_table().column("n").to_pylist() == [42]
    raises(adbc_driver_manager.Error, "wrong", lambda: connect("wrong"))


@check
def storage_client(url, certificate):
    """The Python client logs in"""
    with StorageClient(url, username="alice", password=PASSWORD, tls_root_certs=certificate, as_="arrow") as client:
        client.store("python", TABLE)
        assert client.load("python").equals(TABLE)
    with StorageClient(url, username="alice", password="wrong", tls_root_certs=certificate) as client:
        error = raises(SternaError, "wrong", client.stats)
        assert error.code == "UNAUTHENTICATED"


@check
def certificates(url, certificate):
    """A client that does not know the certificate does not connect, and plain text is no way in"""
    with fl.connect(url) as client:
        raises(fl.FlightUnavailableError, "", lambda: list(client.list_actions()))
    with fl.connect(url.replace("grpc+tls", "grpc")) as client:
        raises(fl.FlightUnavailableError, "", lambda: list(client.list_actions()))


if __name__ == "__main__":
    run(sys.argv[1], pathlib.Path(sys.argv[2]).read_bytes())
