"""What a fit has made of its training rows, kept for a warm start, which recognises the rows by what they hold."""

from hashlib import sha256

import numpy as np

from skensemble.tree._sparse_codes import SparseCells

CELLS_PER_BLOCK = 1 << 20


class KeptWork:
    """What a fit has made of its rows, for the next fit if this is given the same ones.

    key : value that is equal for the same rows, and for the same settings of what was made
    """

    def __init__(self, key, made):
        self._key, self._made = key, made

    def taken(self, key):
        """What was made for this key, or None.  It is kept no longer: a fit that fails would leave it changed."""
        made, self._made = self._made, None
        return made if key == self._key else None


def take_kept(estimator, key):
    """What an earlier fit of the estimator has made for this key, or None; nothing is kept from then on."""
    kept = estimator.__dict__.pop("_kept", None)
    return None if kept is None else kept.taken(key)


def digest(binner, table, arrays):
    """Bytes that are the same for the same rows, however they are held, and for the same arrays (None: not given)."""
    contents = sha256(f"{table.n_samples} {table.n_features}".encode())
    for cells in _cells(binner, table):
        contents.update(np.ascontiguousarray(cells))
    for array in arrays:
        contents.update(b"none" if array is None else f"{array.shape} {array.dtype}".encode())
        contents.update(b"" if array is None else np.ascontiguousarray(array))
    return contents.digest()


def _cells(binner, table):
    """Yield the cells of a table as a fitted binner reads them, in arrays; only those that a sparse table stores."""
    if binner.reads_sparse(table):
        yield from SparseCells.of(table)
        return
    n_rows = max(1, CELLS_PER_BLOCK // table.n_features)
    for start in range(0, table.n_samples, n_rows):
        yield binner.encode(table, start, min(start + n_rows, table.n_samples))
