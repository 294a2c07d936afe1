"""Runs a command on a terminal of its own and prints, as JSON, its exit code and all that it has shown there.

Usage: cli_terminal.py COLUMNS COMMAND ARGUMENT...
"""
import fcntl
import json
import os
import pty
import struct
import sys
import termios

columns, *command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(columns), 0, 0))
shown = b""
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        # Linux reports the end of a terminal as an I/O error.
        break
    if piece == b"":
        break
    shown += piece
_, status = os.waitpid(pid, 0)
print(json.dumps({"code": os.waitstatus_to_exitcode(status), "shown": shown.decode()}))
