"""Losses of regressors: ties, levels, slopes, scales."""

import numpy as np
import pytest

from skensemble.ensemble.losses._losses import make_loss
from tests.ensemble.losses.loss_cases import derivatives


def test_expectile_of_one_half_is_squared_error():
    y, raw = np.array([0.5, -1.0, 3.0]), np.array([[0.0, 0.0, 0.0]])
    expectile, squared_error = make_loss("expectile"), make_loss("squared_error")
    for ours, theirs in zip(derivatives(expectile, y, raw), derivatives(squared_error, y, raw)):
        np.testing.assert_array_equal(ours, theirs)
    assert expectile.value(y, raw, None) == squared_error.value(y, raw, None)


def test_ties_ask_for_no_move():
    y = np.array([1.0, 2.0])
    for name in ("absolute_error", "quantile", "huber"):
        gradient, _ = derivatives(make_loss(name).prepared(y, None), y, y[None].copy())
        assert (gradient == 0).all()


@pytest.mark.parametrize("name", ["quantile", "expectile"])
def test_levels_do_not_cross(name):
    loss = make_loss(name, quantile=[0.9, 0.1, 0.5])
    np.testing.assert_array_equal(loss.link_inverse(np.array([[1.0], [2.0], [3.0]])), [[3.0, 1.0, 2.0]])


@pytest.mark.parametrize("name", ["huber", "pseudo_huber"])
def test_slope_is_the_usual_distance_and_then_frozen(name):
    y = np.arange(101.0)
    loss = make_loss(name, n_outputs=2).prepared(np.stack([y, 2 * y]), None)
    assert loss.huber_slope == (45.0, 90.0)
    assert loss.prepared(np.stack([y, y]) * 9, None).huber_slope == (45.0, 90.0)


@pytest.mark.parametrize(("y", "slope"), [(np.r_[np.zeros(20), 3.0], 3.0), (np.zeros(5), 1.0)])
def test_slope_is_positive_where_most_rows_agree(y, slope):
    assert make_loss("huber").prepared(y, None).huber_slope == (slope,)


def test_slope_sees_no_row_without_weight():
    y, weight = np.r_[np.zeros(20), 3.0, 50.0], np.r_[np.ones(21), 0.0]
    assert make_loss("huber").prepared(y, weight).huber_slope == (3.0,)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("name", ["huber", "pseudo_huber", "expectile"])
def test_baseline_is_found_at_any_scale(name, scale):
    y = np.r_[np.random.default_rng(0).normal(size=200), 1e4] * scale
    loss = make_loss(name, quantile=0.95).prepared(y, None)
    gradient, _ = derivatives(loss, y, np.full((1, 201), loss.baseline(y, None)[0]))
    assert abs(gradient.mean(dtype=float)) <= 1e-6 * np.abs(gradient).mean(dtype=float)


def test_illegal_slope_is_named():
    with pytest.raises(ValueError, match=r"huber_slope must be a number > 0 or None, got -1"):
        make_loss("huber", huber_slope=-1).prepared(np.arange(3.0), None)


def test_huber_adapts_its_slope_to_the_residuals():
    y, raw = np.arange(10.0), np.zeros((1, 10))
    loss = make_loss("huber")
    assert loss.baseline(y, None) == [4.5]
    assert loss.adapted(y, raw, None, 0.75).huber_slope == (7.0,)
    assert make_loss("quantile").adapted(y, raw, None, 0.75) == make_loss("quantile")
