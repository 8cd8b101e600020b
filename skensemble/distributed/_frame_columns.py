"""Columns of a batch by name, whatever frame it is."""

import numpy as np


def column_names(frame):
    """List of the names; an error for what has none."""
    names = getattr(frame, "column_names", None)  # of pyarrow, whose `columns` are arrays
    names = getattr(frame, "columns", None) if names is None else names
    if names is None:
        raise ValueError(f"target, weight and columns name columns of frames, got a batch of {type(frame).__name__}.")
    return list(names)


def column_of(frame, name):
    """The cells of a column."""
    return np.asarray(frame[name])


def without_columns(frame, taken, columns):
    """The frame with some columns only, or with all but those that are taken."""
    kept = [name for name in column_names(frame) if name not in taken] if columns is None else list(columns)
    return frame.select(kept) if hasattr(frame, "select") else frame[kept]
