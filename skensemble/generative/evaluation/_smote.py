"""SMOTE: rows between training rows and their neighbours, the baseline that a generator has to beat.

Chawla et al. 2002: numbers on the line to a neighbour, categories by the majority of the neighbours
(SMOTE-NC). Rows are near in the distance that all of the evaluation uses, and of the same class.
"""

import numpy as np

from skensemble.generative.evaluation._compared_tables import MISSING, Rows
from skensemble.generative.evaluation._nearest_rows import NearestRows

N_NEIGHBORS = 5


def smote(train, target, rng, n_threads=1):
    """As many new rows as there are training rows.

    target : position of the column whose levels are the classes, or None
    """
    seeds = rng.integers(len(train), size=len(train))
    neighbors = _neighbors(train, seeds, target, n_threads)
    partner = neighbors[np.arange(len(seeds)), (rng.random(len(seeds)) * (neighbors >= 0).sum(axis=1)).astype(int)]
    partner = np.where(partner < 0, seeds, partner)  # the only row of a class is its own partner
    share = rng.random(len(seeds))
    cells = [
        _majority(cells[seeds], cells, neighbors)
        if column.is_category
        else _between(column, cells, seeds, partner, share)
        for column, cells in zip(train.columns, train.cells)
    ]
    return Rows(train.columns, cells)


def _neighbors(train, seeds, target, n_threads):
    """Rows next to each seed in its class, (n_seeds, N_NEIGHBORS), nearest first; -1 where there are no more."""
    has_classes = target is not None and train.columns[target].is_category
    label = train.cells[target] if has_classes else np.zeros(len(train), np.int32)
    neighbors = np.full((len(seeds), N_NEIGHBORS), -1, np.int64)
    for value in np.unique(label[seeds]):
        members, asking = np.flatnonzero(label == value), np.flatnonzero(label[seeds] == value)
        found = _nearest_others(train.take(members), np.searchsorted(members, seeds[asking]), n_threads)
        neighbors[asking] = np.where(found < 0, -1, members[found])
    return neighbors


def _nearest_others(rows, asking, n_threads):
    """Positions of the nearest rows to some of the rows, without themselves."""
    numbers, codes = rows.points()
    _, found = NearestRows(numbers, codes, n_threads).nearest(numbers[asking], codes[asking], N_NEIGHBORS + 1)
    is_self = found == asking[:, None]
    is_self[:, -1] |= ~is_self.any(axis=1)  # its copies came first: it does not matter which of them is left out
    return found[~is_self].reshape(len(asking), N_NEIGHBORS)


def _between(column, cells, seeds, partner, share):
    """Numbers on the way to the partner, rounded as the column is; a missing end wins if it is the nearer one."""
    start, end = cells[seeds], cells[partner]
    numbers = start + share * (end - start)
    if column.decimals is not None:
        numbers = np.round(numbers, column.decimals)
    return np.where(np.isnan(numbers), np.where(share < 0.5, start, end), numbers)


def _majority(own, cells, neighbors):
    """The most frequent code among the neighbours; of equally frequent ones that of the nearest."""
    codes = np.where(neighbors >= 0, cells[neighbors], MISSING - 1)  # where there is no neighbour
    votes = (codes[:, :, None] == codes[:, None, :]).sum(axis=2)
    votes[codes < MISSING] = 0
    winner = codes[np.arange(len(codes)), votes.argmax(axis=1)]
    return np.where(winner < MISSING, own, winner).astype(np.int32)
