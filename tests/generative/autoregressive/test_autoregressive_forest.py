"""AutoregressiveForest: densities that sum to 1, samples that look alike, and the laws of all estimators."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from skensemble import AutoregressiveForest

rng = np.random.default_rng(0)
N = 300
TABLE = pd.DataFrame(
    {
        "number": rng.normal(size=N),
        "count": rng.poisson(3, N),
        "name": rng.choice(["a", "b", "c"], N, p=[0.6, 0.3, 0.1]),
        "gap": np.where(rng.random(N) < 0.2, np.nan, np.round(rng.normal(size=N), 1)),
    }
)
TABLE["count"] += 3 * (TABLE["name"] == "a")


@pytest.fixture(scope="module")
def model():
    return AutoregressiveForest(2, random_state=0).fit(TABLE)


def test_a_column_of_names_causes_no_warning_about_classes():
    table = pd.DataFrame({"x": np.arange(30.0), "name": [f"name {k}" for k in range(30)]})
    AutoregressiveForest(1, random_state=0).fit(table)


def test_densities_of_numbers_integrate_to_one():
    fitted = AutoregressiveForest(random_state=0).fit(TABLE[["number"]])
    grid = pd.DataFrame({"number": np.linspace(-30, 30, 200_001)})
    total = np.trapezoid(np.exp(fitted.score_samples(grid)), grid["number"])
    assert total == pytest.approx(1.0, abs=0.002)


def test_numbers_near_the_largest_float_have_a_density():
    X = np.where(np.random.default_rng(0).normal(size=(60, 2)) > 0.0, 1.7e308, -1.7e308)
    model = AutoregressiveForest(random_state=0).fit(X)
    assert np.isfinite(model.score_samples(X)).all()
    assert np.isin(model.sample(9), [-1.7e308, 1.7e308]).all()


def test_decimals_of_single_precision_have_cells_of_their_own():
    X = pd.DataFrame({"price": np.round(np.random.default_rng(0).uniform(0.0, 50.0, 200), 2)})
    single, double = (AutoregressiveForest(1, random_state=0).fit(X.astype(dtype)) for dtype in ("f4", "f8"))
    np.testing.assert_array_equal(single.score_samples(X.astype("f4")), double.score_samples(X))
    drawn = single.sample(50, random_state=0)["price"]
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn, double.sample(50, random_state=0)["price"].astype("f4"))


def test_densities_of_whole_numbers_and_levels_sum_to_one():
    fitted = AutoregressiveForest(random_state=0).fit(TABLE[["count", "name"]])
    everything = pd.DataFrame([(k, name) for k in range(-150, 170) for name in "abc"], columns=["count", "name"])
    assert np.exp(fitted.score_samples(everything)).sum() == pytest.approx(1.0, abs=0.002)


def test_densities_of_decimals_with_gaps_sum_to_one():
    fitted = AutoregressiveForest(random_state=0).fit(TABLE[["gap"]])
    numbers = pd.DataFrame({"gap": np.round(np.arange(-300, 301) / 10, 1)})
    missing = pd.DataFrame({"gap": [np.nan]})
    total = 0.1 * np.exp(fitted.score_samples(numbers)).sum() + np.exp(fitted.score_samples(missing))[0]
    assert total == pytest.approx(1.0, abs=0.002)


@pytest.mark.parametrize("number", ["count", "number"])
def test_densities_of_three_columns_of_every_kind_sum_to_one(number):
    table = TABLE[["name", number]].assign(gap=TABLE["gap"].round())
    fitted = AutoregressiveForest(2, random_state=0).fit(table)
    step = 1.0 if number == "count" else 0.01
    numbers = np.arange(-15, 31) if number == "count" else np.arange(-7, 7, step)
    everything = pd.MultiIndex.from_product([list("abc"), numbers, [*np.arange(-5.0, 6.0), np.nan]], names=list(table))
    density = np.exp(fitted.score_samples(everything.to_frame(index=False)))
    assert step * density.sum() == pytest.approx(1.0, abs=0.002)


def test_shares_of_levels_values_and_missing_cells_are_within_sampling_error(model):
    n_drawn = 6000
    drawn = model.sample(n_drawn, random_state=2)
    for name in ("name", "count", "gap"):
        values = TABLE[name].round() if name == "gap" else TABLE[name]
        real = values.value_counts(normalize=True, dropna=False)
        made = drawn[name].round() if name == "gap" else drawn[name]
        made = made.value_counts(normalize=True, dropna=False).reindex(real.index, fill_value=0.0)
        error = np.sqrt(real * (1 - real) * (1 / N + 1 / n_drawn))
        assert (np.abs(made - real) < 3.5 * error).all()


def test_rows_that_fit_did_not_see_have_a_density(model):
    new = pd.DataFrame({"number": [40.0], "count": [-3], "name": ["z"], "gap": [0.05]})
    assert np.isfinite(model.score_samples(new)).all()


def test_samples_look_like_the_rows(model):
    drawn = model.sample(3000, random_state=1)
    assert drawn.dtypes.equals(TABLE.dtypes)
    assert ks_2samp(drawn["number"], TABLE["number"]).statistic < 0.1
    assert abs(drawn["gap"].isna().mean() - TABLE["gap"].isna().mean()) < 0.05
    shares = drawn["name"].value_counts(normalize=True)
    np.testing.assert_allclose(shares, TABLE["name"].value_counts(normalize=True)[shares.index], atol=0.05)
    means, real = drawn.groupby("name")["count"].mean(), TABLE.groupby("name")["count"].mean()
    assert means["a"] - means["b"] == pytest.approx(real["a"] - real["b"], abs=0.8)


def test_a_weight_is_a_number_of_copies():
    weight = np.arange(N) % 3
    weighted = AutoregressiveForest(2, random_state=0).fit(TABLE, sample_weight=weight)
    copies = TABLE.loc[np.repeat(np.arange(N), weight)].reset_index(drop=True)
    repeated = AutoregressiveForest(2, random_state=0, n_jobs=2).fit(copies)
    np.testing.assert_array_equal(weighted.score_samples(TABLE), repeated.score_samples(TABLE))


def test_the_order_of_the_rows_does_not_matter(model):
    order = np.random.default_rng(1).permutation(N)
    other = AutoregressiveForest(2, random_state=0).fit(TABLE.iloc[order])
    np.testing.assert_array_equal(other.score_samples(TABLE), model.score_samples(TABLE))


def test_known_cells_are_kept_and_heeded(model):
    drawn = model.sample(400, condition={"name": "a"}, random_state=0)
    assert (drawn["name"] == "a").all()
    real = TABLE.groupby("name")["count"].mean()
    assert abs(drawn["count"].mean() - real["a"]) < abs(drawn["count"].mean() - real["b"])


def test_known_cells_of_late_columns_are_heeded_too():
    fitted = AutoregressiveForest(1, order=["name", "count"], random_state=0).fit(TABLE[["name", "count"]])
    few, many = (fitted.sample(400, condition={"count": k}, random_state=0)["name"] for k in (1, 7))
    assert (few == "a").mean() + 0.3 < (many == "a").mean()


def test_a_known_cell_on_a_thin_line_finds_the_other():
    x = rng.uniform(0, 4, 600)
    table = pd.DataFrame({"half": x, "whole": 2 * x + rng.normal(scale=0.01, size=600)})
    fitted = AutoregressiveForest(4, random_state=0).fit(table)
    for name, value, other in (("whole", 2.0, 1.0), ("half", 1.0, 2.0)):
        drawn = fitted.sample(200, condition={name: value}, random_state=0).drop(columns=name).to_numpy()
        assert np.median(drawn) == pytest.approx(other, abs=0.1 * other)


def test_missing_known_cells_are_drawn(model):
    drawn = model.sample(3, condition={"count": [2, np.nan, 2]}, random_state=0)
    assert drawn["count"].tolist()[::2] == [2, 2]
    assert drawn["count"].dtype == TABLE["count"].dtype
    given = pd.DataFrame({"name": ["a", None, "b"]})
    names = model.sample(3, condition=given, random_state=0)["name"]
    assert names[0] == "a"
    assert names[1] in ("a", "b", "c")


def test_imputation_fills_gaps_and_keeps_the_rest(model):
    filled, again = model.impute(TABLE, n_imputations=2, random_state=0)
    assert not filled["gap"].isna().any()
    known = TABLE["gap"].notna()
    pd.testing.assert_frame_equal(filled[known], TABLE[known])
    assert (filled.loc[~known, "gap"] != again.loc[~known, "gap"]).any()


def test_labels_are_conditions():
    X, y = TABLE[["count"]], TABLE["name"]
    fitted = AutoregressiveForest(random_state=0).fit(X, y)
    drawn, labels = fitted.sample_labeled(2000, random_state=0)
    assert drawn["count"][labels == "a"].mean() > drawn["count"][labels == "b"].mean() + 1.5
    joint = np.logaddexp.reduce([fitted.score_samples(X, np.full(N, c)) + np.log((y == c).mean()) for c in "abc"])
    np.testing.assert_allclose(fitted.score_samples(X), joint)
    labelled = fitted.sample(5, y="b", random_state=0)
    assert len(labelled) == 5


def test_condition_columns_are_given_and_not_modelled():
    fitted = AutoregressiveForest(condition_columns=["name"], random_state=0).fit(TABLE[["count", "name"]])
    for name in "ab":
        grid = pd.DataFrame({"count": np.arange(-150, 170), "name": name})
        assert np.exp(fitted.score_samples(grid)).sum() == pytest.approx(1.0, abs=0.002)
    with pytest.raises(ValueError, match="condition must hold all condition_columns, got none for columns"):
        fitted.sample(3)


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"only": ["level"] * 20}),
        pd.DataFrame({"all missing": [np.nan] * 20, "constant": [1.5] * 20}),
        pd.DataFrame({"id": [f"id{i}" for i in range(60)], "number": np.arange(60.0)}),
        pd.DataFrame({"one row": [3]}),
    ],
    ids=["one level", "all missing", "ids", "one row"],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_odd_tables_work(table):
    fitted = AutoregressiveForest(random_state=0).fit(table)
    assert fitted.sample(4).shape == (4, table.shape[1])
    assert np.isfinite(fitted.score_samples(table)).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"order": ["name"]}, "order must name each of the 4 columns once"),
        ({"condition_columns": list(TABLE)}, "condition_columns must leave a column to model"),
        ({"min_samples_leaf": 0}, "min_samples_leaf must be"),
    ],
)
def test_bad_parameters_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        AutoregressiveForest(**params).fit(TABLE)


def test_bad_arguments_are_named(model):
    with pytest.raises(ValueError, match="n_samples must be"):
        model.sample(0)
    with pytest.raises(ValueError, match="y must be None for a model that was fitted without labels"):
        model.sample(2, y="a")
    with pytest.raises(ValueError, match="must have 3 values"):
        model.sample(3, condition={"count": [1, 2]})
    with pytest.raises(ValueError, match="condition must be a dict or a table with column names"):
        model.sample(1, condition=np.zeros((1, 2)))
    with pytest.raises(ValueError, match="random_state must be"):
        model.impute(TABLE, random_state="x")
    with pytest.raises(ValueError, match="must be finite"):
        AutoregressiveForest().fit([[np.inf], [1.0]])


@pytest.mark.parametrize("decimals", [1, 3])
def test_rounded_numbers_of_few_rows_are_as_likely_as_plain_ones(decimals):
    """Of 90 rows no value is there twice: new rows have new values."""
    X = pd.DataFrame({"x": np.random.default_rng(1).normal(size=120)})
    scores = [AutoregressiveForest(1, random_state=0).fit(x[:90]).score(x[90:]) for x in (X, X.round(decimals))]
    assert scores[1] > scores[0] - 0.6
