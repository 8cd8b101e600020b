"""Small mixed tables, what metrics ask for, and the distance of rows by plain loops."""

import numpy as np
import pandas as pd

from skensemble.generative.evaluation._compared_tables import read_tables
from skensemble.generative.evaluation._comparison import Comparison


def mixed_table(n, seed, missing=True):
    """Numbers, integers, strings, booleans and dates that depend on each other."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=n)
    kind = np.where(size + rng.normal(scale=0.5, size=n) > 0, "large", "small").astype(object)
    table = pd.DataFrame(
        {
            "size": size,
            "count": rng.poisson(np.exp(size)),
            "kind": kind,
            "is_new": rng.random(n) < 0.3,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 60, n), unit="D"),
            "city": pd.Categorical(rng.choice(["Oslo", "Rome", "Wien"], n)),
        }
    )
    if missing:
        table.loc[rng.random(n) < 0.1, "size"] = np.nan
        table.loc[rng.random(n) < 0.1, "kind"] = None
    return table


def compared(train, test, *samples, target=None, categorical_features="from_dtype", max_rows=2000, n_threads=1):
    """(comparison, samples as Rows)"""
    tables = {"train": train, "test": test} | {f"sample {k}": sample for k, sample in enumerate(samples)}
    _, rows = read_tables(tables, categorical_features)
    train, test, *samples = rows.values()
    return Comparison(train, test, target, max_rows, n_threads), samples


def plain_distances(rows, others):
    """Distances of all pairs of rows, by loops."""
    (numbers, codes), (other_numbers, other_codes) = rows.points(), others.points()
    distances = np.zeros((len(numbers), len(other_numbers)))
    for i in range(len(numbers)):
        for j in range(len(other_numbers)):
            for c in range(codes.shape[1]):
                distances[i, j] += 1.0 if codes[i, c] != other_codes[j, c] else 0.0
            for c in range(numbers.shape[1]):
                distances[i, j] += abs(numbers[i, c] - other_numbers[j, c])
    return distances
