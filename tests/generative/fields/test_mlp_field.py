"""MLPField as a regressor, and as a field whose exact answer is known."""

import pickle

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_friedman1

from skensemble.generative.fields._field_training import FieldDraws
from skensemble.generative.fields._mlp_field import MLPField
from skensemble.generative.paths._field_input import Condition, field_features
from skensemble.generative.paths._ode_likelihood import log_density
from skensemble.generative.paths._paths import PATHS
from skensemble.generative.paths._vector_field import RegressorField, velocity

SMALL = {
    "hidden_layer_sizes": (16, 16),
    "max_steps": 200,
    "check_interval": 20,
    "learning_rate": 0.01,
    "random_state": 0,
}
X, Y = make_friedman1(600, noise=0.3, random_state=0)


def test_learns_a_function():
    model = MLPField(hidden_layer_sizes=(32, 32), max_steps=600, random_state=0).fit(X[:500], Y[:500])
    assert model.score(X[500:], Y[500:]) > 0.9
    assert model.n_iter_ == 600
    assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_several_targets_have_columns():
    targets = np.column_stack([Y, 100.0 * X[:, 0] - 7.0])
    model = MLPField(**SMALL).fit(X, targets)
    assert model.predict(X[:5]).shape == (5, 2)
    assert model.score(X, targets) > 0.7
    assert model.n_outputs_ == 2


def test_predictions_do_not_depend_on_threads_or_neighbours():
    model = MLPField(**SMALL).fit(X, Y)
    everything = model.predict(X)
    assert_array_equal(
        np.concatenate([model.predict(X[:1]), model.predict(X[1:300]), model.predict(X[300:])]), everything
    )
    assert_array_equal(model.set_params(n_jobs=7).predict(X), everything)


def test_training_does_not_depend_on_threads():
    wide = {**SMALL, "hidden_layer_sizes": (300, 300), "max_steps": 3}  # worth two threads
    models = [MLPField(**wide, n_jobs=n_jobs).fit(np.tile(X, (3, 1)), np.tile(Y, 3)) for n_jobs in (1, 2)]
    assert_array_equal(models[0].predict(X), models[1].predict(X))


def test_same_seed_same_model_and_pickles():
    first, second = (MLPField(**SMALL).fit(X, Y) for _ in range(2))
    assert_array_equal(first.predict(X), second.predict(X))
    assert_array_equal(pickle.loads(pickle.dumps(first)).predict(X), first.predict(X))
    assert not np.array_equal(MLPField(**{**SMALL, "random_state": 1}).fit(X, Y).predict(X), first.predict(X))


def test_missing_values_are_a_value_of_their_own():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(500, 2))
    is_missing = generator.random(500) < 0.5
    y = np.where(is_missing, 3.0, x[:, 0])
    x[is_missing, 0] = np.nan
    model = MLPField(**SMALL).fit(x, y)
    assert model.score(x, y) > 0.95
    x[0, 1] = np.nan  # in a column that was complete
    assert np.isfinite(model.predict(x)).all()


def test_early_stopping_takes_the_best_look():
    model = MLPField(**{**SMALL, "max_steps": 3000}, early_stopping=True, n_iter_no_change=3)
    model.fit(X, np.random.default_rng(0).normal(size=len(X)))  # nothing to learn
    assert model.n_iter_ < 3000
    assert model.best_iter_ == 20 * (1 + int(np.argmin(model.validation_curve_)))


@pytest.mark.parametrize("scale", [1e-200, 1e-8, 1e8, 1e200])
def test_units_do_not_matter(scale):
    model = MLPField(**SMALL).fit(X * scale, Y * scale)
    plain = MLPField(**SMALL).fit(X, Y)
    assert_allclose(model.predict(X * scale) / scale, plain.predict(X), rtol=0.02, atol=0.3)


def test_constant_columns_one_row_and_wild_rates_stay_finite():
    assert np.isfinite(MLPField(**SMALL).fit(np.ones((20, 3)), np.arange(20.0)).predict(np.ones((2, 3)))).all()
    assert_allclose(MLPField(**SMALL, early_stopping=True).fit(X[:1], [3.0]).predict(X[:1]), [3.0])
    assert np.isfinite(MLPField(**{**SMALL, "learning_rate": 1e6}).fit(X, Y).predict(X)).all()


def test_tangents_are_the_derivatives():
    model = MLPField(**SMALL).fit(X, np.column_stack([Y, X[:, 0] ** 2]))
    directions = np.random.default_rng(0).normal(size=(3, 50, X.shape[1]))
    for direction, tangent in zip(directions, model.tangent(X[:50], directions)):
        change = model.predict(X[:50] + 0.01 * direction) - model.predict(X[:50] - 0.01 * direction)
        assert_allclose(tangent, change / 0.02, rtol=0.02, atol=0.02)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"activation": "sin"}, "activation must be 'identity'"),
        ({"hidden_layer_sizes": (0,)}, r"hidden_layer_sizes must be a sequence of ints >= 1, got \(0,\)."),
        ({"learning_rate": 0.0}, "learning_rate must be a float > 0.0, got 0.0."),
        ({"averaging": 1.0}, r"averaging must be a float in \[0.0, 1.0\), got 1.0."),
        ({"max_steps": 1.5}, "max_steps must be an int >= 1, got 1.5."),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        MLPField(**parameters).fit(X, Y)


def test_infinity_is_refused():
    bad = X.copy()
    bad[3, 1] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        MLPField(**SMALL).fit(bad, Y)


def test_threshold_is_not_smooth():
    assert not MLPField(activation="threshold").is_smooth
    assert MLPField(activation="silu").is_smooth


# -- as a field ------------------------------------------------------------------------------------------------------

CORRELATED = np.random.default_rng(0).normal(size=(2000, 2)) @ np.array([[1.0, 0.8], [0.0, 0.6]])


def _gaussian_velocity(x, t, path):
    """Velocity of the flow of N(0, C): x = alpha data + sigma noise, with C from the rows themselves."""
    covariance = CORRELATED.T @ CORRELATED / len(CORRELATED)
    alpha, sigma = path.alpha(t), path.sigma(t)
    total = alpha**2 * covariance + sigma**2 * np.eye(2)
    data = alpha * x @ np.linalg.solve(total, covariance)
    noise = sigma * x @ np.linalg.inv(total)
    return path.alpha_derivative(t) * data + path.sigma_derivative(t) * noise


@pytest.fixture(scope="module")
def field():
    path = PATHS["linear"]()
    model = MLPField(hidden_layer_sizes=(32, 32), max_steps=1500, learning_rate=3e-3)
    model.fit_field(CORRELATED, path=path, prediction="velocity", generator=np.random.default_rng(1))
    return RegressorField(model, path, "velocity")


def test_field_learns_the_velocity_of_a_gaussian(field):
    generator = np.random.default_rng(2)
    for t in (0.1, 0.5, 0.9):
        noise = generator.normal(size=(500, 2))
        x = field.path.alpha(t) * CORRELATED[:500] + field.path.sigma(t) * noise
        exact = _gaussian_velocity(x, t, field.path)
        assert np.mean((velocity(field, x, t) - exact) ** 2) < 0.02 * np.mean(exact**2) + 0.01


def _numeric_divergence(field, x, t, condition=None):
    total = 0.0
    for j in range(x.shape[1]):
        step = np.eye(x.shape[1])[j] * 0.01
        change = velocity(field, x + step, t, condition) - velocity(field, x - step, t, condition)
        total = total + change[:, j] / 0.02
    return total


def test_divergence_is_the_trace_of_the_velocity(field):
    x = CORRELATED[:40]
    exact = field.regressor.divergence(x, 0.4)
    assert_allclose(exact, _numeric_divergence(field, x, 0.4), rtol=0.02, atol=0.02)
    probes = np.array([[1.0, 1.0], [1.0, -1.0]])  # all signs there are: the mean is exact
    assert_allclose(field.regressor.divergence(x, 0.4, probes=probes), exact, rtol=1e-4, atol=1e-4)
    times = np.full(40, 0.4)
    assert_allclose(field.regressor.divergence(x, times), exact, rtol=1e-6, atol=1e-6)


def test_likelihood_is_that_of_the_gaussian(field):
    exact = scipy.stats.multivariate_normal(np.zeros(2), CORRELATED.T @ CORRELATED / len(CORRELATED))
    found = log_density(field, CORRELATED[:200], n_steps=15)
    assert_allclose(found.mean(), exact.logpdf(CORRELATED[:200]).mean(), atol=0.05)
    assert np.abs(found - exact.logpdf(CORRELATED[:200])).mean() < 0.15


@pytest.mark.parametrize(("path", "prediction"), [("vp", "noise"), ("linear", "data"), ("trigonometric", "velocity")])
def test_condition_and_known_cells(path, prediction):
    path = PATHS[path]()
    generator = np.random.default_rng(0)
    label = generator.integers(0, 2, size=(500, 1)) * 2.0 - 1.0
    data = np.hstack([label + 0.1 * generator.normal(size=(500, 1)), generator.normal(size=(500, 1))])
    model = MLPField(hidden_layer_sizes=(32, 32), max_steps=300, learning_rate=3e-3)
    options = {"mask_share": 0.5, "dropped_share": 0.2}
    model.fit_field(data, label, path=path, prediction=prediction, generator=generator, **options)
    field = RegressorField(model, path, prediction)
    known = np.array([[np.nan, 0.7, 1.0], [np.nan, np.nan, -1.0], [np.nan, np.nan, np.nan]])
    x = np.array([[0.1, 0.2], [0.3, -0.4], [0.0, 0.0]])
    condition = Condition(known[:, :2], known[:, 2:])
    endpoints = field.endpoints(x, 0.6, condition)
    assert_allclose(endpoints.data[0, 1], 0.7, rtol=1e-6)
    assert endpoints.data[0, 0] > 0.4
    assert endpoints.data[1, 0] < -0.4
    assert np.abs(endpoints.data[2, 0]) < 0.5
    exact = model.divergence(x, 0.6, known)
    assert_allclose(exact, _numeric_divergence(field, x, 0.6, condition), rtol=0.02, atol=0.03)


def test_tangent_of_field_features(field):
    features = field_features(CORRELATED[:20], 0.3, None, field.path)
    direction = np.random.default_rng(0).normal(size=features.shape)
    above, below = (field.regressor.predict(features + step * direction) for step in (1e-3, -1e-3))
    assert_allclose(
        field.regressor.tangent(features, direction[np.newaxis])[0], (above - below) / 2e-3, rtol=0.02, atol=0.02
    )


def test_weight_is_a_number_of_copies():
    generator = np.random.default_rng(0)
    data = np.repeat([[-1.0], [1.0]], 100, axis=0)
    weight = np.repeat([1.0, 3.0], 100)
    model = MLPField(hidden_layer_sizes=(16,), max_steps=300, learning_rate=0.01)
    model.fit_field(data, weight=weight, path=PATHS["linear"](), prediction="data", generator=generator)
    at_noise = model.predict(field_features(np.zeros((1, 1)), 1.0, None, PATHS["linear"]()))
    assert_allclose(at_noise, 0.5, atol=0.15)


def test_draws_can_be_given_and_stop_early():
    draws = FieldDraws(CORRELATED, None, None, PATHS["linear"](), "velocity", np.random.default_rng(0))
    seen = []
    model = MLPField(**{**SMALL, "early_stopping": True}).fit_draws(draws, lambda *place: seen.append(place))
    assert len(model.validation_curve_) == len(seen) == 10
    assert seen[-1][:2] == (10, 10)
    assert clone(model).get_params() == model.get_params()
