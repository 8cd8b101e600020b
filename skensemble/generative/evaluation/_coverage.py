"""Coverage: the share of the held-out rows that have a synthetic row nearby."""

import numpy as np

ENOUGH = 0.95  # share of the held-out rows that the training rows have to cover


def coverage(comparison, sample, rng):
    """Share of the test rows with a row of the sample in the ball to their k-th neighbour among the test rows.

    k is the smallest for which the training rows cover `ENOUGH` of them (Naeem et al. 2020, with the
    distance of mixed rows).
    """
    if len(comparison.test) < 2:
        return np.nan
    distance = comparison.nearest_rows(sample).nearest(*comparison.test.points(), 1)[0][:, 0]
    return covered_share(comparison.radius_of_test_rows, distance)


def covered_share(radius, distance):
    """Share of the balls that hold a row of the sample: closer than the radius, or equal to the centre."""
    return float(np.mean((distance < radius) | (distance == 0)))


def ball_radius(points, near_test, near_train):
    """Radius of the ball around each test row, (n_test,)."""
    distance = near_train.nearest(*points, 1)[0][:, 0]
    n_within = near_test.count_within(*points, distance)
    k = _enough_neighbours(distance, n_within)
    return near_test.nearest(*points, k + 1)[0][:, k]  # the nearest one is the row itself


def _enough_neighbours(distance, n_within):
    """The k: the ball of a row with m others within `distance` reaches further from neighbour m + 1 on."""
    needed = np.where(distance == 0, 1, n_within)  # n_within counts the row itself
    k = int(np.quantile(needed, ENOUGH, method="inverted_cdf"))
    return max(1, min(k, len(needed) - 1))
