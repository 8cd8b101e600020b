"""Which weights count as numbers of copies."""

import numpy as np
import pytest

from skensemble._front_door import estimators
from skensemble._weights import (
    MOST_COPIES_PER_ROW,
    MOST_WHOLE_WEIGHT,
    are_row_counts,
    check_sum,
    exact_sum,
    is_whole,
    sums_by_group,
)


def test_is_whole():
    assert is_whole(np.array([0.0, 1.0, 7.0]))
    assert not is_whole(np.array([0.5, 1.0]))
    assert not is_whole(np.array([MOST_WHOLE_WEIGHT, 1.0]))
    assert is_whole(np.array([MOST_WHOLE_WEIGHT, 1.0]), most=2 * MOST_WHOLE_WEIGHT)
    assert not is_whole(np.array([0.0, 1.0, 7.0]), most=7)


def test_small_whole_weights_count_rows():
    assert are_row_counts(np.array([0.0, 1.0, 2 * MOST_COPIES_PER_ROW - 1.0]))
    assert not are_row_counts(np.array([0.0, 1.0, 2.0 * MOST_COPIES_PER_ROW]))
    assert not are_row_counts(np.array([0.5, 1.0]))


@pytest.mark.parametrize("total", [0.0, 1e-101, 1e101, np.inf, np.nan])
def test_sums_whose_squares_leave_float64_are_refused(total):
    with pytest.raises(ValueError, match="w must have a sum between 1e-100 and "):
        check_sum(total, "w")
    check_sum(1e99, "w")


def test_sums_have_no_order():
    rng = np.random.default_rng(0)
    weight, groups, order = rng.random(1000) ** 9, rng.integers(3, size=1000), rng.permutation(1000)
    assert exact_sum(weight[order]) == exact_sum(weight) == pytest.approx(weight.sum())
    assert exact_sum(np.arange(5.0)) == 10.0
    sums = sums_by_group(groups, weight, 4)
    np.testing.assert_array_equal(sums_by_group(groups[order], weight[order], 4), sums)
    np.testing.assert_allclose(sums, np.bincount(groups, weight, minlength=4))
    np.testing.assert_array_equal(sums_by_group(groups, None, 4), np.bincount(groups, minlength=4))


@pytest.mark.parametrize("name", [name for name in estimators() if "class_weight" in estimators()[name]().get_params()])
def test_only_ratios_of_class_weights_matter(name):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    y = (X[:, 0] + X[:, 1] * X[:, 2] > 0.5).astype(int)
    model = estimators()[name]()
    rounds = {"n_estimators": 5} if "n_estimators" in model.get_params() else {}
    for sample_weight in (None, rng.integers(1, 4, 120)):
        found = [
            model.set_params(class_weight={0: unit, 1: 3 * unit}, random_state=0, **rounds)
            .fit(X, y, sample_weight=sample_weight)
            .predict_proba(X)
            for unit in (1.0, 10.0, 0.37, 1e-9)
        ]
        for other in found[1:]:
            np.testing.assert_allclose(other, found[0], atol=1e-9)
