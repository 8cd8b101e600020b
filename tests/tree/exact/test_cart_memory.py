"""Which memory the threads of a team share, and which is their own."""

import threading
import time

import numpy as np
import pytest

from skensemble._team import DONE, dismiss_team, open_job
from skensemble.tree._state_table import CALL, THREAD
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
    leader.fields["job"][[NODE, SEED, WIDTH]] = 0, 7, 1
    leader.fields["team"][:] = 0
    open_job(leader.fields["team"], 1, 1)
    thread = threading.Thread(target=grow_cart, args=(300, 0, 7, helper.state, leader.state))
    thread.start()
    while leader.fields["team"][DONE] < 1 and thread.is_alive():
        time.sleep(0.001)
    dismiss_team(leader.fields["team"], 1)
    thread.join()


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("limits", [{}, {"splitter": "random"}, {"min_samples_leaf": 3}], ids=str)
def test_a_helper_writes_to_its_own_memory_alone(criterion, limits):
    """A scratch array that was put in as shared would change here."""
    leader = _root(criterion, **limits)
    before = {name: value.copy() for name, value in leader.fields.items() if isinstance(value, np.ndarray)}
    helper = leader.helper(0)
    _search(helper, leader)
    assert leader.fields["found"][0].any()
    changed = {name for name, value in before.items() if value.tobytes() != leader.fields[name].tobytes()}
    assert changed - {"job"} <= WHAT_CHUNKS_TELL


def test_helpers_share_what_the_table_says():
    leader = _root("squared_error")
    members = [leader, leader.helper(0), leader.helper(1)]
    assert leader.helper(0) is members[1]
    for name, field in TABLE.fields.items():
        if field.shape is None:
            continue
        arrays = [member.fields[name] for member in members]
        for first, second in [(0, 1), (0, 2), (1, 2)]:
            shared = np.shares_memory(arrays[first], arrays[second])
            assert (arrays[first] is arrays[second]) == (field.owner != THREAD)
            assert not (shared and field.owner == THREAD), name


def test_two_trees_share_the_data_alone():
    leader = _root("gini")
    grower_given = {name: leader.fields[name] for name, field in TABLE.fields.items() if field.owner == "fit"}
    other = CartMemory.new(grower_given)
    for name, field in TABLE.fields.items():
        if field.shape is not None:
            assert (other.fields[name] is leader.fields[name]) == (field.owner == "fit"), name


def test_every_limit_reaches_the_state():
    """Those that are read otherwise are known by name here."""
    turned_into_others = {"splitter", "min_weight_fraction_leaf"}
    assert set(CartLimits._fields) - turned_into_others <= TABLE.fields.keys()
    assert CALL not in {field.owner for field in TABLE.fields.values()}
