"""What sides of one recording differ by within their shared blocks, and how that
repeats from pass to pass."""

import collections
import math
import statistics

from . import places, spread, verdicts


class Sides:
    """Sides of one recording: by how much each is over the first within blocks, in the
    middle of all passes, and how much a pass and (robustly) a block deviate.

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
        values, of_blocks = collections.defaultdict(list), collections.defaultdict(list)
        for group in asked.groups:
            for key, passes in differences(asked, group).items():
                values[key].append([statistics.median(blocks) for blocks in passes])
                of_blocks[key] += map(spread.robust, passes)
        lines, by_threads = [], collections.defaultdict(list)
        for key, groups in sorted(values.items()):
            side, threads, size, mode = key
            every = [value for passes in groups for value in passes]
            deviation, of_a_block = pooled(groups), statistics.median(of_blocks[key])
            if deviation is not None:
                by_threads[threads].append((deviation, of_a_block))
            lines.append([side, threads, size, mode, len(every), f"{100 * statistics.fmean(every):+.2f} %",
                          spread.percent(deviation, 2), spread.percent(of_a_block)])
        places.table(["side", "threads", "bytes", "mode", "passes", "over the first", "a pass deviates by",
                      "a block"], lines)
        lines = []
        for threads, of in sorted(by_threads.items()):
            passes, blocks = zip(*of)
            lines.append([threads, len(of),
                          spread.percent(statistics.median(passes), 2), spread.percent(max(passes), 2),
                          spread.percent(statistics.median(blocks)), spread.percent(max(blocks))])
        places.table(["threads", "cells", "a pass, in the middle of the cells", "at worst",
                      "a block, in the middle", "at worst"], lines)


class SideVerdicts:
    """What comparisons of sides find of a mode that is slowed at one of them, and what else
    they call.

    Needs groups of sides, with a profile that is sides.toml and, where something is to be found,
        [slowdown]
        mode = "one-copy"
        side = "b"
        percent = [1.0, 1.0, 1.0, 2.0]
    10 minutes each. Then: method side-verdicts slowed-1 slowed-2
    Some seconds a group.
    """
    name = "side-verdicts"

    @staticmethod
    def arguments(parser):
        parser.add_argument("groups", nargs="+", metavar="GROUP")

    @staticmethod
    def run(asked):
        slowed, others, wrong = collections.defaultdict(list), [], collections.Counter()
        for group in asked.groups:
            called = set()
            for side, cells in compared(asked, group):
                slowdown = places.manifest(asked.home, f"{group}-{side}")["profile"].get("slowdown") or {}
                for cell in cells:
                    if slowdown.get("side") == side and slowdown["mode"] == cell["cell"]["mode"]:
                        slowed[cell["quantity"], *places.row_of(cell)].append(cell)
                        continue
                    others.append(cell)
                    called |= {question for question in verdicts.QUESTIONS if verdicts.is_called(cell, question)}
            wrong.update(called)
        lines = [[*key, *(f"{sum(cell[question]['verdict'] == 'slower' for cell in cells)} of {len(cells)}"
                          for question in reversed(verdicts.QUESTIONS)),
                  verdicts.findable([cell["absolute"].get("findable") for cell in cells])]
                 for key, cells in sorted(slowed.items())]
        if lines:
            places.table(["the slowed mode", "threads", "bytes", "found, absolute", "found, relative",
                          "findable, absolute"], lines)
        places.table(["where nothing differs", "groups with a verdict", "verdicts"],
                     [[question, f"{wrong[question]} of {len(asked.groups)}",
                       f"{sum(verdicts.is_called(cell, question) for cell in others)} of {len(others)}"]
                      for question in verdicts.QUESTIONS])


def compared(asked, group):
    """Each other side of a group and its cells beside the first's."""
    _, *others = [side["name"] for side in places.manifest(asked.home, group, "group.json")["sides"]]
    return zip(others, places.comparisons(asked, [group]))


def pooled(groups):
    """The deviation of values from the means of their groups."""
    free = sum(len(values) - 1 for values in groups)
    squares = sum((value - statistics.fmean(values)) ** 2 for values in groups for value in values)
    return math.sqrt(squares / free) if free else None


def differences(asked, group):
    """By side, row and mode one list a pass: over the row's blocks the log of the side's
    time a message over the first side's."""
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
                found[key].append(values)
    if not found:
        raise places.Refused(f"{group} in {asked.home} has no pass of two sides of the target {asked.target}")
    return found
