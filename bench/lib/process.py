"""What the system knows of a process: its CPU time and its memory."""

import time


def cpu_seconds(pid):
    """CPU time of all threads of a process so far, those that have ended included (Linux: clock of another process)."""
    return time.clock_gettime((~pid << 3) | 2)


def rss_bytes(pid, peak=False):
    """Resident memory now, or the most since the last `reset_peak`."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmHWM:" if peak else "VmRSS:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError(f"no memory figure of process {pid}")


def reset_peak(pid):
    """Forgets the peak of the resident memory."""
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")
