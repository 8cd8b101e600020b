"""A table says of each field whose it is, and what it begins with."""

import pytest

from skensemble.tree._state_table import CALL, FIT, THREAD, TREE, StateTable, most_nodes
from skensemble.tree.exact import _cart_state
from skensemble.tree.histogram import _growth_state


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
        else:
            assert None not in field.lengths, field.name


@pytest.mark.parametrize(
    ("n_rows", "max_depth", "max_leaf_nodes", "expected"),
    [(0, -1, -1, 1), (1, -1, -1, 1), (9, -1, -1, 17), (9, 2, -1, 7), (9, 60, -1, 17), (9, -1, 3, 5), (9, 1, 5, 3)],
)
def test_most_nodes(n_rows, max_depth, max_leaf_nodes, expected):
    assert most_nodes(n_rows, max_depth, max_leaf_nodes) == expected
