"""Cells of columns: every value has its cell, comes back from it, and densities of a cell sum to 1."""

import numpy as np
import pandas as pd
import pytest

from skensemble.generative.autoregressive._column_cells import MOST_BINS, NOWHERE, cells_of
from skensemble.generative.tables._format_choice import format_of

rng = np.random.default_rng(0)
NORMAL = rng.normal(size=1000)
COLUMNS = {
    "continuous": NORMAL,
    "zeros": np.where(rng.random(1000) < 0.3, 0.0, rng.gamma(1.0, size=1000)),
    "few integers": rng.integers(0, 7, 1000),
    "many integers": rng.integers(-500, 500, 1000),
    "decimals": np.round(NORMAL, 2),
    "gaps": np.where(rng.random(1000) < 0.2, np.nan, NORMAL),
    "constant": np.full(1000, 3.25),
    "one atom in the middle": np.where(rng.random(1000) < 0.5, 0.1234567, NORMAL),
}


def _cells(values):
    series = pd.Series(values)
    column_format = format_of(series, "column", False)
    plain = column_format.read(series)
    return cells_of(column_format, plain, np.ones(len(plain))), plain


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)
def test_each_training_value_has_a_cell_and_values_of_a_cell_are_in_it(values):
    cells, plain = _cells(values)
    codes = cells.codes(plain)
    assert codes.min() >= 0
    assert np.all(cells.low <= cells.high)  # whatever rounding does to ends of bins
    assert codes.max() < cells.n_cells <= MOST_BINS + 30
    drawn = cells.values(codes, np.random.default_rng(1))
    same = np.where(np.isnan(drawn), cells.missing, cells.codes(drawn))
    np.testing.assert_array_equal(same, codes)


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)
def test_densities_of_a_cell_sum_or_integrate_to_one(values):
    cells, _ = _cells(values)
    for code in range(len(cells.low)):
        low, high = cells.low[code], cells.high[code]
        if cells.step > 0.0:
            inside = low + cells.step * np.arange(round((high - low) / cells.step) + 1)
            total = np.exp(cells.log_density(inside, np.full(len(inside), code)) + cells.unit).sum()
        else:
            density = np.exp(cells.log_density(np.array([low]), np.array([code])))[0]
            total = density * (high - low) if high > low else density
        assert total == pytest.approx(1.0)


def test_values_that_no_row_had_are_nowhere_and_have_a_density_all_the_same():
    cells, _ = _cells(np.array([0, 1, 5] * 50))
    new = np.array([2.0, -4.0, 0.5])
    np.testing.assert_array_equal(cells.codes(new), NOWHERE)
    everything = np.arange(-2000.0, 2000.0)
    assert np.exp(cells.log_density_of_new(everything)).sum() == pytest.approx(1.0, abs=0.02)


def test_levels_are_cells_and_the_missing_one_is_the_last():
    series = pd.Series(["b", "a", None, "a"])
    column_format = format_of(series, "column", False)
    cells = cells_of(column_format, column_format.read(series), np.ones(4))
    assert (cells.n_cells, cells.missing) == (3, 2)
    np.testing.assert_array_equal(cells.codes(column_format.read(pd.Series(["a", "c", None]))), [0, NOWHERE, 2])


def test_normal_scores_of_values_on_a_step_come_back():
    cells, plain = _cells(COLUMNS["decimals"])
    below, at_most = cells.scores(plain, cells.codes(plain))
    np.testing.assert_allclose(cells.of_scores((below + at_most).clip(-16, 16) / 2), plain, atol=1e-9)
