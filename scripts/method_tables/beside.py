"""One stream of copycost beside another tool: in turn with iperf3, and under
`perf stat`."""

import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import time

from . import places


def skipped(tool):
    print(f"skipped: {tool} is not installed; there is nothing to run copycost beside")


def stream(asked, message_bytes, *length):
    command = [asked.copycost, "stream", "--mode", asked.mode, "--message-bytes", str(message_bytes),
               "--profile", asked.profile, "--json", *length]
    return command


class Iperf3:
    """One stream in turn with iperf3, in random order: the median of the ratios
    of neighbours.

    Needs no recording, but iperf3. Each pair takes twice --seconds and a little
    more: 10 pairs of three sizes at 2 s some 2.5 minutes. Nothing else may run.
        method iperf3 --bytes 4096 16384 65536 --pairs 10
        method iperf3 --profile one-field.toml        (default.toml with fields = 1)
        method iperf3 --iperf3-arguments "-w 212992"  (the same socket buffers)
    """
    name = "iperf3"

    @staticmethod
    def arguments(parser):
        parser.add_argument("--mode", default="one-copy")
        parser.add_argument("--bytes", nargs="+", type=int, default=[4096, 16384, 65536])
        parser.add_argument("--pairs", type=int, default=10)
        parser.add_argument("--seconds", type=int, default=2, help="of one stream, 1 to 60 [default: 2]")
        parser.add_argument("--profile", default="default", help="of copycost [default: default]")
        parser.add_argument("--affinity", default="0,1", help="iperf3's -A: client, server [default: 0,1]")
        parser.add_argument("--iperf3-arguments", default="", metavar="WORDS", help="for iperf3's client")

    @staticmethod
    def run(asked):
        if not (1 <= asked.seconds <= 60 and 1 <= asked.pairs <= 1000):
            raise places.Refused("--seconds must be 1 to 60 and --pairs 1 to 1000")
        if not shutil.which("iperf3"):
            return skipped("iperf3")
        lines = []
        for message_bytes in asked.bytes:
            figures = {"copycost": [], "iperf3": []}
            for _ in range(asked.pairs):
                for tool in random.sample(sorted(figures), 2):
                    gbit = copycosts(asked, message_bytes) if tool == "copycost" else iperf3s(asked, message_bytes)
                    figures[tool].append(gbit)
            ratios = [ours / theirs for ours, theirs in zip(figures["copycost"], figures["iperf3"])]
            lines.append([message_bytes, f"{statistics.median(ratios):.2f}",
                          f"{min(ratios):.2f} to {max(ratios):.2f}",
                          *(f"{statistics.median(of):.1f}" for of in figures.values())])
        print(places.run(["iperf3", "--version"]).splitlines()[0] + f"; {asked.pairs} pairs of {asked.seconds} s; "
              f"profile {os.path.basename(asked.profile)} {asked.iperf3_arguments}\n")
        places.table(["bytes", f"{asked.mode} over iperf3, median", "lowest to highest",
                      "copycost, Gbit/s", "iperf3, Gbit/s"], lines)


def copycosts(asked, message_bytes):
    command = stream(asked, message_bytes, "--seconds", str(asked.seconds))
    return json.loads(places.run(command, limit_s=60 + 2 * asked.seconds))["gbit_per_s"]


def iperf3s(asked, message_bytes):
    port = str(free_port())
    server = subprocess.Popen(["iperf3", "-s", "-1", "-p", port], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    command = ["iperf3", "-c", "127.0.0.1", "-p", port, "-l", str(message_bytes), "-C", "reno",
               "-A", asked.affinity, "-t", str(asked.seconds), "-J", *asked.iperf3_arguments.split()]
    try:
        for attempt in range(20):
            time.sleep(0.1)  # until it listens; a connection to try would be its one test
            try:
                text = places.run(command, limit_s=30 + asked.seconds)
                return json.loads(text)["end"]["sum_received"]["bits_per_second"] / 1e9
            except places.Failed:
                if attempt == 19 or server.poll() is not None:
                    raise
    finally:
        server.terminate()
        server.wait()


def free_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


class PerfStat:
    """What copycost counts of its threads beside what `perf stat` counts of the
    same process.

    Needs no recording, but perf and leave to use it. Each run takes --seconds and
    one more: 5 runs of two modes at 5 s some 1 minute.
        method perf-stat --mode one-copy zero-copy
    The process does more than its round (it connects and maps memory, and one
    thread waits): the longer the stream, the less that weighs.
    """
    name = "perf-stat"

    @staticmethod
    def arguments(parser):
        parser.add_argument("--mode", nargs="+", dest="modes", default=["one-copy", "zero-copy"])
        parser.add_argument("--message-bytes", type=int, default=4096)
        parser.add_argument("--runs", type=int, default=5)
        parser.add_argument("--seconds", type=float, default=5.0, help="about how long a stream is, 0.1 to 60")
        parser.add_argument("--profile", default="default")

    @staticmethod
    def run(asked):
        if not (0.1 <= asked.seconds <= 60 and 1 <= asked.runs <= 1000):
            raise places.Refused("--seconds must be 0.1 to 60 and --runs 1 to 1000")
        if not shutil.which("perf"):
            return skipped("perf")
        lines = []
        for asked.mode in asked.modes:
            trial = json.loads(places.run(stream(asked, asked.message_bytes, "--seconds", "0.2")))
            messages = max(1, int(trial["messages"] / trial["wall_s"] * asked.seconds))
            over = [beside_perf(asked, messages) for _ in range(asked.runs)]
            time_over, switches_over = (statistics.median(of) for of in zip(*over))
            lines.append([asked.mode, messages, f"{100 * (time_over - 1):+.2f} %",
                          f"{100 * (switches_over - 1):+.2f} %"])
        places.table(["mode", "messages", "CPU time over task-clock", "context switches over perf's"], lines)


def beside_perf(asked, messages):
    """Our CPU time and context switches over perf's, of one process."""
    with places.scratch() as directory:
        out = os.path.join(directory, "perf")
        perf = ["perf", "stat", "-x", ",", "-e", "task-clock,context-switches", "-o", out, "--"]
        ours = json.loads(places.run(perf + stream(asked, asked.message_bytes, "--messages", str(messages)),
                                     limit_s=120 + 4 * asked.seconds))
        with open(out, encoding="utf-8") as text:
            theirs = {fields[2].split(":")[0]: fields[:2] for fields in (line.split(",") for line in text)
                      if len(fields) > 2}
    both = lambda counter: sum(ours[side][counter] for side in ("client", "server"))
    try:
        (clock, unit), (switches, _) = theirs["task-clock"], theirs["context-switches"]
        clock_ns = float(clock) * {"msec": 1e6, "": 1.0}[unit]
        return (both("cpu_time") / clock_ns,
                (both("voluntary_switches") + both("involuntary_switches")) / float(switches))
    except (KeyError, ValueError, TypeError) as unknown:
        raise places.Failed(f"perf stat counted no task-clock or context switches here ({unknown})") from None
