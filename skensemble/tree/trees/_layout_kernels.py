"""Kernels: nodes of trees in the order in which predictions read them, siblings side by side."""

import numpy as np

from skensemble._jit import kernel
from skensemble.tree.trees._marks import NO_CHILD, NUMERIC


@kernel
def mark_sources(feature, missing_left, category_start, occurs):
    """occurs[n_features + f] : a node asks about feature f;  occurs[n_features + ~f] : about its negative."""
    n_features = len(occurs) >> 1
    for i in range(len(feature)):
        if feature[i] >= 0:
            is_negative = missing_left[i] and category_start[i] == NUMERIC
            occurs[n_features + (~feature[i] if is_negative else feature[i])] = True


@kernel
def arrange_nodes(trees, bounds, first_tree, last_tree, column_of, n_columns, nodes, origin):
    """Write the nodes of some trees, and the number that each of them has in `trees`: arrays of TreeArrays.

    The second child follows the first; roots and the bounds of trees stay.  Nobody leaves a leaf, for 0 <= infinity.

    column_of : by sources, as in `mark_sources`
    """
    feature, threshold, left, right, missing_left, category_start = trees
    n_features = len(column_of) >> 1
    for tree in range(first_tree, last_tree):
        root, stop = bounds[tree], bounds[tree + 1]
        place = _places(left, right, missing_left, category_start, root, stop)
        for i in range(root, stop):
            here = place[i - root]
            origin[here] = i
            if left[i] == NO_CHILD:
                nodes[here].threshold, nodes[here].column, nodes[here].child = np.inf, n_columns, here
            elif category_start[i] != NUMERIC:
                nodes[here].threshold, nodes[here].column = i, ~column_of[n_features + feature[i]]
                nodes[here].child = place[left[i] - root]
            elif missing_left[i]:
                nodes[here].threshold = _below_negative(threshold[i])
                nodes[here].column = column_of[n_features + ~feature[i]]
                nodes[here].child = place[right[i] - root]
            else:
                nodes[here].threshold, nodes[here].column = threshold[i], column_of[n_features + feature[i]]
                nodes[here].child = place[left[i] - root]


@kernel
def _places(left, right, missing_left, category_start, root, stop):
    """(n_nodes of the tree,) new number of each node."""
    place, n_splits, is_paired = np.empty(stop - root, np.int64), 0, True
    place[0] = root
    for i in range(root, stop):
        is_paired &= left[i] == NO_CHILD or right[i] == left[i] + 1
    for i in range(root, stop):
        if left[i] != NO_CHILD:
            pair = np.int64(left[i]) if is_paired else root + 2 * n_splits + 1
            is_exchanged = missing_left[i] and category_start[i] == NUMERIC
            place[left[i] - root], place[right[i] - root] = pair + is_exchanged, pair + (not is_exchanged)
            n_splits += 1
    return place


@kernel
def _below_negative(threshold):
    """The largest number below -threshold; nothing is above infinity: the first child, right, gets nobody."""
    return np.nan if threshold == np.inf else np.nextafter(-threshold, -np.inf)
