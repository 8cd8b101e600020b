"""What leaves add besides constants: a slope for each of some numeric features; and predictions by such leaves."""

from functools import partial
from typing import NamedTuple

import numpy as np

from skensemble._parallel import for_blocks
from skensemble.tree.trees._linear_leaf_kernels import add_linear_trees
from skensemble.tree.trees._prediction import apply_trees, read_only
from skensemble.tree.trees._records import LINE, TERM

ROW_BLOCK = 1024  # rows that are encoded at once


class LeafSlopes(NamedTuple):
    """Slopes of the leaves of one tree or of many; those of node v are the entries start[v] : start[v + 1]."""

    start: np.ndarray  # (n_nodes + 1,) int64
    feature: np.ndarray  # (n_entries,) int32
    mean: np.ndarray  # (n_entries, n_values) of the feature, in the leaf
    slope: np.ndarray  # (n_entries, n_values), in raw prediction per unit of the feature
    limit: np.ndarray  # (n_nodes,) size of the largest step of a leaf, slopes included; infinite without max_delta_step

    @classmethod
    def empty(cls, n_values):
        """Slopes of no tree."""
        slopes = (np.empty((0, n_values)) for _ in range(2))
        return cls(np.zeros(1, np.int64), np.empty(0, np.int32), *slopes, np.empty(0))

    def is_valid(self, n_nodes, n_values, n_features):
        """Whether kernels can safely read them, beside trees of so many nodes."""
        shape = (len(self.feature), n_values)
        return bool(
            len(self.start) == n_nodes + 1
            and self.start[0] == 0
            and self.start[-1] == shape[0]
            and (np.diff(self.start) >= 0).all()
            and ((self.feature >= 0) & (self.feature < n_features)).all()
            and self.mean.shape == self.slope.shape == shape
            and self.limit.shape == (n_nodes,)
        )

    def lines(self):
        """(lines (n_nodes,), terms (n_entries, n_values)): the same as records, which are read together."""
        lines, terms = np.empty(len(self.limit), LINE), np.empty(self.slope.shape, TERM)
        lines["start"], lines["stop"], lines["limit"] = self.start[:-1], self.start[1:], self.limit
        terms["mean"], terms["slope"], terms["feature"] = self.mean, self.slope, self.feature[:, None]
        return lines, terms

    def part(self, first, last):
        """Slopes of the nodes first .. last - 1."""
        start = self.start[first : last + 1]
        entries = slice(start[0], start[-1])
        of_entries = (getattr(self, name)[entries] for name in ("feature", "mean", "slope"))
        return LeafSlopes(start - start[0], *of_entries, self.limit[first:last])

    def extended(self, others):
        """These slopes, followed by those of other trees."""
        parts = [self, *others]
        shifts = np.cumsum([0, *(len(part.feature) for part in parts)])
        starts = [self.start[:1], *(part.start[1:] + shift for part, shift in zip(parts, shifts))]
        rest = (np.concatenate([getattr(part, name) for part in parts]) for name in LeafSlopes._fields[1:])
        return LeafSlopes(np.concatenate(starts), *rest)

    def divided(self, divisor):
        """The slopes of leaves whose values are divided by a number above 0."""
        return self._replace(slope=self.slope / divisor, limit=self.limit / divisor)


# -- predictions -----------------------------------------------------------------------------------------------------


def staged_raw_with_slopes(layout, lines, encode, n_rows, baseline, stages, n_threads=1):
    """Yield the prediction of the first stages[0] trees, of the first stages[1] and so on; stages ascend.

    lines : from `LeafSlopes.lines`
    """
    raw = np.empty((n_rows, len(baseline)))
    raw[:] = baseline
    keep = len(stages) > 1
    find = partial(_cells_and_leaves, layout, encode)
    found = for_blocks(find, n_rows, ROW_BLOCK, n_threads) if keep else None
    first_tree = 0
    for last_tree in stages:

        def add(start, stop, first_tree=first_tree, last_tree=last_tree):
            cells, leaves = found[start // ROW_BLOCK] if keep else find(start, stop)
            add_linear_trees(
                cells, leaves, first_tree, last_tree, layout.roots, layout.output, layout.values, *lines,
                raw[start:stop],
            )  # fmt: skip

        for_blocks(add, n_rows, ROW_BLOCK, n_threads)
        yield raw.copy() if keep else raw
        first_tree = last_tree


def _cells_and_leaves(layout, encode, start, stop):
    cells = read_only(np.asarray(encode(start, stop), np.float64))
    return cells, apply_trees(layout, lambda first, last: cells[first:last], stop - start)
