"""Kernels: what the training rows of leaves say about a row."""

import numpy as np

from skensemble._jit import kernel

NOT_ASKED = -1  # instead of a leaf: this tree does not speak about this row

RANKS_PER_GROUP = 256  # sums of so many ranks are kept, so that few of them are read one by one

TIE = 1e-10  # share of the total: closer to the level than this is a tie


@kernel
def fill_quantiles(nodes, first, rows, share, rank, values, levels, quantiles):
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


@kernel
def fill_proximities(leaves, others, shares):
    n_trees = leaves.shape[1]
    for i in range(len(leaves)):
        for j in range(len(others)):
            n_met = 0
            for t in range(n_trees):
                n_met += leaves[i, t] == others[j, t]
            shares[i, j] = n_met / n_trees
