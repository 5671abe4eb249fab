"""Makes scipy_differences.json: differences of samples as SciPy computes them,
for tests/comparison_statistics.rs. Run once, with SciPy from PyPI:

    python3 tests/data/scipy_differences.py > tests/data/scipy_differences.json

Each case has two samples of logarithms; `welch` is scipy.stats.ttest_ind with
equal_var=False and, where both samples have ten values or more, trim=0.1 (Yuen's
test); `paired` is scipy.stats.ttest_rel, or from ten pairs on Yuen's test of the
differences against zeros, which do not vary. All of new against base.
"""

import json
import random

import scipy
from scipy import stats



def test(found, estimate):
    interval = found.confidence_interval(0.95)
    return {
        "estimate": estimate,
        "p_value": found.pvalue,
        "degrees_of_freedom": float(found.df),
        "lower": interval.low,
        "upper": interval.high,
    }


random.seed(9)
cases = []
for base_count, new_count, shift, spread in [
    (5, 5, 0.0, (0.02, 0.02)),
    (5, 5, 0.05, (0.01, 0.04)),
    (10, 10, -0.03, (0.02, 0.015)),
    (9, 7, 0.1, (0.2, 0.01)),
    (2, 2, 0.01, (0.01, 0.01)),
    (20, 20, 0.004, (0.01, 0.012)),
    (3, 9, -0.5, (0.3, 0.1)),
    (25, 12, 0.02, (0.03, 0.01)),
]:
    def sample(count, centre, width):
        # Heavy tails: one value in eight is disturbed.
        return [centre + random.gauss(0, width) * (5 if random.random() < 0.125 else 1) for _ in range(count)]

    base, new = sample(base_count, 1.0, spread[0]), sample(new_count, 1.0 + shift, spread[1])
    case = {"base": base, "new": new}
    trim = 0.1 if min(base_count, new_count) >= 10 else 0.0
    # Where only one sample is trimmed, SciPy has no such test.
    if trim == 0.0 and max(base_count, new_count) >= 10:
        continue
    centre = lambda values: stats.trim_mean(values, trim)
    welch = stats.ttest_ind(new, base, equal_var=False, trim=trim)
    case["welch"] = test(welch, centre(new) - centre(base))
    if base_count == new_count:
        differences = [b - a for a, b in zip(base, new)]
        paired = stats.ttest_rel(new, base)
        if trim > 0.0:
            paired = stats.ttest_ind(differences, [0.0] * base_count, equal_var=False, trim=trim)
        case["paired"] = test(paired, centre(differences))
    cases.append(case)
print(json.dumps({"scipy": scipy.__version__, "cases": cases}, indent=1))
