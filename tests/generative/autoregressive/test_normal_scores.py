"""Normal scores: an increasing map, there and back, with its slope."""

import numpy as np
import pytest

from skensemble.generative.autoregressive._normal_scores import NormalScores

rng = np.random.default_rng(0)


@pytest.mark.parametrize("values", [rng.lognormal(size=2000), np.arange(5.0), np.array([7.0])], ids=len)
def test_the_way_back_is_the_inverse_and_slopes_are_those_of_the_way_there(values):
    axis = NormalScores(np.sort(values), np.ones(len(values)))
    x = np.linspace(values.min() - 1.0, values.max() + 1.0, 501)
    z = axis.forward(x)
    assert (np.diff(z) > 0).all()
    np.testing.assert_allclose(axis.backward(z), x, atol=1e-9)
    inside = x[:-1] + 1e-7
    slopes = (axis.forward(inside + 1e-7) - axis.forward(inside)) / 1e-7
    np.testing.assert_allclose(slopes, np.exp(axis.log_slope(inside)), rtol=1e-3)


def test_scores_are_about_normal_and_gaps_stay():
    values = np.sort(rng.lognormal(size=2000))
    scores = NormalScores(values, np.ones(2000)).forward(values)
    assert abs(scores.mean()) < 0.05
    assert scores.std() == pytest.approx(1.0, abs=0.05)
    assert np.isnan(NormalScores(values, np.ones(2000)).forward(np.nan))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, 1e25, -1e25, 1.7e308])
def test_a_single_value_of_any_size_has_a_score(value):
    axis = NormalScores(np.array([value]), np.array([3.0]))
    assert axis.forward(np.array([value])) == 0.0
    assert axis.backward(np.array([0.0])) == value


@pytest.mark.filterwarnings("error")
def test_numbers_far_beyond_the_knots_warn_of_nothing():
    axis = NormalScores(np.array([0.0, 1e-3, 2e-3]), np.ones(3))
    largest = np.finfo(float).max
    scores = axis.forward(np.array([-largest, -1e30, 0.0, 1e160, largest]))
    assert np.isfinite(scores[1:3]).all()
    assert np.sign(scores).tolist() == [-1.0, -1.0, -1.0, 1.0, 1.0]
