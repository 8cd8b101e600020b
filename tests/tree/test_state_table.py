"""A state is what its table says: every field there, none besides, each of its kind and shape."""

import numpy as np
import pytest

from skensemble.tree._state_table import CALL, FIT, THREAD, TREE, StateTable, most_nodes
from skensemble.tree.exact import _cart_state
from skensemble.tree.histogram import _growth_state

TABLE = StateTable(
    "State",
    [
        ("limit", float, None, FIT, None, ""),
        ("codes", None, "n_rows 3", FIT, None, ""),
        ("sums", np.int64, "2 n_rows", TREE, 0, ""),
        ("share", np.float64, "n_rows", TREE, 0.5, ""),
        ("key", np.uint64, "?", CALL, None, ""),
        ("place", int, None, THREAD, -1, ""),
    ],
)
SIZES = {"n_rows": 4}
GIVEN = {"limit": 2, "codes": np.zeros((4, 3), np.uint8), "key": np.zeros(7, np.uint64)}


def _values(**changes):
    return {**TABLE.new_memory(SIZES, TREE, THREAD), **GIVEN, **changes}


def test_memory_is_made_for_its_owners():
    memory = TABLE.new_memory(SIZES, TREE)
    assert list(memory) == ["sums", "share"]
    np.testing.assert_array_equal(memory["sums"], np.zeros((2, 4), np.int64))
    np.testing.assert_array_equal(memory["share"], np.full(4, 0.5))
    assert TABLE.new_memory(SIZES, THREAD) == {"place": -1}


def test_values_come_in_the_order_of_the_table():
    values = TABLE.in_order(_values(), SIZES)
    assert values[0] == 2.0
    assert isinstance(values[0], float)
    assert values[1] is GIVEN["codes"]
    assert values[5] == -1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unheard": 0}, r"State lacks \[\] and has no \['unheard'\]"),
        ({"sums": np.zeros((2, 5), np.int64)}, "State.sums must be"),
        ({"sums": np.zeros(8, np.int64)}, "State.sums must be"),
        ({"share": np.zeros(4, np.float32)}, "State.share must be"),
    ],
)
def test_what_the_table_does_not_know_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        TABLE.in_order(_values(**changes), SIZES)


def test_a_missing_field_is_refused():
    values = _values()
    del values["place"]
    with pytest.raises(ValueError, match=r"State lacks \['place'\]"):
        TABLE.in_order(values, SIZES)


def test_a_field_has_one_row():
    with pytest.raises(ValueError, match="twice"):
        StateTable("State", [("limit", float, None, FIT, None, "")] * 2)


@pytest.mark.parametrize("table", [_growth_state.TABLE, _cart_state.TABLE], ids=lambda table: table.name)
def test_every_row_says_whose_it_is_and_what_it_begins_with(table):
    for field in table.fields.values():
        assert field.owner in (FIT, CALL, TREE, THREAD)
        assert isinstance(field.meaning, str)
        if field.shape is None and field.owner != FIT:
            assert isinstance(field.initial, field.kind), field.name
        if field.owner == FIT:
            assert field.initial is None, field.name


@pytest.mark.parametrize(
    ("n_rows", "max_depth", "max_leaf_nodes", "expected"),
    [(0, -1, -1, 1), (1, -1, -1, 1), (9, -1, -1, 17), (9, 2, -1, 7), (9, 60, -1, 17), (9, -1, 3, 5), (9, 1, 5, 3)],
)
def test_most_nodes(n_rows, max_depth, max_leaf_nodes, expected):
    assert most_nodes(n_rows, max_depth, max_leaf_nodes) == expected
