"""The product of two matrices, and each row of it alone."""

import numpy as np
import pytest
from numba import TypingError
from numpy.testing import assert_allclose, assert_array_equal

from skensemble.generative.networks._matrix_product import REGISTERS, multiply, panel_shape


def _product(x, weight):
    """Into the middle of an array whose other rows must stay as they are."""
    memory = np.full((len(x) + 2, weight.shape[1]), np.inf, x.dtype)
    multiply(x, weight, np.full(panel_shape(len(weight), x.dtype), np.nan, x.dtype), memory[1:-1])
    assert np.isinf(memory[[0, -1]]).all()
    return memory[1:-1]


def _factors(n_rows, depth, width, dtype):
    generator = np.random.default_rng(0)
    return generator.normal(size=(n_rows, depth)).astype(dtype), generator.normal(size=(depth, width)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "shape",
    [(1, 1, 1), (7, 0, 3), (13, 3, 33), (20, 65, 16), (6, 8, 9), (25, 64, 64), (5, 4, 0), (30, 9, 1), (50, 2, 20)],
)
def test_product_and_each_row_of_it(shape, dtype):
    x, weight = _factors(*shape, dtype)
    whole = _product(x, weight)
    assert_allclose(whole, x.astype(np.float64) @ weight, rtol=0, atol=100 * np.finfo(dtype).eps)
    for n_last in range(1, min(len(x), 2 * REGISTERS) + 1):
        assert_array_equal(_product(x[-n_last:], weight), whole[-n_last:])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_column_is_the_same_among_any_others(dtype):
    x, weight = _factors(31, 37, 40, dtype)
    whole = _product(x, weight)
    for width in range(1, 40):
        assert_array_equal(_product(x, weight[:, :width].copy()), whole[:, :width])
        assert_array_equal(_product(x, weight[:, -width:].copy()), whole[:, -width:])


def test_a_row_that_is_not_finite_leaves_the_others_alone():
    x, weight = np.ones((8, 5), np.float32), np.ones((5, 17), np.float32)
    x[3] = np.nan
    assert_array_equal(np.isnan(_product(x, weight)).all(axis=1), np.arange(8) == 3)


def test_arrays_of_another_layout_are_refused():
    with pytest.raises(TypingError):
        _product(np.ones((4, 3), order="F"), np.ones((3, 2)))
