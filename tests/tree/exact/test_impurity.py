import numpy as np
import pytest

from skensemble.tree.exact._cart_targets import ClassTarget, NumberTarget
from skensemble.tree.exact._impurity import IMPOSSIBLE, gain_unit, impurity, mean, score
from tests.reference import Cart
from tests.tree.random_carts import CLASS_CRITERIA, CRITERIA, NUMBER_CRITERIA, new_grower, plain_cart, random_target

SUMMED = [criterion for criterion in CRITERIA if criterion != "absolute_error"]  # its score is no function of sums
N_ROWS = 30


def planted(target, weight, **limits):
    """(state, its arrays) of a tree whose root is a leaf: weights and targets are in fixed point."""
    grower = new_grower(np.zeros((len(weight), 1)), target, max_depth=0, **limits)
    grower.grow(0, weight)
    return grower._idle[-1].state, grower._idle[-1].arrays


def sums_of(rows, arrays):
    """(sums of the rows, sum of their moments), in units."""
    weight = arrays["weight"][rows]
    if len(arrays["amount"]) > 0:
        return np.append(arrays["amount"][rows].sum(axis=0), weight.sum()), int(arrays["moment"][rows].sum())
    sums = np.zeros(arrays["n_stats"], np.int64)
    for column in arrays["class_of_row"][rows].T:
        np.add.at(sums, column, weight)
    return np.append(sums, weight.sum()), 0


def plain(target, weight, criterion):
    return plain_cart(np.zeros((len(weight), 1)), target, weight, criterion=criterion)


def weights(rng, kind):
    return {"ones": np.ones(N_ROWS), "whole": rng.integers(1, 5, N_ROWS) * 1.0, "real": rng.exponential(size=N_ROWS)}[
        kind
    ]


@pytest.mark.parametrize("kind", ["ones", "whole", "real"])
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("criterion", SUMMED)
def test_impurity_equals_definition(criterion, n_outputs, kind):
    rng = np.random.default_rng(n_outputs)
    target, weight = random_target(rng, criterion, N_ROWS, n_outputs), weights(rng, kind)
    cart, (state, arrays) = plain(target, weight, criterion), planted(target, weight, criterion=criterion)
    for n in (2, 5, N_ROWS):
        rows = rng.permutation(N_ROWS)[:n]
        assert impurity(*sums_of(rows, arrays), state) == pytest.approx(cart.impurity(rows), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("kind", ["ones", "whole", "real"])
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("criterion", SUMMED)
def test_scores_of_the_sides_tell_what_a_split_takes_off(criterion, n_outputs, kind):
    """weight x impurity(node) - that of both children = unit x (score(left) + score(right) - score(node))"""
    rng = np.random.default_rng(10 + n_outputs)
    target, weight = random_target(rng, criterion, N_ROWS, n_outputs), weights(rng, kind)
    cart, (state, arrays) = plain(target, weight, criterion), planted(target, weight, criterion=criterion)
    rows = rng.permutation(N_ROWS)
    node, left, right = (score(sums_of(side, arrays)[0], state) for side in (rows, rows[:12], rows[12:]))
    expected = loss(cart, rows) - loss(cart, rows[:12]) - loss(cart, rows[12:])
    assert gain_unit(state) * (left + right - node) == pytest.approx(expected, rel=1e-9, abs=1e-11)


def loss(cart: Cart, rows):
    return cart.weight[rows].sum() * cart.impurity(rows)


@pytest.mark.parametrize("criterion", ["squared_error", "poisson"])
def test_mean_of_numbers(criterion):
    rng = np.random.default_rng(0)
    target, weight = NumberTarget(rng.gamma(1.0, size=(2, N_ROWS))), rng.exponential(size=N_ROWS)
    state, arrays = planted(target, weight, criterion=criterion)
    for output in range(2):
        expected = np.average(target.y[output][3:20], weights=weight[3:20])
        assert mean(sums_of(np.arange(3, 20), arrays)[0], output, state) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("criterion", CLASS_CRITERIA)
def test_mean_of_two_classes_is_the_share_of_the_second(criterion):
    target = ClassTarget(np.array([[0, 1, 1, 0], [1, 1, 1, 0]]), np.array([2, 2]))
    state, arrays = planted(target, np.array([1.0, 2.0, 3.0, 2.0]), criterion=criterion)
    sums = sums_of(np.arange(4), arrays)[0]
    assert [mean(sums, output, state) for output in range(2)] == [5 / 8, 6 / 8]


@pytest.mark.parametrize("criterion", CLASS_CRITERIA)
def test_classes_at_their_extremes(criterion):
    target = ClassTarget(np.arange(8)[None] % 4, np.array([4]))
    state, arrays = planted(target, np.ones(8), criterion=criterion)
    even = 0.75 if criterion == "gini" else 2.0
    assert impurity(sums_of(np.arange(8), arrays)[0], 0, state) == even
    assert impurity(sums_of(np.array([1, 5]), arrays)[0], 0, state) == 0.0


def test_poisson_allows_no_side_without_events():
    target = NumberTarget(np.array([[0.0, 0.0, 3.0, 1.0], [1.0, 1.0, 2.0, 2.0]]))
    state, arrays = planted(target, np.ones(4), criterion="poisson")
    assert score(sums_of(np.array([0, 1]), arrays)[0], state) == IMPOSSIBLE
    assert np.isfinite(score(sums_of(np.array([1, 2]), arrays)[0], state))
    assert impurity(*sums_of(np.array([0, 1]), arrays), state) == 0.0


@pytest.mark.parametrize("criterion", NUMBER_CRITERIA)
def test_impurity_does_not_lose_digits_far_from_zero(criterion):
    """A billion and a half, plus noise of about one."""
    y = 1.5e9 + np.random.default_rng(0).normal(size=(1, 50))
    tree = new_grower(np.zeros((50, 1)), NumberTarget(y), criterion=criterion).grow(0)
    centred = y - y.mean()
    expected = {"squared_error": y.var(), "absolute_error": np.abs(y - np.median(y)).mean()}
    expected["poisson"] = (y * np.log1p(centred / y.mean())).mean()
    assert tree.impurity[0] == pytest.approx(expected[criterion], rel=1e-6, abs=1e-6)
