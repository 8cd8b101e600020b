"""A loss of the user's own is called with the shapes it expects, and its answers are checked."""

import numpy as np
import pytest

from skensemble.ensemble.losses._losses import make_loss
from skensemble.ensemble.losses._pointwise import SMALLEST_HESSIAN
from tests.ensemble.losses.loss_cases import Case, derivatives, problem


def _squared(y, raw, sample_weight):
    weight = np.ones(y.shape) if sample_weight is None else np.broadcast_to(sample_weight, y.T.shape).T
    return weight * (raw - y), weight


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_custom_loss_is_called_with_the_shapes_of_its_user(n_outputs):
    case = Case("squared_error", {"n_outputs": n_outputs})
    squared_error, y, raw, weight = problem(case)
    custom = make_loss(_squared, n_outputs=n_outputs)
    for ours, theirs in zip(derivatives(custom, y, raw), derivatives(squared_error, y, raw)):
        np.testing.assert_array_equal(ours, theirs)
    gradient, hessian = derivatives(custom, y, raw, sample_weight=weight)
    np.testing.assert_array_equal(gradient, np.where(weight > 0, derivatives(squared_error, y, raw)[0], 0.0))
    expected = np.where(weight > 0, np.float32(1.0), np.float32(SMALLEST_HESSIAN))
    np.testing.assert_array_equal(hessian, np.broadcast_to(expected, raw.shape))
    assert not custom.has_value
    np.testing.assert_array_equal(custom.baseline(y, weight), np.zeros(n_outputs))


def test_custom_loss_may_write_into_its_arrays():
    squared_error, y, raw, weight = problem(Case("squared_error", {"n_outputs": 2}))
    given = [array.copy() for array in (y, raw, weight)]

    def in_place(y, raw, sample_weight):
        raw -= y
        raw *= sample_weight[:, None]
        y[:], sample_weight[:] = np.nan, np.nan
        return raw, np.ones(raw.shape)

    gradient, _ = derivatives(make_loss(in_place, n_outputs=2), y, raw, sample_weight=weight)
    for before, after in zip(given, (y, raw, weight)):
        np.testing.assert_array_equal(after, before)
    np.testing.assert_array_equal(gradient, np.where(weight > 0, derivatives(squared_error, y, raw)[0], 0.0))


def test_custom_loss_has_a_positive_hessian():
    custom = make_loss(lambda y, raw, sample_weight: (raw - y, np.array([0.0, -1.0, 1e-300, 2.0])))
    _, hessian = derivatives(custom, np.zeros(4), np.ones((1, 4)))
    np.testing.assert_array_equal(hessian[0], np.float32([SMALLEST_HESSIAN] * 3 + [2.0]))
    flat = make_loss(lambda y, raw, sample_weight: (raw - y, np.array([0.0, -1.0, 0.0, 0.0])))
    np.testing.assert_array_equal(derivatives(flat, np.zeros(4), np.ones((1, 4)))[1], np.ones((1, 4)))


def test_custom_loss_of_a_classifier_gives_probabilities():
    assert make_loss(_squared, n_classes=2).link_inverse(np.zeros((1, 3))).shape == (3, 2)
    three = make_loss(_squared, n_classes=3)
    assert three.n_outputs == 3
    np.testing.assert_allclose(three.link_inverse(np.zeros((3, 2))), 1 / 3)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (np.zeros(4), r"loss must return the pair \(gradient, hessian\), got ndarray"),
        ((np.zeros(3), np.ones(4)), r"loss must return a gradient of shape \(4,\), got \(3,\)"),
        ((np.zeros(4), 1.0), r"loss must return a hessian of shape \(4,\), got \(\)"),
        (("a", "b"), r"loss must return numbers as the gradient: could not convert string"),
        ((np.zeros(4) + 1j, np.ones(4)), r"the gradient of loss must hold real numbers"),
        (
            (np.ma.array(np.zeros(4), mask=[1, 0, 0, 0]), np.ones(4)),
            r"the gradient of loss must have no missing values",
        ),
        ((np.zeros(4), np.full(4, np.nan)), r"loss must return finite values, got nan in the hessian"),
    ],
)
def test_custom_loss_that_returns_something_else_is_told(result, message):
    custom = make_loss(lambda y, raw, sample_weight: result)
    with pytest.raises(ValueError, match=message):
        derivatives(custom, np.zeros(4), np.zeros((1, 4)))


@pytest.mark.skipif(not hasattr(Exception, "add_note"), reason="errors have notes since Python 3.11")
def test_error_in_a_custom_loss_says_where_it_comes_from():
    def steep(y, raw, sample_weight):
        raise ZeroDivisionError("no slope")

    with pytest.raises(ZeroDivisionError, match="no slope") as caught:
        derivatives(make_loss(steep), np.zeros(4), np.zeros((1, 4)))
    assert caught.value.__notes__ == [f"Raised by loss={steep!r}, which was given to the estimator."]
