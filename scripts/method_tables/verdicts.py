"""How often `copycost compare` is wrong where nothing changed, and what it
finds where something did."""

import collections
import itertools
import random
import statistics

from . import places

CALLED = ("faster", "slower")
QUESTIONS = ("relative", "absolute")


def is_called(cell, question):
    return cell[question]["verdict"] in CALLED


def called_lines(comparisons):
    """Lines of a table of verdicts where none should be; a comparison is a
    list of cells. Holm's family is one quantity and one question."""
    for quantity in sorted({cell["quantity"] for cells in comparisons for cell in cells}):
        for question in QUESTIONS:
            called = []
            for cells in comparisons:
                of = [cell for cell in cells if cell["quantity"] == quantity]
                called.append((sum(is_called(cell, question) for cell in of), len(of)))
            wrong = sum(count > 0 for count, _ in called)
            cells = f"{sum(count for count, _ in called)} of {sum(all for _, all in called)}"
            yield f"{quantity}, {question}", f"{wrong} of {len(called)}", cells


HEAD = ["", "comparisons with a false verdict", "cells called"]


def two_or_more(names):
    if len(names) < 2:
        raise places.Refused("give two recordings or more")
    return list(itertools.combinations(names, 2))


class FalseVerdicts:
    """False verdicts between recordings of one thing: every two of them are
    compared, and Criterion's rule is put to pass against pass.

    Needs two recordings or more of one kernel, one after the other:
        for n in 1 2 3 4 5; do copycost record --name same-$n --target throughput; done
    9 minutes each. Then: method false-verdicts same-1 same-2 same-3 same-4 same-5
    The comparisons take some seconds each; Criterion's rule about 10 minutes for
    ten comparisons of 64 passes and 48 cells (--passes and --resamples lessen it,
    --passes 0 leaves it out).
    """
    name = "false-verdicts"

    @staticmethod
    def arguments(parser):
        parser.add_argument("recordings", nargs="+", metavar="RECORDING")
        parser.add_argument("--passes", type=int, default=64, metavar="N",
                            help="passes of each two that Criterion's rule is put to [default: 64]")
        parser.add_argument("--resamples", type=int, default=1000, metavar="N",
                            help="of Criterion's bootstrap [default: 1000, as recording.toml has]")

    @staticmethod
    def run(asked):
        pairs = two_or_more(asked.recordings)
        lines = list(called_lines([places.compare(asked, base, new) for base, new in pairs]))
        if asked.passes > 0:
            lines += criterions_lines(asked, pairs)
        places.table(HEAD, lines)


NOISE = (0.05, 0.01)


def criterions_lines(asked, pairs):
    generator = random.Random(1)
    changed = {noise: [] for noise in NOISE}
    cells = 0
    for base, new in pairs:
        of = {name: {(number, target): path for number, target, path in places.passes(asked.home, name)}
              for name in (base, new)}
        for key in sorted(of[base].keys() & of[new].keys())[:asked.passes]:
            samples = [own_samples(places.records_of(of[name][key])) for name in (base, new)]
            both = sorted(samples[0].keys() & samples[1].keys())
            says = [criterion_says(samples[1][cell], samples[0][cell], asked.resamples, generator)
                    for cell in both]
            cells = max(cells, len(both))
            for noise in NOISE:
                changed[noise].append(sum(noise in beyond for beyond in says))
    for noise in NOISE:
        counts = changed[noise]
        if counts:
            wrong = f"{sum(count > 0 for count in counts)} of {len(counts)}"
            mean = f"{statistics.mean(counts):.1f} of {cells}"
            yield f"Criterion's rule on pass against pass, noise threshold {noise:.0%}", wrong, mean


def own_samples(records):
    samples = {}
    for record in records:
        cell = record["cell"]
        own = [places.per_message(block_round) for block in record["blocks"]
               for block_round in block["rounds"] if block_round["lane"] == cell["mode"]]
        samples[cell["target"], cell["threads"], cell["mode"], cell["message_bytes"]] = own
    return samples


def criterion_says(new, base, resamples, generator):
    """The noise thresholds beyond which Criterion 0.8 calls a change: its
    bootstrapped interval of the ratio of means lies beyond, and its mixed
    bootstrap of t has a p value under 5 %."""
    ratios = sorted(
        statistics.fmean(generator.choices(new, k=len(new)))
        / statistics.fmean(generator.choices(base, k=len(base))) - 1
        for _ in range(resamples))
    lower = ratios[int(0.025 * (resamples - 1))]
    upper = ratios[int(round(0.975 * (resamples - 1)))]
    beyond = [noise for noise in NOISE if lower > noise or upper < -noise]
    if not beyond:
        return []
    observed, pooled, below, finite = t(new, base), new + base, 0, 0
    for _ in range(resamples):
        drawn = generator.choices(pooled, k=len(pooled))
        value = t(drawn[:len(new)], drawn[len(new):])
        finite += value is not None
        below += value is not None and observed is not None and value < observed
    p_value = 2 * min(below, finite - below) / finite if finite else 1.0
    return beyond if p_value < 0.05 else []


def t(one, other):
    means = statistics.fmean(one), statistics.fmean(other)
    variance = sum(sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values)
                   for values, mean in zip((one, other), means))
    return (means[0] - means[1]) / variance ** 0.5 if variance > 0 else None


class Interleaved:
    """False verdicts between the two sides of interleaved pairs of one thing,
    each pair split into several of fewer passes.

    Needs an interleaved pair or more with nothing different between its sides:
        copycost record --interleave --name same --target throughput
    18 minutes each. Then: method interleaved same --parts 4
    Each part has its share of the passes, so it finds less than the whole would;
    --parts 1 takes pairs whole. Some seconds a part.
    """
    name = "interleaved"

    @staticmethod
    def arguments(parser):
        parser.add_argument("pairs", nargs="+", metavar="PAIR", help="its name without -a and -b")
        parser.add_argument("--parts", type=int, default=4, metavar="N",
                            help="into how many each pair is split [default: 4]")

    @staticmethod
    def run(asked):
        comparisons, fewest = [], None
        for pair in asked.pairs:
            sides = f"{pair}-a", f"{pair}-b"
            numbers = [{number for number, _, _ in places.passes(asked.home, side)} for side in sides]
            both = sorted(numbers[0] & numbers[1])
            if asked.parts < 1 or len(both) < 2 * asked.parts:
                raise places.Refused(f"pair {pair} has {len(both)} passes a side: at least 2 a part, "
                                     f"and --parts is {asked.parts}")
            for part in range(asked.parts):
                cut = [len(both) * end // asked.parts for end in (part, part + 1)]
                chosen = set(both[cut[0]:cut[1]])
                fewest = min(fewest or len(chosen), len(chosen))
                with places.scratch() as home:
                    for side in sides:
                        places.copy_recording(asked.home, side, home, side, lambda number, _: number in chosen)
                    comparisons.append(places.compare(asked, *sides, home=home))
        print(f"{len(comparisons)} pairs of {fewest} passes a side or more\n")
        places.table(HEAD, called_lines(comparisons))


class Slowdown:
    """A true slowdown: which cells of the slowed mode are found, and whether
    another mode is blamed.

    Needs recordings of one thing, and recordings with `slowdown` in their profile:
        copycost record --name same-1 --target throughput
        copycost record --name slowed-1 --target throughput --profile slowed.toml
    with slowed.toml a copy of recording.toml and
        [slowdown]
        mode = "one-copy"
        percent = [5.0, 5.0, 5.0, 10.0]
    9 minutes each. Then: method slowdown same-1 same-2 --slowed slowed-1
    Some seconds a comparison.
    """
    name = "slowdown"

    @staticmethod
    def arguments(parser):
        parser.add_argument("recordings", nargs="+", metavar="RECORDING")
        parser.add_argument("--slowed", nargs="+", required=True, metavar="RECORDING")

    @staticmethod
    def run(asked):
        found = collections.defaultdict(list)
        comparisons = blamed = 0
        for slowed in asked.slowed:
            mode = (places.manifest(asked.home, slowed)["profile"].get("slowdown") or {}).get("mode")
            if not mode:
                raise places.Refused(f"recording {slowed} slows no mode: slowdown.mode of its profile is empty")
            for base in asked.recordings:
                comparisons += 1
                cells = places.compare(asked, base, slowed)
                others = [cell for cell in cells if cell["cell"]["mode"] != mode]
                blamed += any(is_called(cell, "relative") for cell in others)
                for cell in cells:
                    if cell["cell"]["mode"] == mode:
                        key = cell["quantity"], mode, places.row_of(cell)
                        found[key].append(cell)
        lines = []
        for (quantity, mode, row), cells in sorted(found.items()):
            slower = [sum(cell[question]["verdict"] == "slower" for cell in cells) for question in QUESTIONS]
            lines.append([f"{quantity}, {mode}", row.threads, row.message_bytes,
                          *(f"{count} of {len(cells)}" for count in slower),
                          findable([cell["relative"].get("findable") for cell in cells])])
        places.table(["", "threads", "bytes", "found, relative", "found, absolute", "findable, relative"], lines)
        print(f"another mode blamed (relative): {blamed} of {comparisons} comparisons")


def findable(shares):
    known = [share for share in shares if share is not None]
    text = f"{min(known):.1%} to {max(known):.1%}" if known else "none"
    return text if len(known) == len(shares) else f"{text}; none in {len(shares) - len(known)}"


class Injected:
    """An injected slowdown: the times of one mode are multiplied in a copy of a
    recording, and the copy is compared with another recording of the same thing.

    Needs two recordings or more of one thing, as false-verdicts does (every two
    are compared), or the sides of an interleaved pair (`same-a same-b
    --both-directions`). 9 minutes a recording. Then:
        method injected same-1 same-2 --percent 20 30 40 50
        method injected same-1 same-2 --percent 3 --threads 1 --largest-bytes 16384
    A copy of 64 passes and a comparison take some 20 s together: ten comparisons
    at four slowdowns about 10 minutes. Throughput only.
    """
    name = "injected"

    @staticmethod
    def arguments(parser):
        parser.add_argument("recordings", nargs="+", metavar="RECORDING")
        parser.add_argument("--mode", default="one-copy", help="whose times are multiplied [default: one-copy]")
        parser.add_argument("--percent", nargs="+", type=float, default=[20.0, 30.0, 40.0, 50.0])
        parser.add_argument("--threads", type=int, help="count cells of so many alone [default: all]")
        parser.add_argument("--largest-bytes", type=int, metavar="N", help="and of no more than [default: all]")
        parser.add_argument("--both-directions", action="store_true", help="slow either of two, one at a time")

    @staticmethod
    def run(asked):
        pairs = two_or_more(asked.recordings)
        if asked.both_directions:
            pairs += [(new, base) for base, new in pairs]

        def is_counted(cell):
            row = places.row_of(cell)
            return (cell["cell"]["mode"] == asked.mode and asked.threads in (None, row.threads)
                    and row.message_bytes <= (asked.largest_bytes or row.message_bytes))

        lines = []
        for percent in asked.percent:
            mine = []
            for base, new in pairs:
                with places.scratch() as home:
                    only = lambda _, target: target == "throughput"
                    places.copy_recording(asked.home, base, home, base, only)
                    slow = lambda record: multiply(record, asked.mode, 1 + percent / 100)
                    places.copy_recording(asked.home, new, home, new, only, slow)
                    mine += [cell for cell in places.compare(asked, base, new, home) if is_counted(cell)]
            if not mine:
                raise places.Refused(f"the recordings hold no such cell of {asked.mode}")
            found = [sum(cell[question]["verdict"] == "slower" for cell in mine) for question in QUESTIONS]
            lines.append([f"{percent:g} %", *(f"{count} of {len(mine)}" for count in found)])
        print(f"{len(pairs)} comparison(s)\n")
        places.table([f"slowdown of {asked.mode}", "found, relative", "found, absolute"], lines)


def multiply(record, mode, factor):
    """Makes one mode's rounds longer, those of its self check among them."""
    lanes = {mode, "self"} if record["cell"]["mode"] == mode else {mode}
    for block in record["blocks"]:
        for block_round in block["rounds"]:
            if block_round["lane"] in lanes:
                block_round["time_ns"] = round(block_round["time_ns"] * factor)
