"""Targets and weights that come batch by batch are those of all rows, in memory and in files."""

import numpy as np
import pytest

from skensemble.distributed._row_columns import RowColumn, in_file

PARTS = {
    "numbers": [np.arange(5), np.arange(3)],
    "single precision": [np.float32([0.1, 0.2]), np.float32([0.3])],
    "several dtypes": [np.arange(5), np.arange(3.0), np.arange(2)],
    "text": [np.array(["a", "b"], object), np.array(["c"], object)],
    "lists": [[1, 2], [3]],
    "columns": [np.ones((2, 2)), np.zeros((1, 2))],
}


@pytest.mark.parametrize("in_files", [False, True])
@pytest.mark.parametrize("name", PARTS)
def test_parts_are_joined(name, in_files, tmp_path):
    column = RowColumn("target", tmp_path if in_files else None)
    for part in PARTS[name]:
        column.add(part)
    joined, expected = column.joined(), np.concatenate(PARTS[name])
    assert joined.dtype == expected.dtype
    np.testing.assert_array_equal(joined, expected)
    assert list(tmp_path.iterdir()) == []


def test_missing_parts():
    column = RowColumn("weight", None)
    column.add(None)
    assert column.joined() is None
    column.add(np.ones(2))
    with pytest.raises(ValueError, match="weight must be in all batches or in none, got it in 1 of 2"):
        column.joined()


@pytest.mark.parametrize("shape", [(100_000,), (2, 70_000), (1,)])
def test_numbers_of_a_file(shape, tmp_path):
    numbers = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_array_equal(in_file(numbers, tmp_path), numbers)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there():
    with pytest.raises(OSError, match="cache_dir must be a folder with space for the target of all rows, got '/no/"):
        RowColumn("target", "/no/where").add(np.ones(2))
