"""Warnings about columns of categories that should be something else."""

import numpy as np
import pandas as pd
import pytest

from skensemble._text_columns import warn_of_levels

RNG = np.random.default_rng(0)
AMOUNTS = [str(amount) for amount in RNG.gamma(2, 500, 3000).round(2)]
NAMES = [f"name {i}" for i in range(300)]


def warn_of(values, **kwargs):
    codes, levels = pd.factorize(np.array(values, object))
    warn_of_levels(codes, levels, "column 'x'", **kwargs)


@pytest.mark.parametrize(
    ("values", "share", "others"),
    [
        ([" "] * 6 + AMOUNTS[6:], "99.8 %", "' '"),
        (["?"] * 300 + AMOUNTS[300:] + ["n/a"], "90 %", "'?', 'n/a'"),
        (AMOUNTS, "100 %", None),
        ([None] * 300 + [" "] * 6 + AMOUNTS[306:], "99.7 %", "' '"),
    ],
)
def test_numbers_read_as_text(values, share, others):
    said = "" if others is None else f", others are {others}"
    match = f"column 'x' holds text, of which {share} of the cells are numbers{said}: .*to_numeric"
    with pytest.warns(UserWarning, match=match.replace("?", r"\?")):
        warn_of(values)


@pytest.mark.parametrize("dress", ["{:,.2f}", "${:.2f}", "{:.1f} %", "{:.2f} EUR", "({:.0f})", " {:.2f}  "])
@pytest.mark.parametrize("decimal", [".", ","])
def test_numbers_with_signs_that_pandas_does_not_read(dress, decimal):
    swapped = str.maketrans(",.", ".,") if decimal == "," else {}
    amounts = [dress.format(amount).translate(swapped) for amount in RNG.integers(1000, 1100, 3000) * 1.05]
    with pytest.warns(UserWarning, match="holds text, of which 100 % of the cells are numbers: .*to_numeric"):
        warn_of(amounts)


@pytest.mark.parametrize(
    "values",
    [
        [f"row {i}" for i in range(100)],
        NAMES + NAMES[:50] * 2,  # 304 names of 398 cars
        [None] * 500 + NAMES,
    ],
)
def test_identifiers(values):
    with pytest.warns(UserWarning, match="column 'x' looks like an identifier: .*'(row|name)"):
        warn_of(values)


@pytest.mark.parametrize(
    "values",
    [
        ["0", "1", "2", "3+"] * 100,
        [f"{i:05d}" for i in RNG.integers(0, 300, 3000)],  # post codes
        [f"{a}.{b}.{c}" for a, b, c in RNG.integers(0, 9, (3000, 3))],  # versions
        [f"{a}-{b}" for a, b in RNG.integers(0, 30, (3000, 2))],  # ranges
        [f"{a:02d}.{b:02d}.2020" for a, b in RNG.integers(1, 12, (3000, 2))],  # dates
        [f"{a:02d}:{b:02d}" for a, b in RNG.integers(0, 12, (3000, 2))],
        [f"A{code}" for code in RNG.integers(0, 300, 3000)],
        [str(year) for year in RNG.integers(1950, 2020, 1000)],
        [f"street {i}" for i in RNG.zipf(1.5, 1000).clip(max=500)],
        ["a", "b", None] * 5,
        [f"level {i}" for i in range(40)],
        [f"flat {i}" for i in range(60)] + [str(i % 9) for i in range(600)],
        [None] * 40,
    ],
)
def test_ordinary_columns(values):
    warn_of(values)


def test_a_dtype_of_categories_says_that_numbers_are_some():
    warn_of([" "] * 40 + AMOUNTS[:20] * 40, is_text=False)
