"""Which weights count as numbers of copies."""

import numpy as np
import pytest

from skensemble._weights import MOST_COPIES_PER_ROW, MOST_WHOLE_WEIGHT, are_row_counts, check_sum, is_whole


def test_is_whole():
    assert is_whole(np.array([0.0, 1.0, 7.0]))
    assert not is_whole(np.array([0.5, 1.0]))
    assert not is_whole(np.array([MOST_WHOLE_WEIGHT, 1.0]))
    assert is_whole(np.array([MOST_WHOLE_WEIGHT, 1.0]), most=2 * MOST_WHOLE_WEIGHT)
    assert not is_whole(np.array([0.0, 1.0, 7.0]), most=7)


def test_small_whole_weights_count_rows():
    assert are_row_counts(np.array([0.0, 1.0, 2 * MOST_COPIES_PER_ROW - 1.0]))
    assert not are_row_counts(np.array([0.0, 1.0, 2.0 * MOST_COPIES_PER_ROW]))
    assert not are_row_counts(np.array([0.5, 1.0]))


@pytest.mark.parametrize("total", [0.0, 1e-101, 1e101, np.inf, np.nan])
def test_sums_whose_squares_leave_float64_are_refused(total):
    with pytest.raises(ValueError, match="w must have a sum between 1e-100 and "):
        check_sum(total, "w")
    check_sum(1e99, "w")
