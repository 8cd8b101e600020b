"""Rounds of gradient boosting, beside what a plain reading of the algorithm does."""

import numpy as np
import pytest

from skensemble._validation import read_table
from skensemble.ensemble.gradient._gradient_rounds import GradientRounds, GradientSettings
from skensemble.ensemble.losses._class_losses import BinaryLogLoss, ExponentialLoss, MulticlassLogLoss
from skensemble.ensemble.losses._regression_losses import AbsoluteError, Huber, Quantile, SquaredError
from skensemble.ensemble.rows._row_sampling import RowSampler, copies_of
from skensemble.tree._binning import Binner
from skensemble.tree.exact._cart_grower import CartGrower
from skensemble.tree.exact._cart_limits import CartLimits
from skensemble.tree.exact._cart_targets import NumberTarget
from skensemble.tree.trees._pruning import place_after_pruning, prune

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4))
SCORE = np.where(X[:, 0] > 0, 2.0, -1.0) + X[:, 1]
NUMBERS = SCORE + RNG.standard_t(3, size=150)
CLASSES = np.digitize(SCORE + RNG.normal(size=150), [-1.0, 1.5]).astype(float)
SETTINGS = GradientSettings(0.3, 1.0, 0.0, None, seed=5, n_threads=1)


def _grower(weight=None):
    table, limits = read_table(X), CartLimits("squared_error", max_depth=2)
    binner = Binner(None).fit(table)
    return CartGrower(binner, table, NumberTarget(np.zeros((1, len(X)))), limits, sample_weight=weight)


def _rounds(loss, y, weight=None, n_growers=1, **settings):
    raw = np.zeros((loss.n_outputs, len(X)))
    growers = [_grower(weight) for _ in range(n_growers)]
    sampler = RowSampler(np.arange(len(X)) * 7919, copies_of(weight))
    return GradientRounds(loss, growers, y, raw, weight, sampler, SETTINGS._replace(**settings))


@pytest.mark.parametrize(
    ("loss", "step"),
    [
        (SquaredError(), np.mean),
        (AbsoluteError(), np.median),
        (Quantile(0.8), lambda r: np.quantile(r, 0.8, method="averaged_inverted_cdf")),
    ],
    ids=["squared", "absolute", "quantile"],
)
def test_leaves_hold_the_best_constant_of_their_residuals(loss, step):
    rounds = _rounds(loss, NUMBERS)
    for number in range(3):
        residual, before = NUMBERS - rounds.raw[0], rounds.raw[0].copy()
        (tree,) = rounds.round(number).trees
        moved = (rounds.raw[0] - before) / 0.3
        leaves = np.unique(moved.round(9))
        assert len(leaves) <= tree.is_leaf.sum()
        for value in leaves:
            assert step(residual[np.isclose(moved, value)]) == pytest.approx(value)


def test_huber_leaves_are_friedmans():
    rounds = _rounds(Huber(), NUMBERS, alpha=0.8)
    for number in range(3):
        residual, before = NUMBERS - rounds.raw[0], rounds.raw[0].copy()
        rounds.round(number)
        slope = np.quantile(np.abs(residual), 0.8, method="averaged_inverted_cdf")
        assert rounds.loss.huber_slope == (pytest.approx(slope),)
        moved = (rounds.raw[0] - before) / 0.3
        for value in np.unique(moved.round(9)):
            rows = np.isclose(moved, value)
            median = np.median(residual[rows])
            expected = median + np.clip(residual[rows] - median, -slope, slope).mean()
            assert expected == pytest.approx(value)


def test_two_classes_take_newtons_step():
    y = (CLASSES > 0).astype(float)
    rounds = _rounds(BinaryLogLoss(), y)
    for number in range(3):
        p, before = 1 / (1 + np.exp(-rounds.raw[0])), rounds.raw[0].copy()
        rounds.round(number)
        moved = (rounds.raw[0] - before) / 0.3
        for value in np.unique(moved.round(9)):
            rows = np.isclose(moved, value)
            assert (y - p)[rows].sum() / (p * (1 - p))[rows].sum() == pytest.approx(value)


def test_several_classes_take_friedmans_step():
    rounds = _rounds(MulticlassLogLoss(3), CLASSES)
    rounds.round(0)
    p, before = np.exp(rounds.raw) / np.exp(rounds.raw).sum(axis=0), rounds.raw.copy()
    rounds.round(1)
    for k in range(3):
        moved, residual = (rounds.raw[k] - before[k]) / 0.3, (CLASSES == k) - p[k]
        for value in np.unique(moved.round(9)):
            rows = np.isclose(moved, value)
            assert 2 / 3 * residual[rows].sum() / (p[k] * (1 - p[k]))[rows].sum() == pytest.approx(value)


def test_growers_side_by_side_grow_the_same_trees():
    alone, together = (_rounds(MulticlassLogLoss(3), CLASSES, n_growers=n) for n in (1, 2))
    scores = [[rounds.round(number).train_score for number in range(4)] for rounds in (alone, together)]
    assert scores[0] == scores[1]
    np.testing.assert_array_equal(alone.raw, together.raw)


@pytest.mark.parametrize("loss", [SquaredError(), AbsoluteError(), ExponentialLoss()], ids=["l2", "l1", "exponential"])
def test_rows_out_of_the_bag_move_but_do_not_train(loss):
    y = (CLASSES > 0).astype(float) if isinstance(loss, ExponentialLoss) else NUMBERS
    rounds = _rounds(loss, y, subsample=0.6)
    in_bag, out = rounds._draw_bag(0)
    assert 75 <= in_bag.sum() <= 105
    np.testing.assert_array_equal(in_bag + out, np.ones(150))
    result = rounds.round(0)
    assert result.trees[0].count[0] == in_bag.sum()

    def reported(raw, weight):
        return pytest.approx(loss.reported_factor * loss.value(y, raw, weight))

    assert result.train_score == reported(rounds.raw, in_bag)
    assert result.oob_score == reported(rounds.raw, out)
    assert result.oob_improvement + result.oob_score == reported(np.zeros((1, 150)), out)
    assert (rounds.raw[0] != 0).all()


def test_rows_of_weight_zero_have_no_effect():
    weight = np.repeat([1.0, 0.0], 75)
    y = np.where(weight > 0, NUMBERS, 1e6)
    clean, dirty = _rounds(AbsoluteError(), NUMBERS, weight), _rounds(AbsoluteError(), y, weight)
    for number in range(3):
        assert clean.round(number).train_score == dirty.round(number).train_score
    np.testing.assert_array_equal(clean.raw[0, :75], dirty.raw[0, :75])


def test_nobody_out_of_the_bag_has_no_score():
    assert np.isnan(_rounds(SquaredError(), NUMBERS).mean_loss(np.zeros(150)))


def test_places_after_pruning():
    grower = _grower()
    grower.set_numbers(NUMBERS[None, :])
    tree, leaf, _ = grower.grow_with_leaves(1)
    for alpha in (0.05, 0.3, 1e9):
        pruned = prune(tree, alpha)
        place = place_after_pruning(tree, pruned)[leaf]
        assert pruned.is_leaf[place].all()
        sizes = np.bincount(place, minlength=pruned.n_nodes)
        np.testing.assert_array_equal(sizes[pruned.is_leaf], pruned.count[pruned.is_leaf])
        for node in np.unique(place):
            assert pruned.values[node, 0] == pytest.approx(NUMBERS[place == node].mean())
