import pickle
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator

from skensemble import DecisionTreeClassifier
from skensemble._feature_positions import categorical_mask, feature_positions
from skensemble._few_rows import MANY_BLOCKS
from skensemble._parameters import ParameterError
from skensemble._tables import CategoryColumn, DenseTable
from skensemble._validation import read_features, read_table

# -- tables ----------------------------------------------------------------------------------------------------------


def as_array(table):
    """All numbers of a table; codes where columns hold categories."""
    columns = [table.column(j) for j in range(table.n_features)]
    return np.column_stack([column.codes if isinstance(column, CategoryColumn) else column for column in columns])


def test_arrays_are_not_copied():
    X = np.zeros((4, 3), np.float32)
    for given in (X, np.asfortranarray(X), X[::2], pd.DataFrame(X)):
        table = read_table(given)
        assert isinstance(table, DenseTable)
        assert np.shares_memory(table.column(1), np.asarray(given))


def test_few_rows_of_a_frame_are_read_as_many():
    frame = pd.DataFrame(
        {
            "number": np.arange(8) / 3,
            "single": np.arange(8, dtype=np.float32),
            "flag": [True, False] * 4,
            "text": ["a", None, "b", "a", "c", "1", "2", "3"],
            "object": pd.Series(["a", None, "b", "1", "a", "b", "c", "c"], dtype=object),
            "mixed": pd.Series([1, 2.5, None, 3, 4, 5, 6, 7], dtype=object),
            "level": pd.Categorical(list("xyxy") + [None, "z", "x", "x"]),
            "nullable": pd.array([1, None, 2, 3, 4, 5, 6, 7], "Int64"),
        }
    )
    for columns in (frame.columns, frame.columns[:-1]):  # those of a nullable dtype are read one by one
        many = cells(read_table(frame[columns]))
        few = [cells(read_table(frame[columns].iloc[i : i + 2])) for i in range(0, 8, 2)]
        pd.testing.assert_frame_equal(pd.concat(few, ignore_index=True), many)


def test_texts_of_few_rows():
    frame = pd.DataFrame(
        {"level": pd.Categorical(["b", None, "a"]), "text": ["c", "d", None], "number": [0.5, 1.5, 2.5]}
    )
    assert read_table(frame[:2]).texts() == {0: ["b", None], 1: ["c", "d"]}
    assert read_table(frame.assign(level=pd.Categorical([3, 4, 3]))[:2]).texts() is None


def test_many_blocks_of_a_frame_are_read_as_one():
    frame = pd.DataFrame({"a": [1.5, 2.5], "b": pd.Categorical(["x", "y"]), "c": [3, 4]})
    for j in range(MANY_BLOCKS):
        frame[f"{j}"] = np.arange(2, dtype=("f4", "i8")[j % 2]) + j
    table, of_one = read_table(frame[:1]), frame.drop(columns="b").astype(float)
    assert len(frame._mgr.blocks) > MANY_BLOCKS
    numbers = [table.column(j) for j in range(frame.shape[1]) if j != 1]
    np.testing.assert_array_equal(np.concatenate(numbers), of_one.to_numpy()[0])


def cells(table):
    """The cells of a table, levels by their values."""
    columns = {}
    for j, column in enumerate(map(table.column, range(table.n_features))):
        if isinstance(column, CategoryColumn):
            columns[j] = np.append(column.categories, None)[column.codes].astype(object)
        else:
            columns[j] = np.asarray(column, np.float64)
    return pd.DataFrame(columns)


def test_numeric_columns_of_frames_are_not_copied():
    frame = pd.DataFrame({"a": np.zeros(20_000), "b": np.zeros(20_000, np.int32)})
    table = read_table(frame)
    assert np.shares_memory(table.column(1), frame["b"].to_numpy())
    assert table.column(1).dtype == np.int32
    assert table.labels == ["a", "b"]


def test_labels():
    assert read_table(np.zeros((1, 1))).labels is None
    assert read_table(pd.DataFrame(np.zeros((1, 2)))).labels == [0, 1]
    assert read_table(pd.DataFrame({"x": ["a"], "y": [1]})).labels == ["x", "y"]
    assert read_table(pd.DataFrame({("a", 1): ["a"], ("a", 2): [1]})).name_of(1) == "column ('a', 2)"


def test_text_in_arrays_and_lists_is_read_column_by_column():
    rows = [[1.5, "a", None, "7"], [2, "b", "b", None], [None, "a", "c", "8"]]
    for X in (rows, np.array(rows, object)):
        table = read_table(X)
        assert categorical_mask("from_dtype", table).tolist() == [False, True, True, False]
        np.testing.assert_array_equal(as_array(table), [[1.5, 0, -1, 7], [2, 1, 0, np.nan], [np.nan, 0, 1, 8]])
    table = read_table(np.array([["1", "a"], ["2.5", "b"]]))
    np.testing.assert_array_equal(as_array(table), [[1, 0], [2.5, 1]])


@pytest.mark.parametrize("cell", [[1, 2], {"a": 1}, {1}, np.zeros(2)], ids=str)
def test_cells_that_are_neither_numbers_nor_text(cell):
    column = np.empty(3, object)
    column[:] = ["a", "b", cell]
    for X, name in ((pd.DataFrame({"x": column}), "'x'"), (column[:, None], "0")):
        with pytest.raises(TypeError, match=f"column {name} must hold numbers or text, got .*{type(cell).__name__}"):
            read_table(X)


def test_lists_in_columns_of_other_libraries():
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    lists = pd.Series([[1, 2], [3, 4]], dtype=pd.ArrowDtype(pa.list_(pa.int64())))
    for X in (pl.DataFrame({"x": [[1, 2], [3, 4]]}), pd.DataFrame({"x": lists})):
        with pytest.raises(TypeError, match=r"column 'x' must hold numbers or text, got \[1, 2\]"):
            read_table(X)


def test_columns_of_one_name_are_two_columns():
    frame = pd.DataFrame([[1, "a"], [2, "b"]], columns=["x", "x"])
    np.testing.assert_array_equal(as_array(read_table(frame)), [[1, 0], [2, 1]])


def test_pandas_columns_of_every_kind():
    frame = pd.DataFrame(
        {
            "int": [1, 2, 3],
            "bool": [True, False, True],
            "nullable int": pd.array([1, None, 3], "Int64"),
            "nullable float": pd.array([1.5, None, 3], "Float32"),
            "nullable bool": pd.array([True, None, False], "boolean"),
            "sparse": pd.arrays.SparseArray([0.0, 0.0, 5.0]),
            "object numbers": np.array([1, None, 2.5], object),
            "object bools": np.array([True, None, False], object),
            "category": pd.Categorical(["a", None, "b"]),
            "str": ["u", None, "v"],
            "object": np.array(["u", None, "v"], object),
        }
    )
    table = read_table(frame)
    nan = np.nan
    expected = [
        [1, 1, 1, 1.5, 1, 0, 1, 1, 0, 0, 0],
        [2, 0, nan, nan, nan, 0, nan, nan, -1, -1, -1],
        [3, 1, 3, 3, 0, 5, 2.5, 0, 1, 1, 1],
    ]
    np.testing.assert_array_equal(as_array(table), expected)
    np.testing.assert_array_equal(as_array(table.take(np.array([2, 0]))), np.array(expected)[[2, 0]])
    assert categorical_mask("from_dtype", table).tolist() == [False] * 8 + [True] * 3
    block = np.full((11, 2), 77.0)
    table.fill(block, 1, 3)
    np.testing.assert_array_equal(block.T, [row[:8] + [77, 77, 77] for row in expected[1:]])


def test_sparse_columns_of_other_things_than_numbers():
    text = pd.arrays.SparseArray(np.array(["a", np.nan, "b"], object))
    column = read_table(pd.DataFrame({"x": text})).column(0)
    assert column.codes.tolist() == [0, -1, 1]
    assert column.categories.tolist() == ["a", "b"]
    days = pd.arrays.SparseArray(np.array(["2020-01-01", "NaT"], "datetime64[ns]"))
    with pytest.raises(TypeError, match="column 'x' holds dates or times"):
        read_table(pd.DataFrame({"x": days}))


@pytest.mark.parametrize("kind", ["int64[pyarrow]", "double[pyarrow]", "bool[pyarrow]", "decimal128(5, 2)[pyarrow]"])
def test_arrow_backed_numbers(kind):
    pa = pytest.importorskip("pyarrow")
    dtype = pd.ArrowDtype(pa.decimal128(5, 2)) if kind.startswith("decimal") else kind
    frame = pd.DataFrame({"x": pd.array([1, None, 0], "Int64")}).astype("double[pyarrow]").astype(dtype)
    np.testing.assert_array_equal(as_array(read_table(frame))[:, 0], [1, np.nan, 0])


def test_arrow_backed_categories():
    pa = pytest.importorskip("pyarrow")
    for dtype in (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())):
        frame = pd.DataFrame({"x": pd.array(["b", None, "a", "b"], pd.ArrowDtype(dtype))})
        column = read_table(frame).column(0)
        assert column.codes[1] == -1
        assert column.categories[column.codes[[0, 2, 3]]].tolist() == ["b", "a", "b"]


def test_polars_and_pyarrow():
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    frame = pl.DataFrame(
        {
            "int": [1, None, 3],
            "float": [1.5, None, float("nan")],
            "bool": [True, None, False],
            "str": ["u", None, "a"],
            "cat": pl.Series(["v", None, "u"], dtype=pl.Categorical),
            "enum": pl.Series(["v", None, "u"], dtype=pl.Enum(["w", "v", "u"])),
            "decimal": pl.Series([1, None, 3], dtype=pl.Decimal(5, 2)),
            "nothing": pl.Series([None, None, None], dtype=pl.String),
            "uint8": pl.Series([1, 2, 3], dtype=pl.UInt8),
        }
    )
    nan = np.nan
    expected = np.array(
        [[1, 1.5, 1, 1, 1, 1, 1, -1, 1], [nan, nan, nan, -1, -1, -1, nan, -1, 2], [3, nan, 0, 0, 0, 2, 3, -1, 3]]
    )
    table = read_table(frame)
    np.testing.assert_array_equal(as_array(table), expected)
    assert table.column(5).categories.tolist() == ["w", "v", "u"]
    assert table.column(5).is_ordered_by_dtype
    assert not table.column(4).is_ordered_by_dtype
    assert categorical_mask("from_dtype", table).tolist() == [False] * 3 + [True] * 3 + [False, True, False]
    np.testing.assert_array_equal(as_array(table.take(np.array([2, 0]))), expected[[2, 0]])
    block = np.empty((9, 1))
    table.fill(block, 2, 3)
    np.testing.assert_array_equal(block[[0, 1, 2, 6, 8], 0], [3, nan, 0, 3, 3])

    no_enum = [0, 1, 2, 3, 4, 6, 7, 8]
    arrow = frame.select(pl.exclude("enum")).to_arrow()
    assert isinstance(arrow, pa.Table)
    np.testing.assert_array_equal(as_array(read_table(arrow)), expected[:, no_enum])


def test_record_batches_of_pyarrow_have_names_and_text():
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"x": [1.5, None], "level": ["b", "a"]})
    toy, (batch,) = BaseEstimator(), table.to_batches()
    np.testing.assert_array_equal(as_array(read_features(toy, batch, reset=True)), as_array(read_table(table)))
    assert toy.feature_names_in_.tolist() == ["x", "level"]
    with pytest.raises(ValueError, match="feature names should match"):
        read_features(toy, batch.select(["level", "x"]), reset=False)


def test_objects_that_are_numbers():
    for X in (
        [[1, None], [2.5, 3]],
        np.array([["1", "nan"], ["2.5", "3"]]),
        np.array([["1", "nan"], ["2.5", "3"]], object),
    ):
        np.testing.assert_array_equal(as_array(read_table(X)), [[1, np.nan], [2.5, 3]])
    np.testing.assert_array_equal(as_array(read_table(np.array([[1, pd.NA], [2, 3]], object))), [[1, np.nan], [2, 3]])
    fractions = pd.DataFrame({"a": [Fraction(1, 2), 2, None], "b": list("xyz")})
    np.testing.assert_array_equal(read_table(fractions).column(0), [0.5, 2.0, np.nan])


@pytest.mark.parametrize("dtype", ["int64", "uint64", "Int64", "int64[pyarrow]"])
def test_integers_that_are_equal_as_floats_cause_a_warning(dtype):
    near = pd.DataFrame({"id": np.arange(5) + 2**60, "x": 0.0}).astype({"id": dtype})
    with pytest.warns(UserWarning, match="column 'id' holds integers beyond 2.*5 distinct ones are 1 as floats"):
        read_features(DecisionTreeClassifier(), near, reset=True)
    if near["id"].dtype == np.int64:
        with pytest.warns(UserWarning, match="column 0 holds integers beyond"):
            read_features(DecisionTreeClassifier(), near[["id"]].to_numpy(), reset=True)
    apart = near.assign(id=pd.Series(np.arange(5) * 2**58).astype(dtype))  # a warning would be an error here
    read_features(DecisionTreeClassifier(), apart, reset=True)


def test_one_row_of_an_array_is_cheap():
    X = np.zeros((1, 5))
    assert read_table(X).values is X


# -- bad tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros(3), ValueError, "Expected 2D array, got 1D array instead(.|\n)*Reshape your data"),
        (5.0, ValueError, "Expected 2D array, got scalar array instead"),
        (pd.Series([1.0]), ValueError, "Reshape your data"),
        (np.zeros((2, 2, 2)), ValueError, "Found array with dim 3, while dim <= 2 is required"),
        (
            np.zeros((0, 3)),
            ValueError,
            r"Found array with 0 sample\(s\) \(shape=\(0, 3\)\) while a minimum of 1 is required\.",
        ),
        (np.zeros((3, 0)), ValueError, r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is required\."),
        (pd.DataFrame({"x": []}), ValueError, "0 sample"),
        (pd.DataFrame(index=[1, 2]), ValueError, "0 feature"),
        (sparse.csr_array((0, 3)), ValueError, "0 sample"),
        (sparse.coo_array(np.zeros(3)), ValueError, "Reshape your data"),
        (np.zeros((2, 2), complex), ValueError, "Complex data not supported"),
        (sparse.csr_array(np.ones((2, 2), complex)), ValueError, "Complex data not supported"),
        (pd.DataFrame({"x": [1j]}), ValueError, "Complex data not supported, column 'x'"),
        (pd.DataFrame({"x": np.array([1j, None], object)}), ValueError, "Complex data not supported"),
        (np.array([[{"foo": "bar"}, 1.0]], object), TypeError, "argument must be .* string.* number"),
        (np.asmatrix(np.zeros((2, 2))), TypeError, "np.matrix"),
        (np.zeros((2, 2), "M8[s]"), TypeError, "X holds dates or times"),
        (pd.DataFrame({"when": pd.to_datetime(["2020-01-01"])}), TypeError, "column 'when' holds dates or times"),
        (
            pd.DataFrame({"when": pd.to_datetime(["2020-01-01"]).tz_localize("UTC")}),
            TypeError,
            "column 'when' holds dates",
        ),
        (pd.DataFrame({"took": pd.to_timedelta([1], "s")}), TypeError, "column 'took' holds dates"),
        (
            pd.DataFrame({"when": pd.period_range("2020", periods=1)}),
            TypeError,
            "column 'when'.*give trees numbers instead",
        ),
        (pd.DataFrame({"when": np.array([pd.Timestamp(0).date()], object)}), TypeError, "column 'when' holds dates"),
    ],
)
def test_bad_tables(X, error, message):
    with pytest.raises(error, match=message):
        read_table(X)


@pytest.mark.parametrize("kind", ["date32[pyarrow]", "time32[s][pyarrow]"])
def test_arrow_backed_dates(kind):
    pytest.importorskip("pyarrow")
    with pytest.raises(TypeError, match="column 'when' holds dates or times"):
        read_table(pd.DataFrame({"when": pd.array([0, 1], "int32[pyarrow]").astype(kind)}))


def test_dates_of_other_frames():
    frame = pytest.importorskip("polars").DataFrame({"when": [pd.Timestamp(0).to_pydatetime()]})
    with pytest.raises(TypeError, match="column 'when' holds dates or times"):
        read_table(frame)


@pytest.mark.parametrize("kind", ["float64", "object", "U1"])
def test_too_many_cells(kind):
    huge = np.broadcast_to(np.zeros(1, kind), (2**29, 5))
    with pytest.raises(
        ValueError, match=r"X must have at most 2\*\*31 cells, got 536870912 rows x 5 columns = 2684354560\."
    ):
        read_table(huge)


def test_too_many_cells_of_a_sparse_matrix():
    with pytest.raises(ValueError, match="at most"):
        read_table(sparse.csr_array((2, 2**31 - 1)))


# -- estimators ------------------------------------------------------------------------------------------------------


def test_read_features_remembers_and_checks():
    toy = BaseEstimator()
    read_features(toy, pd.DataFrame({"a": [1.0], "b": ["x"]}), reset=True)
    assert toy.n_features_in_ == 2
    assert toy.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="feature names should match"):
        read_features(toy, pd.DataFrame({"b": ["x"], "a": [1.0]}), reset=False)
    read_features(toy, [[1.0, 2.0, 3.0]], reset=True)
    assert toy.n_features_in_ == 3
    assert not hasattr(toy, "feature_names_in_")
    for X in (np.zeros((1, 2)), [[1.0, 2.0]], sparse.csr_array((1, 2))):
        with pytest.raises(ValueError, match="X has 2 features, but BaseEstimator is expecting 3 features as input"):
            read_features(toy, X, reset=False)
    with pytest.raises(ValueError, match="Reshape your data"):
        read_features(toy, np.zeros(3), reset=False)


class _Bare:
    """What NumPy can read, and nothing else."""

    def __init__(self, values):
        self.__array_interface__ = values.__array_interface__


def test_what_only_numpy_can_read_has_columns():
    toy, values = BaseEstimator(), np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(as_array(read_features(toy, _Bare(values), reset=True)), values)
    assert toy.n_features_in_ == 3


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT], ids=str)
def test_cells_of_text_are_missing_whatever_says_so(missing):
    frame = pd.DataFrame({"x": pd.Series(["b", missing, "a"], dtype=object)})
    assert read_table(frame).column(0).codes.tolist() == [0, -1, 1]
    assert read_table(frame[1:2]).column(0).codes.tolist() == [-1]


def test_labels_that_are_no_strings_may_stand_twice():
    toy, frame = BaseEstimator(), pd.DataFrame([[1.0, "a", 3.0]], columns=[0, 1, 0])
    read_features(toy, frame, reset=True)
    table = read_features(toy, frame, reset=False)
    np.testing.assert_array_equal(as_array(table), [[1.0, 0.0, 3.0]])
    assert feature_positions([1], table, "columns") == [1]
    with pytest.raises(ParameterError, match="columns must hold labels that one column has, got 0 for 2 columns"):
        feature_positions([0], table, "columns")
    with pytest.raises(ValueError, match="got 1 as the label of column 0, which was 0 in fit"):
        read_features(toy, frame[[1, 0]], reset=False)


def test_a_label_that_is_nan_is_the_same_in_a_copy():
    toy, frame = BaseEstimator(), pd.DataFrame([[1.0, 2.0]], columns=[np.nan, 1.0])
    read_features(toy, frame, reset=True)
    read_features(pickle.loads(pickle.dumps(toy)), frame, reset=False)
    with pytest.raises(ValueError, match="got 1.0 as the label of column 0, which was nan in fit"):
        read_features(toy, frame.iloc[:, ::-1], reset=False)


@pytest.mark.parametrize("one", [1, 1.5, Fraction(1, 3)])
def test_numbers_that_no_float_holds_are_refused(one):
    cells = [10**400, one]
    for X, name in ((pd.DataFrame({"x": pd.Series(cells, dtype=object)}), "'x'"), (np.array([cells], object).T, "0")):
        with pytest.raises(ValueError, match=f"column {name} must hold numbers that a float can hold"):
            read_table(X)


def test_large_integers_of_python_are_told_from_floats():
    big = [10**25 + i for i in range(5)]
    for X in (pd.DataFrame({0: big}), np.array(big, object)[:, None], np.array([[b, "x"] for b in big], object)):
        with pytest.warns(
            UserWarning, match=r"column 0 holds integers beyond 2\*\*53, .* 5 distinct ones are 1 as floats"
        ):
            read_features(BaseEstimator(), X, reset=True)
    table = read_features(BaseEstimator(), np.array([[1e25], [2e25]], object), reset=True)  # no warning
    np.testing.assert_array_equal(table.column(0)[:], [1e25, 2e25])
