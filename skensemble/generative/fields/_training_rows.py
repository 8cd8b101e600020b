"""Batches to train a network on: rows of a table, or rows at random times of their paths."""

from copy import copy

import numpy as np

from skensemble.generative.fields._field_training import FieldBatch
from skensemble.generative.networks._shuffled_rows import ShuffledRows


class TableRows:
    """Batches of given features and targets."""

    def __init__(self, features, targets, generator):
        self.features, self.targets, self.generator = features, targets, generator
        self._shuffled = ShuffledRows(len(features), None, generator)

    def n_useful(self, n_rows):
        """Number of rows of a batch: no row comes twice."""
        return min(n_rows, len(self.features))

    def draw(self, n_rows):
        rows = self._shuffled.take(n_rows)
        return FieldBatch(self.features[rows], self.targets[rows])

    def is_asked(self, batch):
        """Which targets count for the loss; None for all."""
        return None

    def split(self, share):
        """(rows to train on, held-out rows)."""
        n_rows = len(self.features)
        shuffled = self.generator.permutation(n_rows)
        n_held_out = int(np.clip(round(share * n_rows), 1, n_rows - 1))
        return self._some(shuffled[n_held_out:]), self._some(shuffled[:n_held_out])

    def _some(self, rows):
        return TableRows(self.features[rows], self.targets[rows], self.generator)


class FieldRows:
    """Batches of a FieldDraws: a row may come twice, with other noise."""

    def __init__(self, draws):
        self.draws = copy(draws)
        self._shuffled = ShuffledRows(len(draws.data), draws.weight, draws.generator)

    def n_useful(self, n_rows):
        return n_rows

    def draw(self, n_rows):
        return self.draws.draw(rows=self._shuffled.take(n_rows))

    def is_asked(self, batch):
        """Known cells do not count: they need no prediction."""
        layout = self.draws.layout
        return np.isnan(layout.read(batch.features).known) if layout.n_known else None
