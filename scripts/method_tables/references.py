"""Whether the time a message of the reference rounds depends on their length."""

import collections
import statistics

from . import places
from .spread import percent, round_length_ms

REFERENCES = ("memcpy", "system-call")


class References:
    """The length test of references: times a message of the plain `memcpy` and
    of the empty system call, at two lengths of a round or more.

    Needs a baseline or recording for each length, of the same machine in the same
    hour, of profiles that differ in `rounds.length_ms` alone:
        copycost record --name ms-2 --target throughput --profile ms-2.toml --rounds 10
    1.5 to 3 minutes each. Then: method references ms-2 ms-4
    The last is held against the first. What moved is the median over blocks and passes.
    """
    name = "references"

    @staticmethod
    def arguments(parser):
        parser.add_argument("baselines", nargs="+", metavar="BASELINE")

    @staticmethod
    def run(asked):
        if len(asked.baselines) < 2:
            raise places.Refused("give a baseline for each of two lengths")
        columns, heads = [], []
        for name in asked.baselines:
            processes = places.processes(asked.home, name, "throughput")
            heads.append(f"{name}, rounds of {round_length_ms(processes[0][0]):g} ms")
            columns.append(times(processes))
        lines, moved = [], collections.defaultdict(list)
        for key in sorted(set.intersection(*(set(column) for column in columns))):
            reference, row = key
            change = columns[-1][key] / columns[0][key] - 1
            moved[reference, row.threads].append(abs(change))
            lines.append([reference, row.threads, row.message_bytes,
                          *(f"{column[key]:.1f} ns" for column in columns), f"{100 * change:+.1f} %"])
        if not lines:
            raise places.Refused("the baselines share no row with reference rounds")
        places.table(["reference", "threads", "bytes", *heads, "last over first"], lines)
        places.table(["reference", "threads", "moved by at most"],
                     [[*key, percent(max(values))] for key, values in sorted(moved.items())])


def times(processes):
    values = collections.defaultdict(list)
    for record in (record for records in processes for record in records):
        for block in record["blocks"]:
            for block_round in block["rounds"]:
                if block_round["lane"] in REFERENCES:
                    key = block_round["lane"], places.row_of(record)
                    values[key].append(block_round["time_ns"] / block_round["messages"])
    return {key: statistics.median(of) for key, of in values.items()}
