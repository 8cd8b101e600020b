"""Which rows grow a tree: a share of them, or GOSS (Ke et al. 2017, section 3): all rows with large gradients and a
share of the others, whose weights make up for those left out.

A row is drawn by what stands in it, not by where it stands: see `_content_keys.py` for its key.  It grows the tree if
the number that belongs to (seed, key) is small.  So the order of the rows does not change the model.
Of rows that are alike, as many grow the tree as their share of the draw, rounded up or down at random: a table of few
distinct rows is thinned out, not torn apart.  A row of weight k is k rows that are alike.

    content    a  b  b  b  b  c          share 1/2: each line is a draw
    draw 1     x  .  x  x  .  .
    draw 2     .  x  .  .  x  x
"""

from copy import copy

import numpy as np

from skensemble._mapped_arrays import let_go
from skensemble._random_bits import mixed_seed, sample_without_replacement
from skensemble._weights import are_row_counts
from skensemble.ensemble.rows._row_sampling_kernels import choose_copies, choose_rows
from skensemble.tree._content_keys import has_copies

GOSS_SHARE = 0.3  # of the rows, if subsample says nothing

KEYS_AT_ONCE = 1 << 18  # which may be in a file

LARGE_SHARE = 2.0 / 3.0  # of the chosen rows, those with the largest gradients: LightGBM's 0.2 and 0.1


def copies_of(weight):
    """(n_samples,) int64: how many rows each row stands for; None for one each.

    weight : (n_samples,) of the user; small whole weights count rows; with others, each row of positive weight is one
    """
    if weight is None:
        return None
    return weight.astype(np.int64) if are_row_counts(weight) else (weight > 0).astype(np.int64)


class RowSampler:
    """Draws shares of the rows of one table, without replacement.

    keys : (n_samples,) int64, equal for rows that are alike; copies : (n_samples,) int64, see `copies_of`, or None
    weight : (n_samples,) or None, by which rows that are alike stand in line, so that their order does not matter

    splits : bool, whether only some of the copies that a row stands for may be drawn
    """

    def __init__(self, keys, copies=None, weight=None):
        self.keys, self.copies = keys, np.empty(0, np.int64) if copies is None else copies
        self.splits = bool((self.copies > 1).any())
        self._first = self._total = np.empty(0, np.int64)
        self._has_places, self._ones = False, np.broadcast_to(np.int64(1), len(keys))
        if self.splits or has_copies(keys) or (self.copies == 0).any():
            self._first, self._total = _places(keys, self.copies, weight)
            self._has_places = True

    def draw(self, share, seed):
        """(rows, units): the drawn rows, uint32, ascending, and how many copies of each; all rows if none is drawn."""
        rows, units = self.drawn(share, seed)
        return (rows, units) if len(rows) else self.all_rows()

    def all_rows(self):
        """(rows, units) of a draw of everything."""
        rows = np.arange(len(self.keys), dtype=np.uint32)
        return rows, self.copies if len(self.copies) else np.ones(len(rows), np.int64)

    def part(self, rows):
        """The sampler of some rows (a slice), of which it draws those that it would draw among all."""
        part = copy(self)
        part.keys, part.copies, part._ones = self.keys[rows], self.copies[rows], self._ones[rows]
        part._first, part._total = self._first[rows], self._total[rows]
        return part

    def drawn(self, share, seed):
        """The same, and nothing if none is drawn."""
        n_samples = len(self.keys)
        rows, units = np.empty(n_samples, np.uint32), self._ones
        if self._has_places:
            units = np.ones(n_samples, np.int64)
            n_drawn = choose_copies(self.keys, self._first, self._total, self.copies, share, seed, rows, units)
        else:
            n_drawn = self._draw_each(share, seed, rows)
        return rows[:n_drawn], units[:n_drawn]

    def _draw_each(self, share, seed, rows):
        """Write the drawn rows, which are all different; returns their number."""
        n_drawn = 0
        for start in range(0, len(self.keys), KEYS_AT_ONCE):
            drawn = rows[n_drawn:]
            n_new = choose_rows(self.keys[start : start + KEYS_AT_ONCE], share, seed, drawn)
            drawn[:n_new] += np.uint32(start)
            n_drawn += n_new
            let_go(self.keys[: start + KEYS_AT_ONCE])
        return n_drawn

    def drawn_weight(self, rows, units, weight):
        """(n_samples,) what is drawn of the weights, those of all copies of a row."""
        drawn = np.zeros(len(self.keys))
        drawn[rows] = units if weight is None else units * weight[rows]
        return drawn / np.maximum(self.copies, 1) if self.splits else drawn


def _places(keys, copies, weight):
    """(first, total): where the copies of each row begin among the rows that are alike, and how many there are.

    keys          7  3  7  3  3
    copies        2  1  1  1  1
    first, total  0  0  2  1  2,  3  3  3  3  3
    """
    copies = copies if len(copies) else np.ones(len(keys), np.int64)
    order = np.argsort(keys, kind="stable") if weight is None else np.lexsort((weight, keys))
    ends = np.cumsum(copies[order])
    is_new = np.r_[True, np.diff(keys[order]) != 0]
    group, starts = np.cumsum(is_new) - 1, (ends - copies[order])[is_new]
    first, total = np.empty((2, len(keys)), np.int64)
    first[order] = ends - copies[order] - starts[group]
    total[order] = np.diff(np.append(starts, ends[-1]))[group]
    return first, total


def sample_features(feature_order, share, seed):
    """A share of the features, int64, ascending, and at least one; the draw does not depend on where they stand."""
    places = np.empty(max(1, round(share * len(feature_order))), np.int64)
    sample_without_replacement(seed, len(feature_order), len(places), places)
    return np.sort(feature_order[places])


def sample_goss(gradient, weight, sampler, subsample, seed):
    """Rows (uint32, ascending), and the factor (n_samples,) of their weights.

    gradient : (n_outputs, n_samples); weight : (n_samples,) or None; sampler : RowSampler of rows, not of copies
    """
    return goss_rows(goss_sizes(gradient, weight), sampler, subsample, seed)


def goss_sizes(gradient, weight):
    """(n_samples,) float64: weighted sum of the absolute gradients of each row."""
    size = np.zeros(gradient.shape[1])
    for of_output in gradient:
        size += np.abs(of_output)
    return size if weight is None else size * weight


def goss_rows(size, sampler, subsample, seed):
    """What `sample_goss` returns, for rows of these sizes."""
    n_samples = len(size)
    share = GOSS_SHARE if subsample == 1.0 else subsample
    n_large = max(1, round(share * LARGE_SHARE * n_samples))
    is_large = largest(size, sampler.keys, n_large)
    small_share = min(1.0, share * (1.0 - LARGE_SHARE) * n_samples / max(n_samples - n_large, 1))
    chosen = is_large.copy()
    chosen[sampler.draw(small_share, mixed_seed(seed, 1))[0]] = True
    return np.flatnonzero(chosen).astype(np.uint32), np.where(is_large, 1.0, 1.0 / small_share)


def largest(size, keys, n_large):
    """(n_samples,) bool: the `n_large` rows of the largest size; of equal ones, those with the smallest keys."""
    border = np.partition(size, len(size) - n_large)[len(size) - n_large]
    is_large = size > border
    tied = np.flatnonzero(size == border)
    is_large[tied[np.argsort(keys[tied], kind="stable")[: n_large - np.count_nonzero(is_large)]]] = True
    return is_large
