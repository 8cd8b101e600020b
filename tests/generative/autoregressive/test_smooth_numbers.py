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
COLUMNS = {"continuous": LINE, "rounded": np.round(4 * LINE), "few": np.round(LINE), "skewed": np.exp(LINE / 3)}


def _fitted(values):
    series = pd.Series(values)
    column_format = format_of(series, "column", False)
    cells = cells_of(column_format, column_format.read(series), np.ones(N))
    curve = SmoothNumbers(cells)
    curve.fit(X[:, np.newaxis], [], values, np.ones(N), np.arange(N) % 3)
    return curve


@pytest.fixture(scope="module", params=COLUMNS)
def curve(request):
    return _fitted(COLUMNS[request.param])


@pytest.mark.parametrize("x", [0.1, 1.9, 3.5])
def test_densities_integrate_to_one_and_samples_follow_them(curve, x):
    location, scale = curve.place(np.array([[x]]))
    step = curve.step or (curve.high - curve.low) / 200_000
    grid = np.arange(curve.low + step / 2, curve.high, step)
    n_grid = len(grid)
    density = np.exp(curve.log_density(grid, np.repeat(location, n_grid), np.repeat(scale, n_grid)))
    mass = density * (1.0 if curve.step else step)
    assert mass.sum() == pytest.approx(1.0, abs=0.002)
    drawn = curve.draw(np.repeat(location, 4000), np.repeat(scale, 4000), np.random.default_rng(0))
    below = np.searchsorted(np.sort(drawn), grid + step / 2) / 4000
    assert np.abs(below - np.cumsum(mass)).max() < 0.03


def test_the_scale_follows_the_noise():
    curve = _fitted(COLUMNS["continuous"])
    location, scale = curve.place(np.array([[0.5], [3.5]]))
    ends = [curve.axis.backward(location + side * scale) for side in (-1, 1)]
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
