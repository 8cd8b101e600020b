"""Targets, weights and other numbers of all rows: in files, where there is a folder for the codes of these rows."""

import mmap
import tempfile

import numpy as np

from skensemble._mapped_arrays import let_go
from skensemble.distributed._code_store import new_codes_in_file

PIECE = 1 << 16  # numbers that are copied at a time


class RowColumn:
    """A column of all rows that comes batch by batch; None in all batches if there is none.

    name : for messages;  folder : for a file of the numbers, or None
    """

    def __init__(self, name, folder):
        self._name, self._folder = name, folder
        self._file, self._dtype, self._parts = None, None, []
        self._n_batches = self._n_missing = 0

    def add(self, part):
        """Add what a batch holds, an array-like or None."""
        self._n_batches += 1
        if part is None:
            self._n_missing += 1
            return
        part = np.asarray(part)
        if self._goes_to_file(part):
            self._write(part)
        else:
            self._parts.append(part)

    def _goes_to_file(self, part):
        is_plain = part.ndim == 1 and part.dtype.kind in "biuf" and not self._parts
        return self._folder is not None and is_plain and self._dtype in (None, part.dtype)

    def _write(self, part):
        try:
            if self._file is None:
                self._file, self._dtype = tempfile.TemporaryFile(dir=self._folder), part.dtype
            self._file.write(np.ascontiguousarray(part))
        except OSError as error:
            raise OSError(
                f"cache_dir must be a folder with space for the {self._name} of all rows, got {str(self._folder)!r}: "
                f"{error}."
            ) from error

    def joined(self):
        """The column of all rows, or None."""
        if self._n_missing == self._n_batches:
            return None
        if self._n_missing:
            n_there = self._n_batches - self._n_missing
            raise ValueError(
                f"{self._name} must be in all batches or in none, got it in {n_there} of {self._n_batches}."
            )
        written = [] if self._file is None else [self._mapped()]
        return written[0] if written and not self._parts else np.concatenate([*written, *self._parts])

    def _mapped(self):
        with self._file:
            self._file.flush()
            return np.frombuffer(mmap.mmap(self._file.fileno(), 0), self._dtype)


def in_file(array, folder):
    """The same numbers, in a file of that folder."""
    copied, _ = new_codes_in_file(array.shape, array.dtype, folder)
    for start in range(0, array.shape[-1], PIECE):
        copied[..., start : start + PIECE] = array[..., start : start + PIECE]
        let_go(copied[..., :start])
    let_go(copied)
    return copied
