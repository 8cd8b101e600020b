import numpy as np
import pandas as pd
import pytest

from skensemble._feature_positions import categorical_mask, feature_positions
from skensemble._parameters import ParameterError
from skensemble._validation import read_table

NAMED = read_table(pd.DataFrame({"a": [1], "b": [2.0], "c": ["x"]}))
NAMELESS = read_table(np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ("from_dtype", [False, False, True]),
        (None, [False] * 3),
        ([], [False] * 3),
        (["c", "a"], [True, False, True]),
        ([2, 0], [True, False, True]),
        (np.array([0, 2]), [True, False, True]),
        ([True, False, True], [True, False, True]),
        (np.array([False, True, False]), [False, True, False]),
        (pd.Index(["b"]), [False, True, False]),
    ],
)
def test_categorical_mask(features, expected):
    assert categorical_mask(features, NAMED).tolist() == expected


@pytest.mark.parametrize(
    ("features", "table", "message"),
    [
        ("by magic", NAMED, "categorical_features must be 'from_dtype', None or an array, got 'by magic'"),
        (["d"], NAMED, "must hold names of columns of X, got 'd'"),
        (["a"], NAMELESS, "X has no column names"),
        ([3], NAMED, r"positions in \[0, 2\], got 3"),
        ([-1], NAMED, "got -1"),
        ([1.0], NAMED, "got 1.0"),
        ([True], NAMED, r"one bool per feature \(3\), got 1"),
        (3, NAMED, "list of column names or positions, or a mask, got 3"),
        ([[0], [1]], NAMED, r"column names or positions in \[0, 2\], got \[0\]"),
    ],
)
def test_bad_categorical_features(features, table, message):
    with pytest.raises(ParameterError, match=message):
        categorical_mask(features, table)


def test_feature_positions_name_their_parameter():
    assert feature_positions(["b", 0], NAMED, "interaction_cst") == [1, 0]
    with pytest.raises(ParameterError, match="interaction_cst must hold"):
        feature_positions(["z"], NAMED, "interaction_cst")


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ([20], [1]),
        (np.array([10, 30]), [0, 2]),
        ([("a", 1)], [3]),
        ([("a", 1), 20], [3, 1]),
        ([False, True, True, False], [1, 2]),
    ],
)
def test_numbers_and_tuples_are_labels_where_columns_have_such(features, expected):
    table = read_table(
        pd.DataFrame(np.zeros((1, 4))).set_axis(pd.Index([10, 20, 30, ("a", 1)], tupleize_cols=False), axis=1)
    )
    assert feature_positions(features, table, "categorical_features") == expected
    for strange in (1, "a", ("a", 2), [10]):
        message = r"categorical_features must hold labels of columns of X \(10, 20, 30, \('a', 1\)\), got "
        with pytest.raises(ParameterError, match=message):
            feature_positions([strange], table, "categorical_features")


def test_from_dtype_and_others():
    frame = pd.DataFrame({"a": [1], "b": [2.0], "c": ["x"]})
    assert categorical_mask(["from_dtype", "a"], read_table(frame)).tolist() == [True, False, True]
    assert categorical_mask(["from_dtype", 1], read_table(frame)).tolist() == [False, True, True]
    named = frame.rename(columns={"b": "from_dtype"})
    assert categorical_mask(["from_dtype"], read_table(named)).tolist() == [False, True, False]
