"""Refitted leaves: the same rows give the same values, other rows move them by their share."""

import numpy as np
import pytest

from skensemble import NewtonBoostingClassifier, NewtonBoostingRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
NUMBER = X[:, 0] + np.abs(X[:, 1])
LABEL = np.array(["a", "b", "c"])[np.digitize(NUMBER, [0.3, 1.2])]
ALL_ROWS = {"n_estimators": 4, "random_state": 0, "n_jobs": 1, "subsample": 1.0}
MODELS = {
    "squares": (NewtonBoostingRegressor(**ALL_ROWS), NUMBER),
    "absolute": (NewtonBoostingRegressor(loss="absolute_error", **ALL_ROWS), NUMBER),
    "poisson": (NewtonBoostingRegressor(loss="poisson", reg_alpha=0.1, **ALL_ROWS), np.abs(NUMBER)),
    "vectors": (
        NewtonBoostingRegressor(multi_strategy="multi_output_tree", **ALL_ROWS), np.column_stack([NUMBER, -NUMBER]),
    ),
    "linear leaves": (NewtonBoostingRegressor(linear_leaves=True, num_parallel_tree=2, **ALL_ROWS), NUMBER),
    "linear vectors": (
        NewtonBoostingRegressor("poisson", linear_leaves=True, multi_strategy="multi_output_tree", **ALL_ROWS),
        np.exp(np.column_stack([NUMBER, -NUMBER])),
    ),
    "linear classes": (NewtonBoostingClassifier(linear_leaves=True, **ALL_ROWS), LABEL),
    "classes": (NewtonBoostingClassifier(num_parallel_tree=2, **ALL_ROWS), LABEL),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_the_same_rows_give_the_same_values(name):
    estimator, y = MODELS[name]
    model = estimator.fit(X, y)
    trees = model._booster.additive.trees
    for decay_rate in (0.0, 0.5, 1.0):
        refitted = model.refit(X, y, decay_rate=decay_rate)
        again = refitted._booster.additive.trees
        np.testing.assert_allclose(again.values[trees.is_leaf], trees.values[trees.is_leaf], rtol=2e-4, atol=2e-6)
        np.testing.assert_array_equal(again.threshold, trees.threshold)
        np.testing.assert_allclose(refitted._raw_predict(X), model._raw_predict(X), rtol=1e-3, atol=1e-4)


def test_other_rows_move_the_leaves():
    model = NewtonBoostingRegressor(**ALL_ROWS).fit(X, NUMBER)
    moved = [model.refit(X, NUMBER + 1.0, decay_rate=rate).predict(X) for rate in (1.0, 0.5, 0.0)]
    np.testing.assert_array_equal(moved[0], model.predict(X))
    assert (moved[0] < moved[1]).all()
    assert (moved[1] < moved[2]).all()


def test_refitted_lines_are_mixtures_of_the_old_and_the_new_ones():
    """Of one tree with no round before it, in rows without missing cells; its means and values are mixed in between."""
    model = NewtonBoostingRegressor(**ALL_ROWS | {"n_estimators": 1}, linear_leaves=True).fit(X, NUMBER)
    rows, other = 2.0 * X + 3.0, NUMBER * X[:, 2]
    old, mixed, new = (model.refit(rows, other, decay_rate=rate).predict(rows) for rate in (1.0, 0.3, 0.0))
    np.testing.assert_array_equal(old, model.predict(rows))
    np.testing.assert_allclose(mixed, 0.3 * old + 0.7 * new, rtol=1e-6, atol=1e-9)
    assert np.square(new - other).mean() < np.square(old - other).mean()
    missing = np.full((1, 3), np.nan)
    values = [model.refit(rows, other, decay_rate=rate).predict(missing)[0] for rate in (1.0, 0.999, 0.001, 0.0)]
    np.testing.assert_allclose(values[::3], values[1:3], rtol=0.02)


def test_refitting_knows_the_temperature():
    model = NewtonBoostingClassifier(linear_leaves=True, cv=2, random_state=0, n_jobs=1, subsample=1.0).fit(X, LABEL)
    assert model.temperature_ != 1.0
    again = model.refit(X, LABEL, decay_rate=0.0)
    np.testing.assert_allclose(again.predict_proba(X), model.predict_proba(X), atol=1e-3)


def test_weights_are_copies_and_order_does_not_matter():
    model = NewtonBoostingRegressor(**ALL_ROWS).fit(X, NUMBER)
    weight = RNG.integers(0, 3, len(X)).astype(float)
    weighted = model.refit(X, -NUMBER, weight, decay_rate=0.2)
    rows = RNG.permutation(np.repeat(np.arange(len(X)), weight.astype(int)))
    copied = model.refit(X[rows], -NUMBER[rows], decay_rate=0.2)
    np.testing.assert_array_equal(weighted.predict(X), copied.predict(X))
    linear = NewtonBoostingRegressor(linear_leaves=True, **ALL_ROWS).fit(X, NUMBER)
    weighted, copied = linear.refit(X, -NUMBER, weight), linear.refit(X[rows], -NUMBER[rows])
    np.testing.assert_allclose(weighted.predict(X), copied.predict(X), rtol=1e-6)


def test_leaves_that_no_row_reaches_stay():
    model = NewtonBoostingRegressor(**ALL_ROWS).fit(X, NUMBER)
    again = model.refit(X[:1], [50.0], decay_rate=0.0)
    changed = (again._booster.additive.trees.values != model._booster.additive.trees.values).sum()
    assert 1 <= changed <= 4


def test_what_cannot_be_refitted():
    model = NewtonBoostingRegressor(**ALL_ROWS).fit(X, NUMBER)
    with pytest.raises(ValueError, match=r"decay_rate must be a float in \[0.0, 1.0\], got 2"):
        model.refit(X, NUMBER, decay_rate=2)
    for parameters in ({"booster": "gblinear"}, {"booster": "dart"}):
        other = NewtonBoostingRegressor(**ALL_ROWS, **parameters).fit(X, NUMBER)
        with pytest.raises(ValueError, match="refit needs a classifier or regressor with booster='gbtree'"):
            other.refit(X, NUMBER)
    monotone = NewtonBoostingRegressor(monotonic_cst=[1, 0, 0], **ALL_ROWS).fit(X, NUMBER)
    with pytest.raises(ValueError, match="monotonic_cst must be None for refit"):
        monotone.refit(X, NUMBER)
