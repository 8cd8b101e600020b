import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.exceptions import DataConversionWarning

from skensemble._targets import (
    FeatureNames,
    all_or_nothing,
    balanced_factors,
    check_enough_rows,
    class_weighted,
    read_labels,
    read_monotonic_cst,
    read_target,
    read_weight,
)

# -- targets ---------------------------------------------------------------------------------------------------------


def test_targets_stand_output_by_output():
    np.testing.assert_array_equal(read_target([1, 2, 3], "y", 3), [1.0, 2.0, 3.0])
    two = read_target(pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}), "y", 3)
    np.testing.assert_array_equal(two, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert two.dtype == np.float64
    assert two.flags.c_contiguous


def test_a_column_is_one_output():
    with pytest.warns(DataConversionWarning):
        assert read_target([[1.0], [2.0]], "y", 2).shape == (2,)
    assert read_target([[1.0], [2.0]], "y", 2, warn=False).shape == (2,)


DAYS = np.array(["2020-01-01", "2020-01-02"], "datetime64[s]")


def _polars(times):
    return pytest.importorskip("polars").Series(times.astype(f"{times.dtype.kind}8[ms]"))


def _pyarrow(times):
    return pytest.importorskip("pyarrow").array(times)


@pytest.mark.parametrize("make", [np.asarray, pd.Series, list, pd.DataFrame, _polars, _pyarrow])
def test_times_are_no_numbers(make):
    for times, what in ((DAYS, "dates"), (DAYS - DAYS[0], "durations")):
        with pytest.raises(TypeError, match=f"y must hold numbers, got {what}: give numbers in a unit of your choice"):
            read_target(make(times), "y", 2)


def test_target_is_a_copy():
    y = np.arange(4.0)
    read_target(y, "y", 4)[0] = 7.0
    assert y[0] == 0.0


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "y must be given: fit requires y to be passed"),
        ([1.0, np.nan, 2.0], "y must hold finite real numbers: Input y contains NaN"),
        ([1.0, np.inf, 2.0], "y must hold finite real numbers: Input y contains infinity"),
        (["a", "b", "c"], "y must hold finite real numbers: could not convert"),
        ([1.0, 2.0], r"y must have one entry per row of X.*\[3, 2\]"),
        (np.zeros((3, 0)), "y must hold finite real numbers: Found array with 0 feature"),
        (5.0, "y must have 1 or 2 dimensions, got 0"),
        (np.zeros((3, 2, 2)), "y must hold finite real numbers: Found array with dim 3"),
    ],
)
def test_bad_targets(y, message):
    with pytest.raises(ValueError, match=message):
        read_target(y, "y", 3)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1.0, -0.5], "y must be >= 0 for criterion='poisson', got -0.5"),
        ([0.0, 0.0], "y must hold a number > 0 for .*Sum of y is not strictly positive"),
    ],
)
def test_targets_that_poisson_cannot_have(y, message):
    read_target(y, "y", 2)
    with pytest.raises(ValueError, match=message):
        read_target(y, "y", 2, poisson=True)


def test_fewest_rows():
    check_enough_rows(2, 2)
    with pytest.raises(ValueError, match="X must have at least 2 rows to fit, got n_samples = 1"):
        check_enough_rows(1, 2)


# -- labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "y", [["b", "a", "b"], pd.Series(["b", "a", "b"]), np.array(["b", "a", "b"], object), [True, False, True]]
)
def test_labels_are_positions_in_sorted_classes(y):
    labels = read_labels(y, "y", 3)
    assert labels.n_outputs == 1
    assert labels.n_classes.tolist() == [2]
    assert labels.classes[0].tolist() == sorted(set(y))
    np.testing.assert_array_equal(labels.classes[0][labels.codes[0]], y)


def test_labels_of_several_outputs():
    y = np.array([["x", "low"], ["y", "middle"], ["x", "high"]])
    labels = read_labels(y, "y", 3, multi_output=True)
    assert labels.n_classes.tolist() == [2, 3]
    assert labels.codes.tolist() == [[0, 1, 0], [1, 2, 0]]
    with pytest.raises(ValueError, match="should be a 1d array"):
        read_labels(y, "y", 3)


def test_labels_of_outputs_of_several_types():
    y = pd.DataFrame({"kind": ["cat", "dog", "cat"], "legs": [4, 4, 3]})
    labels = read_labels(y, "y", 3, multi_output=True)
    assert [classes.tolist() for classes in labels.classes] == [["cat", "dog"], [3, 4]]
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        read_labels(y.assign(legs=[0.5, 1.5, 2.5]), "y", 3, multi_output=True)


@pytest.mark.parametrize("dtype", ["Int16", "UInt8", "boolean", "int32[pyarrow]", "bool[pyarrow]"])
def test_labels_of_nullable_dtypes_keep_their_type(dtype):
    y = pd.Series([1, 0, 1], dtype=dtype)
    kind = np.dtype(bool if y.dtype.kind == "b" else y.dtype.numpy_dtype)
    (classes,), codes = read_labels(y, "y", 3)
    assert classes.dtype == kind
    assert codes.tolist() == [[1, 0, 1]]
    with pytest.warns(DataConversionWarning):
        assert read_labels(y.to_frame(), "y", 3).classes[0].dtype == kind
    assert read_labels(pd.DataFrame({"a": y, "b": y}), "y", 3, multi_output=True).classes[1].dtype == kind
    with pytest.raises(ValueError, match="NaN"):
        read_labels(y.where([True, False, True]), "y", 3)


def test_labels_of_a_later_fit():
    first = read_labels([1, 5, 7], "y", 3)
    later = read_labels([7, 7, 1], "y", 3, known=first.classes)
    assert later.codes.tolist() == [[2, 2, 0]]
    assert later.classes is first.classes
    with pytest.raises(ValueError, match=r"y must hold the classes \[1, 5, 7\], got 6"):
        read_labels([1, 6, 6], "y", 3, known=first.classes)
    with pytest.raises(ValueError, match="y must have as many columns as in the first fit, 1, got 2"):
        read_labels([[1, 1], [5, 5]], "y", 2, known=first.classes, multi_output=True)


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (
            [1.0, 1.5, 2.5],
            ValueError,
            "y must hold classes that are whole numbers.*got 1.5: Unknown label type: contin",
        ),
        (pd.Series(pd.period_range("2020", periods=3, freq="M")), ValueError, r"y\.astype\(str\)\), got Period"),
        ([0.0, 1.0, np.nan], ValueError, "Input y contains NaN"),
        (["a", None, "b"], ValueError, "y must hold labels of one type and none missing, got NoneType, str"),
        (
            np.array([1, np.nan, 2], object),
            ValueError,
            "y must hold labels of one type and none missing, got float, int",
        ),
        (pd.DataFrame({"a": list("xyz"), "b": [1, 2, np.nan]}), ValueError, "y must hold labels of one type and none"),
        ([0, 1], ValueError, r"y must have one entry per row of X.*\[3, 2\]"),
        (scipy.sparse.csr_matrix(np.eye(3)), TypeError, "y must be dense"),
        (None, ValueError, "y must be given"),
    ],
)
def test_bad_labels(y, error, message):
    with pytest.raises(error, match=message):
        read_labels(y, "y", 3, multi_output=True)


def test_many_classes_for_few_rows_cause_a_warning():
    with pytest.warns(UserWarning, match="number of unique classes"):
        read_labels(np.arange(30), "y", 30)


# -- weights ---------------------------------------------------------------------------------------------------------


def test_weights():
    assert read_weight(None, "sample_weight", 3) is None
    assert read_weight(2, "sample_weight", 3).tolist() == [2.0, 2.0, 2.0]
    assert read_weight([0, 1, 2], "sample_weight", 3).tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("weight", "error", "message"),
    [
        ([-1.0, 1.0], ValueError, "sample_weight must be >= 0, got -1"),
        ([0.0, 0.0], ValueError, "sample_weight must hold a weight that is not zero"),
        ([1.0], ValueError, r"sample_weight must have shape \(2,\), got \(1,\)"),
        (np.array(1.0), TypeError, r"sample_weight must have shape \(2,\), got \(\)"),
        ([1e300, 1e300], ValueError, "sample_weight must have a sum between"),
    ],
)
def test_bad_weights(weight, error, message):
    with pytest.raises(error, match=message):
        read_weight(weight, "sample_weight", 2)


def test_balanced_classes_weigh_the_same():
    codes, weight = np.array([0, 0, 0, 1, 2, 2]), np.array([1.0, 2.0, 1.0, 5.0, 0.5, 0.0])
    factors = balanced_factors(codes, weight, 3)
    totals = np.bincount(codes, weight * factors[codes])
    np.testing.assert_allclose(totals, weight.sum() / 3)


def test_class_weights_multiply():
    y = np.array([["a", "p"], ["b", "q"], ["a", "q"]])
    labels = read_labels(y, "y", 3, multi_output=True)
    assert class_weighted(None, labels, None) is None
    by_dicts = class_weighted([{"a": 2.0}, {"p": 3.0, "q": 5.0}], labels, np.array([1.0, 1.0, 10.0]))
    assert by_dicts.tolist() == [6.0, 5.0, 100.0]
    np.testing.assert_allclose(class_weighted("balanced", labels, None), [0.75 * 1.5, 1.5 * 0.75, 0.75 * 0.75])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([10, 30], [1, 3]),
        ([0.2, 0.6], [1, 3]),
        ([1e-300, 2.5e-300], [2, 5]),
        ([0, 0.25], [0, 1]),
        ([1, 100_000], [1, 100_000]),
        ([np.pi, 2 * np.e], [np.pi / (2 * np.e), 1]),
    ],
)
def test_class_weights_in_lowest_terms(given, expected):
    labels = read_labels([0, 1], "y", 2)
    assert class_weighted(dict(enumerate(given)), labels, None).tolist() == expected
    weight = np.array([2.0, 1.0])
    as_ratios = class_weighted(dict(enumerate(given)), labels, weight, as_ratios=True)
    assert as_ratios.sum() == pytest.approx(3.0 if max(expected) == 1 and min(expected) > 0 else weight @ expected)
    assert as_ratios[1] * expected[0] == pytest.approx(as_ratios[0] / 2.0 * expected[1])


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({0: 1.0, 1: 2.0}, "class_weight must be a list of dicts, 'balanced' or None for y with 2 columns"),
        ([{0: 1.0}], "class_weight must have one dict for each of 2 columns of y, got 1"),
        ([{0: 1.0}, {5: 2.0}], r"class_weight must have classes of y, \[0, 1\], as its keys, got 5"),
        ([{0: 1.0}, {0: -2.0}], "class_weight must be >= 0, got -2"),
        ([{0: 0.0, 1: 0.0}, {0: 1.0}], "class_weight must hold a weight that is not zero"),
    ],
)
def test_bad_class_weights(class_weight, message):
    labels = read_labels([[0, 1], [1, 0], [0, 0]], "y", 3, multi_output=True)
    with pytest.raises(ValueError, match=message):
        class_weighted(class_weight, labels, None)


def test_class_weights_that_leave_no_weight():
    labels = read_labels([0, 1], "y", 2)
    with pytest.raises(ValueError, match="sample_weight times class_weight must hold a weight that is not zero"):
        class_weighted({0: 0.0, 1: 1.0}, labels, np.array([1.0, 0.0]))


# -- directions ------------------------------------------------------------------------------------------------------

FEATURES = FeatureNames(3, ["a", "b", "c"])


@pytest.mark.parametrize("directions", [[1, 0, -1], np.array([1.0, 0.0, -1.0]), {"a": 1, "c": -1}, {0: 1, 2: -1}])
def test_directions(directions):
    assert read_monotonic_cst(directions, FEATURES, np.zeros(3, bool)).tolist() == [1, 0, -1]


def test_no_directions():
    assert read_monotonic_cst(None, FEATURES, np.zeros(3, bool)).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("directions", "message"),
    [
        ([1, 0], r"monotonic_cst must have one of -1, 0, 1 for each of 3 features, got shape \(2,\)"),
        ([2, 0, 0], "monotonic_cst must hold -1, 0 or 1, got 2"),
        ({"b": 1}, "monotonic_cst must be 0 for a categorical feature, got 1 for feature 1"),
        ({"d": 1}, "monotonic_cst must hold names of columns of X, got 'd'"),
    ],
)
def test_bad_directions(directions, message):
    with pytest.raises(ValueError, match=message):
        read_monotonic_cst(directions, FEATURES, np.array([False, True, False]))


# -- fits that fail --------------------------------------------------------------------------------------------------


class Toy:
    @all_or_nothing
    def fit(self, fails):
        self.learned_ = fails
        if fails:
            raise KeyboardInterrupt
        return self


def test_a_fit_that_fails_changes_nothing():
    toy = Toy().fit(False)
    with pytest.raises(KeyboardInterrupt):
        toy.fit(True)
    assert toy.__dict__ == {"learned_": False}


def test_integers_that_are_equal_as_floats_cause_a_warning():
    for y in ([10**25, 10**25 + 1], np.array([2**60, 2**60 + 1]), pd.array([2**60, 2**60 + 1], dtype="Int64")):
        with pytest.warns(UserWarning, match=r"y holds integers beyond 2\*\*53, .* 2 distinct ones are 1 as floats"):
            read_target(y, "y", 2)
    read_target([1e25, 2e25], "y", 2)  # no warning


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint32, np.int64, np.uint64, ">i4"])
@pytest.mark.parametrize("levels", [[3], [0, 1], [1, 100, 127], [5, 9]])
def test_integers_are_labels_as_if_they_were_sorted(dtype, levels):
    for sign in (1, -1) if np.dtype(dtype).kind == "i" else (1,):
        y = (sign * np.tile(levels, 60)).astype(dtype)
        labels = read_labels(y, "y", len(y), warn=False)
        classes, codes = np.unique(y, return_inverse=True)
        np.testing.assert_array_equal(labels.classes[0], classes)
        assert labels.classes[0].dtype == classes.dtype
        np.testing.assert_array_equal(labels.codes[0], codes)
