"""A classifier that is to tell samples from real rows."""

import numpy as np

from skensemble.generative.evaluation._two_sample import c2st_auc
from tests.generative.evaluation.comparisons import compared, mixed_table


def test_fresh_rows_are_not_told_and_changed_rows_are():
    train, test, fresh = (mixed_table(200, seed) for seed in range(3))
    changed = fresh.assign(size=fresh["size"].sample(frac=1, random_state=0).to_numpy(), count=fresh["count"] + 2)
    comparison, samples = compared(train, test, fresh, changed)
    fresh_auc, changed_auc = (c2st_auc(comparison, sample, np.random.default_rng(0)) for sample in samples)
    assert abs(fresh_auc - 0.5) < 0.1
    assert changed_auc > 0.9


def test_one_row_tells_nothing():
    comparison, (sample,) = compared(np.eye(3), np.eye(3), np.ones((1, 3)))
    assert np.isnan(c2st_auc(comparison, sample, np.random.default_rng(0)))
