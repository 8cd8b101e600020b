"""H statistics are those of partial dependence by predictions of all pairs of rows."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skensemble import NewtonBoostingRegressor
from skensemble.inspection import interaction_strength
from skensemble.inspection._interaction_strength import features_that_meet
from tests.inspection.asked_models import NAMES, X, fitted, raw
from tests.tree.random_trees import random_forest

SMALL = X.iloc[:8]
WEIGHT = np.arange(8) % 3 + 1.0


def h_statistics(predict, weight):
    """(shares and sizes of pairs (2, p, p, K), of totals (2, p, K)) by predictions of all pairs of rows."""
    names, n = list(X.columns), len(SMALL)

    def average(columns):
        """Centred partial dependence at each row."""
        values = []
        for i in range(n):
            table = SMALL.copy()
            for name in columns:
                table[name] = pd.Series([SMALL[name].iloc[i]] * n, index=table.index).astype(X[name].dtype)
            values.append(np.average(predict(table), axis=0, weights=weight))
        return np.array(values) - np.average(values, axis=0, weights=weight)

    def statistics(left, whole):
        left, whole = (np.average(part**2, axis=0, weights=weight) for part in (left, whole))
        return np.sqrt(left / np.where(whole > 1e-30, whole, np.inf)), np.sqrt(left)

    whole = average(names)
    alone = {name: average([name]) for name in names}
    pairs, total = np.zeros((2, 4, 4, whole.shape[1])), np.zeros((2, 4, whole.shape[1]))
    for j, first in enumerate(names):
        total[:, j] = statistics(whole - alone[first] - average([name for name in names if name != first]), whole)
        for k, second in enumerate(names[:j]):
            both = average([first, second])
            pairs[:, j, k] = pairs[:, k, j] = statistics(both - alone[first] - alone[second], both)
    return pairs, total


@pytest.mark.parametrize("name", ["NewtonBoostingRegressor", "RandomForestClassifier", "AdaBoostRegressor"])
def test_equals_predictions_of_all_pairs(name):
    model = fitted(name, n_estimators=10)
    pairs, total = h_statistics(lambda table: raw(model, table), WEIGHT)
    found = interaction_strength(model, SMALL, sample_weight=WEIGHT)
    for ours, theirs in (
        (found.pairs, pairs[0]),
        (found.pair_sizes, pairs[1]),
        (found.total, total[0]),
        (found.total_sizes, total[1]),
    ):
        np.testing.assert_allclose(ours.reshape(theirs.shape), theirs, atol=1e-7)


def test_probabilities_are_predicted():
    model = fitted("NewtonBoostingClassifier")
    pairs, total = h_statistics(model.predict_proba, np.ones(8))
    found = interaction_strength(model, SMALL, output="response")
    np.testing.assert_allclose(found.pairs, pairs[0], atol=1e-7)
    np.testing.assert_allclose(found.total, total[0], atol=1e-7)
    assert found.output_names == ["bad", "fair", "good"]


@pytest.mark.parametrize("name", NAMES)
def test_every_estimator(name):
    found = interaction_strength(fitted(name), SMALL.iloc[:8], ["size", "kind"])
    assert np.isfinite(found.pairs).all()
    assert found.feature_names == ["size", "kind"]


def test_sums_do_not_interact_and_products_do():
    x = np.random.default_rng(3).uniform(-1, 1, (300, 3))
    stumps = NewtonBoostingRegressor(n_estimators=20, random_state=0, max_depth=1).fit(x, x.sum(axis=1))
    assert not interaction_strength(stumps, x).pairs.any()
    assert interaction_strength(stumps, x).total.max() < 1e-6
    product = NewtonBoostingRegressor(n_estimators=100, random_state=0).fit(x, x[:, 0] * x[:, 1] + x[:, 2])
    found = interaction_strength(product, x, random_state=1)
    frame = found.to_frame()
    assert frame.loc[0, ["first", "second"]].tolist() == ["x0", "x1"]
    assert found.pairs[0, 1] > 0.7
    assert found.pair_sizes[0, 1] > 0.1
    assert set(found.to_frame("total")["column"].iloc[:2]) == {"x0", "x1"}
    for kind in ("pairs", "total"):
        assert len(found.plot(kind, max_display=2).patches) == 2
    plt.close("all")


def test_draws_and_threads():
    model = fitted("NewtonBoostingRegressor")
    found = interaction_strength(model, X, max_samples=20, random_state=3)
    again = interaction_strength(model, X, max_samples=20, random_state=3, n_jobs=2)
    np.testing.assert_array_equal(again.pairs, found.pairs)
    assert (interaction_strength(model, X, max_samples=None).pairs != found.pairs).any()
    some = (np.arange(60) < 20) * 1.0
    alone = interaction_strength(model, X.iloc[:20])
    np.testing.assert_array_equal(interaction_strength(model, X, sample_weight=some).pairs, alone.pairs)


def test_features_meet_on_paths():
    trees = random_forest(np.random.default_rng(0), 5, n_features=4, n_outputs=1, vector=False)
    expected = np.zeros((4, 4), bool)

    def walk(node, above):
        if trees.left[node] >= 0:
            expected[trees.feature[node], list(above)] = True
            for child in (trees.left[node], trees.right[node]):
                walk(child, above | {trees.feature[node]})

    for root in trees.roots:
        walk(root, frozenset())
    np.testing.assert_array_equal(features_that_meet(trees, 4), expected | expected.T)


def test_bad_input_is_named():
    model = fitted("NewtonBoostingRegressor")
    cases = (
        ({"features": "size"}, "features must be a list of column names or positions"),
        ({"features": ["weight"]}, "features"),
        ({"max_samples": 1}, "max_samples must be an int >= 2 or None, got 1"),
        ({"random_state": "a"}, "random_state must be"),
    )
    for given, message in cases:
        with pytest.raises((ValueError, TypeError), match=message):
            interaction_strength(model, X, **given)
    with pytest.raises(ValueError, match="kind must be 'pairs' or 'total', got 'all'"):
        interaction_strength(model, SMALL, ["size", "kind"]).to_frame("all")


def test_a_single_column_and_the_same_column_twice():
    x = np.arange(12.0)[:, None]
    model = NewtonBoostingRegressor(n_estimators=3, random_state=0).fit(x, x[:, 0])
    strength = interaction_strength(model, x)
    assert strength.total.tolist() == [0.0]
    assert len(strength.to_frame()) == 0
    assert len(strength.to_frame("total")) == 1
    with pytest.raises(ValueError, match="features must be different columns, got "):
        interaction_strength(model, x, [0, 0])
