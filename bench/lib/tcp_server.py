"""What the loopback gives without any protocol: sends as many bytes as asked for. Prints its port, then serves."""

import socket
import threading

CHUNK = bytes(1 << 20)


def serve(connection):
    with connection:
        while request := connection.recv(8, socket.MSG_WAITALL):
            left = int.from_bytes(request, "big")
            while left > 0:
                chunk = memoryview(CHUNK)[: min(left, len(CHUNK))]
                connection.sendall(chunk)
                left -= len(chunk)


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
