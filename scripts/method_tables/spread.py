"""What varies: between the passes of a recording, between recordings, and
between runs."""

import collections
import math
import os
import statistics

from . import places


def log_ratios(record, first, mode):
    """Logs of a mode's time a message over the first one's, a block an entry."""
    values = []
    for block in record["blocks"]:
        lanes = {block_round["lane"]: block_round for block_round in block["rounds"]}
        if first in lanes and mode in lanes:
            values.append(math.log(places.per_message(lanes[mode]) / places.per_message(lanes[first])))
    return values


def row_values(processes, choose=lambda values: values, own_cell=False):
    """Of each row and mode one value a process: the median of the log ratios to
    the first mode, over the blocks of all cells of the row."""
    values = collections.defaultdict(list)
    for records in processes:
        for row, of_row in places.rows(records).items():
            first, *others = of_row[0]["profile"]["matrix"]["modes"]
            for mode in others:
                cells = [record for record in of_row if not own_cell or record["cell"]["mode"] == mode]
                ratios = [value for record in cells for value in choose(log_ratios(record, first, mode))]
                if ratios:
                    values[row, mode].append(statistics.median(ratios))
    return {key: of for key, of in values.items() if len(of) > 1}


def deviations(values, threads=None):
    found = [statistics.stdev(of) for (row, _), of in values.items() if threads in (None, row.threads)]
    return statistics.fmean(found) if found else None


def robust(values):
    """Half of what the middle 68 % of the values lie within: their deviation, were they
    normal."""
    ordered = sorted(values)
    low, high = (ordered[int(share * len(ordered))] for share in (0.16, 0.84))
    return (high - low) / 2


def percent(value, digits=1):
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def round_length_ms(record):
    rounds = record["profile"]["rounds"]
    return rounds["latency_length_ms" if record["cell"]["target"] == "latency" else "length_ms"]


def add_target(parser):
    parser.add_argument("--target", default="throughput", choices=["throughput", "latency", "cpu_cost"])


class Split:
    """The split of a recording: how much a row's ratio deviates between passes,
    by the length of a round, and with fewer blocks a pass.

    Needs a recording for each length of a round, of the same number of passes, with
    profiles that are recording.toml with another `rounds.length_ms`:
        copycost record --name ms-4 --target throughput --rounds 36 --profile ms-4.toml
    8 s (1 ms) to 14 s (4 ms) a pass. Then: method split ms-4 ms-2 ms-1
    Some seconds a recording. Time a pass is from the files' times; where a copy
    lost those, or passes of two sides took turns, it is not of one pass.
    """
    name = "split"

    @staticmethod
    def arguments(parser):
        parser.add_argument("recordings", nargs="+", metavar="RECORDING")
        parser.add_argument("--minutes", type=float, default=9.0, help="of a recording [default: 9]")
        add_target(parser)

    @staticmethod
    def run(asked):
        lengths, fewer = [], []
        for name in asked.recordings:
            processes = places.processes(asked.home, name, asked.target)
            values = row_values(processes)
            if not values:
                raise places.Refused(f"{name} has not two passes of any row")
            seconds = seconds_a_pass(asked.home, name, asked.target)
            one, every = deviations(values, 1), deviations(values)
            left = [percent(of and seconds and of / math.sqrt(60 * asked.minutes / seconds), 2)
                    for of in (one, every)]
            lengths.append([name, f"{round_length_ms(processes[0][0]):g} ms", len(processes),
                            f"{seconds:.1f} s" if seconds else "–",
                            f"{percent(one)} ({percent(every)})", f"{left[0]} ({left[1]})"])
            parts = [row_values(processes, lambda of: of[::2]), row_values(processes, lambda of: of[::4]),
                     row_values(processes, own_cell=True)]
            fewer.append([name, *(f"{deviations(of) / every:.2f}" if of and every else "–" for of in parts)])
        places.table(["recording", "round", "passes", "time a pass",
                      "deviation of a row's ratio between passes, one thread (all)",
                      f"standard error that {asked.minutes:g} minutes leave"], lengths)
        print("Deviation over that of all blocks of the row:\n")
        places.table(["recording", "half of the blocks", "a quarter", "the mode's own cell"], fewer)


def seconds_a_pass(home, name, target):
    """The median time between one pass and the next; of a recording of several
    targets, whose passes take turns, there is none."""
    files = places.passes(home, name)
    if any(of != target for _, of, _ in files):
        return None
    ends = [os.stat(path).st_mtime for _, _, path in files]
    apart = [later - earlier for earlier, later in zip(ends, ends[1:]) if later > earlier]
    return statistics.median(apart) if apart else None


class Between:
    """What recordings of one thing differ by: the variance of the means of
    their rows' ratios, over the variance that their passes promise.

    Needs two recordings or more of one thing, as false-verdicts does. Then:
        method between same-1 same-2 same-3 same-4 same-5
    Some seconds a recording. Plain means, nothing trimmed or left out.
    """
    name = "between"

    @staticmethod
    def arguments(parser):
        parser.add_argument("recordings", nargs="+", metavar="RECORDING")
        add_target(parser)

    @staticmethod
    def run(asked):
        if len(asked.recordings) < 2:
            raise places.Refused("give two recordings or more")
        sides = [row_values(places.processes(asked.home, name, asked.target)) for name in asked.recordings]
        by_threads = collections.defaultdict(list)
        for row, mode in sorted(set.intersection(*(set(side) for side in sides))):
            of = [side[row, mode] for side in sides]
            between = statistics.variance([statistics.fmean(values) for values in of])
            promised = statistics.fmean([statistics.variance(values) / len(values) for values in of])
            by_threads[row.threads].append((between, promised))
        lines = []
        for threads, pairs in sorted(by_threads.items()):
            between, promised = (statistics.fmean(values) for values in zip(*pairs))
            factor = f"{between / promised:.1f}" if promised > 0 else "–"
            lines.append([threads, len(pairs), percent(math.sqrt(between), 2), percent(math.sqrt(promised), 2),
                          factor])
        places.table(["threads", "ratios", "means of recordings deviate by", "promised by passes",
                      "variance over promised"], lines)


class Repeat:
    """How well ratios repeat over runs: throughput over the first mode's, from
    all blocks of a row and from the mode's own cell, and how often a mode
    against itself was 1.

    Needs several runs of the default matrix, kept under names:
        cargo bench --bench throughput -- --save-baseline run-1
    4 minutes each. Then: method repeat run-1 run-2 run-3 run-4 run-5
    """
    name = "repeat"

    @staticmethod
    def arguments(parser):
        parser.add_argument("baselines", nargs="+", metavar="BASELINE")
        parser.add_argument("--threads", type=int, default=1)

    @staticmethod
    def run(asked):
        rows, cells, throughput = (collections.defaultdict(dict) for _ in range(3))
        holds = selves = 0
        for name in asked.baselines:
            records = [record for record in places.saved_records(asked.home, name)
                       if record["cell"]["target"] == "throughput"]
            if not records:
                raise places.Refused(f"no baseline {name} of the throughput target in {asked.home}")
            for record in records:
                itself = record["ratios"].get("self", {})
                if "lower" in itself:
                    selves += 1
                    holds += itself["lower"] <= 1 <= itself["upper"]
                row, mode = places.row_of(record), record["cell"]["mode"]
                first = record["profile"]["matrix"]["modes"][0]
                if row.threads != asked.threads:
                    continue
                throughput[mode, row.message_bytes][name] = record["metrics"]["throughput"].get("value")
                for kept, key in ((rows, "row_ratios"), (cells, "ratios")):
                    if "estimate" in record[key].get(first, {}):
                        kept[mode, row.message_bytes][name] = 1 / record[key][first]["estimate"]
        lines = []
        for (mode, message_bytes), of in rows.items():
            in_turn = [f"{of[name]:.3f}" if name in of else "–" for name in asked.baselines]
            lines.append([f"{mode} {message_bytes}", " ".join(in_turn), percent(worst(of)),
                          percent(worst(cells[mode, message_bytes]))])
        places.table(["mode, bytes", f"row, {len(asked.baselines)} runs", "worst from their median",
                      "cell, worst"], sorted(lines))
        moved = [max(of.values()) / min(of.values()) - 1 for of in throughput.values()
                 if len(of) > 1 and all(of.values())]
        if moved:
            print(f"absolute figures of these cells moved by up to {percent(max(moved), 0)}")
        if selves:
            print(f"the interval of `self` held 1 in {holds} of {selves} cells "
                  f"({percent(holds / selves)}), of all thread counts")


def worst(values):
    if not values:
        return None
    middle = statistics.median(values.values())
    return max(abs(value / middle - 1) for value in values.values())


class RoundLength:
    """The length of a round: the standard error of one-thread ratios where the
    same time is spent in rounds of different length, and how far ratios move.

    Needs a run for each length, kept under a name, of profiles that are default.toml
    with `rounds.length_ms` and `criterion.sample_size` changed against each other:
        COPYCOST_PROFILE=ms-5.toml cargo bench --bench throughput -- --save-baseline ms-5 1-thread
    1.5 minutes each. Then: method round-length ms-1.25 ms-2.5 ms-5 ms-10
    Ratios are held against those of the first.
    """
    name = "round-length"

    @staticmethod
    def arguments(parser):
        parser.add_argument("baselines", nargs="+", metavar="BASELINE")
        parser.add_argument("--threads", type=int, default=1)
        parser.add_argument("--largest-bytes", type=int, default=16384)

    @staticmethod
    def run(asked):
        lines, against = [], None
        for name in asked.baselines:
            [records, *_] = places.processes(asked.home, name, "throughput")
            errors, ratios = [], {}
            for record in records:
                row = places.row_of(record)
                if row.threads != asked.threads or row.message_bytes > asked.largest_bytes:
                    continue
                for other in record["row_ratios"]:
                    error, ratio = of_generations(record, other)
                    if error is not None:
                        errors.append(error)
                        ratios[record["cell"]["mode"], row, other] = ratio
            if not errors:
                raise places.Refused(f"{name} has no ratio with two generations at {asked.threads} thread(s)")
            against = against or ratios
            moved = [abs(math.exp(ratio - against[key]) - 1) for key, ratio in ratios.items() if key in against]
            lines.append([name, f"{round_length_ms(records[0]):g} ms", len(records[0]["blocks"]), len(errors),
                          percent(statistics.fmean(errors)), percent(max(moved, default=None))])
        places.table(["baseline", "round", "blocks", "ratios", "standard error",
                      f"moved from {asked.baselines[0]} by at most"], lines)


def of_generations(record, other):
    """The standard error of a cell's log ratio to another mode, and the ratio."""
    by_generation = collections.defaultdict(list)
    for block in record["blocks"]:
        by_generation[block["generation"]] += log_ratios({"blocks": [block]}, other, record["cell"]["mode"])
    middles = [statistics.median(values) for values in by_generation.values() if values]
    if len(middles) < 2:
        return None, None
    every = [value for values in by_generation.values() for value in values]
    return statistics.stdev(middles) / math.sqrt(len(middles)), statistics.median(every)
