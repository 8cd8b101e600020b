"""Distributions of a column given the others: quantiles that invert the densities, and errors that name faults."""

import numpy as np
import pandas as pd
import pytest

from skensemble import AutoregressiveForest

rng = np.random.default_rng(0)
N = 400
GROUP = rng.choice(["a", "b"], N)
X = np.round(rng.uniform(0, 4, N), 2)
SMOOTH = 2 * X + (GROUP == "a") + rng.normal(scale=0.3, size=N)
TARGETS = {
    "smooth": SMOOTH,
    "decimals": np.round(SMOOTH, 1),
    "whole": np.rint(3 * SMOOTH).astype(np.int64),
    "zeros": np.where(GROUP == "b", 0.0, SMOOTH),
    "gaps": np.where(rng.random(N) < 0.2, np.nan, SMOOTH),
}
LEVELS = np.array([0.05, 0.5, 0.9])


def _fitted(target):
    table = pd.DataFrame({"y": TARGETS[target], "x": X, "group": GROUP})
    return AutoregressiveForest(condition_columns=["x", "group"], random_state=0).fit(table), table


def _below(model, row, t):
    """P(y <= t) and P(y < t) given that y is not missing, from the densities alone."""
    y, step = model._formats[0], model._cells[0].step
    grid = np.arange(-300, 301) * step if step else np.unique(np.r_[np.linspace(-6, 18, 9601), 0.0])
    grid = grid.astype(np.int64) if y.decimals == 0 else grid
    density = np.exp(model.score_samples(pd.DataFrame({"y": grid, "x": row["x"], "group": row["group"]})))
    if step:
        mass = density * (1 if y.decimals == 0 else step)
    else:
        is_atom = grid == 0.0
        middles = np.where(is_atom, 0.0, density)
        mass = middles * np.gradient(grid) + np.where(is_atom & (model._cells[0].low == 0.0).any(), density, 0.0)
    share = mass / mass.sum()
    return share[grid <= t + 1e-9].sum(), share[grid < t - 1e-9].sum()


@pytest.mark.parametrize("target", TARGETS)
def test_quantiles_invert_the_densities(target):
    model, table = _fitted(target)
    rows = table.iloc[[3, 50]]
    quantiles = model.predict_quantiles(rows, LEVELS)
    assert quantiles.shape == (2, 3)
    for k in range(2):
        for level, t in zip(LEVELS, quantiles[k], strict=True):
            at_most, below = _below(model, rows.iloc[k], t)
            assert below - 0.006 <= level <= at_most + 0.006


def test_intervals_hold_their_share_and_follow_the_rows():
    model, table = _fitted("smooth")
    low, high = model.predict_interval(table[["group", "x"]], 0.8).T  # named columns in any order, the other left out
    assert np.mean((low <= SMOOTH) & (high >= SMOOTH)) == pytest.approx(0.8, abs=0.08)
    assert np.corrcoef(low, 2 * X + (GROUP == "a"))[0, 1] > 0.95
    np.testing.assert_array_equal(model.predict_quantiles(table, 0.9), high)
    lowest, highest = model.predict_quantiles(table.head(1), [0.0, 1.0])[0]
    assert (lowest, highest) == (SMOOTH.min(), SMOOTH.max())


def test_quantiles_are_in_the_units_of_the_column():
    for target, decimals in (("decimals", 1), ("whole", 0)):
        model, table = _fitted(target)
        quantiles = model.predict_quantiles(table, LEVELS)
        np.testing.assert_array_equal(quantiles, np.round(quantiles, decimals))
        assert np.isin(quantiles[:, 1], TARGETS[target]).mean() > 0.9


def test_arrays_hold_all_columns_or_the_given_ones():
    values = np.column_stack([SMOOTH, X])
    model = AutoregressiveForest(condition_columns=[1], random_state=0).fit(values)
    np.testing.assert_array_equal(model.predict_quantiles(values), model.predict_quantiles(values[:, 1:]))
    with pytest.raises(ValueError, match="X must have 1 columns, the condition_columns, or 2 as in fit, got 3"):
        model.predict_quantiles(np.zeros((2, 3)))


def test_bad_calls_are_named():
    model, table = _fitted("smooth")
    with pytest.raises(ValueError, match="quantiles must be"):
        model.predict_quantiles(table, 1.5)
    with pytest.raises(ValueError, match="coverage must be"):
        model.predict_interval(table, 1.0)
    with pytest.raises(ValueError, match="X must hold the condition_columns, got none named"):
        model.predict_quantiles(table[["x"]])
    several = AutoregressiveForest(1, min_samples_leaf=20, random_state=0).fit(table)
    with pytest.raises(ValueError, match="condition_columns must leave one column to predict, .* got 3 columns"):
        several.predict_quantiles(table)
    names = AutoregressiveForest(1, min_samples_leaf=20, condition_columns=["x", "y"], random_state=0).fit(table)
    with pytest.raises(ValueError, match="The column to predict must hold numbers, got column 'group'"):
        names.predict_interval(table)
