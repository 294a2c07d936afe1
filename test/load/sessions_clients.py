"""
100 sessions at once, each with options, a transaction, a prepared statement and a running stream. Half of them say
goodbye, the others vanish with their process.

Usage: sessions_clients.py URL PID, or as its own child: sessions_clients.py URL PID vanish COUNT
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow as pa
import pyarrow.flight as fl

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from checks import check, eventually, run  # noqa: E402
from flight_calls import act  # noqa: E402

URL, PID = sys.argv[1:3]
CLOSING = VANISHING = 50


class Session:
    """One client as tools have it: in a transaction, with a schema of its own, in the middle of a result."""

    def __init__(self, number):
        self.connection = flightsql.connect(URL)
        self.connection.adbc_current_db_schema = "side" if number % 2 else "main"
        self.open = self.connection.cursor()
        self.open.adbc_prepare("SELECT count(*) AS n FROM numbers WHERE id < ?")
        self.cursor = self.connection.cursor()
        self.cursor.execute("SELECT count(*) AS n, ? AS number FROM numbers", (number,))
        # Each sees its own schema, where "numbers" has as many rows.
        assert self.cursor.fetchall() == [(20 if number % 2 else 10, number)]

    def close(self):
        self.cursor.close()
        self.open.close()
        self.connection.close()


def sessions(count):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(Session, range(count)))


def open_files():
    return len(os.listdir(f"/proc/{PID}/fd"))


@check
def nothing_is_left(client):
    """100 sessions at once keep apart; when half have closed and half have vanished, nothing of any is left"""
    files = open_files()
    # The child's sessions stay open until it is killed.
    child = subprocess.Popen(
        [sys.executable, __file__, URL, PID, "vanish", str(VANISHING)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        closing = sessions(CLOSING)
        assert child.stdout.readline() == b"ready\n"
        held = act(client, "stats")["held"]
        assert held["transactions"] == held["sessions"] == CLOSING + VANISHING, held
        assert held["statements"] >= CLOSING + VANISHING, held
        for session in closing:
            session.close()
        held = act(client, "stats")["held"]
        assert held["transactions"] == held["sessions"] == VANISHING, held
    finally:
        child.kill()
        child.wait()
    # A session may still come back with its cookie for some seconds; all else goes with the connection.
    eventually(lambda: not any({**act(client, "stats")["held"], "sessions": 0}.values()))
    eventually(lambda: not any(act(client, "stats")["held"].values()), seconds=60)
    now = act(client, "stats")
    assert (now["in_flight"]["pins"], now["queries"]["running"]) == (0, 0), now
    eventually(lambda: open_files() <= files)


def put(client, path, rows):
    table = pa.table({"id": pa.array(range(rows), pa.int64())})
    writer, _ = client.do_put(fl.FlightDescriptor.for_path(*path), table.schema)
    writer.write_table(table)
    writer.close()


if __name__ == "__main__":
    if sys.argv[3:4] == ["vanish"]:
        opened = sessions(int(sys.argv[4]))
        print("ready", flush=True)
        sys.stdin.read()
    else:
        flight = fl.connect(URL)
        put(flight, ["numbers"], 10)
        put(flight, ["side", "numbers"], 20)
        run(flight)
