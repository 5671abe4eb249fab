"""What can be done about minutes in which the memory is slow: passes left out, compared with
their like, or corrected, beside all of them as they are."""

import collections
import math
import statistics

from . import places, spread, verdicts

SLOW = (1.5, 1.25, 1.1)
STRATA = 4


class Moods:
    """The memory's moods: what two recordings of one thing differ by, and what their passes
    promise, if passes in which the plain memcpy was slow are left out, or passes are compared
    with those of a like memcpy, or are corrected for it.

    Needs two recordings or more of one thing, as false-verdicts does. Then:
        method moods same-1 same-2 same-3 same-4 same-5
    Of ratios to the first mode, in logarithms; a pass's memcpy is the mean over all rows of the
    log of its middle time. Means are trimmed by a tenth at either end, as those of `copycost compare`. Some
    seconds a recording.
    """
    name = "moods"

    @staticmethod
    def arguments(parser):
        parser.add_argument("recordings", nargs="+", metavar="RECORDING")
        parser.add_argument("--threads", type=int, default=1)
        parser.add_argument("--largest-bytes", type=int, default=16384)
        spread.add_target(parser)

    @staticmethod
    def run(asked):
        kept = [Passes(asked, name) for name in asked.recordings]
        pairs = verdicts.two_or_more(kept)
        print("A pass's memcpy, lowest, middle and highest of a recording, over the middle of all:",
              "; ".join(" ".join(f"{value:.2f}" for value in of) for of in spans(kept)), "\n")
        keys = set.intersection(*(set(of.values) for of in kept))
        lines = []
        for what, treated in TREATMENTS:
            shares, found = [], []
            for base, new in pairs:
                for key in keys:
                    answer = treated((base.of(key), new.of(key)))
                    shares.append(answer.left)
                    if answer.error:
                        found.append(answer)
            of_all = lambda read: root_mean_square([read(answer) for answer in found])
            over = of_all(lambda answer: answer.difference / answer.error)
            lines.append([what, spread.percent(1 - statistics.fmean(shares), 0), len(found),
                          spread.percent(of_all(lambda answer: answer.error), 2),
                          spread.percent(of_all(lambda answer: answer.difference), 2),
                          "–" if over is None else f"{over:.1f}"])
        places.table(["passes", "left out", "comparisons of a row and mode", "standard error promised",
                      "they differ by", "over promised"], lines)


class Passes:
    """By row and mode a value a pass, and the memcpy of each pass."""

    def __init__(self, asked, name):
        processes = places.processes(asked.home, name, asked.target)
        self.moods = [mood(records) for records in processes]
        if None in self.moods:
            raise places.Refused(f"{name} has passes without a reference memcpy")
        every = spread.row_values(processes)
        self.values = {(row, mode): of for (row, mode), of in every.items()
                       if row.threads == asked.threads and row.message_bytes <= asked.largest_bytes
                       and len(of) == len(processes)}

    def of(self, key):
        return list(zip(self.moods, self.values[key]))


def mood(records):
    of_rows = collections.defaultdict(list)
    for record in records:
        for block in record["blocks"]:
            of_rows[places.row_of(record)] += [math.log(places.per_message(lane))
                                               for lane in block["rounds"] if lane["lane"] == "memcpy"]
    return statistics.fmean(statistics.median(of) for of in of_rows.values()) if of_rows else None


def spans(kept):
    middle = statistics.median(mood for of in kept for mood in of.moods)
    return [[math.exp(value - middle) for value in (min(of.moods), statistics.median(of.moods), max(of.moods))]
            for of in kept]


Answer = collections.namedtuple("Answer", "difference error left")


def root_mean_square(values):
    return math.sqrt(statistics.fmean(value ** 2 for value in values)) if values else None


def plain(sides):
    means = [trimmed(of) for of in sides]
    if None in means:
        return Answer(None, None, 0.0)
    (a, error_a), (b, error_b) = means
    return Answer(b - a, math.hypot(error_a, error_b), 1.0)


def trimmed(passes):
    """Mean and standard error of the values, a tenth left out at either end (Yuen 1974)."""
    values = sorted(value for _, value in passes)
    out = len(values) // 10
    inner = values[out:len(values) - out]
    if len(inner) < 4:
        return None
    wide = [inner[0]] * out + inner + [inner[-1]] * out
    error = statistics.stdev(wide) * math.sqrt((len(wide) - 1) / (len(inner) * (len(inner) - 1)))
    return statistics.fmean(inner), error


def without_slow(factor):
    def treated(sides):
        limit = math.log(factor) + min(statistics.median(mood for mood, _ in of) for of in sides)
        kept = tuple([passed for passed in of if passed[0] <= limit] for of in sides)
        answer = plain(kept)
        return answer._replace(left=sum(map(len, kept)) / sum(map(len, sides)))
    return treated


def stratified(sides):
    """The mean of the differences within strata of a like memcpy, by what each says."""
    ordered = sorted(mood for of in sides for mood, _ in of)
    edges = [ordered[len(ordered) * cut // STRATA] for cut in range(1, STRATA)] + [math.inf]
    answers, below, left = [], -math.inf, 0
    for edge in edges:
        within = tuple([passed for passed in of if below <= passed[0] < edge] for of in sides)
        answer = plain(within)
        if answer.error:
            answers.append(answer)
            left += sum(map(len, within))
        below = edge
    if not answers:
        return Answer(None, None, 0.0)
    weights = [1 / answer.error ** 2 for answer in answers]
    mean = sum(weight * answer.difference for weight, answer in zip(weights, answers)) / sum(weights)
    return Answer(mean, 1 / math.sqrt(sum(weights)), left / sum(map(len, sides)))


def corrected(sides):
    """Less what the slope on memcpy, of both recordings together, makes of a pass's own."""
    centred = [[(mood - statistics.fmean(mood for mood, _ in of), value - statistics.median(value for _, value in of))
                for mood, value in of] for of in sides]
    pairs = [pair for of in centred for pair in of]
    far = 3 * spread.robust([value for _, value in pairs])
    squares = sum(mood ** 2 for mood, _ in pairs)
    slope = sum(mood * min(max(value, -far), far) for mood, value in pairs) / squares
    return plain(tuple([(mood, value - slope * mood) for mood, value in of] for of in sides))


TREATMENTS = (
    ("as they are", plain),
    *((f"without those {factor:g} times as slow as the calmer recording's middle", without_slow(factor))
      for factor in SLOW),
    (f"compared in {STRATA} strata of like memcpy", stratified),
    ("corrected by the slope on memcpy", corrected),
)
