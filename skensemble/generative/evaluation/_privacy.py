"""Metrics of privacy: whether a sample repeats its training rows.

All searches are exact and look at all training and test rows: a search among some of them would miss most copies.
"""

import numpy as np


def closer_to_train(comparison, sample, rng):
    """Share of the rows that are closer to a training row than to any test row, corrected for the sizes of both tables.

    A share s among n training and m test rows becomes (s/n) / (s/n + (1 - s)/m): without memory, the nearest of all
    rows is a training row with probability n / (n + m), so 1/2 is reached whatever the sizes. Rows at the same
    distance share the vote.
    """
    points = sample.points()
    near_test = comparison.near_test
    to_train = comparison.distances_to_train(sample)[:, 0]
    nearest = np.minimum(to_train, near_test.nearest(*points, 1)[0][:, 0])
    n_train, n_test = (near.count_within(*points, nearest) for near in (comparison.near_train, near_test))
    share = float(np.mean(n_train / (n_train + n_test)))
    per_train, per_test = share / len(comparison.train), (1.0 - share) / len(comparison.test)
    return per_train / (per_train + per_test)


def nn_distance_ratio(comparison, sample, rng):
    """Mean over the rows of the distance to the nearest training row divided by that to the second nearest."""
    if len(comparison.train) < 2:
        return np.nan
    first, second = comparison.distances_to_train(sample).T
    return float(np.mean(np.where(second == 0, 1.0, first / np.where(second == 0, 1.0, second))))


def exact_copies(comparison, sample, rng):
    """Share of the rows that are equal to a training row."""
    return float(np.mean(comparison.distances_to_train(sample)[:, 0] == 0))


def note_on_copies(comparison, samples):
    share = np.mean(comparison.distances_to_train(comparison.test)[:, 0] == 0)
    return f"exact_copies: {share:.3g} of the rows of real_test equal a training row."
