"""A share of the rows for each round."""

import numpy as np
import pytest

from skensemble.ensemble._row_share import draw_share


@pytest.mark.parametrize(("n_rows", "share"), [(6, 0.5), (6, 0.8), (100, 0.37), (1000, 0.999), (7, 0.01), (1, 0.5)])
def test_number_of_rows(n_rows, share):
    keys = np.arange(n_rows) * 12345
    sizes = {draw_share(keys, None, share, seed).sum() for seed in range(20)}
    assert sizes == {max(1, int(share * n_rows))}


def test_every_row_has_its_turn():
    keys = np.random.default_rng(0).integers(-(2**62), 2**62, 50)
    shares = np.mean([draw_share(keys, None, 0.4, seed) for seed in range(500)], axis=0)
    np.testing.assert_allclose(shares, 0.4, atol=0.1)


def test_a_weight_is_a_number_of_copies():
    keys, weight = np.arange(40), np.random.default_rng(1).integers(0, 4, 40)
    weighted = draw_share(keys, weight.astype(float), 0.5, 3)
    rows = np.random.default_rng(2).permutation(np.repeat(np.arange(40), weight))
    np.testing.assert_array_equal(draw_share(keys[rows], None, 0.5, 3), weighted[rows])


def test_a_row_with_a_weight_is_drawn():
    keys, weight = np.arange(10), np.eye(10)[4]
    assert all(draw_share(keys, weight, 0.1, seed)[4] for seed in range(10))
