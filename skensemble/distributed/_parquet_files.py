"""Parquet files as batches of rows, and of these no more columns than are asked for."""

from functools import partial
from glob import glob
from pathlib import Path

from skensemble._parameters import ParameterError
from skensemble.distributed._frame_columns import column_of

MOST_ROWS = 1 << 16  # of a batch: a whole row group, of a million rows perhaps, would be the peak of the memory
BUFFER_BYTES = 1 << 20  # of a file, so that Arrow reads a column of a row group in pieces, too


class ParquetFiles:
    """Rows of some files, in order."""

    reads_columns = True

    def __init__(self, path, target, weight, columns):
        try:
            import pyarrow.parquet
        except ImportError:
            raise ImportError("from_parquet needs pyarrow: pip install 'skensemble[dask]'.") from None
        self._open = partial(pyarrow.parquet.ParquetFile, buffer_size=BUFFER_BYTES, pre_buffer=False)
        self._paths = _files(path)
        self._release = pyarrow.default_memory_pool().release_unused
        self._booleans_with_nulls = set()
        names = self._common_names()
        taken = [name for name in (target, weight) if name is not None]
        for name in (*taken, *(columns or [])):
            if name not in names:
                raise ValueError(f"{self._paths[0]} must have the column {name!r}, got {names}.")
        self._target, self._weight = target, weight
        self._features = [name for name in names if name not in taken] if columns is None else list(columns)

    def _common_names(self):
        """Names of the columns, which are the same in all files."""
        names = None
        for path in self._paths:
            with self._open(path) as file:
                here = [name for name in file.schema_arrow.names if not name.startswith("__index_level_")]
                self._booleans_with_nulls |= _booleans_with_nulls(file)
            if names is not None and here != names:
                raise ValueError(f"Parquet files must have the same columns: {path} has {here}, others have {names}.")
            names = here
        return names

    def survey(self):
        """Yield (number of rows, X or None, target or None, weight or None) of each batch; X of the first only."""
        others = [name for name in (self._target, self._weight) if name is not None]
        first = next(self.batches(), None)
        for frame in self._frames(others) if others else self._without_columns():
            given = (None if name is None else column_of(frame, name) for name in (self._target, self._weight))
            yield len(frame), first, *given
            first = None

    def batches(self, first=None, last=None):
        """Yield X of each batch; of the features first .. last - 1 only."""
        yield from self._frames(self._features[first:last])

    def _frames(self, names):
        """Yield the columns of each batch."""
        for path in self._paths:
            with self._open(path) as file:
                if missing := [name for name in names if name not in file.schema_arrow.names]:
                    raise ValueError(
                        f"Parquet files must be the same in each pass, got one without the column {missing[0]!r} now."
                    )
                for group in range(file.num_row_groups):  # one after the other: Arrow would decode several ahead
                    for batch in file.iter_batches(MOST_ROWS, [group], names, use_threads=False):
                        yield self._frame_of(batch, names)
        self._release()  # what Arrow has freed, and keeps

    def _frame_of(self, batch, names):
        frame = batch.to_pandas(split_blocks=True)[names]
        changed = {name: object for name in names if name in self._booleans_with_nulls}
        return frame.astype(changed) if changed else frame

    def _without_columns(self):
        """Yield a range as long as each batch."""
        for path in self._paths:
            with self._open(path) as file:
                for group in range(file.num_row_groups):
                    n_rows = file.metadata.row_group(group).num_rows
                    yield from (range(min(MOST_ROWS, n_rows - start)) for start in range(0, n_rows, MOST_ROWS))


def _booleans_with_nulls(file):
    """Names of columns that pandas reads as objects where a cell is null, and as booleans elsewhere."""
    names = {field.name for field in file.schema_arrow if str(field.type) == "bool"}
    found = set()
    for group in map(file.metadata.row_group, range(file.num_row_groups if names else 0)):
        for column in map(group.column, range(group.num_columns)):
            statistics, name = column.statistics, column.path_in_schema
            if name in names and (statistics is None or statistics.null_count != 0):
                found.add(name)
    return found


def _files(path):
    """Sorted list of files."""
    found = []
    for one in [path] if isinstance(path, (str, Path)) else list(path):
        if Path(one).is_dir():
            found += sorted(Path(one).rglob("*.parquet"))
        elif Path(one).is_file():
            found.append(Path(one))
        else:
            found += sorted(map(Path, glob(str(one))))
    if not found:
        raise ParameterError(f"path must name a Parquet file, a folder or a pattern of files that exist, got {path!r}.")
    return found
