"""Arrays in files are what they were, after they have been let go."""

import mmap
import tempfile

import numpy as np
import pytest

from skensemble._mapped_arrays import let_go


def _in_file(numbers):
    with tempfile.TemporaryFile() as file:
        file.write(numbers.tobytes())
        file.flush()
        return np.frombuffer(mmap.mmap(file.fileno(), 0), numbers.dtype).reshape(numbers.shape)


@pytest.mark.parametrize("make", [np.array, _in_file], ids=["in memory", "in a file"])
def test_numbers_stay(make):
    numbers = np.arange(60_000.0).reshape(2, -1)
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
