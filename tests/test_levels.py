"""Which level a value is, also where types differ."""

from decimal import Decimal

import numpy as np
import pytest

from skensemble._levels import LevelMatcher, number_of, warn_if_unknown


@pytest.mark.parametrize(
    ("levels", "values", "expected"),
    [
        (["1", "2"], [1, 2.0, np.int8(2), True, "1.0", 3, "a"], [0, 1, 1, 0, 0, -1, -1]),
        ([1, 2], ["1", "2", " 2.0", Decimal(1), "x"], [0, 1, 1, 0, -1]),
        (["False", "True"], [False, True, 1.0, "true"], [0, 1, 1, 1]),
        ([0.0, 1.0], ["False", True, np.False_], [0, 1, 0]),
        (["1", "1.0"], ["1", "1.0", 1], [0, 1, -1]),
        (["01234", "a"], [1234, "a", "1_234"], [0, 1, -1]),
        ([0.1, 0.3], [float(np.float32(0.1)), 0.1, 0.2], [0, 0, -1]),
        ([float(np.float32(0.1))], [0.1, 0.1000001], [0, -1]),
        ([16777216], [16777216.0, 16777217], [0, -1]),
        (["nan", "inf"], ["nan", np.inf, np.nan], [0, -1, -1]),
        ([(1, 2), "a"], [(1, 2), (1, 3)], [0, -1]),
        ([], ["a"], [-1]),
    ],
)
def test_positions(levels, values, expected):
    assert LevelMatcher(levels).positions(values).tolist() == expected


def test_positions_of_numbers():
    matcher = LevelMatcher(["1", 2, 0.1, "text"])
    numbers = np.array([1.0, 2.0, 0.1, np.float32(0.1), 7.0, np.nan, np.inf])
    assert matcher.positions_of_numbers(numbers).tolist() == [0, 1, 2, 2, -1, -1, -1]


def test_numbers_that_values_stand_for():
    values = ["1.5", "x", True, None, "1e400", np.float32(2), "-0", 10**400, Decimal("sNaN")]
    nan = np.nan
    np.testing.assert_array_equal([number_of(value) for value in values], [1.5, nan, 1, nan, nan, 2, 0, nan, nan])


def test_columns_without_a_known_level():
    text = LevelMatcher(["a", "b"])
    with pytest.warns(UserWarning, match=r"No cell of column 'x' is a level that fit saw.*saw text.*cells are 1, 2"):
        warn_if_unknown("column 'x'", [1, 2], 2, text, False)
    with pytest.warns(UserWarning, match="No cell of column 'x'.*'c', 'd'"):
        warn_if_unknown("column 'x'", ["c", "d"], 10, text, False)
    warn_if_unknown("column 'x'", ["c"], 3, text, False)  # a new level in a few rows
    warn_if_unknown("column 'x'", [1, "a"], 20, text, True)
    warn_if_unknown("column 'x'", [], 0, text, False)
