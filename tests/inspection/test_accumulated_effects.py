"""Accumulated local effects are what their definition says, written out with loops and whole predictions."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skensemble import NewtonBoostingRegressor
from skensemble.inspection import accumulated_effects
from tests.inspection.asked_models import N_ROWS, NAMES, WEIGHT, X, fitted, raw, response


def effect_of_numbers(predict, column, edges, weight):
    """Apley and Zhu (2020), equations (15) and (16), row by row."""
    rows = [i for i in range(N_ROWS) if weight[i] > 0 and not np.isnan(X[column].iloc[i])]
    interval = [next(k for k in range(len(edges) - 1) if X[column].iloc[i] <= edges[k + 1]) for i in rows]
    lower, upper = (predict(X.iloc[rows].assign(**{column: edges[np.array(interval) + k]})) for k in (0, 1))
    sums, mass = np.zeros((2, len(edges) - 1))
    for i, k, change in zip(rows, interval, upper - lower):
        sums[k] += weight[i] * change
        mass[k] += weight[i]
    values = np.append(0.0, np.cumsum(sums / mass))
    return values - np.average((values[1:] + values[:-1]) / 2, weights=mass)


def effect_of_levels(predict, column, levels, weight):
    sums, mass = np.zeros(len(levels) - 1), np.zeros(len(levels) - 1)
    place = [
        next(k for k, level in enumerate(levels) if level == cell or (cell != cell and level != level))
        for cell in X[column]
    ]
    for i in range(N_ROWS):
        row, here = X.iloc[[i]], place[i]
        for there in (here - 1, here + 1):
            if 0 <= there < len(levels):
                values = pd.Series([levels[there]], index=row.index).astype(X[column].dtype)
                change = (predict(row.assign(**{column: values})) - predict(row))[0] * (there - here)
                sums[min(here, there)] += weight[i] * change
                mass[min(here, there)] += weight[i]
    values = np.append(0.0, np.cumsum(sums / mass))
    return values - np.average(values, weights=np.bincount(place, weight, len(levels)))


def effect_of_pair(predict, columns, edges, weight):
    """Equations (17) to (20), with cells without rows as their nearest neighbours."""
    K, M = (len(each) - 1 for each in edges)
    sums, mass = np.zeros((K, M)), np.zeros((K, M))
    for i in range(N_ROWS):
        x = X[list(columns)].iloc[i].to_numpy()
        if np.isnan(x).any():
            continue
        k, m = (next(k for k in range(len(each) - 1) if x[j] <= each[k + 1]) for j, each in enumerate(edges))

        def at(a, b, i=i):
            return predict(X.iloc[[i]].assign(**{columns[0]: edges[0][a], columns[1]: edges[1][b]}))[0]

        sums[k, m] += weight[i] * (at(k + 1, m + 1) - at(k, m + 1) - at(k + 1, m) + at(k, m))
        mass[k, m] += weight[i]
    centres = [(each[1:] + each[:-1]) / 2 / (each[-1] - each[0]) for each in edges]
    steps = np.zeros((K, M))
    for k in range(K):
        for m in range(M):
            distance = (centres[0] - centres[0][k])[:, None] ** 2 + (centres[1] - centres[1][m]) ** 2
            nearest = np.unravel_index(np.argmin(np.where(mass > 0, distance, np.inf)), (K, M))
            steps[k, m] = sums[nearest] / mass[nearest]
    values = np.array([[steps[:k, :m].sum() for m in range(M + 1)] for k in range(K + 1)])
    first, second = np.zeros(K + 1), np.zeros(M + 1)
    for k in range(K):
        mean = [mass[k, m] * (values[k + 1, [m, m + 1]] - values[k, [m, m + 1]]).mean() for m in range(M)]
        first[k + 1] = first[k] + sum(mean) / mass[k].sum()
    for m in range(M):
        mean = [mass[k, m] * (values[[k, k + 1], m + 1] - values[[k, k + 1], m]).mean() for k in range(K)]
        second[m + 1] = second[m] + sum(mean) / mass[:, m].sum()
    values = values - first[:, None] - second
    total = sum(mass[k, m] * values[k : k + 2, m : m + 2].mean() for k in range(K) for m in range(M))
    return values - total / mass.sum()


@pytest.fixture(scope="module")
def model():
    return fitted("NewtonBoostingRegressor")


@pytest.mark.parametrize("column", ["size", "age"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_numbers(model, column, weight):
    effects = accumulated_effects(model, X, column, n_intervals=6, sample_weight=weight)
    expected = effect_of_numbers(model.predict, column, effects.grid[0], np.ones(N_ROWS) if weight is None else weight)
    np.testing.assert_allclose(effects.values, expected, atol=1e-12)
    assert set(effects.grid[0]) <= set(X[column])


@pytest.mark.parametrize("column", ["kind", "grade"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_levels(model, column, weight):
    effects = accumulated_effects(model, X, column, sample_weight=weight)
    expected = effect_of_levels(model.predict, column, effects.grid[0], np.ones(N_ROWS) if weight is None else weight)
    np.testing.assert_allclose(effects.values, expected, atol=1e-12)
    if column == "grade":
        assert effects.grid[0].tolist() == ["low", "mid", "top"]
    else:
        assert len(effects.grid[0]) == 5  # a, b, c, d, and missing


def test_levels_stand_beside_those_that_are_alike():
    rng = np.random.default_rng(1)
    size = rng.normal(size=300)
    middle = {"one": -2.0, "two": 0.0, "three": 2.0}
    kind = rng.choice(list(middle), 300)
    table = pd.DataFrame({"size": size + [middle[level] for level in kind], "kind": kind})
    model = NewtonBoostingRegressor(n_estimators=3, random_state=0).fit(table, size)
    order = accumulated_effects(model, table, "kind").grid[0].tolist()
    assert order in (["one", "two", "three"], ["three", "two", "one"])


@pytest.mark.parametrize("weight", [None, WEIGHT + 1], ids=["equal", "weighted"])
def test_pairs(model, weight):
    effects = accumulated_effects(model, X, ["size", "age"], n_intervals=4, sample_weight=weight)
    own = np.ones(N_ROWS) if weight is None else weight
    expected = effect_of_pair(model.predict, ["size", "age"], effects.grid, own)
    np.testing.assert_allclose(effects.values, expected, atol=1e-12)


def test_a_sum_has_no_effect_of_the_pair_and_a_product_has():
    x = np.random.default_rng(2).uniform(-1, 1, (400, 2))
    alone = NewtonBoostingRegressor(n_estimators=20, random_state=0, max_depth=1).fit(x, x.sum(axis=1))
    assert np.abs(accumulated_effects(alone, x, [0, 1], n_intervals=5).values).max() < 1e-12
    together = NewtonBoostingRegressor(n_estimators=100, learning_rate=0.3, random_state=0).fit(x, x[:, 0] * x[:, 1])
    values = accumulated_effects(together, x, [0, 1], n_intervals=5).values
    assert min(values[0, 0], values[-1, -1]) > 0.2 > -0.2 > max(values[0, -1], values[-1, 0])


@pytest.mark.parametrize("name", NAMES)
def test_every_estimator(name):
    model = fitted(name)
    for output, predict in (("raw", raw), ("response", response)):
        effects = accumulated_effects(model, X, "size", n_intervals=3, output=output)
        values = effects.values.reshape(4, -1)
        for k in range(values.shape[1]):
            of_output = partial(_predictions_of_output, predict, model, k)
            own = effect_of_numbers(of_output, "size", effects.grid[0], np.ones(N_ROWS))
            np.testing.assert_allclose(values[:, k], own, atol=1e-12)


def _predictions_of_output(predict, model, k, table):
    return predict(model, table)[:, k]


def test_cells_that_are_all_the_same_have_no_effect(model):
    for table, column in ((X.assign(size=1.0), "size"), (X.assign(kind="a"), "kind")):
        effects = accumulated_effects(model, table, column)
        assert (len(effects.grid[0]), effects.values.tolist()) == (1, [0.0])
    assert not accumulated_effects(model, X.assign(size=1.0), ["size", "age"]).values.any()


def test_tables_and_pictures(model):
    frame = accumulated_effects(model, X, "kind").to_frame()
    assert list(frame.columns) == ["kind", "effect"]
    pair = accumulated_effects(model, X, ("size", "age"), n_intervals=3)
    assert pair.to_frame().shape == (16, 3)
    assert pair.to_frame().iloc[5].tolist() == [pair.grid[0][1], pair.grid[1][1], pair.values[1, 1]]
    several = accumulated_effects(fitted("RandomForestClassifier"), X, "size", n_intervals=3)
    assert several.to_frame()["output"].tolist()[:3] == ["bad", "fair", "good"]
    for effects, drawn in ((pair, {}), (several, {}), (several, {"output": 1})):
        axes = effects.plot(**drawn)
        assert axes.get_xlabel() == "size"
    bars = accumulated_effects(model, X, "kind").plot(ax=plt.figure().gca())
    assert [label.get_text() for label in bars.get_xticklabels()].count("missing") == 1
    plt.close("all")
    with pytest.raises(ValueError, match=r"output must be an int in \[0, 2\], got 3"):
        several.plot(output=3)


def test_bad_input_is_named(model):
    with pytest.raises(ValueError, match="features must be one column, or a pair of numbers: 'kind' holds categories"):
        accumulated_effects(model, X, ["size", "kind"])
    with pytest.raises(ValueError, match="n_intervals must be an int >= 1, got 0"):
        accumulated_effects(model, X, "size", n_intervals=0)
    with pytest.raises(ValueError, match="X must have a value in column 'age', got missing cells only"):
        accumulated_effects(model, X.assign(age=np.nan), "age")
