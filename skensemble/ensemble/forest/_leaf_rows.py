"""What the leaves of a forest hold: quantiles of the target (Meinshausen 2006), and how often rows meet (Breiman 2001).

A row x falls into one leaf per tree.  The training rows in these leaves, each weighted by its share of its leaf, are
the distribution of the target at x; its mean is what the forest predicts.
"""

import numpy as np

from skensemble._jit import kernel
from skensemble._parallel import for_blocks

NOT_ASKED = -1  # instead of a leaf: this tree does not speak about this row
QUERY_BLOCK = 256
RANKS_PER_GROUP = 256  # sums of so many ranks are kept, so that few of them are read one by one
TIE = 1e-10  # share of the total: closer to the level than this is a tie


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

    def quantiles(self, nodes, y, levels, n_threads=1):
        """(n_rows, n_levels) quantiles of one target; NaN for a row about which no tree speaks.

        nodes : (n_rows, n_trees) int64, absolute number of the leaf of each row, or NOT_ASKED
        y : (n_samples,) target of the training rows;  levels : (n_levels,) in [0, 1]
        """
        values, rank = np.unique(y, return_inverse=True)
        quantiles = np.empty((len(nodes), len(levels)))
        leaf_contents = (self._first, self._rows, self._share)

        def fill(start, stop):
            _fill_quantiles(nodes[start:stop], *leaf_contents, rank, values, levels, quantiles[start:stop])

        for_blocks(fill, len(nodes), QUERY_BLOCK, n_threads)
        return quantiles


def _group_by_leaf(leaf, weight, n_nodes):
    """One tree: the number of rows of positive weight in each node; these rows, leaf by leaf; their shares of it."""
    counted = np.flatnonzero(weight)
    leaf, weight = leaf[counted], weight[counted]
    share = weight / np.bincount(leaf, weight, minlength=n_nodes)[leaf]
    order = np.argsort(leaf, kind="stable")
    return np.bincount(leaf, minlength=n_nodes), counted[order].astype(np.int32), share[order]


@kernel
def _fill_quantiles(nodes, first, rows, share, rank, values, levels, quantiles):
    shares = np.zeros(len(values))  # of each distinct target, in order
    sums = np.zeros(len(values) // RANKS_PER_GROUP + 1)  # of groups of neighbours
    for i in range(len(nodes)):
        total = _collect(nodes[i], first, rows, share, rank, shares, sums)
        for j in range(len(levels)):
            quantiles[i, j] = _quantile(shares, sums, values, levels[j], total)
        _forget(nodes[i], first, rows, rank, shares, sums)


@kernel
def _collect(nodes, first, rows, share, rank, shares, sums):
    """Add up the shares of the targets in some leaves; return their sum, one per leaf."""
    total = 0.0
    for node in nodes:
        if node != NOT_ASKED:
            total += 1.0
            for k in range(first[node], first[node + 1]):
                r = rank[rows[k]]
                shares[r] += share[k]
                sums[r // RANKS_PER_GROUP] += share[k]
    return total


@kernel
def _forget(nodes, first, rows, rank, shares, sums):
    """Make zero again what `_collect` touched."""
    for node in nodes:
        if node != NOT_ASKED:
            for k in range(first[node], first[node + 1]):
                r = rank[rows[k]]
                shares[r] = 0.0
                sums[r // RANKS_PER_GROUP] = 0.0


@kernel
def _quantile(shares, sums, values, level, total):
    """Averaged inverted CDF: where the shares up to a value are just the level, halfway to the next value."""
    wanted, slack = level * total, TIE * total
    below, group = 0.0, 0
    while group < len(sums) - 1 and below + sums[group] < wanted - slack:
        below += sums[group]
        group += 1
    found = np.nan
    for r in range(group * RANKS_PER_GROUP, len(values)):
        if shares[r] > 0.0:
            if not np.isnan(found) and below >= wanted - slack:
                return 0.5 * (found + values[r])
            found = values[r]
            below += shares[r]
            if below > wanted + slack:
                break
    return found


# -- proximities -----------------------------------------------------------------------------------------------------


def proximities(leaves, others, n_threads=1):
    """(n_rows, n_others) share of the trees in which a row falls into the leaf of another.

    leaves : (n_rows, n_trees) int32;  others : (n_others, n_trees) int32
    """
    shares = np.empty((len(leaves), len(others)))

    def fill(start, stop):
        _fill_proximities(leaves[start:stop], others, shares[start:stop])

    for_blocks(fill, len(leaves), QUERY_BLOCK, n_threads)
    return shares


@kernel
def _fill_proximities(leaves, others, shares):
    n_trees = leaves.shape[1]
    for i in range(len(leaves)):
        for j in range(len(others)):
            n_met = 0
            for t in range(n_trees):
                n_met += leaves[i, t] == others[j, t]
            shares[i, j] = n_met / n_trees
