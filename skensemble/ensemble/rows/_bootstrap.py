"""Bootstrap (Breiman 1996): rows drawn with replacement, each with a probability in proportion to its weight.

All rows, a row of whole weight k as k places, stand in a line that is sorted by what is in them, and a draw picks a
place.  So a row of weight k is drawn as k copies of it are, and the order of the rows in the table does not matter.
Targets only decide among rows whose features are the same: forests for several targets of one table draw alike.

    content    a  a  b  c  c  c            rows   4  1  0  2
    place      0  1  2  3  4  5            ends   1  2  3  6     (rows 4 and 1 are copies, row 2 has weight 3)
"""

from numbers import Integral

import numpy as np

from skensemble._warnings import warn
from skensemble._weights import are_row_counts, is_whole
from skensemble.ensemble.rows._bootstrap_kernels import draw_rows
from skensemble.tree._binning import weight_units
from skensemble.tree._content_keys import keys_with_target

MOST_DRAWS = 2**28  # that a share of the sum of weights may ask for


class Bootstrap:
    """Draws rows of one table.

    keys : (n_samples,) int64, equal for rows whose features are the same
    target : (n_outputs, n_samples) float64;  copies : (n_samples,) int64, see `copies_of`, or None
    weight : (n_samples,) float64 >= 0, or None for one each
    n_draws : int >= 1, rows in a draw

    line : (n_counted,) int32, the rows of positive weight, sorted by what is in them
    """

    def __init__(self, keys, target, weight, n_draws, copies=None):
        self.n_samples, self.n_draws = len(keys), n_draws
        rows = _line(keys, target, copies).astype(np.int32)
        self._ends = self._guide = np.empty(0, np.int64)
        if weight is not None:
            units = weight_units(weight)[rows]
            rows, self._ends = rows[units > 0], np.cumsum(units[units > 0])
            self._guide = _guide(self._ends)
        self.line = rows

    @classmethod
    def of_line(cls, n_samples, n_draws, line, ends):
        """Draws from a line that is known; ends : (len(line),) int64, or empty where each row has one place."""
        bootstrap = cls.__new__(cls)
        bootstrap.n_samples, bootstrap.n_draws, bootstrap.line = n_samples, n_draws, line
        bootstrap._ends, bootstrap._guide = ends, _guide(ends) if len(ends) else np.empty(0, np.int64)
        return bootstrap

    def draw(self, seed):
        """(n_draws,) int32: the rows, as they come."""
        drawn = np.empty(self.n_draws, np.int32)
        draw_rows(seed, self.line, self._ends, self._guide, drawn)
        return drawn

    def counts(self, seed):
        """(n_samples,) float64: how often each row is in `draw(seed)`."""
        return np.bincount(self.draw(seed), minlength=self.n_samples).astype(np.float64)


def _line(keys, target, copies):
    """Rows in the order of their keys, those with the same key in an order that their targets decide."""
    return np.lexsort((keys_with_target(keys, target, copies), keys))


def _guide(ends):
    """For each of len(ends) equal shares of the line, where in it a search from left to right may begin."""
    share_starts = np.arange(len(ends)) * (float(ends[-1]) / len(ends))
    return np.searchsorted(ends, share_starts.astype(np.int64), side="right")


# -- how many draws --------------------------------------------------------------------------------------------------


def number_of_draws(max_samples, n_samples, sample_weight, weight):
    """Rows in a draw.

    max_samples : int, itself; float, a share of the sum of the weights; None, as many as there are rows, a row of
        whole weight k being k rows, if there are few such copies (large weights are no numbers of copies)
    sample_weight : (n_samples,) or None, before it is multiplied by weights of classes
    weight : (n_samples,) or None, after it
    """
    if max_samples is None:
        return _count_rows(n_samples, sample_weight, weight)
    if isinstance(max_samples, Integral):
        return int(max_samples)
    total = n_samples if weight is None else float(weight.sum())
    n_draws = max(1, int(max_samples * total))
    if n_draws > max(MOST_DRAWS, n_samples):
        raise ValueError(
            f"max_samples must be an int where the sum of the weights is large, got {max_samples!r} of {total:g}."
        )
    if n_draws < max(10, n_samples ** (1 / 3)):
        warn(
            f"max_samples={max_samples!r} of a sum of weights of {total:g} are only {n_draws} draws per tree. "
            "Give their number as an int instead.",
        )
    return n_draws


def _count_rows(n_samples, sample_weight, weight):
    """Rows, copies counted; weights of classes are ratios, and so are their products over several outputs."""
    if weight is None:
        return n_samples
    for weights in (_in_lowest_terms(weight, sample_weight), sample_weight):
        if weights is not None and are_row_counts(weights):
            return int(weights.sum())
    return np.count_nonzero(weight)


def _in_lowest_terms(weight, sample_weight):
    """Weights of the rows that count, with those of the classes divided by their greatest common divisor."""
    counted = weight > 0
    rows = np.ones(np.count_nonzero(counted)) if sample_weight is None else sample_weight[counted]
    of_class = weight[counted] / rows
    if is_whole(np.unique(of_class)):
        of_class = of_class / np.gcd.reduce(of_class.astype(np.int64))
    return rows * of_class
