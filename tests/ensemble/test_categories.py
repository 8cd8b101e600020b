"""Columns with many categories, in every estimator of trees: each has a code of its own, and rare ones share one."""

import numpy as np
import pandas as pd
import pytest

import skensemble
from skensemble._front_door import ESTIMATORS

RNG = np.random.default_rng(0)
NAMES = [name for kind in ("Boosting", "Forests", "Trees") for name in ESTIMATORS[kind] if not name.endswith("Ranker")]


def _estimator(name, **parameters):
    kind = getattr(skensemble, name)
    small = {"n_estimators": 20} if "n_estimators" in kind().get_params() else {}
    return kind(random_state=0, **small, **parameters)


def _people(n):
    """(features, target): of names most are one person's, the others a few people's; they say nothing of the target."""
    age = RNG.normal(size=n)
    name = np.where(RNG.random(n) < 0.9, np.arange(n), RNG.integers(-n // 40, 0, n))
    frame = pd.DataFrame({"age": age, "name": [f"person {i:04}" for i in name]})
    return frame, age + 0.5 * RNG.normal(size=n)


@pytest.mark.filterwarnings("ignore:column .* looks like an identifier")
@pytest.mark.parametrize("name", NAMES)
def test_a_column_of_names_does_little_harm(name):
    X, y = _people(400)
    y = y > 0 if name.endswith("Classifier") else y
    train, test = slice(0, 300), slice(300, None)
    scores = [
        _estimator(name).fit(X[columns][train], y[train]).score(X[columns][test], y[test])
        for columns in (["age"], ["age", "name"])
    ]
    assert scores[1] > scores[0] - 0.12


@pytest.mark.parametrize("name", NAMES)
def test_min_frequency_is_what_makes_categories_share_a_code(name):
    X, y = _people(200)
    y = y > 0 if name.endswith("Classifier") else y
    pooled = X.assign(name=np.where(X["name"].map(X["name"].value_counts()) < 2, "rare", X["name"]))
    by_hand = _estimator(name, min_frequency=None).fit(pooled, y)
    with pytest.warns(UserWarning, match="looks like an identifier"):
        ours = _estimator(name).fit(X, y)
    np.testing.assert_array_equal(ours.predict(X), by_hand.predict(pooled))
    stranger, rare = X.assign(name="nobody"), pooled.assign(name="rare")
    with pytest.warns(UserWarning, match="No cell of column 'name' is a level that fit saw"):
        np.testing.assert_array_equal(ours.predict(stranger), by_hand.predict(rare))
    with pytest.raises(ValueError, match=r"min_frequency must be an int >= 1, .*, got 0"):
        _estimator(name, min_frequency=0).fit(X, y)


@pytest.mark.parametrize("name", ["NewtonBoostingRegressor", "GradientBoostingRegressor", "RandomForestRegressor"])
def test_three_hundred_even_categories_are_told_apart(name):
    level, effect = RNG.integers(0, 300, 6000), RNG.normal(size=300)
    X = pd.DataFrame({"level": pd.Categorical.from_codes(level, [f"level {i}" for i in range(300)])})
    y = effect[level] + 0.05 * RNG.normal(size=6000)
    model = getattr(skensemble, name)(random_state=0).fit(X[:4000], y[:4000])
    assert model.score(X[4000:], y[4000:]) > 0.97
