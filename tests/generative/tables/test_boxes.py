"""The density of a box is the mean of the density in it; the cells of levels fill their space."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ndtri
from scipy.stats import norm
from scipy.stats import t as student

from skensemble.generative.tables._boxes import Boxes, _student_mass, _student_quantile, log_mean_density


def _log_normal_density(Z, rows=None):
    return norm.logpdf(Z).sum(axis=1)


def _halves(borders, gap, scale=0.5):
    """The boxes of the four cells of two digits with these borders."""
    left = norm.cdf(borders)
    sides = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    width = np.where(sides, 1.0 - left, left)
    return Boxes.of_levels(np.where(sides, left, 0.0), width, np.where(sides, gap, -gap), scale)


def test_a_point_is_its_density():
    Z = np.random.default_rng(0).normal(size=(5, 3))
    boxes = Boxes.around(Z, np.zeros_like(Z))
    assert_array_equal(log_mean_density(_log_normal_density, boxes, 8), _log_normal_density(Z))


def test_probabilities_of_boxes():
    rng = np.random.default_rng(0)
    middle, half_width = rng.normal(size=(50, 2)), rng.uniform(0.0, 0.8, size=(50, 2))
    boxes = Boxes.around(middle, half_width, np.log(2.0 * half_width).sum(axis=1))
    exact = np.log(norm.cdf(middle + half_width) - norm.cdf(middle - half_width)).sum(axis=1)
    estimate = log_mean_density(_log_normal_density, boxes, 64)
    assert_allclose(estimate, exact, atol=0.05)
    assert abs(np.mean(estimate - exact)) < 0.005
    assert abs(np.mean(log_mean_density(_log_normal_density, boxes, 8) - exact)) < 0.05


def test_a_peak_in_the_middle_does_not_flatter():
    """A density of variance 0.01 in a box of width 2: its middle is 2 nats above the mean."""

    def narrow(Z, rows=None):
        return norm.logpdf(Z, scale=0.1).sum(axis=1)

    boxes = Boxes.around(np.zeros((1, 1)), np.ones((1, 1)), np.log([2.0]))
    estimate = log_mean_density(narrow, boxes, 64)
    assert_allclose(estimate, 0.0, atol=0.01)
    assert narrow(np.zeros((1, 1)))[0] + np.log(2.0) > estimate[0] + 2.0


def test_rows_do_not_depend_on_each_other():
    boxes = _halves(np.array([0.3, -1.0]), 1.0)
    together = log_mean_density(_log_normal_density, boxes, 8)
    alone = [log_mean_density(_log_normal_density, boxes.take([i]), 8)[0] for i in range(4)]
    assert_allclose(together, alone, rtol=1e-12)


@pytest.mark.parametrize("spread", [0.2, 0.3, 0.4])
@pytest.mark.parametrize(("n_points", "error"), [(16, 0.1), (128, 0.01)])
def test_probabilities_of_levels_add_up_to_one(spread, n_points, error):
    """Of a density that is a normal distribution on each side of each border, and crosses it."""
    borders = np.array([0.5, -1.0])
    shares = np.array([0.6, 0.3])

    def density(Z, rows):
        sides = [norm.pdf(Z, 0.5 * borders + side * 0.85, spread) for side in (-1, 1)]
        with np.errstate(divide="ignore"):
            return np.log(shares * sides[0] + (1.0 - shares) * sides[1]).sum(axis=1)

    found = np.exp(log_mean_density(density, _halves(borders, 1.0), n_points))
    assert_allclose(found.sum(), 1.0, atol=error)
    right = norm.cdf(0.85 / spread)
    left = shares * right + (1.0 - shares) * (1.0 - right)
    assert_allclose(found, np.outer([left[0], 1 - left[0]], [left[1], 1 - left[1]]).ravel(), atol=error)


def test_combinations_of_levels_are_computed_once():
    """Rows that are alike share their places, unless the density depends on what stands beside them."""
    asked, boxes = [], _halves(np.array([0.5, -1.0]), 1.0).take([0, 1, 0, 0, 3])

    def density(Z, rows):
        asked.append(np.unique(rows))
        return _log_normal_density(Z) - (rows == 3)

    found = log_mean_density(density, boxes, 16, np.array([0.0, 0.0, 0.0, 1.0, 0.0])[:, None])
    assert_array_equal(np.unique(np.concatenate(asked)), [0, 1, 3, 4])
    assert found[0] == found[2]
    assert_allclose(found[3], found[0] - 1.0)


def test_moments_are_those_of_places():
    boxes = Boxes.side_by_side(
        [_halves(np.array([0.5, -1.0]), 1.0), Boxes.around(np.full((4, 1), 2.0), np.full((4, 1), 0.7))], 4
    )
    u = (np.random.default_rng(0).permuted(np.tile(np.arange(4000), (3, 1)), axis=1).T + 0.5) / 4000
    places = np.stack([boxes.places(each) for each in u])
    assert_allclose(boxes.mean_square(), (places**2).sum(axis=2).mean(axis=0), rtol=0.01)
    assert_allclose(boxes.middle[0, 0], 0.5 * (ndtri(0.5 * norm.cdf(0.5)) - 1.0))


def test_places_cover_the_space():
    """Of tails that are wider than those of the levels, in the gap and far out, nothing is lost."""
    borders = np.array([1.5, -0.3])

    def density(Z, rows):
        return student.logpdf(Z, 3, scale=0.6).sum(axis=1)

    found = np.exp(log_mean_density(density, _halves(borders, 1.0), 4096))
    left = student.cdf(0.5 * borders / 0.6, 3)
    exact = np.outer([left[0], 1 - left[0]], [left[1], 1 - left[1]]).ravel()
    assert_allclose(found, exact, atol=0.02)
    assert_allclose(found.sum(), 1.0, atol=0.02)


def test_student_quantile_inverts_the_mass():
    mass = np.array([1e-9, 0.01, 0.3, 0.5, 0.9, 1.0 - 1e-9])
    assert_allclose(_student_quantile(mass), student.ppf(mass, 4), rtol=1e-6, atol=1e-12)
    assert_allclose(_student_mass(np.append(student.ppf(mass, 4), np.inf)), np.append(mass, 1.0), rtol=1e-6)


def test_rows_that_need_more_places_get_them():
    """Half of the rows are smooth, half have a narrow peak; a row stops when it has settled, whatever the others do."""
    asked = []

    def density(Z, rows):
        asked.append(np.bincount(rows, minlength=6))
        return norm.logpdf(Z, scale=np.where(rows < 3, 2.0, 0.05)[:, None]).sum(axis=1)

    boxes = Boxes.around(np.zeros((6, 2)), np.full((6, 2), 0.8), np.full(6, 2.0 * np.log(1.6)))
    found = log_mean_density(density, boxes, 1024)
    n_places = sum(asked)
    assert_array_equal(n_places[:3], 16)
    assert (n_places[3:] >= 64).all()
    exact = 2.0 * np.log(2.0 * norm.cdf(0.8 / np.array([2.0, 0.05])) - 1.0)
    assert_allclose(found, np.repeat(exact, 3), atol=0.05)
    alone = log_mean_density(lambda Z, rows: density(Z, rows + 5), boxes.take([5]), 1024)
    assert_array_equal(alone, found[5:])


def test_errors_of_rows_cancel_in_sums():
    """Places differ from row to row, by what stands in it: the sum of many rows is nearer to what it should be."""

    def narrow(Z, rows=None):
        return norm.logpdf(Z, scale=0.1).sum(axis=1)

    rng = np.random.default_rng(0)
    middle, half_width = rng.uniform(-0.5, 0.5, size=(400, 3)), np.ones((400, 3))
    boxes = Boxes.around(middle, half_width, np.full(400, 3.0 * np.log(2.0)))
    errors = np.exp(log_mean_density(narrow, boxes, 256)) - 1.0
    assert np.abs(errors).mean() > 0.05
    assert abs(errors.mean()) < 0.02
    moves = boxes.moves()
    assert_array_equal(moves[::-1], boxes.take(np.arange(400)[::-1]).moves())
    assert abs(np.corrcoef(moves.T) - np.eye(3)).max() < 0.2
    assert_allclose(moves.mean(axis=0), 0.5, atol=0.06)
