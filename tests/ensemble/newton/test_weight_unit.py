"""Only the ratios of weights matter, unless they are whole: then they are numbers of copies."""

import numpy as np
import pytest
from sklearn.base import clone

from skensemble import NewtonBoostingClassifier, NewtonBoostingRanker, NewtonBoostingRegressor
from skensemble.ensemble.newton._weight_unit import in_rows

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
Y = np.round(X[:, 0] + X[:, 1] * X[:, 2], 2)
WEIGHT = RNG.uniform(0.1, 2.0, 400)


def test_weights_that_are_not_whole_have_a_mean_of_one():
    assert in_rows(None) is None
    whole = np.array([0.0, 2.0, 5.0])
    assert in_rows(whole) is whole
    np.testing.assert_array_equal(in_rows(np.array([0.0, 0.5, 0.25])), [0.0, 4 / 3, 2 / 3])
    np.testing.assert_array_equal(in_rows(np.full(5, 1e-4)), np.ones(5))
    order = RNG.permutation(400)
    np.testing.assert_array_equal(in_rows(WEIGHT[order]), in_rows(WEIGHT)[order])


CASES = [
    (NewtonBoostingRegressor, {}, "predict"),
    (NewtonBoostingRegressor, {"loss": "quantile"}, "predict"),
    (NewtonBoostingRegressor, {"booster": "gblinear"}, "predict"),
    (NewtonBoostingRegressor, {"subsample": 1.0, "reg_alpha": 0.1, "gamma": 0.1}, "predict"),
    (NewtonBoostingClassifier, {}, "predict_proba"),
    (NewtonBoostingClassifier, {"class_weight": "balanced"}, "predict_proba"),
]


@pytest.mark.parametrize("scale", [2.0**-13, 2.0**-60, 2.0**20])
@pytest.mark.parametrize(("kind", "parameters", "method"), CASES, ids=str)
def test_scale_of_weights_does_not_matter(kind, parameters, method, scale):
    y = Y > 0 if kind is NewtonBoostingClassifier else Y
    model = kind(n_estimators=10, random_state=0, **parameters)
    ours, theirs = (getattr(clone(model).fit(X, y, WEIGHT * s), method)(X) for s in (scale, 0.5))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)
    even, none = (getattr(clone(model).fit(X, y, weight), method)(X) for weight in (np.full(400, 1e-4), None))
    np.testing.assert_allclose(even, none, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("size", [40, 400])
def test_scale_of_weights_does_not_matter_to_a_ranking(size):
    qid, relevance = np.repeat(np.arange(40), 10), np.digitize(Y, [-1, 0, 1])
    weight = WEIGHT[:size]
    model = NewtonBoostingRanker(n_estimators=5, random_state=0)
    ours, theirs = (clone(model).fit(X, relevance, weight * s, qid=qid).predict(X) for s in (2.0**-13, 0.5))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("booster", ["gbtree", "dart"])
def test_min_child_weight_that_lets_no_split_pass_is_told(booster):
    model = NewtonBoostingRegressor(n_estimators=2, min_child_weight=201.0, booster=booster)
    with pytest.warns(UserWarning, match="min_child_weight=201 lets no split pass.*add up to 400"):
        assert np.ptp(model.fit(X, Y).predict(X)) == 0.0
    assert np.ptp(model.set_params(min_child_weight=100.0).fit(X, Y).predict(X)) > 0.0
