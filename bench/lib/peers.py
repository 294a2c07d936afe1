"""
The servers that Sterna is measured beside, each a process of its own.

The C++ server and raw TCP need nothing but the test environment. arrow-go and ROAPI are built or installed into
bench/.peers on first use, at the versions that bench/peers names; only a full run asks for them.
"""

import os
import socket
import subprocess
import sys
import time

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILT = os.path.join(BENCH, ".peers")


class Peer:
    """A server that runs: its name, URL and process id."""

    def __init__(self, name, command, tls=False, url=None, **options):
        self.name = name
        # Rust and Go log every call to standard error otherwise.
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, **options)
        self.pid = self._process.pid
        self.url = url or f"grpc{'+tls' if tls else ''}://127.0.0.1:{int(self._process.stdout.readline())}"

    def stop(self):
        self._process.kill()
        self._process.wait()


def memory_server(tls=()):
    return Peer("C++", [sys.executable, os.path.join(BENCH, "lib", "memory_server.py"), *tls], bool(tls))


def tcp_server():
    return Peer("TCP", [sys.executable, os.path.join(BENCH, "lib", "tcp_server.py")])


def go_server(tls=()):
    program = os.path.join(BUILT, "arrow-go-server")
    command = ["go", "build", "-o", program, "."]
    subprocess.run(command, cwd=os.path.join(BENCH, "peers", "arrow-go"), check=True, stdout=sys.stderr)
    return Peer("arrow-go", [program, *tls], bool(tls))


def roapi(tables, folder):
    """@param tables: Parquet file by table name, read anew by each query. @param folder: for its configuration"""
    program = os.path.join(BUILT, "roapi", "bin", "roapi")
    if not os.path.exists(program):
        requirements = os.path.join(BENCH, "peers", "requirements.txt")
        subprocess.run([sys.executable, "-m", "venv", os.path.join(BUILT, "roapi")], check=True)
        pip = [os.path.join(BUILT, "roapi", "bin", "pip"), "install", "--quiet", "--requirement", requirements]
        subprocess.run(pip, check=True, stdout=sys.stderr)
    config = os.path.join(folder, "roapi.yml")
    with open(config, "w") as file:
        file.write("tables:\n")
        for name, path in tables.items():
            file.write(f"  - name: {name}\n    uri: {path}\n")
            file.write("    option: { format: parquet, use_memory_table: false }\n")
    http, postgres, flight = _free_address(), _free_address(), _free_address()
    command = [program, "-c", config, "-a", http, "-p", postgres, "--addr-flight-sql", flight]
    peer = Peer("ROAPI", command, url=f"grpc://{flight}", env={**os.environ, "RUST_LOG": "error"})
    _wait_for(flight)
    return peer


def _free_address():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def _wait_for(address, seconds=30):
    host, port = address.split(":")
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((host, int(port))).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
