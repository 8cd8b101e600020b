"""Tables in files: CSV and Parquet, read part by part, so that a file may be larger than the memory."""

import os
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

ROWS_AT_ONCE = 100_000
SEPARATORS = {".csv": ",", ".tsv": "\t"}
COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst", ".zip")
MARKS_OF_MISSING = {
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
}  # fmt: skip


class TableFileError(ValueError):
    """A file that holds no table, or none that fits the model."""


def format_of(path):
    """ ".csv", ".tsv" or ".parquet", by the ending of a path, behind which a compression may stand."""
    suffixes = Path(path).suffixes
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes = suffixes[:-1]
    suffix = suffixes[-1].lower() if suffixes else ""
    is_compressed = len(suffixes) < len(Path(path).suffixes)
    if suffix not in SEPARATORS and (suffix != ".parquet" or is_compressed):
        raise TableFileError(f"{path} must end in .csv, .tsv or .parquet (.csv.gz and the like, too).")
    return suffix


def check_is_file(path):
    """Raise a TableFileError unless there is a file to read."""
    if not Path(path).exists():
        raise TableFileError(f"{path} is not there.")
    if Path(path).is_dir():
        raise TableFileError(f"{path} must be a file, and is a folder.")


def check_can_be_written(path):
    """Raise a TableFileError unless a file may be made at a path."""
    path = Path(path)
    if path.is_dir():
        raise TableFileError(f"{path} must be a file to write, and is a folder.")
    if not path.absolute().parent.is_dir():
        raise TableFileError(f"the folder of {path} is not there: make it first.")


def read_parts(path, columns=None, texts=None):
    """Yield the rows of a file as frames of at most ROWS_AT_ONCE rows; a file without rows is an error.

    columns : names of the columns to read, in this order; None for all
    texts : {place: texts that occur} of columns of text, which CSV files do not tell from numbers and missing cells
    """
    kind = format_of(path)
    check_is_file(path)
    parts = (
        _parquet_parts(path, columns)
        if kind == ".parquet"
        else _text_parts(path, SEPARATORS[kind], columns, texts or {})
    )
    is_empty = True
    try:
        for part in parts:
            if not len(part):
                continue
            is_empty = False
            yield part if columns is None else part[list(columns)]
    except TableFileError:
        raise
    except pd.errors.EmptyDataError:
        raise TableFileError(f"{path} is empty.") from None
    except Exception as error:  # of any kind, from readers of tables and of compressed files
        raise TableFileError(f"{path} cannot be read: {error}") from None
    if is_empty:
        raise TableFileError(f"{path} has no rows.")


def _text_parts(path, separator, columns, texts):
    first_line = pd.read_csv(path, sep=separator, nrows=1, header=None, dtype=str, keep_default_na=False).iloc[0]
    _check_first_line(path, columns, first_line.tolist())
    names = pd.read_csv(path, sep=separator, nrows=0).columns
    _check_columns(path, columns, names)
    read = names if columns is None else columns
    texts = {read[place]: levels for place, levels in texts.items() if place < len(read)}
    missing = {name: MARKS_OF_MISSING - set(texts.get(name, ())) for name in names}
    with pd.read_csv(
        path, sep=separator, chunksize=ROWS_AT_ONCE, dtype=dict.fromkeys(texts, str), na_values=missing,
        keep_default_na=False, low_memory=False,
    ) as parts:  # fmt: skip
        for part in parts:  # with `usecols`, pandas would drop what a row has beyond the columns, and say nothing
            if not isinstance(part.index, pd.RangeIndex):
                raise TableFileError(f"{path} has rows with more cells than there are names of columns.")
            yield part if columns is None else part[list(columns)]


def _check_first_line(path, columns, cells):
    """Refuse a name that is there twice, of which pandas reads the first, and a first row in the place of names."""
    for name in columns or ():
        if cells.count(name) > 1:
            raise TableFileError(f"{path} must have one column {name!r}, and has {cells.count(name)}.")
    if columns is None and cells != [str(place) for place in range(len(cells))] and all(map(_is_number, cells)):
        shown = _listed(cells)
        raise TableFileError(f"{path} must have names of columns in its first line, and has numbers there: {shown}.")


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parquet_parts(path, columns):
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise TableFileError(f"{path} needs pyarrow to be read: pip install pyarrow.") from None
    with parquet.ParquetFile(path) as file:
        _check_columns(path, columns, file.schema_arrow.names)
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=columns):
            yield batch.to_pandas()


def _check_columns(path, columns, names):
    missing = [] if columns is None else [name for name in columns if name not in set(names)]
    if missing:
        raise TableFileError(
            f"{path} must have the columns that the model was fitted to, and lacks {_listed(missing)}; it has "
            f"{_listed(names)}."
        )
    for name in columns or ():
        if list(names).count(name) > 1:
            raise TableFileError(f"{path} must have one column {name!r}, and has {list(names).count(name)}.")


def _listed(names):
    return ", ".join(map(repr, names[:5])) + ", ..." * (len(names) > 5)


@contextmanager
def table_writer(path, stream):
    """A function that appends frames to a file, or to a stream (CSV) where `path` is None.

    The file is there when all has been written; if anything goes wrong, what was there before stays.
    """
    if path is None:
        yield _text_writer(stream, ",")
        return
    if Path(path).suffix == ".zip":
        raise TableFileError(f"{path} must not be a .zip, which cannot be written part by part: take .gz.")
    kind = format_of(path)
    check_can_be_written(path)
    with _whole_file(Path(path)) as part:
        if kind == ".parquet":
            with _parquet_writer(part) as write:
                yield write
        else:
            yield _text_writer(part, SEPARATORS[kind])


@contextmanager
def _whole_file(path):
    """A path beside the file, which takes its place in the end; pipes and devices are written to directly."""
    path = path.resolve()
    if path.exists() and not path.is_file():
        yield path
        return
    part = path.with_name(f".{os.getpid()}.{path.name}")  # the ending says what is written
    try:
        yield part
        if part.exists():
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _text_writer(target, separator):
    n_parts = 0

    def write(frame):
        nonlocal n_parts
        mode = "w" if n_parts == 0 else "a"
        frame.to_csv(target, sep=separator, mode=mode, index=False, header=n_parts == 0, lineterminator="\n")
        n_parts += 1

    return write


@contextmanager
def _parquet_writer(path):
    try:
        import pyarrow as pa
        import pyarrow.parquet as parquet
    except ImportError:
        raise TableFileError(f"{path} needs pyarrow to be written: pip install pyarrow.") from None
    writers = []

    def write(frame):
        table = pa.Table.from_pandas(frame, preserve_index=False)
        if not writers:
            writers.append(parquet.ParquetWriter(path, table.schema))
        writers[0].write_table(table)

    try:
        yield write
    finally:
        for writer in writers:
            writer.close()
