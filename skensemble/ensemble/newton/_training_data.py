"""The rows that train a booster, or judge it while it trains."""

from dataclasses import dataclass, replace

import numpy as np

from skensemble.tree._content_keys import content_keys, keys_with_target
from skensemble.tree._part_of_codes import PartOfCodes


@dataclass
class TrainingData:
    """Rows with their targets, weights and raw predictions."""

    binned: object  # BinnedMatrix, or PartOfCodes: then all other arrays are of the rows of all parts
    y: np.ndarray
    weight: np.ndarray | None
    raw: np.ndarray | None = None  # (n_outputs, n_samples): raw predictions so far
    start: np.ndarray | None = None  # (n_outputs, n_samples): raw predictions that are not the model's
    before: np.ndarray | None = None  # (n_outputs, n_samples): those of the model before this fit
    leaves: list | None = None  # of (n_samples,): leaf in each tree, for boosters that look back
    queries: object = None  # of a ranking: Queries, which rows stand together
    copies: np.ndarray | None = None  # (n_samples,) int64: how many rows each stands for; None: one each
    given: object = None  # GivenRows: X as the user gave it

    @property
    def is_parted(self):
        """Do other processes have the codes of some rows?"""
        return isinstance(self.binned, PartOfCodes)

    @property
    def here(self):
        """The rows whose codes are in this process."""
        return self.binned.here if self.is_parted else slice(0, self.y.shape[-1])

    def own(self, rows):
        """Those of some rows (ascending numbers among all) whose codes are here, counted from the first one here."""
        return self.binned.own(rows) if self.is_parted else rows

    def gathered(self, array):
        """The array of the rows here, extended to all rows, along the last axis."""
        return self.binned.gathered(array) if self.is_parted else array

    def raw_of_all(self):
        """(n_outputs, n_samples) raw predictions so far, of all parts if there are several."""
        if self.is_parted:
            self.raw[:] = self.binned.gathered(self.raw[:, self.here])
        return self.raw

    @property
    def n_rows(self):
        """Number of rows that these stand for."""
        return self.y.shape[-1] if self.copies is None else int(self.copies.sum())

    def take(self, rows):
        """The data of some rows."""
        arrays = {name: getattr(self, name) for name in ("y", "weight", "raw", "start", "before", "copies")}
        there = {name: np.ascontiguousarray(array[..., rows]) for name, array in arrays.items() if array is not None}
        leaves = None if self.leaves is None else [leaf[rows] for leaf in self.leaves]
        others = {name: getattr(self, name) for name in ("queries", "given")}
        there |= {name: other.take(rows) for name, other in others.items() if other is not None}
        return replace(self, binned=self.binned.take(rows), leaves=leaves, **there)

    def rest(self):
        """Let go of the user's table, and of what is computed again: nobody reads these rows for now."""
        self.given, self.before = self.given.of(None), None

    def part(self, share):
        """The data with a share of the copies of each row, without rows of share 0.  share : (n_samples,) in [0, 1]"""
        rows = np.flatnonzero(share)
        part = self.take(rows)
        if part.copies is not None:
            part.weight, part.copies = part.weight * share[rows], np.rint(part.copies * share[rows]).astype(np.int64)
        return part

    def content(self, n_threads=1):
        """ContentKeys of the rows and columns."""
        return content_keys(self.binned, self.weight, n_threads)

    def keys(self, content=None):
        """(n_samples,) int64 that are alike for copies of a row.  content : ContentKeys, if they are known"""
        content = self.content() if content is None else content
        return keys_with_target(content.rows, self.y, self.copies)
