"""TableEncoder: every dtype comes back, densities are in the units of the data, and nothing is lost on the way."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from scipy.stats import ks_2samp, norm
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skensemble.generative.tables._boxes import log_mean_density
from skensemble.generative.tables._number_axis import MonotoneSpline
from skensemble.generative.tables._tabular import TableEncoder

N = 60
RNG = np.random.default_rng(0)
INTEGERS = RNG.integers(0, 100, N)
FLOATS = RNG.normal(size=N)
PRICES = np.round(RNG.lognormal(3, 1, N), 2)
WORDS = RNG.choice(["red", "green", "blue"], N)
IS_MISSING = RNG.random(N) < 0.2
NUMERIC = pytest.mark.parametrize("numeric", ["standard", "quantile", "auto"])
CATEGORICAL = pytest.mark.parametrize("categorical", ["digits", "codes"])


def _with_missing(values, marker=None):
    return [marker if is_missing else value for value, is_missing in zip(list(values), IS_MISSING)]


def _series(values, dtype, missing=False):
    return pd.Series(_with_missing(values) if missing else list(values), dtype=dtype)


def _arrow(arrow_type):
    return pd.ArrowDtype(arrow_type)


WIDE = np.array([2**62 + 1, -(2**61) - 3, 7, 2**53 + 1, -(2**62) + 5])  # no float64 holds them
DATES = pd.date_range("2020-01-01", periods=N, freq="D").as_unit("us")  # nanoseconds in pandas 2
NANOSECONDS = pd.DatetimeIndex(10**18 + RNG.integers(0, 2**52, N))  # exact within 104 days
MOMENTS = pd.DatetimeIndex(RNG.integers(0, 10**15, N).view("M8[us]"))
ORDERED = pd.CategoricalDtype(["blue", "unused", "green", "red"], ordered=True)

COLUMNS = {
    **{dtype: _series(INTEGERS, dtype) for dtype in ("int8", "int16", "int32", "int64")},
    **{dtype: _series(INTEGERS, dtype) for dtype in ("uint8", "uint16", "uint32", "uint64")},
    "sparse int64": pd.Series(pd.arrays.SparseArray(INTEGERS % 3)),
    "sparse uint8": pd.Series(pd.arrays.SparseArray(INTEGERS.astype("uint8"), fill_value=1)),
    "negative int8": _series(INTEGERS - 100, "int8"),
    "large int64": pd.Series(INTEGERS + (2**62 + 12345)),
    "wide int64": pd.Series(WIDE[INTEGERS % 5]),
    "wide Int64, missing": _series(WIDE[INTEGERS % 5], "Int64", True),
    "wide uint64": pd.Series(WIDE.view(np.uint64)[INTEGERS % 5]),
    "object of wide ints, missing": pd.Series(_with_missing(WIDE[INTEGERS % 5].tolist()), dtype=object),
    "nanoseconds of years": pd.Series(pd.DatetimeIndex(NANOSECONDS[:5].asi8 % 2**60)[INTEGERS % 5]),
    "large uint64": pd.Series(INTEGERS.astype(np.uint64) + np.uint64(2**64 - 200)),
    "float64": pd.Series(FLOATS),
    "float32": pd.Series(FLOATS.astype(np.float32)),
    "float16": pd.Series(FLOATS.astype(np.float16)),
    "prices": pd.Series(PRICES),
    "float32 prices": pd.Series(PRICES.astype(np.float32)),
    "whole floats, missing": pd.Series(np.where(IS_MISSING, np.nan, INTEGERS)),
    "float32, missing": pd.Series(np.where(IS_MISSING, np.nan, PRICES).astype(np.float32)),
    "bool": pd.Series(INTEGERS > 50),
    **{f"{dtype}, missing": _series(INTEGERS, dtype, True) for dtype in ("Int64", "UInt8", "Float64", "Float32")},
    "boolean, missing": _series(INTEGERS > 50, "boolean", True),
    "string, missing": _series(WORDS, "string", True),
    "str": pd.Series(WORDS, dtype="str"),
    "str, missing": _series(WORDS, "str", True),
    "object": _series(WORDS, object),
    "object, None": _series(WORDS, object, True),
    "object, NaN": pd.Series(_with_missing(WORDS, np.nan), dtype=object),
    "object of ints": _series(INTEGERS, object),
    "object of ints, None": pd.Series(_with_missing(INTEGERS.tolist()), dtype=object),
    "object of ints, NaN": pd.Series(_with_missing(INTEGERS.tolist(), np.nan), dtype=object),
    "object of ints, NA": pd.Series(_with_missing(INTEGERS.tolist(), pd.NA), dtype=object),
    "object of floats, None": pd.Series(_with_missing(FLOATS.tolist()), dtype=object),
    "category": _series(WORDS, "category"),
    "ordered category, missing": _series(WORDS, ORDERED, True),
    "category of numbers": _series(INTEGERS // 20, "category"),
    "category of dates": pd.Series(pd.Categorical(DATES[INTEGERS // 20])),
    "days": pd.Series(DATES.as_unit("s")),
    "nanoseconds": pd.Series(NANOSECONDS),
    "microseconds": pd.Series(MOMENTS),
    "dates, missing": pd.Series(pd.DatetimeIndex(_with_missing(DATES, pd.NaT))),
    "dates of a time zone": pd.Series(pd.date_range("2020-03-20", periods=N, freq="7h", tz="Europe/Berlin")),
    "durations": pd.Series(pd.to_timedelta(INTEGERS, unit="min")),
    "durations, missing": pd.Series(pd.TimedeltaIndex(_with_missing(pd.to_timedelta(INTEGERS, unit="s"), pd.NaT))),
    "arrow int": _series(INTEGERS, _arrow(pa.int16()), True),
    "arrow double": _series(FLOATS, _arrow(pa.float64()), True),
    "arrow float": pd.Series(PRICES.astype(np.float32)).astype(_arrow(pa.float32())),
    "arrow string": _series(WORDS, _arrow(pa.string()), True),
    "arrow bool": _series(INTEGERS > 50, _arrow(pa.bool_()), True),
    "arrow dictionary": pd.Series(
        pd.arrays.ArrowExtensionArray(pa.array(_with_missing(WORDS), pa.string()).dictionary_encode())
    ),
    "arrow decimal": _series([Decimal(f"{price:.2f}") for price in PRICES], _arrow(pa.decimal128(12, 2)), True),
    "arrow date": pd.Series(DATES.as_unit("s")).astype(_arrow(pa.date32())),
    "arrow timestamp": pd.Series(DATES.tz_localize("UTC").as_unit("us")).astype(_arrow(pa.timestamp("us", "UTC"))),
    "arrow duration": _series(pd.to_timedelta(INTEGERS, unit="h"), _arrow(pa.duration("ms")), True),
    "sparse": pd.Series(np.where(INTEGERS < 70, 0.0, FLOATS)).astype(pd.SparseDtype(float, 0.0)),
}


def _mixed_table(n_rows=2000, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.integers(17, 91, n_rows)
    gain = np.where(rng.random(n_rows) < 0.9, 0, rng.lognormal(8, 1, n_rows).astype(int))
    return pd.DataFrame(
        {
            "age": age,
            "gain": gain,
            "price": np.round(rng.lognormal(3, 1, n_rows), 2),
            "ratio": rng.beta(2, 5, n_rows),
            "score": np.where(rng.random(n_rows) < 0.1, np.nan, rng.normal(age / 20, 1.0)),
            "job": rng.choice(["clerk", "chef", "pilot", "nurse"], n_rows, p=[0.5, 0.3, 0.15, 0.05]),
            "city": pd.Categorical(np.char.add("c", rng.integers(0, 300, n_rows).astype(str))),
            "member": rng.random(n_rows) < 0.3,
            "since": pd.Timestamp("2001-01-01") + pd.to_timedelta(rng.integers(0, 9000, n_rows), unit="D"),
        }
    )


# -- there and back --------------------------------------------------------------------------------------------------


@NUMERIC
@pytest.mark.parametrize("series", COLUMNS.values(), ids=COLUMNS)
def test_every_dtype_comes_back(series, numeric):
    X = series.to_frame("x")
    encoder = TableEncoder(numeric=numeric, categorical="digits" if numeric == "standard" else "codes").fit(X)
    Z = encoder.transform(X)
    assert Z.dtype == np.float64
    assert np.isfinite(Z).all()
    assert_frame_equal(encoder.inverse_transform(Z), X, rtol=1e-3 if X.dtypes.iloc[0] == np.float16 else 1e-6)


@NUMERIC
@CATEGORICAL
def test_a_mixed_table_comes_back_and_so_do_draws_from_its_boxes(numeric, categorical):
    X = _mixed_table()
    encoder = TableEncoder(numeric=numeric, categorical=categorical).fit(X)
    assert_frame_equal(encoder.inverse_transform(encoder.transform(X)), X)
    discrete = X.drop(columns=["ratio", "score"])
    drawn = encoder.inverse_transform(encoder.dequantized(X, 0))
    assert_frame_equal(drawn[discrete.columns], discrete)
    assert_array_equal(drawn["score"].isna(), X["score"].isna())
    assert_allclose(drawn[["ratio", "score"]], X[["ratio", "score"]])


def test_arrays_come_back_as_arrays():
    for X in (INTEGERS.reshape(-1, 3), FLOATS.reshape(-1, 3).astype(np.float32), WORDS.reshape(-1, 3)):
        restored = TableEncoder().fit(X).inverse_transform(TableEncoder().fit_transform(X))
        assert restored.dtype == X.dtype
        assert_array_equal(restored, X)
    rows = [[1, "a"], [2, "b"], [5, "a"]]
    encoder = TableEncoder().fit(rows)
    assert encoder.inverse_transform(encoder.transform(rows)).tolist() == rows


def test_labels_that_are_no_strings_come_back():
    X = pd.DataFrame(FLOATS.reshape(-1, 3), columns=pd.Index([7, 5, 6], name="labels"))
    encoder = TableEncoder().fit(X)
    assert_frame_equal(encoder.inverse_transform(encoder.transform(X)), X)


def test_polars_frames_come_back():
    X = pl.DataFrame(
        {
            "number": FLOATS,
            "integer": pl.Series(_with_missing(INTEGERS.tolist()), dtype=pl.Int16),
            "word": _with_missing(WORDS.tolist()),
            "category": pl.Series(WORDS.tolist(), dtype=pl.Categorical),
            "enum": pl.Series(WORDS.tolist()[::-1], dtype=pl.Enum(["red", "green", "blue", "black"])),
            "flag": pl.Series(_with_missing((INTEGERS > 50).tolist())),
            "date": DATES.date.tolist(),
        }
    )
    encoder = TableEncoder().fit(X)
    restored = encoder.inverse_transform(encoder.transform(X))
    assert restored.schema == X.schema
    assert restored.drop("number").equals(X.drop("number"))
    assert_allclose(restored["number"], X["number"])


def test_pyarrow_tables_come_back():
    X = pa.table(
        {
            "number": pa.array(_with_missing(PRICES.tolist())),
            "word": pa.array(_with_missing(WORDS.tolist())).dictionary_encode(),
            "day": pa.array(DATES.date.tolist()),
            "integer": pa.array(INTEGERS, pa.uint8()),
        }
    )
    encoder = TableEncoder().fit(X)
    restored = encoder.inverse_transform(encoder.transform(X))
    assert restored.schema == X.schema
    assert restored.to_pylist() == X.to_pylist()


def test_any_numbers_decode_to_possible_rows():
    X = _mixed_table()
    for numeric in ("standard", "quantile"):
        encoder = TableEncoder(numeric=numeric).fit(X)
        Z = np.random.default_rng(1).normal(scale=20.0, size=(500, encoder.n_encoded_))
        decoded = encoder.inverse_transform(Z)
        assert_array_equal(decoded.dtypes, X.dtypes)
        numbers = ["age", "gain", "price", "ratio", "since"]
        assert (decoded[numbers] >= X[numbers].min()).all(axis=None)
        assert (decoded[numbers] <= X[numbers].max()).all(axis=None)
        assert_array_equal(decoded["price"], decoded["price"].round(2))
        assert set(decoded["city"]) <= set(X["city"])
        assert decoded.notna().drop(columns="score").all(axis=None)


def test_unbounded_numbers_stop_at_the_dtype():
    X = pd.DataFrame({"i": np.arange(5, 25, dtype=np.uint8), "f": FLOATS[:20]})
    encoder = TableEncoder(bounded=False).fit(X)
    decoded = encoder.inverse_transform([[-50.0, 50.0], [1e6, -1e6]])
    assert decoded["i"].tolist() == [0, 255]
    assert decoded["f"].iloc[0] > X["f"].max()
    assert decoded["f"].iloc[1] < X["f"].min()


def test_no_rows_decode_to_an_empty_table():
    X = _mixed_table(100)
    decoded = TableEncoder().fit(X).inverse_transform(np.empty((0, TableEncoder().fit(X).n_encoded_)))
    assert_array_equal(decoded.dtypes, X.dtypes)
    assert len(decoded) == 0


# -- marginals -------------------------------------------------------------------------------------------------------


def test_encoded_columns_have_about_unit_variance():
    X = _mixed_table()
    numbers = X[["age", "price", "ratio", "gain"]]
    assert_allclose(TableEncoder().fit_transform(numbers).var(axis=0), 1.0, atol=0.01)
    in_ranks = TableEncoder(numeric="quantile").fit_transform(numbers).var(axis=0)
    assert_allclose(in_ranks[:3], 1.0, atol=0.03)
    assert in_ranks[3] > 0.3  # nine tenths of it are zeros
    drawn = TableEncoder().fit(X[["job"]]).dequantized(X[["job"]], 0)
    assert ((drawn.var(axis=0) > 0.5) & (drawn.var(axis=0) < 1.2)).all()


def test_normal_noise_decodes_to_the_marginal():
    X = _mixed_table()[["age", "gain", "price", "ratio"]]
    encoder = TableEncoder(numeric="quantile").fit(X)
    Z = np.random.default_rng(2).normal(size=(len(X), 4))
    decoded = encoder.inverse_transform(Z)
    for name in X:
        assert ks_2samp(decoded[name], X[name]).statistic < 0.06


def test_quantiles_are_those_of_a_normal_distribution():
    Z = TableEncoder(numeric="quantile").fit_transform(np.random.default_rng(0).lognormal(0, 2, (3000, 1)))
    assert_allclose(np.quantile(Z, [0.05, 0.3, 0.5, 0.9]), norm.ppf([0.05, 0.3, 0.5, 0.9]), atol=0.05)


@NUMERIC
def test_zeros_survive_noise(numeric):
    rng = np.random.default_rng(0)
    X = np.where(rng.random(2000) < 0.6, 0.0, rng.lognormal(2, 1.5, 2000))[:, None]
    encoder = TableEncoder(numeric=numeric).fit(X)
    Z = encoder.transform(X)
    decoded = encoder.inverse_transform(Z + rng.normal(scale=0.02, size=Z.shape))
    assert abs((decoded == 0).mean() - (X == 0).mean()) < 0.02
    assert decoded[X == 0].max() == 0.0


def test_a_column_of_few_values_decodes_to_these():
    X = RNG.choice([0.125, 0.5, 7.75], (400, 1))
    encoder = TableEncoder().fit(X)
    assert set(np.unique(encoder.inverse_transform(np.linspace(-9, 9, 500)[:, None]))) == {0.125, 0.5, 7.75}


def test_reflection_piles_nothing_up_at_the_ends():
    X = np.random.default_rng(0).random((1000, 1))
    encoder = TableEncoder().fit(X)
    decoded = encoder.inverse_transform(encoder.transform(X) + np.random.default_rng(1).normal(size=X.shape))
    assert len(np.unique(decoded)) > 990
    assert X.min() <= decoded.min() <= decoded.max() <= X.max()


@CATEGORICAL
def test_columns_of_categories_are_named(categorical):
    encoder = TableEncoder(categorical=categorical).fit(pd.DataFrame({"w": WORDS, "i": INTEGERS}))
    named = {"digits": ["w_digit0", "w_digit1", "i"], "codes": ["w", "i"]}
    assert encoder.get_feature_names_out().tolist() == named[categorical]


def test_levels_on_an_axis_take_their_share_of_a_normal_distribution():
    shares = {"rare": 0.01, "common": 0.6, "usual": 0.3, "some": 0.09}
    X = pd.DataFrame({"level": np.repeat(list(shares), [round(10_000 * share) for share in shares.values()])})
    encoder = TableEncoder(categorical="codes").fit(X)
    decoded = encoder.inverse_transform(np.random.default_rng(0).normal(size=(50_000, 1)))
    for level, share in decoded["level"].value_counts(normalize=True).items():
        assert share == pytest.approx(shares[level], rel=0.1)
    boxes = encoder.boxes(pd.DataFrame({"level": list(shares)}))
    exact = log_mean_density(lambda Z, rows: norm.logpdf(Z).sum(axis=1), boxes, 8)
    assert_allclose(exact, np.log(list(shares.values())), atol=0.05)


def test_alike_levels_are_neighbours():
    rng = np.random.default_rng(0)
    place = rng.integers(0, 12, 6000)
    levels = rng.permutation([f"level {i}" for i in range(12)])
    X = pd.DataFrame({
        "level": levels[place],
        "number": place + rng.normal(size=6000),
        "group": np.char.add("g", (place // 4).astype(str)),
    })  # fmt: skip
    encoder = TableEncoder(categorical="codes").fit(X)
    cells = pd.DataFrame({"level": levels, "number": 0.0, "group": "g0"})
    found = np.argsort(encoder.transform(cells)[:, encoder.encoded_columns_of("level")][:, 0])
    assert found.tolist() in (list(range(12)), list(range(11, -1, -1)))


def test_ordered_levels_keep_their_order_on_an_axis():
    X = pd.DataFrame({"size": _series(WORDS, ORDERED), "number": FLOATS})
    encoder = TableEncoder(categorical="codes").fit(X)
    cells = pd.DataFrame({"size": pd.Series(["blue", "green", "red"], dtype=ORDERED), "number": 0.0})
    assert (np.diff(encoder.transform(cells)[:, 0]) > 0).all()


def test_cells_on_an_axis_that_are_not_missing_go_to_a_neighbour():
    X = pd.DataFrame({"w": _series(WORDS, object, True), "number": FLOATS})
    encoder = TableEncoder(categorical="codes").fit(X)
    Z = np.column_stack([np.linspace(-4, 4, 400), np.zeros(400)])
    assert encoder.inverse_transform(Z)["w"].isna().any()
    complete = encoder.inverse_transform(Z, is_complete=True)["w"]
    assert set(complete) == {"red", "green", "blue"}
    assert (complete != complete.shift()).sum() == 3  # each level is one interval still


def test_thousand_levels_take_ten_columns():
    levels = np.array([f"level {i}" for i in range(1000)])
    X = levels[np.random.default_rng(0).integers(0, 1000, (5000, 1))]
    X[:1000, 0] = levels
    encoder = TableEncoder().fit(X)
    assert encoder.n_encoded_ == 10
    assert_array_equal(encoder.inverse_transform(encoder.transform(X)), X)
    assert_array_equal(encoder.inverse_transform(encoder.dequantized(X, 0)), X)


# -- calibration -----------------------------------------------------------------------------------------------------


@CATEGORICAL
def test_what_a_model_draws_is_decoded_to_the_shares_of_fit(categorical):
    rng = np.random.default_rng(0)
    n = 4000
    X = pd.DataFrame({
        "level": rng.choice(list("abcde"), n, p=[0.5, 0.3, 0.15, 0.04, 0.01]),
        "flag": rng.random(n) < 0.02,
        "whole": rng.integers(0, 60, n),
        "few": rng.poisson(1.0, n),
        "amount": np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(size=n)),
        "usual": rng.normal(size=n),
    })  # fmt: skip
    encoder = TableEncoder(categorical=categorical, numeric="auto").fit(X)
    raw = encoder.transform(X)

    def drawn(seed):  # of a model that is too narrow, and not in the middle
        rows = X.sample(n, replace=True, random_state=seed)
        Z = encoder.dequantized(rows, seed)
        Z[:, :-1] = 0.7 * Z[:, :-1] + 0.2 + 0.1 * np.random.default_rng(seed).normal(size=Z[:, :-1].shape)
        return Z

    generated, more = drawn(1), drawn(2)
    decoded = encoder.calibrate(generated).inverse_transform(more)
    for name in ("level", "flag", "few"):
        shares, real = (table[name].value_counts(normalize=True) for table in (decoded, X))
        assert_allclose(shares.reindex(real.index), real, atol=3.5 * np.sqrt(real * (1 - real) * 2 / n).max())
    assert decoded["amount"].isna().mean() == pytest.approx(X["amount"].isna().mean(), abs=0.02)
    assert [(decoded["whole"] == end).mean() for end in (0, 59)] == pytest.approx(
        [(X["whole"] == end).mean() for end in (0, 59)], abs=0.008
    )
    for name in ("whole", "amount", "usual"):
        assert ks_2samp(decoded[name].dropna(), X[name].dropna()).pvalue > 1e-3
    assert_frame_equal(encoder.inverse_transform(encoder.transform(X)), X)
    assert_frame_equal(encoder.inverse_transform(encoder.dequantized(X, 0)), X)
    assert_array_equal(encoder.transform(X)[:, -1], raw[:, -1])  # nothing to mend
    partial = encoder.transform_partial(X.assign(amount=1.0))
    amounts = encoder.encoded_columns_of("amount")
    assert_array_equal(np.delete(partial, amounts, axis=1), np.delete(raw, amounts, axis=1))


def test_densities_are_those_of_the_calibrated_numbers():
    rng = np.random.default_rng(0)
    X = rng.gamma(2.0, size=(3000, 1))
    encoder = TableEncoder().fit(X).calibrate(0.5 * rng.normal(size=(20_000, 1)))  # the model: N(0, 1 / 4)
    grid = np.linspace(-30.0, 60.0, 200_001)[:, None]
    density = np.exp(norm.logpdf(encoder.transform(grid)[:, 0], scale=0.5) + encoder.log_abs_det_jacobian(grid))
    assert_allclose(density.sum() * (grid[1] - grid[0]), 1.0, atol=2e-3)
    assert_allclose((density * grid[:, 0]).sum() * (grid[1] - grid[0]), X.mean(), rtol=0.03)


# -- densities -------------------------------------------------------------------------------------------------------


@NUMERIC
def test_log_det_is_the_numeric_derivative(numeric):
    X = np.random.default_rng(0).lognormal(size=(300, 3)) + np.random.default_rng(1).random((300, 3)) * 1e-9
    encoder = TableEncoder(numeric=numeric).fit(X)
    inner = np.quantile(X, np.linspace(0.03, 0.97, 40), axis=0)
    step = 1e-7
    slopes = (encoder.transform(inner + step) - encoder.transform(inner - step)) / (2.0 * step)
    assert_allclose(encoder.log_abs_det_jacobian(inner), np.log(slopes).sum(axis=1), atol=1e-4)


@NUMERIC
def test_density_of_continuous_numbers_integrates_to_one(numeric):
    X = np.random.default_rng(0).gamma(2.0, size=(500, 1))
    encoder = TableEncoder(numeric=numeric).fit(X)
    grid = np.linspace(-30.0, 60.0, 200_001)[:, None]
    density = np.exp(norm.logpdf(encoder.transform(grid)[:, 0]) + encoder.log_abs_det_jacobian(grid))
    assert_allclose(density.sum() * (grid[1] - grid[0]), 1.0, atol=2e-3)


@NUMERIC
def test_probabilities_of_integers_and_atoms_are_bounded_and_nearly_add_up(numeric):
    counts = _mixed_table()[["gain"]]
    encoder = TableEncoder(numeric=numeric).fit(counts)
    values = pd.DataFrame({"gain": np.arange(0, counts["gain"].max() + 1)})
    midpoint = norm.logpdf(encoder.transform(values)).sum(axis=1) + encoder.log_abs_det_jacobian(values)
    assert 0.4 < np.exp(midpoint).sum() < 1.15
    _check_bound(encoder, values.iloc[::500], exact_until=2)


def _check_bound(encoder, values, exact_until):
    """Average log density over the box <= log probability, which the ends of the box give."""
    values = values.iloc[:exact_until]
    drawn = np.stack([encoder.dequantized(values, seed)[:, 0] for seed in range(400)])
    bound = norm.logpdf(drawn).mean(axis=0) + encoder.log_abs_det_jacobian(values)
    middle = encoder.transform(values)[:, 0]
    half_width = 0.5 * np.exp(encoder.log_abs_det_jacobian(values))
    assert (np.abs(drawn - middle) <= half_width * (1 + 1e-6)).all()
    assert_allclose(drawn.mean(axis=0), middle, atol=0.2 * half_width.max())
    exact = np.log(norm.cdf(middle + half_width) - norm.cdf(middle - half_width))
    assert (bound <= exact + 0.05).all()


@CATEGORICAL
def test_levels_fill_their_space(categorical):
    X = pd.DataFrame({"job": np.repeat(list("abcde"), [50, 20, 15, 10, 5]), "few": np.repeat([0, 1, 3, 7], 25)})
    encoder = TableEncoder(categorical=categorical).fit(X)
    levels = pd.MultiIndex.from_product([list("abcde"), [0, 1, 3, 7]], names=["job", "few"]).to_frame(index=False)
    spread = {"codes": 0.9, "digits": 0.6}[categorical]
    drawn = spread * np.random.default_rng(0).normal(size=(20_000, encoder.n_encoded_))
    boxes = encoder.boxes(levels)

    def density(Z, rows):
        return norm.logpdf(Z, 0.0, spread).sum(axis=1)

    decoded = encoder.inverse_transform(drawn).value_counts(normalize=True)
    shares = np.exp(log_mean_density(density, boxes, 4096))
    assert shares.sum() == pytest.approx(1.0, abs=0.02)
    assert_allclose(shares, decoded.reindex(pd.MultiIndex.from_frame(levels), fill_value=0.0), atol=0.01)


def test_units_of_the_data():
    X = np.random.default_rng(0).normal(size=(200, 1))
    in_metres, in_millimetres = TableEncoder().fit(X), TableEncoder().fit(1000.0 * X)
    difference = in_metres.log_abs_det_jacobian(X) - in_millimetres.log_abs_det_jacobian(1000.0 * X)
    assert_allclose(difference, np.log(1000.0))


def test_spline_increases_and_its_inverse_is_exact():
    rng = np.random.default_rng(0)
    spline = MonotoneSpline(np.cumsum(rng.lognormal(sigma=3, size=40)), np.cumsum(rng.lognormal(sigma=3, size=40)))
    x = np.sort(rng.uniform(spline.x[0] - 10, spline.x[-1] + 10, 2000))
    y, slope = spline.forward(x)
    assert (np.diff(y) > 0).all()
    assert (slope > 0).all()
    assert_allclose(spline.inverse(y), x, rtol=1e-6, atol=1e-6)
    assert_allclose(spline.forward(spline.x)[0], spline.y)


# -- missing, constant, duplicate ------------------------------------------------------------------------------------


def test_unknown_cells_are_nan_and_missing_cells_are_values():
    X = _mixed_table(300)
    encoder = TableEncoder().fit(X)
    partial = X.copy()
    partial["age"] = partial["age"].where(partial.index % 2 == 0)
    partial.loc[::3, "job"] = None
    Z = encoder.transform_partial(partial)
    for name in X:
        is_unknown = np.isnan(Z[:, encoder.encoded_columns_of(name)])
        assert_array_equal(is_unknown.all(axis=1), partial[name].isna())
        assert_array_equal(is_unknown.any(axis=1), partial[name].isna())
    known = ~np.isnan(Z)
    is_there = X["score"].notna().to_numpy()
    assert_array_equal(np.where(known, Z, 0.0)[is_there], np.where(known, encoder.transform(X), 0.0)[is_there])
    assert np.isfinite(encoder.transform(X)).all()


def test_a_share_of_missing_cells_is_generated():
    X = pd.DataFrame({"x": np.where(IS_MISSING, np.nan, FLOATS)})
    encoder = TableEncoder().fit(X)
    Z = encoder.dequantized(X, 0) + RNG.normal(scale=0.05, size=(N, 2))
    assert_array_equal(encoder.inverse_transform(Z)["x"].isna(), IS_MISSING)


def test_constant_columns_take_no_encoded_column():
    X = pd.DataFrame({"a": 3.25, "b": FLOATS, "c": "same", "d": pd.Timestamp("2020-02-02"), "e": True, "f": 7})
    encoder = TableEncoder().fit(X)
    assert encoder.n_encoded_ == 1
    assert encoder.encoded_columns_of("c") == slice(1, 1)
    assert_frame_equal(encoder.inverse_transform(encoder.transform(X)), X)


def test_copies_are_encoded_once():
    X = pd.DataFrame({"metres": FLOATS, "word": WORDS, "integer": INTEGERS})
    X["same"] = X["metres"]
    X["feet"] = 1.0 + 3.28 * X["metres"]
    X["minus"] = -X["integer"].astype("int16")
    X["label"] = X["word"].map({"red": 1, "green": 2, "blue": 3}).astype("category")
    X["hole"] = X["metres"].where(X.index > 3)
    encoder = TableEncoder().fit(X)
    Z = encoder.transform(X)
    assert encoder.n_encoded_ == 6
    assert_frame_equal(encoder.inverse_transform(Z), X)
    for copied, source in {"same": "metres", "feet": "metres", "minus": "integer", "label": "word"}.items():
        assert encoder.encoded_columns_of(copied) == encoder.encoded_columns_of(source)


def test_unknown_cells_follow_from_copies():
    X = pd.DataFrame({"c": PRICES, "word": WORDS})
    X["f"] = 32.0 + 1.8 * X["c"]
    X["label"] = X["word"].str.upper()
    encoder = TableEncoder().fit(X)
    partial = X.assign(c=np.nan, word=None)
    assert_allclose(encoder.transform_partial(partial), encoder.transform(X))


def test_only_constant_columns():
    X = pd.DataFrame({"a": [1, 1], "b": ["x", "x"]})
    encoder = TableEncoder().fit(X)
    Z = encoder.transform(X)
    assert Z.shape == (2, 0)
    assert_frame_equal(encoder.inverse_transform(Z), X)


@NUMERIC
def test_two_rows_and_one_row(numeric):
    X = _mixed_table(2)
    for rows in (X, X.iloc[:1]):
        encoder = TableEncoder(numeric=numeric).fit(rows)
        assert_frame_equal(encoder.inverse_transform(encoder.transform(rows)), rows)


@NUMERIC
def test_extreme_numbers(numeric):
    X = np.array([[1e300, 1e-300, 1e15], [-1e300, 2e-300, 1e15 + 1], [0.0, 3e-300, 1e15 + 3], [1.0, 5e-300, 1e15 + 9]])
    encoder = TableEncoder(numeric=numeric).fit(X)
    Z = encoder.transform(X)
    assert np.isfinite(Z).all()
    assert_allclose(encoder.inverse_transform(Z), X, atol=1e287)


@NUMERIC
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("numbers", [[-1e308, 0.5, 1.5, 1e308], [-1.7e308, 1.7e308], [9.1e307, 9.5e307, 1.01e308]])
def test_numbers_near_the_largest_float_do_not_overflow(numbers, numeric):
    X = np.array(numbers)[:, np.newaxis]
    encoder = TableEncoder(numeric=numeric).fit(X)
    Z = encoder.transform(X)
    assert np.isfinite(Z).all()
    assert_allclose(encoder.inverse_transform(Z), X, atol=1e294)


def test_numbers_without_a_scale_are_refused():
    with pytest.raises(
        ValueError, match=r"column 0 must have numbers that.*differ by 1e-305 or more, got.*0 to 1e-310"
    ):
        TableEncoder().fit([[0.0], [1e-310]])


def test_computed_decimals_are_decimals():
    """3 * 0.05 is no decimal of two places, but a float beside one."""
    steps = np.random.default_rng(0).integers(0, 50, (400, 1))
    X = steps * 0.05
    encoder = TableEncoder().fit(X)
    given = encoder.inverse_transform(encoder.transform(X))
    assert_array_equal(given, X)
    drawn = encoder.inverse_transform(np.random.default_rng(1).normal(size=(200, 1)))
    assert np.isin(drawn, X).all()
    assert_array_equal(encoder.transform(X), encoder.transform(np.round(X, 2)))
    assert TableEncoder().fit(X + np.random.default_rng(2).normal(size=X.shape))._columns[0].format.decimals is None


@NUMERIC
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("largest", [1.7e308, -1.7e308, 1e308])
def test_values_of_many_rows_near_the_largest_float_do_not_overflow(largest, numeric):
    rng = np.random.default_rng(0)
    for others in (rng.normal(size=300), largest * rng.random(300)):
        X = np.where(rng.random(300) < 0.3, largest, others)[:, np.newaxis]
        encoder = TableEncoder(numeric=numeric).fit(X)
        Z = encoder.transform(X)
        assert np.isfinite(Z).all()
        assert_allclose(encoder.inverse_transform(Z), X, atol=1e294)


# -- names, parameters, weights --------------------------------------------------------------------------------------


def test_names_and_places_of_encoded_columns():
    X = _mixed_table()
    encoder = TableEncoder().fit(X)
    names = encoder.get_feature_names_out().tolist()
    assert len(names) == encoder.n_encoded_ == encoder.transform(X).shape[1]
    assert names[encoder.encoded_columns_of("score")] == ["score", "score_missing"]
    assert names[encoder.encoded_columns_of("job")] == ["job_digit0", "job_digit1"]
    assert names[encoder.encoded_columns_of("member")] == ["member"]
    assert names[encoder.encoded_columns_of(6)] == [f"city_digit{i}" for i in range(9)]
    assert encoder.set_output(transform="pandas").transform(X).columns.tolist() == names


def test_categorical_features_by_name_position_and_mask():
    X = pd.DataFrame({"zip": INTEGERS // 20, "x": FLOATS})
    for features in (["zip"], [0], [True, False]):
        encoder = TableEncoder(categorical_features=features).fit(X)
        assert encoder.n_encoded_ == 4
        assert_frame_equal(encoder.inverse_transform(encoder.transform(X)), X)
    with pytest.raises(ValueError, match="categorical_features must hold names of columns of X, got 'zap'"):
        TableEncoder(categorical_features=["zap"]).fit(X)


@NUMERIC
def test_weights_are_copies(numeric):
    X = _mixed_table(400)
    weight = np.random.default_rng(1).integers(0, 4, 400)
    weighted = TableEncoder(numeric=numeric).fit(X, sample_weight=weight)
    copied = TableEncoder(numeric=numeric).fit(X.loc[np.repeat(X.index, weight)])
    kept = X[weight > 0]
    assert_allclose(weighted.transform(kept), copied.transform(kept), atol=1e-9)


def test_unseen_levels():
    X = pd.DataFrame({"word": WORDS, "x": FLOATS})
    new = X.assign(word="violet")
    with pytest.raises(ValueError, match="column 'word' must hold values that were seen in fit"):
        TableEncoder().fit(X).transform(new)
    Z = TableEncoder(handle_unknown="ignore").fit(X).transform(new)
    assert_array_equal(Z[:, :2], 0.0)


@CATEGORICAL
@pytest.mark.parametrize("numeric", ["standard", "quantile"])
def test_what_fit_did_not_see_has_a_small_probability(categorical, numeric):
    X = pd.DataFrame({"word": WORDS, "x": FLOATS, "c": 7, "hole": _with_missing(FLOATS, np.nan)})
    encoder = TableEncoder(categorical=categorical, numeric=numeric).fit(X)
    usual = encoder.boxes(X)
    for column, value, n_levels in [("word", "violet", 3), ("word", None, 3), ("x", np.nan, 1), ("c", 8, 1)]:
        boxes = encoder.boxes(X.assign(**{column: value}))
        places = encoder.encoded_columns_of(column)
        others = np.setdiff1d(np.arange(encoder.n_encoded_), np.arange(places.start, places.stop))
        assert_array_equal(boxes.middle[:, others], usual.middle[:, others])
        assert np.isfinite(boxes.middle).all()
        if column == "c":
            assert_allclose(boxes.log_volume - usual.log_volume, -np.log(N + n_levels + 1))
        if column == "word":  # the most frequent level, whose share is replaced by that of an unseen one
            most = pd.Series(WORDS).value_counts()
            beside = encoder.boxes(X.assign(word=most.index[0]))
            assert_array_equal(boxes.middle, beside.middle)
            change = boxes.log_volume - beside.log_volume
            assert_allclose(change, -np.log(N + n_levels + 1) - np.log(most.iloc[0] / N))
        if column == "x":  # the whole axis, as of a number that is missing
            assert_allclose(boxes.width[:, places], 1.0)


def test_copies_of_columns_leave_densities_of_unseen_levels_finite():
    X = pd.DataFrame({"word": WORDS, "x": FLOATS}).assign(label=lambda X: X["word"].str.upper())
    encoder = TableEncoder().fit(X)
    assert np.isfinite(encoder.log_abs_det_jacobian(X.assign(word="violet", label=None))).all()


@CATEGORICAL
def test_columns_of_missing_cells_alone_come_back(categorical):
    X = pd.DataFrame(
        {
            "float": np.nan,
            "object": pd.Series([None] * N, dtype=object),
            "Int64": pd.Series([None] * N, dtype="Int64"),
            "category": pd.Series([None] * N, dtype=pd.CategoricalDtype(["a", "b"])),
            "date": pd.Series([None] * N, dtype="datetime64[ns]"),
            "x": FLOATS,
        }
    )
    encoder = TableEncoder(categorical=categorical).fit(X)
    assert encoder.n_encoded_ == 1
    for is_complete in (False, True):  # nothing is known that they could be filled in with
        assert_frame_equal(encoder.inverse_transform(encoder.transform(X), is_complete=is_complete), X)
    assert_array_equal(encoder.transform_partial(X, is_complete=True)[:, 0], encoder.transform(X)[:, 0])
    assert_allclose(encoder.log_abs_det_jacobian(X.assign(float=1.0)) - encoder.log_abs_det_jacobian(X), -np.log(N + 2))
    array = np.column_stack([np.full(N, np.nan), FLOATS])
    assert_array_equal(TableEncoder().fit(array).inverse_transform(FLOATS[:, None])[:, 0], array[:, 0])


# -- known cells -----------------------------------------------------------------------------------------------------

KNOWN = pd.DataFrame(
    {
        "age": INTEGERS % 42 + 18,
        "months": (INTEGERS % 42 + 18) * 12,
        "price": PRICES,
        "single": PRICES.astype(np.float32),
        "small": (INTEGERS % 50).astype("int8"),
        "whole": pd.Series(INTEGERS.tolist(), dtype=object),
        "day": DATES,
        "word": WORDS,
        "decimal": pd.Series([Decimal(f"{price:.2f}") for price in PRICES], dtype=object),
        "constant": 7,
    }
)


@pytest.mark.parametrize("column", ["age", "price"])
def test_numbers_are_not_made_of_other_things(column):
    encoder = TableEncoder().fit(KNOWN[[column]])
    for cells in (DATES, pd.Series(pd.Categorical(DATES)), pd.Series(FLOATS * 1j)):
        with pytest.raises(TypeError, match=f"column '{column}' must hold numbers as in fit, got dtype"):
            encoder.transform(pd.DataFrame({column: cells}))
    assert np.isnan(encoder.transform_partial(pd.DataFrame({column: [pd.NaT] * 2}))).all()


def test_lists_where_fit_saw_text():
    encoder, lists = TableEncoder().fit(KNOWN), [[1]] * len(KNOWN)
    for given in (pd.Series(lists), pd.array(lists, _arrow(pa.list_(pa.int64())))):
        with pytest.raises(TypeError, match="column 'word' must hold strings, numbers or booleans, got cells of dtype"):
            encoder.transform(KNOWN.assign(word=given))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("age", 99), ("age", -3), ("price", 1e6), ("price", 9.555), ("small", 127), ("whole", 12345), ("constant", 8),
        ("day", pd.Timestamp("1999-12-31 12:00:01")), ("word", "red"), ("decimal", Decimal("-1.25")),
        ("age", [99] * 5), ("months", 99 * 12),
    ],
)  # fmt: skip
def test_known_cells_come_back_as_they_are_given(column, value):
    encoder = TableEncoder().fit(KNOWN)
    Z = np.random.default_rng(0).normal(size=(5, encoder.n_encoded_))
    decoded = encoder.inverse_transform(Z, cells={column: value})
    assert decoded[column].tolist() == (value if isinstance(value, list) else [value] * 5)
    assert decoded.dtypes.equals(KNOWN.dtypes)
    assert_array_equal(decoded["months"], 12 * decoded["age"])  # a copy follows, and so does what it is a copy of


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("age", 99.5, "whole numbers from -9223372036854775808 to 9223372036854775807 in column 'age'.*got 99.5"),
        ("small", 128, "whole numbers from -128 to 127 in column 'small', as int8 is, got 128"),
        ("single", 1e39, r"numbers from -3.4e\+38 to 3.4e\+38 in column 'single', as float32 is, got 1e\+39"),
        ("whole", 0.5, "whole numbers in column 'whole', got 0.5"),
        ("word", "violet", r"values of column 'word' in fit \('blue', 'green', 'red'\), got 'violet'"),
        ("day", pd.Timestamp("2020-01-01 00:00:00.000000001"), "whole numbers of .s in column 'day'"),
        ("decimal", Decimal("0.125"), "at most 2 decimals in column 'decimal', got Decimal"),
    ],
)
def test_known_cells_that_a_column_cannot_hold_are_refused(column, value, message):
    encoder = TableEncoder().fit(KNOWN)
    with pytest.raises(ValueError, match=f"Known cells must (be|have) {message}"):
        encoder.transform_cells({column: value}, 3)


@pytest.mark.parametrize("dtype", ["int64", "Int64", object])
def test_known_integers_that_no_float_holds(dtype):
    wide = pd.Series(np.resize(WIDE, 100).tolist(), dtype=dtype)
    encoder = TableEncoder().fit(pd.DataFrame({"id": wide, "x": RNG.normal(size=100)}))
    Z = RNG.normal(size=(2, encoder.n_encoded_))
    for value in WIDE.tolist():
        assert encoder.inverse_transform(Z, cells={"id": value})["id"].tolist() == [value] * 2
    with pytest.raises(ValueError, match="Known cells must be values of fit, or integers that floats tell apart, in"):
        encoder.inverse_transform(Z, cells={"id": 2**62 + 3})


@pytest.mark.parametrize("dtype", ["int64", object])
def test_more_integers_than_are_kept_are_numbers(dtype):
    wide = pd.Series(RNG.integers(-(2**62), 2**62, 3000).tolist(), dtype=dtype)
    encoder = TableEncoder().fit(wide.to_frame("id"))
    decoded = encoder.inverse_transform(encoder.transform(wide.to_frame("id")))["id"]
    assert decoded.dtype == wide.dtype
    assert_allclose(decoded.astype(float), wide.astype(float), rtol=0, atol=2.0**20)


# -- times and decimals as objects -----------------------------------------------------------------------------------

CLOCK = [dt.time(int(i) % 24, 30) for i in INTEGERS]
OBJECTS = {
    "date": [date.date() for date in DATES],
    "time": CLOCK,
    "time to the microsecond": [dt.time(int(i) % 24, 5, 7, int(i)) for i in INTEGERS],
    "datetime": DATES.to_pydatetime().tolist(),
    "timestamp": list(DATES.tz_localize("Europe/Berlin")),
    "timedelta": [dt.timedelta(minutes=int(i)) for i in INTEGERS],
    "decimal": [Decimal(f"{price:.2f}") for price in PRICES],
    "whole decimal": [Decimal(int(i)) for i in INTEGERS],
}


@pytest.mark.parametrize("values", OBJECTS.values(), ids=OBJECTS)
@pytest.mark.parametrize("missing", [False, True])
def test_objects_of_times_and_decimals_come_back(values, missing):
    X = pd.DataFrame({"a": _series(values, object, missing), "x": FLOATS})
    encoder = TableEncoder().fit(X)
    assert encoder.n_encoded_ == 2 + missing  # numbers, not levels
    decoded = encoder.inverse_transform(encoder.dequantized(X, 0))
    assert_frame_equal(decoded, X)
    assert [type(value) for value in decoded["a"]] == [type(value) for value in X["a"]]
    noise = encoder.inverse_transform(np.random.default_rng(0).normal(size=(50, encoder.n_encoded_)))["a"].dropna()
    assert min(values) <= noise.min()
    assert noise.max() <= max(values)


def test_times_of_day_of_arrow_and_polars_come_back():
    X = pa.table({"a": pa.array(_with_missing(CLOCK), pa.time64("us")), "b": pa.array(OBJECTS["date"])})
    for table in (X, pl.from_arrow(X)):
        encoder = TableEncoder().fit(table)
        assert encoder.get_feature_names_out().tolist() == ["a", "a_missing", "b"]
        assert encoder.inverse_transform(encoder.transform(table)).equals(table)


def test_times_with_a_zone_and_other_objects_are_refused():
    zoned = pd.DataFrame({"a": [dt.time(1, tzinfo=dt.timezone.utc), dt.time(2, tzinfo=dt.timezone.utc)]})
    with pytest.raises(TypeError, match="column 'a' must hold.*time zone; make them dates"):
        TableEncoder().fit(zoned)
    with pytest.raises(TypeError, match=r"column 'a' must hold strings or numbers.*convert it with X\[name\]"):
        TableEncoder().fit(pd.DataFrame({"a": [{1}, {2}]}))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"])
@pytest.mark.parametrize("hour", ["00:00", "09:30"])
def test_local_days_stay_local_days(zone, hour):
    days = pd.date_range(f"2024-01-01 {hour}", periods=400, freq="D", tz=zone)  # both changes of the clock
    X = pd.DataFrame({"day": days, "x": np.arange(400.0) ** 2})
    encoder = TableEncoder().fit(X)
    assert_frame_equal(encoder.inverse_transform(encoder.transform(X)), X)
    drawn = encoder.inverse_transform(np.random.default_rng(0).normal(size=(500, 2)))["day"]
    assert set(drawn.dt.strftime("%H:%M")) == {hour}
    assert drawn.dtype == X["day"].dtype


def test_hours_that_a_clock_shows_twice_stay_apart():
    X = pd.DataFrame({"hour": pd.date_range("2024-10-26", periods=60, freq="h", tz="Europe/Berlin"), "x": FLOATS})
    encoder = TableEncoder().fit(X)
    assert_frame_equal(encoder.inverse_transform(encoder.transform(X)), X)
    with pytest.raises(TypeError, match="column 'hour' must have the time zone of fit"):
        encoder.transform(X.assign(hour=X["hour"].dt.tz_localize(None)))


# -- steps -----------------------------------------------------------------------------------------------------------

STEPS = {
    "steps of .05": np.round(INTEGERS * 0.05, 2),
    "steps of .25": INTEGERS * 0.25,
    "thousands": INTEGERS * 1000,
    "thousands as floats": INTEGERS * 1000.0,
    "thousands and one": INTEGERS * 1000 + 1,
    "negative odd numbers": -2 * INTEGERS - 1,
    "prices that end in .99": np.round(INTEGERS + 0.99, 2),
    "halves of years": INTEGERS + 0.5,
    "float32 off the step": (INTEGERS * 0.25 + 0.1).astype(np.float32),
    "numbers of pandas": pd.array(INTEGERS * 500 + 20, "Int64"),
    "weeks": pd.Timestamp("2024-01-01") + pd.to_timedelta(7 * INTEGERS, unit="D"),
}


@NUMERIC
@pytest.mark.parametrize("values", STEPS.values(), ids=STEPS)
def test_steps_are_kept(values, numeric):
    X = pd.DataFrame({"a": values, "x": FLOATS})
    encoder = TableEncoder(numeric=numeric).fit(X)
    assert_frame_equal(encoder.inverse_transform(encoder.dequantized(X, 0)), X)
    drawn = encoder.inverse_transform(np.random.default_rng(0).normal(size=(2000, 2)))["a"]
    grid = X["a"].min() + np.arange(100) * np.diff(np.unique(X["a"])).min()
    grid = grid.round(2).astype(X["a"].dtype) if X["a"].dtype.kind == "f" else grid
    assert drawn.isin(grid).all()
    assert len(set(drawn)) > len(set(X["a"]))  # also values between those of fit


def test_steps_that_may_be_an_accident_are_none():
    for values in ([2, 4, 8, 10], [0, 1000], [6]):
        X = pd.DataFrame({"a": values})
        column_format = TableEncoder().fit(X)._columns[0].format
        assert column_format.multiple == 1


def test_densities_of_steps_are_per_unit():
    X = pd.DataFrame({"a": INTEGERS})
    one, thousand = (TableEncoder().fit(X * unit).log_abs_det_jacobian(X * unit) for unit in (1, 1000))
    assert_allclose(one - thousand, np.log(1000.0))


def test_ends_of_a_range_of_integers_keep_their_share():
    """A smooth density beyond the last cell is reflected into this cell, not into its neighbour."""
    ages = np.random.default_rng(0).integers(18, 90, 20_000)
    encoder = TableEncoder().fit(pd.DataFrame({"a": ages}))
    Z = encoder.dequantized(pd.DataFrame({"a": ages}), 0)
    blurred = Z + np.random.default_rng(1).normal(scale=2.0 / ages.std(), size=Z.shape)  # by two years
    shares = encoder.inverse_transform(blurred)["a"].value_counts(normalize=True)
    assert shares[[18, 19, 88, 89]].to_numpy() == pytest.approx([1 / 72] * 4, rel=0.2)


BAD_TABLES = {
    "infinite": (pd.DataFrame({"a": [1.0, np.inf]}), ValueError, "X must be finite, got infinity in column 'a'"),
    "infinite array": (np.array([[1.0], [-np.inf]]), ValueError, "X must be finite, got infinity in column 0"),
    "no rows": (pd.DataFrame({"a": []}), ValueError, "0 sample"),
    "no columns": (pd.DataFrame(index=[0, 1]), ValueError, "0 feature"),
    "lists": (pd.DataFrame({"a": [[1], [2]]}), TypeError, "column 'a' must hold strings or numbers"),
    "strings and numbers": (pd.DataFrame({"a": ["x", 1]}, dtype=object), TypeError, "must hold strings or numbers"),
    "complex": (np.array([[1j], [2.0]]), ValueError, "Complex data not supported"),
    "periods": (pd.DataFrame({"a": pd.period_range("2020", periods=2)}), TypeError, "got dtype period"),
    "one dimension": (FLOATS, ValueError, "Expected 2D array"),
}


@pytest.mark.parametrize(("X", "error", "message"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_tables_are_refused(X, error, message):
    with pytest.raises(error, match=message):
        TableEncoder().fit(X)


def test_new_rows_must_be_like_those_of_fit():
    encoder = TableEncoder().fit(_mixed_table(100))
    with pytest.raises(ValueError, match="column 'age' must have no missing cells"):
        encoder.transform(_mixed_table(100).assign(age=np.nan))
    with pytest.raises(ValueError, match="column 'age' must hold numbers"):
        encoder.transform(_mixed_table(100).assign(age="old"))
    with pytest.raises(TypeError, match="column 'since' must have the dtype"):
        encoder.transform(_mixed_table(100).assign(since=1.0))
    with pytest.raises(ValueError, match="Z must have"):
        encoder.inverse_transform(np.zeros((3, 2)))


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("numeric", "normal"), ("categorical", "onehot"), ("bounded", 1), ("handle_unknown", None)],
)
def test_parameters_are_checked(parameter, value):
    with pytest.raises(ValueError, match=f"{parameter} must be"):
        TableEncoder(**{parameter: value}).fit(FLOATS[:, None])


def test_works_in_a_pipeline_and_as_a_clone():
    X = _mixed_table(100)
    pipeline = make_pipeline(clone(TableEncoder(numeric="quantile"))).fit(X)
    assert_frame_equal(pipeline.inverse_transform(pipeline.transform(X)), X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_decimals_of_single_precision_are_decimals(dtype):
    """19.99 of float32 is 19.99, also where a column of float64 took it over; it comes back as it was given."""
    column = np.round(np.linspace(-40.0, 300.0, 500), 2).astype(np.float32).astype(dtype)
    X = pd.DataFrame({"price": column})
    encoder = TableEncoder().fit(X)
    assert_frame_equal(encoder.inverse_transform(encoder.transform(X)), X)
    assert_array_equal(encoder.transform(X), encoder.transform(X.astype(float).round(2)))


@pytest.mark.filterwarnings("error")
@NUMERIC
def test_numbers_far_beyond_those_of_fit_warn_of_nothing(numeric):
    encoder = TableEncoder(numeric=numeric).fit(pd.DataFrame({"a": np.concatenate([FLOATS, 1e3 * FLOATS])}))
    far = pd.DataFrame({"a": [1e160, -1e30, np.finfo(float).max, -np.finfo(float).max]})
    boxes = encoder.boxes(far)
    assert not np.isnan(boxes.start).any()
