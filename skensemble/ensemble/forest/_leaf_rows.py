"""What the leaves of a forest hold: quantiles of the target (Meinshausen 2006), and how often rows meet (Breiman 2001).

A row x falls into one leaf per tree.  The training rows in these leaves, each weighted by its share of its leaf, are
the distribution of the target at x; its mean is what the forest predicts.
"""

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.ensemble.forest._leaf_rows_kernels import fill_proximities, fill_quantiles

QUERY_BLOCK = 256


class LeafRows:
    """The training rows in each leaf of each tree.

    leaves : (n_trees, n_samples) int32, the leaf of each training row, counted from the root of the tree
    roots : (n_trees,) first node of each tree
    n_nodes : int, of all trees
    weight_of : function of a tree's number, (n_samples,) weights with which the rows grew it
    """

    def __init__(self, leaves, roots, n_nodes, weight_of):
        ends = np.append(roots[1:], n_nodes)
        trees = [_group_by_leaf(leaves[t], weight_of(t), ends[t] - roots[t]) for t in range(len(leaves))]
        n_in_node, self._rows, self._share = map(np.concatenate, zip(*trees))
        self._first = np.append(0, np.cumsum(n_in_node))  # node n holds _rows[_first[n] : _first[n + 1]]

    @classmethod
    def of_equal_shares(cls, held, n_each):
        """LeafRows in which each node of `held` has `n_each` rows of its own, of equal shares; nodes in order."""
        leaf_rows = cls.__new__(cls)
        leaf_rows._first = np.append(0, np.cumsum(np.where(held, n_each, 0)))
        leaf_rows._rows = np.arange(leaf_rows._first[-1], dtype=np.int32)
        leaf_rows._share = np.full(len(leaf_rows._rows), 1.0 / n_each)
        return leaf_rows

    def quantiles(self, nodes, y, levels, n_threads=1):
        """(n_rows, n_levels) quantiles of one target; NaN for a row about which no tree speaks.

        nodes : (n_rows, n_trees) int64, absolute number of the leaf of each row, or NOT_ASKED
        y : (n_samples,) target of the training rows;  levels : (n_levels,) in [0, 1]
        """
        values, rank = np.unique(y, return_inverse=True)
        quantiles = np.empty((len(nodes), len(levels)))
        leaf_contents = (self._first, self._rows, self._share)

        def fill(start, stop):
            fill_quantiles(nodes[start:stop], *leaf_contents, rank, values, levels, quantiles[start:stop])

        for_blocks(fill, len(nodes), QUERY_BLOCK, n_threads)
        return quantiles


def _group_by_leaf(leaf, weight, n_nodes):
    """One tree: the number of rows of positive weight in each node; these rows, leaf by leaf; their shares of it."""
    counted = np.flatnonzero(weight)
    leaf, weight = leaf[counted], weight[counted]
    share = weight / np.bincount(leaf, weight, minlength=n_nodes)[leaf]
    order = np.argsort(leaf, kind="stable")
    return np.bincount(leaf, minlength=n_nodes), counted[order].astype(np.int32), share[order]


# -- proximities -----------------------------------------------------------------------------------------------------


def proximities(leaves, others, n_threads=1):
    """(n_rows, n_others) share of the trees in which a row falls into the leaf of another.

    leaves : (n_rows, n_trees) int32;  others : (n_others, n_trees) int32
    """
    shares = np.empty((len(leaves), len(others)))

    def fill(start, stop):
        fill_proximities(leaves[start:stop], others, shares[start:stop])

    for_blocks(fill, len(leaves), QUERY_BLOCK, n_threads)
    return shares
