"""When rounds of boosting no longer help."""

import numpy as np


class Patience:
    """Stops when the last `n_iter_no_change` scores are not better than the best before them by more than `tol`.

    Scores are larger for better.  `best_length` is the number of scores up to the best one.
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


class RecentPatience:
    """Stops when a score is better than none of the last `n_iter_no_change` by more than `tol`: scikit-learn's rule for
    GBDT, which has no memory of the best score.

    Scores are larger for better.
    """

    def __init__(self, n_iter_no_change, tol):
        self._recent, self._tol, self._n_seen = np.full(n_iter_no_change, -np.inf), tol, 0

    def is_over(self, score):
        if not (score - self._tol > self._recent).any():
            return True
        self._recent[self._n_seen % len(self._recent)] = score
        self._n_seen += 1
        return False
