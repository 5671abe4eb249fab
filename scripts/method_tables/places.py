"""Where baselines and the program are, how both are asked, and how copies of
recordings are made for a comparison. What a table says is the others' business."""

import collections
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


class Refused(Exception):
    """Asked for something that is not there or not allowed."""


class Failed(Exception):
    """Something that was run did not work."""


def criterion_home():
    return os.environ.get("CRITERION_HOME") or os.path.join(ROOT, "target", "criterion")


def program():
    built = os.path.join(ROOT, "target", "release", "copycost")
    return built if os.path.exists(built) else "copycost"


def directory(home, name):
    return os.path.join(home, "copycost", name)


def passes(home, name):
    """The files of a recording's passes: (round, target, path), in order."""
    found = []
    for path in glob.glob(os.path.join(glob.escape(directory(home, name)), "pass-*.jsonl")):
        parts = re.fullmatch(r"pass-(\d+)-([a-z_]+)\.jsonl", os.path.basename(path))
        if parts:
            found.append((int(parts[1]), parts[2], path))
    return sorted(found)


def records_of(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def saved_records(home, name):
    """The records that lie beside Criterion's files: of one process."""
    pattern = os.path.join(glob.escape(home), "*", "*", "*", glob.escape(name), "copycost.json")
    return [record for path in sorted(glob.glob(pattern)) for record in records_of(path)]


def processes(home, name, target):
    """The records of each process of a baseline, of one bench target."""
    kept = [records_of(path) for _, of, path in passes(home, name) if of == target]
    if not kept:
        one = [record for record in saved_records(home, name) if record["cell"]["target"] == target]
        kept = [one] if one else []
    if not kept:
        raise Refused(f"no baseline {name} with records of the target {target} in {home}")
    return kept


def manifest(home, name, file="recording.json"):
    path = os.path.join(directory(home, name), file)
    if not os.path.exists(path):
        raise Refused(f"{name} in {home} is no recording: there is no {file}")
    with open(path, encoding="utf-8") as text:
        return json.load(text)


def run(command, environment=None, limit_s=900):
    """What a command prints; Failed with what it said if it did not work."""
    try:
        done = subprocess.run(command, env={**os.environ, **(environment or {})}, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=limit_s)
    except FileNotFoundError:
        raise Failed(f"{command[0]}: no such program; build it with `cargo build --release`, "
                     "or give --copycost") from None
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(command)}: took more than {limit_s} s") from None
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def compare(asked, base, new, home=None):
    """The answers of `copycost compare`, a dictionary a cell and quantity."""
    return comparisons(asked, [base, new], home)[0]


def comparisons(asked, names, home=None):
    """The same of every baseline beside the first, of a group every side."""
    text = run([asked.copycost, "compare", *names, "--json"], {"CRITERION_HOME": home or asked.home})
    return [comparison["cells"] for comparison in json.loads(text)]


def copy_recording(home, name, to_home, to_name, keep, change=None):
    """Copies the passes of a recording for which keep(round, target) holds,
    under their numbers, with each record changed."""
    to = directory(to_home, to_name)
    os.makedirs(to)
    for path in glob.glob(os.path.join(glob.escape(directory(home, name)), "*.json")):
        shutil.copy(path, to)
    for number, target, path in passes(home, name):
        if not keep(number, target):
            continue
        copy = os.path.join(to, os.path.basename(path))
        if change is None:
            shutil.copy2(path, copy)
            continue
        with open(copy, "w", encoding="utf-8") as out:
            for record in records_of(path):
                change(record)
                out.write(json.dumps(record) + "\n")


def scratch():
    return tempfile.TemporaryDirectory(prefix="copycost-method-")


def per_message(block_round):
    return block_round.get("cost", block_round["time_ns"]) / block_round["messages"]


Row = collections.namedtuple("Row", "threads message_bytes")


def row_of(record):
    return Row(record["cell"]["threads"], record["cell"]["message_bytes"])


def rows(records):
    """Records by row, each row's in the order of the matrix."""
    of = collections.defaultdict(list)
    for record in records:
        of[row_of(record)].append(record)
    order = {mode: place for place, mode in enumerate(records[0]["profile"]["matrix"]["modes"])}
    for kept in of.values():
        kept.sort(key=lambda record: order.get(record["cell"]["mode"], len(order)))
    return dict(sorted(of.items()))


def table(head, lines):
    """A Markdown table on standard output."""
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for line in lines:
        print("| " + " | ".join(str(word) for word in line) + " |")
    print()
