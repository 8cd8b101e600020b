"""Tables that are read in batches of rows: from Parquet files, or from anything that can be iterated more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skensemble._input_kinds import TableSource
from skensemble._parameters import ParameterError
from skensemble.distributed._batch_table import BatchTable, n_rows_of
from skensemble.distributed._frame_columns import column_names, column_of, without_columns
from skensemble.distributed._parquet_files import ParquetFiles

if TYPE_CHECKING:
    from skensemble._types import Any, PathLike, Self, Sequence


class Batches(TableSource):
    """A table that is read in batches of rows, and is never in memory as a whole.

    `fit` of the `NewtonBoosting` estimators and of forests takes it in the place of `X` and `y` (and of
    `X_val` and `y_val`), and gives the model that all rows in memory give, bit for bit, however they are cut into
    batches. The batches are read several times. What stays in memory is a byte or two for each cell (`cache_dir` says
    where these go if that is too much), and about 50 bytes for each row, most of which go there, too, where trees are
    symmetric. `predict`, `predict_proba` and `decision_function` read one batch after the other.

    Make it by `from_parquet` or `from_iterable`.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble import NewtonBoostingRegressor
    >>> from skensemble.distributed import Batches
    >>> X = np.random.default_rng(0).normal(size=(300, 3))
    >>> batches = Batches.from_iterable([(X[:100], X[:100, 0]), (X[100:], X[100:, 0])])  # pairs of X and y
    >>> model = NewtonBoostingRegressor(n_estimators=20, random_state=0).fit(batches)
    >>> in_memory = NewtonBoostingRegressor(n_estimators=20, random_state=0).fit(X, X[:, 0])
    >>> bool((model.predict(X) == in_memory.predict(X)).all())
    True
    """

    def __init__(self, reader, cache_dir):
        self._reader, self._cache_dir, self._known = reader, cache_dir, None

    @classmethod
    def from_parquet(
        cls,
        path: str | PathLike | Sequence[str | PathLike],
        *,
        target: str | None = None,
        weight: str | None = None,
        columns: Sequence[str] | None = None,
        cache_dir: str | PathLike | None = None,
    ) -> Self:
        """Batches of Parquet files: the row groups of each.

        Parameters
        ----------
        path : str, path, or list of these
            A file, a folder of files, a pattern (``"rows/*.parquet"``), or several. Files are read in sorted order.
        target : str, default=None
            Column of the target. None: `fit` gets `y` of all rows.
        weight : str, default=None
            Column of the sample weights. None: `fit` may get `sample_weight` of all rows.
        columns : list of str, default=None
            Columns of the features. None: all others.
        cache_dir : str or path, default=None
            Folder for the codes of cells: those of large tables whose trees are symmetric, and others where they would
            take more than half of the memory that is free. None: the folder for temporary files, where they would.
            Nothing stays there, not even after a crash.

        Returns
        -------
        batches : Batches
        """
        return cls(ParquetFiles(path, target, weight, columns), cache_dir)

    @classmethod
    def from_iterable(
        cls,
        batches: Any,
        *,
        target: str | None = None,
        weight: str | None = None,
        columns: Sequence[str] | None = None,
        cache_dir: str | PathLike | None = None,
    ) -> Self:
        """Batches of something that can be iterated more than once.

        Parameters
        ----------
        batches : iterable, or function that returns one
            Each item is an X, a pair (X, y) or a triple (X, y, sample_weight), or a frame that holds target and weights
            as columns, see `target` and `weight`. Any X that `fit` takes will do, except sparse matrices. A generator
            is used up after one pass: pass the function that makes it.
        target : str, default=None
            Column of the target. None: the items are pairs or triples, or `fit` gets `y` of all rows.
        weight : str, default=None
            Column of the sample weights.
        columns : list of str, default=None
            Columns of the features. None: all others.
        cache_dir : str or path, default=None
            See `from_parquet`.

        Returns
        -------
        batches : Batches
        """
        return cls(_Items(batches, target, weight, columns), cache_dir)

    def targets(self, y, sample_weight):
        survey = self._surveyed()
        return _one_of("y", y, survey.target), _one_of("sample_weight", sample_weight, survey.weight)

    def first_rows(self):
        return self._surveyed().first_rows

    def features(self):
        for X in self._reader.batches():
            if n_rows_of(X):
                yield X

    def table(self, all_codes=False):
        return self._surveyed()

    def _surveyed(self):
        if self._known is None:
            self._known = BatchTable(self._reader, self._cache_dir)
        return self._known


class _Items:
    """Items of an iterable as (X, y, sample_weight), as `from_iterable` says."""

    reads_columns = False  # the whole item is read, whatever is asked for

    def __init__(self, batches, target, weight, columns):
        if not callable(batches) and not hasattr(batches, "__iter__"):
            raise ParameterError(f"batches must be an iterable or a function that returns one, got {batches!r}.")
        if hasattr(batches, "__next__"):
            raise ParameterError(
                "batches must be iterable more than once, got a generator or another iterator, which one pass uses up. "
                "Pass a list, or the function that makes it."
            )
        if hasattr(batches, "shape"):
            raise ParameterError(f"batches must be a list of tables, got one {type(batches).__name__}.")
        self._batches, self._columns = batches, columns
        self._target, self._weight = target, weight

    def survey(self):
        """Yield (number of rows, X, y or None, sample_weight or None)."""
        for X, y, weight in self._items():
            yield n_rows_of(X), X, y, weight

    def batches(self, first=None, last=None):
        """Yield X of each item."""
        for X, _, _ in self._items():
            yield X

    def _items(self):
        for item in self._batches() if callable(self._batches) else self._batches:
            yield self._split(item)

    def _split(self, item):
        X, y, weight = (*item, None, None)[:3] if isinstance(item, tuple) else (item, None, None)
        taken = [name for name in (self._target, self._weight) if name is not None]
        if taken or self._columns is not None:
            names = column_names(X)
            missing = [name for name in (*taken, *(self._columns or [])) if name not in names]
            if missing:
                raise ValueError(f"batches must have the column {missing[0]!r}, got a batch with {names}.")
            y = y if self._target is None else column_of(X, self._target)
            weight = weight if self._weight is None else column_of(X, self._weight)
            X = without_columns(X, taken, self._columns)
        return X, y, weight


def _one_of(name, given, read):
    if given is not None and read is not None:
        raise ValueError(f"{name} must be None where the batches hold it, got it twice.")
    return np.asarray(read) if given is None and read is not None else given
