"""How splits of a node compete: which are allowed, and which of them is the best so far."""

import numpy as np

from skensemble._jit import kernel
from skensemble._random_bits import random_bits
from skensemble.tree.exact._criteria import ABSOLUTE_ERROR
from skensemble.tree.exact._impurity import mean, score


@kernel
def gain_to_beat(node, feature, breaks_ties, state):
    """Gain that a split of the feature must exceed."""
    if breaks_ties and precedes(node, feature, state.best_feature, state):
        return np.nextafter(state.best_gain, -np.inf)
    return state.best_gain


@kernel
def precedes(node, a, b, state):
    """Does feature a win against b, where both split a node equally well?

    In a small node most features do.  The winner is drawn, so that no column is favoured, but always the same in a node
    at this place of a tree, so that a tree that tries all features needs no random_state.
    """
    if b < 0:
        return False
    seed, rank = state.node_seed[node], state.feature_rank
    return random_bits(seed, rank[a]) < random_bits(seed, rank[b])


@kernel
def compete(node, feature, group, missing_left, breaks_ties, state):
    """Is the split into `left` and the rest allowed, and the best so far?  Then note its gain."""
    n_stats, left, right, total = state.n_stats, state.left, state.right, state.total
    for channel in range(state.n_channels):
        right[channel] = total[channel] - left[channel]
    if state.n_channels > n_stats + 1 and min(left[n_stats + 1], right[n_stats + 1]) < state.min_samples_leaf:
        return False
    if min(left[n_stats], right[n_stats]) < state.min_weight_leaf:
        return False
    if state.criterion == ABSOLUTE_ERROR:
        gain = -state.deviation[missing_left, group]
        state.left_value = state.side_median[missing_left, group]
        state.right_value = state.side_median[2 + missing_left, group]
    else:
        gain = score(left, state) + score(right, state)
        if state.constrained:
            state.left_value, state.right_value = mean(left, 0, state), mean(right, 0, state)
    return wins(node, feature, gain, breaks_ties, state)


@kernel
def wins(node, feature, gain, breaks_ties, state):
    """Is the split into `left` and the rest the best so far, and allowed?  Then note its gain."""
    if gain < state.best_gain:
        return False
    if gain == state.best_gain and not (breaks_ties and precedes(node, feature, state.best_feature, state)):
        return False
    if gain == -np.inf or (state.constrained and not _obeys(node, feature, state)):
        return False
    state.best_gain, state.best_feature = gain, feature
    return True


@kernel
def _obeys(node, feature, state):
    """Do the children's values stay within the node's bounds, in the order that the feature asks for?"""
    below, above = state.left_value, state.right_value
    lower, upper = state.lower[node], state.upper[node]
    if min(below, above) < lower or max(below, above) > upper or (above - below) * state.monotone[feature] < 0:
        return False
    state.best_middle = 0.5 * below + 0.5 * above
    return True


@kernel
def note_codes(below, above, missing_left, state):
    """The split between two codes of the node; above is -1 if only missing rows go right."""
    state.best_code, state.best_above, state.best_missing_left = below, above, missing_left


@kernel
def add_row(place, sums, at, state):
    """Add what the row at a place in the node weighs."""
    weight = state.node_weight[place]
    for k in range(state.n_outputs):
        if state.amount.shape[0] > 0:
            sums[at + k] += state.node_amount[place, k]
        else:
            sums[at + state.node_class[place, k]] += weight
    sums[at + state.n_stats] += weight
    if state.n_channels > state.n_stats + 1:
        sums[at + state.n_stats + 1] += 1
