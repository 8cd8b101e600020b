"""One round of boosting does what Newton's method says."""

import numpy as np
import pytest

from skensemble import NewtonBoostingClassifier, NewtonBoostingRegressor
from skensemble._validation import read_table
from skensemble.ensemble.losses._losses import make_loss
from skensemble.ensemble.newton import _tree_rounds
from skensemble.ensemble.newton._boosting_settings import BoostingSettings
from skensemble.ensemble.newton._training_data import TrainingData
from skensemble.ensemble.newton._tree_rounds import TreeRounds, bounded, side_by_side
from skensemble.tree._binning import Binner
from skensemble.tree.histogram import _team_growing
from skensemble.tree.histogram._grown_trees import leaves_of
from skensemble.tree.histogram._growth_limits import DEPTH_FIRST
from skensemble.tree.histogram._growth_state import NODE
from tests.tree.random_tables import NO_LIMITS, assert_same_tree

N = 150


def _data(seed=0, weight=None, n_outputs=1):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, 3))
    y = X[:, 0] + rng.normal(size=N)
    table = read_table(X)
    binned = Binner(255, None).fit(table).transform(table)
    return TrainingData(binned, y, weight, np.zeros((n_outputs, N)))


def _settings(**changes):
    defaults = {"policy": DEPTH_FIRST, "max_depth": 3, "reg_lambda": 0.5}
    limits = NO_LIMITS._replace(**{**defaults, **changes.pop("limits", {})})
    settings = {
        "learning_rate": 0.3,
        "vector": False,
        "subsample": 1.0,
        "goss": False,
        "colsample_bytree": 1.0,
        "limits": limits,
        "monotone": np.zeros(3, np.int64),
        "interactions": np.zeros((0, 3), bool),
        "seed": 5,
        "n_threads": 1,
    }
    return BoostingSettings(**{**settings, **changes})


def _leaves(rounds, tree):
    return leaves_of(tree, rounds.train.binned, np.arange(N, dtype=np.uint32))


def _leaf_sums(rounds, tree, array, weight):
    return np.bincount(_leaves(rounds, tree), array * weight, minlength=len(tree.nodes))


@pytest.mark.parametrize("weight", [None, np.arange(N) % 3 + 1.0])
def test_leaf_is_a_newton_step_of_its_rows(weight):
    train = _data(weight=weight)
    rounds = TreeRounds(make_loss("squared_error"), train, None, _settings())
    (tree,) = rounds.round(0).trees
    units = np.ones(N) if weight is None else weight
    leaves = np.flatnonzero(tree.nodes["left"] < 0)
    gradient, hessian = (_leaf_sums(rounds, tree, a, units) for a in (-train.y, np.ones(N)))
    expected = -0.3 * gradient[leaves] / (hessian[leaves] + 0.5)
    np.testing.assert_allclose(tree.values[leaves, 0], expected, rtol=1e-5)
    np.testing.assert_allclose(train.raw[0], tree.values[_leaves(rounds, tree), 0])


@pytest.mark.parametrize("weight", [np.arange(N) % 3 + 1.0, np.random.default_rng(0).random(N)], ids=["whole", "any"])
@pytest.mark.parametrize("changes", [{}, {"subsample": 0.5}, {"goss": True}, {"n_parallel": 2}])
def test_nodes_weigh_what_their_rows_weigh(weight, changes):
    """A child's rows are some of its parent's; the rows of a leaf are those that grew the tree and fell into it."""
    train = _data(weight=weight)
    rounds = TreeRounds(make_loss("squared_error"), train, None, _settings(**changes))
    rounds._move, growths = lambda growth, place: growths.append(growth), []
    round_ = rounds.round(0)
    assert len(round_.trees) == len(round_.node_weights) == changes.get("n_parallel", 1)
    for tree, node_weight in zip(round_.trees, round_.node_weights):
        left, right = tree.nodes["left"], tree.nodes["right"]
        splits = np.flatnonzero(left >= 0)
        np.testing.assert_allclose(node_weight[splits], node_weight[left[splits]] + node_weight[right[splits]])
    for growth, node_weight in zip(growths, round_.node_weights):
        rows, is_leaf = growth.rows_by_leaf, growth.tree.nodes["left"] < 0
        expected = np.bincount(growth.leaf_of_row[rows], weight[rows], minlength=len(is_leaf))
        np.testing.assert_allclose(node_weight[is_leaf], expected[is_leaf])


def test_rows_without_weights_are_only_counted():
    rounds = TreeRounds(make_loss("squared_error"), _data(), None, _settings())
    assert rounds.round(0).node_weights == []


@pytest.mark.parametrize("loss", ["absolute_error", "quantile", "huber"])
def test_leaf_of_a_loss_that_is_not_smooth_is_the_best_constant(loss):
    train = _data()
    prepared = make_loss(loss, quantile=0.3, huber_slope=0.5).prepared(train.y, None)
    rounds = TreeRounds(prepared, train, None, _settings(learning_rate=1.0))
    (tree,) = rounds.round(0).trees
    for leaf in np.flatnonzero(tree.nodes["left"] < 0):
        rows = _leaves(rounds, tree) == leaf
        raw = np.ascontiguousarray(train.raw[:, rows])
        value = prepared.value(train.y[rows], raw, None)
        for step in (-0.02, 0.02):
            assert prepared.value(train.y[rows], raw + step, None) >= value - 1e-3


@pytest.mark.parametrize("changes", [{}, {"subsample": 0.5}, {"goss": True}, {"colsample_bytree": 0.4}])
def test_held_out_rows_move_like_training_rows(changes):
    """The same rows as training and held-out data: the paths of both kinds of rows agree, drawn or not."""
    train, held_out = _data(), _data()
    rounds = TreeRounds(make_loss("squared_error"), train, held_out, _settings(**changes))
    for number in range(4):
        rounds.round(number)
    np.testing.assert_array_equal(train.raw, held_out.raw)


def test_rounds_do_not_depend_on_those_drawn_before():
    """Round 1 of what starts from what round 0 left is round 1 of one that did both."""
    settings = _settings(subsample=0.6, colsample_bytree=0.7)
    both, first, second = _data(), _data(), _data()
    rounds = TreeRounds(make_loss("squared_error"), both, None, settings)
    rounds.round(0)
    (expected,) = rounds.round(1).trees
    TreeRounds(make_loss("squared_error"), first, None, settings).round(0)
    second.raw[:] = first.raw
    (tree,) = TreeRounds(make_loss("squared_error"), second, None, settings).round(1).trees
    np.testing.assert_array_equal(tree.values, expected.values)
    np.testing.assert_array_equal(second.raw, both.raw)


def test_one_tree_for_all_outputs():
    train = _data(n_outputs=3)
    train.y = np.stack([train.y, -train.y, train.y**2])
    rounds = TreeRounds(make_loss("squared_error", n_outputs=3), train, None, _settings(vector=True))
    (tree,) = rounds.round(0).trees
    assert tree.values.shape[1] == 3
    np.testing.assert_allclose(train.raw, tree.values[_leaves(rounds, tree)].T)


@pytest.mark.parametrize("changes", [{}, {"subsample": 0.5}, {"goss": True}, {"limits": {"min_samples_leaf": 5}}])
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_trees_side_by_side_are_those_one_after_another(changes, loss, monkeypatch):
    monkeypatch.setattr(_tree_rounds, "SIDE_WORK", 0)
    several, trees = [], []
    for n_threads in (1, 2, 7):
        train = _data(n_outputs=3)
        train.y = np.stack([train.y, -train.y, train.y**2])
        several.append(TreeRounds(make_loss(loss, n_outputs=3), train, None, _settings(n_threads=n_threads, **changes)))
        trees.append([tree for number in range(3) for tree in several[-1].round(number).trees])
    assert [len(rounds._growers) for rounds in several] == [1, 2, 3]
    for rounds, others in zip(several[1:], trees[1:]):
        np.testing.assert_array_equal(rounds.train.raw, several[0].train.raw)
        assert [tree.output for tree in others] == 3 * [0, 1, 2]
        for tree, expected in zip(others, trees[0]):
            assert_same_tree(tree, expected, rounds.train.binned.n_codes)


def test_when_trees_grow_side_by_side(monkeypatch):
    monkeypatch.setattr(_team_growing, "TEAM_WORK", 1_000_000)
    small, medium, large = _tree_rounds.SIDE_WORK - 1, _tree_rounds.SIDE_WORK, _team_growing.TEAM_WORK
    assert [side_by_side(3, n_cells, 2) for n_cells in (small, medium, large)] == [1, 2, 1]
    assert [side_by_side(7, n_cells, 2) for n_cells in (small, medium, large)] == [1, 2, 2]
    assert [side_by_side(3, n_cells, 16) for n_cells in (small, medium, large)] == [1, 3, 1]
    assert side_by_side(1, medium, 2) == side_by_side(3, medium, 1) == 1


def test_own_loss_sees_all_rows_and_weights_itself():
    calls = []

    def loss(y, raw, sample_weight):
        calls.append((len(y), sample_weight is not None))
        return (raw - y) * sample_weight, sample_weight

    weight = np.arange(N) % 3 + 1.0
    own, built_in = _data(weight=weight), _data(weight=weight)
    TreeRounds(make_loss(loss), own, None, _settings()).round(0)
    TreeRounds(make_loss("squared_error"), built_in, None, _settings()).round(0)
    assert calls == [(N, True)]
    np.testing.assert_allclose(own.raw, built_in.raw, rtol=1e-5)


# -- monotone leaves -------------------------------------------------------------------------------------------------


def _three_leaves():
    """Root splits feature 0, its right child feature 1; 10 rows, 4 + 3 + 3."""
    nodes = np.zeros(5, NODE)
    nodes["left"], nodes["right"] = [1, -1, 3, -1, -1], [2, -1, 4, -1, -1]
    nodes["feature"] = [0, -1, 1, -1, -1]
    nodes["start"], nodes["stop"] = [0, 0, 4, 4, 7], [10, 4, 10, 7, 10]
    return nodes, np.array([1, 3, 4])


def test_leaf_values_in_order_stay():
    nodes, leaves = _three_leaves()
    values = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(bounded(nodes, leaves, values, np.array([1, 1])), values)


def test_leaf_values_out_of_order_meet_in_the_middle():
    nodes, leaves = _three_leaves()
    values = bounded(nodes, leaves, np.array([4.0, 1.0, 2.0]), np.array([1, 0]))
    np.testing.assert_allclose(values, [2.75, 2.75, 2.75])  # the middle of 4 and of (1 * 3 + 2 * 3) / 6
    values = bounded(nodes, leaves, np.array([4.0, 1.0, 2.0]), np.array([-1, 0]))
    np.testing.assert_array_equal(values, [4.0, 1.0, 2.0])


def test_leaf_values_without_constraints_stay():
    nodes, leaves = _three_leaves()
    values = np.array([4.0, 1.0, 2.0])
    assert bounded(nodes, leaves, values, np.array([0, 0])) is values


@pytest.mark.parametrize("weight", ["none", "whole", "fractions"])
@pytest.mark.parametrize(
    "parameters",
    [{}, {"subsample": 1.0}, {"sampling_method": "goss"}, {"grow_policy": "lossguide", "max_leaf_nodes": 9}],
    ids=str,
)
def test_the_order_of_the_rows_changes_no_bit(parameters, weight):
    """Many rows are alike in all but their weights."""
    rng = np.random.default_rng(3)
    X, order = np.floor(rng.exponential([1.0, 2.0, 0.7], (600, 3))), rng.permutation(600)
    y = X[:, 0] + X[:, 1] + rng.integers(0, 2, 600)
    weight = {"none": None, "whole": rng.integers(0, 4, 600), "fractions": rng.random(600)}[weight]
    for kind, target in ((NewtonBoostingRegressor, y), (NewtonBoostingClassifier, y > 2)):
        models = [
            kind(n_estimators=4, random_state=0, **parameters).fit(X[rows], target[rows], weights)
            for rows, weights in ((slice(None), weight), (order, None if weight is None else weight[order]))
        ]
        ours, theirs = (model._booster.additive for model in models)
        np.testing.assert_array_equal(ours.baseline, theirs.baseline)
        for name in ("feature", "threshold", "values", "gain", "cover"):
            np.testing.assert_array_equal(getattr(ours.trees, name), getattr(theirs.trees, name))
