"""Conditional distributions: smoothed counts of leaves, equal to the formula, and drawn as they say."""

import numpy as np
import pandas as pd
import pytest

from skensemble.generative.autoregressive import _conditional
from skensemble.generative.autoregressive._column_cells import cells_of
from skensemble.generative.autoregressive._conditional import LARGER, Conditional
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
    return Conditional(cells, min_samples_leaf, strength).fit(FEATURES, [], codes, weight), codes


def test_of_many_rows_some_grow_the_tree_and_all_are_counted(monkeypatch):
    monkeypatch.setattr(_conditional, "MOST_GROWN", 200)
    conditional, codes = _fitted()
    assert conditional.tree.tree_.weighted_n_node_samples[0] == 200
    leaf = conditional.tree.apply(FEATURES)
    np.testing.assert_array_equal(conditional.leaves.total, np.bincount(leaf))
    shares = conditional.all_shares(FEATURES)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert shares[np.arange(400), codes].mean() > 0.6


def test_shares_are_those_of_the_formula():
    conditional, codes = _fitted()
    nodes = conditional.tree.decision_path(FEATURES).toarray().astype(bool)  # (n_rows, n_nodes)
    leaf = conditional.tree.apply(FEATURES)
    sizes = nodes.sum(axis=0)
    everywhere = np.bincount(codes) / 400
    for row in (0, 7, 123):
        path = np.flatnonzero(nodes[row])
        ancestor = [node for node in path if sizes[node] >= LARGER * 10 or node == 0][-1]
        share = everywhere
        for node in (ancestor, leaf[row]):
            share = (np.bincount(codes[nodes[:, node]], minlength=2) + 3.0 * share) / (sizes[node] + 3.0)
        for code in (0, 1):
            given = conditional.log_shares(FEATURES[[row]], np.array([code]))
            assert np.exp(given[0]) == pytest.approx(share[code])


def test_draws_have_the_shares():
    conditional, _ = _fitted()
    rows = np.repeat(FEATURES[:1], 20_000, axis=0)
    drawn = conditional.draw(rows, np.random.default_rng(0))
    expected = np.exp(conditional.log_shares(FEATURES[:1], np.array([1])))[0]
    assert drawn.mean() == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 20_000))


def test_no_leaf_is_lighter_than_the_minimum_in_weight():
    weight = rng.integers(1, 4, 400).astype(float)
    conditional, _ = _fitted(weight=weight)
    structure = conditional.tree.tree_
    assert structure.weighted_n_node_samples[structure.children_left < 0].min() >= 10


def test_without_columns_before_it_says_the_shares_of_all_rows():
    series = pd.Series(NAMES)
    column_format = format_of(series, "column", False)
    codes = column_format.read(series)
    cells = cells_of(column_format, codes, np.ones(400))
    conditional = Conditional(cells, 5, 1.0).fit(np.empty((400, 0)), [], codes, np.ones(400))
    given = conditional.log_shares(np.empty((2, 0)), np.array([0, 1]))
    np.testing.assert_allclose(np.exp(given), np.bincount(codes) / 400)
