"""What a model says of a row does not depend on the rows beside it, on their order or on the number of threads: every
bit is the same."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from skensemble.generative import (
    DDPM,
    NICE,
    ContinuousNormalizingFlow,
    Glow,
    MaskedAutoregressiveFlow,
    MLPField,
    NeuralSplineFlow,
    RealNVP,
    RectifiedFlow,
    ScoreSDE,
)
from skensemble.generative.paths._ode_likelihood import log_density
from skensemble.generative.paths._paths import PATHS
from skensemble.generative.paths._vector_field import RegressorField

NETWORKS = {
    "default": MLPField(max_steps=5),
    "wide": MLPField(hidden_layer_sizes=(256, 100), residual=True, layer_norm=True, max_steps=3),
    "gated": MLPField(hidden_layer_sizes=(33, 65), activation="swiglu", max_steps=3),
}
FLOWS = {  # networks of the default sizes, hardly trained
    "NICE": NICE(max_epochs=2),
    "RealNVP": RealNVP(max_epochs=2, base="student_t"),
    "Glow": Glow(max_epochs=2, base="logistic"),
    "spline flow": NeuralSplineFlow(max_epochs=2),
    "masked autoregressive flow": MaskedAutoregressiveFlow(max_epochs=2),
    "continuous flow": ContinuousNormalizingFlow(max_epochs=2, n_steps=2),
}


DIFFUSION_MODELS = {"score SDE": ScoreSDE(), "DDPM": DDPM(), "rectified flow": RectifiedFlow(n_reflow=0)}


def _numbers(n_columns, n_rows=500):
    generator = np.random.default_rng(n_columns)
    return generator.normal(size=(n_rows, n_columns)) @ generator.normal(size=(n_columns, n_columns))


def _mixed(n_rows=150):
    generator = np.random.default_rng(0)
    table = pd.DataFrame(_numbers(3, n_rows), columns=["a", "b", "c"])
    table["count"] = generator.poisson(3.0, n_rows)
    table["colour"] = generator.choice(["red", "green", "blue"], n_rows)
    table.loc[generator.random(n_rows) < 0.2, "a"] = np.nan
    return table


TABLES = {"2 columns": _numbers(2), "10 columns": _numbers(10), "mixed": _mixed()}


def _assert_rows_stand_alone(method, X, n_alone=4):
    whole, generator = method(X), np.random.default_rng(1)
    parts = [np.arange(7), np.arange(7, len(X)), generator.permutation(len(X))]
    parts += [[i] for i in generator.permutation(len(X))[:n_alone]]
    for part in parts:
        rows = X.iloc[part] if isinstance(X, pd.DataFrame) else X[part]
        assert_array_equal(method(rows), whole[part])


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_predictions_of_networks(network):
    X = _numbers(10)
    model = clone(network).set_params(random_state=0).fit(X, X[:, :3] ** 2)
    _assert_rows_stand_alone(model.predict, X)
    assert_array_equal(clone(model).set_params(n_jobs=7).fit(X, X[:, :3] ** 2).predict(X), model.predict(X))


@pytest.mark.parametrize("X", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_latents_and_densities_of_flows(flow, X):
    model = clone(flow).set_params(random_state=0).fit(X)
    _assert_rows_stand_alone(model.transform, X)
    _assert_rows_stand_alone(model.score_samples, X)
    density = model.score_samples(X)
    assert_array_equal(model.set_params(n_jobs=7).score_samples(X), density)


def test_densities_along_the_flow_of_a_network():
    X = _numbers(9, 30)
    model = clone(MLPField(max_steps=5)).fit_field(
        X, path=PATHS["linear"](), prediction="velocity", generator=np.random.default_rng(0)
    )
    field = RegressorField(model, model.path_, "velocity")
    _assert_rows_stand_alone(lambda rows: log_density(field, rows, n_steps=3), X)


@pytest.mark.parametrize("model", DIFFUSION_MODELS.values(), ids=DIFFUSION_MODELS)
def test_latents_bounds_and_samples_of_diffusion_models(model):
    X = _numbers(9, 24)
    network = MLPField((33, 20), activation="threshold", max_steps=3)  # whose jumps leave a bound of the density only
    model = clone(model).set_params(regressor=network, random_state=0).fit(X)
    assert model.likelihood_ == "elbo"
    _assert_rows_stand_alone(model.score_samples, X, n_alone=1)
    _assert_rows_stand_alone(lambda rows: model.encode(rows, n_steps=3), X, n_alone=1)
    _assert_rows_stand_alone(lambda latents: model.decode(latents, n_steps=3), model.encode(X, n_steps=3), n_alone=1)
    samples = model.sample(24, n_steps=3, random_state=1)
    assert_array_equal(model.sample(5, n_steps=3, random_state=1), samples[:5])
    assert_array_equal(model.set_params(n_jobs=7).sample(24, n_steps=3, random_state=1), samples)
