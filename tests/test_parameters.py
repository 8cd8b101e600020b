from enum import Enum

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from skensemble._parameters import (
    N_JOBS,
    RANDOM_STATE,
    Interval,
    IsBool,
    IsCallable,
    IsNone,
    IsString,
    NameIn,
    OneOf,
    Parameter,
    ParameterError,
    SequenceOf,
    check_parameter,
    check_parameters,
    choice,
    plain_value,
    with_defaults,
)

AT_LEAST_ONE = (Interval(int, 1), IsNone)


class Toy(BaseEstimator):
    def __init__(self, max_depth=None, rate=0.1):
        self.max_depth = max_depth
        self.rate = rate


def test_the_sentence():
    shares = (Interval(float, 0, 1, "right"),)
    check_parameter("rate", 0.1, shares)
    with pytest.raises(ParameterError) as error:
        check_parameter("max_depth", 0, AT_LEAST_ONE)
    assert str(error.value) == "max_depth must be an int >= 1 or None, got 0."
    with pytest.raises(ValueError, match=r"^rate must be a float in \(0, 1\], got 'fast'\.$"):
        check_parameter("rate", "fast", shares)
    assert issubclass(ParameterError, ValueError)
    assert issubclass(ParameterError, TypeError)


def test_tables_of_parameters():
    depth, rate = Parameter(3, AT_LEAST_ONE, "int or None", "."), Parameter(0.1, (Interval(float, 0),), "float", ".")
    check_parameters(Toy(), {"max_depth": depth, "rate": rate})
    with pytest.raises(ParameterError, match=r"^rate must be a float >= 0, got -1\.$"):
        check_parameters(Toy(rate=-1), {"max_depth": depth, "rate": rate})
    table = with_defaults({"max_depth": depth, "rate": rate}, max_depth=None)
    assert table == {"max_depth": depth._replace(default=None), "rate": rate}


def test_choice():
    assert choice(("a", "b")) == '{"a", "b"}'


class Word(str, Enum):
    B = "b"
    C = "c"


@pytest.mark.parametrize(
    ("rules", "good", "bad"),
    [
        (AT_LEAST_ONE, [1, 7, np.int64(3), np.uint8(3), None], [0, -1, 1.0, True, np.bool_(True), "1", np.nan, [1]]),
        (
            [Interval(float, 0, 1, "right")],
            [1, 0.5, np.float32(0.5), 1.0],
            [0, 0.0, 1.1, np.nan, True, None, "0.5", 1j],
        ),
        ([Interval(float, 0, closed="neither")], [1e-300, 3], [0, -1, np.inf, -np.inf]),
        ([Interval(float)], [-1e300, 0], [np.inf, np.nan, None]),
        ([NameIn({"a": 1, "b": 2})], ["a", "b", np.str_("a"), Word.B], ["c", 1, None, np.str_("c"), Word.C]),
        ([NameIn(lambda: ["a", "b"])], ["a", "b"], ["c", 1, None]),
        (
            [OneOf("a", "b", 1)],
            ["a", "b", 1, np.str_("b"), np.int8(1), Word.B],
            ["c", np.True_, np.float64(1), Word.C, "A", 1.0, True, None, ["a"], np.array(["a", "b"])],
        ),
        ([IsBool], [True, False, np.True_], [0, 1, None, "True"]),
        ([IsCallable, IsString], [len, "x"], [1, None]),
        (
            [SequenceOf(Interval(float, 0, 1, "neither"), "floats in (0, 1)")],
            [[0.5], (0.1, 0.9), np.array([0.5])],
            [[], [0.5, 1], 0.5, "0.5", np.array([[0.5]]), [None]],
        ),
        (RANDOM_STATE, [None, 0, np.int32(7), 2**32 - 1, np.random.RandomState(0)], [-1, 2**32, 0.5, "seed"]),
        (N_JOBS, [None, 1, -1, 8], [0, 1.0, True]),
    ],
)
def test_rules(rules, good, bad):
    for value in good:
        check_parameter("max_depth", value, rules)
    for value in bad:
        with pytest.raises(ParameterError, match="max_depth must be"):
            check_parameter("max_depth", value, rules)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Interval(int, 1), "an int >= 1"),
        (Interval(float, 0, closed="neither"), "a float > 0"),
        (Interval(int, None, -1, "right"), "an int <= -1"),
        (Interval(float, None, 0, "left"), "a float < 0"),
        (Interval(float, 0, 1, "left"), "a float in [0, 1)"),
        (Interval(float), "a float"),
        (OneOf("a"), "'a'"),
        (NameIn({"a": 1, "b": 2}), "'a' or 'b'"),
        (OneOf("a", "b", "c"), "'a', 'b' or 'c'"),
        (IsNone, "None"),
    ],
)
def test_texts(rule, text):
    assert str(rule) == text


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.str_("a"), "a"),
        (Word.B, "b"),
        (np.int32(3), 3),
        (np.float32(0.5), 0.5),
        (np.True_, True),
        (True, True),
        (None, None),
    ],
)
def test_plain_values(value, plain):
    assert type(plain_value(value)) is type(plain)
    assert plain_value(value) == plain
