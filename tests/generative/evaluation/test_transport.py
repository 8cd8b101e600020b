"""Optimal transport equals linear programming."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment, linprog

from skensemble.generative.evaluation._transport import transport_distance


def _by_linear_programming(cost):
    n, m = cost.shape
    from_rows, to_columns = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    shares = np.concatenate([np.full(n, 1 / n), np.full(m, 1 / m)])
    return linprog(cost.ravel(), A_eq=np.vstack([from_rows, to_columns]), b_eq=shares).fun


@pytest.mark.parametrize("decimals", [0, 1, 9])
@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (7, 7), (6, 4), (9, 6), (5, 8), (12, 25)])
def test_equals_linear_programming(shape, decimals):
    cost = np.round(np.random.default_rng(shape).random(shape) * 5, decimals)
    assert transport_distance(cost) == pytest.approx(_by_linear_programming(cost), abs=1e-9)


def test_equals_assignment_of_many_points():
    rng = np.random.default_rng(0)
    cost = np.abs(rng.random((300, 1, 4)) - rng.random((300, 4))).sum(axis=2)
    assert transport_distance(cost) == pytest.approx(cost[linear_sum_assignment(cost)].mean())


def test_copies_of_points_change_nothing():
    cost = np.random.default_rng(1).random((20, 30))
    assert transport_distance(np.repeat(cost, 3, axis=0)) == pytest.approx(transport_distance(cost))
