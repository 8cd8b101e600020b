"""Coverage equals plain loops."""

import numpy as np
import pandas as pd
import pytest

from skensemble.generative.evaluation._coverage import ENOUGH, coverage
from tests.generative.evaluation.comparisons import compared, mixed_table, plain_distances


def _plain_coverage(comparison, sample):
    """k = 1, 2, ... until the training rows cover enough test rows."""
    among = np.sort(plain_distances(comparison.test, comparison.test), axis=1)
    to_train, to_sample = (plain_distances(comparison.test, rows).min(axis=1) for rows in (comparison.train, sample))
    for k in range(1, len(among)):
        if np.mean((to_train < among[:, k]) | (to_train == 0)) >= ENOUGH:
            break
    return np.mean((to_sample < among[:, k]) | (to_sample == 0))


@pytest.mark.parametrize("seed", range(3))
def test_equals_plain_loops(seed):
    comparison, (sample,) = compared(*(mixed_table(n, seed + 10 * k) for k, n in enumerate((90, 40, 30))))
    assert coverage(comparison, sample, None) == pytest.approx(_plain_coverage(comparison, sample))


def test_tables_of_few_distinct_rows():
    tables = [pd.DataFrame({"a": np.random.default_rng(k).choice(["x", "y", "z"], 30)}) for k in range(3)]
    comparison, (sample,) = compared(*tables)
    assert coverage(comparison, sample, None) == 1.0
    comparison, (only_x,) = compared(*tables[:2], pd.DataFrame({"a": ["x"] * 9}))
    assert coverage(comparison, only_x, None) == pytest.approx((tables[1].a == "x").mean())


def test_training_rows_cover_enough_and_one_point_does_not():
    rng = np.random.default_rng(0)
    train, test = rng.random((300, 3)), rng.random((100, 3))
    comparison, (copied, point) = compared(train, test, train, np.full((300, 3), 0.5))
    assert coverage(comparison, copied, None) >= ENOUGH
    assert coverage(comparison, point, None) < 0.2
