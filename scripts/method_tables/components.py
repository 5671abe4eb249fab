"""What the passes of a recording vary by, part by part: blocks, generations, cells,
processes, minutes."""

import collections
import math
import statistics

from . import places, spread

LEVELS = ("block", "generation", "cell", "process", "minutes")


class Components:
    """Components of variance of a row's log ratio to the first mode, and of a mode's own
    time: of blocks within a generation, generations within a cell, the cells of a row within
    a process, processes near each other, and batches of them (minutes).

    Needs a recording or more:
        copycost record --name plain --target throughput
    9 minutes. Then: method components plain
    A nested analysis of variance (Searle, Casella and McCulloch 1992, chapter 3, balanced), of
    values that lie at most three robust deviations from their row's median; a component
    below 0 is 0. Some seconds a recording.
    """
    name = "components"

    @staticmethod
    def arguments(parser):
        parser.add_argument("recordings", nargs="+", metavar="RECORDING")
        parser.add_argument("--batch", type=int, default=8, metavar="N",
                            help="passes that are minutes [default: 8]")
        spread.add_target(parser)

    @staticmethod
    def run(asked):
        lines = []
        for recording in asked.recordings:
            processes = places.processes(asked.home, recording, asked.target)
            for what, read in (("ratio", ratio_to_first), ("time", own_time)):
                of_threads = collections.defaultdict(list)
                for (row, _), nested in nested_values(processes, read, asked.batch).items():
                    of_threads[row.threads].append(components(nested))
                for threads, rows in sorted(of_threads.items()):
                    middle = [statistics.median(of) for of in zip(*rows)]
                    lines.append([recording, what, threads, len(rows), *map(spread.percent, middle)])
        places.table(["recording", "of", "threads", "rows and modes", *LEVELS], lines)


def ratio_to_first(times, first, mode):
    return None if mode == first else math.log(times[mode] / times[first])


def own_time(times, _, mode):
    return math.log(times[mode])


def nested_values(processes, read, batch):
    """By row and mode the values of all blocks: [batch][process][cell][generation]."""
    found = collections.defaultdict(list)
    for number, records in enumerate(processes):
        of_process = collections.defaultdict(list)
        for row, of_row in places.rows(records).items():
            first, *_ = modes = of_row[0]["profile"]["matrix"]["modes"]
            for record in of_row:
                generations = collections.defaultdict(lambda: collections.defaultdict(list))
                for block in record["blocks"]:
                    times = {lane["lane"]: places.per_message(lane) for lane in block["rounds"]}
                    for mode in modes:
                        value = read(times, first, mode) if mode in times and first in times else None
                        if value is not None:
                            generations[mode][block["generation"]].append(value)
                for mode, of_mode in generations.items():
                    of_process[row, mode].append([of_mode[key] for key in sorted(of_mode)])
        for key, cells in of_process.items():
            if number // batch == len(found[key]):
                found[key].append([])
            found[key][-1].append(cells)
    return found


def components(nested):
    """The deviation of each level, the innermost first."""
    every = leaves(nested, len(LEVELS))
    middle, far = statistics.median_high(every), 3 * spread.robust(every)
    clipped = clip(nested, len(LEVELS), middle - far, middle + far)
    variances, below = [], 0.0
    for level in range(1, len(LEVELS) + 1):
        groups = nodes(clipped, len(LEVELS) - level)
        free = sum(len(group) - 1 for group in groups)
        means = [[mean(child, level - 1) for child in group] for group in groups]
        squares = sum((value - statistics.fmean(of)) ** 2 for of in means for value in of)
        variance = squares / free if free else 0.0
        # The mean of a child varies by its own component and by all below it.
        variances.append(max(variance - below, 0.0))
        below = max(variance, below) / statistics.fmean(len(group) for group in groups)
    return [math.sqrt(variance) for variance in variances]


def nodes(tree, depth):
    """The lists that lie so deep."""
    return [tree] if depth == 0 else [node for child in tree for node in nodes(child, depth - 1)]


def leaves(tree, depth):
    return [tree] if depth == 0 else [leaf for child in tree for leaf in leaves(child, depth - 1)]


def mean(tree, depth):
    return statistics.fmean(leaves(tree, depth))


def clip(tree, depth, low, high):
    return min(max(tree, low), high) if depth == 0 else [clip(child, depth - 1, low, high) for child in tree]
