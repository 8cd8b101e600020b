"""What cannot be fitted or predicted gets a clear error, and the estimator stays usable; what can be, works."""

import re

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from skensemble import NewtonBoostingClassifier, NewtonBoostingRegressor

ESTIMATORS = [NewtonBoostingClassifier, NewtonBoostingRegressor]
N = 60


def _data(seed=0, n=N):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, (X[:, 0] + X[:, 1] > 0).astype(int)


def _fails_and_stays_usable(estimator, message, X, y, error=ValueError, **fit_arguments):
    """fit(X, y) raises; what was fitted before predicts as before, and a fit of good data works."""
    good_X, good_y = _data()
    good = estimator.__class__(n_estimators=3, random_state=0)
    good.fit(good_X, good_y)
    before = good.predict(good_X)
    good.set_params(**estimator.get_params())
    state = dict(good.__dict__)
    with pytest.raises(error, match=message):
        good.fit(X, y, **fit_arguments)
    assert good.__dict__ == state
    np.testing.assert_array_equal(good.predict(good_X), before)
    good.set_params(**good.__class__(n_estimators=3, random_state=0).get_params())
    np.testing.assert_array_equal(good.fit(good_X, good_y).predict(good_X), before)


# -- parameters ------------------------------------------------------------------------------------------------------

NOT_A_NUMBER = ["many", None, True, float("nan"), float("inf")]
WRONG = {
    "loss": ["hinge", None, 3],
    "booster": ["gbforest", None],
    "num_parallel_tree": [0, 1.5, *NOT_A_NUMBER],
    "rate_drop": [-0.1, 1.1, *NOT_A_NUMBER],
    "skip_drop": [-0.1, 1.1, *NOT_A_NUMBER],
    "one_drop": ["yes", None, 1],
    "sample_type": ["by weight", None],
    "normalize_type": ["trees", None],
    "linear_leaves": ["yes", None, 1],
    "linear_lambda": [-1e-9, *NOT_A_NUMBER],
    "feature_selector": ["best", None],
    "top_k": [0, 1.5, "all", True],
    "n_estimators": [0, -1, 1.5, *NOT_A_NUMBER],
    "learning_rate": [0.0, -0.1, "best", *NOT_A_NUMBER],
    "grow_policy": ["leafwise", None, 1],
    "max_depth": [0, -1, 2.0, "deep", True],
    "max_leaf_nodes": [1, 0, 3.5, "many", True],
    "min_samples_leaf": [0, 0.1, *NOT_A_NUMBER],
    "min_child_weight": [-1.0, *NOT_A_NUMBER],
    "reg_lambda": [-1e-9, *NOT_A_NUMBER],
    "reg_alpha": [-1, *NOT_A_NUMBER],
    "gamma": [-1, *NOT_A_NUMBER],
    "max_delta_step": [-1, *NOT_A_NUMBER],
    "max_bins": [1, 0, 2.5, "all", True],
    "categorical_features": ["all", 3, 1.5],
    "max_cat_to_onehot": [0, 1.5, *NOT_A_NUMBER],
    "max_cat_threshold": [0, 1.5, *NOT_A_NUMBER],
    "monotonic_cst": ["increasing", 1],
    "interaction_cst": ["none", 1],
    "subsample": [0.0, 1.1, -1, *NOT_A_NUMBER],
    "sampling_method": ["gradient_based", None],
    "colsample_bytree": [0.0, 1.1, *NOT_A_NUMBER],
    "colsample_bylevel": [0.0, 1.1, *NOT_A_NUMBER],
    "colsample_bynode": [0.0, 1.1, *NOT_A_NUMBER],
    "random_strength": [-0.1, 1.1, *NOT_A_NUMBER],
    "class_weight": ["equal", 3],
    "scale_pos_weight": [0.0, -1.0, *NOT_A_NUMBER],
    "multi_strategy": ["both", None],
    "quantile": [0.0, 1.0, [], [0.5, 1.5], *NOT_A_NUMBER],
    "tweedie_variance_power": [1.0, 2.0, *NOT_A_NUMBER],
    "huber_slope": [0.0, -1.0, "steep", True],
    "base_score": ["mean", float("nan"), float("inf"), True],
    "early_stopping": ["yes", None, 1],
    "validation_fraction": [0.0, 1.0, *NOT_A_NUMBER],
    "n_iter_no_change": [0, 1.5, *NOT_A_NUMBER],
    "tol": [-1e-3, *NOT_A_NUMBER],
    "scoring": [3, "no such scorer"],
    "warm_start": ["yes", None, 1],
    "importance_type": ["permutation", None],
    "n_jobs": [0, 1.5, "all", True],
    "random_state": [-1, 1.5, "seed", np.random.default_rng(0)],
    "verbose": [-1, 1.5, "loud", None],
}


@pytest.mark.parametrize(
    ("estimator", "name"), [(estimator, name) for estimator in ESTIMATORS for name in estimator._parameters]
)
def test_wrong_parameter_is_named_with_rule_and_value(estimator, name):
    X, y = _data()
    for value in WRONG.get(name, ["many", True, float("nan")]):
        broken = estimator(n_estimators=2).set_params(**{name: value})
        with pytest.raises(ValueError, match=rf"^{name} must be .*{re.escape(repr(value))}\.$"):
            broken.fit(X, y)
        assert not hasattr(broken, "n_features_in_")


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_wrong_parameter_leaves_the_fitted_model(estimator):
    _fails_and_stays_usable(estimator(learning_rate=-1), "learning_rate must be a float > 0", *_data())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"grow_policy": "symmetric", "max_depth": None},
            r"max_depth must be an int in \[1, 16\] for grow_policy='symm",
        ),
        ({"grow_policy": "symmetric", "max_depth": 17}, r"max_depth must be an int in \[1, 16\].*got 17"),
        (
            {"monotonic_cst": [1, 0]},
            r"monotonic_cst must have one of -1, 0, 1 for each of 3 features, got shape \(2,\)",
        ),
        ({"monotonic_cst": [2, 0, 0]}, "monotonic_cst must hold -1, 0 or 1, got 2"),
        ({"monotonic_cst": {0: 0.5}}, "monotonic_cst must hold -1, 0 or 1, got 0.5"),
        ({"monotonic_cst": {3: 1}}, r"monotonic_cst must hold column names or positions in \[0, 2\], got 3"),
        ({"monotonic_cst": {"a": 1}}, "monotonic_cst must hold positions: X has no column names, got 'a'"),
        ({"interaction_cst": [0, 1]}, "interaction_cst must be a list of column names or positions, or a mask, got 0"),
        ({"interaction_cst": [[0, 9]]}, r"interaction_cst must hold column names or positions in \[0, 2\], got 9"),
        ({"categorical_features": [5]}, r"categorical_features must hold column names or positions in \[0, 2\], got 5"),
        ({"categorical_features": ["a"]}, "categorical_features must hold positions: X has no column names, got 'a'"),
        ({"categorical_features": [True, False]}, r"categorical_features must have one bool per feature \(3\), got 2"),
        ({"base_score": [0.2, 0.3, 0.4, 0.5]}, "base_score must be .* one for each of 1 outputs"),
    ],
)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_parameter_that_does_not_fit_the_data(estimator, parameters, message):
    _fails_and_stays_usable(estimator(**parameters), message, *_data())


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (NewtonBoostingClassifier(base_score=1.5), r"base_score must be .*loss='log_loss' allows.*got 1\.5"),
        (NewtonBoostingRegressor("poisson", base_score=-1.0), r"base_score must be .*loss='poisson' allows.*got -1\.0"),
        (
            NewtonBoostingRegressor("quantile", quantile=[0.1, 0.9], base_score=[1, 0]),
            r"base_score must be .*got \[1, 0\]",
        ),
        (NewtonBoostingClassifier(class_weight={0: 1.0, 1: -2.0}), "class_weight must be >= 0, got -2"),
        (NewtonBoostingClassifier(class_weight={0: 1.0, 1: np.nan}), "class_weight must hold finite real numbers"),
        (
            NewtonBoostingClassifier(class_weight={7: 1.0}),
            r"class_weight must have classes of y, \[0, 1\], as its keys, got 7",
        ),
        (
            NewtonBoostingClassifier(loss=lambda y, raw, weight: (raw, raw), early_stopping=True),
            "scoring must be a scorer of scikit-learn or None if loss",
        ),
        (NewtonBoostingRegressor(loss=lambda y, raw, weight: raw), r"loss must return the pair \(gradient, hessian\)"),
        (
            NewtonBoostingRegressor(loss=lambda y, raw, weight: (raw[:5], raw)),
            r"loss must return a gradient of shape \(60,\), got \(5,\)",
        ),
        (
            NewtonBoostingRegressor(loss=lambda y, raw, weight: (raw + np.nan, raw)),
            "loss must return finite values, got nan in the gradient",
        ),
    ],
)
def test_parameter_that_the_loss_does_not_allow(estimator, message):
    _fails_and_stays_usable(estimator, message, *_data())


def test_scale_pos_weight_is_for_two_classes():
    X, _ = _data()
    y = np.arange(N) % 3
    _fails_and_stays_usable(
        NewtonBoostingClassifier(scale_pos_weight=2.0), "scale_pos_weight must be 1 for 3 classes.*got 2", X, y
    )


@pytest.mark.parametrize("loss", ["quantile", "expectile"])
def test_levels_are_for_one_target(loss):
    X, y = _data()
    estimator = NewtonBoostingRegressor(loss)
    _fails_and_stays_usable(estimator, f"loss='{loss}' needs a single target column, got y with 2", X, np.c_[y, y])


def test_monotone_constraints_need_one_tree_per_output():
    X, y = _data()
    estimator = NewtonBoostingRegressor(multi_strategy="multi_output_tree", monotonic_cst=[1, 0, 0])
    _fails_and_stays_usable(estimator, "monotonic_cst needs multi_strategy='one_output_per_tree'", X, np.c_[y, y])


def test_monotone_constraint_on_a_category():
    frame = pd.DataFrame({"a": np.arange(20.0), "b": pd.Categorical(list("xy") * 10)})
    with pytest.raises(ValueError, match="monotonic_cst must be 0 for a categorical feature, got 1 for feature 1"):
        NewtonBoostingRegressor(monotonic_cst={"b": 1}).fit(frame, np.arange(20.0))


# -- targets ---------------------------------------------------------------------------------------------------------

BAD_TARGETS = {
    "nothing": (None, "requires y to be passed, but the target y is None"),
    "too short": (np.zeros(N - 1), r"y must have one entry per row of X.*\[60, 59\]"),
    "missing": (np.r_[np.nan, np.arange(N - 1) % 2], "Input y contains NaN"),
    "infinite": (np.r_[np.inf, np.arange(N - 1) % 2], "Input y contains infinity"),
    "minus infinite": (np.r_[-np.inf, np.arange(N - 1) % 2], "Input y contains infinity"),
    "complex": (np.arange(N) % 2 + 1j, r"y must hold real numbers: Complex data not supported, got complex128\."),
    "three dimensions": (np.zeros((N, 2, 2)), "Found array with dim 3"),
    "None inside": (np.array(["a", None] * (N // 2), object), "y must hold"),
}


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(("target", "message"), BAD_TARGETS.values(), ids=BAD_TARGETS)
def test_bad_target(estimator, target, message):
    _fails_and_stays_usable(estimator(), message, _data()[0], target)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (np.linspace(0, 1, N), "Unknown label type: continuous"),
        (np.ones((N, 2)), "y should be a 1d array, got an array of shape"),
        (np.array(["a", 1] * (N // 2), object), "y must hold labels of one type and none missing, got int, str"),
        (pd.Series(["a", None] * (N // 2)), "y must hold labels of one type and none missing"),
    ],
)
def test_bad_classes(target, message):
    _fails_and_stays_usable(NewtonBoostingClassifier(), message, _data()[0], target)


def test_text_is_no_target_of_a_regressor():
    message = "y must hold finite real numbers: could not convert string to float"
    _fails_and_stays_usable(NewtonBoostingRegressor(), message, _data()[0], np.array(["a", "b"] * (N // 2)))


@pytest.mark.parametrize(
    ("loss", "target", "message"),
    [
        ("poisson", -1.0, r"loss='poisson' needs y >= 0 for every row, got y = -1"),
        ("tweedie", -1.0, r"loss='tweedie' needs y >= 0 for every row, got y = -1"),
        ("gamma", 0.0, r"loss='gamma' needs y > 0 for every row, got y = 0"),
        ("squared_error", 1e300, r"loss='squared_error' needs \|y\| <= 1e\+37 for every row, got y = 1e\+300"),
    ],
)
def test_target_that_the_loss_does_not_allow(loss, target, message):
    X, y = _data()
    _fails_and_stays_usable(NewtonBoostingRegressor(loss), message, X, np.where(np.arange(N) == 7, target, y + 1.0))


@pytest.mark.parametrize("loss", ["poisson", "tweedie"])
def test_target_of_zeros_where_a_mean_must_be_positive(loss):
    message = f"loss='{loss}' needs sum\\(y\\) > 0"
    _fails_and_stays_usable(NewtonBoostingRegressor(loss), message, _data()[0], np.zeros(N))


def test_one_class_is_predicted_for_ever():
    X, _ = _data()
    model = NewtonBoostingClassifier(n_estimators=3).fit(X, np.full(N, "only"))
    assert set(model.predict(X)) == {"only"}
    np.testing.assert_array_equal(model.predict_proba(X), np.ones((N, 1)))
    assert model.n_iter_ == 0
    assert model.feature_importances_.tolist() == [0.0, 0.0, 0.0]
    assert model.feature_importances_.dtype == np.float64


def test_constant_target_is_predicted_for_ever():
    X, _ = _data()
    model = NewtonBoostingRegressor(n_estimators=3).fit(X, np.full(N, 4.5))
    np.testing.assert_array_equal(model.predict(X), np.full(N, 4.5))


# -- weights and scores to start from --------------------------------------------------------------------------------

BAD_WEIGHTS = {
    "zeros": (np.zeros(N), "sample_weight must hold a weight that is not zero, got only zeros"),
    "negative": (np.r_[-0.5, np.ones(N - 1)], r"sample_weight must be >= 0, got -0\.5"),
    "NaN": (np.r_[np.nan, np.ones(N - 1)], "sample_weight contains NaN"),
    "infinite": (np.r_[np.inf, np.ones(N - 1)], "sample_weight contains infinity"),
    "huge": (np.full(N, 1e300), r"sample_weight must have a sum between 1e-100 and 1e\+100, got 6e\+301"),
    "tiny": (np.full(N, 1e-300), r"sample_weight must have a sum between 1e-100 and 1e\+100, got 6e-299"),
    "too short": (np.ones(N - 1), r"sample_weight must have shape \(60,\), got \(59,\)"),
    "two columns": (np.ones((N, 2)), r"sample_weight must have shape \(60,\), got \(60, 2\)"),
    "text": (["heavy"] * N, "sample_weight must hold finite real numbers: could not convert"),
    "complex": (np.ones(N) + 1j, "sample_weight must hold real numbers: Complex data not supported"),
}


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(("weight", "message"), BAD_WEIGHTS.values(), ids=BAD_WEIGHTS)
def test_bad_weights(estimator, weight, message):
    _fails_and_stays_usable(estimator(), message, *_data(), sample_weight=weight)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_one_class_after_weights(estimator):
    X, y = _data()
    model = estimator(n_estimators=3).fit(X, y, sample_weight=(y == 1).astype(float))
    np.testing.assert_allclose(model.predict(X), 1)


def _held_out(**changes):
    X, y = _data(1)
    return {"X_val": X, "y_val": y, **changes}


BAD_FIT_ARGUMENTS = {
    "X_val alone": (_held_out(y_val=None), "X_val and y_val must be given together, got y_val=None"),
    "y_val alone": (_held_out(X_val=None), "X_val and y_val must be given together, got X_val=None"),
    "columns": (_held_out(X_val=np.zeros((N, 2))), "X has 2 features, but .* is expecting 3"),
    "y_val too short": (_held_out(y_val=np.zeros(5)), r"y_val must have one entry per row of X.*\[60, 5\]"),
    "y_val missing": (_held_out(y_val=np.full(N, np.nan)), "Input y_val contains NaN"),
    "weights": (_held_out(sample_weight_val=-np.ones(N)), "sample_weight_val must be >= 0, got -1"),
    "weights alone": ({"sample_weight_val": np.ones(N)}, "sample_weight_val and init_score_val need X_val and y_val"),
    "scores alone": ({"init_score_val": np.ones(N)}, "sample_weight_val and init_score_val need X_val and y_val"),
    "scores NaN": ({"init_score": np.full(N, np.nan)}, "init_score must hold finite real numbers"),
    "scores too short": (
        {"init_score": np.zeros(3)},
        r"init_score must have one row per row of X \(60\), got shape \(3,\)",
    ),
    "scores too wide": ({"init_score": np.zeros((N, 2))}, "init_score must have 1 columns, got 2"),
    "scores of one part": (_held_out(init_score=np.zeros(N)), "init_score and init_score_val must be given together"),
    "scores_val too wide": (
        _held_out(init_score=np.zeros(N), init_score_val=np.zeros((N, 2))),
        "init_score_val must have 1 columns, got 2",
    ),
}


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(("arguments", "message"), BAD_FIT_ARGUMENTS.values(), ids=BAD_FIT_ARGUMENTS)
def test_bad_fit_arguments(estimator, arguments, message):
    _fails_and_stays_usable(estimator(), message, *_data(), **arguments)


def test_class_that_only_the_held_out_rows_have():
    X, y = _data()
    message = r"y_val must hold the classes \[0, 1\], got 2"
    _fails_and_stays_usable(NewtonBoostingClassifier(), message, X, y, X_val=X, y_val=y + 1)


def test_weight_that_the_held_out_rows_all_lack():
    """Rows without a weight are as good as absent: they are not held out."""
    X, y = _data()
    weight = np.zeros(N)
    weight[:4] = 1.0
    model = NewtonBoostingRegressor(n_estimators=3, early_stopping=True, random_state=0).fit(X, y, sample_weight=weight)
    assert np.isfinite(model.validation_score_).all()


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_no_row_can_be_spared(estimator):
    """Two rows, and copies of two rows: what trains the trees judges them."""
    for copies in (1, 20):
        X, y = np.repeat([[0.0], [1.0]], copies, axis=0), np.repeat([0, 1], copies)
        model = estimator(n_estimators=5, early_stopping=True, min_child_weight=0.0, subsample=1.0).fit(X, y)
        low, high = model.predict([[0.0], [1.0]])
        assert low <= high
        assert np.isfinite(model.validation_score_).all()


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_fewer_rounds_than_there_are(estimator):
    X, y = _data()
    model = estimator(n_estimators=4, warm_start=True).fit(X, y).set_params(n_estimators=3)
    with pytest.raises(ValueError, match=r"n_estimators must be >= the 4 rounds that are fitted already.*got 3"):
        model.fit(X, y)
    assert model.n_iter_ == 4


def test_warm_start_with_another_target():
    X, y = _data()
    model = NewtonBoostingClassifier(n_estimators=2, warm_start=True).fit(X, y).set_params(n_estimators=3)
    with pytest.raises(ValueError, match=r"y must hold the classes \[0, 1\], got 2"):
        model.fit(X, y + 1)
    regressor = NewtonBoostingRegressor(n_estimators=2, warm_start=True).fit(X, y).set_params(n_estimators=3)
    with pytest.raises(ValueError, match="y must have as many columns as in the first fit"):
        regressor.fit(X, np.c_[y, y])


# -- features --------------------------------------------------------------------------------------------------------

BAD_FEATURES = {
    "one dimension": (np.zeros(N), "Expected 2D array, got 1D array"),
    "three dimensions": (np.zeros((N, 2, 2)), "Found array with dim 3"),
    "no rows": (np.zeros((0, 3)), r"Found array with 0 sample\(s\)"),
    "no columns": (np.zeros((N, 0)), r"Found array with 0 feature\(s\)"),
    "complex": (np.zeros((N, 3)) + 1j, "Complex data not supported"),
    "cells of a kind without order or name": (np.array([[{}, 1, 2]] * N, object), "column 0 must hold numbers or text"),
    "dates": (np.zeros((N, 3), "datetime64[s]"), "holds dates or times"),
    "lists": (np.array([[[1], [2], [3]]] * N, object)[:, :, None], "Found array with dim"),
    "huge": (
        np.broadcast_to(np.float32(0), (2**20, 2**12)),
        r"X must have at most 2\*\*31 cells, got 1048576 rows x 4096",
    ),
    "complex, sparse": (scipy.sparse.csr_matrix(np.eye(N, 3) + 0j), "Complex data not supported"),
    "a name twice": (
        pd.DataFrame(np.zeros((N, 3)), columns=["a", "b", "a"]),
        r"X must have a name of its own for each column, got 'a' for columns \[0, 2\]",
    ),
    "dates in a frame": (pd.DataFrame({"a": pd.date_range("2020", periods=N)}), "column 'a' holds dates or times"),
}


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(("X", "message"), BAD_FEATURES.values(), ids=BAD_FEATURES)
def test_bad_features(estimator, X, message):
    y = np.arange(len(X) if X.ndim and not scipy.sparse.issparse(X) else N) % 2
    _fails_and_stays_usable(estimator(), message, X, y, error=(ValueError, TypeError))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_one_row(estimator):
    X, y = _data()
    _fails_and_stays_usable(estimator(), "X must have at least 2 rows to fit, got n_samples = 1", X[:1], y[:1])


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_two_rows(estimator):
    model = estimator(n_estimators=2, min_child_weight=0.0).fit([[0.0], [1.0]], [0, 1])
    assert model.predict([[0.0], [1.0]]).shape == (2,)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("grow_policy", ["depthwise", "lossguide", "symmetric"])
@pytest.mark.parametrize("value", [np.nan, 3.0, np.inf])
def test_columns_that_say_nothing(estimator, grow_policy, value):
    """A column all missing, or all the same, is as good as none; alone, it leaves a constant."""
    X, y = _data()
    with_column = np.c_[X, np.full(N, value)]
    parameters = {
        "n_estimators": 3,
        "grow_policy": grow_policy,
        "max_depth": 3,
        "subsample": 1.0,
        "colsample_bylevel": 1.0,
    }
    model = estimator(**parameters).fit(with_column, y)
    assert model.feature_importances_[3] == 0.0
    np.testing.assert_array_equal(model.predict(with_column), estimator(**parameters).fit(X, y).predict(X))
    alone = estimator(**parameters).fit(with_column[:, 3:], y)
    assert len(set(alone.predict(with_column[:, 3:]))) == 1


def test_category_column_all_missing():
    frame = pd.DataFrame({"a": np.arange(20.0), "b": pd.Categorical([None] * 20, categories=["x"])})
    model = NewtonBoostingRegressor(n_estimators=2, colsample_bylevel=1.0).fit(frame, np.arange(20.0))
    assert model.feature_importances_.tolist() == [1.0, 0.0]


def test_category_never_seen_is_as_good_as_missing():
    rng = np.random.default_rng(0)
    values = rng.choice(["a", "b", "c", None], size=200)
    frame = pd.DataFrame({"x": pd.Categorical(values), "z": rng.normal(size=200)})
    y = np.where(pd.isna(values), 5.0, np.where(values == "a", -1.0, 1.0)) + frame["z"]
    model = NewtonBoostingRegressor(n_estimators=10, learning_rate=0.3).fit(frame, y)
    unseen, missing = (frame.assign(x=pd.Categorical([label] * 200)) for label in ("new", None))
    with pytest.warns(UserWarning, match="No cell of column 'x' is a level that fit saw"):
        of_unseen = model.predict(unseen)
    np.testing.assert_array_equal(of_unseen, model.predict(missing))
    assert of_unseen.mean() > model.predict(frame.assign(x=pd.Categorical(["b"] * 200))).mean() + 1


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_other_columns_at_predict(estimator):
    X, y = _data()
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = estimator(n_estimators=2).fit(frame, y)
    with pytest.raises(ValueError, match=r"(?s)feature names should match.*must be in the same order"):
        model.predict(frame[["b", "a", "c"]])
    with pytest.raises(ValueError, match=r"(?s)feature names should match.*seen at fit time, yet now missing.*- c"):
        model.predict(frame[["a", "b"]])
    with pytest.raises(ValueError, match=r"(?s)feature names should match.*unseen at fit time.*- d"):
        model.predict(frame.rename(columns={"c": "d"}))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(X)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_fewer_columns_at_predict(estimator):
    X, y = _data()
    with pytest.raises(ValueError, match=r"X has 2 features, but .* is expecting 3 features"):
        estimator(n_estimators=2).fit(X, y).predict(X[:, :2])


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_text_where_numbers_were(estimator):
    X, y = _data()
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = estimator(n_estimators=2).fit(frame, y)
    with pytest.raises(ValueError, match="column 'a'"):
        model.predict(frame.assign(a="text"))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_huge_table_at_predict(estimator):
    model = estimator(n_estimators=2).fit(np.eye(10, 2**10), np.arange(10) % 2)
    with pytest.raises(ValueError, match=r"X must have at most 2\*\*31 cells.*to predict: several calls"):
        model.predict(np.broadcast_to(0.0, (2**22, 2**10)))


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("method", ["predict", "apply", "decision_path", "score"])
def test_not_fitted(estimator, method):
    X, y = _data()
    with pytest.raises(Exception, match="is not fitted yet"):
        getattr(estimator(), method)(*((X, y) if method == "score" else (X,)))
