"""Labels in an order that their names do not decide."""

import numpy as np

from skensemble.ensemble.rows._label_order import label_ranks


def test_other_names_and_another_order_of_rows_change_nothing():
    rng = np.random.default_rng(0)
    labels, keys = rng.integers(0, 5, 80), rng.integers(-(2**63), 2**63, 80)
    ranks = label_ranks(labels, keys)
    assert sorted(set(ranks)) == list(range(5))
    np.testing.assert_array_equal(label_ranks(np.array([3.0, 0.0, 4.0, 1.0, 2.0])[labels], keys), ranks)
    order = rng.permutation(80)
    np.testing.assert_array_equal(label_ranks(labels[order], keys[order]), ranks[order])


def test_a_row_of_weight_2_is_two_rows():
    labels, keys, copies = np.array([0, 0, 1, 1]), np.array([5, 1, 4, 3]), np.array([1, 4, 2, 1])
    origin = np.repeat(np.arange(4), copies)
    np.testing.assert_array_equal(label_ranks(labels[origin], keys[origin]), label_ranks(labels, keys, copies)[origin])
