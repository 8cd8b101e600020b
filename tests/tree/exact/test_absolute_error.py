import numpy as np
import pytest

from skensemble.tree.exact._absolute_error import deviations, median_and_deviation, rank_targets
from skensemble.tree.exact._cart_targets import NumberTarget
from tests.reference import weighted_quantile
from tests.tree.random_carts import new_grower, random_target

N_ROWS = 37
KINDS = {
    "whole": lambda rng: rng.integers(1, 5, N_ROWS) * 1.0,
    "ones": lambda rng: np.ones(N_ROWS),
    "real": lambda rng: rng.exponential(size=N_ROWS),
}


class Root:
    """The root of a tree, its rows gathered; groups are those of a feature with the codes `codes`."""

    def __init__(self, y, weight, codes=None):
        grower = new_grower(np.zeros((len(weight), 1)), NumberTarget(y), criterion="absolute_error", max_depth=0)
        grower.grow(0, weight)
        memory = grower._idle[-1]
        self.state, self.arrays = memory.state, memory.arrays
        rank_targets(self.arrays["rows"], 0, len(weight), self.state)
        if codes is not None:
            order = np.argsort(codes, kind="stable").astype(np.uint64)
            self.arrays["keys"][:] = codes[order.astype(int)].astype(np.uint64) << np.uint64(32) | order
            deviations(len(weight), self.state)


def plain_deviation(y, weight):
    """Sum over the outputs."""
    if weight.sum() == 0:
        return 0.0
    return sum(float(weight @ np.abs(column - weighted_quantile(column, weight, 0.5))) for column in y)


@pytest.mark.parametrize("n_rows", [1, 2, 3, 8, 31, 32, 33, 100])
def test_ranks_sort_the_targets(n_rows):
    y = np.random.default_rng(n_rows).integers(0, 9, (2, n_rows)) * 1.0
    root = Root(y, np.ones(n_rows))
    for k in range(2):
        rank = root.arrays["rank"][:, k]
        assert rank.min() == 1
        assert rank.max() <= n_rows
        np.testing.assert_array_equal(root.arrays["sorted_y"][rank, k], y[k])
        assert (np.diff(y[k][np.argsort(rank)]) >= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_median_and_deviation_equal_definition(kind):
    rng = np.random.default_rng(0)
    for _ in range(20):
        y, weight = rng.integers(0, 9, (2, N_ROWS)) / 4, KINDS[kind](rng)
        root = Root(y, weight)
        for k in range(2):
            median, deviation = median_and_deviation(N_ROWS, k, root.state)
            assert median == weighted_quantile(y[k], weight, 0.5)
            assert deviation == pytest.approx(plain_deviation(y[k : k + 1], weight), rel=1e-12)


@pytest.mark.parametrize(
    ("y", "weight", "median"),
    [
        ([5.0], [2.0], 5.0),
        ([1.0, 2.0], [1.0, 1.0], 1.5),
        ([1.0, 2.0], [1.0, 3.0], 2.0),
        ([1.0, 2.0], [3.0, 1.0], 1.0),
        ([3.0, 1.0, 2.0], [1.0, 1.0, 1.0], 2.0),
        ([3.0, 1.0, 2.0], [2.0, 1.0, 1.0], 2.5),
        ([2.0, 2.0, 2.0, 7.0], [0.5, 0.25, 0.25, 1.0], 4.5),
        ([-1e140, 1e140], [1.0, 1.0], 0.0),
        ([2.0**460, 2.0**461], [1.0, 1.0], 1.5 * 2.0**460),
    ],
)
def test_median_lies_in_the_middle_of_the_gap_between_halves(y, weight, median):
    root = Root(np.array([y]), np.array(weight))
    assert median_and_deviation(len(y), 0, root.state)[0] == median


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("lowest", [0, 1], ids=["missing", "complete"])
def test_deviations_of_both_sides_along_all_splits(kind, n_outputs, lowest):
    rng = np.random.default_rng(1)
    for _ in range(8):
        y, weight = rng.integers(0, 9, (n_outputs, N_ROWS)) / 4, KINDS[kind](rng)
        codes = rng.integers(lowest, 8, N_ROWS)
        root = Root(y, weight, codes)
        for missing_left in range(2 if 0 in codes else 1):
            for group, code in enumerate(np.unique(codes[codes > 0])):
                to_left = np.where(codes == 0, missing_left == 1, codes <= code)
                expected = plain_deviation(y, weight * to_left) + plain_deviation(y, weight * ~to_left)
                assert root.arrays["deviation"][missing_left, group] == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_values_and_impurities_of_all_nodes_are_medians_and_deviations(weighted):
    rng = np.random.default_rng(2)
    X, target = rng.normal(size=(80, 3)), random_target(rng, "absolute_error", 80, 2)
    weight = rng.exponential(size=80) if weighted else np.ones(80)
    tree = new_grower(X, target, criterion="absolute_error", max_depth=3).grow(0, weight)
    waiting = [(0, np.arange(80))]
    while waiting:
        node, rows = waiting.pop()
        medians = [weighted_quantile(y[rows], weight[rows], 0.5) for y in target.y]
        np.testing.assert_array_equal(tree.values[node], medians)
        expected = plain_deviation(target.y[:, rows], weight[rows]) / weight[rows].sum() / 2
        assert tree.impurity[node] == pytest.approx(expected, rel=1e-10)
        if tree.left[node] >= 0:
            to_left = X[rows, tree.feature[node]] <= tree.threshold[node]
            waiting += [(tree.left[node], rows[to_left]), (tree.right[node], rows[~to_left])]
    assert tree.depth[0] == 3
