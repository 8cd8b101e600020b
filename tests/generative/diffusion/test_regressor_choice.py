import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor

from skensemble.generative import FlowMatching, MLPField, TableEncoder, TreeField
from skensemble.generative.diffusion._regressor_choice import REGRESSORS, make_encoder, make_regressor
from skensemble.generative.fields._plain_regressor import PlainRegressor


@pytest.mark.parametrize("name", REGRESSORS)
def test_named_regressors_can_be_fitted_to_draws_by_all_threads_of_the_model(name):
    regressor = make_regressor(FlowMatching(regressor=name, n_jobs=3))
    assert hasattr(regressor, "fit_draws")
    assert regressor.n_jobs == 3


def test_given_regressors_are_cloned_and_seeded_where_they_have_no_seed():
    given = MLPField(max_steps=7)
    made = make_regressor(FlowMatching(regressor=given), np.random.default_rng(0))
    assert made is not given
    assert made.max_steps == 7
    assert isinstance(made.random_state, int)
    assert given.random_state is None
    assert make_regressor(FlowMatching(regressor=MLPField(random_state=5)), np.random.default_rng(0)).random_state == 5


def test_regressors_of_others_are_wrapped():
    assert isinstance(make_regressor(FlowMatching(regressor=Ridge())), PlainRegressor)


@pytest.mark.parametrize(
    ("regressor", "categorical"),
    [("trees", "codes"), (TreeField(), "codes"), ("mlp", "digits"), (MLPRegressor(), "digits")],
)
def test_the_encoder_suits_the_regressor(regressor, categorical):
    assert make_encoder(FlowMatching(regressor=regressor)).categorical == categorical


def test_a_given_encoder_is_cloned():
    given = TableEncoder(bounded=False)
    made = make_encoder(FlowMatching(encoder=given))
    assert made is not given
    assert not made.bounded
