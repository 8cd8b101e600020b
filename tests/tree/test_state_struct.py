import sys

import numpy as np
from numba.experimental import structref

from skensemble._jit import kernel
from skensemble.tree._state_struct import StateType, struct_maker


@structref.register
class PairType(StateType):
    """Type of a Pair."""


class Pair(structref.StructRefProxy):
    """An array and a number."""


structref.define_boxing(PairType, Pair)
_new_pair = struct_maker(PairType, ["array", "number"])


@kernel
def make_pair(*fields):
    return _new_pair(fields)


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


def test_names_of_types_are_short_and_of_the_fields():
    names = set()
    for dtype in (np.int64, np.float64):
        make_pair(np.zeros(1, dtype), 0)
        names |= {signature.return_type.mangling_args[0] for signature in make_pair.nopython_signatures}
    assert len(names) == len(make_pair.signatures) >= 2
    assert max(map(len, names)) < 30
