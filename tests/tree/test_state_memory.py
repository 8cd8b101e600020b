"""A state is what its table says: every field there, none besides, each of its kind and shape, in its owner's block."""

import sys

import numpy as np
import pytest
from numba.experimental import structref

from skensemble._jit import kernel
from skensemble.tree._state_memory import ALIGNMENT, StateMemory
from skensemble.tree._state_struct import StateType
from skensemble.tree._state_table import CALL, FIT, THREAD, TREE, StateTable


@structref.register
class TallyType(StateType):
    """Type of a Tally."""


class Tally(structref.StructRefProxy):
    """A state of each kind of field."""


structref.define_boxing(TallyType, Tally)


class TallyMemory(StateMemory):
    """Numbers of one byte between wider ones, arrays of one to three dimensions."""

    table = StateTable(
        "Tally",
        [
            ("is_first", bool, None, FIT, None, ""),
            ("codes", None, "n_rows 6", FIT, None, ""),
            ("is_second", bool, None, TREE, True, ""),
            ("limit", float, None, FIT, None, ""),
            ("place", int, None, THREAD, -1, ""),
            ("key", np.uint64, "?", FIT, None, ""),
            ("sums", np.int64, "2 n_rows", TREE, 0, ""),
            ("share", np.float32, "n_rows", TREE, 0.5, ""),
            ("marks", np.uint8, "n_rows 3 2", THREAD, 0, ""),
            ("work", np.float64, "n_rows", THREAD, None, ""),
            ("nothing", np.int16, "0 n_rows", CALL, None, ""),
        ],
    )
    state_class, struct_type = Tally, TallyType


SIZES = {"n_rows": 5}


def _given(**changes):
    given = {"is_first": True, "codes": np.arange(30).reshape(5, 6).astype(np.int16), "limit": 2}
    return {**given, "key": np.arange(7, dtype=np.uint64), **changes}


@kernel
def read(tally):
    """Of each field something."""
    codes, marks = tally.codes, tally.marks
    numbers = tally.is_first, tally.is_second, tally.limit, tally.place
    shapes = codes.shape[1], tally.sums.shape[0], tally.sums.size, marks.shape[0], marks.shape[2], tally.nothing.size
    return numbers, shapes, codes[1, 3], tally.key[-1], tally.sums[1, 4], tally.share[4], marks[4, 2, 1]


@kernel
def write(tally):
    tally.place += 5
    tally.sums[1, 4] = 9
    tally.marks[4, 2, 1] = 3
    tally.work[0] = 0.25


def test_kernels_read_what_the_table_says():
    state = TallyMemory(_given(), SIZES).state
    shapes = 6, 2, 10, 5, 2, 0
    assert read(state) == ((True, True, 2.0, -1), shapes, 9, 6, 0, 0.5, 0)


def test_kernels_and_python_write_to_the_same_cells():
    memory = TallyMemory(_given(), SIZES)
    write(memory.state)
    arrays = memory.arrays
    assert (arrays["sums"][1, 4], arrays["marks"][4, 2, 1], arrays["work"][0]) == (9, 3, 0.25)
    assert arrays["sums"].sum() == 9
    arrays["sums"][1, 4], arrays["codes"][1, 3] = 11, 12
    assert read(memory.state)[2:5] == (12, 6, 11)
    assert read(memory.state)[0][3] == 4
    assert arrays["codes"] is memory.arrays["codes"]


@pytest.mark.parametrize("codes", [np.arange(30).reshape(6, 5).T, np.arange(60).reshape(5, 12)[:, ::2]], ids=["F", "A"])
def test_given_arrays_may_lie_in_any_way(codes):
    fixed = np.arange(3, dtype=np.uint64)
    fixed.setflags(write=False)
    assert read(TallyMemory(_given(codes=codes, key=fixed), SIZES).state)[2:4] == (codes[1, 3], 2)


@pytest.mark.parametrize("n_rows", [0, 1, 5, 1000])
def test_no_two_arrays_share_a_line_of_the_cache(n_rows):
    memory = TallyMemory(_given(codes=np.zeros((n_rows, 6), np.int8)), {"n_rows": n_rows})
    own = [memory.arrays[name] for name in ("sums", "share", "marks", "work", "nothing")]
    assert all(array.ctypes.data % ALIGNMENT == 0 for array in own if array.size)
    assert all(array.flags.c_contiguous for array in own)
    assert [array.shape for array in own] == [(2, n_rows), (n_rows,), (n_rows, 3, 2), (n_rows,), (0, n_rows)]
    lines = [set(range(array.ctypes.data // 64, -(-(array.ctypes.data + array.nbytes) // 64))) for array in own]
    assert sum(map(len, lines)) == len(set().union(*lines))
    for array in own:
        array.view(np.uint8)[:] = 0xFF
    assert not memory.arrays["codes"].any()


def test_states_share_the_memory_of_some_owners():
    memory = TallyMemory(_given(), SIZES)
    write(memory.state)
    other = memory.sharing(TREE, limit=7.0, codes=np.ones((5, 6), np.int16))
    numbers, _, code, key, total, _, mark = read(other.state)
    assert numbers == (True, True, 7.0, -1)  # a number is each state's own
    assert (code, key, total, mark) == (1, 6, 9, 0)
    assert np.shares_memory(other.arrays["sums"], memory.arrays["sums"])
    assert not np.shares_memory(other.arrays["marks"], memory.arrays["marks"])


def test_state_holds_its_arrays_and_lets_them_go():
    codes = np.zeros((5, 6), np.int16)
    before = sys.getrefcount(codes)
    state = TallyMemory(_given(codes=codes), SIZES).state
    assert sys.getrefcount(codes) > before
    write(state)
    assert read(state)[4] == 9
    del state
    assert sys.getrefcount(codes) == before


def test_arrays_outlive_their_state():
    sums = TallyMemory(_given(), SIZES).arrays["sums"]
    assert not sums.any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unheard": 0}, r"Tally lacks \[\] and has no \['unheard'\]"),
        ({"sums": np.zeros((2, 5), np.int64)}, "has no .'sums'. that a fit gives"),
        ({"codes": np.zeros((4, 6), np.int16)}, r"Tally.codes must be .* \[5, 6\], got \(4, 6\)"),
        ({"codes": np.zeros((5, 7), np.int16)}, r"Tally.codes must be .* \[5, 6\], got \(5, 7\)"),
        ({"codes": np.zeros(30, np.int16)}, "Tally.codes must be an array of 2 dimensions, got int16 of 1"),
        ({"key": np.zeros(7, np.int64)}, "Tally.key must be uint64 of 1 dimensions, got int64"),
    ],
)
def test_what_the_table_does_not_say_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        TallyMemory(_given(**changes), SIZES)


def test_a_missing_field_is_refused():
    given = _given()
    del given["limit"]
    with pytest.raises(ValueError, match=r"Tally lacks \['limit'\]"):
        TallyMemory(given, SIZES)


def test_names_of_types_are_short_and_of_the_fields():
    states = [TallyMemory(_given(codes=np.zeros((5, 6), dtype)), SIZES).state for dtype in (np.int8, np.int16)]
    names = {state._numba_type_.mangling_args[0] for state in states}
    assert len(names) == 2
    assert max(map(len, names)) < 30
