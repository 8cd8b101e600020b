"""Arrays in files are what they were, after they have been let go."""

import mmap
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from skensemble._mapped_arrays import LARGE, let_go, new_array


def _in_file(numbers):
    with tempfile.TemporaryFile() as file:
        file.write(numbers.tobytes())
        file.flush()
        return np.frombuffer(mmap.mmap(file.fileno(), 0), numbers.dtype).reshape(numbers.shape)


def _in_pages(numbers):
    array = new_array(numbers.shape, numbers.dtype)
    array[...] = numbers
    return array


@pytest.mark.parametrize("make", [np.array, _in_pages, _in_file], ids=["in memory", "in pages", "in a file"])
def test_numbers_stay(make):
    numbers = np.arange(160_000.0).reshape(2, -1)
    array = make(numbers)
    array[0, 7] = numbers[0, 7] = -1.0  # what was written stays, too
    for part in (array, array[..., 5:29_000], array[1], array[:0], array.view(np.int64)[0, 100:]):
        let_go(part)
        np.testing.assert_array_equal(array, numbers)


def test_numbers_in_a_file_take_no_memory():
    array = _in_file(np.ones(1 << 20))
    array.sum()
    before = _pages_of_files()
    let_go(array)
    assert _pages_of_files() < before - 6 * 2**20


def _pages_of_files():
    """Bytes of files that are in the memory of this process."""
    try:
        with open("/proc/self/status", encoding="ascii") as lines:
            return next(1024 * int(line.split()[1]) for line in lines if line.startswith("RssFile"))
    except (OSError, StopIteration):
        pytest.skip("only Linux says what a process holds of files")


@pytest.mark.parametrize("n_rows", [3, LARGE // 8 + 1])
def test_a_new_array_can_be_written_whatever_its_size(n_rows):
    array = new_array((n_rows, 2), np.float32)
    assert (array.shape, array.dtype, array.flags.c_contiguous) == ((n_rows, 2), np.float32, True)
    array[...] = np.arange(2)
    assert array.sum() == n_rows


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells which memory a process has")
def test_memory_of_a_new_array_goes_back_at_once():
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE

    for _ in range(3):  # malloc would keep what it was given back, from the second time on
        before = resident()
        new_array((8, LARGE), np.uint8)[...] = 1
        assert resident() - before < LARGE
