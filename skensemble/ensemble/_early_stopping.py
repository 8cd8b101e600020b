"""When rounds of boosting no longer help."""

import numpy as np


class Patience:
    """Stops when the last `n_iter_no_change` scores are not better than the best before them by more than `tol`.

    Scores are larger for better.
    """

    def __init__(self, n_iter_no_change, tol, scores):
        self.n_iter_no_change, self.tol = n_iter_no_change, tol
        self.best, self.best_length = -np.inf, 0
        for length, score in enumerate(scores, 1):
            self._see(score, length)

    def is_over(self, scores):
        self._see(scores[-1], len(scores))
        return len(scores) - self.best_length >= self.n_iter_no_change

    def _see(self, score, length):
        if score > self.best + self.tol:
            self.best, self.best_length = score, length
