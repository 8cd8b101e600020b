import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skensemble._validation import read_table
from skensemble.tree import _binning, _binning_kernels
from skensemble.tree._binning import Binner
from skensemble.tree._binning_kernels import find_thresholds
from tests import reference

NUMBER_COLUMNS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "ties": lambda rng, n: rng.integers(0, 7, n) * 0.1,
    "constant": lambda rng, n: np.full(n, 3.0),
    "missing": lambda rng, n: np.full(n, np.nan),
    "infinite": lambda rng, n: rng.choice([-np.inf, -1.0, 0.0, 2.0, np.inf, np.nan], n),
    "extreme": lambda rng, n: rng.choice([-np.inf, -1.7976931348623157e308, 1.7976931348623157e308, np.inf], n),
    "tiny": lambda rng, n: rng.choice([-5e-324, -0.0, 0.0, 5e-324, 1e-323], n),
    "neighbours": lambda rng, n: rng.choice([1.0, np.nextafter(1, 2), np.nextafter(1, 0)], n),
    "heavy tail": lambda rng, n: np.exp(3 * rng.normal(size=n)).round(1),
    "mostly zero": lambda rng, n: np.where(rng.random(n) < 0.9, 0.0, rng.normal(size=n)),
    "all sizes": lambda rng, n: rng.choice([-1.0, 1.0], n) * 10.0 ** rng.integers(-300, 300, n),
    "some missing": lambda rng, n: np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
}


def number_table(n=500, seed=0):
    rng = np.random.default_rng(seed)
    return np.column_stack([make(rng, n) for make in NUMBER_COLUMNS.values()])


def fit_transform(
    X, max_bins=255, categorical_features="from_dtype", sample_weight=None, n_threads=1, min_frequency=None
):
    table = read_table(X)
    binner = Binner(max_bins, categorical_features, min_frequency).fit(table, sample_weight, n_threads)
    return binner, binner.transform(table, n_threads)


def assert_same_binner(a, b):
    for ours, theirs in zip(a.thresholds_, b.thresholds_, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(a.categories_, b.categories_, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(a.n_codes_, b.n_codes_)


def assert_same_matrix(a, b):
    for ours, theirs in zip(a, b, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype


# -- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_bins", [2, 3, 4, 16, 255, None])
def test_thresholds_and_codes_equal_the_reference(max_bins):
    X = number_table()
    binner, binned = fit_transform(X, max_bins)
    for j in range(X.shape[1]):
        np.testing.assert_array_equal(binner.thresholds_[j], reference.thresholds(X[:, j], np.ones(len(X)), max_bins))
        np.testing.assert_array_equal(binned.columns[j], reference.number_codes(X[:, j], binner.thresholds_[j]))
    np.testing.assert_array_equal(binned.n_codes, [len(t) + 2 for t in binner.thresholds_])


@pytest.mark.parametrize("max_bins", [2, 5, 40, None])
@pytest.mark.parametrize("seed", range(3))
def test_thresholds_with_weights_equal_the_reference(max_bins, seed):
    X = number_table(200, seed)
    weight = np.random.default_rng(seed).integers(0, 4, len(X))
    binner, _ = fit_transform(X, max_bins, sample_weight=weight)
    for j in range(X.shape[1]):
        np.testing.assert_array_equal(binner.thresholds_[j], reference.thresholds(X[:, j], weight, max_bins))


def test_every_code_means_its_interval():
    X = number_table()
    binner, binned = fit_transform(X, 16)
    for j, thresholds in enumerate(binner.thresholds_):
        assert (np.diff(thresholds) > 0).all()
        assert not (thresholds == np.inf).any()
        present = ~np.isnan(X[:, j])
        assert (binned.columns[j][~present] == 0).all()
        for c in range(1, binned.n_codes[j] - 1):
            np.testing.assert_array_equal(binned.columns[j][present] <= c, X[present, j] <= thresholds[c - 1])


def test_layout():
    X = number_table(70)
    _, binned = fit_transform(X)
    assert binned.codes.shape == (70, 16)
    assert binned.columns.shape == (12, 70)
    np.testing.assert_array_equal(binned.codes[:, :12], binned.columns.T)
    assert not binned.codes[:, 12:].any()
    for array in binned:
        assert array.flags.carray
    assert binned.n_codes.dtype == np.int32
    assert binned.is_categorical.dtype == bool


def test_distinct_values_that_fit_are_told_apart_midway():
    values = np.array([0.0, 1, 1, 5, np.inf, -np.inf, np.nan])
    binner, binned = fit_transform(values[:, None])
    largest = np.finfo(float).max
    np.testing.assert_array_equal(binner.thresholds_[0], [-largest, 0.5, 3, largest])
    np.testing.assert_array_equal(binned.columns[0], [2, 3, 3, 4, 5, 1, 0])


@pytest.mark.parametrize("n_bins", [1, 2, 3, 10, 50, 255])
@pytest.mark.parametrize("seed", range(5))
def test_bins_are_within_bounds_and_heavy_values_alone(n_bins, seed):
    rng = np.random.default_rng(seed)
    totals = np.ceil(np.exp(rng.normal(scale=seed, size=300))).astype(np.int64)
    last_of_bin = _binning_kernels._fill_bins(np.cumsum(totals), n_bins)
    assert len(last_of_bin) <= n_bins
    assert last_of_bin[-1] == 299
    assert (np.diff(last_of_bin) > 0).all()
    if seed == 0:  # all weights equal: so are the bins, but for rounding
        sizes = np.diff(last_of_bin, prepend=-1)
        assert len(last_of_bin) == n_bins
        assert sizes.max() - sizes.min() <= 1 + 300 // n_bins // 10


@pytest.mark.parametrize("max_values", [2, 20, 500])
def test_thresholds_are_those_of_either_precision(max_values):
    values = np.sort(np.float32(np.round(np.random.default_rng(0).normal(size=400), 2)))
    values[-3:] = np.nan
    one_each = np.empty(0, np.int64)
    expected = find_thresholds(values.astype(np.float64), one_each, max_values)
    assert len(expected) == min(max_values, len(np.unique(values[:-3]))) - 1
    np.testing.assert_array_equal(find_thresholds(values, one_each, max_values), expected)


def test_a_heavy_value_does_not_starve_the_others():
    values = np.concatenate([np.zeros(10_000), np.arange(1, 1001)])
    (thresholds,) = fit_transform(values[:, None], 100)[0].thresholds_
    assert len(thresholds) == 99
    assert thresholds[0] == 0.5


# -- weights ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_bins", [4, 255])
def test_weight_is_repetition(max_bins):
    rng = np.random.default_rng(1)
    X = number_table(400)
    X[:, 0] = rng.integers(0, 6, 400)
    weight = rng.integers(0, 5, 400)
    repeated = rng.permutation(np.repeat(X, weight, axis=0))
    weighted, _ = fit_transform(X, max_bins, [0], weight.astype(float))
    plain, _ = fit_transform(repeated, max_bins, [0])
    assert_same_binner(weighted, plain)


@pytest.mark.parametrize("factor", [0.5, 8.0, 2.0**-40])
def test_scale_of_weights_does_not_matter(factor):
    X = number_table(400)
    weight = np.random.default_rng(0).random(400)
    assert_same_binner(
        fit_transform(X, 20, sample_weight=weight)[0], fit_transform(X, 20, sample_weight=weight * factor)[0]
    )


def test_weights_of_one_are_no_weights():
    X = number_table(400)
    for weight in (np.ones(400), np.full(400, 0.1)):
        assert_same_binner(fit_transform(X, 20)[0], fit_transform(X, 20, sample_weight=weight)[0])


# -- one table, many shapes ------------------------------------------------------------------------------------------


def as_pandas(X):
    return pd.DataFrame(X, columns=[f"c{j}" for j in range(X.shape[1])])


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


FORMS = {
    "fortran": np.asfortranarray,
    "read-only": read_only,
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2],
    "big endian": lambda X: X.astype(">f8"),
    "object": lambda X: X.astype(object),
    "list": lambda X: X.tolist(),
    "csr_matrix": sparse.csr_matrix,
    "csr_array": sparse.csr_array,
    "csc_matrix": sparse.csc_matrix,
    "csc_array": sparse.csc_array,
    "coo_array": sparse.coo_array,
    "pandas": as_pandas,
    "pandas by column": lambda X: pd.concat([as_pandas(X[:, [j]]) for j in range(X.shape[1])], axis=1),
    "pandas nullable": lambda X: as_pandas(X).astype("Float64"),
    "pandas arrow": lambda X: as_pandas(X).astype("float64[pyarrow]"),
    "polars": lambda X: pytest.importorskip("polars").from_numpy(X, [f"c{j}" for j in range(X.shape[1])]),
    "pyarrow": lambda X: pytest.importorskip("pyarrow").Table.from_pandas(as_pandas(X)),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_the_table_does_not_matter(form):
    if form == "pandas arrow":
        pytest.importorskip("pyarrow")
    X = number_table(300)
    expected_binner, expected = fit_transform(X, 20)
    binner, binned = fit_transform(FORMS[form](X), 20)
    assert_same_binner(binner, expected_binner)
    assert_same_matrix(binned, expected)
    table = read_table(FORMS[form](X))
    for start, stop in ((0, 300), (10, 11), (290, 300)):
        rows = binner.encode(table, start, stop)
        np.testing.assert_array_equal(rows, X[start:stop])
        assert rows.flags.carray
        assert rows.dtype == np.float64
    np.testing.assert_array_equal(binner.encode(table.take(np.array([5, 3]))), X[[5, 3]])


@pytest.mark.parametrize(
    "dtype", [np.float16, np.float32, np.int8, np.uint8, np.int32, np.int64, np.uint64, bool, np.longdouble]
)
def test_dtypes(dtype):
    X = np.random.default_rng(0).integers(0, 100, (300, 3)).astype(dtype)
    expected_binner, expected = fit_transform(X.astype(float), 20)
    for given in (X, pd.DataFrame(X), sparse.csr_array(X) if dtype not in (np.float16, np.longdouble) else X):
        binner, binned = fit_transform(given, 20)
        assert_same_binner(binner, expected_binner)
        assert_same_matrix(binned, expected)


def test_threads_do_not_matter(monkeypatch):
    monkeypatch.setattr(_binning, "BLOCK_CELLS", 1_000)
    X = number_table(1_000)
    weight = np.random.default_rng(0).random(1_000)
    expected_binner, expected = fit_transform(X, 20, [2], weight)
    for n_threads in (2, 7):
        binner, binned = fit_transform(X, 20, [2], weight, n_threads)
        assert_same_binner(binner, expected_binner)
        assert_same_matrix(binned, expected)


def test_encode_of_a_ready_array_is_a_view():
    X = np.random.default_rng(0).normal(size=(10, 3))
    binner, _ = fit_transform(X)
    assert np.shares_memory(binner.encode(read_table(X), 2, 5), X)
    assert binner.encode(read_table(read_only(X)), 0, 10).flags.writeable


def test_one_row():
    _binner, binned = fit_transform([[1.0, np.nan]])
    np.testing.assert_array_equal(binned.codes, [[1, 0, 0, 0, 0, 0, 0, 0]])
    np.testing.assert_array_equal(binned.n_codes, [2, 2])


@pytest.mark.parametrize(
    ("n_values", "dtype"), [(255, np.uint8), (256, np.uint16), (65_535, np.uint16), (65_536, np.uint32)]
)
def test_codes_are_as_wide_as_needed(n_values, dtype):
    values = np.random.default_rng(0).permutation(n_values)
    _binner, binned = fit_transform(values[:, None], None)
    assert binned.codes.dtype == binned.columns.dtype == dtype
    np.testing.assert_array_equal(binned.columns[0], values + 1)
    np.testing.assert_array_equal(binned.codes[:, 0], values + 1)


def test_stored_zeros_and_split_cells_of_sparse_matrices():
    data, rows, columns = [1.0, 2.0, 0.0, np.nan], [0, 0, 1, 2], [0, 0, 0, 1]
    X = sparse.coo_matrix((data, (rows, columns)), shape=(4, 2))
    _binner, binned = fit_transform(X)
    np.testing.assert_array_equal(binned.columns, [[2, 1, 1, 1], [1, 1, 0, 1]])


# -- categories ------------------------------------------------------------------------------------------------------


def test_categories_of_a_dtype_keep_its_order():
    column = pd.Categorical(["b", None, "a", "b", "z"], categories=["z", "never", "b", "a"])
    binner, binned = fit_transform(pd.DataFrame({"x": column}))
    assert binner.categories_[0].tolist() == ["z", "b", "a"]
    np.testing.assert_array_equal(binned.columns[0], [2, 0, 3, 2, 1])
    assert binned.is_categorical.all()
    assert binned.n_codes[0] == 4
    assert len(binner.thresholds_[0]) == 0


@pytest.mark.parametrize("dtype", ["str", object, "string[pyarrow]"])
def test_strings_are_categories_in_sorted_order(dtype):
    frame = pd.DataFrame({"x": pd.Series(["b", None, "a", "b"], dtype=dtype)})
    binner, binned = fit_transform(frame)
    assert binner.categories_[0].tolist() == ["a", "b"]
    np.testing.assert_array_equal(binned.columns[0], [2, 0, 1, 2])


def test_categories_are_known_by_value():
    frame = pd.DataFrame({"x": pd.Categorical(["b", "a", "c"], categories=["c", "b", "a"])})
    binner, _ = fit_transform(frame)
    others = [
        pd.DataFrame({"x": pd.Categorical(["a", "new", None, "b"], categories=["new", "b", "a"])}),
        pd.DataFrame({"x": ["a", "new", None, "b"]}),
        pytest.importorskip("polars").DataFrame({"x": ["a", "new", None, "b"]}),
        np.array([["a"], ["new"], [None], ["b"]], object),
    ]
    for other in others:
        table = read_table(other)
        np.testing.assert_array_equal(binner.transform(table).columns[0], [3, 0, 0, 2])
        np.testing.assert_array_equal(binner.encode(table)[:, 0], [3, np.nan, np.nan, 2])
        np.testing.assert_array_equal(binner.encode(table, 3, 4), [[2]])


@pytest.mark.parametrize(
    "column", [[3, 1, 2, 1], [3.0, 1.0, np.nan, 1.0], [-np.inf, 0.5, np.inf, -0.0], [True, False, True, True]]
)
def test_numbers_as_categories(column):
    X = np.array(column)[:, None]
    binner, binned = fit_transform(X, categorical_features=[0])
    np.testing.assert_array_equal(binner.categories_[0], np.unique(X[~np.isnan(X.astype(float))].astype(float)))
    np.testing.assert_array_equal(binned.columns[0], reference.category_codes(X[:, 0], binner.categories_[0]))
    other = pd.DataFrame({"x": pd.Categorical(X[:, 0])})
    np.testing.assert_array_equal(binner.transform(read_table(other)).columns, binned.columns)
    np.testing.assert_array_equal(binner.transform(read_table([[7.5]])).columns, [[0]])


def test_category_of_numbers_meets_plain_numbers():
    frame = pd.DataFrame({"x": pd.Categorical([10, 2, 10, None])})
    binner, _ = fit_transform(frame)
    np.testing.assert_array_equal(
        binner.transform(read_table([[2.0], [10.0], [np.nan], [3.0]])).columns, [[1, 2, 0, 0]]
    )


def test_boolean_categories():
    frame = pd.DataFrame(
        {"x": pd.Categorical([True, False, None, True]), "y": pd.array([True, False, None, True], "boolean")}
    )
    binner, binned = fit_transform(frame)
    assert binner.is_categorical_.tolist() == [True, False]
    np.testing.assert_array_equal(binned.columns, [[2, 1, 0, 2], [2, 1, 0, 2]])


def test_rare_categories_share_the_last_code():
    column = np.repeat(list("abcde"), [3, 1, 5, 1, 4])
    binner, binned = fit_transform(pd.DataFrame({"x": column}), min_frequency=2)
    assert binner.categories_[0].tolist() == ["a", "c", "e", "b", "d"]
    assert binned.n_codes[0] == 5
    np.testing.assert_array_equal(binned.columns[0], np.repeat([1, 4, 2, 4, 3], [3, 1, 5, 1, 4]))


def test_unseen_categories_have_the_code_of_rare_ones_and_missing_cells_have_not():
    numbers = np.repeat([7.0, 8.0, 9.0, np.nan], [3, 1, 1, 1])
    frame = pd.DataFrame({"text": list("aaabc") + [None], "number": numbers, "no rare": list("ababab")})
    binner, _ = fit_transform(frame, categorical_features=["text", "number", "no rare"], min_frequency=2)
    new = pd.DataFrame({"text": ["z", None], "number": [-1.0, np.nan], "no rare": ["z", None]})
    np.testing.assert_array_equal(binner.transform(read_table(new)).columns, [[2, 0], [2, 0], [0, 0]])


def test_a_rare_category_alone_stays_in_its_place():
    binner, binned = fit_transform(pd.DataFrame({"x": list("aabcc")}), min_frequency=2)
    assert binner.categories_[0].tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(binned.columns[0], [1, 1, 2, 3, 3])


@pytest.mark.parametrize(
    ("min_frequency", "n_kept"), [(None, 5), (1, 5), (2, 3), (4, 2), (5, 1), (6, 0), (2 / 15, 3), (0.21, 2), (0.3, 1)]
)
def test_rare_is_rarer_than_min_frequency(min_frequency, n_kept):
    column = [*np.repeat(list("abcde"), [3, 1, 5, 1, 4]), None]  # a missing cell is a row, too
    binner, binned = fit_transform(pd.DataFrame({"x": column}), min_frequency=min_frequency)
    assert binned.n_codes[0] == 1 + n_kept + (n_kept < 5)
    assert set(binner.categories_[0][:n_kept]) == set("cea"[:n_kept] if n_kept < 5 else "abcde")


@pytest.mark.parametrize("min_frequency", [2, 3, 0.02])
def test_whole_weights_are_copies_for_frequencies_and_others_are_not(min_frequency):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.choice([f"{i:03}" for i in range(200)], 200)})
    weight = rng.integers(0, 3, 200)
    weighted, _ = fit_transform(frame, sample_weight=weight.astype(float), min_frequency=min_frequency)
    copies, _ = fit_transform(frame.iloc[np.repeat(np.arange(200), weight)], min_frequency=min_frequency)
    assert_same_binner(weighted, copies)
    fractional, _ = fit_transform(frame, sample_weight=rng.random(200), min_frequency=min_frequency)
    plain, _ = fit_transform(frame, min_frequency=min_frequency)
    assert_same_binner(fractional, plain)


def test_categories_have_codes_of_their_own_whatever_max_bins_is():
    frame = pd.DataFrame({"x": [f"level {i:03}" for i in range(300)], "number": np.arange(300.0)})
    for max_bins in (2, 255, None):
        _, binned = fit_transform(frame, max_bins, ["x"])
        np.testing.assert_array_equal(binned.columns[0], np.arange(1, 301))
        assert binned.n_codes[1] == 1 + (max_bins or 300)
        assert binned.codes.dtype == np.uint16


@pytest.mark.parametrize(("n_levels", "dtype"), [(255, np.uint8), (256, np.uint16), (70_000, np.uint16)])
def test_codes_of_many_categories_are_as_wide_as_needed(n_levels, dtype):
    values = np.append(np.arange(n_levels), [n_levels - 1.0])  # the last one stands twice
    binner, binned = fit_transform(values[:, None], categorical_features=[0])
    assert binned.codes.dtype == dtype
    n_kept = n_levels if n_levels < 65_536 else 65_534
    assert binned.n_codes[0] == 1 + min(n_levels, 65_535)
    np.testing.assert_array_equal(binned.columns[0][: n_kept - 1], np.arange(1, n_kept))
    assert binned.columns[0][-1] == n_kept  # heavier than all others: never among those that share the last code
    assert binner.transform(read_table([[-5.0]])).columns[0, 0] == (0 if n_levels < 65_536 else 65_535)


@pytest.mark.parametrize(
    "column", [pd.Categorical([None, None]), np.array([None, None], object), pd.array([None, None], "str")]
)
def test_category_column_without_values(column):
    binner, binned = fit_transform(pd.DataFrame({"x": column}))
    assert binned.n_codes[0] == 1
    assert not binned.codes.any()
    np.testing.assert_array_equal(binner.transform(read_table(pd.DataFrame({"x": ["a"]}))).columns, [[0]])
    np.testing.assert_array_equal(binner.encode(read_table([[1.0]])), [[np.nan]])


def test_mixed_kinds_of_categories():
    frame = pd.DataFrame({"x": np.array(["b", 1, None, np.nan, "a", 2.5, pd.NA], object)})
    binner, binned = fit_transform(frame)
    assert binner.categories_[0].tolist() == [2.5, 1, "a", "b"]  # by kind, then value
    np.testing.assert_array_equal(binned.columns[0], [4, 2, 0, 0, 3, 1, 0])


def test_strings_for_a_numeric_feature():
    binner, _ = fit_transform([[1.0], [2.0]])
    table = read_table(pd.DataFrame({"x": ["1.5", "3"]}))
    np.testing.assert_array_equal(binner.encode(table), [[1.5], [3.0]])
    with pytest.raises(ValueError, match=r"string to float: 'a'.*column 'x' must hold numbers as in fit"):
        binner.encode(read_table(pd.DataFrame({"x": ["a"]})))


def test_strings_without_leave_are_refused():
    with pytest.raises(ValueError, match=r"could not convert string to float: 'a'.*column 0.*categorical_features"):
        fit_transform(np.array([["a"], ["b"]]), categorical_features=None)
    with pytest.raises(ValueError, match="column 'x'"):
        fit_transform(pd.DataFrame({"x": ["a", "b"]}), categorical_features=None)
    _, binned = fit_transform(np.array([["a"], ["b"]]), categorical_features=[0])
    np.testing.assert_array_equal(binned.columns, [[1, 2]])


def test_kernel_takes_columns_of_one_type():
    """And of single precision where a column was read for it alone."""
    fit_transform(number_table(50))
    assert {str(columns.dtype) for columns, *_ in find_thresholds.signatures} <= {"float64", "float32"}
    assert len(find_thresholds.signatures) <= 2


def test_without_thresholds_encodes_all_the_same():
    table = read_table(pd.DataFrame({"number": [1.0, np.nan, 3.0], "letter": pd.Categorical(["a", "b", "a"])}))
    binner = Binner(None).fit(table)
    light = binner.without_thresholds()
    np.testing.assert_array_equal(light.encode(table), binner.encode(table))
    assert binner.thresholds_ is not None
    assert light.thresholds_ is None
