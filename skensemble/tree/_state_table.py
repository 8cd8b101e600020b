"""What a growing tree reads and writes, as one table: name, kind, shape, owner, first value and meaning of each field.

A hundred arrays passed from kernel to kernel cost minutes of compiling; a Numba structref passes one pointer.  Its
fields, the memory behind them, and which memory the threads of a team share all come from the rows of a StateTable.
"""

from typing import NamedTuple

import numpy as np

FIT = "fit"  # shared by all trees and threads of a fit; kernels only read it
CALL = "call"  # handed over with each tree
TREE = "tree"  # memory in which one tree at a time grows; shared by the threads of its team
THREAD = "thread"  # memory of one thread: of the leader, and of each of its helpers

NO_LIMIT = -1  # a limit that is not set; kernels know no None


class Field(NamedTuple):
    """One row of a StateTable."""

    name: str
    kind: object  # dtype of an array (None: any), or int, float, bool of a number
    shape: str | None  # sizes by name or number, such as "2 n_samples", "?" for any; None: a number
    owner: str  # FIT, CALL, TREE or THREAD
    initial: object  # what new memory holds; None: it is not cleared
    meaning: str

    @property
    def lengths(self):
        """List of lengths: a number, the name of a size, or None for any."""
        return [None if word == "?" else int(word) if word.isdigit() else word for word in (self.shape or "").split()]


class StateTable:
    """The fields of a state.

    name : of the state, for errors
    rows : of a Field each, in the order of the structref
    """

    def __init__(self, name, rows):
        self.name = name
        self.fields = {row[0]: Field(*row) for row in rows}
        self._lengths = {name: field.lengths for name, field in self.fields.items()}  # read once: fits may be short
        if len(self.fields) < len(rows):
            raise ValueError(f"{name} names a field twice.")

    @property
    def names(self):
        return list(self.fields)

    def new_memory(self, sizes, *owners):
        """Dict of new memory for the fields of these owners.  sizes : dict of what shapes are written in"""
        fields = [field for field in self.fields.values() if field.owner in owners]
        return {field.name: _new(field, self._shape(field, sizes)) for field in fields}

    def in_order(self, values, sizes):
        """The values of all fields, in the order of the structref; each must be there, and of its kind and shape."""
        missing, unknown = self.fields.keys() - values.keys(), values.keys() - self.fields.keys()
        if missing or unknown:
            raise ValueError(f"{self.name} lacks {sorted(missing)} and has no {sorted(unknown)}.")
        return [self._checked(field, values[field.name], sizes) for field in self.fields.values()]

    def _checked(self, field, value, sizes):
        if field.shape is None:
            return field.kind(value)
        shape = self._shape(field, sizes)
        is_alike = shape == value.shape or (
            len(shape) == value.ndim and all(n in (None, there) for n, there in zip(shape, value.shape))
        )
        if not is_alike or (field.kind is not None and value.dtype != field.kind):
            raise ValueError(
                f"{self.name}.{field.name} must be {field.kind} of {shape}, got {value.dtype} of {value.shape}."
            )
        return value

    def _shape(self, field, sizes):
        """Tuple of lengths; None for any."""
        return tuple([sizes[n] if type(n) is str else n for n in self._lengths[field.name]])


def _new(field, shape):
    if field.shape is None:
        return field.kind(field.initial)
    if field.initial is None:
        return np.empty(shape, field.kind)
    return np.zeros(shape, field.kind) if field.initial == 0 else np.full(shape, field.initial, field.kind)


def most_nodes(n_rows, max_depth, max_leaf_nodes):
    """Maximum number of nodes of a tree that is not symmetric; a limit may be NO_LIMIT."""
    most = max(1, 2 * n_rows - 1)
    if max_leaf_nodes > 0:
        most = min(most, 2 * max_leaf_nodes - 1)
    if 0 <= max_depth < 40:
        most = min(most, 2 ** (max_depth + 1) - 1)
    return most
