import pickle

import numpy as np
import pytest

from skensemble._validation import read_table
from skensemble.tree.trees._additive_trees import AdditiveTrees, Link
from tests import reference
from tests.tree.random_trees import random_forest, random_rows


class PlainBinner:
    """Of a table of plain numbers."""

    def prepare(self, table):
        """Nothing is the same for all blocks."""

    def reads_sparse(self, table):
        return False

    def encode(self, table, start, stop):
        return table.values[start:stop]


N_FEATURES = 5
SETTINGS = {
    "one output": {"n_outputs": 1},
    "outputs in turn": {"n_outputs": 3},
    "vector leaves": {"n_outputs": 3, "vector": True},
}


def make(setting, *, multiplied=False, divisor=1.0, seed=0):
    """(AdditiveTrees of 9 random trees, rows)"""
    rng = np.random.default_rng(seed)
    trees = random_forest(rng, 9, N_FEATURES, **setting)
    baseline = rng.normal(size=setting["n_outputs"])
    multiplier = rng.uniform(0.1, 1.0, 9) if multiplied else None
    additive = AdditiveTrees(trees, PlainBinner(), baseline, multiplier=multiplier, divisor=divisor)
    return additive, random_rows(rng, 150, N_FEATURES)


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("multiplied", [False, True])
@pytest.mark.parametrize("divisor", [1.0, 9.0])
def test_raw_predictions_are_the_sum_of_the_scaled_leaves(setting, multiplied, divisor):
    additive, X = make(setting, multiplied=multiplied, divisor=divisor)
    expected = reference.additive_prediction(
        additive.trees, X, additive.baseline, additive.multiplier, additive.divisor
    )
    np.testing.assert_array_equal(additive.raw(read_table(X)), expected)
    np.testing.assert_array_equal(additive.raw(read_table(X), 2), expected)
    for i in range(20):
        np.testing.assert_array_equal(additive.raw(read_table(X[i : i + 1])), expected[i : i + 1])
    *_, last = additive.staged_raw(read_table(X), [3, 9])
    np.testing.assert_array_equal(last, expected)


def test_scale_says_the_same_in_one_number_per_tree():
    for options in ({}, {"multiplied": True}, {"divisor": 9.0}, {"multiplied": True, "divisor": 2.5}):
        additive, X = make(SETTINGS["vector leaves"], **options)
        scale = additive.scale[additive.trees.tree_of_node, None]
        expected = reference.raw_prediction(
            additive.trees._replace(values=additive.trees.values * scale), X, additive.baseline
        )
        np.testing.assert_allclose(additive.raw(read_table(X)), expected, rtol=1e-12)


def test_stages_are_those_of_the_first_trees():
    additive, X = make(SETTINGS["outputs in turn"], multiplied=True)
    for n_trees, raw in zip([3, 6, 9], additive.staged_raw(read_table(X), [3, 6, 9])):
        expected = reference.additive_prediction(
            additive.trees.part(0, n_trees), X, additive.baseline, additive.multiplier[:n_trees], 1.0
        )
        np.testing.assert_array_equal(raw, expected)


def test_leaves_and_paths():
    additive, X = make(SETTINGS["one output"])
    table, trees = read_table(X), additive.trees
    leaves, (indicator, bounds) = additive.apply(table), additive.decision_path(table)
    assert bounds.tolist() == trees.bounds.tolist()
    for row in range(30):
        paths = [reference.path_of_row(trees, tree, X[row]) for tree in range(trees.n_trees)]
        assert leaves[row].tolist() == [path[-1] - trees.roots[tree] for tree, path in enumerate(paths)]
        assert sorted(indicator[row].indices) == sorted(node for path in paths for node in path)


def test_rows_count_where_they_have_no_weights():
    additive, _ = make(SETTINGS["one output"])
    np.testing.assert_array_equal(additive.node_weight, additive.trees.count)
    weight = additive.trees.count * 0.5
    weighted = AdditiveTrees(additive.trees, additive.binner, additive.baseline, node_weight=weight)
    assert weighted.node_weight is weight


def test_response():
    additive, X = make(SETTINGS["one output"])
    raw = additive.raw(read_table(X))
    assert additive.link.response(raw) is raw
    log = AdditiveTrees(additive.trees, additive.binner, additive.baseline, link=Link("log", np.exp))
    np.testing.assert_array_equal(log.link.response(raw), np.exp(raw))


def test_what_is_compiled_is_not_pickled():
    additive, X = make(SETTINGS["vector leaves"], multiplied=True)
    state = dict(additive.__dict__)
    expected = additive.compiled().raw(read_table(X))
    compiled = additive.layout
    additive.raw(read_table(X))
    assert additive.layout is compiled
    copy = pickle.loads(pickle.dumps(additive))
    assert copy.__dict__.keys() == state.keys()
    np.testing.assert_array_equal(copy.raw(read_table(X)), expected)
