"""TreeField: close to exact fields, the same for any number of threads, exact where cells are known."""

import pickle

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import clone

from skensemble.generative.fields._tree_field import PARAMETERS, TreeField
from skensemble.generative.paths._field_input import Condition, FieldLayout, field_features
from skensemble.generative.paths._paths import PATHS, Linear
from skensemble.generative.paths._vector_field import RegressorField

CENTRES = np.array([[-1.5, 0.0], [1.0, 1.0], [0.5, -1.0]])


def _data(n_rows=400, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, n_rows)
    return CENTRES[label] + 0.2 * rng.normal(size=(n_rows, 2)), label[:, None].astype(float)


def _fitted(path="linear", prediction="data", condition=None, options=None, **parameters):
    parameters = {"n_estimators": 60, "learning_rate": 0.2, "n_repeats": 10, **parameters}
    field, rng = TreeField(**parameters), np.random.default_rng(0)
    return field.fit_field(
        _data()[0], condition, path=PATHS[path](), prediction=prediction, generator=rng, **(options or {})
    )


def _exact_data(x, t, path):
    """E[data | x_t = x] of the mixture of three Gaussians."""
    alpha, sigma = path.alpha(t), path.sigma(t)
    variance = alpha**2 * 0.04 + sigma**2
    away = x[:, None] - alpha * CENTRES
    share = softmax(-0.5 * (away**2).sum(axis=2) / variance, axis=1)
    return (share[:, :, None] * (CENTRES + alpha * 0.04 / variance * away)).sum(axis=1)


def _drawn_x(t, path, n_rows=500):
    rng = np.random.default_rng(9)
    return path.alpha(t) * _data(n_rows, 7)[0] + path.sigma(t) * rng.normal(size=(n_rows, 2))


@pytest.mark.parametrize("time_mode", ["feature", "per_level"])
@pytest.mark.parametrize(("path", "prediction"), [("linear", "data"), ("linear", "velocity"), ("vp", "noise")])
def test_the_field_of_a_mixture_is_learned(path, prediction, time_mode):
    trees = _fitted(path, prediction, time_mode=time_mode, n_levels=6)
    path = PATHS[path]()
    t = float(trees.level_times_[3]) if time_mode == "per_level" else 0.3
    x = _drawn_x(t, path)
    data = RegressorField(trees, path, prediction).endpoints(x, t).data
    error = np.mean((data - _exact_data(x, t, path)) ** 2)
    assert error < 0.15 * CENTRES.var()


def _mean_data(trees, condition):
    """(3, 2) expected data close to t = 1 for each row of a Condition, averaged over x_t."""
    x = np.random.default_rng(1).normal(size=(600, 2))
    data = RegressorField(trees, Linear(), "data").endpoints(x, 0.95, condition.take(np.repeat(np.arange(3), 200))).data
    return data.reshape(3, 200, 2).mean(axis=1)


@pytest.mark.parametrize("condition_mode", ["feature", "per_value"])
def test_condition_is_used_and_may_be_missing(condition_mode):
    condition, options = _data()[1], {"dropped_share": 0.3}
    trees = _fitted(condition=condition, options=options, n_repeats=50, condition_mode=condition_mode)
    assert len(trees.n_iter_) == {"feature": 1, "per_value": 4}[condition_mode]
    np.testing.assert_allclose(_mean_data(trees, Condition(label=np.arange(3.0)[:, None])), CENTRES, atol=0.2)
    mean = CENTRES.mean(axis=0)
    np.testing.assert_allclose(_mean_data(trees, Condition(label=np.full((3, 1), np.nan))), [mean] * 3, atol=0.2)


def test_each_value_gets_its_trees_where_it_has_enough_rows():
    label = _data()[1]
    assert np.unique(label, return_counts=True)[1].min() > 50
    assert len(_fitted(condition=label, n_estimators=2).n_iter_) == 4
    assert len(_fitted(condition=np.arange(400.0)[:, None], n_estimators=2).n_iter_) == 1
    partly = np.where(np.arange(400)[:, None] < 300, label, np.nan)
    by_level = _fitted(condition=partly, n_estimators=2, time_mode="per_level", n_levels=3)
    assert len(by_level.n_iter_) == 12


def test_known_cells_are_exact_and_inform_the_others():
    options = {"mask_share": 0.7}
    trees = _fitted(options=options, n_estimators=120, n_repeats=50, early_stopping=False)
    data = _mean_data(trees, Condition(np.column_stack([CENTRES[:, 0], np.full(3, np.nan)])))
    np.testing.assert_allclose(data[:, 0], CENTRES[:, 0], rtol=1e-12)
    np.testing.assert_allclose(data[:, 1], CENTRES[:, 1], atol=0.3)


@pytest.mark.parametrize("time_mode", ["feature", "per_level"])
def test_the_field_is_the_same_for_any_number_of_threads(time_mode):
    features = field_features(_drawn_x(0.4, Linear()), 0.4, None, Linear())
    values = [
        _fitted(time_mode=time_mode, n_levels=3, n_estimators=10, n_jobs=n_jobs).predict(features)
        for n_jobs in (1, 2, 7)
    ]
    np.testing.assert_array_equal(values[0], values[1])
    np.testing.assert_array_equal(values[0], values[2])


def test_rows_are_predicted_alone_as_together():
    trees, path = _fitted(n_estimators=20), Linear()
    features = field_features(_drawn_x(0.4, path, 50), np.linspace(0.0, 1.0, 50), None, path)
    alone = np.vstack([trees.predict(row[None]) for row in features])
    np.testing.assert_array_equal(trees.predict(features), alone)


def test_levels_answer_for_the_nearest_time():
    trees = _fitted(time_mode="per_level", n_levels=4, n_estimators=5)
    x, path = _drawn_x(0.4, Linear(), 4), Linear()
    times = trees.level_times_
    near = field_features(x, times, None, path)
    FieldLayout(2).read(near).t[:] += 0.4 * np.min(np.diff(times)) * np.array([1, -1, 1, -1])
    np.testing.assert_array_equal(trees.predict(near), trees.predict(field_features(x, times, None, path)))
    assert trees.n_iter_ == [forest.n_trees for forest in trees.forests_]
    assert len(trees.n_iter_) == 4


def test_rounds_are_reported():
    seen = []
    _fitted(n_estimators=3, options={"callback": lambda done, total, loss: seen.append((done, total))})
    assert seen == [(1, 3), (2, 3), (3, 3)]
    seen.clear()
    _fitted(
        time_mode="per_level", n_levels=2, n_estimators=3, n_jobs=1,
        options={"callback": lambda done, total, loss: seen.append((done, total))},
    )  # fmt: skip
    assert seen == [(1, 2), (2, 2)]
    seen.clear()
    _fitted(
        condition=_data()[1], condition_mode="per_value", n_estimators=2,
        options={"callback": lambda done, total, loss: seen.append((done, total))},
    )  # fmt: skip
    assert seen == [(done, 8) for done in range(1, 9)]


def test_it_stops_when_held_out_rows_say_so():
    trees = _fitted(n_estimators=2000, learning_rate=0.5, n_iter_no_change=5)
    (errors,) = trees.validation_error_
    assert trees.n_iter_ == [np.argmin(errors)]
    assert len(errors) < 2000
    assert _fitted(n_estimators=30, early_stopping=False).n_iter_ == [30]


def test_copies_and_pickles():
    trees = _fitted(n_estimators=5)
    features = field_features(_drawn_x(0.4, Linear()), 0.4, None, Linear())
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(trees)).predict(features), trees.predict(features))
    assert clone(trees).get_params() == trees.get_params()


@pytest.mark.parametrize("data", [np.zeros((2, 1)), np.array([[1.0], [2.0]]), np.ones((5, 3)), np.zeros((1, 2))])
def test_tiny_and_constant_tables(data):
    trees = TreeField(n_estimators=50, learning_rate=0.3)
    trees.fit_field(data, path=Linear(), prediction="data", generator=np.random.default_rng(0))
    predicted = trees.predict(field_features(data, 0.01, None, Linear()))
    assert predicted.shape == data.shape
    assert np.abs(predicted - data).max() < 1.1


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_checked(name):
    with pytest.raises(ValueError, match=f"{name} must be"):
        _fitted(**{name: "nothing"})
