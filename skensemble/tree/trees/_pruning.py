"""Minimal cost-complexity pruning (Breiman, Friedman, Olshen and Stone 1984, chapter 3).

The risk R of a node is its impurity times its share of the weight; that of a branch is the sum over its leaves.  Making
a leaf of split t costs, for each leaf that it saves,

    alpha(t) = (R(t) - R(branch of t)) / (leaves below t - 1)

Weakest links are cut one after the other.  A cut never lowers the alpha of the splits above it, so a heap whose entries
are renewed only when they come to the top finds each link in logarithmic time.
"""

from heapq import heapify, heappop, heapreplace
from typing import NamedTuple

import numpy as np

from skensemble.tree.trees._marks import NO_CHILD, NO_FEATURE, NUMERIC
from skensemble.tree.trees._tree_arrays import NODE_FIELDS, parents, single_tree


class WeakestLink(NamedTuple):
    """A split that pruning turns into a leaf."""

    node: int
    alpha: float  # value of ccp_alpha from which on the smaller tree is better
    risk: float  # of the tree after the cut


def weakest_links(tree):
    """Yield the splits of a tree (TreeArrays of one) in the order in which they are cut, up to the root."""
    left, right, parent = tree.left.tolist(), tree.right.tolist(), parents(tree).tolist()
    risk = _risks(tree).tolist()
    branch_risk, n_leaves = _branches(left, right, risk)
    is_cut = [child == NO_CHILD for child in left]

    def alpha_of(node):
        return (risk[node] - branch_risk[node]) / (n_leaves[node] - 1)

    heap = [(alpha_of(node), node) for node, is_leaf in enumerate(is_cut) if not is_leaf]
    heapify(heap)
    last_alpha = 0.0  # alphas ascend in spite of rounding errors
    while heap:
        alpha, node = heap[0]
        if is_cut[node]:
            heappop(heap)
        elif (now := alpha_of(node)) > alpha:
            heapreplace(heap, (now, node))
        else:
            heappop(heap)
            _mark_branch(node, left, right, is_cut)
            _cut_branch(node, parent, branch_risk, max(0.0, risk[node] - branch_risk[node]), n_leaves)
            last_alpha = max(last_alpha, alpha)
            yield WeakestLink(node, last_alpha, branch_risk[0])


def _risks(tree):
    """(n_nodes,) impurity of each node times its share of the weight."""
    return tree.cover * tree.impurity / tree.cover[0]


def _branches(left, right, risk):
    """(risk, number of leaves) of the branch below each node; children come after their parents."""
    branch_risk, n_leaves = list(risk), [1] * len(risk)
    for node in reversed(range(len(risk))):
        if left[node] != NO_CHILD:
            branch_risk[node] = branch_risk[left[node]] + branch_risk[right[node]]
            n_leaves[node] = n_leaves[left[node]] + n_leaves[right[node]]
    return branch_risk, n_leaves


def _mark_branch(node, left, right, is_cut):
    """Mark `node` and all splits below it as cut."""
    below = [node]
    while below:
        node = below.pop()
        if not is_cut[node]:
            is_cut[node] = True
            below += (left[node], right[node])


def _cut_branch(node, parent, branch_risk, added_risk, n_leaves):
    """Update risk and number of leaves of the branch of `node` and of all its ancestors, now that it is a leaf."""
    n_saved = n_leaves[node] - 1
    while node >= 0:
        branch_risk[node] += added_risk
        n_leaves[node] -= n_saved
        node = parent[node]


def pruning_path(tree):
    """(alphas, risks) of the sequence of pruned trees, the unpruned one first; both ascend."""
    unpruned = float(_risks(tree)[tree.is_leaf].sum())
    steps = [(0.0, unpruned), *((link.alpha, link.risk) for link in weakest_links(tree))]
    alphas, risks = np.array(steps).T.copy()
    return alphas, np.maximum.accumulate(risks)


def prune(tree, ccp_alpha):
    """TreeArrays of the subtree with the least risk + ccp_alpha * number of leaves; of equals, the smallest."""
    new_leaves = []
    for link in weakest_links(tree):
        if link.alpha > ccp_alpha:
            break
        new_leaves.append(link.node)
    return cut_below(tree, new_leaves) if new_leaves else tree


def cut_below(tree, nodes):
    """TreeArrays of a tree in which `nodes` are leaves; the nodes that remain keep their order."""
    left, right = tree.left.copy(), tree.right.copy()
    left[nodes] = right[nodes] = NO_CHILD
    kept = _reachable(left, right)
    number = np.cumsum(kept) - 1
    arrays = {name: getattr(tree, name)[kept] for name in NODE_FIELDS}
    is_leaf = left[kept] == NO_CHILD
    arrays["left"] = np.where(is_leaf, NO_CHILD, number[left[kept]])
    arrays["right"] = np.where(is_leaf, NO_CHILD, number[right[kept]])
    nothing = {"feature": NO_FEATURE, "threshold": np.nan, "missing_left": False, "gain": 0.0}
    for name, value in {**nothing, "category_start": NUMERIC, "category_count": 0}.items():
        arrays[name][is_leaf] = value
    return single_tree(output=tree.output[0], category_words=tree.category_words, **arrays)


def _reachable(left, right):
    """(n_nodes,) bool: nodes below the root, level by level."""
    is_reached = np.zeros(len(left), bool)
    level = np.zeros(1, np.int64)
    while len(level):
        is_reached[level] = True
        splits = level[left[level] != NO_CHILD]
        level = np.concatenate((left[splits], right[splits]))
    return is_reached


def place_after_pruning(tree, pruned):
    """(n_nodes,) int32: the node of the pruned tree that holds the rows of each node of the full tree."""
    place = np.zeros(tree.n_nodes, np.int32)
    for node in np.flatnonzero(~tree.is_leaf):  # children come after their parents
        own = place[node]
        stays = pruned.left[own] != NO_CHILD
        place[tree.left[node]] = pruned.left[own] if stays else own
        place[tree.right[node]] = pruned.right[own] if stays else own
    return place
