"""Kernels of linear leaves equal plain weighted ridge regressions."""

import numpy as np
import pytest

from skensemble.ensemble.newton._cell_columns import CellColumns
from skensemble.ensemble.newton._leaf_slopes import add_leaves, find_paths
from skensemble.ensemble.newton._linear_leaves import LeafRows, Paths, fit_lines
from skensemble.tree.histogram._grown_trees import ThresholdTable
from skensemble.tree.histogram._growth_state import NODE
from skensemble.tree.trees._leaf_slopes import LeafSlopes
from skensemble.tree.trees._linear_leaf_kernels import add_linear_trees
from skensemble.tree.trees._prediction import read_only

START, FEATURE = np.array([0, 0, 2, 5], np.int64), np.array([0, 2, 2, 1, 0], np.int32)  # of nodes 0, 1, 2


def _cells(n=60):
    cells = np.random.default_rng(0).normal(size=(n, 3)) * [1.0, 5.0, 0.1] + [0.0, 100.0, 0.0]
    cells[5, 0], cells[40, 1], cells[41, 2] = np.nan, np.inf, -np.inf
    cells.flags.writeable = False
    return cells


def _ridge(cells, gradient, hessian, scale, ridge):
    """Means and slopes of one leaf, in the units of the cells."""
    there = np.isfinite(cells).all(axis=1)
    cells, gradient, hessian = cells[there], gradient[there], hessian[there]
    mean = np.average(cells, axis=0, weights=hessian)
    z = (cells - mean) / scale
    return mean, -np.linalg.solve(z.T @ (hessian[:, None] * z) + ridge * np.eye(z.shape[1]), z.T @ gradient) / scale


def _fit(cells, gradient, hessian, weight, ridge, scale, wider=1.0):
    rows = np.random.default_rng(1).permutation(len(cells)).astype(np.uint32)
    rows = np.concatenate([np.sort(rows[:25]), np.sort(rows[25:])])
    rows_by_leaf = LeafRows(np.array([1, 2]), np.array([0, 25, len(cells)]), rows)
    derivatives, penalty = (gradient, hessian, weight, True), (scale, ridge)
    finite = np.where(np.isfinite(cells), cells, cells[:1])
    bounds = wider * finite.min(axis=0), wider * finite.max(axis=0)
    paths = Paths(START, FEATURE, *(bound[FEATURE] for bound in bounds))
    mean, slope = fit_lines(rows_by_leaf, CellColumns.of(cells, 1), derivatives, penalty, paths, 1)
    return rows[:25], rows[25:], mean, slope


@pytest.mark.parametrize("ridge", [0.0, 3.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_slopes_equal_ridge_regressions(ridge, weighted):
    rng, cells = np.random.default_rng(2), _cells()
    gradient, hessian = rng.normal(size=60).astype(np.float32), rng.uniform(0.5, 2.0, 60).astype(np.float32)
    weight = rng.integers(0, 3, 60).astype(float) if weighted else np.empty(0)
    factor = weight if weighted else np.ones(60)
    scale = np.array([1.5, 4.0, 0.2])
    first, second, mean, slope = _fit(cells, gradient, hessian, weight, ridge, scale)
    for rows, entries in ((first, slice(0, 2)), (second, slice(2, 5))):
        own = FEATURE[entries]
        derivatives = (factor[rows] * gradient[rows], factor[rows] * hessian[rows])
        wanted = _ridge(cells[rows][:, own], *derivatives, scale[own], ridge)
        np.testing.assert_allclose(mean[entries], wanted[0], rtol=1e-9)
        np.testing.assert_allclose(slope[entries], wanted[1], rtol=1e-6, atol=1e-12)


def test_a_feature_that_others_explain_gets_no_slope():
    cells = np.repeat(_cells()[:, :1], 3, axis=1)
    cells[5] = 0.0
    cells.flags.writeable = False
    gradient, ones = cells[:, 0].astype(np.float32), np.ones(60, np.float32)
    *_, slope = _fit(cells, gradient, ones, np.empty(0), 0.0, np.ones(3))
    np.testing.assert_allclose(slope, [-1.0, 0.0, -1.0, 0.0, 0.0], atol=1e-6)


@pytest.mark.parametrize(("wider", "precision"), [(30.0, 1e-9), (1e6, 1e-12), (0.0, 1e-12)])
def test_slopes_hardly_depend_on_the_bounds_of_cells(wider, precision):
    cells, gradient = _cells() - [0.0, 100.0, 0.0], np.random.default_rng(2).normal(size=60).astype(np.float32)
    cells.flags.writeable = False
    given = (cells, gradient, np.ones(60, np.float32), np.empty(0), 0.1, np.ones(3))
    *_, mean, slope = _fit(*given)
    *_, again, slope_again = _fit(*given, wider=wider)
    np.testing.assert_allclose(again, mean, rtol=precision, atol=precision)
    np.testing.assert_allclose(slope_again, slope, rtol=precision)


def test_features_of_a_path_are_found_once_with_what_splits_leave_of_their_ranges():
    #        0: f3 at 5
    #     1: f1 at 1   2: leaf
    #   3: leaf  4: categories
    #          5: f3 at 2   6: leaf
    #        7: leaf  8: leaf
    nodes = np.zeros(9, NODE)
    nodes["left"], nodes["right"] = [1, 3, -1, -1, 5, 7, -1, -1, -1], [2, 4, -1, -1, 6, 8, -1, -1, -1]
    nodes["feature"], nodes["code"] = [3, 1, 0, 0, 2, 3, 0, 0, 0], [2, 1, 0, 0, 5, 1, 0, 0, 0]
    nodes["depth"], nodes["is_categorical"][4] = [0, 1, 1, 2, 2, 3, 3, 4, 4], 1
    thresholds = ThresholdTable.of([np.empty(0), np.array([1.0]), np.empty(0), np.array([2.0, 5.0])])
    start, out, *bounds = find_paths(nodes, *thresholds, np.full(4, -9.0), np.full(4, 9.0))
    found = [
        {int(out[k]): (bounds[0][k], bounds[1][k]) for k in range(start[v], start[v + 1])} for v in range(len(nodes))
    ]
    wanted = {2: {3: (5, 9)}, 3: {1: (-9, 1), 3: (-9, 5)}, 6: {1: (1, 9), 3: (-9, 5)}}
    wanted |= {7: {1: (1, 9), 3: (-9, 2)}, 8: {1: (1, 9), 3: (2, 5)}}
    assert found == [wanted.get(v, {}) for v in range(len(nodes))]
    assert start[-1] == sum(map(len, wanted.values()))


def test_leaves_add_constants_and_slopes_up_to_their_limit_and_constants_alone_where_a_cell_is_missing():
    cells, leaf = _cells(), np.array([1, 2] * 30, np.int32)
    values, mean, slope = np.array([[0.0], [10.0], [20.0]]), np.arange(5.0)[:, None], np.arange(1.0, 6.0)[:, None]
    raw, limit = np.zeros(60), np.array([np.inf, 9.0, np.inf])
    add_leaves(*CellColumns.of(cells, 1), 0, 60, leaf, values, START, FEATURE, mean, slope, limit, 0, raw)
    for i, node in enumerate(leaf):
        own = slice(START[node], START[node + 1])
        line = (cells[i, FEATURE[own]] - mean[own, 0]) @ slope[own, 0]
        step = values[node, 0] + (line if np.isfinite(line) else 0.0)
        assert raw[i] == pytest.approx(np.clip(step, -limit[node], limit[node]))
    assert (np.abs(raw[leaf == 1]) == 9.0).any()
    assert (np.abs(raw[leaf == 1]) < 9.0).any()
    of_trees = np.zeros((60, 1))
    tree = (np.zeros(1, np.int64), np.zeros(1, np.int32))
    lines = LeafSlopes(START, FEATURE, mean, slope, limit).lines()
    add_linear_trees(cells, leaf[:, None], 0, 1, *map(read_only, (*tree, values)), *lines, of_trees)
    np.testing.assert_array_equal(of_trees[:, 0], raw)
