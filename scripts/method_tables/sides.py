"""What sides of one recording differ by within their shared blocks, and how that
repeats from pass to pass."""

import collections
import math
import statistics

from . import places, spread


class Sides:
    """Sides of one recording: by how much each is over the first within blocks, in the
    middle of all passes, and how much a pass deviates.

    Needs groups of sides, recorded one after the other, of the same sides:
        copycost record --side a --side b --name aa-1 --target throughput --rounds 6
    10 minutes each with the profile `sides`. Then: method sides aa-1 aa-2
    Deviations are within groups, pooled. Some seconds a group.
    """
    name = "sides"

    @staticmethod
    def arguments(parser):
        parser.add_argument("groups", nargs="+", metavar="GROUP")
        spread.add_target(parser)

    @staticmethod
    def run(asked):
        values = collections.defaultdict(list)
        for group in asked.groups:
            for key, passes in differences(asked, group).items():
                values[key].append(passes)
        lines, by_threads = [], collections.defaultdict(list)
        for (side, threads, size, mode), groups in sorted(values.items()):
            every = [value for passes in groups for value in passes]
            deviation = pooled(groups)
            if deviation is not None:
                by_threads[threads].append(deviation)
            lines.append([side, threads, size, mode, len(every), f"{100 * statistics.fmean(every):+.2f} %",
                          spread.percent(deviation, 2)])
        places.table(["side", "threads", "bytes", "mode", "passes", "over the first", "a pass deviates by"], lines)
        places.table(["threads", "cells", "deviation in the middle of the cells", "at worst"],
                     [[threads, len(of), spread.percent(statistics.median(of), 2), spread.percent(max(of), 2)]
                      for threads, of in sorted(by_threads.items())])


def pooled(groups):
    """The deviation of values from the means of their groups."""
    free = sum(len(values) - 1 for values in groups)
    squares = sum((value - statistics.fmean(values)) ** 2 for values in groups for value in values)
    return math.sqrt(squares / free) if free else None


def differences(asked, group):
    """By side, row and mode one value a pass: the median over the row's blocks of the
    log of the side's time a message over the first side's."""
    manifest = places.manifest(asked.home, group, "group.json")
    first, *others = [side["name"] for side in manifest["sides"]]
    found = collections.defaultdict(list)
    for name in others:
        base, new = ({number: path for number, target, path in places.passes(asked.home, f"{group}-{side}")
                      if target == asked.target} for side in (first, name))
        for number in sorted(set(base) & set(new)):
            of_new = {(record["seed"], record["cell"]["mode"]): record for record in places.records_of(new[number])}
            of_pass = collections.defaultdict(list)
            for record in places.records_of(base[number]):
                other = of_new.get((record["seed"], record["cell"]["mode"]))
                for block, beside in zip(record["blocks"], other["blocks"] if other else []):
                    times = [{of["lane"]: places.per_message(of) for of in each["rounds"]} for each in (block, beside)]
                    for mode in record["profile"]["matrix"]["modes"]:
                        if all(mode in of for of in times):
                            row = places.row_of(record)
                            of_pass[name, row.threads, row.message_bytes, mode].append(
                                math.log(times[1][mode] / times[0][mode]))
            for key, values in of_pass.items():
                found[key].append(statistics.median(values))
    if not found:
        raise places.Refused(f"{group} in {asked.home} has no pass of two sides of the target {asked.target}")
    return found
