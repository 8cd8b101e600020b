import numpy as np
import pytest

from skensemble.tree.exact._key_sort import FEW_KEYS, PLACE, sort_keys


def random_keys(rng, n_rows, high):
    """Integers up to `high` (which occurs), with the places of their rows."""
    integers = rng.integers(0, high, n_rows, np.uint64, endpoint=True)
    integers[rng.integers(n_rows)] = high
    return integers << np.uint64(32) | np.arange(n_rows, dtype=np.uint64)


def sort(keys, n_rows, high):
    """Sort a copy of the keys as the engine does, with dirty memory."""
    keys = keys.copy()
    sort_keys(n_rows, high, keys, np.full(len(keys), 77, np.uint64), np.full(256, 99))
    return keys


@pytest.mark.parametrize("n_rows", [1, 2, 3, FEW_KEYS - 1, FEW_KEYS, FEW_KEYS + 1, 100, 1000])
@pytest.mark.parametrize("high", [0, 1, 2, 255, 256, 65535, 65536, 2**24, 2**31])
def test_sorted_by_integer_equals_in_their_order(n_rows, high):
    keys = random_keys(np.random.default_rng(n_rows), n_rows, high)
    result = sort(keys, n_rows, high)
    order = np.argsort(keys >> np.uint64(32), kind="stable")
    np.testing.assert_array_equal(result, keys[order])
    np.testing.assert_array_equal(result & np.uint64(PLACE), order)


@pytest.mark.parametrize("n_rows", [0, 1, 20, 200])
def test_keys_of_other_rows_stay(n_rows):
    keys = random_keys(np.random.default_rng(0), 300, 1000)[::-1].copy()
    np.testing.assert_array_equal(sort(keys, n_rows, 1000)[n_rows:], keys[n_rows:])


@pytest.mark.parametrize("n_rows", [20, 200])
@pytest.mark.parametrize("order", ["ascending", "descending", "equal"])
def test_orders_that_sorts_stumble_over(n_rows, order):
    integers = {"ascending": np.arange(n_rows), "descending": np.arange(n_rows)[::-1], "equal": np.full(n_rows, 5)}
    keys = integers[order].astype(np.uint64) << np.uint64(32) | np.arange(n_rows, dtype=np.uint64)
    np.testing.assert_array_equal(sort(keys, n_rows, n_rows), np.sort(keys))
