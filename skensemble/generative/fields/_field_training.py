"""Training data of a field: rows at random times of their paths, and the targets of a regressor there.

Noise, times and the cells that are shown are new in every draw.  Times are stratified: copy k of the rows takes the
k-th of `n_repeats` equal strata of the times, and within it each row takes a stratum of its own:

    n_repeats = 2, three rows     [ . a . | b . . | . . c ] [ c . . | . a . | . b . ]     sorted by t

A weight is a number of copies: rows are repeated, or drawn in proportion, so that no regressor needs weights.
"""

from copy import copy
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from skensemble._weights import is_whole
from skensemble.generative.paths._field_input import Condition, FieldLayout, field_features
from skensemble.generative.paths._paths import Endpoints, mix, target_of

FIRST_TIME = 1e-3  # smallest time: below it x_t is data to three digits, and a score is not bounded
PAIRED_TOGETHER = 256  # rows in an assignment, whose cost grows with their cube


class FieldBatch(NamedTuple):
    """Rows to train a regressor on."""

    features: np.ndarray  # (n_rows, n_features), in the order of the FieldLayout of the draws
    targets: np.ndarray  # (n_rows, n_columns)


class FieldDraws:
    """A source of batches: the same data, with other noise, times and masks in every draw.

    Parameters
    ----------
    data : float64 (n_rows, n_columns)
        Encoded rows.
    label : float64 (n_rows, n_label) or None
        Label or number to condition on, encoded; NaN where a row has none.
    weight : (n_rows,) >= 0 or None
        Number of copies of each row.
    path : Path
    prediction : str, a key of `PREDICTIONS`
    generator : numpy Generator
    noise : float64 (n_rows, n_columns) or None, default=None
        Noise that belongs to each row (reflow); None: drawn afresh.
    pairing : {"independent", "optimal"}, default="independent"
        "optimal": within blocks of rows of the same label, noise goes to the rows where the sum of squared
        distances is least (Tong et al. 2023, algorithm 3).
    mask_share : float in [0, 1], default=0.0
        Share of the rows that show some of their own cells.  If positive, the features hold `n_columns` cells of data,
        NaN where not shown.
    column_groups : (n_columns,) int or None, default=None
        Columns of the same number are shown together (the columns that encode one column of a table).
    dropped_share : float in [0, 1], default=0.0
        Share of the rows whose label is hidden, for classifier-free guidance.
    time_power : float > 0, default=2.0
        Times are u^time_power for uniform u: above 1, more of them are near the data.
    """

    def __init__(
        self, data, label, weight, path, prediction, generator, *, noise=None, pairing="independent",
        mask_share=0.0, column_groups=None, dropped_share=0.0, time_power=2.0,
    ):  # fmt: skip
        self.data, self.label, self.noise = data, label, noise
        self.weight = None if weight is None else np.asarray(weight, np.float64)
        self.path, self.prediction, self.generator = path, prediction, generator
        self.pairing, self.mask_share, self.dropped_share = pairing, mask_share, dropped_share
        self.column_groups = np.arange(data.shape[1]) if column_groups is None else np.asarray(column_groups)
        self.time_power = time_power

    @property
    def n_columns(self):
        return self.data.shape[1]

    @property
    def layout(self):
        """FieldLayout of the features of a draw."""
        n_known = self.n_columns if self.mask_share > 0.0 else 0
        return FieldLayout(self.n_columns, n_known, 0 if self.label is None else self.label.shape[1])

    @property
    def n_counted(self):
        """Number of rows; a row of whole weight k counts as k rows."""
        return len(self.data) if self.weight is None else _n_copies(self.weight)

    def split(self, share):
        """(rows to train on, held-out rows): two FieldDraws; both have all rows where there are fewer than two."""
        n_rows = len(self.data)
        if n_rows < 2:
            return self, self
        shuffled = self.generator.permutation(n_rows)
        n_held_out = int(np.clip(round(share * n_rows), 1, n_rows - 1))
        return self.take(np.sort(shuffled[n_held_out:])), self.take(np.sort(shuffled[:n_held_out]))

    def take(self, rows):
        """The draws of some rows."""
        taken = copy(self)
        for name in ("data", "label", "weight", "noise"):
            array = getattr(self, name)
            setattr(taken, name, None if array is None else array[rows])
        return taken

    def draw(self, n_repeats=1, t=None, rows=None):
        """A FieldBatch with every row `n_repeats` times, duplicate after duplicate.

        t : float or None; one time for all rows instead of stratified ones
        rows : positions of the rows to draw from, e.g. of a minibatch; None for all, weighted
        """
        duplicates = [self._copies() if rows is None else rows for _ in range(n_repeats)]
        rows = np.concatenate(duplicates)
        times = self.times(len(rows), n_repeats) if t is None else t
        condition = self._drawn_condition(rows)
        endpoints = self._drawn_endpoints(rows)
        features = field_features(mix(endpoints, times, self.path), times, condition, self.path)
        return FieldBatch(features, target_of(self.prediction, endpoints, times, self.path))

    def choose(self, n_rows):
        """Ascending positions of `n_rows` rows for `draw`, weighted; at most `n_counted`."""
        return np.sort(self.generator.choice(self._copies(), n_rows, replace=False))

    def times(self, n_drawn, n_repeats=1):
        """(n_drawn,) stratified times; the row in place i of a duplicate is the same in all of them."""
        n_rows = n_drawn // n_repeats
        strata = np.concatenate([self.generator.permutation(n_rows) for _ in range(n_repeats)])
        duplicate = np.repeat(np.arange(n_repeats), n_rows)
        place = (duplicate + (strata + self.generator.random(n_drawn)) / n_rows) / n_repeats
        return self.time_of(place)

    def time_of(self, place):
        """The time before which a share `place` of the times lies."""
        first = max(self.path.t_min, FIRST_TIME)
        return first + (self.path.t_max - first) * place**self.time_power

    def _copies(self):
        """Positions of the rows of one duplicate, ascending: as many copies of each as it weighs."""
        if self.weight is None:
            return np.arange(len(self.data))
        if is_whole(self.weight):
            return np.repeat(np.arange(len(self.data)), self.weight.astype(np.int64))
        ends, n_drawn = np.cumsum(self.weight), _n_copies(self.weight)
        marks = (np.arange(n_drawn) + self.generator.random()) * (ends[-1] / n_drawn)
        return np.minimum(np.searchsorted(ends, marks, side="right"), np.flatnonzero(self.weight)[-1])

    def _drawn_endpoints(self, rows):
        data = self.data[rows]
        if self.noise is not None:
            return Endpoints(data, self.noise[rows])
        noise = self.generator.standard_normal(data.shape)
        if self.pairing == "optimal":
            noise = optimally_paired(data, noise, _label_groups(self.label, rows), self.generator)
        return Endpoints(data, noise)

    def _drawn_condition(self, rows):
        known = self._shown_cells(rows) if self.mask_share > 0.0 else None
        label = None if self.label is None else self.label[rows]
        if label is not None and self.dropped_share > 0.0:
            label[self.generator.random(len(rows)) < self.dropped_share] = np.nan
        return Condition(known, label)

    def _shown_cells(self, rows):
        """Each row shows a share of its columns, itself drawn from U(0, 1), so that any number of them is as likely."""
        n_groups = self.column_groups.max() + 1
        share = self.generator.random((len(rows), 1))
        is_shown = self.generator.random((len(rows), n_groups)) < share
        is_shown &= self.generator.random((len(rows), 1)) < self.mask_share
        return np.where(is_shown[:, self.column_groups], self.data[rows], np.nan)


def _n_copies(weight):
    return int(weight.sum()) if is_whole(weight) else np.count_nonzero(weight)


def _label_groups(label, rows):
    """(n_drawn,) number of each row's label: the same for the same label."""
    if label is None:
        return np.zeros(len(rows), np.int64)
    groups = np.unique(label, axis=0, return_inverse=True, equal_nan=True)[1].reshape(-1)
    return groups[rows]


def optimally_paired(data, noise, groups, generator):
    """The rows of `noise`, permuted within random blocks of a group so that squared distances to `data` are least.

    data, noise : (n_rows, n_columns);  groups : (n_rows,) int
    """
    paired = np.empty_like(noise)
    by_group = np.lexsort((generator.random(len(data)), groups))
    starts = np.flatnonzero(np.diff(groups[by_group], prepend=groups[by_group[0]] - 1))
    for group in np.split(by_group, starts[1:]):
        for block in np.array_split(group, -(-len(group) // PAIRED_TOGETHER)):
            # Noise chooses rows, not rows noise: rows that are alike take twice as long to assign, noise never is.
            chosen = linear_sum_assignment(cdist(noise[block], data[block], "sqeuclidean"))[1]
            paired[block[chosen]] = noise[block]
    return paired
