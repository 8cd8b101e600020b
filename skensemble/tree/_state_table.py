"""What a growing tree reads and writes, as one table: name, kind, shape, owner, first value and meaning of each field.

A hundred arrays passed from kernel to kernel cost minutes of compiling; a Numba structref passes one pointer.  Its
fields, the memory behind them (`_state_memory.py`), and which memory the threads of a team share all come from the
rows of a StateTable.
"""

from typing import NamedTuple

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
    initial: object  # what new memory holds; None: whatever was there
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
        if len(self.fields) < len(rows):
            raise ValueError(f"{name} names a field twice.")


def most_nodes(n_rows, max_depth, max_leaf_nodes):
    """Maximum number of nodes of a tree that is not symmetric; a limit may be NO_LIMIT."""
    most = max(1, 2 * n_rows - 1)
    if max_leaf_nodes > 0:
        most = min(most, 2 * max_leaf_nodes - 1)
    if 0 <= max_depth < 40:
        most = min(most, 2 ** (max_depth + 1) - 1)
    return most
