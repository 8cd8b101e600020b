"""Where a network's batches come from: the rows of a table, or places on the paths of a field, drawn afresh."""

from copy import copy

import numpy as np

from skensemble.generative._field_training import FieldBatch, known_cells


class ShuffledRows:
    """Positions of rows in random order, each as often as the others (or in proportion to a weight)."""

    def __init__(self, n_rows, weight, generator):
        self.n_rows, self.generator = n_rows, generator
        self.ends = None if weight is None else np.cumsum(weight)
        self._waiting = np.empty(0, np.int64)

    def take(self, n_taken):
        if self.ends is not None:
            marks = self.generator.random(n_taken) * self.ends[-1]
            return np.searchsorted(self.ends, marks, side="right")
        while len(self._waiting) < n_taken:
            self._waiting = np.concatenate([self._waiting, self.generator.permutation(self.n_rows)])
        taken, self._waiting = self._waiting[:n_taken], self._waiting[n_taken:]
        return taken


class TableRows:
    """Batches of features and targets as they are."""

    def __init__(self, features, targets, generator):
        self.features, self.targets, self.generator = features, targets, generator
        self._order = ShuffledRows(len(features), None, generator)

    def n_useful(self, n_rows):
        """Rows of a batch: no row twice."""
        return min(n_rows, len(self.features))

    def draw(self, n_rows):
        rows = self._order.take(n_rows)
        return FieldBatch(self.features[rows], self.targets[rows])

    def is_asked(self, batch):
        """Which targets count; None for all."""
        return None

    def split(self, share):
        """(rows to train on, held-out rows)."""
        n_rows = len(self.features)
        order = self.generator.permutation(n_rows)
        n_held_out = int(np.clip(round(share * n_rows), 1, n_rows - 1))
        return self._some(order[n_held_out:]), self._some(order[:n_held_out])

    def _some(self, rows):
        return TableRows(self.features[rows], self.targets[rows], self.generator)


class FieldRows:
    """Batches of a FieldDraws: a row may come twice in one, with other noise."""

    def __init__(self, draws):
        self.draws = copy(draws)
        self._order = ShuffledRows(len(draws.data), draws.weight, draws.generator)

    def n_useful(self, n_rows):
        return n_rows

    def draw(self, n_rows):
        return self.draws.draw(rows=self._order.take(n_rows))

    def is_asked(self, batch):
        """A cell that the features show needs no prediction."""
        if not self.draws.n_known:
            return None
        return np.isnan(known_cells(batch.features, self.draws.n_columns))
