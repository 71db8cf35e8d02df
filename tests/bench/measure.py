"""Taking turns, medians, and one table per comparison."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LAB = os.path.join(ROOT, "tests", "lab")


class Failed(Exception):
    """A contender did not do its work: no figure at all is better than a wrong one."""


def run(argv, **options):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise Failed(f"{' '.join(argv)[:300]}: exit {done.returncode}: {(done.stdout + done.stderr).strip()[-500:]}")
    return done.stdout


def seconds(argv):
    """Wall time of a program on this machine, its output thrown away."""
    begin = time.perf_counter()
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    took = time.perf_counter() - begin
    if done.returncode != 0:
        raise Failed(f"{argv[0]}: exit {done.returncode}: {done.stderr.decode()[-300:]}")
    return took


def wall_and_memory(argv):
    """Wall seconds and peak resident MiB. By GNU time: a child of this big program would
    inherit its peak, and count the interpreter instead of the measured program."""
    with tempfile.NamedTemporaryFile("r") as figures:
        run(["/usr/bin/time", "--quiet", "-o", figures.name, "-f", "%M", *argv])
        memory = int(figures.read()) / 1024
    return seconds(argv), memory


class Dut:
    """A DUT of the lab, worked on from inside, without ssh."""

    def __init__(self, name):
        self.name = name

    def do(self, script):
        """Runs a bash script; its output."""
        return run([f"{LAB}/netns", "exec", self.name, "bash", "-euo", "pipefail", "-c", script])

    def seconds(self, script):
        """Wall time of the script, taken inside, so that entering costs nothing."""
        timed = (
            'TIMEFORMAT=%3R; { time bash -euo pipefail -c "$1" >/dev/null 2>/tmp/bench.err; } 2>&1'
            " || { cat /tmp/bench.err >&2; exit 1; }"
        )
        return float(run([f"{LAB}/netns", "exec", self.name, "bash", "-c", timed, "bench", script]).split()[-1])


def compare(title, contenders, rounds=5, reset=lambda: None):
    """Lets contenders {name: function that returns seconds} take turns, first one way
    round, then the other; `reset` runs before each, untimed. The last one is the floor
    or peer that the others are divided by."""
    times = {name: [] for name in contenders}
    failures = {}
    begin = os.getloadavg()[0]
    for turn in range(rounds):
        names = list(contenders)
        for name in names if turn % 2 == 0 else reversed(names):
            if name in failures:
                continue
            try:
                reset()
                times[name].append(contenders[name]())
            except Failed as error:
                failures[name] = str(error)
    try:
        reset()
    except Failed as error:
        failures["reset"] = str(error)
    report(title, times, failures, rounds, f"load {begin:.1f}..{os.getloadavg()[0]:.1f}")
    return {name: statistics.median(values) for name, values in times.items() if name not in failures and values}


def report(title, times, failures, rounds, load):
    print(f"\n{title}  (median of {rounds}, min..max, {load}, {os.cpu_count()} CPUs)")
    names = list(times)
    peer = names[-1] if names[-1] not in failures else None
    floor = statistics.median(times[peer]) if peer else None
    for name in names:
        if name in failures:
            print(f"  {name:<38} FAILED: {failures[name]}")
            continue
        middle = statistics.median(times[name])
        ratio = f"{middle / floor:8.2f} x" if floor else ""
        print(f"  {name:<38} {middle * 1000:9.1f} ms  {min(times[name]) * 1000:9.1f} ..{max(times[name]) * 1000:9.1f} {ratio}")
    if "reset" in failures:
        print(f"  teardown FAILED: {failures['reset']}")
    if failures:
        failed.append(title)
    sys.stdout.flush()


failed = []
