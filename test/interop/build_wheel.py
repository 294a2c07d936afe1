"""Builds the Python client into a wheel without fetching anything, and prints what is in it.

Usage: build_wheel.py SOURCE TARGET
"""

import json
import pathlib
import subprocess
import sys
import zipfile

source, target = sys.argv[1:]
subprocess.run(
    [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    + ["--wheel-dir", target, source],
    check=True,
    stdout=sys.stderr,
)
(wheel,) = pathlib.Path(target).iterdir()
with zipfile.ZipFile(wheel) as archive:
    files = sorted(name for name in archive.namelist() if not name.startswith("sterna-"))
print(json.dumps({"wheel": wheel.name, "files": files}))
