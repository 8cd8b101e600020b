from collections import namedtuple
from itertools import pairwise

import numpy as np
import pytest

from skensemble.tree.exact._code_sums import MANY_CODES, sum_by_code, sweep_sums

FIELDS = "histogram occurs rows node_weight node_amount total min_weight_leaf"
State = namedtuple("State", FIELDS)


def make_state(rng, n_rows, min_weight_leaf=1):
    """A node of the first of some shuffled rows; the memory of earlier nodes is as the engine leaves it."""
    weight, amount = rng.integers(1, 4, n_rows), rng.integers(-50, 50, (n_rows, 1))
    return State(
        np.zeros(2 * MANY_CODES, np.int64),
        np.full(MANY_CODES // 64, 99, np.uint64),
        rng.permutation(2 * n_rows).astype(np.uint32)[:n_rows],
        weight,
        amount,
        np.array([amount.sum(), weight.sum()]),
        min_weight_leaf,
    )


def best_split(codes, state, bar):
    """The plain way: (last code on the left, first on the right, gain), the first of the best."""
    best, present = (-1, -1, bar), np.unique(codes)
    for below, above in pairwise(present):
        sides = [codes <= below, codes > below]
        weights = [state.node_weight[side].sum() for side in sides]
        gain = sum(float(state.node_amount[s].sum()) ** 2 / w for s, w in zip(sides, weights, strict=True))
        if gain > best[2] and min(weights) >= state.min_weight_leaf:
            best = (below, above, gain)
    return best


@pytest.mark.parametrize("n_codes", [2, 5, 64, 65, 130, 256])
@pytest.mark.parametrize("n_rows", [2, 3, 20, 140, 600])
@pytest.mark.parametrize("min_weight_leaf", [0, 9])
def test_best_split_equals_reference(n_codes, n_rows, min_weight_leaf):
    rng = np.random.default_rng([n_codes, n_rows])
    state = make_state(rng, n_rows, min_weight_leaf)
    column = rng.integers(1, n_codes, 2 * n_rows).astype(np.uint8)
    codes = column[state.rows]
    for bar in (-np.inf, best_split(codes, state, -np.inf)[2] * 0.99, 1e12):
        sum_by_code(column, 0, n_rows, n_codes, state)
        best, above, gain, differs = sweep_sums(state.histogram, 0, n_codes, True, bar, state)
        expected = best_split(codes, state, bar)
        assert (best, above) == expected[:2]
        assert gain == pytest.approx(expected[2], rel=1e-14)
        assert differs == (len(np.unique(codes)) > 1)
        assert not state.histogram.any()
