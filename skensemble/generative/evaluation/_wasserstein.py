"""W1 between two tables: the mean over random projections, and the exact distance."""

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.generative.evaluation._marginals import wasserstein_distance
from skensemble.generative.evaluation._transport import transport_distance

N_DIRECTIONS = 100


def sliced_wasserstein(comparison, sample, rng):
    """Mean W1 of the projections to random directions of unit length, with categories one-hot times 1/2."""
    tables = [rows.points() for rows in (comparison.test, sample)]
    directions = [_direction(comparison.columns, tables[0][0].shape[1], rng) for _ in range(N_DIRECTIONS)]

    def distance(start, stop):
        return wasserstein_distance(*(np.sort(_projected(*table, *directions[start])) for table in tables))

    return float(np.mean(for_blocks(distance, N_DIRECTIONS, 1, comparison.n_threads)))


def _direction(columns, n_numbers, rng):
    """Weights of the numbers, and for each category the weights of its levels, missing first."""
    sizes = [len(column.levels) + 1 for column in columns if column.is_category]
    weights = rng.standard_normal(n_numbers + sum(sizes))
    weights /= np.linalg.norm(weights)
    return weights[:n_numbers], np.split(weights[n_numbers:], np.cumsum(sizes)[:-1]) if sizes else []


def _projected(numbers, codes, number_weights, level_weights):
    projection = numbers @ number_weights
    for c, weights in enumerate(level_weights):
        projection += weights[codes[:, c] + 1] / 2
    return projection


def wasserstein(comparison, sample, rng):
    """W1 with the distance of rows as cost, of at most `max_transport_rows` rows of each table."""
    real, fake = (_some_rows(rows, comparison.max_transport_rows, rng).points() for rows in (comparison.test, sample))
    return transport_distance(distance_matrix(*real, *fake))


def _some_rows(rows, n, rng):
    return rows if len(rows) <= n else rows.take(np.sort(rng.choice(len(rows), n, replace=False)))


def distance_matrix(numbers, codes, other_numbers, other_codes):
    """Distances of all pairs of rows: numbers by the sum of differences, codes by the count of differences."""
    distances = np.zeros((len(numbers), len(other_numbers)))
    for c in range(numbers.shape[1]):
        distances += np.abs(numbers[:, c, None] - other_numbers[:, c])
    for c in range(codes.shape[1]):
        distances += codes[:, c, None] != other_codes[:, c]
    return distances


def note_on_transport(comparison, samples):
    limit = comparison.max_transport_rows
    if max(map(len, [comparison.test, *samples.values()])) > limit:
        return f"wasserstein: of at most {limit} rows of each table, drawn at random."
