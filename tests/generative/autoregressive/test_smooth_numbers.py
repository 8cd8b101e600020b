"""Curves of numbers: densities that integrate to 1, samples that follow them, and lines that are found."""

import numpy as np
import pandas as pd
import pytest

from skensemble import AutoregressiveForest
from skensemble.generative.autoregressive._column_cells import cells_of
from skensemble.generative.autoregressive._smooth_numbers import SmoothNumbers
from skensemble.generative.tables._format_choice import format_of

rng = np.random.default_rng(0)
N = 400
X = rng.uniform(0, 4, N)
LINE = np.where(X > 2, 3 * X, 1.0) + rng.normal(scale=0.1 + 0.1 * X, size=N)
COLUMNS = {"continuous": LINE, "rounded": np.round(LINE, 2), "skewed": np.exp(LINE / 3)}


def _fitted(values):
    series = pd.Series(values)
    column_format = format_of(series, "column", False)
    cells = cells_of(column_format, column_format.read(series), np.ones(N))
    curve = SmoothNumbers()
    curve.fit(cells, X[:, np.newaxis], [], values, np.ones(N), np.arange(N) % 3, np.arange(N) % 5 == 0)
    return curve, cells


@pytest.fixture(scope="module", params=COLUMNS)
def fitted(request):
    return _fitted(COLUMNS[request.param])


@pytest.mark.parametrize("x", [0.1, 1.9, 3.5])
def test_densities_integrate_to_one_and_samples_follow_them(fitted, x):
    curve, cells = fitted
    place = curve.place(np.array([[x]]))
    low, high = cells.low[0], cells.high[-1]
    n_grid = round((high - low) / cells.step) + 1 if cells.step else 200_000
    grid = np.linspace(low, high, n_grid)
    along = [np.repeat(each, n_grid, axis=0) for each in place]
    mass = np.exp(curve.log_density(cells, grid, *along)) * (1.0 if cells.step else (high - low) / n_grid)
    assert mass.sum() == pytest.approx(1.0, abs=0.002)
    np.testing.assert_allclose(curve.at_most(cells, grid, *along), np.cumsum(mass), atol=0.002)
    drawn = curve.draw(cells, *(np.repeat(each, 4000, axis=0) for each in place), np.random.default_rng(0))
    below = np.searchsorted(np.sort(drawn), grid + cells.step / 2) / len(drawn)
    assert np.abs(below - np.cumsum(mass)).max() < 0.03


def test_the_scale_follows_the_noise():
    curve, cells = _fitted(COLUMNS["continuous"])
    location, scale, _ = curve.place(np.array([[0.5], [3.5]]))
    ends = [cells.axis.backward(location + side * scale) for side in (-1, 1)]
    assert np.diff(ends, axis=0)[0, 1] > 1.5 * np.diff(ends, axis=0)[0, 0]


def test_a_forest_takes_the_curve_where_numbers_lie_on_one():
    table = pd.DataFrame({"x": X, "line": LINE})
    forest = AutoregressiveForest(1, condition_columns=["x"], random_state=0).fit(table)
    assert forest._chains[0][0].curve_share > 0.5
    grid = pd.DataFrame({"x": 1.0, "line": np.linspace(-10, 30, 400_001)})
    total = np.trapezoid(np.exp(forest.score_samples(grid)), grid["line"])
    assert total == pytest.approx(1.0, abs=0.002)
    drawn = forest.sample(2000, condition={"x": 3.0}, random_state=0)
    assert drawn["line"].mean() == pytest.approx(9.0, abs=0.3)
    middle_half = np.subtract(*drawn["line"].quantile([0.75, 0.25]))  # tails are those of the jump at 2, too
    assert middle_half == pytest.approx(1.349 * 0.4, abs=0.2)
