import sys

import numpy as np
from numba.experimental import structref

from skensemble._jit import kernel
from skensemble.tree._state_struct import StateType, make_state


@structref.register
class PairType(StateType):
    """Type of a Pair."""


class Pair(structref.StructRefProxy):
    """An array and a number."""


structref.define_boxing(PairType, Pair)


def make_pair(*values):
    return make_state(Pair, PairType, ["array", "number"], values)


@kernel
def add(pair):
    pair.number += pair.array.sum()
    pair.array[0] = 7.0
    return pair.number


def test_struct_holds_its_fields_and_lets_them_go():
    array = np.arange(4.0)
    before = sys.getrefcount(array)
    pair = make_pair(array, 2.0)
    assert sys.getrefcount(array) == before + 1
    assert (add(pair), add(pair)) == (8.0, 21.0)
    assert array[0] == 7.0
    del pair
    assert sys.getrefcount(array) == before


def test_struct_lies_in_memory_as_kernels_read_it():
    """Numbers of one byte between wider ones, arrays of two dimensions, read-only and of every other cell."""
    cells = np.arange(24).reshape(2, 12).astype(np.int16)
    fixed = np.arange(3.0)
    fixed.setflags(write=False)
    names = ["first", "cells", "second", "sparse", "fixed", "last"]
    state = make_state(Pair, PairType, names, [True, cells, False, cells[:, ::3], fixed, 0.5])
    assert read(state) == (True, 12, 23, False, 4, 21, 1.0, 0.5)


@kernel
def read(state):
    cells, sparse = state.cells, state.sparse
    shape = cells.shape[1], cells[1, 11], state.second, sparse.shape[1], sparse[1, 3]
    return (state.first, *shape, state.fixed[1], state.last)


def test_names_of_types_are_short_and_of_the_fields():
    kinds = [make_pair(np.zeros(1, dtype), 0)._numba_type_ for dtype in (np.int64, np.float64)]
    names = {kind.mangling_args[0] for kind in kinds}
    assert len(names) == 2
    assert max(map(len, names)) < 30
