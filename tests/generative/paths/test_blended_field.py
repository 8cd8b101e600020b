import numpy as np
import pytest

from skensemble.generative.fields._field_training import FieldDraws
from skensemble.generative.fields._tree_field import TreeField
from skensemble.generative.paths._blended_field import BlendedField
from skensemble.generative.paths._paths import PATHS, Endpoints, mix
from skensemble.generative.paths._vector_field import RegressorField


def _fitted(name):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(300, 2)) * [1.0, 0.3]
    draws = FieldDraws(data, None, None, PATHS[name](), "data", rng)
    trees = TreeField(n_estimators=20, max_leaf_nodes=8, learning_rate=0.3, early_stopping=False).fit_draws(draws)
    field = RegressorField(trees, draws.path, "data")
    return data, field, BlendedField.fitted(field, draws)


@pytest.mark.parametrize("name", ["vp", "linear", "ve"])
def test_expected_data_is_never_worse_than_the_field_and_than_x_itself(name):
    data, field, blended = _fitted(name)
    path, noise = field.path, np.random.default_rng(1).standard_normal(data.shape)
    for t in (0.003, 0.03, 0.1, 0.3, 0.6, 0.9):
        x = mix(Endpoints(data, noise), t, path)
        error = ((blended.endpoints(x, t).data - data) ** 2).mean()
        of_field = ((field.endpoints(x, t).data - data) ** 2).mean()
        of_x = ((x / path.alpha(t) - data) ** 2).mean()
        assert error <= 1.1 * min(of_field, of_x)


@pytest.mark.parametrize("name", ["vp", "linear"])
def test_endpoints_lie_on_the_path(name):
    data, field, blended = _fitted(name)
    x = np.random.default_rng(1).standard_normal(data.shape)
    for t in (0.0, 0.01, 0.5, np.linspace(0.01, field.path.t_max, len(x))):
        endpoints = blended.endpoints(x, t)
        assert np.isfinite(endpoints.data).all()
        np.testing.assert_allclose(mix(endpoints, t, field.path), x, atol=1e-8)


def test_where_there_is_no_noise_x_is_the_data():
    data, _, blended = _fitted("vp")
    np.testing.assert_allclose(blended.endpoints(data, 1e-3).data, data, atol=0.01)
    assert (blended.share[0] == 0.0).all()
    assert (blended.share[-1] > 0.9).all()
