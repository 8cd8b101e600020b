"""Orders of columns, and rows that are left out by their content."""

import numpy as np

from skensemble.generative.autoregressive._column_order import (
    LEFT_OUT,
    first_order,
    folds_of,
    keys_of_contents,
    left_out_rows,
    other_order,
    without_copies,
)


def test_the_order_of_the_table_is_kept_behind_given_columns():
    assert first_order(4, []) == [0, 1, 2, 3]
    assert first_order(4, [2]) == [2, 0, 1, 3]


def test_other_orders_keep_given_columns_first():
    orders = {tuple(other_order(4, [2], np.random.default_rng(seed))) for seed in range(20)}
    assert len(orders) == 6
    assert {order[0] for order in orders} == {2}


def test_copies_of_a_row_are_on_one_side_wherever_they_stand():
    table = np.random.default_rng(0).normal(size=(2000, 3))
    is_left_out = left_out_rows(keys_of_contents(list(table.T), 2000))
    assert abs(is_left_out.mean() - LEFT_OUT) < 0.03
    smallest = np.sort(keys_of_contents([np.arange(100_000.0)], 100_000))[:2000]
    assert abs(left_out_rows(smallest).mean() - LEFT_OUT) < 0.03
    twice = left_out_rows(keys_of_contents(list(np.vstack([table[::-1], table]).T), 4000))
    np.testing.assert_array_equal(twice, np.r_[is_left_out[::-1], is_left_out])


def test_folds_are_of_one_size_also_among_rows_that_judge():
    key = keys_of_contents([np.arange(6000.0)], 6000)
    for rows in (key, key[left_out_rows(key)]):
        np.testing.assert_allclose(np.bincount(folds_of(rows, 3)) / len(rows), 1 / 3, atol=0.05)


def test_copies_become_weights_in_an_order_of_contents():
    column = np.array([3.0, np.nan, 3.0, 1.0, np.nan, 3.0])
    first, weight = without_copies([column], np.ones(6))
    np.testing.assert_array_equal(np.sort(first), [0, 1, 3])
    assert dict(zip(first.tolist(), weight.tolist(), strict=True)) == {0: 3.0, 1: 2.0, 3: 1.0}
    shuffled, _ = without_copies([column[::-1]], np.ones(6))
    np.testing.assert_array_equal(column[::-1][shuffled], column[first])
