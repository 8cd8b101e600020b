"""linear_leaves=True: better on what is smooth, the same estimator in everything else."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from skensemble import NewtonBoostingClassifier, NewtonBoostingRegressor

KIND = {"linear_leaves": True, "n_estimators": 30, "learning_rate": 0.2, "random_state": 0}
WHOLE = {"subsample": 1.0, "colsample_bylevel": 1.0}


def _smooth(n=800, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1.0, 1.0, size=(n, 4))
    return X, np.sin(3 * X[:, 0]) + X[:, 1] * X[:, 2] + 2 * X[:, 3] + rng.normal(scale=0.05, size=n)


@pytest.mark.parametrize("policy", ["symmetric", "depthwise", "lossguide"])
def test_smooth_targets_are_learnt_better(policy):
    X, y = _smooth()
    rest, target = _smooth(seed=1)
    scores = [
        NewtonBoostingRegressor(**{**KIND, "linear_leaves": linear}, grow_policy=policy, max_depth=3)
        .fit(X, y)
        .score(rest, target)
        for linear in (False, True)
    ]
    assert 1.0 - scores[1] < 0.6 * (1.0 - scores[0])


def test_a_line_is_one_tree():
    X = np.linspace(0.0, 1.0, 200)[:, None]
    model = NewtonBoostingRegressor(
        **{**KIND, **WHOLE, "n_estimators": 1, "learning_rate": 1.0}, linear_lambda=0.0, reg_lambda=0.0, max_depth=1
    ).fit(X, 5.0 * X[:, 0])
    np.testing.assert_allclose(model.predict([[0.2], [0.7], [2.0]]), [1.0, 3.5, 10.0], atol=1e-5)


def test_a_large_penalty_leaves_constants():
    X, y = _smooth()
    plain = NewtonBoostingRegressor(**{**KIND, "linear_leaves": False}).fit(X, y)
    stiff = NewtonBoostingRegressor(**KIND, linear_lambda=1e20).fit(X, y)
    np.testing.assert_allclose(stiff.predict(X), plain.predict(X), atol=1e-9)


def test_missing_and_infinite_cells_fall_back_to_constants():
    X, y = _smooth(60)
    one_tree = NewtonBoostingRegressor(**{**KIND, **WHOLE, "n_estimators": 1}, max_depth=2).fit(X, y)
    plain = NewtonBoostingRegressor(**{**KIND, **WHOLE, "n_estimators": 1, "linear_leaves": False}, max_depth=2).fit(
        X, y
    )
    for missing in (np.nan, np.inf, -np.inf):
        rows = np.full((3, 4), missing)
        np.testing.assert_array_equal(one_tree.predict(rows), plain.predict(rows))
    assert (one_tree.predict(X) != plain.predict(X)).any()


def test_rows_with_gaps_and_categories():
    X, y = _smooth()
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["kind"] = np.where(X[:, 0] > 0, "up", "down")
    frame.loc[::6, "b"] = np.nan
    model = NewtonBoostingRegressor(**KIND).fit(frame, y)
    assert np.isfinite(model.predict(frame)).all()
    assert model.score(frame, y) > NewtonBoostingRegressor(**{**KIND, "linear_leaves": False}).fit(frame, y).score(
        frame, y
    )


def test_sparse_is_dense():
    X, y = _smooth(200)
    X[np.random.default_rng(0).random(X.shape) < 0.5] = 0.0
    dense, sparse = (NewtonBoostingRegressor(**KIND).fit(make(X), y) for make in (np.asarray, scipy.sparse.csr_array))
    np.testing.assert_array_equal(dense.predict(X), sparse.predict(scipy.sparse.csc_array(X)))


def test_no_number_of_threads_changes_a_bit():
    X, y = _smooth(3000)
    one, many = (NewtonBoostingRegressor(**{**KIND, "n_estimators": 5}, n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 7))
    np.testing.assert_array_equal(one.predict(X), many.predict(X))


def test_weights_are_copies():
    X, y = _smooth(150)
    weight = np.random.default_rng(0).integers(0, 3, 150)
    by_weight = NewtonBoostingRegressor(**KIND).fit(X, y, sample_weight=weight)
    by_copies = NewtonBoostingRegressor(**KIND).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(by_weight.predict(X), by_copies.predict(X), rtol=1e-6)


def test_stages_end_at_the_prediction_and_at_what_training_saw():
    X, y = _smooth()
    model = NewtonBoostingRegressor(**KIND, verbose=0).fit(X, y, X_val=X[:100], y_val=y[:100])
    stages = list(model.staged_predict(X[:100]))
    assert len(stages) == model.n_iter_
    np.testing.assert_array_equal(stages[-1], model.predict(X[:100]))
    seen = [-0.5 * np.mean((stage - y[:100]) ** 2) for stage in stages]
    np.testing.assert_allclose(seen, model.validation_score_[1 : len(seen) + 1], rtol=1e-12)
    np.testing.assert_allclose(model.predict(X)[:7], [model.predict(row[None])[0] for row in X[:7]], rtol=0)


def test_early_stopping_keeps_slopes_of_the_kept_rounds():
    X, y = _smooth(300)
    model = NewtonBoostingRegressor(**{**KIND, "n_estimators": 200}, early_stopping=True, n_iter_no_change=2).fit(X, y)
    assert model.n_iter_ < 200
    shorter = NewtonBoostingRegressor(**{**KIND, "n_estimators": 200}, early_stopping=True, n_iter_no_change=5).fit(
        X, y
    )
    np.testing.assert_array_equal(list(model.staged_predict(X))[3], list(shorter.staged_predict(X))[3])


def test_warm_start_goes_on():
    X, y = _smooth()
    growing = NewtonBoostingRegressor(**{**KIND, "n_estimators": 3}, warm_start=True).fit(X, y)
    growing.set_params(n_estimators=7).fit(X, y)
    at_once = NewtonBoostingRegressor(**{**KIND, "n_estimators": 7}).fit(X, y)
    np.testing.assert_array_equal(growing.predict(X), at_once.predict(X))
    with pytest.raises(ValueError, match="linear_leaves must be the same as in the first fit"):
        growing.set_params(linear_leaves=False, n_estimators=9).fit(X, y)


@pytest.mark.parametrize("strategy", ["one_output_per_tree", "multi_output_tree"])
def test_several_outputs(strategy):
    X, y = _smooth()
    both = np.column_stack([y, -2.0 * y])
    model = NewtonBoostingRegressor(**KIND, multi_strategy=strategy).fit(X, both)
    assert model.score(X, both) > 0.97
    np.testing.assert_array_equal(list(model.staged_predict(X))[-1], model.predict(X))


def test_several_trees_of_a_round_and_several_classes():
    X, y = _smooth()
    classes = np.digitize(y, [-1.0, 1.0])
    model = NewtonBoostingClassifier(**{**KIND, "n_estimators": 10}, num_parallel_tree=2).fit(X, classes)
    assert model.score(X, classes) > 0.9
    assert model.apply(X).shape == (800, 60)
    assert model.decision_path(X)[0].shape[0] == 800


def test_goss_weights_the_slopes():
    X, y = _smooth()
    model = NewtonBoostingRegressor(**KIND, sampling_method="goss").fit(X, y)
    assert model.score(X, y) > 0.97


def test_copies_predict_the_same():
    X, y = _smooth(200)
    model = NewtonBoostingRegressor(**KIND).fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"booster": "dart"}, "linear_leaves must be False for booster='dart'"),
        ({"loss": "absolute_error"}, "linear_leaves must be False for loss='absolute_error'"),
        ({"monotonic_cst": [1, 0, 0, 0]}, "linear_leaves must be False if monotonic_cst is set"),
        ({"linear_lambda": -1.0}, "linear_lambda must be"),
    ],
)
def test_what_does_not_go_with_slopes_is_refused(params, message):
    X, y = _smooth(50)
    with pytest.raises(ValueError, match=message):
        NewtonBoostingRegressor(**KIND, **params).fit(X, y)
