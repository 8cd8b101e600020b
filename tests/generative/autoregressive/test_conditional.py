"""Conditional distributions: smoothed counts of leaves, equal to the formula, and drawn as they say."""

import numpy as np
import pandas as pd
import pytest

from skensemble.generative.autoregressive import _leaf_counts
from skensemble.generative.autoregressive._coded_features import CodedFeatures, TreesOfColumn
from skensemble.generative.autoregressive._column_cells import cells_of
from skensemble.generative.autoregressive._conditional import Conditional
from skensemble.generative.autoregressive._leaf_counts import LARGER
from skensemble.generative.tables._format_choice import format_of

rng = np.random.default_rng(0)
FEATURES = np.round(rng.normal(size=(400, 2)), 1)
NAMES = np.where(FEATURES[:, 0] + rng.normal(size=400) > 0, "high", "low")


def _fitted(strength=3.0, weight=None, min_samples_leaf=10):
    series = pd.Series(NAMES)
    column_format = format_of(series, "column", False)
    codes = column_format.read(series)
    weight = np.ones(400) if weight is None else weight
    cells = cells_of(column_format, codes, weight)
    conditional = Conditional(cells, min_samples_leaf, strength)
    conditional.fit(TreesOfColumn(CodedFeatures.of(FEATURES, [], weight), cells, codes), codes, weight)
    return conditional, codes


def test_of_many_rows_some_grow_the_trees_and_all_are_counted(monkeypatch):
    monkeypatch.setattr(_leaf_counts, "MOST_GROWN", 200)
    conditional, codes = _fitted()
    for tree in conditional.trees:
        assert tree.tree.weighted_n_node_samples[0] == 200
        np.testing.assert_array_equal(tree.leaves.total, np.bincount(tree.tree.apply(FEATURES)))
    shares = conditional.all_shares(FEATURES)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert shares[np.arange(400), codes].mean() > 0.6


def test_shares_are_those_of_the_formula():
    conditional, codes = _fitted()
    everywhere, shares = np.bincount(codes) / 400, np.zeros((3, 2))
    rows = [0, 7, 123]
    for tree in conditional.trees:
        nodes = tree.tree.decision_path(FEATURES).toarray().astype(bool)  # (n_rows, n_nodes)
        leaf, sizes = tree.tree.apply(FEATURES), nodes.sum(axis=0)
        for k, row in enumerate(rows):
            path = np.flatnonzero(nodes[row])
            grown = tree.tree.weighted_n_node_samples
            ancestor = [node for node in path if grown[node] >= LARGER * 10 or node == 0][-1]
            share = everywhere
            for node in (ancestor, leaf[row]):
                share = (np.bincount(codes[nodes[:, node]], minlength=2) + 3.0 * share) / (sizes[node] + 3.0)
            shares[k] += share / len(conditional.trees)
    np.testing.assert_allclose(conditional.all_shares(FEATURES[rows]), shares)
    for code in (0, 1):
        np.testing.assert_allclose(np.exp(conditional.log_shares(FEATURES[rows], np.full(3, code))), shares[:, code])


def test_values_in_leaves_have_a_distribution_and_are_drawn_from_it():
    cents = pd.Series(np.round(FEATURES[:, 0] + np.round(rng.normal(size=400), 2), 2))
    column_format = format_of(cents, "column", False)
    plain = column_format.read(cents)
    cells = cells_of(column_format, plain, np.ones(400))
    conditional = Conditional(cells, 20, 1.0, value_strength=2.0)
    trees = TreesOfColumn(CodedFeatures.of(FEATURES, [], np.ones(400)), cells, cells.codes(plain))
    conditional.fit(trees, cells.codes(plain), np.ones(400), cells.value_of(plain))
    grid = np.round(np.arange(plain.min(), plain.max() + 0.005, 0.01), 2)
    n, codes = len(grid), cells.codes(grid)
    density = np.exp(conditional.log_density(np.repeat(FEATURES[:1], n, axis=0), grid, codes))
    share = density * cells.step
    assert share.sum() == pytest.approx(1.0)
    rows = np.repeat(FEATURES[:1], 20_000, axis=0)
    draws = np.random.default_rng(0)
    drawn = conditional.values(rows, conditional.draw(rows, draws), draws)
    below = np.searchsorted(np.sort(drawn), grid + cells.step / 2) / len(drawn)
    np.testing.assert_allclose(below, np.cumsum(share), atol=0.015)
    leaves = [leaf[:, np.newaxis] for leaf in conditional.leaves_of(rows[:n])]
    inside = conditional.at_most_in_cells(grid[:, np.newaxis], codes[:, np.newaxis], leaves)[:, 0]
    last = np.flatnonzero(np.r_[codes[1:] != codes[:-1], True])
    np.testing.assert_allclose(inside[last], 1.0)
    own = share / np.bincount(codes, share)[codes]
    np.testing.assert_allclose(inside, [own[(codes == codes[k]) & (grid <= grid[k])].sum() for k in range(n)])


def test_draws_have_the_shares():
    conditional, _ = _fitted()
    rows = np.repeat(FEATURES[:1], 20_000, axis=0)
    drawn = conditional.draw(rows, np.random.default_rng(0))
    expected = np.exp(conditional.log_shares(FEATURES[:1], np.array([1])))[0]
    assert drawn.mean() == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 20_000))


def test_no_leaf_is_lighter_than_the_minimum_in_weight():
    weight = rng.integers(1, 4, 400).astype(float)
    conditional, _ = _fitted(weight=weight)
    for tree in conditional.trees:
        structure = tree.tree
        assert structure.weighted_n_node_samples[structure.children_left < 0].min() >= 10


def test_without_columns_before_it_says_the_shares_of_all_rows():
    series = pd.Series(NAMES)
    column_format = format_of(series, "column", False)
    codes = column_format.read(series)
    cells = cells_of(column_format, codes, np.ones(400))
    conditional = Conditional(cells, 5, 1.0)
    trees = TreesOfColumn(CodedFeatures.of(np.empty((400, 0)), [], np.ones(400)), cells, codes)
    conditional.fit(trees, codes, np.ones(400))
    given = conditional.log_shares(np.empty((2, 0)), np.array([0, 1]))
    np.testing.assert_allclose(np.exp(given), np.bincount(codes) / 400)
