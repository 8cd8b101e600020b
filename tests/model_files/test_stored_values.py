"""Values come back as they were, with their types."""

import datetime
import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from skensemble.model_files._safetensors import FileError, Unsaveable, read_safetensors, write_safetensors
from skensemble.model_files._stored_values import ValueReader, ValueWriter
from tests.model_files.models import assert_same

VALUES = [
    None, True, 0, -(2**60), 2**64, 1.5, -0.0, float("inf"), "text", "", [1, [2.0, None]], (1, ("a",)),
    {1: "a", "b": [2]}, b"\x00\xff", slice(1, 4), Decimal("1.250"),
    np.float64(0.1), np.float32(0.1), np.int8(3), np.bool_(True), np.datetime64("2024-01-01", "D"), np.str_("x"),
    np.dtype("<f4"), np.dtype(object), np.dtype("M8[s]"),
    datetime.date(2024, 2, 29), datetime.datetime(2024, 1, 1, 2, 3, 4, 5), datetime.time(1, 2),
    datetime.timedelta(1, 2, 3),
    pd.Timestamp("2024-01-01", tz="Europe/Berlin"), pd.Timestamp("2024-01-01 00:00:00.5"), pd.Timedelta("1h"),
    pd.NaT, pd.NA, pd.StringDtype(), pd.Int64Dtype(), pd.DatetimeTZDtype("us", "UTC"),
    pd.CategoricalDtype(["a", "b"], ordered=True), pd.Interval(0, 1.5, "left"), pd.Period("2024-02", "M"),
    pd.Interval(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-02")), pd.IntervalDtype("f8", "both"),
    pd.PeriodDtype("Q"),
]  # fmt: skip
ARRAYS = [
    np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.zeros((0, 2)),
    np.arange(3, dtype="u8"), np.array([1.5, np.nan, 1e300]), np.array([True, False]), np.array(5.0), np.float16([1.0]),
    np.array(["a", None, 3], object), np.array(["ab", "c"]), np.array([[1, 2]], object),
    np.array(["2024-01-01", "NaT"], "M8[s]"),
]  # fmt: skip
INDEXES = [
    pd.RangeIndex(2, 8, 3), pd.Index(["a", "b"], name="n"), pd.Index([1.5, 2.5]), pd.Index([1, "a"], dtype=object),
    pd.DatetimeIndex(["2024-01-01", "2024-01-03"], tz="UTC"), pd.CategoricalIndex(["b", "a"], ["a", "b"]),
    pd.IntervalIndex.from_breaks([0.0, 1.5, 4.0]), pd.period_range("2024-01", periods=3, freq="M", name="month"),
    pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None]),
]  # fmt: skip
MALFORMED = [
    {"call": "exit"}, {"array": "nothing"}, {"scalar": ["<f8"]}, {"scalar": ["|O", 1]}, {"dtype": "f8,i4"},
    {"float": "1"}, {"index": ["range", 0, 1, 0, None]}, {"column dtype": ["extension", "x"]}, {"same": 3},
    {"table": ["|O", [5], [1]]}, {"arrays": [[1], [1]]}, {"dict": [[1, 2], [1, 3]]}, {"dict": [[[1], 2]]},
    {"timestamp": [0, "eon", None]}, {"a": 1, "b": 2}, {"object": "os"}, {},
]  # fmt: skip


def through_a_file(value):
    writer = ValueWriter(lambda value: None)
    entry = json.loads(json.dumps(writer.write(value, "value")))
    content = b"".join(map(bytes, write_safetensors(writer.arrays, {})))
    arrays, _ = read_safetensors(np.frombuffer(content, np.uint8))
    return ValueReader({}, arrays).read(entry, "value")


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_come_back(value):
    found = through_a_file(value)
    assert repr(found) == repr(value)
    assert type(found) is type(value)


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype} {array.shape}")
def test_arrays_come_back(array):
    found = through_a_file(array)
    assert found.shape == array.shape
    assert found.flags.f_contiguous == array.flags.f_contiguous
    assert_same(found, array)


@pytest.mark.parametrize("index", INDEXES, ids=lambda index: type(index).__name__)
def test_indexes_come_back(index):
    pd.testing.assert_index_equal(through_a_file(index), index, exact=True)


def test_alike_arrays_are_stored_as_one():
    arrays = [np.arange(float(k)) for k in range(6)]
    writer = ValueWriter(lambda value: None)
    writer.write(arrays, "many")
    assert list(writer.arrays) == ["many"]
    assert_same(through_a_file(arrays), arrays)


@pytest.mark.parametrize(
    ("low", "high", "dtype"), [(-1, 27, "i1"), (-1, 200, "i2"), (-200, 0, "i2"), (0, 255, "u1"), (-1, 2**40, "i8")]
)
def test_whole_numbers_take_as_few_bytes_as_hold_them(low, high, dtype):
    array, writer = np.array([low, high]), ValueWriter(lambda value: None)
    writer.write(array, "few")
    assert writer.arrays["few"].dtype == dtype
    assert_same(through_a_file(array), array)


def test_an_array_that_is_there_twice_is_stored_once():
    array = np.arange(3.0)
    one, other = through_a_file([array, {"again": array}])[0:2]
    assert one is other["again"]


@pytest.mark.parametrize(
    "value",
    [1 + 2j, np.array([1j]), {1, 2}, np.longdouble(1), range(3), object()],
    ids=lambda value: type(value).__name__,
)
def test_other_values_are_refused(value):
    with pytest.raises(Unsaveable, match="value must"):
        through_a_file(value)


@pytest.mark.parametrize("entry", MALFORMED, ids=str)
def test_malformed_entries_are_refused(entry):
    with pytest.raises(FileError, match="value"):
        ValueReader({}, {}).read(entry, "value")


@pytest.mark.parametrize(
    ("stored", "dtype"), [(np.ones(2), "<i4"), (np.ones(2), "<f4"), (np.ones(2, int), "|u1"), (np.ones(2), "<M8[s]")]
)
def test_arrays_that_would_lose_digits_are_refused(stored, dtype):
    reader = ValueReader({}, {"cells": stored})
    with pytest.raises(FileError, match=f"value must be a value of kind 'array': an array of {stored.dtype} cannot be"):
        reader.read({"array": ["cells", dtype, "C"]}, "value")
