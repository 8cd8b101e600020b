"""LocalShares: how shares of residuals differ from leaf to leaf, where one distribution of them does not fit all rows.

A curve says P(x <= t | features) = u, and if it is right everywhere, u is even between 0 and 1 whatever the features.
Where it misses a jump, or is too wide, it is not: a tree parts the rows by the mean of u and by its distance from 1/2,
which is large where the curve is too narrow, and its leaves hold the shares of u in bins, drawn towards even ones.
"""

import numpy as np

from skensemble.tree.estimators._decision_tree import DecisionTreeRegressor

N_BINS = 16  # of u
EVEN = np.linspace(0.0, 1.0, N_BINS + 1)  # ends of the bins, and the shares below them where nothing is known
SIZES = (25, 100)  # minimum weights of a leaf that are tried
STRENGTHS = (4.0, 16.0, 64.0)  # weights of the even shares that are tried
LEAST_GAIN = 0.005  # nats a row


class LocalShares:
    """Shares of u below the ends of bins, leaf by leaf of a tree.

    counts : (n_nodes, N_BINS), weights of rows;  strength : weight of even shares in each leaf
    """

    def __init__(self, tree, counts, strength):
        self.tree = tree
        shares = (counts + strength / N_BINS) / (counts.sum(axis=1, keepdims=True) + strength)
        self.below = np.column_stack([np.zeros(len(shares)), np.cumsum(shares, axis=1)])
        self.below[:, -1] = 1.0

    def of_rows(self, features):
        """(n_rows, N_BINS + 1)"""
        return self.below[self.tree.apply(features)]


def local_shares(features, categorical, u, weight, is_judge):
    """(LocalShares or None, shares of the rows): what makes the rows that judge likeliest.

    The shares of rows that judge are of a tree that did not see them.
    """
    rest, rows = ~is_judge, np.broadcast_to(EVEN, (len(u), N_BINS + 1))
    if not is_judge.any() or weight[rest].sum() < 2 * SIZES[0] or features.shape[1] == 0:
        return None, rows
    bin_of, best = _bin_of(u[is_judge]), (LEAST_GAIN * weight[is_judge].sum(), None, None, None)
    for size in SIZES:
        tree, counts = _grown(features[rest], categorical, u[rest], weight[rest], size)
        for strength in STRENGTHS:
            below = LocalShares(tree, counts, strength).of_rows(features[is_judge])
            log_density = np.log(N_BINS * _in_bin(np.diff(below, axis=1), bin_of))
            gain = float(np.sum(weight[is_judge] * log_density))
            if gain > best[0]:
                best = gain, size, strength, below
    _, size, strength, below = best
    if size is None:
        return None, rows
    local = LocalShares(*_grown(features, categorical, u, weight, size), strength)
    rows = local.of_rows(features)
    rows[is_judge] = below
    return local, rows


def _grown(features, categorical, u, weight, size):
    """(tree, weights of the rows of its nodes by bins of u)"""
    smallest = min(size / weight.sum(), 0.5)  # of the weight, as a weight is a number of copies
    tree = DecisionTreeRegressor(
        min_weight_fraction_leaf=smallest, max_bins=255, categorical_features=categorical or None, random_state=0
    )
    tree.fit(features, np.column_stack([u, np.abs(u - 0.5)]), sample_weight=weight)
    counts = np.zeros((tree.tree_.node_count, N_BINS))
    np.add.at(counts, (tree.apply(features), _bin_of(u)), weight)
    return tree, counts


def share_below(below, u):
    """Shares that are not above u, even within bins.

    below : shape of u and one more axis, of N_BINS + 1
    """
    k = _bin_of(u)
    low, high = _in_bin(below, k), _in_bin(below, k + 1)
    return low + (u * N_BINS - k) * (high - low)


def log_density_at(below, u):
    """log of how much more often residuals are at u than where shares are even"""
    k = _bin_of(u)
    return np.log(N_BINS * (_in_bin(below, k + 1) - _in_bin(below, k)))


def with_share_below(below, share):
    """u below which the shares lie;  below : (n_rows, N_BINS + 1);  share : (n_rows,)"""
    k = np.minimum((below[:, 1:-1] <= share[:, np.newaxis]).sum(axis=1), N_BINS - 1)
    low, high = _in_bin(below, k), _in_bin(below, k + 1)
    return (k + np.clip((share - low) / (high - low), 0.0, 1.0)) / N_BINS


def _bin_of(u):
    return np.clip((np.asarray(u) * N_BINS).astype(np.int64), 0, N_BINS - 1)


def _in_bin(below, k):
    return np.take_along_axis(below, k[..., np.newaxis], axis=-1)[..., 0]
