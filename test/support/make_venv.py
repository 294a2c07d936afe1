"""Makes the virtual environment that the tests run Python clients in, once, however many test files ask.

Usage: make_venv.py VENV REQUIREMENTS STAMP

The lock belongs to the operating system, so a killed test run leaves none behind. The stamp is written last: an
environment without the right stamp is half made or out of date, and is made again from nothing.
"""

import fcntl
import pathlib
import shutil
import subprocess
import sys


def main() -> None:
    venv, requirements = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    stamp = sys.argv[3]
    stamp_file = venv / "stamp"
    with open(venv.with_name(venv.name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp_file.exists() and stamp_file.read_text() == stamp:
            return
        shutil.rmtree(venv, ignore_errors=True)
        run(sys.executable, "-m", "venv", str(venv))
        run(str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--requirement", str(requirements))
        stamp_file.write_text(stamp)


def run(*command: str) -> None:
    """Runs a command with its output on standard error, where the caller shows it when the command fails."""
    subprocess.run(command, check=True, stdout=sys.stderr)


main()
