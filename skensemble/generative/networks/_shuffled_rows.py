"""In which order the rows of a table come into batches."""

import numpy as np


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
