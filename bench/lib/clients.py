"""Client processes that do one thing at the same time, and how to sum up what they saw."""

import multiprocessing
import os
import statistics
import time

import process
import ways


def _work(pipe):
    """A client process: does what it is told until told nothing."""
    round_ = os.getpid() * 1_000_000
    while (task := pipe.recv()) is not None:
        target, seconds = task
        act = ways.WAYS[target["way"]]
        try:
            if "url" in target and target["way"] != "tcp":
                ways.connect(target)
            pipe.send("ready")
            pipe.recv()
            times, bytes_ = [], 0
            cpu, start = time.process_time(), time.perf_counter()
            last = start
            while not times or last - start < seconds:
                round_ += 1
                bytes_ += act(target, round_) or 0
                now = time.perf_counter()
                times.append(now - last)
                last = now
            pipe.send({"start": start, "end": last, "times": times, "bytes": bytes_, "cpu": time.process_time() - cpu})
        except Exception as error:  # The parent decides; a client that hangs or dies would only be silent.
            pipe.send(error)


class Clients:
    """Up to `count` client processes."""

    def __init__(self, count):
        context = multiprocessing.get_context("spawn")
        self._pipes, self._processes = [], []
        for _ in range(count):
            mine, theirs = context.Pipe()
            worker = context.Process(target=_work, args=(theirs,), daemon=True)
            worker.start()
            self._pipes.append(mine)
            self._processes.append(worker)

    def run(self, count, target, seconds):
        """`count` clients do it over and over for about `seconds`, at least once each."""
        pipes = self._pipes[:count]
        for pipe in pipes:
            pipe.send((target, seconds))
        for pipe in pipes:
            self._receive(pipe, target)
        pid = target.get("pid")
        if pid:
            process.reset_peak(pid)
        cpu = process.cpu_seconds(pid) if pid else 0
        for pipe in pipes:
            pipe.send("go")
        results = [self._receive(pipe, target) for pipe in pipes]
        wall = max(r["end"] for r in results) - min(r["start"] for r in results)
        return {
            "seconds": wall,
            "times": [t for r in results for t in r["times"]],
            "bytes": sum(r["bytes"] for r in results),
            "client_cpu": sum(r["cpu"] for r in results),
            "server_cpu": process.cpu_seconds(pid) - cpu if pid else None,
            "server_peak": process.rss_bytes(pid, peak=True) if pid else None,
        }

    @staticmethod
    def _receive(pipe, target):
        answer = pipe.recv()
        if isinstance(answer, Exception):
            raise RuntimeError(f"{target['peer']}, {target['way']}: {answer}") from answer
        return answer

    def stop(self):
        for pipe in self._pipes:
            pipe.send(None)
        for worker in self._processes:
            worker.join()


def summarize(runs):
    """One cell of a result from its rounds."""
    times = sorted(t for run in runs for t in run["times"])
    gigabytes = sum(run["bytes"] for run in runs) / 1e9
    server_cpus = [run["server_cpu"] for run in runs if run["server_cpu"] is not None]
    peaks = [run["server_peak"] for run in runs if run["server_peak"] is not None]

    def per_gb(seconds):
        return round(seconds / gigabytes, 4) if gigabytes else None

    return {
        "calls": len(times),
        "calls_per_s": round(statistics.median(len(run["times"]) / run["seconds"] for run in runs), 2),
        "mb_per_s": round(statistics.median(run["bytes"] / run["seconds"] for run in runs) / 1e6, 1),
        "p50_ms": round(statistics.median(times) * 1000, 3),
        "p99_ms": round(times[min(len(times) - 1, int(len(times) * 0.99))] * 1000, 3),
        "client_cpu_s_per_gb": per_gb(sum(run["client_cpu"] for run in runs)),
        "server_cpu_s_per_gb": per_gb(sum(server_cpus)) if server_cpus else None,
        "server_peak_rss_mb": round(max(peaks) / 1e6) if peaks else None,
    }
