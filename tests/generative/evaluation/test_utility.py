"""Models trained on samples, tested on real rows."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from skensemble.generative.evaluation._utility import utility
from tests.generative.evaluation.comparisons import compared, mixed_table

NAMES = list(mixed_table(2, 0))


@pytest.mark.parametrize("target", ["size", "kind"])
def test_fresh_rows_teach_more_than_shuffled_ones(target):
    train, test, fresh = (mixed_table(300, seed) for seed in range(3))
    shuffled = fresh.assign(**{target: fresh[target].sample(frac=1, random_state=0).to_numpy()})
    comparison, samples = compared(train, test, fresh, shuffled, target=NAMES.index(target))
    fresh_score, shuffled_score = (utility(comparison, sample, np.random.default_rng(0)) for sample in samples)
    assert fresh_score > shuffled_score + 0.1
    assert fresh_score > 0.3


def test_one_label_predicts_itself():
    train, test = (mixed_table(60, seed, missing=False) for seed in (0, 1))
    comparison, (sample,) = compared(train, test, train.assign(kind="large"), target=NAMES.index("kind"))
    expected = f1_score(test.kind, ["large"] * 60, average="macro", zero_division=0)
    assert utility(comparison, sample, np.random.default_rng(0)) == pytest.approx(expected)


def test_without_target_or_rows_that_have_it():
    train = mixed_table(30, 0)
    comparison, (sample,) = compared(train, train, train)
    assert np.isnan(utility(comparison, sample, None))
    comparison, (sample,) = compared(train, train, train.assign(size=np.nan), target=0)
    assert np.isnan(utility(comparison, sample, None))
