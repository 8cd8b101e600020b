"""Parquet files as batches of rows: their row groups, and of these no more columns than are asked for."""

from glob import glob
from pathlib import Path

from skensemble._parameters import ParameterError
from skensemble.distributed._frame_columns import column_of


class ParquetFiles:
    """Row groups of some files, in order."""

    reads_columns = True

    def __init__(self, path, target, weight, columns):
        try:
            import pyarrow.parquet
        except ImportError:
            raise ImportError("from_parquet needs pyarrow: pip install 'skensemble[dask]'.") from None
        self._open = pyarrow.parquet.ParquetFile
        self._paths = _files(path)
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
            if names is not None and here != names:
                raise ValueError(f"Parquet files must have the same columns: {path} has {here}, others have {names}.")
            names = here
        return names

    def survey(self):
        """Yield (number of rows, X or None, target or None, weight or None) of each row group; X of the first only."""
        others, is_first = [name for name in (self._target, self._weight) if name is not None], True
        for file, group in self._row_groups():
            n_rows = file.metadata.row_group(group).num_rows
            features = self._features if is_first and n_rows else []
            frame = _read(file, group, [*features, *others]) if features or others else None
            given = (None if name is None else column_of(frame, name) for name in (self._target, self._weight))
            yield n_rows, frame[features] if features else None, *given
            is_first = is_first and n_rows == 0

    def batches(self, first=None, last=None):
        """Yield X of each row group; of the features first .. last - 1 only."""
        features = self._features[first:last]
        for file, group in self._row_groups():
            yield _read(file, group, features)[features]

    def _row_groups(self):
        for path in self._paths:
            with self._open(path) as file:
                for group in range(file.num_row_groups):
                    yield file, group


def _read(file, group, names):
    frame = file.read_row_group(group, columns=names).to_pandas()
    if missing := [name for name in names if name not in frame]:
        raise ValueError(f"Parquet files must be the same in each pass, got one without the column {missing[0]!r} now.")
    return frame


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
