"""
Writes airport/reference.json: a conversation with the airport project's own test server, byte for byte.
Usage: make_airport.py grpc://HOST:PORT  (see airport/README.md)
"""

import json
import os
import pathlib
import sys

import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "interop"))
from airport_conversation import Recorder, converse  # noqa: E402

FILE = pathlib.Path(__file__).with_name("airport") / "reference.json"


def main(location):
    client = Recorder(location, "sterna", token="golden")
    # The test server starts without a catalog.
    for name, body in (("reset", b""), ("create_database", b"sterna")):
        list(client.flight.do_action(fl.Action(name, body), client.options()))
    seen = converse(client)
    FILE.write_text(json.dumps({"seen": seen, "steps": client.steps}, indent=1) + "\n")


main(sys.argv[1])
