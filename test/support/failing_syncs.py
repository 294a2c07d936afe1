"""
Runs a program whose syncs of files fail as a broken disk's do, whoever in it asks for them: Node, DuckDB or SQLite.

Usage: failing_syncs.py CONTROL PROGRAM [ARGUMENT...]

The kernel asks a second process about each fsync and fdatasync of the program (seccomp_unotify(2), Linux 5.5 or newer).
Where the path of the file matches the regular expression that CONTROL holds at that moment, the answer is EIO; an empty
CONTROL lets all pass. A second line says how many may fail. The program keeps this process's id. The path of each file
whose sync has failed is written to CONTROL.failed.
"""

import ctypes
import errno
import fcntl
import os
import platform
import re
import select
import socket
import struct
import sys

SYSCALLS = {
    "x86_64": {"fsync": 74, "fdatasync": 75, "seccomp": 317},
    "aarch64": {"fsync": 82, "fdatasync": 83, "seccomp": 277},
}[platform.machine()]

PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER = 1
SECCOMP_FILTER_FLAG_NEW_LISTENER = 8
SECCOMP_RET_USER_NOTIF = 0x7FC00000
SECCOMP_RET_ALLOW = 0x7FFF0000
SECCOMP_IOCTL_NOTIF_RECV = 0xC0502100
SECCOMP_IOCTL_NOTIF_SEND = 0xC0182101
SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1

#: struct seccomp_notif: id, pid, flags, then the number, architecture, address and six arguments of the call.
NOTIFICATION = struct.Struct("=QIIiIQ6Q")
#: struct seccomp_notif_resp: id, value, error, flags.
RESPONSE = struct.Struct("=QqiI")

LOAD_NUMBER, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def listen():
    """Has the kernel ask about each sync of this process, and of what becomes of it, from now on. Returns where."""
    libc = ctypes.CDLL(None, use_errno=True)
    filter_ = [
        (LOAD_NUMBER, 0, 0, 0),
        (JUMP_EQUAL, 2, 0, SYSCALLS["fsync"]),
        (JUMP_EQUAL, 1, 0, SYSCALLS["fdatasync"]),
        (RETURN, 0, 0, SECCOMP_RET_ALLOW),
        (RETURN, 0, 0, SECCOMP_RET_USER_NOTIF),
    ]
    program = Program(len(filter_), b"".join(struct.pack("=HBBI", *step) for step in filter_))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    listener = libc.syscall(
        SYSCALLS["seccomp"], SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, ctypes.byref(program)
    )
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return listener


class Control:
    """What is to fail, and what has."""

    def __init__(self, path):
        self.path, self.text, self.left = path, "", 0.0

    def fails(self, pid, file):
        with open(self.path) as control:
            text = control.read()
        if text != self.text:
            self.text, self.left = text, float(text.split("\n")[1] if "\n" in text else "inf")
        try:
            path = os.readlink(f"/proc/{pid}/fd/{file}")
        except FileNotFoundError:
            return False
        if self.left == 0 or text == "" or re.search(text.split("\n")[0], path) is None:
            return False
        self.left -= 1
        with open(f"{self.path}.failed", "a") as failed:
            failed.write(f"{path}\n")
        return True


def answer(listener, control):
    """Answers until the program is gone."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while poll.poll()[0][1] & select.POLLIN:
        question = bytearray(NOTIFICATION.size)
        try:
            fcntl.ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, question)
            id_, pid, _, _, _, _, file = NOTIFICATION.unpack(question)[:7]
            error, flags = (-errno.EIO, 0) if control.fails(pid, file) else (0, SECCOMP_USER_NOTIF_FLAG_CONTINUE)
            fcntl.ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, RESPONSE.pack(id_, 0, error, flags))
        except FileNotFoundError:
            pass  # It was killed meanwhile.


def main():
    control, program = Control(sys.argv[1]), sys.argv[2:]
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        # Nobody has to wait for this one: it ends with the program.
        if os.fork() == 0:
            theirs.close()
            _, (listener,), _, _ = socket.recv_fds(ours, 1, 1)
            answer(listener, control)
        os._exit(0)
    os.wait()
    ours.close()
    socket.send_fds(theirs, [b"x"], [listen()])
    theirs.close()
    os.execvp(program[0], program)


if __name__ == "__main__":
    main()
