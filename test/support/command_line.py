"""The command line beside a server."""

import os
import subprocess


def command_line(sterna, url, *words):
    """Gives a function that runs `sterna WORDS… ARGUMENTS…` and returns what it prints; with `fails`, its error."""

    def run(*arguments, fails=False):
        command = [sterna, *words, *arguments]
        done = subprocess.run(command, env={**os.environ, "STERNA_SERVER": url}, capture_output=True, text=True)
        assert (done.returncode != 0) == fails, (done.stdout, done.stderr)
        return done.stderr if fails else done.stdout

    return run
