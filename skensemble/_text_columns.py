"""Columns of categories that should be something else: numbers read as text, and names of the rows themselves."""

import numpy as np
import pandas as pd

from skensemble._warnings import warn

MANY_NUMBERS = 20  # distinct ones, more than an ordinary code has levels: "0", "1", "2", "3+" are categories
SHARE_OF_NUMBERS = 0.5  # of the cells
MANY_LEVELS = 100
SHARE_SEEN_ONCE = 0.75  # of the levels
MOST_ROWS_PER_LEVEL = 2.0


def warn_of_levels(codes, levels, name, is_text=True):
    """Warn about a column taken as categories by its dtype that holds numbers, or an identifier of the rows.

    codes : (n_samples,) integers, positions in `levels`, -1 where missing;  levels : (n_levels,) objects
    name : how to call the column
    is_text : whether nothing but the text says that it holds categories
    """
    if len(levels) < MANY_NUMBERS:
        return
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    if is_text and _holds_numbers(counts, levels, name):
        return
    _check_is_no_identifier(counts, levels, name)


def _holds_numbers(counts, levels, name):
    """Whether text are numbers for the most part; warns if so."""
    numbers = pd.to_numeric(pd.Series(levels, dtype=object), errors="coerce").to_numpy(np.float64, na_value=np.nan)
    is_number = np.isfinite(numbers)
    n_cells, n_numbers = counts.sum(), counts[is_number].sum()
    others = np.flatnonzero(~is_number & (counts > 0))
    are_codes = len(others) == 0 and (numbers == np.rint(numbers)).all()  # post codes, years
    if are_codes or n_numbers <= SHARE_OF_NUMBERS * n_cells or (counts[is_number] > 0).sum() <= MANY_NUMBERS:
        return False
    examples = ", ".join(repr(levels[i]) for i in others[np.argsort(-counts[others], kind="stable")][:3])
    but = f", others are {examples}" if examples else ""
    warn(
        f"{name} holds text, of which {_percent(n_numbers, n_cells)} of the cells are numbers{but}: each is a category "
        "of its own, without an order. Make it a column of numbers, for example with pandas.to_numeric(column, "
        "errors='coerce'), or name it in categorical_features if it holds categories."
    )
    return True


def _check_is_no_identifier(counts, levels, name):
    n_levels, n_once = np.count_nonzero(counts), np.count_nonzero(counts == 1)
    is_identifier = n_once >= SHARE_SEEN_ONCE * n_levels and counts.sum() < MOST_ROWS_PER_LEVEL * n_levels
    if n_levels >= MANY_LEVELS and is_identifier:
        examples = ", ".join(repr(level) for level in levels[np.argsort(counts != 1, kind="stable")][:2])
        warn(
            f"{name} looks like an identifier: {n_once} of its {n_levels} levels occur once, such as {examples}. A "
            "level that occurs once tells nothing about other rows. Leave the column out, or make columns of what its "
            "values have in common; name it in categorical_features if it holds categories."
        )


def _percent(part, whole):
    percent = 100.0 * part / whole
    return f"{percent:.0f} %" if part == whole or percent < 99.5 else f"{np.floor(10.0 * percent) / 10.0:g} %"
