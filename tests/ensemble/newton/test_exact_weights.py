import numpy as np
import pytest

from skensemble.ensemble.newton._exact_weights import ExactWeights
from skensemble.tree.histogram._growth_state import NODE

N = 1000
RNG = np.random.default_rng(0)
WEIGHTS = {"whole": RNG.integers(0, 5, N).astype(float), "any": RNG.random(N), "tiny": 1e-9 * RNG.random(N)}
every_weight = pytest.mark.parametrize("weight", WEIGHTS.values(), ids=WEIGHTS)


def three_leaves(n_rows):
    """The root's left child is split again; its second leaf is empty."""
    nodes = np.zeros(5, NODE)
    nodes["left"], nodes["right"] = [1, 3, -1, -1, -1], [2, 4, -1, -1, -1]
    nodes["start"], nodes["stop"] = [0, 0, 10, 0, 10], [n_rows, 10, n_rows, 10, 10]
    return nodes


@every_weight
def test_sums_of_nodes_do_not_depend_on_the_order_of_rows(weight):
    rows, exact, nodes = RNG.permutation(N).astype(np.uint32), ExactWeights.of(weight), three_leaves(N)
    sums = exact.of_nodes(nodes, rows)
    expected = [weight[rows[node["start"] : node["stop"]]].sum() for node in nodes]
    np.testing.assert_allclose(sums, expected, rtol=1e-12)
    in_another_order = np.append(rows[:10][::-1], np.sort(rows[10:]))
    np.testing.assert_array_equal(exact.of_nodes(nodes, in_another_order), sums)


@every_weight
def test_some_of_the_weight_is_counted_in_the_same_unit(weight):
    exact, everything = ExactWeights.of(weight), (three_leaves(N), np.arange(N, dtype=np.uint32))
    is_first = np.arange(N) < 500
    parts = [exact.same_unit(weight * is_part).of_nodes(*everything) for is_part in (is_first, ~is_first)]
    np.testing.assert_array_equal(sum(parts), exact.of_nodes(*everything))


def test_whole_weights_are_counts():
    sums = ExactWeights.of(WEIGHTS["whole"]).of_nodes(three_leaves(N), np.arange(N, dtype=np.uint32))
    assert sums[0] == WEIGHTS["whole"].sum()
