"""Searches equal a look at all pairs."""

import numpy as np
import pytest

from skensemble.generative.evaluation._nearest_rows import NearestRows


def _random_rows(rng, n, n_numbers, n_codes, grid):
    numbers = rng.random((n, n_numbers))
    if grid:
        numbers = np.round(numbers * 2) / 2  # many ties
    return numbers, rng.integers(-1, 3, (n, n_codes)).astype(np.int32)


def _all_distances(numbers, codes, other_numbers, other_codes):
    differing = (codes[:, None] != other_codes).sum(axis=2)
    return np.abs(numbers[:, None] - other_numbers).sum(axis=2) + differing


@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize(("n_numbers", "n_codes"), [(3, 2), (4, 0), (0, 3), (1, 0)])
def test_nearest_and_counts_equal_brute_force(n_numbers, n_codes, grid):
    rng = np.random.default_rng(n_numbers)
    reference, rows = (_random_rows(rng, n, n_numbers, n_codes, grid) for n in (60, 300))
    distances = _all_distances(*rows, *reference)
    order = np.argsort(np.round(distances, 12), axis=1, kind="stable")[:, :4]
    near = NearestRows(*reference, n_threads=2)
    found, index = near.nearest(*rows, 4)
    np.testing.assert_allclose(found, np.take_along_axis(distances, order, axis=1), atol=1e-12)
    np.testing.assert_array_equal(index, order)
    radius = rng.choice([0.0, 0.5, 1.25, 9.0], len(distances))
    np.testing.assert_array_equal(near.count_within(*rows, radius), (distances <= radius[:, None]).sum(axis=1))


def test_fewer_rows_than_neighbors():
    near = NearestRows(np.array([[0.0], [2.0]]), np.zeros((2, 0), np.int32))
    distances, rows = near.nearest(np.array([[0.5]]), np.zeros((1, 0), np.int32), 3)
    np.testing.assert_array_equal(distances, [[0.5, 1.5, np.inf]])
    np.testing.assert_array_equal(rows, [[0, 1, -1]])


def test_same_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    reference, rows = (_random_rows(rng, n, 3, 2, True) for n in (500, 700))
    one, three = (NearestRows(*reference, n_threads=n).nearest(*rows, 5) for n in (1, 3))
    np.testing.assert_array_equal(one[0], three[0])
    np.testing.assert_array_equal(one[1], three[1])
