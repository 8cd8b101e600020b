"""Columns of categories that should be something else: numbers read as text, and names of the rows themselves."""

import re

import numpy as np
import pandas as pd

from skensemble._warnings import warn

MANY_NUMBERS = 20  # distinct ones, more than an ordinary code has levels: "0", "1", "2", "3+" are categories
SHARE_OF_NUMBERS = 0.5  # of the cells
DRESSED_NUMBER = re.compile(  # $1,234.50  1.234,50 EUR  12,5  (35)  7 %
    r"\(?\s*[$\u20ac\u00a3\u00a5]?\s*[-+]?(\d+|\d{1,3}([.,'\u2019]\d{3})+)([.,]\d+)?\s*([%$\u20ac\u00a3\u00a5]|[A-Z]{3})?\s*\)?"
)
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
    is_plain = np.isfinite(numbers)
    is_number = is_plain | np.array([_is_dressed_number(level) for level in levels])
    n_cells, n_numbers = counts.sum(), counts[is_number].sum()
    others = np.flatnonzero(~is_number & (counts > 0))
    are_codes = len(others) == 0 and is_plain.all() and (numbers == np.rint(numbers)).all()  # post codes, years
    if are_codes or n_numbers <= SHARE_OF_NUMBERS * n_cells or (counts[is_number] > 0).sum() <= MANY_NUMBERS:
        return False
    but = f", others are {_examples(levels, others, counts)}" if len(others) > 0 else ""
    warn(
        f"{name} holds text, of which {_percent(n_numbers, n_cells)} of the cells are numbers{but}: each is a category "
        f"of its own, without an order. {_advice(levels, np.flatnonzero(is_number & ~is_plain), counts)}, or name it "
        "in categorical_features if it holds categories."
    )
    return True


def _is_dressed_number(level):
    return isinstance(level, str) and DRESSED_NUMBER.fullmatch(level.strip()) is not None


def _advice(levels, dressed, counts):
    """How the numbers are read; `dressed` are positions of levels with signs that pandas does not read."""
    if not (counts[dressed] > 0).any():
        return "Make it a column of numbers, for example with pandas.to_numeric(column, errors='coerce')"
    return (
        f"Take away what pandas does not read as numbers, as in {_examples(levels, dressed, counts)}, by "
        "column.str.replace, and make it a column of numbers by pandas.to_numeric(..., errors='coerce')"
    )


def _examples(levels, places, counts):
    """The most frequent three of some levels."""
    return ", ".join(repr(levels[i]) for i in places[np.argsort(-counts[places], kind="stable")][:3])


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
