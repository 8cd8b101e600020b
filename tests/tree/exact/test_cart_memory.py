"""Which memory the threads of a team share, and which is their own."""

import threading
import time

import numpy as np
import pytest

from skensemble._team import DONE, dismiss_team, open_job
from skensemble.tree._state_table import CALL, FIT, THREAD
from skensemble.tree.exact._cart_growing import grow_cart
from skensemble.tree.exact._cart_limits import CartLimits
from skensemble.tree.exact._cart_memory import CartMemory
from skensemble.tree.exact._cart_state import TABLE
from skensemble.tree.exact._team_search import NODE, SEED, WIDTH
from tests.tree.random_carts import CRITERIA, FEATURES, categories_among, new_grower, random_features, random_target

WHAT_CHUNKS_TELL = {"found", "found_words", "is_constant", "team"}  # of the memory that a team shares


def _root(criterion, **limits):
    """Memory in which nothing but the root has been made."""
    rng = np.random.default_rng(0)
    target = random_target(rng, criterion, 300)
    limits = {"criterion": criterion, "max_depth": 0, **limits}
    X = random_features(rng, 300)
    grower = new_grower(X, target, categorical=categories_among(FEATURES), **limits)
    grower.grow(0)
    return grower._idle[-1]


def _search(helper, leader):
    """Let a helper search all features of the root."""
    leader.arrays["job"][[NODE, SEED, WIDTH]] = 0, 7, 1
    leader.arrays["team"][:] = 0
    open_job(leader.arrays["team"], 1, 1)
    thread = threading.Thread(target=grow_cart, args=(300, 0, 7, helper.state, leader.state))
    thread.start()
    while leader.arrays["team"][DONE] < 1 and thread.is_alive():
        time.sleep(0.001)
    dismiss_team(leader.arrays["team"], 1)
    thread.join()


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("limits", [{}, {"splitter": "random"}, {"min_samples_leaf": 3}], ids=str)
def test_a_helper_writes_to_its_own_memory_alone(criterion, limits):
    """A scratch array that was put in as shared would change here."""
    leader = _root(criterion, **limits)
    before = {name: leader.arrays[name].copy() for name, field in TABLE.fields.items() if field.shape is not None}
    helper = leader.helper(0)
    _search(helper, leader)
    assert leader.arrays["found"][0].any()
    changed = {name for name, value in before.items() if value.tobytes() != leader.arrays[name].tobytes()}
    assert changed - {"job"} <= WHAT_CHUNKS_TELL


def _is_shared(name, *members):
    """Do both members have the same memory for an array?  None for those without cells, and for numbers."""
    if TABLE.fields[name].shape is None or members[0].arrays[name].size == 0:
        return None
    first, second = (member.arrays[name] for member in members)
    is_shared = np.shares_memory(first, second)
    assert is_shared == (first.ctypes.data == second.ctypes.data)
    return is_shared


def test_helpers_share_what_the_table_says():
    leader = _root("squared_error")
    helpers = leader.helper(0), leader.helper(1)
    assert leader.helper(0) is helpers[0]
    for name, field in TABLE.fields.items():
        for two in [(leader, helpers[0]), (leader, helpers[1]), helpers]:
            assert _is_shared(name, *two) in (None, field.owner != THREAD), name


def test_two_trees_share_the_data_alone():
    leader = _root("gini")
    other = CartMemory.new({name: leader.arrays[name] for name, field in TABLE.fields.items() if field.owner == FIT})
    for name, field in TABLE.fields.items():
        assert _is_shared(name, leader, other) in (None, field.owner == FIT), name


def test_every_limit_reaches_the_state():
    """Those that are read otherwise are known by name here."""
    turned_into_others = {"splitter", "min_weight_fraction_leaf"}
    assert set(CartLimits._fields) - turned_into_others <= TABLE.fields.keys()
    assert CALL not in {field.owner for field in TABLE.fields.values()}
