"""Best split of a large node by a team: each member looks at some of the features, in memory of its own.

    features    [ constant above | 0  1  2  3  0  1  2  3  0 ]        chunk of each candidate
    found       [ best of chunk 0 | of chunk 1 | of 2 | of 3 ]        the leader takes the best of them

Which of two equal splits wins does not depend on the order in which features are looked at, so the tree is that of one
thread.  See `_team.py` for how the team meets.
"""

import numpy as np
from numba import int64

from skensemble._jit import kernel
from skensemble._team import PATIENCE, finish_chunk, is_dismissed, open_job, relax, take_chunk, wait_for_chunks
from skensemble.tree.exact._competing_splits import precedes
from skensemble.tree.exact._criteria import ABSOLUTE_ERROR
from skensemble.tree.exact._node_sums import fill_sums, n_sum_chunks
from skensemble.tree.exact._row_search import try_feature
from skensemble.tree.exact._thresholds import place_threshold

N_CHUNKS = 16
SHARED_CELLS = 1 << 16  # rows x features from which a search is shared
GAIN, FEATURE, CODE, ABOVE, THRESHOLD, MISSING_LEFT, MIDDLE, TURNED, N_FOUND = range(9)  # columns of `found`
NODE, SEED, WIDTH, SLOT, REST, START, STOP, N_JOB = range(8)  # what the open job is about; WIDTH: number of chunks
NO_NODE = -1  # of a job that makes sums


@kernel
def is_shared(node, state):
    """Is the search worth a team?  Only if all features are tried: otherwise the ones drawn depend on the order."""
    n_features = state.features.shape[0]
    if state.n_members == 1 or state.max_features < n_features or state.criterion == ABSOLUTE_ERROR:
        return False
    if state.usual.shape[0] > 0:  # few rows of the node have to be looked at
        return False
    n_candidates = n_features - state.n_constant[node]
    return n_candidates > 1 and (state.stop[node] - state.start[node]) * n_candidates >= SHARED_CELLS


@kernel
def find_best_split_together(node, seed, state):
    """Leader: find the best split of a node as `find_best_split` does, together with the team."""
    n_chunks = min(N_CHUNKS, state.features.shape[0] - state.n_constant[node])
    state.job[NODE], state.job[SEED], state.job[WIDTH] = node, seed, n_chunks
    _do_together(n_chunks, state)
    _take_best(node, n_chunks, state)
    _put_constants_first(node, state)


@kernel
def sum_together(slot, rest, start, stop, state):
    """Leader: make the sums of rows[start:stop], see `fill_sums`, together with the team if they are worth it."""
    n_chunks = n_sum_chunks(state)
    n_features = state.first_cell.shape[0] - 1
    if state.n_members == 1 or n_chunks == 1 or (stop - start) * n_features < SHARED_CELLS:
        fill_sums(0, n_chunks, slot, rest, start, stop, state)
        return
    job = state.job
    job[NODE], job[SLOT], job[REST], job[START], job[STOP] = NO_NODE, slot, rest, start, stop
    _do_together(n_chunks, state)


@kernel
def _do_together(n_chunks, state):
    open_job(state.team, n_chunks, 1)
    chunk = take_chunk(state.team, 0, 1)
    while chunk >= 0:
        _do_chunk(chunk, state, state)
        finish_chunk(state.team)
        chunk = take_chunk(state.team, 0, 1)
    wait_for_chunks(state.team, n_chunks)


@kernel
def _do_chunk(chunk, own, leader):
    """A chunk of the open job, with the memory of `own`."""
    job = leader.job
    _copy_scalars(own, leader)
    if job[NODE] == NO_NODE:
        fill_sums(chunk, chunk + 1, job[SLOT], job[REST], job[START], job[STOP], own)
    else:
        _search_chunk(chunk, own, leader)


@kernel
def help_searching(own, leader):
    """Helper: search chunks with the memory of `own` until the leader dismisses the team; returns 0."""
    idle = 0
    while not is_dismissed(leader.team) and idle < PATIENCE:
        chunk = take_chunk(leader.team, 0, 1)
        if chunk < 0:
            idle += 1
            relax(idle)
        else:
            _do_chunk(chunk, own, leader)
            finish_chunk(leader.team)
            idle = 0
    return 0


@kernel
def _search_chunk(chunk, own, leader):
    node, seed, features = leader.job[NODE], leader.job[SEED], leader.features
    own.best_feature, own.best_gain = int64(-1), -np.inf
    for place in range(leader.n_constant[node] + chunk, features.shape[0], leader.job[WIDTH]):
        feature = features[place]
        leader.is_constant[feature] = not try_feature(node, feature, seed, True, own)
    place_threshold(seed, own)
    _note_found(chunk, own, leader)


@kernel
def _copy_scalars(own, leader):
    """Copy the numbers that change from tree to tree; arrays are shared, except those that a search writes to."""
    own.weight_unit, own.amount_unit, own.moment_unit = leader.weight_unit, leader.amount_unit, leader.moment_unit
    own.min_weight_leaf, own.total_weight = leader.min_weight_leaf, leader.total_weight
    own.exact_squares, own.weighs_one = leader.exact_squares, leader.weighs_one


@kernel
def _note_found(chunk, own, leader):
    found = leader.found[chunk]
    found[FEATURE], found[GAIN], found[MIDDLE] = own.best_feature, own.best_gain, own.best_middle
    found[CODE], found[ABOVE], found[THRESHOLD] = own.best_code, own.best_above, own.best_threshold
    found[MISSING_LEFT], found[TURNED] = own.best_missing_left, own.best_turned
    for word in range(own.best_words.shape[0]):
        leader.found_words[chunk, word] = own.best_words[word]


@kernel
def _take_best(node, n_chunks, state):
    """Make the best split of all chunks that of the node."""
    state.best_feature, state.best_gain, winner = int64(-1), -np.inf, int64(-1)
    for chunk in range(n_chunks):
        gain, feature = state.found[chunk, GAIN], int64(state.found[chunk, FEATURE])
        if feature < 0 or gain < state.best_gain:
            continue
        if gain > state.best_gain or precedes(node, feature, state.best_feature, state):
            state.best_feature, state.best_gain, winner = feature, gain, chunk
    if winner >= 0:
        found = state.found[winner]
        state.best_code, state.best_above = int64(found[CODE]), int64(found[ABOVE])
        state.best_threshold, state.best_middle = found[THRESHOLD], found[MIDDLE]
        state.best_missing_left, state.best_turned = found[MISSING_LEFT] > 0.0, found[TURNED] > 0.0
        for word in range(state.best_words.shape[0]):
            state.best_words[word] = state.found_words[winner, word]


@kernel
def _put_constants_first(node, state):
    features, n_constant = state.features, state.n_constant[node]
    for place in range(n_constant, features.shape[0]):
        feature = features[place]
        if state.is_constant[feature]:
            features[place], features[n_constant] = features[n_constant], feature
            n_constant += 1
    state.n_constant[node] = n_constant
