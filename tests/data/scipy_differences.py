"""Makes scipy_differences.json: differences of samples as SciPy computes them,
for tests/comparison_statistics.rs. Run once, with SciPy from PyPI:

    python3 tests/data/scipy_differences.py > tests/data/scipy_differences.json

Each case has two samples of logarithms; `welch` is scipy.stats.ttest_ind with
equal_var=False, `paired` scipy.stats.ttest_rel, both of new against base.
"""

import json
import random

import scipy
from scipy import stats

random.seed(9)
cases = []
for base_count, new_count, shift, spread in [
    (5, 5, 0.0, (0.02, 0.02)),
    (5, 5, 0.05, (0.01, 0.04)),
    (10, 10, -0.03, (0.02, 0.015)),
    (10, 7, 0.1, (0.2, 0.01)),
    (2, 2, 0.01, (0.01, 0.01)),
    (20, 20, 0.004, (0.01, 0.012)),
    (3, 20, -0.5, (0.3, 0.1)),
]:
    def sample(count, centre, width):
        # Heavy tails: one value in eight is disturbed.
        return [centre + random.gauss(0, width) * (5 if random.random() < 0.125 else 1) for _ in range(count)]

    base, new = sample(base_count, 1.0, spread[0]), sample(new_count, 1.0 + shift, spread[1])
    case = {"base": base, "new": new}
    kinds = [("welch", stats.ttest_ind(new, base, equal_var=False))]
    if base_count == new_count:
        kinds.append(("paired", stats.ttest_rel(new, base)))
    for kind, result in kinds:
        interval = result.confidence_interval(0.95)
        case[kind] = {
            "estimate": sum(new) / len(new) - sum(base) / len(base),
            "p_value": result.pvalue,
            "degrees_of_freedom": float(result.df),
            "lower": interval.low,
            "upper": interval.high,
        }
    cases.append(case)
print(json.dumps({"scipy": scipy.__version__, "cases": cases}, indent=1))
