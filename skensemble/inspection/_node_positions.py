"""Positions of the nodes of a drawn tree.

The rules are those of Reingold and Tilford (1981): a parent stands in the middle above its children, nodes of one depth
are at least one apart, and a subtree looks the same wherever it stands.
"""

import numpy as np


def node_positions(children_left, children_right):
    """(n_nodes,) x and y of each node; both begin at 0, nodes of one depth are at least 1 apart, and y is the depth.

    children_left, children_right : (n_nodes,) int, -1 at a leaf; a child's number is larger than its parent's
    """
    offset = _offsets_from_parent(children_left, children_right)
    x, depth = np.zeros(len(offset)), np.zeros(len(offset))
    for node in np.flatnonzero(children_left >= 0):
        for child in (children_left[node], children_right[node]):
            x[child], depth[child] = x[node] + offset[child], depth[node] + 1
    return x - x.min(), depth


def _offsets_from_parent(children_left, children_right):
    """Offset of each node from its parent: bottom up, sibling subtrees are moved together until they are 1 apart."""
    offset = np.zeros(len(children_left))
    outline = {}  # node -> (leftmost, rightmost) of each depth below it, relative to the node
    for node in range(len(children_left) - 1, -1, -1):
        left, right = children_left[node], children_right[node]
        if left < 0:
            outline[node] = np.zeros(1), np.zeros(1)
            continue
        (left_low, left_high), (right_low, right_high) = outline.pop(left), outline.pop(right)
        shared = min(len(left_low), len(right_low))
        half = 0.5 * (1.0 + np.max(left_high[:shared] - right_low[:shared]))
        offset[left], offset[right] = -half, half
        lowest = _outer(left_low - half, right_low + half)
        highest = _outer(right_high + half, left_high - half)
        outline[node] = np.append(0.0, lowest), np.append(0.0, highest)
    return offset


def _outer(first, second):
    """Outline on the side of the first subtree; at depths it does not reach, that of the second subtree."""
    return np.concatenate((first, second[len(first) :]))
